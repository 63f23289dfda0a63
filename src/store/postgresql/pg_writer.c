// SPDX-License-Identifier: Apache-2.0
/*
 * Batches of units in flights, and what becomes of them. See pg_writer.h; the statements are in
 * pg_statements.c, the locks in locks.c, and commit_mark.c knows what has become of a COMMIT
 * without an answer.
 */
#include "pg_writer.h"

#include "audit_writer.h"
#include "base/clock.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "commit_mark.h"
#include "counts.h"
#include "driver.h"
#include "durability.h"
#include "locks.h"
#include "migrate.h"
#include "pg_statements.h"
#include "records/audit_rows.h"
#include "rows.h"
#include "sql.h"

#include <errno.h>

/* What a try of a batch may come to, beside 0 and faults. */
enum {
	BATCH_IDLE = WRITER_IDLE,
	BATCH_UNIT_FAILED = 16, /* without savepoints: a unit has failed, and its result is set */
	BATCH_AGAIN,            /* nothing of it happened, for another node was in the way */
	BATCH_UNSENT,           /* nothing of it happened, for the connection had gone */
};

/* The result of a change that makes a row, before its id is known. */
enum { ID_SERVERS = -1, ID_WANTED = 0 };

/* A node that lives sends what it has begun within that, whatever its time-out. */
enum { STUCK_MS = 30 * 1000 };

/* Two nodes can wait for each other, and lose one of the two; hardly again and again. */
enum { TRIES_MAX = 20 };

struct pg_writer {
	struct writer head;
	struct pg_database *database;
	struct session session;
	unsigned prepared; /* on that connection of the session */
	bool mark_gone;    /* somebody has removed its row */
	int64_t backend;   /* the server's process; a pooler tells another one */
	struct pg_statements statements;
	struct commit_mark mark;
	struct locks locks;
	struct counts counts;
	size_t n_counts; /* counters that were sent before COMMIT */
	struct audit_writer audit;
	struct change audit_change[AUDIT_CHANGES_MAX];
	size_t n_audit_changes;
	const struct change
		*chain_line; /* with which the batch begins a chain; NULL: it does not */
};

static struct pg_writer *pg_writer_of(struct writer *writer)
{
	return (struct pg_writer *)writer;
}

/* --- the session --- */

static int writer_connect(struct pg_writer *w)
{
	int err;

	/* It is made where a connection begins. */
	if (w->mark_gone)
		session_close(&w->session);
	w->mark_gone = false;
	err = session_open(&w->session);
	if (err < 0 || w->prepared == w->session.number)
		return err;
	if (w->database->serve)
		err = pg_schema_claim(&w->session);
	/* Another server than before may be the primary. */
	if (err == 0 && w->database->serve)
		err = pg_durability_log(&w->session);
	if (err == 0)
		err = session_number(&w->session, "store: connect to the database",
				     "SELECT pg_backend_pid()", 0, &w->backend);
	if (err == 0)
		err = commit_mark_ensure(&w->mark, &w->session);
	if (err == 0)
		err = flight_mode(&w->session);
	if (err == 0)
		err = pg_statements_prepare(&w->statements, &w->session);
	if (err == 0)
		w->prepared = w->session.number;
	else
		session_close(&w->session);
	return err;
}

static int own_add(struct pg_writer *w, enum pg_own own, const struct parameters *p)
{
	return flight_add(&w->session, pg_own_name(own), p);
}

/* What a statement that failed says of the batch. A server that says that it goes is left at once.
 */
static int error_judge(struct pg_writer *w, const PGresult *result)
{
	int err;

	if (result_state(result, "40"))
		return BATCH_AGAIN;
	if (result_state(result, "23505"))
		return STORE_CONFLICT;
	err = session_fault("store: execute change", result);
	if (err == -ENOTCONN)
		session_close(&w->session);
	return err;
}

/* Whether it is of the statement and its values, and no other unit would suffer from it. */
static bool error_is_the_units(const PGresult *result)
{
	static const char *const states[] = {"21", "22", "23", "42", "54", "P0"};

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (result_state(result, states[i]))
			return true;
	return false;
}

