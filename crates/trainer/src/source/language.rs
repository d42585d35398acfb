//! A synthetic language with a known entropy rate.
//!
//! # Formula
//!
//! ```text
//! p(c | history) = w₀ u(c) + Σⱼ wⱼ Σᵢ qᵢ [c = favourite i of the last j tokens],   j = 1 … order
//! u(c) ∝ (c + 1)^(−zipf)
//! ```
//!
//! The favourites of a context are drawn from u by a hash of the context and the seed: nothing is stored, and a token is
//! made or scored in constant time. Contexts are as uneven as the tokens they are made of. So a model learns common
//! ones first and rare ones when it has room and has seen them, which is what makes the loss fall slowly with size and
//! with tokens; and it can never fall below the entropy, which is exactly known.

use isoflop_base::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::random::{Random, mix};

/// Shares of the favourites of a context.
const FAVOURITES: [f64; 3] = [0.7, 0.2, 0.1];

/// Share of the plain distribution; the orders share the rest alike.
const PLAIN: f64 = 0.1;

/// Tokens that are made and dropped before a sequence, so that it begins anywhere in the language.
const BEFORE: usize = 100;

/// A transition table above this many entries is not made.
const LARGEST_TABLE: usize = 1 << 23;

/// Frequencies that fall faster leave nothing but the first token.
const LARGEST_ZIPF: f64 = 8.0;

/// What a language is made from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LanguageSpec {
    /// Distinct tokens.
    pub alphabet: usize,
    /// Tokens of history that matter.
    pub order: usize,
    /// Exponent of the fall of frequencies with rank. Not written where it is 1, so that runs recorded before there was
    /// a choice keep their keys.
    #[serde(skip_serializing_if = "is_one")]
    pub zipf: f64,
    /// Which language of this kind.
    pub seed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_one(zipf: &f64) -> bool {
    *zipf == 1.0
}

impl Default for LanguageSpec {
    fn default() -> Self {
        Self {
            alphabet: 32,
            order: 3,
            zipf: 1.0,
            seed: 0,
        }
    }
}

/// The language.
#[derive(Clone, Debug)]
pub struct Language {
    spec: LanguageSpec,
    /// u, and its sums from the left.
    plain: Vec<f64>,
    plain_sums: Vec<f64>,
}

/// Entropies of a language, in nats a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Entropy {
    /// Of the next token, given all before it.
    pub rate: f64,
    /// Of the next token given exactly 0, 1, … order − 1 tokens before it.
    pub short: Vec<f64>,
}

impl Entropy {
    /// The least mean loss over the positions of a context: its first tokens are predicted from little.
    #[must_use]
    pub fn floor(&self, context: usize) -> f64 {
        let early: f64 = self.short.iter().skip(1).take(context).sum();
        let late = context - self.short.len().saturating_sub(1).min(context);
        (early + late as f64 * self.rate) / context as f64
    }
}

impl Language {
    /// The language of a specification.
    ///
    /// # Errors
    ///
    /// A diagnostic `bad-language` for an alphabet below 2 or an order whose transitions cannot be counted.
    pub fn new(spec: LanguageSpec) -> Result<Self, Diagnostic> {
        let table = u32::try_from(spec.order + 1)
            .ok()
            .and_then(|power| spec.alphabet.checked_pow(power));
        if spec.alphabet < 2 || spec.order < 1 || table.is_none_or(|n| n > LARGEST_TABLE) {
            return Err(Diagnostic::error(
                "bad-language",
                format!(
                    "an alphabet of {} with order {} has no entropy that can be computed here",
                    spec.alphabet, spec.order
                ),
            )
            .help(format!(
                "choose an alphabet of at least 2 and an order of at least 1 with alphabet^(order + 1) up to {LARGEST_TABLE}"
            )));
        }
        if !(0.0..=LARGEST_ZIPF).contains(&spec.zipf) {
            return Err(Diagnostic::error(
                "bad-language",
                format!("frequencies cannot fall with an exponent of {}", spec.zipf),
            )
            .help(format!("choose `zipf` from 0 to {LARGEST_ZIPF}")));
        }
        Ok(Self::uncounted(spec))
    }

    /// The language, however many its transitions are: its entropy must not be asked for.
    #[must_use]
    pub fn uncounted(spec: LanguageSpec) -> Self {
        let falling = (1..=spec.alphabet).map(|i| 1.0 / (i as f64).powf(spec.zipf));
        let total: f64 = falling.clone().sum();
        let plain: Vec<f64> = falling.map(|share| share / total).collect();
        let mut sum = 0.0;
        let plain_sums = plain
            .iter()
            .map(|p| {
                sum += p;
                sum
            })
            .collect();
        Self {
            spec,
            plain,
            plain_sums,
        }
    }

