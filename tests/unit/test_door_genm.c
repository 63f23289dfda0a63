// SPDX-License-Identifier: Apache-2.0
/*
 * General messages: several elements in one, what is unknown, certReqTemplate, CRLs, key pair
 * parameters, languages. RFC 9483 4.3, RFC 9810 5.3.19.
 */
#include "granted.h"
#include "suite.h"

#include "asn1/der.h"

#include <check.h>
#include <string.h>

#define OID_CA_CERTS           "1.3.6.1.5.5.7.4.17"
#define OID_SYMM_ALG           "1.3.6.1.5.5.7.4.4"
#define OID_UNSUPPORTED        "1.3.6.1.5.5.7.4.7"
#define OID_KEY_PAIR_PARAM_REQ "1.3.6.1.5.5.7.4.10"
#define OID_KEY_PAIR_PARAM_REP "1.3.6.1.5.5.7.4.11"
#define OID_LANG_TAGS          "1.3.6.1.5.5.7.4.16"
#define OID_CERT_REQ_TEMPLATE  "1.3.6.1.5.5.7.4.19"
#define OID_ROOT_CA_CERT       "1.3.6.1.5.5.7.4.20"
#define OID_CRL_STATUS_LIST    "1.3.6.1.5.5.7.4.22"
#define OID_CRLS               "1.3.6.1.5.5.7.4.23"

static int count(const struct told *told)
{
	ck_assert_int_eq(told->msg->body_type, PKI_BODY_GENP);
	return sk_InfoTypeAndValue_num(told->msg->body->value.genmsg);
}

/* The i-th element, which is of that type; its value, empty if there is none. */
static struct bytes value_at(const struct told *told, int i, const char *oid)
{
	const InfoTypeAndValue *itav = sk_InfoTypeAndValue_value(told->msg->body->value.genmsg, i);
	char text[64];

	OBJ_obj2txt(text, sizeof(text), itav->infoType, 1);
	ck_assert_str_eq(text, oid);
	if (!itav->infoValue)
		return BYTES_NULL;
	ck_assert_int_eq(itav->infoValue->type, V_ASN1_SEQUENCE);
	return (struct bytes){itav->infoValue->value.sequence->data,
			      (size_t)itav->infoValue->value.sequence->length};
}

static void ask_one(const char *oid, struct bytes value, struct told *told)
{
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_genm(&a, oid, value);
	ask_send(&a, told);
	ck_assert_int_eq(count(told), 1);
	ask_clear(&a);
}

START_TEST(rfc9810_5_3_19_several_and_unknown)
{
	/* SEQUENCE OF { 1.2.3.4, 1.2.3.5 } */
	static const uint8_t unknown[] = {0x30, 10, 6, 3, 0x2a, 3, 4, 6, 3, 0x2a, 3, 5};
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_genm(&a, "1.2.3.4", BYTES_NULL);
	ask_genm(&a, OID_CA_CERTS, BYTES_NULL);
	ask_genm(&a, "1.2.3.5", BYTES_NULL);
	ask_genm(&a, OID_SYMM_ALG, BYTES_NULL);
	ask_send(&a, &told);
	ck_assert_int_eq(count(&told), 3);
	ck_assert_uint_ne(value_at(&told, 0, OID_CA_CERTS).len, 0);
	ck_assert_uint_ne(value_at(&told, 1, OID_SYMM_ALG).len, 0);
	ck_assert(bytes_equal(value_at(&told, 2, OID_UNSUPPORTED), BYTES_OF(unknown)));
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9810_5_3_19_7_only_unknown)
{
	static const uint8_t unknown[] = {0x30, 5, 6, 3, 0x2a, 3, 4};
	struct told told;

	ask_one("1.2.3.4", BYTES_NULL, &told);
	ck_assert(bytes_equal(value_at(&told, 0, OID_UNSUPPORTED), BYTES_OF(unknown)));
	told_clear(&told);
}
END_TEST

