// SPDX-License-Identifier: Apache-2.0
/* Keys and certificates for tests. See pki.h. */
#include "pki.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

_Noreturn void house_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

EVP_PKEY *pki_key(const char *kind)
{
	EVP_PKEY *key;

	if (!kind)
		kind = "P-256";
	if (strcmp(kind, "RSA") == 0)
		kind = "RSA:2048";
	if (strncmp(kind, "RSA:", 4) == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 4));
	else if (strncmp(kind, "P-", 2) == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
	HOUSE_CHECK(key);
	return key;
}

X509_NAME *pki_name(const char *text)
{
	X509_NAME *name = X509_NAME_new();
	char *copy = strdup(text), *at = copy, *part;

	while ((part = strsep(&at, "/"))) {
		char *value = strchr(part, '=');

		if (!value)
			continue;
		*value++ = '\0';
		HOUSE_CHECK(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
						       (const unsigned char *)value, -1, -1, 0));
	}
	free(copy);
	return name;
}

static void time_set(X509 *cert, int (*set)(X509 *, const ASN1_TIME *), int64_t ms)
{
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)(ms / 1000));

	HOUSE_CHECK(set(cert, time));
	ASN1_TIME_free(time);
}

static void extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	HOUSE_CHECK(extension && X509_add_ext(cert, extension, -1));
	X509_EXTENSION_free(extension);
}

static void extensions_add(X509 *cert, X509 *issuer, const struct pki_spec *spec)
{
	const char *usage = spec->key_usage;
	char constraints[64];

	if (!usage)
		usage = spec->ca ? "critical,keyCertSign,cRLSign" : "";
	snprintf(constraints, sizeof(constraints), "critical,CA:%s%s%s",
		 spec->ca ? "TRUE" : "FALSE", spec->path_len ? ",pathlen:" : "",
		 spec->path_len ? spec->path_len : "");
	extension_add(cert, issuer, NID_basic_constraints, constraints);
	if (*usage)
		extension_add(cert, issuer, NID_key_usage, usage);
	if (spec->ext_key_usage)
		extension_add(cert, issuer, NID_ext_key_usage, spec->ext_key_usage);
	if (spec->san)
		extension_add(cert, issuer, NID_subject_alt_name, spec->san);
	if (!spec->no_ski)
		extension_add(cert, issuer, NID_subject_key_identifier, "hash");
	if (issuer != cert && X509_get0_subject_key_id(issuer))
		extension_add(cert, issuer, NID_authority_key_identifier, "keyid:always");
}

/* Other kinds of keys have their own. */
static const EVP_MD *digest_of(const struct pki_spec *spec, const EVP_PKEY *key)
{
	if (!EVP_PKEY_is_a(key, "EC") && !EVP_PKEY_is_a(key, "RSA"))
		return NULL;
	return EVP_get_digestbyname(spec->digest ? spec->digest : "SHA256");
}

X509 *pki_cert(const struct pki_spec *spec)
{
	static long serial = 1000;
	EVP_PKEY *signer = spec->issuer_key ? spec->issuer_key : spec->key;
	X509_NAME *subject = pki_name(spec->subject);
	X509 *cert = X509_new(), *issuer = spec->issuer ? spec->issuer : cert;

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	X509_set_subject_name(cert, subject);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	X509_set_pubkey(cert, spec->key);
	time_set(cert, X509_set1_notBefore, spec->not_before_ms);
	time_set(cert, X509_set1_notAfter, spec->not_after_ms);
	extensions_add(cert, issuer, spec);
	HOUSE_CHECK(X509_sign(cert, signer, digest_of(spec, signer)));
	X509_NAME_free(subject);
	return cert;
}

X509 *pki_cert_parse(struct bytes der)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);

	HOUSE_CHECK(cert);
	HOUSE_CHECK(p == der.data + der.len);
	return cert;
}

struct octets pki_cert_der(const X509 *cert)
{
	struct octets copy = OCTETS_NULL;
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	HOUSE_CHECK(len > 0 && !octets_dup((struct bytes){der, (size_t)len}, &copy));
	OPENSSL_free(der);
	return copy;
}

int64_t pki_time_ms(const ASN1_TIME *time)
{
	struct tm tm;

	HOUSE_CHECK(ASN1_TIME_to_tm(time, &tm));
	return (int64_t)timegm(&tm) * 1000;
}

/* --- PEM files --- */

void pki_certs_write(const char *path, X509 *first, X509 *second)
{
	FILE *file = fopen(path, "w");

	HOUSE_CHECK(file);
	HOUSE_CHECK(PEM_write_X509(file, first));
	HOUSE_CHECK(!second || PEM_write_X509(file, second));
	HOUSE_CHECK(fclose(file) == 0);
}

void pki_key_write(const char *path, EVP_PKEY *key, const char *passphrase)
{
	FILE *file = fopen(path, "w");

	HOUSE_CHECK(file);
	HOUSE_CHECK(PEM_write_PKCS8PrivateKey(file, key, passphrase ? EVP_aes_256_cbc() : NULL,
					      passphrase, passphrase ? (int)strlen(passphrase) : 0,
					      NULL, NULL));
	HOUSE_CHECK(fclose(file) == 0);
}
