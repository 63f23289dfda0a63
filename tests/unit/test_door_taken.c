// SPDX-License-Identifier: Apache-2.0
/*
 * What a new certificate may collide with: a key that is certified for another entity (RFC 9483
 * 3.6.4, by [cmf] key_reuse), and how many live certificates an entity may have (by
 * live_certificates_per_entity of the client's policy).
 */
#include "granted.h"
#include "suite.h"

#include <check.h>
#include <pthread.h>
#include <string.h>

#define h granted_house

/* vnfm-a manages vnfci-a, as VNFCI and VNF OAM, and vnfci-b; two live certificates for each. */
static void taken_setup(void)
{
	house_open(&h, "key_reuse = no\n",
		   "[client_policy default]\nlive_certificates_per_entity = 2\n");
	house_register(&h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&h, "vnfm-a", CERT_TYPE_VNF_OAM, "vnfci-a");
	house_register(&h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-b");
}

static void key_set(struct ask *a, EVP_PKEY *key)
{
	CertTemplate *t = ask_request(a)->certReq->certTemplate;

	EVP_PKEY_up_ref(key);
	EVP_PKEY_free(a->key);
	a->key = key;
	SubjectPublicKeyInfo_free(t->publicKey);
	t->publicKey = NULL;
	HOUSE_CHECK(!spki_from_key(key, &t->publicKey));
}

/* cr for that entity; key NULL: a new one. */
static void ask_for(struct ask *a, const char *cn, EVP_PKEY *key)
{
	ask_new(a, &h, &h.vnfm_a);
	ask_certreq(a, PKI_BODY_CR, cn);
	if (key)
		key_set(a, key);
}

static void expect(const char *cn, EVP_PKEY *key, int failinfo)
{
	struct ask a;

	ask_for(&a, cn, key);
	granted_expect(&a, PKI_BODY_CP, failinfo);
}

static void enrol(struct ask *a, const char *cn, struct told *told)
{
	ask_for(a, cn, NULL);
	ask_send(a, told);
	ck_assert_int_eq(told_failinfo(told), -1);
}

static void revoke(const struct told *told, int reason)
{
	struct ask a;

	ask_new(&a, &h, &h.vnfm_a);
	ask_rr(&a, told_certificate(told), reason);
	granted_expect(&a, PKI_BODY_RP, -1);
}

static void point_format(EVP_PKEY *key, const char *format)
{
	ck_assert_int_gt(EVP_PKEY_set_utf8_string_param(key, "point-format", format), 0);
}

/* --- keys --- */

START_TEST(rfc9483_3_6_4_key_of_another_entity)
{
	struct told told;
	struct ask a, b;

	enrol(&a, "vnfci-a", &told);
	/* Also while it is not confirmed. */
	expect("vnfci-b", a.key, FAIL_BAD_CERT_TEMPLATE);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	expect("vnfci-b", a.key, FAIL_BAD_CERT_TEMPLATE);
	/* Its own, also under its other certType. */
	ask_for(&b, "VNFCI-A", a.key);
	b.profile_label = "VnfOAMCert";
	granted_expect(&b, PKI_BODY_CP, -1);
	/* It was certified: who revoked it may have lost the key. */
	revoke(&told, 1);
	expect("vnfci-b", a.key, FAIL_BAD_CERT_TEMPLATE);
	h.now_ms += INT64_C(91) * 24 * 3600 * 1000;
	expect("vnfci-b", a.key, FAIL_BAD_CERT_TEMPLATE);
	granted_done(&a, &told);
}
END_TEST

/* The same point, compressed (RFC 5480 2.2), is the same key: before and after. */
START_TEST(rfc9483_3_6_4_key_in_another_coat)
{
	struct told told;
	struct ask a;

	enrol(&a, "vnfci-a", &told);
	point_format(a.key, "compressed");
	expect("vnfci-b", a.key, FAIL_BAD_CERT_TEMPLATE);
	expect("vnfci-a", a.key, -1);
	granted_done(&a, &told);
	ask_for(&a, "vnfci-b", NULL);
	point_format(a.key, "compressed");
	key_set(&a, a.key);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	point_format(a.key, "uncompressed");
	expect("vnfci-a", a.key, FAIL_BAD_CERT_TEMPLATE);
	granted_done(&a, &told);
}
END_TEST

/* RFC 9483 4.1.1: what the client rejects was never its certificate. */
START_TEST(rfc9483_3_6_4_key_of_a_rejected_certificate)
{
	struct told told;
	struct ask a;

	enrol(&a, "vnfci-a", &told);
	granted_certconf(&a, &told, PKI_STATUS_REJECTION, PKI_BODY_PKICONF, -1);
	expect("vnfci-b", a.key, -1);
	expect("vnfci-a", a.key, FAIL_BAD_CERT_TEMPLATE);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9483_3_6_4_key_twice_in_a_message)
{
	struct told told;
	struct ask a;

	ask_for(&a, "vnfci-a", NULL);
	ask_certreq_add(&a, 1, "vnfci-b");
	ask_certreq_add(&a, 2, "vnfci-a");
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo_at(&told, 0), -1);
	ck_assert_int_eq(told_failinfo_at(&told, 1), FAIL_BAD_CERT_TEMPLATE);
	ck_assert_int_eq(told_failinfo_at(&told, 2), -1);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, 2);
	granted_done(&a, &told);
}
END_TEST

