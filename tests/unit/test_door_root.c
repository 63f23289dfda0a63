// SPDX-License-Identifier: Apache-2.0
/*
 * genm about the keys of CAs: the update of a root certificate (RFC 9483 4.3.2), and the
 * announcement of one (RFC 9810 5.3.19.5).
 */
#include "ask.h"
#include "suite.h"

#include <check.h>
#include <string.h>

#define OID_CA_KEY_UPDATE_INFO "1.3.6.1.5.5.7.4.5"
#define OID_ROOT_CA_KEY_UPDATE "1.3.6.1.5.5.7.4.18"
#define OID_ROOT_CA_CERT       "1.3.6.1.5.5.7.4.20"

static struct house house;
static struct house_credential announcer;
static const struct house_credential *recipient; /* NULL: the CMF */

static void open_with(const char *sections)
{
	house_open(&house, "", sections);
	house_client_add(&house, "announcer", "a", STORE_MAY_ANNOUNCE, false);
	house_credential_make(&announcer, "announcer", HOUSE_LEAF, &house.client_root, house.now_ms,
			      365);
}

static void setup(void)
{
	open_with("[ca rolled]\n"
		  "type = internal\n"
		  "certificate = central.pem\n"
		  "chain = root.pem\n"
		  "key = central.key\n"
		  "root_new_with_old = new-with-old.pem\n"
		  "root_old_with_new = old-with-new.pem\n");
}

static void teardown(void)
{
	house_credential_clear(&announcer);
	house_close(&house);
}

/* Asks; the answer has that failInfo, or is a genp with that type and that value (NULL: none). */
static void expect(const struct house_credential *who, const char *oid, struct bytes value,
		   int failinfo, const char *answer_oid, const struct octets *answer)
{
	const InfoTypeAndValue *itav;
	struct told told;
	struct ask a;
	char text[64];

	ask_new(&a, &house, who);
	ask_genm(&a, oid, value);
	if (recipient)
		a.out.recipient = octets_view(&recipient->sender);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	if (failinfo < 0) {
		ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
		ck_assert_int_eq(sk_InfoTypeAndValue_num(told.msg->body->value.genmsg), 1);
		itav = sk_InfoTypeAndValue_value(told.msg->body->value.genmsg, 0);
		OBJ_obj2txt(text, sizeof(text), itav->infoType, 1);
		ck_assert_str_eq(text, answer_oid);
		ck_assert(!itav->infoValue == !answer);
	}
	if (failinfo < 0 && answer) {
		ck_assert_int_eq(itav->infoValue->type, V_ASN1_SEQUENCE);
		ck_assert_uint_eq((size_t)itav->infoValue->value.sequence->length, answer->len);
		ck_assert_mem_eq(itav->infoValue->value.sequence->data, answer->data, answer->len);
	}
	told_clear(&told);
	ask_clear(&a);
}

static ASN1_TYPE *cert_value(const struct house_credential *c)
{
	ASN1_TYPE *type = ASN1_TYPE_new();
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	ck_assert(type && s && ASN1_STRING_set(s, c->der.data, (int)c->der.len));
	ASN1_TYPE_set(type, V_ASN1_SEQUENCE, s);
	return type;
}

/* RootCaKeyUpdateContent, by the template and not by what the door writes it with. */
static struct octets update(const struct house_credential *new_with_old)
{
	RootCaKeyUpdateContent *content = RootCaKeyUpdateContent_new();
	struct octets der = OCTETS_NULL;
	unsigned char *out = NULL;
	int len;

	ASN1_TYPE_free(content->newWithNew);
	content->newWithNew = cert_value(&house.root);
	content->newWithOld = cert_value(new_with_old);
	content->oldWithNew = cert_value(&house.old_with_new);
	len = i2d_RootCaKeyUpdateContent(content, &out);
	ck_assert(len > 0 && !octets_dup((struct bytes){out, (size_t)len}, &der));
	OPENSSL_free(out);
	RootCaKeyUpdateContent_free(content);
	return der;
}

