// SPDX-License-Identifier: Apache-2.0
/*
 * Private keys for the archive, RFC 4211 6.4 and RFC 9810 5.2.8.3.1: sent in an EnvelopedData that
 * libcrypto's CMS makes, or generated here; what is kept of them, and what is refused.
 */
#include "granted.h"
#include "suite.h"

#include "asn1/cmf_types.h"
#include "asn1/der.h"
#include "asn1/envelope.h"
#include "asn1/private_key.h"

#include <check.h>
#include <errno.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE(name, archive)                                                                 \
	"[profile " name "]\ncert_type = VnfciCert\ncommon_name = subjectId\n"                 \
	"key_types = rsa:2048-4096, ec:P-256, ed25519, x25519\ncentral_key_types = ec:P-256\n" \
	"archive_keys = " archive "\nextension_section = usage\n"

static const char sections[] =
	"kga_certificate = kga.pem\nkga_key = kga.key\n" PROFILE("archiving", "allowed")
		PROFILE("always", "always") PROFILE("never", "never");

static struct house *const h = &granted_house;
/* A client that may receive generated keys. */
static struct house_credential receiver;

static void archive_setup(void)
{
	house_open(h, "", sections);
	house_credential_make_with(&receiver, EVP_RSA_gen(2048), "receiver", HOUSE_LEAF_RECEIVES,
				   &h->client_root, h->now_ms, 365);
	house_client_add(h, "receiver", "r", STORE_MAY_REGISTER | STORE_MAY_REQUEST, true);
}

static void archive_teardown(void)
{
	house_credential_clear(&receiver);
	house_close(h);
}

/* --- EnvelopedData --- */

/* EnvelopedData for the recipient, with content of that type (dotted). */
static struct octets encrypt_for(X509 *recipient, struct bytes content, const char *type)
{
	unsigned int flags = CMS_BINARY | CMS_PARTIAL | CMS_KEY_PARAM | CMS_USE_KEYID;
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_cbc(), flags);
	BIO *in = BIO_new_mem_buf(content.data, (int)content.len);
	ASN1_OBJECT *object = OBJ_txt2obj(type, 1);
	struct octets out = OCTETS_NULL;
	struct bytes rest, tlv, value, envelope;
	unsigned char *der = NULL;
	CMS_RecipientInfo *ri;
	EVP_PKEY_CTX *ctx;
	uint8_t tag;
	int len;

	ck_assert_ptr_nonnull(cms);
	ri = CMS_add1_recipient_cert(cms, recipient, flags);
	ctx = ri ? CMS_RecipientInfo_get0_pkey_ctx(ri) : NULL;
	if (ctx && CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_AGREE)
		ck_assert_int_gt(EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()), 0);
	ck_assert_int_eq(CMS_set1_eContentType(cms, object), 1);
	ASN1_OBJECT_free(object);
	ck_assert_int_eq(CMS_final(cms, in, NULL, flags), 1);
	len = i2d_CMS_ContentInfo(cms, &der);
	rest = (struct bytes){der, (size_t)len};
	ck_assert(len > 0 && !der_next(&rest, &tag, &tlv, &value));
	ck_assert(!der_next(&value, &tag, &tlv, &rest) && !der_next(&value, &tag, &tlv, &envelope));
	ck_assert_int_eq(octets_dup(envelope, &out), 0);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return out;
}

static struct octets encrypt(struct bytes content, const char *type)
{
	return encrypt_for(h->encryption.cert, content, type);
}

/* --- private keys, RFC 5958 2 and RFC 4211 4.2.1 --- */

static struct octets pkcs8(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	struct octets out;

	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &out), 0);
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(info);
	return out;
}

/* The contents of a SEQUENCE (`strip`), what stands behind them, and a SEQUENCE around both. */
static struct octets sequence_of(struct bytes content, bool strip, struct bytes more)
{
	struct der_writer w = DER_WRITER_NULL;
	struct bytes tlv, inner = content;
	struct octets out;
	uint8_t tag;

	if (strip)
		ck_assert_int_eq(der_next(&content, &tag, &tlv, &inner), 0);
	der_put(&w, more);
	der_put(&w, inner);
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(der_writer_take(&w, &out), 0);
	return out;
}

