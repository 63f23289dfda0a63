// SPDX-License-Identifier: Apache-2.0
/*
 * All rows of a database of SQLite, into one of PostgreSQL. Table by table, what others refer to
 * first; nothing is interpreted, so that sealed values stay as they are. At the end both are read,
 * and must have the same rows: by their number, and by the sum of their digests, for which their
 * order does not matter. Reading is the drivers', so that a row looks the same on both sides.
 */
#include "store.h"

#include "base/log.h"
#include "driver.h"
#include "postgresql/pg_driver.h"
#include "postgresql/pg_import.h"
#include "sql.h"
#include "sqlite/sqlite_driver.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>

#define WHAT "copy the database"

enum { TABLES_MAX = 100, COLUMNS_MAX = 60, NAME_SIZE = 64 };

/* A row says so after that many. */
enum { PROGRESS_ROWS = 10000 };

struct table {
	char name[NAME_SIZE];
	char columns[2048]; /* with commas */
	size_t n_columns;
	bool slot; /* only there it has a column `slot`: what came belongs to slot 0 */
	int64_t rows;
};

struct side {
	const struct driver *driver;
	struct database *database;
	struct connection *connection;
};

struct transfer {
	const struct store_transfer *how;
	struct side from, to;
	struct pg_import import;
	struct table table[TABLES_MAX];
	const char *name[TABLES_MAX];
	size_t n_tables;
};

/* --- reading --- */

typedef int each_row(void *arg, struct statement *row);

/* Ends with the first that `each` does not return 0 for. */
static int rows_each(const struct side *side, const char *sql, each_row *each, void *arg)
{
	struct statement *statement = NULL;
	int err = side->driver->prepare(side->connection, sql, false, &statement);

	if (err < 0)
		return err;
	while ((err = side->driver->step(statement)) == 0) {
		err = each(arg, statement);
		if (err != 0)
			break;
	}
	side->driver->reset(statement);
	side->driver->finalize(statement);
	return err == STORE_NOT_FOUND ? 0 : err;
}

static int side_open(struct side *side, const struct driver *driver,
		     const struct store_options *options)
{
	int err = driver->open(options, &side->database);

	if (err < 0)
		return err;
	side->driver = driver;
	return driver->connect(side->database, DRIVER_READS, &side->connection);
}

static void side_close(struct side *side)
{
	if (side->connection)
		side->driver->disconnect(side->connection);
	if (side->database)
		side->driver->close(side->database);
}

/* --- which tables there are --- */

static int name_take(struct transfer *t, struct statement *row)
{
	const struct value name = t->to.driver->column(row, 0);
	struct table *table = &t->table[t->n_tables];

	if (t->n_tables == TABLES_MAX || name.len >= NAME_SIZE)
		return log_fault(WHAT, -E2BIG, "tables");
	memcpy(table->name, name.data, name.len);
	table->slot = t->to.driver->column(row, 1).number != 0;
	t->name[t->n_tables++] = table->name;
	return 0;
}

static int name_each(void *arg, struct statement *row)
{
	return name_take(arg, row);
}

struct columns {
	struct table *table;
	const struct driver *driver;
};

static int column_each(void *arg, struct statement *row)
{
	const struct columns *c = arg;
	const struct value name = c->driver->column(row, 0);
	char *columns = c->table->columns;
	const size_t len = strlen(columns);

	if (len + name.len + 3 > sizeof(c->table->columns) || c->table->n_columns == COLUMNS_MAX)
		return log_fault(WHAT, -E2BIG, c->table->name);
	snprintf(columns + len, sizeof(c->table->columns) - len, "%s%.*s",
		 c->table->n_columns ? ", " : "", (int)name.len, (const char *)name.data);
	c->table->n_columns++;
	return 0;
}

/* Who refers to nobody comes first. */
static const char tables_sql[] =
	"WITH RECURSIVE refers AS (SELECT conrelid AS child, confrelid AS parent FROM pg_constraint"
	" WHERE contype = 'f' AND conrelid <> confrelid), place AS (SELECT oid, 0 AS n FROM "
	"pg_class"
	" WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname NOT IN"
	" ('schema_version', 'commit_mark', 'store_copy') UNION ALL SELECT child, n + 1 FROM refers"
	" JOIN place ON parent = oid) SELECT relname::TEXT, EXISTS (SELECT 1 FROM pg_attribute a"
	" WHERE a.attrelid = c.oid AND a.attname = 'slot') FROM pg_class c JOIN place ON"
	" place.oid = c.oid GROUP BY c.oid, relname ORDER BY max(n), relname";

