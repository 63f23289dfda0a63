// SPDX-License-Identifier: Apache-2.0
/*
 * One request and its answer with libcurl. See web.h. What libcurl would do by itself and a peer
 * could use against us is switched off here: redirects, proxies of the environment, other
 * protocols, user information in URLs, and answers without end.
 */
#include "identity.h"

#include "base/network.h"
#include "base/pool.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECT_MS_MAX = 10 * 1000,
	/* Status line and fields, interim answers included. */
	HEAD_MAX = 64 * 1024,
};

struct web_connection {
	CURL *curl;
};

int web_connection_new(struct web_connection **connectionp)
{
	struct web_connection *connection = calloc(1, sizeof(*connection));

	if (connection)
		connection->curl = curl_easy_init();
	if (!connection || !connection->curl) {
		free(connection);
		return -ENOMEM;
	}
	*connectionp = connection;
	return 0;
}

void web_connection_free(struct web_connection *connection)
{
	if (!connection)
		return;
	curl_easy_cleanup(connection->curl);
	free(connection);
}

void web_answer_clear(struct web_answer *answer)
{
	octets_clear_secret(&answer->body); /* it may be a token */
	free(answer->location);
	free(answer->link);
	answer->location = answer->link = NULL;
}

/* --- what libcurl calls --- */

struct exchange {
	const struct web_request *request;
	struct web_answer *answer;
	size_t head_len;
	size_t room;    /* octets at the answer's body */
	bool cleartext; /* http */
	bool kept_off;  /* an address was not to be connected to */
	bool enough;    /* of the answer: the body is not wanted */
	bool answer_long;
	bool out_of_memory;
};

/* Takes the value of a field over, if the line is one of that name. */
static void field_take(const char *line, size_t len, const char *name, char **valuep)
{
	size_t name_len = strlen(name);

	if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
		return;
	line += name_len + 1;
	len -= name_len + 1;
	while (len > 0 && strchr(" \t", line[0]))
		line++, len--;
	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		len--;
	free(*valuep);
	*valuep = strndup(line, len);
}

static size_t head_take(char *line, size_t one, size_t len, void *arg)
{
	struct exchange *exchange = arg;

	exchange->head_len += len;
	exchange->answer_long = exchange->head_len > HEAD_MAX;
	field_take(line, len, "Location", &exchange->answer->location);
	field_take(line, len, "Link", &exchange->answer->link);
	return exchange->answer_long ? CURL_WRITEFUNC_ERROR : len;
}

/* What the body held may be a secret, and does not stay behind where it was. */
static int body_room_make(struct exchange *exchange, size_t needed)
{
	struct octets *body = &exchange->answer->body;
	size_t room = 2 * exchange->room > needed ? 2 * exchange->room : needed;
	uint8_t *grown;

	if (needed <= exchange->room)
		return 0;
	grown = malloc(room);
	if (!grown)
		return -ENOMEM;
	if (body->len > 0) {
		memcpy(grown, body->data, body->len);
		OPENSSL_cleanse(body->data, body->len);
	}
	free(body->data);
	body->data = grown;
	exchange->room = room;
	return 0;
}

static size_t body_take(char *part, size_t one, size_t len, void *arg)
{
	struct exchange *exchange = arg;
	struct octets *body = &exchange->answer->body;

	exchange->enough = exchange->request->answer_max == 0;
	exchange->answer_long =
		!exchange->enough && len > exchange->request->answer_max - body->len;
	if (exchange->enough || exchange->answer_long)
		return CURL_WRITEFUNC_ERROR;
	exchange->out_of_memory = body_room_make(exchange, body->len + len) < 0;
	if (exchange->out_of_memory)
		return CURL_WRITEFUNC_ERROR;
	memcpy(body->data + body->len, part, len);
	body->len += len;
	return len;
}

/* The address is the one that will be connected to: the name is not resolved again. */
static curl_socket_t socket_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *exchange = arg;
	const struct web_request *request = exchange->request;
	bool may = !exchange->cleartext || network_reach(&address->addr) == NETWORK_LOOPBACK;

	if (may && request->may_connect)
		may = request->may_connect(request->may_connect_arg, &address->addr);
	if (may)
		return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	exchange->kept_off = true;
	return CURL_SOCKET_BAD;
}

static int cancel_ask(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
		      curl_off_t up)
{
	const struct web_request *request = ((const struct exchange *)arg)->request;

	return request->is_cancelled(request->is_cancelled_arg);
}

static CURLcode context_set_up(CURL *curl, void *context, void *arg)
{
	const struct exchange *exchange = arg;

	return identity_use(exchange->request->identity, context) < 0 ? CURLE_SSL_CERTPROBLEM
								      : CURLE_OK;
}

/* --- one exchange --- */

static void curl_slistp(struct curl_slist **listp)
{
	curl_slist_free_all(*listp);
}

static int header_add(struct curl_slist **listp, const char *line)
{
	struct curl_slist *grown = curl_slist_append(*listp, line);

	if (!grown)
		return -ENOMEM;
	*listp = grown;
	return 0;
}

