// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of private keys on their way: the first octet chooses what the rest is. A private key
 * (PKCS #8, or whatever of a key OpenSSL reads) goes into an AsymmetricKeyPackage out of which the
 * same key comes; content is signed, and libcrypto's CMS verifies it; an EncryptedKey is taken
 * apart. EnvelopedData itself is fuzz_envelope's.
 */
#include "../house/envelope_key.h"
#include "asn1/certificate.h"
#include "asn1/der.h"
#include "asn1/key_package.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

enum { KEY, SIGNED, SIGNED_ED25519, ENCRYPTED_KEY, CHOICES };

/* --- the key package --- */

/*
 * OneAsymmetricKey without its public key, which libcrypto 3.0 does not read: PKCS #8, version v1.
 */
static EVP_PKEY *one_key(struct bytes one)
{
	struct bytes tlv[4], content;
	struct der_writer w = DER_WRITER_NULL;
	static const uint8_t version_v1[] = {2, 1, 0};
	const unsigned char *p;
	EVP_PKEY *key;
	uint8_t tag;

	for (int i = 0; i < 4; i++)
		MUST(!der_next(&one, &tag, &tlv[i], &content));
	MUST(tag == 0x81 && !one.len);
	der_put(&w, tlv[2]);
	der_put(&w, tlv[1]);
	der_put(&w, BYTES_OF(version_v1));
	der_put_header(&w, 0x30, 0);
	p = der_written(&w).data;
	key = d2i_AutoPrivateKey(NULL, &p, (long)der_written(&w).len);
	der_writer_clear(&w);
	return key;
}

static void key_package(struct bytes in)
{
	const unsigned char *p = in.data;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)in.len), *again;
	struct octets package = OCTETS_NULL;
	struct bytes view, tlv, content, one;
	uint8_t tag;

	/* Of a key that cannot be encoded (as an RSA key without n) no package is made. */
	if (key && key_package_write(key, &package) == 0) {
		view = octets_view(&package);
		MUST(!der_check(view));
		MUST(!der_next(&view, &tag, &tlv, &content) && tag == 0x30 && !view.len);
		MUST(!der_next(&content, &tag, &tlv, &one) && tag == 0x30 && !content.len);
		again = one_key(one);
		MUST(again && EVP_PKEY_eq(key, again) == 1);
		EVP_PKEY_free(again);
	}
	octets_clear_secret(&package);
	EVP_PKEY_free(key);
}

/* --- SignedData --- */

struct authority {
	EVP_PKEY *key;
	X509 *cert;
	struct octets der, ski;
	struct signer *signer;
};

static void authority_make(struct authority *a, EVP_PKEY *key)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	unsigned char *der = NULL;
	struct certificate_view view;
	struct bytes ski;
	int len;

	*a = (struct authority){.key = key, .cert = X509_new()};
	MUST(a->key && a->cert && X509_set_version(a->cert, X509_VERSION_3));
	MUST(ASN1_INTEGER_set(X509_get_serialNumber(a->cert), 1));
	MUST(X509_gmtime_adj(X509_getm_notBefore(a->cert), 0));
	MUST(X509_gmtime_adj(X509_getm_notAfter(a->cert), 3600));
	MUST(X509_set_pubkey(a->cert, a->key));
	X509V3_set_ctx(&ctx, a->cert, a->cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_key_identifier, "hash");
	MUST(ext && X509_add_ext(a->cert, ext, -1));
	X509_EXTENSION_free(ext);
	MUST(X509_sign(a->cert, a->key, EVP_PKEY_is_a(key, "EC") ? EVP_sha256() : NULL));
	len = i2d_X509(a->cert, &der);
	MUST(len > 0 && !octets_dup((struct bytes){der, (size_t)len}, &a->der));
	OPENSSL_free(der);
	MUST(!certificate_view(octets_view(&a->der), &view) && !certificate_ski(&view, &ski));
	MUST(!octets_dup(ski, &a->ski) && !signer_new(a->key, "sha256", &a->signer));
}

static struct authority *authority_of(bool ed25519)
{
	static struct authority authorities[2];

	if (!authorities[0].cert) {
		authority_make(&authorities[0], EVP_EC_gen("P-256"));
		authority_make(&authorities[1], EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	}
	return &authorities[ed25519];
}

/* ContentInfo around it, which CMS wants to see. */
static CMS_ContentInfo *content_info(struct bytes signed_data)
{
	struct der_writer w = DER_WRITER_NULL;
	ASN1_OBJECT *type = OBJ_txt2obj(OID_CT_SIGNED_DATA, 1);
	const unsigned char *p;
	CMS_ContentInfo *cms;

	der_put(&w, signed_data);
	der_put_header(&w, 0xa0, 0);
	der_put_value(&w, V_ASN1_OBJECT, (struct bytes){OBJ_get0_data(type), OBJ_length(type)});
	der_put_header(&w, 0x30, 0);
	p = der_written(&w).data;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)der_written(&w).len);
	MUST(cms && p == der_written(&w).data + der_written(&w).len);
	der_writer_clear(&w);
	ASN1_OBJECT_free(type);
	return cms;
}

static void signed_data(struct bytes content, bool ed25519)
{
	struct authority *by = authority_of(ed25519);
	struct bytes cert = octets_view(&by->der);
	struct signed_data_signer signer = {by->signer, octets_view(&by->ski), &cert, 1};
	struct octets made = OCTETS_NULL;
	BIO *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms;
	char *text;
	long len;

	MUST(!signed_data_sign(&signer, OID_CT_KEY_PACKAGE, content, &made));
	cms = content_info(octets_view(&made));
	MUST(out && sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) == 1);
	/* libcrypto's CMS of 3.0 has no EdDSA. */
	if (!ed25519) {
		MUST(CMS_verify(cms, NULL, NULL, NULL, out,
				CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) == 1);
		len = BIO_get_mem_data(out, &text);
		MUST(bytes_equal((struct bytes){(uint8_t *)text, (size_t)len}, content));
	}
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	octets_clear(&made);
}

/* --- EncryptedKey --- */

static void encrypted_key(struct bytes in)
{
	struct octets envelope = OCTETS_NULL, content = OCTETS_NULL;
	int err;

	if (der_check(in))
		return;
	err = envelope_from_encrypted_key(in, &envelope);
	MUST(err == 0 || err == -ENOTSUP || err == -EBADMSG);
	if (err)
		return;
	err = envelope_open_by_key(octets_view(&envelope), NULL, bytes_of_string("secret"),
				   OID_CT_SIGNED_DATA, &content);
	MUST(err == 0 || err == -EBADMSG || err == -ENOTSUP || err == -EKEYREJECTED);
	octets_clear(&content);
	envelope_to_encrypted_key(&envelope);
	MUST(bytes_equal(octets_view(&envelope), in));
	octets_clear(&envelope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data + 1, size - 1};

	if (size < 2)
		return 0;
	switch (data[0] % CHOICES) {
	case KEY:
		key_package(in);
		break;
	case SIGNED:
	case SIGNED_ED25519:
		signed_data(in, data[0] % CHOICES == SIGNED_ED25519);
		break;
	default:
		encrypted_key(in);
		break;
	}
	ERR_clear_error();
	return 0;
}
