// SPDX-License-Identifier: Apache-2.0
/*
 * Proof of possession of keys that cannot sign, RFC 4211 4.2, 4.3, RFC 9810 5.2.8.3: by an
 * encrypted certificate and by a challenge; and what is refused. Entities of vnfm-b get any kind of
 * key.
 */
#include "granted.h"
#include "suite.h"

#include "../house/envelope_key.h"

#include <check.h>
#include <openssl/cms.h>
#include <openssl/crmf.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#define PROFILE                                                                               \
	"[profile keys]\ncert_type = VnfciCert\ncommon_name = subjectId\n"                    \
	"extension_section = usage\nkey_types = rsa:2048-4096, ec:P-256, ec:P-384, ed25519, " \
	"x25519, x448"

static bool has_kem(void)
{
	return OBJ_txt2nid("ML-KEM-768") != NID_undef;
}

static void pop_setup(void)
{
	char sections[512];

	snprintf(sections, sizeof(sections), "%s%s\n", PROFILE, has_kem() ? ", ml-kem-768" : "");
	house_open(&granted_house, "", sections);
}

/* NULL where the library does not have the kind of key. */
static EVP_PKEY *key_make(const char *kind)
{
	EVP_PKEY *key = strcmp(kind, "RSA") == 0 ? EVP_RSA_gen(2048)
			: kind[0] == 'P'         ? EVP_EC_gen(kind)
						 : EVP_PKEY_Q_keygen(NULL, NULL, kind);

	ERR_clear_error();
	return key;
}

/* The request is for that key, which is taken over. */
static void key_set(struct ask *a, EVP_PKEY *key)
{
	CertTemplate *t = ask_request(a)->certReq->certTemplate;

	SubjectPublicKeyInfo_free(t->publicKey);
	ck_assert_int_eq(spki_from_key(key, &t->publicKey), 0);
	EVP_PKEY_free(a->key);
	a->key = key;
}

static void ask_for_key(struct ask *a, const char *cn, EVP_PKEY *key, int pvno)
{
	ask_new(a, &granted_house, &granted_house.vnfm_b);
	ask_certreq(a, PKI_BODY_IR, cn);
	a->profile_label = "keys";
	a->out.pvno = pvno;
	key_set(a, key);
}

static CertOrEncCert *cert_or_enc_cert(const struct told *told)
{
	const CertResponse *response;

	ck_assert_int_eq(told->msg->body_type, PKI_BODY_IP);
	response = sk_CertResponse_value(told->msg->body->value.certRepMessage->response, 0);
	ck_assert_ptr_nonnull(response->certifiedKeyPair);
	return response->certifiedKeyPair->certOrEncCert;
}

static struct octets encrypted_value_open(struct bytes der, EVP_PKEY *key)
{
	const unsigned char *p = der.data;
	OSSL_CRMF_ENCRYPTEDVALUE *value = d2i_OSSL_CRMF_ENCRYPTEDVALUE(NULL, &p, (long)der.len);
	X509 *cert = OSSL_CRMF_ENCRYPTEDVALUE_get1_encCert(value, NULL, NULL, key);
	unsigned char *out = NULL;
	struct octets octets;
	int len;

	ck_assert_ptr_nonnull(cert);
	len = i2d_X509(cert, &out);
	ck_assert_int_eq(octets_dup((struct bytes){out, (size_t)len}, &octets), 0);
	OPENSSL_free(out);
	X509_free(cert);
	OSSL_CRMF_ENCRYPTEDVALUE_free(value);
	return octets;
}

