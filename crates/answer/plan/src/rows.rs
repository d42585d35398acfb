//! The rows of one law: every question answered at the best coefficients and at every draw.

use isoflop_base::{Estimate, Evidence, Note, Severity};
use isoflop_law::VarRole;

use super::convention::{Convention, Role};
use super::hardware;
use super::limits::{self, BindingLimit, explain};
use super::models;
use super::problem::{Best, NO_LIMIT, NoPlan, Setting};
use super::serving;
use super::shapes;
use super::sizes;
use super::source::{Answers, PlanLaw};
use super::spread::estimate;
use super::{Ask, LawUsed, Plan, PlanRequest, PlanRow};
use isoflop_predict::widening::Widening;

/// A question solved at the best coefficients and at every draw.
pub(super) struct Solved {
    pub best: Best,
    pub draws: Vec<Option<Best>>,
}

impl Solved {
    /// The question put to every coefficient vector of a law; draws start from the best answer.
    pub fn of(
        law: &PlanLaw,
        answer: impl Fn(&[f64], Option<Best>) -> Result<Best, NoPlan>,
    ) -> Result<Self, NoPlan> {
        let best = answer(&law.best, None)?;
        let draws = law
            .draws
            .iter()
            .map(|theta| answer(theta, Some(best)).ok())
            .collect();
        Ok(Self { best, draws })
    }

    /// A quantity over the draws; `missing` where a draw has no answer.
    pub fn sample(&self, missing: f64, quantity: impl Fn(&Best) -> f64) -> Vec<f64> {
        self.draws
            .iter()
            .map(|d| d.as_ref().map_or(missing, &quantity))
            .collect()
    }
}

/// Adds the answers of one law.
pub(super) fn add(out: &mut Plan, law: &PlanLaw, request: &PlanRequest) {
    let repeats = law.roles.iter().any(|r| matches!(r, Role::Unique(_)));
    let region = request.limits.region(&request.given, repeats);
    let setting = Setting::new(law, &request.convention, region);
    let mut asks = request.ask.clone();
    if let (true, Some(n), Some(d)) = (
        asks.is_empty(),
        request.limits.params,
        request.limits.tokens,
    ) {
        asks.push(Ask::Compute(request.convention.flops(n, d)));
    }
    let mut first = None;
    let before = out.rows.len();
    for ask in asks {
        match answer(&setting, request, ask) {
            Ok(solved) => {
                first.get_or_insert(solved.best);
                let row = row(&setting, request, ask, &solved);
                if !request.sizes.is_empty() && law.answers == Answers::Loss {
                    out.sizes.push(sizes::table(&setting, request, &solved));
                }
                out.shapes.extend(shapes::rows(&setting, request, ask));
                let free = row.held.is_empty() && law.answers == Answers::Loss;
                if free && setting.is_flat(&law.best, &solved.best) {
                    out.notes.push(flat(&row));
                }
                if row.epochs.as_ref().is_some_and(|e| e.value > 1.0) {
                    out.notes.extend(repetition(&setting, &row));
                }
                out.rows.push(row);
            }
            Err(why) => out
                .infeasible
                .push(explain(&setting, &request.limits, ask, why)),
        }
    }
    let own = extrapolation(&out.rows[before..]);
    out.notes.extend(own);
    let away = runs_away(law, &out.rows[before..]);
    out.notes.extend(away);
    if request.models && law.answers == Answers::Loss {
        out.models.extend(models::rows(law, request));
    }
    out.laws.push(used(&setting, request, first));
    add_notes(out, &law.notes);
    if request.given.unique.is_some() && !repeats {
        out.notes.push(no_repetition(law));
    }
}

/// Adds notes that are not there yet.
fn add_notes(out: &mut Plan, notes: &[Note]) {
    for note in notes {
        if !out.notes.contains(note) {
            out.notes.push(note.clone());
        }
    }
}

fn answer(setting: &Setting<'_>, request: &PlanRequest, ask: Ask) -> Result<Solved, NoPlan> {
    let fixed = request.limits.params.zip(request.limits.tokens);
    Solved::of(setting.source, |theta, near| match (ask, fixed) {
        (_, Some((n, d))) if request.ask.is_empty() => {
            let (x, y) = (n.ln(), d.ln());
            Ok(Best {
                x,
                y,
                loss: setting.loss(theta, x, y),
                ln_c: setting.ln_flops(x, y),
                closed: true,
            })
        }
        (Ask::Compute(c), _) => setting.budget(theta, c.ln(), near),
        (Ask::Loss(_), _) if setting.source.answers != Answers::Loss => Err(NoPlan::NoLoss),
        (Ask::Loss(loss), _) => setting.target(theta, loss, 0.0, near),
    })
}

