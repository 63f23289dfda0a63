// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of uri_read(): a URI out of a subjectAltName. What is taken for one is one to libcurl
 * as well, and leads to the same host.
 */
#include "base/uri.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void host_compare(const char *text, struct bytes host)
{
	CURLU *url = curl_url();
	char *theirs = NULL;
	size_t bracket;

	MUST(url && !curl_url_set(url, CURLUPART_URL, text, 0));
	MUST(!curl_url_get(url, CURLUPART_HOST, &theirs, 0));
	bracket = theirs[0] == '[';
	MUST(strlen(theirs) == host.len + 2 * bracket);
	MUST(!strncasecmp(theirs + bracket, (const char *)host.data, host.len));
	curl_free(theirs);
	curl_url_cleanup(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uri uri;
	char *text;

	if (size > 2048)
		return 0;
	if (uri_read((struct bytes){data, size}, &uri))
		return 0;
	text = malloc(size + 1);
	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	MUST(strlen(text) == size &&
	     strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			  "0123456789-._~:/?#[]@!$&'()*+,;=%") == size);
	MUST(!uri.host.len ||
	     (uri.host.data >= data && uri.host.data + uri.host.len <= data + size));
	/* Of the schemes that libcurl reads as URLs of hosts. */
	if (!strncasecmp(text, "http://", 7) || !strncasecmp(text, "https://", 8))
		host_compare(text, uri.host);
	free(text);
	return 0;
}