/* Puts the certificate in place of the encrypted one, as a client would see it. */
static void told_decrypt(struct told *told, EVP_PKEY *key, int pvno)
{
	CertOrEncCert *cert = cert_or_enc_cert(told);
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL, content = OCTETS_NULL;
	unsigned char *der = NULL;
	const unsigned char *p;
	struct bytes encrypted;
	int len;

	ck_assert_int_eq(cert->type, CERT_OR_ENC_CERT_ENCRYPTED);
	len = i2d_ASN1_TYPE(cert->value.encryptedCert, &der);
	encrypted = (struct bytes){der, (size_t)len};
	if (pvno == 2) {
		content = encrypted_value_open(encrypted, key);
	} else {
		ck_assert_int_eq(envelope_from_encrypted_key(encrypted, &envelope), 0);
		ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), key, BYTES_NULL,
						      OID_CT_DATA, &content),
				 0);
	}
	OPENSSL_free(der);
	ASN1_TYPE_free(cert->value.encryptedCert);
	cert->type = CERT_OR_ENC_CERT_CERTIFICATE;
	p = content.data;
	cert->value.certificate = d2i_ASN1_TYPE(NULL, &p, (long)content.len);
	ck_assert_ptr_nonnull(cert->value.certificate);
}

static void assert_certifies(struct bytes der, EVP_PKEY *key)
{
	X509 *cert = pki_cert_parse(der);

	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(cert), key), 1);
	X509_free(cert);
}

static const struct encr_row {
	const char *key;
	int pvno;
	int type;
} encr_rows[] = {
	{"RSA", 3, POPO_KEY_ENCIPHERMENT},    {"RSA", 2, POPO_KEY_ENCIPHERMENT},
	{"P-256", 3, POPO_KEY_AGREEMENT},     {"P-384", 3, POPO_KEY_AGREEMENT},
	{"X25519", 3, POPO_KEY_AGREEMENT},    {"X448", 3, POPO_KEY_AGREEMENT},
	{"X25519", 3, POPO_KEY_ENCIPHERMENT}, {"ML-KEM-768", 3, POPO_KEY_ENCIPHERMENT},
};

/* The certificate can be read by the owner of its key alone, and certConf makes it active. */
START_TEST(rfc9810_5_2_8_3_2_encr_cert)
{
	const struct encr_row *row = &encr_rows[_i];
	EVP_PKEY *key = key_make(row->key);
	char cn[32];
	struct told told;
	struct ask a;

	if (!key) {
		ck_assert(!has_kem());
		return;
	}
	snprintf(cn, sizeof(cn), "vnfci-encr-%d", _i);
	ask_for_key(&a, cn, key, row->pvno);
	ask_pop_subsequent(&a, row->type, POPO_SUBSEQUENT_ENCR_CERT);
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	/* certConf is the proof: it cannot be left away */
	ck_assert(!cmp_message_general_info(told.msg, OBJ_nid2obj(NID_id_it_implicitConfirm)));
	told_decrypt(&told, key, row->pvno);
	assert_certifies(told_certificate(&told), key);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_PENDING);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	granted_done(&a, &told);
}
END_TEST

/* RFC 9810 5.2.2: the recipient's identifier is that of the certificate; libcrypto opens it by
 * that. */
