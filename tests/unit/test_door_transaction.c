// SPDX-License-Identifier: Apache-2.0
/*
 * The life of a transaction at the CMP door: certConf, retransmissions, transactionIDs in use,
 * copies at the same moment, the bound on open ones.
 */
#include "base/shared.h"
#include "granted.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

/* --- certConf --- */

static CertStatus *status_of(struct ask *a)
{
	return sk_CertStatus_value(a->body->value.certConf, 0);
}

START_TEST(rfc9483_4_1_1_certconf_rejection)
{
	struct told told;
	struct ask a, b;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_certconf(&a, &told, PKI_STATUS_REJECTION, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_REJECTED);
	/* A change of mind comes too late. */
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_ERROR, FAIL_BAD_RECIPIENT_NONCE);
	granted_done(&a, &told);
	/* RFC 4210 5.3.18: an empty list rejects all. */
	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	ask_certconf(&b, &a, &told, -1);
	CertStatus_free(sk_CertStatus_pop(b.body->value.certConf));
	granted_expect(&b, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_REJECTED);
	granted_done(&a, &told);
}
END_TEST

static void conf_hash_wrong(struct ask *a)
{
	status_of(a)->certHash->data[0] ^= 1;
}

static void conf_hash_short(struct ask *a)
{
	status_of(a)->certHash->length--;
}

static void conf_req_id(struct ask *a)
{
	ck_assert(ASN1_INTEGER_set(status_of(a)->certReqId, 1));
}

static void conf_two(struct ask *a)
{
	CertStatus *s = CertStatus_new();

	ck_assert(ASN1_INTEGER_set(s->certReqId, 0));
	ck_assert(sk_CertStatus_push(a->body->value.certConf, s));
}

static void conf_status(struct ask *a)
{
	status_of(a)->statusInfo = cmp_status_info_new(PKI_STATUS_WAITING, NULL, -1);
}

static void conf_accepted_failinfo(struct ask *a)
{
	status_of(a)->statusInfo = cmp_status_info_new(PKI_STATUS_ACCEPTED, NULL, FAIL_BAD_POP);
}

static void conf_mods_failinfo(struct ask *a)
{
	status_of(a)->statusInfo =
		cmp_status_info_new(PKI_STATUS_GRANTED_WITH_MODS, NULL, FAIL_BAD_POP);
}

/* All bits are 0: present nevertheless. */
static void conf_accepted_empty_failinfo(struct ask *a)
{
	status_of(a)->statusInfo = cmp_status_info_new(PKI_STATUS_ACCEPTED, NULL, -1);
	status_of(a)->statusInfo->failInfo = ASN1_BIT_STRING_new();
}

static void conf_hash_alg(struct ask *a, int nid)
{
	status_of(a)->hashAlg = X509_ALGOR_new();
	ck_assert(X509_ALGOR_set0(status_of(a)->hashAlg, OBJ_nid2obj(nid), V_ASN1_UNDEF, NULL));
}

static void conf_hash_alg_pvno_2(struct ask *a)
{
	conf_hash_alg(a, NID_sha256);
}

static void conf_hash_alg_sha1(struct ask *a)
{
	a->out.pvno = 3;
	conf_hash_alg(a, NID_sha1);
}

static const struct {
	void (*bend)(struct ask *a);
	int failinfo;
} conf_rows[] = {
	{conf_hash_wrong, FAIL_BAD_CERT_ID},    {conf_hash_short, FAIL_BAD_CERT_ID},
	{conf_req_id, FAIL_BAD_REQUEST},        {conf_two, FAIL_BAD_REQUEST},
	{conf_status, FAIL_BAD_REQUEST},        {conf_hash_alg_pvno_2, FAIL_BAD_ALG},
	{conf_hash_alg_sha1, FAIL_BAD_ALG},     {conf_accepted_failinfo, FAIL_BAD_REQUEST},
	{conf_mods_failinfo, FAIL_BAD_REQUEST}, {conf_accepted_empty_failinfo, FAIL_BAD_REQUEST},
};

