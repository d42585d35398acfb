"""The page in a real browser: drawn, quiet, offline, within its width, by keyboard, and safe from names in the data.

    python3 page_cases.py --isoflop target/debug/isoflop [--browser /usr/bin/chromium] [--shots FOLDER] [--table FILE]...

Pages are written by `isoflop report` and opened from the disk. With --shots, every page is kept as pictures, light and
dark, wide and narrow. Each --table is one more table with the columns params, tokens and loss. Needs the Python package
`playwright` and a Chromium. Prints one line a failed case, and ends with 'N passed, N failed'.
"""

import argparse
import csv
import io
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import sync_playwright

MOST_BYTES = 1_500_000
HOSTILE = [
    "<script>alert(1)</script>",
    "\"quoted\" 'single'",
    "x" * 10_000,
    "مرحبا بالعالم",
    "🚀🔥 emoji",
    "</script><img src=x onerror=alert(2)>",
    "&amp; `code` {{x}} ]]>",
    "=1+1",
    "<!--",
]
FORMULA = "L = E[corpus] + A/N^alpha + B/D^beta"


def loss(n, d, floor, noise, rng):
    return (floor + 480 / n**0.35 + 2085 / d**0.37) * math.exp(rng.gauss(0, noise))


def write_tables(folder):
    """Simulated runs; the seeds are fixed, so that every run sees the same pages."""

    def table(name, columns, rows):
        with open(folder / name, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([columns, *rows])
        return str(folder / name)

    rng = random.Random(1)
    place = lambda: (float(f"{10 ** rng.uniform(7, 10):.4g}"), float(f"{10 ** rng.uniform(9, 11.5):.4g}"))
    thousand = []
    for _ in range(1000):
        n, d = place()
        thousand.append([n, d, round(loss(n, d, 1.8, 0.01, rng), 5)])

    def named(names, count):
        rows = []
        for k in range(count):
            n, d = place()
            kind = k % len(names)
            rows.append([n, d, names[kind], round(loss(n, d, 1.8 + 0.05 * kind, 0.01, rng), 5)])
        return rows

    one = [[10 ** (18 + k / 8), (1.9 + 10 ** (-0.15 * k / 8)) * math.exp(rng.gauss(0, 0.005))] for k in range(30)]
    return {
        "thousand": table("thousand.csv", ["params", "tokens", "loss"], thousand),
        "hostile": table("hostile <b onclick=x>.csv", ["params", "tokens", "corpus", "loss"], named(HOSTILE, 180)),
        "levels": table("levels.csv", ["params", "tokens", "corpus", "loss"], named(["c4", "pile", "web"], 120)),
        "one": table("one.csv", ["flops", "loss"], one),
    }


class Cases:
    """Counts what holds and prints what does not."""

    def __init__(self):
        self.passed = self.failed = 0

    def case(self, name, holds, found=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}: {found}")


def opened(browser, url, **how):
    """A page with everything it complained of or asked for."""
    context = browser.new_context(**how)
    page = context.new_page()
    heard = []
    page.on("console", lambda m: heard.append(f"{m.type}: {m.text[:200]}") if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: heard.append(f"error: {e}"))
    page.on("dialog", lambda d: (heard.append(f"dialog: {d.message}"), d.dismiss()))
    page.on("request", lambda r: heard.append(f"request: {r.url[:200]}") if r.url != url and not r.url.startswith("blob:") else None)
    page.goto(url)
    return page, heard


def drawn(page):
    page.wait_for_selector("html[data-charts=drawn]", state="attached", timeout=20_000)


def every_look(browser, cases, name, url, shots):
    """The four looks of a page: light and dark, wide and narrow."""
    for mode in ("light", "dark"):
        for width in (1100, 360):
            look = f"{name} {mode} {width}"
            page, heard = opened(browser, url, viewport={"width": width, "height": 900}, color_scheme=mode)
            drawn(page)
            cases.case(f"{look}: nothing is complained of or asked for", not heard, heard)
            beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            cases.case(f"{look}: nothing is wider than the page", beyond <= 0, f"{beyond} px beyond")
            bare = page.evaluate(
                """() => Array.from(document.querySelectorAll('.chart'), (chart) => {
                    const data = JSON.parse(document.getElementById(chart.id + '-data').textContent);
                    const panels = Array.from(chart.querySelectorAll('.panels > svg'));
                    const empty = panels.filter((svg, k) =>
                        data.panels[k].series.some((s) => s.x.length) && svg.querySelectorAll('path[d], circle').length < 1);
                    return panels.length === data.panels.length && !empty.length ? null : chart.id;
                }).filter(Boolean)"""
            )
            charts = page.locator(".chart").count()
            cases.case(f"{look}: every chart is drawn", charts > 0 and not bare, bare or "no chart")
            cut = page.evaluate(
                """() => Array.from(document.querySelectorAll('.panels svg text')).filter((text) => {
                    const own = text.getBoundingClientRect(), svg = text.ownerSVGElement.getBoundingClientRect();
                    return own.width > 0 && (own.right > svg.right + 1 || own.left < svg.left - 1);
                }).map((text) => text.textContent.slice(0, 40))"""
            )
            cases.case(f"{look}: no word of a chart is cut off", not cut, cut)
            pale = page.evaluate(CONTRAST)
            cases.case(f"{look}: words stand out from the paper", not pale, pale)
            if shots:
                page.screenshot(path=str(shots / f"{name}-{mode}-{width}.png"), full_page=True)
            page.context.close()


# Words whose contrast to the paper is below 4.5 to 1 (WCAG 2.2, AA).
CONTRAST = """() => {
    const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    // Any notation of a colour, over the paper, as three bytes.
    const bytes = (colour, under) => {
        for (const paint of [under, colour]) {
            pen.fillStyle = paint;
            pen.fillRect(0, 0, 1, 1);
        }
        return Array.from(pen.getImageData(0, 0, 1, 1).data).slice(0, 3);
    };
    const light = (c) => c.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
    const ground = getComputedStyle(document.body).backgroundColor, paper = light(bytes(ground, ground));
    const found = new Set();
    for (const e of document.querySelectorAll('p, h1, h2, h3, td, th, th small, dt, dd, li, a, figcaption, summary, code, button, footer, output span')) {
        if (!e.textContent.trim() || !e.getClientRects().length || e.closest(':disabled')) continue;
        const ink = light(bytes(getComputedStyle(e).color, ground));
        const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        if (ratio < 4.5) found.add(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
    }
    return [...found];
}"""


def table_of_runs(browser, cases, url, fit):
    """Sorting by keyboard, and the download in full precision."""
    page, _ = opened(browser, url, accept_downloads=True)
    drawn(page)
    heads = page.eval_on_selector_all("#runs th", "all => all.map((h) => h.dataset.name)")
    column = heads.index("loss")
    read = "all => all.map((row) => Number(row.cells[%d].dataset.v ?? row.cells[%d].textContent))" % (column, column)
    button = page.locator("#runs th button").nth(column)
    button.focus()
    for key, order in (("Enter", 1), ("Space", -1)):
        page.keyboard.press(key)
        values = page.eval_on_selector_all("#runs tbody tr", read)
        sorted_so = all(order * (b - a) >= 0 for a, b in zip(values, values[1:]))
        cases.case(f"runs: {key} sorts by loss", sorted_so and len(values) == fit["n"], values[:5])
    said = page.locator("#runs th").nth(column).get_attribute("aria-sort")
    cases.case("runs: the order is said", said == "descending", said)
    with page.expect_download() as got:
        page.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(io.StringIO(pathlib.Path(got.value.path()).read_text(encoding="utf-8"))))
    points = fit["points"]
    want = {
        "params": points["inputs"]["N"], "tokens": points["inputs"]["D"], "loss": points["response"],
        "fitted loss": points["fitted"], "residual": points["residual"],
    }
    for name, values in want.items():
        same = sorted(float(row[name]) for row in rows) == sorted(values)
        cases.case(f"runs: {name} is downloaded to the last digit", same, name)
    page.context.close()


