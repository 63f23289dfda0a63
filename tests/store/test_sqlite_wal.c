// SPDX-License-Identifier: Apache-2.0
/*
 * Write-ahead logs that SQLite wrote, damaged octet by octet and cut short: what was committed and
 * is lost is told, what was never finished is not. https://sqlite.org/walformat.html
 */
#include "fixture.h"

#include "../../src/store/sqlite/wal_scan.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 32, FRAME_HEADER = 24, TRANSACTIONS_MAX = 16 };

/* A log with the frames of each transaction, as SQLite says them. */
struct log {
	char *database;
	sqlite3 *db;
	uint32_t page_size;
	uint32_t end[TRANSACTIONS_MAX]; /* frames up to the end of transaction i */
	size_t n;
	struct octets octets;
};

static int note_end(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct log *l = arg;

	(void)db;
	(void)name;
	ck_assert_uint_lt(l->n, TRANSACTIONS_MAX);
	l->end[l->n++] = (uint32_t)pages;
	return SQLITE_OK;
}

static void log_exec(struct log *l, const char *sql)
{
	OK(sqlite3_exec(l->db, sql, NULL, NULL, NULL));
}

static void log_load(struct log *l)
{
	char path[512];

	snprintf(path, sizeof(path), "%s-wal", l->database);
	octets_clear(&l->octets);
	OK(file_read(path, 64 << 20, &l->octets));
}

