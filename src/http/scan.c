// SPDX-License-Identifier: Apache-2.0
/* See scan.h. intake.c feeds it and acts on what it finds. */
#include "scan.h"

#include "http_private.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Digits of a chunk's size: more octets than there are. */
enum { CHUNK_DIGITS_MAX = 15 };

void http_scan_begin(struct http_scan *scan, size_t head_max)
{
	/* Of the lines their lengths say what is there. */
	memset(scan, 0, offsetof(struct http_scan, line));
	scan->head_max = head_max;
}

bool http_scan_has_head(const struct http_scan *scan)
{
	return scan->phase >= HTTP_SCAN_BODY;
}

bool http_scan_is_head_method(const struct http_scan *scan)
{
	return scan->request_line_len >= 5 && memcmp(scan->request_line, "HEAD ", 5) == 0;
}

struct bytes http_scan_path(const struct http_scan *scan)
{
	/* While the request line is not complete it is in `line`. */
	bool complete = scan->request_line_len > 0;
	const char *text = complete ? scan->request_line : scan->line;
	size_t len = complete                              ? scan->request_line_len
		     : scan->line_len < sizeof(scan->line) ? scan->line_len
							   : sizeof(scan->line);
	const char *end = text + len, *path = memchr(text, ' ', len), *scheme;

	if (!path)
		return BYTES_NULL;
	path++;
	end = memchr(path, ' ', (size_t)(end - path)) ?: end;
	end = memchr(path, '?', (size_t)(end - path)) ?: end;
	/* RFC 9112 3.2.2: absolute-form */
	scheme = memmem(path, (size_t)(end - path), "://", 3);
	if (scheme && *path != '/')
		path = memchr(scheme + 3, '/', (size_t)(end - scheme - 3)) ?: end;
	return (struct bytes){(const uint8_t *)path, (size_t)(end - path)};
}

/* --- lines --- */

static bool line_is(const struct http_scan *scan, const char *name, const char **valuep)
{
	size_t len = strlen(name);

	if (scan->line_len <= len || scan->line[len] != ':' ||
	    strncasecmp(scan->line, name, len) != 0)
		return false;
	*valuep = scan->line + len + 1;
	return true;
}

/* Without the white space around it, RFC 9110 5.5; empty if the line was too long to be kept. */
static struct bytes value_of(const struct http_scan *scan, const char *value)
{
	const char *end = scan->line + scan->line_len;

	if (scan->line_len > sizeof(scan->line))
		return BYTES_NULL;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct bytes){(const uint8_t *)value, (size_t)(end - value)};
}

/* Digits of that base. false: none, or something else. */
static bool number_read(struct bytes text, unsigned base, uint64_t *numberp)
{
	*numberp = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = text.data[i];

		if (digit >= '0' && digit <= '9')
			digit -= '0';
		else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
			digit = (digit | 0x20) - 'a' + 10;
		else
			return false;
		if (digit >= base)
			return false;
		*numberp = *numberp > (UINT64_MAX - digit) / base ? UINT64_MAX
								  : *numberp * base + digit;
	}
	return text.len > 0;
}

/*
 * RFC 9110 5.6.2. RFC 9112 5.1: no space before the colon, where two readers could differ; 5.2: a
 * line that begins with one is folded.
 */
static bool name_is_token(const struct http_scan *scan)
{
	size_t len = scan->line_len < sizeof(scan->line) ? scan->line_len : sizeof(scan->line);
	const char *colon = memchr(scan->line, ':', len);

	if (!colon || colon == scan->line)
		return false;
	for (const char *c = scan->line; c < colon; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && !strchr("!#$%&'*+.^_`|~", *c))
			return false;
	return true;
}

static void field_end(struct http_scan *scan)
{
	const char *value;
	struct bytes text;

	if (++scan->n_fields > HTTP_HEADERS_MAX)
		scan->status = 431;
	else if (!name_is_token(scan))
		scan->status = 400;
	/* RFC 9112 6.3: lists and repetitions are not repaired but refused */
	else if (line_is(scan, "Content-Length", &value)) {
		if (scan->has_length || !number_read(value_of(scan, value), 10, &scan->length))
			scan->status = 400;
		scan->has_length = true;
	} else if (line_is(scan, "Transfer-Encoding", &value)) {
		text = value_of(scan, value);
		if (scan->chunked || text.len != 7 ||
		    strncasecmp((const char *)text.data, "chunked", 7) != 0)
			scan->status = 400;
		scan->chunked = true;
	}
}

static void head_end(struct http_scan *scan)
{
	/* RFC 9112 6.1: both together are how requests are smuggled */
	if (scan->chunked && scan->has_length)
		scan->status = 400;
	scan->phase = scan->chunked ? HTTP_SCAN_CHUNK_SIZE : HTTP_SCAN_BODY;
}

