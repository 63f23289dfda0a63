// SPDX-License-Identifier: Apache-2.0
/*
 * Parts of an HTTP message: paths, media types, framing, headers. No connection.
 */
#include "http_private.h"

#include <ctype.h>
#include <errno.h>
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

/* Which of the headers that have one value it is, as a bit; 0: none of them. */
static unsigned singleton_bit(const char *name)
{
	static const char *const singletons[] = {"Host", "Content-Type", "Authorization", "Version",
						 "Expect"};

	for (size_t i = 0; i < ARRAY_LEN(singletons); i++)
		if (strcasecmp(name, singletons[i]) == 0)
			return 1U << i;
	return 0;
}

bool http_singletons_are_single(const struct evkeyvalq *headers)
{
	const struct evkeyval *header;
	unsigned seen = 0;

	TAILQ_FOREACH(header, headers, next)
	{
		unsigned bit = singleton_bit(header->key);

		if (seen & bit)
			return false;
		seen |= bit;
	}
	return true;
}

static const struct {
	enum http_method method;
	const char *name;
} method_names[] = {{HTTP_GET, "GET"},
		    {HTTP_POST, "POST"},
		    {HTTP_PUT, "PUT"},
		    {HTTP_PATCH, "PATCH"},
		    {HTTP_DELETE, "DELETE"}};

const char *http_method_name(enum http_method method)
{
	for (size_t i = 0; i < ARRAY_LEN(method_names); i++)
		if (method_names[i].method == method)
			return method_names[i].name;
	return "";
}

void http_methods_print(unsigned methods, char out[HTTP_METHODS_SIZE])
{
	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(method_names); i++) {
		if (!(methods & method_names[i].method))
			continue;
		if (out[0])
			strcat(out, ", ");
		strcat(out, method_names[i].name);
	}
}

/* --- headers --- */

static const char *header_value(const struct http_header *headers, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return headers[i].value;
	return NULL;
}

/* The values of `first` and of those behind it that have its name, at *textp. */
static const char *values_join(const struct evkeyval *first, char **textp)
{
	const char *joined = *textp;
	char *end = stpcpy(*textp, first->value);

	for (const struct evkeyval *other = TAILQ_NEXT(first, next); other;
	     other = TAILQ_NEXT(other, next))
		if (strcasecmp(other->key, first->key) == 0)
			end = stpcpy(stpcpy(end, ", "), other->value);
	*textp = end + 1;
	return joined;
}

size_t http_headers_text_size(const struct evkeyvalq *headers, size_t *np)
{
	const struct evkeyval *header;
	size_t size = 0;

	*np = 0;
	TAILQ_FOREACH(header, headers, next)
	{
		size += strlen(header->value) + sizeof(", ");
		++*np;
	}
	return size;
}

size_t http_headers_collect(const struct evkeyvalq *headers, struct http_header *out, char *text)
{
	const struct evkeyval *header;
	size_t n = 0;

	TAILQ_FOREACH(header, headers, next)
	{
		if (!header_value(out, n, header->key))
			out[n++] = (struct http_header){header->key, values_join(header, &text)};
	}
	return n;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	return header_value(request->headers, request->n_headers, name);
}

int http_response_add(struct http_response *response, const char *name, const char *value)
{
	char *copy;

	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return -EINVAL;
	if (response->n_headers == HTTP_RESPONSE_HEADERS_MAX)
		return -EINVAL;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	response->headers[response->n_headers++] = (struct http_header){name, copy};
	return 0;
}

void http_response_clear(struct http_response *response)
{
	for (size_t i = 0; i < response->n_headers; i++)
		free((char *)(uintptr_t)response->headers[i].value);
	octets_clear(&response->body);
	shared_unref(response->part);
	response->part = NULL;
	response->n_headers = 0;
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
		{303, "See Other"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{417, "Expectation Failed"},
		{422, "Unprocessable Content"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

void http_refusal_write(const struct http_route *route, struct http_response *response)
{
	char *text;
	int len;

	if (route && route->refused) {
		route->refused(route->arg, response->status, response);
		return;
	}
	len = asprintf(&text, "%d %s\n", response->status, http_reason_phrase(response->status));
	if (len < 0)
		return;
	response->body = (struct octets){(uint8_t *)text, (size_t)len};
	response->content_type = "text/plain";
}

struct timeval http_timeval(int64_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}