START_TEST(rfc9810_5_2_2_encr_cert_for_libcrypto)
{
	EVP_PKEY *key = key_make("P-256");
	unsigned char *der = NULL;
	const unsigned char *p;
	struct told told;
	struct ask a;
	CMS_RecipientInfo *ri;
	CMS_ContentInfo *cms = CMS_ContentInfo_new();
	ASN1_TYPE *encrypted;
	int len;

	ask_for_key(&a, "vnfci-rid", key, 3);
	ask_pop_subsequent(&a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_ENCR_CERT);
	ask_send(&a, &told);
	encrypted = cert_or_enc_cert(&told)->value.encryptedCert;
	len = i2d_ASN1_TYPE(encrypted, &der);
	{
		static const uint8_t head[] = {0x30, 0x82, 0,    0,    0x06, 0x09, 0x2a,
					       0x86, 0x48, 0x86, 0xf7, 0x0d, 1,    0x07,
					       0x03, 0xa0, 0x82, 0,    0};
		uint8_t info[4096];

		ck_assert_int_lt(len, (int)(sizeof(info) - sizeof(head)));
		memcpy(info, head, sizeof(head));
		info[2] = (uint8_t)((len + 15) >> 8);
		info[3] = (uint8_t)(len + 15);
		info[17] = (uint8_t)(len >> 8);
		info[18] = (uint8_t)len;
		memcpy(info + sizeof(head), der, (size_t)len);
		info[sizeof(head)] = 0x30;
		p = info;
		ck_assert_ptr_nonnull(d2i_CMS_ContentInfo(&cms, &p, len + (int)sizeof(head)));
	}
	told_decrypt(&told, key, 3);
	p = told_certificate(&told).data;
	{
		X509 *cert = d2i_X509(NULL, &p, (long)told_certificate(&told).len);
		BIO *out = BIO_new(BIO_s_mem());

		ri = sk_CMS_RecipientInfo_value(CMS_get0_RecipientInfos(cms), 0);
		ck_assert_int_eq(CMS_RecipientEncryptedKey_cert_cmp(
					 sk_CMS_RecipientEncryptedKey_value(
						 CMS_RecipientInfo_kari_get0_reks(ri), 0),
					 cert),
				 0);
		ck_assert_int_eq(CMS_decrypt(cms, key, cert, NULL, out, CMS_BINARY), 1);
		BIO_free(out);
		X509_free(cert);
	}
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	granted_done(&a, &told);
}
END_TEST

/* Who cannot decrypt cannot know the hash: the certificate stays unconfirmed. */
START_TEST(rfc9810_5_2_8_3_2_wrong_hash)
{
	struct told told, conf_told;
	struct ask a, conf;
	CertStatus *status;

	ask_for_key(&a, "vnfci-hash", key_make("X25519"), 3);
	ask_pop_subsequent(&a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_ENCR_CERT);
	ask_send(&a, &told);
	told_decrypt(&told, a.key, 3);
	ask_certconf(&conf, &a, &told, -1);
	status = sk_CertStatus_value(conf.body->value.certConf, 0);
	status->certHash->data[0] ^= 1;
	ask_send(&conf, &conf_told);
	ck_assert_int_eq(conf_told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&conf_told), FAIL_BAD_CERT_ID);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_PENDING);
	granted_done(&conf, &conf_told);
	granted_done(&a, &told);
}
END_TEST

/* --- challenge --- */

static void challenge_begin(struct ask *a, struct told *told, const char *cn, const char *key,
			    int pvno)
{
	ask_for_key(a, cn, key_make(key), pvno);
	ask_pop_subsequent(a, POPO_KEY_ENCIPHERMENT, POPO_SUBSEQUENT_CHALLENGE_RESP);
	ask_send(a, told);
}

static const struct encr_row challenge_rows[] = {
	{"RSA", 2}, {"RSA", 3}, {"P-256", 3}, {"X25519", 3}, {"X448", 3}, {"ML-KEM-768", 3},
};

/* The certificate is not made before the number is said; then it comes as it is. */
START_TEST(rfc9810_5_2_8_3_3_challenge)
{
	const struct encr_row *row = &challenge_rows[_i];
	int before = granted_find(BYTES_NULL).n;
	struct told popdecc, again, told;
	struct ask a, answer;
	char cn[32];

	if (strncmp(row->key, "ML-KEM", 6) == 0 && !has_kem())
		return;
	snprintf(cn, sizeof(cn), "vnfci-challenge-%d", _i);
	ask_for_key(&a, cn, key_make(row->key), row->pvno);
	ask_pop_subsequent(&a, POPO_KEY_ENCIPHERMENT, POPO_SUBSEQUENT_CHALLENGE_RESP);
	/* unlike with encrCert it can be granted */
	a.out.implicit_confirm = _i % 2;
	ask_send(&a, &popdecc);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before);
	ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&popdecc.der)));
	told_clear(&again);
	ask_popdecr(&answer, &a, &popdecc, told_number(&popdecc, a.key));
	ask_send(&answer, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_failinfo(&told), -1);
	assert_certifies(told_certificate(&told), a.key);
	ck_assert_int_eq(granted_state(told_certificate(&told)),
			 _i % 2 ? STORE_CERT_ACTIVE : STORE_CERT_PENDING);
	ask_send_octets(&answer, &granted_house.worker, octets_view(&answer.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&told.der)));
	told_clear(&again);
	if (_i % 2 == 0)
		granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	granted_done(&answer, &told);
	granted_done(&a, &popdecc);
}
END_TEST

