#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The documents of conformance name code and tests for every rule: they must exist.

Code is `path/file.c: function, function; ...`. A test is `path/test_file.c: name, name; ...`, where
a name is that of a test, or the quoted name of a row in a table of that file. A rule that is not followed has `not yet`, or
`not here`, and the reason in the place of the code, and no test."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "docs" / name for name in ("cmp-conformance.md", "ifa033-conformance.md")]
NOT_FOLLOWED = re.compile(r"not (yet|here): .+")


def references(cell):
    """(file, [names]) for each part of a cell."""
    for part in cell.replace("`", "").split(";"):
        path, _, names = part.strip().partition(":")
        found = re.findall(r'\s*("[^"]*"|[^,]+)', names)
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


def check_row(cells, where, problems):
    if NOT_FOLLOWED.fullmatch(cells[2]):
        problems += [f"{where}: a test of what is not followed"] if cells[3] else []
        return
    check_cell(cells[2], is_function, f"{where}, code", problems)
    check_cell(cells[3], is_test, f"{where}, test", problems)


def check_document(document):
    problems, rows = [], 0
    for number, line in enumerate(document.read_text().splitlines(), 1):
        if not line.startswith("|") or re.match(r"\| (clause|---)", line):
            continue
        cells = [c.strip() for c in line.strip().removeprefix("|").removesuffix("|").split("|")]
        where = f"line {number}"
        if len(cells) != 4:
            problems.append(f"{where}: {len(cells)} cells, not 4")
            continue
        rows += 1
        check_row(cells, where, problems)
    for problem in problems:
        print(f"docs/{document.name}: {problem}")
    print(f"docs/{document.name}: {rows} rows, {len(problems)} problems")
    return rows > 0 and not problems


def main():
    return 0 if all([check_document(document) for document in DOCUMENTS]) else 1


if __name__ == "__main__":
    sys.exit(main())
