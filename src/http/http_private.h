// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of src/http share. One http_loop is one thread with its own event_base; all of its
 * objects belong to that thread, except what is said to be guarded by the loop's mutex. libevent
 * runs without its own locks for that reason.
 */
#pragma once

#include "http.h"
#include "scan.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/http.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct evbuffer;
struct evbuffer_cb_info;
struct evkeyvalq;

struct http_connection;
TAILQ_HEAD(http_connections, http_connection);

/* --- census.c: open connections, in all and by address --- */

struct census_entry;
struct http_census;
struct http_census *http_census_new(void);
void http_census_free(struct http_census *census);
/* The one in which the connection is counted. */
struct http_census *http_connection_census(const struct http_connection *connection);
/*
 * Counts a connection by its network. When there are `max` already, one that waits gives way if
 * there are more of its network. false, and not counted, if a limit is reached. Any thread.
 */
bool http_census_enter(struct http_census *census, struct http_connection *connection, uint32_t max,
		       uint32_t max_per_network);
/* One that gave way is counted no more, and may leave all the same. */
void http_census_leave(struct http_census *census, struct http_connection *connection);
/*
 * It is from another network than it came from. false, and not counted any more, if a limit of that
 * is reached or it has given way.
 */
bool http_census_move(struct http_census *census, struct http_connection *connection,
		      const struct network *network, uint32_t max, uint32_t max_per_network);
/*
 * Sets octets aside for a large body. false if the connection's network, or all, would have more
 * than they may. They are free again with http_census_release(), or when it leaves.
 */
struct http_census_room {
	size_t max;
	size_t max_per_network;
};
bool http_census_reserve(struct http_census *census, struct http_connection *connection,
			 size_t octets, const struct http_census_room *room);
void http_census_release(struct http_census *census, struct http_connection *connection);
/* Its state has changed, and with it whether it can give way. */
void http_census_note(struct http_census *census, struct http_connection *connection);

/* --- settings.c: what a reload changes; immutable and counted, so that a connection keeps its own
 * --- */

struct http_settings {
	atomic_int references;
	SSL_CTX *tls; /* NULL: no listener that needs it */
	size_t body_max;
	size_t json_body_max;
	size_t header_max;
	int64_t idle_ms;
	int64_t request_ms;
	uint32_t connections_max;
	uint32_t connections_max_per_address;
	struct conf_ip_ranges proxy_from; /* a copy */
};

/* What is used where TLS cannot be loaded, so that the rest is served; NULL: that is a problem. */
struct http_tls_fallback {
	SSL_CTX *before; /* in force until now; NULL: there is none, and no TLS */
};
_must_check_ int http_settings_new(const struct conf *conf,
				   const struct http_tls_fallback *fallback,
				   struct http_settings **settingsp, struct strbuf *problems);
struct http_settings *http_settings_ref(struct http_settings *settings);
void http_settings_unref(struct http_settings *settings);
DEFINE_CLEANUP(struct http_settings, http_settings_unref);

/* --- tls.c: credentials, and the certificates that clients send --- */

/* The certificates of a client, its own first, DER. */
enum { HTTP_TLS_CERTS_MAX = 10 };
struct http_tls_certs {
	size_t n;
	struct bytes cert[HTTP_TLS_CERTS_MAX];
	uint8_t storage[];
};

_must_check_ int http_tls_load(const struct conf_server *conf, SSL_CTX **ctxp,
			       struct strbuf *problems);
/*
 * What the client of a session sent, on a resumed one in the handshake that began it. The caller
 * frees it. *certsp is NULL if it sent none. 0 or -ENOMEM.
 */
_must_check_ int http_tls_certs_read(SSL *ssl, struct http_tls_certs **certsp);

/* --- listen.c --- */

struct http_listener {
	int fd;
	unsigned groups; /* enum http_group */
	bool tls;
	char *unix_path; /* NULL: TCP */
	char *text;      /* "127.0.0.1:8080", the port as bound */
	uint16_t port;   /* 0 for Unix-domain sockets */
};

