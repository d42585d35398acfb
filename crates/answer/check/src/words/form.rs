//! The words of the test of the additive form.

use crate::FormTest;

use isoflop_document::doc::{Block, Document, Table};
use isoflop_document::number::{counted, plain};

/// Adds the test of the exponent around both terms: the answer first, then what it changes.
pub fn form(doc: &mut Document, found: &FormTest) {
    doc.heading("Is the additive form right?");
    doc.paragraph(answer(found));
    let mut table = Table::with_columns(&[
        ">compute, 6ND",
        ">optimal params, additive",
        ">with k free",
        ">loss there, additive",
        ">with k free",
    ]);
    table.rows = found
        .budgets
        .iter()
        .map(|b| {
            vec![
                plain(b.flops, 3),
                plain(b.params_additive, 3),
                plain(b.params, 3),
                plain(b.loss_additive, 4),
                plain(b.loss, 4),
            ]
        })
        .collect();
    doc.detail(|doc| doc.push(Block::Table(table)));
}

fn answer(found: &FormTest) -> String {
    let against = if found.p < 0.05 {
        "The runs reject the additive form"
    } else {
        "The runs do not reject the additive form"
    };
    let floor = if found.floor_identified {
        format!(
            "E is {} with k free ({} to {} over the interval of k), {} without",
            plain(found.floor, 4),
            plain(found.floor_range.0, 4),
            plain(found.floor_range.1, 4),
            plain(found.floor_additive, 4),
        )
    } else {
        format!(
            "E is not identified once k is free: it and k trade off, from {} to {} over the interval of k; {} stands only as long \
             as k is 1",
            plain(found.floor_range.0, 4),
            plain(found.floor_range.1, 4),
            plain(found.floor_additive, 4),
        )
    };
    format!(
        "{against}: in L = E + (A/N^alpha + B/D^beta)^k, k is {} [{}, {}] where the additive form has 1 (p = {}, {}; the law is \
         `outer-exponent`). {floor}. The exponent of the optimal size, beta/(alpha + beta), is {} with k free, {} without.",
        plain(found.k, 3),
        plain(found.interval.0, 3),
        plain(found.interval.1, 3),
        if found.p < 1e-3 {
            "below 0.001".to_owned()
        } else {
            format!("{:.3}", found.p)
        },
        counted(found.n, "run"),
        plain(found.exponent, 3),
        plain(found.exponent_additive, 3),
    )
}
