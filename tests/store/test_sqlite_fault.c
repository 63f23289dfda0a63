// SPDX-License-Identifier: Apache-2.0
/*
 * Disk full and I/O errors inside a batch of 16 units. The batches are given to the writer itself,
 * so that they are batches of 16 each time; the committer's part is tested at the end.
 */
#include "failing_vfs.h"
#include "fixture.h"

#include "../../src/store/driver.h"
#include "../../src/store/sqlite/sqlite_driver.h"
#include "../../src/store/unit.h"
#include "../../src/store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 16 };

/* What one unit of a batch enrols. */
struct enrolment {
	char name[32];
	int64_t registration_id;
	int64_t certificate_id;
	int64_t transaction_id;
};

struct batch {
	struct enrolment enrolment[BATCH];
	struct store_unit *unit[BATCH];
};

static void batch_begin(struct batch *b)
{
	for (int i = 0; i < BATCH; i++)
		OK(unit_new(NULL, &b->unit[i]));
}

static void batch_end(struct batch *b)
{
	for (int i = 0; i < BATCH; i++)
		store_unit_free(b->unit[i]);
}

static void fill_unit(struct store_unit *unit, struct enrolment *e, int batch, int i)
{
	struct store_certificate certificate =
		sample_certificate(0, (uint64_t)(batch * BATCH + i + 1));
	struct store_registration registration;
	struct store_transaction transaction;

	store_unit_clear(unit);
	unit->result = 99;
	snprintf(e->name, sizeof(e->name), "vnfci-%d-%d", batch, i);
	registration = sample_registration(e->name);
	OK(store_registration_insert(unit, &registration, &e->registration_id));
	certificate.registration_id = e->registration_id;
	OK(store_certificate_insert(unit, &certificate, &e->certificate_id));
	transaction = sample_transaction((struct octets){(uint8_t *)e->name, strlen(e->name)});
	transaction.certificate_id = e->certificate_id;
	OK(store_transaction_insert(unit, &transaction, &e->transaction_id));
	add_audit(unit);
}

static void batch_fill(struct batch *b, int number)
{
	for (int i = 0; i < BATCH; i++)
		fill_unit(b->unit[i], &b->enrolment[i], number, i);
}

static bool is_there(struct fixture *f, const struct enrolment *e)
{
	struct store_registration reg = {0};
	struct store_transaction txn = {0};
	int err = store_registration_find(f->reader, ENTITY(e->name), CERT_TYPE_VNFCI, &reg);
	int t = store_transaction_find(f->reader, "client:vnfm-a", bytes_of_string(e->name), &txn);

	ck_assert(err == 0 || err == STORE_NOT_FOUND);
	ck_assert_int_eq(err, t);
	store_registration_clear(&reg);
	store_transaction_clear(&txn);
	return err == 0;
}

static void batch_assert_all(struct fixture *f, const struct batch *b, int result, bool there)
{
	for (int i = 0; i < BATCH; i++) {
		const struct enrolment *e = &b->enrolment[i];

		ck_assert_int_eq(b->unit[i]->result, result);
		ck_assert_int_eq(is_there(f, e), there);
		ck_assert_int_eq(store_unit_id(b->unit[i], e->registration_id) > 0, there);
		ck_assert_int_eq(store_unit_id(b->unit[i], e->certificate_id) > 0, there);
		ck_assert_int_eq(store_unit_id(b->unit[i], e->transaction_id) > 0, there);
	}
}

/* For writers beside that of the store. */
static struct database *database;

static void fault_begin(struct fixture *f)
{
	*f = (struct fixture){.backend = &backend_sqlite};
	failing_vfs_register();
	f->database = f->backend->database_new();
	f->options = (struct store_options){.database = f->database, .batch_max = BATCH};
	OK(store_create(&f->options));
	fixture_open(f);
	OK(sqlite_driver.open(&f->options, &database));
}

static void fault_end(struct fixture *f)
{
	fixture_end(f);
	sqlite_driver.close(database);
}

/*
 * Fails the first operation of a batch, then the second, ... until a batch passes unharmed; so
 * every place is tried where the disk can fail in it. Each time the writer is new, so that it has
 * to read, and it must work again as soon as the disk does.
 */
