// SPDX-License-Identifier: Apache-2.0
/*
 * KemBasedMac, RFC 9810 5.1.3.4 and Appendix E, through the door: a client with a KEM certificate
 * asks for a ciphertext and goes on under the secret in it; what is refused on the way; and where
 * the library has no KEM. Against another implementation: tests/e2e/test_kem.py.
 */
#include "granted.h"
#include "suite.h"

#include "../house/envelope_key.h"
#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "asn1/kem.h"
#include "asn1/mac.h"

#include <check.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEM_CIPHERTEXT_INFO "1.3.6.1.5.5.7.4.24"
#define CA_CERTS            "1.3.6.1.5.5.7.4.17"
#define HKDF_SHA256         "1.2.840.113549.1.9.16.3.28"
#define HKDF_SHA512         "1.2.840.113549.1.9.16.3.30"

static const char sections[] = "mac_algorithms = PasswordBasedMac, KemBasedMac\n"
			       "kem_secrets_max = 20\n"
			       "kga_certificate = kga.pem\nkga_key = kga.key\n"
			       "[client_policy no-kem]\nmac_algorithms = PasswordBasedMac\n"
			       "[profile central]\ncert_type = VnfciCert\ncommon_name = subjectId\n"
			       "key_types = ec:P-256\ncentral_key_types = ec:P-256\n"
			       "extension_section = usage\n"
			       "[profile kem]\ncert_type = VnfciCert\ncommon_name = subjectId\n"
			       "key_types = ml-kem-768\nextension_section = kem_usage\n"
			       "[kem_usage]\nkeyUsage = critical, keyEncipherment\n";

static struct house *const h = &granted_house;
/* Of vnfm-a, of vnfm-b, of nobody, and one that may not be used so. */
static struct house_credential kem_a, kem_b, kem_stranger, kem_no_usage, kem_expired;

static EVP_PKEY *kem_key(const char *name)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, name);

	ck_assert_ptr_nonnull(key);
	return key;
}

static void credential_make(struct house_credential *c, const char *name, const char *cn,
			    const struct house_credential *issuer, int days)
{
	house_credential_make_with(c, kem_key(name), cn, HOUSE_LEAF_NO_SIGNATURE, issuer, h->now_ms,
				   days);
}

static void kem_setup(void)
{
	house_open(h, "", sections);
	house_register(h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	credential_make(&kem_a, "ML-KEM-768", "vnfm-a", &h->client_root, 365);
	credential_make(&kem_b, "ML-KEM-512", "vnfm-b", &h->client_root, 365);
	credential_make(&kem_stranger, "ML-KEM-768", "vnfm-a", &h->root, 365);
	credential_make(&kem_expired, "ML-KEM-768", "expired", &h->client_root, -1);
	house_credential_make_with(&kem_no_usage, kem_key("ML-KEM-768"), "vnfm-a", HOUSE_LEAF,
				   &h->client_root, h->now_ms, 365);
}

static void kem_teardown(void)
{
	house_credential_clear(&kem_a);
	house_credential_clear(&kem_b);
	house_credential_clear(&kem_stranger);
	house_credential_clear(&kem_expired);
	house_credential_clear(&kem_no_usage);
	house_close(h);
}

static const char *told_text(const struct told *told)
{
	const PKIStatusInfo *status = told_status(told);

	return status && status->statusString
		       ? (const char *)ASN1_STRING_get0_data(
				 sk_ASN1_UTF8STRING_value(status->statusString, 0))
		       : "";
}

/* Sends what is refused so, in an error message; frees. */
static void expect_refused(struct ask *a, enum refusal_reason reason, int failinfo)
{
	struct told told;

	ask_send(a, &told);
	ck_assert_str_eq(told_text(&told), refusal_text(reason));
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	granted_done(a, &told);
}

/* --- a client --- */

static struct bytes next(struct bytes *in, uint8_t tag)
{
	struct bytes tlv, content;
	uint8_t found;

	ck_assert_int_eq(der_next(in, &found, &tlv, &content), 0);
	ck_assert_int_eq(found, tag);
	return content;
}

static struct octets decapsulate(EVP_PKEY *key, struct bytes ciphertext)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	struct octets secret = {malloc(32), 32};

	ck_assert_int_eq(EVP_PKEY_decapsulate_init(ctx, NULL), 1);
	ck_assert_int_eq(EVP_PKEY_decapsulate(ctx, secret.data, &secret.len, ciphertext.data,
					      ciphertext.len),
			 1);
	EVP_PKEY_CTX_free(ctx);
	return secret;
}

/* The secret in a genp: KemCiphertextInfo ::= SEQUENCE { kem AlgorithmIdentifier, ct OCTET STRING }
 */
static struct octets secret_of(const struct told *told, EVP_PKEY *key)
{
	const InfoTypeAndValue *itav;
	struct bytes in, alg, oid;
	const ASN1_STRING *s;
	char text[80];

	ck_assert_int_eq(told->msg->body_type, PKI_BODY_GENP);
	ck_assert_int_eq(sk_InfoTypeAndValue_num(told->msg->body->value.genmsg), 1);
	itav = sk_InfoTypeAndValue_value(told->msg->body->value.genmsg, 0);
	OBJ_obj2txt(text, sizeof(text), itav->infoType, 1);
	ck_assert_str_eq(text, KEM_CIPHERTEXT_INFO);
	s = itav->infoValue->value.sequence;
	in = (struct bytes){s->data, (size_t)s->length};
	in = next(&in, 0x30);
	alg = next(&in, 0x30);
	oid = next(&alg, 0x06);
	/* RFC 9936: id-alg-ml-kem-512, -768, -1024; parameters are absent */
	ck_assert_uint_eq(alg.len, 0);
	ck_assert_uint_eq(oid.len, 9);
	ck_assert_mem_eq(oid.data, "\x60\x86\x48\x01\x65\x03\x04\x04", 8);
	ck_assert_int_eq(oid.data[8], EVP_PKEY_is_a(key, "ML-KEM-512")   ? 1
				      : EVP_PKEY_is_a(key, "ML-KEM-768") ? 2
									 : 3);
	return decapsulate(key, next(&in, 0x04));
}

