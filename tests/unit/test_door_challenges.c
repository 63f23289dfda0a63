// SPDX-License-Identifier: Apache-2.0
/*
 * Challenges for several requests of one message, RFC 9810 5.2.8.3.3: a Challenge for each that
 * wants one, the numbers in the same order, and then a CertResponse for every request.
 */
#include "granted.h"
#include "suite.h"

#include <check.h>
#include <openssl/rsa.h>

/* ids 0 and 2 want a challenge, 1 has its proof by signature */
enum { CHALLENGED = 2, REQUESTS = 3 };

static EVP_PKEY *keys[CHALLENGED];

static void challenges_setup(void)
{
	house_open(&granted_house, "",
		   "[profile keys]\ncert_type = VnfciCert\ncommon_name = subjectId\n"
		   "extension_section = usage\nkey_types = rsa:2048-4096, ec:P-256, x25519\n");
}

static void challenge_want(struct ask *a, int at, EVP_PKEY *key)
{
	CertReqMsg *msg = sk_CertReqMsg_value(a->body->value.certReqMessages, at);
	POPOPrivKey *pop = POPOPrivKey_new();

	SubjectPublicKeyInfo_free(msg->certReq->certTemplate->publicKey);
	msg->certReq->certTemplate->publicKey = NULL;
	ck_assert_int_eq(spki_from_key(key, &msg->certReq->certTemplate->publicKey), 0);
	ProofOfPossession_free(msg->popo);
	msg->popo = ProofOfPossession_new();
	ck_assert(pop && msg->popo);
	msg->popo->type = POPO_KEY_ENCIPHERMENT;
	msg->popo->value.keyEncipherment = pop;
	pop->type = POPO_PRIV_KEY_SUBSEQUENT_MESSAGE;
	pop->value.subsequentMessage = ASN1_INTEGER_new();
	ck_assert(ASN1_INTEGER_set(pop->value.subsequentMessage, POPO_SUBSEQUENT_CHALLENGE_RESP));
}

static void ask_several(struct ask *a, const char *const names[REQUESTS])
{
	ask_new(a, &granted_house, &granted_house.vnfm_b);
	ask_certreq(a, PKI_BODY_IR, names[0]);
	a->profile_label = "keys";
	a->out.pvno = 3;
	for (int i = 1; i < REQUESTS; i++)
		ask_certreq_add(a, i, names[i]);
	keys[0] = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	keys[1] = EVP_RSA_gen(2048);
	challenge_want(a, 0, keys[0]);
	challenge_want(a, 2, keys[1]);
}

static void keys_clear(void)
{
	for (int i = 0; i < CHALLENGED; i++)
		EVP_PKEY_free(keys[i]);
}

static void check_certifies(const struct told *told, int response, EVP_PKEY *key)
{
	struct bytes der = told_certificate_at(told, response);
	X509 *cert = pki_cert_parse(der);

	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(cert), key), 1);
	X509_free(cert);
}

/* Which number is changed or said in whose place, and what becomes of each request; -1: granted. */
static const struct several_row {
	const char *names[REQUESTS];
	bool wrong[CHALLENGED];
	bool swapped;
	int failinfo[REQUESTS];
} several_rows[] = {
	{{"vnfci-all-0", "vnfci-all-1", "vnfci-all-2"}, .failinfo = {-1, -1, -1}},
	{{"vnfci-one-0", "vnfci-one-1", "vnfci-one-2"},
	 .wrong = {false, true},
	 .failinfo = {-1, -1, FAIL_BAD_POP}},
	{{"vnfci-two-0", "vnfci-two-1", "vnfci-two-2"},
	 .wrong = {true, true},
	 .failinfo = {FAIL_BAD_POP, -1, FAIL_BAD_POP}},
	{{"vnfci-swap-0", "vnfci-swap-1", "vnfci-swap-2"},
	 .swapped = true,
	 .failinfo = {FAIL_BAD_POP, -1, FAIL_BAD_POP}},
};

static void answer_make(struct ask *answer, const struct ask *a, const struct told *popdecc,
			const struct several_row *row)
{
	ASN1_INTEGER *number[CHALLENGED];

	ck_assert_int_eq(popdecc->msg->body_type, PKI_BODY_POPDECC);
	ck_assert_int_eq(sk_Challenge_num(popdecc->msg->body->value.popdecc), CHALLENGED);
	for (int i = 0; i < CHALLENGED; i++) {
		number[i] = told_number_at(popdecc, i, keys[i], (uint8_t)(2 * i));
		number[i]->data[19] ^= row->wrong[i];
	}
	ask_popdecr(answer, a, popdecc, number[row->swapped]);
	ck_assert(sk_ASN1_INTEGER_push(answer->body->value.popdecr, number[!row->swapped]));
}

START_TEST(rfc9810_5_2_8_3_3_several)
{
	const struct several_row *row = &several_rows[_i];
	int before = granted_find(BYTES_NULL).n;
	struct told popdecc, told, again;
	struct ask a, answer;

	ask_several(&a, row->names);
	ask_send(&a, &popdecc);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before);
	answer_make(&answer, &a, &popdecc, row);
	ask_send(&answer, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_responses(&told), REQUESTS);
	for (int i = 0; i < REQUESTS; i++) {
		ck_assert_int_eq(ASN1_INTEGER_get(told_response(&told, i)->certReqId), i);
		ck_assert_int_eq(told_failinfo_at(&told, i), row->failinfo[i]);
		if (row->failinfo[i] < 0)
			check_certifies(&told, i, i == 1 ? a.key : keys[i / 2]);
	}
	ask_send_octets(&answer, &granted_house.worker, octets_view(&answer.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&told.der)));
	told_clear(&again);
	granted_done(&answer, &told);
	keys_clear();
	granted_done(&a, &popdecc);
}
END_TEST

