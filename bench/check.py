"""Time of a check: 250 runs, six laws, six cuts.

    cargo build --release -p isoflop-cli
    python3 bench/check.py

Prints CPU and wall seconds of the whole command, three times each. The runs are simulated from a fixed seed.
"""
import math
import random
import tempfile
from pathlib import Path

from measure import run


def runs(path, rng):
    rows = ["params,tokens,loss"]
    for _ in range(250):
        n, d = 10 ** rng.uniform(7.5, 9.5), 10 ** rng.uniform(9, 11)
        loss = (1.7 + 400 / n**0.34 + 410 / d**0.28) * math.exp(0.005 * rng.gauss(0, 1))
        rows.append(f"{n:.6e},{d:.6e},{loss:.8f}")
    path.write_text("\n".join(rows) + "\n")


def main():
    rng = random.Random(9)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "runs.csv"
        runs(table, rng)
        laws = ["chinchilla-tied", "chinchilla-log", "outer-exponent", "L = E + A/N^alpha", "L = E + B/D^beta"]
        common = ["check", table, "--law", "chinchilla"]
        for law in laws:
            common += ["--laws", law]
        for _ in range(3):
            run("six laws, six cuts", *common)
        for _ in range(3):
            run("the same, audited fit with 200 resamples", *common, "--uncertainty", "bootstrap:200")


main()
