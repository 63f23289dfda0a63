// SPDX-License-Identifier: Apache-2.0
/*
 * What only the backend PostgreSQL has: SQL in its own words, URLs, and what becomes of changes
 * when the server or its answer is lost.
 */
#include "fixture.h"

#include "../../src/store/migration.h"
#include "../../src/store/postgresql/conninfo.h"
#include "../../src/store/postgresql/locks.h"
#include "../../src/store/postgresql/translate.h"
#include "../../src/store/sql.h"
#include "../../src/store/sqlite/migrate.h"
#include "pg_relay.h"

#include <errno.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Its place among the backends. */
enum { POSTGRESQL = 1 };

/* --- words --- */

#define MADE "INSERT INTO t (a) VALUES (?1)"

static const struct {
	const char *sql;
	bool inserts;
	struct newest newest[NEWEST_MAX];
	const char *translated;
	size_t n;
} texts[] = {
	{"SELECT a FROM t WHERE b = ?2 AND c = ?1 AND d = ?2", false,
	 .translated = "SELECT a FROM t WHERE b = $2 AND c = $1 AND d = $2", .n = 2},
	{"SELECT a FROM t WHERE b = ? AND c > ?", false,
	 .translated = "SELECT a FROM t WHERE b = $1 AND c > $2", .n = 2},
	{"SELECT '?1 + it''s' || ?1", false, .translated = "SELECT '?1 + it''s' || $1", .n = 1},
	{"SELECT n + 1 FROM t WHERE +b = ?1 AND (+c = 2)", false,
	 .translated = "SELECT n + 1 FROM t WHERE b = $1 AND (c = 2)", .n = 1},
	{"SELECT coalesce(?1, x'')", false, .translated = "SELECT coalesce($1, ''::BYTEA)", .n = 1},
	{"SELECT 1 FROM a CROSS JOIN b ON a.x = b.y", false,
	 .translated = "SELECT 1 FROM a JOIN b ON a.x = b.y"},
	{"INSERT INTO t (a, b) VALUES (?1, 7)", true,
	 .translated = "INSERT INTO t (id, a, b) VALUES (coalesce($2::BIGINT, "
		       "nextval('t_id_seq')), $1, 7)",
	 .n = 2},
	{"INSERT INTO t (a) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM u)", true,
	 .translated = "INSERT INTO t (id, a) SELECT coalesce($2::BIGINT, nextval('t_id_seq')), $1"
		       " WHERE NOT EXISTS (SELECT 1 FROM u)",
	 .n = 2},
	{"UPDATE u SET a = ?2, b = ?13 WHERE id = ?1",
	 false,
	 {{1, MADE}, {2, MADE}},
	 "UPDATE u SET a = (SELECT CASE WHEN $2::BIGINT < 0 THEN currval('t_id_seq') ELSE $2 END),"
	 " b = $13 WHERE id ="
	 " (SELECT CASE WHEN $1::BIGINT < 0 THEN currval('t_id_seq') ELSE $1 END)",
	 13},
	{"INSERT INTO u (a) SELECT ?1 FROM t WHERE id = ?1",
	 true,
	 {{1, MADE}},
	 "INSERT INTO u (id, a) SELECT coalesce($2::BIGINT, nextval('u_id_seq')),"
	 " (SELECT CASE WHEN $1::BIGINT < 0 THEN currval('t_id_seq') ELSE $1 END) FROM t WHERE id ="
	 " (SELECT CASE WHEN $1::BIGINT < 0 THEN currval('t_id_seq') ELSE $1 END)",
	 2},
};

START_TEST(test_postgresql_words)
{
	struct translated translated;

	OK((texts[_i].inserts ? translate_insertion
			      : translate_sql)(texts[_i].sql, texts[_i].newest, &translated));
	ck_assert_str_eq(translated.sql, texts[_i].translated);
	ck_assert_uint_eq(translated.n_parameters, texts[_i].n);
	free(translated.sql);
}
END_TEST

START_TEST(test_postgresql_words_without_columns)
{
	struct translated translated;

	ck_assert_int_eq(translate_insertion("INSERT INTO t DEFAULT VALUES", NULL, &translated),
			 -EINVAL);
	ck_assert_int_eq(translate_insertion("DELETE FROM t", NULL, &translated), -EINVAL);
}
END_TEST

/* --- URLs --- */

/* What a service file of the tests says, and the environment. */
static void services_make(void)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/cmfd-services.%d", (int)getpid());
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("[far]\nhost=db1.example,db2.example\nport=5433\nsslmode=disable\n"
	      "[near]\nhost=/run/postgresql\npassword=secret\n",
	      file);
	fclose(file);
	setenv("PGSERVICEFILE", path, 1);
}

static void services_remove(void)
{
	unlink(getenv("PGSERVICEFILE"));
	unsetenv("PGSERVICEFILE");
	unsetenv("PGHOST");
}

