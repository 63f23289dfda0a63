// SPDX-License-Identifier: Apache-2.0
/* What the conformance suite needs of a backend beside store.h: databases to work on. */
#pragma once

#include "store.h"

struct store_backend {
	const char *name;
	/* A name for a new database; nothing is there yet. */
	char *(*database_new)(void);
	/* Removes it with all that belongs to it, and frees the name. */
	void (*database_drop)(char *database);
	/* Marks it as made by a program newer than this one, whose schema needs one that knows
	 * `needs`. */
	void (*database_make_newer)(const char *database, int64_t needs);
	/* store.h has no way to read the audit. */
	int64_t (*audit_count)(const char *database);
};

extern const struct store_backend backend_sqlite;

/* All of them; suites loop over the index. One that cannot be had on this machine stands last, and
 * is not counted. */
extern const struct store_backend *const backends[];
extern int backends_count;
/* Starts what they need, before the suite is made, and stops it. */
void backends_begin(void);
void backends_end(void);
