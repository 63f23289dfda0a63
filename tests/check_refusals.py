#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/refusals.md names keys of the configuration, files and options of cmfctl: they must exist."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# "[protection], client_policy mac_iterations_min, mac_key_length_max": sections, then keys of all of them.
SECTIONS = r"(?:\[[a-z_0-9]+(?: NAME)?\]|profile|client_policy)"
KEYS = re.compile(rf"({SECTIONS}(?:, {SECTIONS})*) ([a-z_0-9*]+(?:, [a-z_0-9*]+)*)(?=;|,|$)")


def keys_of_sections():
    """{section: its keys}, from docs/configuration.md."""
    keys, section = {}, ""
    for line in (ROOT / "docs/configuration.md").read_text().splitlines():
        if head := re.match(r"## \[(\w+)", line):
            section = head[1]
        elif row := re.match(r"\| `(\w+)` \|", line):
            keys.setdefault(section, set()).add(row[1])
    return keys


def named_keys(clause):
    """(sections, key) for each key that a clause names."""
    for part in clause.split("; "):
        if match := KEYS.fullmatch(part):
            sections = re.findall(r"[a-z_0-9]+", match[1].replace(" NAME", ""))
            yield from ((sections, key) for key in match[2].split(", "))


def main():
    known, problems, rows, named = keys_of_sections(), [], 0, 0
    manual = (ROOT / "docs/cmfctl.1").read_text().replace("\\-", "-")
    for line in (ROOT / "docs/refusals.md").read_text().splitlines():
        if not line.startswith("| `"):
            continue
        code, _, _, _, clause, advice = [c.strip() for c in line.strip("|").split(" | ")]
        rows += 1
        for sections, key in named_keys(clause):
            named += 1
            pattern = re.compile(key.replace("*", ".*"))
            if not any(pattern.fullmatch(k) for s in sections for k in known.get(s, ())):
                problems.append(f"{code}: no section of {sections} has a key {key}")
        problems += [f"{code}: there is no {f}" for f in re.findall(r"(?:docs|schema)/[\w/.-]+", f"{clause} {advice}")
                     if not (ROOT / f.rstrip(".")).is_file()]
        problems += [f"{code}: cmfctl(1) has no --{o}" for c in re.findall(r"`cmfctl ([^`]*)`", advice)
                     for o in re.findall(r"--([a-z-]+)", c) if f"Fl -{o}" not in manual]
    if rows < 300 or named < 80:
        problems.append(f"{rows} rows and {named} keys only: the tables look otherwise than this script thinks")
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
