// SPDX-License-Identifier: Apache-2.0
/*
 * What every part of the SQLite backend needs of a connection: opening it with our settings, SQL
 * errors as errno, parameters in and columns out. Knows nothing of the domain.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"
#include "value.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Page size of new databases. 8192 was measured to be no cheaper, small or with 300,000 enrolments.
 */
enum { SQLITE_DB_PAGE_SIZE = 4096 };

enum sqlite_db_role {
	SQLITE_DB_READER, /* cannot write */
	SQLITE_DB_WRITER, /* the committer and migrations */
};

/* Opens an existing file. -ENOENT without one. The connection belongs to one thread at a time. */
_must_check_ int sqlite_db_open(const char *path, enum sqlite_db_role role, sqlite3 **dbp);
void sqlite_db_close(sqlite3 *db);
DEFINE_CLEANUP(sqlite3, sqlite_db_close);

/* The negative errno that stands for an (extended) result code. */
int sqlite_db_errno(int rc);
/* Logs the error of the last call on db as a fault; returns the negative errno. */
int sqlite_db_fault(sqlite3 *db, const char *what, int rc);
/* Runs statements without results. */
_must_check_ int sqlite_db_exec(sqlite3 *db, const char *what, const char *sql);
/* A query of one integer. */
_must_check_ int sqlite_db_query_int(sqlite3 *db, const char *what, const char *sql,
				     int64_t *valuep);
/* Prepares statements that are kept: stmts[i] from sql[i]. On error those made stay in stmts. */
_must_check_ int sqlite_db_prepare(sqlite3 *db, const char *const *sql, sqlite3_stmt **stmts,
				   size_t n);
void sqlite_db_finalize(sqlite3_stmt **stmts, size_t n);

/*
 * Binds the parameters ?1, ?2, ... one after the other; the first error is kept in rc. What is
 * bound is not copied: it lives until the statement was stepped.
 */
struct binder {
	sqlite3_stmt *stmt;
	int index;
	int rc;
};

#define BINDER(stmt) ((struct binder){(stmt), 0, SQLITE_OK})

void bind_value(struct binder *b, struct value value);
void bind_int(struct binder *b, int64_t value);
/* NULL for the value that means none. */
void bind_int_unless(struct binder *b, int64_t value, int64_t none);
void bind_text(struct binder *b, const char *text);
/* NULL if empty. */
void bind_bytes(struct binder *b, struct bytes value);

/* Reads the columns one after the other, as copies; out of memory is kept in failed. */
struct columns {
	sqlite3_stmt *stmt;
	int index;
	bool failed;
};

#define COLUMNS(stmt) ((struct columns){(stmt), 0, false})

int64_t column_int(struct columns *c);
/* `none` if NULL. */
int64_t column_int_or(struct columns *c, int64_t none);
char *column_text(struct columns *c);
struct octets column_octets(struct columns *c);
/* Octets into an array; the length is cut to max. Returns the length. */
size_t column_array(struct columns *c, uint8_t *out, size_t max);
