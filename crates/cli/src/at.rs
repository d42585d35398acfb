//! Points and values as people type them: `N=70B,D=1.4T`.

use isoflop::{
    Diagnostic, Diagnostics, Fit, Input, Law, Point, ReadOptions, VarRole, parse_quantity,
    parse_unit, point_reader, read,
};

/// `NAME=VALUE` pairs, separated by commas. A comma inside a number (`N=411,616,256`) belongs to the number.
pub(crate) fn pairs(text: &str) -> Result<Vec<(String, String)>, Diagnostic> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for piece in text.split(',') {
        match (piece.split_once('='), pairs.last_mut()) {
            (Some((name, value)), _) if !name.trim().is_empty() && !value.trim().is_empty() => {
                pairs.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            (None, Some((_, value))) if !piece.trim().is_empty() => {
                value.push(',');
                value.push_str(piece.trim_end());
            }
            _ => {
                return Err(Diagnostic::error(
                    "bad-point",
                    format!("`{text}` is not of the form NAME=VALUE"),
                )
                .help("for example N=70B,D=1.4T"));
            }
        }
    }
    Ok(pairs)
}

/// A number as people write it.
pub(crate) fn number(name: &str, text: &str) -> Result<f64, Diagnostic> {
    match parse_quantity(text) {
        Ok(quantity) => Ok(quantity.value),
        Err(why) => Err(
            Diagnostic::error("bad-number", format!("`{name}={text}`: {why}"))
                .help("numbers are written like 70B, 1.4T, 5.76e23 or 300e9"),
        ),
    }
}

/// A number for an input of a fit, in the units that its runs were read in: `size_b=7` is 7e9 as in the table, and
/// `minutes=20 days` is 28800.
fn of_input(fit: &Fit, said: &str, name: &str, text: &str) -> Result<f64, Diagnostic> {
    let range = fit.ranges.iter().find(|r| r.name == name);
    let (column, unit) = range.map_or(("", ""), |r| (r.column.as_str(), r.unit.as_str()));
    let x = in_unit(name, column, unit, text)?;
    let plain = parse_quantity(text).is_ok_and(|q| !q.scaled);
    let made = fit.provenance.options.iter().any(|(option, value)| {
        let target = value.split_once('=').map_or("", |(target, _)| target);
        option == "let" && target.trim().trim_matches('`') == said
    });
    // The letter of a formula is at once the column where nothing was mapped.
    let is_column = said == column || said != name;
    let scales = plain && is_column && !made;
    Ok(if scales {
        x * isoflop::header_factor(said)
    } else {
        x
    })
}

