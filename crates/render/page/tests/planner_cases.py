"""The sliders of a page against the command line, in a real browser.

For every law a page is written by `isoflop plan ... -o page.html`. For every request its controls are set through the
page, the command that the page then shows is run with --json, and every answer is compared at a relative tolerance of
1e-6: size, tokens, their ratio, loss, compute, serving, limits, distances, and intervals where the page has all draws.

    python3 planner_cases.py --isoflop target/debug/isoflop [--browser /usr/bin/chromium] [--quick] [--shots FOLDER]

Needs the Python package `playwright` and a Chromium. Prints one line a law, and ends with 'N passed, N failed'.
"""

import argparse
import itertools
import json
import math
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile

from playwright.sync_api import sync_playwright

TOLERANCE = 1e-6
# Absolute, for shares and differences that may be zero: a saving, a distance in orders of magnitude.
NEAR_ZERO = 1e-9

# Name, arguments of `isoflop plan`. `FIT` is a fit with 100 draws, `FEW` one with a covariance (1000 draws), `CURVED` one
# without a closed form, `REPEATED` one of the law of repeated data, both with draws; `MIN` and `ALL`
# are law files.
LAWS = [
    ("fit, closed form", ["FIT", "--compute", "1e22"]),
    ("fit, covariance", ["FEW", "--compute", "1e22"]),
    ("published, closed form", ["chinchilla:besiroglu", "--compute", "5.76e23"]),
    ("log-sum-exp", ["chinchilla-log", "--compute", "5.76e23"]),
    ("no closed form", ["CURVED", "--compute", "1e23"]),
    ("repetition with draws", ["REPEATED", "--compute", "1e20", "--unique", "1e9"]),
    ("outer exponent", ["outer-exponent", "--compute", "1e23"]),
    ("repetition, min", ["data-constrained:paper", "--compute", "1e23", "--unique", "1e11"]),
    ("extra input", ["joint-experts", "--at", "n=8", "--compute", "1e22"]),
    ("extra inputs by level", ["sparse-weights", "--at", "S=0.5", "--compute", "1e22"]),
    ("min in the law", ["MIN", "--compute", "1e23"]),
    ("every function", ["ALL", "--compute", "1e21"]),
    ("conventions by formula", ["chinchilla", "--convention", "C = 6*N*D + 1e9*D", "--compute", "1e22"]),
    ("compute a token", ["chinchilla", "--convention", "flops-palm", "--at", "n_layer=32", "--at", "n_head=32", "--at", "d_head=128",
                         "--at", "seq=4096", "--compute", "1e22"]),
    ("serving in money", ["FIT", "--compute", "1e23", "--serve", "1e12", "--serve-in", "usd", "--per-gpu-hour", "2.1",
                          "--serve-per-gpu-hour", "1.7"]),
    ("capped data", ["FIT", "--compute", "1e23", "--max-tokens", "4e10"]),
    ("given data", ["FIT", "--compute", "1e23", "--tokens", "4e10"]),
    ("several values of an input", ["joint-experts", "--at", "n=1,8", "--compute", "1e22"]),
    ("shares compute out", ["llama3-tokens", "--compute", "1e24"]),
]

# Budget, traffic, unique data, size: words typed into the page; None leaves the control off.
REQUESTS = [
    (compute, serve, unique, size)
    for compute, (serve, unique, size) in itertools.product(
        ["1e18", "3.3e20", "5.76e23", "40 PF-days", "2e26"],
        [
            (None, None, None),
            ("1T", None, None),
            ("2e13", "1T", None),
            (None, "30B", None),
            (None, None, ("max_params", "70M")),
            (None, None, ("params", "8B")),
        ],
    )
] + [
    ("1e24", "1e13", "1T", ("max_params", "30B")),
    ("1e24", "1e9", "1e10", ("params", "1B")),
    ("1e10", None, None, ("params", "8B")),
    ("1.234567890123e21", "12,345,678,901", "4.5 trillion", None),
]

LAW_WITH_MIN = """
title = "A law with a kink"
formula = "L = E + A / min(N, 3e9)^alpha + B / D^beta"
[vars]
L = { column = "loss", unit = "nats/token", role = "response" }
N = { column = "params", unit = "params" }
D = { column = "tokens", unit = "tokens" }
[coefs]
E = { range = [0, inf] }
A = { range = [0, inf] }
B = { range = [0, inf] }
alpha = { range = [0, 2] }
beta = { range = [0, 2] }
[[variant]]
name = "one"
coefs = { E = 1.8, A = 480, B = 2085, alpha = 0.35, beta = 0.37 }
errors = { E = 0.05, alpha = 0.01, beta = 0.01 }
"""


