// SPDX-License-Identifier: Apache-2.0
/*
 * EnvelopedData and SignedData for keys. The other implementation is libcrypto's CMS, both ways,
 * where it has the technique; X25519 and passwords are opened by hand, as their RFCs say.
 */
#include "../house/envelope_key.h"
#include "asn1/der.h"
#include "asn1/key_package.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <openssl/cms.h>
#include <openssl/crmf.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

static const char text[] = "the content, longer than one block of the cipher";

struct party {
	EVP_PKEY *key;
	X509 *x509;
	struct octets der;
	struct certificate_view view;
};

static void extension_add(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_ptr_nonnull(ext);
	ck_assert_int_eq(X509_add_ext(x509, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* A certificate for the key; one that cannot sign gets it from a throw-away key. */
static struct party party_make(EVP_PKEY *key, bool ski)
{
	struct party p = {.key = key, .x509 = X509_new()};
	EVP_PKEY *signer = EVP_EC_gen("P-256");
	X509_NAME *name = X509_get_subject_name(p.x509);
	unsigned char *der = NULL;
	int len;

	ck_assert_ptr_nonnull(key);
	X509_set_version(p.x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(p.x509), 0x80f1);
	X509_gmtime_adj(X509_getm_notBefore(p.x509), -60);
	X509_gmtime_adj(X509_getm_notAfter(p.x509), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"party", -1,
				   -1, 0);
	X509_set_issuer_name(p.x509, name);
	X509_set_pubkey(p.x509, key);
	if (ski)
		extension_add(p.x509, NID_subject_key_identifier, "hash");
	ck_assert_int_gt(X509_sign(p.x509, EVP_PKEY_can_sign(key) ? key : signer,
				   EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ML-DSA-65")
					   ? NULL
					   : EVP_sha256()),
			 0);
	EVP_PKEY_free(signer);
	len = i2d_X509(p.x509, &der);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &p.der), 0);
	OPENSSL_free(der);
	ck_assert_int_eq(certificate_view(octets_view(&p.der), &p.view), 0);
	return p;
}

static void party_clear(struct party *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->x509);
	octets_clear(&p->der);
}

/* ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT }, for libcrypto. */
static CMS_ContentInfo *content_info(struct bytes content, int nid)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	const ASN1_OBJECT *type = OBJ_nid2obj(nid);
	const unsigned char *p;
	CMS_ContentInfo *cms;

	der_put(&w, content);
	der_put_header(&w, 0xa0, 0);
	der_put_value(&w, 0x06, (struct bytes){OBJ_get0_data(type), OBJ_length(type)});
	der_put_header(&w, 0x30, 0);
	p = der_written(&w).data;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)der_written(&w).len);
	ck_assert_ptr_nonnull(cms);
	return cms;
}

/* The reverse. */
static struct octets content_of(CMS_ContentInfo *cms)
{
	unsigned char *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);
	struct bytes in = {der, (size_t)len}, info, tlv, content;
	struct octets out;
	uint8_t tag;

	ck_assert_int_eq(der_next(&in, &tag, &tlv, &info), 0);
	ck_assert_int_eq(der_next(&info, &tag, &tlv, &content), 0);
	ck_assert_int_eq(der_next(&info, &tag, &tlv, &content), 0);
	ck_assert_int_eq(octets_dup(content, &out), 0);
	OPENSSL_free(der);
	return out;
}

struct technique {
	const char *algorithm, *option;
	bool oaep;
	bool ski;
	unsigned char version; /* of EnvelopedData: RFC 5652 6.1 */
	int info;              /* what libcrypto calls the RecipientInfo */
};

static const struct technique techniques[] = {
	{"RSA", NULL, false, true, 2, CMS_RECIPINFO_TRANS},
	{"RSA", NULL, false, false, 0, CMS_RECIPINFO_TRANS},
	{"RSA", NULL, true, true, 2, CMS_RECIPINFO_TRANS},
	{"EC", "P-256", false, true, 2, CMS_RECIPINFO_AGREE},
	{"EC", "P-256", false, false, 2, CMS_RECIPINFO_AGREE},
	{"EC", "P-384", false, true, 2, CMS_RECIPINFO_AGREE},
	{"EC", "P-521", false, true, 2, CMS_RECIPINFO_AGREE},
	{"EC", "brainpoolP256r1", false, true, 2, CMS_RECIPINFO_AGREE},
	/* what libcrypto cannot open */
	{"X25519", NULL, false, true, 2, CMS_RECIPINFO_AGREE},
	{"X448", NULL, false, false, 2, CMS_RECIPINFO_AGREE},
	{"ML-KEM-768", NULL, false, true, 3, CMS_RECIPINFO_OTHER},
};
enum { TECHNIQUES_OF_LIBCRYPTO = 8 };

