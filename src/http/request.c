// SPDX-License-Identifier: Apache-2.0
/*
 * A complete request: is it sound, which route, may it go to a worker; and the answer. What the
 * body means is for the route's handler.
 */
#include "http_private.h"

#include "base/clock.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http_struct.h>
#include <stdio.h>
#include <string.h>

/* What route_check() found out about a request. */
struct http_target {
	enum http_method method;
	char *path; /* decoded; owned */
	const char *query;
	bool encoded_slash; /* in the path */
	size_t rest;        /* offset of path_rest in path */
	const struct http_route *route;
	bool unread; /* the body was not read, or its end is in doubt: close */
};

/* --- answers --- */

static void answer_sent(struct evhttp_request *req, void *arg)
{
	struct http_connection *connection = arg;
	size_t further = evbuffer_get_length(bufferevent_get_input(connection->bev));

	if (connection->state == HTTP_SHUT)
		return;
	if (connection->gave_way) {
		http_connection_shut(connection);
		return;
	}
	/* A pipelined request has its time from now on. */
	http_intake_begin(connection);
	http_connection_set_state(connection, further > 0 ? HTTP_RECEIVING : HTTP_IDLE);
	if (further > 0)
		http_intake_octets(connection, further);
}

static void octets_release(const void *data, size_t len, void *arg)
{
	free(arg);
}

static void part_release(const void *data, size_t len, void *part)
{
	shared_unref(part);
}

/* What is around the part is small, and copied; often there is nothing. */
static int body_around_part(struct evbuffer *buffer, struct http_response *response)
{
	struct bytes part = shared_view(response->part);
	size_t at = response->part_at;

	if ((at > 0 && evbuffer_add(buffer, response->body.data, at) < 0) ||
	    evbuffer_add_reference(buffer, part.data, part.len, part_release, response->part) < 0)
		return -ENOMEM;
	response->part = NULL;
	if (at == response->body.len)
		return 0;
	return evbuffer_add(buffer, response->body.data + at, response->body.len - at);
}

/* The body, taken over; NULL out of memory. */
static struct evbuffer *body_buffer(struct http_response *response)
{
	struct evbuffer *buffer = evbuffer_new();

	if (buffer && response->part && body_around_part(buffer, response) < 0) {
		evbuffer_free(buffer);
		return NULL;
	}
	if (!buffer || response->body.len == 0 || evbuffer_get_length(buffer) > 0)
		return buffer;
	if (evbuffer_add_reference(buffer, response->body.data, response->body.len, octets_release,
				   response->body.data) < 0) {
		evbuffer_free(buffer);
		return NULL;
	}
	response->body = OCTETS_NULL;
	return buffer;
}

static void headers_add(struct evhttp_request *req, const struct http_response *response,
			bool has_body, size_t body_len)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	char number[24];

	/* RFC 9110 8.6: none with 204; with 304 it would have to be that of a 200 */
	if (has_body) {
		snprintf(number, sizeof(number), "%zu", body_len);
		evhttp_add_header(headers, "Content-Length", number);
	}
	if (has_body && response->content_type)
		evhttp_add_header(headers, "Content-Type", response->content_type);
	if (response->allow)
		evhttp_add_header(headers, "Allow", response->allow);
	if (response->retry_after > 0) {
		snprintf(number, sizeof(number), "%d", response->retry_after);
		evhttp_add_header(headers, "Retry-After", number);
	}
	for (size_t i = 0; i < response->n_headers; i++)
		evhttp_add_header(headers, response->headers[i].name, response->headers[i].value);
	if (response->close)
		evhttp_add_header(headers, "Connection", "close");
}

/* Sends and gives `req` back to evhttp. connection may be NULL. The response is taken over. */
static void answer_send(struct evhttp_request *req, struct http_connection *connection,
			struct http_response *response)
{
	struct evbuffer *body = body_buffer(response);
	bool has_body;