/* A result that only has to be there: the statements of our own, which do not fail. */
static int own_expect(struct pg_writer *w, int64_t until_us, PGresult **resultp)
{
	int err = flight_result(&w->session, until_us, resultp);

	if (err < 0 || result_ok(*resultp) || PQresultStatus(*resultp) == PGRES_PIPELINE_ABORTED)
		return err;
	return error_judge(w, *resultp);
}

static int own_expect_nothing(struct pg_writer *w, int64_t until_us)
{
	PGresult *result = NULL;
	int err = own_expect(w, until_us, &result);

	PQclear(result);
	return err;
}

/* A flight of one statement of our own. */
static int own_fly(struct pg_writer *w, enum pg_own own, const struct parameters *p)
{
	int64_t until_us = session_deadline(&w->session);
	int err = own_add(w, own, p), end;

	if (err == 0)
		err = flight_send(&w->session);
	if (err == 0)
		err = own_expect_nothing(w, until_us);
	if (!w->session.conn)
		return err;
	end = flight_end(&w->session, until_us);
	return err ? err : end;
}

/* --- the first flight --- */

static int locks_send(struct pg_writer *w)
{
	struct strbuf numbers = STRBUF_NULL, shared = STRBUF_NULL;
	struct parameters p = {.n = 0};
	int err = -ENOMEM;

	for (size_t i = 0; i < w->locks.len; i++) {
		strbuf_printf(&numbers, "%c%lld", i ? ',' : '{',
			      (long long)w->locks.item[i].number);
		strbuf_printf(&shared, "%c%c", i ? ',' : '{', w->locks.item[i].shared ? 't' : 'f');
	}
	strbuf_add(&numbers, "}");
	strbuf_add(&shared, "}");
	if (!numbers.failed && !shared.failed) {
		parameter_add_literal(&p, numbers.text);
		parameter_add_literal(&p, shared.text);
		err = own_add(w, PG_LOCK, &p);
	}
	strbuf_clear(&numbers);
	strbuf_clear(&shared);
	return err;
}

static int ids_send(struct pg_writer *w, enum change_kind kind, size_t wanted)
{
	struct parameters p = {.n = 0};
	char name[PG_NAME_SIZE];

	pg_ids_name(kind, name);
	parameter_add(&p, value_int((int64_t)wanted));
	return flight_add(&w->session, name, &p);
}

/* The first line of this process begins its chain, which others must not do meanwhile. */
static int chain_want(struct pg_writer *w, const struct change *change)
{
	const struct change begin = {.kind = CHANGE_AUDIT_CHAIN_BEGIN};

	if (change->kind != CHANGE_AUDIT_ADD || w->chain_line ||
	    !audit_writer_wants_chain(&w->audit))
		return 0;
	w->chain_line = change;
	return locks_add(&w->locks, &begin);
}

/* Whether that row of the unit is the newest of its table when change k refers to it. */
static bool is_newest(const struct store_unit *unit, size_t row, size_t k)
{
	for (size_t i = row + 1; i < k; i++)
		if (unit->change[i].kind == unit->change[row].kind)
			return false;
	return true;
}

/*
 * Whether its rows get their ids from the server as they are made. Whoever asks for
 * them afterwards gets them even if the answer to its COMMIT is lost, so they are known before.
 */
static bool ids_are_the_servers(const struct store_unit *unit)
{
	if (!unit->forgets_ids)
		return false;
	for (size_t k = 0; k < unit->len; k++)
		for (size_t i = 0; i < unit->change[k].n; i++) {
			const struct value *value = &unit->change[k].value[i];

			if (value->kind != VALUE_RESULT)
				continue;
			if (unit->change[value->number].kind !=
				    pg_refers_newest(unit->change[k].kind, i + 1) ||
			    !is_newest(unit, (size_t)value->number, k))
				return false;
		}
	return true;
}

/* How many ids of each kind a unit wants; its changes are marked. */
static void ids_want(struct store_unit *unit, size_t wanted[CHANGE_KINDS])
{
	bool servers = ids_are_the_servers(unit);

	for (size_t i = 0; i < unit->len; i++) {
		struct change *change = &unit->change[i];

		if (change_rows[change->kind] != CHANGE_ROWS_NEW)
			continue;
		change->result = servers ? ID_SERVERS : ID_WANTED;
		wanted[change->kind] += !servers;
	}
}

