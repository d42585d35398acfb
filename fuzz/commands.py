#!/usr/bin/env python3
"""Random formulas, tables, objectives, uncertainties and verbs through the whole command: no panic, no hang, no NaN.

    fuzz/commands.py target/debug/isoflop --runs 1000 --seed 1

A run fails when the program panics, takes longer than the limit, leaves with a code it does not have, or prints JSON
with a number that is none. Every failing run is printed with the command that repeats it, and its table is kept.
"""
import argparse, json, math, os, random, subprocess, sys, tempfile, time

NAMES = ["a", "b", "c", "d", "k", "m", "alpha", "E"]
COLUMNS = ["x", "z"]
CALLS = ["exp", "ln", "log2", "log10", "sqrt", "abs", "sigmoid", "softplus", "tanh", "sin", "cos", "atan"]
OBJECTIVES = ["squared", "squared-log", "squared-lhs", "huber-log:1e-3", "huber:0.1", "huber-log:2mad", "abs", "abs-log",
              "soft-l1:0.1", "soft-l1-log:1e-2", "quantile:0.7", "student:4", "student-log:3", "binomial"]
UNCERTAINTIES = ["none", "covariance", "sandwich", "bootstrap:25", "bca:25", "wild:25", "parametric:25", "profile",
                 "cluster:g:25"]


def expression(r, depth, unknowns=()):
    """A random expression of the grammar."""
    if depth <= 0 or r.random() < .12:
        kind = r.random()
        if kind < .45:
            return r.choice(NAMES)
        if kind < .85:
            return r.choice(COLUMNS + list(unknowns))
        return r.choice(["1", "2", "0.5", "10", "1e-3", "0", "3"])
    inner = lambda: expression(r, depth - 1, unknowns)
    kind = r.random()
    if kind < .52:
        return f"({inner()} {r.choice('++-**//^')} {inner()})"
    if kind < .56:
        return f"-{r.choice(NAMES)} * {inner()}"
    if kind < .82:
        return f"{r.choice(CALLS)}({inner()})"
    if kind < .88:
        return f"{r.choice(['min', 'max', 'logsumexp'])}({inner()}, {inner()})"
    if kind < .93:
        return f"(if {inner()} {r.choice(['<', '<=', '>', '==', '!='])} {inner()} then {inner()} else {inner()})"
    if kind < .96 and len(unknowns) < 2:
        name = "uv"[len(unknowns)]
        equation = expression(r, depth - 1, (*unknowns, name))
        return f"solve({name}, {r.choice(['0', '1e-6', '-5'])}, {r.choice(['1', '10', '1e6'])}, {name} - {equation})"
    return f"{r.choice(NAMES)} * {r.choice(COLUMNS)}^-{r.choice(NAMES)}"


ORDINARY = ["a + b*exp(-k*x)", "a*exp(k*x)", "E + a/x^alpha", "E + a/x^alpha + b/z^c", "a*x^alpha*z^b", "a + b*x + c*x^2",
            "a + b*max(0, x - k)", "a/(1 + exp(-k*(x - m)))", "a + b*ln(x + k)", "E + (a/x^alpha + b/z^c)^d"]


def formula(r):
    left = r.choice(["y"] * 8 + ["ln y", "sqrt(y)", "1/y", "y + x"])
    right = r.choice(ORDINARY) if r.random() < .35 else expression(r, r.randint(1, 4))
    step = f"let q = {expression(r, 2)}; " if r.random() < .08 else ""
    if step:
        right += r.choice([" + q", " * q", " / q"])
    return f"{step}{left} = {right}"


def column(r, n, kind):
    unit = 10 ** r.uniform(-9, 12)
    if kind == "even":
        return [unit * i / n for i in range(n)]
    if kind == "powers":
        return [unit * 10 ** (4 * i / n) for i in range(n)]
    if kind == "signed":
        return [unit * r.gauss(0, 1) for _ in range(n)]
    if kind == "constant":
        return [unit] * n
    if kind == "dates":
        return [2020 + 3 * i / n for i in range(n)]
    if kind == "whole":
        return [r.randint(0, 4) for _ in range(n)]
    return [r.choice([0, 1, -1, 1e-300, 1e300, unit]) for _ in range(n)]


