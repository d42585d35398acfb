#!/usr/bin/env python3
"""Changed files, whole commands: saved fits, ledgers, ladders with their records, plan files.

    fuzz/whole.py target/debug/isoflop --cases 200 --seed 1

makes good files with the program, changes each by one value, a cut, a repeated or lost piece, or random bytes, and runs
every verb that reads it. Each run must end within a limit, without a panic, with exit code 0 to 3, and with no number that
is none (NaN, inf) where the unchanged file has none. A saved fit that was changed is used by no verb.
"""
import argparse, json, os, random, re, shutil, subprocess, sys, tempfile

FITS = {
    "covariance": ["--law", "chinchilla", "--uncertainty", "covariance"],
    "bootstrap": ["--law", "chinchilla", "--uncertainty", "bootstrap:60"],
    "profile": ["--law", "chinchilla", "--uncertainty", "profile"],
    "none": ["--law", "chinchilla", "--uncertainty", "none"],
    "student": ["--law", "chinchilla", "--objective", "student-log:4"],
    "formula": ["--law", "L = E + A/N^a + B/D^a", "--uncertainty", "bca:60"],
    "recipe": ["--recipe", "isoflop", "--uncertainty", "bootstrap:60"],
}
READ = [["predict", "F", "--at", "N=1e10,D=1e11"], ["plan", "F", "--compute", "1e22"], ["report", "F", "--no-check"],
        ["check", "F", "--no-backtest"], ["verify", "F"]]
VALUES = [-1, 0, 1e308, -1e308, 5e-324, None, "x", "", [], {}, True, 2**63, -0.0, 1e-9, 2, "NaN", 1e400]
LADDER = """[train]
sizes = ["2k", "4k", "8k"]
tokens-per-param = [10, 20]
seeds = [0]
[held-out]
sizes = ["16k"]
tokens-per-param = [20]
[model]
layers = 1
context = 32
head-width = 8
[recipe]
batch-tokens = 256
learning-rate = 0.003
[data]
kind = "synthetic"
alphabet = 12
order = 2
[run]
folder = "runs"
jobs = 2
minutes-per-run = 0.1
held-out-tokens = 1024
[fit]
law = "chinchilla"
level = 0.9
objective = "squared-log"
uncertainty = "covariance"
"""
PLAN = """laws = ["fit.json"]
compute = ["1e21", "40 PF-days"]
at = []
max-params = "70B"
unique = "1T"
serve = "1e12"
sizes = [0.5, 2]
level = 0.9
gpus = "512xH100"
days = 30
mfu = 0.4
"""