/* What the units want: locks, and ids. */
static int wants_gather(struct pg_writer *w, struct store_unit *const *units, size_t n,
			size_t wanted[CHANGE_KINDS])
{
	int err = 0;

	w->locks.len = 0;
	w->chain_line = NULL;
	for (size_t i = 0; i < n; i++) {
		ids_want(units[i], wanted);
		for (size_t k = 0; err == 0 && k < units[i]->len; k++) {
			err = locks_add(&w->locks, &units[i]->change[k]);
			if (err == 0)
				err = chain_want(w, &units[i]->change[k]);
		}
	}
	locks_sort(&w->locks);
	return err;
}

static int begin_add(struct pg_writer *w, const size_t wanted[CHANGE_KINDS])
{
	struct parameters mark = {.n = 0};
	int err = own_add(w, PG_BEGIN, NULL);

	parameter_add(&mark, value_int(w->mark.id));
	parameter_add(&mark, value_int(++w->mark.sequence));
	if (err == 0)
		err = own_add(w, PG_MARK, &mark);
	if (err == 0 && w->locks.len > 0)
		err = locks_send(w);
	for (size_t i = 0; err == 0 && i < CHANGE_KINDS; i++)
		if (wanted[i] > 0)
			err = ids_send(w, (enum change_kind)i, wanted[i]);
	if (err == 0 && w->chain_line)
		err = flight_ask(&w->session, store_read_sql[READ_AUDIT_CHAIN_NEWEST]);
	if (err == 0 && w->chain_line)
		err = flight_ask(&w->session, store_read_sql[READ_AUDIT_CHAINS]);
	return err;
}

