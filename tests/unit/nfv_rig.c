// SPDX-License-Identifier: Apache-2.0
/* Asking the JSON door of VNF Managers: see nfv_rig.h. */
#include "nfv_rig.h"

#include <semaphore.h>
#include <string.h>

static struct json_nfv *door;
static struct cmf_worker own;

/* --- a request that waits for its commit, in place of http/ --- */

static struct {
	bool held;
	sem_t told;
	http_finish *finish;
	http_handler *resume;
	void *arg;
} later;

struct http_later *__wrap_http_request_hold(const struct http_request *request);
void __wrap_http_later_finish(struct http_later *unused, http_finish *finish, void *arg);
void __wrap_http_later_resume(struct http_later *unused, http_handler *handler, void *arg);

struct http_later *__wrap_http_request_hold(const struct http_request *request)
{
	later.held = true;
	if (w.interfering)
		ck_assert_int_eq(store_unit_commit(w.interfering), 0);
	w.interfering = NULL;
	return NULL;
}

void __wrap_http_later_finish(struct http_later *unused, http_finish *finish, void *arg)
{
	later.finish = finish;
	later.arg = arg;
	sem_post(&later.told);
}

void __wrap_http_later_resume(struct http_later *unused, http_handler *handler, void *arg)
{
	later.finish = NULL;
	later.resume = handler;
	later.arg = arg;
	sem_post(&later.told);
}

/* Until it is answered. */
static void later_answer(const struct http_request *request, struct http_response *response)
{
	while (later.held) {
		while (sem_wait(&later.told) < 0)
			;
		later.held = false;
		if (later.finish)
			later.finish(later.arg, response);
		else
			later.resume(later.arg, NULL, request, response);
	}
	/* The one before is the store's. */
	w.unit = own.unit;
}

/* --- the door --- */

static struct service *service_ref(struct service *service)
{
	return service;
}

static void service_unref(struct service *service)
{
}

static struct cmf_worker *worker_of(struct worker *unused, struct json_service *servicep)
{
	*servicep = (struct json_service){.cmf = w.cmf, .ref = service_ref, .unref = service_unref};
	return &own;
}

void nfv_setup_with(const char *sections)
{
	world_setup_with(sections);
	own = (struct cmf_worker){w.reader, w.unit};
	sem_init(&later.told, 0, 0);
	ck_assert_int_eq(json_nfv_new(worker_of, &w.clock, w.store, w.metrics, &door), 0);
}

void nfv_setup(void)
{
	nfv_setup_with("");
}

void nfv_teardown(void)
{
	json_nfv_free(door);
	world_teardown();
}

/* The route that http/ would take, by its rules. */
static const struct http_route *route_of(const char *path, const char **path_restp)
{
	size_t n;
	const struct http_route *routes = json_nfv_routes(door, &n);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(routes[i].path);
		bool prefix = routes[i].path[len - 1] == '*';

		ck_assert_uint_eq(routes[i].groups, HTTP_NFV);
		ck_assert(routes[i].whole);
		if (prefix ? strncmp(path, routes[i].path, len - 1) == 0
			   : strcmp(path, routes[i].path) == 0) {
			*path_restp = path + len - prefix;
			return &routes[i];
		}
	}
	ck_abort_msg("no route takes %s", path);
}

static void header_set(struct http_header *headers, size_t *np, const char *name, const char *value)
{
	if (value && *value)
		headers[(*np)++] = (struct http_header){name, value};
}

/* SOL 013: what every answer says. */
static void assert_conventions(const struct nfv_answer *answer)
{
	const char *type = answer->response.content_type;

	ck_assert_str_eq(nfv_header(answer, "Version"), "1.0.0-impl:cmfd:cmf-certmgmt:1");
	if (answer->status == 204) {
		ck_assert_uint_eq(answer->response.body.len, 0);
		return;
	}
	ck_assert_ptr_nonnull(type);
	if (answer->status < 400)
		return;
	ck_assert_str_eq(type, "application/problem+json");
	ck_assert_int_eq(json_integer_value(json_object_get(answer->json, "status")),
			 answer->status);
	ck_assert_str_ne(nfv_text(answer->json, "detail"), "");
	ck_assert_int_eq(answer->status == 401, nfv_header(answer, "WWW-Authenticate") != NULL);
}

struct nfv_answer nfv_asked(const struct nfv_ask *ask)
{
	char path[512];
	struct bytes cert = ask->as ? octets_view(&ask->as->der) : BYTES_NULL;
	struct http_header headers[5];
	struct http_request request = {.method = ask->method ? ask->method : HTTP_GET,
				       .path = path,
				       .query = ask->query ? ask->query : "",
				       .peer = "127.0.0.1:1",
				       .tls = true,
				       .tls_certs = &cert,
				       .n_tls_certs = ask->as != NULL,
				       .headers = headers};
	struct nfv_answer answer = {.response = {.status = 200}};
	const struct http_route *route;

	ck_assert_int_lt(snprintf(path, sizeof(path), "/cmf-certmgmt%s", ask->path),
			 (int)sizeof(path));
	route = route_of(path, &request.path_rest);
	if (ask->body || ask->octets)
		request.body = ask->octets ? *ask->octets : bytes_of_string(ask->body);
	header_set(headers, &request.n_headers, "Version", ask->version ? ask->version : "1.0.0");
	header_set(headers, &request.n_headers, "Accept", ask->accept);
	header_set(headers, &request.n_headers, "If-Match", ask->if_match);
	header_set(headers, &request.n_headers, "Authorization", ask->authorization);
	if (request.body.data)
		header_set(headers, &request.n_headers, "Content-Type",
			   ask->content_type ? ask->content_type : "application/json");
	route->handler(route->arg, NULL, &request, &answer.response);
	later_answer(&request, &answer.response);
	answer.status = answer.response.status;
	answer.json =
		json_loadb((char *)answer.response.body.data, answer.response.body.len, 0, NULL);
	assert_conventions(&answer);
	return answer;
}

struct nfv_answer nfv_refused_by_http(int status)
{
	struct nfv_answer answer = {.response = {.status = status}};
	const char *path_rest;
	const struct http_route *route = route_of("/cmf-certmgmt/v1/x", &path_rest);

	route->refused(route->arg, status, &answer.response);
	answer.status = answer.response.status;
	answer.json =
		json_loadb((char *)answer.response.body.data, answer.response.body.len, 0, NULL);
	assert_conventions(&answer);
	return answer;
}

void nfv_answer_clear(struct nfv_answer *answer)
{
	json_decref(answer->json);
	http_response_clear(&answer->response);
}

int nfv_status(const struct nfv_ask *ask)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = nfv_asked(ask);

	return answer.status;
}

const char *nfv_header(const struct nfv_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->response.n_headers; i++) {
		if (strcmp(answer->response.headers[i].name, name) == 0)
			return answer->response.headers[i].value;
	}
	return NULL;
}

const char *nfv_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? text : "";
}
