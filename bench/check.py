"""Time of a check: 250 runs, six laws, six cuts.

    cargo build --release -p isoflop-cli
    python3 bench/check.py

Prints CPU and wall seconds of the whole command, three times each. The runs are simulated from a fixed seed.
"""
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ISOFLOP = Path(__file__).resolve().parent.parent / "target" / "release" / "isoflop"


def runs(path, rng):
    rows = ["params,tokens,loss"]
    for _ in range(250):
        n, d = 10 ** rng.uniform(7.5, 9.5), 10 ** rng.uniform(9, 11)
        loss = (1.7 + 400 / n**0.34 + 410 / d**0.28) * math.exp(0.005 * rng.gauss(0, 1))
        rows.append(f"{n:.6e},{d:.6e},{loss:.8f}")
    path.write_text("\n".join(rows) + "\n")


def run(what, *arguments):
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run([ISOFLOP, *map(str, arguments)], capture_output=True, text=True)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if done.returncode:
            sys.exit(f"{what}: exit {done.returncode}\n{done.stderr}")
        print(f"{what:44} {cpu:8.2f} CPU s  {wall:8.2f} s wall")


def main():
    rng = random.Random(9)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "runs.csv"
        runs(table, rng)
        laws = ["chinchilla-tied", "chinchilla-log", "outer-exponent", "L = E + A/N^alpha", "L = E + B/D^beta"]
        common = ["check", table, "--law", "chinchilla"]
        for law in laws:
            common += ["--laws", law]
        run("six laws, six cuts", *common)
        run("the same, audited fit with 200 resamples", *common, "--uncertainty", "bootstrap:200")


main()
