//! How the record's names and units differ from those of the catalogue.

use isoflop_law::Law;

/// FLOP in a petaflop/s-day: the catalogue's columns hold FLOP where papers count PF-days.
const PF_DAY: f64 = 8.64e19;

/// Where a law of the record stands in the catalogue.
pub struct Place {
    /// Its name here; empty when its key finds it.
    pub law: &'static str,
    /// The variant, under our name; empty for the one of that key, or the only one.
    variant: String,
    /// What our response is, given theirs.
    pub response: fn(f64) -> f64,
}

impl Place {
    /// Name of the coefficient set that is meant; one that no variant has when the law has none.
    pub fn variant(&self, law: &Law) -> String {
        if self.variant.is_empty() {
            law.variants
                .first()
                .map(|v| v.name.clone())
                .unwrap_or_default()
        } else {
            self.variant.clone()
        }
    }
}

/// Laws that the record keeps together and the catalogue apart.
const APART: [(&str, &str, &str); 6] = [
    ("kaplan-2020-allocation", "N", "kaplan-params"),
    ("kaplan-2020-allocation", "B", "kaplan-batch"),
    ("kaplan-2020-allocation", "S", "kaplan-steps"),
    ("kaplan-2020-allocation", "D", "kaplan-tokens"),
    ("deepseek-2024-allocation", "M", "deepseek-scale"),
    ("deepseek-2024-allocation", "D", "deepseek-tokens"),
];

/// Variants under another name here.
const VARIANTS: [(&str, &str, &str); 8] = [
    ("llama3-2024-dopt", "figure-digits", "figure"),
    ("llama3-2024-dopt", "text-rounded", "text"),
    ("hernandez-2021-transfer", "text-to-python", "text"),
    (
        "hernandez-2021-transfer",
        "text-and-code-to-python",
        "text-and-code",
    ),
    ("sardana-2023-fits", "le-100-tokens-per-param", "up-to-100"),
    ("sardana-2023-fits", "le-250", "up-to-250"),
    ("sardana-2023-fits", "le-500", "up-to-500"),
    ("caballero-2022-bnsl", "", "figure"),
];

pub fn place(key: &str, variant: &str) -> Place {
    let apart = APART
        .iter()
        .find(|(k, v, _)| *k == key && (*v == variant || variant.is_empty()));
    let other = VARIANTS.iter().find(|(k, v, _)| *k == key && *v == variant);
    Place {
        law: apart.map_or("", |(_, _, law)| law),
        variant: match (apart, other) {
            (Some(_), _) => String::new(),
            (_, Some((_, _, ours))) => (*ours).to_owned(),
            _ => variant.to_owned(),
        },
        // The record gives the logarithm of the compute, the catalogue the compute.
        response: if key == "jones-2021-train-test" {
            |log| 10f64.powf(log)
        } else {
            |x| x
        },
    }
}

