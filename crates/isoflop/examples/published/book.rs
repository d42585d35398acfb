//! The published rows, what isoflop gives for them, and the verdict.

use std::fmt::Write as _;
use std::path::Path;

use isoflop::{Fit, Status};

/// One row of a `published.csv`.
pub struct Line {
    /// Folder it stands in.
    pub folder: String,
    /// What was published.
    pub quantity: String,
    /// As printed.
    pub value: String,
    /// Published interval.
    pub interval: Option<(f64, f64)>,
    /// Its ends, as printed.
    ends: Vec<Printed>,
    /// How far to trust it.
    pub certainty: String,
    /// What isoflop gives.
    pub answer: Option<Answer>,
}

/// What isoflop gives for a row.
pub struct Answer {
    /// Numbers, in the order of those printed.
    pub ours: Vec<f64>,
    /// Our interval, where the row is one.
    pub interval: Option<(f64, f64)>,
    /// The judgement in words.
    pub verdict: Verdict,
    /// The fit behind it, in short; empty where it is no fit.
    pub evidence: String,
}

/// How ours and theirs compare.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Every number agrees to its last printed digit.
    ComesOut,
    /// Within the published interval, or a stated tolerance.
    Within(String),
    /// It differs, and this is why.
    Differs(String),
    /// It is no fit of a law; this is what it is.
    NotAFit(String),
}

/// How a row is to be judged.
pub enum Rule<'a> {
    /// To the printed digits, else within the published interval.
    Digits,
    /// Within a relative tolerance, with the reason why not closer.
    Near(f64, &'a str),
    /// A minimum: ours must not be higher than theirs.
    AtMost,
    /// Known to differ.
    Known(&'a str),
}

/// An interval of ours, and how near its ends must be to theirs.
pub struct Ends<'a> {
    /// Lower and upper end.
    pub found: (f64, f64),
    /// Share of the width of the published interval.
    pub share: f64,
    /// What to say when they are not.
    pub why: &'a str,
}

/// All rows.
pub struct Book {
    /// In the order of the folders and of their files.
    pub lines: Vec<Line>,
}

impl Book {
    /// Reads every `published.csv` below a folder, in the order of the folders.
    pub fn read(data: &Path) -> Self {
        let mut folders: Vec<_> = std::fs::read_dir(data)
            .unwrap_or_else(|e| panic!("{}: {e}", data.display()))
            .filter_map(|entry| entry.ok().map(|e| e.path().join("published.csv")))
            .filter(|path| path.exists())
            .collect();
        folders.sort();
        let mut lines = Vec::new();
        for path in folders {
            let folder = path.parent().and_then(|p| p.file_name());
            let folder = folder.and_then(|f| f.to_str()).unwrap_or_default();
            let mut reader = csv::Reader::from_path(&path).expect("the file can be read");
            for record in reader.records() {
                let record = record.expect("a row of the file");
                let number = |k: usize| record.get(k).and_then(|x| x.parse::<f64>().ok());
                let text = |k: usize| record.get(k).unwrap_or_default().to_owned();
                lines.push(Line {
                    folder: folder.to_owned(),
                    quantity: text(0),
                    value: text(1),
                    interval: number(2).zip(number(3)),
                    ends: numbers(&format!("{} {}", text(2), text(3))),
                    certainty: text(6),
                    answer: None,
                });
            }
        }
        Self { lines }
    }

    /// The row whose quantity begins like this and has no answer yet.
    fn line(&mut self, folder: &str, quantity: &str) -> &mut Line {
        self.lines
            .iter_mut()
            .find(|l| l.folder == folder && l.quantity.starts_with(quantity) && l.answer.is_none())
            .unwrap_or_else(|| panic!("{folder} has no open row `{quantity}`"))
    }

    /// Answers a row with numbers.
    pub fn answer(
        &mut self,
        folder: &str,
        quantity: &str,
        ours: &[f64],
        rule: &Rule<'_>,
        evidence: &str,
    ) {
        let line = self.line(folder, quantity);
        let verdict = judge(line, ours, rule);
        line.answer = Some(Answer {
            ours: ours.to_vec(),
            interval: None,
            verdict,
            evidence: evidence.to_owned(),
        });
    }