/* "the empty set indicates that the CA may send any/all information that it wishes" */
START_TEST(rfc9810_5_3_19_empty)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	a.body = cmp_body_new(PKI_BODY_GENM);
	ask_send(&a, &told);
	ck_assert_int_ge(count(&told), 4);
	ck_assert_uint_ne(value_at(&told, 0, OID_CA_CERTS).len, 0);
	granted_done(&a, &told);
}
END_TEST

/* --- RFC 9483 4.3.3 --- */

START_TEST(rfc9483_4_3_3_cert_req_template)
{
	struct bytes content, tlv, body, in;
	const unsigned char *p;
	struct told told;
	CertTemplate *t;
	uint8_t tag;
	int n = 0;

	ask_one(OID_CERT_REQ_TEMPLATE, BYTES_NULL, &told);
	content = value_at(&told, 0, OID_CERT_REQ_TEMPLATE);
	ck_assert_int_eq(der_next(&content, &tag, &tlv, &in), 0);
	ck_assert_int_eq(der_next(&in, &tag, &tlv, &body), 0);
	p = tlv.data;
	t = d2i_CertTemplate(NULL, &p, (long)tlv.len);
	ck_assert_ptr_nonnull(t);
	/* "MUST be omitted" */
	ck_assert(!t->publicKey && !t->serialNumber && !t->signingAlg && !t->issuerUID &&
		  !t->subjectUID);
	/* An empty string: the EE fills it in. */
	ck_assert_int_ge(X509_NAME_entry_count(t->subject), 1);
	ck_assert_int_eq(
		OBJ_obj2nid(X509_NAME_ENTRY_get_object(X509_NAME_get_entry(t->subject, 0))),
		NID_commonName);
	ck_assert_int_eq(
		ASN1_STRING_length(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(t->subject, 0))),
		0);
	CertTemplate_free(t);
	/* keySpec: one control for each kind of key. */
	ck_assert_int_eq(der_next(&in, &tag, &tlv, &body), 0);
	while (!der_next(&body, &tag, &tlv, &content))
		n++;
	ck_assert_int_ge(n, 3);
	told_clear(&told);
}
END_TEST

/* --- RFC 9483 4.3.4 --- */

/* CRLStatus: issuer [1] { directoryName }, and thisUpdate unless it is 0. */
static void crl_status_put(struct der_writer *w, struct bytes issuer, int64_t this_update_ms)
{
	size_t whole = der_mark(w), mark;

	if (this_update_ms)
		der_put_time(w, this_update_ms);
	mark = der_mark(w);
	der_put(w, issuer);
	der_put_header(w, 0xa4, mark);
	der_put_header(w, 0x30, mark);
	der_put_header(w, 0xa1, mark);
	der_put_header(w, 0x30, whole);
}

/* Octets of the answer to the CRLStatusList of those CRLStatus. */
static size_t crls_len_of(struct der_writer *w)
{
	struct told told;
	size_t len;

	der_put_header(w, 0x30, 0);
	ask_one(OID_CRL_STATUS_LIST, der_written(w), &told);
	len = value_at(&told, 0, OID_CRLS).len;
	told_clear(&told);
	der_writer_clear(w);
	return len;
}

static size_t crls_len(struct bytes issuer, int64_t this_update_ms)
{
	struct der_writer w = DER_WRITER_NULL;

	crl_status_put(&w, issuer, this_update_ms);
	return crls_len_of(&w);
}

START_TEST(rfc9483_4_3_4_crls_that_are_newer)
{
	static const uint8_t nobody[] = {0x30, 0};
	struct ca *ca = ca_at(granted_house.cas, 0);
	struct bytes issuer = ca_issuer(ca);
	int64_t now_ms = granted_house.now_ms;

	ck_assert_uint_eq(crls_len(issuer, 0), 0);
	ck_assert_int_eq(ca_crl_update(ca, granted_house.worker.reader, granted_house.worker.unit),
			 0);
	ck_assert_uint_ne(crls_len(issuer, 0), 0);
	ck_assert_uint_ne(crls_len(issuer, now_ms - 1000), 0);
	ck_assert_uint_eq(crls_len(issuer, now_ms), 0);
	ck_assert_uint_eq(crls_len(issuer, now_ms + 1000), 0);
	/* "in all other cases" without a value */
	ck_assert_uint_eq(crls_len(BYTES_OF(nobody), 0), 0);
}
END_TEST

