// SPDX-License-Identifier: Apache-2.0
/*
 * Keys and certificates that `cmfctl init` makes.
 */
#include "init_pki.h"

#include "ctl.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

/* notBefore lies that far back, so that a verifier whose clock is behind accepts it. */
enum { BACKDATE_S = 300 };

/* Bits of a serialNumber: positive and at most 20 octets, RFC 5280 4.1.2.2. */
enum { SERIAL_BITS = 159 };

void init_credential_clear(struct init_credential *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->cert);
	*c = (struct init_credential){0};
}

int init_serial_set(X509 *cert)
{
	BIGNUM *n = BN_new();
	int ok = n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
		 BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));

	BN_free(n);
	return ok;
}

static int names_set(X509 *cert, const char *common_name, const X509 *issuer)
{
	X509_NAME *subject = X509_get_subject_name(cert);

	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
					  (const unsigned char *)common_name, -1, -1, 0) &&
	       X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
}

static int extension_add(X509V3_CTX *ctx, X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_nconf_nid(NULL, ctx, nid, value);
	int ok = ext && X509_add_ext(cert, ext, -1);

	X509_EXTENSION_free(ext);
	return ok;
}

/* SKI comes before AKI: a certificate that signs itself takes its key identifier from there. */
static int extensions_set(X509 *cert, X509 *issuer, const struct init_request *request)
{
	X509V3_CTX ctx;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer ? issuer : cert, cert, NULL, NULL, 0);
	ok = extension_add(&ctx, cert, NID_subject_key_identifier, "hash") &&
	     extension_add(&ctx, cert, NID_authority_key_identifier, "keyid:always");
	for (size_t i = 0; ok && i < request->n_extensions; i++)
		ok = extension_add(&ctx, cert, request->extensions[i].nid,
				   request->extensions[i].value);
	return ok;
}

static int certificate_new(const struct init_request *request, EVP_PKEY *key,
			   const struct init_credential *issuer, X509 **certp)
{
	X509 *cert = X509_new();
	int ok = cert && X509_set_version(cert, X509_VERSION_3) && init_serial_set(cert) &&
		 names_set(cert, request->common_name, issuer ? issuer->cert : NULL) &&
		 X509_gmtime_adj(X509_getm_notBefore(cert), -BACKDATE_S) &&
		 X509_time_adj_ex(X509_getm_notAfter(cert), request->days, -BACKDATE_S, NULL) &&
		 X509_set_pubkey(cert, key) &&
		 extensions_set(cert, issuer ? issuer->cert : NULL, request) &&
		 X509_sign(cert, issuer ? issuer->key : key, EVP_sha256());

	if (ok)
		*certp = cert;
	else
		X509_free(cert);
	return ok;
}

int init_credential_new(const struct init_request *request, const struct init_credential *issuer,
			struct init_credential *credentialp)
{
	struct init_credential c = {.key = EVP_EC_gen("P-256")};

	if (c.key && certificate_new(request, c.key, issuer, &c.cert)) {
		*credentialp = c;
		return CTL_OK;
	}
	init_credential_clear(&c);
	return ctl_openssl_error(request->common_name);
}

static int bio_write(BIO *bio, const char *path, unsigned mode)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	int err = file_write_durable(path, (struct bytes){(uint8_t *)text, (size_t)len}, mode);

	return err ? ctl_file_error(path, err) : CTL_OK;
}

int init_credential_write(const struct init_credential *c, const char *cert_path,
			  const char *key_path)
{
	BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_secmem());
	int status = CTL_OK;

	if (!cert || !key || !PEM_write_bio_X509(cert, c->cert) ||
	    !PEM_write_bio_PKCS8PrivateKey(key, c->key, NULL, NULL, 0, NULL, NULL))
		status = ctl_openssl_error(cert_path);
	if (!status)
		status = bio_write(cert, cert_path, 0644);
	if (!status && key_path)
		status = bio_write(key, key_path, 0600);
	BIO_free(cert);
	BIO_free(key);
	return status;
}

char *init_key_path(const char *cert_path)
{
	const char *dot = cert_path ? strrchr(cert_path, '.') : NULL;
	struct strbuf path = STRBUF_NULL;

	if (!dot)
		return NULL;
	strbuf_add_n(&path, cert_path, (size_t)(dot - cert_path));
	strbuf_add(&path, ".key");
	return strbuf_take(&path);
}
