// SPDX-License-Identifier: Apache-2.0
/* Creating and opening databases of PostgreSQL. See pg_database.h. */
#include "pg_database.h"

#include "base/log.h"
#include "migrate.h"

#include <errno.h>
#include <string.h>

enum { TIMEOUT_MS = 5000 };

static int database_new(const struct store_options *options, struct pg_database **databasep)
{
	_cleanup_(pg_database_closep) struct pg_database *d = calloc(1, sizeof(*d));
	struct strbuf problem = STRBUF_NULL;
	int err;

	if (!d)
		return -ENOMEM;
	err = conninfo_check(options->database, &problem);
	if (err == 0)
		err = conninfo_servers(options->database, &problem, &d->servers);
	if (err == -EINVAL)
		err = log_fault("[store] database", err, problem.text);
	strbuf_clear(&problem);
	if (err < 0)
		return err;
	d->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS;
	d->unreplicated = options->unreplicated;
	d->serve = options->serve;
	d->index_keys = options->index_keys;
	d->looks = options->as_it_is && !options->serve;
	d->url = strdup(options->database);
	if (!d->url)
		return -ENOMEM;
	*databasep = TAKE(d);
	return 0;
}

/* Text of ours is UTF-8, and nothing else. */
static int encoding_check(struct session *s)
{
	_cleanup_(freep) char *encoding = NULL;
	int err = session_query(s, "open database", "SHOW server_encoding", &encoding);

	if (err == 0 && (!encoding || strcmp(encoding, "UTF8") != 0))
		err = log_fault(
			"open database", -EINVAL,
			"its encoding is not UTF8: createdb --encoding=UTF8 --template=template0");
	return err;
}

/* The process of the server that has served this question. */
static int backend_of(struct session *s, int64_t *pidp)
{
	return session_number(s, "open database", "SELECT pg_backend_pid()", 0, pidp);
}

/*
 * A pooler between us and the server has process ids of its own. Where it shares sessions among
 * transactions two of ours can be one of the server's, and so are their locks and statements.
 */
static int pooler_check(struct session *s)
{
	struct session other = {.database = s->database, .writes = true, .patient = true};
	int64_t pid, other_pid = 0;
	int err = backend_of(s, &pid);

	if (err < 0 || pid == PQbackendPID(s->conn))
		return err;
	err = session_open(&other);
	if (err == 0)
		err = backend_of(&other, &other_pid);
	session_close(&other);
	if (err < 0 || pid != other_pid)
		return err;
	return log_fault("open database", -EMLINK,
			 "there is a pooler before the server that shares sessions among "
			 "transactions, as pgbouncer's pool_mode = transaction: connect to the "
			 "server itself");
}

int pg_database_create(const struct store_options *options)
{
	_cleanup_(pg_database_closep) struct pg_database *d = NULL;
	struct session s = {.writes = true, .patient = true};
	int err = database_new(options, &d);

	if (err < 0)
		return err;
	s.database = d;
	err = session_open(&s);
	if (err == 0)
		err = encoding_check(&s);
	if (err == 0)
		err = pooler_check(&s);
	if (err == 0)
		err = pg_schema_make(&s);
	session_close(&s);
	return err;
}

static int database_prepare(struct session *s, const struct store_options *options)
{
	int err = encoding_check(s);

	if (err == 0)
		err = pooler_check(s);
	if (err < 0)
		return err;
	if (options->as_it_is)
		return pg_schema_migrated(s);
	/* Before a migration: not under the feet of another one. */
	err = options->serve ? pg_schema_claim(s) : pg_schema_whole(s);
	if (err < 0)
		return err;
	return pg_schema_migrate(s);
}

int pg_database_open(const struct store_options *options, struct pg_database **databasep)
{
	_cleanup_(pg_database_closep) struct pg_database *d = NULL;
	struct session s = {.writes = true, .patient = true};
	int err = database_new(options, &d);

	if (err < 0)
		return err;
	s.database = d;
	err = session_open(&s);
	if (err == 0)
		err = database_prepare(&s, options);
	session_close(&s);
	if (err < 0)
		return err;
	*databasep = TAKE(d);
	return 0;
}

int pg_database_index_keys(struct pg_database *d, int own)
{
	struct session s = {.database = d, .writes = true, .patient = true};
	int err = session_open(&s);

	if (err == 0)
		err = pg_key_index(&s, d->index_keys, own);
	session_close(&s);
	return err;
}

void pg_database_close(struct pg_database *d)
{
	if (!d)
		return;
	conninfo_servers_clear(&d->servers);
	free(d->url);
	free(d);
}