def by_keyboard(browser, cases, url):
    """All that answers is reached by Tab; arrow keys walk along the marks of a chart, which are said."""
    page, _ = opened(browser, url, viewport={"width": 1100, "height": 900})
    drawn(page)
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.className")
    cases.case("keyboard: the first stop skips to the content", first == "skip", first)
    reached = page.evaluate(
        """() => ({ stops: document.querySelectorAll('a[href], button:not([hidden]), summary, input, select, [tabindex="0"]').length,
                    mute: Array.from(document.querySelectorAll('button, input, [tabindex="0"]'))
                      .filter((e) => !e.hidden && !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.textContent.trim()
                        || (e.labels && e.labels.length))).length })"""
    )
    seen = set()
    for _ in range(reached["stops"] + 5):
        seen.add(page.evaluate("document.activeElement === document.body ? '' : [document.activeElement.tagName, document.activeElement.id, "
                               "document.activeElement.textContent.slice(0, 30), document.activeElement.getAttribute('aria-label')].join('|')"))
        page.keyboard.press("Tab")
    kinds = {word.split("|")[0].lower() for word in seen if word}
    cases.case("keyboard: links, buttons, folds, charts and tables are reached", {"a", "button", "summary", "svg", "div"} <= kinds, kinds)
    cases.case("keyboard: whatever is reached has a name", reached["mute"] == 0, reached)
    chart = page.locator("#f1 .panels svg").first
    chart.focus()
    page.keyboard.press("ArrowRight")
    said = page.locator("#f1 .said").text_content()
    cases.case("keyboard: an arrow key says the run", "fitted loss" in said and "residual" in said and "tokens" in said, said)
    tip = page.locator("#f1 [aria-label=tip]").first.text_content()
    cases.case("keyboard: and shows it", "residual" in tip, tip)
    page.keyboard.press("PageDown")
    other = page.locator("#f1 .said").text_content()
    cases.case("keyboard: the next keys go on", other != said, other)
    page.context.close()


