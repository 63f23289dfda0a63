// SPDX-License-Identifier: Apache-2.0
/*
 * The server as a whole: listeners, loops, reload, drain.
 */
#include "http_private.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* What libevent has to say goes into our log. */
static void libevent_log(int severity, const char *message)
{
	log_event(severity >= EVENT_LOG_WARN ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "libevent",
		  F_TEXT("message", message));
}

/* Listeners of one key. */
struct listener_kind {
	const struct conf_addresses *addresses;
	const char *key; /* with its section */
	unsigned groups;
	unsigned loopback_groups; /* also, on loopback addresses */
	bool tls;
	unsigned mode;
};

static int listener_add(struct http_server *server, const struct conf_address *address,
			const struct listener_kind *kind, struct strbuf *problems)
{
	struct http_listener *listener = &server->listeners[server->n_listeners++];

	*listener = (struct http_listener){.fd = -1, .groups = kind->groups, .tls = kind->tls};
	if (conf_address_is_loopback(address))
		listener->groups |= kind->loopback_groups;
	return http_listener_open(address, kind->key, kind->mode, listener, problems);
}

static int listeners_add(struct http_server *server, const struct listener_kind *kind,
			 struct strbuf *problems)
{
	int result = 0;

	for (size_t i = 0; i < kind->addresses->len; i++) {
		int err = listener_add(server, &kind->addresses->item[i], kind, problems);

		if (err < 0 && result == 0)
			result = err;
	}
	return result;
}

/* For the callback of a VNFM alone; https where that is told to it. */
static int callback_listeners_add(struct http_server *server, const struct conf_vnfm *vnfm,
				  struct strbuf *problems)
{
	const bool tls = strncmp(vnfm->callback_uri, "https:", 6) == 0;
	char key[256];
	const struct listener_kind kind = {&vnfm->callback_listen, key, HTTP_LCM, 0, tls, 0666};

	snprintf(key, sizeof(key), "[vnfm %s] callback_listen", vnfm->name);
	return listeners_add(server, &kind, problems);
}

/* Tries all, so that all problems are told at once. */
static int listeners_open(struct http_server *server, const struct conf *all,
			  struct strbuf *problems)
{
	const struct conf_server *conf = &all->server;
	struct conf_address admin = {.host = conf->admin_socket, .is_unix = true};
	struct conf_addresses admins = {&admin, conf->admin_socket ? 1 : 0};
	/* The JSON door is where CMP is, but never on a wire without TLS, unless it has its own. */
	unsigned nfv = conf->listen_nfv.len > 0 ? 0 : HTTP_NFV;
	const struct listener_kind kinds[] = {
		{&conf->listen, "[server] listen", HTTP_PUBLIC, nfv, false, 0666},
		{&conf->listen_tls, "[server] listen_tls", HTTP_PUBLIC | nfv, 0, true, 0666},
		{&conf->listen_nfv, "[server] listen_nfv", HTTP_NFV, 0,
		 conf->tls_certificate != NULL, 0666},
		{&conf->listen_metrics, "[server] listen_metrics", HTTP_METRICS, 0, false, 0666},
		{&conf->explain_listen, "[server] explain_listen", HTTP_EXPLAIN, 0, false, 0666},
		{&admins, "[server] admin_socket", HTTP_ADMIN, 0, false, conf->admin_socket_mode},
	};
	size_t n = 0;
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		n += kinds[i].addresses->len;
	for (size_t i = 0; i < all->n_vnfms; i++)
		n += all->vnfms[i].callback_listen.len;
	server->listeners = calloc(n ? n : 1, sizeof(*server->listeners));
	if (!server->listeners)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		int err = listeners_add(server, &kinds[i], problems);

		if (err < 0 && result == 0)
			result = err;
	}
	for (size_t i = 0; i < all->n_vnfms; i++) {
		int err = callback_listeners_add(server, &all->vnfms[i], problems);

		if (err < 0 && result == 0)
			result = err;
	}
	return result;
}

