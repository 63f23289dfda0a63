// SPDX-License-Identifier: Apache-2.0
/*
 * The door of VNF Managers: the table of resources, and the order in which a request is judged
 * before its endpoint sees it. http/ hands over every request below the root of the interface;
 * endpoints are one file a resource, and what they share is below them, in call.c.
 */
#include "answer.h"
#include "body.h"
#include "nfv/accept.h"
#include "nfv/list.h"
#include "nfv/notification.h"
#include "nfv/version.h"
#include "nfv/who.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Octets of a body but for Register's, which has [server] json_body_max: a CSR with a key of 16384
 * bits and many names has less. */
enum { NFV_BODY_MAX = 128 << 10 };

/* --- the table of resources --- */

static const char json_media[] = "application/json";
static const char merge_patch[] = "application/merge-patch+json"; /* RFC 7396 */
static const char *const json_only[] = {json_media, NULL};

struct nfv_method {
	enum http_method method; /* 0: none */
	nfv_endpoint *serve;
	enum metric_operation metric;
	const char *body;         /* media type of its body; NULL: it has none */
	const char *const *query; /* parameters, NULL-terminated; NULL: none */
	const char *const *types; /* media types of a good answer; NULL: JSON */
};

enum { NFV_METHODS_MAX = 3 };

struct nfv_resource {
	const char *path; /* below the root; '*' stands for an identifier */
	bool open;        /* for everybody, in every version */
	struct nfv_method methods[NFV_METHODS_MAX];
};

static const struct nfv_resource resources[] = {
	{"/api_versions", true, {{HTTP_GET, nfv_api_versions, METRIC_OP_json_api_versions}}},
	{"/v1/api_versions", true, {{HTTP_GET, nfv_api_versions, METRIC_OP_json_api_versions}}},
	{"/v1/registrations",
	 false,
	 {{HTTP_POST, nfv_register, METRIC_OP_json_register, .body = json_media},
	  {HTTP_GET, nfv_registrations_list, METRIC_OP_json_registrations,
	   .query = nfv_list_query}}},
	{"/v1/registrations/*",
	 false,
	 {{HTTP_GET, nfv_registration_get, METRIC_OP_json_registrations},
	  {HTTP_PATCH, nfv_registration_patch, METRIC_OP_json_registrations, .body = merge_patch},
	  {HTTP_DELETE, nfv_registration_delete, METRIC_OP_json_registrations,
	   .query = nfv_registration_delete_query}}},
	{"/v1/registrations/*/initial_credential",
	 false,
	 {{HTTP_POST, nfv_initial_credential, METRIC_OP_json_initial_credential}}},
	{"/v1/certificates",
	 false,
	 {{HTTP_GET, nfv_certificates_list, METRIC_OP_json_certificates, .query = nfv_list_query}}},
	{"/v1/certificates/*",
	 false,
	 {{HTTP_GET, nfv_certificate_get, METRIC_OP_json_certificates,
	   .types = nfv_certificate_types}}},
	{"/v1/ca_certificates",
	 false,
	 {{HTTP_GET, nfv_ca_certificates, METRIC_OP_json_ca_certificates}}},
	{"/v1/certificate_signing_requests",
	 false,
	 {{HTTP_POST, nfv_csr_make, METRIC_OP_json_csr, .body = json_media},
	  {HTTP_GET, nfv_csrs_list, METRIC_OP_json_csrs, .query = nfv_list_query}}},
	{"/v1/certificate_signing_requests/*",
	 false,
	 {{HTTP_GET, nfv_csr_get, METRIC_OP_json_csrs},
	  {HTTP_DELETE, nfv_csr_give_up, METRIC_OP_json_csrs}}},
	{"/v1/certificates/*/revoke",
	 false,
	 {{HTTP_POST, nfv_revoke, METRIC_OP_json_revoke, .body = json_media}}},
	{"/v1/nonces",
	 false,
	 {{HTTP_POST, nfv_nonce_make, METRIC_OP_json_nonces, .body = json_media}}},
	{"/v1/subscriptions",
	 false,
	 {{HTTP_POST, nfv_subscribe, METRIC_OP_json_subscriptions, .body = json_media},
	  {HTTP_GET, nfv_subscriptions_list, METRIC_OP_json_subscriptions,
	   .query = nfv_subscriptions_query}}},
	{"/v1/subscriptions/*",
	 false,
	 {{HTTP_GET, nfv_subscription_get, METRIC_OP_json_subscriptions},
	  {HTTP_DELETE, nfv_unsubscribe, METRIC_OP_json_subscriptions}}},
};

