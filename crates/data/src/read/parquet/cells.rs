//! The cells of one column chunk, by what its type means: numbers, texts, truths, dates and times.

use isoflop_base::DecimalMark;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use parquet::errors::Result;
use parquet::schema::types::ColumnDescriptor;

use crate::date::civil_from_days;
use crate::read::builder::Builder;

/// What the stored values of a column mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// A number as it is.
    Plain,
    /// An integer without sign, stored in the bits of one with a sign.
    Unsigned,
    /// A number times a power of ten.
    Decimal(i32),
    /// A half-precision number in two bytes.
    Half,
    /// Text.
    Text,
    /// Days since 1970-01-01.
    Days,
    /// So many parts of a second since 1970-01-01.
    Since(i64),
    /// So many parts of a second since midnight, shown in seconds.
    Clock(i64),
}

impl Meaning {
    /// The meaning of a column's type; none for binary data.
    pub(super) fn of(descriptor: &ColumnDescriptor) -> Option<Self> {
        let physical = descriptor.physical_type();
        if let Some(logical) = descriptor.logical_type_ref() {
            return Self::of_logical(logical, physical);
        }
        match (descriptor.converted_type(), physical) {
            (ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON, _) => {
                Some(Self::Text)
            }
            (ConvertedType::DECIMAL, _) => Some(Self::Decimal(-descriptor.type_scale())),
            (ConvertedType::DATE, _) => Some(Self::Days),
            (ConvertedType::TIMESTAMP_MILLIS, _) => Some(Self::Since(1_000)),
            (ConvertedType::TIMESTAMP_MICROS, _) => Some(Self::Since(1_000_000)),
            (ConvertedType::TIME_MILLIS, _) => Some(Self::Clock(1_000)),
            (ConvertedType::TIME_MICROS, _) => Some(Self::Clock(1_000_000)),
            (
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64,
                _,
            ) => Some(Self::Unsigned),
            (ConvertedType::INTERVAL | ConvertedType::BSON, _)
            | (_, Type::FIXED_LEN_BYTE_ARRAY) => None,
            // Old writers did not mark strings as strings.
            (_, Type::BYTE_ARRAY) => Some(Self::Text),
            (_, Type::INT96) => Some(Self::Since(1_000_000_000)),
            _ => Some(Self::Plain),
        }
    }

    fn of_logical(logical: &LogicalType, physical: Type) -> Option<Self> {
        match logical {
            LogicalType::String | LogicalType::Enum | LogicalType::Json => Some(Self::Text),
            LogicalType::Decimal(decimal) => Some(Self::Decimal(-decimal.scale)),
            LogicalType::Date => Some(Self::Days),
            LogicalType::Time(time) => Some(Self::Clock(parts(&time.unit))),
            LogicalType::Timestamp(stamp) => Some(Self::Since(parts(&stamp.unit))),
            LogicalType::Integer(integer) if !integer.is_signed => Some(Self::Unsigned),
            LogicalType::Integer(_) => Some(Self::Plain),
            LogicalType::Float16 => Some(Self::Half),
            // A column of nulls only.
            LogicalType::Unknown if physical != Type::FIXED_LEN_BYTE_ARRAY => Some(Self::Plain),
            _ => None,
        }
    }
}

fn parts(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}

/// Decodes one column chunk, batch by batch.
pub(super) struct Cells {
    reader: ColumnReader,
    /// Definition level of a cell that is there.
    present: i16,
    levels: Vec<i16>,
}

impl Cells {
    pub(super) fn new(reader: ColumnReader, descriptor: &ColumnDescriptor) -> Self {
        Self {
            reader,
            present: descriptor.max_def_level(),
            levels: Vec::new(),
        }
    }

    /// Puts the cells of the next rows into a column of the builder; returns how many rows there were.
    pub(super) fn read(
        &mut self,
        rows: usize,
        meaning: Meaning,
        column: usize,
        builder: &mut Builder,
    ) -> Result<usize> {
        let Self {
            reader,
            present,
            levels,
        } = self;
        let mut sink = Sink {
            builder,
            column,
            meaning,
        };
        let frame = Frame {
            rows,
            present: *present,
            levels,
        };
        match reader {
            ColumnReader::BoolColumnReader(r) => frame.each(r, |row, x: &bool| {
                sink.text(row, if *x { "true" } else { "false" });
            }),
            ColumnReader::Int32ColumnReader(r) => frame.each(r, |row, x: &i32| {
                let bits = i64::from(x.cast_unsigned());
                let plain = i64::from(*x);
                sink.integer(
                    row,
                    if meaning == Meaning::Unsigned {
                        bits
                    } else {
                        plain
                    },
                );
            }),
            ColumnReader::Int64ColumnReader(r) => {
                frame.each(r, |row, x: &i64| sink.integer(row, *x))
            }
            ColumnReader::Int96ColumnReader(r) => {
                frame.each(r, |row, x: &parquet::data_type::Int96| {
                    sink.integer(row, x.to_nanos());
                })
            }
            ColumnReader::FloatColumnReader(r) => {
                frame.each(r, |row, x: &f32| sink.number(row, f64::from(*x)))
            }
            ColumnReader::DoubleColumnReader(r) => {
                frame.each(r, |row, x: &f64| sink.number(row, *x))
            }
            ColumnReader::ByteArrayColumnReader(r) => {
                frame.each(r, |row, x: &ByteArray| sink.bytes(row, x.data()))
            }
            ColumnReader::FixedLenByteArrayColumnReader(r) => {
                frame.each(r, |row, x: &FixedLenByteArray| sink.bytes(row, x.data()))
            }
        }
    }
}

