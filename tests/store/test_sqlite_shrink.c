// SPDX-License-Identifier: Apache-2.0
/* The file of a database gives pages back when much of it was purged, also when that is cut off. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRANSACTIONS = 2500, PATIENCE_S = 600 };

static int64_t pages_of(const struct fixture *f, const char *pragma)
{
	sqlite3_stmt *stmt;
	int64_t n;
	sqlite3 *db;

	OK(sqlite3_open(f->database, &db));
	OK(sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL));
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

/* Some megabytes of transactions that are over, and gone again. */
static void database_hollow(struct fixture *f)
{
	static uint8_t response[3000];
	uint8_t id[16] = {0};

	for (int i = 0; i < TRANSACTIONS; i++) {
		struct store_transaction txn = sample_transaction((struct octets){id, sizeof(id)});

		memcpy(id, &i, sizeof(i));
		txn.state = STORE_TXN_DONE;
		txn.deadline_ms = 0;
		txn.response = (struct octets){response, sizeof(response)};
		OK(store_transaction_insert(f->unit, &txn, NULL));
		if (i % 500 == 499)
			OK(store_unit_commit(f->unit));
	}
	OK(store_transaction_purge(f->unit, STORE_TXN_DONE, INT64_MAX, TRANSACTIONS, NULL));
	OK(store_unit_commit(f->unit));
}

static void shrink_begin(struct fixture *f, const char *settings)
{
	const struct store_registration reg = sample_registration("a");
	sqlite3 *db;

	*f = (struct fixture){.backend = &backend_sqlite};
	f->database = f->backend->database_new();
	f->options = (struct store_options){.database = f->database, .batch_max = 16};
	if (settings) {
		OK(sqlite3_open(f->database, &db));
		OK(sqlite3_exec(db, settings, NULL, NULL, NULL));
		OK(sqlite3_close(db));
	} else {
		OK(store_create(&f->options));
	}
	fixture_open(f);
	put_registration(f, &reg);
	database_hollow(f);
}

/* Commits go on until it has shrunk; whether at once is the machine's affair. */
START_TEST(test_database_shrinks)
{
	int64_t before, unused;
	struct fixture f;
	time_t end = time(NULL) + PATIENCE_S;

	shrink_begin(&f, NULL);
	before = pages_of(&f, "PRAGMA page_count");
	while (pages_of(&f, "PRAGMA page_count") > before / 2) {
		ck_assert_int_lt(time(NULL), end);
		add_audit(f.unit);
		OK(store_unit_commit(f.unit));
	}
	/* Some stay for what comes next. */
	unused = pages_of(&f, "PRAGMA freelist_count");
	ck_assert_int_gt(unused, 0);
	fixture_end(&f);
}
END_TEST

/* kill -9 in the middle: what was given back is given back, and nothing is lost. */
START_TEST(test_shrinking_is_interrupted)
{
	struct fixture f;
	char fd[12];
	int64_t before;
	int status;
	pid_t pid;

	shrink_begin(&f, NULL);
	before = pages_of(&f, "PRAGMA page_count");
	fixture_close(&f);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		snprintf(fd, sizeof(fd), "%d", open("/dev/null", O_WRONLY));
		setenv("CMFD_FAULT_POINT", "store-shrink", 1);
		execl("/proc/self/exe", "test_store", CRASH_CHILD, f.database, "5000", "1", fd,
		      (char *)NULL);
		_exit(2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_int_lt(pages_of(&f, "PRAGMA page_count"), before);
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

/* One of before keeps its size: VACUUM makes another of it. */
START_TEST(test_database_of_before_keeps_its_size)
{
	struct fixture f;
	int64_t before;

	shrink_begin(&f, "PRAGMA auto_vacuum = 0; PRAGMA page_size = 4096; VACUUM");
	before = pages_of(&f, "PRAGMA page_count");
	for (int i = 0; i < 20; i++) {
		add_audit(f.unit);
		OK(store_unit_commit(f.unit));
	}
	ck_assert_int_ge(pages_of(&f, "PRAGMA page_count"), before);
	fixture_close(&f);
	{
		sqlite3 *db;

		OK(sqlite3_open(f.database, &db));
		OK(sqlite3_exec(db, "PRAGMA auto_vacuum = 2; VACUUM", NULL, NULL, NULL));
		OK(sqlite3_close(db));
	}
	ck_assert_int_lt(pages_of(&f, "PRAGMA page_count"), before / 2);
	ck_assert_int_eq(pages_of(&f, "PRAGMA auto_vacuum"), 2);
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

TCase *sqlite_shrink_cases(void)
{
	TCase *cases = tcase_create("sqlite_shrink");

	tcase_add_test(cases, test_database_shrinks);
	tcase_add_test(cases, test_shrinking_is_interrupted);
	tcase_add_test(cases, test_database_of_before_keeps_its_size);
	return cases;
}
