//! Dates: the calendar, and the ways people write a day, a month or a year.

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar.
///
/// # Source
///
/// `howard_hinnant_dates`: <https://howardhinnant.github.io/date_algorithms.html>, `days_from_civil`.
pub(crate) fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The day of the calendar that lies so many days after 1970-01-01, as year, month, day.
///
/// # Source
///
/// As [`days_from_civil`], `civil_from_days`.
pub(crate) fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    // Day and month are within a calendar month by construction.
    (year, month as u32, day as u32)
}

/// A day as a decimal year: 2024.5 is the middle of 2024.
pub(crate) fn decimal_year(days: f64) -> f64 {
    let (year, _, _) = civil_from_days(days.floor() as i64);
    let start = days_from_civil(year, 1, 1) as f64;
    let length = days_from_civil(year + 1, 1, 1) as f64 - start;
    year as f64 + (days - start) / length
}

/// How a date is written, as far as that needs saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// The day is certain.
    Day,
    /// Two numbers before the year, both at most 12.
    DayOrMonth,
    /// Two numbers before the year, the first above 12.
    DayFirst,
    /// Two numbers before the year, the second above 12.
    MonthFirst,
    /// A month without day: the middle of it.
    Month,
    /// A year alone: the middle of it.
    Year,
    /// Days since 1899-12-30, as spreadsheets keep them.
    Serial,
}

/// A date read from text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Date {
    /// Days since 1970-01-01, with the time of the day; the first of two numbers taken for the day.
    pub(crate) days: f64,
    /// The same with the first of two numbers taken for the month.
    pub(crate) swapped: f64,
    pub(crate) form: Form,
}

/// Years that a bare number can be.
const YEARS: std::ops::RangeInclusive<i64> = 1900..=2100;
/// Spreadsheet serials of the years 1954 to 2064.
const SERIALS: std::ops::RangeInclusive<i64> = 20_000..=60_000;
/// Days from a spreadsheet's day zero, 1899-12-30, to 1970-01-01.
const SERIAL_OF_EPOCH: i64 = 25_569;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads a date: `2024-01-29`, `2024/1/29`, `2024-01-29T10:16:21Z`, `29/01/2024`, `January 27, 2022`,
/// `27 Jan 2022`, `Aug 2021`, `2024-05`, `2022`, `44635`.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return bare_number(number);
    }
    let (date, time) = split_time(text)?;
    let parts: Vec<&str> = date
        .split(|c: char| c.is_whitespace() || "/-.,".contains(c))
        .filter(|p| !p.is_empty())
        .collect();
    let long;
    let parts = match parts.as_slice() {
        // A two-digit year stands behind slashes or the name of a month: `1.2.34` is a version.
        [a, b, c]
            if year(a).is_none()
                && (date.contains('/') || month_name(a).or_else(|| month_name(b)).is_some()) =>
        {
            long = century(c).unwrap_or_else(|| (*c).to_owned());
            vec![*a, *b, long.as_str()]
        }
        parts => parts.to_vec(),
    };
    let mut found = match parts.as_slice() {
        [a, b] => month_of_year(a, b),
        [a, b, c] => whole_date(a, b, c),
        _ => None,
    }?;
    found.days += time;
    found.swapped += time;
    Some(found)
}

fn exact(days: f64, form: Form) -> Date {
    Date {
        days,
        swapped: days,
        form,
    }
}

fn bare_number(number: i64) -> Option<Date> {
    if YEARS.contains(&number) {
        let start = days_from_civil(number, 1, 1) as f64;
        let end = days_from_civil(number + 1, 1, 1) as f64;
        return Some(exact(f64::midpoint(start, end), Form::Year));
    }
    SERIALS
        .contains(&number)
        .then(|| exact((number - SERIAL_OF_EPOCH) as f64, Form::Serial))
}

/// Splits a time of the day off, as a part of a day: `T10:16:21.000Z`, ` 10:16`, `T10:16:21+02:00`.
fn split_time(text: &str) -> Option<(&str, f64)> {
    let Some(colon) = text.find(':') else {
        return Some((text, 0.0));
    };
    let at = text[..colon].rfind(['T', ' '])?;
    let (date, clock) = (&text[..at], &text[at + 1..]);
    let clock = clock.strip_suffix(['Z', 'z']).unwrap_or(clock);
    let clock = clock.strip_suffix(" UTC").unwrap_or(clock);
    let zone = clock.rfind(['+', '-']);
    let (clock, shift) = match zone {
        Some(at) => {
            let sign = if clock[at..].starts_with('-') {
                -1.0
            } else {
                1.0
            };
            (&clock[..at], sign * hours(&clock[at + 1..])?)
        }
        None => (clock, 0.0),
    };
    Some((date, (hours(clock)? - shift) / 24.0))
}

/// `10:16:21.5` or `0200` in hours.
fn hours(clock: &str) -> Option<f64> {
    let clock = clock.trim();
    if clock.len() == 4 && clock.bytes().all(|b| b.is_ascii_digit()) {
        return Some(clock[..2].parse::<f64>().ok()? + clock[2..].parse::<f64>().ok()? / 60.0);
    }
    let mut total = 0.0;
    let mut unit = 1.0;
    for part in clock.split(':') {
        let part: f64 = part.parse().ok().filter(|p| (0.0..=60.0).contains(p))?;
        total += part * unit;
        unit /= 60.0;
    }
    Some(total)
}

