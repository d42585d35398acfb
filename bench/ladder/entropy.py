"""Repeated small ladders on languages whose entropy is known: how often does the interval of E hold it?

    python3 bench/ladder/entropy.py PROGRAM FOLDER [LADDERS]

Each ladder has a language and training seeds of its own. What a ladder says is appended to FOLDER/entropy.jsonl; ladders
that are there already are not made again. Prints a table in Markdown.
"""

import json
import pathlib
import subprocess
import sys

LADDER = """
[model]
layers = 2
[train]
sizes = ["3k", "6k", "12k", "24k"]
tokens-per-param = [10, 20, 40, 80]
seeds = [{seed}]
[held-out]
sizes = ["48k"]
tokens-per-param = [40]
seeds = [{seed}]
[data]
kind = "synthetic"
alphabet = 32
order = 2
seed = {seed}
[fit]
objective = "squared-log"
uncertainty = "profile"
level = 0.9
"""


def main() -> None:
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    ladders = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "entropy.jsonl"
    known = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    for seed in range(ladders):
        if any(row["seed"] == seed for row in known):
            continue
        home = folder / f"language-{seed}"
        home.mkdir(exist_ok=True)
        (home / "ladder.toml").write_text(LADDER.format(seed=seed))
        said = subprocess.run(
            [program, "ladder", "run", "ladder.toml", "--json"], cwd=home, capture_output=True, text=True
        )
        if said.returncode != 0:
            print(said.stderr, file=sys.stderr)
            continue
        found = json.loads(said.stdout)
        held = found["held_out"][0]
        row = {
            "seed": seed,
            "status": found["fit"]["status"],
            "E": found["entropy"]["value"],
            "interval": found["entropy"]["interval"],
            "truth": found["entropy"]["on_held_out"],
            "rate": found["entropy"]["rate"],
            "inside": found["entropy"]["inside"],
            "predicted": held["predicted"],
            "measured": held["measured"],
            "held_out_inside": held["inside"],
        }
        known.append(row)
        with kept.open("a") as file:
            file.write(json.dumps(row) + "\n")
    print("| language | entropy of the held-out tokens | E | 90 % interval | inside | held-out loss | predicted | inside |")
    print("|---:|---:|---:|---|---|---:|---:|---|")
    word = {True: "yes", False: "no", None: "not determined"}
    for row in known:
        ends = row["interval"] or {"lower": float("nan"), "upper": float("nan")}
        lower = ends["lower"] if ends["lower"] is not None else float("-inf")
        upper = ends["upper"] if ends["upper"] is not None else float("inf")
        print(
            f"| {row['seed']} | {row['truth']:.4f} | {row['E']:.4f} | [{lower:.4f}, {upper:.4f}] "
            f"| {word[row['inside']]} | {row['measured']:.4f} | {row['predicted']:.4f} | {word[row['held_out_inside']]} |"
        )
    inside = sum(row["inside"] is True for row in known)
    came = sum(row["held_out_inside"] is True for row in known)
    print(f"\nE: {inside} of {len(known)}; held-out loss: {came} of {len(known)}.")


if __name__ == "__main__":
    main()
