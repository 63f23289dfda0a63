// SPDX-License-Identifier: Apache-2.0
/* What a PostgreSQL server, or whoever runs it, does to the sessions of a store. */
#include "fixture.h"

#include "../../src/store/postgresql/locks.h"

#include <errno.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Its place among the backends. */
enum { POSTGRESQL = 1 };

static void pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	nanosleep(&pause, NULL);
}

/* A statement of one row at most; its first value as a number, 0 without one. */
static long long number_ask(const char *url, const char *sql)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *result = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(result);
	long long number = 0;

	ck_assert_msg(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s",
		      PQerrorMessage(conn));
	if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0))
		number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	PQfinish(conn);
	return number;
}

/* --- a commit in a thread --- */

struct commit {
	struct store_unit *unit;
	pthread_t thread;
	int result;
	atomic_bool done;
};

static void *commit_run(void *arg)
{
	struct commit *commit = arg;

	commit->result = store_unit_commit(commit->unit);
	atomic_store(&commit->done, true);
	return NULL;
}

static void commit_start(struct commit *commit, struct store_unit *unit)
{
	commit->unit = unit;
	atomic_store(&commit->done, false);
	OK(pthread_create(&commit->thread, NULL, commit_run, commit));
}

/* True: so many sessions as the query counts are there; false: the commit has ended before. */
static bool commit_leads_to(const struct commit *commit, const char *url, const char *sql)
{
	while (number_ask(url, sql) == 0) {
		if (atomic_load(&commit->done))
			return false;
		pause_shortly();
	}
	return true;
}

/* --- standbys that are away --- */

#define WAITS                                                                                 \
	"FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'" \
	" AND query "

static void standbys_name(const char *url, const char *names)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "ALTER SYSTEM SET synchronous_standby_names = '%s'", names);
	number_ask(url, sql);
	number_ask(url, "SELECT pg_reload_conf()::INTEGER");
}

/* A COMMIT that waits for a standby; the server learns after a while that it has to. */
static void waiting_commit_start(struct fixture *f, struct commit *commit)
{
	char name[20];

	for (int i = 0;; i++) {
		const struct store_client client = sample_client(name);

		snprintf(name, sizeof(name), "client-%d", i);
		OK(store_client_insert(f->unit, &client));
		commit_start(commit, f->unit);
		if (commit_leads_to(commit, f->database, "SELECT count(*) " WAITS "= 'COMMIT'"))
			return;
		pthread_join(commit->thread, NULL);
		OK(commit->result);
	}
}

/* Whoever cuts short the wait for the standby does not make a commit durable. */
START_TEST(test_postgresql_wait_for_standby_is_cancelled)
{
	struct commit commit;
	struct fixture f;
	bool looked_up;

	fixture_begin(&f, POSTGRESQL);
	standbys_name(f.database, "db1");
	waiting_commit_start(&f, &commit);
	number_ask(f.database, "SELECT count(pg_cancel_backend(pid)) " WAITS "= 'COMMIT'");
	looked_up = commit_leads_to(&commit, f.database,
				    "SELECT count(*) " WAITS "LIKE 'SELECT sequence%'");
	standbys_name(f.database, "");
	pthread_join(commit.thread, NULL);
	ck_assert_msg(looked_up, "it was told as made, and no standby had it");
	OK(commit.result);
	fixture_end(&f);
}
END_TEST

/* --- nodes that stop --- */

/* Sends the begin of a flight, as far as the locks of whoever adds a client, and then nothing. */
static PGconn *half_flight_send(const char *url, bool serves, bool locks)
{
	const struct change change = {.kind = CHANGE_CLIENT_INSERT};
	PGconn *conn = PQconnectdb(url);
	struct locks wanted = {0};
	char sql[80];

	OK(locks_add(&wanted, &change));
	snprintf(sql, sizeof(sql), "SELECT pg_advisory_xact_lock(%lld)",
		 locks ? (long long)wanted.item[0].number : 0);
	locks_clear(&wanted);
	if (serves)
		PQclear(PQexec(conn, "SELECT pg_advisory_lock_shared(3)"));
	ck_assert_int_eq(PQenterPipelineMode(conn), 1);
	ck_assert_int_eq(PQsendQueryParams(conn, "BEGIN", 0, NULL, NULL, NULL, NULL, 0), 1);
	ck_assert_int_eq(PQsendQueryParams(conn, sql, 0, NULL, NULL, NULL, NULL, 0), 1);
	ck_assert_int_eq(PQflush(conn), 0);
	return conn;
}

#define HALF_FLIGHTS                                                               \
	"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()" \
	" AND state = 'active' AND wait_event = 'ClientRead'"

/* Its locks are not kept for ever; and whoever does not serve is left alone. */
START_TEST(test_postgresql_node_stops_in_a_flight)
{
	const struct store_client client = sample_client("client-1");
	PGconn *stopped, *other;
	struct fixture f;
	int err;

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	f.options.timeout_ms = 1000;
	fixture_open(&f);
	stopped = half_flight_send(f.database, true, true);
	other = half_flight_send(f.database, false, false);
	while (number_ask(f.database, HALF_FLIGHTS) < 2)
		pause_shortly();
	for (int i = 0; i < 60; i++) {
		OK(store_client_insert(f.unit, &client));
		err = store_unit_commit(f.unit);
		if (err == 0)
			break;
		ck_assert_msg(err == -EBUSY || err == -ENOTCONN, "%d", err);
		store_unit_clear(f.unit);
	}
	OK(err);
	ck_assert_int_eq(number_ask(f.database, HALF_FLIGHTS), 1);
	PQfinish(stopped);
	PQfinish(other);
	fixture_end(&f);
}
END_TEST

TCase *postgresql_server_cases(void)
{
	TCase *tc = tcase_create("postgresql_server");

	tcase_set_timeout(tc, 300);
	if (backends_count <= POSTGRESQL)
		return tc;
	tcase_add_test(tc, test_postgresql_wait_for_standby_is_cancelled);
	tcase_add_test(tc, test_postgresql_node_stops_in_a_flight);
	return tc;
}