/* Whether the path is that of the resource; what stands for the '*' is copied. */
static bool path_fits(const char *pattern, const char *path, char id[JSON_ID_SIZE])
{
	size_t len;

	*id = '\0';
	for (; *pattern; pattern++) {
		if (*pattern != '*') {
			if (*path++ != *pattern)
				return false;
			continue;
		}
		len = strcspn(path, "/");
		if (len == 0)
			return false;
		/* Longer than any identifier: it names nothing, as "" does. */
		if (len < JSON_ID_SIZE) {
			memcpy(id, path, len);
			id[len] = '\0';
		}
		path += len;
	}
	return *path == '\0';
}

static const struct nfv_resource *resource_find(const char *path, char id[JSON_ID_SIZE])
{
	for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
		if (path_fits(resources[i].path, path, id))
			return &resources[i];
	}
	return NULL;
}

static const struct nfv_method *method_find(const struct nfv_resource *resource,
					    enum http_method method)
{
	for (size_t i = 0; i < NFV_METHODS_MAX; i++) {
		if (resource->methods[i].method == method)
			return &resource->methods[i];
	}
	return NULL;
}

/* The value of Allow, by the methods of the resource. */
static const char *methods_allowed(const struct nfv_resource *resource)
{
	static const char *const lists[] = {
		[HTTP_GET] = "GET",
		[HTTP_POST] = "POST",
		[HTTP_GET | HTTP_POST] = "GET, POST",
		[HTTP_GET | HTTP_DELETE] = "GET, DELETE",
		[HTTP_GET | HTTP_PATCH | HTTP_DELETE] = "GET, PATCH, DELETE",
	};
	unsigned methods = 0;

	for (size_t i = 0; i < NFV_METHODS_MAX; i++)
		methods |= resource->methods[i].method;
	return lists[methods];
}

/* --- the order of checks --- */

/* Each judges one thing: 0, or the status of the problem that it has answered. */

static int version_check(struct nfv_call *call)
{
	switch (nfv_version_judge(http_request_header(call->request, "Version"))) {
	case NFV_VERSION_MALFORMED:
		return nfv_refuse(call, REFUSAL_nfv_version_malformed);
	case NFV_VERSION_UNSUPPORTED:
		return nfv_refuse(call, REFUSAL_nfv_version_unsupported);
	case NFV_VERSION_FINE:
		break;
	}
	return 0;
}

static int accept_check(struct nfv_call *call, const struct nfv_method *method)
{
	const char *const *types = method->types ? method->types : json_only;
	size_t n = 0;
	int chosen;

	while (types[n])
		n++;
	chosen = nfv_accept_choose(http_request_header(call->request, "Accept"), types, n);
	if (chosen < 0)
		return nfv_refuse(call, REFUSAL_nfv_accept);
	call->type = types[chosen];
	return 0;
}

static int query_check(struct nfv_call *call, const struct nfv_method *method)
{
	int err = json_query_parse(call->request->query, &call->query);

	if (err == -EINVAL)
		return nfv_refuse(call, REFUSAL_nfv_query_malformed);
	if (err)
		return nfv_fault(call, err);
	for (size_t i = 0; method->query && method->query[i]; i++)
		json_query_get(&call->query, method->query[i]);
	return json_query_unknown(&call->query) ? nfv_refuse(call, REFUSAL_nfv_query_unknown) : 0;
}

static int body_check(struct nfv_call *call)
{
	char detail[REFUSAL_WORDS_MAX / 2];
	struct refusal refusal = REFUSAL_NULL;

	call->body = json_body_read(call->request->body, detail, sizeof(detail));
	if (call->body)
		return 0;
	refuse_about(&refusal, REFUSAL_nfv_body_malformed, "%s", detail);
	return nfv_refusal(call, &refusal);
}