    /// Distinct tokens.
    #[must_use]
    pub fn alphabet(&self) -> usize {
        self.spec.alphabet
    }

    /// Tokens of history that matter.
    #[must_use]
    pub fn order(&self) -> usize {
        self.spec.order
    }

    /// A sequence from anywhere in the language: `length` tokens, after the history they go on from.
    pub fn write(&self, random: &mut Random, length: usize, tokens: &mut Vec<u16>) {
        tokens.clear();
        for _ in 0..BEFORE + length {
            let next = self.next(random, tokens);
            tokens.push(next);
        }
        tokens.drain(..BEFORE - self.spec.order);
    }

    /// −ln p of the token that follows a history of at least `order` tokens.
    #[must_use]
    pub fn loss(&self, history: &[u16], token: u16) -> f64 {
        let mut p = PLAIN * self.plain[usize::from(token)];
        for order in 1..=self.spec.order {
            for (share, favourite) in FAVOURITES.iter().zip(self.favourites(history, order)) {
                if favourite == token {
                    p += self.weight() * share;
                }
            }
        }
        -p.ln()
    }

    /// The entropies, from the stationary distribution of its contexts.
    #[must_use]
    pub fn entropy(&self) -> Entropy {
        let (alphabet, order) = (self.spec.alphabet, self.spec.order);
        let contexts = alphabet.pow(order as u32);
        let table = self.table(contexts);
        let stationary = stationary(&table, alphabet, contexts);
        let rate = table
            .chunks_exact(alphabet)
            .zip(&stationary)
            .map(|(row, weight)| weight * entropy(row))
            .sum();
        // Blocks of j tokens: the last j tokens of a context.
        let block = |length: usize| {
            let mut shares = vec![0.0; alphabet.pow(length as u32)];
            let n = shares.len();
            for (context, weight) in stationary.iter().enumerate() {
                shares[context % n] += weight;
            }
            entropy(&shares)
        };
        let blocks: Vec<f64> = (0..=order).map(block).collect();
        Entropy {
            rate,
            short: blocks.windows(2).map(|w| w[1] - w[0]).collect(),
        }
    }

    fn weight(&self) -> f64 {
        (1.0 - PLAIN) / self.spec.order as f64
    }

    fn next(&self, random: &mut Random, history: &[u16]) -> u16 {
        // What of the history is not there yet plays no part: these tokens are dropped.
        let order = match random.unit() {
            x if x < PLAIN => 0,
            x => 1 + ((x - PLAIN) / self.weight()) as usize,
        };
        if order == 0 || order > history.len().min(self.spec.order) {
            return self.drawn(random.unit());
        }
        let favourites = self.favourites(history, order);
        let x = random.unit();
        if x < FAVOURITES[0] {
            favourites[0]
        } else if x < FAVOURITES[0] + FAVOURITES[1] {
            favourites[1]
        } else {
            favourites[2]
        }
    }

    /// The token at a share of u.
    fn drawn(&self, share: f64) -> u16 {
        let at = self.plain_sums.partition_point(|sum| *sum <= share);
        at.min(self.spec.alphabet - 1) as u16
    }

    fn favourites(&self, history: &[u16], order: usize) -> [u16; 3] {
        let context = &history[history.len() - order..];
        let mut key = mix(self.spec.seed ^ mix(order as u64));
        for token in context {
            key = mix(key ^ u64::from(*token).wrapping_add(1));
        }
        let mut random = Random::new(key, "favourites", 0);
        [(); 3].map(|()| self.drawn(random.unit()))
    }

    /// p(token | context) for all contexts, whose first token is the most significant.
    fn table(&self, contexts: usize) -> Vec<f64> {
        let alphabet = self.spec.alphabet;
        let mut table = Vec::with_capacity(contexts * alphabet);
        let mut history = vec![0u16; self.spec.order];
        for context in 0..contexts {
            let mut rest = context;
            for token in history.iter_mut().rev() {
                *token = (rest % alphabet) as u16;
                rest /= alphabet;
            }
            let from = table.len();
            table.extend(self.plain.iter().map(|u| PLAIN * u));
            for order in 1..=self.spec.order {
                for (share, favourite) in FAVOURITES.iter().zip(self.favourites(&history, order)) {
                    table[from + usize::from(favourite)] += self.weight() * share;
                }
            }
        }
        table
    }
}

