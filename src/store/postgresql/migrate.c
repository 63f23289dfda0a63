// SPDX-License-Identifier: Apache-2.0
/* Applying the numbered migrations of schema/postgresql. See migrate.h. */
#include "migrate.h"

#include "base/log.h"
#include "migration.h"
#include "sql.h"

#include <errno.h>
#include <stdio.h>

/* Whoever migrates holds this one until the end; 1 is that of the events (0034-first.sql). */
#define MIGRATION_BEGIN "BEGIN; SELECT pg_advisory_xact_lock(2)"

enum { NO_SCHEMA = 0 };

int64_t pg_schema_newest(void)
{
	return postgresql_migrations[postgresql_migrations_count - 1].number;
}

/* The schema version; NO_SCHEMA without one. */
static int schema_version(struct session *s, int64_t *versionp)
{
	char detail[80];
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
	if (err < 0 || *versionp <= pg_schema_newest())
		return err;
	snprintf(detail, sizeof(detail), "schema version %lld, this program knows up to %lld",
		 (long long)*versionp, (long long)pg_schema_newest());
	return log_fault("open database", -EPROTO, detail);
}

static int migrations_apply(struct session *s, int64_t version)
{
	char sql[80];
	int err = 0;

	for (unsigned i = 0; err == 0 && i < postgresql_migrations_count; i++) {
		const struct migration *next = &postgresql_migrations[i];

		if (next->number <= version)
			continue;
		err = session_exec(s, next->name, next->sql);
		if (err == 0)
			log_event(LOG_LEVEL_INFO, "schema", F_TEXT("migration", next->name));
	}
	if (err < 0)
		return err;
	snprintf(sql, sizeof(sql),
		 version == NO_SCHEMA ? "INSERT INTO schema_version VALUES (%lld)"
				      : "UPDATE schema_version SET version = %lld",
		 (long long)pg_schema_newest());
	return session_exec(s, "set schema version", sql);
}

/* With the lock, in a transaction that the caller ends. */
static int schema_advance(struct session *s, bool make)
{
	int64_t version;
	int err = session_exec(s, "migrate", MIGRATION_BEGIN);

	if (err == 0)
		err = schema_version(s, &version);
	if (err < 0)
		return err;
	if (make != (version == NO_SCHEMA))
		return make ? -EEXIST : -ENOENT;
	return version == pg_schema_newest() ? 0 : migrations_apply(s, version);
}

static int schema_change(struct session *s, bool make)
{
	int err = schema_advance(s, make), undone;

	if (!s->conn)
		return err;
	if (err == 0)
		return session_exec(s, "migrate", "COMMIT");
	undone = session_exec(s, "migrate", "ROLLBACK");
	return undone < 0 ? undone : err;
}

int pg_schema_make(struct session *s)
{
	return schema_change(s, true);
}

int pg_schema_migrate(struct session *s)
{
	int err = pg_schema_migrated(s);

	return err == -EAGAIN ? schema_change(s, false) : err;
}

int pg_schema_migrated(struct session *s)
{
	int64_t version;
	int err = schema_version(s, &version);

	if (err < 0)
		return err;
	return version == NO_SCHEMA ? -ENOENT : version < pg_schema_newest() ? -EAGAIN : 0;
}

/* Not by IF NOT EXISTS alone, which waits for all who write before it looks. */
int pg_key_index(struct session *s, bool wanted)
{
	int64_t there, others = 0;
	int err = session_number(
		s, "index of keys",
		"SELECT count(*) FROM pg_class WHERE oid = to_regclass('certificate_key')", 0,
		&there);

	if (err < 0 || (there > 0) == wanted)
		return err;
	/* Another node may want it, even one that has only just begun; session_claim(). */
	if (!wanted)
		err = session_number(s, "other nodes",
				     "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
				     " AND database = (SELECT oid FROM pg_database WHERE datname ="
				     " current_database()) AND classid = 0 AND objid = 3"
				     " AND pid <> pg_backend_pid()",
				     0, &others);
	if (err < 0 || others > 0)
		return err;
	return session_exec(s, "index of keys", wanted ? KEY_INDEX_MAKE : KEY_INDEX_DROP);
}
