//! What holds between the parts of a law: names, left side, indexes, ties.

use isoflop_base::{Diagnostic, Span};
use isoflop_formula::Place;
use isoflop_formula::ast::{Expr, ExprKind, Function};

use crate::document::{Document, Section};
use crate::file::{did_you_mean, nearest};
use crate::law::{Law, Var, VarRole};

/// Adds the index variables that the formula declares by use, and gives every indexed coefficient its index.
pub(crate) fn indexes(law: &mut Law, place: &Place<'_>, faults: &mut Vec<Diagnostic>) {
    let mut seen: Vec<(String, Vec<String>)> = Vec::new();
    for used in law.formula.uses() {
        if law.coefs.iter().all(|c| c.name != used.name) {
            continue;
        }
        let index: Vec<String> = used.index.iter().map(|(name, _)| name.clone()).collect();
        match seen.iter().find(|(name, _)| name == used.name) {
            Some((_, before)) if *before != index => {
                let message = format!("`{}` is used with another index before", used.name);
                faults.push(fault("index-mismatch", message, place, used.span));
            }
            Some(_) => {}
            None => seen.push((used.name.to_owned(), index)),
        }
        for (column, at) in used.index {
            index_var(&mut law.vars, column, *at, place, faults);
        }
    }
    for (name, index) in seen {
        for coef in law.coefs.iter_mut().filter(|c| c.name == name) {
            if !coef.index.is_empty() && coef.index != index {
                let at = law
                    .formula
                    .uses()
                    .iter()
                    .find(|u| u.name == name)
                    .map_or(coef.span, |u| u.span);
                let message = format!(
                    "`{name}` is declared with index {} but used with {}",
                    listed(&coef.index),
                    listed(&index)
                );
                faults.push(fault("index-mismatch", message, place, at));
            }
            coef.index.clone_from(&index);
        }
    }
}

fn index_var(
    vars: &mut Vec<Var>,
    column: &str,
    at: Span,
    place: &Place<'_>,
    faults: &mut Vec<Diagnostic>,
) {
    if let Some(var) = vars.iter().find(|v| v.name == column) {
        if var.role != VarRole::Index {
            let message = format!("`{column}` is a number and cannot be an index");
            let help = format!("declare it as {column} = {{ role = \"index\" }}");
            faults.push(fault("bad-index", message, place, at).help(help));
        }
        return;
    }
    let declared = vars
        .iter()
        .filter(|v| v.role == VarRole::Index)
        .map(|v| v.name.as_str());
    if let Some(near) = nearest(column, declared) {
        let message = format!("`{column}` is not a declared index");
        faults.push(fault("bad-index", message, place, at).help(format!("did you mean `{near}`?")));
        return;
    }
    vars.push(Var {
        name: column.to_owned(),
        column: column.to_owned(),
        unit: String::new(),
        doc: String::new(),
        role: VarRole::Index,
        positive: true,
        domain: None,
    });
}

/// Every name of the formula is declared once, every declaration is used, and the left side holds the response alone.
pub(crate) fn names(law: &Law, var_spans: &[Span], place: &Place<'_>, doc: &mut Document<'_>) {
    declarations(law, var_spans, doc);
    left_side(law, place, doc);
    let vars = law.vars.iter().map(|v| v.name.as_str());
    let coefs = law.coefs.iter().map(|c| c.name.as_str());
    let lets = law.formula.lets.iter().map(|l| l.name.as_str());
    let all = vars.clone().chain(coefs.clone()).chain(lets);
    for used in law.formula.uses() {
        if law.coef(used.name).is_some() || (law.var(used.name).is_some() && used.index.is_empty())
        {
            continue;
        }
        let (message, help) = if law.var(used.name).is_some() {
            (
                format!("the variable `{}` cannot carry an index", used.name),
                "only coefficients have one value for each level".to_owned(),
            )
        } else {
            let message = format!(
                "`{}` is neither a variable, a coefficient nor a `let` step",
                used.name
            );
            let help = nearest(used.name, all.clone()).map_or_else(
                || {
                    format!(
                        "declare it under [vars] or [coefs]: {} = {{ … }}",
                        used.name
                    )
                },
                |near| format!("did you mean `{near}`?"),
            );
            (message, help)
        };
        doc.faults
            .push(fault("undeclared-name", message, place, used.span).help(help));
    }
    bound_names(law, place, &mut doc.faults);
    unused(law, var_spans, doc);
}

