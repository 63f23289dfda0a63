// SPDX-License-Identifier: Apache-2.0
/*
 * PostgreSQL as a backend: connections of readers, their statements and rows. A kept statement is
 * prepared when it is used first. What makes changes is pg_writer.c, the SQL is sql.c.
 */
#include "pg_driver.h"

#include "base/clock.h"
#include "base/log.h"
#include "driver.h"
#include "durability.h"
#include "flight.h"
#include "migrate.h"
#include "parameters.h"
#include "pg_writer.h"
#include "rows.h"
#include "session.h"
#include "sql.h"
#include "translate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct connection {
	struct session session;
	unsigned n_names;
	bool streamed; /* the last statement gave one row at a time */
};

struct statement {
	struct connection *connection; /* NULL: it has all its rows */
	struct translated text;
	bool kept;
	char name[16];
	unsigned prepared; /* on that connection of the session; 0: on none */
	struct value value[PARAMETERS_MAX];
	/* While it is read: */
	PGresult *result;
	int row;
	bool streams; /* one row at a time comes, and there may be more */
};

static struct pg_database *database_of(struct database *database)
{
	return (struct pg_database *)database;
}

/* --- the database --- */

static int driver_open(const struct store_options *options, struct database **databasep)
{
	struct pg_database *database = NULL;
	int err = pg_database_open(options, &database);

	*databasep = (struct database *)database;
	return err;
}

static void driver_close(struct database *database)
{
	pg_database_close(database_of(database));
}

/* There are no files to look at: a server that is another one does not let us in, or has no schema.
 */
static int driver_look(struct database *database)
{
	return pg_database_there(database_of(database));
}

static int driver_looked(struct database *database)
{
	return pg_database_try(database_of(database));
}

static bool driver_crowded(struct database *database)
{
	return atomic_load_explicit(&database_of(database)->refused, memory_order_relaxed) ==
	       -EMFILE;
}

/* Whether a COMMIT of this role waits for a standby, of whichever node. One asks at a time, since
 * that may take as long as a connection may. */
static bool standby_is_awaited(struct pg_database *d)
{
	struct session s = {.database = d};
	int64_t waits = 0;
	int err;

	if (clock_monotonic_us() < atomic_load(&d->retry_us))
		return false;
	if (atomic_exchange(&d->asks, true))
		return atomic_load(&d->awaits);
	err = session_open(&s);
	if (err == 0)
		err = session_number(&s, "store: COMMIT",
				     "SELECT count(*) FROM pg_stat_activity"
				     " WHERE usename = current_user AND wait_event = 'SyncRep'",
				     0, &waits);
	session_close(&s);
	atomic_store(&d->awaits, err == 0 && waits > 0);
	atomic_store(&d->asks, false);
	return err == 0 && waits > 0;
}

/* Why there is none: of a COMMIT that is under way the server knows, else the last connection. */
static int away_why(struct pg_database *d, int err)
{
	int refused = atomic_load(&d->refused);

	if (err != -ETIMEDOUT && !atomic_load(&d->undecided))
		return refused ? refused : err;
	if (!standby_is_awaited(d))
		return err;
	return log_fault_every(
		60000000, "store: COMMIT", -EHOSTDOWN,
		"it waits for a standby that synchronous_standby_names of the server names, and"
		" none has followed so far: bring one back, or name others there");
}

static int driver_ready(struct database *database, int err)
{
	struct pg_database *d = database_of(database);

	if (err == -ENOTCONN || err == -ETIMEDOUT)
		return away_why(d, err);
	if (err < 0 || d->unreplicated || atomic_load(&d->replicated))
		return err;
	return log_fault_every(
		60000000, "[store] database", -EPERM,
		"synchronous_standby_names of the server is empty: what is committed is on one"
		" server only. Set it there, or [store] replication = none here");
}

static int driver_durability(struct database *database, char **linesp)
{
	struct session s = {.database = database_of(database)};
	int err = session_open(&s);

	if (err == 0)
		err = pg_durability(&s, linesp);
	session_close(&s);
	return err;
}

/* --- connections --- */

static void connection_close(struct connection *c)
{
	if (!c)
		return;
	session_close(&c->session);
	free(c);
}

static int connection_open(struct database *database, enum driver_role role,
			   struct connection **connectionp)
{
	struct connection *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->session = (struct session){.database = database_of(database),
				      .writes = role == DRIVER_WRITES};
	err = session_open(&c->session);
	if (err < 0) {
		free(c);
		return err;
	}
	*connectionp = c;
	return 0;
}

static int connection_keep(struct connection *c)
{
	session_look(&c->session);
	return session_open(&c->session);
}

/* --- statements --- */