static const struct {
	const char *url;
	const char *problem; /* part of it; NULL: it is accepted */
	const char *host;    /* PGHOST */
} urls[] = {
	{"postgresql://cmfd@db.example/cmfd", NULL},
	{"postgresql://cmfd@db1.example,db2.example/cmfd?passfile=/etc/cmfd/pgpass", NULL},
	{"postgresql:///cmfd?host=/run/postgresql&sslmode=disable", NULL},
	{"postgresql:///cmfd?sslmode=disable", NULL},
	{"postgresql:///cmfd?sslmode=disable", NULL, "/run/postgresql"},
	{"postgresql:///cmfd", NULL, "db.example"},
	{"postgresql://cmfd@localhost/cmfd?sslmode=disable", NULL},
	{"postgresql://cmfd@localhost/cmfd?sslmode=disable", NULL, "db.example"},
	{"postgresql:///?service=far", NULL},
	{"postgresql:///?service=near&sslmode=disable", NULL},
	{"postgresql://cmfd@db.example/cmfd?sslmode=verify-ca", NULL},
	{"postgresql://cmfd:secret@db.example/cmfd", "passfile="},
	{"postgresql://cmfd@db.example/cmfd?password=secret", "passfile="},
	{"postgresql://cmfd@db.example/cmfd?sslmode=require", "sslrootcert="},
	{"postgresql://cmfd@db.example/cmfd?sslmode=disable", "sslrootcert="},
	{"postgresql://cmfd@localhost,db.example/cmfd?sslmode=prefer", "sslrootcert="},
	{"postgresql://cmfd@localhost/cmfd?hostaddr=192.0.2.1&sslmode=prefer", "sslrootcert="},
	{"postgresql:///?service=far&sslmode=disable", "sslrootcert="},
	{"postgresql:///cmfd?sslmode=disable", "sslrootcert=", "db.example"},
	{"postgresql:///?service=none", "not found"},
	{"postgresql://cmfd@db.example/cmfd?target_session_attrs=primary", NULL},
	{"postgresql://cmfd@db.example/cmfd?target_session_attrs=any", "standby"},
	{"postgresql://cmfd@db.example/cmfd?colour=red", "colour"},
};

/* What pg_database.c asks, in its order. */
static int url_check(const char *url, struct strbuf *problem)
{
	struct conninfo_servers servers;
	int err = conninfo_check(url, problem);

	if (err < 0)
		return err;
	err = conninfo_servers(url, problem, &servers);
	conninfo_servers_clear(&servers);
	return err;
}

START_TEST(test_postgresql_urls)
{
	struct strbuf problem = STRBUF_NULL;
	int err;

	services_make();
	if (urls[_i].host)
		setenv("PGHOST", urls[_i].host, 1);
	err = url_check(urls[_i].url, &problem);
	services_remove();
	if (!urls[_i].problem) {
		ck_assert_msg(err == 0, "%s", problem.text);
	} else {
		ck_assert_int_eq(err, -EINVAL);
		ck_assert_ptr_nonnull(strstr(problem.text, urls[_i].problem));
		ck_assert_ptr_null(strstr(problem.text, "secret"));
	}
	strbuf_clear(&problem);
}
END_TEST

/* PostgreSQL's documentation, 34.1.1.3: lists are of the same length, or of one port for all. */
static const struct {
	const char *url;
	struct conninfo_server server[3];
	size_t n;
} server_lists[] = {
	{"postgresql://cmfd@db1,db2:5433,db3/cmfd",
	 {{TEXT("db1"), NULL, TEXT("5432")},
	  {TEXT("db2"), NULL, TEXT("5433")},
	  {TEXT("db3"), NULL, TEXT("5432")}},
	 3},
	{"postgresql:///cmfd?host=/a,/b&port=6432",
	 {{TEXT("/a"), NULL, TEXT("6432")}, {TEXT("/b"), NULL, TEXT("6432")}},
	 2},
	{"postgresql://db1/cmfd?hostaddr=192.0.2.1",
	 {{TEXT("db1"), TEXT("192.0.2.1"), TEXT("5432")}},
	 1},
	{"postgresql:///cmfd?hostaddr=192.0.2.1,192.0.2.2",
	 {{NULL, TEXT("192.0.2.1"), TEXT("5432")}, {NULL, TEXT("192.0.2.2"), TEXT("5432")}},
	 2},
	{"postgresql:///?service=far",
	 {{TEXT("db1.example"), NULL, TEXT("5433")}, {TEXT("db2.example"), NULL, TEXT("5433")}},
	 2},
	/* libpq's to find, or to refuse. */
	{.url = "postgresql:///cmfd"},
	{.url = "postgresql:///cmfd?host=/a,"},
	{.url = "postgresql:///cmfd?host=/a,/b&port=1,2,3"},
	{.url = "postgresql:///cmfd?host=/a,/b&hostaddr=192.0.2.1"},
};

static void same_text(const char *is, const char *expected)
{
	ck_assert_int_eq(is == NULL, expected == NULL);
	if (expected)
		ck_assert_str_eq(is, expected);
}