fn declarations(law: &Law, var_spans: &[Span], doc: &mut Document<'_>) {
    let spans = law.coefs.iter().map(|c| (c.name.as_str(), c.span));
    let declared = law
        .vars
        .iter()
        .map(|v| v.name.as_str())
        .zip(var_spans.iter().copied());
    for (name, at) in declared.chain(spans) {
        if Function::from_name(name).is_some() || matches!(name, "solve" | "log") {
            let message = format!("`{name}` is a function and cannot be a name");
            doc.fault("reserved-name", message, at, "choose another name");
        }
    }
    for coef in law.coefs.iter().filter(|c| law.var(&c.name).is_some()) {
        let message = format!(
            "`{}` is declared as a variable and as a coefficient",
            coef.name
        );
        doc.fault(
            "duplicate-name",
            message,
            coef.span,
            "give one of them another name",
        );
    }
}

fn left_side(law: &Law, place: &Place<'_>, doc: &mut Document<'_>) {
    let responses: Vec<&Var> = law
        .vars
        .iter()
        .filter(|v| v.role == VarRole::Response)
        .collect();
    let [response] = responses.as_slice() else {
        let message = match responses.as_slice() {
            [] => "no variable has the role \"response\", expected exactly one".to_owned(),
            many => format!(
                "{} variables have the role \"response\", expected exactly one",
                many.len()
            ),
        };
        let excerpt = place.excerpt(Span::new(0, law.formula_text.len()), "here");
        let help =
            "mark the variable on the left side: L = { column = \"loss\", role = \"response\" }";
        doc.faults.push(
            Diagnostic::error("response-role", message)
                .at(excerpt)
                .help(help),
        );
        return;
    };
    let Some(left) = &law.formula.left else {
        let message = format!(
            "the formula has no left side, expected `{} = …`",
            response.name
        );
        doc.faults
            .push(fault("left-side", message, place, law.formula.right.span));
        return;
    };
    let left_names = left.names();
    for (name, at) in left_names.iter().filter(|(name, _)| *name != response.name) {
        let message = format!(
            "`{name}` stands on the left side, expected the response `{}` alone",
            response.name
        );
        doc.faults.push(
            fault("left-side", message, place, *at).help("move everything else to the right side"),
        );
    }
    if !left_names.iter().any(|(name, _)| *name == response.name) {
        let message = format!(
            "the response `{}` is missing on the left side",
            response.name
        );
        doc.faults
            .push(fault("left-side", message, place, left.span));
    }
    let right = law
        .formula
        .lets
        .iter()
        .map(|l| &l.value)
        .chain([&law.formula.right]);
    for (_, at) in right
        .flat_map(Expr::names)
        .filter(|(name, _)| *name == response.name)
    {
        let message = format!("the response `{}` stands on the right side", response.name);
        let help = "write an implicit law as solve(unknown, lower, upper, equation) with another name for the unknown";
        doc.faults
            .push(fault("left-side", message, place, at).help(help));
    }
}

/// What the formula names itself, `let` steps and the unknowns of `solve`, shadows nothing.
pub(crate) fn bound_names(law: &Law, place: &Place<'_>, faults: &mut Vec<Diagnostic>) {
    for step in &law.formula.lets {
        if law.var(&step.name).is_some() || law.coef(&step.name).is_some() {
            let message = format!(
                "the step `{}` has the name of a variable or coefficient",
                step.name
            );
            faults.push(
                fault("duplicate-name", message, place, step.name_span)
                    .help("give the step another name"),
            );
        }
    }
    for expr in law
        .formula
        .lets
        .iter()
        .map(|l| &l.value)
        .chain([&law.formula.right])
    {
        unknowns(law, expr, place, faults);
    }
}

