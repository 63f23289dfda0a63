// SPDX-License-Identifier: Apache-2.0
/* Many threads on one store. */
#include "fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 16, UNITS = 40 };

struct enrolment {
	int64_t registration_id;
	int64_t certificate_id;
	int64_t transaction_id;
};

struct enroller {
	pthread_t thread;
	struct store *store;
	unsigned number;
	struct enrolment done[UNITS];
};

/* Registration, certificate, transaction and audit in one unit; then the confirmation. */
static void enrol(struct enroller *e, struct store_unit *unit, unsigned i)
{
	char name[32];
	struct store_registration reg = sample_registration(name);
	struct store_certificate cert = sample_certificate(0, 1 + e->number * 1000 + i);
	struct octets id = {(uint8_t *)name, 0};
	struct store_transaction txn;
	struct enrolment *d = &e->done[i];

	snprintf(name, sizeof(name), "vnfci-%u-%u", e->number, i);
	id.len = strlen(name);
	txn = sample_transaction(id);
	OK(store_registration_insert(unit, &reg, &d->registration_id));
	cert.registration_id = d->registration_id;
	OK(store_certificate_insert(unit, &cert, &d->certificate_id));
	txn.certificate_id = d->certificate_id;
	OK(store_transaction_insert(unit, &txn, &d->transaction_id));
	add_audit(unit);
	OK(store_unit_commit(unit));
	d->registration_id = store_unit_id(unit, d->registration_id);
	d->certificate_id = store_unit_id(unit, d->certificate_id);
	d->transaction_id = store_unit_id(unit, d->transaction_id);

	txn.id = d->transaction_id;
	txn.state = STORE_TXN_DONE;
	OK(store_certificate_set_state(unit, d->certificate_id, STORE_CERT_PENDING,
				       STORE_CERT_ACTIVE));
	OK(store_transaction_update(unit, &txn, STORE_TXN_AWAIT_CONF, NULL, false));
	add_audit(unit);
	OK(store_unit_commit(unit));
}

/* Also reads its own writes: what is committed is seen at once. */
static void *enroller_run(void *arg)
{
	struct enroller *e = arg;
	struct store_reader *reader;
	struct store_unit *unit;

	OK(store_unit_new(e->store, &unit));
	OK(store_reader_new(e->store, &reader));
	for (unsigned i = 0; i < UNITS; i++) {
		struct store_certificate cert = {0};
		char name[32];

		enrol(e, unit, i);
		snprintf(name, sizeof(name), "vnfci-%u-%u", e->number, i);
		OK(store_certificate_get(reader, e->done[i].certificate_id, &cert));
		ck_assert_str_eq(cert.subject_id, name);
		ck_assert_int_eq(cert.state, STORE_CERT_ACTIVE);
		store_certificate_clear(&cert);
	}
	store_reader_free(reader);
	store_unit_free(unit);
	return NULL;
}

START_TEST(test_threads_commit_side_by_side)
{
	struct enroller *enrollers = calloc(THREADS, sizeof(*enrollers));
	int64_t counts[STORE_CERT_STATE_COUNT];
	struct fixture f;

	fixture_begin(&f, _i);
	for (unsigned i = 0; i < THREADS; i++) {
		enrollers[i].store = f.store;
		enrollers[i].number = i;
		OK(pthread_create(&enrollers[i].thread, NULL, enroller_run, &enrollers[i]));
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(enrollers[i].thread, NULL);
	OK(store_certificate_counts(f.reader, counts));
	ck_assert_int_eq(counts[STORE_CERT_ACTIVE], THREADS * UNITS);
	ck_assert_int_eq(counts[STORE_CERT_PENDING], 0);
	OK(store_transaction_counts(f.reader, counts));
	ck_assert_int_eq(counts[STORE_TXN_DONE], THREADS * UNITS);
	ck_assert_int_eq(f.backend->audit_count(f.database), 2 * THREADS * UNITS);
	fixture_end(&f);
	free(enrollers);
}
END_TEST

struct racer {
	pthread_t thread;
	struct store *store;
	pthread_barrier_t *start;
	unsigned won;
};

enum { ROUNDS = 100 };

static void *racer_run(void *arg)
{
	struct racer *racer = arg;
	struct store_unit *unit;

	OK(store_unit_new(racer->store, &unit));
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct octets id = {(uint8_t *)&round, sizeof(round)};
		struct store_transaction txn = sample_transaction(id);
		int err;

		add_audit(unit);
		OK(store_transaction_insert(unit, &txn, NULL));
		pthread_barrier_wait(racer->start);
		err = store_unit_commit(unit);
		if (err == 0)
			racer->won++;
		else
			ck_assert_int_eq(err, STORE_CONFLICT);
	}
	store_unit_free(unit);
	return NULL;
}

/* RFC 9483 3.5: a transactionID is in use once, also when two copies arrive together. */
START_TEST(test_same_transaction_from_two_threads_wins_once)
{
	struct racer racers[2] = {0};
	pthread_barrier_t start;
	int64_t counts[5];
	struct fixture f;

	fixture_begin(&f, _i);
	pthread_barrier_init(&start, NULL, 2);
	for (int i = 0; i < 2; i++) {
		racers[i] = (struct racer){.store = f.store, .start = &start};
		OK(pthread_create(&racers[i].thread, NULL, racer_run, &racers[i]));
	}
	for (int i = 0; i < 2; i++)
		pthread_join(racers[i].thread, NULL);
	ck_assert_uint_eq(racers[0].won + racers[1].won, ROUNDS);
	OK(store_transaction_counts(f.reader, counts));
	ck_assert_int_eq(counts[STORE_TXN_AWAIT_CONF], ROUNDS);
	ck_assert_int_eq(f.backend->audit_count(f.database), ROUNDS);
	pthread_barrier_destroy(&start);
	fixture_end(&f);
}
END_TEST

