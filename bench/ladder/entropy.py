"""Repeated small ladders on languages whose entropy is known: how often does the interval of E hold it?

    python3 bench/ladder/entropy.py PROGRAM FOLDER [--ladders 10] [--first 0] [--order 2] [--alphabet 32] [--zipf 1.0]
                                    [--seeds 1] [--head-width 32] [--tokens-per-param 10,20,40,80] [--jobs N]
                                    [--no-held-out]
    python3 bench/ladder/entropy.py PROGRAM FOLDER --ladder FILE

Each ladder has a language and training seeds of its own. FILE is a ladder such as `isoflop ladder new` writes; its seeds are
replaced by theirs and its other lines are kept. What a ladder says is appended to FOLDER/entropy.jsonl; ladders
that are there already are not made again. Prints a table in Markdown.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

LADDER = """
[model]
layers = 2
head-width = {head_width}
[train]
sizes = ["3k", "6k", "12k", "24k"]
tokens-per-param = {tpp}
seeds = {seeds}
{held_out}
[data]
kind = "synthetic"
alphabet = {alphabet}
order = {order}
zipf = {zipf}
seed = {seed}
[fit]
objective = "squared-log"
uncertainty = "profile"
level = 0.9
"""

HELD_OUT = """
[held-out]
sizes = ["48k"]
tokens-per-param = [40]
seeds = [{seed}]
"""


def options() -> argparse.Namespace:
    said = argparse.ArgumentParser()
    said.add_argument("program")
    said.add_argument("folder", type=pathlib.Path)
    said.add_argument("--ladders", type=int, default=10)
    said.add_argument("--first", type=int, default=0)
    said.add_argument("--order", type=int, default=2)
    said.add_argument("--alphabet", type=int, default=32)
    said.add_argument("--zipf", type=float, default=1.0)
    said.add_argument("--seeds", type=int, default=1, help="runs of each size and length")
    said.add_argument("--head-width", type=int, default=32)
    said.add_argument("--tokens-per-param", default="10,20,40,80", help="lengths, separated by commas")
    said.add_argument("--jobs", type=int)
    said.add_argument("--no-held-out", action="store_true")
    said.add_argument("--ladder", type=pathlib.Path, help="a ladder on the language, with seeds for two runs of each")
    return said.parse_args()


def written(said: argparse.Namespace, seed: int) -> str:
    if said.ladder:
        text = re.sub(r"(?m)^seeds = .*$", f"seeds = [{seed}, {seed + 1000}]", said.ladder.read_text())
        return re.sub(r"(?m)^seed = .*$", f"seed = {seed}", text)
    return LADDER.format(
        seed=seed,
        seeds=[seed + 1000 * i for i in range(said.seeds)],
        held_out="" if said.no_held_out else HELD_OUT.format(seed=seed),
        alphabet=said.alphabet,
        order=said.order,
        zipf=said.zipf,
        head_width=said.head_width,
        tpp=[float(x) for x in said.tokens_per_param.split(",")],
    )


def made(said: argparse.Namespace, seed: int) -> dict | None:
    home = said.folder / f"language-{seed}"
    home.mkdir(exist_ok=True)
    (home / "ladder.toml").write_text(written(said, seed))
    jobs = ["--jobs", str(said.jobs)] if said.jobs else []
    program = str(pathlib.Path(said.program).resolve())
    words = [program, "ladder", "run", "ladder.toml", "--json", *jobs]
    ended = subprocess.run(words, cwd=home, capture_output=True, text=True)
    if ended.returncode != 0:
        print(ended.stderr, file=sys.stderr)
        return None
    found = json.loads(ended.stdout)
    held = found["held_out"][0] if found["held_out"] else {}
    return {
        "seed": seed,
        "status": found["fit"]["status"],
        "E": found["entropy"]["value"],
        "interval": found["entropy"]["interval"],
        "truth": found["entropy"]["on_held_out"],
        "rate": found["entropy"]["rate"],
        "inside": found["entropy"]["inside"],
        "predicted": held.get("predicted"),
        "measured": held.get("measured"),
        "held_out_inside": held.get("inside"),
    }


def table(known: list[dict]) -> None:
    print("| language | entropy of the held-out tokens | E | 90 % interval | inside | held-out loss | predicted | inside |")
    print("|---:|---:|---:|---|---|---:|---:|---|")
    word = {True: "yes", False: "no", None: "not determined"}
    number = lambda x: "" if x is None else f"{x:.4f}"
    for row in known:
        ends = row["interval"] or {"lower": None, "upper": None}
        lower, upper = number(ends["lower"]) or "-inf", number(ends["upper"]) or "inf"
        came = "" if row["measured"] is None else word[row["held_out_inside"]]
        print(
            f"| {row['seed']} | {row['truth']:.4f} | {row['E']:.4f} | [{lower}, {upper}] "
            f"| {word[row['inside']]} | {number(row['measured'])} | {number(row['predicted'])} | {came} |"
        )
    inside = sum(row["inside"] is True for row in known)
    came = sum(row["held_out_inside"] is True for row in known)
    print(f"\nE: {inside} of {len(known)}; held-out loss: {came} of {len(known)}.")


def main() -> None:
    said = options()
    said.folder.mkdir(parents=True, exist_ok=True)
    kept = said.folder / "entropy.jsonl"
    known = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    for seed in range(said.first, said.first + said.ladders):
        if any(row["seed"] == seed for row in known):
            continue
        row = made(said, seed)
        if row is None:
            continue
        known.append(row)
        with kept.open("a") as file:
            file.write(json.dumps(row) + "\n")
    table(known)


if __name__ == "__main__":
    main()