static int headers_make(const struct web_request *request, struct curl_slist **listp)
{
	/* "Expect:" as such: bodies are small, no 100-continue is waited for. */
	int err = header_add(listp, "Expect:");

	for (size_t i = 0; !err && i < request->n_headers; i++)
		err = header_add(listp, request->headers[i]);
	if (!err) {
		_cleanup_(freep) char *line = NULL;

		if (asprintf(&line, "Content-Type:%s%s", request->content_type ? " " : "",
			     request->content_type ? request->content_type : "") < 0)
			return -ENOMEM;
		err = header_add(listp, line);
	}
	return err;
}

#define SET(option, value) (c = c ? c : curl_easy_setopt(curl, (option), (value)))

static CURLcode what_set(CURL *curl, const struct web_request *request, struct curl_slist *headers)
{
	CURLcode c = CURLE_OK;

	SET(CURLOPT_URL, request->url);
	/* A segment that is ".." may be somebody's identifier. */
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_PROTOCOLS_STR, request->http_on_loopback ? "http,https" : "https");
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_HTTPHEADER, headers);
	if (request->content_type) {
		SET(CURLOPT_POSTFIELDS, (const char *)request->body.data);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
	}
	SET(CURLOPT_CUSTOMREQUEST, request->method);
	if (request->user) {
		SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		SET(CURLOPT_USERNAME, request->user);
		SET(CURLOPT_PASSWORD, request->password);
	}
	if (request->bearer) {
		SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		SET(CURLOPT_XOAUTH2_BEARER, request->bearer);
	}
	return c;
}

static CURLcode how_set(CURL *curl, struct exchange *exchange)
{
	const struct web_request *request = exchange->request;
	CURLcode c = CURLE_OK;

	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS_MAX);
	SET(CURLOPT_HEADERFUNCTION, head_take);
	SET(CURLOPT_HEADERDATA, exchange);
	SET(CURLOPT_WRITEFUNCTION, body_take);
	SET(CURLOPT_WRITEDATA, exchange);
	SET(CURLOPT_OPENSOCKETFUNCTION, socket_open);
	SET(CURLOPT_OPENSOCKETDATA, exchange);
	SET(CURLOPT_ERRORBUFFER, exchange->answer->problem);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (request->is_cancelled) {
		SET(CURLOPT_NOPROGRESS, 0L);
		SET(CURLOPT_XFERINFOFUNCTION, cancel_ask);
		SET(CURLOPT_XFERINFODATA, exchange);
	}
	if (request->tls_trusted)
		SET(CURLOPT_CAINFO, request->tls_trusted);
	if (request->identity) {
		SET(CURLOPT_SSL_CTX_FUNCTION, context_set_up);
		SET(CURLOPT_SSL_CTX_DATA, exchange);
	}
	return c;
}

#undef SET

static int errno_of(CURL *curl, const struct exchange *exchange, CURLcode code)
{
	curl_off_t connected_us = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
	if (exchange->enough)
		return 0;
	if (exchange->out_of_memory || code == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	if (exchange->answer_long)
		return -EFBIG;
	switch ((int)code) {
	case CURLE_OK:
		return 0;
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED:         /* user information in the URL */
	case CURLE_UNSUPPORTED_PROTOCOL: /* of the URL; later: of the answer */
		return connected_us == 0 ? -EINVAL : -EPROTO;
	case CURLE_COULDNT_CONNECT:
		return exchange->kept_off ? -EACCES : -ECONNREFUSED;
	case CURLE_COULDNT_RESOLVE_HOST:
		return -ECONNREFUSED;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return -EKEYREJECTED;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_ABORTED_BY_CALLBACK:
		return -ECANCELED;
	default:
		return -EPROTO;
	}
}

static int exchange_make(CURL *curl, struct exchange *exchange)
{
	_cleanup_(curl_slistp) struct curl_slist *headers = NULL;
	int err = headers_make(exchange->request, &headers);
	CURLcode code;

	/* Options of the exchange before are gone, its connection stays. */
	curl_easy_reset(curl);
	if (err)
		return err;
	code = what_set(curl, exchange->request, headers);
	if (!code)
		code = how_set(curl, exchange);
	if (!code)
		pool_wait_begin();
	code = curl_easy_perform(curl);
	pool_wait_end();
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange->answer->status);
	err = errno_of(curl, exchange, code);
	if (err && !exchange->answer->problem[0])
		snprintf(exchange->answer->problem, WEB_PROBLEM_MAX, "%s",
			 curl_easy_strerror(code));
	if (!err)
		exchange->answer->problem[0] = '\0';
	/* The buffer lives no longer than the answer. */
	curl_easy_reset(curl);
	return err;
}

/* A token comes from outside and goes into a line of the head: RFC 6750 2.1, and no end of line. */
static int bearer_check(const char *bearer)
{
	for (const char *c = bearer; c && *c; c++)
		if (*c <= ' ' || *c > '~')
			return -EINVAL;
	return 0;
}

int web_exchange(struct web_connection *connection, const struct web_request *request,
		 struct web_answer *answerp)
{
	_cleanup_(web_connection_freep) struct web_connection *own = NULL;
	struct exchange exchange = {
		.request = request,
		.answer = answerp,
		.cleartext = strncasecmp(request->url, "https:", 6) != 0,
	};
	int err = bearer_check(request->bearer);

	_Static_assert((int)WEB_PROBLEM_MAX >= (int)CURL_ERROR_SIZE, "libcurl writes that much");
	*answerp = (struct web_answer){0};
	if (!err && !connection)
		err = web_connection_new(&own);
	return err ? err : exchange_make((connection ? connection : own)->curl, &exchange);
}