/* What goes into the envelope. */
struct content {
	struct octets der;
	const char *type;
};

static struct content content_bare(EVP_PKEY *key)
{
	return (struct content){pkcs8(key), OID_CT_KEY_PACKAGE};
}

/* OneAsymmetricKey of v2 in AsymmetricKeyPackage. */
static struct content content_package(EVP_PKEY *key)
{
	static const uint8_t bits[] = {0x81, 0x02, 0x00, 0xff};
	struct octets v1 = pkcs8(key), v2, package;

	v2 = sequence_of(octets_view(&v1), true, BYTES_OF(bits));
	/* The version is what comes first: 02 01 00. */
	for (size_t i = 0; i < 8; i++)
		if (v2.data[i] == 0x02 && v2.data[i + 1] == 0x01) {
			v2.data[i + 2] = 1;
			break;
		}
	package = sequence_of(octets_view(&v2), false, BYTES_NULL);
	octets_clear(&v1);
	octets_clear(&v2);
	return (struct content){package, OID_CT_KEY_PACKAGE};
}

/* EncKeyWithID; identifier may be empty. */
static struct content content_with_id(EVP_PKEY *key, struct bytes identifier)
{
	struct octets v1 = pkcs8(key);
	struct content c = {sequence_of(octets_view(&v1), false, identifier),
			    OID_CT_ENC_KEY_WITH_ID};

	octets_clear(&v1);
	return c;
}

/* UTF8String */
static struct bytes text_identifier(const char *text, uint8_t buffer[64])
{
	buffer[0] = V_ASN1_UTF8STRING;
	buffer[1] = (uint8_t)strlen(text);
	memcpy(buffer + 2, text, strlen(text));
	return (struct bytes){buffer, strlen(text) + 2};
}

static struct content content_with_text(EVP_PKEY *key, const char *text)
{
	uint8_t buffer[64];

	return content_with_id(key, text_identifier(text, buffer));
}

/* --- the control --- */

static void archive_add(struct ask *a, struct bytes value)
{
	ask_control(a, NID_id_regCtrl_pkiArchiveOptions, value);
}

static void archive_content(struct ask *a, struct content c)
{
	ask_archive_envelope(a, encrypt(octets_view(&c.der), c.type));
	octets_clear(&c.der);
}

static void archive_generated(struct ask *a, bool wanted)
{
	const uint8_t value[] = {0x82, 0x01, wanted ? 0xff : 0x00};

	archive_add(a, BYTES_OF(value));
}

static EVP_PKEY *key_make(const char *kind)
{
	EVP_PKEY *key = kind[0] == 'P'   ? EVP_EC_gen(kind)
			: kind[0] == 'R' ? EVP_RSA_gen(2048)
					 : EVP_PKEY_Q_keygen(NULL, NULL, kind);

	ck_assert_ptr_nonnull(key);
	return key;
}

/* A request for a key of that kind under that profile. */
static void ask_from(struct ask *a, const struct house_credential *who, const char *profile,
		     const char *kind)
{
	static int count;
	char cn[32];

	snprintf(cn, sizeof(cn), "vnfci-%d", count++);
	ask_new(a, h, who);
	a->out.pvno = 3;
	ask_certreq(a, PKI_BODY_IR, cn);
	a->profile_label = profile;
	EVP_PKEY_free(a->key);
	a->key = key_make(kind);
	SubjectPublicKeyInfo_free(ask_request(a)->certReq->certTemplate->publicKey);
	ask_request(a)->certReq->certTemplate->publicKey = NULL;
	ck_assert_int_eq(spki_from_key(a->key, &ask_request(a)->certReq->certTemplate->publicKey),
			 0);
}

static void ask_for(struct ask *a, const char *profile, const char *kind)
{
	ask_from(a, &h->vnfm_b, profile, kind);
}

