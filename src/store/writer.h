// SPDX-License-Identifier: Apache-2.0
/*
 * The writing side of the store: makes the changes of batches of units, on a connection of its own.
 * The committer comes before it and has the only thread that uses it; the backend's driver comes
 * after, and says which writer is its own: writer.c makes one statement after the other, which
 * costs nothing where the database is in the process; postgresql/ sends a batch in a few flights.
 */
#pragma once

#include "audit_own.h"

#include <stddef.h>

struct database;
struct driver;
struct store_unit;
struct writer;

/* What came of the last execution beside a fault, or 0 where something is durable since then. */
enum { WRITER_IDLE = 1 /* there was nothing to write */ };

struct writer_ops {
	/* Executes the units under one COMMIT and sets the result of each. Durable when it returns.
	 * What came of it: 0, WRITER_IDLE, or the fault that all units shared. */
	int (*execute)(struct writer *w, struct store_unit *const *units, size_t n);
	/* Lets the database tidy up, when nobody waits. NULL: there is nothing to tidy. */
	void (*tidy)(struct writer *w);
	/* From any thread: execute() waits no longer for a database that is away. NULL: it never
	 * does. */
	void (*give_up)(struct writer *w);
	/* store_audit_keys_set(), between executions. */
	void (*audit_keys)(struct writer *w, const struct store_audit_key *keys, size_t n);
	void (*free)(struct writer *w);
};

/* The head of each writer. */
struct writer {
	const struct writer_ops *ops;
	struct audit_own own; /* noted by execute() */
	/* Of the clients, as long as execute() runs; -1: it is not known, or changes meanwhile. Set
	 * before it. */
	int64_t clients_generation;
};

static inline void writer_free(struct writer *w)
{
	if (w)
		w->ops->free(w);
}
DEFINE_CLEANUP(struct writer, writer_free);

/* One statement after the other. All of it is borrowed for the writer's life. */
_must_check_ int writer_by_steps_new(const struct driver *driver, struct database *database,
				     struct writer **writerp);
