// SPDX-License-Identifier: Apache-2.0
/*
 * A growing text buffer.
 */
#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Small texts are the most frequent. */
#define STRBUF_SIZE_MIN 128

/* Makes room for `len` more chars and the NUL. */
static bool strbuf_reserve(struct strbuf *b, size_t len)
{
	size_t need, size = b->size ? b->size : STRBUF_SIZE_MIN;
	char *text;

	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->len, len, &need) || need >= SIZE_MAX / 2) {
		b->failed = true;
		return false;
	}
	if (need < b->size)
		return true;
	while (size <= need)
		size *= 2;
	text = realloc(b->text, size);
	if (!text) {
		b->failed = true;
		return false;
	}
	b->text = text;
	b->size = size;
	return true;
}

void strbuf_add(struct strbuf *b, const char *text)
{
	strbuf_add_n(b, text, strlen(text));
}

void strbuf_add_n(struct strbuf *b, const char *text, size_t len)
{
	if (!strbuf_reserve(b, len))
		return;
	memcpy(b->text + b->len, text, len);
	b->len += len;
	b->text[b->len] = '\0';
}

void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list args)
{
	va_list again;
	size_t room;
	int n;

	/* Most texts fit what is there already: then they are formatted once. */
	if (!strbuf_reserve(b, 0))
		return;
	room = b->size - b->len;
	va_copy(again, args);
	n = vsnprintf(b->text + b->len, room, fmt, args);
	if (n < 0) {
		b->failed = true;
	} else if (strbuf_reserve(b, (size_t)n)) {
		if ((size_t)n >= room)
			vsnprintf(b->text + b->len, b->size - b->len, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	strbuf_vprintf(b, fmt, args);
	va_end(args);
}

void strbuf_markup(struct strbuf *b, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			strbuf_add(b, "&amp;");
			break;
		case '<':
			strbuf_add(b, "&lt;");
			break;
		case '>':
			strbuf_add(b, "&gt;");
			break;
		case '"':
			strbuf_add(b, "&quot;");
			break;
		default:
			strbuf_add_n(b, text, 1);
		}
	}
}

char *strbuf_take(struct strbuf *b)
{
	char *text = NULL;

	strbuf_add_n(b, "", 0);
	if (!b->failed)
		text = TAKE(b->text);
	strbuf_clear(b);
	return text;
}

void strbuf_clear(struct strbuf *b)
{
	free(b->text);
	*b = STRBUF_NULL;
}
