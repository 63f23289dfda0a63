// SPDX-License-Identifier: Apache-2.0
/* A TPM of ordinary keys. See soft_tpm.h. */
#include "soft_tpm.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

/* Octets that grow; a statement has some thousand. */
struct buffer {
	uint8_t data[16384];
	size_t len;
};

static struct bytes view(const struct buffer *b)
{
	return (struct bytes){b->data, b->len};
}

static void put(struct buffer *b, struct bytes octets)
{
	HOUSE_CHECK(b->len + octets.len <= sizeof(b->data));
	if (octets.len > 0)
		memcpy(b->data + b->len, octets.data, octets.len);
	b->len += octets.len;
}

static void put_number(struct buffer *b, uint32_t number, size_t len)
{
	for (size_t i = len; i-- > 0;)
		put(b, (struct bytes){(const uint8_t[]){(uint8_t)(number >> 8 * i)}, 1});
}

static void put_16(struct buffer *b, uint32_t number)
{
	put_number(b, number, 2);
}

static void put_sized(struct buffer *b, struct bytes octets)
{
	put_16(b, (uint32_t)octets.len);
	put(b, octets);
}

/* --- DER --- */

static void put_tlv(struct buffer *b, uint8_t tag, struct bytes content)
{
	put_number(b, tag, 1);
	if (content.len < 0x80) {
		put_number(b, (uint32_t)content.len, 1);
	} else if (content.len < 0x100) {
		put_16(b, 0x8100 | (uint32_t)content.len);
	} else {
		put_number(b, 0x820000 | (uint32_t)content.len, 3);
	}
	put(b, content);
}

static void put_oid(struct buffer *b, const char *oid)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);

	put_tlv(b, 0x06, (struct bytes){OBJ_get0_data(object), OBJ_length(object)});
	ASN1_OBJECT_free(object);
}

/* --- TPMT_PUBLIC --- */

static uint16_t digest_id(const char *name)
{
	return strcmp(name, "SHA384") == 0   ? 0x000c
	       : strcmp(name, "SHA512") == 0 ? 0x000d
	       : strcmp(name, "SHA1") == 0   ? 0x0004
					     : 0x000b;
}

static void put_big(struct buffer *b, EVP_PKEY *key, const char *parameter, int len)
{
	uint8_t octets[512];
	BIGNUM *number = NULL;

	HOUSE_CHECK(EVP_PKEY_get_bn_param(key, parameter, &number));
	HOUSE_CHECK(BN_bn2binpad(number, octets, len) == len);
	put_sized(b, (struct bytes){octets, (size_t)len});
	BN_free(number);
}

static void put_ec(struct buffer *b, EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key), len = (bits + 7) / 8;

	put_16(b, 0x0010); /* symmetric: none */
	put_16(b, 0x0018); /* ECDSA with SHA-256 */
	put_16(b, 0x000b);
	put_16(b, bits == 256 ? 3 : bits == 384 ? 4 : 5);
	put_16(b, 0x0010); /* kdf: none */
	put_big(b, key, OSSL_PKEY_PARAM_EC_PUB_X, len);
	put_big(b, key, OSSL_PKEY_PARAM_EC_PUB_Y, len);
}

static void put_rsa(struct buffer *b, EVP_PKEY *key)
{
	put_16(b, 0x0010);
	put_16(b, 0x0010); /* any scheme */
	put_16(b, (uint32_t)EVP_PKEY_get_bits(key));
	put_number(b, 0, 4); /* 65537 */
	put_big(b, key, OSSL_PKEY_PARAM_RSA_N, EVP_PKEY_get_size(key));
}

static const char *or_sha256(const char *digest)
{
	return digest ? digest : "SHA256";
}

static void put_public(struct buffer *b, const struct soft_tpm *tpm, EVP_PKEY *key)
{
	put_16(b, EVP_PKEY_is_a(key, "RSA") ? 0x0001 : 0x0023);
	put_16(b, digest_id(or_sha256(tpm->name_digest)));
	put_number(b, tpm->attributes ? tpm->attributes : SOFT_TPM_ATTRIBUTES, 4);
	put_sized(b, BYTES_NULL); /* authPolicy */
	if (EVP_PKEY_is_a(key, "RSA"))
		put_rsa(b, key);
	else
		put_ec(b, key);
}

static EVP_PKEY *public_of(const struct soft_tpm *tpm)
{
	return tpm->public ? tpm->public : tpm->key;
}

/* --- TPMS_ATTEST --- */

static void put_name(struct buffer *b, const struct soft_tpm *tpm)
{
	const char *digest = or_sha256(tpm->name_digest);
	struct buffer public = {.len = 0};
	uint8_t name[2 + EVP_MAX_MD_SIZE];
	size_t len;

	put_public(&public, tpm, public_of(tpm));
	put(&public, tpm->behind_public);
	name[0] = (uint8_t)(digest_id(digest) >> 8);
	name[1] = (uint8_t)digest_id(digest);
	HOUSE_CHECK(EVP_Q_digest(NULL, digest, NULL, public.data, public.len, name + 2, &len));
	put_sized(b, (struct bytes){name, 2 + len});
}

static void put_attest(struct buffer *b, const struct soft_tpm *tpm)
{
	static const uint8_t clock_and_firmware[17 + 8] = {1, 2, 3};
	static const uint8_t qualified[34] = {0x00, 0x0b, 1};

	put_number(b, tpm->magic ? tpm->magic : 0xff544347, 4);
	put_16(b, tpm->attest_type ? tpm->attest_type : 0x8017);
	put_sized(b, BYTES_OF(qualified)); /* qualifiedSigner */
	put_sized(b, tpm->nonce);
	put(b, BYTES_OF(clock_and_firmware));
	put_name(b, tpm);
	put_sized(b, BYTES_OF(qualified)); /* qualifiedName */
	put(b, tpm->behind_attest);
	b->len -= tpm->attest_cut;
}

