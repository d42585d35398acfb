//! Column names: what the name is, and what unit or scale is written beside it.

use isoflop_base::{Unit, parse_scale, parse_unit};

use crate::roles::{Match, ROLES, role_of, squash};

/// A header cell taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Header {
    /// The name without its unit: `params` for `params (M)`.
    pub(crate) base: String,
    /// Power of ten that every unscaled cell is multiplied by.
    pub(crate) exponent: i32,
    /// Further factor, 86400 for PF-days.
    pub(crate) factor: f64,
    /// Unit the cells are in after that; empty when not stated.
    pub(crate) unit: String,
    /// The scale or unit as written, when it changes the numbers: `M`.
    pub(crate) scaled_by: Option<String>,
}

impl Header {
    /// Takes a name apart: `params (M)`, `tokens_B`, `size_b`, `loss [bits]`, `compute (PF-days)`, `billion_tokens`.
    pub(crate) fn parse(name: &str) -> Self {
        let name = name.trim();
        bracket(name)
            .and_then(|(base, inside)| Self::scaled(base, inside))
            .or_else(|| Self::suffix(name))
            .or_else(|| Self::prefix(name))
            .or_else(|| Self::compute(name))
            .or_else(|| Self::loss(name))
            .unwrap_or_else(|| Self::plain(name))
    }

    /// A name that says nothing of units.
    pub(crate) fn plain(name: &str) -> Self {
        Self {
            base: name.trim().to_owned(),
            factor: 1.0,
            ..Self::default()
        }
    }

    fn scaled(base: &str, inside: &str) -> Option<Self> {
        let inside = inside.trim().strip_prefix("in ").unwrap_or(inside).trim();
        let plain = Self::plain(base);
        let (scale, unit) = scale_and_unit(inside)?;
        let exponent = scale.unwrap_or(0);
        // Durations and prices keep the unit of their header: only counts and compute are converted.
        let Some(unit) = unit else {
            return Some(Self {
                exponent,
                scaled_by: Some(inside.to_owned()),
                ..plain
            });
        };
        if !matches!(unit.name.as_str(), "FLOP" | "params" | "tokens") {
            let changed = exponent != 0;
            return Some(Self {
                exponent,
                unit: if unit.scale() == 1.0 {
                    unit.name
                } else {
                    inside.to_owned()
                },
                scaled_by: changed.then(|| inside.to_owned()),
                ..plain
            });
        }
        let changes = exponent + unit.exponent != 0 || unit.factor != 1.0;
        Some(Self {
            exponent: exponent + unit.exponent,
            factor: unit.factor,
            unit: unit.name,
            scaled_by: changes.then(|| inside.to_owned()),
            ..plain
        })
    }

    /// `tokens_B`, `params_M`, `tokens_billions`, and behind the name of a count in any case: `size_b`, `flops_1e18`.
    fn suffix(name: &str) -> Option<Self> {
        let (base, tail) = match name.rsplit_once(['_', ' ']) {
            Some(parts) => parts,
            None => camel(name)?,
        };
        let base = base
            .strip_suffix("_in")
            .or(base.strip_suffix(" in"))
            .unwrap_or(base);
        // `N_T` and `D_T` are the letters of a teacher.
        let teacher = base.len() == 1 && tail.eq_ignore_ascii_case("t");
        let letter = matches!(tail, "K" | "M" | "B" | "T") && !teacher;
        let word = tail.len() > 4 && parse_scale(tail).is_some();
        if letter || word {
            return Self::scaled(base, tail);
        }
        // A lower-case `g` is of gigabytes or grams.
        let scale = parse_scale(tail).is_some() && !matches!(tail, "g" | "G");
        let count = is_count(base) && !teacher;
        if count && scale {
            return Self::scaled(base, tail);
        }
        let power = tail.strip_prefix('e').and_then(|e| e.parse().ok());
        let power: i32 = power.or_else(|| power_of_ten(tail)).filter(|_| count)?;
        Some(Self {
            exponent: power,
            scaled_by: Some(format!("1e{power}")),
            ..Self::plain(base)
        })
    }