static void request_line_end(struct http_scan *scan)
{
	if (scan->line_len == 0 || scan->n_spaces != 2)
		scan->status = 400;
	scan->request_line_len =
		scan->line_len < sizeof(scan->line) ? scan->line_len : sizeof(scan->line);
	memcpy(scan->request_line, scan->line, scan->request_line_len);
	scan->phase = HTTP_SCAN_FIELDS;
}

/* RFC 9112 7.1. Extensions would be ignored; nobody sends them. */
static void chunk_size_end(struct http_scan *scan)
{
	struct bytes text = {(const uint8_t *)scan->line, scan->line_len};

	if (scan->line_len > CHUNK_DIGITS_MAX || !number_read(text, 16, &scan->chunk_left)) {
		scan->status = 400;
		return;
	}
	scan->body_len += scan->chunk_left;
	scan->phase = scan->chunk_left > 0 ? HTTP_SCAN_CHUNK : HTTP_SCAN_LAST_LINE;
}

static void line_end(struct http_scan *scan)
{
	bool empty = scan->line_len == 0;

	switch (scan->phase) {
	case HTTP_SCAN_REQUEST_LINE:
		request_line_end(scan);
		break;
	case HTTP_SCAN_FIELDS:
		if (empty)
			head_end(scan);
		else
			field_end(scan);
		break;
	case HTTP_SCAN_CHUNK_SIZE:
		chunk_size_end(scan);
		break;
	case HTTP_SCAN_CHUNK_END:
		if (!empty)
			scan->status = 400;
		scan->phase = HTTP_SCAN_CHUNK_SIZE;
		break;
	case HTTP_SCAN_LAST_LINE:
		/* RFC 9110 6.5.1: trailers are no headers, and none is wanted here */
		if (!empty)
			scan->status = 400;
		scan->phase = HTTP_SCAN_DONE;
		break;
	case HTTP_SCAN_BODY:
	case HTTP_SCAN_CHUNK:
	case HTTP_SCAN_DONE:
		break;
	}
	scan->line_len = 0;
	scan->cr = false;
}

/* --- octets --- */

/* Whether an octet may be in a line: RFC 9112 2.2 (CR), RFC 9110 5.5 (NUL and other controls). */
static bool octet_may_be(const struct http_scan *scan, uint8_t octet)
{
	if (octet == '\t')
		return scan->phase == HTTP_SCAN_FIELDS;
	return octet >= ' ' && octet != 0x7f;
}

static void line_octet(struct http_scan *scan, uint8_t octet)
{
	if (scan->cr || (octet != '\r' && !octet_may_be(scan, octet))) {
		scan->status = 400;
		return;
	}
	if (octet == '\r') {
		scan->cr = true;
		return;
	}
	if (scan->line_len < sizeof(scan->line))
		scan->line[scan->line_len] = (char)octet;
	scan->line_len++;
	if (scan->phase == HTTP_SCAN_REQUEST_LINE && octet == ' ')
		scan->n_spaces++;
	if (scan->phase >= HTTP_SCAN_BODY && scan->line_len > CHUNK_DIGITS_MAX)
		scan->status = 400;
}

/* Of one line at most. Returns how many octets that were. */
static size_t line_octets(struct http_scan *scan, struct bytes octets)
{
	bool in_head = !http_scan_has_head(scan);
	size_t room = in_head ? scan->head_max - scan->head_len : octets.len;
	size_t len = octets.len < room ? octets.len : room, n = 0;

	if (len == 0)
		scan->status = 431;
	while (n < len && octets.data[n] != '\n' && scan->status == 0)
		line_octet(scan, octets.data[n++]);
	if (n < len && scan->status == 0) {
		line_end(scan);
		n++;
	}
	scan->head_len += in_head ? n : 0;
	return n;
}

static size_t chunk_octets(struct http_scan *scan, size_t len)
{
	size_t n = len < scan->chunk_left ? len : (size_t)scan->chunk_left;

	scan->chunk_left -= n;
	if (scan->chunk_left == 0)
		scan->phase = HTTP_SCAN_CHUNK_END;
	return n;
}

void http_scan_octets(struct http_scan *scan, struct bytes octets)
{
	while (octets.len > 0 && scan->status == 0 && scan->phase != HTTP_SCAN_BODY &&
	       scan->phase != HTTP_SCAN_DONE) {
		size_t n = scan->phase == HTTP_SCAN_CHUNK ? chunk_octets(scan, octets.len)
							  : line_octets(scan, octets);

		octets.data += n;
		octets.len -= n;
	}
}
