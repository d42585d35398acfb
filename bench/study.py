"""The published study by isoflop and by SciPy in one run, with the ratio of CPU seconds.

4,500 starts and 4,000 resamples of the Chinchilla fit. isoflop does all of it, every resample certified; SciPy does the
stated fraction, and its CPU seconds are extrapolated in proportion, which the output says.

    python3 -m venv .venv && .venv/bin/pip install numpy scipy
    .venv/bin/python study.py runs.csv --fraction 0.02 --repeat 5
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


def timed(command):
    """Standard output, CPU seconds and wall seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, cpu, wall


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs")
    parser.add_argument("--fraction", type=float, default=0.02)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--where", default="loss < 3.44")
    parser.add_argument("--isoflop", default=str(HERE.parent / "target/release/isoflop"))
    said = parser.parse_args()

    base = [said.isoflop, "fit", said.runs, "--law", "chinchilla", "--where", said.where]
    base += ["--objective", "huber-log:1e-3", "--json"]
    study, whole, alone = [], [], []
    for _ in range(said.repeat):
        out, cpu, wall = timed(base + ["--starts", "4500", "--uncertainty", "bootstrap:4000"])
        study.append((cpu, wall))
        fit = json.loads(out)
        _, cpu, wall = timed(base + ["--starts", "4500", "--uncertainty", "none"])
        alone.append((cpu, wall))
        _, cpu, wall = timed(base)
        whole.append((cpu, wall))
    median = lambda pairs, k: statistics.median(p[k] for p in pairs)
    resamples = median(study, 0) - median(alone, 0)
    print(f"isoflop   {fit['uncertainty']['certified']} of {fit['uncertainty']['resamples']} resamples certified")
    for name, pairs in [("study", study), ("starts alone", alone), ("default fit", whole)]:
        low, high = min(p[0] for p in pairs), max(p[0] for p in pairs)
        print(
            f"  {name:13} {median(pairs, 0):7.3f} CPU s [{low:.3f}, {high:.3f}], "
            f"{1e3 * median(pairs, 1):6.0f} ms wall (median of {said.repeat})"
        )
    print(f"  one resample  {1e3 * resamples / 4000:7.4f} CPU ms, certificate included")

    command = [sys.executable, str(HERE / "scipy_study.py"), said.runs, "--params", "params", "--tokens", "tokens"]
    command += ["--loss", "loss", "--drop-largest", "5", "--fraction", str(said.fraction)]
    out, cpu, _ = timed(command)
    answer = json.loads(out)
    print(f"SciPy     a fraction of {said.fraction} took {cpu:.1f} CPU s")
    print(json.dumps({k: v for k, v in answer.items() if "cpu" in k or "extrapolated" in k}, indent=2))
    total = cpu / said.fraction
    print(f"  the whole study, in proportion: {total:.0f} CPU s")
    print(f"ratio     {total / median(study, 0):.0f} times the CPU seconds of isoflop ({os.cpu_count()} cores, shared or not)")


if __name__ == "__main__":
    main()