    /// `billion_tokens`, `M params`, `billions of tokens`.
    fn prefix(name: &str) -> Option<Self> {
        let (head, rest) = name.split_once(['_', ' '])?;
        let rest = rest
            .strip_prefix("of ")
            .or(rest.strip_prefix("of_"))
            .unwrap_or(rest);
        let scale =
            matches!(head, "K" | "M" | "B" | "T") || head.len() > 4 && parse_scale(head).is_some();
        (scale && is_count(rest))
            .then(|| Self::scaled(rest, head))
            .flatten()
    }

    /// Names that are a unit of compute too large for a rate: `ZFLOPs`, `train_EFLOPs`, `PF-days`, `pf_days`.
    fn compute(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        let beside = ["total_", "train_", "training_", "compute_"];
        let short = beside
            .iter()
            .find_map(|word| lower.strip_prefix(word))
            .unwrap_or(&lower);
        let unit = parse_unit(&short.replace('_', "-"))?;
        let large = unit.name == "FLOP" && (unit.exponent >= 18 || unit.factor != 1.0);
        large.then(|| Self {
            exponent: unit.exponent,
            factor: unit.factor,
            unit: unit.name,
            scaled_by: Some(name.to_owned()),
            ..Self::plain("flops")
        })
    }

    /// `loss_bits`, `val_loss_bpb`, and losses called by their unit: `val_bpb`, `bits_per_byte`.
    fn loss(name: &str) -> Option<Self> {
        let loss = role_of("loss")?;
        if loss.fits(name) == Some(Match::Weak) {
            let squashed = squash(name.rsplit(['.', '/']).next()?);
            let unit = [
                ("bpb", "bits/byte"),
                ("bitsperbyte", "bits/byte"),
                ("bpc", "bits/char"),
                ("bitspercharacter", "bits/char"),
            ]
            .iter()
            .find(|(tail, _)| squashed.ends_with(tail))?
            .1;
            return Some(Self {
                unit: unit.to_owned(),
                ..Self::plain(name)
            });
        }
        let at = name.to_lowercase().find("loss")? + "loss".len();
        let (base, tail) = (name.get(..at)?, name.get(at..)?);
        let unit = parse_unit(&tail.trim_start_matches(['_', ' ']).replace('_', " "))?;
        let known = LOSS_UNITS.contains(&unit.name.as_str()) && !tail.is_empty();
        (known && loss.fits(base).is_some()).then(|| Self {
            unit: unit.name,
            ..Self::plain(base)
        })
    }
}

/// The factor by which the header of a column of this name multiplies plain numbers: 1e9 for `tokens_B`.
#[must_use]
pub fn factor_of(name: &str) -> f64 {
    let header = Header::parse(name);
    match header.scaled_by {
        Some(_) => header.factor * 10f64.powi(header.exponent),
        None => 1.0,
    }
}

/// The unit of time that a column name states: minutes for `minutes`, hours for `train_hours` and `wall (hours)`.
#[must_use]
pub fn duration_of(name: &str) -> Option<Unit> {
    let inside = bracket(name).map(|(_, inside)| inside);
    let tail = name.rsplit(['_', ' ']).next();
    // One or two letters behind a name are more often something else than a day or an hour.
    let words = inside.into_iter().chain(tail.filter(|t| t.len() > 2));
    let mut units = words.filter_map(parse_unit);
    units.find(|unit| unit.name == "s")
}

/// Units that a loss can be in.
pub(crate) const LOSS_UNITS: &[&str] = &[
    "nats",
    "nats/token",
    "nats/byte",
    "nats/char",
    "bits",
    "bits/token",
    "bits/byte",
    "bits/char",
    "perplexity",
];

/// Whether a name is that of a size, of tokens or of compute.
fn is_count(base: &str) -> bool {
    ROLES.iter().filter(|r| r.is_count()).any(|role| {
        let fit = role.fits(base);
        // A budget may be money.
        fit.is_some() && !(role.name == "flops" && fit == Some(Match::Weak))
    })
}

/// `paramsM`, `tokensB`.
fn camel(name: &str) -> Option<(&str, &str)> {
    let at = name.char_indices().next_back()?.0;
    let (base, tail) = name.split_at(at);
    let scaled = base.len() > 3 && base.ends_with(char::is_lowercase);
    (scaled && matches!(tail, "K" | "M" | "B" | "T") && is_count(base)).then_some((base, tail))
}