static int tables_find(struct transfer *t)
{
	char sql[160];
	int err = rows_each(&t->to, tables_sql, name_each, t);

	for (size_t i = 0; err == 0 && i < t->n_tables; i++) {
		struct columns columns = {&t->table[i], t->from.driver};

		snprintf(sql, sizeof(sql), "SELECT name FROM pragma_table_info('%s') ORDER BY cid",
			 t->table[i].name);
		err = rows_each(&t->from, sql, column_each, &columns);
		if (err == 0 && t->table[i].n_columns == 0)
			err = log_fault(WHAT, -ENOENT, t->table[i].name);
	}
	return err;
}

static int number_each(void *arg, struct statement *row)
{
	*(int64_t *)arg = sqlite_driver.column(row, 0).number;
	return 0;
}

/* There is no table that would be left behind. */
static int tables_check(const struct transfer *t)
{
	int64_t n = 0;
	int err = rows_each(&t->from,
			    "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
			    " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
			    number_each, &n);

	if (err == 0 && n != (int64_t)t->n_tables)
		err = log_fault(WHAT, -EPROTO, "the two have different tables");
	return err;
}

/* --- rows --- */

struct copying {
	struct transfer *transfer;
	struct table *table;
	int64_t there; /* rows from before */
	int64_t seen;
};

static void progress_tell(const struct transfer *t, const struct table *table, int64_t rows)
{
	if (t->how->progress)
		t->how->progress(t->how->arg, table->name, rows, table->rows);
}

static int batch_commit(struct copying *c)
{
	char columns[sizeof(c->table->columns) + 8];

	snprintf(columns, sizeof(columns), "%s%s", c->table->columns,
		 c->table->slot ? ", slot" : "");
	return pg_import_commit(&c->transfer->import, c->table->name, columns, c->seen);
}

static int row_copy(void *arg, struct statement *row)
{
	struct copying *c = arg;
	struct value values[COLUMNS_MAX + 1];
	size_t n = c->table->n_columns;
	int err;

	if (c->seen++ < c->there)
		return 0;
	for (size_t i = 0; i < n; i++)
		values[i] = c->transfer->from.driver->column(row, (int)i);
	if (c->table->slot)
		values[n++] = value_int(0);
	err = pg_import_add(&c->transfer->import, values, n);
	if (err == 0 && c->transfer->import.len >= PG_IMPORT_BATCH)
		err = batch_commit(c);
	if (err == 0 && c->seen % PROGRESS_ROWS == 0)
		progress_tell(c->transfer, c->table, c->seen);
	return err;
}

/* In one order each time: who goes on passes over as many as are there. */
static int table_copy(struct transfer *t, struct table *table)
{
	struct copying c = {.transfer = t, .table = table};
	char sql[sizeof(table->columns) + 200];
	int err;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table->name);
	err = rows_each(&t->from, sql, number_each, &table->rows);
	if (err == 0)
		err = pg_import_rows(&t->import, table->name, &c.there);
	snprintf(sql, sizeof(sql), "SELECT %s FROM %s ORDER BY 1, 2", table->columns, table->name);
	if (table->n_columns == 1)
		sql[strlen(sql) - strlen(", 2")] = '\0';
	if (err == 0)
		err = rows_each(&t->from, sql, row_copy, &c);
	if (err == 0)
		err = batch_commit(&c);
	if (err == 0)
		progress_tell(t, table, c.seen);
	return err;
}

/* --- are both the same? --- */

struct sum {
	const struct driver *driver;
	size_t n_columns;
	EVP_MD_CTX *context;
	int64_t rows;
	uint64_t digest[4];
};

static bool value_hash(EVP_MD_CTX *context, const struct value *value)
{
	const uint64_t head[2] = {htobe64(value->kind),
				  htobe64(value->kind == VALUE_INT    ? (uint64_t)value->number
					  : value->kind == VALUE_NULL ? 0
								      : value->len)};

	return EVP_DigestUpdate(context, head, sizeof(head)) == 1 &&
	       (value->kind == VALUE_INT || value->kind == VALUE_NULL || value->len == 0 ||
		EVP_DigestUpdate(context, value->data, value->len) == 1);
}