/* NULL where the library does not have the kind of key. */
static EVP_PKEY *key_make(const struct technique *t)
{
	EVP_PKEY *key = t->option ? EVP_EC_gen(t->option)
			: strcmp(t->algorithm, "RSA") == 0
				? EVP_RSA_gen(2048)
				: EVP_PKEY_Q_keygen(NULL, NULL, t->algorithm);

	ERR_clear_error();
	return key;
}

static struct octets sealed_for(const struct party *p, const struct technique *t)
{
	struct envelope_recipient to;
	struct octets envelope;

	envelope_recipient_set_certificate(&to, &p->view, p->key);
	to.oaep = t->oaep;
	ck_assert_int_eq(envelope_seal(&to, OID_CT_DATA, bytes_of_string(text), &envelope), 0);
	ck_assert_int_eq(der_check(octets_view(&envelope)), 0);
	return envelope;
}

/* RFC 5652 6.1, RFC 9483 4.1.6: versions, one recipient, and that the owner of the key can read it.
 */
START_TEST(test_envelope_round)
{
	const struct technique *t = &techniques[_i];
	EVP_PKEY *key = key_make(t), *other;
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL, content = OCTETS_NULL;
	struct bytes in, tlv, value;
	CMS_ContentInfo *cms;
	struct party p;
	uint8_t tag;
	int err;

	if (!key)
		return;
	p = party_make(key, t->ski);
	envelope = sealed_for(&p, t);
	cms = content_info(octets_view(&envelope), NID_pkcs7_enveloped);
	ck_assert_int_eq(sk_CMS_RecipientInfo_num(CMS_get0_RecipientInfos(cms)), 1);
	ck_assert_int_eq(
		CMS_RecipientInfo_type(sk_CMS_RecipientInfo_value(CMS_get0_RecipientInfos(cms), 0)),
		t->info);
	CMS_ContentInfo_free(cms);
	in = octets_view(&envelope);
	ck_assert_int_eq(der_next(&in, &tag, &tlv, &value), 0);
	ck_assert_int_eq(der_next(&value, &tag, &tlv, &in), 0);
	ck_assert_uint_eq(in.data[0], t->version);
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), p.key, BYTES_NULL,
					      OID_CT_DATA, &content),
			 0);
	ck_assert(bytes_equal(octets_view(&content), bytes_of_string(text)));
	/* another key of the kind, another kind, no key, another type of content */
	other = key_make(t);
	octets_clear(&content);
	err = envelope_open_by_key(octets_view(&envelope), other, BYTES_NULL, OID_CT_DATA,
				   &content);
	/* RSA: a random key, which one time in 256 gives something that looks padded */
	ck_assert(err == -EKEYREJECTED ||
		  (t->info == CMS_RECIPINFO_TRANS && err == 0 &&
		   !bytes_equal(octets_view(&content), bytes_of_string(text))));
	octets_clear(&content);
	EVP_PKEY_free(other);
	other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), other, BYTES_NULL,
					      OID_CT_DATA, &content),
			 -EKEYREJECTED);
	EVP_PKEY_free(other);
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), NULL,
					      bytes_of_string("secret"), OID_CT_DATA, &content),
			 -EKEYREJECTED);
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), p.key, BYTES_NULL,
					      OID_CT_SIGNED_DATA, &content),
			 -EBADMSG);
	party_clear(&p);
}
END_TEST

