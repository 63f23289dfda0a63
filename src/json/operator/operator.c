// SPDX-License-Identifier: Apache-2.0
/*
 * Routes of the admin API: hands each request to its endpoint, one file a resource, and logs it.
 * What endpoints share is below them, in call.c and page.c.
 */
#include "call.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/*
 * Body of a request in octets: 10000 subjectIds of 255 octets and their quotes fit. It is the
 * operator's own socket, so that this bounds mistakes and not attackers.
 */
enum { OPERATOR_BODY_MAX = 4 << 20 };

enum { OPERATOR_ROUTES_MAX = 40 };

/* An endpoint bound to its door: what a route hands to the handler. */
struct operator_binding {
	struct json_operator *door;
	operator_endpoint *endpoint;
};

struct json_operator {
	json_worker_of *worker_of;
	const struct clock_source *clock;
	struct lcm *lcm;
	struct json_process process;
	struct operator_binding bindings[OPERATOR_ROUTES_MAX];
	struct http_route routes[OPERATOR_ROUTES_MAX];
	size_t n_routes;
};

static const struct {
	const char *path;
	unsigned methods;
	operator_endpoint *endpoint;
} endpoints[] = {
	{"/v1/registrations", HTTP_GET | HTTP_POST | HTTP_PATCH | HTTP_DELETE,
	 operator_registrations},
	{"/v1/registrations/deregister", HTTP_POST, operator_deregister},
	{"/v1/registrations/move", HTTP_POST, operator_move},
	{"/v1/certificates", HTTP_GET, operator_certificates},
	{"/v1/certificates/*", HTTP_GET | HTTP_POST, operator_certificate},
	{"/v1/clients", HTTP_GET | HTTP_POST, operator_clients},
	{"/v1/clients/*", HTTP_GET | HTTP_POST | HTTP_PATCH | HTTP_DELETE, operator_client},
	{"/v1/transactions", HTTP_GET, operator_transactions},
	{"/v1/transactions/*", HTTP_GET, operator_transaction},
	{"/v1/subscriptions", HTTP_GET, operator_subscriptions},
	{"/v1/subscriptions/*", HTTP_GET | HTTP_DELETE, operator_subscription},
	{"/v1/announcements", HTTP_GET, operator_announcements},
	{"/v1/announcements/*", HTTP_GET, operator_announcement},
	{"/v1/cas", HTTP_GET, operator_cas},
	{"/v1/audit", HTTP_GET, operator_audit},
	{"/v1/status", HTTP_GET, operator_status},
	{"/v1/nodes", HTTP_GET, operator_nodes},
	{"/v1/reload", HTTP_POST, operator_reload},
	{"/v1/tidy", HTTP_POST, operator_tidy},
	{"/v1/secret-key", HTTP_GET | HTTP_POST, operator_secret_key},
	{"/v1/audit/verify", HTTP_GET, operator_audit_verify},
	{"/v1/audit/chains", HTTP_GET, operator_audit_chains},
	{"/v1/audit/heads", HTTP_POST, operator_audit_heads},
	{"/v1/vnfms", HTTP_GET, operator_vnfms},
	{"/v1/vnfms/*", HTTP_POST | HTTP_DELETE, operator_vnfm},
	{"/v1/vnfs", HTTP_GET, operator_vnfs},
	{"/v1/vnfcs", HTTP_GET, operator_vnfcs},
};

/* --- handler --- */

/* Of the process at the socket, as it is called now; NULL: none. */
static char *user_name(const struct http_request *request)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (!request->has_uid ||
	    getpwuid_r(request->uid, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
		return NULL;
	return strdup(found->pw_name);
}

static void operator_serve(void *arg, struct worker *worker, const struct http_request *request,
			   struct http_response *response)
{
	const struct operator_binding *binding = arg;
	struct operator_call call = {.door = binding->door,
				     .request = request,
				     .response = response,
				     .lcm = binding->door->lcm,
				     .process = &binding->door->process,
				     .now_ms = clock_now_ms(binding->door->clock)};
	struct json_service service;
	char id[REQUEST_ID_SIZE];
	int status, err;

	call.worker = binding->door->worker_of(worker, &service);
	call.cmf = service.cmf;
	call.inventory = service.inventory;
	call.user = user_name(request);
	err = json_query_parse(request->query, &call.query);
	if (err == -EINVAL)
		status = operator_problem(&call, 400, "the query of the URL is malformed");
	else if (err)
		status = operator_fault(&call, err);
	else
		status = binding->endpoint(&call);
	json_query_clear(&call.query);
	request_id_text(request->id, id);
	log_event(LOG_LEVEL_INFO, "admin", F_TEXT("id", id[0] ? id : NULL),
		  F_INT("conn", (int64_t)request->connection),
		  F_INT("uid", request->has_uid ? (int64_t)request->uid : -1),
		  F_TEXT("user", call.user), F_TEXT("method", http_method_name(request->method)),
		  F_TEXT("path", request->path), F_INT("status", status),
		  F_TEXT("reason", call.reason),
		  F_INT("us", clock_monotonic_us() - request->received_us));
	free(call.user);
}

int json_operator_new(json_worker_of *worker_of, const struct clock_source *clock, struct lcm *lcm,
		      const struct json_process *process, struct json_operator **doorp)
{
	struct json_operator *door = calloc(1, sizeof(*door));

	if (!door)
		return -ENOMEM;
	door->worker_of = worker_of;
	door->clock = clock;
	door->lcm = lcm;
	door->process = *process;
	door->n_routes = ARRAY_LEN(endpoints);
	static_assert(ARRAY_LEN(endpoints) <= OPERATOR_ROUTES_MAX, "room for all routes");
	for (size_t i = 0; i < door->n_routes; i++) {
		door->bindings[i] = (struct operator_binding){door, endpoints[i].endpoint};
		door->routes[i] = (struct http_route){.groups = HTTP_ADMIN,
						      .path = endpoints[i].path,
						      .methods = endpoints[i].methods,
						      .content_type = "application/json",
						      .body_max = OPERATOR_BODY_MAX,
						      .handler = operator_serve,
						      .arg = &door->bindings[i]};
	}
	*doorp = door;
	return 0;
}

void json_operator_free(struct json_operator *door)
{
	free(door);
}

const struct http_route *json_operator_routes(const struct json_operator *door, size_t *np)
{
	*np = door->n_routes;
	return door->routes;
}