/* --- TPMT_SIGNATURE --- */

static size_t attester_sign(const struct soft_tpm *tpm, struct bytes attest, uint8_t *out,
			    size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	HOUSE_CHECK(EVP_DigestSignInit_ex(ctx, &pctx, or_sha256(tpm->digest), NULL, NULL,
					  tpm->attester, NULL) > 0);
	HOUSE_CHECK(!tpm->pss || EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0);
	HOUSE_CHECK(EVP_DigestSign(ctx, out, &size, attest.data, attest.len) > 0);
	EVP_MD_CTX_free(ctx);
	return size;
}

static void put_signature(struct buffer *b, const struct soft_tpm *tpm, struct bytes attest)
{
	bool rsa = EVP_PKEY_is_a(tpm->attester, "RSA");
	uint8_t octets[1024], number[66];
	size_t len = attester_sign(tpm, attest, octets, sizeof(octets));
	const unsigned char *p = octets;
	ECDSA_SIG *pair;

	if (tpm->form == SOFT_TPM_RAW_RSA) {
		put(b, (struct bytes){octets, len});
		return;
	}
	put_16(b, rsa ? (tpm->pss ? 0x0016 : 0x0014) : 0x0018);
	put_16(b, digest_id(or_sha256(tpm->digest)));
	if (rsa) {
		put_sized(b, (struct bytes){octets, len});
	} else {
		int field = (EVP_PKEY_get_bits(tpm->attester) + 7) / 8;

		pair = d2i_ECDSA_SIG(NULL, &p, (long)len);
		HOUSE_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(pair), number, field) == field);
		put_sized(b, (struct bytes){number, (size_t)field});
		HOUSE_CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(pair), number, field) == field);
		put_sized(b, (struct bytes){number, (size_t)field});
		ECDSA_SIG_free(pair);
	}
	put(b, tpm->behind_signature);
}

/* --- statement and bundle --- */

static void put_certify(struct buffer *b, const struct soft_tpm *tpm)
{
	struct buffer attest = {.len = 0}, signature = {.len = 0}, public = {.len = 0},
		      content = {.len = 0};

	put_attest(&attest, tpm);
	put_signature(&signature, tpm, view(&attest));
	put_tlv(&content, 0x04, view(&attest));
	put_tlv(&content, 0x04, view(&signature));
	if (!tpm->no_public) {
		put_public(&public, tpm, tpm->public_only ? tpm->public_only : public_of(tpm));
		put(&public, tpm->behind_public);
		put_tlv(&content, 0x04, view(&public));
	}
	put_tlv(b, 0x30, view(&content));
}

static void put_certs(struct buffer *b, X509 *const *certs, size_t n)
{
	struct buffer list = {.len = 0};

	for (size_t i = 0; i < n && certs[i]; i++) {
		struct octets der = pki_cert_der(certs[i]);

		put(&list, octets_view(&der));
		octets_clear(&der);
	}
	if (list.len > 0)
		put_tlv(b, 0x30, view(&list));
}

static struct octets bundle_of(struct bytes statements, X509 *const *certs, size_t n)
{
	struct buffer content = {.len = 0}, bundle = {.len = 0};
	struct octets out;

	put_tlv(&content, 0x30, statements);
	put_certs(&content, certs, n);
	put_tlv(&bundle, 0x30, view(&content));
	HOUSE_CHECK(octets_dup(view(&bundle), &out) == 0);
	return out;
}

struct octets soft_tpm_wrap(const char *type, struct bytes statement, X509 *const *certs, size_t n)
{
	struct buffer one = {.len = 0}, statements = {.len = 0};

	put_oid(&one, type);
	put(&one, statement);
	put_tlv(&statements, 0x30, view(&one));
	return bundle_of(view(&statements), certs, n);
}

struct octets soft_tpm_bundle(const struct soft_tpm *tpm)
{
	struct buffer one = {.len = 0}, statements = {.len = 0};
	size_t n = tpm->statements ? tpm->statements : 1;

	put_oid(&one, tpm->type ? tpm->type : SOFT_TPM_CERTIFY);
	put_certify(&one, tpm);
	if (tpm->form == SOFT_TPM_HINT)
		put_tlv(&one, 0x16, bytes_of_string("verifier.example.net"));
	while (n-- > 0)
		put_tlv(&statements, 0x30, view(&one));
	return bundle_of(view(&statements), tpm->certs, sizeof(tpm->certs) / sizeof(*tpm->certs));
}

X509 *soft_tpm_certify_attester(EVP_PKEY *attester, X509 *issuer, EVP_PKEY *issuer_key,
				const char *ext_key_usage, int64_t now_ms)
{
	const int64_t day = INT64_C(86400000);
	const char *usage = ext_key_usage ? ext_key_usage : "2.23.133.8.3";

	/* TCG: the subject is empty, and the subjectAltName critical. */
	return pki_cert(&(struct pki_spec){.subject = "",
					   .key = attester,
					   .issuer = issuer,
					   .issuer_key = issuer_key,
					   .key_usage = "critical,digitalSignature",
					   .ext_key_usage = *usage ? usage : NULL,
					   .san = "critical,URI:urn:tpm:1",
					   .not_before_ms = now_ms - day,
					   .not_after_ms = now_ms + 365 * day});
}
