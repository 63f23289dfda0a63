// SPDX-License-Identifier: Apache-2.0
/*
 * NonceRequest and NonceResponse over CMP, draft-ietf-lamps-attestation-freshness 6: both shapes,
 * and the certificate request that follows with the same transactionID.
 */
#include "granted.h"
#include "suite.h"

#include "asn1/cmf_types.h"

#include <check.h>
#include <string.h>

/* Built by hand from the ASN.1 of the draft. */
#define DER(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define OID_TPM  0x06, 0x05, 0x67, 0x81, 0x05, 0x14, 0x01

enum { TYPED_LEN = 7 };

static const struct nonce_case {
	const char *name;
	const uint8_t *der;
	size_t len;
	int failinfo; /* -1: none */
	size_t n;     /* nonces */
	size_t nonce_len[2];
	bool listed;
} cases[] = {
	{"empty", DER(0x30, 0x00), -1, 1, {32}, false},
	{"len", DER(0x30, 0x03, 0x02, 0x01, 0x10), -1, 1, {16}, false},
	{"len 8", DER(0x30, 0x03, 0x02, 0x01, 0x08), -1, 1, {8}, false},
	{"len 64", DER(0x30, 0x03, 0x02, 0x01, 0x40), -1, 1, {64}, false},
	{"len and type",
	 DER(0x30, 0x0c, 0x02, 0x01, 0x14, 0x30, 0x07, OID_TPM),
	 -1,
	 1,
	 {20},
	 false},
	{"type alone", DER(0x30, 0x09, 0x30, 0x07, OID_TPM), -1, 1, {32}, false},
	{"type with reqInfo", DER(0x30, 0x0b, 0x30, 0x09, OID_TPM, 0x05, 0x00), -1, 1, {32}, false},
	{"list of an empty one", DER(0x30, 0x02, 0x30, 0x00), -1, 1, {32}, true},
	{"list of one with len", DER(0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x18), -1, 1, {24}, true},
	{"list of one with all",
	 DER(0x30, 0x0f, 0x30, 0x0d, 0x02, 0x01, 0x18, OID_TPM, 0x0c, 0x01, 'h'),
	 -1,
	 1,
	 {24},
	 true},
	{"list of two",
	 DER(0x30, 0x0e, 0x30, 0x07, OID_TPM, 0x30, 0x03, 0x02, 0x01, 0x08),
	 -1,
	 2,
	 {32, 8},
	 true},
	{"len 7", DER(0x30, 0x03, 0x02, 0x01, 0x07), FAIL_BAD_REQUEST, 0, {0}, false},
	{"len 0", DER(0x30, 0x03, 0x02, 0x01, 0x00), FAIL_BAD_REQUEST, 0, {0}, false},
	{"len 65", DER(0x30, 0x03, 0x02, 0x01, 0x41), FAIL_BAD_REQUEST, 0, {0}, false},
	{"len -1", DER(0x30, 0x03, 0x02, 0x01, 0xff), FAIL_BAD_REQUEST, 0, {0}, false},
	{"len 256", DER(0x30, 0x04, 0x02, 0x02, 0x01, 0x00), FAIL_BAD_REQUEST, 0, {0}, false},
	{"list with len 65",
	 DER(0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x41),
	 FAIL_BAD_REQUEST,
	 0,
	 {0},
	 true},
	{"a NULL", DER(0x05, 0x00), FAIL_BAD_DATA_FORMAT, 0, {0}, false},
	{"something behind",
	 DER(0x30, 0x05, 0x02, 0x01, 0x10, 0x05, 0x00),
	 FAIL_BAD_DATA_FORMAT,
	 0,
	 {0},
	 false},
	{"reqTypeInfo without type",
	 DER(0x30, 0x04, 0x30, 0x02, 0x05, 0x00),
	 FAIL_BAD_DATA_FORMAT,
	 0,
	 {0},
	 false},
	{"no request in the list",
	 DER(0x30, 0x04, 0x30, 0x00, 0x05, 0x00),
	 FAIL_BAD_DATA_FORMAT,
	 0,
	 {0},
	 true},
	{"something behind the hint",
	 DER(0x30, 0x0a, 0x30, 0x08, 0x02, 0x01, 0x18, 0x0c, 0x01, 'h', 0x05, 0x00),
	 FAIL_BAD_DATA_FORMAT,
	 0,
	 {0},
	 true},
	{"nine requests",
	 DER(0x30, 0x12, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0,
	     0x30, 0),
	 FAIL_BAD_DATA_FORMAT,
	 0,
	 {0},
	 true},
};

static void nonce_ask(struct ask *a, const uint8_t *der, size_t len)
{
	ask_new(a, &granted_house, &granted_house.vnfm_a);
	ask_genm(a, OID_CMF_NONCE_REQUEST, (struct bytes){der, len});
}

/* The value of the one element of genp. */
static struct bytes nonce_answer(const struct told *told)
{
	const InfoTypeAndValue *itav;
	char oid[80];

	ck_assert_int_eq(told->msg->body_type, PKI_BODY_GENP);
	ck_assert_int_eq(sk_InfoTypeAndValue_num(told->msg->body->value.genmsg), 1);
	itav = sk_InfoTypeAndValue_value(told->msg->body->value.genmsg, 0);
	OBJ_obj2txt(oid, sizeof(oid), itav->infoType, 1);
	ck_assert_str_eq(oid, OID_CMF_NONCE_RESPONSE);
	ck_assert_int_eq(itav->infoValue->type, V_ASN1_SEQUENCE);
	return (struct bytes){itav->infoValue->value.sequence->data,
			      (size_t)itav->infoValue->value.sequence->length};
}