static int request_check(struct nfv_call *call, const struct nfv_resource *resource,
			 const struct nfv_method *method)
{
	int status = resource->open ? 0 : version_check(call);

	if (status == 0)
		status = accept_check(call, method);
	if (status == 0 && method->body &&
	    !nfv_media_type_is(http_request_header(call->request, "Content-Type"), method->body))
		status = nfv_refuse(call, REFUSAL_nfv_media_type);
	if (status == 0)
		status = query_check(call, method);
	if (status == 0 && method->body)
		status = body_check(call);
	return status;
}

static int request_serve(struct nfv_call *call)
{
	const char *path = call->request->path + strlen(NFV_ROOT);
	const struct nfv_resource *resource = resource_find(path, call->id);
	const struct nfv_method *method;
	struct refusal refusal = REFUSAL_NULL;
	int err, status;

	err = resource && resource->open ? 0 : nfv_principal_find(call, &refusal);
	if (err == REFUSED)
		return nfv_unauthenticated(call, &refusal);
	if (err)
		return nfv_fault(call, err);
	if (!resource)
		return nfv_refuse(call, REFUSAL_nfv_path_unknown);
	method = method_find(resource, call->request->method);
	if (!method) {
		call->response->allow = methods_allowed(resource);
		return nfv_refuse(call, REFUSAL_nfv_method);
	}
	call->metric = method->metric;
	status = request_check(call, resource, method);
	return status ? status : method->serve(call);
}

/* --- handler --- */

struct json_nfv {
	json_worker_of *worker_of;
	const struct clock_source *clock;
	struct metrics *metrics;
	struct json_ids *ids;
	atomic_uint callback_tests;
	struct http_route routes[3];
};

static enum metric_outcome outcome_of_status(int status)
{
	if (status >= 500)
		return METRIC_FAULT;
	if (status >= 400)
		return METRIC_REJECTED;
	return status == 202 ? METRIC_WAITING : METRIC_ACCEPTED;
}

/* One line for each request, and its place in the metrics. */
static void request_log(const struct nfv_call *call, int status)
{
	int64_t us = clock_monotonic_us() - call->request->received_us;
	const struct refusal *r = call->refusal.reason ? &call->refusal : NULL;
	char id[REQUEST_ID_SIZE], credential[CMF_CREDENTIAL_TEXT_SIZE];

	metrics_request(call->door->metrics, call->metric, outcome_of_status(status), r, us);
	cmf_credential_text(&call->principal, credential);
	request_id_text(call->request->id, id);
	log_event(LOG_LEVEL_INFO, "nfv", F_TEXT("id", id[0] ? id : NULL),
		  F_INT("conn", (int64_t)call->request->connection),
		  F_TEXT("peer", call->request->peer), F_TEXT("client", call->principal.name),
		  F_TEXT("credential", credential[0] ? credential : NULL),
		  F_TEXT("method", http_method_name(call->request->method)),
		  F_TEXT("path", call->request->path), F_INT("status", status),
		  F_TEXT("failinfo", r ? failinfo_name(r->failinfo) : NULL),
		  F_TEXT("reason", r ? refusal_code(r->reason) : NULL),
		  F_TEXT("detail", r ? refusal_detail(r) : NULL), F_INT("us", us));
}

/* SOL 013: every answer says the version. */
static void version_add(struct http_response *response)
{
	if (http_response_add(response, "Version", NFV_VERSION))
		response->status = 500;
}

static void call_free(struct nfv_call *call)
{
	if (call->deferred)
		call->deferred->free(call->arg);
	json_query_clear(&call->query);
	json_decref(call->body);
	cmf_principal_clear(&call->principal);
	call->service.unref(call->service.whole);
	free(call);
}

/* It is answered. */
static void call_end(struct nfv_call *call, int status)
{
	request_log(call, status);
	call_free(call);
}

static store_unit_told call_told;

/* What has become of it on this worker: it is answered, or its commit is awaited. */
static void call_leave(struct nfv_call *call, int status)
{
	if (status != NFV_TO_COMMIT) {
		nfv_refusal_audit(call);
		call_end(call, status);
		return;
	}
	call->response = NULL;
	call->later = http_request_hold(call->request);
	nfv_submit(call, call_told);
}

/* It is durable, so nothing was refused that the audit had to have: on the loop. */
static void call_finish(void *arg, struct http_response *response)
{
	struct nfv_call *call = arg;

	call->response = response;
	call_end(call, nfv_committed(call));
}

