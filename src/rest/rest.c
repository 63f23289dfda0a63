// SPDX-License-Identifier: Apache-2.0
/*
 * Routes of the admin API, and what all its endpoints share: beginning and ending a request,
 * problems, committing, pages.
 */
#include "call.h"
#include "encode.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Body of a request in octets: 10000 subjectIds of 255 octets and their quotes fit. It is the
 * operator's own socket, so that this bounds mistakes and not attackers.
 */
enum { REST_BODY_MAX = 4 << 20 };

/* How often a decision is made again after others changed what it rested on. */
enum { REST_ATTEMPTS = 8 };

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

/* --- ending a request --- */

/* Serialises body (taken over) into the response; out of memory leaves an empty 500. */
static int rest_answer(struct rest_call *call, int status, const char *type, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	if (!text)
		status = 500;
	call->response->status = status;
	call->response->content_type = type;
	call->response->body = (struct octets){(uint8_t *)text, text ? strlen(text) : 0};
	return status;
}

int rest_ok(struct rest_call *call, int status, json_t *body)
{
	return rest_answer(call, status, "application/json", body);
}

static const char *status_title(int status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 422:
		return "Unprocessable Content";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

static json_t *problem_json(int status, const char *detail)
{
	return json_pack("{s:s, s:i, s:s, s:o}", "type", "about:blank", "status", status, "title",
			 status_title(status), "detail", rest_text(detail));
}

static int rest_answer_problem(struct rest_call *call, int status, json_t *problem)
{
	if (status == 503)
		call->response->retry_after = 1;
	return rest_answer(call, status, "application/problem+json", problem);
}

int rest_problem(struct rest_call *call, int status, const char *detail)
{
	return rest_answer_problem(call, status, problem_json(status, detail));
}

int rest_method_refused(struct rest_call *call, const char *allow)
{
	call->response->allow = allow;
	return rest_problem(call, 405, "this method is not for this path");
}

/* RFC 9110 status that says most nearly what a failInfo says. */
static int status_of_failinfo(int failinfo)
{
	switch (failinfo) {
	case FAIL_NOT_AUTHORIZED:
		return 403;
	case FAIL_BAD_CERT_ID:
		return 404;
	case FAIL_CERT_REVOKED:
	case FAIL_TRANSACTION_ID_IN_USE:
		return 409;
	case FAIL_SYSTEM_UNAVAIL:
		return 503;
	case FAIL_SYSTEM_FAILURE:
		return 500;
	default:
		return 422;
	}
}

int rest_refusal(struct rest_call *call, const struct refusal *refusal)
{
	int status = status_of_failinfo(refusal->failinfo);
	json_t *problem;
	char text[400];

	/* The operator may know what a client is not told. */
	snprintf(text, sizeof(text), refusal->detail ? "%s: %s" : "%s", refusal_words(refusal),
		 refusal->detail);
	problem = problem_json(status, text);
	call->reason = refusal_code(refusal->reason);
	if (problem && refusal->failinfo >= 0)
		json_object_set_new(problem, "failInfo",
				    json_string(failinfo_name(refusal->failinfo)));
	if (problem)
		json_object_set_new(problem, "reason", json_string(call->reason));
	return rest_answer_problem(call, status, problem);
}

int rest_fault(struct rest_call *call, int err)
{
	switch (err) {
	case STORE_NOT_FOUND:
		return rest_problem(call, 404, "there is nothing of that number");
	case STORE_CONFLICT:
		return rest_problem(call, 409, "somebody else changed it at the same time");
	case -ENOSPC:
		return rest_problem(call, 503, "the disk of the server is full");
	case -ESTALE:
		return rest_problem(call, 503,
				    "the database of the server is gone, or another "
				    "file is in its place");
	default:
		return rest_problem(call, 500, "the server failed; its log says why");
	}
}

/* --- what endpoints share --- */

int rest_commit(struct rest_call *call, rest_decide *decide, void *arg, struct refusal *refusal)
{
	struct store_unit *unit = call->worker->unit;
	int err = STORE_CONFLICT;

	for (int i = 0; i < REST_ATTEMPTS && err == STORE_CONFLICT; i++) {
		store_unit_clear(unit);
		err = decide(call, arg, refusal);
		if (err) {
			store_unit_clear(unit);
			return err;
		}
		err = store_unit_commit(unit);
	}
	return err;
}

json_t *rest_body(const struct rest_call *call, char *detail, size_t size)
{
	struct bytes body = call->request->body;
	json_error_t error;
	json_t *json =
		json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &error);

	if (!json) {
		snprintf(detail, size, "the body is no JSON: line %d: %s", error.line, error.text);
		return NULL;
	}
	if (!json_is_object(json)) {
		snprintf(detail, size, "the body must be a JSON object");
		json_decref(json);
		return NULL;
	}
	return json;
}

struct cmf_call rest_cmf_call(const struct rest_call *call, const struct cmf_principal *who,
			      struct refusal *refusal)
{
	return cmf_call_now(call->cmf, call->worker, who, refusal);
}

struct cmf_principal rest_operator(const struct rest_call *call, char *trust_domain)
{
	return (struct cmf_principal){.kind = CMF_PRINCIPAL_ADMIN,
				      .name = (char *)"cmfctl",
				      .trust_domain = trust_domain,
				      .policy = conf_client_policy_find(cmf_conf(call->cmf), NULL),
				      .permissions = STORE_MAY_REGISTER | STORE_MAY_REQUEST |
						     STORE_MAY_REVOKE | STORE_IS_OPERATOR};
}

/* --- pages --- */

int rest_page_begin(struct rest_call *call, struct rest_page *pagep)
{
	int64_t after_id = 0, limit = REST_PAGE_MAX;

	if (rest_query_number(&call->query, "after_id", INT64_MAX, &after_id) ||
	    rest_query_number(&call->query, "limit", REST_PAGE_MAX, &limit) || limit == 0)
		return rest_problem(call, 400, "after_id or limit is out of range");
	if (rest_query_unknown(&call->query))
		return rest_problem(call, 400, "the query has an unknown parameter");
	*pagep = (struct rest_page){
		.items = json_array(), .limit = (uint32_t)limit, .after_id = after_id};
	return pagep->items ? 0 : rest_fault(call, -ENOMEM);
}

int rest_page_add(struct rest_page *page, int64_t id, json_t *row)
{
	rest_page_skip(page, id);
	return json_array_append_new(page->items, row) ? -ENOMEM : 0;
}

void rest_page_skip(struct rest_page *page, int64_t id)
{
	page->n_seen++;
	page->last_id = id;
}

int rest_page_end(struct rest_call *call, struct rest_page *page, int err)
{
	json_t *body;

	if (err) {
		json_decref(page->items);
		return rest_fault(call, err);
	}
	body = json_pack("{s:o}", "items", page->items);
	if (body && page->n_seen >= page->limit)
		json_object_set_new(body, "next_after_id", json_integer(page->last_id));
	return rest_ok(call, 200, body);
}

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
