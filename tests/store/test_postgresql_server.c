// SPDX-License-Identifier: Apache-2.0
/* What a PostgreSQL server, or whoever runs it, does to the sessions of a store. */
#include "fixture.h"

#include "../../src/store/postgresql/conninfo.h"
#include "../../src/store/postgresql/locks.h"
#include "pg_relay.h"
#include "pg_server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

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

static void text_ask(const char *url, const char *sql, char *text, size_t size)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *result = PQexec(conn, sql);

	ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(conn));
	snprintf(text, size, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	PQfinish(conn);
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
				    "SELECT count(*) " WAITS "LIKE '%commit_mark%'");
	standbys_name(f.database, "");
	pthread_join(commit.thread, NULL);
	ck_assert_msg(looked_up, "it was told as made, and no standby had it");
	OK(commit.result);
	fixture_end(&f);
}
END_TEST

/* Any other warning of a COMMIT is none of that: nothing is looked up, on a connection of its own.
 */
START_TEST(test_postgresql_other_warnings)
{
	struct pg_relay relay;
	struct fixture f;
	char *direct;
	int accepted;

	fixture_begin(&f, POSTGRESQL);
	direct = f.database;
	number_ask(direct, "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS"
			   " $$ BEGIN RAISE WARNING 'in a COMMIT'; RETURN NULL; END $$");
	number_ask(direct, "CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON audit"
			   " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn()");
	fixture_close(&f);
	pg_relay_start(&relay);
	f.database = pg_relay_url(&relay, direct);
	f.options.database = f.database;
	f.options.timeout_ms = 60000;
	fixture_open(&f);
	accepted = atomic_load(&relay.accepted);
	for (int i = 0; i < 3; i++) {
		add_audit(f.unit);
		OK(store_unit_commit(f.unit));
	}
	ck_assert_int_eq(atomic_load(&relay.accepted), accepted);
	fixture_close(&f);
	pg_relay_stop(&relay);
	free(f.database);
	f.database = direct;
	f.options.database = direct;
	fixture_open(&f);
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

/* How many sessions wait for a lock that have waited for none before. */
static long long waits_count(const char *url, const char *past)
{
	char sql[300];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
		 " AND wait_event_type = 'Lock' AND extract(epoch FROM xact_start) > %s",
		 past);
	return number_ask(url, sql);
}

/* Who held it may be gone by then, as when another node has ended it. */
START_TEST(test_postgresql_waits_for_a_lock_twice)
{
	const struct store_client client = sample_client("client-1");
	struct commit commit = {.result = -EBUSY};
	struct fixture f;

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	f.options.timeout_ms = 2000;
	fixture_open(&f);
	/* Where this machine is slow the lock is let go too late. */
	while (commit.result == -EBUSY) {
		PGconn *holder = half_flight_send(f.database, false, true);
		char first[40] = "0";
		bool again;

		while (number_ask(f.database, HALF_FLIGHTS) == 0)
			pause_shortly();
		store_unit_clear(f.unit);
		OK(store_client_insert(f.unit, &client));
		commit_start(&commit, f.unit);
		while (waits_count(f.database, first) == 0 && !atomic_load(&commit.done))
			pause_shortly();
		text_ask(f.database,
			 "SELECT coalesce(max(extract(epoch FROM xact_start)), 0)"
			 " FROM pg_stat_activity WHERE datname = current_database()"
			 " AND wait_event_type = 'Lock'",
			 first, sizeof(first));
		while (!(again = waits_count(f.database, first) > 0) && !atomic_load(&commit.done))
			pause_shortly();
		PQfinish(holder);
		pthread_join(commit.thread, NULL);
		ck_assert_msg(again || strcmp(first, "0") == 0, "it has not waited again");
	}
	OK(commit.result);
	fixture_end(&f);
}
END_TEST

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

/* --- servers that say nothing --- */

/* The kernel connects whoever comes, and nobody answers. */
static int silent_listen(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	if (bind(fd, address, len) == 0 && listen(fd, 64) == 0)
		return fd;
	close(fd);
	return -1;
}