static X509_ALGOR *algorithm_of(const char *oid)
{
	X509_ALGOR *alg = X509_ALGOR_new();

	X509_ALGOR_set0(alg, OBJ_txt2obj(oid, 1), V_ASN1_UNDEF, NULL);
	return alg;
}

/* Takes kdf and mac over. */
static X509_ALGOR *kem_based_mac(X509_ALGOR *kdf, const char *context, long len, X509_ALGOR *mac)
{
	KemBMParameter *p = KemBMParameter_new();
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113533.7.66.16", 1);
	X509_ALGOR *alg;

	X509_ALGOR_free(p->kdf);
	X509_ALGOR_free(p->mac);
	p->kdf = kdf;
	p->mac = mac;
	ASN1_INTEGER_set(p->len, len);
	if (context) {
		p->kemContext = ASN1_OCTET_STRING_new();
		ASN1_STRING_set(p->kemContext, context, -1);
	}
	alg = algorithm_new(oid, ASN1_ITEM_rptr(KemBMParameter), p);
	ck_assert_ptr_nonnull(alg);
	KemBMParameter_free(p);
	ASN1_OBJECT_free(oid);
	return alg;
}

static X509_ALGOR *usual_mac(void)
{
	return kem_based_mac(algorithm_of(HKDF_SHA256), NULL, 32,
			     algorithm_of("1.2.840.113549.2.9"));
}

/* RFC 9810 E, figure 3, step 1. */
static void kem_ask(struct ask *a, const struct house_credential *who)
{
	ask_new(a, h, who);
	a->unprotected = true;
	ask_genm(a, KEM_CIPHERTEXT_INFO, BYTES_NULL);
}

/* The same, answered: the client has the secret. */
static struct octets kem_open(struct ask *a, const struct house_credential *who, struct told *told)
{
	kem_ask(a, who);
	ask_send(a, told);
	ck_assert_str_eq(told_text(told), "");
	return secret_of(told, who->key);
}

static void kem_protect(struct ask *a, const struct house_credential *who, struct bytes secret,
			X509_ALGOR *alg)
{
	a->out.sender = octets_view(&who->sender);
	a->out.sender_kid = octets_view(&who->sender_kid);
	a->secret = secret;
	X509_ALGOR_free(a->mac_algorithm);
	a->mac_algorithm = alg;
}

/* A message without body under that secret, in the transaction of `before`; it names no certificate
 * but by sender and senderKID. */
static void kem_next(struct ask *a, const struct ask *before, const struct told *told,
		     const struct house_credential *who, struct bytes secret)
{
	ask_next(a, before, told);
	a->signer = NULL;
	a->unprotected = false;
	a->out.n_extra_certs = 0;
	kem_protect(a, who, secret, usual_mac());
}

/* The first message under the secret: without recipNonce, as what opens a transaction. */
static void kem_first(struct ask *a, const struct ask *before, const struct told *told,
		      const struct house_credential *who, struct bytes secret)
{
	kem_next(a, before, told, who, secret);
	a->out.recip_nonce = BYTES_NULL;
}

/* --- granted --- */

static struct store_kem_secret stored(const struct ask *a)
{
	struct store_kem_secret s = {0};

	ck_assert_int_eq(store_kem_secret_find(h->worker.reader, a->out.transaction_id, &s), 0);
	return s;
}

static const struct mac_row {
	const char *kem;
	const char *kdf;
	const char *context;
	long len;
	const char *mac;
	bool recip_nonce;
} mac_rows[] = {
	{"ML-KEM-768", HKDF_SHA256, NULL, 32, "1.2.840.113549.2.9", false},
	{"ML-KEM-512", HKDF_SHA256, NULL, 32, "1.2.840.113549.2.9", true},
	{"ML-KEM-1024", HKDF_SHA512, "context", 64, "1.2.840.113549.2.11", false},
	{"ML-KEM-768", "1.2.840.113549.1.9.16.3.29", "", 48, "1.2.840.113549.2.10", true},
	{"ML-KEM-768", HKDF_SHA256, NULL, 32, "2.16.840.1.101.3.4.2.20", false},
};

