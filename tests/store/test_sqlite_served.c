// SPDX-License-Identifier: Apache-2.0
/*
 * A database that is served: by one process at a time, whose id is told; and what is kept of it
 * before it is migrated, where there is room.
 */
#include "fixture.h"

#include "../../src/store/migration.h"
#include "../../src/store/sql.h"
#include "../../src/store/sqlite/migrate.h"
#include "../../src/store/unit.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the disk: the linker puts this in front of statvfs(), which has that name with large files
 * --- */

static fsblkcnt_t blocks_free; /* 0: as it is */

int __real_statvfs64(const char *path, struct statvfs *fs);
int __wrap_statvfs64(const char *path, struct statvfs *fs);

int __wrap_statvfs64(const char *path, struct statvfs *fs)
{
	int result = __real_statvfs64(path, fs);

	if (result == 0 && blocks_free)
		fs->f_bavail = blocks_free;
	return result;
}

/* --- a process that serves --- */

int served_child(char **args)
{
	struct store_options options = {.database = args[0], .batch_max = 16, .serve = true};
	struct store *store;

	if (store_open(&options, &store) != 0)
		return 2;
	if (write(STDOUT_FILENO, "", 1) != 1)
		return 3;
	pause();
	return 1;
}

/* With `point`, it kills itself there; else it serves when this returns. */
static pid_t child_start(const char *database, const char *point)
{
	int ends[2];
	pid_t pid;
	char c;

	OK(pipe(ends));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		if (point)
			setenv("CMFD_FAULT_POINT", point, 1);
		execl("/proc/self/exe", "test_store", SERVED_CHILD, database, (char *)NULL);
		_exit(2);
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &c, 1), point ? 0 : 1);
	close(ends[0]);
	return pid;
}

static void child_killed(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void served_begin(struct fixture *f)
{
	*f = (struct fixture){.backend = &backend_sqlite};
	f->database = f->backend->database_new();
	f->options =
		(struct store_options){.database = f->database, .batch_max = 16, .serve = true};
}

static void beside_remove(const struct fixture *f, const char *suffix)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", f->database, suffix);
	OK(unlink(path));
}

static void served_end(struct fixture *f)
{
	if (f->options.serve)
		beside_remove(f, ".lock");
	f->backend->database_drop(f->database);
}

START_TEST(test_one_process_serves)
{
	_cleanup_(strbuf_clear) struct strbuf problem = STRBUF_NULL, expected = STRBUF_NULL;
	struct store_options beside;
	struct fixture f;
	pid_t pid;

	served_begin(&f);
	OK(store_create(&f.options));
	ck_assert_int_eq(store_server(&f.options), 0);
	pid = child_start(f.database, NULL);
	ck_assert_int_eq(store_server(&f.options), pid);
	ck_assert_int_eq(store_open(&f.options, &f.store), -EBUSY);
	store_open_problem(&f.options, -EBUSY, &problem);
	strbuf_printf(&expected, "%s is served by another cmfd, process %d: stop that first",
		      f.database, pid);
	ck_assert_str_eq(problem.text, expected.text);
	/* Who only looks is not kept off. */
	beside = f.options;
	beside.serve = false;
	beside.as_it_is = true;
	OK(store_open(&beside, &f.store));
	store_close(f.store);
	/* The lock goes with the process, however that ends. */
	OK(kill(pid, SIGKILL));
	child_killed(pid);
	ck_assert_int_eq(store_server(&f.options), 0);
	OK(store_open(&f.options, &f.store));
	ck_assert_int_eq(store_server(&f.options), getpid());
	store_close(f.store);
	ck_assert_int_eq(store_server(&f.options), 0);
	served_end(&f);
}
END_TEST

/* --- before a migration --- */

static int64_t number_of(const char *database, const char *suffix, const char *sql)
{
	char path[512];
	sqlite3_stmt *stmt;
	int64_t number;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s%s", database, suffix);
	OK(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL));
	OK(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	OK(sqlite3_close(db));
	return number;
}

/* As the first version of the schema has it, with one client. */
static void database_of_before(const char *database)
{
	sqlite3 *db;

	OK(sqlite3_open(database, &db));
	OK(sqlite_migration_functions(db));
	OK(sqlite3_exec(db, sqlite_migrations[0].sql, NULL, NULL, NULL));
	OK(sqlite3_exec(
		db,
		"INSERT INTO client (name, trust_domain, permissions, register_on_ir,"
		" mac_reference, mac_secret, created_ms) VALUES ('a', 'd', 1, 0, 'r', x'00',"
		" 5); PRAGMA application_id = 1668114020; PRAGMA user_version = 1;"
		" PRAGMA journal_mode = WAL",
		NULL, NULL, NULL));
	OK(sqlite3_close(db));
}

static bool is_beside(const struct fixture *f, const char *suffix)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", f->database, suffix);
	return access(path, F_OK) == 0;
}

