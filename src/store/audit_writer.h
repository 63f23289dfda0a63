// SPDX-License-Identifier: Apache-2.0
/*
 * The chain of audit of this process, in the writer's transactions: it begins with the first line
 * that the process commits. The writer calls this with each line; who reads chains is
 * records/audit_chain.c.
 */
#pragma once

#include "audit_hash.h"
#include "driver.h"

/* In the order in which the writer's functions call it; all in the committer's thread. */
struct audit_writer {
	const struct driver *driver;
	struct statement *const *change; /* the writer's, by enum change_kind; borrowed */
	struct statement *newest;        /* chain */
	struct statement *first;
	struct store_audit_key key[STORE_AUDIT_KEYS_MAX]; /* the first one makes MACs */
	size_t n_keys;                                    /* 0: there are none */
	struct store_audit_place durable;                 /* chain 0: it has not begun */
	struct store_audit_place now;                     /* with what the transaction has done */
};

_must_check_ int audit_writer_init(struct audit_writer *a, const struct driver *driver,
				   struct connection *connection, struct statement *const *change);
void audit_writer_clear(struct audit_writer *a);
/* store_audit_keys_set(). */
void audit_writer_keys(struct audit_writer *a, const struct store_audit_key *keys, size_t n);

/* A transaction begins. */
void audit_writer_begin(struct audit_writer *a);
/* Goes on by a line with these values: `placep` is what its row gets, and lives until the next
 * line. 0, STORE_CONFLICT: another process has begun a chain at the same time; negative errno. */
_must_check_ int audit_writer_line(struct audit_writer *a, const struct value values[AUDIT_VALUES],
				   const struct store_audit_place **placep);
/* Before the transaction ends: its newest line becomes the chain's. */
_must_check_ int audit_writer_move(struct audit_writer *a);
/* How it ended: `committed` is 0, or what was not committed, and nobody knows of a chain. */
void audit_writer_end(struct audit_writer *a, int committed);