START_TEST(test_postgresql_server_lists)
{
	struct strbuf problem = STRBUF_NULL;
	struct conninfo_servers servers;

	services_make();
	OK(conninfo_servers(server_lists[_i].url, &problem, &servers));
	services_remove();
	ck_assert_uint_eq(servers.len, server_lists[_i].n);
	for (size_t i = 0; i < servers.len; i++) {
		same_text(servers.item[i].host, server_lists[_i].server[i].host);
		same_text(servers.item[i].address, server_lists[_i].server[i].address);
		same_text(servers.item[i].port, server_lists[_i].server[i].port);
	}
	conninfo_servers_clear(&servers);
}
END_TEST

/* What does not stand in the URL is safe. */
START_TEST(test_postgresql_connects_safely)
{
	struct conninfo info = conninfo_of("postgresql://db.example/cmfd", NULL);
	const char *mode = NULL;

	for (size_t i = 0; info.keyword[i]; i++)
		if (strcmp(info.keyword[i], "sslmode") == 0)
			mode = info.value[i];
	ck_assert_str_eq(mode, "verify-full");
}
END_TEST

/* A condition over rows that its unit does not change needs a lock. */
START_TEST(test_postgresql_conditions_lock)
{
	for (int kind = 0; kind < CHANGE_KINDS; kind++)
		if (change_rows[kind] == CHANGE_ROWS_NONE)
			ck_assert_msg(locks_ruled((enum change_kind)kind),
				      "change %d has no rule in locks.c", kind);
}
END_TEST

/* --- the schema --- */