/* Binds and listens. 0 or a negative errno with a line in `problems`. */
_must_check_ int http_listener_open(const struct conf_address *address, const char *key,
				    unsigned unix_mode, struct http_listener *listener,
				    struct strbuf *problems);
void http_listener_close(struct http_listener *listener);
/* Whether everybody may come, and not the operator or a monitoring system alone. */
bool http_listener_is_public(const struct http_listener *listener);

/* --- server.c --- */

struct http_server {
	const struct http_route *routes;
	size_t n_routes;
	struct http_pools pools;
	struct metrics *metrics;
	struct http_listener *listeners;
	size_t n_listeners;
	/* By group: a flood of the public side must not lock cmfctl or the metrics out. */
	struct http_census *census_public;
	struct http_census *census_local;
	struct http_loop *loops;
	size_t n_loops;
	struct http_settings *settings; /* newest; main thread */
	atomic_uint_least64_t connections_made;
	atomic_uint_least64_t requests_made; /* begins with the seconds of the start */
	/* Lines of the log about requests that nobody serves: of this second, and left out. */
	atomic_int_least64_t told_s;
	atomic_uint told;
	atomic_uint left_out;
	bool running;
};

/* --- loop.c --- */

/* One listener as one loop serves it. */
struct http_endpoint {
	struct http_loop *loop;
	const struct http_listener *listener;
	struct evhttp *http;
	struct evhttp_bound_socket *bound; /* NULL once draining */
	struct evconnlistener *accepter;   /* owned by `http` */
	struct event *resume;              /* accepts again after descriptors ran out */
	bool paused;                       /* accepts nothing for the moment */
};

struct http_job;

struct http_loop {
	struct http_server *server;
	unsigned groups; /* of the listeners that it serves */
	struct event_base *base;
	struct http_settings *settings; /* for new connections */
	struct http_endpoint *endpoints;
	size_t n_endpoints;
	pthread_t thread;
	bool started;
	bool draining;
	struct event *wake;      /* on wake_fd */
	struct event *adopt;     /* adopts fresh connections */
	struct event *drain_end; /* time to drain is over */

	LIST_HEAD(, http_connection) connections;
	size_t n_connections;
	size_t n_fresh; /* accepted, not adopted yet */
	struct http_connection **by_fd;
	size_t by_fd_len;

	int wake_fd;           /* eventfd */
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t quiet;  /* running became 0 */
	size_t running;        /* jobs with the pool */
	STAILQ_HEAD(, http_job) answers;
	struct http_connections giving_way; /* by `waiting` */
	struct http_settings *next_settings;
	bool drain;
	int64_t drain_ms;
};

_must_check_ int http_loop_init(struct http_loop *loop, struct http_server *server,
				unsigned groups);
_must_check_ int http_loop_start(struct http_loop *loop);
void http_loop_reload(struct http_loop *loop, struct http_settings *settings);
void http_loop_drain(struct http_loop *loop, int64_t drain_ms);
void http_loop_join(struct http_loop *loop);
/* After http_loop_join(). Waits for handlers that still run. */
void http_loop_clear(struct http_loop *loop);

/* --- loop_queue.c: what comes to a loop from below --- */

/* Any thread, which holds the mutex: there is something in the lists. */
void http_loop_wake(struct http_loop *loop);
/* Worker threads: the job's answer is ready. */
void http_loop_answer(struct http_loop *loop, struct http_job *job);
/* Any thread: the connection is to be closed, for another has its place in the census. */
void http_loop_give_way(struct http_connection *connection);
/* The connection is about to be freed. */
void http_loop_forget(struct http_connection *connection);
/* A connection was accepted, to be adopted in a moment; all those were adopted. */
void http_loop_accepted(struct http_endpoint *endpoint);
void http_loop_adopted(struct http_loop *loop);
/* Accepts nothing for the moment; again. */
void http_endpoint_pause(struct http_endpoint *endpoint);
void http_endpoint_resume(struct http_endpoint *endpoint);