/* The same for a key that is to be generated. */
static void ask_central(struct ask *a, const char *profile)
{
	CertReqMsg *msg;

	ask_from(a, &receiver, profile, "P-256");
	msg = ask_request(a);
	ProofOfPossession_free(msg->popo);
	msg->popo = NULL;
	a->keep_pop = true;
	SubjectPublicKeyInfo_free(msg->certReq->certTemplate->publicKey);
	msg->certReq->certTemplate->publicKey = NULL;
}

/* --- what is kept --- */

static int certificate_note(void *arg, const struct store_certificate *cert)
{
	*(int64_t *)arg = cert->id;
	return 1;
}

/* The newest certificate. */
static int64_t newest(void)
{
	const struct store_certificate_filter filter = {
		.state = -1, .limit = 1, .newest_first = true};
	int64_t id = 0;

	ck_assert_int_eq(store_certificate_list(h->worker.reader, &filter, certificate_note, &id),
			 1);
	return id;
}

/* Whether its key is in the archive; never in the clear. */
static bool archived(int64_t id, EVP_PKEY *key, bool generated)
{
	struct store_archived_key found = {0};
	struct octets der = OCTETS_NULL;
	int err = store_archived_key_get(h->worker.reader, id, &found);

	if (err == STORE_NOT_FOUND)
		return false;
	ck_assert_int_eq(err, 0);
	ck_assert(found.generated == generated);
	if (key) {
		der = pkcs8(key);
		ck_assert_uint_eq(found.secret.len, 8 + 12 + der.len + 16);
		ck_assert(!memmem(found.secret.data, found.secret.len, der.data + der.len / 2, 16));
		octets_clear(&der);
	}
	store_archived_key_clear(&found);
	return true;
}

/* Sends; expects a certificate with that status and text (NULL: none). */
static void granted(struct ask *a, const char *text, struct told *told)
{
	const PKIStatusInfo *status;

	ask_send(a, told);
	ck_assert_int_eq(told_failinfo(told), -1);
	ck_assert_uint_gt(told_certificate(told).len, 0);
	status = told_status(told);
	ck_assert_int_eq(ASN1_INTEGER_get(status->status),
			 text ? PKI_STATUS_GRANTED_WITH_MODS : PKI_STATUS_ACCEPTED);
	if (text)
		ck_assert_str_eq((const char *)ASN1_STRING_get0_data(
					 sk_ASN1_UTF8STRING_value(status->statusString, 0)),
				 text);
}

static const struct kept_row {
	const char *name;
	const char *kind;
	struct content (*content)(EVP_PKEY *key);
} kept_rows[] = {
	{"RFC 9810 5.2.2 AsymmetricKeyPackage", "P-256", content_package},
	{"RFC 9810 5.2.2 AsymmetricKeyPackage", "RSA", content_package},
	{"RFC 9810 5.2.2 AsymmetricKeyPackage", "ED25519", content_package},
	{"RFC 5958 2 OneAsymmetricKey", "P-256", content_bare},
	{"RFC 5958 2 OneAsymmetricKey", "RSA", content_bare},
};

START_TEST(rfc4211_6_4_encrypted_priv_key)
{
	const struct kept_row *row = &kept_rows[_i];
	struct told told;
	struct ask a;
	int64_t id;

	ask_for(&a, "archiving", row->kind);
	archive_content(&a, row->content(a.key));
	granted(&a, NULL, &told);
	id = newest();
	ck_assert_msg(archived(id, a.key, false), "%s", row->name);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ck_assert(archived(id, a.key, false));
	granted_done(&a, &told);
}
END_TEST

/* id-ct-encKeyWithID, with every identifier that is the requester's. */
START_TEST(rfc4211_6_4_enc_key_with_id)
{
	struct content c;
	struct told told;
	struct ask a;
	unsigned char *subject = NULL;
	GENERAL_NAME *name;
	int len;

	ask_for(&a, "archiving", "P-256");
	switch (_i) {
	case 0:
		c = content_with_id(a.key, BYTES_NULL);
		break;
	case 1:
		c = content_with_text(a.key, "vnfm-b");
		break;
	case 2:
		c = content_with_id(a.key, octets_view(&h->vnfm_b.sender));
		break;
	default:
		name = GENERAL_NAME_new();
		name->type = GEN_DIRNAME;
		name->d.directoryName =
			X509_NAME_dup(ask_request(&a)->certReq->certTemplate->subject);
		len = i2d_GENERAL_NAME(name, &subject);
		c = content_with_id(a.key, (struct bytes){subject, (size_t)len});
		OPENSSL_free(subject);
		GENERAL_NAME_free(name);
	}
	archive_content(&a, c);
	granted(&a, NULL, &told);
	ck_assert(archived(newest(), a.key, false));
	granted_done(&a, &told);
}
END_TEST

