// SPDX-License-Identifier: Apache-2.0
/* See pg_import.h; COPY's binary format is in PostgreSQL's documentation of COPY. */
#include "pg_import.h"

#include "base/fault_point.h"
#include "base/log.h"
#include "base/strbuf.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WHAT "copy the database"

/* So long the session of a copy that was interrupted may still be there. */
#define CLAIM "SET lock_timeout = '10s'; SELECT pg_advisory_lock(3)::TEXT; SET lock_timeout = 0"

/* What migrations fill: the rows of the source come in their place. */
static const char *const filled[] = {"audit_chain", "meta", "resource_key"};

int pg_import_unfinished(struct session *session, int64_t *unfinishedp)
{
	return session_number(session, WHAT,
			      "SELECT count(*) FROM pg_class WHERE oid = to_regclass('store_copy')",
			      0, unfinishedp);
}

/* --- begin and end --- */

static bool table_is_filled(const char *table)
{
	for (size_t i = 0; i < ARRAY_LEN(filled); i++)
		if (strcmp(table, filled[i]) == 0)
			return true;
	return false;
}

static int empty_check(struct session *s, const char *const *tables, size_t n_tables)
{
	char sql[160];
	int64_t there = 0;
	int err = 0;

	for (size_t i = 0; err == 0 && there == 0 && i < n_tables; i++) {
		if (table_is_filled(tables[i]))
			continue;
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM (SELECT 1 FROM %s LIMIT 1) t",
			 tables[i]);
		err = session_number(s, WHAT, sql, 0, &there);
	}
	return err == 0 && there > 0 ? -EEXIST : err;
}

static void triggers_set(struct strbuf *sql, const char *const *tables, size_t n_tables,
			 const char *how)
{
	for (size_t i = 0; i < n_tables; i++)
		strbuf_printf(sql, "ALTER TABLE %s %s TRIGGER USER;", tables[i], how);
}

static int text_exec(struct session *s, struct strbuf *sql)
{
	int err = sql->failed ? -ENOMEM : session_exec(s, WHAT, sql->text);

	strbuf_clear(sql);
	return err;
}

/* What triggers would make of the rows is among the rows. */
static int copy_begin(struct session *s, const char *const *tables, size_t n_tables)
{
	struct strbuf sql = STRBUF_NULL;

	strbuf_add(&sql,
		   "BEGIN; CREATE TABLE store_copy (name TEXT PRIMARY KEY, n BIGINT NOT NULL);");
	triggers_set(&sql, tables, n_tables, "DISABLE");
	for (size_t i = 0; i < ARRAY_LEN(filled); i++)
		strbuf_printf(&sql, "DELETE FROM %s;", filled[i]);
	strbuf_add(&sql, "COMMIT");
	return text_exec(s, &sql);
}

int pg_import_begin(struct pg_import *import, struct pg_database *database,
		    const char *const *tables, size_t n_tables)
{
	struct session *s = &import->session;
	int64_t unfinished = 0;
	int err;

	*s = (struct session){.database = database, .writes = true, .patient = true};
	err = session_open(s);
	if (err == 0)
		err = session_exec(s, "claim the database", CLAIM);
	if (err == 0)
		err = pg_import_unfinished(s, &unfinished);
	if (err < 0 || unfinished)
		return err;
	err = empty_check(s, tables, n_tables);
	return err == 0 ? copy_begin(s, tables, n_tables) : err;
}

/*
 * Ids go on behind the highest. SQLite does not say of every table which ids were given and are
 * gone, so neither does this; where it matters (initial_credential), it looks into what came.
 */
static const char ids_sql[] =
	"DO $$ DECLARE t TEXT; BEGIN"
	" FOR t IN SELECT table_name FROM information_schema.columns"
	" WHERE table_schema = current_schema() AND column_name = 'id' AND is_identity = 'YES' LOOP"
	" EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, ''id''), max(id)) FROM %I"
	" HAVING max(id) > 0', t, t); END LOOP; END $$;"
	"SELECT setval('event_id_seq', greatest(1, (SELECT max(id) FROM event),"
	" (SELECT max(position) FROM subscription)));";

int pg_import_end(struct pg_import *import, const char *const *tables, size_t n_tables)
{
	struct strbuf sql = STRBUF_NULL;
	int err;

	strbuf_add(&sql, "BEGIN;");
	strbuf_add(&sql, ids_sql);
	triggers_set(&sql, tables, n_tables, "ENABLE");
	strbuf_add(&sql, "DROP TABLE store_copy; COMMIT");
	err = text_exec(&import->session, &sql);
	return err == 0 ? session_exec(&import->session, WHAT, "ANALYZE") : err;
}

