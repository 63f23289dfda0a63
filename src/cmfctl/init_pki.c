// SPDX-License-Identifier: Apache-2.0
/*
 * Keys and certificates that `cmfctl init` makes.
 */
#include "init_pki.h"

#include "ctl.h"

#include "asn1/dn.h"
#include "base/bytes.h"

#include <ctype.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

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

/* --- names and keys --- */

int init_name_read(const char *text, X509_NAME **namep)
{
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	X509_NAME *name;

	if (text[0] == '/') {
		if (!dn_parse(text, namep, &why))
			return CTL_OK;
		ctl_error("%s: %s", text, why.text ? why.text : "out of memory");
		return CTL_USAGE;
	}
	name = X509_NAME_new();
	if (name && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					       (const unsigned char *)text, -1, -1, 0)) {
		*namep = name;
		return CTL_OK;
	}
	X509_NAME_free(name);
	ERR_clear_error();
	ctl_error("\"%s\" is no common name, which has 1 to 64 characters, and no DN as "
		  "/O=Example/CN=Root CA",
		  text);
	return CTL_USAGE;
}

static const char *const curves[] = {"P-256", "P-384", "P-521"};
/* Kinds that their name says all of; some only where the OpenSSL at hand has them. */
static const char *const named_types[] = {"ed25519", "ed448", "ml-dsa-44", "ml-dsa-65",
					  "ml-dsa-87"};

/* Below it is weak (NIST SP 800-57 part 1), above it every signature takes too long. */
enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static EVP_PKEY *named_key_generate(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) > 0)
		EVP_PKEY_generate(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* NULL: there is no such kind. */
static EVP_PKEY *key_generate(const char *type)
{
	uint64_t bits;

	if (strncmp(type, "rsa:", 4) == 0)
		return ctl_number_parse(type + 4, RSA_BITS_MAX, &bits) || bits < RSA_BITS_MIN
			       ? NULL
			       : EVP_RSA_gen((unsigned)bits);
	if (strncmp(type, "ec:", 3) == 0)
		return is_one_of(type + 3, curves, ARRAY_LEN(curves)) ? EVP_EC_gen(type + 3) : NULL;
	return is_one_of(type, named_types, ARRAY_LEN(named_types)) ? named_key_generate(type)
								    : NULL;
}

int init_key_new(const char *key_type, EVP_PKEY **keyp)
{
	*keyp = key_generate(key_type);
	ERR_clear_error();
	if (*keyp)
		return CTL_OK;
	ctl_error("\"%s\" is none of the kinds of key that can be made: ec:P-256, ec:P-384, "
		  "ec:P-521, rsa:2048 to rsa:8192, ed25519, ed448, and ml-dsa-44, -65, -87 with "
		  "OpenSSL 3.5",
		  key_type);
	return CTL_USAGE;
}

char *init_key_type_text(const EVP_PKEY *key)
{
	struct strbuf text = STRBUF_NULL;
	char group[64];
	const char *nist;

	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) {
		strbuf_printf(&text, "rsa:%d", EVP_PKEY_get_bits(key));
	} else if (EVP_PKEY_is_a(key, "EC") &&
		   EVP_PKEY_get_group_name(key, group, sizeof(group), NULL)) {
		nist = EC_curve_nid2nist(OBJ_txt2nid(group));
		strbuf_printf(&text, "ec:%s", nist ? nist : group);
	} else {
		strbuf_add(&text, EVP_PKEY_get0_type_name(key));
		for (char *c = text.text; c && *c; c++)
			*c = (char)tolower((unsigned char)*c);
	}
	return strbuf_take(&text);
}

const EVP_MD *init_digest(EVP_PKEY *key)
{
	int nid = NID_undef;

	/* 2: there is no other than this one, and of EdDSA and ML-DSA none at all. */
	if (EVP_PKEY_get_default_digest_nid(key, &nid) == 2)
		return nid == NID_undef ? NULL : EVP_get_digestbynid(nid);
	if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_bits(key) < 384)
		return EVP_sha256();
	return EVP_PKEY_get_bits(key) < 512 ? EVP_sha384() : EVP_sha512();
}

/* --- certificates --- */

static int names_set(X509 *cert, const X509_NAME *subject, const X509 *issuer)
{
	return X509_set_subject_name(cert, subject) &&
	       X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
}

/* No certificate outlives its issuer's. */
static int validity_set(X509 *cert, uint64_t days, const X509 *issuer)
{
	const ASN1_TIME *end = issuer ? X509_get0_notAfter(issuer) : NULL;

	if (!X509_gmtime_adj(X509_getm_notBefore(cert), -BACKDATE_S) ||
	    !X509_time_adj_ex(X509_getm_notAfter(cert), (int)days, -BACKDATE_S, NULL))
		return 0;
	return !end || ASN1_TIME_compare(X509_get0_notAfter(cert), end) <= 0 ||
	       X509_set1_notAfter(cert, end);
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

static int certificate_new(const struct init_request *request, const X509_NAME *name, EVP_PKEY *key,
			   const struct init_credential *issuer, X509 **certp)
{
	X509 *cert = X509_new();
	X509 *above = issuer ? issuer->cert : NULL;
	EVP_PKEY *signer = issuer ? issuer->key : key;
	int ok = cert && X509_set_version(cert, X509_VERSION_3) && init_serial_set(cert) &&
		 names_set(cert, name, above) && validity_set(cert, request->days, above) &&
		 X509_set_pubkey(cert, key) && extensions_set(cert, above, request) &&
		 X509_sign(cert, signer, init_digest(signer));

	if (ok)
		*certp = cert;
	else
		X509_free(cert);
	return ok;
}

int init_credential_new(const struct init_request *request, const struct init_credential *issuer,
			struct init_credential *credentialp)
{
	struct init_credential c = {0};
	X509_NAME *name = NULL;
	int status = init_name_read(request->name, &name);

	if (!status)
		status = init_key_new(request->key_type, &c.key);
	if (!status && !certificate_new(request, name, c.key, issuer, &c.cert))
		status = ctl_openssl_error(request->name);
	X509_NAME_free(name);
	if (status)
		init_credential_clear(&c);
	else
		*credentialp = c;
	return status;
}

/* --- files --- */

static int bio_write(BIO *bio, const char *path, unsigned mode)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	int err = file_write_durable(path, (struct bytes){(uint8_t *)text, (size_t)len}, mode);

	return err ? ctl_file_error(path, err) : CTL_OK;
}

int init_certificates_write(X509 *const *certs, size_t n, const char *path)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int ok = bio != NULL, status;

	for (size_t i = 0; ok && i < n; i++)
		ok = PEM_write_bio_X509(bio, certs[i]);
	status = ok ? bio_write(bio, path, 0644) : ctl_openssl_error(path);
	BIO_free(bio);
	return status;
}

int init_key_write(EVP_PKEY *key, const char *path)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int status;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		status = bio_write(bio, path, 0600);
	else
		status = ctl_openssl_error(path);
	BIO_free(bio);
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