	if (!body)
		response->status = 500;
	has_body = response->status != 204 && response->status != 304;
	if (!connection || connection->endpoint->loop->draining || connection->gave_way)
		response->close = true;
	headers_add(req, response, has_body, body ? evbuffer_get_length(body) : 0);
	/* RFC 9110 9.3.2: as for GET, but without the body */
	if (body && (!has_body || evhttp_request_get_command(req) == EVHTTP_REQ_HEAD))
		evbuffer_drain(body, evbuffer_get_length(body));
	if (connection) {
		connection->unread |= response->close && connection->state != HTTP_WORKING;
		if (connection->state != HTTP_SHUT)
			http_connection_set_state(connection, HTTP_SENDING);
		evhttp_request_set_on_complete_cb(req, answer_sent, connection);
	}
	evhttp_send_reply(req, response->status, http_reason_phrase(response->status), body);
	/*
	 * evhttp reads on while it sends: a client that half-closes after its request would lose
	 * the answer, and one that does not read could fill our memory.
	 */
	if (connection && connection->state != HTTP_SHUT)
		bufferevent_disable(connection->bev, EV_READ);
	if (body)
		evbuffer_free(body);
	http_response_clear(response);
}

static enum http_method method_of(const struct evhttp_request *req)
{
	switch ((int)evhttp_request_get_command(req)) {
	case EVHTTP_REQ_GET:
		return HTTP_GET;
	case EVHTTP_REQ_POST:
		return HTTP_POST;
	case EVHTTP_REQ_PUT:
		return HTTP_PUT;
	case EVHTTP_REQ_PATCH:
		return HTTP_PATCH;
	case EVHTTP_REQ_DELETE:
		return HTTP_DELETE;
	default:
		return HTTP_OTHER;
	}
}

/* An answer without a handler: the route's words, or the status and its phrase as text. */
static void answer_status(struct evhttp_request *req, struct http_connection *connection,
			  const struct http_route *route, struct http_response *response)
{
	http_refusal_write(route, response);
	if (connection)
		http_refused_tell(connection, response->status, http_method_name(method_of(req)),
				  evhttp_request_get_uri(req));
	answer_send(req, connection, response);
}

/* --- routing --- */

/* Whether evhttp leaves a body of that method unread. */
static bool body_left(const struct evhttp_request *req)
{
	switch ((int)evhttp_request_get_command(req)) {
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_POST:
	case EVHTTP_REQ_PUT:
	case EVHTTP_REQ_PATCH:
	case EVHTTP_REQ_DELETE:
	case EVHTTP_REQ_OPTIONS:
	case EVHTTP_REQ_CONNECT:
		return false;
	default:
		return true;
	}
}

/* RFC 9112 3.2: origin-form, or absolute-form of ours; a fragment is no part of either. */
static bool form_is_known(const struct evhttp_uri *uri)
{
	const char *scheme = evhttp_uri_get_scheme(uri);

	return !evhttp_uri_get_fragment(uri) &&
	       (!scheme || strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
}

/* Splits the URI into decoded path and query. 0, or a status. */
static int target_parse(struct evhttp_request *req, struct http_target *target)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const char *query = uri ? evhttp_uri_get_query(uri) : NULL;

	/* libevent takes what is behind two slashes for a host: here it is a path, of nothing. */
	if (strncmp(evhttp_request_get_uri(req), "//", 2) == 0)
		path = "//";
	target->path = strdup(path && *path ? path : "/");
	target->query = query ? query : "";
	if (!target->path)
		return 503;
	/* It would be one with a slash that divides a path. */
	target->encoded_slash = strcasestr(target->path, "%2f");
	/* Up to what is malformed it is decoded. */
	return http_path_decode(target->path) && form_is_known(uri) ? 0 : 400;
}

/* 0, or a status; the route is set also where its path_ok() refuses. */
static int target_route(const struct http_endpoint *endpoint, struct http_target *target)
{
	const struct http_route *route;

	if (!target->path)
		return 503;
	route = http_route_find(endpoint->loop->server, endpoint->listener->groups, target->path,
				&target->rest);
	if (!route)
		return 404;
	target->route = route;
	if (route->whole && target->encoded_slash)
		return 404;
	return route->path_ok && !route->path_ok(target->path + target->rest) ? 404 : 0;
}

