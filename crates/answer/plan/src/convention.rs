//! How compute is counted from size and data, and what the inputs of laws are to a planner.
//!
//! A convention is a law of the catalogue like any other: one whose response is compute.

use isoflop_base::{Diagnostic, Diagnostics, closest};
use isoflop_law::surface::{Jet, Number, Powers, Sum, Surface, Term};
use isoflop_law::{Law, Var, VarRole};

/// Values for inputs and levels that a plan does not move.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// Inputs by letter or column.
    pub at: Vec<(String, f64)>,
    /// Levels by index.
    pub levels: Vec<(String, String)>,
    /// Unique tokens, for laws that know repetition and as a limit for those that do not.
    pub unique: Option<f64>,
    /// Inputs that play a role under another name: (`params`, `size`).
    pub roles: Vec<(String, String)>,
}

/// What an input of a law is to a planner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    /// Size, moved.
    Params,
    /// Tokens, moved.
    Tokens,
    /// Compute, which follows from both.
    Flops,
    /// Unique tokens.
    Unique(f64),
    /// A given number.
    Held(f64),
}

/// A way to count training compute.
#[derive(Clone, Debug)]
pub struct Convention {
    /// The law that counts.
    pub law: Law,
    pub(super) surface: Surface,
    pub(super) roles: Vec<Role>,
    /// FLOP for each token of training, where the law counts those of a token.
    pub(super) per_token: Option<f64>,
    /// The power it is, where it is one: 6·N·D.
    power: Option<Term>,
}

/// Name of the convention that is used unless another is named.
pub const USUAL: &str = "flops-6nd";

/// Training does the work of a forward pass three times: forward, and backward twice as much.
const PASSES: f64 = 3.0;

impl Convention {
    /// The convention that a law states.
    ///
    /// # Errors
    ///
    /// `not-a-convention` when the law does not give compute; `missing-input` for inputs that nobody has given.
    pub fn new(law: &Law, given: &Given) -> Result<Self, Diagnostics> {
        let response = law.response();
        let per_token = match response.column.as_str() {
            "flops" => None,
            "flops_per_token" => Some(1.0),
            "forward_flops_per_token" => Some(PASSES),
            _ if response.name == "C" && law.id == "formula" => None,
            other => {
                let message = format!("{} gives {other}, not the compute of training", law.id);
                let d = Diagnostic::error("not-a-convention", message)
                    .help("`isoflop flops --list` shows the conventions; a formula such as \"C = 6*N*D\" works as well");
                return Err(d.into());
            }
        };
        let surface = Surface::compile(law, &given.levels)?;
        if let Some(coef) = surface.coefs().first() {
            let message = format!(
                "the convention {} has a coefficient without a value: {coef}",
                law.id
            );
            return Err(Diagnostic::error("not-a-convention", message).into());
        }
        let mut out = Self {
            roles: roles(law, given)?,
            surface,
            per_token,
            law: law.clone(),
            power: None,
        };
        out.power = match out.form().sum().map(Sum::terms) {
            Some([one]) if one.factor > 0.0 => Some(*one),
            _ => None,
        };
        Ok(out)
    }

    /// Compute, at ln N = x and ln D = y.
    pub(super) fn flops<T: Plane>(&self, params: T, tokens: T) -> T {
        let inputs: Vec<T> = self
            .roles
            .iter()
            .map(|role| match role {
                Role::Params => params,
                Role::Tokens => tokens,
                Role::Flops => T::constant(f64::NAN),
                Role::Unique(x) | Role::Held(x) => T::constant(*x),
            })
            .collect();
        let counted = self.surface.at(&[], &inputs, &mut Vec::new());
        match self.per_token {
            Some(factor) => counted.times(tokens).times(T::constant(factor)),
            None => counted,
        }
    }