START_TEST(test_envelope_libcrypto_opens)
{
	const struct technique *t = &techniques[_i];
	struct party p = party_make(key_make(t), t->ski);
	_cleanup_(octets_clear) struct octets envelope = sealed_for(&p, t);
	CMS_ContentInfo *cms = content_info(octets_view(&envelope), NID_pkcs7_enveloped);
	BIO *out = BIO_new(BIO_s_mem());
	char *data;

	ck_assert_int_eq(CMS_decrypt(cms, p.key, p.x509, NULL, out, CMS_BINARY), 1);
	ck_assert_int_eq(BIO_get_mem_data(out, &data), sizeof(text) - 1);
	ck_assert_mem_eq(data, text, sizeof(text) - 1);
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	party_clear(&p);
}
END_TEST

/* libcrypto encrypts, with SHA-2 where it would take SHA-1. */
static CMS_ContentInfo *libcrypto_encrypt(const struct party *p, const struct technique *t,
					  const EVP_CIPHER *cipher)
{
	unsigned int flags =
		CMS_BINARY | CMS_PARTIAL | CMS_KEY_PARAM | (t->ski ? CMS_USE_KEYID : 0);
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, cipher, flags);
	CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, p->x509, flags);
	EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);
	BIO *in = BIO_new_mem_buf(text, sizeof(text) - 1);

	if (t->oaep) {
		ck_assert_int_gt(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 0);
		ck_assert_int_gt(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha384()), 0);
		ck_assert_int_gt(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha384()), 0);
	} else if (t->info == CMS_RECIPINFO_AGREE) {
		ck_assert_int_gt(EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha384()), 0);
	}
	ck_assert_int_eq(CMS_final(cms, in, NULL, flags), 1);
	BIO_free(in);
	return cms;
}

START_TEST(test_envelope_of_libcrypto)
{
	const struct technique *t = &techniques[_i];
	const EVP_CIPHER *const ciphers[] = {EVP_aes_128_cbc(), EVP_aes_192_cbc(),
					     EVP_aes_256_cbc()};
	struct party p = party_make(key_make(t), t->ski);

	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
		CMS_ContentInfo *cms = libcrypto_encrypt(&p, t, ciphers[i]);
		_cleanup_(octets_clear) struct octets envelope = content_of(cms);
		_cleanup_(octets_clear) struct octets content = OCTETS_NULL;

		ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), p.key, BYTES_NULL,
						      OID_CT_DATA, &content),
				 0);
		ck_assert(bytes_equal(octets_view(&content), bytes_of_string(text)));
		CMS_ContentInfo_free(cms);
	}
	party_clear(&p);
}
END_TEST

/* Finds the first value with that tag inside, depth first; its contents. */
static bool find(struct bytes in, uint8_t wanted, struct bytes *contentp)
{
	struct bytes tlv, content;
	uint8_t tag;

	while (der_next(&in, &tag, &tlv, &content) == 0) {
		if (tag == wanted) {
			*contentp = content;
			return true;
		}
		if ((tag & 0x20) && find(content, wanted, contentp))
			return true;
	}
	return false;
}

/*
 * RFC 8418 2.2, RFC 5753 7.2, by hand: KEK = SHA-256(Z || 00000001 || ECC-CMS-SharedInfo), which
 * has the OID of AES-256 key wrap, the ukm and 256 as the bits of the key.
 */