    /// Answers a row with a number and its interval, whose ends may differ by a share of the interval's width.
    pub fn interval(
        &mut self,
        folder: &str,
        quantity: &str,
        ours: &[f64],
        ends: &Ends<'_>,
        evidence: &str,
    ) {
        let Ends { found, share, why } = *ends;
        let line = self.line(folder, quantity);
        let (low, high) = line.interval.expect("the row has an interval");
        let ends = (found.0 - low).abs().max((found.1 - high).abs()) / (high - low);
        let value = numbers(&line.value);
        let digits = ours.iter().zip(&value).all(|(x, p)| p.holds(*x));
        let printed =
            line.ends.len() == 2 && line.ends[0].holds(found.0) && line.ends[1].holds(found.1);
        let verdict = if digits && printed {
            Verdict::ComesOut
        } else if digits && ends <= share {
            Verdict::Within(format!(
                "{}ends of the interval to {:.0} % of its width",
                if value.is_empty() {
                    ""
                } else {
                    "value to its digits, "
                },
                (100.0 * ends).ceil()
            ))
        } else {
            Verdict::Differs(why.to_owned())
        };
        line.answer = Some(Answer {
            ours: ours.to_vec(),
            interval: Some(found),
            verdict,
            evidence: evidence.to_owned(),
        });
    }

    /// Says of a row that it is no fit of a law, and what it is.
    pub fn not_a_fit(&mut self, folder: &str, quantity: &str, what: &str) {
        self.line(folder, quantity).answer = Some(Answer {
            ours: Vec::new(),
            interval: None,
            verdict: Verdict::NotAFit(what.to_owned()),
            evidence: String::new(),
        });
    }

    /// The same of every open row of a folder.
    pub fn rest(&mut self, folder: &str, what: &str) {
        while self
            .lines
            .iter()
            .any(|l| l.folder == folder && l.answer.is_none())
        {
            self.not_a_fit(folder, "", what);
        }
    }

    /// The page.
    pub fn page(&self) -> String {
        let mut out = String::from(HEAD);
        let count = |pick: fn(&Verdict) -> bool| {
            let answers = self.lines.iter().filter_map(|l| l.answer.as_ref());
            answers.filter(|a| pick(&a.verdict)).count()
        };
        writeln!(
            out,
            "{} rows: {} come out to their last printed digit, {} lie within an interval or a stated tolerance, {} differ \
             for a stated reason, {} are no fits of a law.\n",
            self.lines.len(),
            count(|v| *v == Verdict::ComesOut),
            count(|v| matches!(v, Verdict::Within(_))),
            count(|v| matches!(v, Verdict::Differs(_))),
            count(|v| matches!(v, Verdict::NotAFit(_))),
        )
        .expect("a string takes all text");
        let mut folder = "";
        for line in &self.lines {
            if line.folder != folder {
                folder = &line.folder;
                write!(
                    out,
                    "\n## {folder}\n\n| quantity | published | certainty | ours | verdict | fit |\n|---|---|---|---|---|---|\n"
                )
                .expect("a string takes all text");
            }
            out += &row(line);
        }
        out
    }
}

const HEAD: &str = "\
# Published numbers

Every row of every `published.csv` of the data that the tests read, beside what isoflop gives for it. Written by

```sh
cargo run --release -p isoflop --example published -- DIR docs/published.md
```

and compared by a test, or with `--check` before the name of the page; do not edit. The published numbers are read from
the data at run time. `certainty` is that of the collector: *repo* read in the authors' repository, *text* in the paper, *computed* from the file itself while it was
assembled, *memory* remembered only, which is a hint and no bar.

A fit is told by its runs, how many of the solved starts ended at the best optimum, and its certificate: the gradient on
a scale without units, zero to rounding at an optimum.

";

fn row(line: &Line) -> String {
    let published = match line.interval {
        Some((low, high)) => format!("{} [{}, {}]", line.value, short(low), short(high)),
        None => line.value.clone(),
    };
    let (ours, verdict, evidence) = match &line.answer {
        None => (String::new(), "**no answer**".to_owned(), String::new()),
        Some(a) => {
            let mut ours: Vec<String> = a.ours.iter().map(|x| short(*x)).collect();
            if let Some((low, high)) = a.interval {
                ours.push(format!("[{}, {}]", short(low), short(high)));
            }
            let verdict = match &a.verdict {
                Verdict::ComesOut => "comes out".to_owned(),
                Verdict::Within(how) => format!("within: {how}"),
                Verdict::Differs(why) => format!("differs because {why}"),
                Verdict::NotAFit(what) => format!("not a fit of a law: {what}"),
            };
            (ours.join(", "), verdict, a.evidence.clone())
        }
    };
    let cells = [
        &line.quantity,
        published.trim(),
        &line.certainty,
        &ours,
        &verdict,
        &evidence,
    ];
    let cells: Vec<String> = cells
        .iter()
        .map(|c| c.replace('|', "\\|").replace('\n', " "))
        .collect();
    format!("| {} |\n", cells.join(" | "))
}

