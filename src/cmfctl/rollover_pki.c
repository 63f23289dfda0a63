// SPDX-License-Identifier: Apache-2.0
/*
 * Keys and certificates that `cmfctl ca rollover` makes. See rollover_pki.h.
 */
#include "rollover_pki.h"

#include "ctl.h"
#include "init_pki.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <time.h>

/* An issuer's subjectKeyIdentifier can be named, or there is nothing to name. */
static const char aki_value[] = "keyid:always";

EVP_PKEY *rollover_key_new(EVP_PKEY *model)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, model, NULL);
	EVP_PKEY *key = NULL;
	bool ok = ctx && EVP_PKEY_keygen_init(ctx) > 0;

	if (ok && EVP_PKEY_is_a(model, "RSA"))
		ok = EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, EVP_PKEY_get_bits(model)) > 0;
	if (!ok || EVP_PKEY_generate(ctx, &key) <= 0)
		ctl_openssl_error("cannot make a key of the kind of the old one");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

int64_t rollover_time_ms(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) ? (int64_t)timegm(&tm) * 1000 : -1;
}

static int validity_set(X509 *cert, const struct rollover_change *change)
{
	return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(change->not_before_ms / 1000)) &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(change->not_after_ms / 1000));
}

static int extension_add(X509V3_CTX *ctx, X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_nconf_nid(NULL, ctx, nid, value);
	int ok = ext && X509_add_ext(cert, ext, -1);

	X509_EXTENSION_free(ext);
	return ok;
}

/* The model's in their order, but for the identifiers of keys that are others now. */
static int extensions_set(X509 *cert, X509 *model, X509 *issuer, bool new_key)
{
	X509V3_CTX ctx;
	int nid, ok = 1;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	for (int i = 0; ok && i < X509_get_ext_count(model); i++) {
		nid = OBJ_obj2nid(X509_EXTENSION_get_object(X509_get_ext(model, i)));
		if (nid == NID_authority_key_identifier)
			continue;
		if (nid == NID_subject_key_identifier && new_key)
			ok = extension_add(&ctx, cert, nid, "hash");
		else
			ok = X509_add_ext(cert, X509_get_ext(model, i), -1);
	}
	/* RFC 9810 4.4: a root without extensions stays one. */
	if (ok && X509_get_ext_by_NID(issuer, NID_subject_key_identifier, -1) >= 0)
		ok = extension_add(&ctx, cert, NID_authority_key_identifier, aki_value);
	return ok;
}

/* As the model was signed, where the key can do that. */
static const EVP_MD *digest_of(X509 *model, EVP_PKEY *key)
{
	int nid = NID_undef, fallback = NID_sha256;

	if (EVP_PKEY_get_default_digest_nid(key, &fallback) == 2 || fallback == NID_undef)
		return EVP_get_digestbynid(fallback); /* the only one; NULL: none, as for EdDSA */
	if (!X509_get_signature_info(model, &nid, NULL, NULL, NULL) || nid == NID_undef ||
	    nid == NID_sha1 || nid == NID_md5)
		nid = NID_sha256;
	return EVP_get_digestbynid(nid);
}

X509 *rollover_certificate_new(X509 *model, const struct rollover_change *change,
			       const struct rollover_issuer *issuer)
{
	X509 *cert = X509_new();
	X509 *above = issuer->cert ? issuer->cert : cert;
	EVP_PKEY *key = change->key ? change->key : X509_get0_pubkey(model);
	int ok = cert && key &&
		 X509_set_version(cert,
				  X509_get_ext_count(model) ? X509_VERSION_3 : X509_VERSION_1) &&
		 init_serial_set(cert) &&
		 X509_set_subject_name(cert, X509_get_subject_name(model)) &&
		 X509_set_issuer_name(cert, X509_get_subject_name(above)) &&
		 validity_set(cert, change) && X509_set_pubkey(cert, key) &&
		 extensions_set(cert, model, above, change->key != NULL) &&
		 X509_sign(cert, issuer->key, digest_of(model, issuer->key));

	if (ok)
		return cert;
	X509_free(cert);
	ctl_openssl_error("cannot make a certificate");
	return NULL;
}

/* --- files --- */

static int bio_write(BIO *bio, const char *dir, const char *name, unsigned mode)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	int err;

	strbuf_printf(&path, "%s/%s", dir, name);
	if (path.failed)
		return ctl_file_error(name, -ENOMEM);
	err = file_write_durable(path.text, (struct bytes){(uint8_t *)text, (size_t)len}, mode);
	return err ? ctl_file_error(path.text, err) : CTL_OK;
}

int rollover_certificates_write(const char *dir, const char *name, X509 *const *certs, size_t n)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int status = bio ? CTL_OK : ctl_openssl_error(name);

	for (size_t i = 0; i < n && !status; i++) {
		if (!PEM_write_bio_X509(bio, certs[i]))
			status = ctl_openssl_error(name);
	}
	if (!status)
		status = bio_write(bio, dir, name, 0644);
	BIO_free(bio);
	return status;
}

int rollover_key_write(const char *dir, const char *name, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int status = CTL_OK;

	if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		status = ctl_openssl_error(name);
	if (!status)
		status = bio_write(bio, dir, name, 0600);
	BIO_free(bio);
	return status;
}
