//! A law with known coefficients, a design of runs, and noise: tables whose truth is known.

use crate::Random;
use isoflop_data::{Input, ReadOptions, RunTable, read};
use isoflop_law::{At, Law};
use std::fmt::Write as _;

/// How an observed response differs from the law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// Normal on the logarithm of the response, with this standard deviation.
    Log(f64),
    /// Normal on the response itself.
    Raw(f64),
    /// Student's t on the logarithm, with this scale and these degrees of freedom.
    LogStudent(f64, u32),
}

/// A law, its true coefficients and the inputs of every run.
#[derive(Clone, Debug)]
pub struct Planted {
    law: Law,
    /// Coefficients by name, `E[web]` for a level.
    pub truth: Vec<(String, f64)>,
    inputs: Vec<String>,
    index: Option<String>,
    runs: Vec<(Vec<f64>, String, f64)>,
}

impl Planted {
    /// A law of the catalogue at runs given by their inputs, in the order in which the law declares them, and the
    /// level of its index (empty for a law without one).
    ///
    /// # Panics
    ///
    /// When there is no such law, or a coefficient or an input has no value: the test itself is at fault.
    #[must_use]
    pub fn new(id: &str, truth: &[(&str, f64)], design: Vec<(Vec<f64>, String)>) -> Self {
        let law = Law::builtin(id).unwrap_or_else(|e| panic!("{id}: {e}"));
        let truth: Vec<(String, f64)> = truth.iter().map(|(n, x)| ((*n).to_owned(), *x)).collect();
        let names = |role| -> Vec<String> {
            let of_role = law.vars.iter().filter(|v| v.role == role);
            of_role.map(|v| v.name.clone()).collect()
        };
        let inputs = names(isoflop_law::VarRole::Input);
        let index = names(isoflop_law::VarRole::Index).into_iter().next();
        let response = |(values, level): (Vec<f64>, String)| {
            let at: Vec<(String, f64)> =
                inputs.iter().cloned().zip(values.iter().copied()).collect();
            let levels: Vec<(String, String)> =
                index.iter().map(|i| (i.clone(), level.clone())).collect();
            let place = At {
                coefs: &truth,
                inputs: &at,
                levels: &levels,
            };
            let y = law.value(&place).unwrap_or_else(|e| panic!("{id}: {e}"));
            (values, level, y)
        };
        let runs = design.into_iter().map(response).collect();
        Self {
            law,
            truth,
            inputs,
            index,
            runs,
        }
    }

    /// The law.
    #[must_use]
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// Runs of the design.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The table of one simulation, written with all digits and read as any table is.
    ///
    /// # Panics
    ///
    /// When the table cannot be read: the design is at fault.
    #[must_use]
    pub fn table(&self, noise: Noise, seed: u64) -> RunTable {
        let input = Input::Reader {
            name: format!("simulation-{seed}.csv"),
            bytes: self.csv(noise, seed).into_bytes(),
        };
        read(&[input], &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
    }

    /// The same as text.
    #[must_use]
    pub fn csv(&self, noise: Noise, seed: u64) -> String {
        let column = |letter: &String| self.law.var(letter).map_or("", |v| v.column.as_str());
        let mut header: Vec<&str> = self.inputs.iter().map(column).collect();
        header.extend(self.index.iter().map(column));
        header.push(self.law.response().column.as_str());
        let mut text = header.join(",") + "\n";
        let mut random = Random::new(seed);
        for (values, level, y) in &self.runs {
            let observed = match noise {
                Noise::Log(sd) => y * (sd * random.normal()).exp(),
                Noise::Raw(sd) => y + sd * random.normal(),
                Noise::LogStudent(scale, freedom) => y * (scale * random.student(freedom)).exp(),
            };
            for value in values {
                write!(text, "{value:e},").expect("a string takes all text");
            }
            if self.index.is_some() {
                write!(text, "{level},").expect("a string takes all text");
            }
            writeln!(text, "{observed:e}").expect("a string takes all text");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Planted {
        let design = (1..=6)
            .map(|i| (vec![f64::from(i)], String::new()))
            .collect();
        Planted::new("power", &[("a", 8.0), ("b", 1.0)], design)
    }

    #[test]
    fn without_noise_the_table_holds_the_law() {
        let text = line().csv(Noise::Log(0.0), 1);
        assert_eq!(
            text.lines().take(3).collect::<Vec<_>>(),
            ["x,y", "1e0,8e0", "2e0,4e0"]
        );
    }

    #[test]
    fn noise_follows_the_seed() {
        let planted = line();
        let text = |seed| planted.csv(Noise::Raw(0.1), seed);
        assert_eq!(text(4), text(4));
        assert_ne!(text(4), text(5));
        assert_eq!(planted.table(Noise::Raw(0.1), 4).rows(), planted.runs());
    }
}