/* It is not, or more is to be done: on a worker, within the service that it began with. */
static void call_resume(void *arg, struct worker *worker, const struct http_request *request,
			struct http_response *response)
{
	struct nfv_call *call = arg;
	struct json_service unused;

	call->worker = call->door->worker_of(worker, &unused);
	call->response = response;
	call_leave(call, nfv_committed(call));
}

/* On the committer's thread. */
static void call_told(void *arg, int result, const struct store_unit *unit)
{
	struct nfv_call *call = arg;

	if (nfv_told(call, result, unit))
		http_later_resume(call->later, call_resume, call);
	else
		http_later_finish(call->later, call_finish, call);
}

static void nfv_serve(void *arg, struct worker *worker, const struct http_request *request,
		      struct http_response *response)
{
	struct json_nfv *door = arg;
	struct nfv_call *call = calloc(1, sizeof(*call));

	if (!call) {
		response->status = 500;
		return;
	}
	*call = (struct nfv_call){.door = door,
				  .ids = door->ids,
				  .callback_tests = &door->callback_tests,
				  .request = request,
				  .response = response,
				  .refusal = REFUSAL_NULL,
				  .metric = METRIC_OP_json_other,
				  .now_ms = clock_now_ms(door->clock)};
	call->worker = door->worker_of(worker, &call->service);
	call->cmf = call->service.cmf;
	call->tokens = call->service.tokens;
	call->service.ref(call->service.whole);
	version_add(response);
	call_leave(call, request_serve(call));
}

/* What http/ answers itself: on its loop, without a worker. */
static void nfv_refused(void *arg, int status, struct http_response *response)
{
	version_add(response);
	json_answer_problem(response, status, json_problem(status, http_reason_phrase(status)));
}

/* --- routes --- */

static int ids_read(struct store *store, struct json_ids **idsp)
{
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	uint8_t key[STORE_RESOURCE_KEY_LEN];
	int err = store_reader_new(store, &reader);

	static_assert((int)STORE_RESOURCE_KEY_LEN == (int)JSON_ID_KEY_LEN, "one key");
	if (err == 0)
		err = store_resource_key(reader, key);
	return err ? err : json_ids_new(key, idsp);
}

int json_nfv_new(json_worker_of *worker_of, const struct clock_source *clock, struct store *store,
		 struct metrics *metrics, struct json_nfv **doorp)
{
	static const struct {
		const char *path;
		size_t body_max;
	} routes[] = {
		{NFV_ROOT "/v1/registrations", 0},
		{NFV_ROOT "/*", NFV_BODY_MAX},
		{NFV_ROOT, NFV_BODY_MAX},
	};
	_cleanup_(json_nfv_freep) struct json_nfv *door = calloc(1, sizeof(*door));
	int err;

	if (!door)
		return -ENOMEM;
	err = ids_read(store, &door->ids);
	if (err)
		return err;
	door->worker_of = worker_of;
	door->clock = clock;
	door->metrics = metrics;
	static_assert(ARRAY_LEN(routes) == ARRAY_LEN(door->routes), "a place for each route");
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		door->routes[i] = (struct http_route){.groups = HTTP_NFV,
						      .path = routes[i].path,
						      .body_max = routes[i].body_max,
						      .handler = nfv_serve,
						      .arg = door,
						      .whole = true,
						      .refused = nfv_refused};
	*doorp = TAKE(door);
	return 0;
}

void json_nfv_free(struct json_nfv *door)
{
	if (!door)
		return;
	if (door->ids)
		json_ids_free(door->ids);
	free(door);
}

int json_nfv_notification(void *arg, const struct store_subscription *subscription,
			  const struct store_event *event, char **bodyp)
{
	const struct json_nfv *door = arg;
	bool fits = false;
	json_t *json;
	int err = nfv_event_filter_fits(subscription->filter, event, &fits);

	*bodyp = NULL;
	if (err || !fits)
		return err;
	json = nfv_notification_json(door->ids, subscription, event);
	*bodyp = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return *bodyp ? 0 : -ENOMEM;
}

const struct http_route *json_nfv_routes(const struct json_nfv *door, size_t *np)
{
	*np = ARRAY_LEN(door->routes);
	return door->routes;
}
