// SPDX-License-Identifier: Apache-2.0
/* Sets of trusted attesters: how they are made. Paths to them are path.c's. */
#include "trust.h"

#include "asn1/certificate.h"
#include "asn1/der.h"
#include "asn1/spki.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* A file of the roots of all makers of TPMs has some hundred. */
enum { TRUSTED_MAX = 1024 };

int attest_trust_new(struct attest_trust **trustp)
{
	_cleanup_(attest_trust_freep) struct attest_trust *trust = calloc(1, sizeof(*trust));

	if (!trust)
		return -ENOMEM;
	trust->store = X509_STORE_new();
	trust->certs = sk_X509_new_null();
	if (!trust->store || !trust->certs)
		return -ENOMEM;
	*trustp = TAKE(trust);
	return 0;
}

void attest_trust_free(struct attest_trust *trust)
{
	if (!trust)
		return;
	for (size_t i = 0; i < trust->n_keys; i++)
		EVP_PKEY_free(trust->keys[i].key);
	free(trust->keys);
	attest_certs_free(&trust->certs);
	X509_STORE_free(trust->store);
	free(trust);
}

/* --- certificates --- */

void attest_certs_free(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

int attest_cert_read(struct bytes der, X509 **certp)
{
	const unsigned char *p = der.data;
	X509 *cert = der_check(der) == 0 ? d2i_X509(NULL, &p, (long)der.len) : NULL;

	ERR_clear_error();
	if (cert && p == der.data + der.len) {
		*certp = cert;
		return 0;
	}
	X509_free(cert);
	return -EBADMSG;
}

int attest_cert_digest(X509 *cert, uint8_t digest[32])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	int err =
		len > 0 ? spki_digest_from_der((struct bytes){der, (size_t)len}, digest) : -ENOMEM;

	OPENSSL_free(der);
	return err;
}

int attest_trust_add_certificate(struct attest_trust *trust, struct bytes der)
{
	X509 *cert;
	int err = attest_cert_read(der, &cert);

	if (err < 0)
		return err;
	if (sk_X509_num(trust->certs) >= TRUSTED_MAX)
		err = -EBADMSG;
	else if (X509_STORE_add_cert(trust->store, cert) != 1 ||
		 sk_X509_push(trust->certs, cert) <= 0)
		err = -ENOMEM;
	if (err < 0)
		X509_free(cert);
	return err;
}

/* --- keys --- */

int attest_trust_add_key(struct attest_trust *trust, struct bytes spki)
{
	struct attest_key *grown, key = {.key = NULL};
	struct spki_kind kind;
	int err = trust->n_keys < TRUSTED_MAX ? spki_digest_from_der(spki, key.digest) : -EBADMSG;

	if (err == 0)
		err = spki_key_from_der(spki, &key.key, &kind);
	if (err < 0)
		return err;
	grown = realloc(trust->keys, (trust->n_keys + 1) * sizeof(*grown));
	if (!grown) {
		EVP_PKEY_free(key.key);
		return -ENOMEM;
	}
	grown[trust->n_keys++] = key;
	trust->keys = grown;
	return 0;
}

const struct attest_key *attest_trust_keys(const struct attest_trust *trust, size_t *np)
{
	*np = trust->n_keys;
	return trust->keys;
}

STACK_OF(X509) * attest_trust_certs(const struct attest_trust *trust)
{
	return trust->certs;
}

/* --- PEM --- */

/* What is to be done with each block of a text. */
struct pem_block {
	const char *name;
	int (*add)(struct attest_trust *trust, struct bytes der);
};

static int block_add(struct attest_trust *trust, const struct pem_block *blocks, size_t n,
		     const char *name, struct bytes der, struct strbuf *why)
{
	int err = -ENOENT;

	for (size_t i = 0; i < n && err == -ENOENT; i++)
		if (strcmp(blocks[i].name, name) == 0)
			err = blocks[i].add(trust, der);
	if (err == -ENOENT)
		strbuf_printf(why, "there is a \"%s\" in it, which does not belong there", name);
	else if (err < 0 && err != -ENOMEM)
		strbuf_printf(why, "a \"%s\" in it is malformed, or of a kind that is not taken",
			      name);
	return err < 0 && err != -ENOMEM ? -EBADMSG : err;
}

static int pem_walk(struct attest_trust *trust, struct bytes pem, const struct pem_block *blocks,
		    size_t n, struct strbuf *why)
{
	BIO *in = BIO_new_mem_buf(pem.data, (int)pem.len);
	char *name, *header;
	unsigned char *der;
	long len;
	int err = in ? 0 : -ENOMEM;
	size_t found = 0;

	while (err == 0 && PEM_read_bio(in, &name, &header, &der, &len) == 1) {
		err = block_add(trust, blocks, n, name, (struct bytes){der, (size_t)len}, why);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
		found++;
	}
	if (err == 0 &&
	    (found == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)) {
		strbuf_printf(why, "%s",
			      found ? "a block of PEM in it is malformed"
				    : "there is no PEM in it");
		err = -EBADMSG;
	}
	ERR_clear_error();
	BIO_free(in);
	return err;
}

int attest_trust_add_pem(struct attest_trust *trust, struct bytes pem, struct strbuf *why)
{
	static const struct pem_block blocks[] = {{"CERTIFICATE", attest_trust_add_certificate},
						  {"PUBLIC KEY", attest_trust_add_key}};

	return pem_walk(trust, pem, blocks, ARRAY_LEN(blocks), why);
}

static int crl_add(struct attest_trust *trust, struct bytes der)
{
	const unsigned char *p = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	int err = crl && p == der.data + der.len ? 0 : -EBADMSG;

	if (err == 0 && X509_STORE_add_crl(trust->store, crl) != 1)
		err = -ENOMEM;
	X509_CRL_free(crl);
	return err;
}

int attest_trust_add_crls(struct attest_trust *trust, struct bytes pem, struct strbuf *why)
{
	static const struct pem_block blocks[] = {{"X509 CRL", crl_add}};
	int err = pem_walk(trust, pem, blocks, ARRAY_LEN(blocks), why);

	trust->checks_crls = err == 0;
	return err;
}