void pg_import_clear(struct pg_import *import)
{
	session_close(&import->session);
	free(import->batch);
	*import = (struct pg_import){0};
}

/* --- rows --- */

int pg_import_rows(struct pg_import *import, const char *table, int64_t *rowsp)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT n FROM store_copy WHERE name = '%s'", table);
	return session_number(&import->session, WHAT, sql, 0, rowsp);
}

static int batch_put(struct pg_import *import, const void *data, size_t len)
{
	size_t size = import->size ? import->size : PG_IMPORT_BATCH;
	uint8_t *grown;

	while (size - import->len < len)
		size *= 2;
	if (size != import->size) {
		grown = realloc(import->batch, size);
		if (!grown)
			return -ENOMEM;
		import->batch = grown;
		import->size = size;
	}
	if (len > 0)
		memcpy(import->batch + import->len, data, len);
	import->len += len;
	return 0;
}

static int number_put(struct pg_import *import, uint64_t number, size_t size)
{
	uint64_t big_endian = htobe64(number);

	return batch_put(import, (const uint8_t *)&big_endian + sizeof(big_endian) - size, size);
}

static int value_put(struct pg_import *import, const struct value *value)
{
	int err;

	if (value->kind == VALUE_NULL)
		return number_put(import, UINT32_MAX, sizeof(uint32_t));
	if (value->kind == VALUE_INT) {
		err = number_put(import, sizeof(int64_t), sizeof(uint32_t));
		return err == 0 ? number_put(import, (uint64_t)value->number, sizeof(int64_t))
				: err;
	}
	err = number_put(import, value->len, sizeof(uint32_t));
	return err == 0 ? batch_put(import, value->data, value->len) : err;
}

int pg_import_add(struct pg_import *import, const struct value *values, size_t n)
{
	static const uint8_t head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
	int err = import->len > 0 ? 0 : batch_put(import, head, sizeof(head));

	if (err == 0)
		err = number_put(import, n, sizeof(uint16_t));
	for (size_t i = 0; err == 0 && i < n; i++)
		err = value_put(import, &values[i]);
	return err;
}

static int copy_results(struct session *s, ExecStatusType wanted)
{
	PGresult *result = NULL;
	int fault = 0, err;

	while ((err = session_result(s, 0, &result)) == 0 && result) {
		ExecStatusType status = PQresultStatus(result);

		if (status != wanted && fault == 0)
			fault = session_fault(WHAT, result);
		PQclear(result);
		if (status == PGRES_COPY_IN)
			return fault;
	}
	return err < 0 ? err : fault;
}

static int batch_send(struct pg_import *import, const char *table, const char *columns)
{
	struct session *s = &import->session;
	struct strbuf sql = STRBUF_NULL;
	int err;

	strbuf_printf(&sql, "COPY %s (%s) FROM STDIN (FORMAT binary)", table, columns);
	err = sql.failed ? -ENOMEM : 0;
	if (err == 0 && !PQsendQuery(s->conn, sql.text))
		err = session_lost(s, WHAT);
	strbuf_clear(&sql);
	if (err == 0)
		err = copy_results(s, PGRES_COPY_IN);
	if (err == 0 &&
	    (PQputCopyData(s->conn, (const char *)import->batch, (int)import->len) < 0 ||
	     PQputCopyEnd(s->conn, NULL) < 0))
		err = session_lost(s, WHAT);
	return err == 0 ? copy_results(s, PGRES_COMMAND_OK) : err;
}

int pg_import_commit(struct pg_import *import, const char *table, const char *columns, int64_t rows)
{
	struct session *s = &import->session;
	char sql[200];
	int err = 0;

	if (import->len == 0)
		return 0;
	snprintf(sql, sizeof(sql),
		 "INSERT INTO store_copy VALUES ('%s', %" PRId64
		 ") ON CONFLICT (name) DO UPDATE SET n = excluded.n; COMMIT",
		 table, rows);
	err = number_put(import, UINT16_MAX, sizeof(uint16_t));
	if (err == 0)
		err = session_exec(s, WHAT, "BEGIN");
	if (err == 0)
		err = batch_send(import, table, columns);
	if (err == 0)
		err = session_exec(s, WHAT, sql);
	import->len = 0;
	fault_point("store-copy-batch");
	return err;
}
