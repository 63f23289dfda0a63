#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes numbered SQL migrations as a C array (see src/store/migration.h).

usage: embed_sql.py OUTPUT ARRAY FILE...    (FILE: 0001-name.sql, in order; a number may be left out)
"""
import os
import re
import sys


def c_lines(text):
    for line in text.splitlines():
        quoted = line.replace('\\', '\\\\').replace('"', '\\"').replace('\t', '\\t')
        yield f'\t "{quoted}\\n"'


def main():
    output, array, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    lines = ['/* Generated from the SQL files by tools/embed_sql.py. */',
             '#include "migration.h"', '', f'const struct migration {array}[] = {{']
    last = needs = 0
    for path in files:
        name = os.path.basename(path)
        number = int(name.split('-')[0])
        if number <= last:
            sys.exit(f'{name}: expected a migration number after {last:04}')
        last = number
        with open(path, encoding='utf-8') as file:
            sql = file.read()
        said = re.search(r'^-- needs (\d+)$', sql, re.M)
        if said and not needs <= int(said[1]) < number:
            sys.exit(f'{name}: needs {said[1]}: less than it is itself, and no less than those before it')
        needs = int(said[1]) if said else number
        lines += [f'\t{{{number}, {needs}, "{name}",', *c_lines(sql), '\t},']
    lines += ['};', f'const unsigned {array}_count = {len(files)};', '']
    with open(output, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines))


if __name__ == '__main__':
    main()