/* Three transactions, one of them of one frame alone. */
static void log_begin(struct log *l, uint32_t page_size)
{
	char sql[400];

	*l = (struct log){.database = backend_sqlite.database_new(), .page_size = page_size};
	OK(sqlite3_open(l->database, &l->db));
	snprintf(sql, sizeof(sql),
		 "PRAGMA page_size = %u; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
		 "PRAGMA synchronous = FULL; CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB);"
		 "INSERT INTO t VALUES (1, randomblob(3000)), (2, x'00')",
		 page_size);
	log_exec(l, sql);
	log_exec(l, "PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_wal_hook(l->db, note_end, l);
	log_exec(l, "INSERT INTO t VALUES (3, randomblob(5000)), (4, randomblob(1000))");
	log_exec(l, "UPDATE t SET b = x'01' WHERE a = 2");
	log_exec(l, "INSERT INTO t VALUES (5, randomblob(9000)), (6, randomblob(1000))");
	log_load(l);
}

static void log_end(struct log *l)
{
	octets_clear(&l->octets);
	sqlite3_close(l->db);
	backend_sqlite.database_drop(l->database);
}

static struct wal_report scanned(const struct log *l, size_t len)
{
	struct wal_report report;
	FILE *file = fmemopen(l->octets.data, len ? len : 1, "r");

	ck_assert_ptr_nonnull(file);
	if (len == 0)
		fgetc(file);
	OK(wal_scan(file, l->page_size, &report));
	fclose(file);
	return report;
}

static size_t frame_at(const struct log *l, uint32_t frame)
{
	return HEADER + (size_t)frame * (FRAME_HEADER + l->page_size);
}

static const uint32_t page_sizes[] = {512, 1024, 4096, 8192, 65536};

START_TEST(test_log_of_sqlite_is_sound)
{
	struct wal_report report;
	struct log l;

	log_begin(&l, page_sizes[_i]);
	report = scanned(&l, l.octets.len);
	ck_assert_int_eq(report.state, WAL_SOUND);
	ck_assert_uint_eq(report.good, l.end[l.n - 1]);
	ck_assert_uint_eq(report.ends, 0);
	log_end(&l);
}
END_TEST

/* Any octet of any frame: lost is what was on disk when the next transaction began. */
START_TEST(test_flipped_octets_of_frames)
{
	static const uint8_t masks[] = {0x01, 0xff};
	struct log l;

	log_begin(&l, page_sizes[_i]);
	for (uint32_t frame = 0; frame < l.end[l.n - 1]; frame++) {
		size_t at = frame_at(&l, frame), size = FRAME_HEADER + l.page_size;

		for (size_t k = 0; k < size; k += k < FRAME_HEADER || k == size - 2 ? 1 : 251) {
			uint8_t mask = masks[k % ARRAY_LEN(masks)];
			struct wal_report report;

			l.octets.data[at + k] ^= mask;
			report = scanned(&l, l.octets.len);
			l.octets.data[at + k] ^= mask;
			ck_assert_uint_eq(report.good, frame);
			if (frame < l.end[l.n - 2])
				ck_assert_msg(report.state == WAL_DAMAGED, "frame %u octet %zu: %d",
					      frame, k, report.state);
			else
				ck_assert_int_ne(report.state, WAL_SOUND);
		}
	}
	log_end(&l);
}
END_TEST

/* SQLite then takes nothing at all. */
START_TEST(test_flipped_octets_of_the_header)
{
	struct log l;

	log_begin(&l, page_sizes[_i]);
	for (size_t k = 0; k < HEADER; k++) {
		struct wal_report report;

		l.octets.data[k] ^= 0x01;
		report = scanned(&l, l.octets.len);
		l.octets.data[k] ^= 0x01;
		ck_assert_msg(report.state == WAL_DAMAGED, "octet %zu: %d", k, report.state);
		ck_assert_uint_eq(report.good, 0);
	}
	log_end(&l);
}
END_TEST

START_TEST(test_torn_tail_is_no_damage)
{
	struct log l;

	log_begin(&l, page_sizes[_i]);
	for (size_t len = 0; len < l.octets.len; len += l.page_size / 3) {
		struct wal_report report = scanned(&l, len);

		ck_assert_int_le(report.state, WAL_TORN);
	}
	log_end(&l);
}
END_TEST

/* A power cut before the last COMMIT had returned: any of its pages may have been written or not.
 */
START_TEST(test_unfinished_transaction_in_any_order)
{
	struct log l;
	uint32_t first, n;
	uint8_t *saved;

	log_begin(&l, 1024);
	first = l.end[l.n - 2];
	n = l.end[l.n - 1] - first;
	ck_assert_uint_gt(n, 3);
	ck_assert_uint_lt(n, 16);
	saved = malloc(l.octets.len);
	memcpy(saved, l.octets.data, l.octets.len);
	for (uint32_t lost = 1; lost < 1U << n; lost++) {
		for (uint32_t i = 0; i < n; i++)
			if (lost & 1U << i)
				memset(l.octets.data + frame_at(&l, first + i), 0,
				       FRAME_HEADER + l.page_size);
		ck_assert_int_ne(scanned(&l, l.octets.len).state, WAL_DAMAGED);
		memcpy(l.octets.data, saved, l.octets.len);
	}
	free(saved);
	log_end(&l);
}
END_TEST

/* After a checkpoint the log begins anew, over the frames that it had. */
START_TEST(test_frames_of_the_log_before)
{
	struct wal_report report;
	struct log l;

	log_begin(&l, 1024);
	log_exec(&l, "PRAGMA wal_checkpoint(RESTART)");
	l.n = 0;
	log_exec(&l, "UPDATE t SET b = x'02' WHERE a = 2");
	log_load(&l);
	report = scanned(&l, l.octets.len);
	ck_assert_int_eq(report.state, WAL_SOUND);
	ck_assert_uint_eq(report.good, l.end[0]);
	ck_assert_uint_gt(l.octets.len, frame_at(&l, l.end[0]));
	/* The only transaction of the new one, torn. */
	memset(l.octets.data + frame_at(&l, l.end[0]) - 100, 0, 100);
	ck_assert_int_le(scanned(&l, l.octets.len).state, WAL_TORN);
	log_end(&l);
}
END_TEST

/* What was written to the log and taken back is no transaction. */
START_TEST(test_frames_that_were_rolled_back)
{
	struct wal_report report;
	struct log l;

	log_begin(&l, 1024);
	log_exec(&l, "PRAGMA cache_size = 4; BEGIN");
	for (int i = 0; i < 20; i++)
		log_exec(&l, "INSERT INTO t (b) VALUES (randomblob(9000))");
	log_exec(&l, "ROLLBACK");
	log_exec(&l, "UPDATE t SET b = x'03' WHERE a = 2");
	log_load(&l);
	ck_assert_uint_gt(l.octets.len, frame_at(&l, l.end[l.n - 1]));
	report = scanned(&l, l.octets.len);
	ck_assert_uint_eq(report.good, l.end[l.n - 1]);
	ck_assert_int_le(report.state, WAL_TORN);
	log_end(&l);
}
END_TEST

static uint32_t word(const uint8_t *p, bool big)
{
	return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
		   : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void word_put(uint8_t *p, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(x >> (24 - 8 * i));
}

static void sum(uint32_t s[2], const uint8_t *p, size_t len, bool big)
{
	for (size_t i = 0; i < len; i += 8) {
		s[0] += word(p + i, big) + s[1];
		s[1] += word(p + i + 4, big) + s[0];
	}
}

/* How many rows SQLite finds in the database with this log beside it. */
static int rows_of_sqlite(const struct log *l)
{
	_cleanup_(octets_clear) struct octets database = OCTETS_NULL;
	char *copy = backend_sqlite.database_new(), wal[512];
	sqlite3_stmt *stmt;
	sqlite3 *db;
	int n;

	OK(file_read(l->database, 1 << 24, &database));
	OK(file_write_durable(copy, octets_view(&database), 0600));
	snprintf(wal, sizeof(wal), "%s-wal", copy);
	OK(file_write_durable(wal, octets_view(&l->octets), 0600));
	OK(sqlite3_open(copy, &db));
	OK(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &stmt, NULL));
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	OK(sqlite3_close(db));
	backend_sqlite.database_drop(copy);
	return n;
}

/* SQLite takes what we say that it takes: rows 1 and 2 are in the database, 3 and 4, 5 and 6 in the
 * log. */
START_TEST(test_sqlite_takes_as_much)
{
	struct log l;

	log_begin(&l, 1024);
	for (uint32_t frame = 0; frame < l.end[l.n - 1]; frame++) {
		l.octets.data[frame_at(&l, frame) + 30] ^= 1;
		ck_assert_uint_eq(scanned(&l, l.octets.len).good, frame);
		ck_assert_int_eq(rows_of_sqlite(&l), frame < l.end[0] ? 2 : 4);
		l.octets.data[frame_at(&l, frame) + 30] ^= 1;
	}
	ck_assert_int_eq(rows_of_sqlite(&l), 6);
	log_end(&l);
}
END_TEST

/* As a machine of the other byte order would have written it. */
START_TEST(test_log_of_the_other_byte_order)
{
	struct log l;
	uint32_t s[2] = {0, 0};
	bool big;

	log_begin(&l, 4096);
	big = !(word(l.octets.data, true) & 1);
	word_put(l.octets.data, 0x377f0682U | big);
	sum(s, l.octets.data, 24, big);
	word_put(l.octets.data + 24, s[0]);
	word_put(l.octets.data + 28, s[1]);
	for (uint32_t i = 0; i < l.end[l.n - 1]; i++) {
		uint8_t *frame = l.octets.data + frame_at(&l, i);

		sum(s, frame, 8, big);
		sum(s, frame + FRAME_HEADER, l.page_size, big);
		word_put(frame + 16, s[0]);
		word_put(frame + 20, s[1]);
	}
	ck_assert_int_eq(scanned(&l, l.octets.len).state, WAL_SOUND);
	ck_assert_uint_eq(scanned(&l, l.octets.len).good, l.end[l.n - 1]);
	l.octets.data[3] ^= 1;
	ck_assert_int_eq(scanned(&l, l.octets.len).state, WAL_DAMAGED);
	l.octets.data[3] ^= 1;
	ck_assert_int_eq(rows_of_sqlite(&l), 6);
	log_end(&l);
}
END_TEST

/* --- the store --- */

/* The files of a store as kill -9 leaves them, with `n` registrations in the log. */
static void killed_begin(struct fixture *f, int n)
{
	static const char *const suffixes[] = {"", "-wal"};
	struct fixture running;

	fixture_begin(&running, 0);
	for (int i = 0; i < n; i++) {
		char name[32];
		struct store_registration reg = sample_registration(name);

		snprintf(name, sizeof(name), "vnfci-%d", i);
		put_registration(&running, &reg);
	}
	*f = (struct fixture){.backend = &backend_sqlite,
			      .database = backend_sqlite.database_new()};
	f->options = (struct store_options){.database = f->database, .batch_max = 16};
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		_cleanup_(octets_clear) struct octets all = OCTETS_NULL;
		char path[512];

		snprintf(path, sizeof(path), "%s%s", running.database, suffixes[i]);
		OK(file_read(path, 1 << 24, &all));
		snprintf(path, sizeof(path), "%s%s", f->database, suffixes[i]);
		OK(file_write_durable(path, octets_view(&all), 0600));
	}
	fixture_end(&running);
}

