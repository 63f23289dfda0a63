// SPDX-License-Identifier: Apache-2.0
/*
 * poposkInput, RFC 4211 4.1: a proof of possession without a subject says who asks. What is signed
 * is put together here from its octets.
 */
#include "granted.h"
#include "suite.h"

#include "asn1/der.h"

#include <check.h>
#include <openssl/crmf.h>
#include <openssl/err.h>
#include <string.h>

#define h granted_house

static void input_setup(void)
{
	house_open(&h, "", "");
	house_register(&h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&h, "mac", CERT_TYPE_VNFCI, "vnfci-mac");
}

/* --- what is signed --- */

/* What POPOSigningKeyInput says, and how it is signed. */
struct input {
	const struct house_credential *sender; /* NULL: publicKeyMAC */
	const char *secret;
	X509_NAME *name; /* instead of the sender's */
	EVP_PKEY *other; /* its public key is another */
	bool as_tagged;  /* the signature is over the octets as they are in the message */
	bool cut;        /* an octet is missing */
	bool more;       /* an octet too many in it */
};

static struct octets spki_of(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	struct octets octets;

	HOUSE_CHECK(len > 0 && !octets_dup((struct bytes){der, (size_t)len}, &octets));
	OPENSSL_free(der);
	return octets;
}

/* PKMACValue by OpenSSL: PasswordBasedMac, SHA-256, 500 iterations, HMAC-SHA1. */
static void mac_put(struct der_writer *w, struct bytes spki, const char *secret)
{
	OSSL_CRMF_PBMPARAMETER *pbm = OSSL_CRMF_pbmp_new(NULL, 16, NID_sha256, 500, NID_hmac_sha1);
	ASN1_STRING *parameters = NULL;
	X509_ALGOR *alg = X509_ALGOR_new();
	unsigned char *mac = NULL, *der = NULL;
	size_t mac_len, mark = der_mark(w);
	int len;

	HOUSE_CHECK(OSSL_CRMF_pbm_new(NULL, NULL, pbm, spki.data, spki.len,
				      (const unsigned char *)secret, strlen(secret), &mac,
				      &mac_len));
	parameters = ASN1_item_pack(pbm, ASN1_ITEM_rptr(OSSL_CRMF_PBMPARAMETER), NULL);
	HOUSE_CHECK(parameters && X509_ALGOR_set0(alg, OBJ_nid2obj(NID_id_PasswordBasedMAC),
						  V_ASN1_SEQUENCE, parameters));
	len = i2d_X509_ALGOR(alg, &der);
	der_put(w, (struct bytes){mac, mac_len});
	der_put(w, (struct bytes){(const uint8_t *)"", 1});
	der_put_header(w, 0x03, mark);
	der_put(w, (struct bytes){der, (size_t)len});
	der_put_header(w, 0x30, mark);
	OPENSSL_free(der);
	OPENSSL_free(mac);
	X509_ALGOR_free(alg);
	OSSL_CRMF_PBMPARAMETER_free(pbm);
}

/* sender [0] GeneralName, which is a CHOICE: the tag is an explicit one. */
static void sender_put(struct der_writer *w, const struct input *input)
{
	size_t mark = der_mark(w);
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(
		input->name ? input->name : X509_get_subject_name(input->sender->cert), &der);

	der_put(w, (struct bytes){der, (size_t)len});
	der_put_header(w, 0xa4, mark);
	der_put_header(w, 0xa0, mark);
	OPENSSL_free(der);
}

static struct octets input_make(const struct input *input, EVP_PKEY *key)
{
	_cleanup_(octets_clear) struct octets spki = spki_of(input->other ? input->other : key);
	struct der_writer w = DER_WRITER_NULL;
	struct octets made;

	if (input->more)
		der_put_value(&w, 0x05, BYTES_NULL);
	der_put(&w, octets_view(&spki));
	if (input->secret)
		mac_put(&w, octets_view(&spki), input->secret);
	else
		sender_put(&w, input);
	der_put_header(&w, 0x30, 0);
	HOUSE_CHECK(!der_writer_take(&w, &made));
	return made;
}

