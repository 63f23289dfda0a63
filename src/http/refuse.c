// SPDX-License-Identifier: Apache-2.0
/*
 * Answers that neither a handler nor libevent writes: to a request that is malformed, too large or
 * too slow. libevent would answer some of them itself with a page of HTML and the others not at
 * all; they are written straight to the socket here, and the connection ends. intake.c and
 * connection.c say what is refused.
 */
#include "http_private.h"

#include "base/clock.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As many lines a second as a person reads; what anybody can cause must not fill the disk. */
enum { LINES_PER_SECOND = 10 };

/* Whether there may be one more line. *left_outp: how many there were not, since the last one. */
static bool line_due(struct http_server *server, unsigned *left_outp)
{
	int64_t now_s = clock_monotonic_us() / 1000000;

	if (atomic_exchange(&server->told_s, now_s) != now_s)
		atomic_store(&server->told, 0);
	if (atomic_fetch_add(&server->told, 1) >= LINES_PER_SECOND) {
		atomic_fetch_add(&server->left_out, 1);
		return false;
	}
	*left_outp = atomic_exchange(&server->left_out, 0);
	return true;
}

void http_refused_tell(const struct http_connection *connection, int status, const char *method,
		       const char *uri)
{
	struct http_server *server = connection->endpoint->loop->server;
	char shown[HTTP_URI_SHOWN];
	unsigned left_out;

	metrics_http_refused(server->metrics, status);
	if (!line_due(server, &left_out))
		return;
	snprintf(shown, sizeof(shown), "%s", uri ? uri : "");
	log_event(LOG_LEVEL_INFO, "http_refused", F_INT("conn", (int64_t)connection->number),
		  F_TEXT("peer", connection->peer), F_TEXT("method", method),
		  F_TEXT("uri", uri ? shown : NULL), F_INT("status", status),
		  F_INT("left_out", left_out));
}

void http_tls_tell(const struct http_connection *connection)
{
	struct http_server *server = connection->endpoint->loop->server;
	SSL *ssl = bufferevent_openssl_get_ssl(connection->bev);
	const char *reason = NULL, *next;
	unsigned long code;
	unsigned left_out;

	/* Who says nothing looks whether anybody listens. */
	if (!ssl || SSL_is_init_finished(ssl) || BIO_number_read(SSL_get_rbio(ssl)) == 0)
		return;
	/* The first one is the cause. */
	while ((code = bufferevent_get_openssl_error(connection->bev)) != 0) {
		next = ERR_reason_error_string(code);
		reason = reason ? reason : next;
	}
	metrics_tls_failed(server->metrics);
	if (line_due(server, &left_out))
		log_event(LOG_LEVEL_INFO, "tls_failed", F_INT("conn", (int64_t)connection->number),
			  F_TEXT("peer", connection->peer),
			  F_TEXT("reason", reason ? reason : "the client ended the connection"),
			  F_INT("left_out", left_out));
}

void http_refuse_soon(struct http_connection *connection, int status)
{
	if (connection->refused)
		return;
	connection->refused = status;
	event_active(&connection->refusal, EV_TIMEOUT, 0);
}

/* RFC 9110 5.6.7, in the one form that is to be sent. */
static void date_add(struct strbuf *out)
{
	time_t now = time(NULL);
	char text[64];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	strbuf_add(out, text);
}

static void refusal_print(const struct http_connection *connection, struct http_response *response,
			  struct strbuf *out)
{
	strbuf_printf(out, "HTTP/1.1 %d %s\r\nConnection: close\r\n", response->status,
		      http_reason_phrase(response->status));
	date_add(out);
	if (response->content_type)
		strbuf_printf(out, "Content-Type: %s\r\n", response->content_type);
	if (response->retry_after > 0)
		strbuf_printf(out, "Retry-After: %d\r\n", response->retry_after);
	for (size_t i = 0; i < response->n_headers; i++)
		strbuf_printf(out, "%s: %s\r\n", response->headers[i].name,
			      response->headers[i].value);
	strbuf_printf(out, "Content-Length: %zu\r\n\r\n", response->body.len);
	if (!http_scan_is_head_method(&connection->scan) && response->body.len > 0)
		strbuf_add_n(out, (const char *)response->body.data, response->body.len);
}

/* As much as the socket takes, which is all unless the client reads nothing. */
static void octets_send(const struct http_connection *connection, const struct strbuf *text)
{
	SSL *ssl = bufferevent_openssl_get_ssl(connection->bev);

	if (!ssl)
		(void)!send(bufferevent_getfd(connection->bev), text->text, text->len,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (SSL_is_init_finished(ssl))
		(void)SSL_write(ssl, text->text, (int)text->len);
}

void http_refuse_now(struct http_connection *connection, int status)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	struct http_response response = {.status = status,
					 .retry_after = status == 503 ? HTTP_RETRY_AFTER_S : 0};

	http_refusal_write(http_route_asked(connection), &response);
	refusal_print(connection, &response, &text);
	if (!text.failed)
		octets_send(connection, &text);
	http_response_clear(&response);
	http_refused_tell(connection, status, NULL, NULL);
	/* What the client is still sending is dropped for a while, so that it reads the answer. */
	connection->unread = true;
	evhttp_connection_free(connection->evcon);
}

/* The status of an answer that begins in the buffer; 0: it is no answer. */
static int status_of(struct evbuffer *output)
{
	struct evbuffer_iovec piece;

	/* "HTTP/1.1 400" comes in one piece, as libevent prints lines. */
	if (evbuffer_peek(output, -1, NULL, &piece, 1) < 1 || piece.iov_len < 12 ||
	    memcmp(piece.iov_base, "HTTP/1.", 7) != 0)
		return 0;
	return (int)strtol((const char *)piece.iov_base + 9, NULL, 10);
}

void http_refuse_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_connection *connection = arg;
	int status;

	if (info->n_added == 0 ||
	    (connection->state != HTTP_IDLE && connection->state != HTTP_RECEIVING))
		return;
	status = status_of(output);
	if (!connection->refused && status == 100)
		return;
	/* It is all taken out again; ours goes to the socket when libevent has ended its own. */
	http_refuse_soon(connection, status ? status : 400);
	evbuffer_unfreeze(output, 1); /* the bufferevent's own, which is not writing now */
	evbuffer_drain(output, evbuffer_get_length(output));
	evbuffer_freeze(output, 1);
}