static void expect_refused(struct ask *a, int failinfo, enum refusal_reason reason)
{
	const PKIFreeText *text;
	struct told told;

	ask_send(a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	text = told_status(&told)->statusString;
	ck_assert_str_eq((const char *)ASN1_STRING_get0_data(sk_ASN1_UTF8STRING_value(text, 0)),
			 refusal_text(reason));
	granted_done(a, &told);
}

/* A public key that no private one fits, or that encrypts less than a challenge. */
static const struct useless_row {
	const char *kind;
	int pvno;
	long method;
} useless_rows[] = {
	{"X25519", 3, POPO_SUBSEQUENT_CHALLENGE_RESP}, {"X25519", 3, POPO_SUBSEQUENT_ENCR_CERT},
	{"X448", 3, POPO_SUBSEQUENT_CHALLENGE_RESP},   {"X448", 3, POPO_SUBSEQUENT_ENCR_CERT},
	{"RSA", 2, POPO_SUBSEQUENT_CHALLENGE_RESP},    {"RSA", 2, POPO_SUBSEQUENT_ENCR_CERT},
	{"RSA", 3, POPO_SUBSEQUENT_CHALLENGE_RESP},    {"RSA", 3, POPO_SUBSEQUENT_ENCR_CERT},
};

static EVP_PKEY *useless_key(const char *kind)
{
	static const uint8_t zero[56];
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key = NULL;

	if (kind[0] == 'X')
		return EVP_PKEY_new_raw_public_key_ex(NULL, kind, NULL, zero,
						      strcmp(kind, "X448") ? 32 : 56);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	ck_assert(EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 512) > 0 &&
		  EVP_PKEY_generate(ctx, &key) > 0);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

START_TEST(rfc7748_6_useless_key)
{
	const struct useless_row *row = &useless_rows[_i];
	int before = granted_find(BYTES_NULL).n;
	struct told told;
	struct ask a;

	ask_for_key(&a, "vnfci-useless", useless_key(row->kind), row->pvno);
	ask_pop_subsequent(&a, POPO_KEY_ENCIPHERMENT, row->method);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_CERT_TEMPLATE);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before);
	granted_done(&a, &told);
}
END_TEST

/* One attempt: the transaction ends, whatever follows. */
START_TEST(rfc9810_5_2_8_3_3_wrong_number)
{
	struct told popdecc, told;
	struct ask a, wrong, right;
	ASN1_INTEGER *number;

	challenge_begin(&a, &popdecc, "vnfci-wrong", "X25519", 3);
	number = told_number(&popdecc, a.key);
	number->data[19] ^= 1;
	ask_popdecr(&wrong, &a, &popdecc, number);
	ask_send(&wrong, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_POP);
	ask_popdecr(&right, &wrong, &told, told_number(&popdecc, a.key));
	expect_refused(&right, FAIL_BAD_REQUEST, REFUSAL_transaction_ended);
	granted_done(&wrong, &told);
	granted_done(&a, &popdecc);
}
END_TEST