/* "table.column TYPE not null", in order. Those of SQLite, in PostgreSQL's types. */
static void columns_of_sqlite(struct strbuf *out)
{
	sqlite3_stmt *stmt;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	ck_assert_int_eq(sqlite_migration_functions(db), 0);
	for (unsigned i = 0; i < sqlite_migrations_count; i++)
		ck_assert_int_eq(sqlite3_exec(db, sqlite_migrations[i].sql, NULL, NULL, NULL),
				 SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_prepare_v2(db,
				   "SELECT t.name || '.' || c.name || CASE c.type WHEN 'INTEGER' "
				   "THEN ' bigint'"
				   " WHEN 'TEXT' THEN ' text' ELSE ' bytea' END"
				   " || iif(c.\"notnull\" OR c.pk, ' not null', '')"
				   " FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE "
				   "t.type = 'table'"
				   " AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1",
				   -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		strbuf_printf(out, "%s\n", sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

/* Without what is only there: 0034-first.sql says why. */
static void columns_of_postgresql(const char *url, struct strbuf *out)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *result =
		PQexec(conn, "SELECT table_name || '.' || column_name || ' ' || data_type"
			     " || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END"
			     " FROM information_schema.columns WHERE table_schema = 'public'"
			     " AND table_name NOT IN ('schema_version', 'commit_mark',"
			     " 'database_state')"
			     " AND column_name <> 'slot' ORDER BY 1");

	ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(conn));
	for (int i = 0; i < PQntuples(result); i++)
		strbuf_printf(out, "%s\n", PQgetvalue(result, i, 0));
	PQclear(result);
	PQfinish(conn);
}

/* Each migration of SQLite has its twin. */
START_TEST(test_postgresql_has_the_same_columns)
{
	struct strbuf sqlite = STRBUF_NULL, postgresql = STRBUF_NULL;
	struct fixture f;

	fixture_begin(&f, POSTGRESQL);
	columns_of_sqlite(&sqlite);
	columns_of_postgresql(f.database, &postgresql);
	ck_assert_str_eq(sqlite.text, postgresql.text);
	strbuf_clear(&sqlite);
	strbuf_clear(&postgresql);
	fixture_end(&f);
}
END_TEST

static void postgresql_execute(const char *url, const char *sql)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *result = PQexec(conn, sql);

	ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s", PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
}

static const char *migration_sql(unsigned number)
{
	for (unsigned i = 0; i < postgresql_migrations_count; i++)
		if (postgresql_migrations[i].number == number)
			return postgresql_migrations[i].sql;
	return NULL;
}

/* None migrates the database under a program that could not go on, as long as that has it open; and
 * one that has lost its session meanwhile changes nothing any more. */
START_TEST(test_postgresql_schema_is_claimed)
{
	const struct store_client client = sample_client("client-1");
	char sql[120];
	struct fixture f;
	int err;

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	f.options.serve = true;
	fixture_open(&f);
	OK(store_client_insert(f.unit, &client));
	OK(store_unit_commit(f.unit));
	snprintf(sql, sizeof(sql),
		 "DO $$ BEGIN IF pg_try_advisory_lock(4, %d) THEN RAISE 'nobody has it'; END IF;"
		 " END $$",
		 SCHEMA_NEWEST);
	postgresql_execute(f.database, sql);
	f.backend->database_make_newer(f.database, SCHEMA_NEWEST + 1);
	postgresql_execute(f.database,
			   "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity"
			   " WHERE datname = current_database() AND pid <> pg_backend_pid();"
			   " END $$");
	do {
		OK(store_client_remove(f.unit, "client-1"));
		err = store_unit_commit(f.unit);
		store_unit_clear(f.unit);
	} while (err == -ENOTCONN);
	ck_assert_int_eq(err, -EPROTO);
	fixture_close(&f);
	f.backend->database_drop(f.database);
}
END_TEST

/* One that needs more than programs know that serve it is not migrated. */
START_TEST(test_postgresql_older_programs_serve)
{
	struct strbuf problem = STRBUF_NULL;
	struct fixture f;
	PGconn *conn;

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	postgresql_execute(f.database, "UPDATE schema_version SET version = version - 1");
	conn = PQconnectdb(f.database);
	PQclear(PQexec(conn, "SELECT pg_advisory_lock_shared(4, 40)"));
	ck_assert_int_eq(store_open(&f.options, &f.store), -EUSERS);
	store_open_problem(&f.options, -EUSERS, &problem);
	ck_assert_ptr_nonnull(strstr(problem.text, "stop those first"));
	strbuf_clear(&problem);
	PQfinish(conn);
	postgresql_execute(f.database, "UPDATE schema_version SET version = version + 1");
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

/* Lines from before PostgreSQL had chains. */
START_TEST(test_postgresql_audit_before_chains)
{
	struct fixture f;

	fixture_begin(&f, POSTGRESQL);
	postgresql_execute(
		f.database,
		"INSERT INTO audit (time_ms, actor_kind, actor, uid, action, target, detail, "
		"before,"
		" after, outcome, request_id, user_name) VALUES"
		" (1, 0, 'vnfm-\u00e4', NULL, 'issue', '', NULL, NULL, NULL, 'done', NULL, NULL),"
		" (9223372036854775807, 1, 'cmfctl', 4294967294, 'revoke', 'vnfci-1', '0a0b', "
		"'active',"
		" 'revoked', 'done', 7, 'operator')");
	postgresql_execute(f.database, migration_sql(42));
	audit_chains_check(&f, 1, 2);
	/* They are what chain 1 goes on from. */
	add_audit(f.unit);
	OK(store_unit_commit(f.unit));
	audit_chains_check(&f, 2, 3);
	fixture_end(&f);
}
END_TEST

/* A chain that is not where this process left it, as on a standby that has not got all of it. */
START_TEST(test_postgresql_chain_that_was_set_back)
{
	struct fixture f;

	fixture_begin(&f, POSTGRESQL);
	add_audit(f.unit);
	OK(store_unit_commit(f.unit));
	postgresql_execute(f.database, "TRUNCATE audit");
	postgresql_execute(f.database, "DELETE FROM audit_chain WHERE id > 0");
	add_audit(f.unit);
	OK(store_unit_commit(f.unit));
	audit_chains_check(&f, 2, 1);
	fixture_end(&f);
}
END_TEST

/* What is asked for in lists is put together, and seen by the server only when it is asked. */
START_TEST(test_postgresql_understands_all_questions)
{
	struct fixture f;
	PGconn *conn;

	fixture_begin(&f, POSTGRESQL);
	conn = PQconnectdb(f.database);
	for (int i = 0; i < READ_KINDS; i++) {
		struct translated text;
		PGresult *result;

		OK(translate_sql(store_read_sql[i], NULL, &text));
		result = PQprepare(conn, "", text.sql, 0, NULL);
		ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s: %s", text.sql,
			      PQerrorMessage(conn));
		PQclear(result);
		free(text.sql);
	}
	PQfinish(conn);
	fixture_end(&f);
}
END_TEST

/* --- who serves, and standbys --- */

/* Several may serve, and none where somebody has claimed the database for itself. */
START_TEST(test_postgresql_is_claimed)
{
	struct store *other = NULL;
	struct fixture f;
	PGconn *conn;

	fixture_begin(&f, POSTGRESQL);
	fixture_close(&f);
	f.options.serve = true;
	fixture_open(&f);
	OK(store_open(&f.options, &other));
	store_close(other);
	fixture_close(&f);
	conn = PQconnectdb(f.database);
	PQclear(PQexec(conn, "SELECT pg_advisory_lock(3)"));
	ck_assert_int_eq(store_open(&f.options, &other), -EBUSY);
	f.options.serve = false;
	OK(store_open(&f.options, &other));
	store_close(other);
	PQfinish(conn);
	f.options.serve = true;
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

START_TEST(test_postgresql_ready_with_standbys_only)
{
	struct fixture f;

	fixture_begin(&f, POSTGRESQL);
	ck_assert_int_eq(store_ready(f.store, 0, 60000), -EPERM);
	fixture_close(&f);
	f.options.unreplicated = true;
	fixture_open(&f);
	OK(store_ready(f.store, 0, 60000));
	fixture_end(&f);
}
END_TEST

/* --- what is asked ahead --- */

static void client_add(struct fixture *f, const char *name)
{
	struct store_client client = sample_client(name);

	OK(store_client_insert(f->unit, &client));
	OK(store_unit_commit(f->unit));
}

/* It is as old as the asking, is told once, and not at all when it was dropped. */
START_TEST(test_postgresql_asked_ahead)
{
	const struct store_ahead ahead = {.transaction_id = bytes_of_string("0123456789abcdef")};
	int64_t before, then;
	struct fixture f;

	fixture_begin(&f, POSTGRESQL);
	OK(store_client_generation(f.reader, &before));
	OK(store_ahead_ask(f.reader, &ahead));
	client_add(&f, "vnfm-1");
	OK(store_client_generation(f.reader, &then));
	ck_assert_int_eq(then, before);
	OK(store_client_generation(f.reader, &then));
	ck_assert_int_gt(then, before);
	before = then;
	OK(store_ahead_ask(f.reader, &ahead));
	client_add(&f, "vnfm-2");
	store_ahead_drop(f.reader);
	OK(store_client_generation(f.reader, &then));
	ck_assert_int_gt(then, before);
	OK(store_ahead_ask(f.reader, &ahead));
	fixture_end(&f);
}
END_TEST

static void sessions_end(const struct fixture *f)
{
	PGconn *conn = PQconnectdb(f->database);
	PGresult *result =
		PQexec(conn, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
			     " WHERE datname = current_database()"
			     " AND pid <> pg_backend_pid()");

	ck_assert_int_eq(PQresultStatus(result), PGRES_TUPLES_OK);
	PQclear(result);
	PQfinish(conn);
}

static int client_pass(void *arg, struct store_client *client)
{
	(void)arg;
	(void)client;
	return 0;
}

/* Behind a list, whose rows come one at a time. */
START_TEST(test_postgresql_asked_ahead_behind_a_list)
{
	const struct store_ahead ahead = {.transaction_id = bytes_of_string("0123456789abcdef")};
	int64_t generation, then;
	struct fixture f;

	fixture_begin(&f, POSTGRESQL);
	client_add(&f, "vnfm-1");
	OK(store_client_generation(f.reader, &generation));
	for (int i = 0; i < 3; i++) {
		OK(store_client_list(f.reader, 0, client_pass, NULL));
		OK(store_ahead_ask(f.reader, &ahead));
		OK(store_client_generation(f.reader, &then));
		ck_assert_int_eq(then, generation);
	}
	store_ahead_drop(f.reader);
	fixture_end(&f);
}
END_TEST

/* The connection that was kept has gone meanwhile: all is asked on another one. */
START_TEST(test_postgresql_asked_ahead_again)
{
	struct store_ahead ahead = {.transaction_id = bytes_of_string("0123456789abcdef"),
				    .subject_id = bytes_of_string("vnfci-1")};
	struct store_registration reg = sample_registration("vnfci-1"), found = {0};
	struct fixture f;

	fixture_begin(&f, POSTGRESQL);
	put_registration(&f, &reg);
	for (int i = 0; i < 3; i++) {
		OK(store_ahead_ask(f.reader, &ahead));
		sessions_end(&f);
		OK(store_ahead_ask(f.reader, &ahead));
		OK(store_registration_find(f.reader, ENTITY("vnfci-1"), reg.cert_type, &found));
		store_registration_clear(&found);
	}
	fixture_end(&f);
}
END_TEST

/* --- answers that are lost --- */

enum { LOSSES = 10 };

struct relayed {
	struct fixture f;
	struct pg_relay relay;
	char *direct;
};

static void relayed_begin(struct relayed *r)
{
	fixture_begin(&r->f, POSTGRESQL);
	fixture_close(&r->f);
	pg_relay_start(&r->relay);
	r->direct = r->f.database;
	r->f.database = pg_relay_url(&r->relay, r->direct);
	r->f.options.database = r->f.database;
	r->f.options.timeout_ms = 60000;
	fixture_open(&r->f);
}

static void relayed_end(struct relayed *r)
{
	fixture_close(&r->f);
	pg_relay_stop(&r->relay);
	free(r->f.database);
	r->f.database = r->direct;
	r->f.options.database = r->direct;
	fixture_open(&r->f);
	fixture_end(&r->f);
}

static const struct {
	enum pg_relay_mode mode;
	const char *word;
} losses[] = {
	{PG_RELAY_CUT_AFTER, "commit"}, {PG_RELAY_CUT_BEFORE, "commit"},
	{PG_RELAY_CUT_AFTER, "begin"},  {PG_RELAY_CUT_BEFORE, "begin"},
	{PG_RELAY_CUT_AFTER, "mark"},
};

/* Whatever is lost, the unit is made once. A second time it would conflict with itself. */
START_TEST(test_postgresql_unit_is_made_once)
{
	struct relayed r;
	char name[24];

	relayed_begin(&r);
	for (int i = 1; i <= LOSSES; i++) {
		struct store_registration reg = sample_registration(name), found = {0};

		snprintf(name, sizeof(name), "vnfci-%d", i);
		OK(store_registration_insert(r.f.unit, &reg, NULL));
		add_audit(r.f.unit);
		atomic_store(&r.relay.word, losses[_i].word);
		atomic_store(&r.relay.mode, losses[_i].mode);
		OK(store_unit_commit(r.f.unit));
		ck_assert_int_eq(atomic_load(&r.relay.met), i);
		ck_assert_int_eq(r.f.backend->audit_count(r.direct), i);
		OK(store_registration_find(r.f.reader, ENTITY(name), CERT_TYPE_VNFCI, &found));
		store_registration_clear(&found);
	}
	audit_chains_check(&r.f, 2, LOSSES);
	relayed_end(&r);
}
END_TEST

static int64_t mark_of(const char *url)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *result = PQexec(conn, "SELECT max(sequence) FROM commit_mark");
	int64_t mark;

	ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(conn));
	mark = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	PQfinish(conn);
	return mark;
}

