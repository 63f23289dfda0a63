// SPDX-License-Identifier: Apache-2.0
/* Executing the changes of a unit on SQLite. See sqlite_unit.h. */
#include "sqlite_unit.h"

#include "base/log.h"
#include "sqlite_unit_sql.h"
#include "unit.h"

#include <errno.h>

struct sqlite_unit_statements {
	sqlite3 *db;
	struct counts counts;
	sqlite3_stmt *stmt[CHANGE_KINDS];
};

int sqlite_unit_prepare(sqlite3 *db, struct sqlite_unit_statements **statementsp)
{
	struct sqlite_unit_statements *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->db = db;
	int err = sqlite_db_prepare(db, sqlite_unit_sql, s->stmt, CHANGE_KINDS);
	if (err < 0) {
		sqlite_unit_finalize(s);
		return err;
	}
	*statementsp = s;
	return 0;
}

void sqlite_unit_finalize(struct sqlite_unit_statements *s)
{
	if (!s)
		return;
	sqlite_db_finalize(s->stmt, CHANGE_KINDS);
	free(s);
}

/* Steps to the end, or to a first row: how many rows there are, or were changed. */
static int statement_step(struct sqlite_unit_statements *s, enum change_kind kind, int64_t *rowsp)
{
	int rc = sqlite3_step(s->stmt[kind]);

	if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY)
		return STORE_CONFLICT;
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return sqlite_db_fault(s->db, "store: execute change", rc);
	if (rc == SQLITE_ROW)
		*rowsp = 1;
	else
		*rowsp = sqlite3_stmt_readonly(s->stmt[kind]) ? 0 : sqlite3_changes(s->db);
	return 0;
}

static int change_make(struct sqlite_unit_statements *s, const struct store_unit *unit,
		       struct change *change)
{
	struct binder b = BINDER(s->stmt[change->kind]);
	int64_t rows = 0;
	int err;

	for (size_t i = 0; i < change->n; i++)
		bind_value(&b, unit_value(unit, &change->value[i]));
	if (b.rc != SQLITE_OK)
		return sqlite_db_fault(s->db, "store: bind parameter", b.rc);
	err = statement_step(s, change->kind, &rows);
	sqlite3_reset(b.stmt);
	if (err != 0)
		return err;
	change->result = rows;
	switch (change_rows[change->kind]) {
	case CHANGE_ROWS_NEW:
		change->result = sqlite3_last_insert_rowid(s->db);
		return rows > 0 ? 0 : STORE_CONFLICT;
	case CHANGE_ROWS_ONE:
		return rows > 0 ? 0 : STORE_CONFLICT;
	case CHANGE_ROWS_NONE:
		return rows > 0 ? STORE_CONFLICT : 0;
	case CHANGE_ROWS_ANY:
		return 0;
	}
	return -EINVAL;
}

int sqlite_unit_execute(struct sqlite_unit_statements *s, struct store_unit *unit)
{
	for (size_t i = 0; i < unit->len; i++) {
		int err = change_make(s, unit, &unit->change[i]);

		if (err != 0)
			return err;
	}
	for (size_t i = 0; i < unit->len; i++)
		counts_add(&s->counts, &unit->change[i]);
	return 0;
}

int sqlite_unit_count(struct sqlite_unit_statements *s)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LEN(s->counts.batch); i++) {
		struct binder b = BINDER(s->stmt[CHANGE_COUNT]);
		int64_t rows;

		if (s->counts.batch[i] == 0)
			continue;
		bind_text(&b, counts_name(i));
		bind_int(&b, counts_state(i));
		bind_int(&b, s->counts.batch[i]);
		err = statement_step(s, CHANGE_COUNT, &rows);
		sqlite3_reset(b.stmt);
	}
	counts_clear(&s->counts);
	return err;
}

void sqlite_unit_count_clear(struct sqlite_unit_statements *s)
{
	counts_clear(&s->counts);
}