/* RFC 4211 6.4: archived "when the certificate is accepted" is what the requester wants of it. */
START_TEST(rfc4211_6_4_not_accepted)
{
	struct told told;
	struct ask a;
	int64_t id;

	ask_for(&a, "archiving", "P-256");
	archive_content(&a, content_package(a.key));
	granted(&a, NULL, &told);
	id = newest();
	ck_assert(archived(id, a.key, false));
	granted_certconf(&a, &told, PKI_STATUS_REJECTION, PKI_BODY_PKICONF, -1);
	ck_assert(!archived(id, a.key, false));
	granted_done(&a, &told);
}
END_TEST

/* RFC 4210 5.2.6: a wish; 5.2.3: grantedWithMods where it is not fulfilled. */
START_TEST(rfc4210_5_2_6_not_archived)
{
	struct told told;
	struct ask a;

	ask_for(&a, "never", "P-256");
	archive_content(&a, content_package(a.key));
	granted(&a, "private key not archived", &told);
	ck_assert(!archived(newest(), a.key, false));
	granted_done(&a, &told);
}
END_TEST

static const struct generated_row {
	const char *profile;
	int wanted; /* -1: not said */
	const char *text;
	bool archived;
} generated_rows[] = {
	{"archiving", 1, NULL, true},
	{"archiving", 0, NULL, false},
	{"archiving", -1, NULL, false},
	{"always", 1, NULL, true},
	{"always", 0, "private key archived", true},
	{"always", -1, NULL, true},
	{"never", 1, "private key not archived", false},
	{"never", 0, NULL, false},
	{"never", -1, NULL, false},
};

START_TEST(rfc4211_6_4_archive_rem_gen_priv_key)
{
	const struct generated_row *row = &generated_rows[_i];
	struct told told;
	struct ask a;

	ask_central(&a, row->profile);
	if (row->wanted >= 0)
		archive_generated(&a, row->wanted);
	granted(&a, row->text, &told);
	ck_assert_msg(archived(newest(), NULL, true) == row->archived, "%s %d", row->profile,
		      row->wanted);
	granted_done(&a, &told);
}
END_TEST

/* --- proof of possession, RFC 9810 5.2.8.3.1 --- */

/* The envelope becomes encryptedKey [4]. */
static void pop_encrypted_key(struct ask *a, struct content c)
{
	POPOPrivKey *pop = ask_pop_priv_key(a, POPO_KEY_AGREEMENT, POPO_PRIV_KEY_ENCRYPTED_KEY);
	struct octets envelope = encrypt(octets_view(&c.der), c.type);

	/* kept with its header, see crmf.h */
	envelope.data[0] = 0xa4;
	pop->value.encryptedKey = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	ck_assert(ASN1_STRING_set(pop->value.encryptedKey, envelope.data, (int)envelope.len));
	octets_clear(&envelope);
	octets_clear(&c.der);
}

static void pop_remove(struct ask *a)
{
	ProofOfPossession_free(ask_request(a)->popo);
	ask_request(a)->popo = NULL;
	a->keep_pop = true;
}

START_TEST(rfc9810_5_2_8_3_1_encrypted_key)
{
	struct told told;
	struct ask a;

	ask_for(&a, "archiving", "X25519");
	pop_encrypted_key(&a, content_with_text(a.key, "vnfm-b"));
	granted(&a, NULL, &told);
	ck_assert(archived(newest(), a.key, false));
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9810_5_2_8_3_1_control_proves)
{
	struct told told;
	struct ask a;

	ask_for(&a, "archiving", "X25519");
	pop_remove(&a);
	archive_content(&a, content_with_text(a.key, "vnfm-b"));
	granted(&a, NULL, &told);
	ck_assert(archived(newest(), a.key, false));
	granted_done(&a, &told);
}
END_TEST

