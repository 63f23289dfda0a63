// SPDX-License-Identifier: Apache-2.0
/* Applying the numbered migrations of schema/postgresql. See migrate.h. */
#include "migrate.h"

#include "base/log.h"
#include "migration.h"
#include "pg_import.h"
#include "sql.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* Whoever migrates holds this one until the end; 1 is that of the events (0034-first.sql). */
#define MIGRATION_BEGIN "BEGIN; SELECT pg_advisory_xact_lock(2)"

enum { NO_SCHEMA = 0 };

/* The first schema with nodes. Whoever serves shares lock 4 of the schema that it knows. */
enum { SCHEMA_OF_NODES = 40 };

/* How often a lock is tried that somebody has who is just ending, or migrating. */
enum { TRIES = 40, TRIES_A_SECOND = 20 };

/*
 * Behind whoever waits for a lock on a table all others wait, and what keeps him waiting (a dump, a
 * long list) may take hours. So a migration waits for a part of the time that a statement may take,
 * less than what the others call slow, and then lets them go on for that many times as long.
 */
enum { LOCK_PART = 5, PAUSE_TIMES = 5, TRIES_A_LINE = 10 };

/* What a try of a migration may come to, beside 0 and faults: somebody had a lock for too long. */
enum { BLOCKED = 1 };

static const struct migration *newest(void)
{
	return &postgresql_migrations[postgresql_migrations_count - 1];
}

int64_t pg_schema_newest(void)
{
	return newest()->number;
}

/* A query of how many locks could not be had, until that is none. */
static int locks_try(struct session *s, const char *sql, int64_t *leftp)
{
	const struct timespec pause = {.tv_nsec = 1000000000L / TRIES_A_SECOND};
	int err = 0;

	*leftp = 1;
	for (int i = 0; err == 0 && *leftp && i < TRIES; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		err = session_number(s, "lock the schema", sql, 0, leftp);
	}
	return err;
}

/* Of a schema that is newer than this program. */
static int needs_check(struct session *s, int64_t version)
{
	char detail[120];
	int64_t needs;
	int err = session_number(s, "read schema version", "SELECT needs FROM schema_version",
				 version, &needs);

	if (err < 0 || needs <= pg_schema_newest())
		return err;
	snprintf(detail, sizeof(detail),
		 "schema version %lld needs a program that knows %lld, this one knows up to %lld",
		 (long long)version, (long long)needs, (long long)pg_schema_newest());
	return log_fault("open database", -EPROTO, detail);
}

/* The schema version; NO_SCHEMA without one. -EPROTO: this program cannot work with it. */
static int schema_version(struct session *s, int64_t *versionp)
{
	int64_t there;
	int err;

	err = session_number(
		s, "read schema version",
		"SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_version')", 0,
		&there);
	*versionp = NO_SCHEMA;
	if (err < 0 || there == 0)
		return err;
	err = session_number(s, "read schema version", "SELECT version FROM schema_version",
			     NO_SCHEMA, versionp);
	return err < 0 || *versionp <= pg_schema_newest() ? err : needs_check(s, *versionp);
}

/* Programs that cannot go on with the new schema must not serve any more, nor begin to before it is
 * there; which they are, those among them that are alive say. */
static int older_keep_off(struct session *s, int64_t version)
{
	_cleanup_(freep) char *names = NULL;
	char sql[240];
	int64_t left;
	int err;

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM generate_series(%d, %u) AS known"
		 " WHERE NOT pg_try_advisory_xact_lock(4, known)",
		 SCHEMA_OF_NODES, newest()->needs - 1);
	err = locks_try(s, sql, &left);
	if (err < 0 || left == 0)
		return err;
	snprintf(sql, sizeof(sql),
		 "SELECT string_agg(name || ' (' || version || ')', ', ' ORDER BY name) FROM node"
		 " WHERE schema < %u AND until_ms >= now_ms()",
		 newest()->needs);
	if (version >= SCHEMA_OF_NODES)
		err = session_query(s, "migrate", sql, &names);
	return err < 0 ? err
		       : log_fault("migrate", -EUSERS,
				   names ? names : "a cmfd that cannot go on with it serves it");
}

static int64_t lock_ms(const struct session *s)
{
	return s->database->timeout_ms / LOCK_PART + 1;
}

static int migration_apply(struct session *s, const struct migration *migration)
{
	PGresult *result;
	int err, fault = 0;

	if (!PQsendQuery(s->conn, migration->sql))
		return session_lost(s, migration->name);
	while ((err = session_result(s, session_deadline(s), &result)) == 0 && result) {
		if (!result_ok(result) && fault == 0)
			fault = result_state(result, "55P03") || result_state(result, "40P01")
					? BLOCKED
					: session_fault(migration->name, result);
		PQclear(result);
	}
	return err < 0 ? err : fault;
}

