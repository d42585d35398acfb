"""The built-in trainer against PyTorch on the same model, text, schedule and machine.

    python3 bench/ladder/pytorch.py PROGRAM FOLDER [--python PYTHON] [--threads N] [--repeats N]

PROGRAM is the release binary of isoflop, PYTHON one that has torch (`examples/pytorch/train.py` is run by it). The text is
this repository's own sources and pages. Prints two tables in Markdown: tokens per second by width, each the best of
interleaved repeats, and held-out losses of one model from several seeds.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = [str(ROOT / "docs"), str(ROOT / "crates")]
CONTEXT = 128
SPEED = [(64, 2, 60), (128, 4, 30), (256, 4, 10), (512, 4, 4)]  # width, layers, steps of 16 sequences
LOSS = {"width": 64, "layers": 2, "tokens": 2_000_000, "batch": 8, "learning-rate": 0.003, "warmup-tokens": 100_000}


def shape(width: int, layers: int) -> dict[str, int]:
    return {"layers": layers, "width": width, "heads": max(width // 32, 1), "hidden": 4 * width, "context": CONTEXT}


def own(program: str, folder: pathlib.Path, run: dict, threads: int) -> dict:
    spec = {
        "schema": "isoflop.train/1",
        "id": "bench",
        "shape": {**shape(run["width"], run["layers"]), "vocabulary": 256, "output": "tied"},
        "data": {"kind": "text", "paths": TEXT},
        "tokens": run["tokens"],
        "batch": run["batch"],
        "recipe": {
            "learning-rate": run["learning-rate"],
            "base-width": 64,
            "warmup-tokens": run["warmup-tokens"],
            "decline": {"kind": "cosine"},
            "final-share": 0.1,
            "beta1": 0.9,
            "beta2": 0.95,
            "epsilon": 1e-8,
            "weight-decay": 0.1,
            "clip": 1.0,
        },
        "seed": run["seed"],
        "held-out-tokens": run["held-out-tokens"],
        "threads": threads,
    }
    file = folder / "spec.json"
    file.write_text(json.dumps(spec))
    return last([program, "trainer", str(file)])


def torch(python: str, run: dict, threads: int) -> dict:
    said = {**shape(run["width"], run["layers"]), **{k: v for k, v in run.items() if k not in ("width", "layers")}}
    words = [word for name, value in said.items() for word in (f"--{name}", str(value))]
    script = ROOT / "examples/pytorch/train.py"
    return last([python, str(script), *words, "--threads", str(threads), "--text", *TEXT])


def last(words: list[str]) -> dict:
    said = subprocess.run(words, capture_output=True, text=True)
    events = [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]
    final = next((e for e in events if e["event"] == "final"), None)
    if final is None:
        sys.exit(f"{' '.join(words[:3])} … gave no result:\n{said.stderr}{said.stdout[-500:]}")
    # A trainer may tell its speed among the results or beside them.
    return {**final.get("timing", {}), **final["result"]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=4)
    a = parser.parse_args()
    a.folder.mkdir(parents=True, exist_ok=True)

    print(f"Tokens per second, {a.threads} thread(s), the best of {a.repeats} interleaved repeats of each\n")
    print("| width | layers | parameters | isoflop | PyTorch | ratio | ratios of the repeats |")
    print("|---:|---:|---:|---:|---:|---:|---|")
    for width, layers, steps in SPEED:
        run = {"width": width, "layers": layers, "tokens": steps * 16 * CONTEXT, "batch": 16, "learning-rate": 1e-3}
        run |= {"warmup-tokens": 0, "seed": 0, "held-out-tokens": CONTEXT}
        pairs = []
        for _ in range(a.repeats):
            mine = own(a.program, a.folder, run, a.threads)
            theirs = torch(a.python, run, a.threads)
            pairs.append((mine["tokens_per_sec"], theirs["tokens_per_sec"], mine["params"]))
        best = [max(p[side] for p in pairs) for side in (0, 1)]
        ratios = ", ".join(f"{m / t:.2f}" for m, t, _ in pairs)
        print(
            f"| {width} | {layers} | {pairs[0][2]:,} | {best[0]:,.0f} | {best[1]:,.0f} | {best[0] / best[1]:.2f} | {ratios} |",
            flush=True,
        )

    print(f"\nHeld-out loss, nats per byte, of one model (width {LOSS['width']}, {LOSS['tokens']:,} bytes)\n")
    print("| trainer | seeds | mean | standard deviation | losses |")
    print("|---|---:|---:|---:|---|")
    found = {}
    for name in ("isoflop", "PyTorch"):
        losses = []
        for seed in range(a.seeds):
            run = {**LOSS, "seed": seed, "held-out-tokens": 131_072}
            result = own(a.program, a.folder, run, a.threads) if name == "isoflop" else torch(a.python, run, a.threads)
            losses.append(result["loss"])
        found[name] = losses
        shown = ", ".join(f"{x:.4f}" for x in losses)
        print(f"| {name} | {len(losses)} | {statistics.mean(losses):.4f} | {statistics.stdev(losses):.4f} | {shown} |", flush=True)
    mine, theirs = found["isoflop"], found["PyTorch"]
    gap = statistics.mean(mine) - statistics.mean(theirs)
    error = ((statistics.variance(mine) + statistics.variance(theirs)) / a.seeds) ** 0.5
    print(f"\nDifference {gap:+.4f} nats per byte, standard error {error:.4f} from {a.seeds} seeds each.")


if __name__ == "__main__":
    main()
