// SPDX-License-Identifier: Apache-2.0
/*
 * Whether the store says that it can commit if and only if it can: full and broken disks, files
 * that may only be read, files that were taken away.
 */
#include "fixture.h"

#include "failing_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* So long that no machine is too slow for it. */
enum { WAIT_MS = 60 * 1000, AGE_MS = 60 * 1000 };

/* Anew, whatever came of the COMMIT before. */
static int ready(struct fixture *f)
{
	return store_ready(f->store, 0, WAIT_MS);
}

static int64_t probes(const char *database)
{
	int64_t n = 0;
	sqlite3_stmt *stmt;
	sqlite3 *db;

	OK(sqlite3_open(database, &db));
	OK(sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE name = 'probe'", -1, &stmt, NULL));
	if (sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	OK(sqlite3_close(db));
	return n;
}

START_TEST(test_ready_by_a_commit)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct fixture f;

	fixture_begin(&f, 0);
	ck_assert_int_eq(probes(f.database), 0);
	OK(store_ready(f.store, AGE_MS, WAIT_MS));
	ck_assert_int_eq(probes(f.database), 1);
	OK(store_ready(f.store, AGE_MS, WAIT_MS));
	ck_assert_int_eq(probes(f.database), 1);
	OK(ready(&f));
	ck_assert_int_eq(probes(f.database), 2);
	fixture_close(&f);
	fixture_open(&f);
	/* Somebody's own commit proves it as well. */
	put_registration(&f, &reg);
	OK(store_ready(f.store, AGE_MS, WAIT_MS));
	ck_assert_int_eq(probes(f.database), 2);
	fixture_end(&f);
}
END_TEST

static void *ask(void *arg)
{
	OK(store_ready(arg, 0, WAIT_MS));
	return NULL;
}

/* One that is under way is enough for all who ask meanwhile. */
START_TEST(test_ready_asked_by_many)
{
	enum { ASKERS = 64 };
	pthread_t thread[ASKERS];
	struct fixture f;

	fixture_begin(&f, 0);
	for (int i = 0; i < ASKERS; i++)
		OK(pthread_create(&thread[i], NULL, ask, f.store));
	for (int i = 0; i < ASKERS; i++)
		pthread_join(thread[i], NULL);
	ck_assert_int_ge(probes(f.database), 1);
	ck_assert_int_le(probes(f.database), ASKERS);
	fixture_end(&f);
}
END_TEST

START_TEST(test_not_ready_on_a_full_or_broken_disk)
{
	static const struct {
		unsigned kinds;
		int expected;
	} rows[] = {{FAILING_WRITE, -ENOSPC}, {FAILING_SYNC, -EIO}};
	struct fixture f;

	failing_vfs_register();
	fixture_begin(&f, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OK(ready(&f));
		failing_vfs_arm(rows[i].kinds, 1, true);
		ck_assert_int_eq(ready(&f), rows[i].expected);
		ck_assert_int_eq(store_ready(f.store, AGE_MS, WAIT_MS), rows[i].expected);
		ck_assert_int_gt(failing_vfs_failures(), 0);
		failing_vfs_arm(0, 0, false);
		OK(ready(&f));
	}
	fixture_end(&f);
}
END_TEST

/* Nothing is read, nothing is committed, until it is back. */
static void assert_lost(struct fixture *f)
{
	struct store_registration reg = sample_registration("lost"), found = {0};

	ck_assert_int_eq(ready(f), -ESTALE);
	ck_assert_int_eq(store_files_check(f->store), -ESTALE);
	OK(store_registration_insert(f->unit, &reg, NULL));
	ck_assert_int_eq(store_unit_commit(f->unit), -ESTALE);
	ck_assert_int_eq(store_registration_get(f->reader, 1, &found), -ESTALE);
}

static void assert_back(struct fixture *f)
{
	struct store_registration found = {0};

	OK(ready(f));
	OK(store_registration_get(f->reader, 1, &found));
	store_registration_clear(&found);
	ABSENT(store_registration_find(f->reader, ENTITY("lost"), CERT_TYPE_VNFCI, &found));
}

static void path_of(const struct fixture *f, const char *suffix, char path[512])
{
	snprintf(path, 512, "%s%s", f->database, suffix);
}

static void file_copy(const char *from, const char *to)
{
	_cleanup_(octets_clear) struct octets all = OCTETS_NULL;

	OK(file_read(from, 1 << 24, &all));
	OK(file_write_durable(to, octets_view(&all), 0600));
}

static const char *const suffixes[] = {"", "-wal", "-shm"};

/* Each of the files: moved away, another one in its place, and back. */
START_TEST(test_files_taken_away)
{
	struct store_registration reg = sample_registration("vnfci-1");
	char path[512], aside[512];
	struct fixture f;

	fixture_begin(&f, 0);
	put_registration(&f, &reg);
	path_of(&f, suffixes[_i], path);
	path_of(&f, ".aside", aside);
	assert_back(&f);
	OK(rename(path, aside));
	assert_lost(&f);
	file_copy(aside, path);
	assert_lost(&f);
	OK(rename(aside, path));
	assert_back(&f);
	/* A commit notices by itself. */
	OK(rename(path, aside));
	OK(store_registration_insert(f.unit, &reg, NULL));
	ck_assert_int_eq(store_unit_commit(f.unit), -ESTALE);
	OK(rename(aside, path));
	assert_back(&f);
	fixture_end(&f);
}
END_TEST

/* Root may write whatever the mode says. */
static void privileges_drop(struct fixture *f)
{
	enum { NOBODY = 65534 };
	char path[512], *slash;

	if (geteuid() != 0)
		return;
	OK(chown(f->database, NOBODY, NOBODY));
	path_of(f, "", path);
	slash = strrchr(path, '/');
	*slash = '\0';
	OK(chown(path, NOBODY, NOBODY));
	OK(seteuid(NOBODY));
}

/* LeakSanitizer looks at the process as a debugger would, which a change of user forbids. */
static void privileges_back(void)
{
	if (getuid() != 0)
		return;
	OK(seteuid(0));
	OK(prctl(PR_SET_DUMPABLE, 1));
}

START_TEST(test_database_that_may_only_be_read)
{
	struct fixture f;

	fixture_begin(&f, 0);
	fixture_close(&f);
	OK(chmod(f.database, 0400));
	privileges_drop(&f);
	ck_assert_int_eq(store_open(&f.options, &f.store), -EACCES);
	OK(chmod(f.database, 0600));
	fixture_open(&f);
	OK(ready(&f));
	fixture_end(&f);
	privileges_back();
}
END_TEST

static int filled(const char *path)
{
	static const uint8_t page[4096];
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	while (write(fd, page, sizeof(page)) > 0)
		;
	return fd;
}

START_TEST(test_not_ready_on_a_full_file_system)
{
	char directory[512], filler[600];
	struct fixture f = {.backend = &backend_sqlite};
	struct store_registration reg = sample_registration("vnfci-1");
	int err = 0;

	f.database = f.backend->database_new();
	f.options = (struct store_options){.database = f.database, .batch_max = 16};
	path_of(&f, "", directory);
	*strrchr(directory, '/') = '\0';
	if (mount("tmpfs", directory, "tmpfs", 0, "size=1m") < 0) {
		fprintf(stderr, "skipped: only root can mount a small file system\n");
		f.backend->database_drop(f.database);
		return;
	}
	OK(store_create(&f.options));
	fixture_open(&f);
	OK(ready(&f));
	snprintf(filler, sizeof(filler), "%s/filler", directory);
	close(filled(filler));
	for (int i = 0; i < 1000 && err == 0; i++) {
		char name[32];

		snprintf(name, sizeof(name), "vnfci-%d", i);
		reg.subject_id = name;
		OK(store_registration_insert(f.unit, &reg, NULL));
		err = store_unit_commit(f.unit);
	}
	ck_assert_int_eq(err, -ENOSPC);
	ck_assert_int_eq(ready(&f), -ENOSPC);
	OK(unlink(filler));
	OK(ready(&f));
	fixture_close(&f);
	OK(umount(directory));
	f.backend->database_drop(f.database);
}
END_TEST

TCase *sqlite_ready_cases(void)
{
	TCase *tc = tcase_create("sqlite_ready");

	tcase_add_test(tc, test_ready_by_a_commit);
	tcase_add_test(tc, test_ready_asked_by_many);
	tcase_add_test(tc, test_not_ready_on_a_full_or_broken_disk);
	tcase_add_loop_test(tc, test_files_taken_away, 0, ARRAY_LEN(suffixes));
	tcase_add_test(tc, test_database_that_may_only_be_read);
	tcase_add_test(tc, test_not_ready_on_a_full_file_system);
	return tc;
}