/// A number in the unit of its column or role. A unit that is written must be one of the same kind.
fn in_unit(name: &str, column: &str, unit: &str, text: &str) -> Result<f64, Diagnostic> {
    let x = number(name, text)?;
    let written = parse_quantity(text).ok().and_then(|q| q.unit);
    let Some(written) = written else {
        return Ok(x);
    };
    let duration = parse_unit(unit)
        .filter(|u| u.name == "s")
        .or_else(|| isoflop::header_duration(column))
        .or_else(|| isoflop::header_duration(name));
    if let (Some(own), "s") = (&duration, written.as_str()) {
        return Ok(x / own.scale());
    }
    let kind = |unit: &str| {
        unit.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let counted = ["params", "tokens", "FLOP"];
    let same = if duration.is_some() || written == "s" {
        false
    } else if counted.contains(&kind(unit).as_str()) {
        kind(unit) == written
    } else {
        true
    };
    if same {
        return Ok(x);
    }
    let of = match (&duration, kind(unit)) {
        (Some(_), _) => "a duration".to_owned(),
        (None, own) if own.is_empty() => "a plain number: its column states no unit".to_owned(),
        (None, own) => format!("counted in {own}"),
    };
    Err(Diagnostic::error(
        "unit-mismatch",
        format!("`{name}={text}` is in another unit than {name}, which is {of}"),
    )
    .help("give the number in the unit of the runs"))
}

/// The points of `--at` and `--at-file`, with all their faults together.
pub(crate) fn asked(
    at: &[String],
    file: Option<&str>,
    map: &[String],
    fit: &Fit,
) -> Result<Vec<Point>, Diagnostics> {
    let mut points = Vec::new();
    let mut faults = Diagnostics::default();
    for text in at {
        match point(text, fit) {
            Ok(point) => points.push(point),
            Err(more) => faults.0.extend(more.0),
        }
    }
    if let Some(file) = file {
        match points_of_file(file, map, fit) {
            Ok(more) => points.extend(more),
            Err(more) => faults.0.extend(more.0),
        }
    }
    if faults.0.is_empty() {
        Ok(points)
    } else {
        Err(faults)
    }
}

/// A point of `--at`. Names are the law's letters or the columns they came from.
fn point(text: &str, fit: &Fit) -> Result<Point, Diagnostics> {
    let mut point = Point {
        at: Vec::new(),
        levels: Vec::new(),
    };
    let mut faults = Diagnostics::default();
    let law = fit.law.parse().ok();
    for (said, value) in pairs(text)? {
        let name = letter(fit, law.as_ref(), &said);
        if point.at.iter().any(|(n, _)| *n == name) || point.levels.iter().any(|(n, _)| *n == name)
        {
            faults.0.push(twice(text, &name));
        } else if fit.points.levels.iter().any(|(n, _)| *n == name) {
            point.levels.push((name, value));
        } else {
            match of_input(fit, &said, &name, &value) {
                Ok(x) => point.at.push((name, x)),
                Err(fault) => faults.0.push(fault),
            }
        }
    }
    if faults.0.is_empty() {
        Ok(point)
    } else {
        Err(faults)
    }
}

fn twice(text: &str, name: &str) -> Diagnostic {
    Diagnostic::error("bad-point", format!("`{text}` gives {name} twice"))
}

/// Points of `--at` for a law that was not fitted here: inputs and levels by letter or by the column that the law declares.
pub(crate) fn of_law(at: &[String], law: &Law) -> Result<Vec<Point>, Diagnostics> {
    let mut points = Vec::new();
    let mut faults = Diagnostics::default();
    for text in at {
        let mut point = Point::default();
        for (name, value) in pairs(text)? {
            let own = law.vars.iter().find(|v| v.name == name || v.column == name);
            let letter = own.map_or(name, |v| v.name.clone());
            let given = point.at.iter().any(|(n, _)| *n == letter);
            if given || point.levels.iter().any(|(n, _)| *n == letter) {
                faults.0.push(twice(text, &letter));
                continue;
            }
            if own.is_some_and(|v| v.role == VarRole::Index) {
                point.levels.push((letter, value));
                continue;
            }
            let (column, unit) = own.map_or(("", ""), |v| (v.column.as_str(), v.unit.as_str()));
            match in_unit(&letter, column, unit, &value) {
                Ok(x) => point.at.push((letter, x)),
                Err(fault) => faults.0.push(fault),
            }
        }
        points.push(point);
    }
    if faults.0.is_empty() {
        Ok(points)
    } else {
        Err(faults)
    }
}

/// The law's letter for a name that may be a column of the fitted table, or the column that the law declares.
fn letter(fit: &Fit, law: Option<&Law>, name: &str) -> String {
    if fit.ranges.iter().any(|r| r.name == name) {
        return name.to_owned();
    }
    let by_table = fit
        .ranges
        .iter()
        .find(|r| r.column == name && !r.column.is_empty())
        .map(|r| &r.name);
    let by_law = law
        .and_then(|law| law.vars.iter().find(|v| v.column == name))
        .map(|v| &v.name);
    by_table
        .or(by_law)
        .cloned()
        .unwrap_or_else(|| name.to_owned())
}

fn said_map(map: &[String]) -> Result<Vec<(String, String)>, Diagnostics> {
    let mut pairs = Vec::new();
    for text in map {
        pairs.extend(ReadOptions::parse_map(text)?);
    }
    Ok(pairs)
}

/// The points of `--at-file`: a table with a column for every input and index of the law.
fn points_of_file(file: &str, map: &[String], fit: &Fit) -> Result<Vec<Point>, Diagnostics> {
    let mut reader = point_reader(fit, map)?;
    let input = [Input::from_arg(file)];
    // A table that has the made columns, or the law's own names, need not have what the fit made or mapped them from.
    reader.lets = Vec::new();
    let bare = ReadOptions {
        map: said_map(map)?,
        ..ReadOptions::default()
    };
    let (plain, mut reader) = match read(&input, &reader) {
        Ok(table) => (table, reader),
        Err(faults) => (read(&input, &bare).map_err(|_| faults)?, bare),
    };
    reader.lets = lets_of_fit(fit, &plain);
    let table = if reader.lets.is_empty() {
        plain
    } else {
        read(&input, &reader)?
    };
    let law = fit.law.parse()?;
    let mut faults = Diagnostics::default();
    let mut points = vec![
        Point {
            at: Vec::new(),
            levels: Vec::new()
        };
        table.rows()
    ];
    let names = fit.points.inputs.iter().map(|(n, _)| (n, false));
    for (name, is_level) in names.chain(fit.points.levels.iter().map(|(n, _)| (n, true))) {
        let column = fit
            .ranges
            .iter()
            .find(|r| r.name == *name)
            .map_or(name.as_str(), |r| r.column.as_str());
        let declared = law.vars.iter().find(|v| v.name == *name);
        let declared = declared.map_or(name.as_str(), |v| v.column.as_str());
        let found = table
            .resolve(name, column)
            .or_else(|fault| table.resolve(name, declared).map_err(|_| fault));
        let column = match found {
            Ok(resolved) => resolved.column,
            Err(fault) => {
                faults.0.push(fault);
                continue;
            }
        };
        for (row, point) in points.iter_mut().enumerate() {
            let x = column.numbers().map(|x| x[row]).filter(|x| x.is_finite());
            match (is_level, column.text(row), x) {
                (true, Some(level), _) => point.levels.push((name.clone(), level)),
                (false, _, Some(x)) => point.at.push((name.clone(), x)),
                _ => {
                    let message = format!(
                        "{}: {} has no value for {name}",
                        table.place(row),
                        column.name
                    );
                    faults.0.push(Diagnostic::error("bad-point", message));
                }
            }
        }
    }
    if faults.0.is_empty() {
        Ok(points)
    } else {
        Err(faults)
    }
}

/// What `--let` made for the fit and its inputs need, unless the table of points has the column itself.
fn lets_of_fit(fit: &Fit, table: &isoflop::RunTable) -> Vec<String> {
    let options = fit.provenance.options.iter();
    let lets: Vec<&String> = options
        .filter(|(k, _)| k == "let")
        .map(|(_, v)| v)
        .collect();
    let mut needed: Vec<String> = fit
        .ranges
        .iter()
        .flat_map(|r| [r.column.clone(), r.name.clone()])
        .collect();
    let mut taken: Vec<String> = Vec::new();
    for text in lets.into_iter().rev() {
        let Some((name, expr)) = text.split_once('=') else {
            continue;
        };
        let name = name.trim().trim_matches('`');
        if !needed.iter().any(|n| n == name) || table.column(name).is_some() {
            continue;
        }
        let word = |c: char| !(c.is_alphanumeric() || c == '_');
        needed.extend(expr.split(word).map(str::to_owned));
        needed.extend(expr.split('`').skip(1).step_by(2).map(str::to_owned));
        taken.push(text.clone());
    }
    taken.reverse();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_typed_as_people_write_numbers() {
        let one = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(
            pairs("N=70B,D=1.4T"),
            Ok(vec![one("N", "70B"), one("D", "1.4T")])
        );
        assert_eq!(
            pairs(" N = 411,616,256 , D = 8B"),
            Ok(vec![one("N", "411,616,256"), one("D", "8B")])
        );
        assert_eq!(number("N", "411,616,256"), Ok(411_616_256.0));
        assert_eq!(number("N", "70B"), Ok(7e10));
    }

    #[test]
    fn what_is_no_point_is_refused() {
        for text in ["", "70B", "N=", "=3", "N=1,,D=2"] {
            assert_eq!(pairs(text).map_err(|d| d.code), Err("bad-point"), "{text}");
        }
        assert_eq!(number("N", "lots").map_err(|d| d.code), Err("bad-number"));
    }
}