/* The row is there, and whether there are standbys is told with it. */
static int mark_expect(struct pg_writer *w, int64_t until_us)
{
	PGresult *result = NULL;
	int err = flight_result(&w->session, until_us, &result);

	w->mark_gone = err == 0 && result_state(result, PG_CONDITION_FAILED);
	if (w->mark_gone)
		err = log_fault("store: mark of commits", -EIO, "it has gone");
	else if (err == 0 && PQresultStatus(result) == PGRES_TUPLES_OK)
		atomic_store(&w->database->replicated, PQgetvalue(result, 0, 0)[0] == 't');
	else if (err == 0 && PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
		err = error_judge(w, result);
	PQclear(result);
	return err;
}

static int ids_expect(struct pg_writer *w, int64_t until_us, enum change_kind kind,
		      struct store_unit *const *units, size_t n)
{
	PGresult *result = NULL;
	int err = own_expect(w, until_us, &result), row = 0;

	for (size_t i = 0; err == 0 && i < n; i++)
		for (size_t k = 0; k < units[i]->len; k++)
			if (units[i]->change[k].kind == kind &&
			    units[i]->change[k].result == ID_WANTED && row < PQntuples(result))
				units[i]->change[k].result =
					strtoll(PQgetvalue(result, row++, 0), NULL, 10);
	PQclear(result);
	return err;
}

static struct value result_column(struct statement *statement, int column)
{
	return rows_value((const PGresult *)statement, 0, column);
}

/* The first row of what was asked about chains. */
static int chain_expect(struct pg_writer *w, int64_t until_us, struct store_audit_chain *chainp)
{
	static const struct driver results = {.column = result_column};
	PGresult *result = NULL;
	int err = own_expect(w, until_us, &result);
	struct row row = {.driver = &results, .statement = (struct statement *)result};

	*chainp = (struct store_audit_chain){0};
	if (err == 0 && PQresultStatus(result) == PGRES_TUPLES_OK)
		err = PQntuples(result) > 0
			      ? audit_chain_read(&row, chainp)
			      : log_fault("store: chain of the audit", -EUCLEAN, "there is none");
	PQclear(result);
	return err;
}

static int chain_receive(struct pg_writer *w, int64_t until_us)
{
	struct store_audit_chain newest, first;
	int err = chain_expect(w, until_us, &newest), next;

	if (!w->session.conn)
		return err;
	next = chain_expect(w, until_us, &first);
	err = err ? err : next;
	return err ? err
		   : audit_writer_chain(&w->audit, &newest, &first, w->chain_line->value[0].number);
}

/* Everything is received, whatever has failed: the session goes on with what comes behind. */
static int begin_receive(struct pg_writer *w, int64_t until_us, const size_t wanted[CHANGE_KINDS],
			 struct store_unit *const *units, size_t n)
{
	int err = own_expect_nothing(w, until_us), next = 0;

	if (w->session.conn)
		next = mark_expect(w, until_us);
	err = err ? err : next;
	if (w->session.conn && w->locks.len > 0) {
		next = own_expect_nothing(w, until_us);
		err = err ? err : next;
	}
	for (size_t i = 0; w->session.conn && i < CHANGE_KINDS; i++) {
		if (wanted[i] == 0)
			continue;
		next = ids_expect(w, until_us, (enum change_kind)i, units, n);
		err = err ? err : next;
	}
	if (w->session.conn && w->chain_line) {
		next = chain_receive(w, until_us);
		err = err ? err : next;
	}
	return err;
}

/* A flight of its own, for what the changes cannot be sent without. */
static int begin_fly(struct pg_writer *w, const size_t wanted[CHANGE_KINDS],
		     struct store_unit *const *units, size_t n)
{
	int64_t until_us;
	int err = begin_add(w, wanted), end;

	if (err == 0)
		err = flight_send(&w->session);
	until_us = session_deadline(&w->session);
	if (err == 0)
		err = begin_receive(w, until_us, wanted, units, n);
	if (!w->session.conn)
		return err;
	end = flight_end(&w->session, until_us);
	return err ? err : end;
}

/* --- the changes --- */

/* A line of audit gets its place behind the values that it has. */
static int audit_place_add(struct pg_writer *w, const struct change *change, struct parameters *p)
{
	const struct store_audit_place *place;
	int err = audit_writer_line(&w->audit, change->value, &place);

	parameter_add(p, value_int(place->chain));
	parameter_add(p, value_int(place->sequence));
	parameter_add(p, value_bytes(BYTES_OF(place->hash)));
	return err;
}

static int change_send(struct pg_writer *w, const struct store_unit *unit,
		       const struct change *change)
{
	struct parameters p;
	char name[PG_NAME_SIZE];
	int err = 0;

	p.n = 0;
	for (size_t i = 0; i < change->n; i++)
		parameter_add(&p, unit_value(unit, &change->value[i]));
	if (change_rows[change->kind] == CHANGE_ROWS_NEW)
		parameter_add(&p, value_int_unless(change->result, ID_SERVERS));
	if (change->kind == CHANGE_AUDIT_ADD)
		err = audit_place_add(w, change, &p);
	if (err < 0)
		return err;
	if ((size_t)p.n != w->statements.change[change->kind].n_parameters)
		return log_fault("store: execute change", -EINVAL,
				 w->statements.change[change->kind].sql);
	pg_change_name(change->kind, name);
	return flight_add(&w->session, name, &p);
}

static int unit_send(struct pg_writer *w, const struct store_unit *unit)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < unit->len; i++)
		err = change_send(w, unit, &unit->change[i]);
	return err;
}

/* What a change has come to; a fault that all units share goes to *sharedp. */
static int change_receive(struct pg_writer *w, int64_t until_us, struct change *change,
			  int *sharedp)
{
	PGresult *result = NULL;
	int err = flight_result(&w->session, until_us, &result);

	if (err < 0) {
		*sharedp = err;
	} else if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED) {
		err = 0;
	} else if (result_state(result, PG_CONDITION_FAILED)) {
		err = change_judge(change->kind, change_rows[change->kind] == CHANGE_ROWS_NONE);
	} else if (!result_ok(result)) {
		err = error_judge(w, result);
		if (!error_is_the_units(result))
			*sharedp = err;
	} else if (change_rows[change->kind] != CHANGE_ROWS_NEW) {
		change->result =
			strtoll(PQresultStatus(result) == PGRES_TUPLES_OK ? PQgetvalue(result, 0, 0)
									  : PQcmdTuples(result),
				NULL, 10);
	}
	PQclear(result);
	return err;
}

/* The first that failed is what the unit has come to. */
static int unit_receive(struct pg_writer *w, int64_t until_us, struct store_unit *unit,
			int *sharedp)
{
	int err = 0, next;

	for (size_t i = 0; w->session.conn && i < unit->len; i++) {
		next = change_receive(w, until_us, &unit->change[i], sharedp);
		err = err ? err : next;
	}
	return err;
}

