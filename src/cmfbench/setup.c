// SPDX-License-Identifier: Apache-2.0
/* Credentials and trust anchors of the benchmark, read once and shared by all connections. */
#include "asn1/certificate.h"
#include "base/error.h"
#include "client.h"
#include "keys/credential.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

void bench_credential_clear(struct bench_credential *c)
{
	for (size_t i = 0; i < c->n_certs; i++)
		octets_clear(&c->storage[i]);
	free(c->storage);
	free(c->certs);
	octets_clear(&c->sender);
	octets_clear(&c->kid);
	signer_free(c->signer);
	*c = (struct bench_credential){0};
}

static int credential_names(struct bench_credential *c)
{
	struct certificate_view view;
	struct bytes ski;
	int err;

	err = certificate_view(c->certs[0], &view);
	if (err)
		return err;
	err = cmp_general_name_of_dn(view.subject, &c->sender);
	if (err)
		return err;
	err = certificate_ski(&view, &ski);
	return err == -ENOENT ? 0 : err ? err : octets_dup(ski, &c->kid);
}

int bench_credential_set(struct bench_credential *c, const struct bytes *certs, size_t n_certs,
			 EVP_PKEY *key)
{
	int err = 0;

	bench_credential_clear(c);
	c->certs = calloc(n_certs, sizeof(*c->certs));
	c->storage = calloc(n_certs, sizeof(*c->storage));
	if (!c->certs || !c->storage)
		return -ENOMEM;
	for (size_t i = 0; i < n_certs && !err; i++) {
		err = octets_dup(certs[i], &c->storage[i]);
		c->certs[i] = octets_view(&c->storage[i]);
		c->n_certs = i + 1;
	}
	if (!err)
		err = credential_names(c);
	return err ? err : signer_new(key, "sha256", &c->signer);
}

static int file_complain(const char *what, const char *path, int err)
{
	fprintf(stderr, "cmfbench: %s %s: %s\n", what, path, error_text(err));
	ERR_clear_error();
	return err;
}

/* The certificates of a PEM file as DER, in order. */
static int read_chain(const char *path, struct octets *certs, size_t *np)
{
	BIO *in = BIO_new_file(path, "r");
	X509 *cert;

	*np = 0;
	if (!in)
		return -ENOENT;
	while (*np < BENCH_CHAIN_MAX && (cert = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		int err = certificate_encode(cert, &certs[*np]);

		X509_free(cert);
		if (err)
			break;
		++*np;
	}
	BIO_free(in);
	ERR_clear_error();
	return *np ? 0 : -EINVAL;
}

static int read_key(const char *option, const char *source, EVP_PKEY **keyp)
{
	int err = credential_key_read(&(struct key_source){.source = source, .ask = true}, keyp);

	if (err)
		fprintf(stderr, "cmfbench: %s %s: %s\n", option, source,
			credential_error_text(err));
	ERR_clear_error();
	return err;
}

static int setup_signature(struct bench_setup *s)
{
	struct octets certs[BENCH_CHAIN_MAX] = {0};
	struct bytes views[BENCH_CHAIN_MAX];
	EVP_PKEY *key = NULL;
	size_t n = 0;
	int err;

	err = read_chain(s->options->cert, certs, &n);
	if (err) {
		err = file_complain("--cert", s->options->cert, err);
		goto out;
	}
	err = read_key("--key", s->options->key, &key);
	if (err)
		goto out;
	for (size_t i = 0; i < n; i++)
		views[i] = octets_view(&certs[i]);
	err = bench_credential_set(&s->credential, views, n, key);
out:
	for (size_t i = 0; i < n; i++)
		octets_clear(&certs[i]);
	EVP_PKEY_free(key);
	return err;
}

static int setup_mac(struct bench_setup *s)
{
	const char *secret = s->options->secret, *ref = s->options->ref;
	struct bench_credential *c = &s->credential;
	unsigned char *der = NULL;
	X509_NAME *name;
	int err, len;

	if (!strncmp(secret, "pass:", 5)) {
		err = octets_dup(bytes_of_string(secret + 5), &s->secret);
	} else {
		secret += strncmp(secret, "file:", 5) ? 0 : 5;
		err = credential_secret_read(secret, &s->secret);
	}
	if (err)
		return file_complain("--secret", secret, err);
	/* RFC 9483 3.1: the commonName of sender and senderKID name the shared secret. */
	name = X509_NAME_new();
	if (!name ||
	    !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)ref, -1,
					-1, 0) ||
	    (len = i2d_X509_NAME(name, &der)) <= 0)
		err = -ENOMEM;
	else
		err = cmp_general_name_of_dn((struct bytes){der, (size_t)len}, &c->sender);
	X509_NAME_free(name);
	OPENSSL_free(der);
	return err ? err : octets_dup(bytes_of_string(ref), &c->kid);
}

/* Who asks the JSON interface: a certificate in TLS, or a token. */
static int setup_json(struct bench_setup *s)
{
	const struct bench_options *o = s->options;
	_cleanup_(octets_clear_secret) struct octets token = OCTETS_NULL;
	int err;

	if (o->cert) {
		err = web_identity_read(
			o->cert, &(struct key_source){.source = o->key, .ask = true}, &s->identity);
		return err ? file_complain("--cert", o->cert, err) : 0;
	}
	err = credential_token_read(o->token_file, &token);
	if (err)
		return file_complain("--token-file", o->token_file, err);
	s->token = strndup((const char *)token.data, token.len);
	return s->token ? 0 : -ENOMEM;
}

/* The vnfInstanceId goes into the header of CMP messages, id-cmf.4. */
static int setup_vnf_instance(struct bench_setup *s)
{
	const char *id = s->options->vnf_instance;
	ASN1_UTF8STRING *text = ASN1_UTF8STRING_new();
	unsigned char *der = NULL;
	int len = -1, err = -ENOMEM;

	if (text && ASN1_STRING_set(text, id, -1))
		len = i2d_ASN1_UTF8STRING(text, &der);
	if (len > 0)
		err = octets_dup((struct bytes){der, (size_t)len}, &s->vnf_instance);
	OPENSSL_free(der);
	ASN1_UTF8STRING_free(text);
	return err;
}

int bench_setup_new(const struct bench_options *options, struct bench_setup **setupp)
{
	struct bench_setup *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->options = options;
	err = bench_gate_new(&s->gate);
	if (err) {
		bench_setup_free(s);
		return err;
	}
	if (options->operation == BENCH_JSON)
		err = setup_json(s);
	else
		err = options->cert ? setup_signature(s) : setup_mac(s);
	if (!err && options->vnf_instance)
		err = setup_vnf_instance(s);
	if (!err && options->newkey)
		err = read_key("--newkey", options->newkey, &s->newkey);
	if (!err && options->trusted) {
		s->trusted = X509_STORE_new();
		if (!s->trusted || !X509_STORE_load_file(s->trusted, options->trusted))
			err = file_complain("--trusted", options->trusted, -EINVAL);
	}
	if (err) {
		bench_setup_free(s);
		return err;
	}
	*setupp = s;
	return 0;
}

void bench_setup_free(struct bench_setup *s)
{
	if (!s)
		return;
	bench_credential_clear(&s->credential);
	octets_clear_secret(&s->secret);
	octets_clear(&s->vnf_instance);
	web_identity_free(s->identity);
	if (s->token)
		OPENSSL_cleanse(s->token, strlen(s->token));
	free(s->token);
	X509_STORE_free(s->trusted);
	EVP_PKEY_free(s->newkey);
	bench_gate_free(s->gate);
	free(s);
}
