// SPDX-License-Identifier: Apache-2.0
/* See pg_statements.h. */
#include "pg_statements.h"

#include "base/log.h"
#include "sql.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const own_sql[PG_OWN_STATEMENTS] = {
	[PG_BEGIN] = "BEGIN ISOLATION LEVEL READ COMMITTED",
	[PG_MARK] = "WITH marked AS (UPDATE commit_mark SET sequence = $2, seen_ms = now_ms()"
		    " WHERE id = $1 AND sequence < $2 RETURNING 1)"
		    " SELECT current_setting('synchronous_standby_names') <> '', 1 / count(*)"
		    " FROM marked",
	[PG_LOCK] = "SELECT CASE WHEN shared THEN pg_advisory_xact_lock_shared(number)"
		    " ELSE pg_advisory_xact_lock(number) END"
		    " FROM unnest($1::BIGINT[], $2::BOOLEAN[]) AS l (number, shared)",
	[PG_SAVEPOINT] = "SAVEPOINT unit",
	[PG_RELEASE] = "RELEASE SAVEPOINT unit",
	[PG_ROLLBACK_TO] = "ROLLBACK TO SAVEPOINT unit",
	[PG_COMMIT] = "COMMIT",
	[PG_ROLLBACK] = "ROLLBACK",
	[PG_UNMARK] = "DELETE FROM commit_mark WHERE id = $1",
	/*
	 * Of whoever serves (session_claim()), and has sent half of a flight: no time-out of the
	 * server runs between two statements of one, and a node that was stopped there keeps its
	 * locks.
	 */
	[PG_END_STUCK] =
		"WITH stuck AS MATERIALIZED (SELECT a.pid FROM pg_stat_activity a"
		" WHERE a.datname = current_database() AND a.usename = session_user"
		" AND a.state = 'active' AND a.wait_event = 'ClientRead'"
		" AND a.state_change < clock_timestamp() - $1::BIGINT * interval '1 ms'"
		" AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.locktype ="
		" 'advisory' AND l.classid = 0 AND l.objid = 3 AND l.objsubid = 1 AND l.granted))"
		" SELECT count(*) FROM stuck WHERE pg_terminate_backend(pid)",
};

static const char *const own_names[PG_OWN_STATEMENTS] = {
	[PG_BEGIN] = "begin",     [PG_MARK] = "mark",         [PG_LOCK] = "lock",
	[PG_SAVEPOINT] = "sp",    [PG_RELEASE] = "release",   [PG_ROLLBACK_TO] = "back_to",
	[PG_COMMIT] = "commit",   [PG_ROLLBACK] = "rollback", [PG_UNMARK] = "unmark",
	[PG_END_STUCK] = "stuck",
};

/*
 * Where the writers that work at the same time have a row each, the statement says which. Whoever
 * takes a lease over waits for nobody who still commits with it, but tries again later; and with
 * it nobody takes it before that has ended.
 */
static const struct {
	enum change_kind kind;
	const char *sql;
} instead[] = {
	{CHANGE_COUNT,
	 "INSERT INTO counter (name, state, slot, n) VALUES (?1, ?2, writer_slot(), ?3)"
	 " ON CONFLICT (name, state, slot) DO UPDATE SET n = counter.n + excluded.n"},
	{CHANGE_LEASE_TAKE,
	 "UPDATE lease SET node = ?2, epoch = epoch + 1 WHERE job = (SELECT l.job FROM lease l"
	 " WHERE l.job = ?1 AND " LEASE_FREE_SQL("l") " FOR UPDATE OF l SKIP LOCKED)"},
	{CHANGE_LEASE_REQUIRE, LEASE_REQUIRE_SQL " FOR SHARE"},
};

/*
 * Which parameters of a change may be the id of a row that its unit makes, of those that units of
 * clients consist of. The ids of others are asked for before: see pg_writer.h.
 */
static const struct {
	enum change_kind kind;
	struct {
		size_t parameter;
		enum change_kind made;
	} newest[NEWEST_MAX];
} refers[] = {
	{CHANGE_CERTIFICATE_INSERT, {{1, CHANGE_REGISTRATION_INSERT}}},
	{CHANGE_HELD_NAME_TAKE, {{2, CHANGE_CERTIFICATE_INSERT}}},
	{CHANGE_ATTESTATION_INSERT, {{1, CHANGE_CERTIFICATE_INSERT}}},
	{CHANGE_ARCHIVED_KEY_INSERT, {{1, CHANGE_CERTIFICATE_INSERT}}},
	{CHANGE_TRANSACTION_INSERT, {{7, CHANGE_CERTIFICATE_INSERT}}},
	{CHANGE_TRANSACTION_ITEM_INSERT,
	 {{1, CHANGE_TRANSACTION_INSERT}, {4, CHANGE_CERTIFICATE_INSERT}}},
	{CHANGE_POP_INSERT, {{1, CHANGE_TRANSACTION_INSERT}}},
	{CHANGE_KEM_SECRET_USE, {{2, CHANGE_TRANSACTION_INSERT}}},
	{CHANGE_INITIAL_CREDENTIAL_USE, {{3, CHANGE_CERTIFICATE_INSERT}}},
};

enum change_kind pg_refers_newest(enum change_kind kind, size_t parameter)
{
	for (size_t i = 0; i < ARRAY_LEN(refers); i++)
		for (size_t k = 0; refers[i].kind == kind && k < NEWEST_MAX; k++)
			if (refers[i].newest[k].parameter == parameter)
				return refers[i].newest[k].made;
	return CHANGE_KINDS;
}