static void unit_done(struct store_unit *unit, int result)
{
	unit->result = result;
	unit->committed = result == 0 ? unit->len : 0;
}

static void unit_count_rows(struct pg_writer *w, const struct store_unit *unit)
{
	for (size_t i = 0; i < unit->len; i++)
		counts_add(&w->counts, &unit->change[i]);
}

/* How far the chain has come, behind the last unit. */
static int audit_changes_send(struct pg_writer *w)
{
	struct audit_change change[AUDIT_CHANGES_MAX];
	int err = audit_writer_changes(&w->audit, change, &w->n_audit_changes);

	for (size_t i = 0; err == 0 && i < w->n_audit_changes; i++) {
		w->audit_change[i] = (struct change){
			.kind = change[i].kind, .value = change[i].value, .n = change[i].n};
		err = change_send(w, NULL, &w->audit_change[i]);
		w->audit_change[i].value = NULL;
	}
	return err;
}

/* Behind a unit that has failed it says nothing. */
static int audit_changes_receive(struct pg_writer *w, int64_t until_us, int *sharedp)
{
	int err = 0, next;

	for (size_t i = 0; w->session.conn && i < w->n_audit_changes; i++) {
		next = change_receive(w, until_us, &w->audit_change[i], sharedp);
		err = err ? err : next;
	}
	return err;
}

/* Whether the chain was where this process left it. If not it begins another one. */
static int audit_changes_judge(struct pg_writer *w, int err)
{
	if (err != STORE_CONFLICT)
		return err;
	audit_writer_lost(&w->audit);
	return BATCH_AGAIN;
}

/* Each unit in a flight of its own, behind a savepoint. */
static int unit_fly(struct pg_writer *w, struct store_unit *unit)
{
	const struct store_audit_place before = w->audit.now;
	int64_t until_us;
	int err = own_add(w, PG_SAVEPOINT, NULL), shared = 0, result;

	if (err == 0)
		err = unit_send(w, unit);
	if (err == 0)
		err = flight_send(&w->session);
	until_us = session_deadline(&w->session);
	if (err == 0)
		err = own_expect_nothing(w, until_us);
	if (err < 0)
		return err;
	result = unit_receive(w, until_us, unit, &shared);
	if (w->session.conn)
		err = flight_end(&w->session, until_us);
	if (err < 0 || shared)
		return err < 0 ? err : shared;
	unit_done(unit, result);
	if (result != 0) {
		w->audit.now = before;
		err = own_fly(w, PG_ROLLBACK_TO, NULL);
	} else {
		unit_count_rows(w, unit);
	}
	return err == 0 ? own_fly(w, PG_RELEASE, NULL) : err;
}

static int audit_changes_fly(struct pg_writer *w)
{
	int err = audit_changes_send(w), shared = 0, end = 0;
	int64_t until_us;

	if (err == 0)
		err = flight_send(&w->session);
	until_us = session_deadline(&w->session);
	if (err == 0)
		err = audit_changes_receive(w, until_us, &shared);
	if (w->session.conn)
		end = flight_end(&w->session, until_us);
	if (end < 0 || shared)
		return end < 0 ? end : shared;
	return audit_changes_judge(w, err);
}

static int units_fly_one_by_one(struct pg_writer *w, struct store_unit *const *units, size_t n)
{
	size_t done = 0;
	int err = 0;

	for (size_t i = 0; err == 0 && i < n; i++) {
		err = unit_fly(w, units[i]);
		done += err == 0 && units[i]->result == 0;
	}
	if (err == 0 && done == 0)
		return BATCH_IDLE;
	return err == 0 ? audit_changes_fly(w) : err;
}

/* --- COMMIT --- */

static int counts_send(struct pg_writer *w)
{
	char name[PG_NAME_SIZE];
	int err = 0;

	pg_change_name(CHANGE_COUNT, name);
	w->n_counts = 0;
	for (size_t i = 0; err == 0 && i < ARRAY_LEN(w->counts.batch); i++) {
		struct parameters p = {.n = 0};

		if (w->counts.batch[i] == 0)
			continue;
		parameter_add(&p, value_text(counts_name(i)));
		parameter_add(&p, value_int(counts_state(i)));
		parameter_add(&p, value_int(w->counts.batch[i]));
		err = flight_add(&w->session, name, &p);
		w->n_counts++;
	}
	return err;
}

