// SPDX-License-Identifier: Apache-2.0
/*
 * Text of others on its way to a log or a terminal. What would steer the terminal, reorder what
 * stands beside it or not be seen at all is shown as an escape of JSON (RFC 8259 7): \u001b,
 * \u202e. Octets that are no UTF-8 are shown as \ufffd.
 */
#pragma once

#include "base/strbuf.h"

/* The longest escape: a surrogate pair. */
enum { VISIBLE_MAX = sizeof("\\ud800\\udc00") };

/*
 * Length of the well-formed UTF-8 sequence at `text`, which is not empty, when it may stand as it
 * is. 0 when it may not: then `escape` is to be shown instead of its first *skipp octets.
 */
size_t visible_length(const char *text, char escape[VISIBLE_MAX], size_t *skipp);

/* Whether all of it is well-formed UTF-8. */
bool visible_is_utf8(const char *text);

/* Appends `text` so that it may be shown. Quotes and backslashes stay as they are. */
void visible_add(struct strbuf *b, const char *text);
/* The same for text of several lines: their ends stay. */
void visible_lines_add(struct strbuf *b, const char *text);
