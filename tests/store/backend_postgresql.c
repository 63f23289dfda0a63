// SPDX-License-Identifier: Apache-2.0
/* The PostgreSQL backend under the conformance suite: a database of its own on the tests' server.
 */
#include "backend.h"
#include "pg_server.h"

#include <check.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static PGconn *database_connect(const char *url)
{
	PGconn *conn = PQconnectdb(url);

	ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
	return conn;
}

static void database_execute(const char *url, const char *sql)
{
	PGconn *conn = database_connect(url);
	PGresult *result = PQexec(conn, sql);

	ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s", PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
}

static void server_execute(const char *what, const char *name)
{
	char *url = pg_server_url("postgres");
	char sql[120];

	snprintf(sql, sizeof(sql), "%s DATABASE %s", what, name);
	database_execute(url, sql);
	free(url);
}

static char *database_new(void)
{
	static unsigned number;
	char name[40];

	snprintf(name, sizeof(name), "t%d_%u", (int)getpid(), number++);
	server_execute("CREATE", name);
	return pg_server_url(name);
}

static void database_drop(char *database)
{
	char name[40] = "";

	ck_assert_int_eq(sscanf(database, "postgresql://cmfd@/%39[^?]", name), 1);
	/* Fails, and with it the test, if somebody is still connected to it. */
	server_execute("DROP", name);
	free(database);
}

static void database_make_newer(const char *database, int64_t needs)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "UPDATE schema_version SET version = 9999, needs = %lld",
		 (long long)needs);
	database_execute(database, sql);
}

static int64_t audit_count(const char *database)
{
	PGconn *conn = database_connect(database);
	PGresult *result = PQexec(conn, "SELECT count(*) FROM audit");
	int64_t count;

	ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(conn));
	count = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	PQfinish(conn);
	return count;
}

static const struct store_backend backend_postgresql = {
	.name = "postgresql",
	.database_new = database_new,
	.database_drop = database_drop,
	.database_make_newer = database_make_newer,
	.audit_count = audit_count,
};

const struct store_backend *const backends[] = {&backend_sqlite, &backend_postgresql};
int backends_count = 1;

void backends_begin(void)
{
	backends_count += pg_server_start();
}

void backends_end(void)
{
	pg_server_stop();
}
