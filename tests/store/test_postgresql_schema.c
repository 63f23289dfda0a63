// SPDX-License-Identifier: Apache-2.0
/* The schema of a database of PostgreSQL is changed while others use it. */
#include "fixture.h"

#include "../../src/store/migration.h"

#include <errno.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* Its place among the backends. */
enum { POSTGRESQL = 1 };

static void pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	nanosleep(&pause, NULL);
}

static PGconn *session_begin(const char *url)
{
	PGconn *conn = PQconnectdb(url);

	ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
	return conn;
}

static void session_execute(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);

	ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK ||
			      PQresultStatus(result) == PGRES_TUPLES_OK,
		      "%s", PQerrorMessage(conn));
	PQclear(result);
}

static int64_t session_count(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	int64_t count;

	ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(conn));
	count = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return count;
}

static void count_await(PGconn *conn, const char *sql, int64_t count)
{
	while (session_count(conn, sql) != count)
		pause_shortly();
}

/* --- migrations --- */

/* With the tables of the first schema. */
static void oldest_begin(struct fixture *f, PGconn **connp)
{
	*f = (struct fixture){.backend = backends[POSTGRESQL]};
	f->database = f->backend->database_new();
	f->options = (struct store_options){.database = f->database, .batch_max = 1};
	*connp = session_begin(f->database);
	session_execute(*connp, postgresql_migrations[0].sql);
	session_execute(*connp, "INSERT INTO schema_version (version) VALUES (34)");
}

/* A store that is opened in a thread. */
struct opening {
	struct fixture *f;
	struct store *store;
	int result;
};

static void *opening_run(void *arg)
{
	struct opening *opening = arg;

	opening->result = store_open(&opening->f->options, &opening->store);
	return NULL;
}

/* Who dumps the database keeps a migration off, but nobody waits behind the two. */
START_TEST(test_postgresql_migration_lets_others_go_on)
{
	struct fixture f;
	struct opening opening = {.f = &f};
	PGconn *conn, *dump;
	pthread_t thread;

	oldest_begin(&f, &conn);
	dump = session_begin(f.database);
	session_execute(dump, "BEGIN; LOCK TABLE audit IN ACCESS SHARE MODE");
	OK(pthread_create(&thread, NULL, opening_run, &opening));
	/* Again and again; each time somebody asks behind it. */
	session_execute(conn, "SET lock_timeout = '120s'");
	for (int i = 0; i < 2; i++) {
		count_await(conn,
			    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation ="
			    " 'audit'::regclass",
			    1);
		session_execute(conn, "SELECT count(*) FROM audit");
		count_await(conn,
			    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation ="
			    " 'audit'::regclass",
			    0);
	}
	ck_assert_int_eq(session_count(conn, "SELECT version FROM schema_version"), 34);
	PQfinish(dump);
	pthread_join(thread, NULL);
	OK(opening.result);
	ck_assert_int_eq(session_count(conn, "SELECT version FROM schema_version"), SCHEMA_NEWEST);
	PQfinish(conn);
	store_close(opening.store);
	f.backend->database_drop(f.database);
}
END_TEST

/* --- the index of keys --- */

#define KEY_INDEX_STATE                                                 \
	"SELECT coalesce((SELECT 1 + indisvalid::INTEGER FROM pg_index" \
	" WHERE indexrelid = to_regclass('certificate_key')), 0)"

/* It is made while others write, by two nodes that begin at the same time. */
START_TEST(test_postgresql_key_index_while_others_write)
{
	struct fixture f;
	struct opening opening[2] = {{.f = &f}, {.f = &f}};
	PGconn *conn, *writes;
	pthread_t thread[2];

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	f.options.index_keys = true;
	f.options.serve = true;
	conn = session_begin(f.database);
	ck_assert_int_eq(session_count(conn, KEY_INDEX_STATE), 0);
	writes = session_begin(f.database);
	session_execute(writes, "BEGIN; LOCK TABLE certificate IN ROW EXCLUSIVE MODE");
	for (int i = 0; i < 2; i++)
		OK(pthread_create(&thread[i], NULL, opening_run, &opening[i]));
	count_await(conn, "SELECT least(count(*), 1) FROM pg_locks WHERE NOT granted", 1);
	session_execute(conn, "SET lock_timeout = '120s'");
	session_execute(conn, "BEGIN; LOCK TABLE certificate IN ROW EXCLUSIVE MODE; COMMIT");
	PQfinish(writes);
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		OK(opening[i].result);
	}
	ck_assert_int_eq(session_count(conn, KEY_INDEX_STATE), 2);
	/* One that does not want it leaves it to them. */
	f.options.index_keys = false;
	fixture_open(&f);
	ck_assert_int_eq(session_count(conn, KEY_INDEX_STATE), 2);
	fixture_close(&f);
	store_close(opening[0].store);
	store_close(opening[1].store);
	PQfinish(conn);
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

