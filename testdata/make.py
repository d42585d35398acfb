#!/usr/bin/env python3
"""Writes the tables of `simulated/` and, from them, the faulty tables of `messy/`.

    python3 testdata/make.py            # needs pyarrow for messy/runs.parquet

No number in them was measured: losses come from laws with known coefficients plus noise of a fixed seed. Layouts and
faults are those of real exports. Files of `messy/` that this script does not write are named in README.md.
"""

import csv
import json
import math
import pathlib
import random
import struct

HERE = pathlib.Path(__file__).resolve().parent
TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
# Losses of the sweep are read off a chart of this resolution, in ln loss.
RESOLUTION = 0.003


def law(n, d):
    t = TRUTH
    return t["E"] + t["A"] / n ** t["alpha"] + t["B"] / d ** t["beta"]


def laplace(rng, scale):
    u = rng.random() - 0.5
    return -scale * math.copysign(math.log1p(-2 * abs(u)), u)


def write(path, header, rows, end="\n"):
    with open(HERE / path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f, lineterminator=end)
        out.writerow(header)
        out.writerows(rows)


# ---- simulated/sweep.csv: the shape of a published digitised sweep ----------------------------------------------------


def sweep():
    """245 runs: nine budgets, runs between them, and five runs far from the law that come first."""
    rng = random.Random(20240417)
    sizes = [57.3e6 * (16.2e9 / 57.3e6) ** (k / 49) for k in range(50)]
    rows = []
    for n, d, factor in [
        (6.8e9, 2.45e8, 1.26),
        (2.98e9, 5.16e8, 1.21),
        (2.64e9, 6.16e8, 1.16),
        (2.28e9, 7.03e8, 1.12),
        (2.01e9, 8.12e8, 1.08),
    ]:
        rows.append((n, d, law(n, d) * factor, True))
    budgets = [6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21]

    def add(n, c):
        n *= math.exp(rng.gauss(0, 1e-4))
        d = c * math.exp(rng.gauss(0, 0.03)) / (6 * n)
        if not 7e8 < d < 3.2e11:
            return
        loss = law(n, d) * math.exp(laplace(rng, 0.0055))
        loss = math.exp(RESOLUTION * round(math.log(loss) / RESOLUTION))
        if loss < 3.42:
            rows.append((n, d, loss, False))

    for c in budgets:
        best = 0.6 * math.sqrt(c / 6 / 20)
        for n in sizes:
            if 0.2 < n / best < 8 and rng.random() < 0.75 and len(rows) < 160:
                add(n, c)
    while len(rows) < 245:
        add(rng.choice(sizes), math.exp(rng.uniform(math.log(1.4e18), math.log(8e21))))
    head, rest = rows[:5], rows[5:]
    rng.shuffle(rest)
    return [(i, n, d, 6 * n * d, loss, out) for i, (n, d, loss, out) in enumerate(head + rest)]


SWEEP = sweep()
KEPT = [r for r in SWEEP if not r[5]]


# ---- learning curves of three sizes ----------------------------------------------------------------------------------

MODELS = {"12m": (57_234_240, 12_047_168), "35m": (93_940_416, 35_842_752), "70m": (142_394_560, 71_386_304)}
STEP_TOKENS = 1_048_576
CURVES = ["12m-4B-lr0.004", "12m-4B-lr0.008", "35m-16B-lr0.002", "35m-16B-lr0.004", "70m-5B-lr0.002", "70m-5B-lr0.004"]
STEPS = {"4B": 4000, "16B": 16000, "5B": 5000}


def curve(run):
    """(step, tokens, loss) every 128 steps and at the last, warming up at first."""
    rng = random.Random(run)
    size, data, rate = run.split("-")
    rate = float(rate[2:])
    params = MODELS[size][0]
    last = STEPS[data]
    points = []
    for step in [*range(128, last, 128), last]:
        tokens = step * STEP_TOKENS
        warm = 1.9 * math.exp(-step / 260) + 25 * (rate - 0.003) ** 2 * 100
        loss = 1.82 + 300 / params**0.32 + 900 / tokens**0.34 + warm
        points.append((step, tokens, loss * math.exp(rng.gauss(0, 0.004))))
    return points


def params_of(run):
    return MODELS[run.split("-")[0]][0]