START_TEST(rfc9810_5_2_8_3_3_two_numbers)
{
	struct told popdecc;
	struct ask a, answer;

	challenge_begin(&a, &popdecc, "vnfci-two", "X25519", 3);
	ask_popdecr(&answer, &a, &popdecc, told_number(&popdecc, a.key));
	sk_ASN1_INTEGER_push(answer.body->value.popdecr, told_number(&popdecc, a.key));
	expect_refused(&answer, FAIL_BAD_POP, REFUSAL_pop_response_count);
	granted_done(&a, &popdecc);
}
END_TEST

/* RFC 9483 3.5: the type of body that the state of the transaction allows. */
START_TEST(rfc9483_3_5_only_popdecr)
{
	struct told popdecc;
	struct ask a, other;

	challenge_begin(&a, &popdecc, "vnfci-only", "X25519", 3);
	ask_pollreq(&other, &a, &popdecc, 0);
	expect_refused(&other, FAIL_BAD_REQUEST, REFUSAL_poll_unexpected);
	ask_next(&other, &a, &popdecc);
	other.body = cmp_body_new(PKI_BODY_CERTCONF);
	expect_refused(&other, FAIL_BAD_REQUEST, REFUSAL_body_type_unexpected);
	ask_popdecr(&other, &a, &popdecc, told_number(&popdecc, a.key));
	granted_expect(&other, PKI_BODY_IP, -1);
	granted_done(&a, &popdecc);
}
END_TEST

START_TEST(rfc9483_3_5_popdecr_unexpected)
{
	struct told told;
	struct ask a, other;

	ask_for_key(&a, "vnfci-unasked", key_make("X25519"), 3);
	ask_pop_subsequent(&a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_ENCR_CERT);
	ask_send(&a, &told);
	ask_popdecr(&other, &a, &told, s2i_ASN1_INTEGER(NULL, "1"));
	expect_refused(&other, FAIL_BAD_REQUEST, REFUSAL_body_type_unexpected);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9810_5_2_8_3_3_too_late)
{
	struct told popdecc;
	struct ask a, answer;
	int64_t counts[5];

	challenge_begin(&a, &popdecc, "vnfci-late", "X25519", 3);
	granted_house.now_ms += 301 * 1000;
	ask_popdecr(&answer, &a, &popdecc, told_number(&popdecc, a.key));
	expect_refused(&answer, FAIL_BAD_REQUEST, REFUSAL_transaction_ended);
	house_housekeeping(&granted_house);
	ck_assert_int_eq(store_transaction_counts(granted_house.worker.reader, counts), 0);
	ck_assert_int_eq(counts[STORE_TXN_AWAIT_POP], 0);
	granted_done(&a, &popdecc);
}
END_TEST

/* RFC 9483 3.6.2: what is wrong with the request is told in its answer, after a challenge too. */
START_TEST(rfc9483_3_6_2_refused_after_challenge)
{
	struct told popdecc;
	struct ask a, answer;

	ask_for_key(&a, "vnfci-refused-late", key_make("P-256"), 3);
	ask_extension(&a, NID_subject_alt_name, "DNS:another.example.net");
	ask_pop_subsequent(&a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_CHALLENGE_RESP);
	ask_send(&a, &popdecc);
	ask_popdecr(&answer, &a, &popdecc, told_number(&popdecc, a.key));
	granted_expect(&answer, PKI_BODY_IP, FAIL_BAD_CERT_TEMPLATE);
	granted_done(&a, &popdecc);
}
END_TEST

/* RFC 9483 3.6.4: an error message of the client ends it. */
START_TEST(rfc9483_3_6_4_client_gives_up)
{
	struct told popdecc, told;
	struct ask a, error, answer;

	challenge_begin(&a, &popdecc, "vnfci-gives-up", "X25519", 3);
	ask_next(&error, &a, &popdecc);
	error.body = cmp_error_body_new(PKI_STATUS_REJECTION, NULL, -1);
	ask_send(&error, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_PKICONF);
	ask_popdecr(&answer, &error, &told, told_number(&popdecc, a.key));
	expect_refused(&answer, FAIL_BAD_REQUEST, REFUSAL_transaction_ended);
	granted_done(&error, &told);
	granted_done(&a, &popdecc);
}
END_TEST