/* RFC 9810 E, figure 3: the ciphertext, a certificate and its confirmation. */
START_TEST(rfc9810_e_figure_3)
{
	const struct mac_row *row = &mac_rows[_i];
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct house_credential who;
	struct store_kem_secret s;
	struct store_transaction txn = {0};
	struct told genp, told, conf;
	struct ask genm, a, c;

	credential_make(&who, row->kem, "vnfm-a", &h->client_root, 365);
	secret = kem_open(&genm, &who, &genp);
	s = stored(&genm);
	ck_assert(!s.used);
	ck_assert_str_eq(s.requester, "vnfm-a");
	/* Nobody reads it out of the database. */
	ck_assert_ptr_null(memmem(s.secret.data, s.secret.len, secret.data, secret.len));
	store_kem_secret_clear(&s);
	kem_first(&a, &genm, &genp, &who, octets_view(&secret));
	if (row->recip_nonce)
		a.out.recip_nonce = BYTES_OF(a.recip_nonce);
	kem_protect(&a, &who, octets_view(&secret),
		    kem_based_mac(algorithm_of(row->kdf), row->context, row->len,
				  algorithm_of(row->mac)));
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), "");
	ck_assert(told_certificate(&told).len && !told_mac(&told));
	s = stored(&genm);
	ck_assert(s.used);
	store_kem_secret_clear(&s);
	ck_assert_int_eq(
		store_transaction_find(h->worker.reader, "vnfm-a", a.out.transaction_id, &txn), 0);
	ck_assert_int_eq(txn.protection, CMP_PROTECTION_KEM);
	store_transaction_clear(&txn);
	/* Its time is that of the transaction from now on. */
	h->now_ms += 100 * 1000;
	ask_certconf(&c, &a, &told, PKI_STATUS_ACCEPTED);
	kem_protect(&c, &who, octets_view(&secret), usual_mac());
	ask_send(&c, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	told_clear(&conf);
	/* The answer got lost. */
	ask_send_octets(&c, &h->worker, octets_view(&c.sent), &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	granted_done(&c, &conf);
	granted_done(&a, &told);
	granted_done(&genm, &genp);
	house_credential_clear(&who);
}
END_TEST

/*
 * RFC 9810 5.1.3.4, where several serve: the secret is known at whichever node the message comes to
 * that it protects, and so is that it was used.
 */
START_TEST(rfc9810_5_1_3_4_at_another_node)
{
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct told genp, told, conf, again;
	struct ask genm, a, c, other;
	struct house node;

	house_node_open(h, &node);
	secret = kem_open(&genm, &kem_a, &genp);
	kem_first(&a, &genm, &genp, &kem_a, octets_view(&secret));
	a.house = &node;
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), "");
	ask_certconf(&c, &a, &told, PKI_STATUS_ACCEPTED);
	c.house = h;
	kem_protect(&c, &kem_a, octets_view(&secret), usual_mac());
	ask_send(&c, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	c.house = &node;
	ask_send_octets(&c, &node.worker, octets_view(&c.sent), &again);
	ck_assert(bytes_equal(octets_view(&conf.der), octets_view(&again.der)));
	/* The transaction is over, and the secret with it, at both. */
	kem_first(&other, &genm, &genp, &kem_a, octets_view(&secret));
	ask_certreq(&other, PKI_BODY_IR, "vnfci-a");
	expect_refused(&other, REFUSAL_transaction_id_in_use, FAIL_TRANSACTION_ID_IN_USE);
	told_clear(&again);
	granted_done(&c, &conf);
	granted_done(&a, &told);
	granted_done(&genm, &genp);
	house_node_close(&node);
}
END_TEST

/* RFC 9810 8.8: another ciphertext each time; but the same answer to a retransmission. */
START_TEST(rfc9810_8_8_fresh_ciphertext)
{
	_cleanup_(octets_clear) struct octets first = OCTETS_NULL, second = OCTETS_NULL;
	struct told told, again, other;
	struct ask a, b;

	first = kem_open(&a, &kem_a, &told);
	ask_send_octets(&a, &h->worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&told.der), octets_view(&again.der)));
	second = kem_open(&b, &kem_a, &other);
	ck_assert(!bytes_equal(octets_view(&first), octets_view(&second)));
	told_clear(&again);
	granted_done(&a, &told);
	granted_done(&b, &other);
}
END_TEST

/* Several messages without a transaction of their own, as long as the secret waits. */
START_TEST(rfc9810_5_1_3_4_reused_within_the_operation)
{
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct told genp;
	struct ask genm, a;

	secret = kem_open(&genm, &kem_a, &genp);
	for (int i = 0; i < 2; i++) {
		kem_first(&a, &genm, &genp, &kem_a, octets_view(&secret));
		ask_genm(&a, CA_CERTS, BYTES_NULL);
		granted_expect(&a, PKI_BODY_GENP, -1);
	}
	granted_done(&genm, &genp);
}
END_TEST

/* --- the holder of a certificate of ours --- */

/* Gets it by encrCert, RFC 9810 5.2.8.3.2, and confirms. */
static void entity_enrol(struct house_credential *entity)
{
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL, content = OCTETS_NULL;
	EVP_PKEY *key = kem_key("ML-KEM-768");
	CertOrEncCert *cert;
	const unsigned char *p;
	unsigned char *der = NULL;
	CertTemplate *t;
	struct told told, conf;
	struct ask a, c;
	int len;

	ask_new(&a, h, &h->vnfm_b);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-kem");
	a.profile_label = "kem";
	a.out.pvno = 3;
	t = ask_request(&a)->certReq->certTemplate;
	SubjectPublicKeyInfo_free(t->publicKey);
	ck_assert_int_eq(spki_from_key(key, &t->publicKey), 0);
	ask_pop_subsequent(&a, POPO_KEY_ENCIPHERMENT, POPO_SUBSEQUENT_ENCR_CERT);
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), "");
	cert = told_response(&told, 0)->certifiedKeyPair->certOrEncCert;
	len = i2d_ASN1_TYPE(cert->value.encryptedCert, &der);
	ck_assert_int_eq(envelope_from_encrypted_key((struct bytes){der, (size_t)len}, &envelope),
			 0);
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), key, BYTES_NULL, OID_CT_DATA,
					      &content),
			 0);
	OPENSSL_free(der);
	ASN1_TYPE_free(cert->value.encryptedCert);
	cert->type = CERT_OR_ENC_CERT_CERTIFICATE;
	p = content.data;
	cert->value.certificate = d2i_ASN1_TYPE(NULL, &p, (long)content.len);
	house_credential_adopt(entity, key, octets_view(&content));
	EVP_PKEY_free(key);
	ask_certconf(&c, &a, &told, PKI_STATUS_ACCEPTED);
	ask_send(&c, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	granted_done(&c, &conf);
	granted_done(&a, &told);
}