class Fuzz:
    def __init__(self, program, seed):
        self.program, self.random = os.path.abspath(program), random.Random(seed)
        self.folder = tempfile.mkdtemp(prefix="isoflop-whole-")
        self.runs, self.found = 0, {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, args, limit=60):
        self.runs += 1
        try:
            s = subprocess.run([self.program, *args], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                               text=True, errors="replace", timeout=limit)
            return s.returncode, s.stdout, s.stderr
        except subprocess.TimeoutExpired:
            return "hang", "", ""

    @staticmethod
    def odd(text):
        return len(re.findall(r"\bNaN\b|(?<![\w-])-?inf\b|not a number", text))

    def judge(self, what, args, calm, may_pass=True):
        code, out, err = self.run(args)
        fault = None
        if code == "hang":
            fault = "hang"
        elif "panicked" in err or code not in (0, 1, 2, 3):
            fault = f"panic or code {code}"
        elif code == 0 and self.odd(out) > calm:
            fault = "NaN"
        elif code == 0 and not may_pass:
            fault = "a changed file is used"
        if fault:
            self.found.setdefault((args[0], fault), []).append(what)
            keep = os.path.join(self.folder, f"found-{len(self.found)}-{len(self.found[(args[0], fault)])}")
            for name in args[1:]:
                if os.path.isfile(self.path(name)):
                    shutil.copy(self.path(name), keep)

    # Changes

    def places(self, x, at=()):
        if isinstance(x, dict):
            for key in x:
                yield at + (key,)
                yield from self.places(x[key], at + (key,))
        elif isinstance(x, list):
            yield at + ("#",)
            for i in range(min(len(x), 3)):
                yield from self.places(x[i], at + (i,))
        else:
            yield at

    def changed_json(self, base):
        """One value, list or key changed; the words that say which."""
        value = json.loads(json.dumps(base))
        at = self.random.choice(list(self.places(base)))
        x = value
        for key in at[:-1]:
            x = x[key]
        if at[-1] == "#":
            x[:] = self.random.choice([x[:-1], x + x[:1], [], x[::-1]])
        elif isinstance(x, dict) and self.random.random() < 0.1:
            del x[at[-1]]
        elif isinstance(x[at[-1]], float) and self.random.random() < 0.4:
            x[at[-1]] *= self.random.choice([-1, 1 + 1e-6, 0.5, 10, 1e9])
        else:
            x[at[-1]] = self.random.choice(VALUES)
        return "/".join(map(str, at)), value

    def changed_text(self, text):
        """Bytes lost, repeated, cut off or exchanged; lines moved; words for numbers."""
        data, r = bytearray(text, "utf-8"), self.random
        lines = text.splitlines(True)
        match r.randrange(8):
            case 0:
                data = data[: r.randrange(len(data) + 1)]
            case 1:
                i = r.randrange(len(data))
                data[i] = r.randrange(256)
            case 2:
                i = r.randrange(len(data))
                data[i:i] = bytes(r.randrange(256) for _ in range(r.randrange(1, 9)))
            case 3:
                r.shuffle(lines)
                data = bytearray("".join(lines), "utf-8")
            case 4:
                i = r.randrange(len(lines))
                data = bytearray("".join(lines[:i] + lines[i + 1:]), "utf-8")
            case 5:
                i = r.randrange(len(lines))
                data = bytearray("".join(lines[: i + 1] + lines[i:]), "utf-8")
            case 6:
                data = bytearray(text.replace("\n", "\r\n"), "utf-8")
            case _:
                numbers = list(re.finditer(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", text))
                n = r.choice(numbers)
                new = r.choice(["-1", "0", "1e308", "1e-308", "nan", "inf", "-inf", "9223372036854775808", "1e12", "\"1e30\"",
                                "\"\"", "true", "[]", "{}", "0.5", "2", "1000000", "\"-3\"", "\"1T\""])
                data = bytearray(text[: n.start()] + new + text[n.end():], "utf-8")
        return bytes(data)

    # What is fuzzed

    def fits(self, cases):
        rows = ["params,tokens,flops,loss"]
        for c in (1e18, 1e19, 1e20, 1e21):
            middle = 0.3 * c**0.5 / 2.4
            for i in range(-3, 4):
                n = middle * 2**i
                d = c / (6 * n)
                loss = (1.7 + 400 / n**0.34 + 410 / d**0.28) * (1 + 1e-3 * self.random.gauss(0, 1))
                rows.append(f"{n:.6e},{d:.6e},{c:.6e},{loss:.6f}")
        open(self.path("iso.csv"), "w").write("\n".join(rows) + "\n")
        for kind, how in FITS.items():
            table = "iso.csv" if kind == "recipe" else "simulated-ladder"
            code, _, err = self.run(["fit", table, *how, "-q", "-o", f"{kind}.json"])
            if code not in (0, 3):
                sys.exit(f"{kind}: {err[:800]}")
            base = json.load(open(self.path(f"{kind}.json")))
            verbs = READ[1:2] if kind == "recipe" else READ
            calm = [self.odd(self.run([w.replace("F", f"{kind}.json") if w == "F" else w for w in v])[1]) for v in verbs]
            for _ in range(cases):
                where, value = self.changed_json(base)
                json.dump(value, open(self.path("t.json"), "w"))
                strict = value != base and not self.same_value(base, value)
                if strict and "digest" not in value:
                    strict = False
                if strict and value["digest"] is None:
                    strict = False
                for v, c in zip(verbs, calm):
                    self.judge(f"{kind} {where}", [w.replace("F", "t.json") if w == "F" else w for w in v], c, not strict)

    @staticmethod
    def same_value(a, b):
        """Whether two documents say the same: True is 1 to Python, a key that is null is one that is not there, and what
        digest a part carries is checked with the part."""
        def said(x, top=False):
            if isinstance(x, dict):
                return {k: said(v) for k, v in x.items() if v is not None and (top or k != "digest")}
            return [said(v) for v in x] if isinstance(x, list) else x
        return json.dumps(said(a, True), sort_keys=True) == json.dumps(said(b, True), sort_keys=True)

    def ledgers(self, cases):
        at = ["--at", "N=1e10,D=1e11", "--name", "a", "--at", "N=2e10,D=1e11", "--name", "b"]
        self.run(["predict", "bootstrap.json", "--record", "l.jsonl", *at])
        open(self.path("truth.csv"), "w").write("run,params,tokens,loss\na,1e10,1e11,2.1\n")
        text = open(self.path("l.jsonl")).read()
        for _ in range(cases):
            if self.random.random() < 0.3:
                rows = [json.loads(line) for line in text.splitlines()]
                i = self.random.randrange(len(rows))
                rows[i] = self.changed_json(rows[i])[1]
                data = "".join(json.dumps(row) + "\n" for row in rows).encode()
            else:
                data = self.changed_text(text)
            for args in (["check", "t.jsonl"], ["check", "t.jsonl", "--truth", "truth.csv"],
                         ["predict", "bootstrap.json", "--record", "t.jsonl", "--name", "c", "--at", "N=3e10,D=1e11"]):
                open(self.path("t.jsonl"), "wb").write(data)
                self.judge("ledger", args, 0)

    def ladders(self, cases):
        open(self.path("ladder.toml"), "w").write(LADDER)
        code, _, err = self.run(["ladder", "run", "ladder.toml", "-q"])
        if code not in (0, 3):
            sys.exit(f"ladder: {err[:800]}")
        records = open(self.path("runs/records.jsonl")).read()
        for i in range(cases):
            text = self.changed_text(LADDER)
            # A folder, a command or a law of another name is no fault: what is to be found is what the program does.
            open(self.path("t.toml"), "wb").write(text)
            for verb in ("plan", "status", "fit"):
                self.judge("ladder file", ["ladder", verb, "t.toml"], 0)
            if i % 4 == 0:
                open(self.path("runs/records.jsonl"), "wb").write(self.changed_text(records))
                for verb in ("status", "fit") + (("run",) if i % 16 == 0 else ()):
                    self.judge("records", ["ladder", verb, "ladder.toml", "-q"], 0)
                open(self.path("runs/records.jsonl"), "w").write(records)

    def plans(self, cases):
        shutil.copy(self.path("bootstrap.json"), self.path("fit.json"))
        open(self.path("t.toml"), "w").write(PLAN)
        code, out, err = self.run(["plan", "t.toml"])
        if code != 0:
            sys.exit(f"plan: {err[:800]}")
        calm = self.odd(out)
        for _ in range(cases):
            open(self.path("t.toml"), "wb").write(self.changed_text(PLAN))
            self.judge("plan file", ["plan", "t.toml"], calm)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program")
    p.add_argument("--cases", type=int, default=50)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only", choices=["fits", "ledgers", "ladders", "plans"])
    o = p.parse_args()
    fuzz = Fuzz(o.program, o.seed)
    fuzz.fits(0 if o.only not in (None, "fits") else o.cases)
    for name in ("ledgers", "ladders", "plans"):
        if o.only in (None, name):
            getattr(fuzz, name)(o.cases)
    for (verb, fault), cases in sorted(fuzz.found.items()):
        print(f"{verb:8} {fault:24} {len(cases):4}  e.g. {cases[0]}")
    bad = sum(map(len, fuzz.found.values()))
    print(f"{fuzz.runs - bad} of {fuzz.runs} held" + (f"; what did not is under {fuzz.folder}" if bad else ""))
    if not bad:
        shutil.rmtree(fuzz.folder)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
