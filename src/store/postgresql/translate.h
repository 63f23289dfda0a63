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

/*
 * Parameters are $1 to $n; `+column` is column, x'' is an empty BYTEA, and CROSS JOIN, by which
 * SQLite is told an order, JOIN. with_id: the statement inserts into one table, whose id is its
 * last parameter. -ENOMEM; -EINVAL, logged, for an insertion that has no list of columns.
 */
_must_check_ int translate_sql(const char *sql, bool with_id, struct translated *translatedp);