/* One that was looked up, and was not made, is not made later either: it was on its way. */
START_TEST(test_postgresql_unit_comes_too_late)
{
	struct relayed r;
	int64_t mark;

	relayed_begin(&r);
	OK(store_crl_raise(r.f.unit, 1));
	atomic_store(&r.relay.word, "commit");
	atomic_store(&r.relay.mode, PG_RELAY_CUT_LATE);
	OK(store_unit_commit(r.f.unit));
	ck_assert_int_eq(atomic_load(&r.relay.met), 1);
	mark = mark_of(r.direct);
	atomic_store(&r.relay.late, true);
	while (!atomic_load(&r.relay.late_done))
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	ck_assert_int_eq(mark_of(r.direct), mark);
	OK(store_crl_raise(r.f.unit, 2));
	OK(store_unit_commit(r.f.unit));
	ck_assert_int_gt(mark_of(r.direct), mark);
	relayed_end(&r);
}
END_TEST

struct told {
	sem_t done;
	int result;
	int64_t asked; /* what stands for an id; 0: nobody asks */
	int64_t id;
};

static void told(void *arg, int result, const struct store_unit *unit)
{
	struct told *t = arg;

	t->result = result;
	if (t->asked)
		t->id = store_unit_id(unit, t->asked);
	sem_post(&t->done);
}