static int silent_listen_at(const char *directory)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	ck_assert_int_eq(mkdir(directory, 0700), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", directory);
	return silent_listen((struct sockaddr *)&address, sizeof(address));
}

static void silent_end(int fd, const char *directory)
{
	char path[120];

	close(fd);
	snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", directory);
	unlink(path);
	rmdir(directory);
}

/* How many have come since. */
static int silent_count(int fd)
{
	int n = 0, client;

	while ((client = accept(fd, NULL, NULL)) >= 0) {
		close(client);
		n++;
	}
	return n;
}

/* The fixture closed, its database at the end of a list of servers; the URL of before. */
static char *fixture_list_servers(struct fixture *f, const char *first)
{
	char *direct = f->database;

	fixture_close(f);
	ck_assert_int_gt(asprintf(&f->database, "%.*s?host=%s,%s", (int)strcspn(direct, "?"),
				  direct, first, pg_server_directory()),
			 0);
	f->options.database = f->database;
	f->options.timeout_ms = 4000;
	return direct;
}

static void fixture_list_end(struct fixture *f, char *direct)
{
	fixture_close(f);
	free(f->database);
	f->database = direct;
	f->options.database = direct;
	fixture_open(f);
	fixture_end(f);
}

static void commit_surely(struct fixture *f)
{
	int err;

	do {
		add_audit(f->unit);
		err = store_unit_commit(f->unit);
	} while (err == -ENOTCONN);
	OK(err);
}