static int migrations_apply(struct session *s, int64_t version)
{
	char sql[120];
	int err = version == NO_SCHEMA ? 0 : older_keep_off(s, version);

	snprintf(sql, sizeof(sql), "SET LOCAL lock_timeout = %lld", (long long)lock_ms(s));
	if (err == 0)
		err = session_exec(s, "migrate", sql);

	for (unsigned i = 0; err == 0 && i < postgresql_migrations_count; i++)
		if (postgresql_migrations[i].number > version)
			err = migration_apply(s, &postgresql_migrations[i]);
	if (err != 0)
		return err;
	snprintf(sql, sizeof(sql),
		 version == NO_SCHEMA
			 ? "INSERT INTO schema_version (version, needs) VALUES (%u, %u)"
			 : "UPDATE schema_version SET version = %u, needs = %u",
		 newest()->number, newest()->needs);
	return session_exec(s, "set schema version", sql);
}

/* With the lock, in a transaction that the caller ends. */
static int schema_advance(struct session *s, bool make, int64_t *versionp)
{
	int err = session_exec(s, "migrate", MIGRATION_BEGIN);

	if (err == 0)
		err = schema_version(s, versionp);
	if (err < 0)
		return err;
	if (make != (*versionp == NO_SCHEMA))
		return make ? -EEXIST : -ENOENT;
	return *versionp >= pg_schema_newest() ? 0 : migrations_apply(s, *versionp);
}

static int schema_try(struct session *s, bool make)
{
	int64_t version;
	int err = schema_advance(s, make, &version), end;

	if (!s->conn)
		return err;
	end = session_exec(s, "migrate", err == 0 ? "COMMIT" : "ROLLBACK");
	if (err != 0 || end < 0)
		return end < 0 ? end : err;
	for (unsigned i = 0; i < postgresql_migrations_count; i++)
		if (postgresql_migrations[i].number > version)
			log_event(LOG_LEVEL_INFO, "schema",
				  F_TEXT("migration", postgresql_migrations[i].name));
	return 0;
}

/*
 * Who is at work on the tables for long, and so is waited for; no line if there is nobody. Of
 * another user's session the server does not tell everybody how old it is.
 */
static int blockers_log(struct session *s, const char *event, const char *effect)
{
	_cleanup_(freep) char *names = NULL;
	char sql[800];
	int err;

	snprintf(sql, sizeof(sql),
		 "SELECT string_agg(coalesce(nullif(application_name, ''), 'a client') ||"
		 " ' (process ' || pid || ', user ' || coalesce(usename, '?') || ')', ', '"
		 " ORDER BY xact_start, pid) FROM pg_stat_activity a WHERE pid <> pg_backend_pid()"
		 " AND coalesce(xact_start < now() - %lld * interval '1 millisecond', true)"
		 " AND EXISTS (SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
		 " WHERE l.pid = a.pid AND l.granted AND l.database = a.datid AND c.relkind = 'r'"
		 " AND c.relnamespace = current_schema()::regnamespace)",
		 (long long)lock_ms(s));
	err = session_query(s, "migrate", sql, &names);
	if (err == 0 && names)
		log_event(LOG_LEVEL_WARNING, event, F_TEXT("locked_by", names),
			  F_TEXT("effect", effect));
	return err;
}

static int schema_change(struct session *s, bool make)
{
	const int64_t pause_ms = PAUSE_TIMES * lock_ms(s);
	const struct timespec pause = {.tv_sec = pause_ms / 1000,
				       .tv_nsec = pause_ms % 1000 * 1000000};
	int err = schema_try(s, make);

	for (unsigned i = 0; err == BLOCKED; i++) {
		err = i % TRIES_A_LINE == 0 ? blockers_log(s, "schema_waits",
							   "the database is migrated, and this"
							   " process goes on, when they have ended;"
							   " nobody waits for that meanwhile")
					    : 0;
		if (err < 0)
			break;
		nanosleep(&pause, NULL);
		err = schema_try(s, make);
	}
	return err;
}

int pg_schema_make(struct session *s)
{
	return schema_change(s, true);
}

int pg_schema_migrate(struct session *s)
{
	int64_t version;
	int err = schema_version(s, &version);

	if (err == 0 && version > pg_schema_newest())
		log_event(LOG_LEVEL_WARNING, "schema_newer", F_INT("schema", version),
			  F_INT("known", pg_schema_newest()),
			  F_TEXT("effect", "a newer cmfd has migrated the database, and lets this "
					   "one go on; upgrade it, too"));
	if (err < 0 || version >= pg_schema_newest())
		return err;
	return version == NO_SCHEMA ? -ENOENT : schema_change(s, false);
}

