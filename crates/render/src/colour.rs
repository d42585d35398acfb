//! Colours that stay apart for colour-blind readers and in grey.

use isoflop_document::doc::Colour;

/// Kinds without order: the palette of Okabe and Ito, without yellow, which is too faint on white.
const KINDS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000",
];

/// Small to large: viridis from dark violet to green at nine places; its yellow end is left out.
const RAMP: [(u8, u8, u8); 9] = [
    (68, 1, 84),
    (72, 33, 115),
    (67, 62, 133),
    (56, 88, 140),
    (45, 112, 142),
    (37, 133, 142),
    (30, 155, 138),
    (66, 190, 113),
    (134, 213, 73),
];

/// The colour as `#rrggbb`.
pub(super) fn hex(colour: Colour) -> String {
    match colour {
        Colour::Ink => "#222222".to_owned(),
        Colour::Category(i) => KINDS[i % KINDS.len()].to_owned(),
        Colour::Ramp(share) => {
            let place = share.clamp(0.0, 1.0) * 8.0;
            let below = (0..8).rev().find(|&i| f64::from(i) <= place).unwrap_or(0);
            let part = place - f64::from(below);
            let (a, b) = (RAMP[below as usize], RAMP[below as usize + 1]);
            format!(
                "#{:02x}{:02x}{:02x}",
                mix(a.0, b.0, part),
                mix(a.1, b.1, part),
                mix(a.2, b.2, part)
            )
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of two bytes with weights in 0..=1 is a byte"
)]
fn mix(a: u8, b: u8, part: f64) -> u8 {
    (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_ends_where_it_says() {
        assert_eq!(hex(Colour::Ramp(0.0)), "#440154");
        assert_eq!(hex(Colour::Ramp(1.0)), "#86d549");
        assert_eq!(hex(Colour::Ramp(0.125)), "#482173");
    }
}