/* RFC 9483 4.2: its own certificate; then it has none to ask with. */
START_TEST(rfc9483_4_2_end_entity)
{
	_cleanup_(octets_clear) struct octets early = OCTETS_NULL, secret = OCTETS_NULL;
	struct house_credential entity;
	struct told early_told, told;
	struct ask early_ask, genm, a;

	entity_enrol(&entity);
	early = kem_open(&early_ask, &entity, &early_told);
	secret = kem_open(&genm, &entity, &told);
	kem_first(&a, &genm, &told, &entity, octets_view(&secret));
	ask_rr(&a, octets_view(&entity.der), 0);
	granted_expect(&a, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(octets_view(&entity.der)), STORE_CERT_REVOKED);
	granted_done(&genm, &told);
	/* A secret from before is of no use any more, and there is no other. */
	kem_first(&a, &early_ask, &early_told, &entity, octets_view(&early));
	ask_genm(&a, CA_CERTS, BYTES_NULL);
	expect_refused(&a, REFUSAL_signer_revoked, FAIL_SIGNER_NOT_TRUSTED);
	kem_ask(&a, &entity);
	expect_refused(&a, REFUSAL_signer_revoked, FAIL_SIGNER_NOT_TRUSTED);
	granted_done(&early_ask, &early_told);
	house_credential_clear(&entity);
}
END_TEST

/* RFC 9483 4.1.3: kur, for another key of the kind. */
START_TEST(rfc9483_4_1_3_key_update)
{
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct house_credential entity;
	struct told genp, told;
	struct ask genm, a;
	CertTemplate *t;
	EVP_PKEY *key = kem_key("ML-KEM-768");

	entity_enrol(&entity);
	secret = kem_open(&genm, &entity, &genp);
	kem_first(&a, &genm, &genp, &entity, octets_view(&secret));
	ask_certreq(&a, PKI_BODY_KUR, NULL);
	a.out.pvno = 3;
	t = ask_request(&a)->certReq->certTemplate;
	SubjectPublicKeyInfo_free(t->publicKey);
	ck_assert_int_eq(spki_from_key(key, &t->publicKey), 0);
	ask_old_cert_id(&a, octets_view(&entity.der));
	ask_pop_subsequent(&a, POPO_KEY_ENCIPHERMENT, POPO_SUBSEQUENT_ENCR_CERT);
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), "");
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_KUP);
	ck_assert_int_eq(told_response(&told, 0)->certifiedKeyPair->certOrEncCert->type,
			 CERT_OR_ENC_CERT_ENCRYPTED);
	granted_done(&a, &told);
	granted_done(&genm, &genp);
	house_credential_clear(&entity);
	EVP_PKEY_free(key);
}
END_TEST

/* RFC 9483 4.1.6, RFC 9810 5.2.2: a generated key comes encrypted for the KEM key. */
START_TEST(rfc9483_4_1_6_central_key)
{
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL, envelope = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets content = OCTETS_NULL;
	unsigned char *der = NULL;
	struct told genp, told;
	struct ask genm, a;
	CertTemplate *t;
	int len;

	secret = kem_open(&genm, &kem_b, &genp);
	kem_first(&a, &genm, &genp, &kem_b, octets_view(&secret));
	ask_certreq(&a, PKI_BODY_IR, "vnfci-central");
	a.profile_label = "central";
	a.out.pvno = 3;
	t = ask_request(&a)->certReq->certTemplate;
	SubjectPublicKeyInfo_free(t->publicKey);
	t->publicKey = NULL;
	ProofOfPossession_free(ask_request(&a)->popo);
	ask_request(&a)->popo = NULL;
	a.keep_pop = true;
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), "");
	len = i2d_ASN1_TYPE(told_response(&told, 0)->certifiedKeyPair->privateKey, &der);
	ck_assert_int_eq(envelope_from_encrypted_key((struct bytes){der, (size_t)len}, &envelope),
			 0);
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), kem_b.key, BYTES_NULL,
					      OID_CT_SIGNED_DATA, &content),
			 0);
	OPENSSL_free(der);
	granted_done(&a, &told);
	granted_done(&genm, &genp);
}
END_TEST

/* --- refused: asking --- */

static void bend_value(struct ask *a)
{
	static const uint8_t null[] = {0x05, 0x00};

	PKIBody_free(a->body);
	a->body = NULL;
	ask_genm(a, KEM_CIPHERTEXT_INFO, BYTES_OF(null));
}

static void bend_second(struct ask *a)
{
	ask_genm(a, CA_CERTS, BYTES_NULL);
}

static void bend_other_type(struct ask *a)
{
	PKIBody_free(a->body);
	a->body = NULL;
	ask_genm(a, CA_CERTS, BYTES_NULL);
}

static void bend_label(struct ask *a)
{
	a->operation_label = "getcacerts";
}

static void bend_no_certs(struct ask *a)
{
	a->out.n_extra_certs = 0;
}

static void bend_sender(struct ask *a)
{
	a->out.sender = octets_view(&h->vnfm_b.sender);
}

static void bend_sender_kid(struct ask *a)
{
	a->out.sender_kid = octets_view(&h->vnfm_b.sender_kid);
}

static void bend_recip_nonce(struct ask *a)
{
	a->out.recip_nonce = BYTES_OF(a->recip_nonce);
}

static void bend_time(struct ask *a)
{
	a->out.message_time_ms += 3600 * 1000;
}

static void bend_short_id(struct ask *a)
{
	a->out.transaction_id.len = 15;
}

static void bend_not(struct ask *a)
{
	(void)a;
}

