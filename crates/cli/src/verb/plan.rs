//! `isoflop plan`: what should I train?

use std::path::Path;

use isoflop::plan::{Convention, Given, LivePlan, Plan, PlanLaw, PlanRequest, plan};
use isoflop::report::{add_planner, gain_document, json, plan_document};
use isoflop::{
    Diagnostic, Diagnostics, Fit, Law, PlanSpec, ReadOptions, merged, pinned_gain,
    plan_laws_from_json, read, unusable, unusable_notes,
};

use crate::law_ref::{self, LawRef};
use crate::output::{Failure, Output, read_text};
use crate::plan_args::PlanArgs;
use crate::request::input;
use crate::saved_ref::{SavedRef, table_for_fit};
use crate::verb::fit::used;

pub(crate) fn run(said: PlanArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    let (wants_gain, pin) = (said.gain, said.pin.clone());
    let mut spec = spec(said)?;
    if seed != 0 || spec.seed.is_none() {
        spec.seed = Some(seed);
    }
    if spec.laws.is_empty() {
        let fault = Diagnostic::error(
            "nothing-to-plan-with",
            "a plan needs a saved fit or a published law",
        );
        return Err(fault
            .help("for example isoflop plan fit.json --compute 1e24, or isoflop plan chinchilla:besiroglu --compute 1e24")
            .into());
    }
    // Those of a plan file are known only now.
    let files = spec.laws.iter().chain(&spec.convention).chain(&spec.shapes);
    let files = files.map(|name| input(SavedRef::parse(name).file));
    output.spare(&files.collect::<Vec<_>>())?;
    let convention = convention(&spec)?;
    if wants_gain {
        return gain(&spec, pin.as_deref(), &convention, output);
    }
    let shapes = match &spec.shapes {
        Some(file) => {
            let table = read(&[input(file)], &ReadOptions::default())?;
            Some((table, named(spec.params_convention_name(), "params-")?))
        }
        None => None,
    };
    let shapes = shapes.as_ref().map(|(table, params)| (table, params));
    let mut plans = Vec::new();
    let mut parts = Vec::new();
    for (label, own) in spec.settings()? {
        let (names, mut laws): (Vec<String>, Vec<PlanLaw>) = laws(&own)?.into_iter().unzip();
        for law in laws.iter_mut().filter(|_| !label.is_empty()) {
            law.name = format!("{} {label}", law.name);
        }
        let request = own.request(&convention, shapes)?;
        plans.push(plan(&laws, &request));
        parts.push(Part {
            spec: own,
            names,
            laws,
            request,
        });
    }
    let found = merged(plans)?;
    let screen = plan_document(&found);
    let page = || {
        let mut page = screen.clone();
        if let Some(live) = live(&parts, &found) {
            add_planner(&mut page, Ok(live));
        }
        page
    };
    output.show_plan(
        &screen,
        page,
        || json::text(&found),
        || spec.to_toml(&found),
    )?;
    used(unusable_notes("the plan", &found.notes))
}

/// A plan under one setting of what several values were given for.
struct Part {
    spec: PlanSpec,
    /// The names that the laws were given by, one a law.
    names: Vec<String>,
    laws: Vec<PlanLaw>,
    request: PlanRequest,
}

/// The plan as data for a page: every law under every setting; none for size and data that are given both.
fn live(parts: &[Part], found: &Plan) -> Option<LivePlan> {
    let first = &parts.first()?.request;
    if first.limits.params.is_some() && first.limits.tokens.is_some() {
        return None;
    }
    let mut live = LivePlan::new(first, found.rows.first()?.compute);
    for part in parts {
        for (name, law) in part.names.iter().zip(&part.laws) {
            live.add(law, &part.request.convention, part.spec.command(name));
        }
    }
    Some(live)
}

/// What is meant: a plan file with the options over it, or laws and options.
fn spec(said: PlanArgs) -> Result<PlanSpec, Diagnostics> {
    let laws = said.laws();
    if let [file] = laws.as_slice()
        && let Some(text) = plan_file(file)?
    {
        return Ok(said.over(PlanSpec::from_toml(&text, file)?));
    }
    let mut spec = said.over(PlanSpec::default());
    spec.laws = laws;
    Ok(spec)
}

/// The text of a plan file; none for anything else. A law file has a formula, a plan file has none.
fn plan_file(file: &str) -> Result<Option<String>, Diagnostics> {
    let toml = Path::new(file)
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    if !toml {
        return Ok(None);
    }
    let text = read_text(file)?;
    let law = text.lines().any(|line| {
        let key = line.split('=').next().unwrap_or_default();
        line.contains('=') && key.trim() == "formula"
    });
    Ok((!law).then_some(text))
}