/* --- connection.c --- */

enum http_connection_state {
	HTTP_FRESH, /* made for accept(), peer not known yet */
	HTTP_IDLE,  /* nothing of the next request has come */
	HTTP_RECEIVING,
	HTTP_WORKING, /* a worker has the request; no I/O meanwhile, so that it cannot vanish */
	HTTP_SENDING,
	HTTP_SHUT,      /* we have ended it; libevent has still to notice */
	HTTP_LINGERING, /* answered early; drops what the client sends so that it reads the answer
			 */
};

struct http_connection {
	LIST_ENTRY(http_connection) link;
	struct http_endpoint *endpoint;
	enum http_connection_state state;
	struct bufferevent *bev;         /* a reference; NULL once closed */
	struct evhttp_connection *evcon; /* libevent's, as long as bev is there */
	struct http_settings *settings;
	struct event deadline; /* of the state; never re-armed by single octets */
	struct event lingering;
	int linger_fd;
	bool first;  /* no request was complete yet */
	bool unread; /* answered without having read the whole request */
	bool counted;
	bool gave_way; /* ends with the answer that is under way */
	struct sockaddr_storage address;

	/* Guarded by the census. */
	struct census_entry *entry;    /* NULL: not counted */
	struct http_connections *list; /* of those that may give way, longest first; NULL: none */
	TAILQ_ENTRY(http_connection) waiting; /* in `list`, or in the loop's giving_way */
	size_t reserved;                      /* octets, for the body of its request */

	bool giving_way;        /* guarded by the loop */
	struct network network; /* of the address */
	uint64_t number;
	char peer[64];
	bool has_uid; /* a Unix-domain socket */
	uid_t uid;    /* of the peer's process */
	bool certs_read;
	struct http_tls_certs *certs;
	struct http_scan scan;    /* of the request that comes */
	size_t body_allowed;      /* octets */
	int refused;              /* status with which it is about to be ended, 0: it is not */
	struct event refusal;     /* active when `refused` is set */
	struct http_proxy *proxy; /* NULL, or a PROXY header is awaited */
};

/* The evhttp_set_bevcb() callback; arg is the endpoint. */
struct bufferevent *http_connection_accept(struct event_base *base, void *endpoint);
/* Event callback: the connections made since are accepted now; reads their peers, counts, limits.
 */
void http_connection_adopt(evutil_socket_t fd, short what, void *loop);
/* The connection of a request; NULL if there was no memory for one. */
struct http_connection *http_connection_of(struct http_loop *loop, struct evhttp_request *req);
void http_connection_set_state(struct http_connection *connection,
			       enum http_connection_state state);
/* Ends it for another's sake, at once if it waits, else with the answer that is under way. */
void http_connection_give_way(struct http_connection *connection);
/* Ends it from our side; it is freed when libevent has seen that. */
void http_connection_shut(struct http_connection *connection);
void http_connection_free(struct http_connection *connection);

/* The client's address, of which a load balancer speaks. Ends the connection if a limit says so. */
void http_connection_identify(struct http_connection *connection,
			      const struct sockaddr_storage *address);

/* --- proxy.c --- */

/* Whether its peer is a load balancer of proxy_protocol_from. */
bool http_proxy_expected(const struct http_connection *connection);
/* Holds the connection back until its PROXY header is there. */
_must_check_ int http_proxy_await(struct http_connection *connection);
/* Awaits it no more: what comes is for libevent. */
void http_proxy_end(struct http_connection *connection);

/* --- route.c --- */

/* The route of a path, decoded, or as much of it as is known; NULL: none. *restp: what is behind.
 */
const struct http_route *http_route_find(const struct http_server *server, unsigned groups,
					 const char *path, size_t *restp);