/* A wrong certConf is refused, changes no certificate, and ends the operation (3.6.4). */
START_TEST(rfc9483_4_1_1_certconf_wrong)
{
	struct told told;
	struct ask a, b;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	ask_certconf(&b, &a, &told, -1);
	conf_rows[_i].bend(&b);
	granted_expect(&b, PKI_BODY_ERROR, conf_rows[_i].failinfo);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_PENDING);
	granted_house.now_ms += 301 * 1000;
	house_housekeeping(&granted_house);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_REVOKED);
	granted_done(&a, &told);
}
END_TEST

static const int hash_algs[] = {NID_sha384, NID_sha3_256};

START_TEST(rfc9480_2_10_certconf_hash_alg)
{
	int nid = hash_algs[_i];
	struct bytes cert;
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned len;
	struct told told;
	struct ask a, b;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	ask_certconf(&b, &a, &told, -1);
	b.out.pvno = 3;
	cert = told_certificate(&told);
	ck_assert(EVP_Digest(cert.data, cert.len, hash, &len, EVP_get_digestbynid(nid), NULL));
	ck_assert(ASN1_OCTET_STRING_set(status_of(&b)->certHash, hash, (int)len));
	conf_hash_alg(&b, nid);
	granted_expect(&b, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(cert), STORE_CERT_ACTIVE);
	granted_done(&a, &told);
}
END_TEST

/* --- what comes again when its transaction has gone --- */

static void retention_pass(void)
{
	granted_house.now_ms += granted_house.conf->store.transaction_retention_ms + 1000;
	house_housekeeping(&granted_house);
}

static void send_again(struct ask *a, int failinfo)
{
	struct told told;

	ask_send_octets(a, &granted_house.worker, octets_view(&a->sent), &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	told_clear(&told);
}

/* RFC 9483 3.5: messageTime, if there is one, shows it; without one the request is remembered. */
START_TEST(rfc9483_3_5_ir_played_again)
{
	bool dated = _i;
	struct told told, same;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_implicit_confirm(&a);
	if (!dated)
		a.out.message_time_ms = 0;
	ask_send(&a, &told);
	ck_assert_int_eq(granted_find(told_certificate(&told)).state, STORE_CERT_ACTIVE);
	/* Within its time it gets its answer, whatever else has happened. */
	ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &same);
	ck_assert(bytes_equal(octets_view(&same.der), octets_view(&told.der)));
	told_clear(&same);
	retention_pass();
	send_again(&a, dated ? FAIL_BAD_TIME : FAIL_TRANSACTION_ID_IN_USE);
	granted_house.now_ms += INT64_C(400) * 24 * 3600 * 1000;
	house_housekeeping(&granted_house);
	if (!dated)
		ck_assert_int_eq(granted_find(told_certificate(&told)).n, 1);
	granted_done(&a, &told);
}
END_TEST

/* A removeFromCRL that is played again does not take back a later hold, RFC 5280 5.3.1. */
START_TEST(rfc9483_3_5_rr_played_again)
{
	static const int reasons[] = {6, 8, 6};
	struct told told, rp;
	struct ask a, rr[3];

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	for (int i = 0; i < 3; i++) {
		ask_new(&rr[i], &granted_house, &granted_house.vnfm_a);
		ask_rr(&rr[i], told_certificate(&told), reasons[i]);
		rr[i].out.message_time_ms = 0;
		ask_send(&rr[i], &rp);
		ck_assert_int_eq(told_failinfo(&rp), -1);
		told_clear(&rp);
	}
	retention_pass();
	send_again(&rr[1], FAIL_TRANSACTION_ID_IN_USE);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_ON_HOLD);
	for (int i = 0; i < 3; i++)
		ask_clear(&rr[i]);
	granted_done(&a, &told);
}
END_TEST

/* RFC 9483 4.1.1: no certConf in time is handled like a rejection. */
START_TEST(rfc9483_4_1_1_certconf_late)
{
	struct told told;
	struct ask a;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_house.now_ms += 301 * 1000;
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	house_housekeeping(&granted_house);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_REVOKED);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	granted_done(&a, &told);
}
END_TEST

/* --- transactions --- */

static void replay(struct ask *a, const struct told *first)
{
	struct told again;

	ask_send_octets(a, &granted_house.worker, octets_view(&a->sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&first->der)));
	told_clear(&again);
}