/* Method and media type. */
static int kind_check(const struct evkeyvalq *headers, const struct http_target *target)
{
	const struct http_route *route = target->route;

	if (!(route->methods & target->method))
		return 405;
	if ((target->method & (HTTP_POST | HTTP_PUT | HTTP_PATCH)) && route->content_type &&
	    !http_content_type_is(evhttp_find_header(headers, "Content-Type"), route->content_type))
		return 415;
	return 0;
}

static int route_check(struct evhttp_request *req, const struct http_connection *connection,
		       struct http_target *target)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
	size_t body_len = evbuffer_get_length(evhttp_request_get_input_buffer(req));
	const struct http_endpoint *endpoint = connection->endpoint;
	const struct http_scan *scan = &connection->scan;
	bool has_body = scan->chunked || scan->length > 0;
	/* First, so that a malformed request is refused in the words of its route, too. */
	int status = target_parse(req, target), found = target_route(endpoint, target);

	target->unread = has_body && body_left(req);
	/* RFC 9112 6.1: chunks came with HTTP/1.1 */
	if ((scan->chunked && req->minor < 1) || !http_singletons_are_single(headers)) {
		target->unread = true;
		return 400;
	}
	if (status != 0 || found != 0)
		return status != 0 ? status : found;
	/* RFC 9112 3.2. Nothing here looks at Host, so that CMP clients without one are served. */
	if (target->route->whole && req->minor >= 1 && !evhttp_find_header(headers, "Host"))
		return 400;
	target->method = method_of(req);
	if (body_len > http_route_body_max(target->route, connection->settings))
		return 413;
	return target->route->whole ? 0 : kind_check(headers, target);
}

/* --- to the worker and back --- */

static struct pool *pool_of(const struct http_endpoint *endpoint)
{
	const struct http_pools *pools = &endpoint->loop->server->pools;

	if (endpoint->listener->groups & HTTP_EXPLAIN)
		return pools->explain;
	if (http_listener_is_public(endpoint->listener))
		return pools->public_side;
	return endpoint->listener->groups & HTTP_ADMIN ? pools->admin : pools->metrics;
}

/* Whoever leaves last answers; nobody touches the job after that. */
static void job_leave(struct http_job *job)
{
	if (atomic_fetch_sub(&job->holders, 1) == 1)
		http_loop_answer(job->loop, job);
}

static void job_run(void *arg, struct worker *worker)
{
	struct http_job *job = arg;

	job->route->handler(job->route->arg, worker, &job->request, &job->response);
	job_leave(job);
}

static void job_resumed(void *arg, struct worker *worker)
{
	struct http_job *job = arg;

	job->resumed_handler(job->later_arg, worker, &job->request, &job->response);
	job_leave(job);
}

/* To those who hold it, a job is an http_later. */
static struct http_job *job_of(struct http_later *later)
{
	return (struct http_job *)later;
}

struct http_later *http_request_hold(const struct http_request *request)
{
	struct http_job *job =
		(struct http_job *)((uintptr_t)request - offsetof(struct http_job, request));

	atomic_fetch_add(&job->holders, 1);
	return (struct http_later *)job;
}

void http_later_finish(struct http_later *later, http_finish *finish, void *arg)
{
	struct http_job *job = job_of(later);

	job->finish = finish;
	job->later_arg = arg;
	job_leave(job);
}

void http_later_resume(struct http_later *later, http_handler *handler, void *arg)
{
	struct http_job *job = job_of(later);

	job->resumed_handler = handler;
	job->later_arg = arg;
	pool_resume(pool_of(job->connection->endpoint), &job->resumed, job_resumed, job);
}

void http_job_answer(struct http_job *job)
{
	if (job->finish)
		job->finish(job->later_arg, &job->response);
	answer_send(job->req, job->connection, &job->response);
	free(job);
}

/* What of a request only routes that take it whole are given. */
static int whole_read(struct http_job *job, const struct evkeyvalq *headers, char *text)
{
	struct http_connection *connection = job->connection;
	SSL *ssl = bufferevent_openssl_get_ssl(connection->bev);

	/* Once a connection. */
	if (ssl && !connection->certs_read) {
		if (http_tls_certs_read(ssl, &connection->certs) < 0)
			return -ENOMEM;
		connection->certs_read = true;
	}
	job->request.tls = ssl;
	if (connection->certs) {
		job->request.tls_certs = connection->certs->cert;
		job->request.n_tls_certs = connection->certs->n;
	}
	job->request.headers = job->headers;
	job->request.n_headers = http_headers_collect(headers, job->headers, text);
	return 0;
}