static void wal_flip(const struct fixture *f, long offset, int whence)
{
	char path[512];
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "%s-wal", f->database);
	file = fopen(path, "r+");
	ck_assert_ptr_nonnull(file);
	OK(fseek(file, offset, whence));
	c = fgetc(file);
	OK(fseek(file, -1, SEEK_CUR));
	fputc(c ^ 0x10, file);
	OK(fclose(file));
}

static int count(void *arg, const struct store_registration *reg)
{
	(void)reg;
	++*(int *)arg;
	return 0;
}

static int registrations(struct fixture *f)
{
	const struct store_registration_filter all = {.cert_type = -1};
	int n = 0;

	OK(store_registration_list(f->reader, &all, count, &n));
	return n;
}

START_TEST(test_store_does_not_open_on_a_damaged_log)
{
	_cleanup_(octets_clear) struct octets before = OCTETS_NULL, after = OCTETS_NULL;
	char wal[512];
	struct fixture f;
	sqlite3 *db;

	killed_begin(&f, 10);
	snprintf(wal, sizeof(wal), "%s-wal", f.database);
	wal_flip(&f, HEADER + FRAME_HEADER + 100, SEEK_SET);
	OK(file_read(wal, 1 << 24, &before));
	ck_assert_int_eq(store_open(&f.options, &f.store), -EBADMSG);
	f.options.as_it_is = true;
	ck_assert_int_eq(store_open(&f.options, &f.store), -EBADMSG);
	OK(file_read(wal, 1 << 24, &after));
	ck_assert(bytes_equal(octets_view(&before), octets_view(&after)));
	/* What cmfd(8) says for those who go on with what is left. */
	OK(sqlite3_open(f.database, &db));
	OK(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL));
	OK(sqlite3_close(db));
	f.options.as_it_is = false;
	fixture_open(&f);
	ck_assert_int_lt(registrations(&f), 10);
	fixture_end(&f);
}
END_TEST