START_TEST(retransmission_gets_the_same_octets)
{
	struct told told, conf;
	struct ask a, b, c;
	int n;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	n = granted_find(told_certificate(&told)).n;
	replay(&a, &told);
	ck_assert_int_eq(granted_find(told_certificate(&told)).n, n);
	ask_certconf(&b, &a, &told, -1);
	ask_send(&b, &conf);
	replay(&b, &conf);
	/* Other octets after the confirmation: certConfirmed. */
	ask_certconf(&c, &a, &conf, -1);
	granted_expect(&c, PKI_BODY_ERROR, FAIL_CERT_CONFIRMED);
	granted_done(&b, &conf);
	granted_done(&a, &told);
	/* A refusal is repeated too. */
	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-nobody");
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	replay(&a, &told);
	granted_done(&a, &told);
}
END_TEST

/*
 * RFC 9483 3.5: messageTime does not stand between a retransmission and its answer; nothing else
 * comes too late, not even the same message once its answer is no longer kept.
 */
START_TEST(rfc9483_3_5_retransmission_after_the_window)
{
	struct told told, late;
	struct ask a, b;
	int n;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	n = granted_find(told_certificate(&told)).n;
	ask_new(&b, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&b, PKI_BODY_CR, "vnfci-a");
	granted_house.now_ms += 301 * 1000;
	replay(&a, &told);
	granted_expect(&b, PKI_BODY_ERROR, FAIL_BAD_TIME);
	ck_assert_int_eq(store_transaction_purge(granted_house.worker.unit, STORE_TXN_DONE,
						 granted_house.now_ms + 1, 1000, NULL),
			 0);
	ck_assert_int_eq(store_unit_commit(granted_house.worker.unit), 0);
	ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &late);
	ck_assert_int_eq(told_failinfo(&late), FAIL_BAD_TIME);
	ck_assert_int_eq(granted_find(told_certificate(&told)).n, n);
	told_clear(&late);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9483_5_1_transaction_id_in_use)
{
	struct told told;
	struct ask a, b;
	int n;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	n = granted_find(BYTES_NULL).n;
	ask_new(&b, &granted_house, &granted_house.vnfm_a);
	memcpy(b.transaction_id, a.transaction_id, sizeof(a.transaction_id));
	ask_certreq(&b, PKI_BODY_IR, "vnfci-a");
	granted_expect(&b, PKI_BODY_ERROR, FAIL_TRANSACTION_ID_IN_USE);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, n);
	/* It is per requester: another one may use the same. */
	ask_new(&b, &granted_house, &granted_house.vnfm_b);
	memcpy(b.transaction_id, a.transaction_id, sizeof(a.transaction_id));
	ask_certreq(&b, PKI_BODY_IR, "vnfci-b");
	granted_expect(&b, PKI_BODY_IP, -1);
	granted_done(&a, &told);
}
END_TEST

/* certConf of somebody else, with other protection, for nothing, or out of turn. */
START_TEST(rfc9483_3_5_certconf_out_of_place)
{
	struct told told, told2;
	struct ask a, b, m;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	ask_certconf(&b, &a, &told, -1);
	b.signer = &granted_house.vnfm_b;
	b.out.sender = octets_view(&granted_house.vnfm_b.sender);
	b.out.sender_kid = octets_view(&granted_house.vnfm_b.sender_kid);
	b.certs[0] = octets_view(&granted_house.vnfm_b.der);
	granted_expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ask_certconf(&b, &a, &told, -1);
	memset(b.transaction_id, 7, CMP_NONCE_LEN);
	granted_expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ask_certconf(&b, &a, &told, -1);
	b.recip_nonce[0] ^= 1;
	granted_expect(&b, PKI_BODY_ERROR, FAIL_BAD_RECIPIENT_NONCE);
	ask_certconf(&b, &a, &told, -1);
	b.out.recip_nonce = BYTES_NULL;
	granted_expect(&b, PKI_BODY_ERROR, FAIL_BAD_RECIPIENT_NONCE);
	ask_certconf(&b, &a, &told, -1);
	b.operation_label = "keyupdate";
	granted_expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ask_pollreq(&b, &a, &told, 0);
	granted_expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	/* None of that has hurt the transaction. */
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_PENDING);
	ask_certconf(&b, &a, &told, -1);
	b.operation_label = "initialization";
	granted_expect(&b, PKI_BODY_PKICONF, -1);
	granted_done(&a, &told);
	/* For a certificate of another transaction of the same client. */
	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_enrol(&m, PKI_BODY_IR, &granted_house.vnfm_a, &told2);
	ask_certconf(&b, &a, &told2, -1);
	memcpy(b.recip_nonce, told.msg->sender_nonce.data, CMP_NONCE_LEN);
	granted_expect(&b, PKI_BODY_ERROR, FAIL_BAD_CERT_ID);
	granted_done(&m, &told2);
	granted_done(&a, &told);
}
END_TEST

