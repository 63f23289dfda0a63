// SPDX-License-Identifier: Apache-2.0
/*
 * What a reload may change: limits, time-outs and TLS credentials. Who uses them is not for here.
 */
#include "http_private.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

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

/* What TLS listeners need; where they are not all there is, the others go on without, and
 * `problems` says so. */
static int tls_load(const struct conf_server *conf, const struct http_tls_fallback *fallback,
		    SSL_CTX **ctxp, struct strbuf *problems)
{
	_cleanup_(strbuf_clear) struct strbuf found = STRBUF_NULL;
	int err = http_tls_load(conf, ctxp, &found);

	if (err == -ENOKEY && fallback) {
		const char *effect = fallback->before
					     ? "the certificate from before the reload stays"
					     : "nobody is served over TLS";

		if (found.text)
			found.text[strcspn(found.text, "\n")] = '\0';
		log_event(LOG_LEVEL_ERROR, "tls_unfit", F_TEXT("problem", found.text),
			  F_TEXT("effect", effect));
		strbuf_printf(problems, "%s: %s\n", found.text ? found.text : "", effect);
		if (fallback->before && SSL_CTX_up_ref(fallback->before) == 1)
			*ctxp = fallback->before;
		return 0;
	}
	if (found.text)
		strbuf_add(problems, found.text);
	return err;
}

int http_settings_new(const struct conf *conf, const struct http_tls_fallback *fallback,
		      struct http_settings **settingsp, struct strbuf *problems)
{
	_cleanup_(http_settings_unrefp) struct http_settings *settings =
		calloc(1, sizeof(*settings));
	int err;

	if (!settings)
		return -ENOMEM;
	atomic_init(&settings->references, 1);
	settings->body_max = conf->server.body_max;
	settings->json_body_max = conf->server.json_body_max;
	settings->header_max = conf->server.header_max;
	settings->idle_ms = conf->server.idle_timeout_ms;
	settings->request_ms = conf->server.request_timeout_ms;
	settings->connections_max = connections_possible(conf);
	if (ip_ranges_copy(&conf->server.proxy_protocol_from, &settings->proxy_from) < 0)
		return -ENOMEM;
	settings->connections_max_per_address = conf->server.connections_max_per_address;
	if (conf->server.listen_tls.len > 0 || conf->server.tls_certificate) {
		err = tls_load(&conf->server, fallback, &settings->tls, problems);
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

	return http_settings_new(conf, NULL, &settings, problems);
}
