// SPDX-License-Identifier: Apache-2.0
/*
 * HTTP: listeners (TCP, TLS, Unix-domain), limits, routes; hands each complete request to a worker
 * and writes the answer. All of libevent stays behind this header. Knows no CMP and no JSON.
 */
#pragma once

#include "base/bytes.h"
#include "base/metrics.h"
#include "base/network.h"
#include "base/pool.h"
#include "base/shared.h"
#include "conf.h"

enum http_method { HTTP_GET = 1, HTTP_POST = 2, HTTP_DELETE = 4, HTTP_PUT = 8 };

/* Listeners are grouped; a route belongs to groups. */
enum http_group { HTTP_PUBLIC = 1, HTTP_ADMIN = 2, HTTP_METRICS = 4 };

/* A complete request, a copy, owned by http/ until the handler returns. */
struct http_request {
	enum http_method method;
	const char *path;      /* decoded, without query */
	const char *query;     /* raw, "" if none */
	const char *path_rest; /* the part of path behind the route's prefix */
	struct bytes body;
	const char *peer;             /* numeric address and port, or "unix" */
	struct network network;       /* of the peer, for limits */
	uint64_t connection;          /* number of the connection, for the log */
	struct bytes tls_client_cert; /* DER; empty: none */
	int64_t received_us;          /* monotonic clock, when the request was complete */
};

/* Filled in by the handler; body, part and type are taken over. */
struct http_response {
	int status;               /* 200 by default */
	const char *content_type; /* static */
	struct octets body;
	struct shared *part; /* stands in the body at part_at, and is not copied; NULL: none */
	size_t part_at;
	const char *allow; /* 405 */
	int retry_after;   /* seconds; 0: none */
	bool close;
};

/* Runs on a worker thread. */
typedef void http_handler(void *arg, struct worker *worker, const struct http_request *request,
			  struct http_response *response);

/* First match wins: exact path, or prefix when it ends in '*'. */
struct http_route {
	unsigned groups;          /* enum http_group */
	const char *path;         /* "/.well-known/cmp", "/crl/" "*" ... */
	unsigned methods;         /* others: 405 with Allow */
	const char *content_type; /* required for POST and PUT (parameters, any case): else 415 */
	size_t body_max;          /* 0: the server's */
	http_handler *handler;
	void *arg;
	bool (*path_ok)(const char *path_rest); /* NULL: any; false: 404; on the loop, cheap */
};

struct http_server;

/*
 * The workers of each group. None of a group waits in the queue of another: who floods the public
 * side keeps neither the operator nor what watches over the server waiting. Borrowed; may be one.
 */
struct http_pools {
	struct pool *public_side;
	struct pool *admin;
	struct pool *metrics;
};

/*
 * Binds and listens as configured, but accepts nothing yet. Routes are borrowed for the server's
 * life. Limits: body and header size, idle and total time of a request, connections in all and per
 * address, the pools' queues. 0 or negative errno with a line in `problems`.
 */
_must_check_ int http_server_new(const struct conf *conf, const struct http_route *routes,
				 size_t n_routes, const struct http_pools *pools,
				 struct metrics *metrics, struct http_server **serverp,
				 struct strbuf *problems);
/* Starts io_threads loop threads for the public listeners, and one for the others. */
_must_check_ int http_server_start(struct http_server *server);
/* Stops accepting, answers what is under way for at most drain_ms, closes all. */
void http_server_drain(struct http_server *server, int64_t drain_ms);
/* Waits for handlers that still run; the pools may be freed before or after. NULL is fine. */
void http_server_free(struct http_server *server);
DEFINE_CLEANUP(struct http_server, http_server_free);
/* A reload: limits, time-outs and TLS credentials of `conf` apply to new connections. */
_must_check_ int http_server_reload(struct http_server *server, const struct conf *conf,
				    struct strbuf *problems);

/* The port of the group's first TCP listener (TLS or plain), after port 0 was bound. 0: none. */
uint16_t http_server_port(const struct http_server *server, enum http_group group, bool tls);
/* Appends the listeners as URLs, separated by spaces, for the log. */
void http_server_listeners(const struct http_server *server, struct strbuf *out);

/* For --check: whether the TLS credentials of `conf` can be loaded; binds nothing. */
_must_check_ int http_conf_check(const struct conf *conf, struct strbuf *problems);
