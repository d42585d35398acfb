//! Columns of dates: read as decimal years, so that laws and conditions can use them.

use isoflop_base::{Note, Severity};

use crate::accounting::count;
use crate::column::{CellFault, Column, FaultKind, MISSING_CODE, Values};
use crate::date::{Date, Form, decimal_year, parse_date};
use crate::table::note;

/// The column as decimal years, if nine cells in ten are dates and most of them are more than a bare number.
pub(super) fn column(name: &str, codes: &[u32], levels: &[String]) -> Option<Column> {
    let dates: Vec<Option<Date>> = levels.iter().map(|l| parse_date(l)).collect();
    let of = |code: &u32| dates.get(*code as usize).copied().flatten();
    let forms = Forms::of(codes.iter().filter_map(of));
    let there = codes.iter().filter(|c| **c != MISSING_CODE).count();
    let bare = forms.years + forms.serials;
    if forms.all * 10 < there * 9 || forms.all == 0 || bare * 2 > forms.all {
        return None;
    }
    let year = |date: Date| {
        decimal_year(if forms.month_first() {
            date.swapped
        } else {
            date.days
        })
    };
    let values = codes.iter().map(|c| of(c).map_or(f64::NAN, year)).collect();
    let mut column = Column::new(name, Values::Number(values));
    "year".clone_into(&mut column.unit);
    for (row, code) in codes.iter().enumerate() {
        if *code != MISSING_CODE && of(code).is_none() {
            column.faults.push(CellFault {
                row,
                text: levels[*code as usize].clone(),
                kind: FaultKind::NotADate,
            });
        }
    }
    column.notes = forms.notes(name);
    Some(column)
}

/// How many dates are written in which form.
#[derive(Default)]
struct Forms {
    all: usize,
    open: usize,
    day_first: usize,
    month_first: usize,
    months: usize,
    years: usize,
    serials: usize,
}

impl Forms {
    fn of(dates: impl Iterator<Item = Date>) -> Self {
        let mut forms = Self::default();
        for date in dates {
            forms.all += 1;
            match date.form {
                Form::Day => {}
                Form::DayOrMonth => forms.open += 1,
                Form::DayFirst => forms.day_first += 1,
                Form::MonthFirst => forms.month_first += 1,
                Form::Month => forms.months += 1,
                Form::Year => forms.years += 1,
                Form::Serial => forms.serials += 1,
            }
        }
        forms
    }

    /// Whether `08/12/2021` is August; only other cells of the column can say so.
    fn month_first(&self) -> bool {
        self.month_first > 0 && self.day_first == 0
    }

    fn notes(&self, name: &str) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut tell = |code, severity, message, rows| {
            notes.push(note(code, severity, message, Some(rows)));
        };
        let message =
            format!("`{name}` holds dates, read as decimal years (2024.5 is the middle of 2024)");
        tell("dates", Severity::Info, message, self.all);
        if self.open > 0 {
            let (severity, why) = match (self.day_first, self.month_first) {
                (0, 0) => (
                    Severity::Warning,
                    "nothing in the column says which".to_owned(),
                ),
                (days, 0) => (
                    Severity::Info,
                    format!(
                        "as in {} with a first number above 12",
                        count(days, "other cell")
                    ),
                ),
                (0, months) => (
                    Severity::Info,
                    format!(
                        "as in {} with a second number above 12",
                        count(months, "other cell")
                    ),
                ),
                (days, months) => (
                    Severity::Warning,
                    format!(
                        "{} and {} of the others are day first and month first",
                        days, months
                    ),
                ),
            };
            let order = if self.month_first() {
                "month first"
            } else {
                "day first"
            };
            let dates = count(self.open, "date");
            let message = format!(
                "{dates} of `{name}` such as 08/12/2021 can be read two ways: taken as {order}, {why}"
            );
            tell("open-dates", severity, message, self.open);
        } else if self.day_first + self.month_first > 0 {
            let order = if self.day_first == 0 {
                "month first"
            } else {
                "day first"
            };
            let dates = count(self.day_first + self.month_first, "date");
            let message =
                format!("{dates} of `{name}` with two numbers before the year can only be {order}");
            tell(
                "date-order",
                Severity::Info,
                message,
                self.day_first + self.month_first,
            );
        }
        if self.months > 0 {
            let message = format!(
                "{} of `{name}` without a day taken as the middle of the month (± 0.04 years)",
                count(self.months, "date")
            );
            tell("month-dates", Severity::Info, message, self.months);
        }
        if self.years > 0 {
            let message = format!(
                "{} of `{name}` with a year only taken as the middle of the year (± 0.5 years)",
                count(self.years, "date")
            );
            tell("year-dates", Severity::Warning, message, self.years);
        }
        if self.serials > 0 {
            let message = format!(
                "{} of `{name}` given as a spreadsheet's day number (45320 is 2024-01-29)",
                count(self.serials, "date")
            );
            tell("serial-dates", Severity::Info, message, self.serials);
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[&str]) -> Option<Column> {
        let levels: Vec<String> = cells.iter().map(|c| (*c).to_owned()).collect();
        let codes: Vec<u32> = (0..cells.len() as u32).collect();
        column("date", &codes, &levels)
    }

    fn codes(column: &Column) -> Vec<(&str, Severity)> {
        column
            .notes
            .iter()
            .map(|n| (n.code.as_str(), n.severity))
            .collect()
    }

    #[test]
    fn other_cells_decide_which_number_is_the_day() {
        let day = read(&["08/12/2021", "15/12/2021"]).unwrap();
        let month = read(&["08/12/2021", "12/15/2021"]).unwrap();
        let nothing = read(&["08/12/2021", "2021-12-15"]).unwrap();
        assert!(day.numbers().unwrap()[0] > 2021.9);
        assert!(month.numbers().unwrap()[0] < 2021.7);
        assert_eq!(codes(&day)[1], ("open-dates", Severity::Info));
        assert_eq!(codes(&nothing)[1], ("open-dates", Severity::Warning));
    }

    #[test]
    fn years_alone_are_mid_year_and_said_to_be() {
        let column = read(&["2021-03-01", "2022", "2022-05-01"]).unwrap();
        assert_eq!(column.numbers().unwrap()[1], 2022.5);
        assert_eq!(codes(&column)[1], ("year-dates", Severity::Warning));
    }

    #[test]
    fn numbers_and_words_are_no_column_of_dates() {
        assert!(read(&["2021", "2022", "45320"]).is_none());
        assert!(read(&["2021-03-01", "soon", "later"]).is_none());
        let mut cells = vec!["2021-03-01"; 9];
        cells.push("soon");
        assert_eq!(read(&cells).unwrap().faults[0].text, "soon");
    }
}
