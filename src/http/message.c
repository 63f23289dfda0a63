// SPDX-License-Identifier: Apache-2.0
/*
 * Parts of an HTTP message: paths, media types, framing. No connection and no libevent call.
 */
#include "http_private.h"

#include <ctype.h>
#include <event2/keyvalq_struct.h>
#include <string.h>
#include <strings.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool http_path_decode(char *path)
{
	char *out = path;

	for (const char *in = path; *in; in++) {
		int high, low;

		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		high = hex_digit(in[1]);
		low = high < 0 ? -1 : hex_digit(in[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*out++ = (char)(high << 4 | low);
		in += 2;
	}
	*out = '\0';
	return true;
}

bool http_content_type_is(const char *header, const char *type)
{
	size_t len;

	if (!header)
		return false;
	header += strspn(header, " \t");
	len = strcspn(header, "; \t");
	/* RFC 9110 8.3.1: case-insensitive; parameters follow a semicolon */
	if (header[len + strspn(header + len, " \t")] != ';' &&
	    header[len + strspn(header + len, " \t")] != '\0')
		return false;
	return len == strlen(type) && strncasecmp(header, type, len) == 0;
}

/* RFC 9110 5.6.2 */
static bool is_token(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("!#$%&'*+-.^_`|~", *s))
			return false;
	return true;
}

static bool is_length(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

bool http_framing_sound(const struct evkeyvalq *headers, int minor, bool *has_bodyp)
{
	unsigned lengths = 0, encodings = 0;
	const struct evkeyval *header;

	*has_bodyp = false;
	TAILQ_FOREACH(header, headers, next)
	{
		/* RFC 9112 5.1: no space before the colon, where two readers could differ */
		if (!is_token(header->key))
			return false;
		if (strcasecmp(header->key, "Content-Length") == 0) {
			/* RFC 9112 6.3: lists and repetitions are not repaired but refused */
			if (++lengths > 1 || !is_length(header->value))
				return false;
			*has_bodyp |= header->value[strspn(header->value, "0")] != '\0';
		} else if (strcasecmp(header->key, "Transfer-Encoding") == 0) {
			if (++encodings > 1 || strcasecmp(header->value, "chunked") != 0)
				return false;
			*has_bodyp = true;
		}
	}
	/* RFC 9112 6.1: both together, or the latter in HTTP/1.0, is how requests are smuggled */
	return encodings == 0 || (lengths == 0 && minor >= 1);
}

void http_methods_print(unsigned methods, char out[32])
{
	static const struct {
		enum http_method method;
		const char *name;
	} names[] = {
		{HTTP_GET, "GET"}, {HTTP_POST, "POST"}, {HTTP_PUT, "PUT"}, {HTTP_DELETE, "DELETE"}};

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!(methods & names[i].method))
			continue;
		if (out[0])
			strcat(out, ", ");
		strcat(out, names[i].name);
	}
}

const char *http_reason_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{422, "Unprocessable Content"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
	};

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

struct timeval http_timeval(int64_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}
