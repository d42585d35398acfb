#!/usr/bin/env python3
"""The standard study of a Chinchilla law as a SciPy script: the yardstick for `isoflop fit`.

It does what public replications do. Law: ln L = logsumexp(a - alpha ln N, b - beta ln D, e).
Objective: the sum of Huber(ln residual, delta). Gradients: numeric, SciPy's own. First stage: all 4500
starts of the grid of Hoffmann et al. (2022, arXiv:2203.15556, appendix D.3). Second stage: 4000 resamples
of the rows with replacement, each solved once from the best point of the first stage.

    python3 -m venv .venv && .venv/bin/pip install numpy scipy
    .venv/bin/python scipy_study.py runs.csv --params params --tokens tokens --loss loss

Prints one JSON document. CPU seconds are those of this process. With --fraction 0.05 each stage does one
twentieth of its solves, and the CPU seconds of the whole study are extrapolated in proportion; the document
says so in `extrapolated`.
"""

import argparse
import csv
import itertools
import json
import os
import platform
import sys
import time

# The arrays are short: more threads only add waiting, and CPU time would count it.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import scipy
from scipy.optimize import minimize
from scipy.special import huber, logsumexp

NAMES = ("a", "b", "e", "alpha", "beta")
STARTS = 4500
RESAMPLES = 4000
SAME_OPTIMUM = 1e-9


def arguments():
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", help="CSV file with a header")
    parser.add_argument("--params", default="params", help="column of N")
    parser.add_argument("--tokens", default="tokens", help="column of D")
    parser.add_argument("--loss", default="loss", help="column of L")
    parser.add_argument("--drop-largest", type=int, default=0, metavar="K",
                        help="leave out the K rows with the largest loss (the replication of the Chinchilla fit: 5)")
    parser.add_argument("--delta", type=float, default=1e-3, help="corner of the Huber penalty")
    parser.add_argument("--method", choices=("BFGS", "L-BFGS-B"), default="BFGS")
    parser.add_argument("--fraction", type=float, default=1.0, help="share of the solves to do, above 0 and at most 1")
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()
    if not 0 < args.fraction <= 1:
        parser.error("--fraction is a share of the solves: above 0 and at most 1")
    return args


def read(args):
    """ln N, ln D and ln L of the rows that are used."""
    with open(args.table, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    columns = (args.params, args.tokens, args.loss)
    for column in columns:
        if not rows or column not in rows[0]:
            sys.exit(f"{args.table}: no column {column!r}")
    table = np.array([[float(row[c]) for c in columns] for row in rows])
    if args.drop_largest:
        table = table[table[:, 2] < np.sort(table[:, 2])[-args.drop_largest]]
    return np.log(table).T


def objective(theta, ln_n, ln_d, ln_l, delta):
    """Sum of Huber penalties of the residuals of ln L."""
    a, b, e, alpha, beta = theta
    terms = np.stack((a - alpha * ln_n, b - beta * ln_d, np.full_like(ln_n, e)))
    return huber(delta, ln_l - logsumexp(terms, axis=0)).sum()


def grid():
    """The 4500 starts, in the order of NAMES."""
    amplitudes = np.arange(0, 26, 5.0)
    floors = np.arange(-1, 1.1, 0.5)
    exponents = np.arange(0, 2.1, 0.5)
    starts = np.array(list(itertools.product(amplitudes, amplitudes, floors, exponents, exponents)))
    assert len(starts) == STARTS
    return starts


def share(count, fraction):
    """How many of `count` solves a fraction means; at least one."""
    return max(1, round(count * fraction))


def solve_grid(data, args):
    """First stage: the best point, what the starts reached, CPU seconds."""
    starts = grid()
    chosen = np.random.default_rng(args.seed).permutation(STARTS)[: share(STARTS, args.fraction)]
    clock = time.process_time()
    ends = [minimize(objective, starts[k], args=(*data, args.delta), method=args.method) for k in chosen]
    seconds = time.process_time() - clock
    values = np.array([end.fun for end in ends])
    best = ends[int(np.nanargmin(values))]
    facts = {
        "starts": len(ends),
        "reported_success": int(sum(end.success for end in ends)),
        "within_1e-9_of_the_best": int((values - best.fun <= SAME_OPTIMUM).sum()),
        "evaluations": int(sum(end.nfev for end in ends)),
        "cpu_seconds": round(seconds, 3),
        "cpu_seconds_whole_grid": round(seconds * STARTS / len(ends), 1),
    }
    return best, facts


def bootstrap(data, best, args):
    """Second stage: standard errors over the resamples, each solved from one start."""
    random = np.random.RandomState(args.seed)
    rows = data.shape[1]
    count = share(RESAMPLES, args.fraction)
    draws = []
    clock = time.process_time()
    for _ in range(count):
        sample = data[:, random.choice(rows, rows, replace=True)]
        draws.append(minimize(objective, best.x, args=(*sample, args.delta), method=args.method).x)
    seconds = time.process_time() - clock
    coefs = coefficients(np.array(draws).T)
    facts = {
        "resamples": count,
        "standard_errors": {name: float(np.std(values)) for name, values in coefs.items()},
        "cpu_seconds": round(seconds, 3),
        "cpu_seconds_all_resamples": round(seconds * RESAMPLES / count, 1),
    }
    return facts


def coefficients(theta):
    """A, B, E, alpha, beta of points in the order of NAMES."""
    a, b, e, alpha, beta = theta
    return {"A": np.exp(a), "B": np.exp(b), "E": np.exp(e), "alpha": alpha, "beta": beta}


def main():
    """Runs both stages and prints the document."""
    args = arguments()
    data = read(args)
    best, stage_one = solve_grid(data, args)
    stage_two = bootstrap(data, best, args)
    total = stage_one["cpu_seconds_whole_grid"] + stage_two["cpu_seconds_all_resamples"]
    whole = args.fraction == 1
    document = {
        "schema": "scipy-study/1",
        "table": os.path.basename(args.table),
        "n": int(data.shape[1]),
        "method": args.method,
        "delta": args.delta,
        "objective": float(best.fun),
        "coefs": {name: float(value) for name, value in coefficients(best.x).items()},
        "grid": stage_one,
        "bootstrap": stage_two,
        "cpu_seconds_study": round(total, 1),
        "extrapolated": None if whole else f"measured on a share of {args.fraction} of the solves, scaled in proportion",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
