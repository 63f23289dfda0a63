// SPDX-License-Identifier: Apache-2.0
/*
 * A write set: changes that are made together or not at all, each a statement and its values. The
 * verbs of records/ put them in, and the unit has copies of all; writer.c makes them, in the
 * committer's thread.
 */
#pragma once

#include "arena.h"
#include "counts.h"
#include "store.h"
#include "value.h"

#include <semaphore.h>

enum change_kind {
#define CHANGE(name, rows) CHANGE_##name,
#include "change_table.h"
#undef CHANGE
	CHANGE_KINDS
};

/* Which rows a statement must touch; see change_table.h. */
enum change_rows {
	CHANGE_ROWS_NEW,
	CHANGE_ROWS_ONE,
	CHANGE_ROWS_ANY,
	CHANGE_ROWS_NONE,
	CHANGE_ROWS_HELD
};
extern const enum change_rows change_rows[CHANGE_KINDS];
/* Whether the condition of a change held, by the number of rows that it has touched or found: 0,
 * STORE_CONFLICT, or -ECANCELED, logged: a lease is no longer this node's. */
_must_check_ int change_judge(enum change_kind kind, int64_t rows);

/* Whether it changes clients or their credentials, and so the generation that they have. */
bool change_of_clients(enum change_kind kind);

struct change {
	enum change_kind kind;
	/* Its rows go from one state into another; COUNT_NONE: there is none. */
	enum count_kind counted;
	int from;
	int to;
	const struct value *value;
	size_t n;
	int64_t result; /* once it was made: the id of the new row, or the number of rows */
};

struct committer;

/* The lease that all commits of a unit require. */
struct unit_lease {
	const char *job; /* borrowed; NULL: they require none */
	int64_t node;
	int64_t epoch;
};

struct store_unit {
	struct committer *committer;
	bool dry;
	struct unit_lease lease;
	struct change *change;
	size_t len;
	size_t opening; /* of these so many are but conditions of the others */
	size_t size;
	bool changes_clients;
	bool forgets_ids;
	size_t committed; /* so many, of the last commit, have a result; set by the writer */
	struct arena arena;
	/* While it is being committed: owned by the committer until `done` is posted. A submitted
	 * one stays the committer's, which tells what came of it. */
	struct store_unit *next;
	int result;
	sem_t done;
	store_unit_told *told; /* NULL: somebody waits */
	void *told_arg;
};

_must_check_ int unit_new(struct committer *committer, struct store_unit **unitp);
/* Adds a change with copies of the values. -ENOMEM. */
_must_check_ int unit_add(struct store_unit *unit, enum change_kind kind,
			  const struct value *values, size_t n);
/* The same; *resultp (may be NULL) receives the number that stands for its result, as store.h says.
 */
_must_check_ int unit_add_result(struct store_unit *unit, enum change_kind kind, int64_t *resultp,
				 const struct value *values, size_t n);
/* The rows of the change that was added last go from one state into another. */
void unit_count(struct store_unit *unit, enum count_kind counted, int from, int to);
/* What a value of the unit is once the changes before it were made. */
struct value unit_value(const struct store_unit *unit, const struct value *value);
