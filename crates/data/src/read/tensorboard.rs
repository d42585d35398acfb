//! Event files of TensorBoard: records with checksums, each a small protobuf message.
//!
//! ```text
//! file    = record*          record = length u64, crc u32, bytes, crc u32 (little endian, masked CRC-32C)
//! Event   = 2: step, 5: Summary            Summary = 1: Value*
//! Value   = 1: tag, 2: simple value f32, 8: Tensor
//! Tensor  = 1: type, 4: content, 5: f32*, 6: f64*, 8: texts*
//! ```
//!
//! A file is a run, called as its folder. Each step is a row, each scalar tag a column. Texts that hold a
//! JSON object, as configurations do, are columns as well, the same in every row of the run.
//!
//! Source: `tensorflow/core/util/event.proto`, `summary.proto`, `lib/io/record_writer.cc`.

use std::collections::BTreeMap;

use isoflop_base::{DecimalMark, Diagnostic, Severity};
use serde_json::Value as Json;

use super::builder::{Builder, Restart};
use super::input::Loaded;
use crate::accounting::count;
use crate::table::note;

/// How names of event files begin.
pub(super) const START: &str = "events.out.tfevents";

/// Length of a record beside its bytes: length, two checksums.
const FRAME: usize = 16;

/// The first record's message names the version of the format.
const VERSION: &[u8] = b"brain.Event:";

/// Types of tensors that can hold a scalar.
const FLOAT: u64 = 1;
const DOUBLE: u64 = 2;

/// Whether the bytes are such a file: the first record says its version.
pub(super) fn is_events(bytes: &[u8]) -> bool {
    matches!(record(bytes, 0), Ok(Some((bytes, _))) if bytes.windows(VERSION.len()).any(|w| w == VERSION))
}

/// Reads one source into the builder.
///
/// # Errors
///
/// `damaged-file` when a checksum is wrong or a message cannot be read, `no-scalars`. A last record that is
/// cut off is told in a note: the program that writes the file may still be running.
pub(super) fn read(source: &Loaded, builder: &mut Builder) -> Result<Option<Restart>, Diagnostic> {
    let mut found = Found::default();
    let mut at = 0;
    let mut records = 0;
    loop {
        match record(&source.bytes, at) {
            Ok(None) => break,
            Ok(Some((bytes, next))) => {
                records += 1;
                found
                    .event(bytes, records)
                    .ok_or_else(|| damaged(source, records, at, "its message cannot be read"))?;
                at = next;
            }
            Err(Broken::CutOff) => {
                let message = format!(
                    "{} is cut off in record {} (byte {at}); what is before it was read",
                    source.name,
                    records + 1
                );
                builder.note(note("truncated-file", Severity::Warning, message, None));
                break;
            }
            Err(Broken::Checksum) => {
                return Err(damaged(source, records + 1, at, "its checksum is wrong"));
            }
        }
    }
    if found.rows.is_empty() {
        let message = format!("{} holds no scalars", source.name);
        return Err(Diagnostic::error("no-scalars", message).help(
            "losses and tokens are read from scalars; histograms, images and graphs are not",
        ));
    }
    found.tell(source, builder);
    Ok(found.push(&run_name(&source.name), builder))
}

/// What a file holds.
#[derive(Default)]
struct Found {
    tags: Vec<String>,
    /// By step: number of the record, and values by tag; the last of several values counts, as it is shown.
    rows: BTreeMap<i64, (usize, BTreeMap<usize, f64>)>,
    /// Cells of the texts that hold a JSON object, and the tags of these texts.
    config: Vec<(String, Json)>,
    texts: Vec<String>,
    /// Scalars stored in 32 bits.
    short: usize,
}

impl Found {
    /// Takes one event; none when it is no message.
    fn event(&mut self, bytes: &[u8], number: usize) -> Option<()> {
        let mut step = 0;
        let mut summary: &[u8] = &[];
        for field in Fields(bytes) {
            match field? {
                (2, Field::Number(n)) => step = n.cast_signed(),
                (5, Field::Bytes(b)) => summary = b,
                _ => {}
            }
        }
        for field in Fields(summary) {
            if let (1, Field::Bytes(value)) = field? {
                self.value(value, step, number)?;
            }
        }
        Some(())
    }

