#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on an #include that goes up the dependency order of ARCHITECTURE.md, on a header that does not
compile by itself, and on a private header used by another module."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# What a module may include, beside its own headers.
ORDER = {
    "base": set(),
    "asn1": {"base"},
    "message": {"base", "asn1"},
    "conf": {"base", "asn1"},
    "store": {"base", "conf", "asn1"},
    "ca": {"base", "conf", "asn1", "message", "store"},
    "cmf": {"base", "conf", "asn1", "store", "ca"},
    "cmp": {"base", "conf", "asn1", "message", "store", "ca", "cmf"},
    "http": {"base", "conf"},
    "rest": {"base", "conf", "asn1", "store", "ca", "cmf", "http"},
    "cmfd": {"base", "conf", "asn1", "store", "ca", "cmf", "cmp", "http", "rest"},
    "cmfctl": {"base", "conf", "asn1", "message", "store", "ca", "cmp"},
    "cmfbench": {"base", "asn1", "message"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def module_of_header(name):
    """"base/log.h" and "conf.h" belong to base and conf."""
    return pathlib.PurePath(name).parts[0].removesuffix(".h")


def check_file(path, module, errors):
    for name in INCLUDE.findall(path.read_text()):
        if "/" not in name and (path.parent / name).exists():
            continue
        if not (ROOT / "include" / name).exists():
            if not (ROOT / "src" / module / name).exists() and not name.endswith("_generated.h"):
                errors.append(f'{path.relative_to(ROOT)}: "{name}" is no public header')
            continue
        target = module_of_header(name)
        if target != module and target not in ORDER[module]:
            errors.append(f'{path.relative_to(ROOT)}: {module} must not include "{name}"')


def check_header_alone(path, errors):
    name = path.relative_to(ROOT / "include").as_posix()
    if name == "base/refusal_table.h":
        return  # rows for a macro, included where it is defined
    result = subprocess.run(
        ["cc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Werror", "-I", ROOT / "include",
         "-include", name, "-x", "c", "/dev/null"], capture_output=True, text=True)
    if result.returncode:
        errors.append(f"{name} does not compile alone:\n{result.stderr}")


def main():
    errors, count = [], 0
    for module in ORDER:
        for path in sorted((ROOT / "src" / module).glob("**/*.[ch]")):
            check_file(path, module, errors)
            count += 1
    for path in sorted((ROOT / "include").glob("**/*.h")):
        check_file(path, module_of_header(path.relative_to(ROOT / "include").as_posix()), errors)
        check_header_alone(path, errors)
        count += 1
    print("\n".join(errors) or f"{count} files keep the dependency order")
    return bool(errors) or count < 20


sys.exit(main())