/* Submits, and waits all the same. The id that stands for `asked`; 0: nobody asks for any. */
static int64_t unit_submit(struct fixture *f, int64_t asked)
{
	struct told t = {.result = -1, .asked = asked};

	sem_init(&t.done, 0, 0);
	if (!asked)
		store_unit_forget_ids(f->unit);
	store_unit_submit(&f->unit, told, &t);
	while (sem_wait(&t.done) < 0)
		;
	sem_destroy(&t.done);
	OK(t.result);
	return t.id;
}

enum { REQUESTS_MAX = 3 };

/* An entity that registers with its request for n certificates; what stands for its id. */
static int64_t enrolment_add(struct store_unit *unit, const char *name, uint64_t serial, size_t n)
{
	struct store_registration reg = sample_registration(name);
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcde"));
	int64_t reg_id, cert_id[REQUESTS_MAX], txn_id;

	t.transaction_id = (struct octets){(uint8_t *)(uintptr_t)name, strlen(name)};
	OK(store_registration_insert(unit, &reg, &reg_id));
	for (size_t i = 0; i < n; i++) {
		struct store_certificate cert = sample_certificate(reg_id, serial + i);
		struct store_attestation attestation = {.verdict = STORE_ATTESTATION_NONE};

		OK(store_certificate_insert(unit, &cert, &cert_id[i]));
		attestation.certificate_id = cert_id[i];
		OK(store_attestation_insert(unit, &attestation));
	}
	t.certificate_id = cert_id[0];
	t.n_items = n;
	OK(store_transaction_insert(unit, &t, &txn_id));
	for (size_t i = 0; i < n; i++) {
		const struct store_transaction_item item = {
			.certificate_id = cert_id[i], .failinfo = -1, .reason = STORE_REASON_NONE};

		OK(store_transaction_item_insert(unit, &item, (int)i, txn_id));
	}
	return reg_id;
}

static void certificate_check(struct fixture *f, int64_t id, const char *name, uint64_t serial)
{
	struct store_certificate cert = {0}, expected = sample_certificate(0, serial);
	struct store_attestation attestation = {0};

	OK(store_certificate_get(f->reader, id, &cert));
	ck_assert_str_eq(cert.subject_id, name);
	ck_assert_mem_eq(cert.serial.octet, expected.serial.octet, sizeof(serial));
	OK(store_attestation_get(f->reader, id, &attestation));
	store_attestation_clear(&attestation);
	store_certificate_clear(&cert);
}

static void enrolment_check(struct fixture *f, const char *name, uint64_t serial, size_t n)
{
	struct store_transaction t = {0};
	struct store_transaction_items items = {0};

	OK(store_transaction_find(f->reader, "client:vnfm-a", bytes_of_string(name), &t));
	certificate_check(f, t.certificate_id, name, serial);
	OK(store_transaction_items_get(f->reader, t.id, &items));
	ck_assert_uint_eq(items.len, n);
	for (size_t i = 0; i < n; i++)
		certificate_check(f, items.item[i].certificate_id, name, serial + i);
	store_transaction_items_clear(&items);
	store_transaction_clear(&t);
}

/*
 * Rows that are the newest of their tables, and such that are not, are those of their own unit; and
 * whoever asks for an id is told it, whatever was lost.
 */
