// SPDX-License-Identifier: Apache-2.0
/* The syntax of URIs. See base/uri.h. */
#include "base/uri.h"

#include "base/host_name.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_one_of(uint8_t c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_unreserved(uint8_t c)
{
	return c < 0x80 && (isalnum(c) || is_one_of(c, "-._~"));
}

/* RFC 3986 2.1; 6.2.2.2: in upper case, and not of what needs none. */
static const char *escape_fault(struct bytes text)
{
	uint8_t octet = 0;

	if (text.len < 3)
		return "has a percent sign that escapes nothing";
	for (size_t i = 1; i < 3; i++) {
		uint8_t c = text.data[i];

		if (!isdigit(c) && !(c >= 'A' && c <= 'F'))
			return "has an escape that is not % and two digits in upper case";
		octet = (uint8_t)(octet << 4 | (isdigit(c) ? c - '0' : c - 'A' + 10));
	}
	return is_unreserved(octet) ? "escapes what needs no escape" : NULL;
}

/* RFC 3986 A: what pchar, query and fragment have, and the separators of the
 * whole. */
static const char *characters_fault(struct bytes text)
{
	size_t fragments = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		const char *fault =
			c == '%' ? escape_fault((struct bytes){text.data + i, text.len - i}) : NULL;

		fragments += c == '#';
		if (fault)
			return fault;
		if (!is_unreserved(c) && !is_one_of(c, ":/?#[]@!$&'()*+,;=%"))
			return "has a character that must be escaped";
	}
	return fragments > 1 ? "has two fragments" : NULL;
}

static size_t run_of(struct bytes text, size_t from, const char *until)
{
	size_t at = from;

	while (at < text.len && !is_one_of(text.data[at], until))
		at++;
	return at - from;
}

/* RFC 3986 3.1 */
static bool scheme_valid(struct bytes scheme)
{
	if (!scheme.len || !isalpha(scheme.data[0]))
		return false;
	for (size_t i = 0; i < scheme.len; i++)
		if (!isalnum(scheme.data[i]) && !is_one_of(scheme.data[i], "+-."))
			return false;
	return true;
}

/* An address, as RFC 5952 writes it. */
static bool is_address(int family, struct bytes text)
{
	char copy[INET6_ADDRSTRLEN], normal[INET6_ADDRSTRLEN], address[16];

	if (text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return inet_pton(family, copy, address) == 1 &&
	       inet_ntop(family, address, normal, sizeof(normal)) && !strcasecmp(copy, normal);
}

/* What ends in such a label, as 127.0x1, is read as an address by many (WHATWG
 * URL 3.5). */
static bool ends_in_hex(struct bytes host)
{
	size_t at = host.len;

	while (at > 0 && host.data[at - 1] != '.')
		at--;
	if (host.len - at < 2 || host.data[at] != '0' || tolower(host.data[at + 1]) != 'x')
		return false;
	for (at += 2; at < host.len; at++)
		if (!isxdigit(host.data[at]))
			return false;
	return true;
}

static bool port_valid(struct bytes rest)
{
	unsigned port = 0;

	if (!rest.len)
		return true;
	if (rest.data[0] != ':' || rest.len == 1 || rest.len > 6)
		return false;
	for (size_t i = 1; i < rest.len; i++) {
		if (!isdigit(rest.data[i]))
			return false;
		port = port * 10 + (unsigned)(rest.data[i] - '0');
	}
	return port <= 65535;
}

/* RFC 5280 4.2.1.6: with an authority there is a host, a "fully qualified
 * domain name or an IP address". One label will do, since nothing here can know
 * what it is below. */
static const char *authority_read(struct bytes authority, struct bytes *hostp)
{
	struct bytes host = authority, rest;
	bool v6 = authority.len && authority.data[0] == '[';
	size_t len;

	/* Whoever reads https://good.example@bad.example/ does not see where that
	 * leads. */
	if (run_of(authority, 0, "@") < authority.len)
		return "has user information before the host";
	len = run_of(authority, 0, v6 ? "]" : ":");
	if (v6 && len == authority.len)
		return "has a malformed host";
	host = v6 ? (struct bytes){authority.data + 1, len - 1}
		  : (struct bytes){authority.data, len};
	len += v6;
	rest = (struct bytes){authority.data + len, authority.len - len};
	if (!(v6 ? is_address(AF_INET6, host)
		 : (host_name_valid(host, 1) && !ends_in_hex(host)) || is_address(AF_INET, host)))
		return "has a host that is no host name or address";
	if (!port_valid(rest))
		return "has a malformed port";
	*hostp = host;
	return NULL;
}

/* RFC 3986 6.2.2.3 */
static const char *path_fault(struct bytes path)
{
	for (size_t at = 0; at <= path.len;) {
		size_t len = run_of(path, at, "/");

		if ((len == 1 || len == 2) && !memcmp(path.data + at, "..", len))
			return "has a segment . or .. in its path";
		at += len + 1;
	}
	return run_of(path, 0, "[]") < path.len ? "has a character that must be escaped" : NULL;
}

const char *uri_read(struct bytes text, struct uri *urip)
{
	size_t scheme = run_of(text, 0, ":/?#");
	struct bytes rest, authority;
	const char *fault;

	*urip = (struct uri){BYTES_NULL};
	if (scheme == text.len || text.data[scheme] != ':' ||
	    !scheme_valid((struct bytes){text.data, scheme}))
		return "has no scheme";
	fault = characters_fault(text);
	if (fault)
		return fault;
	rest = (struct bytes){text.data + scheme + 1, text.len - scheme - 1};
	if (!rest.len)
		return "has nothing behind its scheme";
	if (rest.len >= 2 && !memcmp(rest.data, "//", 2)) {
		authority = (struct bytes){rest.data + 2, run_of(rest, 2, "/?#")};
		fault = authority_read(authority, &urip->host);
		rest = (struct bytes){authority.data + authority.len, rest.len - authority.len - 2};
	}
	return fault ? fault : path_fault((struct bytes){rest.data, run_of(rest, 0, "?#")});
}

void uri_escape(struct strbuf *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (is_unreserved(*c))
			strbuf_add_n(out, (const char *)c, 1);
		else
			strbuf_printf(out, "%%%02X", *c);
	}
}

static void mask(char *at, size_t len)
{
	if (len == 0)
		return;
	at[0] = '*';
	memmove(at + 1, at + len, strlen(at + len) + 1);
}

static bool is_behind(const char *text, const char *at, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(at - text) >= len && strncasecmp(at - len, word, len) == 0;
}

static void userinfo_mask(char *at)
{
	char *end = memchr(at, '@', strcspn(at, "/?\"' \t\r\n"));
	char *colon = end ? memchr(at, ':', (size_t)(end - at)) : NULL;

	if (colon)
		mask(colon + 1, (size_t)(end - colon - 1));
}

void uri_pin_mask(char *text)
{
	for (char *at = text; (at = strchr(at, '='));) {
		/* Also sslpassword of a database. */
		bool is_secret =
			is_behind(text, at, "pin-value") || is_behind(text, at, "password");

		at++;
		/* What ends it in the URI, or in the text around that. */
		if (is_secret)
			mask(at, strcspn(at, ";&?\"' \t\r\n"));
	}
	for (char *at = text; (at = strstr(at, "://"));) {
		bool is_database =
			is_behind(text, at, "postgresql") || is_behind(text, at, "postgres");

		at += strlen("://");
		if (is_database)
			userinfo_mask(at);
	}
}