/* RFC 9483 4.1.3: also for a key update. */
START_TEST(rfc9483_3_6_4_key_in_kur)
{
	struct told told, told_b;
	struct ask a, b, kur;

	enrol(&a, "vnfci-a", &told);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	enrol(&b, "vnfci-b", &told_b);
	ask_new(&kur, &h, &h.vnfm_a);
	ask_certreq(&kur, PKI_BODY_KUR, "vnfci-a");
	key_set(&kur, b.key);
	ask_old_cert_id(&kur, told_certificate(&told));
	granted_expect(&kur, PKI_BODY_KUP, FAIL_BAD_CERT_TEMPLATE);
	granted_done(&b, &told_b);
	granted_done(&a, &told);
}
END_TEST

/* --- how many --- */

START_TEST(live_certificates_are_counted)
{
	struct told told, told2;
	struct ask a, a2, oam, kur;

	enrol(&a, "vnfci-a", &told);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	enrol(&a2, "vnfci-a", &told2);
	expect("vnfci-a", NULL, FAIL_NOT_AUTHORIZED);
	/* Nor under the entity's other certType. */
	ask_for(&oam, "vnfci-a", NULL);
	oam.profile_label = "VnfOAMCert";
	granted_expect(&oam, PKI_BODY_CP, FAIL_NOT_AUTHORIZED);
	/* Others are not concerned. */
	expect("vnfci-b", NULL, -1);
	/* RFC 9483 4.1.3: the new one is in the place of the old one; but then there are three. */
	ask_new(&kur, &h, &h.vnfm_a);
	ask_certreq(&kur, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(&kur, told_certificate(&told));
	granted_expect(&kur, PKI_BODY_KUP, -1);
	ask_new(&kur, &h, &h.vnfm_a);
	ask_certreq(&kur, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(&kur, told_certificate(&told));
	granted_expect(&kur, PKI_BODY_KUP, FAIL_NOT_AUTHORIZED);
	/* Rejected, revoked. */
	granted_certconf(&a2, &told2, PKI_STATUS_REJECTION, PKI_BODY_PKICONF, -1);
	expect("vnfci-a", NULL, FAIL_NOT_AUTHORIZED);
	/* RFC 5280 5.3.1: what is on hold can come back. */
	revoke(&told, 6);
	expect("vnfci-a", NULL, FAIL_NOT_AUTHORIZED);
	revoke(&told, 4);
	expect("vnfci-a", NULL, -1);
	expect("vnfci-a", NULL, FAIL_NOT_AUTHORIZED);
	/* Expired. */
	h.now_ms += INT64_C(91) * 24 * 3600 * 1000;
	expect("vnfci-a", NULL, -1);
	granted_done(&a2, &told2);
	granted_done(&a, &told);
}
END_TEST

START_TEST(live_certificates_of_one_message)
{
	struct told told;
	struct ask a;

	ask_for(&a, "vnfci-a", NULL);
	ask_certreq_add(&a, 1, "vnfci-a");
	ask_certreq_add(&a, 2, "vnfci-a");
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo_at(&told, 0), -1);
	ck_assert_int_eq(told_failinfo_at(&told, 1), -1);
	ck_assert_int_eq(told_failinfo_at(&told, 2), FAIL_NOT_AUTHORIZED);
	granted_done(&a, &told);
}
END_TEST

/* IFA 033 11.2.2: the same for an entity that the message itself registers. */
START_TEST(live_certificates_of_a_new_entity)
{
	struct told told;
	struct ask a;

	ask_new(&a, &h, &h.vnfm_b);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-new");
	ask_certreq_add(&a, 1, "vnfci-new");
	ask_certreq_add(&a, 2, "vnfci-new");
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo_at(&told, 0), -1);
	ck_assert_int_eq(told_failinfo_at(&told, 1), -1);
	ck_assert_int_eq(told_failinfo_at(&told, 2), FAIL_NOT_AUTHORIZED);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, 2);
	granted_done(&a, &told);
}
END_TEST

