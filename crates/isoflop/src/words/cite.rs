//! How to cite: the law's source, the runs by their hash, the version that fitted them.

use isoflop_fit::Fit;
use isoflop_law::Law;

use isoflop_predict::words::law_name;
use isoflop_summary::words::phrases::last_step;

/// What to write in a text, and the entries of a bibliography.
pub(super) fn lines(fit: &Fit, law: Option<&Law>) -> (String, Vec<String>) {
    let p = &fit.provenance;
    let tables: Vec<String> = p
        .tables
        .iter()
        .map(|t| {
            let name = t.name.rsplit(['/', '\\']).next().unwrap_or(&t.name);
            format!("{name} (sha256 {})", t.sha256)
        })
        .collect();
    let source = law.map_or("", |law| law.source.as_str());
    let source = source.split_whitespace().collect::<Vec<_>>().join(" ");
    let origin = if source.is_empty() {
        String::new()
    } else {
        format!("; law: {}", source.trim_end_matches('.'))
    };
    let text = format!(
        "{}, fitted to {} runs of {} with isoflop {}, seed {}{origin}.",
        if fit.law.id == "formula" {
            last_step(&fit.law.formula)
        } else {
            law_name(&fit.law)
        },
        fit.n,
        tables.join(", "),
        p.version,
        p.seed
    );
    let mut bib = vec![
        "@software{isoflop,".to_owned(),
        "  title   = {isoflop: training runs to scaling laws},".to_owned(),
        format!("  version = {{{}}},", p.version),
        format!(
            "  note    = {{law sha256 {}, tables sha256 {}}}",
            p.law_sha256,
            p.tables
                .iter()
                .map(|t| t.sha256.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        ),
        "}".to_owned(),
    ];
    if !source.is_empty() {
        bib.push(format!("@misc{{{},", braced(&fit.law.id)));
        bib.push(format!("  title  = {{{}}},", braced(&fit.law.title)));
        if let Some(id) = arxiv(&source) {
            bib.push(format!("  eprint = {{{id}}},"));
            bib.push("  archivePrefix = {arXiv},".to_owned());
        }
        bib.push(format!("  note   = {{{}}}", braced(&source)));
        bib.push("}".to_owned());
    }
    (text, bib)
}

/// Text without the characters that end a field.
fn braced(text: &str) -> String {
    text.replace(['{', '}', '\\'], "")
}

/// The first arXiv number of a source: `2203.15556`.
fn arxiv(source: &str) -> Option<&str> {
    let after = source.split("arXiv:").nth(1)?;
    let end = after
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(after.len());
    Some(after[..end].trim_end_matches('.')).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_preprint_is_found() {
        let source = "Hoffmann et al. 2022, arXiv:2203.15556, Approach 3";
        assert_eq!(arxiv(source), Some("2203.15556"));
        assert_eq!(arxiv("see arXiv:2404.10102."), Some("2404.10102"));
        assert_eq!(arxiv("a book"), None);
    }
}
