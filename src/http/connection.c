// SPDX-License-Identifier: Apache-2.0
/*
 * One connection from accept to close: who is at the other end, limits, time. evhttp knows only how
 * long a connection is silent; here each state has an absolute deadline. What a request means is
 * not for here.
 *
 * evhttp asks for a bufferevent before it accepts, and tells about the end of a connection only
 * through the evhttp_connection, which is the bufferevent's callback argument: so the bufferevent
 * is kept (referenced) and looked at by an event that runs right after accept().
 */
#include "http_private.h"

#include "proxy_header.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long a client may take to notice that it was answered early. */
enum { LINGER_MS = 2000 };

/* Connections of the operator and of what watches: their descriptors are kept back for them. */
enum { LOCAL_CONNECTIONS_MAX = 128 };

static void deadline_arm(struct http_connection *connection, int64_t ms)
{
	struct timeval tv = http_timeval(ms);

	evtimer_add(&connection->deadline, &tv);
}

static void deadline_reached(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;

	if (connection->state == HTTP_LINGERING)
		http_connection_free(connection);
	else if (connection->state == HTTP_RECEIVING)
		http_refuse_now(connection, 408);
	else
		http_connection_shut(connection);
}

/* After http_refuse_soon(). */
static void refusal_due(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;

	if (connection->bev && connection->state != HTTP_SHUT)
		http_refuse_now(connection, connection->refused);
}

/*
 * evhttp offers only the whole bufferevent for TLS or not. NULL would make evhttp use a plain one
 * of its own, whose requests are then refused: http_connection_of() does not know it.
 */
static struct bufferevent *bufferevent_make(struct event_base *base,
					    const struct http_endpoint *endpoint,
					    const struct http_settings *settings)
{
	struct bufferevent *bev;
	SSL *ssl;

	if (!endpoint->listener->tls)
		return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	ssl = settings->tls ? SSL_new(settings->tls) : NULL;
	if (!ssl)
		return NULL;
	bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
					     BEV_OPT_CLOSE_ON_FREE);
	if (!bev)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

struct bufferevent *http_connection_accept(struct event_base *base, void *arg)
{
	struct http_endpoint *endpoint = arg;
	struct http_loop *loop = endpoint->loop;
	struct http_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->bev = bufferevent_make(base, endpoint, loop->settings);
	if (!connection->bev) {
		free(connection);
		return NULL;
	}
	bufferevent_incref(connection->bev);
	connection->endpoint = endpoint;
	connection->settings = http_settings_ref(loop->settings);
	connection->state = HTTP_FRESH;
	connection->first = true;
	connection->linger_fd = -1;
	evtimer_assign(&connection->deadline, base, deadline_reached, connection);
	evtimer_assign(&connection->refusal, base, refusal_due, connection);
	LIST_INSERT_HEAD(&loop->connections, connection, link);
	loop->n_connections++;
	http_loop_accepted(endpoint);
	return connection->bev;
}

/* --- the end --- */

static void linger_read(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;
	char dropped[16384];
	ssize_t n = read(fd, dropped, sizeof(dropped));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		http_connection_free(connection);
}

/*
 * close() with unread octets makes the kernel send RST, which can overtake the answer (413) that
 * was to be read. So keep a descriptor open for a while and drop what comes.
 */
static bool linger_start(struct http_connection *connection, int fd)
{
	struct http_loop *loop = connection->endpoint->loop;

	if (fd < 0 || loop->draining)
		return false;
	connection->linger_fd = dup(fd);
	if (connection->linger_fd < 0)
		return false;
	shutdown(connection->linger_fd, SHUT_WR);
	http_connection_set_state(connection, HTTP_LINGERING);
	event_assign(&connection->lingering, loop->base, connection->linger_fd,
		     EV_READ | EV_PERSIST, linger_read, connection);
	event_add(&connection->lingering, NULL);
	deadline_arm(connection, LINGER_MS);
	return true;
}

