//! A static figure as PNG: the SVG, drawn in software with fonts that come with the program, so that the same document
//! gives the same bytes on every machine.

use isoflop_base::Diagnostic;

use super::svg::svg;
use crate::doc::Document;

/// The first picture of the document, two pixels for each unit of the SVG; none when it has no picture.
///
/// # Errors
///
/// `no-png` when the program was built without the feature `png`.
pub fn png(doc: &Document) -> Result<Option<Vec<u8>>, Diagnostic> {
    svg(doc).map(|text| drawn(&text)).transpose()
}

#[cfg(not(feature = "png"))]
fn drawn(_: &str) -> Result<Vec<u8>, Diagnostic> {
    let fault = Diagnostic::error("no-png", "this isoflop was built without PNG");
    Err(fault.help("write the figure as .svg, or build with the feature `png`"))
}

#[cfg(feature = "png")]
fn drawn(text: &str) -> Result<Vec<u8>, Diagnostic> {
    use resvg::tiny_skia::{Pixmap, Transform};
    use resvg::usvg;

    /// Pixels for each unit of the SVG.
    const SCALE: f32 = 2.0;
    /// Latin, Greek and Cyrillic of two families: see `fonts/NOTICE.md`.
    const FONTS: [&[u8]; 3] = [
        include_bytes!("../../fonts/Inter-Regular.otf"),
        include_bytes!("../../fonts/Inter-SemiBold.otf"),
        include_bytes!("../../fonts/DejaVuSansMono.ttf"),
    ];
    let fault = |what: &str| Diagnostic::error("no-png", format!("the figure {what}"));
    let mut options = usvg::Options {
        font_family: "Inter".to_owned(),
        ..usvg::Options::default()
    };
    let fonts = options.fontdb_mut();
    for font in FONTS {
        fonts.load_font_data(font.to_vec());
    }
    fonts.set_sans_serif_family("Inter");
    fonts.set_monospace_family("DejaVu Sans Mono");
    let tree = usvg::Tree::from_str(text, &options)
        .map_err(|e| fault(&format!("cannot be read back: {e}")))?;
    let size = tree
        .size()
        .to_int_size()
        .scale_by(SCALE)
        .ok_or_else(|| fault("has no size"))?;
    let mut pixels =
        Pixmap::new(size.width(), size.height()).ok_or_else(|| fault("is too large"))?;
    let transform = Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, transform, &mut pixels.as_mut());
    pixels
        .encode_png()
        .map_err(|e| fault(&format!("cannot be encoded: {e}")))
}