def charts():
    points = {run: {step: loss for step, _, loss in curve(run)} for run in CURVES}
    steps = sorted({s for run in CURVES for s in points[run]})
    with open(HERE / "messy/wandb_chart_export.csv", "w", newline="") as f:
        out = csv.writer(f, quoting=csv.QUOTE_ALL, lineterminator="\n")
        names = [f"{run} - eval/c4_loss{end}" for run in CURVES for end in ("", "__MIN", "__MAX")]
        out.writerow(["Step", *names])
        for step in steps:
            out.writerow([step, *(points[run].get(step, "") for run in CURVES for _ in range(3))])
    rows = [(run, params_of(run), step, loss) for run in CURVES for step, _, loss in curve(run)]
    write("messy/steps_called_tokens.csv", ["run", "params", "D", "loss"], rows)


def history():
    with open(HERE / "messy/wandb_history_nested.jsonl", "w") as f:
        for run in ["12m-4B-lr0.008", "12m-4B-lr0.004", "35m-16B-lr0.004", "35m-16B-lr0.002", "70m-5B-lr0.002"]:
            size, _, rate = run.split("-")
            points = curve(run)
            config = {
                "model": {"name": f"sweep_{size}", "n_params": MODELS[size][0], "n_params_non_embedding": MODELS[size][1]},
                "optim": {"lr": float(rate[2:])},
                "data": {"tokens_planned": points[-1][1]},
            }
            rows = [{"_step": s, "progress": {"tokens": d}, "eval": {"c4": {"loss": loss}}} for s, d, loss in points]
            summary = {"eval/c4/loss": points[-1][2], "_step": points[-1][0]}
            named = {"id": "sweep", "name": run, "state": "finished", "config": config}
            f.write(json.dumps({"run": named, "history": rows, "summary": summary}) + "\n")


def step_log():
    """Shuffled lines of three runs; a size on some, tokens as text on every 23rd, a line cut off, a blank line."""
    rng = random.Random(42)
    lines = []
    for run in ["35m-16B-lr0.002", "70m-5B-lr0.002", "70m-5B-lr0.004"]:
        for k, (step, tokens, loss) in enumerate(curve(run)):
            row = {"run": run, "step": step, "tokens_seen": tokens, "eval_loss": round(loss, 6)}
            if k % 6 == 1:
                row["n_params"] = params_of(run)
            lines.append(row)
    rng.shuffle(lines)
    for k in range(5, 205, 23):
        lines[k]["tokens_seen"] = str(lines[k]["tokens_seen"])
    text = [json.dumps(row) for row in lines]
    text.insert(41, '{"run": "70m-5B-lr0.002", "step": 12345, "eval_lo')
    text.insert(82, "")
    (HERE / "messy/steps.jsonl").write_text("\n".join(text) + "\n")


# ---- event files of TensorBoard: records with masked CRC32C ----------------------------------------------------------


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def record(data):
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", crc32c(head)) + data + struct.pack("<I", crc32c(data))


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, data):
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def event(time, step=None, summary=None, version=None):
    out = b"\x09" + struct.pack("<d", time)
    if step is not None:
        out += b"\x10" + varint(step)
    if version is not None:
        out += field(3, version)
    if summary is not None:
        out += field(5, field(1, summary))
    return record(out)


def tensorboard():
    for run in ["12m-4B-lr0.004", "12m-4B-lr0.008", "35m-16B-lr0.004"]:
        time = 1733000000.0
        out = event(time, version=b"brain.Event:2")
        for k, (step, tokens, loss) in enumerate(curve(run)):
            for tag, value in [(b"eval/c4_loss", loss), (b"progress/tokens", tokens)]:
                out += event(time + 0.1 * k, step, field(1, tag) + b"\x15" + struct.pack("<f", value))
        config = json.dumps({"n_params": params_of(run), "lr": float(run.split("lr")[1])}).encode()
        tensor = b"\x08\x07" + field(2, field(2, b"\x08\x01")) + field(8, config)
        plugin = field(1, field(1, b"text"))
        out += event(time, summary=field(1, b"config/text_summary") + field(8, tensor) + field(9, plugin))
        folder = HERE / "messy/tensorboard" / run
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "events.out.tfevents.1733000000.host.0.v2").write_bytes(out)


# ---- an exported table of runs ---------------------------------------------------------------------------------------