/* The CRL of a CA goes out once, however many sources name it, if it is newer for one of them. */
START_TEST(rfc9483_4_3_4_crl_of_several_sources)
{
	struct ca *ca = ca_at(granted_house.cas, 0);
	struct bytes issuer = ca_issuer(ca);
	struct der_writer w = DER_WRITER_NULL;
	int64_t now_ms = granted_house.now_ms;
	size_t one;

	ck_assert_int_eq(ca_crl_update(ca, granted_house.worker.reader, granted_house.worker.unit),
			 0);
	one = crls_len(issuer, 0);
	ck_assert_uint_ne(one, 0);
	for (int i = 0; i < 3; i++)
		crl_status_put(&w, issuer, 0);
	ck_assert_uint_eq(crls_len_of(&w), one);
	crl_status_put(&w, issuer, now_ms - 1000);
	crl_status_put(&w, issuer, now_ms);
	ck_assert_uint_eq(crls_len_of(&w), one);
	crl_status_put(&w, issuer, now_ms);
	crl_status_put(&w, issuer, now_ms);
	ck_assert_uint_eq(crls_len_of(&w), 0);
}
END_TEST

/* Two elements have the CRL: the one goes out without being copied, the other as any value. */
START_TEST(rfc9810_5_3_19_crl_in_two_elements)
{
	struct ca *ca = ca_at(granted_house.cas, 0);
	struct der_writer w = DER_WRITER_NULL;
	_cleanup_(octets_clear) struct octets list = OCTETS_NULL;
	STACK_OF(InfoTypeAndValue) * infos;
	struct bytes crl[2];
	struct told told;
	struct ask a;

	ck_assert_int_eq(ca_crl_update(ca, granted_house.worker.reader, granted_house.worker.unit),
			 0);
	crl_status_put(&w, ca_issuer(ca), 0);
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(der_writer_take(&w, &list), 0);
	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_genm(&a, "1.3.6.1.5.5.7.4.6", BYTES_NULL);
	ask_genm(&a, "1.3.6.1.5.5.7.4.22", octets_view(&list));
	ask_send(&a, &told); /* verifies the protection */
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
	infos = told.msg->body->value.genmsg;
	ck_assert_int_eq(sk_InfoTypeAndValue_num(infos), 2);
	for (int i = 0; i < 2; i++) {
		const ASN1_STRING *s =
			sk_InfoTypeAndValue_value(infos, i)->infoValue->value.sequence;

		crl[i] = (struct bytes){s->data, (size_t)s->length};
	}
	/* crls is a SEQUENCE OF CertificateList: a header longer. */
	ck_assert_uint_ne(crl[0].len, crl[1].len);
	if (crl[0].len < crl[1].len)
		ck_assert_int_eq(
			memcmp(crl[1].data + crl[1].len - crl[0].len, crl[0].data, crl[0].len), 0);
	else
		ck_assert_int_eq(
			memcmp(crl[0].data + crl[0].len - crl[1].len, crl[1].data, crl[1].len), 0);
	granted_done(&a, &told);
}
END_TEST

/* --- RFC 9483 6.1 --- */

