// SPDX-License-Identifier: Apache-2.0
/*
 * Announcements at the CMP door, RFC 9810 5.3.13 to 5.3.16 and RFC 9811 3.5: what is recorded, what
 * the sender is told, and that nothing else changes.
 */
#include "granted.h"
#include "suite.h"

#include <check.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

static struct house_credential announcer;

static ASN1_TYPE *sequence(struct bytes der)
{
	ASN1_TYPE *type = ASN1_TYPE_new();
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	ck_assert(type && s && ASN1_STRING_set(s, der.data, (int)der.len));
	ASN1_TYPE_set(type, V_ASN1_SEQUENCE, s);
	return type;
}

static ASN1_TYPE *cert_value(const struct house_credential *c)
{
	return sequence(octets_view(&c->der));
}

static void setup(void)
{
	struct house *h = &granted_house;

	granted_setup();
	house_client_add(h, "announcer", "a", STORE_MAY_ANNOUNCE, false);
	house_credential_make(&announcer, "announcer", HOUSE_LEAF, &h->client_root, h->now_ms, 365);
}

static void teardown(void)
{
	house_credential_clear(&announcer);
	granted_teardown();
}

/* --- good announcements --- */

static void ckuann_v2(struct ask *a)
{
	CAKeyUpdAnnContent *v2 = CAKeyUpdAnnContent_new();

	ASN1_TYPE_free(v2->oldWithNew);
	ASN1_TYPE_free(v2->newWithOld);
	ASN1_TYPE_free(v2->newWithNew);
	v2->oldWithNew = cert_value(&granted_house.old_with_new);
	v2->newWithOld = cert_value(&granted_house.new_with_old);
	v2->newWithNew = cert_value(&granted_house.root);
	CAKeyUpdContent_free(a->body->value.ckuann);
	a->body->value.ckuann = CAKeyUpdContent_new();
	a->body->value.ckuann->type = CA_KEY_UPD_ANN_V2;
	a->body->value.ckuann->value.cAKeyUpdAnnV2 = v2;
}

static void ckuann_v3(struct ask *a)
{
	RootCaKeyUpdateContent *v3 = RootCaKeyUpdateContent_new();

	ASN1_TYPE_free(v3->newWithNew);
	v3->newWithNew = cert_value(&granted_house.root);
	v3->newWithOld = cert_value(&granted_house.new_with_old);
	v3->oldWithNew = cert_value(&granted_house.old_with_new);
	CAKeyUpdContent_free(a->body->value.ckuann);
	a->body->value.ckuann = CAKeyUpdContent_new();
	a->body->value.ckuann->type = CA_KEY_UPD_ANN_V3;
	a->body->value.ckuann->value.cAKeyUpdAnnV3 = v3;
	a->out.pvno = 3;
}

static void cann(struct ask *a)
{
	ASN1_TYPE_free(a->body->value.cann);
	a->body->value.cann = cert_value(&granted_house.old_root);
}

static void rann(struct ask *a)
{
	RevAnnContent *r = RevAnnContent_new();

	ck_assert(ASN1_INTEGER_set(r->status, 5)); /* revocationNotification */
	r->certId->issuer->type = GEN_DIRNAME;
	r->certId->issuer->d.directoryName =
		X509_NAME_dup(X509_get_subject_name(granted_house.old_root.cert));
	ck_assert(ASN1_INTEGER_set(r->certId->serialNumber, 4711));
	ck_assert(ASN1_GENERALIZEDTIME_set_string(r->willBeRevokedAt, "20261124120000Z"));
	ck_assert(ASN1_GENERALIZEDTIME_set_string(r->badSinceDate, "20261123120000Z"));
	RevAnnContent_free(a->body->value.rann);
	a->body->value.rann = r;
}