    fn value(&mut self, bytes: &[u8], step: i64, number: usize) -> Option<()> {
        let (mut tag, mut scalar, mut text) = (String::new(), None, None);
        for field in Fields(bytes) {
            match field? {
                (1, Field::Bytes(b)) => tag = String::from_utf8_lossy(b).into_owned(),
                (2, Field::Short(x)) => {
                    self.short += 1;
                    scalar = Some(f64::from(f32::from_le_bytes(x)));
                }
                (8, Field::Bytes(b)) => {
                    let tensor = Tensor::parse(b)?;
                    self.short += usize::from(tensor.short);
                    (scalar, text) = (tensor.scalar, tensor.text);
                }
                _ => {}
            }
        }
        if let Some(x) = scalar {
            let known = self.tags.iter().position(|t| *t == tag);
            let at = known.unwrap_or_else(|| {
                self.tags.push(tag);
                self.tags.len() - 1
            });
            let row = self.rows.entry(step).or_insert((number, BTreeMap::new()));
            row.1.insert(at, x);
        } else if let Some(Json::Object(object)) =
            text.and_then(|t| serde_json::from_slice::<Json>(t).ok())
        {
            let plain = |(_, value): &(String, Json)| !value.is_object() && !value.is_array();
            self.config.extend(object.into_iter().filter(plain));
            self.texts.push(tag);
        }
        Some(())
    }

    fn tell(&self, source: &Loaded, builder: &mut Builder) {
        let mut message = format!(
            "{} is an event file of TensorBoard: run `{}`, {} with tags {}",
            source.name,
            run_name(&source.name),
            count(self.rows.len(), "step"),
            self.tags.join(", ")
        );
        if self.short > 0 {
            message += "; values are stored in 32 bits, rounded by up to 6e-8 of their size";
        }
        if !self.config.is_empty() {
            let names: Vec<&str> = self.config.iter().map(|(name, _)| name.as_str()).collect();
            message += &format!(
                "; {} read from the text `{}`",
                names.join(", "),
                self.texts.join("`, `")
            );
        }
        let rows = Some(self.rows.len());
        builder.note(note("tensorboard", Severity::Info, message, rows));
    }

    fn push(&self, run: &str, builder: &mut Builder) -> Option<Restart> {
        for (step, (number, values)) in &self.rows {
            let column = builder.column("run");
            builder.quoted(column, run);
            let column = builder.column("step");
            builder.number(column, *step as f64);
            for (tag, value) in values {
                let column = builder.column(&self.tags[*tag]);
                builder.number(column, *value);
            }
            for (name, value) in &self.config {
                let column = builder.column(name);
                match value {
                    Json::Number(x) => builder.number(column, x.as_f64().unwrap_or(f64::NAN)),
                    Json::String(text) => builder.quoted(column, text),
                    Json::Null => {}
                    other => builder.cell(column, &other.to_string(), DecimalMark::Point),
                }
            }
            if let restart @ Some(_) = builder.end_row(*number) {
                return restart;
            }
        }
        None
    }
}

/// The folder of a file, which TensorBoard takes for the name of the run; the file when there is none.
fn run_name(path: &str) -> String {
    let mut parts = path.rsplit(['/', '\\']);
    let file = parts.next().unwrap_or_default();
    let folder = parts.next().filter(|f| !f.is_empty() && *f != ".");
    folder.unwrap_or(file).to_owned()
}

fn damaged(source: &Loaded, record: usize, at: usize, why: &str) -> Diagnostic {
    let message = format!(
        "{} is damaged: record {record}, at byte {at}: {why}",
        source.name
    );
    Diagnostic::error("damaged-file", message).help("copy or download it again")
}

/// What can be wrong with a record.
#[derive(Debug, PartialEq, Eq)]
enum Broken {
    CutOff,
    Checksum,
}

/// The record at a byte and the byte after it; none at the end.
fn record(bytes: &[u8], at: usize) -> Result<Option<(&[u8], usize)>, Broken> {
    let rest = &bytes[at.min(bytes.len())..];
    if rest.is_empty() {
        return Ok(None);
    }
    let (head, rest) = rest.split_first_chunk::<12>().ok_or(Broken::CutOff)?;
    if masked_crc(&head[..8]).to_le_bytes() != head[8..] {
        return Err(Broken::Checksum);
    }
    let (length, _) = head.split_first_chunk::<8>().ok_or(Broken::CutOff)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| Broken::CutOff)?;
    let (data, rest) = rest.split_at_checked(length).ok_or(Broken::CutOff)?;
    let (crc, _) = rest.split_first_chunk::<4>().ok_or(Broken::CutOff)?;
    if masked_crc(data).to_le_bytes() != *crc {
        return Err(Broken::Checksum);
    }
    Ok(Some((data, at + FRAME + length)))
}

