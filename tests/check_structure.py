#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the structure of ARCHITECTURE.md: which module may use which, and that no file of a library calls,
directly or around corners, a file that calls it; who commits units of the store; and who calls what of the C library
is called in one place.

What a file uses is read from its object with nm, so that a declaration copied by hand deceives nobody. Beside
that no #include may go up the order of the modules or into the private headers of another one, and each public
header compiles by itself. Its argument is a build directory in which the libraries have been built.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# What a module may use, beside itself.
ORDER = {
    "base": set(),
    "asn1": {"base"},
    "attest": {"base", "asn1"},
    "message": {"base", "asn1"},
    "keys": {"base", "asn1"},
    "web": {"base", "asn1", "keys"},
    "conf": {"base", "asn1", "keys"},
    "token": {"base", "web", "conf"},
    "verifier": {"base", "web", "token"},
    "store": {"base", "conf", "asn1"},
    "ca": {"base", "conf", "asn1", "message", "keys", "store"},
    "cmf": {"base", "conf", "asn1", "attest", "verifier", "message", "keys", "web", "store", "ca"},
    "notify": {"base", "conf", "asn1", "keys", "web", "store", "cmf"},
    "cmp": {"base", "conf", "asn1", "message", "keys", "store", "ca", "cmf"},
    "explain": {"base", "asn1", "message", "cmp", "cmf", "store"},
    "http": {"base", "conf", "keys"},
    "lcm": {"base", "conf", "token", "keys", "web", "store", "cmf", "http"},
    "checker": {"base", "conf", "asn1", "keys", "token", "store", "ca", "cmf", "cmp", "http", "lcm"},
    "json": {"base", "conf", "asn1", "token", "store", "ca", "cmf", "notify", "http", "lcm", "checker"},
    "cmfd": {"base", "conf", "asn1", "message", "token", "store", "ca", "cmf", "notify", "cmp", "explain", "http", "lcm", "checker", "json"},
    "cmfctl": {"base", "web", "token", "conf", "asn1", "message", "keys", "store", "ca", "cmf", "cmp", "explain", "checker", "json"},
    "cmfbench": {"base", "asn1", "message", "keys", "web"},
}
# Calls that close a circle and stay: (caller, called) -> the reason.
KEPT = {
    ("http/proxy.c", "http/connection.c"):
        "the PROXY header is an event of the connection that awaits it: it says whose it is, or ends it",
}
KEPT_MAX = 6
# Who commits a unit of the store, and why: what is decided elsewhere becomes true there.
COMMITS = {
    "cmp/outcome.c": "what a step of a CMP message has decided, with its transaction and its answer",
    "cmp/housekeeping.c": "what the CMP door keeps and need not keep any more",
    "cmfctl/backup/past.c": "in a database that was put back: numbers of CRLs, before anybody serves it",
    "json/commit.c": "what an operator or a VNFM has asked for over JSON",
    "cmf/audit_key.c": "other MACs of the chains of the audit, when the store key is another one",
    "cmf/audit_purge.c": "that old lines of the audit are forgotten, with the anchor that they leave",
    "cmfd/audit_sinks.c": "how far the audit was written to the file and the system's log that [audit] names",
    "cmfd/audit.c": "what becomes of the server itself: start, stop, reload",
    "cmf/due.c": "what housekeeping ends, all at once, or one by one where that does not work",
    "cmf/direct/comparison.c": "what was found of a VNF, which nobody has asked for by a message",
    "cmf/direct/delivery.c": "that an orchestrator has acknowledged a one-time secret",
    "cmf/rekey.c": "some of the secrets under the new store key",
    "cmf/retention.c": "that what has ended long ago is forgotten, a part at a time",
    "cmf/direct/resync.c": "what a resync ends, or holds back",
    "cmf/events/ending.c": "that subscribers were told of certificates that end",
    "notify/deliver.c": "how far the callbacks of subscribers have been told",
    "notify/notifier.c": "that events are forgotten which all have been told",
    "lcm/subscribe.c": "which subscription the VNFM has of ours, before it is relied on",
    "lcm/callback.c": "where a notification says to look, before it is answered",
    "lcm/deliver.c": "how far a one-time secret has come on its way",
    "lcm/unconfigured.c": "that a VNFM that is followed no longer is forgotten",
    "lcm/sync.c": "that a VNF was looked at, or has to be once more",
    "ca/internal/crl.c": "a CRL, before anybody gets it",
    "store/nodes.c": "that this node is there, and which jobs are its own",
    "ca/upstream/transcript.c": "a step of an exchange with an upstream CA, before it is sent or used",
}
# Functions of the C library that one file alone calls: others call what that file offers instead.
WRAPPED = {
    "strerror": None,
    "strerrordesc_np": "base/error.c",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def module_of(path):
    """src/cmp/door.c belongs to cmp, and so do include/cmp/door.h and include/cmp.h."""
    parts = path.relative_to(ROOT).parts
    return parts[1].removesuffix(".h") if parts[0] in ("src", "include") else None


# --- includes ---


def include_resolve(path, name):
    """The file that is meant, as the compiler finds it; None: it is made during the build."""
    for base in (path.parent, ROOT / "src" / module_of(path), ROOT / "include"):
        if (base / name).exists():
            return (base / name).resolve()
    return None


def include_problem(path, name):
    module = module_of(path)
    target = include_resolve(path, name)
    if not target:
        return None if name.endswith("_generated.h") else f'"{name}" is no public header'
    if target.is_relative_to(ROOT / "src") and module_of(target) != module:
        return f'"{name}" is a private header of {module_of(target)}'
    if module_of(target) != module and module_of(target) not in ORDER[module]:
        return f'{module} must not include "{name}"'
    return None


def includes_check(errors):
    paths = [p for m in ORDER for p in sorted((ROOT / "src" / m).glob("**/*.[ch]"))]
    paths += sorted((ROOT / "include").glob("**/*.h"))
    for path in paths:
        for name in INCLUDE.findall(path.read_text()):
            problem = include_problem(path, name)
            if problem:
                errors.append(f"{path.relative_to(ROOT)}: {problem}")
    return len(paths)


def header_alone_check(path, errors):
    name = path.relative_to(ROOT / "include").as_posix()
    if name == "base/refusal_table.h":
        return  # rows for a macro, included where it is defined
    result = subprocess.run(
        ["cc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Werror", "-I", ROOT / "include",
         "-include", name, "-x", "c", "/dev/null"], capture_output=True, text=True)
    if result.returncode:
        errors.append(f"{name} does not compile alone:\n{result.stderr}")


# --- calls ---


def objects_find(build):
    """Object -> source, of everything under src/ that was built."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["directory"], entry["file"]).resolve()
        obj = pathlib.Path(entry["directory"], entry["output"])
        if source.is_relative_to(ROOT / "src") and obj.exists():
            found[obj] = source
    return found


def calls_read(build):
    """Source -> source -> the symbols of the second that the first names; source -> those of no file here."""
    objects = objects_find(build)
    defined, wanted = {}, collections.defaultdict(set)
    for obj, source in objects.items():
        lines = subprocess.run(["nm", "-P", "-g", obj], capture_output=True, text=True, check=True).stdout
        for line in lines.splitlines():
            symbol, kind = line.split()[:2]
            if kind in "Uwv":
                wanted[source].add(symbol)
            else:
                defined[symbol] = source
    calls = {source: collections.defaultdict(set) for source in objects.values()}
    for source, symbols in wanted.items():
        for symbol in symbols:
            if symbol in defined and defined[symbol] != source:
                calls[source][defined[symbol]].add(symbol)
    return calls, {source: symbols - defined.keys() for source, symbols in wanted.items()}


def circles_find(calls):
    """The strongly connected components of more than one file (Tarjan)."""
    index, low, stack, circles = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in calls[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            circle = []
            while not circle or circle[-1] != node:
                circle.append(stack.pop())
            if len(circle) > 1:
                circles.append(circle)

    for node in calls:
        if node not in index:
            visit(node)
    return circles


def name_of(path):
    return path.relative_to(ROOT / "src").as_posix()


def circle_describe(circle, calls):
    lines = [f"{len(circle)} files call each other:"]
    for source in sorted(circle):
        for target in sorted(calls[source]):
            if target in circle:
                names = ", ".join(sorted(calls[source][target]))
                lines.append(f"  {name_of(source)} -> {name_of(target)}: {names}")
    return "\n".join(lines)


def exceptions_take(calls, errors):
    """Leaves out the calls of KEPT, which must be there."""
    for source, target in KEPT:
        a, b = ROOT / "src" / source, ROOT / "src" / target
        if a not in calls or b not in calls[a]:
            errors.append(f"{source} does not call {target} any more: leave the pair out")
        else:
            del calls[a][b]
    if len(KEPT) > KEPT_MAX:
        errors.append(f"{len(KEPT)} pairs are more than the {KEPT_MAX} that may be kept")


def commits_check(calls, errors):
    """A handler of a request decides; it cannot commit, and so it cannot forget to."""
    found = {name_of(source) for source, targets in calls.items()
             if any({"store_unit_commit", "store_unit_submit"} & set(names) for names in targets.values())}
    for name in sorted(found - COMMITS.keys()):
        errors.append(f"{name}: commits a unit of the store; who may is in COMMITS, with the reason")
    for name in sorted(COMMITS.keys() - found):
        errors.append(f"{name} does not commit any more: leave it out of COMMITS")


def wrapped_check(outside, errors):
    """What ends on a screen or in a log has one wording, from whichever thread."""
    for source, symbols in outside.items():
        for symbol in sorted(symbols & WRAPPED.keys()):
            if name_of(source) != WRAPPED[symbol]:
                errors.append(f"{name_of(source)}: calls {symbol}(); errors in words are error_text()'s")


def calls_check(build, errors):
    calls, outside = calls_read(build)
    commits_check(calls, errors)
    wrapped_check(outside, errors)
    for source, targets in calls.items():
        for target, names in targets.items():
            a, b = module_of(source), module_of(target)
            if a != b and b not in ORDER[a]:
                errors.append(f"{name_of(source)}: {a} must not use {', '.join(sorted(names))} of {b}")
    exceptions_take(calls, errors)
    errors.extend(circle_describe(circle, calls) for circle in circles_find(calls))
    return len(calls)


def main():
    sys.setrecursionlimit(10000)
    errors = []
    n_files = includes_check(errors)
    for path in sorted((ROOT / "include").glob("**/*.h")):
        header_alone_check(path, errors)
    n_objects = calls_check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.getcwd()), errors)
    print("\n".join(errors) or f"{n_files} files keep the order, and {n_objects} objects have no circle")
    return bool(errors) or n_files < 20 or n_objects < 20


sys.exit(main())