fn row(setting: &Setting<'_>, request: &PlanRequest, ask: Ask, solved: &Solved) -> PlanRow {
    let law = setting.source;
    let level = request.level;
    // A draw that cannot reach the target would need endless compute.
    let missing = match ask {
        Ask::Compute(_) => f64::NAN,
        Ask::Loss(_) => f64::INFINITY,
    };
    let of = |quantity: fn(&Best) -> f64, missing: f64, unit: &str| {
        estimate(
            quantity(&solved.best),
            &solved.sample(missing, quantity),
            level,
            unit,
        )
    };
    let params = of(|b| b.x.exp(), missing, "params");
    let tokens = of(|b| b.y.exp(), missing, "tokens");
    let ratio = of(|b| (b.y - b.x).exp(), f64::NAN, "tokens/param");
    let unit = &law.law.response().unit;
    let loss = (law.answers == Answers::Loss).then(|| {
        let own = of(|b| b.loss, f64::NAN, unit);
        match ask {
            Ask::Compute(_) => widened(law, &solved.best, own),
            // A target is what was asked, and has no error.
            Ask::Loss(_) => own,
        }
    });
    let flops = of(|b| b.ln_c.exp(), missing, "FLOP");
    let asked = match ask {
        Ask::Compute(c) => Some(c.ln()),
        Ask::Loss(_) => None,
    };
    let unique = law.roles.iter().find_map(|r| match r {
        Role::Unique(u) if u.is_finite() => Some(*u),
        _ => None,
    });
    let held = limits::held(setting, &request.limits, &solved.best, asked);
    let unspent = held.contains(&BindingLimit::BudgetNotSpent);
    let unreachable = matches!(ask, Ask::Loss(_)).then(|| {
        let lost = solved.draws.iter().filter(|d| d.is_none()).count();
        lost as f64 / solved.draws.len().max(1) as f64
    });
    PlanRow {
        law: law.name.clone(),
        compute: match ask {
            Ask::Compute(c) if !unspent => c,
            _ => solved.best.ln_c.exp(),
        },
        target_loss: match ask {
            Ask::Compute(_) => None,
            Ask::Loss(loss) => Some(loss),
        },
        unreachable: unreachable.filter(|_| !solved.draws.is_empty()),
        needs: request
            .hardware
            .as_ref()
            .map(|h| hardware::needs(h, &params, &tokens, &flops)),
        serving: request
            .serving
            .as_ref()
            .filter(|_| law.answers == Answers::Loss)
            .and_then(|s| serving::row(setting, request, s, solved)),
        epochs: unique.map(|u| super::spread::scaled(&tokens, 1.0 / u, "epochs")),
        price_of_limits: price_of_limits(setting, request, ask, solved, &held),
        beyond: beyond(law, &solved.best),
        flops: (asked.is_none() || unspent).then_some(flops),
        params,
        tokens,
        tokens_per_param: ratio,
        loss,
        held,
    }
}

/// A loss as wide as the backtest of its fit asks at this distance from the runs.
fn widened(law: &PlanLaw, at: &Best, loss: Estimate) -> Estimate {
    let (Some(calibration), Some(interval)) = (&law.calibration, loss.interval) else {
        return loss;
    };
    let named = |role: Role| {
        let inputs = law.law.vars.iter().filter(|v| v.role == VarRole::Input);
        let mut own = inputs.zip(&law.roles);
        own.find(|(_, r)| **r == role).map(|(v, _)| v.name.clone())
    };
    let values = [
        (Some("N".to_owned()), at.x.exp()),
        (Some("D".to_owned()), at.y.exp()),
        (named(Role::Params), at.x.exp()),
        (named(Role::Tokens), at.y.exp()),
    ];
    let inputs = values.into_iter().filter_map(|(name, x)| Some((name?, x)));
    let inputs: Vec<(String, f64)> = inputs.collect();
    let Some(widening) = Widening::at(&inputs, calibration) else {
        return loss;
    };
    let wider = widening.widen(loss.value, interval);
    // An error that stays as it was beside a wider interval would be a second, contrary answer.
    let by = (wider.upper - wider.lower) / (interval.upper - interval.lower);
    Estimate {
        se: loss.se.map(|se| if by.is_finite() { se * by } else { se }),
        interval: Some(wider),
        ..loss
    }
}