/* The end of a flight: from here on it may be made, and it is not given up. */
static int commit_send(struct pg_writer *w)
{
	int err = counts_send(w);

	if (err < 0)
		return err;
	fault_point("store-before-commit");
	w->session.doubtful = false;
	w->session.commits = true;
	err = own_add(w, PG_COMMIT, NULL);
	return err == 0 ? flight_send(&w->session) : err;
}

/* A result and the NULL behind it; false in *madep unless it says that it was done. */
static int commit_result(struct pg_writer *w, bool *madep, int *faultp)
{
	PGresult *result = NULL;
	int err = flight_result(&w->session, session_deadline(&w->session), &result);

	*madep = err == 0 && PQresultStatus(result) != PGRES_PIPELINE_ABORTED &&
		 result_ok(result) && strcmp(PQcmdStatus(result), "ROLLBACK") != 0;
	/* Of a server that goes down nobody knows what it has done. */
	if (err == 0 && result_state(result, "57")) {
		session_close(&w->session);
		err = -ENOTCONN;
	} else if (err == 0 && *faultp == 0 && PQresultStatus(result) == PGRES_FATAL_ERROR) {
		*faultp = error_judge(w, result);
	}
	PQclear(result);
	return err;
}

/* Receives the end of a flight: was it made? Unknown: -ENOTCONN. */
static int commit_receive(struct pg_writer *w)
{
	bool made = false;
	int err = 0, fault = 0;

	for (size_t i = 0; err == 0 && i <= w->n_counts; i++)
		err = commit_result(w, &made, &fault);
	if (err < 0)
		return -ENOTCONN;
	err = flight_end(&w->session, session_deadline(&w->session));
	if (w->session.doubtful || (err < 0 && !made))
		return -ENOTCONN;
	return made ? 0 : fault ? fault : -EIO;
}

static int commit_look_up(struct pg_writer *w)
{
	bool made;
	int err;

	session_close(&w->session);
	atomic_store(&w->database->undecided, true);
	err = commit_mark_look_up(&w->mark, w->database, &made);
	if (err < 0) {
		audit_writer_lost(&w->audit);
		return err;
	}
	return made ? 0 : BATCH_AGAIN;
}

/* What has become of a COMMIT that was sent: made, or looked up because nobody has told. */
static int commit_judge(struct pg_writer *w, int err)
{
	if (err == -ENOTCONN)
		err = commit_look_up(w);
	if (err != -ENOTCONN)
		atomic_store(&w->database->undecided, false);
	if (err == 0) {
		audit_writer_committed(&w->audit);
		fault_point("store-after-commit");
	}
	return err;
}

static int commit_fly(struct pg_writer *w)
{
	int err = commit_send(w);

	if (err == 0)
		err = commit_receive(w);
	return w->session.commits ? commit_judge(w, err) : err;
}

/* --- batches --- */

/* How many rows a purge finds is known when it has been made: COMMIT then is another flight. */
static bool counts_known(struct store_unit *const *units, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < units[i]->len; k++) {
			const struct change *change = &units[i]->change[k];

			if (change_rows[change->kind] == CHANGE_ROWS_ANY &&
			    (change->from != COUNT_NONE || change->to != COUNT_NONE))
				return false;
		}
	return true;
}

static const size_t no_ids[CHANGE_KINDS];

static int units_send(struct pg_writer *w, struct store_unit *const *units, size_t n, bool begins,
		      bool commits)
{
	int err = begins ? begin_add(w, no_ids) : 0;

	for (size_t i = 0; err == 0 && i < n; i++)
		err = unit_send(w, units[i]);
	if (err == 0)
		err = audit_changes_send(w);
	for (size_t i = 0; commits && i < n; i++)
		unit_count_rows(w, units[i]);
	if (err < 0)
		return err;
	return commits ? commit_send(w) : flight_send(&w->session);
}

/*
 * What comes after a unit that has failed was made upon half of it, or not at all: it says nothing.
 */
