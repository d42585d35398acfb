//! Faults planted into sweeps, each with the findings that name it.

use super::{NOISE, Sweep, TRUTHS, clean, loss_of};
use crate::Random;

/// A fault.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// In words.
    pub name: &'static str,
    /// Findings of which any one names it.
    pub codes: &'static [&'static str],
    /// Designs that it is planted into, and the share of their tables in which it has to be named at least:
    /// a tenth less than docs/alarms.md measures.
    pub designs: &'static [(&'static str, f64)],
    plant: fn(&mut Sweep, [f64; 5], &mut Random),
}

impl Fault {
    /// A sweep of one of its designs with the fault.
    #[must_use]
    pub fn sweep(&self, design: &str, seed: u64) -> Sweep {
        let mut sweep = clean(design, seed);
        let truth = TRUTHS[seed as usize % TRUTHS.len()];
        (self.plant)(&mut sweep, truth, &mut Random::new(seed ^ 0xfa17));
        sweep
    }
}

/// All that are planted.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "one loss off by 20 standard deviations",
        codes: &["outlying-runs"],
        designs: &[
            ("grid20", 0.9),
            ("grid40", 0.85),
            ("isoflop42", 0.9),
            ("random30", 0.9),
            ("chin240", 0.9),
        ],
        plant: |s, _, r| {
            let i = r.below(s.len());
            s.noise[i] += NOISE * if r.below(2) == 0 { 20.0 } else { -20.0 };
        },
    },
    Fault {
        name: "one loss off by 8 standard deviations",
        codes: &["outlying-runs"],
        designs: &[("grid20", 0.9), ("grid40", 0.9), ("chin240", 0.9)],
        plant: |s, _, r| {
            let i = r.below(s.len());
            s.noise[i] += NOISE * if r.below(2) == 0 { 8.0 } else { -8.0 };
        },
    },
    Fault {
        name: "3 % of the losses off by 15 standard deviations",
        codes: &["outlying-runs"],
        designs: &[("grid40", 0.8), ("chin240", 0.9)],
        plant: |s, _, r| {
            for i in 0..s.len() {
                if r.unit() < 0.03 || i == 5 {
                    s.noise[i] += NOISE * if r.below(2) == 0 { 15.0 } else { -15.0 };
                }
            }
        },
    },
    Fault {
        name: "noise that falls with size, 7.5 times as large at the smallest",
        codes: &["uneven-noise"],
        designs: &[
            ("grid20", 0.45),
            ("grid40", 0.9),
            ("isoflop42", 0.55),
            ("chin240", 0.9),
        ],
        plant: |s, _, _| {
            let (low, high) = ends(&s.params);
            for i in 0..s.len() {
                let along = (high / s.params[i]).ln() / (high / low).ln();
                s.noise[i] *= 7.5f64.powf(along);
            }
        },
    },
    Fault {
        name: "noise three times as large in the smaller half of the sizes",
        codes: &["uneven-noise"],
        designs: &[("grid40", 0.5), ("chin240", 0.9)],
        plant: |s, _, _| {
            let (low, high) = ends(&s.params);
            for i in 0..s.len() {
                if s.params[i] < (low * high).sqrt() {
                    s.noise[i] *= 3.0;
                }
            }
        },
    },
    Fault {
        name: "seeds of one setting that share 80 % of their deviation",
        codes: &["dependent-rows", "dependent-runs"],
        designs: &[("seeds60", 0.9)],
        plant: |s, _, r| share(s, r, 0.8),
    },
    Fault {
        name: "seeds of one setting that share 60 % of their deviation",
        codes: &["dependent-rows", "dependent-runs"],
        designs: &[("seeds60", 0.85)],
        plant: |s, _, r| share(s, r, 0.6),
    },
    Fault {
        name: "a middle size under-tuned by 2 %",
        codes: &["under-tuned-rung"],
        designs: &[("grid20", 0.8), ("grid40", 0.9), ("rounded56", 0.8)],
        plant: |s, _, _| {
            let sizes = sizes(s);
            lift(s, sizes[sizes.len() / 2], 0.02);
        },
    },
    Fault {
        name: "the largest size under-tuned by 3 %",
        codes: &["under-tuned-rung", "residual-trend"],
        designs: &[("grid20", 0.9), ("grid40", 0.9), ("rounded56", 0.9)],
        plant: |s, _, _| {
            let sizes = sizes(s);
            lift(s, sizes[sizes.len() - 1], 0.03);
        },
    },
    Fault {
        name: "the smallest size under-tuned by 3 %",
        codes: &["under-tuned-rung", "residual-trend"],
        designs: &[("grid20", 0.65), ("grid40", 0.9), ("rounded56", 0.9)],
        plant: |s, _, _| lift(s, sizes(s)[0], 0.03),
    },
    Fault {
        name: "a data exponent 40 % smaller beyond the middle of D",
        codes: &["residual-trend"],
        designs: &[
            ("grid40", 0.7),
            ("isoflop42", 0.3),
            ("chin240", 0.9),
            ("rounded56", 0.85),
        ],
        plant: |s, t, _| {
            let (low, high) = ends(&s.tokens);
            let middle = (low * high).sqrt();
            for i in 0..s.len() {
                let d = s.tokens[i];
                let slower = if d > middle {
                    (d / middle).powf(0.4 * t[4])
                } else {
                    1.0
                };
                s.exact[i] = t[0] + t[1] / s.params[i].powf(t[3]) + t[2] / d.powf(t[4]) * slower;
            }
        },
    },
    Fault {
        name: "sizes without embeddings beside total FLOP",
        codes: &["sizes-and-flops-differ"],
        designs: &[
            ("grid20", 0.9),
            ("grid40", 0.9),
            ("isoflop42", 0.9),
            ("random30", 0.9),
            ("chin240", 0.9),
        ],
        plant: |s, _, _| {
            let total = s.params.clone();
            let tokens = s.tokens.clone();
            s.column("flops", |i| format!("{:e}", 6.0 * total[i] * tokens[i]));
            s.params = total.iter().map(|n| without_embeddings(*n)).collect();
        },
    },
    Fault {
        name: "compute without the last layer beside total sizes",
        codes: &["sizes-and-flops-differ"],
        designs: &[("grid40", 0.9), ("isoflop42", 0.9), ("chin240", 0.9)],
        plant: |s, _, _| {
            let (n, d) = (s.params.clone(), s.tokens.clone());
            s.column("flops", |i| {
                format!("{:e}", 6.0 * without_embeddings(n[i]) * d[i])
            });
        },
    },
    Fault {
        name: "tokens at 20 times the size throughout",
        codes: &["tied-inputs", "narrow-range"],
        designs: &[("ray20", 0.9)],
        plant: |_, _, _| {},
    },
    Fault {
        name: "two corpora 1 % apart",
        codes: &["mixed-sources"],
        designs: &[
            ("grid20", 0.9),
            ("grid40", 0.9),
            ("isoflop42", 0.9),
            ("recorded54", 0.9),
        ],
        plant: |s, _, _| {
            s.more.retain(|(name, _)| name != "corpus");
            s.column("corpus", |i| ["web", "books"][i % 2].to_owned());
            for i in (0..s.len()).step_by(2) {
                s.noise[i] += 0.01;
            }
        },
    },
    Fault {
        name: "five checkpoints a run, independent of nothing",
        codes: &["checkpoints-as-runs"],
        designs: &[("grid20", 0.9), ("grid40", 0.9)],
        plant: |s, t, _| {
            let whole = s.clone();
            *s = Sweep::default();
            let mut names = Vec::new();
            for i in 0..whole.len() {
                for part in [0.2, 0.4, 0.6, 0.8, 1.0] {
                    let (n, d) = (whole.params[i], part * whole.tokens[i]);
                    s.params.push(n);
                    s.tokens.push(d);
                    s.exact.push(loss_of(t, n, d));
                    s.noise.push(whole.noise[i]);
                    names.push(format!("run-{i}"));
                }
            }
            s.column("run_id", |i| names[i].clone());
        },
    },
    Fault {
        name: "three learning rates a setting, all kept",
        codes: &["unselected-runs"],
        designs: &[("seeds60", 0.9)],
        plant: |s, _, _| {
            for i in 0..s.len() {
                s.noise[i] += [0.0, 0.02, 0.03][i % 3];
            }
            s.column("learning_rate", |i| {
                ["1e-3", "3e-4", "3e-3"][i % 3].to_owned()
            });
        },
    },
    Fault {
        name: "a third of the losses as perplexities",
        codes: &["mixed-loss-scales"],
        designs: &[("grid40", 0.9), ("chin240", 0.9)],
        plant: |s, _, _| {
            for i in (0..s.len()).step_by(3) {
                let loss = s.exact[i] * s.noise[i].exp();
                (s.exact[i], s.noise[i]) = (loss.exp(), 0.0);
            }
        },
    },
    Fault {
        name: "two runs that diverged",
        codes: &["diverged-runs"],
        designs: &[("grid40", 0.9), ("isoflop42", 0.9), ("chin240", 0.9)],
        plant: |s, _, r| {
            let first = r.below(s.len());
            for i in [first, (first + 7) % s.len()] {
                s.noise[i] += 0.8;
            }
        },
    },
    Fault {
        name: "runs that crashed, by their state",
        codes: &["wandb-states"],
        designs: &[("recorded54", 0.9)],
        plant: |s, _, _| {
            let states = s.more.iter_mut().find(|(name, _)| name == "State");
            for cell in states.into_iter().flat_map(|(_, cells)| cells).step_by(9) {
                "crashed".clone_into(cell);
            }
        },
    },
];