/// Says which losses are as wide as a backtest asks, and what is not.
pub(super) fn calibrated(laws: &[PlanLaw]) -> Vec<Note> {
    laws.iter()
        .filter_map(|law| law.calibration.as_ref().map(|c| (law, c)))
        .map(|(law, c)| Note {
            code: "backtest".to_owned(),
            severity: Severity::Info,
            message: format!(
                "{}: the interval of the loss is widened beyond the runs by {:.3} for each order of magnitude in {}, as {} cuts of a \
                 backtest ask; those of size and data are the coefficients' alone",
                law.name, c.per_decade, c.axis, c.cuts
            ),
            evidence: vec![("per_decade".to_owned(), Evidence::Number(c.per_decade))],
            advice: String::new(),
        })
        .collect()
}

/// The answer against the one without limits.
fn price_of_limits(
    setting: &Setting<'_>,
    request: &PlanRequest,
    ask: Ask,
    solved: &Solved,
    held: &[BindingLimit],
) -> Option<Estimate> {
    let law = setting.source;
    if held.is_empty() || setting.region == free_region() || law.answers != Answers::Loss {
        return None;
    }
    let free = Setting::new(law, setting.convention, free_region());
    let without = Solved::of(law, |theta, near| match ask {
        Ask::Compute(c) => free.budget(theta, c.ln(), near),
        Ask::Loss(loss) => free.target(theta, loss, 0.0, near),
    })
    .ok()?;
    let price = |with: &Best, without: &Best| match ask {
        Ask::Compute(_) => with.loss - without.loss,
        Ask::Loss(_) => (with.ln_c - without.ln_c).exp_m1(),
    };
    let sample: Vec<f64> = solved
        .draws
        .iter()
        .zip(&without.draws)
        .map(|pair| match pair {
            (Some(with), Some(without)) => price(with, without),
            _ => f64::NAN,
        })
        .collect();
    let unit = match ask {
        Ask::Compute(_) => law.law.response().unit.as_str(),
        Ask::Loss(_) => "",
    };
    let best = price(&solved.best, &without.best);
    Some(estimate(best, &sample, request.level, unit))
}

/// Orders of magnitude beyond the runs of a fit.
pub(super) fn beyond(law: &PlanLaw, at: &Best) -> Vec<(String, f64)> {
    let letter = |role: Role| {
        let inputs = law.law.vars.iter().filter(|v| v.role == VarRole::Input);
        inputs
            .zip(&law.roles)
            .find(|(_, r)| **r == role)
            .map(|(v, _)| v.name.as_str())
    };
    let (params, tokens) = (letter(Role::Params), letter(Role::Tokens));
    law.ranges
        .iter()
        .filter_map(|r| {
            let name = Some(r.name.as_str());
            let (known, ln) = if name == params {
                ("N", at.x)
            } else if name == tokens {
                ("D", at.y)
            } else if r.name == "C" {
                ("C", at.ln_c)
            } else if r.name == "D/N" {
                ("D/N", at.y - at.x)
            } else {
                return None;
            };
            let (low, high) = (r.min.ln(), r.max.ln());
            // Neither side of a range that a sum of logarithms reproduces to rounding lies beyond it.
            let orders = if ln > high + 1e-12 {
                ln - high
            } else if ln < low - 1e-12 {
                ln - low
            } else {
                0.0
            };
            Some((known.to_owned(), orders / std::f64::consts::LN_10))
        })
        .collect()
}

/// Half the step in ln C over which an exponent is measured.
const STEP: f64 = 0.05;