    /// The logarithm of compute with its derivatives.
    pub(super) fn ln_flops(&self, x: f64, y: f64) -> Jet {
        if let Some(t) = &self.power {
            return Jet {
                x: t.x,
                y: t.y,
                ..Jet::constant(t.factor.ln() + t.x * x + t.y * y)
            };
        }
        self.flops(Jet::exp_x(x), Jet::exp_y(y)).ln()
    }

    /// Its form, where it is a power.
    pub(super) fn form(&self) -> Powers {
        self.flops(Powers::first(), Powers::second())
    }
}

/// Numbers on the plane of size and data.
pub(super) trait Plane: Number {}
impl Plane for f64 {}
impl Plane for Jet {}
impl Plane for Powers {}

/// What each input of a law is, in the order of its surface.
pub(super) fn roles(law: &Law, given: &Given) -> Result<Vec<Role>, Diagnostics> {
    let mut faults = Diagnostics::default();
    let mut out = Vec::new();
    let inputs: Vec<&Var> = law
        .vars
        .iter()
        .filter(|v| v.role == VarRole::Input)
        .collect();
    for var in &inputs {
        let value = given
            .at
            .iter()
            .find(|(n, _)| *n == var.name || *n == var.column)
            .map(|(_, x)| *x);
        let is = |column: &str, letter: &str| {
            let named = given
                .roles
                .iter()
                .any(|(role, name)| role == column && (*name == var.name || *name == var.column));
            // A law typed as a formula knows its columns only by the letters of the formula.
            named || var.column == column || (var.column == var.name && var.name == letter)
        };
        match value {
            Some(x) => out.push(Role::Held(x)),
            None if is("params", "N") => out.push(Role::Params),
            None if is("tokens", "D") => out.push(Role::Tokens),
            None if is("flops", "C") => out.push(Role::Flops),
            // Without a limit every token is new.
            None if is("unique_tokens", "U") => {
                out.push(Role::Unique(given.unique.unwrap_or(f64::INFINITY)));
            }
            None => faults.0.push(missing(law, var, given)),
        }
    }
    if faults.0.is_empty() {
        Ok(out)
    } else {
        Err(faults)
    }
}

fn missing(law: &Law, var: &Var, given: &Given) -> Diagnostic {
    let message = format!("the law {} needs {} ({})", law.id, var.name, var.column);
    let d = Diagnostic::error("missing-input", message);
    let typed = given.at.iter().map(|(n, _)| n.as_str());
    match closest(&var.name, typed).filter(|_| var.name.len() > 1) {
        Some(near) => d.help(format!("`{near}` was given; did you mean `{}`?", var.name)),
        // `tokens_B` says itself which role it plays.
        None => d.help(match isoflop_data::role_name(&var.column) {
            Some(role @ ("params" | "tokens" | "flops")) => format!(
                "say that it plays the role of {role}, --map {role}={}",
                var.name
            ),
            _ => format!(
                "give it, --at {0}=VALUE, or say which role it plays, --map params={0} or --map tokens={0}",
                var.name
            ),
        }),
    }
}

/// Faults for given values that no law takes.
pub(super) fn check_given(given: &Given, laws: &[&Law]) -> Result<(), Diagnostics> {
    let known: Vec<&str> = laws
        .iter()
        .flat_map(|law| &law.vars)
        .filter(|v| v.role != VarRole::Response)
        .flat_map(|v| [v.name.as_str(), v.column.as_str()])
        .collect();
    let names = given
        .at
        .iter()
        .map(|(n, _)| n)
        .chain(given.levels.iter().map(|(n, _)| n));
    let faults: Vec<Diagnostic> = names
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| {
            let d = Diagnostic::error(
                "unknown-input",
                format!("no law of this plan has an input `{name}`"),
            );
            match closest(name, known.iter().copied()).filter(|_| name.len() > 1) {
                Some(near) => d.help(format!("did you mean `{near}`?")),
                None => d,
            }
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Diagnostics(faults))
    }
}
