//! Trends in time, success over task length, repeated sampling.

use isoflop::Fit;

use super::book::{Book, Ends, Rule, evidence};
use super::setup::{Ask, Setup, ends, paced, records, se, value};

pub fn answer(book: &mut Book, setup: &Setup) {
    frontier(book, setup);
    eci(book, setup);
    scores(book);
    horizons(book, setup);
    notable(book, setup);
    prices(book, setup);
    sampling(book, setup);
    book.rest(
        "benchmark_saturation",
        "an index of five scores: `score` and `diagnose`",
    );
    book.rest("gsm1k", "a mean gap of two scores: `diagnose`");
    book.rest("o1_inference", "a ceiling read off a figure: `score`");
    book.rest(
        "pythia_evals",
        "a count, a cell of the table, or tasks at chance: `score`",
    );
    book.rest(
        "sota_over_time",
        "first and last cell of a series, or a share in words",
    );
}

/// Quantiles of the normal distribution that end 95 % and 90 % intervals, rounded as in the collector's intervals.
const NORMAL_95: f64 = 1.96;
const NORMAL_90: f64 = 1.645;

fn normal(value: f64, se: f64, quantile: f64) -> (f64, f64) {
    (value - quantile * se, value + quantile * se)
}

/// The evidence of a fit whose printed interval is a normal one, with the interval that so few runs ask for.
fn by_student(fit: &Fit, name: &str) -> String {
    let (low, high) = ends(fit, name);
    format!(
        "{}; interval by the normal quantile as theirs, Student's is [{low:.2}, {high:.2}]",
        evidence(fit)
    )
}

/// A quantity that grows by a constant factor a year, by least squares of its logarithm.
fn growth(setup: &Setup, file: &str, law: &str, filter: &str, derive: &[&str], level: f64) -> Fit {
    setup.fit(&Ask {
        file,
        law,
        filter,
        objective: "squared-log",
        uncertainty: "covariance",
        level,
        derive,
        ..Ask::default()
    })
}

fn frontier(book: &mut Book, setup: &Setup) {
    let folder = "compute_frontier";
    let file = "compute_frontier/open_closed.csv";
    let same = growth(
        setup,
        file,
        "flops = exp(a[category] + s * (date - 2022))",
        "",
        &[
            "growth = exp(s)",
            "lag = 12 * (`a[closed]` - `a[open]`) / s",
        ],
        0.9,
    );
    book.answer(
        folder,
        "same-slope model: growth",
        &[value(&same, "growth")],
        &Rule::Digits,
        &evidence(&same),
    );
    book.answer(
        folder,
        "lag of open behind closed",
        &[value(&same, "lag")],
        &Rule::Near(
            1e-3,
            "theirs is the median of a bootstrap; least squares give 15.60, as the collector found",
        ),
        &evidence(&same),
    );
    let apart = growth(
        setup,
        file,
        "flops = exp(a[category] + s[category] * (date - 2022))",
        "",
        &["closed = exp(`s[closed]`)", "open = exp(`s[open]`)"],
        0.9,
    );
    for which in ["closed", "open"] {
        let rule = Rule::Near(0.01, "theirs is the median of a bootstrap");
        book.answer(
            folder,
            &format!("separate slopes: {which}"),
            &[value(&apart, which)],
            &rule,
            &evidence(&apart),
        );
    }
    frontier_apart(book, setup, [&same, &apart]);
    let other = growth(
        setup,
        "compute_frontier/non_china.csv",
        "flops = exp(a + s * (date - 2022))",
        "",
        &["growth = exp(s)"],
        0.9,
    );
    book.answer(
        folder,
        "Non-China top-10 language models: growth",
        &[value(&other, "growth")],
        &Rule::Digits,
        &evidence(&other),
    );
    book.answer(
        folder,
        "OLS on non_china.csv",
        &[value(&other, "growth")],
        &Rule::Near(
            5e-4,
            "dates as years of their own length, not of 365.25 days",
        ),
        &evidence(&other),
    );
    book.not_a_fit(
        folder,
        "Non-China: one kink",
        "breaks that are not credible: `check` will test for them",
    );
    book.not_a_fit(
        folder,
        "Non-China: discontinuity",
        "breaks that are not credible: `check` will test for them",
    );
    book.rest(folder, "a matching of records");
}

