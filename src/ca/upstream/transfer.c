// SPDX-License-Identifier: Apache-2.0
/* CMP over HTTP as a client (RFC 6712, RFC 9811), one message a call, with libcurl. */
#include "ca.h"

#include "base/pool.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

enum {
	/* Certificates, chains and CRLs of a real CA fit; more is nothing we asked for. */
	ANSWER_MAX = 1024 * 1024,
	SECONDS_OF_CONNECT_MAX = 10,
};

#define CMP_TYPE "application/pkixcmp"

/* --- connections --- */

/* Handles that nobody uses now; each keeps its connection open. */
struct ca_connections {
	pthread_mutex_t lock;
	size_t max, len;
	CURL *idle[];
};

int ca_connections_new(size_t max, struct ca_connections **connectionsp)
{
	struct ca_connections *c = calloc(1, sizeof(*c) + max * sizeof(CURL *));

	if (!c)
		return -ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	c->max = max;
	*connectionsp = c;
	return 0;
}

void ca_connections_free(struct ca_connections *c)
{
	if (!c)
		return;
	while (c->len > 0)
		curl_easy_cleanup(c->idle[--c->len]);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* The one that was used last: its connection is the least likely to be closed by now. */
static CURL *handle_take(struct ca_connections *c)
{
	CURL *curl = NULL;

	if (c) {
		pthread_mutex_lock(&c->lock);
		if (c->len > 0)
			curl = c->idle[--c->len];
		pthread_mutex_unlock(&c->lock);
	}
	return curl ? curl : curl_easy_init();
}

static void handle_give_back(struct ca_connections *c, CURL *curl)
{
	if (c && curl) {
		/* Options are forgotten, connections are not. */
		curl_easy_reset(curl);
		pthread_mutex_lock(&c->lock);
		if (c->len < c->max) {
			c->idle[c->len++] = curl;
			curl = NULL;
		}
		pthread_mutex_unlock(&c->lock);
	}
	curl_easy_cleanup(curl);
}

/* --- one message --- */

static void curl_slistp(struct curl_slist **listp)
{
	curl_slist_free_all(*listp);
}

static size_t answer_take(char *data, size_t one, size_t len, void *arg)
{
	struct octets *answer = arg;
	uint8_t *grown;

	if (len > ANSWER_MAX - answer->len)
		return 0;
	grown = realloc(answer->data, answer->len + len + 1);
	if (!grown)
		return 0;
	memcpy(grown + answer->len, data, len);
	answer->data = grown;
	answer->len += len;
	return len;
}

static int set_up(CURL *curl, const struct ca_transfer_options *options, struct bytes request,
		  struct curl_slist *headers, struct octets *answer)
{
	CURLcode c = CURLE_OK;

#define SET(option, value) (c = c ? c : curl_easy_setopt(curl, (option), (value)))
	SET(CURLOPT_URL, options->url);
	SET(CURLOPT_NOSIGNAL, 1L);
	/* The configuration names the peer: no proxy of the environment, no redirection. */
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT, (long)SECONDS_OF_CONNECT_MAX);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_POSTFIELDS, (const char *)request.data);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request.len);
	SET(CURLOPT_WRITEFUNCTION, answer_take);
	SET(CURLOPT_WRITEDATA, answer);
	if (options->tls_trusted)
		SET(CURLOPT_CAINFO, options->tls_trusted);
	_Static_assert((int)CA_TRANSFER_PROBLEM_MAX >= (int)CURL_ERROR_SIZE,
		       "libcurl writes that much");
	SET(CURLOPT_ERRORBUFFER, options->problem);
#undef SET
	return c == CURLE_OK ? 0 : -ENOMEM;
}

/* Reached and slow is another thing than not reached: the first may have got the request. */
static int errno_of(CURL *curl, CURLcode code)
{
	curl_off_t connected_us = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
	if (connected_us == 0 || code == CURLE_COULDNT_CONNECT)
		return -ECONNREFUSED;
	return code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EPROTO;
}

/* RFC 9811 3.3: the media type tells a CMP answer, not the status; parameters may follow. */
static bool is_cmp(CURL *curl)
{
	const char *type = NULL;

	(void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	return type && strncasecmp(type, CMP_TYPE, sizeof(CMP_TYPE) - 1) == 0 &&
	       strchr("; \t", type[sizeof(CMP_TYPE) - 1]);
}

/* RFC 9483 6.1: whether the status of an answer that is not CMP says that no other will come: wrong
 * in the request or in the URL. Those of overload, proxies and restarts pass. */
static bool is_final(CURL *curl)
{
	static const long passing[] = {408, 425, 429};
	long status = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (status == passing[i])
			return false;
	return (status >= 300 && status <= 499) || status == 501 || status == 505;
}

/* What libcurl has not told itself. */
static void problem_tell(CURL *curl, CURLcode code, char *problem)
{
	long status = 0;

	if (!problem || problem[0])
		return;
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK)
		snprintf(problem, CA_TRANSFER_PROBLEM_MAX, "%s", curl_easy_strerror(code));
	else
		snprintf(problem, CA_TRANSFER_PROBLEM_MAX, "HTTP status %ld without a CMP message",
			 status);
}

static int message_post(CURL *curl, const struct ca_transfer_options *options, struct bytes request,
			struct curl_slist *headers, struct octets *answer)
{
	CURLcode code;

	if (options->problem)
		options->problem[0] = '\0';
	if (set_up(curl, options, request, headers, answer) < 0)
		return -ENOMEM;
	pool_wait_begin();
	code = curl_easy_perform(curl);
	pool_wait_end();
	if (options->http_statusp)
		(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, options->http_statusp);
	if (code == CURLE_OK && is_cmp(curl) && answer->len > 0)
		return 0;
	problem_tell(curl, code, options->problem);
	if (code != CURLE_OK)
		return errno_of(curl, code);
	return is_final(curl) ? -EREMOTEIO : -EPROTO;
}

int ca_transfer(const struct ca_transfer_options *options, struct bytes request,
		struct octets *answerp)
{
	_cleanup_(octets_clear) struct octets answer = OCTETS_NULL;
	struct curl_slist *content_type = curl_slist_append(NULL, "Content-Type: " CMP_TYPE);
	/* "Expect:" as such: the body is small, no 100-continue is waited for. */
	struct curl_slist *grown = content_type ? curl_slist_append(content_type, "Expect:") : NULL;
	_cleanup_(curl_slistp) struct curl_slist *headers = grown ? grown : content_type;
	CURL *curl = handle_take(options->connections);
	int err = curl && grown ? message_post(curl, options, request, headers, &answer) : -ENOMEM;

	handle_give_back(options->connections, curl);
	if (err == 0) {
		*answerp = answer;
		answer = OCTETS_NULL;
	}
	return err;
}