/* The route of the request that comes on a connection, by as much of its path as is there. */
const struct http_route *http_route_asked(const struct http_connection *connection);
/* The largest body that the route takes; NULL: that one without a route of its own takes. */
size_t http_route_body_max(const struct http_route *route, const struct http_settings *settings);
/* Likewise, that any route of the groups takes. */
size_t http_body_max(const struct http_server *server, const struct http_settings *settings,
		     unsigned groups);

/* --- refuse.c: answers past libevent --- */

/* Retry-After when there is no room: short, since a queue is. */
enum { HTTP_RETRY_AFTER_S = 1 };

/*
 * Answers with that status and ends the connection: in a moment, for libevent may be at work on it;
 * at once, which frees it. What libevent reads meanwhile is not served.
 */
void http_refuse_soon(struct http_connection *connection, int status);
void http_refuse_now(struct http_connection *connection, int status);
/* Counts and tells of a request that no handler has answered; NULL: not known. */
enum { HTTP_URI_SHOWN = 256 };
void http_refused_tell(const struct http_connection *connection, int status, const char *method,
		       const char *uri);
/* The same of a connection that ends in its TLS handshake, if it does. */
void http_tls_tell(const struct http_connection *connection);
/* The callback of a bufferevent's output: replaces what libevent says of itself. */
void http_refuse_output(struct evbuffer *output, const struct evbuffer_cb_info *info,
			void *connection);

/* --- intake.c: what comes in --- */

/* For a connection that waits for its first request, or its next one. */
void http_intake_begin(struct http_connection *connection);
/* The last n octets of the input are new. */
void http_intake_octets(struct http_connection *connection, size_t n);

/* --- request.c --- */

/* A request at a worker, and its answer on the way back. */
struct http_job {
	STAILQ_ENTRY(http_job) link;
	struct http_loop *loop;
	struct http_connection *connection;
	struct evhttp_request *req;
	const struct http_route *route;
	struct http_request request;
	struct http_response response;
	char peer[64];
	atomic_int holders;  /* the handler that runs, and who has it held: the last one answers */
	http_finish *finish; /* NULL: the response is complete */
	http_handler *resumed_handler;
	void *later_arg; /* of finish or resumed_handler */
	struct pool_resumed resumed;
	/* Headers, path, query, text of the headers, body. The certificates are the connection's.
	 */
	struct http_header headers[];
};

/* The evhttp_set_gencb() callback; arg is the endpoint. */
void http_request_serve(struct evhttp_request *req, void *endpoint);
/* Sends the answer of a job and frees it. */
void http_job_answer(struct http_job *job);

/* --- message.c: pure functions on parts of a message --- */

/* Decodes %XX of `path` in place. false: malformed, or a NUL. */
bool http_path_decode(char *path);
/* Whether a Content-Type names that media type: parameters ignored, case too. */
bool http_content_type_is(const char *header, const char *type);
/* RFC 9110 5.3: whether no header is there twice that is no list. */
bool http_singletons_are_single(const struct evkeyvalq *headers);
/* "GET, POST" from a set of enum http_method. */
enum { HTTP_METHODS_SIZE = 40 };
void http_methods_print(unsigned methods, char out[HTTP_METHODS_SIZE]);
/* Header fields of a request; a client needs some ten, a chain of proxies adds a few. */
enum { HTTP_HEADERS_MAX = 100 };
/* How many they are, and the octets of text that http_headers_collect() needs for them. */
size_t http_headers_text_size(const struct evkeyvalq *headers, size_t *np);
/* Each name once, with all of its values: into out[], the values into `text`. Returns how many. */
size_t http_headers_collect(const struct evkeyvalq *headers, struct http_header *out, char *text);
/* Writes the answer of response->status where there is no handler. route NULL: not known. */
void http_refusal_write(const struct http_route *route, struct http_response *response);
struct timeval http_timeval(int64_t ms);
