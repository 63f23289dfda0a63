// SPDX-License-Identifier: Apache-2.0
/*
 * Central key generation, RFC 9483 4.1.6: the private key as the requester gets it, opened and
 * verified by libcrypto's CMS where that can, and what is refused.
 */
#include "granted.h"
#include "suite.h"
#include "told_key.h"

#include "../house/envelope_key.h"
#include "asn1/der.h"
#include "asn1/key_package.h"

#include <check.h>
#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#define LONG_SECRET "sixteen octets are 128 bits"

static const char keys[] = "kga_certificate = kga.pem\nkga_key = kga.key\n"
			   "[profile central]\ncert_type = VnfciCert\ncommon_name = subjectId\n"
			   "key_types = rsa:2048-4096, ec:P-256, ed25519\n"
			   "central_key_types = ec:P-384, rsa:2048-3072, ed25519\n"
			   "extension_section = usage\n"
			   "[profile upstream]\ncert_type = VnfciCert\ncommon_name = subjectId\n"
			   "key_types = ec:P-256\ncentral_key_types = ec:P-256\n"
			   "extension_section = usage\n"
			   "[ca central]\ntype = upstream\nserver_url = http://127.0.0.1:9/\n"
			   "certificate = central.pem\nchain = root.pem\ntrusted = root.pem\n"
			   "expect_sender = /CN=central\n"
			   "ra_certificate = ra.pem\nra_key = ra.key\n"
			   "[client_policy libcrypto]\npwri_kek = yes\nbare_private_key = yes\n"
			   "enveloped_data_always = yes\n"
			   "[client_policy enveloped]\nenveloped_data_always = yes\n"
			   "[client_policy bare]\nenveloped_data_always = yes\n"
			   "bare_private_key = yes\n"
			   "[ca_rule up]\nprofile = upstream\nca = central\n";

static struct house *const h = &granted_house;
/* Clients: one with each key management technique; of ed25519 and signs none is possible. */
static struct house_credential rsa, ec, ed25519;

static void client_make(struct house_credential *c, const char *name, EVP_PKEY *key)
{
	ck_assert_ptr_nonnull(key);
	house_credential_make_with(c, key, name, HOUSE_LEAF_RECEIVES, &h->client_root, h->now_ms,
				   365);
	house_client_add(h, name, name, STORE_MAY_REGISTER | STORE_MAY_REQUEST, true);
}

static void entity_register(struct house *house, const char *client, const char *subject_id)
{
	struct cmf_register request = {.has_cert_type = true,
				       .cert_type = CERT_TYPE_VNFCI,
				       .subject_ids = &subject_id,
				       .n_subject_ids = 1,
				       .handling = CERT_HANDLING_DELEGATION,
				       .profile = "central"};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};

	ck_assert_int_eq(cmf_admin_for_client(HOUSE_CALL(house, NULL, &refusal), client, &who), 0);
	ck_assert_int_eq(cmf_register(HOUSE_CALL(house, &who, &refusal), &request), 0);
	ck_assert_int_eq(store_unit_commit(house->worker.unit), 0);
	cmf_principal_clear(&who);
}

