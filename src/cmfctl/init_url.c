// SPDX-License-Identifier: Apache-2.0
/*
 * Under which URL clients reach a new CMF: certificates name it for their CRL and for the
 * certificate of their CA, for as long as they live. So it is no wildcard and no socket, and is
 * asked for where the address that is listened on does not say it.
 */
#include "init.h"

#include "base/host_name.h"
#include "base/network.h"
#include "web.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { URL_MAX = 1024 };

/* --- what a host is --- */

enum host_use { HOST_NONE, HOST_NOWHERE, HOST_LOOPBACK, HOST_REACHED };

/* An IPv6 address is without its brackets. */
static enum host_use host_use(const char *host)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	const struct sockaddr *address = NULL;
	static const uint8_t zeros[16];

	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		address = (const struct sockaddr *)&v4;
		if (v4.sin_addr.s_addr == 0)
			return HOST_NOWHERE;
	} else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
		address = (const struct sockaddr *)&v6;
		/* ::, and ::ffff:0.0.0.0 */
		if (memcmp(&v6.sin6_addr, zeros, sizeof(zeros)) == 0 ||
		    (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) &&
		     memcmp(&v6.sin6_addr.s6_addr[12], zeros, 4) == 0))
			return HOST_NOWHERE;
	} else {
		/* Digits and dots alone are a mistyped address. */
		return host_name_valid(bytes_of_string(host), 1) &&
				       strspn(host, "0123456789.") < strlen(host)
			       ? HOST_REACHED
			       : HOST_NONE;
	}
	return address_is_loopback(address) ? HOST_LOOPBACK : HOST_REACHED;
}

/* --- the URL that was given --- */

/* Why it cannot be used, in words that follow it; NULL: it can. */
static const char *url_fault(const char *text)
{
	struct web_url url = {0};
	const char *fault = NULL;
	enum host_use use;

	if (strlen(text) > URL_MAX || strchr(text, '?') || web_url_read(text, &url))
		return "is no URL as http://cmf.example.net:8080, without query and fragment";
	use = host_use(url.host);
	if (url.https)
		fault = "is https, which needs a certificate before one can be checked (RFC 5280 "
			"8): name the http address, or a proxy of it";
	else if (use == HOST_NOWHERE)
		fault = "has an address that nobody can connect to: name the host";
	else if (use == HOST_NONE)
		fault = "has no host name and no IP address in it";
	web_url_clear(&url);
	return fault;
}

static int url_take(struct init *init, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		len--;
	init->public_url = strndup(text, len);
	return init->public_url ? CTL_OK : ctl_file_error("cmf.cnf", -ENOMEM);
}

/* --- from the address that is listened on --- */

/*
 * The host of "ADDRESS:PORT" into `host`; what it can be used for. What is no address at all is
 * refused when the configuration is read.
 */
static enum host_use address_use(const char *item, char *host, size_t size)
{
	const char *colon = strrchr(item, ':');
	size_t len = colon ? (size_t)(colon - item) : 0;

	if (strncmp(item, "unix:", 5) == 0)
		return HOST_NOWHERE;
	if (len >= 2 && item[0] == '[' && item[len - 1] == ']') {
		item++;
		len -= 2;
	}
	if (len == 0 || len >= size)
		return HOST_NONE;
	memcpy(host, item, len);
	host[len] = '\0';
	return host_use(host);
}

static char *word_trim(char *text)
{
	char *end = text + strlen(text);

	while (isspace((unsigned char)*text))
		text++;
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

/* The address that others reach, else one of this machine alone; NULL: there is none. */
static int listen_url(const struct init_args *args, char **urlp)
{
	_cleanup_(freep) char *copy = strdup(args->listen);
	char *next = copy, *item, *best = NULL;
	enum host_use best_use = HOST_NOWHERE;
	char host[INET6_ADDRSTRLEN];

	while (next && (item = strsep(&next, ","))) {
		enum host_use use;

		item = word_trim(item);
		use = address_use(item, host, sizeof(host));
		if (use == HOST_NONE) /* so that its own mistake is told, not this one */
			use = HOST_LOOPBACK;
		if (use > best_use) {
			best_use = use;
			best = item;
		}
	}
	if (copy && !best)
		return CTL_OK;
	if (!best || asprintf(urlp, "http://%s", best) < 0) {
		*urlp = NULL;
		return ctl_file_error("cmf.cnf", -ENOMEM);
	}
	return CTL_OK;
}

/* --- from the terminal --- */

/* What this host calls itself, with the port that is listened on; empty: that is no full name. */
static void suggestion_make(const struct init_args *args, char *url, size_t size)
{
	char host[HOST_NAME_MAX + 1] = "";
	const char *colon = strrchr(args->listen, ':');
	size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

	url[0] = '\0';
	if (gethostname(host, sizeof(host) - 1) || !strchr(host, '.') ||
	    !host_name_valid(bytes_of_string(host), 2))
		return;
	snprintf(url, size, digits ? "http://%s:%.*s" : "http://%s", host, (int)digits,
		 digits ? colon + 1 : "");
}

/* Asks until there is a URL that can be used. */
static int url_ask(struct init *init)
{
	char suggestion[HOST_NAME_MAX + 32], line[URL_MAX + 2];

	suggestion_make(init->args, suggestion, sizeof(suggestion));
	for (;;) {
		const char *fault, *text;

		fprintf(stderr,
			"Under which URL do clients reach this CMF, for CRLs and CA certificates?\n"
			"%s%s%s: ",
			*suggestion ? "[" : "http://HOST:PORT", suggestion, *suggestion ? "]" : "");
		if (!fgets(line, sizeof(line), stdin)) {
			fputc('\n', stderr);
			ctl_error("--public-url is needed");
			return CTL_USAGE;
		}
		text = word_trim(line);
		if (!*text)
			text = suggestion;
		if (!*text)
			continue;
		fault = url_fault(text);
		if (!fault)
			return url_take(init, text);
		ctl_error("%s %s", text, fault);
	}
}

int init_url_settle(const struct ctl *ctl, struct init *init)
{
	const struct init_args *args = init->args;
	_cleanup_(freep) char *url = NULL;
	const char *fault;
	int status;

	if (args->public_url) {
		fault = url_fault(args->public_url);
		if (!fault)
			return url_take(init, args->public_url);
		ctl_error("--public-url: %s %s", args->public_url, fault);
		return CTL_USAGE;
	}
	status = listen_url(args, &url);
	if (status || url)
		return status ? status : url_take(init, url);
	if (!ctl->json && isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
		return url_ask(init);
	ctl_error("no client can connect to %s: say with --public-url under which URL they reach "
		  "the CMF, as http://cmf.example.net:8080. Certificates name it for their CRL",
		  args->listen);
	return CTL_USAGE;
}