static const struct ask_row {
	const struct house_credential *who;
	void (*bend)(struct ask *a);
	enum refusal_reason reason;
	int failinfo;
} ask_rows[] = {
	{&kem_a, bend_value, REFUSAL_genm_value_unexpected, FAIL_BAD_DATA_FORMAT},
	{&kem_a, bend_second, REFUSAL_protection_missing, FAIL_BAD_MESSAGE_CHECK},
	{&kem_a, bend_other_type, REFUSAL_protection_missing, FAIL_BAD_MESSAGE_CHECK},
	{&kem_a, bend_label, REFUSAL_operation_label_mismatch, FAIL_BAD_REQUEST},
	{&kem_a, bend_no_certs, REFUSAL_signer_missing, FAIL_BAD_MESSAGE_CHECK},
	{&kem_a, bend_sender, REFUSAL_signer_mismatch, FAIL_BAD_MESSAGE_CHECK},
	{&kem_a, bend_sender_kid, REFUSAL_signer_mismatch, FAIL_BAD_MESSAGE_CHECK},
	{&kem_a, bend_recip_nonce, REFUSAL_recip_nonce_unexpected, FAIL_BAD_RECIPIENT_NONCE},
	{&kem_a, bend_time, REFUSAL_message_time_off, FAIL_BAD_TIME},
	{&kem_a, bend_short_id, REFUSAL_transaction_id_short, FAIL_BAD_DATA_FORMAT},
	{&kem_stranger, bend_not, REFUSAL_signer_not_trusted, FAIL_SIGNER_NOT_TRUSTED},
	{&kem_expired, bend_not, REFUSAL_signer_expired, FAIL_SIGNER_NOT_TRUSTED},
	{&kem_no_usage, bend_not, REFUSAL_kem_key_usage, FAIL_SIGNER_NOT_TRUSTED},
	{&granted_house.vnfm_a, bend_not, REFUSAL_kem_key, FAIL_BAD_ALG},
};

START_TEST(rfc9810_e_asking_refused)
{
	const struct ask_row *row = &ask_rows[_i];
	struct store_kem_secret found = {0};
	struct ask a;
	uint8_t id[CMP_NONCE_LEN];

	kem_ask(&a, row->who);
	memcpy(id, a.transaction_id, sizeof(id));
	row->bend(&a);
	expect_refused(&a, row->reason, row->failinfo);
	ck_assert_int_eq(store_kem_secret_find(h->worker.reader, BYTES_OF(id), &found),
			 STORE_NOT_FOUND);
}
END_TEST

/* RFC 9483 3.5: a key for the one is none for the other, though its certificate is known already.
 */
START_TEST(rfc9483_3_5_kem_key_signs_nothing)
{
	struct octets secret;
	struct told told;
	struct ask a;

	secret = kem_open(&a, &kem_a, &told);
	octets_clear(&secret);
	granted_done(&a, &told);
	ask_new(&a, h, &h->vnfm_a);
	ask_genm(&a, CA_CERTS, BYTES_NULL);
	a.out.sender_kid = octets_view(&kem_a.sender_kid);
	a.certs[0] = octets_view(&kem_a.der);
	expect_refused(&a, REFUSAL_signer_key_weak, FAIL_BAD_ALG);
	ask_new(&a, h, &h->vnfm_a);
	ask_genm(&a, CA_CERTS, BYTES_NULL);
	granted_expect(&a, PKI_BODY_GENP, -1);
	kem_ask(&a, &h->vnfm_a);
	expect_refused(&a, REFUSAL_kem_key, FAIL_BAD_ALG);
}
END_TEST

/* RFC 9810 5.3.19.7: in a message that is protected it has no meaning here. */
START_TEST(rfc9810_5_3_19_18_protected)
{
	const InfoTypeAndValue *itav;
	struct told told;
	struct ask a;

	ask_new(&a, h, &h->vnfm_a);
	ask_genm(&a, KEM_CIPHERTEXT_INFO, BYTES_NULL);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
	itav = sk_InfoTypeAndValue_value(told.msg->body->value.genmsg, 0);
	ck_assert_int_eq(OBJ_obj2nid(itav->infoType), NID_id_it_unsupportedOIDs);
	granted_done(&a, &told);
}
END_TEST

/* Nothing else is done for a message that nobody protected. */
START_TEST(rfc9810_b_no_passphrase_of_nobody)
{
	static const uint8_t nothing[] = {0x30, 0x00};
	struct told told;
	struct ask a;

	kem_ask(&a, &kem_a);
	ask_info_add(&a, "1.3.6.1.5.5.7.4.12", BYTES_OF(nothing));
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
	ck_assert_ptr_null(
		cmp_message_general_info(told.msg, OBJ_nid2obj(NID_id_it_revPassphrase)));
	granted_done(&a, &told);
}
END_TEST

/*
 * RFC 9810 5.1.3.4: the secret is known to the holder of the key that it was encapsulated for, and
 * to nobody else whose certificate came along, even one of the same client: it may be a device of
 * its own, or an RA where the other is none.
 */
START_TEST(rfc9810_5_1_3_4_certificate_of_another_key)
{
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct house_credential other;
	struct told genp;
	struct ask genm, a;

	credential_make(&other, "ML-KEM-768", "vnfm-a", &h->client_root, 365);
	kem_ask(&genm, &kem_a);
	genm.certs[genm.out.n_extra_certs++] = octets_view(&other.der);
	ask_send(&genm, &genp);
	secret = secret_of(&genp, kem_a.key);
	kem_first(&a, &genm, &genp, &other, octets_view(&secret));
	ask_genm(&a, CA_CERTS, BYTES_NULL);
	expect_refused(&a, REFUSAL_kem_secret_unknown, FAIL_BAD_MESSAGE_CHECK);
	kem_first(&a, &genm, &genp, &kem_a, octets_view(&secret));
	ask_genm(&a, CA_CERTS, BYTES_NULL);
	granted_expect(&a, PKI_BODY_GENP, -1);
	granted_done(&genm, &genp);
	house_credential_clear(&other);
}
END_TEST

/* RFC 9483 5.1: another message with that transactionID, whoever sends it. */
START_TEST(rfc9483_5_1_transaction_id_in_use)
{
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct told genp, told;
	struct ask genm, a;

	secret = kem_open(&genm, &kem_a, &genp);
	for (int i = 0; i < 2; i++) {
		kem_ask(&a, i ? &kem_b : &kem_a);
		a.out.transaction_id = genm.out.transaction_id;
		expect_refused(&a, REFUSAL_transaction_id_in_use, FAIL_TRANSACTION_ID_IN_USE);
	}
	granted_done(&genm, &genp);
	/* One that is in progress without it. */
	granted_enrol(&genm, PKI_BODY_IR, &h->vnfm_a, &told);
	kem_ask(&a, &kem_a);
	a.out.transaction_id = genm.out.transaction_id;
	expect_refused(&a, REFUSAL_transaction_id_in_use, FAIL_TRANSACTION_ID_IN_USE);
	granted_done(&genm, &told);
}
END_TEST

