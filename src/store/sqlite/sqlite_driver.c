// SPDX-License-Identifier: Apache-2.0
/*
 * SQLite as a backend: connections, statements, rows, transactions and the write-ahead log. What is
 * asked for in SQL is in sql.c, the database as a whole in database.c.
 */
#include "sqlite_driver.h"

#include "database.h"
#include "driver.h"
#include "sql.h"
#include "writer.h"

#include "base/clock.h"
#include "base/fault_point.h"

#include <errno.h>
#include <stdio.h>

/*
 * A checkpoint writes each changed page once, however often it is in the log, so rare ones are
 * cheap; a log of 4000 pages (16 MiB) is moved in some ten milliseconds.
 */
enum { CHECKPOINT_PAGES = 4000 };

/*
 * Pages without content are filled again by what is issued next. Only where they are many, and an
 * eighth of the database, does the file give some back, so many in a second: a millisecond's work.
 */
enum { SHRINK_LEAST_PAGES = 1024, SHRINK_PART = 8, SHRINK_STEP_PAGES = 256 };
static const int64_t shrink_interval_us = 1000 * 1000;

struct connection {
	sqlite3 *db;
	/* Of the writer: */
	bool writes;
	sqlite3_stmt *control[DRIVER_CONTROLS];
	bool wrote;        /* the last COMMIT put pages into the write-ahead log */
	int log_pages;     /* in the write-ahead log after the last COMMIT */
	int checkpoint_at; /* that many make the next checkpoint due */
	bool shrinks;      /* its file can give pages back */
	int64_t shrink_us; /* when to look again whether there are many */
};

static const char *const control_sql[DRIVER_CONTROLS] = {
	[DRIVER_BEGIN] = "BEGIN IMMEDIATE", [DRIVER_SAVEPOINT] = "SAVEPOINT unit",
	[DRIVER_RELEASE] = "RELEASE unit",  [DRIVER_ROLLBACK_TO] = "ROLLBACK TO unit",
	[DRIVER_COMMIT] = "COMMIT",         [DRIVER_ROLLBACK] = "ROLLBACK",
};

/* A statement of a driver is one of SQLite's. */
static sqlite3_stmt *stmt_of(struct statement *statement)
{
	return (sqlite3_stmt *)statement;
}

static int statement_fault(sqlite3_stmt *stmt, const char *what, int rc)
{
	return sqlite_db_fault(sqlite3_db_handle(stmt), what, rc);
}

/* --- connections --- */

static int connection_prepare(struct connection *c, const char *sql, unsigned flags,
			      sqlite3_stmt **stmtp)
{
	int rc = sqlite3_prepare_v3(c->db, sql, -1, flags, stmtp, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_db_fault(c->db, "prepare statement", rc);
}

/* After each COMMIT. The log begins anew some time after all of it was moved. */
static int note_log_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct connection *c = arg;

	c->wrote = true;
	if (pages < c->log_pages)
		c->checkpoint_at = CHECKPOINT_PAGES;
	c->log_pages = pages;
	return SQLITE_OK;
}

static int writer_prepare(struct connection *c)
{
	int64_t vacuum = 0;
	int err = 0;

	for (size_t i = 0; err == 0 && i < DRIVER_CONTROLS; i++)
		err = connection_prepare(c, control_sql[i], SQLITE_PREPARE_PERSISTENT,
					 &c->control[i]);
	c->checkpoint_at = CHECKPOINT_PAGES;
	/* Of databases of before only VACUUM makes ones that shrink. */
	if (err == 0)
		err = sqlite_db_query_int(c->db, "open database", "PRAGMA auto_vacuum", &vacuum);
	c->shrinks = err == 0 && vacuum == AUTO_VACUUM_INCREMENTAL;
	sqlite3_wal_hook(c->db, note_log_pages, c);
	return err;
}

/* Nothing is lost if it fails: the next start reads the log. */
static void last_checkpoint(struct connection *c)
{
	int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (rc != SQLITE_OK)
		(void)sqlite_db_fault(c->db, "store: last checkpoint", rc);
}

