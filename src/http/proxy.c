// SPDX-License-Identifier: Apache-2.0
/*
 * Connections through a load balancer: its PROXY header comes before all else, TLS too. Until it is
 * there, nothing is given to libevent. What it may say is for proxy_header.c.
 */
#include "http_private.h"

#include "proxy_header.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>

/* A balancer that is set up wrongly makes the same mistake on each connection. */
enum { FAULT_INTERVAL_US = 60 * 1000 * 1000 };

struct http_proxy {
	struct event readable;
	size_t have;
	size_t len; /* as far as it is known */
	uint8_t octets[PROXY_HEADER_MAX];
};

static struct bytes address_octets(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;

	if (address->ss_family == AF_INET)
		return (struct bytes){(const uint8_t *)&in->sin_addr, sizeof(in->sin_addr)};
	if (address->ss_family == AF_INET6)
		return (struct bytes){in6->sin6_addr.s6_addr, sizeof(in6->sin6_addr)};
	return BYTES_NULL;
}

bool http_proxy_expected(const struct http_connection *connection)
{
	const struct conf_ip_ranges *from = &connection->settings->proxy_from;
	struct bytes address = address_octets(&connection->address);

	if (!http_listener_is_public(connection->endpoint->listener))
		return false;
	return conf_ip_ranges_have(from, address);
}

/*
 * bufferevent_disable() does not hold back a TLS handshake. So TLS reads from an empty buffer until
 * it may read from the socket, which it writes to anyway.
 */
static int tls_hold(SSL *ssl)
{
	BIO *nothing = BIO_new(BIO_s_mem());

	if (!nothing)
		return -ENOMEM;
	BIO_set_mem_eof_return(nothing, -1); /* not the end: try again */
	SSL_set0_rbio(ssl, nothing);
	return 0;
}

static void tls_go_on(SSL *ssl)
{
	BIO *socket = SSL_get_wbio(ssl);

	BIO_up_ref(socket);
	SSL_set0_rbio(ssl, socket);
}

void http_proxy_end(struct http_connection *connection)
{
	SSL *ssl = connection->bev ? bufferevent_openssl_get_ssl(connection->bev) : NULL;

	if (!connection->proxy)
		return;
	event_del(&connection->proxy->readable);
	free(TAKE(connection->proxy));
	if (ssl)
		tls_go_on(ssl);
	else if (connection->bev)
		bufferevent_enable(connection->bev, EV_READ);
}

static void proxy_refuse(struct http_connection *connection, const char *why)
{
	_cleanup_(strbuf_clear) struct strbuf detail = STRBUF_NULL;

	strbuf_printf(&detail, "%s: %s", connection->peer, why);
	log_fault_every(FAULT_INTERVAL_US, "read PROXY header", -EPROTO, detail.text);
	http_connection_shut(connection);
}

/* Reads no octet beyond the header. */
static void proxy_read(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *connection = arg;
	struct http_proxy *proxy = connection->proxy;
	struct sockaddr_storage address;
	const char *why;

	while (proxy->have < proxy->len) {
		ssize_t n = recv(fd, proxy->octets + proxy->have, proxy->len - proxy->have, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		/* As a balancer does that only looks whether somebody listens. */
		if (n <= 0) {
			http_connection_shut(connection);
			return;
		}
		proxy->have += (size_t)n;
		if (proxy_header_parse((struct bytes){proxy->octets, proxy->have}, &proxy->len,
				       &address, &why) < 0) {
			proxy_refuse(connection, why);
			return;
		}
	}
	http_proxy_end(connection);
	if (address.ss_family != AF_UNSPEC)
		http_connection_identify(connection, &address);
}

int http_proxy_await(struct http_connection *connection)
{
	SSL *ssl = bufferevent_openssl_get_ssl(connection->bev);
	struct http_proxy *proxy = calloc(1, sizeof(*proxy));

	if (!proxy || (ssl && tls_hold(ssl) < 0)) {
		free(proxy);
		return -ENOMEM;
	}
	if (!ssl)
		bufferevent_disable(connection->bev, EV_READ);
	proxy->len = PROXY_HEADER_MIN;
	event_assign(&proxy->readable, connection->endpoint->loop->base,
		     bufferevent_getfd(connection->bev), EV_READ | EV_PERSIST, proxy_read,
		     connection);
	event_add(&proxy->readable, NULL);
	connection->proxy = proxy;
	return 0;
}