static void crlann(struct ask *a)
{
	time_t now = (time_t)(granted_house.now_ms / 1000);
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_set(NULL, now);
	unsigned char *der = NULL;
	int len;

	ck_assert(crl && X509_CRL_set_issuer_name(
				 crl, X509_get_subject_name(granted_house.old_root.cert)));
	ck_assert(X509_CRL_set1_lastUpdate(crl, time) && X509_CRL_set1_nextUpdate(crl, time));
	ck_assert(X509_CRL_sign(crl, granted_house.old_root.key, EVP_sha256()));
	len = i2d_X509_CRL(crl, &der);
	sk_ASN1_TYPE_push(a->body->value.crlann, sequence((struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
	ASN1_TIME_free(time);
	X509_CRL_free(crl);
}

/* --- sending --- */

static void announcement_new(struct ask *a, int type, void (*fill)(struct ask *a),
			     const struct house_credential *who)
{
	ask_new(a, &granted_house, who);
	a->body = cmp_body_new((enum pki_body_type)type);
	ck_assert(a->body);
	fill(a);
}

/* Serves it, and frees it. There is never a CMP answer. */
static enum cmp_delivery serve(struct ask *a)
{
	struct cmp_exchange exchange = {.request = octets_view(&a->sent), .peer = "test"};
	struct octets answer = OCTETS_NULL;
	enum cmp_delivery delivery;

	ck_assert_int_eq(house_door_serve(granted_house.door, &granted_house.worker, &exchange,
					  &answer, &delivery),
			 0);
	ck_assert_int_eq(answer.len, 0);
	ck_assert(store_unit_empty(granted_house.worker.unit));
	ask_clear(a);
	return delivery;
}

static enum cmp_delivery send(struct ask *a)
{
	ask_encode(a);
	return serve(a);
}

struct recorded {
	int n;
	int type;
	struct octets der;
};

static int recorded_row(void *arg, const struct store_announcement *row)
{
	struct recorded *recorded = arg;

	ck_assert_str_eq(row->sender, "announcer");
	ck_assert_int_eq(row->created_ms, granted_house.now_ms);
	recorded->n++;
	recorded->type = row->type;
	octets_clear(&recorded->der);
	return octets_dup(octets_view(&row->der), &recorded->der);
}

static struct recorded recorded_now(void)
{
	const struct store_announcement_filter all = {.type = -1};
	struct recorded recorded = {0};

	ck_assert_int_eq(
		store_announcement_list(granted_house.worker.reader, &all, recorded_row, &recorded),
		0);
	return recorded;
}

static int recorded_n(void)
{
	struct recorded recorded = recorded_now();

	octets_clear(&recorded.der);
	return recorded.n;
}

static const struct {
	int type;
	void (*fill)(struct ask *a);
} good[] = {
	{PKI_BODY_CKUANN, ckuann_v2}, {PKI_BODY_CKUANN, ckuann_v3}, {PKI_BODY_CANN, cann},
	{PKI_BODY_RANN, rann},        {PKI_BODY_CRLANN, crlann},
};

START_TEST(rfc9811_3_5_stored_once)
{
	unsigned char *der = NULL;
	struct recorded recorded;
	struct ask a, again;
	int len;

	announcement_new(&a, good[_i].type, good[_i].fill, &announcer);
	len = i2d_PKIBody(a.body, &der);
	ask_encode(&a);
	ask_new(&again, &granted_house, &announcer);
	ck_assert_int_eq(octets_dup(octets_view(&a.sent), &again.sent), 0);
	/* A new message with the same content is the same announcement too. */
	ck_assert_int_eq(serve(&again), CMP_ANNOUNCEMENT_STORED);
	RAND_bytes(a.transaction_id, sizeof(a.transaction_id));
	ck_assert_int_eq(send(&a), CMP_ANNOUNCEMENT_STORED);
	recorded = recorded_now();
	ck_assert_int_eq(recorded.n, 1);
	ck_assert_int_eq(recorded.type, good[_i].type);
	/* The content of the body, as sent. */
	ck_assert((size_t)len > recorded.der.len && recorded.der.len > 0);
	ck_assert_mem_eq(der + len - recorded.der.len, recorded.der.data, recorded.der.len);
	octets_clear(&recorded.der);
	OPENSSL_free(der);
}
END_TEST

/* RFC 9810 5.1.1: where there is no transaction, these may be absent. */
START_TEST(rfc9810_5_1_1_no_transaction)
{
	struct store_transaction txn = {0};
	struct ask a;

	announcement_new(&a, PKI_BODY_RANN, rann, &announcer);
	a.out.transaction_id = a.out.sender_nonce = BYTES_NULL;
	ck_assert_int_eq(send(&a), CMP_ANNOUNCEMENT_STORED);
	announcement_new(&a, PKI_BODY_CANN, cann, &announcer);
	ask_encode(&a);
	ck_assert_int_eq(store_transaction_find(granted_house.worker.reader, "announcer",
						a.out.transaction_id, &txn),
			 STORE_NOT_FOUND);
	ck_assert_int_eq(serve(&a), CMP_ANNOUNCEMENT_STORED);
	ck_assert_int_eq(recorded_n(), 2);
}
END_TEST

START_TEST(the_oldest_gives_way)
{
	struct ask a;

	for (int i = 0; i < 5; i++) {
		announcement_new(&a, PKI_BODY_RANN, rann, &announcer);
		ck_assert(ASN1_INTEGER_set(a.body->value.rann->certId->serialNumber, i));
		ck_assert_int_eq(send(&a), CMP_ANNOUNCEMENT_STORED);
	}
	ck_assert_int_eq(recorded_n(), 3);
}
END_TEST

/* --- refused --- */

static void bend_v3_with_pvno_2(struct ask *a)
{
	a->out.pvno = 2;
}

static void bend_new_with_old(struct ask *a)
{
	CAKeyUpdAnnContent *v2 = a->body->value.ckuann->value.cAKeyUpdAnnV2;

	ASN1_TYPE_free(v2->newWithOld);
	v2->newWithOld = cert_value(&granted_house.root);
}

static void bend_old_with_new(struct ask *a)
{
	RootCaKeyUpdateContent *v3 = a->body->value.ckuann->value.cAKeyUpdAnnV3;

	ASN1_TYPE_free(v3->oldWithNew);
	v3->oldWithNew = cert_value(&granted_house.old_root);
}

static void bend_no_certificate(struct ask *a)
{
	ASN1_TYPE_free(a->body->value.cann);
	a->body->value.cann = sequence((struct bytes){(const uint8_t *)"\x30\x00", 2});
}

static void bend_status(struct ask *a)
{
	ck_assert(ASN1_INTEGER_set(a->body->value.rann->status, PKI_STATUS_ACCEPTED));
}

static void bend_issuer(struct ask *a)
{
	X509_NAME_free(a->body->value.rann->certId->issuer->d.directoryName);
	a->body->value.rann->certId->issuer->type = GEN_DNS;
	a->body->value.rann->certId->issuer->d.dNSName = ASN1_IA5STRING_new();
}

static void bend_no_crl(struct ask *a)
{
	ASN1_TYPE_free(sk_ASN1_TYPE_pop(a->body->value.crlann));
}

static void bend_crl(struct ask *a)
{
	sk_ASN1_TYPE_push(a->body->value.crlann, cert_value(&granted_house.old_root));
}

static void bend_transaction_id(struct ask *a)
{
	a->out.transaction_id.len = 8;
}

static const struct {
	const char *name;
	int type;
	void (*fill)(struct ask *a);
	void (*bend)(struct ask *a);
} bad[] = {
	{"RFC 9810 5.3.13 V3 needs cmp2021", PKI_BODY_CKUANN, ckuann_v3, bend_v3_with_pvno_2},
	{"RFC 9810 4.4 newWithOld", PKI_BODY_CKUANN, ckuann_v2, bend_new_with_old},
	{"RFC 9810 4.4 oldWithNew", PKI_BODY_CKUANN, ckuann_v3, bend_old_with_new},
	{"RFC 9810 5.3.14 no certificate", PKI_BODY_CANN, cann, bend_no_certificate},
	{"RFC 9810 5.3.15 status", PKI_BODY_RANN, rann, bend_status},
	{"RFC 9810 5.3.15 certId", PKI_BODY_RANN, rann, bend_issuer},
	{"RFC 9810 5.3.16 empty", PKI_BODY_CRLANN, crlann, bend_no_crl},
	{"RFC 9810 5.3.16 no CRL", PKI_BODY_CRLANN, crlann, bend_crl},
	{"RFC 9483 3.1 transactionID", PKI_BODY_RANN, rann, bend_transaction_id},
};

START_TEST(rfc9811_3_5_refused)
{
	struct ask a;

	announcement_new(&a, bad[_i].type, bad[_i].fill, &announcer);
	bad[_i].bend(&a);
	ck_assert_msg(send(&a) == CMP_ANNOUNCEMENT_REFUSED, "%s", bad[_i].name);
	ck_assert_int_eq(recorded_n(), 0);
}
END_TEST

START_TEST(rfc9811_3_5_forbidden)
{
	struct ask a;

	/* Without the permission, whoever it is. */
	announcement_new(&a, PKI_BODY_CANN, cann, &granted_house.vnfm_a);
	ck_assert_int_eq(send(&a), CMP_ANNOUNCEMENT_FORBIDDEN);
	announcement_new(&a, PKI_BODY_CANN, cann, NULL);
	ck_assert_int_eq(send(&a), CMP_ANNOUNCEMENT_FORBIDDEN);
	announcement_new(&a, PKI_BODY_CANN, cann, &granted_house.stranger);
	ck_assert_int_eq(send(&a), CMP_ANNOUNCEMENT_FORBIDDEN);
	/* With it, but changed on the way. */
	announcement_new(&a, PKI_BODY_CRLANN, crlann, &announcer);
	ask_encode(&a);
	a.sent.data[a.sent.len / 3] ^= 1;
	ck_assert_int_ne(serve(&a), CMP_ANNOUNCEMENT_STORED);
	ck_assert_int_eq(recorded_n(), 0);
}
END_TEST

static Suite *announce_suite(void)
{
	Suite *suite = suite_create("announcements");
	TCase *tc = tcase_create("announcements");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, rfc9811_3_5_stored_once, 0, ARRAY_LEN(good));
	tcase_add_test(tc, rfc9810_5_1_1_no_transaction);
	tcase_add_test(tc, the_oldest_gives_way);
	tcase_add_loop_test(tc, rfc9811_3_5_refused, 0, ARRAY_LEN(bad));
	tcase_add_test(tc, rfc9811_3_5_forbidden);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(announce_suite, SUITE_ONE_PROCESS)