/// CRC-32C, rotated and shifted so that checksums of data with checksums stay apart.
fn masked_crc(bytes: &[u8]) -> u32 {
    let crc = !bytes.iter().fold(!0u32, |crc, byte| {
        (crc >> 8) ^ CRC[usize::from(crc as u8 ^ byte)]
    });
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The table of the Castagnoli polynomial, bits reversed.
const CRC: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0x82f6_3b78
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

/// A scalar or a text in a tensor.
#[derive(Default)]
struct Tensor<'a> {
    scalar: Option<f64>,
    text: Option<&'a [u8]>,
    /// Whether the scalar has 32 bits.
    short: bool,
}

impl<'a> Tensor<'a> {
    /// Newer programs write scalars as tensors, their numbers packed or as raw content.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut tensor = Self::default();
        let mut kind = 0;
        let (mut short, mut long): (Option<[u8; 4]>, Option<[u8; 8]>) = (None, None);
        for field in Fields(bytes) {
            match field? {
                (1, Field::Number(n)) => kind = n,
                (4 | 5, Field::Bytes(b)) if b.len() == 4 => short = b.try_into().ok(),
                (4 | 6, Field::Bytes(b)) if b.len() == 8 => long = b.try_into().ok(),
                (5, Field::Short(x)) => short = Some(x),
                (6, Field::Long(x)) => long = Some(x),
                (8, Field::Bytes(b)) => tensor.text = Some(b),
                _ => {}
            }
        }
        if kind == FLOAT {
            tensor.scalar = short.map(|x| f64::from(f32::from_le_bytes(x)));
            tensor.short = tensor.scalar.is_some();
        } else if kind == DOUBLE {
            tensor.scalar = long.map(f64::from_le_bytes);
        }
        Some(tensor)
    }
}

/// The fields of a message, each with its number; none inside where the bytes are no message.
struct Fields<'a>(&'a [u8]);

enum Field<'a> {
    Number(u64),
    Long([u8; 8]),
    Bytes(&'a [u8]),
    Short([u8; 4]),
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Field<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Long(self.chunk()?),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Field::Bytes(bytes)
            }
            5 => Field::Short(self.chunk()?),
            _ => return None,
        };
        Some((key >> 3, field))
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*chunk)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnoli() {
        // RFC 3720, appendix B.4: 32 bytes of zero have the CRC 0x8a9136aa.
        let unmasked = masked_crc(&[0; 32])
            .wrapping_sub(0xa282_ead8)
            .rotate_left(15);
        assert_eq!(unmasked, 0x8a91_36aa);
    }

    #[test]
    fn a_changed_byte_and_a_missing_end_are_told_apart() {
        let length = 3u64.to_le_bytes();
        let mut bytes = length.to_vec();
        bytes.extend(masked_crc(&length).to_le_bytes());
        bytes.extend(b"abc");
        bytes.extend(masked_crc(b"abc").to_le_bytes());
        assert_eq!(record(&bytes, 0), Ok(Some((&b"abc"[..], 19))));
        assert_eq!(record(&bytes, 19), Ok(None));
        assert_eq!(record(&bytes[..17], 0), Err(Broken::CutOff));
        bytes[13] ^= 1;
        assert_eq!(record(&bytes, 0), Err(Broken::Checksum));
    }

    #[test]
    fn no_bytes_make_the_fields_panic_or_run_on() {
        for bytes in [
            &b"\xff"[..],
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"\x0d\x00",
            b"\x07",
        ] {
            let fields: Vec<_> = Fields(bytes).collect();
            assert!(fields.len() == 1 && fields[0].is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn a_run_is_called_as_its_folder() {
        assert_eq!(run_name("logs/12m/events.out.tfevents.1"), "12m");
        assert_eq!(run_name("events.out.tfevents.1"), "events.out.tfevents.1");
    }
}