static struct http_job *job_new(struct evhttp_request *req, struct http_connection *connection,
				const struct http_target *target)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
	struct evbuffer *input = evhttp_request_get_input_buffer(req);
	bool whole = target->route->whole;
	size_t path_size = strlen(target->path) + 1;
	size_t query_size = strlen(target->query) + 1;
	size_t body_len = evbuffer_get_length(input);
	size_t n_headers = 0;
	size_t text_size = whole ? http_headers_text_size(headers, &n_headers) : 0;
	struct http_job *job = calloc(1, sizeof(*job) + n_headers * sizeof(job->headers[0]) +
						 path_size + query_size + text_size + body_len);
	char *path, *query, *text;

	if (!job)
		return NULL;
	path = (char *)(job->headers + n_headers);
	query = path + path_size;
	text = query + query_size;
	memcpy(path, target->path, path_size);
	memcpy(query, target->query, query_size);
	memcpy(job->peer, connection->peer, sizeof(job->peer));
	job->loop = connection->endpoint->loop;
	job->connection = connection;
	job->req = req;
	job->route = target->route;
	job->request = (struct http_request){
		.method = target->method,
		.path = path,
		.query = query,
		.path_rest = path + target->rest,
		.body = {(uint8_t *)text + text_size, body_len},
		.peer = job->peer,
		.network = connection->network,
		.connection = connection->number,
		.id = atomic_fetch_add(&job->loop->server->requests_made, 1) + 1,
		.received_us = clock_monotonic_us(),
		.loopback = address_is_loopback((struct sockaddr *)&connection->address),
		.has_uid = connection->has_uid,
		.uid = connection->uid,
	};
	job->response.status = 200;
	atomic_init(&job->holders, 1);
	if (whole && whole_read(job, headers, text) < 0) {
		free(job);
		return NULL;
	}
	evbuffer_remove(input, text + text_size, body_len);
	return job;
}

/* 0, or a status. */
static int job_submit(struct evhttp_request *req, struct http_connection *connection,
		      const struct http_target *target)
{
	struct http_loop *loop = connection->endpoint->loop;
	struct http_job *job;
	int err;

	job = job_new(req, connection, target);
	if (!job)
		return 503;
	http_connection_set_state(connection, HTTP_WORKING);
	pthread_mutex_lock(&loop->mutex);
	loop->running++;
	pthread_mutex_unlock(&loop->mutex);
	err = pool_submit(pool_of(connection->endpoint), job_run, job);
	if (err == 0) {
		/* No I/O, so no event that could free the request under the worker's hands. */
		bufferevent_disable(connection->bev, EV_READ | EV_WRITE);
		return 0;
	}
	pthread_mutex_lock(&loop->mutex);
	loop->running--;
	pthread_mutex_unlock(&loop->mutex);
	free(job);
	metrics_queue_full(loop->server->metrics);
	return 503;
}

void http_request_serve(struct evhttp_request *req, void *arg)
{
	const struct http_endpoint *endpoint = arg;
	struct http_connection *connection = http_connection_of(endpoint->loop, req);
	struct http_target target = {0};
	struct http_response response = {0};
	char allow[HTTP_METHODS_SIZE];
	int status = 503;

	if (connection && connection->state != HTTP_SHUT) {
		/* It is answered past libevent. */
		if (connection->refused)
			return;
		status = route_check(req, connection, &target);
		if (status == 0)
			status = job_submit(req, connection, &target);
	}
	if (status == 405) {
		http_methods_print(target.route->methods, allow);
		response.allow = allow;
	}
	if (status != 0) {
		response.status = status;
		response.close = target.unread || status == 400;
		response.retry_after = status == 503 ? HTTP_RETRY_AFTER_S : 0;
		answer_status(req, connection, target.route, &response);
	}
	free(target.path);
}