/* --- refused: what comes then --- */

static X509_ALGOR *with_parameters(X509_ALGOR *alg)
{
	X509_ALGOR_set0(alg, OBJ_dup(alg->algorithm), V_ASN1_NULL, NULL);
	return alg;
}

static X509_ALGOR *make_pbkdf2(void)
{
	return kem_based_mac(algorithm_of("1.2.840.113549.1.5.12"), NULL, 32,
			     algorithm_of("1.2.840.113549.2.9"));
}

static X509_ALGOR *make_hkdf_null(void)
{
	return kem_based_mac(with_parameters(algorithm_of(HKDF_SHA256)), NULL, 32,
			     algorithm_of("1.2.840.113549.2.9"));
}

static X509_ALGOR *make_len_0(void)
{
	return kem_based_mac(algorithm_of(HKDF_SHA256), NULL, 0,
			     algorithm_of("1.2.840.113549.2.9"));
}

static X509_ALGOR *make_len_8(void)
{
	return kem_based_mac(algorithm_of(HKDF_SHA256), NULL, 8,
			     algorithm_of("1.2.840.113549.2.9"));
}

static X509_ALGOR *make_len_513(void)
{
	return kem_based_mac(algorithm_of(HKDF_SHA256), NULL, 513,
			     algorithm_of("1.2.840.113549.2.9"));
}

static X509_ALGOR *make_sha1(void)
{
	return kem_based_mac(algorithm_of(HKDF_SHA256), NULL, 20,
			     algorithm_of("1.3.6.1.5.5.8.1.2"));
}

static X509_ALGOR *make_itself(void)
{
	return kem_based_mac(algorithm_of(HKDF_SHA256), NULL, 32,
			     algorithm_of("1.2.840.113533.7.66.16"));
}

static X509_ALGOR *make_long_context(void)
{
	char text[130];

	memset(text, 'c', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	return kem_based_mac(algorithm_of(HKDF_SHA256), text, 32,
			     algorithm_of("1.2.840.113549.2.9"));
}

static X509_ALGOR *make_no_parameters(void)
{
	return algorithm_of("1.2.840.113533.7.66.16");
}

static const struct alg_row {
	X509_ALGOR *(*make)(void);
	enum refusal_reason reason;
} alg_rows[] = {
	{make_pbkdf2, REFUSAL_mac_parameters},        {make_hkdf_null, REFUSAL_mac_parameters},
	{make_len_0, REFUSAL_mac_parameters},         {make_len_8, REFUSAL_mac_key_length},
	{make_len_513, REFUSAL_mac_parameters},       {make_sha1, REFUSAL_mac_parameters},
	{make_itself, REFUSAL_mac_parameters},        {make_long_context, REFUSAL_mac_parameters},
	{make_no_parameters, REFUSAL_mac_parameters},
};

START_TEST(rfc9810_5_1_3_4_algorithm_refused)
{
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct told genp, told;
	struct ask genm, a;
	X509_ALGOR *alg = alg_rows[_i].make();

	secret = kem_open(&genm, &kem_a, &genp);
	kem_first(&a, &genm, &genp, &kem_a, octets_view(&secret));
	ask_genm(&a, CA_CERTS, BYTES_NULL);
	ask_encode(&a);
	ask_claim_algorithm(&a, alg);
	ask_send_octets(&a, &h->worker, octets_view(&a.sent), &told);
	ck_assert_str_eq(told_text(&told), refusal_text(alg_rows[_i].reason));
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_ALG);
	X509_ALGOR_free(alg);
	granted_done(&a, &told);
	granted_done(&genm, &genp);
}
END_TEST

static void bend_wrong_secret(struct ask *a)
{
	a->secret = bytes_of_string("thirty-two octets of no ML-KEM..");
}

static void bend_other_id(struct ask *a)
{
	a->transaction_id[0] ^= 1;
}

static void bend_wrong_nonce(struct ask *a)
{
	a->recip_nonce[0] ^= 1;
	a->out.recip_nonce = BYTES_OF(a->recip_nonce);
}

static void bend_expired(struct ask *a)
{
	h->now_ms += 61 * 1000;
	a->out.message_time_ms = h->now_ms;
}

/* Whose secret it is not, with all that he needs. */
static void bend_other_holder(struct ask *a)
{
	a->out.sender = octets_view(&kem_b.sender);
	a->out.sender_kid = octets_view(&kem_b.sender_kid);
	a->certs[a->out.n_extra_certs++] = octets_view(&kem_b.der);
}

static const struct next_row {
	void (*bend)(struct ask *a);
	enum refusal_reason reason;
	int failinfo;
} next_rows[] = {
	{bend_wrong_secret, REFUSAL_kem_protection_wrong, FAIL_BAD_MESSAGE_CHECK},
	{bend_other_id, REFUSAL_kem_secret_unknown, FAIL_BAD_MESSAGE_CHECK},
	{bend_expired, REFUSAL_kem_secret_unknown, FAIL_BAD_MESSAGE_CHECK},
	{bend_other_holder, REFUSAL_signer_mismatch, FAIL_BAD_MESSAGE_CHECK},
	{bend_sender_kid, REFUSAL_signer_mismatch, FAIL_BAD_MESSAGE_CHECK},
	{bend_wrong_nonce, REFUSAL_recip_nonce_wrong, FAIL_BAD_RECIPIENT_NONCE},
	{bend_time, REFUSAL_message_time_off, FAIL_BAD_TIME},
};