static int units_receive(struct pg_writer *w, struct store_unit *const *units, size_t n,
			 bool begins)
{
	int64_t until_us = session_deadline(&w->session);
	int err = begins ? begin_receive(w, until_us, no_ids, units, n) : 0;
	int shared = 0, failed = 0, result, chain = 0;

	for (size_t i = 0; w->session.conn && i < n; i++) {
		result = unit_receive(w, until_us, units[i], &shared);
		failed = failed ? failed : result;
		unit_done(units[i], result);
	}
	if (w->session.conn)
		chain = audit_changes_receive(w, until_us, &shared);
	if (err || shared)
		return err ? err : shared;
	return failed ? BATCH_UNIT_FAILED : audit_changes_judge(w, chain);
}

/* What was made has succeeded, also where nobody has told what each change came to: only how many
 * rows it has found is then unknown, and 0. */
static int units_judge(struct pg_writer *w, struct store_unit *const *units, size_t n, int end)
{
	int err = commit_judge(w, end);

	for (size_t i = 0; err == 0 && i < n; i++)
		unit_done(units[i], 0);
	return err;
}

/* All units in one flight: with BEGIN in it, unless that has flown, and with COMMIT if it can be.
 */
static int units_fly(struct pg_writer *w, struct store_unit *const *units, size_t n, bool begins)
{
	bool commits = counts_known(units, n), unmade;
	int err = units_send(w, units, n, begins, commits), end;

	if (err < 0)
		return w->session.commits ? units_judge(w, units, n, -ENOTCONN) : err;
	err = units_receive(w, units, n, begins);
	if (commits) {
		end = w->session.conn ? commit_receive(w) : -ENOTCONN;
		unmade = end != 0 && end != -ENOTCONN;
		end = units_judge(w, units, n, end);
		return unmade && err ? err : end;
	}
	if (!w->session.conn)
		return err;
	end = flight_end(&w->session, session_deadline(&w->session));
	if (err || end)
		return err ? err : end;
	for (size_t i = 0; i < n; i++)
		unit_count_rows(w, units[i]);
	return commit_fly(w);
}

/* First what the changes cannot be sent without: ids, and the newest chain. */
static int batch_fly(struct pg_writer *w, struct store_unit *const *units, size_t n,
		     bool one_by_one)
{
	size_t wanted[CHANGE_KINDS] = {0}, ids = 0;
	bool begins;
	int err;

	audit_writer_begin(&w->audit);
	err = wants_gather(w, units, n, wanted);
	for (size_t i = 0; i < CHANGE_KINDS; i++)
		ids += wanted[i];
	begins = ids == 0 && !w->chain_line && !one_by_one;
	if (err == 0 && !begins)
		err = begin_fly(w, wanted, units, n);
	if (err != 0)
		return err;
	if (!one_by_one)
		return units_fly(w, units, n, begins);
	err = units_fly_one_by_one(w, units, n);
	return err == 0 ? commit_fly(w) : err;
}

static int batch_try(struct pg_writer *w, struct store_unit *const *units, size_t n,
		     bool one_by_one)
{
	bool connected;
	int err;

	/* A connection that was kept may have gone while nobody looked. */
	session_look(&w->session);
	connected = w->session.conn != NULL;
	err = writer_connect(w);
	counts_clear(&w->counts);
	w->session.commits = false;
	if (err < 0)
		return err;
	err = batch_fly(w, units, n, one_by_one);
	if (err == -ENOTCONN && connected && !w->session.conn && !w->session.commits)
		return BATCH_UNSENT;
	w->session.commits = false;
	if (err != 0 && w->session.conn) {
		int undone = own_fly(w, PG_ROLLBACK, NULL);

		/* Where the session has gone, so has what it had begun. */
		err = undone < 0 && w->session.conn ? undone : err;
	}
	return err;
}

/*
 * Behind a batch that has waited for a lock in vain: ends the sessions of nodes that have said
 * nothing in the middle of a flight for longer than one that lives waits, whose time-out is not
 * known here. True: there were some.
 */
