// SPDX-License-Identifier: Apache-2.0
/*
 * Gathering the writes of a write-ahead log: a COMMIT is one write, and what the log holds is what
 * SQLite finds there through the system's own VFS.
 */
#include "failing_vfs.h"
#include "fixture.h"

#include "../../src/store/sqlite/sqlite_db.h"

#include <sqlite3.h>
#include <stdio.h>

/* A database with a table of rows of a thousand octets, four a page. */
static char *database_begin(sqlite3 **dbp)
{
	char *path = backend_sqlite.database_new();
	FILE *file = fopen(path, "w");

	failing_vfs_register();
	ck_assert_ptr_nonnull(file);
	fclose(file);
	OK(sqlite_db_open(path, SQLITE_DB_WRITER, dbp));
	OK(sqlite_db_exec(*dbp, "test",
			  "PRAGMA journal_mode = WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, x)"));
	return path;
}

static void rows_add(sqlite3 *db, int n)
{
	_cleanup_(freep) char *sql = NULL;

	ck_assert_int_gt(asprintf(&sql,
				  "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
				  "WHERE i < %d) INSERT INTO t(x) SELECT zeroblob(1000) FROM c",
				  n),
			 0);
	OK(sqlite_db_exec(db, "test", sql));
}

static int64_t rows_count(sqlite3 *db)
{
	int64_t n;

	OK(sqlite_db_query_int(db, "test", "SELECT count(x) FROM t WHERE length(x) = 1000", &n));
	return n;
}

/* By a connection that knows nothing of gathering. */
static int64_t rows_elsewhere(const char *path)
{
	_cleanup_(sqlite_db_closep) sqlite3 *db = NULL;
	int64_t sound;

	OK(sqlite_db_open(path, SQLITE_DB_READER, &db));
	OK(sqlite_db_query_int(
		db, "test", "SELECT integrity_check = 'ok' FROM pragma_integrity_check", &sound));
	ck_assert_int_eq(sound, 1);
	return rows_count(db);
}

static void database_end(char *path, sqlite3 *db)
{
	sqlite_db_close(db);
	backend_sqlite.database_drop(path);
}

START_TEST(test_a_commit_is_one_write_and_one_sync)
{
	sqlite3 *db;
	char *path = database_begin(&db);

	rows_add(db, 1); /* the log's own header */
	for (int i = 0; i < 20; i++) {
		failing_vfs_arm(FAILING_WRITE, 1000, false);
		OK(sqlite_db_exec(db, "test", "BEGIN"));
		rows_add(db, 40);
		OK(sqlite_db_exec(db, "test", "COMMIT"));
		ck_assert_int_eq(failing_vfs_operations(), 1);
		ck_assert_int_eq(rows_elsewhere(path), 1 + 40 * (i + 1));
	}
	failing_vfs_arm(FAILING_SYNC, 1000, false);
	rows_add(db, 40);
	ck_assert_int_eq(failing_vfs_operations(), 1);
	database_end(path, db);
}
END_TEST

/* 4 MB: some thirty writes, in place of two for each of its thousand pages. */
START_TEST(test_a_commit_that_is_larger_than_what_is_gathered)
{
	sqlite3 *db;
	char *path = database_begin(&db);

	failing_vfs_arm(FAILING_WRITE, 100000, false);
	rows_add(db, 4000);
	ck_assert_int_gt(failing_vfs_operations(), 10);
	ck_assert_int_lt(failing_vfs_operations(), 60);
	ck_assert_int_eq(rows_elsewhere(path), 4000);
	database_end(path, db);
}
END_TEST

/* Its pages leave the cache before COMMIT, are read back from the log, and are written again. */
START_TEST(test_a_transaction_larger_than_the_cache_reads_its_own_pages)
{
	sqlite3 *db;
	char *path = database_begin(&db);

	OK(sqlite_db_exec(db, "test", "PRAGMA cache_size = 10"));
	for (int i = 0; i < 3; i++) {
		OK(sqlite_db_exec(db, "test", "BEGIN"));
		rows_add(db, 400);
		ck_assert_int_eq(rows_count(db), 400 * (i + 1));
		ck_assert_int_eq(rows_elsewhere(path), 400 * i);
		OK(sqlite_db_exec(db, "test", "UPDATE t SET x = zeroblob(999)"));
		ck_assert_int_eq(rows_count(db), 0);
		OK(sqlite_db_exec(db, "test", "ROLLBACK"));
		ck_assert_int_eq(rows_count(db), 400 * i);
		rows_add(db, 400);
		ck_assert_int_eq(rows_elsewhere(path), 400 * (i + 1));
	}
	database_end(path, db);
}
END_TEST

/* The log begins anew, and ends with the connection; a writer of before must not write behind. */
START_TEST(test_checkpoints_between_commits)
{
	sqlite3 *db;
	char *path = database_begin(&db);

	for (int i = 0; i < 10; i++) {
		rows_add(db, 40);
		OK(sqlite3_wal_checkpoint_v2(
			db, NULL, i % 2 ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART,
			NULL, NULL));
		ck_assert_int_eq(rows_elsewhere(path), 40 * (i + 1));
	}
	sqlite_db_close(db);
	ck_assert_int_eq(rows_elsewhere(path), 400);
	backend_sqlite.database_drop(path);
}
END_TEST

TCase *sqlite_wal_vfs_cases(void)
{
	TCase *tc = tcase_create("sqlite_wal_vfs");

	tcase_add_test(tc, test_a_commit_is_one_write_and_one_sync);
	tcase_add_test(tc, test_a_commit_that_is_larger_than_what_is_gathered);
	tcase_add_test(tc, test_a_transaction_larger_than_the_cache_reads_its_own_pages);
	tcase_add_test(tc, test_checkpoints_between_commits);
	return tc;
}