/* --- refused --- */

static void bend_twice(struct ask *a)
{
	archive_content(a, content_bare(a->key));
	archive_content(a, content_bare(a->key));
}

static void bend_octets(struct ask *a)
{
	static const uint8_t octets[] = {0x04, 0x01, 0x00};

	archive_add(a, BYTES_OF(octets));
}

static void bend_unknown_choice(struct ask *a)
{
	static const uint8_t choice[] = {0x83, 0x01, 0x00};

	archive_add(a, BYTES_OF(choice));
}

static void bend_neither(struct ask *a)
{
	static const uint8_t inner[] = {0xa0, 0x03, 0x02, 0x01, 0x00};

	archive_add(a, BYTES_OF(inner));
}

static void bend_encrypted_value(struct ask *a)
{
	static const uint8_t value[] = {0xa0, 0x06, 0x30, 0x04, 0x03, 0x02, 0x00, 0x00};

	archive_add(a, BYTES_OF(value));
}

static void bend_parameters(struct ask *a)
{
	static const uint8_t parameters[] = {0x81, 0x02, 0x01, 0x02};

	archive_add(a, BYTES_OF(parameters));
}

static void bend_generated(struct ask *a)
{
	archive_generated(a, true);
}

static void bend_sent_for_generated(struct ask *a)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	ask_clear(a);
	ask_central(a, "archiving");
	archive_content(a, content_bare(key));
	EVP_PKEY_free(key);
}

static void bend_recipient(struct ask *a)
{
	struct content c = content_bare(a->key);

	ask_archive_envelope(a, encrypt_for(receiver.cert, octets_view(&c.der), c.type));
	octets_clear(&c.der);
}

static void bend_type(struct ask *a)
{
	struct content c = content_bare(a->key);

	c.type = OID_CT_DATA;
	archive_content(a, c);
}

static void bend_empty_package(struct ask *a)
{
	struct content c = {sequence_of(BYTES_NULL, false, BYTES_NULL), OID_CT_KEY_PACKAGE};

	archive_content(a, c);
}

static void bend_two_keys(struct ask *a)
{
	struct octets one = pkcs8(a->key);
	struct content c = {sequence_of(octets_view(&one), false, octets_view(&one)),
			    OID_CT_KEY_PACKAGE};

	octets_clear(&one);
	archive_content(a, c);
}

static void bend_trailing(struct ask *a)
{
	struct content c = content_bare(a->key);
	struct octets longer = {malloc(c.der.len + 1), c.der.len + 1};

	memcpy(longer.data, c.der.data, c.der.len);
	longer.data[c.der.len] = 0;
	octets_clear(&c.der);
	c.der = longer;
	archive_content(a, c);
}

static void bend_no_key(struct ask *a)
{
	static const uint8_t null[] = {0x05, 0x00};
	struct content c = {sequence_of(BYTES_OF(null), false, BYTES_NULL), OID_CT_KEY_PACKAGE};

	archive_content(a, c);
}

static void bend_large(struct ask *a)
{
	struct octets one = pkcs8(a->key);
	uint8_t *zeros = calloc(1, 32768);
	struct der_writer w = DER_WRITER_NULL;
	struct content c;

	/* An attribute that is larger than any key. */
	der_put_value(&w, 0x04, (struct bytes){zeros, 32768});
	der_put_header(&w, 0xa0, 0);
	c = (struct content){sequence_of(octets_view(&one), true, der_written(&w)),
			     OID_CT_KEY_PACKAGE};
	der_writer_clear(&w);
	octets_clear(&one);
	free(zeros);
	archive_content(a, c);
}

static void bend_other_key(struct ask *a)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	archive_content(a, content_package(key));
	EVP_PKEY_free(key);
}

static void bend_other_kind(struct ask *a)
{
	EVP_PKEY *key = key_make("ED25519");

	archive_content(a, content_package(key));
	EVP_PKEY_free(key);
}

