//! Column names: what the name is, and what unit or scale is written beside it.

use isoflop_base::{Unit, parse_scale, parse_unit};

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
    /// Takes a name apart: `params (M)`, `tokens_B`, `loss [bits]`, `compute (PF-days)`, `params_millions`.
    pub(crate) fn parse(name: &str) -> Self {
        let name = name.trim();
        bracket(name)
            .and_then(|(base, inside)| Self::scaled(base, inside))
            .or_else(|| Self::suffix(name))
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

    /// `tokens_B`, `params_M`, `tokens_billions`; a lower-case letter is too likely a name of its own.
    fn suffix(name: &str) -> Option<Self> {
        let (base, tail) = name.rsplit_once(['_', ' '])?;
        let letter = matches!(tail, "K" | "M" | "B" | "T");
        let word = tail.len() > 4 && parse_scale(tail).is_some();
        (letter || word).then(|| Self::scaled(base, tail)).flatten()
    }
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
