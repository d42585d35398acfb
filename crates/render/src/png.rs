//! A static figure as PNG: the SVG, drawn in software with fonts that come with the program, so that the same document
//! gives the same bytes on every machine.

use isoflop_base::Diagnostic;

use super::svg::svg;
use isoflop_document::doc::Document;

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
        include_bytes!("../fonts/Inter-Regular.otf"),
        include_bytes!("../fonts/Inter-SemiBold.otf"),
        include_bytes!("../fonts/DejaVuSansMono.ttf"),
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

#[cfg(all(test, feature = "png"))]
mod tests {
    use resvg::tiny_skia::Pixmap;

    use super::*;
    use isoflop_document::doc::{Axis, AxisScale, Block, Colour, Guide, Mark, Panel, Plot, Series};

    /// A figure of one panel with a dot in its middle.
    fn document(title: &str) -> Document {
        let axis = |label: &str| Axis {
            label: label.to_owned(),
            scale: AxisScale::Linear,
        };
        let points = vec![(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)];
        // A name in the legend keeps the margin on the right.
        let dots = Series::new("runs", Mark::Dots, Colour::Category(0), points);
        let mut doc = Document::new("A figure");
        doc.push(Block::Plot(Plot {
            title: title.to_owned(),
            subtitle: "L = E".to_owned(),
            panels: vec![Panel {
                x: axis("tokens D"),
                y: axis("loss L (nats/token)"),
                height: 2.0,
                guide: Guide::None,
                series: vec![dots],
            }],
            ..Plot::default()
        }));
        doc
    }

    fn pixels(title: &str) -> Pixmap {
        let bytes = png(&document(title)).expect("drawn").expect("a picture");
        Pixmap::decode_png(&bytes).expect("a PNG")
    }

    /// Pixels that are not white in a part of the figure, in units of the SVG.
    fn ink(pixels: &Pixmap, across: (u32, u32), down: (u32, u32)) -> usize {
        let places = (2 * down.0..2 * down.1)
            .flat_map(|y| (2 * across.0..2 * across.1).map(move |x| (x, y)));
        let dark = |(x, y): &(u32, u32)| {
            let c = pixels.pixel(*x, *y).expect("inside");
            c.red().min(c.green()).min(c.blue()) < 200
        };
        places.filter(dark).count()
    }

    #[test]
    fn a_figure_is_drawn_at_two_pixels_a_unit_with_its_text_and_marks() {
        let drawn = pixels("Loss against tokens");
        // Top, the panel, the gap below it and two units of margin.
        assert_eq!(
            (drawn.width(), drawn.height()),
            (1720, 2 * (64 + 300 + 54 + 2))
        );
        assert!(ink(&drawn, (76, 300), (10, 32)) > 1000, "the title");
        assert!(ink(&drawn, (76, 200), (34, 50)) > 100, "the formula");
        assert_eq!(ink(&drawn, (700, 850), (380, 415)), 0, "the margin");
        // The middle of the panel, 76 to 692 across and 64 to 364 down.
        assert!(ink(&drawn, (378, 390), (208, 220)) > 50, "the middle dot");
    }

    #[test]
    fn letters_are_those_of_the_font_and_bytes_are_the_same_every_time() {
        let of = |title: &str| ink(&pixels(title), (76, 690), (10, 32));
        assert!(of("WWWWWWWW") > 2 * of("iiiiiiii"));
        assert!(of("αβγ Größe Ёж") > 200);
        let bytes = || png(&document("Loss")).expect("drawn");
        assert_eq!(bytes(), bytes());
    }

    #[test]
    fn a_document_without_a_picture_has_no_png() {
        assert_eq!(png(&Document::new("Words")), Ok(None));
    }
}
