// SPDX-License-Identifier: Apache-2.0
/*
 * Routes of the admin API: hands each request to its endpoint, one file a resource, and logs it.
 * What endpoints share is below them, in call.c and page.c.
 */
#include "call.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Body of a request in octets: 10000 subjectIds of 255 octets and their quotes fit. It is the
 * operator's own socket, so that this bounds mistakes and not attackers.
 */
enum { REST_BODY_MAX = 4 << 20 };

enum { REST_ROUTES_MAX = 16 };

/* An endpoint bound to its rest: what a route hands to the handler. */
struct rest_binding {
	struct rest *rest;
	rest_endpoint *endpoint;
};

struct rest {
	rest_worker_of *worker_of;
	const struct clock_source *clock;
	struct rest_binding bindings[REST_ROUTES_MAX];
	struct http_route routes[REST_ROUTES_MAX];
	size_t n_routes;
};

static const struct {
	const char *path;
	unsigned methods;
	rest_endpoint *endpoint;
} endpoints[] = {
	{"/v1/registrations", HTTP_GET | HTTP_POST | HTTP_DELETE, rest_registrations},
	{"/v1/certificates", HTTP_GET, rest_certificates},
	{"/v1/certificates/*", HTTP_GET | HTTP_POST, rest_certificate},
	{"/v1/clients", HTTP_GET | HTTP_POST, rest_clients},
	{"/v1/clients/*", HTTP_DELETE, rest_client},
	{"/v1/transactions", HTTP_GET, rest_transactions},
	{"/v1/transactions/*", HTTP_GET, rest_transaction},
	{"/v1/announcements", HTTP_GET, rest_announcements},
	{"/v1/announcements/*", HTTP_GET, rest_announcement},
	{"/v1/cas", HTTP_GET, rest_cas},
};

/* --- handler --- */

static const char *method_name(enum http_method method)
{
	switch (method) {
	case HTTP_GET:
		return "GET";
	case HTTP_POST:
		return "POST";
	case HTTP_DELETE:
		return "DELETE";
	case HTTP_PUT:
		return "PUT";
	}
	return "";
}

static void rest_serve(void *arg, struct worker *worker, const struct http_request *request,
		       struct http_response *response)
{
	const struct rest_binding *binding = arg;
	struct rest_call call = {.rest = binding->rest,
				 .request = request,
				 .response = response,
				 .now_ms = clock_now_ms(binding->rest->clock)};
	int status, err;

	call.worker = binding->rest->worker_of(worker, &call.cmf);
	err = rest_query_parse(request->query, &call.query);
	if (err == -EINVAL)
		status = rest_problem(&call, 400, "the query of the URL is malformed");
	else if (err)
		status = rest_fault(&call, err);
	else
		status = binding->endpoint(&call);
	rest_query_clear(&call.query);
	log_event(LOG_LEVEL_INFO, "admin", F_INT("conn", (int64_t)request->connection),
		  F_TEXT("method", method_name(request->method)), F_TEXT("path", request->path),
		  F_INT("status", status), F_TEXT("reason", call.reason),
		  F_INT("us", clock_monotonic_us() - request->received_us));
}

int rest_new(rest_worker_of *worker_of, const struct clock_source *clock, struct rest **restp)
{
	struct rest *rest = calloc(1, sizeof(*rest));

	if (!rest)
		return -ENOMEM;
	rest->worker_of = worker_of;
	rest->clock = clock;
	rest->n_routes = ARRAY_LEN(endpoints);
	static_assert(ARRAY_LEN(endpoints) <= REST_ROUTES_MAX, "room for all routes");
	for (size_t i = 0; i < rest->n_routes; i++) {
		rest->bindings[i] = (struct rest_binding){rest, endpoints[i].endpoint};
		rest->routes[i] = (struct http_route){.groups = HTTP_ADMIN,
						      .path = endpoints[i].path,
						      .methods = endpoints[i].methods,
						      .content_type = "application/json",
						      .body_max = REST_BODY_MAX,
						      .handler = rest_serve,
						      .arg = &rest->bindings[i]};
	}
	*restp = rest;
	return 0;
}

void rest_free(struct rest *rest)
{
	free(rest);
}

const struct http_route *rest_routes(const struct rest *rest, size_t *np)
{
	*np = rest->n_routes;
	return rest->routes;
}