/// Each line with a residual variance of its own, and the criterion that compares two lines with one.
fn frontier_apart(book: &mut Book, setup: &Setup, [same, apart]: [&Fit; 2]) {
    let folder = "compute_frontier";
    let file = "compute_frontier/open_closed.csv";
    let law = "flops = exp(a + s * (date - 2022))";
    let alone = ["open", "closed"].map(|which| {
        growth(
            setup,
            file,
            law,
            &format!("category == \"{which}\""),
            &["oom = s / ln(10)"],
            0.9,
        )
    });
    let [open, closed] = &alone;
    let slopes = [
        value(open, "oom"),
        se(open, "oom"),
        value(closed, "oom"),
        se(closed, "oom"),
    ];
    let told = format!("{}; {}", evidence(open), evidence(closed));
    book.answer(folder, "slopes in OOM/year", &slopes, &Rule::Digits, &told);
    let line = growth(setup, file, law, "", &[], 0.9);
    let ours = [apart, same, &line].map(bayesian);
    book.answer(
        folder,
        "BIC",
        &ours,
        &Rule::Near(2e-3, "dates as years of their own length"),
        &format!("{}; of decimal logarithms", evidence(&line)),
    );
}

/// Schwarz's criterion of a least-squares fit to ln y, told for decimal logarithms: the noise counts as a coefficient.
fn bayesian(fit: &Fit) -> f64 {
    let n = fit.n as f64;
    let squares = fit.objective.value / std::f64::consts::LN_10.powi(2);
    let likelihood = -0.5 * n * ((2.0 * std::f64::consts::PI * squares / n).ln() + 1.0);
    (fit.coefs.len() as f64 + 1.0) * n.ln() - 2.0 * likelihood
}

fn eci(book: &mut Book, setup: &Setup) {
    let folder = "eci";
    let base = Ask {
        file: "eci/eci.csv",
        law: "eci = a + s * (years - 24)",
        objective: "squared",
        uncertainty: "covariance",
        ..Ask::default()
    };
    let all = records(&setup.table(&base), "date", "eci");
    for (quantity, filter) in [
        (
            "snapshot: frontier (record) ECI slope 2023-01 to 2025-11",
            "date >= 2023",
        ),
        (
            "snapshot: frontier (record) ECI slope 2023-01 to 2024-04",
            "date >= 2023 and date < 2024.2486",
        ),
        (
            "snapshot: frontier (record) ECI slope 2024-04 to 2025-11",
            "date >= 2024.2486",
        ),
    ] {
        let table = paced(&all.filtered(filter).expect("a filter"), "eci", 365.25);
        let fit = setup.fit_table(&table, &base);
        book.interval(
            folder,
            quantity,
            &[value(&fit, "s")],
            &Ends {
                found: normal(value(&fit, "s"), se(&fit, "s"), NORMAL_95),
                share: 0.01,
                why: "the records are others",
            },
            &by_student(&fit, "s"),
        );
    }
    book.rest(folder, "remembered, and of another snapshot");
}

fn scores(book: &mut Book) {
    let folder = "benchmark_scores";
    for benchmark in [
        "MMLU",
        "HellaSwag",
        "GSM8K",
        "MATH level 5",
        "GPQA diamond",
        "SWE-Bench verified",
        "FrontierMath-2025-02-28-Private",
        "OTIS Mock AIME 2024-2025",
    ] {
        book.not_a_fit(
            folder,
            &format!("{benchmark}: best score"),
            "a maximum and first dates: `forecast`",
        );
    }
    book.rest(
        folder,
        "stitched capabilities of 179 models on the authors' own selection of scores, and trends in them: the data here are a \
         later state than their notebooks; `score` fits the item law",
    );
}

