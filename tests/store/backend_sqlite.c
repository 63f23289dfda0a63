// SPDX-License-Identifier: Apache-2.0
/* The SQLite backend under the conformance suite: a database in a directory of its own. */
#include "backend.h"

#include <check.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *database_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *directory, *database;

	ck_assert_int_gt(asprintf(&directory, "%s/cmfd-store.XXXXXX", tmp ? tmp : "/tmp"), 0);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_gt(asprintf(&database, "%s/store.db", directory), 0);
	free(directory);
	return database;
}

static void database_drop(char *database)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char path[512];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", database, suffixes[i]);
		unlink(path);
	}
	/* Fails, and with it the test, if anything else was left there. */
	ck_assert_int_eq(rmdir(dirname(database)), 0);
	free(database);
}

static void database_make_newer(const char *database, int64_t needs)
{
	char sql[160];
	sqlite3 *db;

	snprintf(sql, sizeof(sql),
		 "PRAGMA user_version = 9999;"
		 "INSERT OR REPLACE INTO meta (name, value) VALUES ('schema_needs', %lld)",
		 (long long)needs);
	ck_assert_int_eq(sqlite3_open(database, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static int64_t audit_count(const char *database)
{
	sqlite3_stmt *stmt;
	int64_t count;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(database, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT count(*) FROM audit", -1, &stmt, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	count = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return count;
}

const struct store_backend backend_sqlite = {
	.name = "sqlite",
	.database_new = database_new,
	.database_drop = database_drop,
	.database_make_newer = database_make_newer,
	.audit_count = audit_count,
};