static void central_setup(void)
{
	house_open(h, "ca_rules = up\n", keys);
	client_make(&rsa, "rsa", EVP_RSA_gen(2048));
	client_make(&ec, "ec", EVP_EC_gen("P-256"));
	client_make(&ed25519, "ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	house_mac_client_add(h, "strong", "strong", LONG_SECRET, NULL);
	house_mac_client_add(h, "libcrypto", "libcrypto", LONG_SECRET, "libcrypto");
	house_mac_client_add(h, "enveloped", "enveloped", LONG_SECRET, "enveloped");
	house_mac_client_add(h, "bare", "bare", LONG_SECRET, "bare");
	entity_register(h, "libcrypto", "vnfci-libcrypto");
	entity_register(h, "enveloped", "vnfci-enveloped");
	entity_register(h, "bare", "vnfci-bare");
	entity_register(h, "mac", "vnfci-mac");
	entity_register(h, "strong", "vnfci-strong");
}

static void central_teardown(void)
{
	house_credential_clear(&rsa);
	house_credential_clear(&ec);
	house_credential_clear(&ed25519);
	house_close(h);
}

static CertTemplate *template_of(struct ask *a)
{
	return ask_request(a)->certReq->certTemplate;
}

static void pop_remove(struct ask *a)
{
	ProofOfPossession_free(ask_request(a)->popo);
	ask_request(a)->popo = NULL;
	a->keep_pop = true;
}

/* Without a key, or with a preference: the algorithm of `like`, RFC 9483 4.1.6. */
static void ask_central(struct ask *a, const struct house_credential *who, const char *cn,
			EVP_PKEY *like)
{
	CertTemplate *t;

	ask_new(a, h, who);
	ask_certreq(a, PKI_BODY_IR, cn);
	a->profile_label = "central";
	a->out.pvno = 3;
	pop_remove(a);
	t = template_of(a);
	SubjectPublicKeyInfo_free(t->publicKey);
	t->publicKey = NULL;
	if (!like)
		return;
	ck_assert_int_eq(spki_from_key(like, &t->publicKey), 0);
	ck_assert(ASN1_BIT_STRING_set(t->publicKey->subjectPublicKey, (unsigned char *)"", 0));
	EVP_PKEY_free(like);
}

static void mac_of(struct ask *a, const char *reference, const char *secret)
{
	a->out.sender_kid = bytes_of_string(reference);
	a->secret = bytes_of_string(secret);
}

/* --- the way back --- */

/* EnvelopedData of privateKey; certOrEncCert is the certificate in the clear. */
static struct octets envelope_of(const struct told *told)
{
	const CertResponse *response =
		sk_CertResponse_value(told->msg->body->value.certRepMessage->response, 0);
	const CertifiedKeyPair *pair = response->certifiedKeyPair;
	struct octets envelope = OCTETS_NULL;
	unsigned char *der = NULL;
	int len;

	ck_assert_ptr_nonnull(pair);
	ck_assert_int_eq(pair->certOrEncCert->type, CERT_OR_ENC_CERT_CERTIFICATE);
	ck_assert_ptr_nonnull(pair->privateKey);
	len = i2d_ASN1_TYPE(pair->privateKey, &der);
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(envelope_from_encrypted_key((struct bytes){der, (size_t)len}, &envelope),
			 0);
	OPENSSL_free(der);
	return envelope;
}

/* Opened by libcrypto, which wants the right recipient identifier, too. */
static struct octets opened_with(struct bytes envelope, const struct house_credential *to, int type)
{
	CMS_ContentInfo *cms = told_content_info(envelope, NID_pkcs7_enveloped);
	STACK_OF(CMS_RecipientInfo) *infos = CMS_get0_RecipientInfos(cms);
	BIO *out = BIO_new(BIO_s_mem());
	struct octets content;
	char *data;
	long len;

	ck_assert_int_eq(sk_CMS_RecipientInfo_num(infos), 1);
	ck_assert_int_eq(CMS_RecipientInfo_type(sk_CMS_RecipientInfo_value(infos, 0)), type);
	ck_assert_int_eq(CMS_decrypt(cms, to->key, to->cert, NULL, out, CMS_BINARY), 1);
	len = BIO_get_mem_data(out, &data);
	ck_assert_int_eq(octets_dup((struct bytes){(uint8_t *)data, (size_t)len}, &content), 0);
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	return content;
}

static void key_is_certified(const struct told *told, EVP_PKEY *key)
{
	struct bytes der = told_certificate(told);
	X509 *cert = pki_cert_parse(der);

	ck_assert_int_eq(X509_check_private_key(cert, key), 1);
	X509_free(cert);
}

/* --- granted --- */

static const struct granted_row {
	const char *clause;
	const struct house_credential *who;
	int recipient; /* CMS_RECIPINFO_... */
	const char *wish;
	const char *kind; /* of the key that comes */
	int bits;
} granted_rows[] = {
	{"4.1.6.1 key transport", &rsa, CMS_RECIPINFO_TRANS, NULL, "EC", 384},
	{"4.1.6.2 key agreement", &ec, CMS_RECIPINFO_AGREE, NULL, "EC", 384},
	{"4.1.6 preference", &ec, CMS_RECIPINFO_AGREE, "RSA", "RSA", 2048},
	{"4.1.6 preference", &rsa, CMS_RECIPINFO_TRANS, "ED25519", "ED25519", 256},
	{"4.1.6 preference", &rsa, CMS_RECIPINFO_TRANS, "P-384", "EC", 384},
};

static EVP_PKEY *like(const char *kind)
{
	if (!kind)
		return NULL;
	if (kind[0] == 'P')
		return EVP_EC_gen(kind);
	return kind[0] == 'R' ? EVP_RSA_gen(2048) : EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

START_TEST(rfc9483_4_1_6_granted)
{
	const struct granted_row *row = &granted_rows[_i];
	struct octets envelope, signed_data;
	struct told told, again;
	EVP_PKEY *key;
	struct ask a;
	char cn[32];

	snprintf(cn, sizeof(cn), "vnfci-%d", _i);
	ask_central(&a, row->who, cn, like(row->wish));
	ask_send(&a, &told);
	ck_assert_msg(told.msg->body_type == PKI_BODY_IP && told_certificate(&told).len, "%s",
		      row->clause);
	envelope = envelope_of(&told);
	signed_data = opened_with(octets_view(&envelope), row->who, row->recipient);
	key = told_signed_key(h, octets_view(&signed_data));
	ck_assert_msg(EVP_PKEY_is_a(key, row->kind), "%s", row->clause);
	/* Ed25519 has 253 or 256, as one counts. */
	ck_assert_int_le(abs(EVP_PKEY_get_bits(key) - row->bits), 3);
	key_is_certified(&told, key);
	/* RFC 9483 3.5: a retransmission gets the same answer, and so the same key. */
	ask_send_octets(&a, &h->worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&told.der), octets_view(&again.der)));
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	EVP_PKEY_free(key);
	octets_clear(&envelope);
	octets_clear(&signed_data);
	told_clear(&again);
	granted_done(&a, &told);
}
END_TEST