def table(r):
    n = r.choice([1, 3, 6, 8, 12, 20, 20, 40])
    kinds = ["even", "powers", "powers", "signed", "constant", "dates", "whole", "odd"]
    x, z = column(r, n, r.choice(kinds)), column(r, n, r.choice(kinds))
    how = r.random()
    if how < .5:
        top = max(map(abs, x)) or 1
        e, a, p = r.uniform(.1, 3), r.uniform(-3, 3), r.uniform(-1, 1)
        y = [e + abs(a) * (abs(v / top) + 1e-3) ** p + r.gauss(0, .02) for v in x]
    elif how < .6:
        y = [r.uniform(0, 1) for _ in x]
    elif how < .7:
        y = [1.5] * n
    elif how < .8:
        y = [1 + 2 * v for v in x]
    else:
        y = column(r, n, r.choice(kinds))
    cell = lambda v: r.choice(["", "nan", "inf", "x"]) if r.random() < .004 else repr(float(v))
    rows = [f"{cell(a)},{cell(b)},{cell(c)},g{i % 5}" for i, (a, b, c) in enumerate(zip(x, z, y))]
    return "x,z,y,g\n" + "\n".join(rows) + "\n"


def command(r, program, path, saved):
    law, objective = formula(r), r.choice(OBJECTIVES)
    words = [program]
    verb = r.random()
    if verb < .72:
        words += ["fit", path, "--law", law, "--objective", objective, "--uncertainty", r.choice(UNCERTAINTIES)]
        if r.random() < .2:
            words += ["--coef", r.choice(["a = 1", "a in [0, 1]", "b in [-1, inf]", "c = a", "k"])]
        words += r.choice([["--json"], [], ["-o", saved]])
    elif verb < .86:
        words += ["check", path, "--law", law, "--objective", objective, "--json"]
    elif verb < .9:
        words += ["report", path, "--law", law]
    elif verb < .97 and os.path.exists(saved):
        words += ["predict", saved, "--at", "x=3,z=2", "--json"]
    else:
        words += ["laws", "show", law]
    return words


def judge(done, words):
    if "panicked" in done.stderr or done.returncode not in (0, 1, 2, 3):
        return f"exit {done.returncode}: {done.stderr[-400:]}"
    if "--json" in words and done.stdout.strip():
        text = done.stdout
        if any(word in text for word in (": NaN", ": inf", ": -inf", "[NaN")):
            return "a number that is none"
        try:
            json.loads(text)
        except ValueError as error:
            return f"no JSON: {error}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=20, help="seconds a run may take")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="commands-")
    failed, slow, started = 0, [], time.time()
    for i in range(options.runs):
        r = random.Random(f"{options.seed}:{i}")
        path, saved = os.path.join(folder, f"t{i % 7}.csv"), os.path.join(folder, "fit.json")
        with open(path, "w") as out:
            out.write(table(r))
        words, begun = command(r, options.program, path, saved), time.time()
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=options.limit, stdin=subprocess.DEVNULL)
            fault = judge(done, words)
        except subprocess.TimeoutExpired:
            fault = f"longer than {options.limit} s"
        slow.append((time.time() - begun, i))
        if fault:
            failed += 1
            kept = os.path.join(folder, f"failed-{i}.csv")
            os.replace(path, kept)
            shown = " ".join(f"'{w}'" if set(w) & set(" *()<>&;^") else w for w in words).replace(path, kept)
            print(f"run {i}: {fault}\n  {shown}", flush=True)
    slow.sort(reverse=True)
    longest = ", ".join(f"{t:.1f} s (run {i})" for t, i in slow[:5])
    print(f"{options.runs} runs, {failed} failed, {time.time() - started:.0f} s; the longest: {longest}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
