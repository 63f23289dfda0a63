// SPDX-License-Identifier: Apache-2.0
/* The upstream CA of the configuration: credentials and pinned names, checked at start. */
#include "asn1/certificate.h"
#include "asn1/name.h"
#include "keys/credential.h"
#include "upstream.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

static int names_load(const struct conf_ca *conf, struct upstream *u, struct strbuf *problems)
{
	u->recipient = conf->recipient.name;
	u->expected_sender = conf->expect_sender.name ? conf->expect_sender.name : u->recipient;
	/* With a trust anchor alone everybody below it could answer in the upstream's place. */
	if (!u->expected_sender && conf->ra_certificate)
		return ca_problem(problems, conf, "expect_sender",
				  "is required, or recipient, to know whose answers count");
	return 0;
}

/* --- credentials --- */

static int certificates_load(const struct conf_ca *conf, const char *key, const char *path,
			     STACK_OF(X509) * *certsp, struct strbuf *problems)
{
	int err = credential_certificates_read(path, certsp);

	return err < 0 ? ca_problem(problems, conf, key, "cannot read %s: %s", path,
				    credential_certificates_error_text(err))
		       : 0;
}

static int ra_certificate_load(const struct conf_ca *conf, struct upstream *u,
			       struct strbuf *problems)
{
	int err;

	if (!conf->ra_key)
		return ca_problem(problems, conf, "ra_key", "ra_certificate needs this key");
	err = certificates_load(conf, "ra_certificate", conf->ra_certificate, &u->ra_chain,
				problems);
	if (err == 0)
		u->ra_cert = sk_X509_shift(u->ra_chain);
	return err;
}

int upstream_key_load(struct ca *ca, struct strbuf *problems)
{
	const struct conf_ca *conf = ca->conf;
	const struct key_source source = {conf->ra_key, conf->ra_passphrase_file};
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	_cleanup_(signer_freep) struct signer *signer = NULL;
	int err;

	if (!ca->upstream->ra_cert)
		return 0;
	err = credential_key_read(&source, &key);
	if (err < 0)
		return ca_problem(problems, conf, "ra_key", "cannot read %s: %s", conf->ra_key,
				  credential_error_text(err));
	if (X509_check_private_key(ca->upstream->ra_cert, key) != 1)
		return ca_problem(problems, conf, "ra_key", "does not belong to ra_certificate");
	err = signer_new(key, "sha256", &signer);
	if (!err)
		err = signer_try(signer);
	if (err < 0)
		return ca_problem(problems, conf, "ra_key", "cannot sign messages");
	atomic_store(&ca->upstream->signer, TAKE(signer));
	return 0;
}

static int ra_credential_load(const struct conf_ca *conf, struct upstream *u,
			      struct strbuf *problems)
{
	int err;

	if (conf->ra_certificate)
		return ra_certificate_load(conf, u, problems);
	if (!conf->ra_reference || !conf->ra_secret_file)
		return ca_problem(problems, conf, "ra_certificate",
				  "with ra_key, or ra_reference with ra_secret_file is required");
	err = credential_secret_read(conf->ra_secret_file, &u->ra_secret);
	return err < 0 ? ca_problem(problems, conf, "ra_secret_file", "cannot read %s: %s",
				    conf->ra_secret_file, credential_secret_error_text(err))
		       : 0;
}

/* RFC 9483 3.3: the own certificate first; a self-signed one behind it says nothing. */
static int ra_certs_keep(struct upstream *u)
{
	size_t n = 1 + (size_t)sk_X509_num(u->ra_chain);

	u->ra_certs = calloc(n, sizeof(*u->ra_certs));
	u->ra_views = calloc(n, sizeof(*u->ra_views));
	if (!u->ra_certs || !u->ra_views)
		return -ENOMEM;
	for (int i = -1; i < sk_X509_num(u->ra_chain); i++) {
		X509 *cert = i < 0 ? u->ra_cert : sk_X509_value(u->ra_chain, i);
		size_t at = u->protection.n_certs;

		if (i >= 0 && (X509_get_extension_flags(cert) & EXFLAG_SS))
			continue;
		if (certificate_encode(cert, &u->ra_certs[at]) < 0)
			return -ENOMEM;
		u->ra_views[at] = octets_view(&u->ra_certs[at]);
		u->protection.n_certs++;
	}
	u->protection.certs = u->ra_views;
	return 0;
}