START_TEST(test_envelope_x25519_rfc8418)
{
	static const uint8_t shared_info_head[] = {0x30, 0x29, 0x30, 0x0b, 0x06, 0x09, 0x60,
						   0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01,
						   0x2d, 0xa0, 0x12, 0x04, 0x10};
	static const uint8_t shared_info_tail[] = {0xa2, 0x06, 0x04, 0x04, 0x00, 0x00, 0x01, 0x00};
	static const uint8_t one[] = {0, 0, 0, 1};
	struct party p = party_make(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), true);
	_cleanup_(octets_clear) struct octets envelope = sealed_for(&p, &techniques[8]);
	struct bytes kari, originator, point, ukm, wrapped, rest, tlv, keys;
	uint8_t z[32], kek[32], cek[32], tag;
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t z_len = sizeof(z);
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *peer;
	int len = 0;

	ck_assert(find(octets_view(&envelope), 0x31, &rest) && find(rest, 0xa1, &kari));
	ck_assert(find(kari, 0xa0, &originator) && find(originator, 0x03, &point));
	ck_assert_uint_eq(point.len, 33);
	rest = kari;
	ck_assert_int_eq(der_next(&rest, &tag, &tlv, &keys), 0); /* version */
	ck_assert_int_eq(der_next(&rest, &tag, &tlv, &keys), 0); /* originator */
	ck_assert_int_eq(der_next(&rest, &tag, &tlv, &keys), 0);
	ck_assert(tag == 0xa1 && find(keys, 0x04, &ukm) && ukm.len == 16);
	ck_assert_int_eq(der_next(&rest, &tag, &tlv, &keys), 0); /* keyEncryptionAlgorithm */
	ck_assert(find(rest, 0x30, &keys) && find(keys, 0x30, &tlv));
	ck_assert_int_eq(der_next(&tlv, &tag, &rest, &keys), 0);
	ck_assert_uint_eq(tag, 0xa0); /* rKeyId */
	ck_assert_int_eq(der_next(&tlv, &tag, &rest, &wrapped), 0);
	peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point.data + 1, 32);
	ctx = EVP_PKEY_CTX_new(p.key, NULL);
	ck_assert(EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, peer) > 0 &&
		  EVP_PKEY_derive(ctx, z, &z_len) > 0);
	EVP_DigestInit(md, EVP_sha256());
	EVP_DigestUpdate(md, z, sizeof(z));
	EVP_DigestUpdate(md, one, sizeof(one));
	EVP_DigestUpdate(md, shared_info_head, sizeof(shared_info_head));
	EVP_DigestUpdate(md, ukm.data, ukm.len);
	EVP_DigestUpdate(md, shared_info_tail, sizeof(shared_info_tail));
	EVP_DigestFinal(md, kek, NULL);
	EVP_CIPHER_CTX_set_flags(cipher, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ck_assert_int_eq(EVP_DecryptInit_ex(cipher, EVP_aes_256_wrap(), NULL, kek, NULL), 1);
	ck_assert_uint_eq(wrapped.len, 40);
	/* Key wrap has an integrity check: it unwraps with the right key only. */
	ck_assert_int_eq(EVP_DecryptUpdate(cipher, cek, &len, wrapped.data, (int)wrapped.len), 1);
	ck_assert_int_eq(len, 32);
	EVP_CIPHER_CTX_free(cipher);
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	party_clear(&p);
}
END_TEST

/* RFC 9483 4.1.6.3; RFC 5652 6.1: version 3 */
START_TEST(test_envelope_password)
{
	struct envelope_recipient to = {.password = bytes_of_string("shared secret"),
					.iterations = 10000};
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL, content = OCTETS_NULL;
	CMS_ContentInfo *cms;

	ck_assert_int_eq(envelope_seal(&to, OID_CT_DATA, bytes_of_string(text), &envelope), 0);
	ck_assert_int_eq(der_check(octets_view(&envelope)), 0);
	cms = content_info(octets_view(&envelope), NID_pkcs7_enveloped);
	ck_assert_int_eq(
		CMS_RecipientInfo_type(sk_CMS_RecipientInfo_value(CMS_get0_RecipientInfos(cms), 0)),
		CMS_RECIPINFO_PASS);
	CMS_ContentInfo_free(cms);
	ck_assert_uint_eq(envelope.data[4 + (envelope.data[1] == 0x82 ? 2 : 1)], 3);
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), NULL,
					      bytes_of_string("wrong secret"), OID_CT_DATA,
					      &content),
			 -EKEYREJECTED);
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), NULL, to.password,
					      OID_CT_DATA, &content),
			 0);
	ck_assert(bytes_equal(octets_view(&content), bytes_of_string(text)));
}
END_TEST

/* RFC 3211: as libcrypto reads it. */
START_TEST(test_envelope_pwri_kek)
{
	struct envelope_recipient to = {.password = bytes_of_string("shared secret"),
					.iterations = 10000,
					.pwri_kek = true};
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL;
	BIO *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms;
	char *data;
	long len;

	ck_assert_int_eq(envelope_seal(&to, OID_CT_DATA, bytes_of_string(text), &envelope), 0);
	ck_assert_int_eq(der_check(octets_view(&envelope)), 0);
	cms = content_info(octets_view(&envelope), NID_pkcs7_enveloped);
	ck_assert_int_eq(CMS_decrypt_set1_password(cms, (unsigned char *)"shared secret", 13), 1);
	ck_assert_int_eq(CMS_decrypt(cms, NULL, NULL, NULL, out, CMS_BINARY), 1);
	len = BIO_get_mem_data(out, &data);
	ck_assert(bytes_equal((struct bytes){(uint8_t *)data, (size_t)len}, bytes_of_string(text)));
	BIO_free(out);
	CMS_ContentInfo_free(cms);
}
END_TEST

