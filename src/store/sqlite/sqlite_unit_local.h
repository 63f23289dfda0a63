// SPDX-License-Identifier: Apache-2.0
/* What the files that execute changes share. */
#pragma once

#include "counts.h"
#include "sqlite_unit.h"
#include "sqlite_unit_sql.h"
#include "unit.h"

struct sqlite_unit_statements {
	sqlite3 *db;
	struct counts counts;
	sqlite3_stmt *stmt[STATEMENT_COUNT];
};

/*
 * Steps a statement whose parameters are bound: 0, a fault, or STORE_CONFLICT if a unique index
 * was violated. Our unique indexes are all conditions of store.h.
 */
_must_check_ int sqlite_unit_run(struct sqlite_unit_statements *s, const struct binder *b);
/* The same where no row changed means that the condition did not hold. */
_must_check_ int sqlite_unit_run_conditional(struct sqlite_unit_statements *s,
					     const struct binder *b);
/* Counts a row that went from one state into another, if r says that it did. Returns r. */
static inline int sqlite_unit_counted(struct sqlite_unit_statements *s, int err,
				      enum count_kind kind, int from, int to)
{
	if (err == 0) {
		counts_add(&s->counts, kind, from, -1);
		counts_add(&s->counts, kind, to, 1);
	}
	return err;
}

static inline int64_t sqlite_unit_id_or_ref(int64_t id, const int64_t *ref)
{
	return ref ? *ref : id;
}

/* --- sqlite_unit_transaction.c --- */

_must_check_ int sqlite_unit_transaction_insert(struct sqlite_unit_statements *s,
						const struct store_transaction *t,
						int64_t certificate_id);
_must_check_ int sqlite_unit_transaction_item_insert(struct sqlite_unit_statements *s,
						     const struct unit_op *op);
_must_check_ int sqlite_unit_transaction_update(struct sqlite_unit_statements *s,
						const struct unit_op *op);
_must_check_ int sqlite_unit_transaction_end(struct sqlite_unit_statements *s,
					     const struct unit_op *op);
_must_check_ int sqlite_unit_transaction_set_certificate(struct sqlite_unit_statements *s,
							 int64_t id, int64_t certificate_id);
_must_check_ int sqlite_unit_pop_insert(struct sqlite_unit_statements *s,
					const struct store_pop *pop, int64_t transaction_id);
_must_check_ int sqlite_unit_pop_remove(struct sqlite_unit_statements *s, int64_t transaction_id);
_must_check_ int sqlite_unit_kem_secret_insert(struct sqlite_unit_statements *s,
					       const struct store_kem_secret *secret);
_must_check_ int sqlite_unit_kem_secret_trim(struct sqlite_unit_statements *s,
					     const char *requester, uint32_t keep);
_must_check_ int sqlite_unit_kem_secret_use(struct sqlite_unit_statements *s, int64_t id,
					    int64_t transaction_id);
_must_check_ int sqlite_unit_kem_secret_purge(struct sqlite_unit_statements *s, int64_t before_ms,
					      uint32_t limit);
_must_check_ int sqlite_unit_transaction_purge(struct sqlite_unit_statements *s,
					       const struct unit_op *op);
