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

#include <sys/types.h>

enum http_method {
	HTTP_GET = 1,
	HTTP_POST = 2,
	HTTP_DELETE = 4,
	HTTP_PUT = 8,
	HTTP_PATCH = 16,
	HTTP_OTHER = 32, /* any other, HEAD and OPTIONS too */
};

/* "GET"; "" for HTTP_OTHER. */
const char *http_method_name(enum http_method method);

/*
 * Listeners are grouped, and a listener may be in two; a route belongs to groups. HTTP_PUBLIC is
 * CMP: listen and listen_tls. HTTP_NFV is the JSON door of VNF Managers: listen_nfv, and without it
 * listen_tls and what of listen is on loopback addresses. HTTP_EXPLAIN is the page for authors of
 * clients: explain_listen. HTTP_LCM is the callbacks of VNFMs that have a callback_listen of their
 * own.
 */
enum http_group {
	HTTP_PUBLIC = 1,
	HTTP_ADMIN = 2,
	HTTP_METRICS = 4,
	HTTP_NFV = 8,
	HTTP_EXPLAIN = 16,
	HTTP_LCM = 32,
};
enum { HTTP_OF_OTHERS = HTTP_PUBLIC | HTTP_NFV | HTTP_EXPLAIN | HTTP_LCM };

struct http_header {
	const char *name;
	const char *value;
};

/* A complete request, a copy, owned by http/ until the handler returns. */
struct http_request {
	enum http_method method;
	const char *path;      /* decoded, without query */
	const char *query;     /* raw, "" if none */
	const char *path_rest; /* the part of path behind the route's prefix */
	struct bytes body;
	const char *peer;       /* numeric address and port, or "unix" */
	struct network network; /* of the peer, for limits */
	uint64_t connection;    /* number of the connection, for the log */
	uint64_t id; /* of the request, never twice: joins log and audit, see request_id_text() */
	int64_t received_us; /* monotonic clock, when the request was complete */
	bool loopback;       /* the client is on this machine */
	bool has_uid;        /* a Unix-domain socket */
	uid_t uid;           /* of the client's process */
	/* The rest only for routes that take requests whole. */
	bool tls;
	const struct bytes *tls_certs; /* as the client sent them, its own first; n 0: none */
	size_t n_tls_certs;
	const struct http_header *headers; /* no name twice */
	size_t n_headers;
};

/*
 * The value of a header, NULL if it is absent; the name in any case. One that came several times is
 * a list: its values joined with ", " (RFC 9110 5.3). For Host, Content-Type, Content-Length,
 * Authorization, Version, Expect and Transfer-Encoding that would not do: such a request is
 * answered 400 before.
 */
const char *http_request_header(const struct http_request *request, const char *name);

enum { HTTP_RESPONSE_HEADERS_MAX = 8 };

/* Filled in by the handler; body, part and headers are taken over. 204 and 304 have no body. */
struct http_response {
	int status;               /* 200 by default */
	const char *content_type; /* static */
	struct octets body;
	struct shared *part; /* stands in the body at part_at, and is not copied; NULL: none */
	size_t part_at;
	const char *allow; /* 405 */
	int retry_after;   /* seconds; 0: none */
	bool close;
	struct http_header headers[HTTP_RESPONSE_HEADERS_MAX]; /* see http_response_add() */
	size_t n_headers;
};

/*
 * Adds a header: Location, Link, ETag... `name` is static, value is copied. -EINVAL: there are
 * control characters in value, which would end the line, or no room. -ENOMEM.
 */
_must_check_ int http_response_add(struct http_response *response, const char *name,
				   const char *value);
/* The words for a status, RFC 9110 15. */
const char *http_reason_phrase(int status);
/* Releases what the response owns; needed only where it is not given to http/. */
void http_response_clear(struct http_response *response);

/* Runs on a worker thread. */
typedef void http_handler(void *arg, struct worker *worker, const struct http_request *request,
			  struct http_response *response);

/*
 * A request that is answered later than its handler returns. After http_request_hold() the handler
 * does not touch the response any more, and the request stays until it is answered. Each hold is
 * followed by one http_later_finish() or http_later_resume(), in any thread, also before the
 * handler has returned.
 */
struct http_later;
struct http_later *http_request_hold(const struct http_request *request);
/* Writes the answer; on the loop, where all connections wait meanwhile. */
typedef void http_finish(void *arg, struct http_response *response);
/* `finish` writes the answer, which is then sent. */
void http_later_finish(struct http_later *later, http_finish *finish, void *arg);
/* `handler` goes on with the request, on a worker of those that it began with. */
void http_later_resume(struct http_later *later, http_handler *handler, void *arg);

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
	/*
	 * The handler gets every method and media type and judges them itself: `methods` and
	 * content_type are not looked at. body_max 0 is [server] json_body_max then.
	 */
	bool whole;
	/*
	 * Writes headers and body of an answer that no handler writes: 400, 404, 408, 413, 431,
	 * 503... On the loop, cheap. NULL: the status as text.
	 */
	void (*refused)(void *arg, int status, struct http_response *response);
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
	struct pool *explain; /* NULL: there are no such listeners */
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