static const char *sql_of(enum change_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(instead); i++)
		if (instead[i].kind == kind)
			return instead[i].sql;
	return store_change_sql[kind];
}

void pg_change_name(enum change_kind kind, char name[PG_NAME_SIZE])
{
	snprintf(name, PG_NAME_SIZE, "c%u", (unsigned)kind % 10000);
}

void pg_ids_name(enum change_kind kind, char name[PG_NAME_SIZE])
{
	snprintf(name, PG_NAME_SIZE, "i%u", (unsigned)kind % 10000);
}

const char *pg_own_name(enum pg_own own)
{
	return own_names[own];
}

/* "INSERT INTO t (": the ids of t. */
static int ids_make(const char *sql, char **idsp)
{
	static const char begin[] = "INSERT INTO ";
	const char *table = sql + strlen(begin);

	if (strncmp(sql, begin, strlen(begin)) != 0)
		return log_fault("store: give a row its id", -EINVAL, sql);
	if (asprintf(idsp, "SELECT nextval('%.*s_id_seq') FROM generate_series(1, $1)",
		     (int)strcspn(table, " "), table) < 0) {
		*idsp = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* See PG_CONDITION_FAILED. */
static int condition_make(enum change_rows rows, char **sqlp)
{
	_cleanup_(freep) char *sql = *sqlp;
	int n = -1;

	*sqlp = NULL;
	switch (rows) {
	case CHANGE_ROWS_NEW:
	case CHANGE_ROWS_ONE:
		n = asprintf(sqlp,
			     "WITH made AS (%s RETURNING 1)"
			     " SELECT count(*) / least(count(*), 1) FROM made",
			     sql);
		break;
	case CHANGE_ROWS_HELD:
		n = asprintf(sqlp,
			     "WITH held AS (%s) SELECT count(*) / least(count(*), 1) FROM held",
			     sql);
		break;
	case CHANGE_ROWS_NONE:
		n = asprintf(sqlp, "SELECT 0 / (NOT EXISTS (%s))::INTEGER", sql);
		break;
	case CHANGE_ROWS_ANY:
		*sqlp = TAKE(sql);
		return 0;
	}
	if (n >= 0)
		return 0;
	*sqlp = NULL;
	return -ENOMEM;
}

static int change_translate(enum change_kind kind, struct translated *translatedp)
{
	struct newest newest[NEWEST_MAX] = {0};
	size_t n = 0;

	for (size_t parameter = 1; n < NEWEST_MAX && parameter <= PARAMETERS_MAX; parameter++) {
		enum change_kind made = pg_refers_newest(kind, parameter);

		if (made != CHANGE_KINDS)
			newest[n++] = (struct newest){parameter, sql_of(made)};
	}
	return change_rows[kind] == CHANGE_ROWS_NEW
		       ? translate_insertion(sql_of(kind), newest, translatedp)
		       : translate_sql(sql_of(kind), newest, translatedp);
}

int pg_statements_make(struct pg_statements *s)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < CHANGE_KINDS; i++) {
		bool makes = change_rows[i] == CHANGE_ROWS_NEW;

		err = change_translate((enum change_kind)i, &s->change[i]);
		if (err == 0 && s->change[i].n_parameters > PARAMETERS_MAX)
			err = log_fault("store: prepare statement", -EINVAL, s->change[i].sql);
		if (err == 0)
			err = condition_make(change_rows[i], &s->change[i].sql);
		if (err == 0 && makes)
			err = ids_make(sql_of((enum change_kind)i), &s->ids[i]);
	}
	return err;
}

void pg_statements_clear(struct pg_statements *s)
{
	for (size_t i = 0; i < CHANGE_KINDS; i++) {
		free(s->change[i].sql);
		free(s->ids[i]);
	}
}

/* The next result of a flight says that a statement is prepared. */
static int prepared_expect(struct session *session, const char *sql)
{
	PGresult *result = NULL;
	int err = flight_result(session, session_deadline(session), &result);

	if (err == 0 && PQresultStatus(result) == PGRES_FATAL_ERROR)
		err = log_fault(sql, -EINVAL, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	else if (err == 0 && !result_ok(result))
		err = -EINVAL; /* one before it has failed, and was logged */
	PQclear(result);
	return err;
}

static int statements_send(const struct pg_statements *s, struct session *session)
{
	char name[PG_NAME_SIZE];
	int err = 0;

	for (size_t i = 0; err == 0 && i < PG_OWN_STATEMENTS; i++)
		err = flight_parse(session, own_names[i], own_sql[i]);
	for (size_t i = 0; err == 0 && i < CHANGE_KINDS; i++) {
		pg_change_name((enum change_kind)i, name);
		err = flight_parse(session, name, s->change[i].sql);
		pg_ids_name((enum change_kind)i, name);
		if (err == 0 && s->ids[i])
			err = flight_parse(session, name, s->ids[i]);
	}
	return err == 0 ? flight_send(session) : err;
}

int pg_statements_prepare(const struct pg_statements *s, struct session *session)
{
	int err = statements_send(s, session);

	for (size_t i = 0; err == 0 && i < PG_OWN_STATEMENTS; i++)
		err = prepared_expect(session, own_sql[i]);
	for (size_t i = 0; err == 0 && i < CHANGE_KINDS; i++) {
		err = prepared_expect(session, s->change[i].sql);
		if (err == 0 && s->ids[i])
			err = prepared_expect(session, s->ids[i]);
	}
	return err == 0 ? flight_end(session, session_deadline(session)) : err;
}