static void bend_identifier(struct ask *a)
{
	archive_content(a, content_with_text(a->key, "vnfm-a"));
}

static void bend_identifier_name(struct ask *a)
{
	archive_content(a, content_with_id(a->key, octets_view(&h->vnfm_a.sender)));
}

/* Without popo and without identifier it proves nothing, RFC 4211 4.2.1. */
static void bend_no_pop(struct ask *a)
{
	pop_remove(a);
	archive_content(a, content_with_id(a->key, BYTES_NULL));
}

static void bend_no_pop_never(struct ask *a)
{
	a->profile_label = "never";
	pop_remove(a);
	archive_content(a, content_with_text(a->key, "vnfm-b"));
}

static void bend_pop_never(struct ask *a)
{
	a->profile_label = "never";
	pop_encrypted_key(a, content_with_text(a->key, "vnfm-b"));
}

static void bend_pop_no_identifier(struct ask *a)
{
	pop_encrypted_key(a, content_with_id(a->key, BYTES_NULL));
}

static void bend_pop_other_key(struct ask *a)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	pop_encrypted_key(a, content_with_text(key, "vnfm-b"));
	EVP_PKEY_free(key);
}

static void bend_pop_identifier(struct ask *a)
{
	pop_encrypted_key(a, content_with_text(a->key, "vnfm-a"));
}

/* What does not decrypt is told from what is wrong by nothing. */
static void bend_pop_padding(struct ask *a)
{
	ASN1_STRING *s;

	pop_encrypted_key(a, content_with_text(a->key, "vnfm-b"));
	s = ask_request(a)->popo->value.keyEncipherment->value.encryptedKey;
	s->data[s->length - 1] ^= 1;
}

/* One EnvelopedData for the subject, and one of somebody else. */
static void bend_identifier_second(struct ask *a)
{
	static const uint8_t mail[] = {0x81, 0x03, 'a', '@', 'b'};
	const X509_NAME *subject = ask_request(a)->certReq->certTemplate->subject;
	_cleanup_(octets_clear) struct octets name = OCTETS_NULL;
	struct bytes der;

	ck_assert(X509_NAME_get0_der(subject, &der.data, &der.len));
	ck_assert_int_eq(cmp_general_name_of_dn(der, &name), 0);
	archive_content(a, content_with_id(a->key, octets_view(&name)));
	pop_encrypted_key(a, content_with_id(a->key, BYTES_OF(mail)));
}

static void bend_pop_pvno(struct ask *a)
{
	a->out.pvno = 2;
	pop_encrypted_key(a, content_with_text(a->key, "vnfm-b"));
}

/*
 * Under a MAC sender is what the client likes to be called: with it somebody who has caught an
 * EnvelopedData would be whoever it names, have a certificate for the key of that one, and the key
 * out of the archive.
 */
START_TEST(rfc4211_4_2_1_sender_under_a_mac)
{
	const char *subject_id = "vnfci-mac";
	struct cmf_register request = {.has_cert_type = true,
				       .cert_type = CERT_TYPE_VNFCI,
				       .handling = CERT_HANDLING_DELEGATION,
				       .profile = "archiving",
				       .subject_ids = &subject_id,
				       .n_subject_ids = 1};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};
	struct told told;
	struct ask a;

	ck_assert_int_eq(cmf_admin_for_client(HOUSE_CALL(h, NULL, &refusal), "mac", &who), 0);
	ck_assert_int_eq(cmf_register(HOUSE_CALL(h, &who, &refusal), &request), 0);
	ck_assert_int_eq(store_unit_commit(h->worker.unit), 0);
	cmf_principal_clear(&who);
	ask_from(&a, NULL, "archiving", "P-256");
	a.out.sender = octets_view(&h->vnfm_b.sender);
	ask_info_text(&a, OID_CMF_VNFC_ID, subject_id);
	X509_NAME_free(ask_request(&a)->certReq->certTemplate->subject);
	ask_request(&a)->certReq->certTemplate->subject = X509_NAME_new();
	pop_encrypted_key(&a, content_with_id(a.key, octets_view(&h->vnfm_b.sender)));
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_POP);
	granted_done(&a, &told);
}
END_TEST