/* libcrypto opens no AES key wrap under a password (RFC 9481 4.4): what the envelope tests check.
 */
START_TEST(rfc9483_4_1_6_3_password)
{
	struct octets envelope, signed_data;
	struct told told;
	EVP_PKEY *key;
	struct ask a;

	ask_central(&a, NULL, "vnfci-strong", EVP_RSA_gen(2048));
	mac_of(&a, "strong", LONG_SECRET);
	ask_send(&a, &told);
	ck_assert(told_mac(&told));
	ck_assert_uint_gt(told_certificate(&told).len, 0);
	envelope = envelope_of(&told);
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), NULL,
					      bytes_of_string(LONG_SECRET), OID_CT_SIGNED_DATA,
					      &signed_data),
			 0);
	key = told_signed_key(h, octets_view(&signed_data));
	key_is_certified(&told, key);
	EVP_PKEY_free(key);
	octets_clear(&envelope);
	octets_clear(&signed_data);
	granted_done(&a, &told);
}
END_TEST

/* What openssl cmp 3.5 reads, by policy: pvno 2, id-alg-PWRI-KEK, no AsymmetricKeyPackage. */
START_TEST(policy_for_libcrypto)
{
	struct octets envelope, signed_data = OCTETS_NULL, one;
	struct bytes in, list, tlv, content;
	BIO *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms;
	struct told told;
	struct ask a;
	uint8_t tag;
	char *data;
	long len;

	ask_central(&a, NULL, "vnfci-libcrypto", EVP_RSA_gen(2048));
	a.out.pvno = 2;
	mac_of(&a, "libcrypto", LONG_SECRET);
	ask_send(&a, &told);
	ck_assert_uint_gt(told_certificate(&told).len, 0);
	envelope = envelope_of(&told);
	cms = told_content_info(octets_view(&envelope), NID_pkcs7_enveloped);
	ck_assert_int_eq(CMS_decrypt_set1_password(cms, (unsigned char *)LONG_SECRET,
						   (ossl_ssize_t)strlen(LONG_SECRET)),
			 1);
	ck_assert_int_eq(CMS_decrypt(cms, NULL, NULL, NULL, out, CMS_BINARY), 1);
	len = BIO_get_mem_data(out, &data);
	ck_assert_int_eq(octets_dup((struct bytes){(uint8_t *)data, (size_t)len}, &signed_data), 0);
	one = told_signed_content(h, octets_view(&signed_data));
	/* OneAsymmetricKey begins with its version, v2. */
	in = octets_view(&one);
	ck_assert(der_next(&in, &tag, &tlv, &list) == 0 && in.len == 0);
	ck_assert(der_next(&list, &tag, &tlv, &content) == 0 && tag == 0x02 &&
		  content.data[0] == 1);
	CMS_ContentInfo_free(cms);
	BIO_free(out);
	octets_clear(&envelope);
	octets_clear(&signed_data);
	octets_clear(&one);
	granted_done(&a, &told);
}
END_TEST

