// SPDX-License-Identifier: Apache-2.0
/* The one loop that makes changes; batches, savepoints and COMMIT. See writer.h. */
#include "writer.h"

#include "audit_writer.h"
#include "base/fault_point.h"
#include "counts.h"
#include "driver.h"
#include "unit.h"

#include <errno.h>

struct step_writer {
	struct writer head;
	const struct driver *driver;
	struct connection *connection;
	struct statement *statement[CHANGE_KINDS];
	struct counts counts;
	struct audit_writer audit;
};

/* --- changes --- */

/* Runs a statement whose parameters are bound; what it comes to is *resultp. */
static int statement_run(struct step_writer *w, enum change_kind kind, int64_t *resultp)
{
	struct statement *statement = w->statement[kind];
	int err = w->driver->step(statement);
	int64_t rows = err == 0 ? 1 : 0;

	if (err == STORE_NOT_FOUND)
		rows = w->driver->changed(statement);
	if (err == 0 || err == STORE_NOT_FOUND)
		err = change_judge(kind, rows);
	*resultp = change_rows[kind] == CHANGE_ROWS_NEW ? w->driver->inserted(statement) : rows;
	w->driver->reset(statement);
	return err;
}

/* A line of audit gets its place behind the values that it has. */
static int audit_place_bind(struct step_writer *w, const struct change *change)
{
	struct statement *statement = w->statement[CHANGE_AUDIT_ADD];
	const struct store_audit_place *place;
	int err = audit_writer_line(&w->audit, change->value, &place);

	if (err == 0)
		err = w->driver->bind(statement, AUDIT_VALUES, value_int(place->chain));
	if (err == 0)
		err = w->driver->bind(statement, AUDIT_VALUES + 1, value_int(place->sequence));
	return err ? err
		   : w->driver->bind(statement, AUDIT_VALUES + 2,
				     value_bytes(BYTES_OF(place->hash)));
}

static int change_make(struct step_writer *w, const struct store_unit *unit, struct change *change)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < change->n; i++)
		err = w->driver->bind(w->statement[change->kind], i,
				      unit_value(unit, &change->value[i]));
	if (err == 0 && change->kind == CHANGE_AUDIT_ADD)
		err = audit_place_bind(w, change);
	return err == 0 ? statement_run(w, change->kind, &change->result) : err;
}

/* Makes the changes of a unit in their order, up to the first that fails. */
static int unit_make(struct step_writer *w, struct store_unit *unit)
{
	for (size_t i = 0; i < unit->len; i++) {
		int err = change_make(w, unit, &unit->change[i]);

		if (err != 0)
			return err;
	}
	for (size_t i = 0; i < unit->len; i++)
		counts_add(&w->counts, &unit->change[i]);
	return 0;
}

/* Writes how many rows went from state to state in the units that succeeded. */
static int counts_write(struct step_writer *w)
{
	int64_t result;
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LEN(w->counts.batch); i++) {
		const struct value row[] = {value_text(counts_name(i)), value_int(counts_state(i)),
					    value_int(w->counts.batch[i])};

		if (w->counts.batch[i] == 0)
			continue;
		err = driver_bind_all(w->driver, w->statement[CHANGE_COUNT], row, ARRAY_LEN(row));
		if (err == 0)
			err = statement_run(w, CHANGE_COUNT, &result);
	}
	return err;
}

/* --- batches --- */

/* A unit of a batch that was tried without savepoints has failed; its result is set. */
enum { BATCH_AGAIN = 1 };

/*
 * Executes one unit and sets its result, if the outer transaction still stands; otherwise returns
 * the fault that all units of the batch share. With a savepoint, what it has done is undone if it
 * has failed.
 */
static int execute_unit(struct step_writer *w, struct store_unit *unit, bool savepoint)
{
	int err = savepoint ? w->driver->control(w->connection, DRIVER_SAVEPOINT) : 0;
	struct store_audit_place before = w->audit.now;

	if (err < 0)
		return err;
	err = unit_make(w, unit);
	/* A full disk or an I/O error may have rolled back everything, savepoints and all. */
	if (err < 0 && !w->driver->in_transaction(w->connection))
		return err;
	unit->result = err;
	unit->committed = err == 0 ? unit->len : 0;
	if (!savepoint)
		return err == 0 ? 0 : BATCH_AGAIN;
	if (err != 0) {
		w->audit.now = before;
		err = w->driver->control(w->connection, DRIVER_ROLLBACK_TO);
	}
	return err < 0 ? err : w->driver->control(w->connection, DRIVER_RELEASE);
}