/* Each label with what it names, and with what another one names. */
START_TEST(rfc9483_6_1_label_of_info_type)
{
	static const struct {
		const char *label;
		const char *oid;
	} labels[] = {{"getcacerts", OID_CA_CERTS},
		      {"getrootupdate", OID_ROOT_CA_CERT},
		      {"getcertreqtemplate", OID_CERT_REQ_TEMPLATE},
		      {"getcrls", OID_CRL_STATUS_LIST}};
	struct der_writer w = DER_WRITER_NULL;
	struct bytes value;
	struct told told;
	struct ask a;

	crl_status_put(&w, ca_issuer(ca_at(granted_house.cas, 0)), 0);
	der_put_header(&w, 0x30, 0);
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		value = !strcmp(labels[i].oid, OID_CRL_STATUS_LIST) ? der_written(&w) : BYTES_NULL;
		ask_new(&a, &granted_house, &granted_house.vnfm_a);
		ask_genm(&a, labels[i].oid, value);
		a.operation_label = labels[_i].label;
		ask_send(&a, &told);
		ck_assert_msg(told_failinfo(&told) == (i == (size_t)_i ? -1 : FAIL_BAD_REQUEST),
			      "%s: %s", labels[_i].label, labels[i].label);
		granted_done(&a, &told);
	}
	/* Nor do others fit. */
	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_genm(&a, OID_SYMM_ALG, BYTES_NULL);
	a.operation_label = labels[_i].label;
	granted_expect(&a, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	der_writer_clear(&w);
}
END_TEST

/* --- RFC 9810 5.3.19.8, 5.3.19.13 --- */

START_TEST(rfc9810_5_3_19_8_key_pair_param)
{
	static const uint8_t ec[] = {6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1};
	static const uint8_t unsupported[] = {6, 3, 0x2a, 3, 4};
	/* AlgorithmIdentifier { id-ecPublicKey, secp256r1 } */
	static const uint8_t p256[] = {0x30, 19, 6,    7,    0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1,
				       6,    8,  0x2a, 0x86, 0x48, 0xce, 0x3d, 3,    1,    7};
	struct told told;

	ask_one(OID_KEY_PAIR_PARAM_REQ, BYTES_OF(ec), &told);
	ck_assert(bytes_equal(value_at(&told, 0, OID_KEY_PAIR_PARAM_REP), BYTES_OF(p256)));
	told_clear(&told);
	ask_one(OID_KEY_PAIR_PARAM_REQ, BYTES_OF(unsupported), &told);
	ck_assert_uint_eq(value_at(&told, 0, OID_KEY_PAIR_PARAM_REP).len, 0);
	told_clear(&told);
}
END_TEST

START_TEST(rfc9810_5_3_19_13_lang_tags)
{
	static const uint8_t offered[] = {0x30, 11,  0x0c, 2,   'd', 'e', 0x0c,
					  5,    'e', 'n',  '-', 'G', 'B'};
	static const uint8_t chosen[] = {0x30, 7, 0x0c, 5, 'e', 'n', '-', 'G', 'B'};
	struct told told;

	ask_one(OID_LANG_TAGS, BYTES_OF(offered), &told);
	ck_assert(bytes_equal(value_at(&told, 0, OID_LANG_TAGS), BYTES_OF(chosen)));
	told_clear(&told);
}
END_TEST

static Suite *door_genm_suite(void)
{
	Suite *suite = suite_create("door_genm");
	TCase *tcase = tcase_create("genm");

	tcase_add_checked_fixture(tcase, granted_setup, granted_teardown);
	tcase_add_test(tcase, rfc9810_5_3_19_several_and_unknown);
	tcase_add_test(tcase, rfc9810_5_3_19_7_only_unknown);
	tcase_add_test(tcase, rfc9810_5_3_19_empty);
	tcase_add_test(tcase, rfc9483_4_3_3_cert_req_template);
	tcase_add_test(tcase, rfc9483_4_3_4_crls_that_are_newer);
	tcase_add_test(tcase, rfc9483_4_3_4_crl_of_several_sources);
	tcase_add_test(tcase, rfc9810_5_3_19_crl_in_two_elements);
	tcase_add_loop_test(tcase, rfc9483_6_1_label_of_info_type, 0, 4);
	tcase_add_test(tcase, rfc9810_5_3_19_8_key_pair_param);
	tcase_add_test(tcase, rfc9810_5_3_19_13_lang_tags);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_genm_suite, SUITE_ONE_PROCESS)