START_TEST(test_store_opens_on_a_sound_or_torn_log)
{
	struct fixture f;

	killed_begin(&f, 10);
	fixture_open(&f);
	ck_assert_int_eq(registrations(&f), 10);
	fixture_end(&f);
	killed_begin(&f, 10);
	wal_flip(&f, -100, SEEK_END);
	fixture_open(&f);
	ck_assert_int_eq(registrations(&f), 9);
	fixture_end(&f);
}
END_TEST

static const mode_t modes[] = {0644, 0666, 0400, 0000};

START_TEST(test_modes_of_the_log_are_mended)
{
	char wal[512];
	struct fixture f;
	struct stat st;

	killed_begin(&f, 3);
	snprintf(wal, sizeof(wal), "%s-wal", f.database);
	OK(chmod(wal, modes[_i]));
	fixture_open(&f);
	OK(stat(wal, &st));
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(registrations(&f), 3);
	fixture_end(&f);
}
END_TEST

TCase *sqlite_wal_cases(void)
{
	TCase *tc = tcase_create("sqlite_wal");

	tcase_add_loop_test(tc, test_log_of_sqlite_is_sound, 0, ARRAY_LEN(page_sizes));
	tcase_add_loop_test(tc, test_flipped_octets_of_frames, 0, ARRAY_LEN(page_sizes));
	tcase_add_loop_test(tc, test_flipped_octets_of_the_header, 0, ARRAY_LEN(page_sizes));
	tcase_add_loop_test(tc, test_torn_tail_is_no_damage, 0, ARRAY_LEN(page_sizes));
	tcase_add_test(tc, test_unfinished_transaction_in_any_order);
	tcase_add_test(tc, test_frames_of_the_log_before);
	tcase_add_test(tc, test_frames_that_were_rolled_back);
	tcase_add_test(tc, test_sqlite_takes_as_much);
	tcase_add_test(tc, test_log_of_the_other_byte_order);
	tcase_add_test(tc, test_store_does_not_open_on_a_damaged_log);
	tcase_add_test(tc, test_store_opens_on_a_sound_or_torn_log);
	tcase_add_loop_test(tc, test_modes_of_the_log_are_mended, 0, ARRAY_LEN(modes));
	return tc;
}