static int fail_each(struct fixture *f, int *batchp, unsigned kinds, bool persistent, int expected)
{
	struct batch b;
	int n = 0;

	batch_begin(&b);
	do {
		_cleanup_(writer_freep) struct writer *w = NULL;

		OK(writer_by_steps_new(&sqlite_driver, database, &w));
		batch_fill(&b, ++*batchp);
		failing_vfs_arm(kinds, ++n, persistent);
		w->ops->execute(w, b.unit, BATCH);
		if (failing_vfs_failures() > 0) {
			failing_vfs_arm(0, 0, false);
			batch_assert_all(f, &b, expected, false);
			batch_fill(&b, *batchp);
			w->ops->execute(w, b.unit, BATCH);
			batch_assert_all(f, &b, 0, true);
		} else {
			failing_vfs_arm(0, 0, false);
			batch_assert_all(f, &b, 0, true);
			n = -n;
		}
	} while (n > 0);
	batch_end(&b);
	return -n - 1;
}

START_TEST(test_disk_full_or_broken_anywhere_in_a_batch)
{
	static const struct {
		unsigned kinds;
		bool persistent;
		int expected;
		int at_least; /* places where it can fail */
	} rows[] = {
		{FAILING_WRITE, false, -ENOSPC, 2}, {FAILING_WRITE, true, -ENOSPC, 2},
		{FAILING_READ, false, -EIO, 4},     {FAILING_READ, true, -EIO, 4},
		{FAILING_SYNC, false, -EIO, 1},     {FAILING_SYNC, true, -EIO, 1},
	};
	struct fixture f;
	int batch = 0;

	fault_begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int places =
			fail_each(&f, &batch, rows[i].kinds, rows[i].persistent, rows[i].expected);

		ck_assert_int_ge(places, rows[i].at_least);
	}
	fixture_close(&f);
	fixture_open(&f);
	fault_end(&f);
}
END_TEST

/* A unit that does not fit into the cache is written before COMMIT: the disk fills up there. */
START_TEST(test_disk_full_in_the_middle_of_a_unit)
{
	static uint8_t large[80 << 20];
	struct store_crl crl = {.ca = TEXT("issuing"), .number = 1, .der = {large, sizeof(large)}};
	struct writer *w;
	struct fixture f;
	struct batch b;

	fault_begin(&f);
	OK(writer_by_steps_new(&sqlite_driver, database, &w));
	batch_begin(&b);
	batch_fill(&b, 1);
	OK(store_crl_insert(b.unit[7], &crl, &crl.id));
	failing_vfs_arm(FAILING_WRITE, 1, true);
	w->ops->execute(w, b.unit, BATCH);
	ck_assert_int_gt(failing_vfs_failures(), 0);
	failing_vfs_arm(0, 0, false);
	batch_assert_all(&f, &b, -ENOSPC, false);
	batch_fill(&b, 1);
	w->ops->execute(w, b.unit, BATCH);
	batch_assert_all(&f, &b, 0, true);
	batch_end(&b);
	writer_free(w);
	fault_end(&f);
}
END_TEST

START_TEST(test_checkpoint_that_fails_loses_nothing)
{
	static uint8_t large[20 << 20]; /* enough to make one due */
	struct store_crl crl = {.ca = TEXT("issuing"), .number = 1, .der = {large, sizeof(large)}};
	struct writer *w;
	struct fixture f;
	struct batch b;

	fault_begin(&f);
	OK(writer_by_steps_new(&sqlite_driver, database, &w));
	batch_begin(&b);
	batch_fill(&b, 1);
	OK(store_crl_insert(b.unit[0], &crl, &crl.id));
	w->ops->execute(w, b.unit, BATCH);
	failing_vfs_arm(FAILING_WRITE | FAILING_SYNC, 1, true);
	w->ops->tidy(w);
	ck_assert_int_gt(failing_vfs_failures(), 0);
	failing_vfs_arm(0, 0, false);
	batch_assert_all(&f, &b, 0, true);
	batch_fill(&b, 2);
	w->ops->execute(w, b.unit, BATCH);
	batch_assert_all(&f, &b, 0, true);
	batch_end(&b);
	writer_free(w);
	fault_end(&f);
}
END_TEST

