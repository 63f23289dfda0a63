// SPDX-License-Identifier: Apache-2.0
/*
 * What comes in on a connection, before libevent reads it: a request that is malformed or too large
 * is refused as soon as that can be seen, and not when libevent has kept all of it. Who the limits
 * are for: everybody, for a stranger is not told from others before the request is complete.
 */
#include "http_private.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <string.h>

/* Bodies beyond [server] body_max: how many of json_body_max are read at a time, in all and for one
 * network. */
enum { LARGE_BODIES = 16, LARGE_BODIES_PER_NETWORK = 4 };

/* Octets of the next request that may come behind one. */
enum { PIPELINE_MAX = 4096 };

/* Bounds what the connection can make us keep: a request that is complete but for one octet. */
static void body_allow(struct http_connection *connection, size_t body_max)
{
	if (connection->body_allowed == body_max)
		return;
	connection->body_allowed = body_max;
	bufferevent_setwatermark(connection->bev, EV_READ, 0,
				 connection->settings->header_max + body_max + PIPELINE_MAX);
}

void http_intake_begin(struct http_connection *connection)
{
	http_scan_begin(&connection->scan, connection->settings->header_max);
	if (connection->body_allowed > connection->settings->body_max)
		http_census_release(http_connection_census(connection), connection);
	body_allow(connection, connection->settings->body_max);
}

/* A place for a body of that many octets. 0 or a status. */
static int large_body_allow(struct http_connection *connection, size_t octets)
{
	size_t one = connection->settings->json_body_max;
	struct http_census_room room = {.max = LARGE_BODIES * one,
					.max_per_network = LARGE_BODIES_PER_NETWORK * one};

	/* The operator's socket, where all are of one network. */
	if (connection->network.len == 0)
		room.max_per_network = room.max;
	if (!http_census_reserve(http_connection_census(connection), connection, octets, &room))
		return 503;
	body_allow(connection, octets);
	return 0;
}

/* Whether the body may be as large as it is known to be. 0 or a status. */
static int size_check(struct http_connection *connection)
{
	const struct http_scan *scan = &connection->scan;
	uint64_t octets = scan->chunked ? scan->body_len : scan->length;
	size_t max;

	if (!http_scan_has_head(scan) || octets == 0)
		return 0;
	max = http_route_body_max(http_route_asked(connection), connection->settings);
	if (octets > max)
		return 413;
	if (octets <= connection->body_allowed)
		return 0;
	/* How many chunks follow is not known. */
	return large_body_allow(connection, scan->chunked ? max : (size_t)octets);
}

/* The last n octets of the input. */
static void octets_scan(struct http_scan *scan, struct evbuffer *input, size_t n)
{
	struct evbuffer_ptr at;
	struct evbuffer_iovec piece;

	for (; n > 0; n -= piece.iov_len) {
		if (evbuffer_ptr_set(input, &at, evbuffer_get_length(input) - n, EVBUFFER_PTR_SET) <
			    0 ||
		    evbuffer_peek(input, -1, &at, &piece, 1) < 1)
			return;
		http_scan_octets(scan, (struct bytes){piece.iov_base, piece.iov_len});
	}
}

void http_intake_octets(struct http_connection *connection, size_t n)
{
	struct http_scan *scan = &connection->scan;
	int status;

	if (connection->refused || scan->phase == HTTP_SCAN_BODY || scan->phase == HTTP_SCAN_DONE)
		return;
	octets_scan(scan, bufferevent_get_input(connection->bev), n);
	status = scan->status ? scan->status : size_check(connection);
	if (status != 0)
		http_refuse_soon(connection, status);
}