static void connection_close(struct connection *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < DRIVER_CONTROLS; i++)
		sqlite3_finalize(c->control[i]);
	if (c->db && c->writes)
		last_checkpoint(c);
	sqlite_db_close(c->db);
	free(c);
}

DEFINE_CLEANUP(struct connection, connection_close);

static int connection_open(struct database *database, enum driver_role role,
			   struct connection **connectionp)
{
	_cleanup_(connection_closep) struct connection *c = calloc(1, sizeof(*c));
	int64_t schema;
	int err;

	if (!c)
		return -ENOMEM;
	c->writes = role == DRIVER_WRITES;
	err = sqlite_db_open(database->path, c->writes ? SQLITE_DB_WRITER : SQLITE_DB_READER,
			     &c->db);
	/* A first reading opens the log, too. */
	if (err == 0)
		err = sqlite_db_query_int(c->db, "open database", "PRAGMA schema_version", &schema);
	if (err == 0)
		err = database_note_files(database);
	/* It was opened by its name, which may lead elsewhere by now. */
	if (err == 0 && !c->writes)
		err = database_look(database);
	if (err == 0 && c->writes)
		err = writer_prepare(c);
	if (err < 0)
		return err;
	*connectionp = TAKE(c);
	return 0;
}

/* --- statements --- */

static int statement_prepare(struct connection *c, const char *sql, bool kept,
			     struct statement **statementp)
{
	sqlite3_stmt *stmt = NULL;
	int err = connection_prepare(c, sql, kept ? SQLITE_PREPARE_PERSISTENT : 0, &stmt);

	*statementp = (struct statement *)stmt;
	return err;
}

static void statement_finalize(struct statement *statement)
{
	sqlite3_finalize(stmt_of(statement));
}

static int value_bind(sqlite3_stmt *stmt, int index, const struct value *value)
{
	switch (value->kind) {
	case VALUE_NULL:
		return sqlite3_bind_null(stmt, index);
	case VALUE_INT:
		return sqlite3_bind_int64(stmt, index, value->number);
	case VALUE_TEXT:
		return sqlite3_bind_text64(stmt, index, value->data, value->len, SQLITE_STATIC,
					   SQLITE_UTF8);
	case VALUE_OCTETS:
		return sqlite3_bind_blob64(stmt, index, value->data, value->len, SQLITE_STATIC);
	case VALUE_RESULT:
		break;
	}
	return SQLITE_MISUSE;
}

static int statement_bind(struct statement *statement, size_t index, struct value value)
{
	int rc = value_bind(stmt_of(statement), (int)index + 1, &value);

	return rc == SQLITE_OK ? 0
			       : statement_fault(stmt_of(statement), "store: bind parameter", rc);
}

/* Our unique indexes are all conditions of store.h. */
static int statement_step(struct statement *statement)
{
	sqlite3_stmt *stmt = stmt_of(statement);
	int rc = sqlite3_step(stmt);

	switch (rc) {
	case SQLITE_ROW:
		return 0;
	case SQLITE_DONE:
		return STORE_NOT_FOUND;
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
		return STORE_CONFLICT;
	default:
		return statement_fault(
			stmt, sqlite3_stmt_readonly(stmt) ? "store: read" : "store: execute change",
			rc);
	}
}

static struct value statement_column(struct statement *statement, int index)
{
	sqlite3_stmt *stmt = stmt_of(statement);
	struct value value = {.kind = VALUE_NULL};

	switch (sqlite3_column_type(stmt, index)) {
	case SQLITE_INTEGER:
		return value_int(sqlite3_column_int64(stmt, index));
	case SQLITE_TEXT:
		value.kind = VALUE_TEXT;
		value.data = sqlite3_column_text(stmt, index);
		value.len = (size_t)sqlite3_column_bytes(stmt, index);
		return value;
	case SQLITE_BLOB:
		value.kind = VALUE_OCTETS;
		value.data = sqlite3_column_blob(stmt, index);
		value.len = (size_t)sqlite3_column_bytes(stmt, index);
		return value;
	default:
		return value;
	}
}

