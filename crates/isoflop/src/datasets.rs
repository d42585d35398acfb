//! Tables that come with the program: nothing to download, nothing to guess.

use isoflop_data::Input;

/// A table that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DataSet {
    /// Name, used wherever a file could be.
    pub name: &'static str,
    /// What it is and where it comes from.
    pub description: &'static str,
    /// The table.
    pub csv: &'static str,
    /// Law that made it, when it is simulated: catalogue name.
    pub law: &'static str,
    /// Coefficients that made it, when it is simulated.
    pub truth: &'static [(&'static str, f64)],
    /// The ladder that made it, when it is measured.
    pub ladder: Option<LadderSource>,
}

/// How a measured table was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LadderSource {
    /// The ladder file.
    pub file: &'static str,
    /// Filter of the runs that a law is fitted to.
    pub fitted: &'static str,
    /// Filter of the larger runs that it has to predict.
    pub held_out: &'static str,
    /// What such runs show and what they do not.
    pub limits: &'static str,
    /// Entropy rate of the language that the models learnt, in nats a token.
    pub entropy_rate: f64,
    /// Least mean loss over the positions of a context, in nats a token.
    pub entropy_floor: f64,
}

/// The data sets, sorted by name.
#[must_use]
pub fn datasets() -> &'static [DataSet] {
    &[SIMULATED, SMALL]
}

const SIMULATED: DataSet = DataSet {
    name: "simulated-ladder",
    description: "SIMULATED, not measured: 72 runs of a known Chinchilla law, 9 sizes from 1M to 2B parameters, \
                      5 to 320 tokens per parameter, 1e15 to 1e21 FLOP, noise of 0.4 % and two outliers",
    csv: include_str!("../data/simulated-ladder.csv"),
    law: "chinchilla",
    truth: &[
        ("E", 1.80),
        ("A", 410.0),
        ("B", 1900.0),
        ("alpha", 0.345),
        ("beta", 0.365),
    ],
    ladder: None,
};

const SMALL: DataSet = DataSet {
    name: "small-ladder",
    description: "MEASURED: 61 runs of small transformers, 7.0k to 102k parameters, 5 to 80 tokens for each, 2.3e9 to 3e12 \
                  FLOP, mostly two seeds; trained by `isoflop ladder` on two processor cores on a made-up language whose \
                  entropy is known",
    csv: include_str!("../data/small-ladder/runs.csv"),
    law: "chinchilla",
    truth: &[],
    ladder: Some(LadderSource {
        file: include_str!("../data/small-ladder/ladder.toml"),
        fitted: "params < 5e4 and tokens >= 2e5",
        held_out: "params > 5e4",
        limits: "Runs of fewer than 200,000 tokens are left out of the fit: they have too few steps and follow another \
                 law. That was decided after the runs of up to 57.8k parameters had been seen, and before the one of \
                 102k was made. On two processor cores a law of small models can be made and tested: the 34 fitted \
                 runs span a factor of fifty in compute. The predicted runs are larger in parameters, but 8 of the 11 take no \
                 more compute than the largest fitted one. Nothing is shown about large models or text: the \
                 language is made up, and the exponents are those of this language and this recipe.",
        entropy_rate: 1.710_120,
        entropy_floor: 1.713_812,
    }),
};

/// The data set of that name.
#[must_use]
pub fn dataset(name: &str) -> Option<&'static DataSet> {
    datasets().iter().find(|set| set.name == name)
}

impl DataSet {
    /// The table as an input of [`read`](crate::read).
    #[must_use]
    pub fn input(&self) -> Input {
        Input::Reader {
            name: self.name.to_owned(),
            bytes: self.csv.as_bytes().to_vec(),
        }
    }

    /// Rows of the table.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.csv.lines().skip(1).filter(|l| !l.is_empty()).count()
    }

    /// Column names of the table.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.csv.lines().next().unwrap_or_default().split(',')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_simulated_sets_say_so() {
        let names: Vec<&str> = datasets().iter().map(|s| s.name).collect();
        assert!(names.is_sorted());
        for set in datasets().iter().filter(|s| !s.truth.is_empty()) {
            assert!(set.name.contains("simulated") && set.description.contains("SIMULATED"));
            assert!(
                isoflop_law::Law::builtin(set.law)
                    .is_ok_and(|law| law.coefs.len() == set.truth.len())
            );
        }
    }
}
