// SPDX-License-Identifier: Apache-2.0
/*
 * The chain of audit of this process, as it grows with the writer's transactions: it begins with
 * the first line that the process commits. Nothing is read or written here. The writer reads what
 * was there before a chain begins, asks for the place of each line, and makes the changes of
 * audit_chain; who reads chains afterwards is records/audit_chain.c.
 */
#pragma once

#include "audit_hash.h"
#include "audit_own.h"
#include "unit.h"

struct audit_writer {
	struct audit_own *own; /* where it notes the chains that it has begun */
	struct audit_mac_key key[STORE_AUDIT_KEYS_MAX]; /* the first one makes MACs */
	size_t n_keys;                                  /* 0: there are none */
	struct store_audit_chain begun;   /* the newest one that was begun, durable or not */
	struct store_audit_place durable; /* chain 0: it has not begun */
	struct store_audit_place now;     /* with what the transaction has done */
};

/* A change of audit_chain, which touches one row. */
enum { AUDIT_CHANGES_MAX = 2, AUDIT_CHANGE_VALUES = 7 };
struct audit_change {
	enum change_kind kind;
	size_t n;
	struct value value[AUDIT_CHANGE_VALUES]; /* borrowed from here and from the audit_writer */
	uint8_t mac[AUDIT_MAC_LEN];
};

/* Cleanses the keys. */
void audit_writer_clear(struct audit_writer *a);
/* store_audit_keys_set(). */
void audit_writer_keys(struct audit_writer *a, const struct store_audit_key *keys, size_t n);

/* A transaction begins. */
void audit_writer_begin(struct audit_writer *a);
/* Whether audit_writer_chain() must come before the next line: there is no chain yet. */
bool audit_writer_wants_chain(const struct audit_writer *a);
/* Begins a chain behind the newest one. `first` is chain 0. No other process may begin one before
 * the transaction has ended. 0 or -EIO. */
_must_check_ int audit_writer_chain(struct audit_writer *a, const struct store_audit_chain *newest,
				    const struct store_audit_chain *first, int64_t begun_ms);
/* Goes on by a line with these values: `placep` is what its row gets, and lives until the next
 * line. 0 or -EIO. */
_must_check_ int audit_writer_line(struct audit_writer *a, const struct value values[AUDIT_VALUES],
				   const struct store_audit_place **placep);
/* What is to be changed before the transaction ends: the chain has begun, or goes on. 0 or -EIO. */
_must_check_ int audit_writer_changes(struct audit_writer *a,
				      struct audit_change change[AUDIT_CHANGES_MAX], size_t *np);
/* The transaction was committed. */
void audit_writer_committed(struct audit_writer *a);
/* Nobody knows how it has ended, or the chain is not where this process left it; logged. The next
 * line begins another chain. */
void audit_writer_lost(struct audit_writer *a);
