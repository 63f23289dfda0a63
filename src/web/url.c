// SPDX-License-Identifier: Apache-2.0
/*
 * What a URL says of where it leads, read by libcurl's own parser, so that what is judged is what
 * will be connected to.
 */
#include "web.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

static void curl_url_freep(CURLU **url)
{
	curl_url_cleanup(*url);
}

/* A part as libcurl allocates it, copied; NULL: there is none. */
static int part_get(CURLU *url, CURLUPart part, char **textp)
{
	char *text = NULL;
	CURLUcode code = curl_url_get(url, part, &text, 0);

	*textp = NULL;
	if (code == CURLUE_OUT_OF_MEMORY)
		return -ENOMEM;
	if (code != CURLUE_OK)
		return 0;
	*textp = strdup(text);
	curl_free(text);
	return *textp ? 0 : -ENOMEM;
}

/* RFC 3986 2: nothing but printable ASCII. */
static bool is_uri_text(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr("\"<>\\^`{|}", *text))
			return false;
	return true;
}

static void host_normalise(char *host)
{
	size_t len = strlen(host);

	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
	for (char *c = host; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

int web_url_read(const char *text, struct web_url *urlp)
{
	_cleanup_(curl_url_freep) CURLU *url = curl_url();
	_cleanup_(freep) char *scheme = NULL, *host = NULL, *fragment = NULL;
	CURLUcode code;
	int err;

	if (!url)
		return -ENOMEM;
	code = is_uri_text(text) ? curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER)
				 : CURLUE_MALFORMED_INPUT;
	if (code != CURLUE_OK)
		return code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
	err = part_get(url, CURLUPART_SCHEME, &scheme);
	if (!err)
		err = part_get(url, CURLUPART_HOST, &host);
	if (!err)
		err = part_get(url, CURLUPART_FRAGMENT, &fragment);
	if (err)
		return err;
	if (!scheme || !host || !*host || fragment ||
	    (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0))
		return -EINVAL;
	host_normalise(host);
	*urlp = (struct web_url){.https = strcmp(scheme, "https") == 0, .host = TAKE(host)};
	return 0;
}

void web_url_clear(struct web_url *url)
{
	free(url->host);
	*url = (struct web_url){0};
}
