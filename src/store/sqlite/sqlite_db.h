// SPDX-License-Identifier: Apache-2.0
/*
 * What every part of the SQLite backend needs of a connection: opening it with our settings, SQL
 * errors as errno, small statements. Knows nothing of the domain.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Page size of new databases. 8192 was measured to be no cheaper, small or with 300,000 enrolments.
 */
enum { SQLITE_DB_PAGE_SIZE = 4096 };

/* PRAGMA auto_vacuum of new databases: pages that are unused can be given back, step by step. */
enum { AUTO_VACUUM_INCREMENTAL = 2 };

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