fn ends(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    (low, values.iter().copied().fold(0.0, f64::max))
}

fn sizes(sweep: &Sweep) -> Vec<f64> {
    let mut sizes = sweep.params.clone();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    sizes
}

fn lift(sweep: &mut Sweep, size: f64, share: f64) {
    for i in 0..sweep.len() {
        if sweep.params[i] == size {
            sweep.noise[i] += share;
        }
    }
}

/// Runs of one setting deviate together: a share of the standard deviation is theirs in common.
fn share(sweep: &mut Sweep, random: &mut Random, shared: f64) {
    let mut own = (0.0, 0.0, 0.0);
    for i in 0..sweep.len() {
        if (sweep.params[i], sweep.tokens[i]) != (own.0, own.1) {
            own = (sweep.params[i], sweep.tokens[i], NOISE * random.normal());
        }
        sweep.noise[i] = shared * own.2 + (1.0 - shared * shared).sqrt() * sweep.noise[i];
    }
}

/// N' with N' + 47,491 N'^(1/3) = N (Pearce, Song 2024, equation 6), by bisection.
fn without_embeddings(n: f64) -> f64 {
    let (mut low, mut high) = (0.0, n);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle + 47_491.0 * middle.cbrt() > n {
            high = middle;
        } else {
            low = middle;
        }
    }
    f64::midpoint(low, high)
}
