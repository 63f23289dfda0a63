// SPDX-License-Identifier: Apache-2.0
/*
 * Which path leads where, and the two routes that need no module of their own: CMP (RFC 6712, RFC
 * 9811) and CRLs.
 */
#include "daemon.h"

#include <errno.h>
#include <string.h>

/* The path behind /.well-known/cmp/, RFC 9811 3.3: [p/<profile>[/]][<operation>]. */
struct cmp_labels {
	const char *profile; /* NULL: none; not NUL-terminated */
	size_t profile_len;
	const char *operation; /* NULL: none */
};

static bool cmp_labels_parse(const char *rest, struct cmp_labels *labels)
{
	*labels = (struct cmp_labels){.operation = *rest ? rest : NULL};
	if (strncmp(rest, "p/", 2) == 0) {
		labels->profile = rest + 2;
		labels->profile_len = strcspn(labels->profile, "/");
		labels->operation = labels->profile[labels->profile_len] == '/'
					    ? labels->profile + labels->profile_len + 1
					    : NULL;
		if (labels->profile_len == 0)
			return false;
	}
	return !labels->operation || cmp_operation_label_known(labels->operation);
}

static bool cmp_path_ok(const char *rest)
{
	struct cmp_labels labels;

	return cmp_labels_parse(rest, &labels);
}

/* RFC 9811 3.1: a CMP answer is 200; 3.5: announcements have a status of their own, and no body. */
static int cmp_status(enum cmp_delivery delivery)
{
	switch (delivery) {
	case CMP_ANSWERED:
		return 200;
	case CMP_NOT_A_MESSAGE:
	case CMP_ANNOUNCEMENT_REFUSED:
		return 400;
	case CMP_ANNOUNCEMENT_STORED:
		return 201;
	case CMP_ANNOUNCEMENT_FORBIDDEN:
		return 403;
	case CMP_BUSY:
	case CMP_ANNOUNCEMENT_UNAVAILABLE:
		return 503;
	case CMP_ANNOUNCEMENT_FAILED:
		break;
	}
	return 500;
}

static void cmp_serve(void *arg, struct worker *worker, const struct http_request *request,
		      struct http_response *response)
{
	struct service *service = worker_service(worker);
	_cleanup_(freep) char *profile = NULL;
	struct cmp_exchange exchange = {.request = request->body,
					.peer = request->peer,
					.network = request->network,
					.connection = request->connection,
					.received_us = request->received_us};
	struct spliced answer;
	struct cmp_labels labels;
	enum cmp_delivery delivery;

	response->status = 500;
	if (!cmp_labels_parse(request->path_rest, &labels))
		return; /* cmp_path_ok() has seen it */
	if (labels.profile) {
		profile = strndup(labels.profile, labels.profile_len);
		if (!profile)
			return;
	}
	exchange.profile_label = profile;
	exchange.operation_label = labels.operation;
	if (cmp_door_serve_spliced(service->door, &worker->own, &exchange, &answer, &delivery) < 0)
		return;
	response->body = answer.own;
	response->part = answer.part;
	response->part_at = answer.at;
	response->status = cmp_status(delivery);
	response->retry_after = response->status == 503;
	if (response->body.len)
		response->content_type = "application/pkixcmp";
}

/* /crl/<ca>.crl */
static bool crl_path_ok(const char *rest)
{
	size_t len = strlen(rest);

	return len > 4 && !strchr(rest, '/') && strcmp(rest + len - 4, ".crl") == 0;
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
	_cleanup_(freep) char *name = strndup(request->path_rest, strlen(request->path_rest) - 4);
	_cleanup_(ca_crl_clear) struct ca_crl crl = {0};
	struct ca *ca = name ? ca_find(worker_service(worker)->cas, name) : NULL;
	int err = -ENOMEM;

	if (ca)
		err = ca_crl_newest(ca, worker->own.reader, &crl);
	else if (name)
		err = crl_of_old_ca(worker, name, &response->body);
	if (err != 0) {
		response->status = err == STORE_NOT_FOUND ? 404 : err == -ESTALE ? 503 : 500;
		return;
	}
	response->content_type = "application/pkix-crl";
	response->part = TAKE(crl.der);
}

int routes_new(struct daemon *daemon, struct http_route **routesp, size_t *np)
{
	static const char cmp[] = "application/pkixcmp";
	const struct http_route own[] = {
		{HTTP_PUBLIC, "/.well-known/cmp", HTTP_POST, cmp, 0, cmp_serve, NULL, NULL},
		{HTTP_PUBLIC, "/.well-known/cmp/*", HTTP_POST, cmp, 0, cmp_serve, NULL,
		 cmp_path_ok},
		{HTTP_PUBLIC, "/", HTTP_POST, cmp, 0, cmp_serve, NULL, NULL},
		{HTTP_PUBLIC, "/crl/*", HTTP_GET, NULL, 0, crl_serve, NULL, crl_path_ok},
		{HTTP_METRICS, "/metrics", HTTP_GET, NULL, 0, observe_metrics, daemon, NULL},
		{HTTP_METRICS, "/healthz", HTTP_GET, NULL, 0, observe_health, daemon, NULL},
		{HTTP_METRICS, "/readyz", HTTP_GET, NULL, 0, observe_ready, daemon, NULL},
	};
	size_t n_admin, n_nfv;
	const struct http_route *admin = json_operator_routes(daemon->json_operator, &n_admin);
	const struct http_route *nfv = json_nfv_routes(daemon->json_nfv, &n_nfv);
	struct http_route *routes = calloc(ARRAY_LEN(own) + n_admin + n_nfv, sizeof(*routes));

	if (!routes)
		return -ENOMEM;
	memcpy(routes, own, sizeof(own));
	memcpy(routes + ARRAY_LEN(own), admin, n_admin * sizeof(*admin));
	memcpy(routes + ARRAY_LEN(own) + n_admin, nfv, n_nfv * sizeof(*nfv));
	*routesp = routes;
	*np = ARRAY_LEN(own) + n_admin + n_nfv;
	return 0;
}