/* RFC 9480 2.2: a certificate without id-kp-cmKGA signs no keys, and the server does not start. */
START_TEST(rfc9480_2_2_kga_certificate)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	struct conf conf = *h->conf;
	struct cmp_door *door = NULL;

	/* encryption.pem may not sign, cmf.pem is no KGA. */
	if (_i == 0) {
		conf.protection.kga_certificate = conf.protection.certificate;
		conf.protection.kga_key = conf.protection.key;
	} else if (_i == 1) {
		conf.protection.kga_certificate = conf.protection.encryption_certificate;
		conf.protection.kga_key = conf.protection.encryption_key;
	} else if (_i == 2) {
		conf.protection.kga_key = conf.protection.key;
	} else if (_i == 3) {
		conf.protection.kga_key = NULL;
	} else {
		conf.protection.kga_certificate = conf.protection.kga_key = NULL;
	}
	ck_assert_int_eq(cmp_door_new(&conf, h->cmf, &h->clock, h->metrics, &door, &problems),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(problems.text, _i == 0   ? "lacks id-kp-cmKGA"
						    : _i == 1 ? "lacks digitalSignature"
						    : _i == 2 ? "does not belong"
						    : _i == 3 ? "goes with kga_certificate"
							      : "required by central_key_types"));
}
END_TEST

/* --- refused --- */

static void nothing(struct ask *a)
{
	(void)a;
}

static void pvno_2(struct ask *a)
{
	a->out.pvno = 2;
}

static void pop_ra_verified(struct ask *a)
{
	CertReqMsg *msg = ask_request(a);

	msg->popo = ProofOfPossession_new();
	msg->popo->type = POPO_RA_VERIFIED;
	msg->popo->value.raVerified = ASN1_NULL_new();
}

static void profile_without(struct ask *a)
{
	a->profile_label = "confirmed";
}

static void profile_upstream(struct ask *a)
{
	a->profile_label = "upstream";
}

static void wish_other_curve(struct ask *a)
{
	EVP_PKEY *key = EVP_EC_gen("P-521");
	CertTemplate *t = template_of(a);

	ck_assert_int_eq(spki_from_key(key, &t->publicKey), 0);
	ck_assert(ASN1_BIT_STRING_set(t->publicKey->subjectPublicKey, (unsigned char *)"", 0));
	EVP_PKEY_free(key);
}

static const struct refused_row {
	const char *clause;
	const struct house_credential *who; /* NULL: the MAC client with the short secret */
	void (*bend)(struct ask *a);
	int failinfo;
	enum refusal_reason reason;
} refused_rows[] = {
	{"4.1.6 pvno", &ec, pvno_2, FAIL_UNSUPPORTED_VERSION, REFUSAL_central_key_pvno},
	{"4.1.6 popo", &ec, pop_ra_verified, FAIL_BAD_POP, REFUSAL_central_key_pop},
	{"4.1.6 policy", &ec, profile_without, FAIL_BAD_CERT_TEMPLATE,
	 REFUSAL_central_key_not_offered},
	{"4.1.6 preference", &ec, wish_other_curve, FAIL_BAD_CERT_TEMPLATE,
	 REFUSAL_central_key_type},
	{"4.1.6.1 keyUsage", &granted_house.vnfm_b, nothing, FAIL_BAD_REQUEST,
	 REFUSAL_central_key_recipient},
	{"4.1.6 key only signs", &ed25519, nothing, FAIL_BAD_REQUEST,
	 REFUSAL_central_key_recipient},
	{"4.1.6.3 entropy", NULL, nothing, FAIL_BAD_REQUEST, REFUSAL_central_key_secret_short},
	{"upstream", &ec, profile_upstream, FAIL_BAD_CERT_TEMPLATE, REFUSAL_central_key_upstream},
};

