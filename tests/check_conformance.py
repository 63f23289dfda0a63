#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/cmp-conformance.md names code and tests for every rule: they must exist.

Code is `path/file.c: function, function; ...`. A test is `path/test_file.c: name, name; ...`, where
a name is that of a test, or the quoted name of a row in a table of that file."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "cmp-conformance.md"


def references(cell):
    """(file, [names]) for each part of a cell."""
    for part in cell.replace("`", "").split(";"):
        path, _, names = part.strip().partition(":")
        found = re.findall(r'"[^"]*"|[^,]+', names)
        yield path.strip(), [n.strip() for n in found if n.strip()]


def is_function(text, name):
    return re.search(rf"^[\w\s\*\(\)]*\b{re.escape(name)}\(", text, re.M) is not None


def is_test(text, name):
    if name.startswith('"'):
        return name in text
    return f"START_TEST({name})" in text or re.search(rf"^def {re.escape(name)}\(", text, re.M)


def check_cell(cell, known, where, problems):
    if not cell:
        problems.append(f"{where}: empty")
        return
    for path, names in references(cell):
        file = ROOT / path
        if not file.is_file():
            problems.append(f"{where}: there is no file {path}")
            continue
        if not names:
            problems.append(f"{where}: {path}: no name")
        text = file.read_text()
        problems += [f"{where}: {path}: there is no {n}" for n in names if not known(text, n)]


def main():
    problems, rows = [], 0
    for number, line in enumerate(DOCUMENT.read_text().splitlines(), 1):
        if not line.startswith("|") or re.match(r"\| (clause|---)", line):
            continue
        cells = [c.strip() for c in line.strip("|").split("|")]
        where = f"line {number}"
        if len(cells) != 4:
            problems.append(f"{where}: {len(cells)} cells, not 4")
            continue
        rows += 1
        check_cell(cells[2], is_function, f"{where}, code", problems)
        check_cell(cells[3], is_test, f"{where}, test", problems)
    for problem in problems:
        print(f"docs/cmp-conformance.md: {problem}")
    print(f"{rows} rows, {len(problems)} problems")
    return 1 if problems or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