def without_scripts(browser, cases, url):
    page, heard = opened(browser, url, java_script_enabled=False)
    figures, still = page.locator(".chart").count(), page.locator(".chart noscript svg").count()
    cases.case("no scripts: the static figures are seen", figures > 0 and figures == still, (figures, still))
    cases.case("no scripts: the answer and the runs are there", page.locator("#runs tbody tr").count() > 0, heard)
    page.context.close()


def on_paper(browser, cases, url, shots):
    page, _ = opened(browser, url, color_scheme="dark")
    drawn(page)
    page.emulate_media(media="print", color_scheme="dark")
    found = page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('nav')).display]")
    cases.case("print: on white paper, without the contents", found == ["rgb(255, 255, 255)", "none"], found)
    page.set_viewport_size({"width": 680, "height": 900})
    beyond = page.evaluate(
        """() => Array.from(document.querySelectorAll('.panels svg, main table'))
            .filter((e) => !e.closest('details:not([open])') && e.getBoundingClientRect().right > innerWidth + 1)
            .map((e) => `${e.tagName} in ${e.closest('figure, .scroll').textContent.slice(0, 60)}`)"""
    )
    cases.case("print: figures and tables keep to the paper", not beyond, beyond)
    paper = page.pdf(format="A4")
    cases.case("print: gives pages", len(paper) > 10_000, len(paper))
    if shots:
        (shots / "print.pdf").write_bytes(paper)
    page.context.close()


def other_width(browser, cases, url):
    page, _ = opened(browser, url, viewport={"width": 1100, "height": 900})
    drawn(page)
    width = lambda: page.locator("#f1 .panels svg").first.bounding_box()["width"]
    before = width()
    page.set_viewport_size({"width": 360, "height": 800})
    page.wait_for_timeout(700)
    after = width()
    cases.case("a turned phone: charts are drawn anew", after < 360 < before, (before, after))
    page.context.close()


def hostile(browser, cases, url):
    page, heard = opened(browser, url)
    drawn(page)
    made = page.evaluate("document.querySelectorAll('main img, main b b, main script:not([type])').length")
    cases.case("hostile names: none becomes a part of the page", made == 0 and not heard, (made, heard))
    texts = page.eval_on_selector_all("#runs tbody td", "all => all.map((c) => c.textContent)")
    cases.case("hostile names: all are shown as they are", set(HOSTILE) <= set(texts), set(HOSTILE) - set(texts))
    with page.expect_download() as got:
        page.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(io.StringIO(pathlib.Path(got.value.path()).read_text(encoding="utf-8"))))
    names = {row["corpus"] for row in rows}
    cases.case("hostile names: a spreadsheet runs no name as a formula", "=1+1" not in names and "'=1+1" in names, names - set(HOSTILE))
    page.context.close()


def main():
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--isoflop", required=True)
    said.add_argument("--browser", default="/usr/bin/chromium")
    said.add_argument("--shots", type=pathlib.Path)
    said.add_argument("--table", action="append", default=[])
    said = said.parse_args()
    if said.shots:
        said.shots.mkdir(parents=True, exist_ok=True)
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = pathlib.Path(folder)
        tables = write_tables(folder)
        made = {
            "embedded": ["simulated-ladder", "--law", "chinchilla"],
            "thousand": [tables["thousand"], "--law", "chinchilla"],
            "hostile": [tables["hostile"], "--law", FORMULA],
            "levels": [tables["levels"], "--law", FORMULA],
            "one": [tables["one"], "--law", "loss = E + A*(flops/1e18)^(0-a)"],
        }
        for k, table in enumerate(said.table):
            made[f"table-{k + 1}"] = [table, "--law", "chinchilla"]
        urls = {}
        for name, words in made.items():
            out, fit = folder / f"{name}.html", folder / f"{name}.json"
            start = time.monotonic()
            ran = subprocess.run([said.isoflop, "report", *words, "-q", "-o", out, "-o", fit], capture_output=True, text=True)
            took = time.monotonic() - start
            cases.case(f"{name}: the report is written", ran.returncode == 0, ran.stderr)
            if ran.returncode:
                continue
            size = out.stat().st_size
            print(f"{name}: {size / 1e6:.2f} MB, written in {took:.1f} s with fit, audit and backtest")
            cases.case(f"{name}: less than 1.5 MB", size < MOST_BYTES, size)
            urls[name] = out.as_uri()
        browser = playwright.chromium.launch(
            executable_path=said.browser,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        for name, url in urls.items():
            every_look(browser, cases, name, url, said.shots)
        embedded = json.loads((folder / "embedded.json").read_text(encoding="utf-8"))["fit"]
        table_of_runs(browser, cases, urls["embedded"], embedded)
        by_keyboard(browser, cases, urls["embedded"])
        without_scripts(browser, cases, urls["embedded"])
        on_paper(browser, cases, urls["embedded"], said.shots)
        other_width(browser, cases, urls["embedded"])
        hostile(browser, cases, urls["hostile"])
        browser.close()
    print(f"{cases.passed} passed, {cases.failed} failed")
    sys.exit(1 if cases.failed else 0)


if __name__ == "__main__":
    main()