static bool stuck_end(struct pg_writer *w)
{
	int64_t until_us = session_deadline(&w->session), n = 0;
	int64_t silent_ms = 2 * w->database->timeout_ms;
	struct parameters p = {.n = 0};
	PGresult *result = NULL;
	int err, end = 0;

	parameter_add(&p, value_int(silent_ms > STUCK_MS ? silent_ms : STUCK_MS));
	err = own_add(w, PG_END_STUCK, &p);
	if (err == 0)
		err = flight_send(&w->session);
	if (err == 0)
		err = own_expect(w, until_us, &result);
	if (err == 0 && PQresultStatus(result) == PGRES_TUPLES_OK)
		n = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	if (w->session.conn)
		end = flight_end(&w->session, until_us);
	if (n > 0)
		log_event(LOG_LEVEL_WARNING, "sessions_ended", F_INT("sessions", n),
			  F_TEXT("reason", "their node has stopped in the middle of a transaction, "
					   "and others waited for its locks"));
	return end == 0 && n > 0;
}

static int batch_execute(struct pg_writer *w, struct store_unit *const *units, size_t n)
{
	bool one_by_one = false, unsent = false, waited = false;
	int err = BATCH_AGAIN;

	for (int tries = 0; err > BATCH_IDLE && tries < TRIES_MAX; tries++) {
		err = batch_try(w, units, n, one_by_one);
		/* Once more in any case: another node may have ended who was in the way. */
		if (err == -EBUSY && w->session.conn && (stuck_end(w) || !waited)) {
			waited = true;
			err = BATCH_AGAIN;
		}
		if (err == BATCH_UNIT_FAILED && n == 1)
			return BATCH_IDLE;
		one_by_one = one_by_one || err == BATCH_UNIT_FAILED;
		if (err == BATCH_UNSENT && unsent)
			return -ENOTCONN;
		unsent = err == BATCH_UNSENT;
	}
	if (err <= BATCH_IDLE)
		return err;
	return log_fault("store: execute change", -EBUSY, "other nodes were in the way each time");
}

static int pg_writer_execute(struct writer *writer, struct store_unit *const *units, size_t n)
{
	struct pg_writer *w = pg_writer_of(writer);
	int err = batch_execute(w, units, n);

	if (err < 0)
		for (size_t i = 0; i < n; i++) {
			units[i]->result = err;
			units[i]->committed = 0;
		}
	return err;
}

static void pg_writer_audit_keys(struct writer *writer, const struct store_audit_key *keys,
				 size_t n)
{
	audit_writer_keys(&pg_writer_of(writer)->audit, keys, n);
}

/* --- its life --- */

static void pg_writer_give_up(struct writer *writer)
{
	atomic_store(&pg_writer_of(writer)->database->closing, true);
}

static void pg_writer_free(struct writer *writer)
{
	struct pg_writer *w = pg_writer_of(writer);
	struct parameters mark = {.n = 0};

	parameter_add(&mark, value_int(w->mark.id));
	/* If that fails it goes with those that have grown old. */
	if (w->session.conn && w->prepared == w->session.number)
		(void)own_fly(w, PG_UNMARK, &mark);
	session_close(&w->session);
	pg_statements_clear(&w->statements);
	locks_clear(&w->locks);
	audit_writer_clear(&w->audit);
	free(w);
}

static const struct writer_ops pg_ops = {
	.execute = pg_writer_execute,
	.give_up = pg_writer_give_up,
	.audit_keys = pg_writer_audit_keys,
	.free = pg_writer_free,
};

int pg_writer_new(const struct driver *driver, struct database *database, struct writer **writerp)
{
	struct pg_writer *w = calloc(1, sizeof(*w));
	_cleanup_(writer_freep) struct writer *head = NULL;
	int err;

	if (!w)
		return -ENOMEM;
	w->head.ops = &pg_ops;
	head = &w->head;
	w->audit.own = &w->head.own;
	w->database = (struct pg_database *)database;
	w->session = (struct session){.database = w->database, .writes = true};
	err = commit_mark_new(&w->mark);
	if (err == 0)
		err = pg_statements_make(&w->statements);
	/* Who only looks does not wait for the standbys of a mark that he does not need. */
	if (err == 0 && !w->database->looks)
		err = writer_connect(w);
	if (err == 0 && !w->database->looks)
		err = pg_database_index_keys(w->database, (int)w->backend);
	if (err < 0)
		return err;
	*writerp = TAKE(head);
	return 0;
}