START_TEST(test_copy_before_migration)
{
	struct fixture f;

	served_begin(&f);
	database_of_before(f.database);
	OK(store_open(&f.options, &f.store));
	store_close(f.store);
	ck_assert_int_eq(number_of(f.database, "", "PRAGMA user_version"), SCHEMA_NEWEST);
	ck_assert_int_eq(number_of(f.database, ".schema-1", "PRAGMA user_version"), 1);
	ck_assert_int_eq(number_of(f.database, ".schema-1",
				   "SELECT count(*) FROM client WHERE mac_reference = 'r'"),
			 1);
	/* None where nothing is migrated. */
	beside_remove(&f, ".schema-1");
	OK(store_open(&f.options, &f.store));
	store_close(f.store);
	ck_assert(!is_beside(&f, ".schema-1"));
	served_end(&f);
}
END_TEST

/* kill -9 in the middle of the copy: nothing was migrated, and the next start does all of it. */
START_TEST(test_copy_is_interrupted)
{
	struct fixture f;

	served_begin(&f);
	database_of_before(f.database);
	child_killed(child_start(f.database, "store-copy"));
	ck_assert(is_beside(&f, ".schema-1.unfinished"));
	ck_assert(!is_beside(&f, ".schema-1"));
	ck_assert_int_eq(number_of(f.database, "", "PRAGMA user_version"), 1);
	OK(store_open(&f.options, &f.store));
	store_close(f.store);
	ck_assert(!is_beside(&f, ".schema-1.unfinished"));
	ck_assert_int_eq(number_of(f.database, ".schema-1", "PRAGMA user_version"), 1);
	ck_assert_int_eq(number_of(f.database, "", "PRAGMA user_version"), SCHEMA_NEWEST);
	beside_remove(&f, ".schema-1");
	served_end(&f);
}
END_TEST

START_TEST(test_no_room_for_a_copy)
{
	struct fixture f;

	served_begin(&f);
	database_of_before(f.database);
	blocks_free = 1;
	OK(store_open(&f.options, &f.store));
	blocks_free = 0;
	store_close(f.store);
	ck_assert(!is_beside(&f, ".schema-1"));
	ck_assert_int_eq(number_of(f.database, "", "PRAGMA user_version"), SCHEMA_NEWEST);
	served_end(&f);
}
END_TEST

/* --- the generation of the clients, in memory --- */

static void generation_raise(const char *database)
{
	sqlite3 *db;

	OK(sqlite3_open(database, &db));
	OK(sqlite3_exec(db, "UPDATE meta SET value = value + 100 WHERE name = 'client_generation'",
			NULL, NULL, NULL));
	OK(sqlite3_close(db));
}

static int64_t generation_of(struct fixture *f)
{
	int64_t generation;

	OK(store_client_generation(f->reader, &generation));
	return generation;
}

/* What nobody but this process changes is read once, and again after each change. */
static void generation_check(bool serve)
{
	struct store_client a = sample_client("a");
	int64_t before, now;
	struct fixture f;

	served_begin(&f);
	OK(store_create(&f.options));
	f.options.serve = serve;
	fixture_open(&f);
	before = generation_of(&f);
	generation_raise(f.database);
	ck_assert_int_eq(generation_of(&f), before + (serve ? 0 : 100));
	OK(store_client_insert(f.unit, &a));
	OK(store_unit_commit(f.unit));
	now = generation_of(&f);
	ck_assert_int_gt(now, before + 100);
	/* One that comes to nothing changes nothing. */
	OK(store_client_insert(f.unit, &a));
	CONFLICT(store_unit_commit(f.unit));
	ck_assert_int_eq(generation_of(&f), now);
	OK(store_client_remove(f.unit, "a"));
	OK(store_unit_commit(f.unit));
	ck_assert_int_gt(generation_of(&f), now);
	fixture_close(&f);
	served_end(&f);
}

START_TEST(test_generation_in_memory)
{
	generation_check(true);
}
END_TEST

START_TEST(test_generation_beside_others)
{
	generation_check(false);
}
END_TEST

/* By their SQL: no change of the tables that the generation is of is forgotten. */
START_TEST(test_changes_of_clients)
{
	static const char *const writes[] = {"INSERT INTO client ", "UPDATE client ",
					     "DELETE FROM client ", "INSERT INTO credential ",
					     "UPDATE credential ",  "DELETE FROM credential "};
	int n = 0;

	for (int kind = 0; kind < CHANGE_KINDS; kind++) {
		bool found = false;

		for (size_t i = 0; i < ARRAY_LEN(writes); i++)
			found = found || strstr(store_change_sql[kind], writes[i]);
		ck_assert_msg(found == change_of_clients(kind), "%s", store_change_sql[kind]);
		n += found;
	}
	ck_assert_int_eq(n, 6);
}
END_TEST

TCase *sqlite_served_cases(void)
{
	TCase *cases = tcase_create("sqlite_served");

	tcase_add_test(cases, test_one_process_serves);
	tcase_add_test(cases, test_copy_before_migration);
	tcase_add_test(cases, test_copy_is_interrupted);
	tcase_add_test(cases, test_no_room_for_a_copy);
	tcase_add_test(cases, test_generation_in_memory);
	tcase_add_test(cases, test_generation_beside_others);
	tcase_add_test(cases, test_changes_of_clients);
	return cases;
}
