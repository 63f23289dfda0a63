// SPDX-License-Identifier: Apache-2.0
/*
 * What holds for every message, however broken: an answer that is a well-formed, protected
 * PKIMessage (or none, for an announcement), and no certificate but for the key and the entity that
 * a good message would have got one for, whose possession was proven, by OpenSSL's word. Each kind
 * of message is cut at every octet and changed at random in one of its values; half of what is
 * changed is protected anew, so that the change gets past the protection. CMFD_MUTATIONS sets how
 * many, CMFD_SEED repeats a run.
 */
#include "property.h"
#include "suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A new house after so many: certificates that were revoked are there again. */
enum { MUTATIONS = 150, HOUSE_LASTS = 2000 };

static unsigned mutations = MUTATIONS;

/* --- what is in the store --- */

static int64_t last_certificate;

struct found {
	uint8_t key[3][32]; /* digests of SubjectPublicKeyInfo */
	int n;
};

static void key_digest(EVP_PKEY *key, uint8_t digest[32])
{
	SubjectPublicKeyInfo *spki = NULL;

	memset(digest, 0, 32);
	if (!key)
		return;
	ck_assert_int_eq(spki_from_key(key, &spki), 0);
	ck_assert_int_eq(spki_digest(spki, digest), 0);
	SubjectPublicKeyInfo_free(spki);
}

/* Whoever changes a message gets a certificate for its key, or none. */
static int certificate_check(void *arg, const struct store_certificate *cert)
{
	struct found *found = arg;
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(found->key); i++)
		known = known || !memcmp(cert->key_digest, found->key[i], 32);
	ck_assert(known);
	ck_assert(!strcmp(cert->subject_id, "vnfci-a") || !strcmp(cert->subject_id, "vnfci-mac"));
	last_certificate = cert->id;
	found->n++;
	return 0;
}

/* The number of certificates since it was looked the last time. */
static int store_check(const struct message *m)
{
	const struct store_certificate_filter later = {.state = -1, .after_id = last_certificate};
	struct found found = {0};

	key_digest(m->ask.key, found.key[0]);
	key_digest(m->before[0].key, found.key[1]);
	key_digest(m->before[1].key, found.key[2]);
	ck_assert_int_eq(store_certificate_list(granted_house.worker.reader, &later,
						certificate_check, &found),
			 0);
	return found.n;
}

static int registration_count(void *arg, const struct store_registration *reg)
{
	(void)reg;
	(*(int *)arg)++;
	return 0;
}

static int registrations_now(void)
{
	const struct store_registration_filter all = {.cert_type = -1};
	int n = 0;

	ck_assert_int_eq(
		store_registration_list(granted_house.worker.reader, &all, registration_count, &n),
		0);
	return n;
}

/* --- what is granted --- */

/* RFC 2986 4.2 */
static void p10_verify(CertificationRequest *p10, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_CertificationRequest(p10, &der);
	const unsigned char *p = der;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, len);

	ck_assert(req && X509_REQ_verify(req, key) == 1);
	X509_REQ_free(req);
	OPENSSL_free(der);
}

/* RFC 4211 4.1: by signature over the CertRequest that came. */
static void signature_verify_by_openssl(const CertReqMsg *req, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	const ASN1_BIT_STRING *signature;
	int len;

	ck_assert(req && req->popo && req->popo->type == POPO_SIGNATURE);
	signature = req->popo->value.signature->signature;
	len = i2d_CertRequest(req->certReq, &der);
	ck_assert(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
	ck_assert_int_eq(
		EVP_DigestVerify(ctx, signature->data, (size_t)signature->length, der, (size_t)len),
		1);
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
}

static void pop_verify(const struct message *m, const struct cmp_message *sent, EVP_PKEY *key,
		       int i)
{
	const STACK_OF(ASN1_INTEGER) * numbers;

	switch (sent->body_type) {
	case PKI_BODY_P10CR:
		p10_verify(sent->body->value.p10cr, key);
		break;
	case PKI_BODY_POPDECR:
		/* RFC 9810 5.2.8.3.3 */
		numbers = sent->body->value.popdecr;
		ck_assert_int_eq(sk_ASN1_INTEGER_num(numbers), 1);
		ck_assert(!ASN1_INTEGER_cmp(sk_ASN1_INTEGER_value(numbers, 0), m->number));
		break;
	case PKI_BODY_NESTED:
		/* Nobody changed what lies within: its protection would not verify. */
		break;
	default:
		signature_verify_by_openssl(
			sk_CertReqMsg_value(sent->body->value.certReqMessages, i), key);
		break;
	}
}

/* The certificate has one of the keys asked for; NULL: none of them. */
static EVP_PKEY *key_asked(const struct message *m, const X509 *cert)
{
	EVP_PKEY *const keys[] = {m->ask.key, m->before[0].key, m->before[1].key};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i] && EVP_PKEY_eq(X509_get0_pubkey(cert), keys[i]) == 1)
			return keys[i];
	return NULL;
}