# The law with a kink with every function and comparison of the language in it, each small enough to leave an optimum.
LAW_WITH_ALL = LAW_WITH_MIN.replace("A law with a kink", "Every function").replace(
    'formula = "L = E + A / min(N, 3e9)^alpha + B / D^beta"',
    """formula = '''
let n = ln(N) - 20
let d = ln(D) - 24
let smooth = sigmoid(n) + softplus(-d) / 9 + tanh(d / 5) + sin(n / 7) + cos(d / 6) + atan(n / 3) + log2(N) / 40 + log10(D) / 20
let kinked = abs(n) / 9 + max(n, d, -1) / 9 + min(n, d) / 30 + sqrt(D) / 1e9 + logsumexp(n / 5, d / 5, 0) + -n / 20
let stepped = (if N > 2e9 and D <= 1e13 or not N >= 1e3 then 0.2 else 0.1) + (n < 3) * (d != 7) * (n == n) / 10
L = E + A / N^alpha + B / D^beta + 0.002 * (smooth + kinked + stepped) + exp(-N / 1e8) / 50
'''""",
)


class Check:
    def __init__(self):
        self.passed = self.failed = 0
        self.farthest = 0.0

    def that(self, holds, message):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {message}")

    def near(self, ours, theirs, message):
        if ours is not None and theirs is not None and ours != theirs:
            self.farthest = max(self.farthest, abs(ours - theirs) / max(abs(theirs), NEAR_ZERO / TOLERANCE))
        close = ours is not None and theirs is not None and (
            ours == theirs or abs(ours - theirs) <= max(TOLERANCE * abs(theirs), NEAR_ZERO)
        )
        self.that(close, f"{message}: page {ours!r}, command {theirs!r}")


def run(program, arguments, folder):
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def repeated_runs():
    """Runs of the law of repeated data with a little noise that is the same every time."""
    lines = ["params,tokens,unique_tokens,loss"]
    state = 1
    for n, u, epochs in itertools.product([1e7, 3e7, 1e8, 3e8, 1e9], [1e8, 1e9, 1e10], [0.5, 1, 3, 10, 30]):
        d = u * epochs
        known = min(u, d)
        g = (0.35 * 520 / (0.36 * 1490)) ** (1 / 0.71)
        effective = known * (1 + 15 * (1 - math.exp(-(d / known - 1) / 15)))
        fitting = min(n, g * (g * known) ** (0.36 / 0.35))
        size = fitting * (1 + 5 * (1 - math.exp(-(n / fitting - 1) / 5)))
        state = state * 16807 % 2147483647
        noise = math.exp(0.01 * (state / 2147483647 - 0.5))
        lines.append(f"{n},{d},{u},{(1.87 + 520 / size**0.35 + 1490 / effective**0.36) * noise!r}")
    return "\n".join(lines) + "\n"


def prepare(program, folder):
    (folder / "kink.toml").write_text(LAW_WITH_MIN)
    (folder / "all.toml").write_text(LAW_WITH_ALL)
    (folder / "repeated.csv").write_text(repeated_runs())
    curved = "L = E + (A/N^alpha + B/D^beta)^0.9"
    table = ["data", "show", "simulated-ladder", "-q", "-o", "runs.csv"]
    for arguments in (
        table,
        ["fit", "runs.csv", "--law", "chinchilla", "--uncertainty", "bootstrap:100", "-q", "-o", "fit.json"],
        ["fit", "runs.csv", "--law", "chinchilla", "-q", "-o", "few.json"],
        ["fit", "runs.csv", "--law", curved, "--uncertainty", "bootstrap:60", "-q", "-o", "curved.json"],
        ["fit", "repeated.csv", "--law", "data-constrained", "--uncertainty", "bootstrap:40", "-q", "-o", "repeated.json"],
    ):
        code, _, err = run(program, arguments, folder)
        if code != 0:
            sys.exit(f"{' '.join(arguments)}: {err}")


READ = """() => {
  const section = document.querySelector("section.planner");
  const of = (group) => Object.fromEntries([...section.querySelectorAll(`[data-group=${group}] output`)]
    .filter((o) => o.dataset.value !== undefined && !o.closest("[hidden]"))
    .map((o) => [o.dataset.quantity, { ...o.dataset }]));
  return { plain: of("plain"), serving: of("serving"), sentence: section.querySelector(".sentence").textContent,
    command: section.querySelector("[data-command]").textContent,
    notes: [...section.querySelectorAll("[data-notes] li")].map((li) => li.dataset.code), frame: Number(section.dataset.frame),
    unanswered: section.querySelector("form").classList.contains("unanswered") };
}"""