/* evhttp's callback: the evhttp_connection is about to be freed. */
static void connection_closed(struct evhttp_connection *evcon, void *arg)
{
	struct http_connection *connection = arg;
	struct http_loop *loop = connection->endpoint->loop;
	int fd = bufferevent_getfd(connection->bev);
	bool linger = connection->state == HTTP_RECEIVING || connection->unread;

	if (fd >= 0 && (size_t)fd < loop->by_fd_len && loop->by_fd[fd] == connection)
		loop->by_fd[fd] = NULL;
	http_tls_tell(connection);
	http_proxy_end(connection);
	bufferevent_decref(TAKE(connection->bev));
	if (!linger || connection->state == HTTP_SHUT || !linger_start(connection, fd))
		http_connection_free(connection);
}

void http_connection_shut(struct http_connection *connection)
{
	http_connection_set_state(connection, HTTP_SHUT);
	http_proxy_end(connection);
	evtimer_del(&connection->deadline);
	shutdown(bufferevent_getfd(connection->bev), SHUT_RDWR);
	/* Nothing is read while an answer is under way: let the end be seen in any case. */
	bufferevent_enable(connection->bev, EV_READ);
}

void http_connection_give_way(struct http_connection *connection)
{
	metrics_connection_gave_way(connection->endpoint->loop->server->metrics);
	switch (connection->state) {
	case HTTP_LINGERING:
		http_connection_free(connection);
		return;
	case HTTP_IDLE:
	case HTTP_RECEIVING:
		http_connection_shut(connection);
		return;
	case HTTP_WORKING: /* the request was complete before we heard of it */
	case HTTP_SENDING:
		connection->gave_way = true;
		return;
	case HTTP_FRESH:
	case HTTP_SHUT:
		return;
	}
}

void http_connection_free(struct http_connection *connection)
{
	struct http_loop *loop = connection->endpoint->loop;

	http_proxy_end(connection);
	evtimer_del(&connection->deadline);
	evtimer_del(&connection->refusal);
	if (connection->linger_fd >= 0) {
		event_del(&connection->lingering);
		close(connection->linger_fd);
	}
	if (connection->counted) {
		http_census_leave(http_connection_census(connection), connection);
		http_loop_forget(connection);
		metrics_connection(loop->server->metrics, -1);
	}
	if (connection->bev)
		bufferevent_decref(connection->bev);
	LIST_REMOVE(connection, link);
	loop->n_connections--;
	if (loop->draining && loop->n_connections == 0)
		event_base_loopbreak(loop->base);
	http_settings_unref(connection->settings);
	free(connection->certs);
	free(connection);
}

/* --- adoption --- */

