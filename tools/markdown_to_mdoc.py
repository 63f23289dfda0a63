#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a manual page from a frame in mdoc and a Markdown file: the line `@BODY@` of the frame becomes
the Markdown's sections. Knows what docs/configuration.md has: headings, paragraphs, tables, code.

usage: markdown_to_mdoc.py FRAME MARKDOWN    (to standard output)
"""
import re
import sys


def text(markdown):
    """A text line: no macro by accident, `code` in bold, no escapes but ours."""
    line = markdown.replace('\\', '\\e').replace('-', '\\-')
    line = re.sub(r'`([^`]*)`', r'\\fB\1\\fP', line)
    line = re.sub(r'\*(\w+)\*', r'\\fI\1\\fP', line)
    return '\\&' + line if line[:1] in ('.', "'") else line


def cells(row):
    return [cell.strip() for cell in row.strip().strip('|').split('|')]


def table(rows):
    """A list with the first column as tag. The columns between it and the last are named by the head,
    but for one that says itself: its value is the word."""
    head, body = cells(rows[0]), [cells(row) for row in rows[2:]]
    out = ['.Bl -tag -width indent']
    for row in body:
        tag, *middle, meaning = row
        notes = [note for note in (note_of(name, value) for name, value in zip(head[1:-1], middle)) if note]
        out += ['.It ' + '"' + text(tag).replace('"', '\\(dq') + '"', text(meaning)]
        if notes:
            out += ['.br', '(' + '; '.join(notes) + ')']
    return out + ['.El']


def note_of(name, value):
    if not value:
        return ''
    if name == 'value' or value in ('required', 'reload'):
        return text(value)
    return f'{name} {text(value)}'


def body(markdown):
    out, lines = [], iter(re.sub(r'<!--.*?-->', '', markdown, flags=re.S).splitlines())
    pending = []
    for line in lines:
        if line.startswith('# '):
            continue
        if line.startswith('## '):
            out += table(pending) if pending else []
            pending = []
            out.append('.Ss "' + text(line[3:]) + '"')
        elif line.startswith('|'):
            pending.append(line)
        else:
            out += table(pending) if pending else []
            pending = []
            if line.startswith('    '):
                out += ['.Dl ' + text(line.strip())]
            elif line:
                out.append(text(line))
            elif out and not out[-1].startswith(('.Ss', '.Pp', '.El')):
                out.append('.Pp')
    out += table(pending) if pending else []
    while out and out[-1] == '.Pp':
        out.pop()
    # a paragraph break before a list or a heading is one too many
    return [line for line, after in zip(out, out[1:] + ['']) if
            not (line == '.Pp' and after.startswith(('.Bl', '.Ss')))]


def main():
    frame, markdown = (open(path, encoding='utf-8').read() for path in sys.argv[1:])
    print(frame.replace('@BODY@', '\n'.join(body(markdown))), end='')


if __name__ == '__main__':
    main()