static int row_sum(void *arg, struct statement *row)
{
	struct sum *sum = arg;
	uint64_t digest[4];
	bool ok = EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < sum->n_columns; i++) {
		const struct value value = sum->driver->column(row, (int)i);

		ok = value_hash(sum->context, &value);
	}
	if (!ok || EVP_DigestFinal_ex(sum->context, (uint8_t *)digest, NULL) != 1)
		return log_fault(WHAT, -ENOMEM, "digest");
	for (size_t i = 0; i < ARRAY_LEN(digest); i++)
		sum->digest[i] += digest[i];
	sum->rows++;
	return 0;
}

static int side_sum(const struct side *side, const struct table *table, struct sum *sum)
{
	char sql[sizeof(table->columns) + 100];
	int err;

	*sum = (struct sum){
		.driver = side->driver, .n_columns = table->n_columns, .context = EVP_MD_CTX_new()};
	if (!sum->context)
		return -ENOMEM;
	snprintf(sql, sizeof(sql), "SELECT %s FROM %s", table->columns, table->name);
	err = rows_each(side, sql, row_sum, sum);
	EVP_MD_CTX_free(sum->context);
	return err;
}

static int table_verify(const struct transfer *t, const struct table *table)
{
	struct sum from, to;
	char detail[200];
	int err = side_sum(&t->from, table, &from);

	if (err == 0)
		err = side_sum(&t->to, table, &to);
	if (err < 0)
		return err;
	if (from.rows == to.rows && memcmp(from.digest, to.digest, sizeof(to.digest)) == 0)
		return 0;
	snprintf(detail, sizeof(detail),
		 "table %s has %" PRId64 " rows there, %" PRId64
		 " in the file, and they are not the same",
		 table->name, to.rows, from.rows);
	return log_fault(WHAT, -EBADMSG, detail);
}

/* --- the whole --- */

/* Its tables are made if it has none. */
static int target_open(struct transfer *t, const struct store_options *options)
{
	int err = postgresql_driver.create(options);

	if (err < 0 && err != -EEXIST)
		return err;
	return side_open(&t->to, &postgresql_driver, options);
}

static int step_end(struct statement *statement)
{
	int err = sqlite_driver.step(statement);

	return err == STORE_NOT_FOUND ? 0 : err == 0 ? -EPROTO : err;
}

/* In the file, of which nobody is to begin again by mistake. */
static int moved_note(const struct transfer *t)
{
	struct connection *connection = NULL;
	struct statement *statement = NULL;
	int err = sqlite_driver.connect(t->from.database, DRIVER_WRITES, &connection);

	if (err < 0)
		return err;
	err = sqlite_driver.prepare(connection,
				    "INSERT INTO meta (name, value) VALUES ('" MOVED_TO
				    "' || ?1, 1000 * CAST(strftime('%s', 'now') AS INTEGER))",
				    false, &statement);
	if (err == 0)
		err = sqlite_driver.bind(statement, 0, value_text(t->how->to));
	if (err == 0)
		err = step_end(statement);
	sqlite_driver.finalize(statement);
	sqlite_driver.disconnect(connection);
	return err;
}

static int transfer_run(struct transfer *t)
{
	int err = tables_find(t);

	if (err == 0)
		err = tables_check(t);
	if (err == 0)
		err = pg_import_begin(&t->import, (struct pg_database *)t->to.database, t->name,
				      t->n_tables);
	for (size_t i = 0; err == 0 && i < t->n_tables; i++)
		err = table_copy(t, &t->table[i]);
	for (size_t i = 0; err == 0 && i < t->n_tables; i++)
		err = table_verify(t, &t->table[i]);
	return err == 0 ? pg_import_end(&t->import, t->name, t->n_tables) : err;
}

int store_transfer(const struct store_transfer *how, const char **wherep)
{
	const struct store_options from = {.database = how->from, .as_it_is = true, .serve = true};
	const struct store_options to = {.database = how->to, .as_it_is = true};
	struct transfer *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->how = how;
	*wherep = how->from;
	err = side_open(&t->from, &sqlite_driver, &from);
	if (err == 0) {
		*wherep = how->to;
		err = target_open(t, &to);
	}
	if (err == 0)
		err = transfer_run(t);
	if (err == 0 && !how->keep) {
		*wherep = how->from;
		err = moved_note(t);
	}
	pg_import_clear(&t->import);
	side_close(&t->to);
	side_close(&t->from);
	free(t);
	return err;
}
