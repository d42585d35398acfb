"""Many groups and many levels: time and memory of whole commands.

    cargo build --release -p isoflop-cli
    python3 bench/levels.py

Prints CPU and wall seconds and peak memory of (1) 1,000 fits of 100 runs each with `--group`, (2) one law with 300
amplitudes on 2,000 runs, without and with 1,000 resamples. The data are simulated from a fixed seed.
"""
import math
import random
import tempfile
from pathlib import Path

from measure import run


def groups(path, rng):
    rows = ["params,tokens,task,loss"]
    for g in range(1000):
        e, a, b = 1.7 + 0.2 * rng.gauss(0, 1), 400 * math.exp(0.3 * rng.gauss(0, 1)), 410.0
        for _ in range(100):
            n, d = 10 ** rng.uniform(7, 10), 10 ** rng.uniform(9, 12)
            loss = (e + a / n**0.34 + b / d**0.28) * math.exp(0.005 * rng.gauss(0, 1))
            rows.append(f"{n:.6e},{d:.6e},t{g:04d},{loss:.8f}")
    path.write_text("\n".join(rows) + "\n")


def levels(path, rng):
    amplitudes = [400 * math.exp(0.3 * rng.gauss(0, 1)) for _ in range(300)]
    rows = ["params,corpus,loss"]
    for i in range(2000):
        level = i if i < 300 else rng.randrange(300)
        n = 10 ** rng.uniform(7, 10)
        loss = (1.7 + amplitudes[level] / n**0.34) * math.exp(0.01 * rng.gauss(0, 1))
        rows.append(f"{n:.6e},c{level:03d},{loss:.8f}")
    path.write_text("\n".join(rows) + "\n")


# The peak is of the largest command so far, so the smaller jobs come first.
def main():
    rng = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        levels(folder / "levels.csv", rng)
        groups(folder / "groups.csv", rng)
        law = "loss = E + A[corpus]/params^alpha"
        fit = ("fit", folder / "levels.csv", "--law", law, "-o", folder / "out.json", "--uncertainty")
        run("300 amplitudes on 2,000 runs, 48 starts", *fit, "none")
        run("the same with 1,000 resamples", *fit, "bootstrap:1000")
        run(
            "1,000 groups of 100 runs", "fit", folder / "groups.csv", "--law", "chinchilla", "--group", "task",
            "--uncertainty", "covariance", "-o", folder / "groups.json",
        )


main()