/// Keys, their name, our name, factor from their unit to ours.
const NAMES: &[(&[&str], &str, &str, f64)] = &[
    (
        &[
            "kaplan-2020-lc-naive",
            "kaplan-2020-analytic-frontier",
            "henighan-2020-lc",
            "henighan-2020-nopt",
        ],
        "C",
        "C",
        PF_DAY,
    ),
    (
        &["kaplan-2020-lcmin", "kaplan-2020-allocation"],
        "C_min",
        "C",
        PF_DAY,
    ),
    (&["kaplan-2020-lns"], "S_min", "S", 1.0),
    (&["henighan-2020-ln"], "Linf", "L_inf", 1.0),
    (&["henighan-2020-ln"], "x0", "N_0", 1.0),
    (
        &[
            "sardana-2023-lifetime-cost",
            "sardana-2023-elasticity-ratio",
        ],
        "D_tr",
        "D",
        1.0,
    ),
    (&["pearce-2024-total-from-nonembedding"], "N", "N_body", 1.0),
    (&["droppo-elibol-2021"], "Linf", "L_inf", 1.0),
    (
        &["alabdulmohsin-2022-m2", "alabdulmohsin-2022-m4"],
        "eps_inf",
        "y_inf",
        1.0,
    ),
    (&["alabdulmohsin-2022-m4"], "eps0", "y_0", 1.0),
    (&["mup-2022-adam"], "w0", "w_0", 1.0),
    (&["mup-2022-adam"], "eta0", "lr_0", 1.0),
    (&["muennighoff-2023-repetition"], "D_C", "U", 1.0),
    (&["zhang-2024-finetuning"], "D_f", "F", 1.0),
    (
        &[
            "clark-2022-routed",
            "ludziejewski-2025-joint-moe",
            "ludziejewski-2025-mu",
            "ludziejewski-2025-m",
        ],
        "n_exp",
        "n",
        1.0,
    ),
    (&["ludziejewski-2025-joint-moe"], "N_act", "N", 1.0),
    (&["zhao-2025-moe"], "Na", "N_a", 1.0),
    (&["kumar-2024-loss"], "Neff", "N_eff", 1.0),
    (
        &["tao-2024-vocabulary", "tao-2024-optimal-vocab"],
        "Nnv",
        "N_nv",
        1.0,
    ),
    (&["tao-2024-vocabulary"], "Nv", "N_v", 1.0),
    (&["busbridge-2025-distillation"], "N_S", "N", 1.0),
    (&["busbridge-2025-distillation"], "D_S", "D", 1.0),
    (&["busbridge-2025-distillation"], "al", "alpha", 1.0),
    (&["busbridge-2025-distillation"], "be", "beta", 1.0),
    (&["busbridge-2025-distillation"], "ga", "gamma", 1.0),
    (&["openai-2023-gpt4-passrate"], "alpha", "a", 1.0),
    (&["bhagia-2024-step2"], "L0", "L_0", 1.0),
    (&["owen-2024-sigmoid"], "x0", "x_0", 1.0),
    (&["schaeffer-2023-exact-match"], "Llen", "n", 1.0),
    (&["epoch-2025-stitching"], "C_m", "C", 1.0),
    (&["epoch-2025-stitching"], "D_b", "d", 1.0),
    (&["epoch-2025-stitching"], "a_b", "a", 1.0),
    (&["metr-2025-trend"], "h0", "h_0", 1.0),
    (&["jones-2021-train-test"], "train", "C", 1.0),
    (&["khatri-2025-scalerl"], "R0", "R_0", 1.0),
    (&["rl-2025-posttraining"], "N0", "N_0", 1.0),
    (&["exp-trend"], "x0", "x_0", 1.0),
    (&["epoch-compute-growth"], "C0", "C_0", 1.0),
    (&["epoch-cost-growth"], "cost0", "cost_0", 1.0),
    (&["effective-compute"], "C_phys", "C", 1.0),
    (&["effective-compute"], "oom_alg", "oom", 1.0),
    (&["inference-price-decline"], "p0", "p_0", 1.0),
    (&["mertens-2026-developer"], "b0", "b_0", 1.0),
    (&["shumailov-2024-gaussian"], "n1", "n", 1.0),
    (
        &["dominguez-2024-training-on-test-task"],
        "logC",
        "log_C",
        1.0,
    ),
    (&["mfu"], "tokens_per_s", "rate", 1.0),
    (&["mfu"], "flop_per_token", "flops", 1.0),
    (&["mfu", "train-time"], "n_chips", "chips", 1.0),
];

/// Our name of something in the record, and the factor to our unit.
pub fn renamed(key: &str, name: &str) -> (String, f64) {
    let found = NAMES
        .iter()
        .find(|(keys, theirs, _, _)| *theirs == name && keys.contains(&key));
    found.map_or((name.to_owned(), 1.0), |(_, _, ours, factor)| {
        ((*ours).to_owned(), *factor)
    })
}

/// The over-training law takes compute and tokens per parameter in the record, parameters and tokens here.
pub fn as_run(key: &str, at: Vec<(String, f64)>) -> Vec<(String, f64)> {
    if key != "gadre-2024-overtraining" {
        return at;
    }
    let get = |name: &str| at.iter().find(|(n, _)| n == name).expect("given").1;
    let params = (get("C") / (6.0 * get("M"))).sqrt();
    vec![("N".into(), params), ("D".into(), get("M") * params)]
}
