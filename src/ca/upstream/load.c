// SPDX-License-Identifier: Apache-2.0
/* The upstream CA of the configuration: credentials and pinned names, checked at start. */
#include "keys/credential.h"
#include "upstream.h"

#include <errno.h>
#include <openssl/err.h>
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

	return err < 0 ? ca_problem(problems, conf, key, "cannot read %s: %s", path, strerror(-err))
		       : 0;
}

static int ra_signature_load(const struct conf_ca *conf, struct upstream *u,
			     struct strbuf *problems)
{
	const struct key_source key = {conf->ra_key, conf->ra_passphrase_file};
	int err;

	if (!conf->ra_key)
		return ca_problem(problems, conf, "ra_key", "ra_certificate needs this key");
	err = certificates_load(conf, "ra_certificate", conf->ra_certificate, &u->ra_chain,
				problems);
	if (err < 0)
		return err;
	u->ra_cert = sk_X509_shift(u->ra_chain);
	err = credential_key_read(&key, &u->ra_key);
	if (err < 0)
		return ca_problem(problems, conf, "ra_key", "cannot read %s: %s", conf->ra_key,
				  credential_error_text(err));
	if (X509_check_private_key(u->ra_cert, u->ra_key) != 1)
		return ca_problem(problems, conf, "ra_key", "does not belong to ra_certificate");
	return 0;
}

static int ra_credential_load(const struct conf_ca *conf, struct upstream *u,
			      struct strbuf *problems)
{
	int err;

	if (conf->ra_certificate)
		return ra_signature_load(conf, u, problems);
	if (!conf->ra_reference || !conf->ra_secret_file)
		return ca_problem(problems, conf, "ra_certificate",
				  "with ra_key, or ra_reference with ra_secret_file is required");
	err = credential_secret_read(conf->ra_secret_file, &u->ra_secret);
	return err < 0 ? ca_problem(problems, conf, "ra_secret_file", "cannot read %s: %s",
				    conf->ra_secret_file, strerror(-err))
		       : 0;
}

/* What the door needs to protect messages of clients with it. */
static int protection_prepare(struct upstream *u)
{
	int n = 1 + sk_X509_num(u->ra_chain);
	struct certificate_view view;
	struct bytes kid;
	int err;

	u->ra_certs = calloc((size_t)n, sizeof(*u->ra_certs));
	u->ra_views = calloc((size_t)n, sizeof(*u->ra_views));
	if (!u->ra_certs || !u->ra_views)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		X509 *cert = i == 0 ? u->ra_cert : sk_X509_value(u->ra_chain, i - 1);
		uint8_t *der = NULL;
		int len = i2d_X509(cert, &der);

		err = len > 0 ? octets_dup((struct bytes){der, (size_t)len}, &u->ra_certs[i])
			      : -ENOMEM;
		OPENSSL_free(der);
		if (err < 0)
			return err;
		u->ra_views[i] = octets_view(&u->ra_certs[i]);
		u->protection.n_certs++;
	}
	err = certificate_view(u->ra_views[0], &view);
	if (err == 0)
		err = octets_dup(view.subject, &u->ra_name);
	if (err == 0 && certificate_ski(&view, &kid) == 0)
		err = octets_dup(kid, &u->ra_kid);
	if (err == 0)
		err = signer_new(u->ra_key, "sha256", &u->signer);
	u->protection.signer = u->signer;
	u->protection.name = octets_view(&u->ra_name);
	u->protection.kid = octets_view(&u->ra_kid);
	u->protection.certs = u->ra_views;
	return err;
}

static void recipient_prepare(struct upstream *u)
{
	const unsigned char *der;
	size_t len;

	if (u->recipient && X509_NAME_get0_der(u->recipient, &der, &len))
		u->protection.recipient = (struct bytes){der, len};
}

static int forwarding_load(const struct conf_ca *conf, struct upstream *u, struct strbuf *problems)
{
	if (conf->forwarding == CONF_FORWARDING_REISSUE)
		return 0;
	/* RFC 9483 5.2.2.1: "apply signature-based protection" */
	if (!u->ra_cert || !u->ra_key)
		return ca_problem(problems, conf, "forwarding",
				  "needs ra_certificate with ra_key, unless it is reissue");
	recipient_prepare(u);
	return protection_prepare(u) < 0
		       ? ca_problem(problems, conf, "ra_certificate", "cannot be used for it")
		       : 0;
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

int upstream_new(const struct ca *ca, struct upstream **upstreamp, struct strbuf *problems)
{
	const struct conf_ca *conf = ca->conf;
	struct upstream *u = calloc(1, sizeof(*u));
	int err, credential, names;

	if (!u)
		return -ENOMEM;
	u->transfer = transfer_http;
	err = lock_init(u);
	u->slot = calloc(conf->upstream_workers + 1, sizeof(*u->slot));
	if (err == 0 && !u->slot)
		err = -ENOMEM;
	if (err == 0)
		err = ca_connections_new(conf->upstream_workers + 1, &u->connections);
	if (err == 0) {
		err = certificates_load(conf, "trusted", conf->trusted, &u->trusted, problems);
		credential = ra_credential_load(conf, u, problems);
		names = names_load(conf, u, problems);
		if (err == 0 && conf->server_certificate)
			err = certificates_load(conf, "server_certificate",
						conf->server_certificate, &u->pinned, problems);
		err = err ? err : credential ? credential : names;
		if (err == 0)
			err = forwarding_load(conf, u, problems);
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
	EVP_PKEY_free(u->ra_key);
	octets_clear_secret(&u->ra_secret);
	ca_connections_free(u->connections);
	for (size_t i = 0; i < u->protection.n_certs; i++)
		octets_clear(&u->ra_certs[i]);
	free(u->ra_certs);
	free(u->ra_views);
	octets_clear(&u->ra_name);
	octets_clear(&u->ra_kid);
	signer_free(u->signer);
	pthread_cond_destroy(&u->left);
	pthread_mutex_destroy(&u->lock);
	free(u->slot);
	free(u);
}