int pg_schema_whole(struct session *s)
{
	int64_t unfinished;
	int err = pg_import_unfinished(s, &unfinished);

	if (err < 0 || !unfinished)
		return err;
	return log_fault("open database", -EINPROGRESS,
			 "a copy into it has not ended: run cmfctl store copy again");
}

int pg_schema_claim(struct session *s)
{
	char sql[120];
	int64_t left, version;
	int err = session_claim(s);

	snprintf(sql, sizeof(sql), "SELECT 1 - pg_try_advisory_lock_shared(4, %u)::INTEGER",
		 newest()->number);
	if (err == 0)
		err = locks_try(s, sql, &left);
	if (err == 0 && left)
		err = log_fault("store: claim the database", -EBUSY, "somebody migrates it");
	if (err == 0)
		err = schema_version(s, &version);
	/* From the claim on none can begin. */
	return err == 0 ? pg_schema_whole(s) : err;
}

int pg_schema_migrated(struct session *s)
{
	int64_t version;
	int err = schema_version(s, &version);

	if (err < 0)
		return err;
	return version == NO_SCHEMA ? -ENOENT : version < pg_schema_newest() ? -EAGAIN : 0;
}

/* --- the index of keys --- */

/* As pg_index has it. One that whoever made it did not finish is invalid, and in everybody's way.
 */
enum key_index { KEY_INDEX_NONE, KEY_INDEX_INVALID, KEY_INDEX_VALID };

static int key_index_find(struct session *s, int64_t *indexp)
{
	return session_number(s, "index of keys",
			      "SELECT 1 + indisvalid::INTEGER FROM pg_index"
			      " WHERE indexrelid = to_regclass('certificate_key')",
			      KEY_INDEX_NONE, indexp);
}

/*
 * One makes or drops it at a time: two would wait for each other, each for the end of what the
 * other sees. So nobody waits for this lock in a statement, whose snapshot is one more to wait for.
 */
static int key_index_lock(struct session *s)
{
	int64_t left = 1;
	int err = 0;

	for (int i = 0; err == 0 && left; i++) {
		if (i == 1)
			log_event(LOG_LEVEL_WARNING, "key_index_waits",
				  F_TEXT("effect", "another process makes or drops the index of"
						   " keys; this one goes on when that has ended"));
		err = locks_try(s, "SELECT 1 - pg_try_advisory_lock(5)::INTEGER", &left);
	}
	return err;
}

/* Other nodes, even those that have only just begun; session_claim(). */
static int others_count(struct session *s, int own, int64_t *othersp)
{
	char sql[300];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
		 " (SELECT oid FROM pg_database WHERE datname = current_database())"
		 " AND classid = 0 AND objid = 3 AND pid <> %d",
		 own);
	return session_number(s, "other nodes", sql, 0, othersp);
}

/* CONCURRENTLY waits for everybody who is at work, and nobody waits for it. */
static int key_index_blockers_log(struct session *s)
{
	return blockers_log(s, "key_index_waits",
			    "the index of keys is made or dropped, and this process goes on, when"
			    " they have ended");
}

static int key_index_drop(struct session *s)
{
	int err = key_index_blockers_log(s);

	return err < 0 ? err
		       : session_exec(s, "index of keys", "DROP INDEX CONCURRENTLY " KEY_INDEX);
}

static int key_index_make(struct session *s, int64_t index)
{
	int err = index == KEY_INDEX_INVALID ? key_index_drop(s) : 0;

	if (err == 0)
		err = key_index_blockers_log(s);
	if (err < 0)
		return err;
	log_event(LOG_LEVEL_INFO, "key_index",
		  F_TEXT("effect", "it is made of all certificates, while others write; this"
				   " process goes on when it is there"));
	return session_exec(s, "index of keys", "CREATE INDEX CONCURRENTLY " KEY_INDEX_ON);
}

int pg_key_index(struct session *s, bool wanted, int own)
{
	int64_t index, others = 0;
	int err = key_index_lock(s);

	if (err == 0)
		err = key_index_find(s, &index);
	if (err < 0 || index == (wanted ? KEY_INDEX_VALID : KEY_INDEX_NONE))
		return err;
	if (wanted)
		return key_index_make(s, index);
	/* Another node may want it. */
	err = others_count(s, own, &others);
	return err < 0 || others > 0 ? err : key_index_drop(s);
}