/// −Σ p ln p.
fn entropy(shares: &[f64]) -> f64 {
    -shares
        .iter()
        .filter(|p| **p > 0.0)
        .map(|p| p * p.ln())
        .sum::<f64>()
}

/// How often each context stands before a token in the long run, by repeated transitions.
fn stationary(table: &[f64], alphabet: usize, contexts: usize) -> Vec<f64> {
    /// Far more than any language here needs.
    const MOST_ROUNDS: usize = 10_000;
    const CLOSE: f64 = 1e-14;
    let tails = contexts / alphabet;
    let mut now = vec![1.0 / contexts as f64; contexts];
    for _ in 0..MOST_ROUNDS {
        let mut next = vec![0.0; contexts];
        for (context, (row, weight)) in table.chunks_exact(alphabet).zip(&now).enumerate() {
            let to = context % tails * alphabet;
            for (next, p) in next[to..to + alphabet].iter_mut().zip(row) {
                *next += weight * p;
            }
        }
        let moved: f64 = now.iter().zip(&next).map(|(a, b)| (a - b).abs()).sum();
        now = next;
        if moved < CLOSE {
            break;
        }
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(alphabet: usize, order: usize) -> Language {
        let spec = LanguageSpec {
            alphabet,
            order,
            zipf: 1.0,
            seed: 3,
        };
        Language::new(spec).unwrap()
    }

    #[test]
    fn probabilities_sum_to_one_in_every_context() {
        let language = language(7, 2);
        for row in language.table(49).chunks_exact(7) {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        let total: f64 = (0..7).map(|t| (-language.loss(&[3, 5], t)).exp()).sum();
        assert!((total - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_language_scores_itself_at_its_entropy() {
        let language = language(16, 2);
        let entropy = language.entropy();
        let (mut tokens, mut means) = (Vec::new(), Vec::new());
        for index in 0..400 {
            language.write(&mut Random::new(1, "test", index), 500, &mut tokens);
            let total: f64 = (2..tokens.len())
                .map(|at| language.loss(&tokens[..at], tokens[at]))
                .sum();
            means.push(total / 500.0);
        }
        let n = means.len() as f64;
        let mean = means.iter().sum::<f64>() / n;
        let variance = means.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let error = (variance / n).sqrt();
        assert!(error < 0.005, "{error}");
        assert!(
            (mean - entropy.rate).abs() < 4.0 * error,
            "{mean} ± {error} against {}",
            entropy.rate
        );
    }

    #[test]
    fn less_context_leaves_more_entropy() {
        let language = language(16, 3);
        let entropy = language.entropy();
        assert_eq!(entropy.short.len(), 3);
        for pair in entropy.short.windows(2) {
            assert!(pair[0] > pair[1]);
        }
        assert!(entropy.short[2] > entropy.rate && entropy.rate > 1.0);
        let floors = [2, 8, 128].map(|context| entropy.floor(context));
        assert!(floors[0] > floors[1] && floors[1] > floors[2] && floors[2] > entropy.rate);
        let by_hand = (entropy.short[1] + entropy.short[2] + 6.0 * entropy.rate) / 8.0;
        assert!((floors[1] - by_hand).abs() < 1e-12);
    }

    #[test]
    fn frequencies_fall_with_the_exponent() {
        let spec = LanguageSpec {
            alphabet: 16,
            zipf: 2.0,
            ..LanguageSpec::default()
        };
        let plain = Language::new(spec).unwrap().plain;
        assert!((plain.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((plain[0] / plain[3] - 16.0).abs() < 1e-9);
        let faults = [-1.0, f64::NAN, 9.0].map(|zipf| {
            let fault = Language::new(LanguageSpec { zipf, ..spec }).unwrap_err();
            fault.code
        });
        assert_eq!(faults, ["bad-language"; 3]);
    }

    #[test]
    fn an_exponent_of_one_is_not_written() {
        let text = serde_json::to_string(&LanguageSpec::default()).unwrap();
        assert_eq!(text, r#"{"alphabet":32,"order":3,"seed":0}"#);
    }

    #[test]
    fn a_language_too_large_to_count_is_refused() {
        for (alphabet, order) in [(1, 1), (32, 0), (64, 9)] {
            let spec = LanguageSpec {
                alphabet,
                order,
                zipf: 1.0,
                seed: 0,
            };
            assert_eq!(Language::new(spec).unwrap_err().code, "bad-language");
        }
    }
}