/// `Aug 2021`, `2021 August`, `2024-05`.
fn month_of_year(a: &str, b: &str) -> Option<Date> {
    let (year, month) = match (year(a), year(b)) {
        (Some(year), None) => (year, month_name(b).or_else(|| small(b, 12))?),
        (None, Some(year)) => (year, month_name(a)?),
        _ => return None,
    };
    let start = days_from_civil(year, month, 1) as f64;
    let end = if month == 12 {
        days_from_civil(year + 1, 1, 1)
    } else {
        days_from_civil(year, month + 1, 1)
    };
    Some(exact(f64::midpoint(start, end as f64), Form::Month))
}

fn whole_date(a: &str, b: &str, c: &str) -> Option<Date> {
    if let Some(year) = year(a) {
        let month = month_name(b).or_else(|| small(b, 12))?;
        return day(year, month, small(c, 31)?).map(|d| exact(d, Form::Day));
    }
    let year = year(c)?;
    if let Some(month) = month_name(a) {
        return day(year, month, small(b, 31)?).map(|d| exact(d, Form::Day));
    }
    if let Some(month) = month_name(b) {
        return day(year, month, small(a, 31)?).map(|d| exact(d, Form::Day));
    }
    let (first, second) = (small(a, 31)?, small(b, 31)?);
    let day_first = day(year, second, first);
    let month_first = day(year, first, second);
    match (day_first, month_first) {
        (Some(days), Some(swapped)) => Some(Date {
            days,
            swapped,
            form: if first == second {
                Form::Day
            } else {
                Form::DayOrMonth
            },
        }),
        (Some(days), None) => Some(exact(days, Form::DayFirst)),
        (None, Some(days)) => Some(exact(days, Form::MonthFirst)),
        (None, None) => None,
    }
}

fn day(year: i64, month: u32, day: u32) -> Option<f64> {
    if !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    (civil_from_days(days) == (year, month, day)).then_some(days as f64)
}

/// A year of two digits with its century: runs were trained after 1970.
fn century(text: &str) -> Option<String> {
    let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    let year = text.parse::<u32>().ok().filter(|_| digits)?;
    Some(format!(
        "{}",
        if year < 70 { 2000 + year } else { 1900 + year }
    ))
}

fn year(text: &str) -> Option<i64> {
    let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    let year = text.parse().ok().filter(|_| digits)?;
    YEARS.contains(&year).then_some(year)
}

fn small(text: &str, most: u32) -> Option<u32> {
    let text = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|end| text.strip_suffix(end))
        .unwrap_or(text);
    let short = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|n| short && (1..=most).contains(n))
}

fn month_name(text: &str) -> Option<u32> {
    let text = text.to_lowercase();
    let at = MONTHS
        .iter()
        .position(|month| text.len() >= 3 && month.starts_with(&text))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_of_four_bytes_that_are_no_digits_is_no_time() {
        assert_eq!(hours("0230"), Some(2.5));
        assert_eq!(hours("\u{4c31a}"), None);
        assert_eq!(hours("-1+2"), None);
    }

    #[test]
    fn the_calendar_and_its_inverse_agree() {
        for days in (-800_000..800_000).step_by(17) {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m, d), days);
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
        assert_eq!(civil_from_days(19_782), (2024, 2, 29));
        assert_eq!(days_from_civil(2000, 3, 1), 11_017);
    }

    #[test]
    fn spellings_of_one_day_are_one_date() {
        for text in [
            "2024-01-29",
            "2024/1/29",
            "2024.01.29",
            "29/01/2024",
            "29.1.2024",
            "01/29/2024",
            "January 29, 2024",
            "Jan 29 2024",
            "29 January 2024",
            "29-Jan-2024",
            "29th Jan 2024",
            "01/29/24",
            "29/1/24",
            "29-Jan-24",
            "2024-01-29T00:00:00Z",
            "2024-01-29 02:00:00+02:00",
            "45320",
        ] {
            let date = parse_date(text).unwrap_or_else(|| panic!("{text} is a date"));
            assert_eq!(date.days, 19_751.0, "{text}");
        }
    }

    #[test]
    fn what_the_text_leaves_open_is_told() {
        for (text, form) in [
            ("08/12/2021", Form::DayOrMonth),
            ("13/12/2021", Form::DayFirst),
            ("12/13/2021", Form::MonthFirst),
            ("05/05/2021", Form::Day),
            ("Aug 2021", Form::Month),
            ("2021-08", Form::Month),
            ("2022", Form::Year),
            ("44635", Form::Serial),
        ] {
            assert_eq!(parse_date(text).unwrap().form, form, "{text}");
        }
        let open = parse_date("08/12/2021").unwrap();
        assert_eq!(civil_from_days(open.days as i64), (2021, 12, 8));
        assert_eq!(civil_from_days(open.swapped as i64), (2021, 8, 12));
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "adam",
            "1.2.3",
            "1.2.34",
            "12-30-24",
            "2024-13-01",
            "30/02/2024",
            "12:30",
            "3/4",
            "gpt-4-0314",
            "2.5e20",
            "123456",
            "a b 2024",
            "31 2024",
            "May",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn decimal_years_know_leap_years() {
        assert_eq!(decimal_year(days_from_civil(2024, 7, 2) as f64), 2024.5);
        assert_eq!(decimal_year(days_from_civil(2023, 1, 1) as f64), 2023.0);
        assert_eq!(decimal_year(parse_date("2022").unwrap().days), 2022.5);
    }
}