struct copy {
	struct bytes request;
	struct octets answer;
	pthread_barrier_t *barrier;
};

static void *copy_send(void *arg)
{
	struct copy *copy = arg;
	struct cmf_worker worker = {0};
	bool not_a_message;

	house_worker_new(&granted_house, &worker);
	pthread_barrier_wait(copy->barrier);
	house_serve(&granted_house, &worker, copy->request, NULL, NULL, &copy->answer,
		    &not_a_message);
	house_worker_clear(&worker);
	return NULL;
}

/* Copies that arrive at the same moment: one certificate, one answer. */
START_TEST(concurrent_copies_get_one_certificate)
{
	enum { COPIES = 4, ROUNDS = 10 };
	int before = granted_find(BYTES_NULL).n;
	struct copy copies[COPIES];
	pthread_t threads[COPIES];
	pthread_barrier_t barrier;
	struct ask a;

	pthread_barrier_init(&barrier, NULL, COPIES);
	for (int round = 0; round < ROUNDS; round++) {
		ask_new(&a, &granted_house, &granted_house.vnfm_a);
		ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
		ask_encode(&a);
		for (int i = 0; i < COPIES; i++) {
			copies[i] = (struct copy){octets_view(&a.sent), OCTETS_NULL, &barrier};
			pthread_create(&threads[i], NULL, copy_send, &copies[i]);
		}
		for (int i = 0; i < COPIES; i++)
			pthread_join(threads[i], NULL);
		for (int i = 0; i < COPIES; i++) {
			ck_assert(bytes_equal(octets_view(&copies[i].answer),
					      octets_view(&copies[0].answer)));
			if (i)
				octets_clear(&copies[i].answer);
		}
		octets_clear(&copies[0].answer);
		ask_clear(&a);
	}
	pthread_barrier_destroy(&barrier);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before + ROUNDS);
}
END_TEST

/* A message that waits for its commit while others are served. */
struct pending {
	struct cmp_exchange exchange;
	struct cmf_worker worker;
	struct cmp_serving *serving;
	int result;
	bool told;
};

static void pending_told(void *arg, int result, const struct store_unit *unit)
{
	struct pending *p = arg;

	p->result = result;
	__atomic_store_n(&p->told, true, __ATOMIC_RELEASE);
}

/* Decided, and not committed yet. */
static void pending_begin(struct pending *p, struct bytes request)
{
	*p = (struct pending){.exchange = {.request = request, .peer = "test"}};
	house_worker_new(&granted_house, &p->worker);
	ck_assert(cmp_serving_begin(granted_house.door, &p->worker, &p->exchange, &p->serving));
}

static void pending_commit(struct pending *p)
{
	cmp_serving_commit(p->serving, pending_told, p);
	while (!__atomic_load_n(&p->told, __ATOMIC_ACQUIRE))
		sched_yield();
}

static struct octets pending_end(struct pending *p)
{
	enum cmp_delivery delivery;
	struct octets answer;
	struct spliced spliced;

	ck_assert_int_eq(cmp_serving_end(p->serving, &spliced, &delivery), 0);
	ck_assert_int_eq(delivery, CMP_ANSWERED);
	ck_assert_int_eq(spliced_join(&spliced, &answer), 0);
	spliced_clear(&spliced);
	ck_assert(store_unit_empty(p->worker.unit));
	house_worker_clear(&p->worker);
	return answer;
}