fn horizons(book: &mut Book, setup: &Setup) {
    let folder = "metr_horizons";
    for (quantity, filter) in [
        (
            "OLS doubling time on sota_at_release rows of",
            "sota_at_release",
        ),
        ("OLS doubling time on all dated rows", ""),
        (
            "OLS doubling time on sota_at_release rows from",
            "sota_at_release and date >= 2024",
        ),
    ] {
        let ask = Ask {
            file: "metr_horizons/horizons.csv",
            law: "horizon_minutes = exp(a + s * (years - 24))",
            filter,
            objective: "squared-log",
            derive: &["days = 365.25 * ln(2) / s"],
            ..Ask::default()
        };
        // A model that has a horizon but no date is in the file too.
        let dated = setup.table(&ask).filtered("date > 2000").expect("a filter");
        let fit = setup.fit_table(&paced(&dated, "horizon_minutes", 365.25), &ask);
        let rule = Rule::Digits;
        book.answer(
            folder,
            quantity,
            &[value(&fit, "days")],
            &rule,
            &evidence(&fit),
        );
    }
    for model in [
        "Claude 3 Opus",
        "Claude 3.5 Sonnet (New)",
        "Claude 3.5 Sonnet (Old)",
        "GPT-4 0314",
        "GPT-4 Turbo",
        "GPT-4o",
        "gpt-3.5-turbo-instruct",
        "o1",
        "o1-preview",
    ] {
        let fit = setup.fit(&Ask {
            file: "metr_horizons/runs.csv",
            law: "success = sigmoid(a + b * log2(human_minutes))",
            filter: &format!("model == \"{model}\""),
            weights: Some("weight_invsqrt_task"),
            objective: "binomial",
            derive: &["horizon = 2^(-a / b)"],
            ..Ask::default()
        });
        let rule = Rule::Near(0.02, "the collector's digits");
        book.answer(
            folder,
            &format!("{model}: 50% horizon"),
            &[value(&fit, "horizon")],
            &rule,
            &evidence(&fit),
        );
    }
    book.not_a_fit(
        folder,
        "davinci-002: 50% horizon",
        "no success in 68 runs: the likelihood has no maximum, and a horizon would be made up",
    );
    book.rest(folder, "remembered, or of another set of tasks");
}

fn notable(book: &mut Book, setup: &Setup) {
    let folder = "notable_models";
    for (span, filter) in [
        ("1950 to 2010-01", "date < 2010"),
        ("2010 to 2024-05", "date >= 2010 and date < 2024.3306"),
        ("2018 to 2025-12", "date >= 2018"),
        ("2010 to 2025-12", "date >= 2010"),
    ] {
        let fit = growth(
            setup,
            "notable_models/models.csv",
            "flops = exp(a + s * (date - 2018))",
            filter,
            &["growth = exp(s)"],
            0.9,
        );
        let (low, high) = normal(value(&fit, "s"), se(&fit, "s"), NORMAL_90);
        book.interval(
            folder,
            &format!("OLS growth of training compute, all rows with compute, {span}"),
            &[value(&fit, "growth")],
            &Ends {
                found: (low.exp(), high.exp()),
                share: 0.01,
                why: "the window is another",
            },
            &evidence(&fit),
        );
    }
    book.rest(folder, "remembered, of other windows and selections");
}

fn prices(book: &mut Book, setup: &Setup) {
    let folder = "llm_prices";
    let open: Vec<String> = book
        .lines
        .iter()
        .filter(|l| l.folder == folder)
        .map(|l| l.quantity.clone())
        .collect();
    for quantity in open {
        let Some((benchmark, rest)) = quantity.split_once(" at least ") else {
            continue;
        };
        let Some((threshold, _)) = rest.split_once(": price falls") else {
            continue;
        };
        let rows = format!(
            "used_in_fit and benchmark == \"{benchmark}\" and threshold == \"{threshold}\""
        );
        let ask = Ask {
            file: "llm_prices/prices.csv",
            law: "price_usd_per_mtok = exp(a - s * (years - 24))",
            filter: &rows,
            objective: "squared-log",
            uncertainty: "covariance",
            level: 0.9,
            derive: &["factor = exp(s)"],
            ..Ask::default()
        };
        // The authors' year has 365 days.
        let fit = setup.fit_table(
            &paced(&setup.table(&ask), "price_usd_per_mtok", 365.0),
            &ask,
        );
        let (low, high) = ends(&fit, "s");
        book.interval(
            folder,
            &quantity,
            &[value(&fit, "factor")],
            &Ends {
                found: (low.exp(), high.exp()),
                share: 0.01,
                why: "the rows marked as fitted are not those of the published slope",
            },
            &evidence(&fit),
        );
    }
    book.rest(folder, "a range in words");
}

fn sampling(book: &mut Book, setup: &Setup) {
    let folder = "pass_at_k";
    for size in ["12B", "160M", "1B", "2.8B", "410M", "6.9B", "70M"] {
        let fit = setup.fit(&Ask {
            file: "pass_at_k/pass_at_k.csv",
            law: "neg_log_pass_at_k = a * k^-b",
            filter: &format!("model == \"Pythia {size}\" and k >= 10"),
            objective: "squared-log",
            ..Ask::default()
        });
        book.answer(
            folder,
            &format!("Pythia {size}, MATH: exponent b"),
            &[value(&fit, "b")],
            &Rule::Digits,
            &evidence(&fit),
        );
    }
    book.rest(folder, "a law in words");
}
