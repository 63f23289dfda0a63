// SPDX-License-Identifier: Apache-2.0
/*
 * The octets of one request as they come, before libevent reads them: whether they are a request
 * that all readers understand in the same way (RFC 9112 11.2), and how long it will be. libevent
 * repairs where it should refuse: it cuts a line at a NUL, joins folded lines, adds trailers to the
 * headers, takes "0x5" for a chunk's size. What the headers mean is not for here.
 */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum http_scan_phase {
	HTTP_SCAN_REQUEST_LINE,
	HTTP_SCAN_FIELDS,
	HTTP_SCAN_BODY, /* of known length; not looked at */
	HTTP_SCAN_CHUNK_SIZE,
	HTTP_SCAN_CHUNK,
	HTTP_SCAN_CHUNK_END,
	HTTP_SCAN_LAST_LINE, /* behind the last chunk */
	HTTP_SCAN_DONE,
};

/* Of a line so much is kept: of the request line enough to find a route. */
enum { HTTP_SCAN_LINE_MAX = 256 };

struct http_scan {
	enum http_scan_phase phase;
	int status; /* 0, or 400 or 431: of what is refused */
	size_t head_max;
	size_t head_len;
	unsigned n_fields;
	unsigned n_spaces; /* in the request line */
	bool cr;           /* was the octet before */
	bool has_length;
	bool chunked;
	uint64_t length;     /* announced; UINT64_MAX: that, or more */
	uint64_t body_len;   /* of chunks, as far as their sizes are known */
	uint64_t chunk_left; /* octets of the chunk */
	size_t line_len;
	size_t request_line_len; /* of what was kept of it; 0: it is not complete */
	char line[HTTP_SCAN_LINE_MAX];
	char request_line[HTTP_SCAN_LINE_MAX];
};

/* For the next request, whose head may have head_max octets. */
void http_scan_begin(struct http_scan *scan, size_t head_max);
/* Goes on with what has come; nothing once there is a status. */
void http_scan_octets(struct http_scan *scan, struct bytes octets);
/* Whether the whole head is there. */
bool http_scan_has_head(const struct http_scan *scan);
/* The path that the request line names, up to a query, not decoded; as much of it as was kept. */
struct bytes http_scan_path(const struct http_scan *scan);
bool http_scan_is_head_method(const struct http_scan *scan);