static void statement_reset(struct statement *statement)
{
	sqlite3_reset(stmt_of(statement));
}

static int64_t statement_changed(struct statement *statement)
{
	sqlite3_stmt *stmt = stmt_of(statement);

	return sqlite3_stmt_readonly(stmt) ? 0 : sqlite3_changes(sqlite3_db_handle(stmt));
}

static int64_t statement_inserted(struct statement *statement)
{
	return sqlite3_last_insert_rowid(sqlite3_db_handle(stmt_of(statement)));
}

/* --- transactions --- */

static int connection_control(struct connection *c, enum driver_control what)
{
	int rc;

	if (what == DRIVER_BEGIN)
		c->wrote = false;
	rc = sqlite3_step(c->control[what]);
	sqlite3_reset(c->control[what]);
	return rc == SQLITE_DONE ? 0 : sqlite_db_fault(c->db, control_sql[what], rc);
}

static bool in_transaction(struct connection *c)
{
	return !sqlite3_get_autocommit(c->db);
}

static bool statement_wrote(struct connection *c)
{
	return c->wrote;
}

/* Moves the write-ahead log into the database if it has grown enough. */
static void connection_checkpoint(struct connection *c)
{
	int rc;

	if (c->log_pages < c->checkpoint_at)
		return;
	/* Readers may keep part of it back, or the disk fail: then again after as many pages. */
	c->checkpoint_at = c->log_pages + CHECKPOINT_PAGES;
	rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK)
		(void)sqlite_db_fault(c->db, "store: checkpoint", rc);
}

static const char *const sqlite_integrity_sql[] = {
	"PRAGMA integrity_check", "PRAGMA foreign_key_check", INTEGRITY_COUNTERS_SQL,
	INTEGRITY_REGISTRATIONS_SQL, NULL};

/* In a transaction of its own; a crash in it is one of any other. */
static int pages_give_back(struct connection *c)
{
	char sql[48];
	int err;

	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", SHRINK_STEP_PAGES);
	err = sqlite_db_exec(c->db, "store: give pages back", sql);
	fault_point("store-shrink");
	return err;
}

static void connection_shrink(struct connection *c)
{
	int64_t now_us = clock_monotonic_us(), unused, pages;

	if (!c->shrinks || now_us < c->shrink_us)
		return;
	c->shrink_us = now_us + shrink_interval_us;
	if (sqlite_db_query_int(c->db, "store: unused pages", "PRAGMA freelist_count", &unused) <
		    0 ||
	    unused < SHRINK_LEAST_PAGES ||
	    sqlite_db_query_int(c->db, "store: pages", "PRAGMA page_count", &pages) < 0 ||
	    unused < pages / SHRINK_PART)
		return;
	(void)pages_give_back(c); /* said; the next look tries again */
}

static void connection_tidy(struct connection *c)
{
	connection_shrink(c);
	connection_checkpoint(c);
}

const struct driver sqlite_driver = {
	.change_sql = store_change_sql,
	.read_sql = store_read_sql,
	.part_sql = store_part_sql,
	.space_sql = "SELECT page_count * page_size, freelist_count * page_size"
		     " FROM pragma_page_count, pragma_page_size, pragma_freelist_count",
	.integrity_sql = sqlite_integrity_sql,
	.create = database_create,
	.open = database_open,
	.close = database_close,
	.copy = database_copy,
	.moved_to = database_moved_to,
	.server = database_server,
	.alone = database_alone,
	.look = database_look,
	.looked = database_looked,
	.writer_new = writer_by_steps_new,
	.connect = connection_open,
	.disconnect = connection_close,
	.prepare = statement_prepare,
	.finalize = statement_finalize,
	.bind = statement_bind,
	.step = statement_step,
	.column = statement_column,
	.reset = statement_reset,
	.changed = statement_changed,
	.inserted = statement_inserted,
	.control = connection_control,
	.in_transaction = in_transaction,
	.wrote = statement_wrote,
	.tidy = connection_tidy,
};