/* Iterations outside of what is accepted are refused before any is done. */
START_TEST(test_envelope_password_iterations)
{
	static const unsigned int refused[] = {1, 999, 1000001, INT32_MAX};
	struct envelope_recipient to = {.password = bytes_of_string("shared secret"),
					.iterations = 1000000};
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL, content = OCTETS_NULL;
	uint8_t *count;

	ck_assert_int_eq(envelope_seal(&to, OID_CT_DATA, bytes_of_string(text), &envelope), 0);
	count = memmem(envelope.data, envelope.len, "\x02\x03\x0f\x42\x40", 5);
	ck_assert_ptr_nonnull(count);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		/* as three octets, which holds all but the last */
		count[2] = (uint8_t)(refused[i] > 0xffffff ? 0x7f : refused[i] >> 16);
		count[3] = (uint8_t)(refused[i] >> 8);
		count[4] = (uint8_t)refused[i];
		ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), NULL, to.password,
						      OID_CT_DATA, &content),
				 -ENOTSUP);
	}
}
END_TEST

START_TEST(test_envelope_refused)
{
	struct party signing = party_make(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), true);
	struct envelope_recipient to;
	struct octets envelope;

	envelope_recipient_set_certificate(&to, &signing.view, signing.key);
	ck_assert_int_eq(envelope_seal(&to, OID_CT_DATA, bytes_of_string(text), &envelope),
			 -ENOTSUP);
	to = (struct envelope_recipient){.iterations = 10000};
	ck_assert_int_eq(envelope_seal(&to, OID_CT_DATA, bytes_of_string(text), &envelope),
			 -EINVAL);
	party_clear(&signing);
}
END_TEST

/* RFC 7748 6.1: a point of small order as the originator's key; Z would be zeros. */
START_TEST(test_envelope_originator_of_small_order)
{
	static const uint8_t x25519[] = {0x06, 0x03, 0x2b, 0x65, 0x6e};
	struct party p = party_make(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), true);
	struct envelope_recipient to;
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL, content = OCTETS_NULL;
	uint8_t *at;

	envelope_recipient_set_certificate(&to, &p.view, p.key);
	ck_assert_int_eq(envelope_seal(&to, OID_CT_DATA, bytes_of_string(text), &envelope), 0);
	at = memmem(envelope.data, envelope.len, x25519, sizeof(x25519));
	ck_assert_ptr_nonnull(at);
	/* BIT STRING of 33 octets, the first of which counts unused bits */
	at += sizeof(x25519);
	ck_assert_int_eq(at[0], 0x03);
	ck_assert_int_eq(at[1], 33);
	memset(at + 3, 0, 32);
	ck_assert_int_eq(envelope_open_by_key(octets_view(&envelope), p.key, BYTES_NULL,
					      OID_CT_DATA, &content),
			 -EBADMSG);
	party_clear(&p);
}
END_TEST

/* Every truncation and every changed octet is an error or, for what is not looked at, the content.
 */
START_TEST(test_envelope_mutations)
{
	struct party p = party_make(EVP_EC_gen("P-256"), true);
	_cleanup_(octets_clear) struct octets envelope = sealed_for(&p, &techniques[3]);

	for (size_t i = 0; i < envelope.len; i++) {
		_cleanup_(octets_clear) struct octets content = OCTETS_NULL;
		int err;

		ck_assert_int_eq(envelope_open_by_key((struct bytes){envelope.data, i}, p.key,
						      BYTES_NULL, OID_CT_DATA, &content),
				 -EBADMSG);
		envelope.data[i] ^= 0x01;
		err = envelope_open_by_key(octets_view(&envelope), p.key, BYTES_NULL, OID_CT_DATA,
					   &content);
		ck_assert(err == 0 || err == -EBADMSG || err == -ENOTSUP || err == -EKEYREJECTED);
		envelope.data[i] ^= 0x01;
	}
	party_clear(&p);
}
END_TEST