START_TEST(test_postgresql_submitted_unit)
{
	struct relayed r;
	char name[24];

	relayed_begin(&r);
	for (int i = 0; i < 2 * LOSSES; i++) {
		struct store_registration other, found = {0};
		uint64_t serial = 100 + 10 * (uint64_t)i;
		size_t n = 1 + (size_t)i % REQUESTS_MAX;
		int64_t reg_id, id;

		snprintf(name, sizeof(name), "other-%d", i);
		other = sample_registration(name);
		put_registration(&r.f, &other);
		snprintf(name, sizeof(name), "vnfci-%d", i);
		reg_id = enrolment_add(r.f.unit, name, serial, n);
		atomic_store(&r.relay.word, losses[_i].word);
		atomic_store(&r.relay.mode, losses[_i].mode);
		id = unit_submit(&r.f, i % 2 ? reg_id : 0);
		ck_assert_int_eq(atomic_load(&r.relay.met), i + 1);
		enrolment_check(&r.f, name, serial, n);
		OK(store_registration_find(r.f.reader, ENTITY(name), CERT_TYPE_VNFCI, &found));
		if (i % 2)
			ck_assert_int_eq(id, found.id);
		store_registration_clear(&found);
	}
	relayed_end(&r);
}
END_TEST

static void pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	nanosleep(&pause, NULL);
}

/* A server that has gone is not asked by everybody; when it is back, all goes on. */
START_TEST(test_postgresql_server_away_and_back)
{
	struct store_registration reg = sample_registration("vnfci-1"), found = {0};
	struct relayed r;
	int asked, err;

	relayed_begin(&r);
	put_registration(&r.f, &reg);
	atomic_store(&r.relay.mode, PG_RELAY_AWAY);
	while (store_registration_find(r.f.reader, ENTITY("vnfci-1"), reg.cert_type, &found) == 0) {
		store_registration_clear(&found);
		pause_shortly();
	}
	asked = atomic_load(&r.relay.accepted);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(store_registration_find(r.f.reader, ENTITY("vnfci-1"),
							 reg.cert_type, &found),
				 -ENOTCONN);
	/* A thousand questions are no thousand connections, however slow this machine is. */
	ck_assert_int_lt(atomic_load(&r.relay.accepted) - asked, 500);
	add_audit(r.f.unit);
	ck_assert_int_eq(store_unit_commit(r.f.unit), -ENOTCONN);
	atomic_store(&r.relay.mode, PG_RELAY_PASS);
	while ((err = store_registration_find(r.f.reader, ENTITY("vnfci-1"), reg.cert_type,
					      &found)) == -ENOTCONN)
		pause_shortly();
	OK(err);
	store_registration_clear(&found);
	add_audit(r.f.unit);
	while ((err = store_unit_commit(r.f.unit)) == -ENOTCONN) {
		add_audit(r.f.unit);
		pause_shortly();
	}
	OK(err);
	ck_assert_int_eq(r.f.backend->audit_count(r.direct), 1);
	relayed_end(&r);
}
END_TEST

static void *unit_commit_run(void *arg)
{
	static int result;
	struct store_unit *unit = arg;

	result = store_unit_commit(unit);
	return &result;
}

/* While a COMMIT has no answer nobody else waits for one; and it is not given up. */
START_TEST(test_postgresql_commit_takes_long)
{
	struct store_registration found = {0};
	struct relayed r;
	pthread_t thread;
	void *result;
	int err;

	relayed_begin(&r);
	fixture_close(&r.f);
	r.f.options.timeout_ms = 200;
	fixture_open(&r.f);
	atomic_store(&r.relay.word, "commit");
	atomic_store(&r.relay.mode, PG_RELAY_HOLD);
	add_audit(r.f.unit);
	OK(pthread_create(&thread, NULL, unit_commit_run, r.f.unit));
	while (store_registration_find(r.f.reader, ENTITY("vnfci-1"), CERT_TYPE_VNFCI, &found) !=
	       -ENOTCONN)
		pause_shortly();
	atomic_store(&r.relay.mode, PG_RELAY_PASS);
	pthread_join(thread, &result);
	ck_assert_int_eq(*(int *)result, 0);
	ck_assert_int_eq(r.f.backend->audit_count(r.direct), 1);
	while ((err = store_registration_find(r.f.reader, ENTITY("vnfci-1"), CERT_TYPE_VNFCI,
					      &found)) == -ENOTCONN)
		pause_shortly();
	ABSENT(err);
	relayed_end(&r);
}
END_TEST

