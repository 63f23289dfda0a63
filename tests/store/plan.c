// SPDX-License-Identifier: Apache-2.0
/* Query plans of all that the store runs. See plan.h. */
#include "plan.h"

#include "../../src/store/migration.h"
#include "../../src/store/sql.h"
#include "../../src/store/sqlite/migrate.h"
#include "base/bytes.h"

#include <check.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { STATEMENTS_MAX = 2000 };

static struct {
	pthread_mutex_t lock;
	char *sql[STATEMENTS_MAX];
	size_t len;
} noted = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* These do not grow with what is enrolled, or hold rows that the statement has made itself. */
static const char *const may_be_scanned[] = {
	"client",
	"secret_key",
	"crl",
	"meta",
	"sqlite_master",
	"CONSTANT",
	"subscription",
	"s",
	"wanted",
	"few",
	"(subquery-1)",
	"(subquery-2)",
	"(subquery-3)",
	"trust_domain",
	"node",
	"n",
	"lease",
	"database_state",
	"d",
};

/* Read, but to an end: part of the statement, and why. */
static const char *const may_scan[] = {
	"SELECT 'the counter of '", /* the check of integrity, which reads everything */
	"SELECT 'the number of registrations of trust domain '",
	"SELECT 'client', count(*)",
	"FROM audit WHERE chain = ?1 ORDER BY id DESC LIMIT 1", /* from the end, where its lines are
								 */
	"FROM kem_secret WHERE cmp_transaction_id IS NULL LIMIT ?1", /* at most so many */
};

/* Sorted, but few: part of the statement, and why. */
static const char *const may_be_sorted[] = {
	"subject_key = ?",          /* those of one subjectId, in all trust domains and instances */
	"SELECT 'the counter of '", /* the check of integrity */
	"SELECT 'the number of registrations of trust domain '",
	"AND transaction_id = ?",   /* one for each requester that has used it */
	"FROM secret_key ORDER BY", /* two at most */
	"FROM node n",              /* some */
	"c.serial = ?",             /* one for each CA that has that serialNumber */
};

/* By these all that a client has, or a domain, would be read: a list does it page by page. */
static const char *const too_wide[] = {
	"csr_client (client=?)",
	"registration_manager (manager=?)",
	"registration_trust_domain (trust_domain=?)",
};

/* The tests' own. */
static const char *const not_the_stores[] = {
	"SELECT count(*) FROM audit", "SELECT t.name || '.'",
	"WITH RECURSIVE c (i)",       "UPDATE trust_domain SET registrations",
	"DELETE FROM trust_domain",   "INSERT INTO trust_domain",
	"INSERT INTO client (id,"};

static bool is_one_of(const char *const *list, size_t n, const char *word, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == len && memcmp(list[i], word, len) == 0)
			return true;
	return false;
}

static bool has_one_of(const char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(text, list[i]))
			return true;
	return false;
}

static bool is_of_a_migration(const char *sql)
{
	for (unsigned i = 0; i < sqlite_migrations_count; i++)
		if (strstr(sqlite_migrations[i].sql, sql))
			return true;
	return false;
}

static bool is_planned(const char *sql)
{
	static const char *const verbs[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"};

	return is_one_of(verbs, ARRAY_LEN(verbs), sql, strcspn(sql, " "));
}

/* P: the statement, X: its text, or a comment that names a trigger. */
static int statement_note(unsigned mask, void *arg, void *p, void *x)
{
	const char *sql = x;
	size_t i;

	(void)mask;
	(void)arg;
	(void)p;
	pthread_mutex_lock(&noted.lock);
	for (i = 0; i < noted.len && strcmp(noted.sql[i], sql) != 0; i++)
		;
	if (i == noted.len && i < STATEMENTS_MAX)
		noted.sql[noted.len++] = strdup(sql);
	pthread_mutex_unlock(&noted.lock);
	return 0;
}

static int connection_watch(sqlite3 *db, const char **error, const void *api)
{
	(void)error;
	(void)api;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, statement_note, NULL);
}

void plan_watch(void)
{
	if (sqlite3_auto_extension((void (*)(void))connection_watch) != SQLITE_OK)
		abort();
}

/* An empty database: SQLite plans by its indexes, for the store gathers no statistics. */
static sqlite3 *schema_open(void)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	ck_assert_int_eq(sqlite_migration_functions(db), 0);
	for (unsigned i = 0; i < sqlite_migrations_count; i++)
		ck_assert_int_eq(sqlite3_exec(db, sqlite_migrations[i].sql, NULL, NULL, NULL),
				 SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, KEY_INDEX_MAKE, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_db_config(db, SQLITE_DBCONFIG_TRIGGER_EQP, 1, NULL), SQLITE_OK);
	return db;
}

static void step_assert(const char *sql, const char *step)
{
	if (strncmp(step, "SCAN ", 5) == 0 && !has_one_of(may_scan, ARRAY_LEN(may_scan), sql))
		ck_assert_msg(is_one_of(may_be_scanned, ARRAY_LEN(may_be_scanned), step + 5,
					strcspn(step + 5, " ")),
			      "\"%s\" does \"%s\"", sql, step);
	if (strstr(step, "TEMP B-TREE"))
		ck_assert_msg(has_one_of(may_be_sorted, ARRAY_LEN(may_be_sorted), sql),
			      "\"%s\" does \"%s\"", sql, step);
	ck_assert_msg(!has_one_of(too_wide, ARRAY_LEN(too_wide), step), "\"%s\" does \"%s\"", sql,
		      step);
}

static void statement_assert(sqlite3 *db, const char *sql)
{
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *stmt;

	ck_assert_msg(sqlite3_prepare_v2(db, explain, -1, &stmt, NULL) == SQLITE_OK, "%s", explain);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		step_assert(sql, (const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	sqlite3_free(explain);
}

void plan_assert(const char *sql)
{
	sqlite3 *db = schema_open();

	statement_assert(db, sql);
	sqlite3_close(db);
}

void plan_assert_all(void)
{
	size_t n = noted.len;
	sqlite3 *db = schema_open();

	for (size_t i = 0; i < n; i++)
		if (is_planned(noted.sql[i]) && !is_of_a_migration(noted.sql[i]) &&
		    !has_one_of(not_the_stores, ARRAY_LEN(not_the_stores), noted.sql[i]))
			statement_assert(db, noted.sql[i]);
	sqlite3_close(db);
}
