// SPDX-License-Identifier: Apache-2.0
/*
 * What a reload may change: limits, time-outs and TLS credentials. Who uses them is not for here.
 */
#include "http_private.h"

#include "keys/credential.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/resource.h>

/* Adds a line with OpenSSL's own reason. Returns -EINVAL. */
static int tls_problem(struct strbuf *problems, const char *key, const char *path)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	strbuf_printf(problems, "[server] %s: %s: %s\n", key, path,
		      reason ? reason : "cannot be used");
	ERR_clear_error();
	return -EINVAL;
}

static int key_load(SSL_CTX *ctx, const struct conf_server *conf, struct strbuf *problems)
{
	const struct key_source source = {conf->tls_key, conf->tls_passphrase_file};
	EVP_PKEY *key = NULL;
	int err = credential_key_read(&source, &key);

	if (err < 0) {
		strbuf_printf(problems, "[server] tls_key: %s: %s\n", conf->tls_key,
			      credential_error_text(err));
		ERR_clear_error();
		return -EINVAL;
	}
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)
		err = tls_problem(problems, "tls_key", conf->tls_key);
	EVP_PKEY_free(key);
	return err;
}

/* Client certificates are asked for, not demanded; one that is sent must verify. */
static int client_ca_load(SSL_CTX *ctx, const char *path, struct strbuf *problems)
{
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);

	if (!names || SSL_CTX_load_verify_file(ctx, path) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return tls_problem(problems, "tls_client_ca", path);
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return 0;
}

static int tls_load(const struct conf_server *conf, SSL_CTX **ctxp, struct strbuf *problems)
{
	static const unsigned char session_context[] = "cmfd";
	SSL_CTX *ctx;
	int err = 0;

	if (!conf->tls_certificate || !conf->tls_key) {
		strbuf_add(problems, "[server] listen_tls: needs tls_certificate and tls_key\n");
		return -EINVAL;
	}
	ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		return -ENOMEM;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_session_id_context(ctx, session_context, sizeof(session_context) - 1) != 1)
		err = -ENOMEM;
	if (err == 0 && SSL_CTX_use_certificate_chain_file(ctx, conf->tls_certificate) != 1)
		err = tls_problem(problems, "tls_certificate", conf->tls_certificate);
	if (err == 0)
		err = key_load(ctx, conf, problems);
	if (err == 0 && conf->tls_client_ca)
		err = client_ca_load(ctx, conf->tls_client_ca, problems);
	if (err < 0) {
		SSL_CTX_free(ctx);
		return err;
	}
	*ctxp = ctx;
	return 0;
}

/* Descriptors that are left for others make accept() and the database go on under a flood. */
static uint32_t connections_possible(const struct conf *conf)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0
		       ? conf_connections_possible(conf, limit.rlim_cur)
		       : conf->server.connections_max;
}

static int ip_ranges_copy(const struct conf_ip_ranges *ranges, struct conf_ip_ranges *copy)
{
	if (ranges->len == 0)
		return 0;
	copy->item = calloc(ranges->len, sizeof(*copy->item));
	if (!copy->item)
		return -ENOMEM;
	memcpy(copy->item, ranges->item, ranges->len * sizeof(*copy->item));
	copy->len = ranges->len;
	return 0;
}

int http_settings_new(const struct conf *conf, struct http_settings **settingsp,
		      struct strbuf *problems)
{
	_cleanup_(http_settings_unrefp) struct http_settings *settings =
		calloc(1, sizeof(*settings));
	int err;

	if (!settings)
		return -ENOMEM;
	atomic_init(&settings->references, 1);
	settings->body_max = conf->server.body_max;
	settings->header_max = conf->server.header_max;
	settings->idle_ms = conf->server.idle_timeout_ms;
	settings->request_ms = conf->server.request_timeout_ms;
	settings->connections_max = connections_possible(conf);
	if (ip_ranges_copy(&conf->server.proxy_protocol_from, &settings->proxy_from) < 0)
		return -ENOMEM;
	settings->connections_max_per_address = conf->server.connections_max_per_address;
	if (conf->server.listen_tls.len > 0) {
		err = tls_load(&conf->server, &settings->tls, problems);
		if (err < 0)
			return err;
	}
	*settingsp = TAKE(settings);
	return 0;
}

struct http_settings *http_settings_ref(struct http_settings *settings)
{
	atomic_fetch_add(&settings->references, 1);
	return settings;
}

void http_settings_unref(struct http_settings *settings)
{
	if (!settings || atomic_fetch_sub(&settings->references, 1) != 1)
		return;
	SSL_CTX_free(settings->tls);
	free(settings->proxy_from.item);
	free(settings);
}

int http_conf_check(const struct conf *conf, struct strbuf *problems)
{
	_cleanup_(http_settings_unrefp) struct http_settings *settings = NULL;

	return http_settings_new(conf, &settings, problems);
}

size_t http_body_max(const struct http_server *server, const struct http_settings *settings,
		     enum http_group group)
{
	size_t max = settings->body_max;

	for (size_t i = 0; i < server->n_routes; i++)
		if ((server->routes[i].groups & group) && server->routes[i].body_max > max)
			max = server->routes[i].body_max;
	return max;
}