/* --- at the same time --- */

enum { COPIES = 4, ROUNDS = 10 };

struct racer {
	struct ask ask;
	struct octets answer;
	pthread_barrier_t *barrier;
	pthread_t thread;
};

static void *racer_run(void *arg)
{
	struct racer *racer = arg;
	struct cmf_worker worker = {0};
	bool not_a_message;

	house_worker_new(&h, &worker);
	pthread_barrier_wait(racer->barrier);
	house_serve(&h, &worker, octets_view(&racer->ask.sent), NULL, NULL, &racer->answer,
		    &not_a_message);
	house_worker_clear(&worker);
	return NULL;
}

/* Sends them all at once; how many were granted. The others were refused with that failInfo. */
static int race(struct racer *racers, int failinfo)
{
	pthread_barrier_t barrier;
	int granted = 0;

	pthread_barrier_init(&barrier, NULL, COPIES);
	for (int i = 0; i < COPIES; i++) {
		ask_encode(&racers[i].ask);
		racers[i].barrier = &barrier;
		pthread_create(&racers[i].thread, NULL, racer_run, &racers[i]);
	}
	for (int i = 0; i < COPIES; i++) {
		struct told told;

		pthread_join(racers[i].thread, NULL);
		told_of(&racers[i].ask, octets_view(&racers[i].answer), &told);
		granted += told_failinfo(&told) == -1;
		if (told_failinfo(&told) != -1)
			ck_assert_int_eq(told_failinfo(&told), failinfo);
		told_clear(&told);
		octets_clear(&racers[i].answer);
		ask_clear(&racers[i].ask);
	}
	pthread_barrier_destroy(&barrier);
	return granted;
}

START_TEST(concurrent_requests_for_one_key)
{
	struct racer racers[COPIES] = {0};
	char name[32];

	for (int round = 0; round < ROUNDS; round++) {
		EVP_PKEY *key = pki_key(NULL);

		for (int i = 0; i < COPIES; i++) {
			snprintf(name, sizeof(name), "vnfci-%d-%d", round, i);
			house_register(&h, "vnfm-a", CERT_TYPE_VNFCI, name);
			ask_for(&racers[i].ask, name, key);
		}
		ck_assert_int_eq(race(racers, FAIL_BAD_CERT_TEMPLATE), 1);
		EVP_PKEY_free(key);
	}
}
END_TEST

START_TEST(concurrent_requests_for_the_last_place)
{
	struct racer racers[COPIES] = {0};
	char name[16];

	for (int round = 0; round < ROUNDS; round++) {
		snprintf(name, sizeof(name), "vnfci-%d", round);
		house_register(&h, "vnfm-a", CERT_TYPE_VNFCI, name);
		for (int i = 0; i < COPIES; i++)
			ask_for(&racers[i].ask, name, NULL);
		ck_assert_int_eq(race(racers, FAIL_NOT_AUTHORIZED), 2);
	}
}
END_TEST

/* Without configuration any key is certified for anybody. */
START_TEST(key_reuse_by_default)
{
	struct told told;
	struct ask a;

	house_register(&h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-b");
	enrol(&a, "vnfci-a", &told);
	expect("vnfci-b", a.key, -1);
	for (int i = 0; i < 5; i++)
		expect("vnfci-a", a.key, -1);
	granted_done(&a, &told);
}
END_TEST

static Suite *door_taken_suite(void)
{
	Suite *suite = suite_create("door_taken");
	TCase *tcase = tcase_create("taken"), *defaults = tcase_create("defaults");

	tcase_add_checked_fixture(tcase, taken_setup, granted_teardown);
	tcase_add_test(tcase, rfc9483_3_6_4_key_of_another_entity);
	tcase_add_test(tcase, rfc9483_3_6_4_key_in_another_coat);
	tcase_add_test(tcase, rfc9483_3_6_4_key_of_a_rejected_certificate);
	tcase_add_test(tcase, rfc9483_3_6_4_key_twice_in_a_message);
	tcase_add_test(tcase, rfc9483_3_6_4_key_in_kur);
	tcase_add_test(tcase, live_certificates_are_counted);
	tcase_add_test(tcase, live_certificates_of_one_message);
	tcase_add_test(tcase, live_certificates_of_a_new_entity);
	tcase_add_test(tcase, concurrent_requests_for_one_key);
	tcase_add_test(tcase, concurrent_requests_for_the_last_place);
	tcase_add_checked_fixture(defaults, granted_setup, granted_teardown);
	tcase_add_test(defaults, key_reuse_by_default);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, defaults);
	return suite;
}

SUITE_MAIN(door_taken_suite, SUITE_ONE_PROCESS)