static void peer_print(struct http_connection *connection)
{
	const struct sockaddr *address = (struct sockaddr *)&connection->address;
	socklen_t len = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						       : sizeof(struct sockaddr_in);
	char host[48], port[8];

	if (address->sa_family == AF_UNIX ||
	    getnameinfo(address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(connection->peer, sizeof(connection->peer), "unix");
	else
		snprintf(connection->peer, sizeof(connection->peer),
			 address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* Who has the other end of a Unix-domain socket; unix(7): as it was at connect(). */
static void peer_uid_read(struct http_connection *connection, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (connection->address.ss_family != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return;
	connection->has_uid = true;
	connection->uid = peer.uid;
}

static int by_fd_set(struct http_loop *loop, struct http_connection *connection, size_t fd)
{
	if (fd >= loop->by_fd_len) {
		size_t len = fd + 64;
		struct http_connection **by_fd =
			reallocarray(loop->by_fd, len, sizeof(struct http_connection *));

		if (!by_fd)
			return -ENOMEM;
		memset(by_fd + loop->by_fd_len, 0, (len - loop->by_fd_len) * sizeof(*by_fd));
		loop->by_fd = by_fd;
		loop->by_fd_len = len;
	}
	loop->by_fd[fd] = connection;
	return 0;
}

/* The first octet of a request starts its clock, unless accept() has. */
static void input_changed(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_connection *connection = arg;

	if (info->n_added == 0)
		return;
	if (connection->state == HTTP_IDLE)
		http_connection_set_state(connection, HTTP_RECEIVING);
	if (connection->state == HTTP_RECEIVING)
		http_intake_octets(connection, info->n_added);
}

/* For octets of both directions. */
static bool buffers_watch(struct http_connection *connection)
{
	return evbuffer_add_cb(bufferevent_get_input(connection->bev), input_changed, connection) &&
	       evbuffer_add_cb(bufferevent_get_output(connection->bev), http_refuse_output,
			       connection);
}

/* An address, and a place: as a balancer's, if it is one, whose own limit is that in all. */
static bool connection_count(struct http_connection *connection)
{
	struct http_server *server = connection->endpoint->loop->server;
	bool public_side = http_listener_is_public(connection->endpoint->listener);
	const struct http_settings *settings = connection->settings;

	address_unmap(&connection->address);
	connection->network = network_of((struct sockaddr *)&connection->address);
	if (!http_census_enter(http_connection_census(connection), connection,
			       public_side ? settings->connections_max : LOCAL_CONNECTIONS_MAX,
			       http_proxy_expected(connection)
				       ? UINT32_MAX
				       : settings->connections_max_per_address)) {
		metrics_connection_refused(server->metrics);
		return false;
	}
	connection->counted = true;
	metrics_connection(server->metrics, 1);
	return true;
}

void http_connection_identify(struct http_connection *connection,
			      const struct sockaddr_storage *address)
{
	const struct http_settings *settings = connection->settings;
	struct network network = network_of((const struct sockaddr *)address);

	connection->address = *address;
	peer_print(connection);
	if (http_census_move(http_connection_census(connection), connection, &network,
			     settings->connections_max, settings->connections_max_per_address))
		return;
	metrics_connection_refused(connection->endpoint->loop->server->metrics);
	http_connection_shut(connection);
}

static void connection_adopt(struct http_connection *connection)
{
	struct http_loop *loop = connection->endpoint->loop;
	int fd = bufferevent_getfd(connection->bev);
	socklen_t len = sizeof(connection->address);
	void *evcon = NULL;

	bufferevent_getcb(connection->bev, NULL, NULL, NULL, &evcon);
	if (fd < 0 || !evcon) { /* accept() came to nothing */
		http_connection_free(connection);
		return;
	}
	connection->evcon = evcon;
	evhttp_connection_set_closecb(evcon, connection_closed, connection);
	connection->number = atomic_fetch_add(&loop->server->connections_made, 1) + 1;
	if (by_fd_set(loop, connection, (size_t)fd) < 0 ||
	    getpeername(fd, (struct sockaddr *)&connection->address, &len) < 0 ||
	    !connection_count(connection) || loop->draining || !buffers_watch(connection) ||
	    (http_proxy_expected(connection) && http_proxy_await(connection) < 0)) {
		http_connection_shut(connection);
		return;
	}
	peer_print(connection);
	peer_uid_read(connection, fd);
	http_intake_begin(connection);
	http_connection_set_state(connection, HTTP_IDLE);
}

void http_connection_adopt(evutil_socket_t fd, short what, void *arg)
{
	struct http_loop *loop = arg;
	struct http_connection *next;

	for (struct http_connection *connection = LIST_FIRST(&loop->connections); connection;
	     connection = next) {
		next = LIST_NEXT(connection, link);
		/* New ones stand in front. */
		if (connection->state != HTTP_FRESH)
			break;
		connection_adopt(connection);
	}
	http_loop_adopted(loop);
}

struct http_connection *http_connection_of(struct http_loop *loop, struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	int fd = evcon ? bufferevent_getfd(evhttp_connection_get_bufferevent(evcon)) : -1;

	return fd >= 0 && (size_t)fd < loop->by_fd_len ? loop->by_fd[fd] : NULL;
}

void http_connection_set_state(struct http_connection *connection, enum http_connection_state state)
{
	enum http_connection_state before = connection->state;

	connection->state = state;
	http_census_note(http_connection_census(connection), connection);
	switch (state) {
	case HTTP_IDLE:
		/* A first request has its time from accept() on, so that TLS handshakes count. */
		deadline_arm(connection, connection->first ? connection->settings->request_ms
							   : connection->settings->idle_ms);
		break;
	case HTTP_RECEIVING:
		if (!connection->first || before != HTTP_IDLE)
			deadline_arm(connection, connection->settings->request_ms);
		break;
	case HTTP_SENDING:
		deadline_arm(connection, connection->settings->request_ms);
		break;
	case HTTP_WORKING:
		connection->first = false;
		evtimer_del(&connection->deadline);
		break;
	case HTTP_FRESH:
	case HTTP_SHUT:
	case HTTP_LINGERING:
		break;
	}
}