/* RFC 4211 2.1 */
START_TEST(test_encrypted_key)
{
	struct party p = party_make(EVP_RSA_gen(2048), true);
	_cleanup_(octets_clear) struct octets envelope = sealed_for(&p, &techniques[0]);
	_cleanup_(octets_clear) struct octets back = OCTETS_NULL, content = OCTETS_NULL;

	ck_assert_int_eq(envelope_from_encrypted_key(octets_view(&envelope), &back), -ENOTSUP);
	ck_assert_int_eq(envelope_from_encrypted_key(BYTES_NULL, &back), -EBADMSG);
	envelope_to_encrypted_key(&envelope);
	ck_assert_uint_eq(envelope.data[0], 0xa0);
	ck_assert_int_eq(envelope_from_encrypted_key(octets_view(&envelope), &back), 0);
	ck_assert_int_eq(
		envelope_open_by_key(octets_view(&back), p.key, BYTES_NULL, OID_CT_DATA, &content),
		0);
	party_clear(&p);
}
END_TEST

/* RFC 4211 2.1, RFC 4210 5.2.2: what a client of pvno 2 opens, here libcrypto's. */
START_TEST(test_encrypted_value)
{
	struct party p = party_make(EVP_RSA_gen(2048), true),
		     ec = party_make(EVP_EC_gen("P-256"), true);
	_cleanup_(octets_clear) struct octets value = OCTETS_NULL;
	OSSL_CRMF_ENCRYPTEDVALUE *decoded;
	const unsigned char *at;
	X509 *back;

	ck_assert_int_eq(encrypted_value_seal(ec.key, octets_view(&p.der), &value), -ENOTSUP);
	ck_assert_int_eq(encrypted_value_seal(p.key, octets_view(&p.der), &value), 0);
	ck_assert_int_eq(der_check(octets_view(&value)), 0);
	at = value.data;
	decoded = d2i_OSSL_CRMF_ENCRYPTEDVALUE(NULL, &at, (long)value.len);
	ck_assert_ptr_nonnull(decoded);
	back = OSSL_CRMF_ENCRYPTEDVALUE_get1_encCert(decoded, NULL, NULL, p.key);
	ck_assert_ptr_nonnull(back);
	ck_assert_int_eq(X509_cmp(back, p.x509), 0);
	X509_free(back);
	OSSL_CRMF_ENCRYPTEDVALUE_free(decoded);
	party_clear(&p);
	party_clear(&ec);
}
END_TEST

/* RFC 5958 2: version v2, and the public key. Without both it is PKCS #8. */
static EVP_PKEY *packaged_key(struct bytes package)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	struct bytes list, one, tlv, content, algorithm, private_key;
	const unsigned char *p;
	EVP_PKEY *key;
	uint8_t tag;

	ck_assert_int_eq(der_check(package), 0);
	ck_assert(der_next(&package, &tag, &tlv, &list) == 0 && package.len == 0);
	ck_assert(der_next(&list, &tag, &tlv, &one) == 0 && list.len == 0);
	ck_assert(der_next(&one, &tag, &tlv, &content) == 0 && content.data[0] == 1);
	ck_assert_int_eq(der_next(&one, &tag, &algorithm, &content), 0);
	ck_assert_int_eq(der_next(&one, &tag, &private_key, &content), 0);
	ck_assert(der_next(&one, &tag, &tlv, &content) == 0 && tag == 0x81 && one.len == 0);
	ck_assert_uint_gt(content.len, 32);
	der_put(&w, private_key);
	der_put(&w, algorithm);
	der_put_unsigned(&w, (struct bytes){(const uint8_t *)"", 1});
	der_put_header(&w, 0x30, 0);
	p = der_written(&w).data;
	key = d2i_AutoPrivateKey(NULL, &p, (long)der_written(&w).len);
	ck_assert_ptr_nonnull(key);
	return key;
}

static const struct technique kga_keys[] = {
	{"RSA", NULL}, {"EC", "P-256"}, {"EC", "P-521"}, {"ED25519", NULL}, {"ML-DSA-65", NULL}};