/* Nor is it the subject of the template where the certificate gets another. */
START_TEST(rfc4211_4_2_1_subject_not_granted)
{
	_cleanup_(octets_clear) struct octets identifier = OCTETS_NULL;
	X509_NAME *subject = X509_NAME_new();
	const unsigned char *der;
	struct told told;
	struct ask a;
	size_t len;

	ck_assert(X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
					     (const uint8_t *)"somebody else", -1, -1, 0));
	ck_assert(X509_NAME_get0_der(subject, &der, &len));
	ck_assert_int_eq(cmp_general_name_of_dn((struct bytes){der, len}, &identifier), 0);
	ask_for(&a, "archiving", "P-256");
	ask_info_text(&a, OID_CMF_VNFC_ID, "vnfci-subject");
	X509_NAME_free(ask_request(&a)->certReq->certTemplate->subject);
	ask_request(&a)->certReq->certTemplate->subject = subject;
	pop_encrypted_key(&a, content_with_id(a.key, octets_view(&identifier)));
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_POP);
	granted_done(&a, &told);
}
END_TEST

static const struct refused_row {
	const char *name;
	void (*bend)(struct ask *a);
	int failinfo;
	enum refusal_reason reason;
} refused_rows[] = {
	{"RFC 4211 6.4 control twice", bend_twice, FAIL_BAD_DATA_FORMAT, REFUSAL_archive_malformed},
	{"RFC 4211 6.4 no choice", bend_octets, FAIL_BAD_DATA_FORMAT, REFUSAL_archive_malformed},
	{"RFC 4211 6.4 unknown choice", bend_unknown_choice, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_archive_malformed},
	{"RFC 4211 2.1 no EncryptedKey", bend_neither, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_archive_malformed},
	{"RFC 9810 5.2.2 EncryptedValue", bend_encrypted_value, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_encrypted_value},
	{"RFC 4211 6.4 keyGenParameters", bend_parameters, FAIL_BAD_REQUEST,
	 REFUSAL_archive_key_gen_parameters},
	{"RFC 4211 6.4 not generated", bend_generated, FAIL_BAD_REQUEST,
	 REFUSAL_archive_not_generated},
	{"RFC 4211 6.4 sent for a generated key", bend_sent_for_generated, FAIL_BAD_REQUEST,
	 REFUSAL_archive_key_elsewhere},
	{"RFC 4211 6.4 recipient", bend_recipient, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_archive_unreadable},
	{"RFC 4211 6.4 content type", bend_type, FAIL_BAD_DATA_FORMAT, REFUSAL_archive_unreadable},
	{"RFC 5958 2 empty package", bend_empty_package, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_archive_unreadable},
	{"RFC 5958 2 two keys", bend_two_keys, FAIL_BAD_DATA_FORMAT, REFUSAL_archive_unreadable},
	{"RFC 5958 2 octets behind the key", bend_trailing, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_archive_unreadable},
	{"RFC 5958 2 no key", bend_no_key, FAIL_BAD_DATA_FORMAT, REFUSAL_archive_unreadable},
	{"RFC 4211 6.4 too large", bend_large, FAIL_BAD_DATA_FORMAT, REFUSAL_archive_unreadable},
	{"RFC 4211 6.4 another key", bend_other_key, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_archive_unreadable},
	{"RFC 4211 6.4 another kind of key", bend_other_kind, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_archive_unreadable},
	{"RFC 4211 4.2.1 identifier", bend_identifier, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_archive_unreadable},
	{"RFC 4211 4.2.1 name of another", bend_identifier_name, FAIL_BAD_DATA_FORMAT,
	 REFUSAL_archive_unreadable},
	{"RFC 4211 4.2.1 second identifier", bend_identifier_second, FAIL_BAD_POP,
	 REFUSAL_archive_proves_nothing},
	{"RFC 9810 5.2.8.3.1 padding", bend_pop_padding, FAIL_BAD_POP,
	 REFUSAL_archive_proves_nothing},
	{"RFC 9810 5.2.8.3.1 identifier", bend_pop_identifier, FAIL_BAD_POP,
	 REFUSAL_archive_proves_nothing},
	{"RFC 4211 4.2.1 proof without identifier", bend_no_pop, FAIL_BAD_POP, REFUSAL_pop_missing},
	{"RFC 9810 5.2.8.3.1 control not archived", bend_no_pop_never, FAIL_BAD_POP,
	 REFUSAL_pop_encrypted_key},
	{"RFC 9810 5.2.8.3.1 not archived", bend_pop_never, FAIL_BAD_POP,
	 REFUSAL_pop_encrypted_key},
	{"RFC 4211 4.2.1 encryptedKey without identifier", bend_pop_no_identifier, FAIL_BAD_POP,
	 REFUSAL_pop_identifier_missing},
	{"RFC 9810 5.2.8.3.1 another key", bend_pop_other_key, FAIL_BAD_POP,
	 REFUSAL_archive_proves_nothing},
	{"RFC 9810 5.2.8.3 encryptedKey of pvno 2", bend_pop_pvno, FAIL_BAD_POP,
	 REFUSAL_pop_needs_pvno_3},
};