/* Both were decided before either was committed: the second is decided again, and then replayed. */
START_TEST(copies_that_wait_for_their_commit_get_one_certificate)
{
	int before = granted_find(BYTES_NULL).n;
	struct pending first, second;
	struct octets answer, copy;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_encode(&a);
	pending_begin(&first, octets_view(&a.sent));
	pending_begin(&second, octets_view(&a.sent));
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before);
	pending_commit(&first);
	ck_assert_int_eq(first.result, 0);
	/* Whose worker has gone on to something else long since. */
	ck_assert(!cmp_serving_committed(first.serving, NULL, 0));
	pending_commit(&second);
	ck_assert_int_eq(second.result, STORE_CONFLICT);
	ck_assert(!cmp_serving_committed(second.serving, &second.worker, second.result));
	answer = pending_end(&first);
	copy = pending_end(&second);
	ck_assert(bytes_equal(octets_view(&answer), octets_view(&copy)));
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before + 1);
	octets_clear(&answer);
	octets_clear(&copy);
	ask_clear(&a);
}
END_TEST

/* Nothing of it is there, and its sender is told to come again. RFC 9483 3.6.4 */
START_TEST(commit_that_fails_is_told)
{
	static const struct {
		int result;
		int failinfo;
	} rows[] = {{-ENOSPC, FAIL_SYSTEM_UNAVAIL}, {-EIO, FAIL_SYSTEM_FAILURE}};
	int before = granted_find(BYTES_NULL).n;
	struct pending p;
	struct octets answer;
	struct told told;
	struct ask a;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ask_new(&a, &granted_house, &granted_house.vnfm_a);
		ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
		ask_encode(&a);
		pending_begin(&p, octets_view(&a.sent));
		store_unit_clear(p.worker.unit);
		ck_assert(!cmp_serving_committed(p.serving, &p.worker, rows[i].result));
		answer = pending_end(&p);
		told_of(&a, octets_view(&answer), &told);
		ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
		ck_assert_int_eq(told_failinfo(&told), rows[i].failinfo);
		told_clear(&told);
		octets_clear(&answer);
		ask_clear(&a);
	}
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before);
}
END_TEST

/* Open transactions of one client are bounded; ended ones make room. */
START_TEST(quota_of_open_transactions)
{
	struct told told;
	struct ask a;
	int opened;

	for (opened = 0; opened <= 40; opened++) {
		ask_new(&a, &granted_house, &granted_house.vnfm_b);
		ask_certreq(&a, PKI_BODY_IR, "vnfci-quota");
		ask_send(&a, &told);
		if (told_failinfo(&told) == FAIL_SYSTEM_UNAVAIL)
			break;
		ck_assert_int_eq(told_failinfo(&told), -1);
		granted_done(&a, &told);
	}
	granted_done(&a, &told);
	ck_assert_int_le(opened, 40);
	/* Others are not concerned. */
	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_done(&a, &told);
	granted_house.now_ms += 301 * 1000;
	house_housekeeping(&granted_house);
	ask_new(&a, &granted_house, &granted_house.vnfm_b);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-quota");
	granted_expect(&a, PKI_BODY_IP, -1);
}
END_TEST

static Suite *door_transaction_suite(void)
{
	Suite *suite = suite_create("door_transaction");
	TCase *tcase = tcase_create("transaction");

	tcase_add_checked_fixture(tcase, granted_setup, granted_teardown);
	tcase_add_test(tcase, rfc9483_4_1_1_certconf_rejection);
	tcase_add_loop_test(tcase, rfc9483_3_5_ir_played_again, 0, 2);
	tcase_add_test(tcase, rfc9483_3_5_rr_played_again);
	tcase_add_loop_test(tcase, rfc9483_4_1_1_certconf_wrong, 0, ARRAY_LEN(conf_rows));
	tcase_add_loop_test(tcase, rfc9480_2_10_certconf_hash_alg, 0, ARRAY_LEN(hash_algs));
	tcase_add_test(tcase, rfc9483_4_1_1_certconf_late);
	tcase_add_test(tcase, retransmission_gets_the_same_octets);
	tcase_add_test(tcase, rfc9483_3_5_retransmission_after_the_window);
	tcase_add_test(tcase, rfc9483_5_1_transaction_id_in_use);
	tcase_add_test(tcase, rfc9483_3_5_certconf_out_of_place);
	tcase_add_test(tcase, concurrent_copies_get_one_certificate);
	tcase_add_test(tcase, copies_that_wait_for_their_commit_get_one_certificate);
	tcase_add_test(tcase, commit_that_fails_is_told);
	tcase_add_test(tcase, quota_of_open_transactions);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_transaction_suite, SUITE_ONE_PROCESS)