/* --- refusals --- */

static void sequence_choice(struct ask *a, int choice)
{
	/* kept with its header, see crmf.h */
	const uint8_t content[] = {(uint8_t)(0xa0 + choice), 0x02, 0x05, 0x00};

	POPOPrivKey *pop = ask_pop_priv_key(a, POPO_KEY_AGREEMENT, choice);

	pop->value.agreeMAC = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	ck_assert(ASN1_STRING_set(pop->value.agreeMAC, content, sizeof(content)));
}

static void bend_signature(struct ask *a)
{
	EVP_PKEY *signing = pki_key(NULL);

	/* another key signs: ask_encode() does it with a->key */
	EVP_PKEY_free(a->key);
	a->key = signing;
}

static void bend_encr_cert(struct ask *a)
{
	ask_pop_subsequent(a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_ENCR_CERT);
}

static void bend_challenge(struct ask *a)
{
	ask_pop_subsequent(a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_CHALLENGE_RESP);
}

static void bend_subsequent_unknown(struct ask *a)
{
	ask_pop_subsequent(a, POPO_KEY_AGREEMENT, 2);
}

static void bend_this_message(struct ask *a)
{
	ask_pop_priv_key(a, POPO_KEY_ENCIPHERMENT, POPO_PRIV_KEY_THIS_MESSAGE)->value.thisMessage =
		ASN1_BIT_STRING_new();
}

static void bend_dh_mac(struct ask *a)
{
	ask_pop_priv_key(a, POPO_KEY_AGREEMENT, POPO_PRIV_KEY_DH_MAC)->value.dhMAC =
		ASN1_BIT_STRING_new();
}

static void bend_agree_mac(struct ask *a)
{
	sequence_choice(a, POPO_PRIV_KEY_AGREE_MAC);
}

static void bend_encrypted_key(struct ask *a)
{
	sequence_choice(a, POPO_PRIV_KEY_ENCRYPTED_KEY);
}

static const struct refused_row {
	const char *name;
	const char *key;
	int pvno;
	void (*bend)(struct ask *a);
	enum refusal_reason reason;
} refused_rows[] = {
	{"RFC 4211 4 signature of a key that cannot sign", "X25519", 3, bend_signature,
	 REFUSAL_pop_key_cannot_sign},
	{"RFC 4211 4.2 encrCert of a key that signs", "ED25519", 3, bend_encr_cert,
	 REFUSAL_pop_key_signs},
	{"RFC 4211 4.2 challengeResp of a key that signs", "ED25519", 3, bend_challenge,
	 REFUSAL_pop_key_signs},
	{"RFC 4211 4.2 subsequentMessage", "X25519", 3, bend_subsequent_unknown,
	 REFUSAL_pop_subsequent_unknown},
	{"RFC 9810 5.2.8.3.1 thisMessage", "RSA", 3, bend_this_message, REFUSAL_pop_this_message},
	{"RFC 4211 4.3 dhMAC", "X25519", 3, bend_dh_mac, REFUSAL_pop_dh_mac},
	{"RFC 4211 4.3 agreeMAC", "X25519", 3, bend_agree_mac, REFUSAL_pop_agree_mac},
	{"RFC 9810 5.2.8.3.1 encryptedKey", "X25519", 3, bend_encrypted_key,
	 REFUSAL_pop_encrypted_key},
	{"RFC 9810 5.2.8.3.3 challenge of pvno 2", "X25519", 2, bend_challenge,
	 REFUSAL_pop_needs_pvno_3},
	{"RFC 9810 5.2.2 EncryptedValue is for RSA", "X25519", 2, bend_encr_cert,
	 REFUSAL_pop_needs_pvno_3},
};