static int server_init(struct http_server *server, const struct conf *conf, struct strbuf *problems)
{
	size_t n_public = conf->server.io_threads ? conf->server.io_threads : 1;
	const struct http_tls_fallback none = {NULL};
	/* With TLS alone nobody could be served. */
	int err, settings_r = http_settings_new(conf, conf->server.listen.len > 0 ? &none : NULL,
						&server->settings, problems);

	err = listeners_open(server, conf, problems);
	if (settings_r < 0)
		return settings_r;
	if (err < 0)
		return err;
	server->census_public = http_census_new();
	server->census_local = http_census_new();
	/* One more for the operator and for what watches: TLS handshakes take time on a loop. */
	server->loops = calloc(n_public + 1, sizeof(*server->loops));
	if (!server->census_public || !server->census_local || !server->loops)
		return -ENOMEM;
	while (server->n_loops <= n_public && err == 0) {
		unsigned groups =
			server->n_loops < n_public ? HTTP_OF_OTHERS : HTTP_ADMIN | HTTP_METRICS;

		err = http_loop_init(&server->loops[server->n_loops++], server, groups);
	}
	return err;
}

int http_server_new(const struct conf *conf, const struct http_route *routes, size_t n_routes,
		    const struct http_pools *pools, struct metrics *metrics,
		    struct http_server **serverp, struct strbuf *problems)
{
	_cleanup_(http_server_freep) struct http_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	event_set_log_callback(libevent_log);
	server->routes = routes;
	server->n_routes = n_routes;
	server->pools = *pools;
	server->metrics = metrics;
	/* So that no number is one of a server that ran before. */
	atomic_init(&server->requests_made, (uint64_t)time(NULL) << 32);
	err = server_init(server, conf, problems);
	if (err == -ENOMEM)
		strbuf_add(problems, "[server] out of memory\n");
	if (err < 0)
		return err;
	*serverp = TAKE(server);
	return 0;
}

int http_server_start(struct http_server *server)
{
	for (size_t i = 0; i < server->n_loops; i++) {
		int err = http_loop_start(&server->loops[i]);

		if (err < 0)
			return log_fault("start I/O loop", err, NULL);
		server->running = true;
	}
	return 0;
}

void http_server_drain(struct http_server *server, int64_t drain_ms)
{
	if (!server->running)
		return;
	server->running = false;
	for (size_t i = 0; i < server->n_listeners; i++)
		http_listener_close(&server->listeners[i]);
	for (size_t i = 0; i < server->n_loops; i++)
		http_loop_drain(&server->loops[i], drain_ms);
	for (size_t i = 0; i < server->n_loops; i++)
		http_loop_join(&server->loops[i]);
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	http_server_drain(server, 0);
	for (size_t i = 0; i < server->n_loops; i++)
		http_loop_clear(&server->loops[i]);
	for (size_t i = 0; i < server->n_listeners; i++)
		http_listener_close(&server->listeners[i]);
	free(server->loops);
	free(server->listeners);
	http_census_free(server->census_public);
	http_census_free(server->census_local);
	http_settings_unref(server->settings);
	free(server);
}

int http_server_reload(struct http_server *server, const struct conf *conf, struct strbuf *problems)
{
	struct http_settings *settings;
	const struct http_tls_fallback fallback = {server->settings->tls};
	int err = http_settings_new(conf, &fallback, &settings, problems);

	if (err < 0)
		return err;
	http_settings_unref(server->settings);
	server->settings = settings;
	for (size_t i = 0; i < server->n_loops; i++)
		http_loop_reload(&server->loops[i], settings);
	return 0;
}

uint16_t http_server_port(const struct http_server *server, enum http_group group, bool tls)
{
	for (size_t i = 0; i < server->n_listeners; i++) {
		const struct http_listener *listener = &server->listeners[i];

		if ((listener->groups & group) && listener->tls == tls && listener->port != 0)
			return listener->port;
	}
	return 0;
}

void http_server_listeners(const struct http_server *server, struct strbuf *out)
{
	for (size_t i = 0; i < server->n_listeners; i++) {
		const struct http_listener *listener = &server->listeners[i];
		const char *scheme = listener->unix_path ? "unix:"
				     : listener->tls     ? "https://"
							 : "http://";

		strbuf_printf(out, "%s%s%s", i > 0 ? " " : "", scheme,
			      listener->text ? listener->text : "");
	}
}