/// Splits `params (M)` and `loss [bits]`.
fn bracket(name: &str) -> Option<(&str, &str)> {
    let (base, inside) = if let Some(head) = name.strip_suffix(')') {
        head.rsplit_once('(')?
    } else {
        name.strip_suffix(']')?.rsplit_once('[')?
    };
    let base = base.trim_end_matches([' ', '_']);
    (!base.is_empty()).then_some((base, inside))
}

/// `M`, `tokens`, `M tokens`, `1e18`, `1e21 FLOP`, `x1e9`, `10^9`.
fn scale_and_unit(text: &str) -> Option<(Option<i32>, Option<Unit>)> {
    if let Some(scale) = parse_scale(text).or_else(|| power_of_ten(text)) {
        return Some((Some(scale), None));
    }
    if let Some(unit) = parse_unit(text) {
        return Some((None, Some(unit)));
    }
    let (head, tail) = text.split_once(char::is_whitespace)?;
    let scale = parse_scale(head).or_else(|| power_of_ten(head))?;
    let tail = tail.trim();
    let unit = parse_unit(tail.strip_prefix("of ").unwrap_or(tail))?;
    Some((Some(scale), Some(unit)))
}

fn power_of_ten(text: &str) -> Option<i32> {
    let text = text.strip_prefix(['x', '×']).unwrap_or(text);
    text.strip_prefix("1e")
        .or(text.strip_prefix("1E"))
        .or(text.strip_prefix("10^"))
        .and_then(|digits| digits.trim_start_matches('+').parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_in_headers() {
        for (name, base, exponent, unit) in [
            ("params (M)", "params", 6, ""),
            ("Params [millions]", "Params", 6, ""),
            ("params (in millions)", "params", 6, ""),
            ("tokens_B", "tokens", 9, ""),
            ("tokens_billions", "tokens", 9, ""),
            ("tokens (B tokens)", "tokens", 9, "tokens"),
            ("compute (ZFLOP)", "compute", 21, "FLOP"),
            ("flops (1e18)", "flops", 18, ""),
            ("Training compute (FLOP)", "Training compute", 0, "FLOP"),
            ("loss [bits]", "loss", 0, "bits"),
            ("loss (nats/token)", "loss", 0, "nats/token"),
            ("wall (h)", "wall", 0, "h"),
            ("params", "params", 0, ""),
            ("val_loss", "val_loss", 0, ""),
            ("f(x)", "f(x)", 0, ""),
            ("loss_t", "loss_t", 0, ""),
            ("step_M", "step", 6, ""),
            ("size_b", "size", 9, ""),
            ("n_params_m", "n_params", 6, ""),
            ("tokens_bn", "tokens", 9, ""),
            ("tokens_in_billions", "tokens", 9, ""),
            ("train_flops_1e18", "train_flops", 18, ""),
            ("flops_e21", "flops", 21, ""),
            ("paramsM", "params", 6, ""),
            ("billion_tokens", "tokens", 9, ""),
            ("M params", "params", 6, ""),
            ("ZFLOPs", "flops", 21, "FLOP"),
            ("pf_days", "flops", 15, "FLOP"),
            ("compute_pfdays", "flops", 15, "FLOP"),
            ("TFLOPs", "TFLOPs", 0, ""),
            ("batch_size_b", "batch_size_b", 0, ""),
            ("weight_m", "weight_m", 0, ""),
            ("N_T", "N_T", 0, ""),
            ("loss_bits", "loss", 0, "bits"),
            ("val_loss_bits_per_byte", "val_loss", 0, "bits/byte"),
            ("val_bpb", "val_bpb", 0, "bits/byte"),
            ("loss_s", "loss_s", 0, ""),
            ("(M)", "(M)", 0, ""),
        ] {
            let header = Header::parse(name);
            assert_eq!(
                (header.base.as_str(), header.exponent, header.unit.as_str()),
                (base, exponent, unit),
                "{name}"
            );
        }
    }

    #[test]
    fn petaflop_days_convert_to_flop() {
        let header = Header::parse("compute (PF-days)");
        assert_eq!(
            (header.factor, header.exponent, header.unit.as_str()),
            (86_400.0, 15, "FLOP")
        );
        assert_eq!(header.scaled_by.as_deref(), Some("PF-days"));
    }
}