static int statement_prepare(struct connection *c, const char *sql, bool kept,
			     struct statement **statementp)
{
	struct statement *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->connection = c;
	s->kept = kept;
	if (kept)
		snprintf(s->name, sizeof(s->name), "r%u", c->n_names++);
	err = translate_sql(sql, NULL, &s->text);
	if (err == 0 && s->text.n_parameters > PARAMETERS_MAX)
		err = log_fault("store: prepare statement", -EINVAL, sql);
	if (err < 0) {
		free(s->text.sql);
		free(s);
		return err;
	}
	*statementp = s;
	return 0;
}

static int statement_bind(struct statement *s, size_t index, struct value value)
{
	if (index >= s->text.n_parameters)
		return log_fault("store: bind parameter", -EINVAL, s->text.sql);
	s->value[index] = value;
	return 0;
}

/* What is still to come of a statement. A list that is left early is not waited for. */
static void results_drop(struct statement *s)
{
	struct session *session;
	PGresult *result = s->result;
	int err = 0;

	s->result = NULL;
	if (!s->connection) {
		PQclear(result);
		return;
	}
	session = &s->connection->session;
	if (s->streams && result) {
		PQclear(result);
		session_close(session);
		result = NULL;
	}
	s->streams = false;
	PQclear(result);
	while (session->conn && err == 0) {
		err = session_result(session, session_deadline(session), &result);
		if (err == 0 && !result)
			break;
		PQclear(result);
	}
}

static int statement_parse(struct statement *s)
{
	struct session *session = &s->connection->session;
	PGresult *result;
	int err, fault = 0;

	if (!s->kept || s->prepared == session->number)
		return 0;
	if (!PQsendPrepare(session->conn, s->name, s->text.sql, 0, NULL))
		return session_lost(session, "store: prepare statement");
	while ((err = session_result(session, session_deadline(session), &result)) == 0 && result) {
		fault = result_ok(result) ? 0 : session_fault("store: prepare statement", result);
		PQclear(result);
	}
	if (err == 0 && fault == 0)
		s->prepared = session->number;
	return err < 0 ? err : fault;
}

static int statement_send(struct statement *s)
{
	PGconn *conn = s->connection->session.conn;
	struct parameters p;
	int sent;

	p.n = 0;
	for (size_t i = 0; i < s->text.n_parameters; i++)
		parameter_add(&p, s->value[i]);
	if (s->kept)
		sent = PQsendQueryPrepared(conn, s->name, p.n, p.value, p.length, p.format, 1);
	else
		sent = PQsendQueryParams(conn, s->text.sql, p.n, NULL, p.value, p.length, p.format,
					 1);
	if (!sent)
		return session_lost(&s->connection->session, "store: read");
	s->streams = !s->kept && PQsetSingleRowMode(conn);
	s->connection->streamed = s->streams;
	s->connection->session.prompt = s->kept;
	return 0;
}

static int result_next(struct statement *s)
{
	struct session *session = &s->connection->session;
	int err;

	PQclear(s->result);
	s->result = NULL;
	s->row = 0;
	err = session_result(session, session_deadline(session), &s->result);
	if (err < 0)
		return err;
	if (!s->result || result_ok(s->result))
		return 0;
	err = session_fault("store: read", s->result);
	/* A server that says that it goes is left at once. */
	if (err == -ENOTCONN)
		session_close(session);
	return err;
}

/*
 * Asks, on a new connection if the one that was kept has gone meanwhile: nothing was told of the
 * first try, and to read twice does no harm.
 */
static int statement_begin(struct statement *s)
{
	struct session *session = &s->connection->session;
	int err;

	for (int tries = 0;; tries++) {
		unsigned kept = session->conn ? session->number : 0;

		err = session_open(session);
		if (err == 0)
			err = statement_parse(s);
		if (err == 0)
			err = statement_send(s);
		if (err == 0)
			err = result_next(s);
		if (err != -ENOTCONN || tries > 0 || kept != session->number)
			return err;
	}
}

static int statement_step(struct statement *s)
{
	int err = 0;

	if (!s->result) {
		err = statement_begin(s);
	} else if (++s->row >= PQntuples(s->result) && s->streams) {
		err = result_next(s);
	}
	if (err < 0)
		return err;
	if (s->result && s->row < PQntuples(s->result)) {
		if (s->connection)
			pg_database_found(s->connection->session.database);
		return 0;
	}
	/* What comes at the end of a stream has no rows. */
	s->streams = false;
	return STORE_NOT_FOUND;
}

static void statement_reset(struct statement *s)
{
	if (s->result || s->streams)
		results_drop(s);
	for (size_t i = 0; i < s->text.n_parameters; i++)
		s->value[i] = (struct value){.kind = VALUE_NULL};
}

static void statement_finalize(struct statement *s)
{
	if (!s)
		return;
	statement_reset(s);
	free(s->text.sql);
	free(s);
}

/* --- several in one flight --- */

/*
 * Behind a statement that gave one row at a time libpq gives so what the first statement of a
 * flight finds, too: that is nothing then.
 */