static void sessions_end(const char *url)
{
	number_ask(url, "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
			" WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

/* New connections, until none of them has come to the silent server: where this machine is slow the
 * other one has not answered in time, either. */
static void rounds_until_unasked(struct fixture *f, const char *direct, int silent)
{
	do {
		commit_surely(f);
		(void)silent_count(silent);
		sessions_end(direct);
		commit_surely(f);
	} while (silent_count(silent) > 0);
}

/* The first of two servers is silent, as one behind a firewall or whose machine is gone: the second
 * is come to, and those behind a connection that was good do not try the first again. */
START_TEST(test_postgresql_first_server_is_silent)
{
	char directory[40], *direct;
	struct fixture f;
	int silent, err;

	snprintf(directory, sizeof(directory), "/tmp/cmfd-silent.%d", (int)getpid());
	silent = silent_listen_at(directory);
	fixture_begin(&f, POSTGRESQL);
	direct = fixture_list_servers(&f, directory);
	while ((err = store_open(&f.options, &f.store)) == -ENOTCONN)
		;
	OK(err);
	ck_assert_int_gt(silent_count(silent), 0);
	OK(store_reader_new(f.store, &f.reader));
	OK(store_unit_new(f.store, &f.unit));
	rounds_until_unasked(&f, direct, silent);
	fixture_list_end(&f, direct);
	silent_end(silent, directory);
}
END_TEST

/* It was the primary, and falls silent: the other one is come to, and is the first to be asked from
 * then on. */
START_TEST(test_postgresql_server_falls_silent)
{
	struct pg_relay relay;
	struct fixture f;
	char *direct;
	int silent;

	fixture_begin(&f, POSTGRESQL);
	pg_relay_start(&relay);
	direct = fixture_list_servers(&f, relay.directory);
	fixture_open(&f);
	commit_surely(&f);
	ck_assert_int_gt(atomic_load(&relay.accepted), 0);
	pg_relay_stop(&relay);
	silent = silent_listen_at(relay.directory);
	commit_surely(&f);
	ck_assert_int_gt(silent_count(silent), 0);
	rounds_until_unasked(&f, direct, silent);
	fixture_list_end(&f, direct);
	silent_end(silent, relay.directory);
}
END_TEST

/* --- names with several addresses --- */

#define TWO_ADDRESSES "two.example"
/* As long as the first of two nameservers is dead. */
static struct timespec resolver_takes;
static const char *const two_addresses[] = {"127.0.0.2", "127.0.0.3"};

/* Before that of the C library, for libpq and for us: one name has two addresses. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **foundp)
{
	int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		(__typeof__(next))dlsym(RTLD_NEXT, "getaddrinfo");
	int err;

	if (name && strcmp(name, "localhost") == 0)
		nanosleep(&resolver_takes, NULL);
	if (!name || strcmp(name, TWO_ADDRESSES) != 0)
		return next(name, service, hints, foundp);
	err = next(two_addresses[0], service, hints, foundp);
	return err ? err : next(two_addresses[1], service, hints, &(*foundp)->ai_next);
}

static int silent_listen_on(const char *text, in_port_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = port};

	ck_assert_int_eq(inet_pton(AF_INET, text, &address.sin_addr), 1);
	return silent_listen((struct sockaddr *)&address, sizeof(address));
}

static in_port_t port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return address.sin_port;
}

/* The server is verified by its name, whichever address is tried. */
START_TEST(test_postgresql_addresses_of_a_name)
{
	const struct conninfo_server server = {.host = TEXT(TWO_ADDRESSES), .port = TEXT("5433")};
	struct strbuf problem = STRBUF_NULL;
	struct conninfo_servers addresses;

	OK(conninfo_addresses(&server, &problem, &addresses));
	ck_assert_uint_eq(addresses.len, ARRAY_LEN(two_addresses));
	for (size_t i = 0; i < addresses.len; i++) {
		ck_assert_str_eq(addresses.item[i].host, TWO_ADDRESSES);
		ck_assert_str_eq(addresses.item[i].address, two_addresses[i]);
		ck_assert_str_eq(addresses.item[i].port, "5433");
	}
	conninfo_servers_clear(&addresses);
}
END_TEST

START_TEST(test_postgresql_first_address_is_silent)
{
	struct store_options options = {.timeout_ms = 2000};
	int first = -1, second = -1;
	struct store *store;
	char url[80];

	while (second < 0) {
		close(first);
		first = silent_listen_on(two_addresses[0], 0);
		second = silent_listen_on(two_addresses[1], port_of(first));
	}
	snprintf(url, sizeof(url), "postgresql://cmfd@" TWO_ADDRESSES ":%d/cmfd",
		 ntohs(port_of(first)));
	options.database = url;
	ck_assert_int_eq(store_open(&options, &store), -ENOTCONN);
	ck_assert_int_eq(silent_count(first), 1);
	ck_assert_int_eq(silent_count(second), 1);
	close(first);
	close(second);
}
END_TEST

/* Longer than all of the time for a connection, which begins when it has answered. */
START_TEST(test_postgresql_resolver_is_slow)
{
	struct pg_relay relay;
	struct fixture f;
	char url[160], *direct;
	int port, err;

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	direct = f.database;
	port = pg_relay_start_tcp(&relay);
	snprintf(url, sizeof(url), "postgresql://cmfd@localhost:%d%.*s?sslmode=disable", port,
		 (int)strcspn(direct + strlen("postgresql://cmfd@"), "?"),
		 direct + strlen("postgresql://cmfd@"));
	f.options.database = url;
	f.options.timeout_ms = 2000;
	resolver_takes.tv_sec = 3;
	while ((err = store_open(&f.options, &f.store)) == -ENOTCONN)
		;
	OK(err);
	store_close(f.store);
	resolver_takes.tv_sec = 0;
	pg_relay_stop(&relay);
	f.options.database = direct;
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

TCase *postgresql_server_cases(void)
{
	TCase *tc = tcase_create("postgresql_server");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, test_postgresql_addresses_of_a_name);
	tcase_add_test(tc, test_postgresql_first_address_is_silent);
	if (backends_count <= POSTGRESQL)
		return tc;
	tcase_add_test(tc, test_postgresql_wait_for_standby_is_cancelled);
	tcase_add_test(tc, test_postgresql_other_warnings);
	tcase_add_test(tc, test_postgresql_waits_for_a_lock_twice);
	tcase_add_test(tc, test_postgresql_node_stops_in_a_flight);
	tcase_add_test(tc, test_postgresql_first_server_is_silent);
	tcase_add_test(tc, test_postgresql_server_falls_silent);
	tcase_add_test(tc, test_postgresql_resolver_is_slow);
	return tc;
}
