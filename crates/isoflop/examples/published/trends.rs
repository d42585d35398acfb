//! Trends in time, success over task length, repeated sampling.

use isoflop::Fit;

use crate::book::{Book, Ends, Rule, evidence};
use crate::setup::{Ask, Setup, ends, records, se, value};

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
        &[
            "closed = exp(`s[closed]`)",
            "open = exp(`s[open]`)",
            "oom_open = `s[open]` / ln(10)",
            "oom_closed = `s[closed]` / ln(10)",
        ],
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
    book.answer(
        folder,
        "slopes in OOM/year",
        &[
            value(&apart, "oom_open"),
            se(&apart, "oom_open"),
            value(&apart, "oom_closed"),
            se(&apart, "oom_closed"),
        ],
        &Rule::Near(
            0.35,
            "slopes to their digits; theirs have a residual variance for each line, ours one for both",
        ),
        &evidence(&apart),
    );
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
    book.not_a_fit(folder, "BIC", "a criterion within the sample");
    book.rest(folder, "a matching of records");
}

fn eci(book: &mut Book, setup: &Setup) {
    let folder = "eci";
    let base = Ask {
        file: "eci/eci.csv",
        law: "eci = a + s * (date - 2024)",
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
        let table = all.filtered(filter).expect("a filter");
        let fit = setup.fit_table(&table, &base);
        book.interval(
            folder,
            quantity,
            &[value(&fit, "s")],
            &Ends {
                found: ends(&fit, "s"),
                share: 0.25,
                why: "ties of a day are broken otherwise, or an interval by the normal quantile where five records ask for Student's",
            },
            &evidence(&fit),
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
        let fit = growth(
            setup,
            "metr_horizons/horizons.csv",
            "horizon_minutes = exp(a + s * (date - 2024))",
            filter,
            &["days = 365.25 * ln(2) / s"],
            0.95,
        );
        let rule = Rule::Near(
            2e-3,
            "dates as years of their own length, not of 365.25 days",
        );
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
        ("2010 to 2024-05", "date >= 2010 and date < 2024.4155"),
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
        let (low, high) = ends(&fit, "s");
        book.interval(
            folder,
            &format!("OLS growth of training compute, all rows with compute, {span}"),
            &[value(&fit, "growth")],
            &Ends {
                found: (low.exp(), high.exp()),
                share: 0.05,
                why: "the window's last day is counted otherwise",
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
        let fit = growth(
            setup,
            "llm_prices/prices.csv",
            "price_usd_per_mtok = exp(a - s * (date - 2024))",
            &format!(
                "used_in_fit and benchmark == \"{benchmark}\" and threshold == \"{threshold}\""
            ),
            &["factor = exp(s)"],
            0.9,
        );
        let (low, high) = ends(&fit, "s");
        let (low, high) = (low.exp(), high.exp());
        let printed = book
            .lines
            .iter()
            .find(|l| l.quantity == quantity)
            .expect("a row");
        let theirs = printed.interval.expect("an interval");
        let gap = |a: f64, b: f64| (a / b).ln().abs();
        let center = crate::book::numbers(&printed.value)[0].value;
        let width = (theirs.1 / theirs.0).ln();
        let worst = gap(low, theirs.0)
            .max(gap(high, theirs.1))
            .max(gap(value(&fit, "factor"), center))
            / width;
        let rule = if worst < 0.01 {
            Rule::Near(
                0.05,
                "value and interval, dates as years of their own length",
            )
        } else {
            Rule::Known("the rows marked as fitted are not those of the published slope")
        };
        let told = format!("{}, interval [{low:.3}, {high:.3}]", evidence(&fit));
        book.answer(folder, &quantity, &[value(&fit, "factor")], &rule, &told);
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
