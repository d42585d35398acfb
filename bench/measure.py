"""CPU and wall seconds and peak memory of one command of the release build."""
import resource
import subprocess
import sys
import time
from pathlib import Path

ISOFLOP = Path(__file__).resolve().parent.parent / "target" / "release" / "isoflop"


def run(what, *arguments):
    """Runs isoflop and prints what it cost; the peak is that of the largest command so far."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run([ISOFLOP, *map(str, arguments)], capture_output=True, text=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode:
        sys.exit(f"{what}: exit {done.returncode}\n{done.stderr}")
    peak = after.ru_maxrss / 1024
    print(f"{what:44} {cpu:8.2f} CPU s  {wall:8.2f} s wall  peak {peak:6.0f} MB")
