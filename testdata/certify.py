#!/usr/bin/env python3
"""Optima of the Chinchilla law on the simulated sweep, independent of isoflop: the golden numbers of the tests.

    python3 testdata/certify.py         # needs numpy, scipy, mpmath; takes a minute

SciPy finds the best of many starts. Smooth objectives are then solved by Newton's method in 50 digits; least absolute
deviations by the five runs that the optimum passes through, certified by their duals.
"""

import csv
import pathlib

import mpmath as mp
import numpy as np
import scipy.optimize as so

HERE = pathlib.Path(__file__).resolve().parent
mp.mp.dps = 50
NAMES = ["A", "B", "E", "alpha", "beta"]


def table(path, keep=lambda row: True):
    rows = [r for r in csv.DictReader(open(HERE / path)) if keep(r)]
    return [(float(r["params"]), float(r["tokens"]), float(r["loss"])) for r in rows]


SWEEP = table("simulated/sweep.csv")
KEPT = [r for r in SWEEP if r[2] < 3.44]
LN = {"log": np.log, "raw": lambda x: x}


def model(q, n, d, exp=np.exp):
    return exp(q[2]) + exp(q[0] - q[3] * n) + exp(q[1] - q[4] * d)


def rho(kind, delta, r):
    if kind == "squared":
        return 0.5 * r * r
    a = np.abs(r)
    return np.where(a <= delta, 0.5 * r * r, delta * (a - 0.5 * delta))


def screened(rows, scale, kind, delta):
    """The best optimum in double precision: smoothed objectives with a falling corner, from many starts."""
    x = np.array(rows)
    n, d, y = np.log(x[:, 0]), np.log(x[:, 1]), LN[scale](x[:, 2])
    rng = np.random.default_rng(1)
    best = (np.inf, None)
    for _ in range(60):
        q = np.array([rng.uniform(3, 9), rng.uniform(3, 12), rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.6)])
        corners = [None] if kind == "squared" else [1.0, 0.1, 0.02, max(delta, 3e-3), max(delta, 1e-3), delta]
        for corner in corners:
            def residual(q):
                with np.errstate(all="ignore"):
                    return np.nan_to_num(LN[scale](model(q, n, d)) - y, nan=1e3, posinf=1e3, neginf=1e3)
            loss = dict(loss="linear") if corner is None else dict(loss="huber", f_scale=corner)
            q = so.least_squares(residual, q, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=2000, **loss).x
        value = rho(kind, delta, residual(q)).sum()
        if value < best[0]:
            best = (value, q)
    return best[1]


def residuals(q, rows, scale):
    out = []
    for n, d, y in rows:
        f = model(q, mp.log(mp.mpf(n)), mp.log(mp.mpf(d)), mp.exp)
        out.append(mp.log(f) - mp.log(mp.mpf(y)) if scale == "log" else f - mp.mpf(y))
    return out


def slopes(q, rows, scale):
    out = []
    for n, d, _ in rows:
        n, d = mp.log(mp.mpf(n)), mp.log(mp.mpf(d))
        a, b, e = mp.exp(q[0] - q[3] * n), mp.exp(q[1] - q[4] * d), mp.exp(q[2])
        w = 1 / (a + b + e) if scale == "log" else mp.mpf(1)
        out.append([w * a, w * b, w * e, -w * a * n, -w * b * d])
    return out


def smooth(rows, scale, kind, delta):
    q = mp.matrix([mp.mpf(float(v)) for v in screened(rows, scale, kind, delta)])
    delta = mp.mpf(delta)

    def gradient(*q):
        total = [mp.mpf(0)] * 5
        for r, s in zip(residuals(q, rows, scale), slopes(q, rows, scale)):
            psi = r if kind == "squared" or abs(r) <= delta else mp.sign(r) * delta
            total = [t + psi * v for t, v in zip(total, s)]
        return total

    q = mp.findroot(gradient, list(q), tol=1e-60, maxsteps=40)
    value = mp.mpf(0)
    for r in residuals(q, rows, scale):
        half = r * r / 2 if kind == "huber" and abs(r) <= delta else delta * (abs(r) - delta / 2)
        value += r * r if kind == "squared" else half
    inside = sum(abs(r) <= delta for r in residuals(q, rows, scale)) if kind == "huber" else None
    return q, value, inside