/* All are confirmed by one certConf. */
START_TEST(rfc9810_5_2_8_3_3_several_confirmed)
{
	static const struct several_row row = {{"vnfci-c-0", "vnfci-c-1", "vnfci-c-2"}};
	struct told popdecc, told, conf;
	struct ask a, answer, b;

	ask_several(&a, row.names);
	ask_send(&a, &popdecc);
	answer_make(&answer, &a, &popdecc, &row);
	ask_send(&answer, &told);
	ask_certconf_new(&b, &answer, &told);
	for (int i = 0; i < REQUESTS; i++)
		ask_certconf_add(&b, &told, i, PKI_STATUS_ACCEPTED);
	ask_send(&b, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	for (int i = 0; i < REQUESTS; i++)
		ck_assert_int_eq(granted_state(told_certificate_at(&told, i)), STORE_CERT_ACTIVE);
	granted_done(&b, &conf);
	granted_done(&answer, &told);
	keys_clear();
	granted_done(&a, &popdecc);
}
END_TEST

/* What is refused at once is not challenged, and is told with the others. */
START_TEST(rfc9810_5_2_8_3_3_refused_before)
{
	static const char *const names[] = {"vnfci-r-0", "vnfci-r-1", "vnfci-r-2"};
	struct told popdecc, told;
	struct ask a, answer;

	ask_several(&a, names);
	ask_request(&a)->certReq->certTemplate->serialNumber = s2i_ASN1_INTEGER(NULL, "1");
	ask_send(&a, &popdecc);
	ask_popdecr(&answer, &a, &popdecc, told_number_at(&popdecc, 0, keys[1], 2));
	ck_assert_int_eq(sk_Challenge_num(popdecc.msg->body->value.popdecc), 1);
	ask_send(&answer, &told);
	ck_assert_int_eq(told_responses(&told), REQUESTS);
	ck_assert_int_eq(told_failinfo_at(&told, 0), FAIL_BAD_CERT_TEMPLATE);
	ck_assert_int_eq(told_failinfo_at(&told, 1), -1);
	ck_assert_int_eq(told_failinfo_at(&told, 2), -1);
	granted_done(&answer, &told);
	keys_clear();
	granted_done(&a, &popdecc);
}
END_TEST

/* Neither fewer numbers than challenges nor more; the transaction ends. */
START_TEST(rfc9810_5_2_8_3_3_count)
{
	static const char *const names[] = {"vnfci-n-0", "vnfci-n-1", "vnfci-n-2"};
	struct told popdecc, told;
	struct ask a, answer;

	ask_several(&a, names);
	ask_send(&a, &popdecc);
	ask_popdecr(&answer, &a, &popdecc, told_number_at(&popdecc, 0, keys[0], 0));
	for (int i = 0; i < 2 * _i; i++)
		sk_ASN1_INTEGER_push(answer.body->value.popdecr,
				     told_number_at(&popdecc, 1, keys[1], 2));
	ask_send(&answer, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_POP);
	granted_done(&answer, &told);
	keys_clear();
	granted_done(&a, &popdecc);
}
END_TEST

/* Nothing is granted: every request is told, and nothing may follow. */
START_TEST(rfc9810_5_2_8_3_3_none)
{
	static const char *const names[] = {"vnfci-0-0", "vnfci-0-1", "vnfci-0-2"};
	static const struct several_row row = {.wrong = {true, true}};
	int before = granted_find(BYTES_NULL).n;
	struct told popdecc, told, late;
	struct ask a, answer, again;

	ask_several(&a, names);
	sk_CertReqMsg_value(a.body->value.certReqMessages, 1)->certReq->certTemplate->serialNumber =
		s2i_ASN1_INTEGER(NULL, "1");
	ask_send(&a, &popdecc);
	answer_make(&answer, &a, &popdecc, &row);
	ask_send(&answer, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	for (int i = 0; i < REQUESTS; i++)
		ck_assert_int_eq(told_failinfo_at(&told, i),
				 i == 1 ? FAIL_BAD_CERT_TEMPLATE : FAIL_BAD_POP);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before);
	ask_popdecr(&again, &answer, &told, told_number_at(&popdecc, 0, keys[0], 0));
	ask_send(&again, &late);
	ck_assert_int_eq(told_failinfo(&late), FAIL_BAD_REQUEST);
	granted_done(&again, &late);
	granted_done(&answer, &told);
	keys_clear();
	granted_done(&a, &popdecc);
}
END_TEST

static Suite *door_challenges_suite(void)
{
	Suite *suite = suite_create("challenges");
	TCase *tcase = tcase_create("several");

	tcase_add_unchecked_fixture(tcase, challenges_setup, granted_teardown);
	tcase_add_loop_test(tcase, rfc9810_5_2_8_3_3_several, 0, ARRAY_LEN(several_rows));
	tcase_add_test(tcase, rfc9810_5_2_8_3_3_several_confirmed);
	tcase_add_test(tcase, rfc9810_5_2_8_3_3_refused_before);
	tcase_add_loop_test(tcase, rfc9810_5_2_8_3_3_count, 0, 2);
	tcase_add_test(tcase, rfc9810_5_2_8_3_3_none);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_challenges_suite, SUITE_ONE_PROCESS)