static void input_sign(struct ask *a, const struct input *input)
{
	_cleanup_(octets_clear) struct octets der = input_make(input, a->key);
	CertReqMsg *msg = ask_request(a);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	POPOSigningKey *pop = POPOSigningKey_new();
	uint8_t signature[128];
	size_t len = sizeof(signature);

	if (input->as_tagged)
		der.data[0] = 0xa0;
	HOUSE_CHECK(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, a->key, NULL) > 0 &&
		    EVP_DigestSign(ctx, signature, &len, der.data, der.len) > 0);
	EVP_MD_CTX_free(ctx);
	der.data[0] = 0xa0;
	pop->poposkInput = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	HOUSE_CHECK(ASN1_STRING_set(pop->poposkInput, der.data, (int)der.len));
	HOUSE_CHECK(X509_ALGOR_set0(pop->algorithmIdentifier, OBJ_nid2obj(NID_ecdsa_with_SHA256),
				    V_ASN1_UNDEF, NULL) &&
		    ASN1_BIT_STRING_set(pop->signature, signature, (int)len));
	pop->signature->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	ProofOfPossession_free(msg->popo);
	msg->popo = ProofOfPossession_new();
	msg->popo->type = POPO_SIGNATURE;
	msg->popo->value.signature = pop;
	a->keep_pop = true;
}

/* A request without subject, which says by other ways whose certificate it is. */
static void ask_without_subject(struct ask *a, int type, const struct house_credential *who,
				const char *entity)
{
	CertTemplate *t;
	char pair[64];

	ask_new(a, &h, who);
	ask_certreq(a, type, entity);
	t = ask_request(a)->certReq->certTemplate;
	X509_NAME_free(t->subject);
	t->subject = NULL;
	snprintf(pair, sizeof(pair), "vnfcId?%s%%", entity);
	ask_reg_info(a, pair);
}

enum { GRANTED = REFUSAL_NONE };

static void expect(struct ask *a, int reason, const char *name)
{
	const ASN1_UTF8STRING *text;
	struct told told;

	ask_send(a, &told);
	if (reason == GRANTED) {
		ck_assert_msg(told_failinfo(&told) == -1, "%s: refused", name);
	} else {
		ck_assert_msg(told_failinfo(&told) == FAIL_BAD_POP, "%s: not badPOP", name);
		text = sk_ASN1_UTF8STRING_value(told_status(&told)->statusString, 0);
		ck_assert_str_eq((const char *)ASN1_STRING_get0_data(text),
				 refusal_text((enum refusal_reason)reason));
	}
	granted_done(a, &told);
}

/* --- who asks --- */

static X509_NAME *name_of(const char *cn, int type)
{
	X509_NAME *name = X509_NAME_new();

	if (cn)
		HOUSE_CHECK(X509_NAME_add_entry_by_txt(name, "CN", type, (const uint8_t *)cn, -1,
						       -1, 0));
	return name;
}

static const struct row {
	const char *name;
	int reason;
	struct input input;
	const char *cn;
	bool other_key;
} rows[] = {
	{"the signer", GRANTED, {.sender = &h.vnfm_a}},
	{"RFC 5280 7.1: the same name", GRANTED, {.sender = &h.vnfm_a}, "VNFM-A"},
	{"another client", REFUSAL_pop_input_sender, {.sender = &h.vnfm_b}},
	{"nobody", REFUSAL_pop_input_sender, {.sender = &h.vnfm_a}, ""},
	{"another key", REFUSAL_pop_input_public_key, {.sender = &h.vnfm_a}, NULL, true},
	{"tag [0] signed", REFUSAL_pop_signature_wrong, {.sender = &h.vnfm_a, .as_tagged = true}},
	{"something behind", REFUSAL_pop_input_malformed, {.sender = &h.vnfm_a, .more = true}},
	{"no secret", REFUSAL_pop_input_mac, {.secret = HOUSE_MAC_SECRET}},
};

static void row_ask(struct ask *a, const struct row *row, int type)
{
	struct input input = row->input;

	if (row->cn)
		input.name = name_of(*row->cn ? row->cn : NULL, V_ASN1_PRINTABLESTRING);
	if (row->other_key)
		input.other = pki_key(NULL);
	ask_without_subject(a, type, &h.vnfm_a, "vnfci-a");
	input_sign(a, &input);
	X509_NAME_free(input.name);
	EVP_PKEY_free(input.other);
}

START_TEST(rfc4211_4_1_sender)
{
	struct ask a;

	row_ask(&a, &rows[_i], PKI_BODY_IR);
	expect(&a, rows[_i].reason, rows[_i].name);
	row_ask(&a, &rows[_i], PKI_BODY_CR);
	expect(&a, rows[_i].reason, rows[_i].name);
}
END_TEST