START_TEST(rfc9483_4_1_6_refused)
{
	const struct refused_row *row = &refused_rows[_i];
	const PKIStatusInfo *status;
	struct told told;
	struct ask a;
	char cn[32];

	snprintf(cn, sizeof(cn), row->who ? "vnfci-no-%d" : "vnfci-mac", _i);
	ask_central(&a, row->who, cn, NULL);
	row->bend(&a);
	ask_send(&a, &told);
	ck_assert_msg(told_failinfo(&told) == row->failinfo, "%s: %d", row->clause,
		      told_failinfo(&told));
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	status = told_status(&told);
	ck_assert_msg(strcmp((const char *)ASN1_STRING_get0_data(
				     sk_ASN1_UTF8STRING_value(status->statusString, 0)),
			     refusal_text(row->reason)) == 0,
		      "%s: %s", row->clause,
		      ASN1_STRING_get0_data(sk_ASN1_UTF8STRING_value(status->statusString, 0)));
	ck_assert_uint_eq(told_certificate(&told).len, 0);
	granted_done(&a, &told);
}
END_TEST

/* What openssl cmp 3.5 needs, with pvno 2 and a secret: each refusal names the next of it. */
START_TEST(policy_for_libcrypto_in_part)
{
	static const struct {
		const char *client;
		enum refusal_reason reason;
	} rows[] = {{"strong", REFUSAL_central_key_pvno},
		    {"enveloped", REFUSAL_central_key_bare},
		    {"bare", REFUSAL_central_key_kek}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const PKIStatusInfo *status;
		struct told told;
		struct ask a;
		char cn[32];

		snprintf(cn, sizeof(cn), "vnfci-%s", rows[i].client);
		ask_central(&a, NULL, cn, NULL);
		a.out.pvno = 2;
		mac_of(&a, rows[i].client, LONG_SECRET);
		ask_send(&a, &told);
		ck_assert_int_eq(told_failinfo(&told), FAIL_UNSUPPORTED_VERSION);
		status = told_status(&told);
		ck_assert_str_eq((const char *)ASN1_STRING_get0_data(
					 sk_ASN1_UTF8STRING_value(status->statusString, 0)),
				 refusal_text(rows[i].reason));
		granted_done(&a, &told);
	}
}
END_TEST

/* RFC 9483 4.1.6: no popo, unless the policy lets a registration authority say raVerified there. */
START_TEST(rfc9483_4_1_6_ra_verified)
{
	static const uint32_t permissions[] = {STORE_IS_RA, STORE_IS_RA,
					       STORE_MAY_REGISTER | STORE_MAY_REQUEST};
	struct house_credential asker = {0};
	static struct house other;
	char sections[1600];
	struct told told;
	struct ask a;

	snprintf(sections, sizeof(sections), "%s[client_policy default]\n%s\n", keys,
		 _i ? "central_key_ra_verified = yes" : "");
	house_open(&other, "ca_rules = up\n", sections);
	entity_register(&other, "vnfm-a", "vnfci-a");
	house_credential_make_with(&asker, EVP_EC_gen("P-256"), "asker", HOUSE_LEAF_RECEIVES,
				   &other.client_root, other.now_ms, 365);
	house_client_add(&other, "asker", "a", permissions[_i], false);
	ask_new(&a, &other, &asker);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	a.out.pvno = 3;
	pop_remove(&a);
	SubjectPublicKeyInfo_free(template_of(&a)->publicKey);
	template_of(&a)->publicKey = NULL;
	pop_ra_verified(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), _i == 1 ? -1 : FAIL_BAD_POP);
	if (_i == 1) {
		struct octets envelope = envelope_of(&told);

		ck_assert_uint_gt(envelope.len, 0);
		octets_clear(&envelope);
	}
	granted_done(&a, &told);
	house_credential_clear(&asker);
	house_close(&other);
}
END_TEST

static Suite *door_central_key_suite(void)
{
	Suite *suite = suite_create("door_central_key");
	TCase *tcase = tcase_create("central_key");

	tcase_add_unchecked_fixture(tcase, central_setup, central_teardown);
	tcase_add_loop_test(tcase, rfc9483_4_1_6_granted, 0, ARRAY_LEN(granted_rows));
	tcase_add_test(tcase, rfc9483_4_1_6_3_password);
	tcase_add_test(tcase, policy_for_libcrypto);
	tcase_add_test(tcase, policy_for_libcrypto_in_part);
	tcase_add_loop_test(tcase, rfc9480_2_2_kga_certificate, 0, 5);
	tcase_add_loop_test(tcase, rfc9483_4_1_6_refused, 0, ARRAY_LEN(refused_rows));
	tcase_add_loop_test(tcase, rfc9483_4_1_6_ra_verified, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_central_key_suite, SUITE_ONE_PROCESS)