START_TEST(rfc9810_5_1_3_4_message_refused)
{
	const struct next_row *row = &next_rows[_i];
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct told genp;
	struct ask genm, a;

	secret = kem_open(&genm, &kem_a, &genp);
	kem_first(&a, &genm, &genp, &kem_a, octets_view(&secret));
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	row->bend(&a);
	expect_refused(&a, row->reason, row->failinfo);
	granted_done(&genm, &genp);
}
END_TEST

/* RFC 9483 3.2: the kind of protection stays. */
START_TEST(rfc9483_3_2_protection_kind_changed)
{
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct told genp, told;
	struct ask genm, a, c;

	secret = kem_open(&genm, &kem_a, &genp);
	kem_first(&a, &genm, &genp, &kem_a, octets_view(&secret));
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_send(&a, &told);
	ck_assert(told_certificate(&told).len);
	a.signer = &h->vnfm_a;
	ask_certconf(&c, &a, &told, PKI_STATUS_ACCEPTED);
	expect_refused(&c, REFUSAL_protection_kind_changed, FAIL_WRONG_INTEGRITY);
	granted_done(&a, &told);
	granted_done(&genm, &genp);
	/* The reverse: asked for, but the request is signed. */
	octets_clear(&secret);
	secret = kem_open(&genm, &kem_a, &genp);
	ask_next(&a, &genm, &genp);
	a.signer = &h->vnfm_a;
	a.out.sender_kid = octets_view(&h->vnfm_a.sender_kid);
	a.certs[0] = octets_view(&h->vnfm_a.der);
	a.out.recip_nonce = BYTES_NULL;
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_send(&a, &told);
	ck_assert(told_certificate(&told).len);
	ask_certconf(&c, &a, &told, PKI_STATUS_ACCEPTED);
	c.signer = NULL;
	kem_protect(&c, &kem_a, octets_view(&secret), usual_mac());
	expect_refused(&c, REFUSAL_protection_kind_changed, FAIL_WRONG_INTEGRITY);
	granted_done(&a, &told);
	granted_done(&genm, &genp);
}
END_TEST

/* --- bounds --- */

static bool waits(const struct ask *a)
{
	struct store_kem_secret s = {0};
	int err = store_kem_secret_find(h->worker.reader, a->out.transaction_id, &s);

	store_kem_secret_clear(&s);
	return err == 0;
}

/* A tenth of 20 for one requester: the oldest gives way. */
START_TEST(one_requester_fills_a_part)
{
	struct told told[3];
	struct ask a[3];

	for (int i = 0; i < 3; i++) {
		struct octets secret = kem_open(&a[i], &kem_a, &told[i]);

		octets_clear(&secret);
		h->now_ms += 1;
	}
	ck_assert(!waits(&a[0]) && waits(&a[1]) && waits(&a[2]));
	for (int i = 0; i < 3; i++)
		granted_done(&a[i], &told[i]);
}
END_TEST

/* What is not used goes. */
START_TEST(unused_secrets_go)
{
	struct octets secret;
	struct told told;
	struct ask a;

	secret = kem_open(&a, &kem_a, &told);
	h->now_ms += 60 * 1000;
	house_housekeeping(h);
	ck_assert(waits(&a));
	h->now_ms += 61 * 1000;
	house_housekeeping(h);
	ck_assert(!waits(&a));
	octets_clear(&secret);
	granted_done(&a, &told);
}
END_TEST

static void one_setup(void)
{
	house_open(h, "", "mac_algorithms = KemBasedMac\nkem_secrets_max = 1\n");
	credential_make(&kem_a, "ML-KEM-768", "vnfm-a", &h->client_root, 365);
	credential_make(&kem_b, "ML-KEM-768", "vnfm-b", &h->client_root, 365);
}

static void one_teardown(void)
{
	house_credential_clear(&kem_a);
	house_credential_clear(&kem_b);
	house_close(h);
}

START_TEST(all_requesters_fill_the_whole)
{
	struct octets secret;
	struct told told;
	struct ask a, b;

	secret = kem_open(&a, &kem_a, &told);
	kem_ask(&b, &kem_b);
	expect_refused(&b, REFUSAL_kem_secrets, FAIL_SYSTEM_UNAVAIL);
	octets_clear(&secret);
	granted_done(&a, &told);
}
END_TEST

/* --- behind another CA --- */

static const char forwarding[] = "mac_algorithms = KemBasedMac\n"
				 "[profile up]\ncert_type = VnfciCert\ncommon_name = subjectId\n"
				 "key_types = ec:P-256\nextension_section = usage\n"
				 "[ca_rule up]\nprofile = up\nca = central\n"
				 "[ca central]\ntype = upstream\nserver_url = http://127.0.0.1:1/\n"
				 "certificate = central.pem\nchain = root.pem\n"
				 "trusted = root.pem\nexpect_sender = /CN=central\n"
				 "ra_certificate = ra.pem\nra_key = ra.key\n"
				 "upstream_wait = 1ms\nforwarding = replaced\n";

/* A certificate of that CA, in the store. */
static void certificate_put(const struct house_credential *c)
{
	const struct store_registration registration = {.cert_type = CERT_TYPE_VNFCI,
							.vnf_instance = (char *)"",
							.subject_id = (char *)"vnfci-up",
							.handling = CERT_HANDLING_DELEGATION,
							.manager = (char *)"vnfm-a",
							.trust_domain = (char *)"a",
							.ca = (char *)"central",
							.profile = (char *)"up",
							.created_ms = h->now_ms,
							.changed_ms = h->now_ms};
	struct store_certificate cert = {.ca = (char *)"central",
					 .state = STORE_CERT_ACTIVE,
					 .subject = (char *)"CN=vnfci-up",
					 .der = c->der,
					 .not_before_ms = h->now_ms,
					 .not_after_ms = h->now_ms + 86400 * 1000,
					 .requester = (char *)"vnfm-a",
					 .reason = STORE_REASON_NONE,
					 .created_ms = h->now_ms};

	ck_assert_int_eq(serial_of_integer(X509_get0_serialNumber(c->cert), &cert.serial), 0);
	ck_assert_int_eq(
		store_registration_insert(h->worker.unit, &registration, &cert.registration_id), 0);
	ck_assert_int_eq(store_certificate_insert(h->worker.unit, &cert, NULL), 0);
	ck_assert_int_eq(store_unit_commit(h->worker.unit), 0);
	store_unit_clear(h->worker.unit);
}