static int nothing_fly(struct session *session)
{
	return flight_parse(session, "", "");
}

static int nothing_land(struct session *session, int64_t until_us)
{
	PGresult *result = NULL;
	int err = flight_result(session, until_us, &result);

	PQclear(result);
	return err;
}

/* Its values, too; whether it was parsed, which has a result of its own, goes to *parsedp. */
static int question_fly(const struct driver_question *question, bool *parsedp)
{
	struct statement *s = question->statement;
	struct session *session = &s->connection->session;
	int err = driver_bind_all(&postgresql_driver, s, question->values, question->n);

	*parsedp = err == 0 && s->prepared != session->number;
	if (*parsedp)
		err = flight_parse(session, s->name, s->text.sql);
	if (err == 0)
		err = statement_send(s);
	/* Where that is not so in the end this session is closed. */
	s->prepared = session->number;
	statement_reset(s);
	return err;
}

/* A result of the flight; others are not waited for where it is none. */
static int flown_receive(struct session *session, int64_t until_us, PGresult **resultp)
{
	int err = flight_result(session, until_us, resultp);

	if (err == 0 && !result_ok(*resultp))
		err = session_fault("store: read", *resultp);
	return err;
}

static int question_land(struct session *session, int64_t until_us, bool parsed,
			 struct statement **foundp)
{
	struct statement *found = *foundp = calloc(1, sizeof(*found));
	PGresult *result = NULL;
	int err = found ? 0 : -ENOMEM;

	if (err == 0 && parsed)
		err = flown_receive(session, until_us, &result);
	PQclear(result);
	if (err < 0)
		return err;
	found->row = -1;
	return flown_receive(session, until_us, &found->result);
}

/* On an open session, which is closed where it ends with an error. */
static int questions_fly(struct connection *c, const struct driver_question *questions, size_t n,
			 struct statement **foundp)
{
	struct session *session = &c->session;
	bool parsed[DRIVER_ASK_MAX], streamed = c->streamed;
	int64_t until_us;
	int err = flight_mode(session);

	if (err == 0 && streamed)
		err = nothing_fly(session);
	for (size_t i = 0; err == 0 && i < n; i++)
		err = question_fly(&questions[i], &parsed[i]);
	if (err == 0)
		err = flight_send(session);
	until_us = session_deadline(session);
	if (err == 0 && streamed)
		err = nothing_land(session, until_us);
	for (size_t i = 0; err == 0 && i < n; i++)
		err = question_land(session, until_us, parsed[i], &foundp[i]);
	if (err == 0)
		err = flight_end(session, until_us);
	if (err == 0 && !PQexitPipelineMode(session->conn))
		err = session_lost(session, "store: read");
	if (err < 0)
		session_close(session);
	return err;
}

/* As statement_begin(). */
static int questions_ask(const struct driver_question *questions, size_t n,
			 struct statement **foundp)
{
	struct connection *c = questions[0].statement->connection;
	struct session *session = &c->session;
	int err;

	for (int tries = 0;; tries++) {
		unsigned kept = session->conn ? session->number : 0;

		memset(foundp, 0, n * sizeof(struct statement *));
		err = session_open(session);
		if (err == 0)
			err = questions_fly(c, questions, n, foundp);
		if (err == 0)
			break;
		for (size_t i = 0; i < n; i++)
			statement_finalize(foundp[i]);
		if (err != -ENOTCONN || tries > 0 || kept != session->number)
			return err;
	}
	pg_database_found(session->database);
	return 0;
}

static void found_rewind(struct statement *found)
{
	found->row = -1;
}

/* --- values --- */

static struct value statement_column(struct statement *s, int column)
{
	return rows_value(s->result, s->row, column);
}

/*
 * Indexes and rows are compared by an extension, amcheck, which not every server has; what a
 * primary key refers to is checked by the server whenever it changes.
 */
static const char *const integrity_sql[] = {INTEGRITY_COUNTERS_SQL, INTEGRITY_REGISTRATIONS_SQL,
					    NULL};

const struct driver postgresql_driver = {
	.change_sql = store_change_sql,
	.read_sql = store_read_sql,
	.part_sql = store_part_sql,
	.integrity_sql = integrity_sql,
	.option = conninfo_option,
	.create = pg_database_create,
	.open = driver_open,
	.close = driver_close,
	.look = driver_look,
	.looked = driver_looked,
	.ready = driver_ready,
	.durability = driver_durability,
	.schema_shared = pg_schema_newest,
	.writer_new = pg_writer_new,
	.connect = connection_open,
	.keep = connection_keep,
	.crowded = driver_crowded,
	.disconnect = connection_close,
	.prepare = statement_prepare,
	.finalize = statement_finalize,
	.bind = statement_bind,
	.step = statement_step,
	.column = statement_column,
	.reset = statement_reset,
	.ask = questions_ask,
	.rewind = found_rewind,
};