/* RFC 9483 4.1.6: SignedData as libcrypto verifies it. */
START_TEST(test_signed_data)
{
	EVP_PKEY *kga_key = key_make(&kga_keys[_i]);
	struct party kga;
	struct signed_data_signer by = {.n_certificates = 1};
	_cleanup_(octets_clear_secret) struct octets package = OCTETS_NULL, sealed = OCTETS_NULL;
	EVP_PKEY *key = EVP_EC_gen("P-384"), *back;
	BIO *out = BIO_new(BIO_s_mem());
	X509_STORE *store = X509_STORE_new();
	char oid[80], *data;
	CMS_ContentInfo *cms;
	CMS_SignerInfo *si;
	struct signer *signer;
	long len;

	if (!kga_key) { /* ML-DSA before 3.5 */
		EVP_PKEY_free(key);
		X509_STORE_free(store);
		BIO_free(out);
		return;
	}
	kga = party_make(kga_key, true);
	by.certificates = &kga.view.der;
	ck_assert_int_eq(key_package_write(key, &package), 0);
	ck_assert_int_eq(signer_new(kga.key, "sha256", &signer), 0);
	by.signer = signer;
	ck_assert_int_eq(certificate_ski(&kga.view, &by.ski), 0);
	ck_assert_int_eq(signed_data_sign(&by, OID_CT_KEY_PACKAGE, octets_view(&package), &sealed),
			 0);
	ck_assert_int_eq(der_check(octets_view(&sealed)), 0);
	cms = content_info(octets_view(&sealed), NID_pkcs7_signed);
	X509_STORE_add_cert(store, kga.x509);
	ck_assert_int_gt(OBJ_obj2txt(oid, sizeof(oid), CMS_get0_eContentType(cms), 1), 0);
	ck_assert_str_eq(oid, OID_CT_KEY_PACKAGE);
	ck_assert_int_eq(sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)), 1);
	si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	ck_assert_int_eq(CMS_signed_get_attr_count(si), 2);
	ck_assert_int_lt(CMS_signed_get_attr_by_NID(si, NID_pkcs9_signingTime, -1), 0);
	/* libcrypto 3.0 has no CMS with EdDSA */
	if (CMS_verify(cms, NULL, store, NULL, out, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1) {
		ck_assert(EVP_PKEY_is_a(kga.key, "ED25519"));
		ERR_clear_error();
	} else {
		len = BIO_get_mem_data(out, &data);
		back = packaged_key((struct bytes){(const uint8_t *)data, (size_t)len});
		ck_assert_int_eq(EVP_PKEY_eq(back, key), 1);
		EVP_PKEY_free(back);
	}
	CMS_ContentInfo_free(cms);
	X509_STORE_free(store);
	BIO_free(out);
	signer_free(signer);
	EVP_PKEY_free(key);
	party_clear(&kga);
}
END_TEST

static Suite *envelope_suite(void)
{
	Suite *suite = suite_create("envelope");
	TCase *tcase = tcase_create("envelope");

	tcase_add_loop_test(tcase, test_envelope_round, 0, ARRAY_LEN(techniques));
	tcase_add_loop_test(tcase, test_envelope_libcrypto_opens, 0, TECHNIQUES_OF_LIBCRYPTO);
	tcase_add_loop_test(tcase, test_envelope_of_libcrypto, 0, TECHNIQUES_OF_LIBCRYPTO);
	tcase_add_test(tcase, test_envelope_x25519_rfc8418);
	tcase_add_test(tcase, test_envelope_password);
	tcase_add_test(tcase, test_envelope_pwri_kek);
	tcase_add_test(tcase, test_envelope_password_iterations);
	tcase_add_test(tcase, test_envelope_refused);
	tcase_add_test(tcase, test_envelope_originator_of_small_order);
	tcase_add_test(tcase, test_envelope_mutations);
	tcase_add_test(tcase, test_encrypted_key);
	tcase_add_test(tcase, test_encrypted_value);
	tcase_add_loop_test(tcase, test_signed_data, 0, ARRAY_LEN(kga_keys));
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(envelope_suite, SUITE_FORKS)