RUN_COLUMNS = (
    "Name,train/avg_loss_AVG,train/max_loss_MAX,eval/ppl/c4.jsonl,eval/ppl/wikipedia.jsonl,Created,Runtime,State,Tags,optim.lr,"
    "torch_seed,valid.seed,model.moe_ec,model.moe_ec_k,model.moe_everyk,model.moe_load_balance,model.moe_samplek,model.moe_topk,"
    "model.moe_topk_k,model.number_of_experts,model.n_layers,model.n_heads,model.spm_model,model.spm_moe_matmul,model.spm_tau,"
    "model.switch_transformer,batch_size,steps,optim/n_tokens,train/step,train/wps"
).split(",")


def runs_table():
    """52 of 67 runs reached their last step, none has the state `finished`, names and tags hold commas."""
    rng = random.Random(67)
    rows = []
    for k in range(67):
        experts = [4, 16, 64, 256][k % 4]
        rate = [0.001, 0.002, 0.004, 0.008][k // 4 % 4]
        short = k < 51
        planned = 250 if short else 100_000
        step = planned if short or k == 66 else 10 * rng.randrange(600, 6000)
        tokens = step * STEP_TOKENS
        loss = (1.9 + 900 / tokens**0.34 + 60 * rate + 0.6 / experts**0.3) * math.exp(rng.gauss(0, 0.01))
        name = f"moe_bsz1M.ngpu16_20240225-{94706 + k}.model-12m.moe-gshard.lr_{rate:.0e},number_of_experts_{experts}"
        balance = [0.0, 0.5, 1.0][k % 3]
        hour, minute = 9 + k // 20, k % 60
        row = [name, loss + 0.05, loss * 1.07, math.exp(loss), math.exp(loss * 1.06)]
        row += [f"2024-02-25T{hour:02}:{minute:02}:00.000Z", 160 + k, "crashed" if 55 <= k < 61 else "failed"]
        row += [f"a=gshard, experts={experts}", rate, 0, 42, False, 2, 4, balance, False, True, 2, experts, 5, 7]
        row += [False, True, 1, False, 32, planned, tokens, step, round(170_000 * math.exp(rng.gauss(0, 0.05)), 3)]
        rows.append(row)
    write("messy/wandb_runs_table.csv", RUN_COLUMNS, rows)


# ---- a grid of learning rates and batch sizes of one model -----------------------------------------------------------


def rates():
    rng = random.Random(5)
    rows = []
    for i in range(12):
        rate = float(f"{4.883e-4 * 2 ** (i / 2):.4g}")
        for batch in [32, 64, 128, 192, 256, 352, 512, 736, 1024, 2048]:
            x = math.log(rate / 0.0035) - 0.25 * math.log(batch / 192)
            loss = 2.433 + 0.012 * x * x + 0.006 * math.log(batch / 192) ** 2 + abs(rng.gauss(0, 0.0004))
            far = i >= 10 and (i == 11 or batch not in (192, 256))
            if far:
                loss = 4.1768 if (i, batch) == (10, 64) else rng.uniform(5.6, 7.2)
            if (i, batch) == (6, 192):
                loss = 2.43194
            rows.append((f"h1024_l8_lr{rate:.3e}_bs{batch}", 268_304_384, 14_200_000_000, rate, batch, loss))
    header = ["run", "params_non_embedding", "tokens", "learning_rate", "batch_sequences", "loss"]
    write("messy/sweep_with_diverged.csv", header, rows)


# ---- faults put into the sweep ---------------------------------------------------------------------------------------


def faults():
    header = ["params", "tokens", "flops", "loss"]
    rows = [list(r[1:5]) for r in KEPT]

    def chosen(count, seed):
        return set(random.Random(seed).sample(range(240), count))

    millions = chosen(120, 1)
    write("messy/params_in_millions_half.csv", header, [[r[0] / 1e6 if i in millions else r[0], *r[1:]] for i, r in enumerate(rows)])
    forward = chosen(90, 2)
    write("messy/flops_forward_only.csv", header, [[*r[:2], r[2] / 3 if i in forward else r[2], r[3]] for i, r in enumerate(rows)])
    order = random.Random(3).sample(range(240), 240)
    scale = {i: ("bits" if k < 60 else "perplexity" if k < 140 else "nats") for k, i in enumerate(order)}
    convert = {"bits": lambda x: x / math.log(2), "perplexity": math.exp, "nats": lambda x: x}
    write("messy/mixed_loss_scales.csv", ["params", "tokens", "loss"], [[*r[:2], convert[scale[i]](r[3])] for i, r in enumerate(rows)])

    bad = [list(r) for r in rows]
    # Line of the file, column, cell.
    for line, column, cell in [
        (2, 3, "nan"), (12, 3, "inf"), (35, 3, "-inf"), (77, 3, "nan"), (118, 0, "0"), (127, 0, "NULL"), (131, 3, "#DIV/0!"),
        (134, 3, "-2.31"), (159, 1, "-1000000000.0"), (161, 2, ""), (191, 3, "NaN "), (199, 3, "-2.31"), (215, 3, "nan"),
        (241, 3, "inf"),
    ]:  # fmt: skip
        bad[line - 2][column] = cell
    copies = [bad[i] for i in (20, 55, 90, 140, 175, 222)]
    repeats = [[*bad[i][:3], round(bad[i][3] + 0.004, 6)] for i in (30, 66, 101, 180)]
    write("messy/nan_inf_duplicates.csv", header, bad + copies + repeats)

    write("messy/one_run.csv", ["params", "tokens", "loss"], [[rows[0][0], rows[0][1], rows[0][3]]])
    write("messy/three_runs.csv", ["params", "tokens", "loss"], [[rows[i][0], rows[i][1], rows[i][3]] for i in (40, 90, 150)])
    near = [(1.01796e9 * (1 + 2e-7 * k), d) for k, d in enumerate([1.57e9, 1.58e10, 4.73e9, 8.78e9, 7.73e9, 1.64e10, 3.27e10])]
    write("messy/one_model_size.csv", ["params", "tokens", "loss"], [[n, d, round(law(n, d), 6)] for n, d in near])
    (HERE / "messy/empty.csv").write_bytes(b"")
    (HERE / "messy/header_only.csv").write_bytes(b"params,tokens,loss\n")

    comma = [[f"{n:.0f}", f"{d:.0f}", f"{c:.6E}".replace(".", ","), f"{loss:.6f}".replace(".", ",")] for n, d, c, loss in rows[:60]]
    text = "\r\n".join(";".join(r) for r in [["Modellgröße", "Trainingstoken", "FLOP", "Verlust"], *comma]) + "\r\n"
    (HERE / "messy/european_decimal.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())


# ---- Parquet with one-letter names -----------------------------------------------------------------------------------


def parquet():
    import datetime

    import pyarrow
    import pyarrow.parquet

    rng = random.Random(600)
    sizes = {f"sweep_{m}m": m * 1_000_000 + 45_000_000 for m in [12, 35, 70, 100, 130, 200, 260, 400, 550, 800, 1100]}
    rows = {name: [] for name in ("N", "D", "C", "L", "arch", "is_final", "when", "lr")}
    start = datetime.datetime(2024, 11, 1)
    for k in range(600):
        arch = list(sizes)[k * 11 // 600]
        n, d = sizes[arch], 134_217_728 * (1 + k % 40)
        rows["N"].append(n)
        rows["D"].append(d)
        rows["C"].append(6.0 * n * d)
        rows["L"].append(None if k % 50 == 0 else (1.82 + 300 / n**0.32 + 900 / d**0.34) * math.exp(rng.gauss(0, 0.01)))
        rows["arch"].append(arch)
        rows["is_final"].append(k % 40 == 39)
        rows["when"].append(start + datetime.timedelta(hours=k))
        rows["lr"].append([0.001, 0.002, 0.004][k % 3])
    types = {
        "N": pyarrow.int64(), "D": pyarrow.int64(), "C": pyarrow.float64(), "L": pyarrow.float32(),
        "arch": pyarrow.dictionary(pyarrow.int8(), pyarrow.string()), "is_final": pyarrow.bool_(),
        "when": pyarrow.timestamp("us"), "lr": pyarrow.float64(),
    }  # fmt: skip
    table = pyarrow.table({name: pyarrow.array(rows[name], types[name]) for name in rows})
    pyarrow.parquet.write_table(table, HERE / "messy/runs.parquet", compression="snappy")


if __name__ == "__main__":
    write("simulated/sweep.csv", ["row_id", "params", "tokens", "flops", "loss", "excluded_in_refit"], SWEEP)
    charts()
    history()
    step_log()
    tensorboard()
    runs_table()
    rates()
    faults()
    parquet()
