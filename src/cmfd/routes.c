// SPDX-License-Identifier: Apache-2.0
/*
 * Which path leads where, and what CAs publish, CRLs and their certificates, which needs no module
 * of its own. What lies behind the paths of CMP: cmp_route.c.
 */
#include "daemon.h"

#include <errno.h>
#include <string.h>

/* Of the suffixes of what is published. */
enum { SUFFIX_LEN = 4 };

static bool path_ends_with(const char *rest, const char *suffix)
{
	size_t len = strlen(rest);

	return len > SUFFIX_LEN && !strchr(rest, '/') &&
	       strcmp(rest + len - SUFFIX_LEN, suffix) == 0;
}

/* /crl/<ca>.crl */
static bool crl_path_ok(const char *rest)
{
	return path_ends_with(rest, ".crl");
}

/* /aia/<ca>.cer */
static bool certificate_path_ok(const char *rest)
{
	return path_ends_with(rest, ".cer");
}

/* Of a CA that is no longer in the configuration, for as long as anybody asks. */
static int crl_of_old_ca(struct worker *worker, const char *name, struct octets *derp)
{
	_cleanup_(store_crl_clear) struct store_crl row = {0};
	int err = store_crl_newest(worker->own.reader, name, &row);

	return err ? err : store_crl_octets(worker->own.reader, row.id, derp);
}

/* RFC 5280 4.2.1.13: a single DER encoded CRL. */
static void crl_serve(void *arg, struct worker *worker, const struct http_request *request,
		      struct http_response *response)
{
	_cleanup_(freep) char *name =
		strndup(request->path_rest, strlen(request->path_rest) - SUFFIX_LEN);
	_cleanup_(ca_crl_clear) struct ca_crl crl = {0};
	struct ca *ca = name ? ca_find(worker_service(worker)->cas, name) : NULL;
	int err = -ENOMEM;

	if (ca)
		err = ca_crl_newest(ca, worker->own.reader, &crl);
	else if (name)
		err = crl_of_old_ca(worker, name, &response->body);
	if (err != 0) {
		response->status = err == STORE_NOT_FOUND    ? 404
				   : store_fault_passes(err) ? 503
							     : 500;
		return;
	}
	response->content_type = "application/pkix-crl";
	response->part = TAKE(crl.der);
}

/* RFC 5280 4.2.2.1: a single DER encoded certificate, that of the CA in force. */
static void certificate_serve(void *arg, struct worker *worker, const struct http_request *request,
			      struct http_response *response)
{
	_cleanup_(freep) char *name =
		strndup(request->path_rest, strlen(request->path_rest) - SUFFIX_LEN);
	struct ca *ca = name ? ca_find(worker_service(worker)->cas, name) : NULL;
	const struct bytes *certs;

	if (!ca || ca_chain(ca, &certs) == 0) {
		response->status = name ? 404 : 500;
		return;
	}
	if (octets_dup(certs[0], &response->body) < 0) {
		response->status = 500;
		return;
	}
	response->content_type = "application/pkix-cert";
}

int routes_new(struct daemon *daemon, struct http_route **routesp, size_t *np)
{
	const struct http_route own[] = {
		{HTTP_PUBLIC, "/crl/*", HTTP_GET, NULL, 0, crl_serve, NULL, crl_path_ok},
		{HTTP_PUBLIC, "/aia/*", HTTP_GET, NULL, 0, certificate_serve, NULL,
		 certificate_path_ok},
		{HTTP_METRICS, "/metrics", HTTP_GET, NULL, 0, observe_metrics, daemon, NULL},
		{HTTP_METRICS, "/healthz", HTTP_GET, NULL, 0, observe_health, daemon, NULL},
		{HTTP_METRICS, "/readyz", HTTP_GET, NULL, 0, observe_ready, daemon, NULL},
		/* A form needs more than what is in it. */
		{.groups = HTTP_EXPLAIN,
		 .path = "/",
		 .body_max = 3 * (size_t)daemon->service->conf->server.body_max,
		 .handler = explain_serve,
		 .arg = daemon,
		 .whole = true},
	};
	struct {
		const struct http_route *route;
		size_t len;
	} parts[] = {{daemon->cmp_paths.route, daemon->cmp_paths.len},
		     {own, ARRAY_LEN(own)},
		     {0},
		     {0},
		     {0}};
	struct http_route *routes;
	size_t n = 0, len = 0;

	parts[2].route = json_operator_routes(daemon->json_operator, &parts[2].len);
	parts[3].route = json_nfv_routes(daemon->json_nfv, &parts[3].len);
	parts[4].route = lcm_routes(daemon->lcm, &parts[4].len);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		n += parts[i].len;
	routes = calloc(n, sizeof(*routes));
	if (!routes)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		memcpy(routes + len, parts[i].route, parts[i].len * sizeof(*routes));
		len += parts[i].len;
	}
	*routesp = routes;
	*np = n;
	return 0;
}