def settle(page):
    page.wait_for_selector('section.planner[data-state="settled"]', timeout=20_000)


def ask(page, request):
    compute, serve, unique, size = request
    page.fill('[data-control=compute] input[type=text]', compute)
    for name, value, mode in (
        ("serve", serve, "on"),
        ("unique", unique, "on"),
        ("size", size and size[1], size and size[0]),
    ):
        page.select_option(f'[data-control={name}] select', "off" if value is None else mode)
        if value is not None:
            page.fill(f'[data-control={name}] input[type=text]', value)
    settle(page)
    return page.evaluate(READ)


def compare(check, label, shown, row, whole):
    """The answers of the page against a row of the command; `whole` says that the page has all draws."""
    groups = [(shown["plain"], row)] + ([(shown["serving"], row["serving"])] if row.get("serving") else [])
    check.that(bool(shown["serving"]) == bool(row.get("serving")), f"{label}: serving is answered by both or neither")
    for ours, theirs in groups:
        for name, output in ours.items():
            estimate = theirs.get(name)
            if estimate is None:
                check.that(False, f"{label}: {name} is not in the answer of the command")
                continue
            check.near(float(output["value"]), estimate["value"], f"{label}: {name}")
            interval = estimate.get("interval")
            if whole:
                check.that(("lower" in output) == bool(interval), f"{label}: {name} has an interval in both or neither")
            if whole and interval and "lower" in output:
                check.near(float(output["lower"]), interval["lower"], f"{label}: {name}, lower end")
                check.near(float(output["upper"]), interval["upper"], f"{label}: {name}, upper end")
        for name, axis in (("params", "N"), ("tokens", "D"), ("tokens_per_param", "D/N"), ("loss", "C")):
            if name in ours and axis in theirs.get("beyond", {}):
                check.near(float(ours[name]["beyond"]), theirs["beyond"][axis], f"{label}: distance in {axis}")
    for name in ("params", "tokens", "tokens_per_param"):
        check.that(name in shown["plain"], f"{label}: {name} is shown")
    check.that(("loss" in shown["plain"]) == (row.get("loss") is not None), f"{label}: loss in both or neither")
    for limit in row.get("held", []):
        check.that(limit in shown["sentence"], f"{label}: `{limit}` is not in `{shown['sentence']}`")


def agree(check, page, program, folder, label, requests, frames):
    laws = page.eval_on_selector_all("section.planner [data-law] option", "all => all.length") or 1
    draws = page.evaluate(
        "JSON.parse(document.querySelector('section.planner script').textContent).plan.laws.map(l => l.draws.length === l.draws_in_all)"
    )
    for law in range(laws):
        if laws > 1:
            page.select_option("section.planner [data-law]", str(law))
        for request in requests:
            shown = ask(page, request)
            frames.append(shown["frame"])
            words = shlex.split(shown["command"].rsplit(" && ", 1)[-1])
            code, out, err = run(program, [*words[1:], "--json"], folder)
            name = f"{label}: {shown['command']}"
            if code != 0:
                check.that(shown["unanswered"] and shown["sentence"].rstrip(".") in err,
                           f"{name}: the command says `{err.strip()}`, the page `{shown['sentence']}`")
                continue
            check.that(not shown["unanswered"], f"{name}: the page has no answer")
            answer = json.loads(out)
            compare(check, name, shown, answer["rows"][0], draws[law])
            said = [note["code"] for note in answer["notes"] if note["code"] in ("repetition", "no-repetition")]
            check.that(shown["notes"] == said, f"{name}: the page notes {shown['notes']}, the command {said}")