/* The same message twice in a batch is answered twice with the same. */
static void seen_add(STACK_OF(X509) * seen, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(seen); i++) {
		if (!X509_cmp(sk_X509_value(seen, i), cert)) {
			X509_free(cert);
			return;
		}
	}
	ck_assert_int_gt(sk_X509_push(seen, cert), 0);
}

/* Each of the certificates of one answer. */
static void granted_verify(const struct message *m, const struct cmp_message *sent,
			   const struct told *told, STACK_OF(X509) * seen)
{
	char cn[64];

	for (int i = 0; i < told_responses(told); i++) {
		struct bytes der = told_certificate_at(told, i);
		EVP_PKEY *key;
		X509 *cert;

		if (!der.len)
			continue;
		cert = pki_cert_parse(der);
		key = key_asked(m, cert);
		ck_assert_ptr_nonnull(key);
		ck_assert_int_gt(X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
							   NID_commonName, cn, sizeof(cn)),
				 0);
		ck_assert(!strcmp(cn, "vnfci-a") || !strcmp(cn, "vnfci-mac"));
		pop_verify(m, sent, key, i);
		seen_add(seen, cert);
	}
}

/* The same in a batch of answers, RFC 9483 5.2.2.2. */
static void batch_verify(const struct message *m, const struct cmp_message *sent,
			 const struct told *told, STACK_OF(X509) * seen)
{
	const STACK_OF(ASN1_TYPE) *answers = told->msg->body->value.nested;
	struct refusal refusal = REFUSAL_NULL;

	for (int i = 0; i < sk_ASN1_TYPE_num(answers); i++) {
		const ASN1_STRING *der = sk_ASN1_TYPE_value(answers, i)->value.sequence;
		struct told one = {0};

		ck_assert_int_eq(cmp_message_decode((struct bytes){der->data, (size_t)der->length},
						    &one.msg, &refusal),
				 0);
		ck_assert_int_eq(cmp_protection_verify_signature(
					 one.msg, granted_house.cmf_credential.key, &refusal),
				 0);
		granted_verify(m, sent, &one, seen);
		cmp_message_free(one.msg);
	}
}

/* The number of certificates in the answer. */
static int answer_verify(const struct message *m, const struct cmp_message *sent,
			 const struct told *told)
{
	STACK_OF(X509) *seen = sk_X509_new_null();
	int n;

	if (told->msg->body_type == PKI_BODY_NESTED)
		batch_verify(m, sent, told, seen);
	else
		granted_verify(m, sent, told, seen);
	n = sk_X509_num(seen);
	sk_X509_pop_free(seen, X509_free);
	return n;
}

/* --- serving --- */

static int announcement_serve(struct bytes der)
{
	struct octets answer = OCTETS_NULL;
	bool not_a_message;

	house_serve(&granted_house, &granted_house.worker, der, NULL, NULL, &answer,
		    &not_a_message);
	octets_clear(&answer);
	return -1;
}

/*
 * Serves octets; the answer's type, -1 if there is none. ask_send_octets() checks its protection.
 * They are a copy of exactly that size, so that a read beyond them is seen by ASan.
 */
