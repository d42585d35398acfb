"""Writes tables of simulated runs for `bench/tables.sh`: `python3 bench/tables.py ROWS FILE.csv`.

The law is L = 1.8 + 480/N^0.35 + 2100/D^0.37 with 1% noise. Six columns: params, tokens, loss, lr, corpus, note.
"""

import random
import sys

rows, path = int(sys.argv[1]), sys.argv[2]
rng = random.Random(1)
corpora = ["web", "books", "code", "mixed"]
with open(path, "w", encoding="utf-8") as out:
    out.write("params,tokens,loss,lr,corpus,note\n")
    for row in range(rows):
        n = 10 ** rng.uniform(7, 10)
        d = 10 ** rng.uniform(8.5, 12)
        loss = (1.8 + 480 / n**0.35 + 2100 / d**0.37) * (1 + 0.01 * rng.uniform(-1.7, 1.7))
        lr = rng.choice(["1e-3", "6e-4", "3e-4"])
        out.write(f"{n:.0f},{d:.0f},{loss:.7f},{lr},{corpora[row & 3]},batch {row % 97}\n")