/// Rows of one batch.
struct Frame<'a> {
    rows: usize,
    present: i16,
    levels: &'a mut Vec<i16>,
}

impl Frame<'_> {
    /// Calls `each` for every cell that is there, with its row in the batch.
    fn each<T: DataType>(
        self,
        reader: &mut ColumnReaderImpl<T>,
        mut each: impl FnMut(usize, &T::T),
    ) -> Result<usize> {
        self.levels.clear();
        let mut values = Vec::new();
        let (rows, _, _) =
            reader.read_records(self.rows, Some(&mut *self.levels), None, &mut values)?;
        if self.present == 0 {
            values.iter().enumerate().for_each(|(row, x)| each(row, x));
            return Ok(rows);
        }
        let rows_there = (0..).zip(self.levels.iter());
        let there = rows_there.filter(|(_, level)| **level == self.present);
        for ((row, _), value) in there.zip(&values) {
            each(row, value);
        }
        Ok(rows)
    }
}

/// Where cells go.
struct Sink<'a> {
    builder: &'a mut Builder,
    column: usize,
    meaning: Meaning,
}

impl Sink<'_> {
    fn text(&mut self, row: usize, text: &str) {
        self.builder
            .cell_ahead(self.column, row, text, DecimalMark::Point);
    }

    fn number(&mut self, row: usize, value: f64) {
        self.builder.number_ahead(self.column, row, value);
    }

    fn integer(&mut self, row: usize, value: i64) {
        match self.meaning {
            Meaning::Unsigned => self.number(row, value.cast_unsigned() as f64),
            Meaning::Decimal(power) => self.number(row, shifted(value as f64, power)),
            Meaning::Days => self.text(row, &day(value)),
            Meaning::Since(parts) => self.text(row, &instant(value, parts)),
            Meaning::Clock(parts) => self.number(row, value as f64 / parts as f64),
            Meaning::Plain | Meaning::Half | Meaning::Text => self.number(row, value as f64),
        }
    }

    fn bytes(&mut self, row: usize, bytes: &[u8]) {
        match self.meaning {
            Meaning::Decimal(power) => self.number(row, shifted(big_endian(bytes), power)),
            Meaning::Half => {
                let bits = [bytes.first(), bytes.get(1)].map(|b| b.copied().unwrap_or(0));
                self.number(row, half(u16::from_le_bytes(bits)));
            }
            _ => self.text(row, &String::from_utf8_lossy(bytes)),
        }
    }
}

/// A number with its decimal point moved, rounded once.
fn shifted(value: f64, power: i32) -> f64 {
    format!("{value}e{power}").parse().unwrap_or(f64::NAN)
}

/// An integer in two's complement, most significant byte first.
fn big_endian(bytes: &[u8]) -> f64 {
    let negative = bytes.first().is_some_and(|b| b & 0x80 != 0);
    let magnitude = bytes.iter().fold(0.0, |sum, byte| {
        sum * 256.0 + f64::from(if negative { !byte } else { *byte })
    });
    if negative {
        -magnitude - 1.0
    } else {
        magnitude
    }
}

/// IEEE 754 half precision: 1 bit of sign, 5 of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((bits >> 10) & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

/// `2024-01-29`.
fn day(days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2024-01-29T10:16:21Z`, with parts of a second only where there are any.
fn instant(value: i64, parts: i64) -> String {
    let (seconds, rest) = (value.div_euclid(parts), value.rem_euclid(parts));
    let of_day = seconds.rem_euclid(86_400);
    let mut text = format!(
        "{}T{:02}:{:02}:{:02}",
        day(seconds.div_euclid(86_400)),
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    );
    if rest > 0 {
        let digits = parts.ilog10() as usize;
        let fraction = format!("{rest:0digits$}");
        text += ".";
        text += fraction.trim_end_matches('0');
    }
    text + "Z"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_full() {
        assert_eq!(instant(1_706_523_381_000, 1_000), "2024-01-29T10:16:21Z");
        assert_eq!(instant(-1, 1_000_000), "1969-12-31T23:59:59.999999Z");
        assert_eq!(day(-719_162), "0001-01-01");
    }

    #[test]
    fn decimals_keep_their_sign_and_point() {
        assert_eq!(shifted(big_endian(&[0xff, 0x85]), -2), -1.23);
        assert_eq!(shifted(big_endian(&[0x01, 0x00]), -2), 2.56);
        assert_eq!(big_endian(&[]), 0.0);
    }

    #[test]
    fn half_precision_is_widened_exactly() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0x0001, 2f64.powi(-24)),
            (0x3555, 0.333_251_953_125),
        ] {
            assert_eq!(half(bits), value);
        }
        assert_eq!(half(0xfc00), f64::NEG_INFINITY);
        assert!(half(0x7e00).is_nan());
    }
}