/* With the subject: RFC 9483 4.1.1 prohibits it. */
START_TEST(rfc9483_4_1_1_input_prohibited)
{
	const struct input input = {.sender = &h.vnfm_a};
	struct ask a;

	ask_new(&a, &h, &h.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	input_sign(&a, &input);
	expect(&a, REFUSAL_pop_input_used, "with a subject");
}
END_TEST

/* What an RA passes on names whose request it is: it could say raVerified. */
START_TEST(rfc4211_4_1_sender_behind_an_ra)
{
	const struct input input = {.sender = &h.vnfm_a};
	struct ask a;

	ask_without_subject(&a, PKI_BODY_CR, &h.ra, "vnfci-a");
	input_sign(&a, &input);
	expect(&a, GRANTED, "by the RA");
}
END_TEST

/* Who captured another's request and has an RA approve its own message gains nothing. 5.2.8.4 */
START_TEST(rfc9810_5_2_8_4_sender_that_an_ra_approves)
{
	const struct input input = {.sender = &h.vnfm_b};
	struct told told, approved;
	struct ask a, added;

	ask_without_subject(&a, PKI_BODY_CR, &h.vnfm_a, "vnfci-a");
	input_sign(&a, &input);
	ask_new(&added, &h, &h.ra);
	ask_added(&added, &a);
	ask_encode(&added);
	ask_send_octets(&added, &h.worker, octets_view(&added.sent), &approved);
	told_of(&a, octets_view(&approved.der), &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_CP);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_POP);
	granted_done(&a, &told);
	granted_done(&added, &approved);
}
END_TEST

/* The name that a MAC-protected message gives its sender is no authenticated one. */
START_TEST(rfc4211_4_1_public_key_mac)
{
	static const struct {
		int reason;
		struct input input;
		bool other_key;
	} macs[] = {
		{GRANTED, {.secret = HOUSE_MAC_SECRET}},
		{REFUSAL_pop_input_mac, {.secret = "another secret"}},
		{REFUSAL_pop_input_public_key, {.secret = HOUSE_MAC_SECRET}, true},
		{REFUSAL_pop_input_sender, {.sender = &h.vnfm_a}},
	};

	for (size_t i = 0; i < ARRAY_LEN(macs); i++) {
		struct input input = macs[i].input;
		struct ask a;

		if (macs[i].other_key)
			input.other = pki_key(NULL);
		ask_without_subject(&a, PKI_BODY_IR, NULL, "vnfci-mac");
		input_sign(&a, &input);
		expect(&a, macs[i].reason, "publicKeyMAC");
		EVP_PKEY_free(input.other);
	}
}
END_TEST

/* --- kur --- */

/* RFC 9483 4.1.3: oldCertId in what is signed says whose key it is; in an ir it says nothing. */
START_TEST(rfc9483_4_1_3_old_cert_id)
{
	static const struct {
		int type;
		bool control;
		int failinfo;
	} updates[] = {
		{PKI_BODY_KUR, true, -1},
		{PKI_BODY_KUR, false, FAIL_BAD_CERT_TEMPLATE},
		{PKI_BODY_IR, true, FAIL_BAD_CERT_TEMPLATE},
	};
	struct house_credential own;
	struct ask a, b;
	struct told told;

	for (size_t i = 0; i < ARRAY_LEN(updates); i++) {
		ask_new(&a, &h, &h.vnfm_a);
		ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
		ask_implicit_confirm(&a);
		ask_send(&a, &told);
		ck_assert_int_eq(told_failinfo(&told), -1);
		house_credential_adopt(&own, a.key, told_certificate(&told));
		if (updates[i].type == PKI_BODY_KUR) {
			ask_new(&b, &h, &own);
			ask_certreq(&b, PKI_BODY_KUR, NULL);
		} else {
			ask_new(&b, &h, &h.vnfm_a);
			ask_certreq(&b, PKI_BODY_IR, NULL);
			ask_reg_info(&b, "vnfcId?vnfci-a%");
		}
		X509_NAME_free(ask_request(&b)->certReq->certTemplate->subject);
		ask_request(&b)->certReq->certTemplate->subject = X509_NAME_new();
		if (updates[i].control)
			ask_old_cert_id(&b, told_certificate(&told));
		granted_expect(&b, updates[i].type == PKI_BODY_KUR ? PKI_BODY_KUP : PKI_BODY_IP,
			       updates[i].failinfo);
		house_credential_clear(&own);
		granted_done(&a, &told);
	}
}
END_TEST

static Suite *door_pop_input_suite(void)
{
	Suite *suite = suite_create("door_pop_input");
	TCase *tc = tcase_create("pop_input");

	tcase_add_checked_fixture(tc, input_setup, granted_teardown);
	tcase_add_loop_test(tc, rfc4211_4_1_sender, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, rfc9483_4_1_1_input_prohibited);
	tcase_add_test(tc, rfc4211_4_1_sender_behind_an_ra);
	tcase_add_test(tc, rfc9810_5_2_8_4_sender_that_an_ra_approves);
	tcase_add_test(tc, rfc4211_4_1_public_key_mac);
	tcase_add_test(tc, rfc9483_4_1_3_old_cert_id);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(door_pop_input_suite, SUITE_FORKS)
