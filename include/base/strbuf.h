// SPDX-License-Identifier: Apache-2.0
/*
 * A growing text buffer. An allocation that fails is remembered and reported once, by
 * strbuf_take(), so that a page of appends needs one check.
 */
#pragma once

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *text; /* NUL-terminated as soon as anything was added, NULL before */
	size_t len;
	size_t size;
	bool failed;
};

#define STRBUF_NULL ((struct strbuf){0})

void strbuf_add(struct strbuf *b, const char *text);
void strbuf_add_n(struct strbuf *b, const char *text, size_t len);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));
/* Text as the content or an attribute of XML and HTML has it, with &lt; for <, and so on. */
void strbuf_markup(struct strbuf *b, const char *text);
/* The text, owned by the caller (never NULL: "" when nothing was added), or NULL out of memory. */
char *strbuf_take(struct strbuf *b);
void strbuf_clear(struct strbuf *b);
