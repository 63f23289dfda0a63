// SPDX-License-Identifier: Apache-2.0
/* Batches, savepoints, COMMIT and checkpoints. See writer.h. */
#include "writer.h"

#include "base/fault_point.h"
#include "base/log.h"
#include "sqlite/sqlite_unit.h"
#include "unit.h"

#include <errno.h>

/*
 * A checkpoint writes each changed page once, however often it is in the log, so rare ones are
 * cheap; a log of 4000 pages (16 MiB) is moved in some ten milliseconds.
 */
enum { CHECKPOINT_PAGES = 4000 };

enum statement { BEGIN, SAVEPOINT, RELEASE, ROLLBACK_TO, COMMIT, ROLLBACK, STATEMENT_COUNT };

static const char *const statement_sql[STATEMENT_COUNT] = {
	[BEGIN] = "BEGIN IMMEDIATE", [SAVEPOINT] = "SAVEPOINT unit",
	[RELEASE] = "RELEASE unit",  [ROLLBACK_TO] = "ROLLBACK TO unit",
	[COMMIT] = "COMMIT",         [ROLLBACK] = "ROLLBACK",
};

struct writer {
	sqlite3 *db;
	sqlite3_stmt *stmt[STATEMENT_COUNT];
	struct sqlite_unit_statements *unit_statements;
	int outcome;       /* of the last execution */
	bool wrote;        /* the last COMMIT put pages into the write-ahead log */
	int log_pages;     /* in the write-ahead log after the last COMMIT */
	int checkpoint_at; /* that many make the next checkpoint due */
};

/* After each COMMIT. The log begins anew some time after all of it was moved. */
static int note_log_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct writer *w = arg;

	w->wrote = true;
	if (pages < w->log_pages)
		w->checkpoint_at = CHECKPOINT_PAGES;
	w->log_pages = pages;
	return SQLITE_OK;
}

int writer_new(const char *path, struct writer **writerp)
{
	_cleanup_(writer_freep) struct writer *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->checkpoint_at = CHECKPOINT_PAGES;
	err = sqlite_db_open(path, SQLITE_DB_WRITER, &w->db);
	if (err < 0)
		return err;
	err = sqlite_db_prepare(w->db, statement_sql, w->stmt, STATEMENT_COUNT);
	if (err < 0)
		return err;
	err = sqlite_unit_prepare(w->db, &w->unit_statements);
	if (err < 0)
		return err;
	sqlite3_wal_hook(w->db, note_log_pages, w);
	*writerp = TAKE(w);
	return 0;
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	sqlite_unit_finalize(w->unit_statements);
	sqlite_db_finalize(w->stmt, STATEMENT_COUNT);
	if (w->db) {
		int rc = sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
						   NULL);

		/* Nothing is lost: the next start reads the log. */
		if (rc != SQLITE_OK)
			(void)sqlite_db_fault(w->db, "store: last checkpoint", rc);
		sqlite_db_close(w->db);
	}
	free(w);
}

/* Steps one of the statements above; returns the result code, SQLITE_DONE if all is well. */
static int control(struct writer *w, enum statement which)
{
	int rc = sqlite3_step(w->stmt[which]);

	sqlite3_reset(w->stmt[which]);
	return rc;
}

static int control_fault(struct writer *w, enum statement which, int rc)
{
	return sqlite_db_fault(w->db, statement_sql[which], rc);
}

/*
 * Executes one unit in a savepoint. Sets its result if the outer transaction still stands;
 * otherwise returns the fault that all units of the batch share.
 */
static int execute_unit(struct writer *w, struct store_unit *unit)
{
	int rc = control(w, SAVEPOINT);
	int err;

	if (rc != SQLITE_DONE)
		return control_fault(w, SAVEPOINT, rc);
	err = sqlite_unit_execute(w->unit_statements, unit);
	/* A full disk or an I/O error may have rolled back everything, savepoints and all. */
	if (err < 0 && sqlite3_get_autocommit(w->db))
		return err;
	unit->result = err;
	unit->committed = err == 0 ? unit->len : 0;
	if (err != 0) {
		rc = control(w, ROLLBACK_TO);
		if (rc != SQLITE_DONE)
			return control_fault(w, ROLLBACK_TO, rc);
	}
	rc = control(w, RELEASE);
	return rc == SQLITE_DONE ? 0 : control_fault(w, RELEASE, rc);
}

static int execute_all(struct writer *w, struct store_unit *const *units, size_t n)
{
	int rc = control(w, BEGIN);

	if (rc != SQLITE_DONE)
		return control_fault(w, BEGIN, rc);
	for (size_t i = 0; i < n; i++) {
		int err = execute_unit(w, units[i]);

		if (err < 0)
			return err;
	}
	int err = sqlite_unit_count(w->unit_statements);

	if (err != 0)
		return err;
	fault_point("store-before-commit");
	rc = control(w, COMMIT);
	if (rc != SQLITE_DONE)
		return control_fault(w, COMMIT, rc);
	fault_point("store-after-commit");
	return 0;
}

void writer_execute(struct writer *w, struct store_unit *const *units, size_t n)
{
	int err;

	w->wrote = false;
	err = execute_all(w, units, n);
	w->outcome = err == 0 && !w->wrote ? WRITER_IDLE : err;
	if (err == 0)
		return;
	if (!sqlite3_get_autocommit(w->db)) {
		int rc = control(w, ROLLBACK);

		if (rc != SQLITE_DONE)
			(void)control_fault(w, ROLLBACK, rc);
	}
	sqlite_unit_count_clear(w->unit_statements);
	for (size_t i = 0; i < n; i++) {
		units[i]->result = err;
		units[i]->committed = 0;
	}
}

int writer_outcome(const struct writer *w)
{
	return w->outcome;
}

void writer_checkpoint(struct writer *w)
{
	int rc;

	if (w->log_pages < w->checkpoint_at)
		return;
	/* Readers may keep part of it back, or the disk fail: then again after as many pages. */
	w->checkpoint_at = w->log_pages + CHECKPOINT_PAGES;
	rc = sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK)
		(void)sqlite_db_fault(w->db, "store: checkpoint", rc);
}