struct watcher {
	pthread_t thread;
	struct store *store;
	atomic_bool stop;
	unsigned seen;
};

/* Within one row of a join, and from transaction to certificate, a unit is seen whole. */
static int check_transaction(void *arg, const struct store_transaction *txn)
{
	struct store_reader *reader = arg;
	struct store_certificate cert = {0};

	OK(store_certificate_get(reader, txn->certificate_id, &cert));
	ck_assert_str_eq(cert.manager, "vnfm-a");
	if (txn->state == STORE_TXN_DONE)
		ck_assert_int_eq(cert.state, STORE_CERT_ACTIVE);
	store_certificate_clear(&cert);
	return 0;
}

static void *watcher_run(void *arg)
{
	struct store_transaction_filter all = {.state = -1, .limit = 50};
	struct watcher *w = arg;
	struct store_reader *reader;

	OK(store_reader_new(w->store, &reader));
	do {
		OK(store_transaction_list(reader, &all, check_transaction, reader));
		w->seen++;
	} while (!atomic_load(&w->stop));
	store_reader_free(reader);
	return NULL;
}

START_TEST(test_readers_see_whole_units_while_writing)
{
	struct enroller *enrollers = calloc(4, sizeof(*enrollers));
	struct watcher watchers[2] = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	for (int i = 0; i < 2; i++) {
		watchers[i].store = f.store;
		OK(pthread_create(&watchers[i].thread, NULL, watcher_run, &watchers[i]));
	}
	for (unsigned i = 0; i < 4; i++) {
		enrollers[i].store = f.store;
		enrollers[i].number = i;
		OK(pthread_create(&enrollers[i].thread, NULL, enroller_run, &enrollers[i]));
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(enrollers[i].thread, NULL);
	for (int i = 0; i < 2; i++) {
		atomic_store(&watchers[i].stop, true);
		pthread_join(watchers[i].thread, NULL);
		ck_assert_uint_gt(watchers[i].seen, 0);
	}
	fixture_end(&f);
	free(enrollers);
}
END_TEST

/* One thread submits, and waits for none of them. */
struct submitted {
	atomic_int told, durable, conflicts;
};

static void submitted_told(void *arg, int result, const struct store_unit *unit)
{
	struct submitted *s = arg;

	if (result == 0)
		atomic_fetch_add(&s->durable, 1);
	else if (result == STORE_CONFLICT)
		atomic_fetch_add(&s->conflicts, 1);
	atomic_fetch_add(&s->told, 1);
}

/* Each name twice: the second one conflicts, in whatever batch it comes. */
START_TEST(test_submitted_units)
{
	enum { NAMES = 300 };
	struct submitted s = {0};
	struct fixture f;
	char name[32];

	fixture_begin(&f, _i);
	for (int i = 0; i < 2 * NAMES; i++) {
		struct store_registration reg = sample_registration(name);

		snprintf(name, sizeof(name), "vnfci-%d", i / 2);
		OK(store_registration_insert(f.unit, &reg, NULL));
		store_unit_submit(&f.unit, submitted_told, &s);
		ck_assert(store_unit_empty(f.unit));
	}
	/* In order: when the last one is there, all are. */
	add_audit(f.unit);
	OK(store_unit_commit(f.unit));
	while (atomic_load(&s.told) < 2 * NAMES)
		sched_yield();
	ck_assert_int_eq(s.durable, NAMES);
	ck_assert_int_eq(s.conflicts, NAMES);
	for (int i = 0; i < NAMES; i++) {
		struct store_registration found = {0};

		snprintf(name, sizeof(name), "vnfci-%d", i);
		OK(store_registration_find(f.reader, ENTITY(name), CERT_TYPE_VNFCI, &found));
		store_registration_clear(&found);
	}
	fixture_end(&f);
}
END_TEST

/* What is empty or dry is told of at once, and stays the caller's. */
START_TEST(test_submitted_unit_without_a_commit)
{
	struct submitted s = {0};
	struct store_unit *unit;
	struct fixture f;

	fixture_begin(&f, _i);
	unit = f.unit;
	store_unit_submit(&f.unit, submitted_told, &s);
	ck_assert_int_eq(s.durable, 1);
	store_unit_set_dry(f.unit);
	add_audit(f.unit);
	store_unit_submit(&f.unit, submitted_told, &s);
	ck_assert_int_eq(s.durable, 2);
	ck_assert_ptr_eq(f.unit, unit);
	ck_assert_int_eq(f.backend->audit_count(f.database), 0);
	fixture_end(&f);
}
END_TEST

TCase *concurrency_cases(void)
{
	TCase *tc = tcase_create("concurrency");

	tcase_add_loop_test(tc, test_threads_commit_side_by_side, 0, backends_count);
	tcase_add_loop_test(tc, test_same_transaction_from_two_threads_wins_once, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_readers_see_whole_units_while_writing, 0, backends_count);
	tcase_add_loop_test(tc, test_submitted_units, 0, backends_count);
	tcase_add_loop_test(tc, test_submitted_unit_without_a_commit, 0, backends_count);
	return tc;
}
