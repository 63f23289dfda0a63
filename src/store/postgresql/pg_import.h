// SPDX-License-Identifier: Apache-2.0
/*
 * Rows that come into a database of PostgreSQL from another one, in batches, each in a transaction
 * of its own that also says how far it has come: whoever was interrupted goes on from there. The
 * table `store_copy` keeps that, and as long as it is there nobody can serve the database.
 */
#pragma once

#include "session.h"
#include "value.h"

struct pg_import {
	struct session session;
	uint8_t *batch; /* rows in COPY's binary format, which are not there yet */
	size_t len;
	size_t size;
};

/* Octets of a batch, at least so many. */
enum { PG_IMPORT_BATCH = 1 << 20 };

/* Whether a copy into this database was begun and has not ended. */
_must_check_ int pg_import_unfinished(struct session *session, int64_t *unfinishedp);
/*
 * Begins, or goes on; `tables` in whatever order. -EEXIST: there is something in it that no copy
 * has brought; -EBUSY, logged: it is served, or another copy is under way.
 */
_must_check_ int pg_import_begin(struct pg_import *import, struct pg_database *database,
				 const char *const *tables, size_t n_tables);
/* How many rows of a table are there from before. */
_must_check_ int pg_import_rows(struct pg_import *import, const char *table, int64_t *rowsp);
/* Adds a row to the batch. -ENOMEM. */
_must_check_ int pg_import_add(struct pg_import *import, const struct value *values, size_t n);
/* Commits the batch; of the table `rows` are there then. */
_must_check_ int pg_import_commit(struct pg_import *import, const char *table, const char *columns,
				  int64_t rows);
/* All is there and was looked at: from now on the database can be served. */
_must_check_ int pg_import_end(struct pg_import *import, const char *const *tables,
			       size_t n_tables);
void pg_import_clear(struct pg_import *import);
DEFINE_CLEANUP(struct pg_import, pg_import_clear);
