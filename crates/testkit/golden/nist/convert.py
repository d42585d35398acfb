"""Writes the files of this folder from NIST's own.

    python3 convert.py FOLDER

FOLDER holds the 27 `.dat` files of https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml. Numbers are copied
digit by digit. The formulas are those of the files, in the words of our language.
"""

import pathlib
import re
import sys

GAUSS = "y = b1 * exp(-b2 * x) + b3 * exp(-(x - b4)^2 / b5^2) + b6 * exp(-(x - b7)^2 / b8^2)"
LANCZOS = "y = b1 * exp(-b2 * x) + b3 * exp(-b4 * x) + b5 * exp(-b6 * x)"
CHWIRUT = "y = exp(-b1 * x) / (b2 + b3 * x)"
CUBIC = "y = (b1 + b2 * x + b3 * x^2 + b4 * x^3) / (1 + b5 * x + b6 * x^2 + b7 * x^3)"
FORMULAS = {
    "Bennett5": "y = b1 * (b2 + x)^(-1 / b3)",
    "BoxBOD": "y = b1 * (1 - exp(-b2 * x))",
    "Chwirut1": CHWIRUT,
    "Chwirut2": CHWIRUT,
    "DanWood": "y = b1 * x^b2",
    "ENSO": "let t = 6.283185307179586 * x; y = b1 + b2 * cos(t / 12) + b3 * sin(t / 12)"
    " + b5 * cos(t / b4) + b6 * sin(t / b4) + b8 * cos(t / b7) + b9 * sin(t / b7)",
    "Eckerle4": "y = b1 / b2 * exp(-0.5 * ((x - b3) / b2)^2)",
    "Gauss1": GAUSS,
    "Gauss2": GAUSS,
    "Gauss3": GAUSS,
    "Hahn1": CUBIC,
    "Kirby2": "y = (b1 + b2 * x + b3 * x^2) / (1 + b4 * x + b5 * x^2)",
    "Lanczos1": LANCZOS,
    "Lanczos2": LANCZOS,
    "Lanczos3": LANCZOS,
    "MGH09": "y = b1 * (x^2 + x * b2) / (x^2 + x * b3 + b4)",
    "MGH10": "y = b1 * exp(b2 / (x + b3))",
    "MGH17": "y = b1 + b2 * exp(-x * b4) + b3 * exp(-x * b5)",
    "Misra1a": "y = b1 * (1 - exp(-b2 * x))",
    "Misra1b": "y = b1 * (1 - (1 + b2 * x / 2)^(-2))",
    "Misra1c": "y = b1 * (1 - (1 + 2 * b2 * x)^(-0.5))",
    "Misra1d": "y = b1 * b2 * x * (1 + b2 * x)^(-1)",
    "Nelson": "ln y = b1 - b2 * x1 * exp(-b3 * x2)",
    "Rat42": "y = b1 / (1 + exp(b2 - b3 * x))",
    "Rat43": "y = b1 / (1 + exp(b2 - b3 * x))^(1 / b4)",
    "Roszman1": "y = b1 - b2 * x - atan(b3 / (x - b4)) / 3.141592653589793",
    "Thurber": CUBIC,
}


def law(name, text, columns):
    """The problem as a law file: both starts, and the certified values as a variant."""
    rows = re.findall(r"^\s*(b\d)\s*=\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*$", text, re.M)
    level = re.search(r"^\s*(Lower|Average|Higher) Level of Difficulty", text, re.M).group(1)
    lines = [
        f'title = "NIST StRD {name}, {level.lower()} level of difficulty"',
        f'formula = "{FORMULAS[name]}"',
        'source = "NIST Statistical Reference Datasets, https://www.itl.nist.gov/div898/strd/"',
        f'objective = "{"squared-log" if name == "Nelson" else "squared"}"',
        "",
        "[vars]",
    ]
    for column in columns:
        role = 'role = "response", ' if column == "y" else ""
        lines.append(f"{column} = {{ {role}positive = false }}")
    if name == "Nelson":
        lines[-3] = 'y = { role = "response" }'
    lines += ["", "[coefs]"]
    lines += [f"{b} = {{ start = [{first}, {second}] }}" for b, first, second, _, _ in rows]
    lines += ["", "[[variant]]", 'name = "certified"']
    lines.append("coefs = { " + ", ".join(f"{r[0]} = {r[3]}" for r in rows) + " }")
    lines.append("errors = { " + ", ".join(f"{r[0]} = {r[4]}" for r in rows) + " }")
    return "\n".join(lines) + "\n"


def table(text, rows):
    """Letters and rows of the data, which are the last lines of the file."""
    columns = re.search(r"^Data:\s+(y(?:\s+x\d?)+)\s*$", text, re.M).group(1).split()
    lines = [line.split() for line in text.strip().splitlines()[-rows:]]
    assert all(len(line) == len(columns) for line in lines)
    return columns, lines


def main(folder):
    here = pathlib.Path(__file__).parent
    certified = ["problem,rows,residual_sum_of_squares,residual_standard_deviation"]
    for name in sorted(FORMULAS):
        text = (pathlib.Path(folder) / f"{name}.dat").read_text()
        get = lambda what: re.search(rf"^{what}:\s+(\S+)", text, re.M).group(1)
        rows = int(get("Number of Observations"))
        columns, lines = table(text, rows)
        csv = [",".join(columns)] + [",".join(line) for line in lines]
        (here / f"{name}.csv").write_text("\n".join(csv) + "\n")
        (here / f"{name}.toml").write_text(law(name, text, columns))
        sum_of_squares = get("Residual Sum of Squares")
        certified.append(f"{name},{rows},{sum_of_squares},{get('Residual Standard Deviation')}")
    (here / "certified.csv").write_text("\n".join(certified) + "\n")


main(sys.argv[1])