START_TEST(rfc9483_4_3_2_root_update)
{
	struct octets answer = update(&house.new_with_old);
	const struct {
		struct bytes value;
		const struct octets *answer;
	} rows[] = {
		{octets_view(&house.old_root.der), &answer},
		/* No update: it is the newest; it is no root of ours. */
		{octets_view(&house.root.der), NULL},
		{octets_view(&house.client_root.der), NULL},
		{octets_view(&house.vnfm_a.der), NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect(&house.vnfm_a, OID_ROOT_CA_CERT, rows[i].value, -1, OID_ROOT_CA_KEY_UPDATE,
		       rows[i].answer);
	expect(&house.vnfm_a, OID_ROOT_CA_CERT, ((struct bytes){(const uint8_t *)"\x30\x00", 2}),
	       FAIL_BAD_DATA_FORMAT, NULL, NULL);
	expect(&house.vnfm_a, OID_ROOT_CA_CERT, ((struct bytes){(const uint8_t *)"\x05\x00", 2}),
	       FAIL_BAD_DATA_FORMAT, NULL, NULL);
	/* Without a certificate: of the CA that is asked, the default one else. */
	expect(&house.vnfm_a, OID_ROOT_CA_CERT, BYTES_NULL, -1, OID_ROOT_CA_KEY_UPDATE, NULL);
	recipient = &house.central;
	expect(&house.vnfm_a, OID_ROOT_CA_CERT, BYTES_NULL, -1, OID_ROOT_CA_KEY_UPDATE, &answer);
	recipient = NULL;
	octets_clear(&answer);
}
END_TEST

/* Who trusts the old root only gets the way to the new one with every chain. */
START_TEST(rfc9483_3_3_link_in_chain)
{
	const struct bytes *chain;
	size_t n = ca_chain(ca_find(house.cas, "rolled"), &chain);

	ck_assert_uint_eq(n, 2);
	ck_assert(bytes_equal(chain[0], octets_view(&house.central.der)));
	ck_assert(bytes_equal(chain[1], octets_view(&house.new_with_old.der)));
}
END_TEST

START_TEST(rfc9483_4_3_2_no_update)
{
	open_with("");
	expect(&house.vnfm_a, OID_ROOT_CA_CERT, octets_view(&house.old_root.der), -1,
	       OID_ROOT_CA_KEY_UPDATE, NULL);
	expect(&house.vnfm_a, OID_ROOT_CA_CERT, BYTES_NULL, -1, OID_ROOT_CA_KEY_UPDATE, NULL);
	teardown();
}
END_TEST

/* --- announcements in a genm --- */

static int count_row(void *arg, const struct store_announcement *row)
{
	ck_assert_int_eq(row->type, PKI_BODY_CKUANN);
	++*(int *)arg;
	return 0;
}

static int recorded_n(void)
{
	const struct store_announcement_filter all = {.type = -1};
	int n = 0;

	ck_assert_int_eq(store_announcement_list(house.worker.reader, &all, count_row, &n), 0);
	return n;
}

/* CAKeyUpdAnnContent. */
static struct octets update_v2(void)
{
	CAKeyUpdAnnContent *content = CAKeyUpdAnnContent_new();
	struct octets der = OCTETS_NULL;
	unsigned char *out = NULL;
	int len;

	ASN1_TYPE_free(content->oldWithNew);
	ASN1_TYPE_free(content->newWithOld);
	ASN1_TYPE_free(content->newWithNew);
	content->oldWithNew = cert_value(&house.old_with_new);
	content->newWithOld = cert_value(&house.new_with_old);
	content->newWithNew = cert_value(&house.root);
	len = i2d_CAKeyUpdAnnContent(content, &out);
	ck_assert(len > 0 && !octets_dup((struct bytes){out, (size_t)len}, &der));
	OPENSSL_free(out);
	CAKeyUpdAnnContent_free(content);
	return der;
}

START_TEST(rfc9810_5_3_19_5_announced)
{
	struct octets v2 = update_v2(), v3 = update(&house.new_with_old);

	for (int i = 0; i < 2; i++) {
		expect(&announcer, OID_ROOT_CA_KEY_UPDATE, octets_view(&v3), -1,
		       OID_ROOT_CA_KEY_UPDATE, NULL);
		ck_assert_int_eq(recorded_n(), i ? 2 : 1);
		expect(&announcer, OID_CA_KEY_UPDATE_INFO, octets_view(&v2), -1,
		       OID_CA_KEY_UPDATE_INFO, NULL);
		ck_assert_int_eq(recorded_n(), 2);
	}
	octets_clear(&v2);
	octets_clear(&v3);
}
END_TEST

START_TEST(rfc9810_5_3_19_5_refused)
{
	struct octets v2 = update_v2(), v3 = update(&house.new_with_old);
	struct octets wrong = update(&house.root);

	expect(&house.vnfm_a, OID_ROOT_CA_KEY_UPDATE, octets_view(&v3), FAIL_NOT_AUTHORIZED, NULL,
	       NULL);
	expect(&house.vnfm_a, OID_CA_KEY_UPDATE_INFO, octets_view(&v2), FAIL_NOT_AUTHORIZED, NULL,
	       NULL);
	expect(&announcer, OID_ROOT_CA_KEY_UPDATE, octets_view(&wrong), FAIL_BAD_REQUEST, NULL,
	       NULL);
	expect(&announcer, OID_CA_KEY_UPDATE_INFO, BYTES_NULL, FAIL_BAD_DATA_FORMAT, NULL, NULL);
	expect(&announcer, OID_ROOT_CA_KEY_UPDATE, BYTES_NULL, FAIL_BAD_DATA_FORMAT, NULL, NULL);
	expect(&announcer, OID_ROOT_CA_KEY_UPDATE, octets_view(&house.root.der),
	       FAIL_BAD_DATA_FORMAT, NULL, NULL);
	ck_assert_int_eq(recorded_n(), 0);
	octets_clear(&v2);
	octets_clear(&v3);
	octets_clear(&wrong);
}
END_TEST

static Suite *door_root_suite(void)
{
	Suite *suite = suite_create("roots");
	TCase *tc = tcase_create("update"), *none = tcase_create("no update");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc9483_4_3_2_root_update);
	tcase_add_test(tc, rfc9483_3_3_link_in_chain);
	tcase_add_test(tc, rfc9810_5_3_19_5_announced);
	tcase_add_test(tc, rfc9810_5_3_19_5_refused);
	suite_add_tcase(suite, tc);
	tcase_add_test(none, rfc9483_4_3_2_no_update);
	suite_add_tcase(suite, none);
	return suite;
}

SUITE_MAIN(door_root_suite, SUITE_ONE_PROCESS)