/// Laws, each with the words that name it in a command: a file may hold the fits of several groups.
fn laws(spec: &PlanSpec) -> Result<Vec<(String, PlanLaw)>, Diagnostics> {
    let given = spec.given()?;
    let seed = spec.seed.unwrap_or(0);
    let mut found = Vec::new();
    let mut faults = Diagnostics::default();
    for name in &spec.laws {
        match law(name, &given, seed) {
            Ok(laws) => {
                // One of several groups is named with its group, so that a command can name it again.
                let several = laws.len() > 1;
                found.extend(laws.into_iter().map(|law| {
                    let own = if several {
                        law.name.clone()
                    } else {
                        name.clone()
                    };
                    (own, law)
                }));
            }
            Err(more) => {
                // One file that is named twice has one fault.
                let new = more.0.into_iter().filter(|d| !faults.0.contains(d));
                let new: Vec<Diagnostic> = new.collect();
                faults.0.extend(new);
            }
        }
    }
    if faults.0.is_empty() {
        Ok(found)
    } else {
        Err(faults)
    }
}

/// The laws of a saved result, or a published law for `NAME:VARIANT`, `NAME`, a key, a law file.
fn law(name: &str, given: &Given, seed: u64) -> Result<Vec<PlanLaw>, Diagnostics> {
    let saved = SavedRef::parse(name);
    if saved.is_saved() {
        return plan_laws_from_json(saved.file, &saved.text()?, saved.part, given);
    }
    if let Some(fault) = table_for_fit(name) {
        return Err(fault.into());
    }
    let (id, variant) = law_ref::with_variant(name);
    let law = LawRef::parse(id).load(None, &[])?;
    Ok(vec![PlanLaw::published(&law, variant, given, seed)?])
}

/// A convention by name or formula.
fn convention(spec: &PlanSpec) -> Result<Law, Diagnostics> {
    let name = spec.convention_name();
    if name.contains('=') {
        // What is given is an input of the formula, not a coefficient.
        let names = spec.at.iter().flat_map(|text| text.split(','));
        let names = names.filter_map(|piece| Some(piece.split_once('=')?.0.trim()));
        let inputs: Vec<&str> = ["N", "D"].into_iter().chain(names).collect();
        return Law::from_formula(name, &inputs, &[]);
    }
    if Path::new(name).is_file() {
        return LawRef::parse(name).load(None, &[]);
    }
    named(name, "flops-")
}

/// A law of the catalogue whose name may leave its beginning out.
fn named(name: &str, beginning: &str) -> Result<Law, Diagnostics> {
    let name = name.to_lowercase();
    Law::builtin(&name)
        .or_else(|fault| Law::builtin(&format!("{beginning}{name}")).map_err(|_| fault))
}

fn gain(
    spec: &PlanSpec,
    pin: Option<&str>,
    convention: &Law,
    output: &Output,
) -> Result<(), Failure> {
    let given = spec.given()?;
    let counted = Convention::new(convention, &given)?;
    let request = spec.request(convention, None)?;
    let found = match pin {
        Some(pin) => {
            let [a, b] = two(fits(spec)?)?;
            pinned_gain(
                [(&a.0, &a.1), (&b.0, &b.1)],
                pin,
                &given,
                &counted,
                &request,
            )?
        }
        None => {
            let [a, b] = two(laws(spec)?)?;
            isoflop::plan::gain(&a.1, &b.1, &counted, &request.scales(), request.level)?
        }
    };
    output.show(&gain_document(&found), || json::text(&found))
}

/// The saved fits of a request, each with its name.
fn fits(spec: &PlanSpec) -> Result<Vec<(String, Fit)>, Diagnostics> {
    let mut found = Vec::new();
    for name in &spec.laws {
        let saved = SavedRef::parse(name);
        if let Some(fault) = table_for_fit(name) {
            return Err(fault.into());
        }
        for (part, fit) in saved.fits()? {
            let called = match (part.as_str(), saved.part) {
                ("", _) | (_, Some(_)) => name.clone(),
                (part, None) => format!("{name}:{part}"),
            };
            if let Some(fault) = unusable(&called, &fit) {
                return Err(fault.into());
            }
            found.push((called, fit));
        }
    }
    Ok(found)
}

/// The two recipes of a gain.
fn two<T>(found: Vec<(String, T)>) -> Result<[(String, T); 2], Diagnostic> {
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    found.try_into().map_err(|_| {
        let message = format!(
            "a gain is that of one recipe over another: two laws, {} given",
            names.len()
        );
        let fault = Diagnostic::error("two-recipes", message)
            .help("isoflop plan --gain old.json new.json --compute 1e20..1e24:5");
        if names.len() > 2 {
            fault.help(format!(
                "a file with the fits of several groups gives one law for each: name two, as FITS.json:GROUP ({})",
                names[..names.len().min(8)].join(", ")
            ))
        } else {
            fault
        }
    })
}
