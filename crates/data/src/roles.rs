//! What columns are called: the four canonical roles and the names people give them.

/// A role that every table of runs may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// Canonical column name.
    pub(crate) name: &'static str,
    /// Letter in laws.
    pub(crate) letter: &'static str,
    /// What it is, for messages.
    pub(crate) meaning: &'static str,
    /// Names that mean this and nothing else, squashed (see [`squash`]).
    strong: &'static [&'static str],
    /// Names that mean this unless a better one is there, squashed.
    weak: &'static [&'static str],
}

/// All roles.
pub(crate) const ROLES: &[Role] = &[
    Role {
        name: "params",
        letter: "N",
        meaning: "model size",
        strong: &[
            "param",
            "nparams",
            "numparams",
            "parameters",
            "nparameters",
            "numparameters",
            "numberofparams",
            "numberofparameters",
            "paramcount",
            "paramscount",
            "parametercount",
            "modelparams",
            "modelparameters",
            "modelsize",
            "totalparams",
            "totalparameters",
            "paramstotal",
            "nparam",
        ],
        weak: &[
            "paramsnonembedding",
            "nonembeddingparams",
            "nparamsnonembedding",
            "nonembeddingparameters",
            "activeparams",
            "size",
            "nonembedparams",
            "paramsnonembed",
        ],
    },
    Role {
        name: "tokens",
        letter: "D",
        meaning: "training tokens",
        strong: &[
            "token",
            "ntokens",
            "numtokens",
            "trainingtokens",
            "traintokens",
            "tokensseen",
            "totaltokens",
            "numberoftokens",
            "tokensprocessed",
            "tokencount",
            "tokenstrained",
            "consumedtokens",
            "tokensconsumed",
            "tokenstotal",
            "seentokens",
            "ntoks",
            "traintoken",
            "trainingtoken",
        ],
        weak: &[
            "data",
            "dataset",
            "datasize",
            "datasetsize",
            "datasettokens",
            "traindata",
            "trainingdata",
        ],
    },
    Role {
        name: "flops",
        letter: "C",
        meaning: "training compute",
        strong: &[
            "flop",
            "compute",
            "trainingflop",
            "trainingflops",
            "trainflop",
            "trainflops",
            "totalflops",
            "trainingcompute",
            "traincompute",
            "nflops",
            "numflops",
            "totalcompute",
            "flopstotal",
            "trainingcomputeflop",
            "trainingcomputeflops",
            "computeflop",
            "computeflops",
        ],
        weak: &["flopsbudget", "flopbudget", "computebudget", "budget"],
    },
    Role {
        name: "loss",
        letter: "L",
        meaning: "loss",
        strong: &[
            "valloss",
            "validationloss",
            "validloss",
            "evalloss",
            "evaluationloss",
            "finalloss",
            "testloss",
            "devloss",
            "heldoutloss",
            "finalvalloss",
            "finalvalidationloss",
            "lossval",
            "lossvalidation",
            "losseval",
            "lossfinal",
            "losstest",
            "crossentropy",
            "crossentropyloss",
            "celoss",
        ],
        weak: &[
            "trainloss",
            "trainingloss",
            "losstrain",
            "avgloss",
            "meanloss",
            "nll",
            "lmloss",
        ],
    },
];

/// How well a header fits a role; the smaller the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    /// The canonical name, in any case or punctuation.
    Canonical,
    /// A name that means this and nothing else.
    Strong,
    /// The last part of a nested name: `run.config.n_params`, `optim/n_tokens`.
    Nested,
    /// A name that can mean this.
    Weak,
}

/// The role that a law's declared column means, if it is one of the four.
pub(crate) fn role_of(name: &str) -> Option<&'static Role> {
    let wanted = squash(name);
    ROLES
        .iter()
        .find(|r| r.name == wanted || r.letter == name || r.strong.contains(&wanted.as_str()))
}

impl Role {
    /// How well a header, already without its unit, fits.
    pub(crate) fn fits(&self, base: &str) -> Option<Match> {
        if base == self.letter {
            return Some(Match::Canonical);
        }
        let whole = squash(base);
        if let Some(quality) = self.whole(&whole) {
            return Some(quality);
        }
        let last = squash(base.rsplit(['.', '/']).next()?);
        match self.whole(&last)? {
            Match::Canonical | Match::Strong if last != whole => Some(Match::Nested),
            _ => None,
        }
    }

    fn whole(&self, squashed: &str) -> Option<Match> {
        if squashed == self.name {
            Some(Match::Canonical)
        } else if self.strong.contains(&squashed) {
            Some(Match::Strong)
        } else {
            self.weak.contains(&squashed).then_some(Match::Weak)
        }
    }
}

/// A name in lower case with letters and digits only: `Model Size` → `modelsize`.
pub(crate) fn squash(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_fit_roles() {
        for (header, role, expected) in [
            ("params", "params", Some(Match::Canonical)),
            ("Params", "params", Some(Match::Canonical)),
            ("N", "params", Some(Match::Canonical)),
            ("n", "params", None),
            ("Model Size", "params", Some(Match::Strong)),
            ("n_params", "params", Some(Match::Strong)),
            ("params_non_embedding", "params", Some(Match::Weak)),
            ("run.config.model.n_params", "params", Some(Match::Nested)),
            ("optim/n_tokens", "tokens", Some(Match::Nested)),
            ("Data", "tokens", Some(Match::Weak)),
            ("tokens_seen", "tokens", Some(Match::Strong)),
            ("unique_tokens", "tokens", None),
            ("Training FLOP", "flops", Some(Match::Strong)),
            ("Val loss", "loss", Some(Match::Strong)),
            ("loss_c4_val", "loss", None),
            ("train/loss", "loss", Some(Match::Weak)),
            ("metrics.val_loss", "loss", Some(Match::Nested)),
        ] {
            let role = role_of(role).unwrap();
            assert_eq!(role.fits(header), expected, "{header}");
        }
    }

    #[test]
    fn no_name_belongs_to_two_roles() {
        let mut all: Vec<&str> = ROLES
            .iter()
            .flat_map(|r| r.strong.iter().chain(r.weak).copied().chain([r.name]))
            .collect();
        let total = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), total);
    }
}