/* The octets of the next NonceResponse, which is moved past: the longest has less than 128 octets.
 */
static struct bytes response_next(struct bytes *in)
{
	const uint8_t *p = in->data;
	size_t len = p[1];

	ck_assert_uint_ge(in->len, 4);
	ck_assert_int_eq(p[0], 0x30);
	ck_assert_uint_lt(len, 128);
	ck_assert_uint_ge(in->len, len + 2);
	*in = (struct bytes){p + 2 + len, in->len - len - 2};
	return (struct bytes){p + 2, len};
}

START_TEST(shapes)
{
	const struct nonce_case *c = &cases[_i];
	struct bytes value, response;
	struct told told;
	struct ask a;

	nonce_ask(&a, c->der, c->len);
	ask_send(&a, &told);
	ck_assert_msg(told_failinfo(&told) == c->failinfo, "%s: %d", c->name, told_failinfo(&told));
	if (c->failinfo < 0) {
		value = nonce_answer(&told);
		if (c->listed)
			value = response_next(&value);
		for (size_t i = 0; i < c->n; i++) {
			response = response_next(&value);
			ck_assert_int_eq(response.data[0], 0x04);
			ck_assert_uint_eq(response.data[1], c->nonce_len[i]);
			/* expiry: ten minutes, 0x258 */
			ck_assert_mem_eq(response.data + 2 + response.data[1], "\x02\x02\x02\x58",
					 4);
		}
		ck_assert_uint_eq(value.len, 0);
	}
	granted_done(&a, &told);
}
END_TEST

/* What is repeated of a list's request: type and hint. */
START_TEST(list_repeats_type_and_hint)
{
	static const uint8_t behind[] = {OID_TPM, 0x0c, 0x01, 'h'};
	struct bytes value, response;
	struct told told;
	struct ask a;

	nonce_ask(&a, DER(0x30, 0x0f, 0x30, 0x0d, 0x02, 0x01, 0x18, OID_TPM, 0x0c, 0x01, 'h'));
	ask_send(&a, &told);
	value = nonce_answer(&told);
	value = response_next(&value);
	response = response_next(&value);
	ck_assert_uint_eq(response.len, 2 + 24 + 4 + sizeof(behind));
	ck_assert_mem_eq(response.data + 2 + 24 + 4, behind, sizeof(behind));
	granted_done(&a, &told);
}
END_TEST

static void same_transaction(struct ask *a, const struct ask *before)
{
	memcpy(a->transaction_id, before->transaction_id, sizeof(a->transaction_id));
}

/* The request for the certificate bears the transactionID of the NonceRequest. */
START_TEST(certificate_request_follows)
{
	struct told told, granted;
	struct ask a, b;

	nonce_ask(&a, DER(0x30, 0x00));
	ask_send(&a, &told);
	nonce_answer(&told);
	ask_new(&b, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&b, PKI_BODY_IR, "vnfci-a");
	same_transaction(&b, &a);
	ask_send(&b, &granted);
	ck_assert_int_eq(told_status_value(&granted), PKI_STATUS_ACCEPTED);
	ck_assert_uint_ne(told_certificate(&granted).len, 0);
	granted_done(&b, &granted);
	granted_done(&a, &told);
}
END_TEST

/* Not another general message, whatever it asks for; nor is somebody else concerned. */
START_TEST(another_general_message_does_not)
{
	static const char *const types[] = {"1.3.6.1.5.5.7.4.17", OID_CMF_NONCE_REQUEST};
	static const uint8_t empty[] = {0x30, 0x00};
	struct told first, told;
	struct ask a, b;

	nonce_ask(&a, DER(0x30, 0x00));
	ask_send(&a, &first);
	nonce_answer(&first);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		ask_new(&b, &granted_house, &granted_house.vnfm_a);
		ask_genm(&b, types[i], i ? BYTES_OF(empty) : BYTES_NULL);
		same_transaction(&b, &a);
		ask_send(&b, &told);
		ck_assert_int_eq(told_failinfo(&told), FAIL_TRANSACTION_ID_IN_USE);
		granted_done(&b, &told);
		ask_new(&b, &granted_house, &granted_house.vnfm_b);
		ask_genm(&b, types[i], i ? BYTES_OF(empty) : BYTES_NULL);
		same_transaction(&b, &a);
		ask_send(&b, &told);
		ck_assert_int_eq(told_failinfo(&told), -1);
		granted_done(&b, &told);
	}
	granted_done(&a, &first);
}
END_TEST

/* An answer that was lost: the same message brings the same nonce, and no second one. */
START_TEST(the_same_message_again)
{
	struct told first, again;
	struct bytes one, two;
	struct ask a;

	nonce_ask(&a, DER(0x30, 0x00));
	ask_send(&a, &first);
	ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &again);
	one = nonce_answer(&first);
	two = nonce_answer(&again);
	ck_assert(bytes_equal(one, two));
	told_clear(&again);
	granted_done(&a, &first);
}
END_TEST

static Suite *door_nonce_suite(void)
{
	Suite *suite = suite_create("door_nonce");
	TCase *tcase = tcase_create("nonce");

	tcase_add_checked_fixture(tcase, granted_setup, granted_teardown);
	tcase_add_loop_test(tcase, shapes, 0, ARRAY_LEN(cases));
	tcase_add_test(tcase, list_repeats_type_and_hint);
	tcase_add_test(tcase, certificate_request_follows);
	tcase_add_test(tcase, another_general_message_does_not);
	tcase_add_test(tcase, the_same_message_again);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_nonce_suite, SUITE_ONE_PROCESS)