static int protection_prepare(const struct conf_ca *conf, struct upstream *u)
{
	struct upstream_protection *p = &u->protection;
	struct certificate_view view;
	int err;

	if (u->recipient)
		p->recipient = name_der(u->recipient);
	if (!u->ra_cert) {
		p->secret = octets_view(&u->ra_secret);
		p->kid = bytes_of_string(conf->ra_reference);
		return 0;
	}
	err = ra_certs_keep(u);
	if (err == 0)
		err = certificate_view(u->ra_views[0], &view);
	if (err < 0)
		return err;
	p->name = view.subject;
	if (certificate_ski(&view, &p->kid) < 0)
		p->kid = BYTES_NULL;
	return 0;
}

static int forwarding_check(const struct conf_ca *conf, const struct upstream *u,
			    struct strbuf *problems)
{
	/* RFC 9483 5.2.2.1: "apply signature-based protection" */
	if (conf->forwarding != CONF_FORWARDING_REISSUE && !u->ra_cert)
		return ca_problem(problems, conf, "forwarding",
				  "needs ra_certificate with ra_key, unless it is reissue");
	return 0;
}

static int trust_load(const struct conf_ca *conf, struct upstream *u, struct strbuf *problems)
{
	int err = certificates_load(conf, "trusted", conf->trusted, &u->trusted, problems);

	if (err == 0 && conf->server_certificate)
		err = certificates_load(conf, "server_certificate", conf->server_certificate,
					&u->pinned, problems);
	if (err < 0)
		return err;
	u->trust = answer_trust_new(u->trusted);
	return u->trust ? 0 : -ENOMEM;
}

/* --- the whole --- */

static int transfer_http(void *arg, const struct ca_transfer_options *options, struct bytes request,
			 struct octets *answerp)
{
	return ca_transfer(options, request, answerp);
}

void ca_set_transfer(struct ca *ca, exchange_transfer *transfer, void *arg)
{
	ca->upstream->transfer = transfer;
	ca->upstream->transfer_arg = arg;
}

static int lock_init(struct upstream *u)
{
	pthread_condattr_t monotonic;
	int err;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	err = pthread_cond_init(&u->left, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&u->lock, NULL);
	return -err;
}

/* Random: after a restart, and after a reload while the one before is at work, it is another one.
 */
static int claimant_make(int64_t *claimantp)
{
	uint64_t random;

	if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
		return -EIO;
	*claimantp = (int64_t)(random >> 1) | 1;
	return 0;
}

int upstream_new(const struct ca *ca, struct upstream **upstreamp, struct strbuf *problems)
{
	const struct conf_ca *conf = ca->conf;
	struct upstream *u = calloc(1, sizeof(*u));
	int err, credential, names, trust;

	if (!u)
		return -ENOMEM;
	u->transfer = transfer_http;
	err = lock_init(u);
	u->slot = calloc(conf->upstream_workers + 1, sizeof(*u->slot));
	if (err == 0 && !u->slot)
		err = -ENOMEM;
	if (err == 0)
		err = ca_connections_new(conf->upstream_workers + 1, &u->connections);
	if (err == 0 && store_is_shared(ca->set->store))
		err = claimant_make(&u->claimant);
	if (err == 0) {
		trust = trust_load(conf, u, problems);
		credential = ra_credential_load(conf, u, problems);
		names = names_load(conf, u, problems);
		err = trust ? trust : credential ? credential : names;
		if (err == 0)
			err = forwarding_check(conf, u, problems);
		if (err == 0)
			err = protection_prepare(conf, u);
	}
	if (err < 0) {
		upstream_free(u);
		return err;
	}
	*upstreamp = u;
	return 0;
}

void upstream_free(struct upstream *u)
{
	if (!u)
		return;
	X509_free(u->ra_cert);
	sk_X509_pop_free(u->ra_chain, X509_free);
	sk_X509_pop_free(u->trusted, X509_free);
	sk_X509_pop_free(u->pinned, X509_free);
	X509_STORE_free(u->trust);
	octets_clear_secret(&u->ra_secret);
	ca_connections_free(u->connections);
	for (size_t i = 0; i < u->protection.n_certs; i++)
		octets_clear(&u->ra_certs[i]);
	free(u->ra_certs);
	free(u->ra_views);
	signer_free(u->signer);
	pthread_cond_destroy(&u->left);
	pthread_mutex_destroy(&u->lock);
	free(u->slot);
	free(u);
}
