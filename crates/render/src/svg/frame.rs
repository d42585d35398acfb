//! Where a panel stands in the figure, and where a value stands in the panel.

use super::super::scale::Scale;
use isoflop_document::doc::Panel;

/// The rectangle of a panel with its scales.
pub(super) struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: Scale,
    pub y: Scale,
}

impl Frame {
    pub(super) fn new(panel: &Panel, left: f64, top: f64, width: f64, height: f64) -> Self {
        let (x, y) = Scale::of_panel(panel);
        Self {
            left,
            top,
            width,
            height,
            x,
            y,
        }
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(super) fn left_of(&self, share: f64) -> f64 {
        self.left + share * self.width
    }

    pub(super) fn top_of(&self, share: f64) -> f64 {
        self.top + (1.0 - share) * self.height
    }

    /// Where a point stands; none when it lies outside or has no place.
    pub(super) fn point(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        Some((
            self.left_of(self.x.place(x)?),
            self.top_of(self.y.place(y)?),
        ))
    }

    /// Where a point stands, also outside the panel, for lines that leave it; none when it has no place at all.
    pub(super) fn anywhere(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        Some((
            self.left_of(self.x.anywhere(x)?),
            self.top_of(self.y.anywhere(y)?),
        ))
    }

    /// Both ends at a place, each held to the panel.
    pub(super) fn ends(&self, x: f64, (low, high): (f64, f64)) -> Option<(f64, f64, f64)> {
        let held = |y: f64| self.top_of(self.y.held(y));
        Some((self.left_of(self.x.place(x)?), held(low), held(high)))
    }
}