fn unknowns(law: &Law, expr: &Expr, place: &Place<'_>, faults: &mut Vec<Diagnostic>) {
    if let ExprKind::Solve {
        name, name_span, ..
    } = &expr.kind
    {
        let step = law.formula.lets.iter().any(|l| l.name == *name);
        if step || law.var(name).is_some() || law.coef(name).is_some() {
            let message =
                format!("the unknown `{name}` has the name of a variable, coefficient or step");
            faults.push(
                fault("duplicate-name", message, place, *name_span)
                    .help("give the unknown another name"),
            );
        }
    }
    for part in expr.children() {
        unknowns(law, part, place, faults);
    }
}

fn unused(law: &Law, var_spans: &[Span], doc: &mut Document<'_>) {
    let uses = law.formula.uses();
    let tied: Vec<&str> = law
        .coefs
        .iter()
        .filter_map(|c| c.tie.as_ref())
        .flat_map(|(_, e)| e.names())
        .map(|(n, _)| n)
        .collect();
    for coef in &law.coefs {
        if !uses.iter().any(|u| u.name == coef.name) && !tied.contains(&coef.name.as_str()) {
            let message = format!("the coefficient `{}` is declared but not used", coef.name);
            doc.fault(
                "unused-name",
                message,
                coef.span,
                "remove it, or use it in the formula",
            );
        }
    }
    for (var, at) in law.vars.iter().zip(var_spans) {
        let indexing = uses
            .iter()
            .any(|u| u.index.iter().any(|(c, _)| *c == var.name));
        // A share plays its part through the sum, even where the formula leaves it to the others.
        let shared = law.simplex.iter().flatten().any(|name| *name == var.name);
        let used = indexing || shared || uses.iter().any(|u| u.name == var.name);
        if !used && var.role != VarRole::Response {
            let message = format!("the variable `{}` is declared but not used", var.name);
            doc.fault(
                "unused-name",
                message,
                *at,
                "remove it, or use it in the formula",
            );
        }
    }
}

/// Ties name declared coefficients and never lead back to themselves.
pub(crate) fn ties(law: &Law, doc: &mut Document<'_>) {
    for coef in &law.coefs {
        let Some((text, expr)) = &coef.tie else {
            continue;
        };
        for (name, _) in expr
            .names()
            .iter()
            .filter(|(name, _)| law.coef(name).is_none())
        {
            let help = did_you_mean(
                name,
                law.coefs
                    .iter()
                    .filter(|c| c.name != coef.name)
                    .map(|c| c.name.as_str()),
            );
            let message = format!(
                "the tie `{text}` of `{}` names `{name}`, which is not a coefficient",
                coef.name
            );
            doc.fault("unknown-coefficient", message, coef.span, &help);
        }
        for used in expr.uses() {
            let index: Vec<&String> = used.index.iter().map(|(column, _)| column).collect();
            if let Some(other) = law
                .coef(used.name)
                .filter(|c| !c.index.iter().eq(index.iter().copied()))
            {
                let message = format!(
                    "the tie `{text}` of `{}` uses `{}` with another index than {}",
                    coef.name,
                    used.name,
                    listed(&other.index)
                );
                doc.fault("index-mismatch", message, coef.span, "");
            }
        }
        // One message for a circle, at the coefficient declared first.
        let first = |path: &[String]| {
            law.coefs
                .iter()
                .find(|c| path.contains(&c.name))
                .is_some_and(|c| c.name == coef.name)
        };
        if let Some(path) = cycle(law, &coef.name).filter(|p| first(p)) {
            let message = format!(
                "the tie of `{}` leads back to itself: {}",
                coef.name,
                path.join(" → ")
            );
            doc.fault(
                "cyclic-tie",
                message,
                coef.span,
                "leave one coefficient of the circle without a tie",
            );
        }
    }
}