/*
 * RFC 9483 5.2.3: the protection of kur is not replaced, for the upstream CA has to see that of the
 * certificate that is updated; and this one says nothing to it.
 */
START_TEST(rfc9483_5_2_3_key_update_is_not_passed_on)
{
	_cleanup_(octets_clear) struct octets secret = OCTETS_NULL;
	struct house_credential entity;
	struct told genp, told;
	struct ask genm, a;

	house_open(h, "ca_rules = up\n", forwarding);
	credential_make(&entity, "ML-KEM-768", "vnfci-up", &h->central, 90);
	certificate_put(&entity);
	secret = kem_open(&genm, &entity, &genp);
	kem_first(&a, &genm, &genp, &entity, octets_view(&secret));
	ask_certreq(&a, PKI_BODY_KUR, NULL);
	ask_old_cert_id(&a, octets_view(&entity.der));
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), refusal_text(REFUSAL_protection_kind_wrong));
	ck_assert_int_eq(told_failinfo(&told), FAIL_WRONG_INTEGRITY);
	granted_done(&a, &told);
	granted_done(&genm, &genp);
	house_credential_clear(&entity);
	house_close(h);
}
END_TEST

/* --- where it is not to be had, with any library --- */

static const struct none_row {
	const char *sections;
	enum refusal_reason asked, protected;
	int asked_failinfo;
} none_rows[] = {
	/* Not by default. */
	{"", REFUSAL_protection_missing, REFUSAL_protection_alg_not_allowed,
	 FAIL_BAD_MESSAGE_CHECK},
	/* The library lacks it. */
	{"mac_algorithms = KemBasedMac\n", REFUSAL_protection_alg_unavailable,
	 REFUSAL_protection_alg_unavailable, FAIL_BAD_ALG},
};

START_TEST(rfc9483_3_5_unavailable)
{
	const struct none_row *row = &none_rows[_i];
	struct ask a;

	if (_i == 1 && kem_available())
		return;
	house_open(h, "", row->sections);
	kem_ask(&a, &h->vnfm_a);
	expect_refused(&a, row->asked, row->asked_failinfo);
	ask_new(&a, h, NULL);
	X509_ALGOR_free(a.mac_algorithm);
	a.mac_algorithm = usual_mac();
	ask_genm(&a, CA_CERTS, BYTES_NULL);
	expect_refused(&a, row->protected, FAIL_BAD_ALG);
	house_close(h);
}
END_TEST

static TCase *kem_case(void)
{
	TCase *tc = tcase_create("kem");

	tcase_add_checked_fixture(tc, kem_setup, kem_teardown);
	tcase_add_loop_test(tc, rfc9810_e_figure_3, 0, ARRAY_LEN(mac_rows));
	tcase_add_test(tc, rfc9810_5_1_3_4_at_another_node);
	tcase_add_test(tc, rfc9810_8_8_fresh_ciphertext);
	tcase_add_test(tc, rfc9810_5_1_3_4_reused_within_the_operation);
	tcase_add_test(tc, rfc9483_4_2_end_entity);
	tcase_add_test(tc, rfc9483_4_1_3_key_update);
	tcase_add_test(tc, rfc9483_4_1_6_central_key);
	tcase_add_loop_test(tc, rfc9810_e_asking_refused, 0, ARRAY_LEN(ask_rows));
	tcase_add_test(tc, rfc9483_3_5_kem_key_signs_nothing);
	tcase_add_test(tc, rfc9810_5_3_19_18_protected);
	tcase_add_test(tc, rfc9810_b_no_passphrase_of_nobody);
	tcase_add_test(tc, rfc9810_5_1_3_4_certificate_of_another_key);
	tcase_add_test(tc, rfc9483_5_1_transaction_id_in_use);
	tcase_add_loop_test(tc, rfc9810_5_1_3_4_algorithm_refused, 0, ARRAY_LEN(alg_rows));
	tcase_add_loop_test(tc, rfc9810_5_1_3_4_message_refused, 0, ARRAY_LEN(next_rows));
	tcase_add_test(tc, rfc9483_3_2_protection_kind_changed);
	tcase_add_test(tc, one_requester_fills_a_part);
	tcase_add_test(tc, unused_secrets_go);
	return tc;
}

static TCase *one_case(void)
{
	TCase *tc = tcase_create("one");

	tcase_add_checked_fixture(tc, one_setup, one_teardown);
	tcase_add_test(tc, all_requesters_fill_the_whole);
	return tc;
}

static Suite *door_kem_suite(void)
{
	Suite *suite = suite_create("door_kem");
	TCase *none = tcase_create("none"), *upstream = tcase_create("upstream");

	tcase_add_loop_test(none, rfc9483_3_5_unavailable, 0, ARRAY_LEN(none_rows));
	suite_add_tcase(suite, none);
	suite_add_tcase(suite, upstream);
	if (kem_available()) {
		suite_add_tcase(suite, kem_case());
		suite_add_tcase(suite, one_case());
		tcase_add_test(upstream, rfc9483_5_2_3_key_update_is_not_passed_on);
	} else {
		fprintf(stderr, "the library has no KEM: only its refusal is tested\n");
	}
	return suite;
}

SUITE_MAIN(door_kem_suite, SUITE_ONE_PROCESS)
