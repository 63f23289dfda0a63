// SPDX-License-Identifier: Apache-2.0
/* The one loop that makes changes; batches, savepoints and COMMIT. See writer.h. */
#include "writer.h"

#include "audit_writer.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "counts.h"
#include "driver.h"
#include "records/audit_rows.h"
#include "unit.h"

#include <errno.h>

struct step_writer {
	struct writer head;
	const struct driver *driver;
	struct connection *connection;
	struct statement *statement[CHANGE_KINDS];
	struct counts counts;
	struct audit_writer audit;
	struct statement *chain_newest;
	struct statement *chain_first;
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

static int chain_read(struct step_writer *w, struct statement *statement,
		      struct store_audit_chain *chainp)
{
	struct row row = {.driver = w->driver, .statement = statement};
	int err = w->driver->step(statement);

	if (err == 0)
		err = audit_chain_read(&row, chainp);
	w->driver->reset(statement);
	return err == STORE_NOT_FOUND ? -EUCLEAN : err;
}

static int chain_begin(struct step_writer *w, int64_t now_ms)
{
	struct store_audit_chain newest, first;
	int err = chain_read(w, w->chain_newest, &newest);

	if (err == 0)
		err = chain_read(w, w->chain_first, &first);
	return err == 0 ? audit_writer_chain(&w->audit, &newest, &first, now_ms) : err;
}

/* A line of audit gets its place behind the values that it has. */
static int audit_place_bind(struct step_writer *w, const struct change *change)
{
	struct statement *statement = w->statement[CHANGE_AUDIT_ADD];
	const struct store_audit_place *place;
	int err = 0;

	if (audit_writer_wants_chain(&w->audit))
		err = chain_begin(w, change->value[0].number);
	if (err == 0)
		err = audit_writer_line(&w->audit, change->value, &place);
	if (err == 0)
		err = w->driver->bind(statement, AUDIT_VALUES, value_int(place->chain));
	if (err == 0)
		err = w->driver->bind(statement, AUDIT_VALUES + 1, value_int(place->sequence));
	return err ? err
		   : w->driver->bind(statement, AUDIT_VALUES + 2,
				     value_bytes(BYTES_OF(place->hash)));
}

/* Whether it is known without asking that the condition holds. */
static bool change_is_known(const struct step_writer *w, const struct change *change)
{
	return (change->kind == CHANGE_CLIENT_REQUIRE || change->kind == CHANGE_CLIENTS_REQUIRE) &&
	       w->head.clients_generation >= 0 &&
	       change->value[0].number == w->head.clients_generation;
}

static int change_make(struct step_writer *w, const struct store_unit *unit, struct change *change)
{
	int err = 0;

	if (change_is_known(w, change))
		return 0;
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

static int audit_changes_make(struct step_writer *w)
{
	struct audit_change change[AUDIT_CHANGES_MAX];
	int64_t result;
	size_t n;
	int err = audit_writer_changes(&w->audit, change, &n);

	for (size_t i = 0; err == 0 && i < n; i++) {
		err = driver_bind_all(w->driver, w->statement[change[i].kind], change[i].value,
				      change[i].n);
		if (err == 0)
			err = statement_run(w, change[i].kind, &result);
	}
	if (err != STORE_CONFLICT)
		return err;
	audit_writer_lost(&w->audit);
	return -EUCLEAN;
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
		err = audit_changes_make(w);
	if (err != 0)
		return err;
	fault_point("store-before-commit");
	err = w->driver->control(w->connection, DRIVER_COMMIT);
	if (err != 0) {
		audit_writer_lost(&w->audit);
		return err;
	}
	audit_writer_committed(&w->audit);
	fault_point("store-after-commit");
	return 0;
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
	w->driver->finalize(w->chain_newest);
	w->driver->finalize(w->chain_first);
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
	w->audit.own = &w->head.own;
	w->driver = driver;
	err = driver->connect(database, DRIVER_WRITES, &w->connection);
	for (size_t i = 0; err == 0 && i < CHANGE_KINDS; i++)
		err = driver->prepare(w->connection, driver->change_sql[i], true, &w->statement[i]);
	if (err == 0)
		err = driver->prepare(w->connection, driver->read_sql[READ_AUDIT_CHAIN_NEWEST],
				      true, &w->chain_newest);
	if (err == 0)
		err = driver->prepare(w->connection, driver->read_sql[READ_AUDIT_CHAINS], true,
				      &w->chain_first);
	if (err < 0)
		return err;
	*writerp = TAKE(head);
	return 0;
}