START_TEST(test_one_of_a_batch_fails_alone)
{
	static const struct store_audit no_actor = {
		.time_ms = 1, .action = "issue", .target = "vnfci"};
	struct store_registration taken = sample_registration("taken");
	struct writer *w;
	struct fixture f;
	struct batch b;

	fault_begin(&f);
	put_registration(&f, &taken);
	OK(writer_by_steps_new(&sqlite_driver, database, &w));
	batch_begin(&b);
	batch_fill(&b, 1);
	/* One conflicts in its last change, one brings a fault that is its own. */
	OK(store_registration_insert(b.unit[5], &taken, NULL));
	OK(store_audit_add(b.unit[11], &no_actor));
	w->ops->execute(w, b.unit, BATCH);
	for (int i = 0; i < BATCH; i++) {
		int expected = i == 5 ? STORE_CONFLICT : i == 11 ? -EINVAL : 0;

		ck_assert_int_eq(b.unit[i]->result, expected);
		ck_assert_int_eq(is_there(&f, &b.enrolment[i]), expected == 0);
		ck_assert_int_eq(store_unit_id(b.unit[i], b.enrolment[i].registration_id) > 0,
				 expected == 0);
	}
	ck_assert_int_eq(f.backend->audit_count(f.database), BATCH - 2);
	batch_end(&b);
	writer_free(w);
	fault_end(&f);
}
END_TEST

/* Within a batch a unit meets what those before it did, and only that. */
START_TEST(test_units_of_a_batch_see_each_other_in_order)
{
	struct writer *w;
	struct fixture f;
	struct batch b;

	fault_begin(&f);
	OK(writer_by_steps_new(&sqlite_driver, database, &w));
	batch_begin(&b);
	for (int i = 0; i < BATCH; i++)
		fill_unit(b.unit[i], &b.enrolment[i], 1, 0); /* the same enrolment */
	w->ops->execute(w, b.unit, BATCH);
	for (int i = 0; i < BATCH; i++)
		ck_assert_int_eq(b.unit[i]->result, i == 0 ? 0 : STORE_CONFLICT);
	batch_end(&b);
	writer_free(w);
	fault_end(&f);
}
END_TEST

struct unlucky {
	pthread_t thread;
	struct store *store;
	struct enrolment enrolment;
	int number;
	int result;
};

static void *unlucky_run(void *arg)
{
	struct unlucky *u = arg;
	struct store_unit *unit;

	OK(store_unit_new(u->store, &unit));
	fill_unit(unit, &u->enrolment, 1, u->number);
	u->result = store_unit_commit(unit);
	store_unit_free(unit);
	return NULL;
}

static void run_unlucky(struct fixture *f, struct unlucky unlucky[BATCH])
{
	for (int i = 0; i < BATCH; i++) {
		unlucky[i].store = f->store;
		unlucky[i].number = i;
		OK(pthread_create(&unlucky[i].thread, NULL, unlucky_run, &unlucky[i]));
	}
	for (int i = 0; i < BATCH; i++)
		pthread_join(unlucky[i].thread, NULL);
}

START_TEST(test_every_waiter_hears_of_the_fault)
{
	struct unlucky *unlucky = calloc(BATCH, sizeof(*unlucky));
	struct fixture f;

	fault_begin(&f);
	failing_vfs_arm(FAILING_WRITE, 1, true);
	run_unlucky(&f, unlucky);
	failing_vfs_arm(0, 0, false);
	for (int i = 0; i < BATCH; i++) {
		ck_assert_int_eq(unlucky[i].result, -ENOSPC);
		ck_assert(!is_there(&f, &unlucky[i].enrolment));
	}
	run_unlucky(&f, unlucky);
	for (int i = 0; i < BATCH; i++) {
		ck_assert_int_eq(unlucky[i].result, 0);
		ck_assert(is_there(&f, &unlucky[i].enrolment));
	}
	fault_end(&f);
	free(unlucky);
}
END_TEST

TCase *sqlite_fault_cases(void)
{
	TCase *tc = tcase_create("sqlite_fault");

	tcase_add_test(tc, test_disk_full_or_broken_anywhere_in_a_batch);
	tcase_add_test(tc, test_disk_full_in_the_middle_of_a_unit);
	tcase_add_test(tc, test_checkpoint_that_fails_loses_nothing);
	tcase_add_test(tc, test_one_of_a_batch_fails_alone);
	tcase_add_test(tc, test_units_of_a_batch_see_each_other_in_order);
	tcase_add_test(tc, test_every_waiter_hears_of_the_fault);
	return tc;
}