/* Nor does it stay so when what took long was not made. */
START_TEST(test_postgresql_conflict_takes_long)
{
	struct store_registration reg = sample_registration("vnfci-1"), found = {0};
	struct relayed r;
	pthread_t thread;
	void *result;
	int err;

	relayed_begin(&r);
	put_registration(&r.f, &reg);
	fixture_close(&r.f);
	r.f.options.timeout_ms = 200;
	fixture_open(&r.f);
	atomic_store(&r.relay.word, "commit");
	atomic_store(&r.relay.mode, PG_RELAY_HOLD);
	OK(store_registration_insert(r.f.unit, &reg, NULL));
	OK(pthread_create(&thread, NULL, unit_commit_run, r.f.unit));
	while ((err = store_registration_find(r.f.reader, ENTITY("vnfci-1"), reg.cert_type,
					      &found)) == 0) {
		store_registration_clear(&found);
		pause_shortly();
	}
	ck_assert_int_eq(err, -ENOTCONN);
	atomic_store(&r.relay.mode, PG_RELAY_PASS);
	pthread_join(thread, &result);
	ck_assert_int_eq(*(int *)result, STORE_CONFLICT);
	add_audit(r.f.unit);
	while ((err = store_unit_commit(r.f.unit)) == -ENOTCONN) {
		add_audit(r.f.unit);
		pause_shortly();
	}
	OK(err);
	relayed_end(&r);
}
END_TEST

/* A registration, in a thread. */
struct finding {
	struct store_reader *reader;
	struct store_registration found;
	int result;
	atomic_bool done;
};

static void *finding_run(void *arg)
{
	struct finding *f = arg;

	f->result =
		store_registration_find(f->reader, ENTITY("vnfci-1"), CERT_TYPE_VNFCI, &f->found);
	atomic_store(&f->done, true);
	return NULL;
}

/* Who waits for a slow server goes on to; others are told so, and do not wait with it. */
START_TEST(test_postgresql_server_is_slow)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct finding finding = {0};
	struct relayed r;
	pthread_t thread;
	int64_t generation;
	char name[16];
	bool told = false;

	relayed_begin(&r);
	put_registration(&r.f, &reg);
	fixture_close(&r.f);
	r.f.options.timeout_ms = 4000;
	fixture_open(&r.f);
	OK(store_reader_new(r.f.store, &finding.reader));
	snprintf(name, sizeof(name), "r%d", READ_REGISTRATION_FIND);
	atomic_store(&r.relay.word, name);
	/* A question of ours that is answered at that moment says that the server is there; and it
	 * can be let go too late. */
	while (!told || finding.result != 0) {
		told = false;
		atomic_store(&finding.done, false);
		atomic_store(&r.relay.mode, PG_RELAY_HOLD);
		OK(pthread_create(&thread, NULL, finding_run, &finding));
		while (!told && !atomic_load(&finding.done)) {
			told = store_client_generation(r.f.reader, &generation) == -ENOTCONN;
			pause_shortly();
		}
		atomic_store(&r.relay.mode, PG_RELAY_PASS);
		pthread_join(thread, NULL);
		ck_assert_msg(finding.result == 0 || finding.result == -ETIMEDOUT ||
				      finding.result == -ENOTCONN,
			      "%d", finding.result);
		if (finding.result == 0 && !told)
			store_registration_clear(&finding.found);
	}
	store_registration_clear(&finding.found);
	store_reader_free(finding.reader);
	OK(store_client_generation(r.f.reader, &generation));
	relayed_end(&r);
}
END_TEST

TCase *postgresql_cases(void)
{
	TCase *tc = tcase_create("postgresql");

	tcase_add_test(tc, test_postgresql_server_is_slow);
	tcase_add_test(tc, test_postgresql_asked_ahead);
	tcase_add_test(tc, test_postgresql_asked_ahead_behind_a_list);
	tcase_add_test(tc, test_postgresql_asked_ahead_again);
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, test_postgresql_words, 0, (int)ARRAY_LEN(texts));
	tcase_add_test(tc, test_postgresql_words_without_columns);
	tcase_add_loop_test(tc, test_postgresql_urls, 0, (int)ARRAY_LEN(urls));
	tcase_add_loop_test(tc, test_postgresql_server_lists, 0, (int)ARRAY_LEN(server_lists));
	tcase_add_test(tc, test_postgresql_connects_safely);
	tcase_add_test(tc, test_postgresql_conditions_lock);
	if (backends_count <= POSTGRESQL)
		return tc;
	tcase_add_test(tc, test_postgresql_has_the_same_columns);
	tcase_add_test(tc, test_postgresql_understands_all_questions);
	tcase_add_test(tc, test_postgresql_schema_is_claimed);
	tcase_add_test(tc, test_postgresql_older_programs_serve);
	tcase_add_test(tc, test_postgresql_audit_before_chains);
	tcase_add_test(tc, test_postgresql_chain_that_was_set_back);
	tcase_add_test(tc, test_postgresql_is_claimed);
	tcase_add_test(tc, test_postgresql_ready_with_standbys_only);
	tcase_add_loop_test(tc, test_postgresql_unit_is_made_once, 0, (int)ARRAY_LEN(losses));
	tcase_add_test(tc, test_postgresql_unit_comes_too_late);
	tcase_add_loop_test(tc, test_postgresql_submitted_unit, 0, (int)ARRAY_LEN(losses));
	tcase_add_test(tc, test_postgresql_server_away_and_back);
	tcase_add_test(tc, test_postgresql_commit_takes_long);
	tcase_add_test(tc, test_postgresql_conflict_takes_long);
	return tc;
}