fn judge(line: &Line, ours: &[f64], rule: &Rule<'_>) -> Verdict {
    let printed = numbers(&line.value);
    assert_eq!(
        printed.len(),
        ours.len(),
        "{}: {} has {} numbers, {} were given",
        line.folder,
        line.quantity,
        printed.len(),
        ours.len()
    );
    if let Rule::Known(why) = rule {
        return Verdict::Differs((*why).to_owned());
    }
    if ours.iter().zip(&printed).all(|(x, p)| p.holds(*x)) {
        return Verdict::ComesOut;
    }
    let gap = ours
        .iter()
        .zip(&printed)
        .map(|(x, p)| (x - p.value).abs() / p.value.abs())
        .fold(0.0, f64::max);
    match rule {
        Rule::AtMost if ours[0] <= printed[0].value => {
            Verdict::Within("a lower minimum, as it should be".to_owned())
        }
        Rule::Near(tolerance, why) if gap <= *tolerance => {
            Verdict::Within(format!("{gap:.1e} relative: {why}"))
        }
        _ => match line.interval {
            Some((low, high)) if ours.len() == 1 && (low..=high).contains(&ours[0]) => {
                Verdict::Within("its interval".to_owned())
            }
            // The test of the page fails on this.
            _ => Verdict::Differs(format!("UNEXPLAINED, relative gap {gap:.1e}")),
        },
    }
}

/// A number as it is printed: its value and half a unit of its last digit.
pub struct Printed {
    /// As read.
    pub value: f64,
    half: f64,
}

impl Printed {
    /// Whether a number rounds to this one; a hair more for the rounding of the arithmetic itself.
    pub fn holds(&self, x: f64) -> bool {
        (x - self.value).abs() <= self.half * (1.0 + 1e-6)
    }
}

/// The numbers in a text, in order; signs belong to them, letters before them end another word.
pub fn numbers(text: &str) -> Vec<Printed> {
    let bytes: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let starts = bytes[i].is_ascii_digit()
            || (matches!(bytes[i], '-' | '+' | '.')
                && bytes.get(i + 1).is_some_and(char::is_ascii_digit));
        let inside_word = i > 0 && (bytes[i - 1].is_alphabetic() || bytes[i - 1] == '_');
        if !starts || inside_word {
            i += 1;
            continue;
        }
        let first = i;
        i += 1;
        while i < bytes.len() {
            let exponent = matches!(bytes[i], 'e' | 'E')
                && (bytes.get(i + 1).is_some_and(char::is_ascii_digit)
                    || (matches!(bytes.get(i + 1), Some('-' | '+'))
                        && bytes.get(i + 2).is_some_and(char::is_ascii_digit)));
            let sign = matches!(bytes[i], '-' | '+') && matches!(bytes[i - 1], 'e' | 'E');
            if bytes[i].is_ascii_digit() || bytes[i] == '.' || exponent || sign {
                i += 1;
            } else {
                break;
            }
        }
        let word: String = bytes[first..i].iter().collect();
        if let Ok(value) = word.trim_end_matches('.').parse::<f64>() {
            let (mantissa, power) = word.split_once(['e', 'E']).unwrap_or((&word, "0"));
            let decimals = mantissa.split_once('.').map_or(0, |(_, d)| d.len());
            let power: i32 = power.parse().unwrap_or(0);
            let half = 0.5 * 10f64.powi(power - i32::try_from(decimals).unwrap_or(0));
            found.push(Printed { value, half });
        }
    }
    found
}

fn short(x: f64) -> String {
    if x != 0.0 && (x.abs() < 1e-3 || x.abs() >= 1e6) {
        return format!("{x:.6e}");
    }
    let text = if x.abs() < 0.1 {
        format!("{x:.10}")
    } else {
        format!("{x:.7}")
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A fit in short: runs, starts at the best, certificate.
pub fn evidence(fit: &Fit) -> String {
    let status = match fit.status {
        Status::Converged => "converged",
        Status::Degenerate => "degenerate",
        Status::NotConverged => "NOT CONVERGED",
    };
    // What is left of the gradient at an optimum is rounding, which differs between processors.
    let gradient = match fit.certificate.gradient {
        g if g < 1e-12 => "gradient < 1e-12".to_owned(),
        g => format!("gradient {g:.0e}"),
    };
    format!(
        "n = {}, {} of {} starts, {status}, {gradient}",
        fit.n, fit.starts.reached_best, fit.starts.solved
    )
}
