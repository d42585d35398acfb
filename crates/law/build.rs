//! Lists `laws/*.toml` for the catalogue, so that adding a law is adding a file.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=laws");
    let missing = |_| io::Error::other("cargo sets CARGO_MANIFEST_DIR and OUT_DIR");
    let laws = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(missing)?).join("laws");
    let mut names = Vec::new();
    for entry in fs::read_dir(&laws)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            names.extend(path.file_stem().and_then(|s| s.to_str()).map(str::to_owned));
        }
    }
    names.sort();
    let mut code = format!("const LAWS: [(&str, &str); {}] = [\n", names.len());
    for name in names {
        let path = laws.join(format!("{name}.toml"));
        writeln!(code, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    code += "];\n";
    fs::write(
        Path::new(&env::var("OUT_DIR").map_err(missing)?).join("laws.rs"),
        code,
    )
}
