//! Runs the program and keeps what it said.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What a run of the program left behind.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A folder of its own for one test, removed afterwards.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("isoflop-cli-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A folder with a fit of the embedded runs, `fit.json`.
    pub fn with_fit(test: &str) -> Self {
        let folder = Self::new(test);
        let said = folder.run(&[
            "fit",
            "simulated-ladder",
            "--law",
            "chinchilla",
            "--uncertainty",
            "bootstrap:100",
            "-q",
            "-o",
            "fit.json",
        ]);
        assert_eq!(said.code, 0, "{}", said.err);
        folder
    }

    pub fn file(&self, name: &str, bytes: &[u8]) -> &Self {
        std::fs::write(self.0.join(name), bytes).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    pub fn run(&self, args: &[&str]) -> Said {
        run_in(&self.0, args, b"")
    }

    pub fn run_with_input(&self, args: &[&str], input: &[u8]) -> Said {
        run_in(&self.0, args, input)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the program without a folder of its own.
pub fn isoflop(args: &[&str]) -> Said {
    run_in(&std::env::temp_dir(), args, b"")
}

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isoflop"));
    command
        .args(args)
        .env_remove("COLUMNS")
        .env_remove("NO_COLOR");
    command
}

/// Starts the program in a folder, and lets it run without input or output.
pub fn spawn(folder: &Folder, args: &[&str]) -> Child {
    command(args)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn run_in(folder: &Path, args: &[&str], input: &[u8]) -> Said {
    let mut child = command(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may end before it has read its input; that closes the pipe and is no fault of the test.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
