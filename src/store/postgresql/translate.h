// SPDX-License-Identifier: Apache-2.0
/* The SQL of sql.c in the words of PostgreSQL, where they are others. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

struct translated {
	char *sql;           /* owned */
	size_t n_parameters; /* with that of the id */
};

/* The parameters of a change that are ids of rows which its unit may have made itself. */
enum { NEWEST_MAX = 2 };
struct newest {
	size_t parameter;      /* 0: there is none */
	const char *insertion; /* that makes them */
};

/*
 * Parameters are $1 to $n; `+column` is column, x'' is an empty BYTEA, and CROSS JOIN, by which
 * SQLite is told an order, JOIN. Where a parameter of `newest` (NEWEST_MAX of them, or NULL) is
 * below 0 it is the id of the row that the session has made last by that insertion. -ENOMEM.
 */
_must_check_ int translate_sql(const char *sql, const struct newest *newest,
			       struct translated *translatedp);
/*
 * The same of an insertion into one table. The id of the row is its last parameter; where that is
 * NULL the server gives one. -EINVAL, logged: it has no list of columns.
 */
_must_check_ int translate_insertion(const char *sql, const struct newest *newest,
				     struct translated *translatedp);