/* What is left of one whose making was interrupted is of no use. */
START_TEST(test_postgresql_key_index_half_made)
{
	const bool wanted = _i;
	struct fixture f;
	PGconn *conn;

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	conn = session_begin(f.database);
	f.options.index_keys = true;
	fixture_open(&f);
	fixture_close(&f);
	ck_assert_int_eq(session_count(conn, KEY_INDEX_STATE), 2);
	session_execute(conn, "UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
			      " 'certificate_key'::regclass");
	f.options.index_keys = wanted;
	fixture_open(&f);
	ck_assert_int_eq(session_count(conn, KEY_INDEX_STATE), wanted ? 2 : 0);
	PQfinish(conn);
	fixture_end(&f);
}
END_TEST

/* --- half of a copy --- */

#define COPY_BEGIN "CREATE TABLE store_copy (name TEXT PRIMARY KEY, n BIGINT NOT NULL)"

/* A copy begins, and is killed, while a process waits for its claim. */
START_TEST(test_postgresql_half_of_a_copy_at_the_start)
{
	struct fixture f;
	struct opening opening = {.f = &f};
	pthread_t thread;
	PGconn *copy;

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	f.options.serve = true;
	copy = session_begin(f.database);
	do {
		session_execute(copy, "DROP TABLE IF EXISTS store_copy");
		session_execute(copy, "SELECT pg_advisory_lock(3)");
		OK(pthread_create(&thread, NULL, opening_run, &opening));
		count_await(copy,
			    "SELECT least(count(*), 1) FROM pg_stat_activity WHERE pid <>"
			    " pg_backend_pid() AND query LIKE 'SELECT pg_try_advisory_lock%'",
			    1);
		session_execute(copy, COPY_BEGIN);
		session_execute(copy, "SELECT pg_advisory_unlock(3)");
		pthread_join(thread, NULL);
	} while (opening.result == -EBUSY); /* it does not wait for long */
	ck_assert_int_eq(opening.result, -EINPROGRESS);
	session_execute(copy, "DROP TABLE store_copy");
	PQfinish(copy);
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

/* Nor does one that serves go on so when it has lost its claim meanwhile. */
START_TEST(test_postgresql_half_of_a_copy_later)
{
	struct fixture f;
	PGconn *copy;
	int err;

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	f.options.serve = true;
	fixture_open(&f);
	copy = session_begin(f.database);
	session_execute(copy, COPY_BEGIN);
	session_execute(copy, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE"
			      " datname = current_database() AND pid <> pg_backend_pid()");
	do {
		add_audit(f.unit);
		err = store_unit_commit(f.unit);
		store_unit_clear(f.unit);
	} while (err == -ENOTCONN);
	ck_assert_int_eq(err, -EINPROGRESS);
	session_execute(copy, "DROP TABLE store_copy");
	PQfinish(copy);
	fixture_end(&f);
}
END_TEST

TCase *postgresql_schema_cases(void)
{
	TCase *tc = tcase_create("postgresql_schema");

	tcase_set_timeout(tc, 300);
	if (backends_count <= POSTGRESQL)
		return tc;
	tcase_add_test(tc, test_postgresql_migration_lets_others_go_on);
	tcase_add_test(tc, test_postgresql_key_index_while_others_write);
	tcase_add_loop_test(tc, test_postgresql_key_index_half_made, 0, 2);
	tcase_add_test(tc, test_postgresql_half_of_a_copy_at_the_start);
	tcase_add_test(tc, test_postgresql_half_of_a_copy_later);
	return tc;
}