START_TEST(refused)
{
	const struct refused_row *row = &refused_rows[_i];
	struct granted_found before = granted_find(BYTES_NULL);
	const PKIFreeText *text;
	struct told told;
	struct ask a;

	ask_for(&a, "archiving", "P-256");
	row->bend(&a);
	ask_send(&a, &told);
	ck_assert_msg(told.msg->body_type == PKI_BODY_IP, "%s", row->name);
	ck_assert_msg(told_failinfo(&told) == row->failinfo, "%s: %d", row->name,
		      told_failinfo(&told));
	text = told_status(&told)->statusString;
	ck_assert_msg(
		!strcmp((const char *)ASN1_STRING_get0_data(sk_ASN1_UTF8STRING_value(text, 0)),
			refusal_text(row->reason)),
		"%s: %s", row->name, ASN1_STRING_get0_data(sk_ASN1_UTF8STRING_value(text, 0)));
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before.n);
	granted_done(&a, &told);
}
END_TEST

/* Archives and recovers with the signature of a KGA, which must then be there. */
START_TEST(kga_required)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	struct conf conf = *h->conf;
	struct cmp_door *door = NULL;

	conf.protection.kga_certificate = conf.protection.kga_key = NULL;
	conf.profiles = calloc(conf.n_profiles, sizeof(*conf.profiles));
	for (size_t i = 0; i < conf.n_profiles; i++)
		conf.profiles[i].archive_keys = CONF_ARCHIVE_ALLOWED;
	ck_assert_int_eq(cmp_door_new(&conf, h->cmf, &h->clock, h->metrics, &door, &problems),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(problems.text, "required by archive_keys"));
	free(conf.profiles);
}
END_TEST

static Suite *door_archive_suite(void)
{
	Suite *suite = suite_create("door_archive");
	TCase *tcase = tcase_create("archive");

	tcase_add_unchecked_fixture(tcase, archive_setup, archive_teardown);
	tcase_add_loop_test(tcase, rfc4211_6_4_encrypted_priv_key, 0, ARRAY_LEN(kept_rows));
	tcase_add_loop_test(tcase, rfc4211_6_4_enc_key_with_id, 0, 4);
	tcase_add_test(tcase, rfc4211_6_4_not_accepted);
	tcase_add_test(tcase, rfc4210_5_2_6_not_archived);
	tcase_add_loop_test(tcase, rfc4211_6_4_archive_rem_gen_priv_key, 0,
			    ARRAY_LEN(generated_rows));
	tcase_add_test(tcase, rfc9810_5_2_8_3_1_encrypted_key);
	tcase_add_test(tcase, rfc9810_5_2_8_3_1_control_proves);
	tcase_add_test(tcase, rfc4211_4_2_1_sender_under_a_mac);
	tcase_add_test(tcase, rfc4211_4_2_1_subject_not_granted);
	tcase_add_loop_test(tcase, refused, 0, ARRAY_LEN(refused_rows));
	tcase_add_test(tcase, kga_required);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_archive_suite, SUITE_ONE_PROCESS)