def absolute(rows):
    """Which five runs it passes through is found by linear programs; a proof is that all five duals lie within ±1."""
    q = screened(rows, "log", "huber", 1e-4)
    for _ in range(200):
        r = np.array([float(v) for v in residuals(list(map(mp.mpf, q)), rows, "log")])
        s = np.array([[float(v) for v in row] for row in slopes(list(map(mp.mpf, q)), rows, "log")])
        m = len(rows)
        c = np.concatenate([np.zeros(5), np.ones(2 * m)])
        a = np.hstack([s, -np.eye(m), np.eye(m)])
        lp = so.linprog(c, A_eq=a, b_eq=-r, bounds=[(-0.5, 0.5)] * 5 + [(0, None)] * (2 * m), method="highs")
        step = lp.x[:5]
        size = 1.0
        start = np.abs(r).sum()
        while size > 1e-9:
            trial = q + size * step
            if sum(abs(float(v)) for v in residuals(list(map(mp.mpf, trial)), rows, "log")) < start:
                q = trial
                break
            size /= 2
        if size <= 1e-9 or np.abs(size * step).max() < 1e-13:
            break
    r = residuals(list(map(mp.mpf, q)), rows, "log")
    active = sorted(sorted(range(len(rows)), key=lambda i: abs(r[i]))[:5])
    through = [rows[i] for i in active]
    q = mp.findroot(lambda *q: residuals(q, through, "log"), list(map(mp.mpf, q)), tol=1e-60, maxsteps=40)
    r, s = residuals(q, rows, "log"), slopes(q, rows, "log")
    pull = [sum(mp.sign(r[i]) * s[i][k] for i in range(len(rows)) if i not in active) for k in range(5)]
    duals = mp.lu_solve(mp.matrix([[s[i][k] for i in active] for k in range(5)]), mp.matrix([-p for p in pull]))
    assert all(abs(v) < 1 for v in duals), duals
    # Signed as those of observed minus fitted.
    return q, sum(abs(v) for i, v in enumerate(r) if i not in active), [(i, mp.nstr(v, 8)) for i, v in zip(active, duals)]


def show(what, q, value, more):
    coefs = [mp.exp(q[0]), mp.exp(q[1]), mp.exp(q[2]), q[3], q[4]]
    print(what, {n: mp.nstr(v, 16) for n, v in zip(NAMES, coefs)}, "value", mp.nstr(value, 16), more or "", flush=True)


def plans(q):
    """The optimum of compute C = 6 N D in closed form, and the loss of a model of 70e9 parameters and 1.4e12 tokens."""
    a, b, e, x, y = mp.exp(q[0]), mp.exp(q[1]), mp.exp(q[2]), q[3], q[4]
    for c in [mp.mpf("5.76e23"), mp.mpf("1e21")]:
        n = (x * a / (y * b)) ** (1 / (x + y)) * (c / 6) ** (y / (x + y))
        d = c / 6 / n
        print("plan", mp.nstr(c, 5), *(mp.nstr(v, 12) for v in (n, d, e + a / n**x + b / d**y)))
    n, d = mp.mpf("70e9"), mp.mpf("1.4e12")
    print("exponent", mp.nstr(y / (x + y), 12), "70B on 1.4T", mp.nstr(e + a / n**x + b / d**y, 12), flush=True)


def quantile(rows, tau):
    """loss = A / tokens^alpha at a quantile of ln loss: a linear program."""
    x = np.array(rows)
    n, y, m = np.log(x[:, 1]), np.log(x[:, 2]), len(rows)
    c = np.concatenate([[0, 0], tau * np.ones(m), (1 - tau) * np.ones(m)])
    a = np.hstack([np.ones((m, 1)), -n[:, None], np.eye(m), -np.eye(m)])
    lp = so.linprog(c, A_eq=a, b_eq=y, bounds=[(None, None)] * 2 + [(0, None)] * (2 * m), method="highs-ds")
    print("quantile", tau, repr(float(np.exp(lp.x[0]))), repr(float(lp.x[1])), repr(float(lp.fun)), flush=True)


if __name__ == "__main__":
    for rows, name in [(KEPT, "kept"), (SWEEP, "all")]:
        for delta in [1e-3, 1e-2, 1e-4] if name == "kept" else [1e-3]:
            found = smooth(rows, "log", "huber", delta)
            show(f"{name} huber-log:{delta:g}", *found)
            if name == "kept" and delta == 1e-3:
                plans(found[0])
        show(f"{name} abs-log", *absolute(rows))
    show("kept squared-log", *smooth(KEPT, "log", "squared", 0))
    show("kept squared", *smooth(KEPT, "raw", "squared", 0))
    for tau in [0.1, 0.5, 0.9]:
        quantile(SWEEP, tau)

    def sound(row):
        try:
            return all(0 < float(row[k]) < float("inf") for k in ("params", "tokens", "loss"))
        except ValueError:
            return False

    clean = list(dict.fromkeys(table("messy/nan_inf_duplicates.csv", sound)))[:-4]
    show(f"nan_inf_duplicates without the repeats, {len(clean)} runs, huber-log:0.001", *smooth(clean, "log", "huber", 1e-3))
