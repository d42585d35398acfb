//! Rows read = rows used + rows skipped, on every table of a folder.

use std::path::Path;

use isoflop_data::{Input, Need, NeedKind, ReadOptions, read};

/// Checks the account of every CSV table one folder deep, of which there must be more than `least`.
pub fn account(folder: &Path, least: usize) {
    let pattern = folder.join("*/*.csv").display().to_string();
    let paths: Vec<_> = glob::glob(&pattern).expect("a pattern").flatten().collect();
    assert!(paths.len() > least, "{} tables", paths.len());
    for path in paths {
        let Ok(table) = read(&[Input::Path(path.clone())], &ReadOptions::default()) else {
            let name = path.file_name().unwrap_or_default();
            assert!(
                name == "empty.csv" || name == "header_only.csv",
                "{} is refused",
                path.display()
            );
            continue;
        };
        assert_eq!(
            table.sources()[0].rows,
            table.rows_read(),
            "{}",
            path.display()
        );
        let needs: Vec<Need> = [("N", "params"), ("D", "tokens"), ("L", "loss")]
            .iter()
            .filter_map(|(letter, column)| table.resolve(letter, column).ok())
            .map(|r| Need::new(&r, NeedKind::PositiveResponse))
            .collect();
        let selection = table.select(&needs);
        let skipped: usize = selection.skipped.iter().map(|s| s.rows).sum();
        assert_eq!(
            selection.rows.len() + skipped,
            table.sources()[0].rows,
            "{}",
            path.display()
        );
        assert_eq!(selection.read, table.sources()[0].rows);
    }
}
