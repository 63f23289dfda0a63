#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a text file as a C string.

usage: embed_text.py OUTPUT NAME FILE    (declared by the user as: extern const char NAME[];)
"""
import sys


def main():
    output, name, path = sys.argv[1:]
    with open(path, encoding='utf-8') as file:
        text = file.read()
    lines = ['/* Generated from a text file by tools/embed_text.py. */',
             f'extern const char {name}[];', f'const char {name}[] =']
    for line in text.splitlines():
        quoted = line.replace('\\', '\\\\').replace('"', '\\"').replace('\t', '\\t')
        lines.append(f'\t"{quoted}\\n"')
    lines[-1] += ';'
    with open(output, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