static int serve(struct message *m, struct bytes der)
{
	_cleanup_(octets_clear) struct octets copy = OCTETS_NULL;
	_cleanup_(cmp_message_freep) struct cmp_message *sent = NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct told told;
	int type, granted, malformed;

	ck_assert_int_eq(octets_dup(der, &copy), 0);
	malformed = cmp_message_decode(octets_view(&copy), &sent, &refusal);
	ck_assert_int_ge(malformed, 0);
	if (sent && sent->body_type >= PKI_BODY_CKUANN && sent->body_type <= PKI_BODY_CRLANN)
		return announcement_serve(octets_view(&copy));
	ask_send_octets(&m->ask, &granted_house.worker, octets_view(&copy), &told);
	ck_assert_ptr_nonnull(told.msg->body);
	type = told.msg->body_type;
	ck_assert(!malformed || type == PKI_BODY_ERROR);
	granted = malformed ? 0 : answer_verify(m, sent, &told);
	ck_assert_int_eq(store_check(m), granted);
	told_clear(&told);
	return type;
}

/* --- the properties --- */

/* Otherwise nothing that is protected again here would get past the protection. */
START_TEST(unchanged_is_served)
{
	const struct message_kind *kind = &message_kinds[_i];
	struct message m;
	int type;

	message_make(kind, &m);
	store_check(&m);
	ck_assert(message_protect(&m, &m.ask.sent));
	type = serve(&m, octets_view(&m.ask.sent));
	ck_assert_msg(type == kind->answer, "%s: %s", kind->name, pki_body_type_name(type));
	message_clear(&m);
}
END_TEST

/* A message that is cut is refused, and nothing happens. */
START_TEST(rfc9483_3_5_cut_at_every_octet)
{
	const struct message_kind *kind = &message_kinds[_i];
	struct message m;

	message_make(kind, &m);
	store_check(&m);
	for (size_t len = 0; len < m.ask.sent.len; len++) {
		int type = serve(&m, (struct bytes){m.ask.sent.data, len});

		ck_assert_msg(type == PKI_BODY_ERROR || type == -1, "%s cut at %zu: %s", kind->name,
			      len, pki_body_type_name(type));
	}
	message_clear(&m);
}
END_TEST

static void mutation_run(const struct message_kind *kind)
{
	struct octets changed;
	struct message m;

	message_make(kind, &m);
	store_check(&m);
	changed = value_mutate(octets_view(&m.ask.sent));
	if (chance(2))
		(void)message_protect(&m, &changed);
	(void)serve(&m, octets_view(&changed));
	octets_clear(&changed);
	message_clear(&m);
}

static void house_new(void)
{
	granted_teardown();
	last_certificate = 0;
	granted_setup_open();
}

START_TEST(rfc4211_4_1_changed_is_granted_with_pop)
{
	int registrations = registrations_now();

	for (unsigned n = 0; n < mutations; n++) {
		if (n % HOUSE_LASTS == HOUSE_LASTS - 1)
			house_new();
		mutation_run(&message_kinds[_i]);
	}
	ck_assert_int_eq(registrations_now(), registrations);
}
END_TEST

static void setup(void)
{
	const char *seed = getenv("CMFD_SEED");

	chance_seed(seed ? strtoull(seed, NULL, 0) : 0x9483948394839483ULL);
	last_certificate = 0;
	granted_setup_open();
}

static Suite *property_suite(void)
{
	Suite *suite = suite_create("property");
	TCase *tcase = tcase_create("property");
	int n = (int)message_kinds_count;

	if (getenv("CMFD_MUTATIONS"))
		mutations = (unsigned)atoi(getenv("CMFD_MUTATIONS"));
	tcase_add_checked_fixture(tcase, setup, granted_teardown);
	tcase_add_loop_test(tcase, unchanged_is_served, 0, n);
	tcase_add_loop_test(tcase, rfc9483_3_5_cut_at_every_octet, 0, n);
	tcase_add_loop_test(tcase, rfc4211_4_1_changed_is_granted_with_pop, 0, n);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(property_suite, SUITE_ONE_PROCESS)