fn used(setting: &Setting<'_>, request: &PlanRequest, first: Option<Best>) -> LawUsed {
    let law = setting.source;
    let closed = setting.closed(&law.best);
    let level = request.level;
    let free = Setting::new(law, setting.convention, free_region());
    let exponents = |theta: &[f64], near: Option<Best>| -> Option<(f64, f64)> {
        if let Some(closed) = free.closed(theta) {
            return Some(closed.exponents());
        }
        let at = first?.ln_c;
        let low = setting.budget(theta, at - STEP, near).ok()?;
        let high = setting.budget(theta, at + STEP, near).ok()?;
        let by = |a: f64, b: f64| (b - a) / (high.ln_c - low.ln_c);
        Some((by(low.x, high.x), by(low.y, high.y)))
    };
    let mut named = Vec::new();
    if let Some(best) = exponents(&law.best, None) {
        let draws: Vec<(f64, f64)> = law
            .draws
            .iter()
            .map(|t| exponents(t, first).unwrap_or((f64::NAN, f64::NAN)))
            .collect();
        type Pick = fn(&(f64, f64)) -> f64;
        let picks: [(&str, Pick); 3] = [
            ("params", |e| e.0),
            ("tokens", |e| e.1),
            ("tokens_per_param", |e| e.1 - e.0),
        ];
        for (name, pick) in picks {
            let sample: Vec<f64> = draws.iter().map(pick).collect();
            named.push((name.to_owned(), estimate(pick(&best), &sample, level, "")));
        }
    }
    let floor = (law.answers == Answers::Loss).then(|| {
        let sample: Vec<f64> = law.draws.iter().map(|t| free.left(t)).collect();
        estimate(
            free.left(&law.best),
            &sample,
            level,
            &law.law.response().unit,
        )
    });
    let published = law.law.variants.first().map(|v| v.source.as_str());
    LawUsed {
        name: law.name.clone(),
        id: law.law.id.clone(),
        formula: law.law.formula_text.trim().to_owned(),
        source: match (law.runs, published) {
            (Some(_), _) => "a fit".to_owned(),
            (None, Some(own)) if !own.is_empty() => own.trim().to_owned(),
            _ => law.law.source.trim().to_owned(),
        },
        runs: law.runs,
        spread: law.spread.clone(),
        method: match (law.answers, closed) {
            (Answers::Loss, None) => "solver".to_owned(),
            _ => "closed form".to_owned(),
        },
        exponents: named,
        floor: floor.filter(|f| f.value.is_finite()),
        coefs: law.coefs().map(|(n, x)| (n.to_owned(), x)).collect(),
        provenance: law.provenance.clone(),
    }
}

/// Size and data without limits.
pub(super) fn free_region() -> super::solver::Region {
    super::solver::Region {
        x: (0.0, NO_LIMIT),
        y: (0.0, NO_LIMIT),
    }
}

/// Orders of magnitude beyond the data from which a plan is a warning and not a remark.
const FAR: f64 = 1.0;

/// Says how far the farthest of some rows lies beyond the runs.
fn extrapolation(rows: &[PlanRow]) -> Option<Note> {
    let all = rows.iter().flat_map(|row| {
        row.beyond
            .iter()
            .map(move |(name, orders)| (row, name, orders))
    });
    let (row, name, orders) = all
        .max_by(|a, b| a.2.abs().total_cmp(&b.2.abs()))
        .filter(|(.., orders)| **orders != 0.0)?;
    Some(Note {
        code: "extrapolation".to_owned(),
        severity: if orders.abs() >= FAR {
            Severity::Warning
        } else {
            Severity::Info
        },
        message: format!(
            "{}: the plan for {} lies {:.2} orders of magnitude {} the runs of the fit in {name}; its intervals assume \
                 that the law holds there",
            row.law,
            isoflop_base::format_quantity(row.compute, "FLOP", 3),
            orders.abs(),
            if *orders > 0.0 { "above" } else { "below" },
        ),
        evidence: vec![
            ("quantity".to_owned(), Evidence::Text(name.clone())),
            ("orders".to_owned(), Evidence::Number(*orders)),
        ],
        advice: "hold out your largest runs and see how well the rest predict them".to_owned(),
    })
}

/// What is said of many passes over the data.
pub(super) const REPETITION: &str = "{law}: the plan passes {epochs} times over the unique tokens; in this law further passes lose \
     their value but never do harm, so it cannot say from where on they do";

/// What is said of unique tokens where the law does not know repeated ones.
pub(super) const NO_REPETITION: &str = "{law}: the law does not know repeated tokens, so the plan passes over the unique tokens once at most";

