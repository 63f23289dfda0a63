// SPDX-License-Identifier: Apache-2.0
/*
 * A value that goes into a statement, or comes out of a row: the only types that the store gives to
 * a database or takes from it. A value borrows its text or octets; who makes one says how long
 * they live.
 */
#pragma once

#include "base/bytes.h"

#include <string.h>

enum value_kind {
	VALUE_NULL,
	VALUE_INT,
	VALUE_TEXT,
	VALUE_OCTETS,
	VALUE_RESULT, /* what an earlier change of the same unit came to; in units alone */
};

struct value {
	enum value_kind kind;
	bool borrowed; /* in a unit: large, and not copied, for it lives until the commit */
	size_t len;    /* TEXT, without a NUL, and OCTETS */
	union {
		int64_t number; /* INT; RESULT: which change of the unit */
		const void *data;
	};
};

static inline struct value value_int(int64_t number)
{
	return (struct value){.kind = VALUE_INT, .number = number};
}

/* NULL for the number that means none. */
static inline struct value value_int_unless(int64_t number, int64_t none)
{
	return number == none ? (struct value){.kind = VALUE_NULL} : value_int(number);
}

/* NULL for NULL. */
static inline struct value value_text(const char *text)
{
	if (!text)
		return (struct value){.kind = VALUE_NULL};
	return (struct value){.kind = VALUE_TEXT, .len = strlen(text), .data = text};
}

/* NULL if there are none. */
static inline struct value value_bytes(struct bytes bytes)
{
	if (bytes.len == 0)
		return (struct value){.kind = VALUE_NULL};
	return (struct value){.kind = VALUE_OCTETS, .len = bytes.len, .data = bytes.data};
}

static inline struct value value_octets(const struct octets *octets)
{
	return value_bytes(octets_view(octets));
}

/*
 * The id of a row, or the number that stands for it in the unit that inserts it (store.h): that
 * of change k is -1 - k. NULL for 0.
 */
static inline struct value value_id(int64_t id)
{
	if (id >= 0)
		return value_int_unless(id, 0);
	return (struct value){.kind = VALUE_RESULT, .number = -1 - id};
}

/* The values of a statement, ?1 first: two arguments. */
#define VALUES(...)                            \
	((const struct value[]){__VA_ARGS__}), \
		(sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))
