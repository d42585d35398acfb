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
    /// Words one of which every other name of this role ends or begins with.
    heads: &'static [&'static str],
    /// Words that may stand beside it.
    beside: &'static [&'static str],
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
        heads: &["param", "params", "parameter", "parameters"],
        beside: &[
            "n",
            "num",
            "number",
            "of",
            "model",
            "total",
            "count",
            "size",
            "trainable",
            "all",
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
        heads: &["token", "tokens", "tok", "toks"],
        beside: &[
            "n",
            "num",
            "number",
            "of",
            "total",
            "train",
            "training",
            "trained",
            "on",
            "pretrain",
            "pretraining",
            "count",
            "seen",
            "processed",
            "consumed",
            "used",
            "cumulative",
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
        heads: &["flop", "flops", "compute"],
        beside: &[
            "n",
            "num",
            "number",
            "of",
            "total",
            "train",
            "training",
            "pretrain",
            "pretraining",
            "count",
            "used",
            "spent",
            "estimated",
            "est",
        ],
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
            "bpb",
            "valbpb",
            "evalbpb",
            "testbpb",
            "bitsperbyte",
            "valbitsperbyte",
            "bpc",
            "bitspercharacter",
        ],
        heads: &["loss"],
        beside: &[
            "val",
            "valid",
            "validation",
            "eval",
            "evaluation",
            "final",
            "last",
            "test",
            "dev",
            "held",
            "heldout",
            "out",
            "lm",
            "ce",
            "entropy",
            "cross",
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
    /// Words of which one names the role and the others say nothing else: `toks`, `total_tokens_trained_on`.
    Wordy,
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
        let tail = base.rsplit(['.', '/']).next()?;
        let last = squash(tail);
        if last != whole
            && let Some(Match::Canonical | Match::Strong) = self.whole(&last)
        {
            return Some(Match::Nested);
        }
        self.is_wordy(tail).then_some(Match::Wordy)
    }

    /// Whether a name is one of the role's words among words that change nothing.
    fn is_wordy(&self, name: &str) -> bool {
        let words = words(name);
        let (heads, others): (Vec<&String>, Vec<&String>) =
            words.iter().partition(|w| self.heads.contains(&w.as_str()));
        heads.len() == 1 && others.iter().all(|w| self.beside.contains(&w.as_str()))
    }

    /// Whether it is a count: size, tokens or compute.
    pub(crate) fn is_count(&self) -> bool {
        self.name != "loss"
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

/// Canonical name of the role that a law's declared column means: `params`, `tokens`, `flops`, `loss`.
#[must_use]
pub fn role_name(column: &str) -> Option<&'static str> {
    role_of(column).map(|role| role.name)
}

/// The words of a name in lower case: `nTrainTokens` and `n_train_tokens` have three.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_alphanumeric() {
            let starts = !before.is_alphanumeric() || before.is_lowercase() && c.is_uppercase();
            if starts || words.is_empty() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        before = c;
    }
    words
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
            ("toks", "tokens", Some(Match::Wordy)),
            ("totalTokensTrainedOn", "tokens", Some(Match::Wordy)),
            ("tokens_per_step", "tokens", None),
            ("vocab_tokens", "tokens", None),
            ("config/num_model_params", "params", Some(Match::Wordy)),
            ("estimated_train_flops", "flops", Some(Match::Wordy)),
            ("flops_per_token", "flops", None),
            ("final_eval_loss", "loss", Some(Match::Wordy)),
            ("loss_scale", "loss", None),
            ("val_bpb", "loss", Some(Match::Weak)),
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