/// A law in which more passes never raise the loss cannot say from where on they do harm.
fn repetition(setting: &Setting<'_>, row: &PlanRow) -> Option<Note> {
    let (x, y) = (row.params.value.ln(), row.tokens.value.ln());
    let theta = &setting.source.best;
    let harmless = [0.0, 1.0, 2.0, 4.0]
        .iter()
        .all(|more| setting.jet(theta, x, y + more * std::f64::consts::LN_10).y <= 0.0);
    harmless.then(|| Note {
        code: "repetition".to_owned(),
        severity: Severity::Warning,
        message: REPETITION.replace("{law}", &row.law).replace(
            "{epochs}",
            &format!("{:.1}", row.epochs.as_ref().map_or(f64::NAN, |e| e.value)),
        ),
        evidence: vec![(
            "epochs".to_owned(),
            Evidence::Number(row.epochs.as_ref().map_or(f64::NAN, |e| e.value)),
        )],
        advice: "see its note on the range of passes it was fitted on, with `isoflop laws show`"
            .to_owned(),
    })
}

/// Says that a law has no optimum in between: its answers are where the search ends, and no property of the law.
fn runs_away(law: &PlanLaw, rows: &[PlanRow]) -> Option<Note> {
    let row = rows.iter().find(|row| row.runs_away().next().is_some())?;
    let ends: Vec<&str> = row.runs_away().collect();
    Some(Note {
        code: "no-optimum".to_owned(),
        severity: Severity::Error,
        message: format!(
            "{}: at {} the best use of compute lies at the end of the search ({}): the law has no optimum in between, so no \
             plan follows from it",
            law.name,
            isoflop_base::format_quantity(row.compute, "FLOP", 3),
            ends.join(", ")
        ),
        evidence: vec![("ends".to_owned(), Evidence::Text(ends.join(", ")))],
        advice: "fit runs that vary size and data apart from each other, or set --max-params or --tokens".to_owned(),
    })
}

/// Says that an optimum is none: the law has saturated.
fn flat(row: &PlanRow) -> Note {
    Note {
        code: "flat-optimum".to_owned(),
        severity: Severity::Warning,
        message: format!(
            "{}: at {} half or twice the size give the same loss to nine digits: the law has come to what it always leaves, and \
             does not tell sizes apart there",
            row.law,
            isoflop_base::format_quantity(row.compute, "FLOP", 3)
        ),
        evidence: Vec::new(),
        advice: "take the size from another concern, or ask at less compute".to_owned(),
    }
}

/// Says of which laws nobody knows how far their plans lie beyond the data.
pub(super) fn no_range(laws: &[PlanLaw]) -> Option<Note> {
    let names: Vec<&str> = laws
        .iter()
        .filter(|law| law.ranges.is_empty())
        .map(|law| law.name.as_str())
        .collect();
    (!names.is_empty()).then(|| Note {
        code: "unknown-range".to_owned(),
        severity: Severity::Info,
        message: format!(
            "how far a plan lies beyond the runs of its law is not told for {}: a published law does not bring its runs",
            names.join(", ")
        ),
        evidence: Vec::new(),
        advice: "`isoflop laws show` says what its source states of their range".to_owned(),
    })
}

/// Says which laws count compute another way than the plan.
pub(super) fn other_convention(laws: &[PlanLaw], convention: &Convention) -> Vec<Note> {
    let own = convention.law.conventions.compute.as_str();
    laws.iter()
        .filter_map(|law| {
            let words = law.law.conventions.compute.as_str();
            // `6ND` holds for `6ND, total parameters` as well: that says which parameters are meant.
            let same = words.is_empty()
                || own.is_empty()
                || words == own
                || words.starts_with(&format!("{own},"));
            (!same).then(|| Note {
                code: "other-convention".to_owned(),
                severity: Severity::Warning,
                message: format!(
                    "{} counts compute as {words}; the plan counts it as {own} ({})",
                    law.name, convention.law.id
                ),
                evidence: Vec::new(),
                advice:
                    "name the convention of the law with --convention, or count the budget its way"
                        .to_owned(),
            })
        })
        .collect()
}

fn no_repetition(law: &PlanLaw) -> Note {
    Note {
        code: "no-repetition".to_owned(),
        severity: Severity::Warning,
        message: NO_REPETITION.replace("{law}", &law.name),
        evidence: Vec::new(),
        advice: "a law with `unique_tokens` among its inputs, such as data-constrained, plans with repetition".to_owned(),
    }
}
