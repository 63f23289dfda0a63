// SPDX-License-Identifier: Apache-2.0
/*
 * Answers to questions that were asked before anybody needed them, since a server is asked for
 * several things as quickly as for one. reader.c asks, and looks here before it asks again. Each is
 * good for one question, and stays for it where others are asked first: who asks twice wants to
 * know what is there by then.
 */
#pragma once

#include "base/bytes.h"
#include "driver.h"

enum { AHEAD_MAX = 8, AHEAD_ROWS = 4 };

/*
 * The first columns of each row are the values of the question that it is the answer to, as many as
 * that has.
 */
struct ahead_answer {
	unsigned kind;       /* of the question: enum read_kind */
	struct octets value; /* it has all rows for questions with that as first value; NULL: none
				that are not there */
	struct statement *rows;
};

struct ahead {
	struct ahead_answer answer[AHEAD_MAX];
	size_t len;
};

/*
 * Takes the rows over, of which there were asked for AHEAD_ROWS at most, and copies the value (TEXT
 * or OCTETS; NULL: none). -ENOMEM: they were finalised.
 */
_must_check_ int ahead_add(struct ahead *ahead, const struct driver *driver, unsigned kind,
			   const struct value *value, struct statement *rows);

enum ahead_found {
	AHEAD_UNKNOWN, /* it was not asked ahead */
	AHEAD_ROW,     /* the statement is on it; to be finalised */
	AHEAD_NO_ROW,
};

/* What is known of a question; the answer is forgotten. */
enum ahead_found ahead_take(struct ahead *ahead, const struct driver *driver, unsigned kind,
			    const struct value *values, size_t n, struct statement **rowsp);
void ahead_drop(struct ahead *ahead, const struct driver *driver);