def keyboard(check, page):
    """Every control is reached by Tab, has a name, and answers to arrows and pages."""
    page.select_option('[data-control=serve] select', "on")
    page.fill('[data-control=compute] input[type=text]', "1e22")
    settle(page)
    reached = set()
    page.evaluate("document.activeElement.blur()")
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("(document.activeElement.getAttribute('aria-label') || '') + '|' + document.activeElement.tagName + '|'"
                             " + (document.activeElement.type || '')")
        reached.add(name)
    for wanted in ("Budget, FLOP|INPUT|range", "Traffic, tokens|INPUT|range", "|BUTTON|button", "Size: how|SELECT|select-one"):
        check.that(wanted in reached, f"keyboard: {wanted} is not reached by Tab: {sorted(reached)}")
    slider = page.locator('[data-control=compute] input[type=range]')
    before = page.evaluate(READ)
    slider.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    after = page.evaluate(READ)
    ratio = float(page.input_value('[data-control=compute] input[type=text]')) / 1e22
    check.near(ratio, 1.12, "keyboard: an arrow moves the budget by an eighth")
    check.that(float(after["plain"]["params"]["value"]) > float(before["plain"]["params"]["value"]), "keyboard: the answer follows")
    page.keyboard.press("PageUp")
    settle(page)
    check.near(float(page.input_value('[data-control=compute] input[type=text]')), 1.12e23, "keyboard: a page is an order of magnitude")
    check.that(slider.get_attribute("aria-valuetext") == "1.12e23 FLOP", "keyboard: the slider says its value")
    # The policy of the page forbids functions from text, so a locator waits.
    spoken = page.locator("section.planner [aria-live=polite]", has_text="For 1.12e23 FLOP the compute-optimal model has")
    spoken.wait_for(state="attached", timeout=5_000)
    check.that(spoken.count() == 1, "keyboard: the answer is spoken")


def bad_words(check, page):
    box = page.locator('[data-control=compute] input[type=text]')
    before = page.evaluate(READ)["plain"]["params"]["value"]
    for text in ("", "many", "-1e22", "1,4T", "0", "1e999", "<script>", "3 apples"):
        box.fill(text)
        box.dispatch_event("change")
        settle(page)
        check.that(box.get_attribute("aria-invalid") == "true", f"`{text}` is marked as no number")
        check.that(page.evaluate(READ)["plain"]["params"]["value"] == before, f"`{text}` leaves the answer as it was")
    box.fill("1e22")


def narrow(check, page, label):
    page.set_viewport_size({"width": 360, "height": 780})
    width = page.evaluate("document.documentElement.scrollWidth")
    check.that(width <= 360, f"{label}: {width} px wide on a phone of 360")
    page.set_viewport_size({"width": 1100, "height": 900})


def shots(page, name):
    section = page.locator("section.planner")
    for scheme, width in itertools.product(("light", "dark"), (1100, 360)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        section.screenshot(path=f"{name}-{scheme}-{width}.png")
    page.emulate_media(media="print", color_scheme="light")
    section.screenshot(path=f"{name}-print.png")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--isoflop", required=True)
    options.add_argument("--browser", default="/usr/bin/chromium")
    options.add_argument("--quick", action="store_true", help="a third of the requests for each law")
    options.add_argument("--only", help="laws whose label holds this text")
    options.add_argument("--shots", help="a folder for screenshots")
    said = options.parse_args()
    program = str(pathlib.Path(said.isoflop).resolve())
    check, frames = Check(), []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = pathlib.Path(name)
        prepare(program, folder)
        browser = playwright.chromium.launch(executable_path=said.browser, args=["--no-sandbox"])
        for k, (label, arguments) in enumerate(LAWS):
            if said.only and said.only not in label:
                continue
            files = {"FIT": "fit.json", "FEW": "few.json", "CURVED": "curved.json", "REPEATED": "repeated.json", "MIN": "kink.toml", "ALL": "all.toml"}
            words = [files.get(word, word) for word in arguments]
            code, _, err = run(program, ["plan", *words, "-q", "-o", "page.html"], folder)
            check.that(code == 0, f"{label}: {err}")
            if code != 0:
                continue
            page = browser.new_page(viewport={"width": 1100, "height": 900})
            complaints = []
            page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda e: complaints.append(str(e)))
            page.goto((folder / "page.html").as_uri())
            settle(page)
            before, own = (check.passed, check.failed), []
            # Every request is asked of some law.
            agree(check, page, program, folder, label, REQUESTS[k % 3 :: 3] if said.quick else REQUESTS, own)
            if label == LAWS[0][0]:
                keyboard(check, page)
                bad_words(check, page)
            narrow(check, page, label)
            check.that(not complaints, f"{label}: the console says {complaints}")
            if said.shots:
                shots(page, f"{said.shots}/{label.replace(' ', '-').replace(',', '')}")
            page.close()
            frames.extend(own)
            size = (folder / "page.html").stat().st_size
            print(f"{label}: {check.passed - before[0]} passed, {check.failed - before[1]} failed; "
                  f"script in a frame: median {statistics.median(own):.1f} ms, most {max(own):.1f} ms; page {size / 1000:.0f} kB")
        browser.close()
    print(f"farthest from the command: {check.farthest:.1e} of the value, {TOLERANCE:.0e} allowed")
    print(f"{check.passed} passed, {check.failed} failed")
    # Nothing compared is nothing shown.
    return 0 if check.passed and not check.failed else 1


if __name__ == "__main__":
    sys.exit(main())