/// Only levels can be pooled.
pub(crate) fn pools(law: &Law, doc: &mut Document<'_>) {
    for coef in law.coefs.iter().filter(|c| c.pool.is_some()) {
        let (message, help) = if coef.index.is_empty() {
            (
                format!("`{}` is pooled but has no index", coef.name),
                "use it with an index in the formula, as in `theta[model]`",
            )
        } else if coef.fixed.is_some() || coef.tie.is_some() || coef.prior.is_some() {
            (
                format!("`{}` is pooled and fixed, tied or given a prior", coef.name),
                "keep one of them",
            )
        } else {
            continue;
        };
        doc.fault("bad-pool", message, coef.span, help);
    }
}

/// A simplex is made of inputs, each in one only.
pub(crate) fn simplex<'a>(law: &Law, doc: &mut Document<'a>, root: &Section<'a>) {
    let at = root.get("simplex").map_or(root.span, |e| e.key_span);
    let mut seen: Vec<&str> = Vec::new();
    for name in law.simplex.iter().flatten() {
        let input = law.var(name).is_some_and(|v| v.role == VarRole::Input);
        if !input {
            let help = did_you_mean(name, law.vars.iter().map(|v| v.name.as_str()));
            let message = format!("`{name}` of the simplex is no input of the law");
            doc.fault("undeclared-name", message, at, &help);
        } else if seen.contains(&name.as_str()) {
            let message = format!("`{name}` stands in the simplex twice");
            doc.fault(
                "duplicate-name",
                message,
                at,
                "an input belongs to one sum only",
            );
        }
        seen.push(name);
    }
}

/// Stages name coefficients of the law, each once; one stage alone is no stage.
pub(crate) fn stages<'a>(law: &Law, doc: &mut Document<'a>, root: &Section<'a>) {
    let at = root.get("stage").map_or(root.span, |e| e.key_span);
    let mut seen: Vec<&str> = Vec::new();
    for name in law.stages.iter().flat_map(|s| &s.coefs) {
        if law.coef(name).is_none() {
            let help = did_you_mean(name, law.coefs.iter().map(|c| c.name.as_str()));
            let message = format!("`{name}` of a stage is no coefficient of the law");
            doc.fault("undeclared-name", message, at, &help);
        } else if seen.contains(&name.as_str()) {
            let message = format!("`{name}` is fitted in two stages");
            doc.fault(
                "duplicate-name",
                message,
                at,
                "a later stage holds what an earlier one fitted",
            );
        }
        seen.push(name);
    }
    if law.stages.len() == 1 {
        doc.fault(
            "one-stage",
            "one stage alone is a fit of all coefficients",
            at,
            "add a stage with the other coefficients, or leave the stages out",
        );
    }
    if law.stages.iter().any(|s| s.coefs.is_empty()) {
        doc.fault(
            "empty-stage",
            "a stage fits no coefficient",
            at,
            "write coefs = [\"E\", \"A\"]",
        );
    }
}

/// The way from a coefficient through ties back to itself, if there is one.
pub(crate) fn cycle(law: &Law, from: &str) -> Option<Vec<String>> {
    let mut open = vec![vec![from.to_owned()]];
    let mut visited: Vec<String> = Vec::new();
    while let Some(path) = open.pop() {
        let Some((_, expr)) = path
            .last()
            .and_then(|last| law.coef(last))
            .and_then(|c| c.tie.as_ref())
        else {
            continue;
        };
        for (name, _) in expr.names() {
            let mut longer = path.clone();
            longer.push(name.to_owned());
            if name == from {
                return Some(longer);
            }
            if !visited.iter().any(|v| v == name) {
                visited.push(name.to_owned());
                open.push(longer);
            }
        }
    }
    None
}

fn fault(code: &'static str, message: String, place: &Place<'_>, at: Span) -> Diagnostic {
    Diagnostic::error(code, message).at(place.excerpt(at, "here"))
}

fn listed(index: &[String]) -> String {
    if index.is_empty() {
        "none".to_owned()
    } else {
        format!("[{}]", index.join(", "))
    }
}
