//! docs/cli.md: the help of every verb, as the program prints it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The page. The verbs come from the program's own list, to any depth.
pub fn page(root: &Path, features: &[&str]) -> Result<String, String> {
    let mut page = String::from(
        "# Command line\n\nThe help of every verb, as `isoflop VERB --help` prints it. \
         Written by `cargo xtask gen`; do not edit.\n",
    );
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(verb) = open.pop() {
        let text = help(root, features, &verb)?;
        let name = format!("isoflop {}", verb.join(" "));
        let tidy: Vec<&str> = text.lines().map(str::trim_end).collect();
        let _ = write!(
            page,
            "\n## `{}`\n\n```text\n{}\n```\n",
            name.trim_end(),
            tidy.join("\n").trim_end()
        );
        let deeper = verbs(&text);
        if verb.is_empty() && deeper.is_empty() {
            return Err("`isoflop --help` lists no verbs under `Commands:`".to_owned());
        }
        // The last one pushed is shown next: reversed, so that the page keeps the program's order.
        for name in deeper.into_iter().rev() {
            let mut path = verb.clone();
            path.push(name);
            open.push(path);
        }
    }
    Ok(page)
}

/// Standard input and both outputs are closed or piped, so that no terminal decides the width.
fn help(root: &Path, features: &[&str], verb: &[String]) -> Result<String, String> {
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--package", "isoflop-cli"])
        .args(features)
        .arg("--")
        .args(verb)
        .arg("--help")
        .current_dir(root)
        .env("NO_COLOR", "1")
        .env_remove("COLUMNS")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "`isoflop {} --help` failed: {errors}",
            verb.join(" ")
        ));
    }
    String::from_utf8(output.stdout).map_err(|_| "the help is not UTF-8".to_owned())
}

/// The names listed under `Commands:`, without `help`.
fn verbs(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| line.trim_end() != "Commands:")
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_read_from_the_list_of_commands() {
        let help = "Scaling laws\n\nCommands:\n  fit   fits a law to\n        a table\n  laws  the catalogue\n  help  prints this\n\nOptions:\n  -o  file\n";
        assert_eq!(verbs(help), ["fit", "laws"]);
        assert_eq!(verbs("Options:\n  -o  file\n"), Vec::<String>::new());
    }
}