START_TEST(refused)
{
	const struct refused_row *row = &refused_rows[_i];
	const PKIFreeText *text;
	struct told told;
	struct ask a;

	ask_for_key(&a, "vnfci-refused", key_make(row->key), row->pvno);
	row->bend(&a);
	ask_send(&a, &told);
	ck_assert_msg(told.msg->body_type == PKI_BODY_IP, "%s", row->name);
	ck_assert_msg(told_failinfo(&told) == FAIL_BAD_POP, "%s: %d", row->name,
		      told_failinfo(&told));
	text = told_status(&told)->statusString;
	ck_assert_str_eq((const char *)ASN1_STRING_get0_data(sk_ASN1_UTF8STRING_value(text, 0)),
			 refusal_text(row->reason));
	granted_done(&a, &told);
}
END_TEST

/* RFC 9810 5.3.19.2, 5.3.19.3: of X25519 the latter, of Ed25519 the former, of RSA both. */
START_TEST(rfc9810_5_3_19_3_enc_key_pair_types)
{
	static const struct {
		const char *type;
		int with[2], without;
	} rows[] = {
		{"1.3.6.1.5.5.7.4.2", {NID_ED25519, NID_rsaEncryption}, NID_X25519},
		{"1.3.6.1.5.5.7.4.3", {NID_X25519, NID_rsaEncryption}, NID_ED25519},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const ASN1_OBJECT *no = OBJ_nid2obj(rows[i].without);
		const ASN1_STRING *list;
		struct told told;
		struct ask a;

		ask_new(&a, &granted_house, &granted_house.vnfm_a);
		ask_genm(&a, rows[i].type, BYTES_NULL);
		ask_send(&a, &told);
		ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
		list = sk_InfoTypeAndValue_value(told.msg->body->value.genmsg, 0)
			       ->infoValue->value.sequence;
		for (size_t j = 0; j < 2; j++) {
			const ASN1_OBJECT *yes = OBJ_nid2obj(rows[i].with[j]);

			ck_assert_ptr_nonnull(memmem(list->data, (size_t)list->length,
						     OBJ_get0_data(yes), OBJ_length(yes)));
		}
		ck_assert_ptr_null(memmem(list->data, (size_t)list->length, OBJ_get0_data(no),
					  OBJ_length(no)));
		granted_done(&a, &told);
	}
}
END_TEST

static Suite *door_pop_suite(void)
{
	Suite *suite = suite_create("door_pop");
	TCase *tcase = tcase_create("pop");

	tcase_add_unchecked_fixture(tcase, pop_setup, granted_teardown);
	tcase_add_loop_test(tcase, rfc9810_5_2_8_3_2_encr_cert, 0, ARRAY_LEN(encr_rows));
	tcase_add_test(tcase, rfc9810_5_2_2_encr_cert_for_libcrypto);
	tcase_add_test(tcase, rfc9810_5_2_8_3_2_wrong_hash);
	tcase_add_loop_test(tcase, rfc9810_5_2_8_3_3_challenge, 0, ARRAY_LEN(challenge_rows));
	tcase_add_loop_test(tcase, rfc7748_6_useless_key, 0, ARRAY_LEN(useless_rows));
	tcase_add_test(tcase, rfc9810_5_2_8_3_3_wrong_number);
	tcase_add_test(tcase, rfc9810_5_2_8_3_3_two_numbers);
	tcase_add_test(tcase, rfc9483_3_5_only_popdecr);
	tcase_add_test(tcase, rfc9483_3_5_popdecr_unexpected);
	tcase_add_test(tcase, rfc9810_5_2_8_3_3_too_late);
	tcase_add_test(tcase, rfc9483_3_6_2_refused_after_challenge);
	tcase_add_test(tcase, rfc9483_3_6_4_client_gives_up);
	tcase_add_test(tcase, rfc9810_5_3_19_3_enc_key_pair_types);
	tcase_add_loop_test(tcase, refused, 0, ARRAY_LEN(refused_rows));
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_pop_suite, SUITE_ONE_PROCESS)