static int execute_all(struct step_writer *w, struct store_unit *const *units, size_t n,
		       bool savepoints)
{
	int err = w->driver->control(w->connection, DRIVER_BEGIN);

	audit_writer_begin(&w->audit);
	for (size_t i = 0; err == 0 && i < n; i++)
		err = execute_unit(w, units[i], savepoints);
	if (err == 0)
		err = counts_write(w);
	if (err == 0)
		err = audit_writer_move(&w->audit);
	if (err != 0)
		return err;
	fault_point("store-before-commit");
	err = w->driver->control(w->connection, DRIVER_COMMIT);
	audit_writer_end(&w->audit, err);
	if (err == 0)
		fault_point("store-after-commit");
	return err;
}

/*
 * For each savepoint a database keeps what the pages were before. Nearly always that is for
 * nothing, so a batch is tried without them, and once more with them if a unit has failed, so that
 * the others do not suffer from it.
 */
static int execute_batch(struct step_writer *w, struct store_unit *const *units, size_t n)
{
	int err = execute_all(w, units, n, false);

	if (err != BATCH_AGAIN)
		return err;
	counts_clear(&w->counts);
	err = w->driver->control(w->connection, DRIVER_ROLLBACK);
	return err < 0 || n == 1 ? err : execute_all(w, units, n, true);
}

static int steps_execute(struct writer *writer, struct store_unit *const *units, size_t n)
{
	struct step_writer *w = (struct step_writer *)writer;
	int err = execute_batch(w, units, n);

	counts_clear(&w->counts);
	if (err == 0)
		return w->driver->wrote(w->connection) ? 0 : WRITER_IDLE;
	/* What a rollback says was logged; the next transaction begins anew, or says so, too. */
	if (w->driver->in_transaction(w->connection))
		(void)w->driver->control(w->connection, DRIVER_ROLLBACK);
	for (size_t i = 0; i < n; i++) {
		units[i]->result = err;
		units[i]->committed = 0;
	}
	return err;
}

static void steps_tidy(struct writer *writer)
{
	struct step_writer *w = (struct step_writer *)writer;

	w->driver->tidy(w->connection);
}

static void steps_audit_keys(struct writer *writer, const struct store_audit_key *keys, size_t n)
{
	struct step_writer *w = (struct step_writer *)writer;

	audit_writer_keys(&w->audit, keys, n);
}

/* --- its life --- */

static void steps_free(struct writer *writer)
{
	struct step_writer *w = (struct step_writer *)writer;

	for (size_t i = 0; i < CHANGE_KINDS; i++)
		w->driver->finalize(w->statement[i]);
	audit_writer_clear(&w->audit);
	if (w->connection)
		w->driver->disconnect(w->connection);
	free(w);
}

static const struct writer_ops steps_ops = {
	.execute = steps_execute,
	.tidy = steps_tidy,
	.audit_keys = steps_audit_keys,
	.free = steps_free,
};

int writer_by_steps_new(const struct driver *driver, struct database *database,
			struct writer **writerp)
{
	struct step_writer *w = calloc(1, sizeof(*w));
	_cleanup_(writer_freep) struct writer *head = NULL;
	int err;

	if (!w)
		return -ENOMEM;
	w->head.ops = &steps_ops;
	head = &w->head;
	w->driver = driver;
	err = driver->connect(database, DRIVER_WRITES, &w->connection);
	for (size_t i = 0; err == 0 && i < CHANGE_KINDS; i++)
		err = driver->prepare(w->connection, driver->change_sql[i], true, &w->statement[i]);
	if (err == 0)
		err = audit_writer_init(&w->audit, driver, w->connection, w->statement);
	if (err < 0)
		return err;
	*writerp = TAKE(head);
	return 0;
}
