// SPDX-License-Identifier: Apache-2.0
/*
 * Requests to the JSON interface of a CMF, with libcurl. A request whose answer was lost, or that
 * the server has no time for, is sent again: by the rules of the interface that changes nothing.
 */
#include "nfv.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* A page of a hundred items; it bounds what a wrong server can do to us. */
enum { ANSWER_MAX = 64 << 20 };

/* A Register of thousands, and a slow disk. */
enum { CALL_TIMEOUT_S = 120, CONNECT_TIMEOUT_S = 10 };

/* How often a request is sent, and the most that Retry-After is waited for in between. */
enum { ATTEMPTS_MAX = 5, WAIT_MAX_S = 60 };

/* --- the server --- */

static bool host_is_local(const char *host)
{
	static const char *const local[] = {"127.0.0.1", "localhost", "[::1]"};

	for (size_t i = 0; i < ARRAY_LEN(local); i++) {
		size_t len = strlen(local[i]);

		if (strncasecmp(host, local[i], len) == 0 && strchr(":/", host[len]))
			return true;
	}
	return false;
}

/* "https://host:port/prefix/" */
static int url_divide(const char *url, struct vnfm_server *server)
{
	bool https = strncasecmp(url, "https://", 8) == 0;
	const char *host = url + (https ? 8 : 7);
	size_t len = strlen(url), origin_len;

	if (!https && (strncasecmp(url, "http://", 7) != 0 || !host_is_local(host))) {
		ctl_error("--server must be a URL that begins with https://; http:// is for this "
			  "machine only");
		return CTL_USAGE;
	}
	if (*host == '\0' || strpbrk(host, "?#@")) {
		ctl_error("--server: no user, query or fragment belongs into the URL");
		return CTL_USAGE;
	}
	origin_len = (size_t)(host - url) + strcspn(host, "/");
	while (len > origin_len && url[len - 1] == '/')
		len--;
	server->origin = strndup(url, origin_len);
	if (asprintf(&server->base, "%.*s/cmf-certmgmt/v1", (int)len, url) < 0)
		server->base = NULL;
	return server->origin && server->base ? CTL_OK : ctl_file_error(url, -ENOMEM);
}

int vnfm_server_open(const struct vnfm_options *options, struct ctl *ctl,
		     struct vnfm_server *server)
{
	int status;

	*server = (struct vnfm_server){.ctl = ctl, .options = options};
	status = url_divide(options->server, server);
	if (!status && options->token_file)
		status = ctl_secret_read(options->token_file, &server->token);
	if (!status && options->passphrase_file)
		status = ctl_secret_read(options->passphrase_file, &server->passphrase);
	if (status)
		return status;
	server->curl = curl_easy_init();
	return server->curl ? CTL_OK : ctl_file_error(options->server, -ENOMEM);
}

static void secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void vnfm_server_close(struct vnfm_server *server)
{
	curl_easy_cleanup(server->curl);
	secret_free(server->token);
	secret_free(server->passphrase);
	free(server->origin);
	free(server->base);
}

/* --- answers --- */

void vnfm_answer_clear(struct vnfm_answer *answer)
{
	json_decref(answer->json);
	free(answer->location);
	free(answer->next);
	*answer = (struct vnfm_answer){0};
}

static size_t body_add(char *part, size_t size, size_t n, void *arg)
{
	struct strbuf *body = arg;

	if (body->len + size * n > ANSWER_MAX)
		return 0;
	strbuf_add_n(body, part, size * n);
	return body->failed ? 0 : size * n;
}

/* The value of a header line if it has that name. */
static bool header_is(const char *line, size_t len, const char *name, char **valuep)
{
	size_t name_len = strlen(name);

	if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
		return false;
	line += name_len + 1;
	len -= name_len + 1;
	while (len > 0 && isspace((unsigned char)*line)) {
		line++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)line[len - 1]))
		len--;
	free(*valuep);
	*valuep = strndup(line, len);
	return *valuep != NULL;
}

/* RFC 8288: <URI>; rel="next" */
static char *link_next(const char *value)
{
	const char *end = *value == '<' ? strchr(value, '>') : NULL;

	if (!end || !strstr(end, "rel=\"next\""))
		return NULL;
	return strndup(value + 1, (size_t)(end - value - 1));
}

static size_t header_take(char *line, size_t size, size_t n, void *arg)
{
	struct vnfm_answer *answer = arg;
	_cleanup_(freep) char *link = NULL, *wait = NULL;
	size_t len = size * n;

	/* The head of another answer, as behind 100 Continue. */
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
		vnfm_answer_clear(answer);
	else if (header_is(line, len, "Location", &answer->location))
		;
	else if (header_is(line, len, "Link", &link) && !answer->next)
		answer->next = link_next(link);
	else if (header_is(line, len, "Retry-After", &wait))
		answer->retry_after = strtol(wait, NULL, 10);
	return len;
}

/* --- one attempt --- */

static struct curl_slist *headers_make(const struct vnfm_server *server, bool has_body)
{
	static const char *const always[] = {"Version: 1.0.0", "Accept: application/json",
					     "Expect:"};
	_cleanup_(strbuf_clear) struct strbuf authorization = STRBUF_NULL;
	struct curl_slist *headers = NULL;

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		headers = curl_slist_append(headers, always[i]);
	if (has_body)
		headers = curl_slist_append(headers, "Content-Type: application/json");
	if (server->token) {
		strbuf_printf(&authorization, "Authorization: Bearer %s", server->token);
		headers = curl_slist_append(headers, authorization.text);
		explicit_bzero(authorization.text, authorization.len);
	}
	return headers;
}

static void tls_set(const struct vnfm_server *server)
{
	const struct vnfm_options *o = server->options;
	CURL *curl = server->curl;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (o->tls_trusted) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, o->tls_trusted);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (o->cert) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, o->cert);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, o->key);
	}
	/* Never asked for on the terminal. */
	curl_easy_setopt(curl, CURLOPT_KEYPASSWD, server->passphrase ? server->passphrase : "");
}

static CURLcode attempt(struct vnfm_server *server, const char *method, const char *url,
			const char *body, struct vnfm_answer *answer, struct strbuf *text)
{
	CURL *curl = server->curl;
	struct curl_slist *headers = headers_make(server, body != NULL);
	CURLcode code;

	curl_easy_reset(curl);
	tls_set(server);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_take);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_add);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)CALL_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_slist_free_all(headers);
	return code;
}

/* --- until there is an answer --- */

void vnfm_wait(long seconds)
{
	struct timespec time = {.tv_sec = seconds < 1            ? 1
					  : seconds > WAIT_MAX_S ? WAIT_MAX_S
								 : seconds};

	nanosleep(&time, NULL);
}

/* What has nothing to do with the moment. */
static bool is_lasting(CURLcode code)
{
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_URL_MALFORMAT:
	case CURLE_OUT_OF_MEMORY:
	case CURLE_WRITE_ERROR:
		return true;
	default:
		return false;
	}
}

static bool status_is_momentary(long status)
{
	return status == 429 || status == 503;
}

/* The credentials go to the server that was named and to no other. */
static char *url_make(const struct vnfm_server *server, const char *uri, bool given)
{
	size_t origin_len = strlen(server->origin);
	char *url = NULL;

	if (!given)
		return asprintf(&url, "%s%s", server->base, uri) < 0 ? NULL : url;
	if (*uri == '/' && uri[1] != '/')
		return asprintf(&url, "%s%s", server->origin, uri) < 0 ? NULL : url;
	if (strncasecmp(uri, server->origin, origin_len) == 0 && uri[origin_len] == '/')
		return strdup(uri);
	ctl_error("the CMF refers to another server, which is not asked: %s", uri);
	return NULL;
}

/* Prints a problem (RFC 9457), with the entities that it names. */
static int problem_print(const struct vnfm_answer *answer)
{
	const char *failinfo = vnfm_text(answer->json, "failInfo");
	const char *detail = vnfm_text(answer->json, "detail");
	const json_t *params = json_object_get(answer->json, "invalidParams"), *param;
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	size_t i;

	strbuf_printf(&text, "%s", *detail ? detail : "no reason given");
	if (*failinfo)
		strbuf_printf(&text, " (%s, %s)", failinfo, vnfm_text(answer->json, "reason"));
	json_array_foreach(params, i, param) strbuf_printf(
		&text, "\n  %s: %s", vnfm_text(param, "name"), vnfm_text(param, "reason"));
	ctl_error("%s (%ld): %s", answer->status >= 500 ? "the CMF failed" : "refused",
		  answer->status, text.text ? text.text : "");
	return answer->status >= 500 ? CTL_FAULT : CTL_REFUSED;
}

static int answer_judge(struct vnfm_answer *answer, const struct strbuf *text)
{
	if (text->len > 0)
		answer->json = json_loadb(text->text, text->len, JSON_REJECT_DUPLICATES, NULL);
	if (answer->status < 200 || answer->status > 299)
		return problem_print(answer);
	if (text->len > 0 && !answer->json) {
		ctl_error("the CMF answered with something that is no JSON");
		return CTL_FAULT;
	}
	return CTL_OK;
}

static int exchange(struct vnfm_server *server, const char *method, const char *url,
		    const char *body, struct vnfm_answer *answer)
{
	for (int i = 1;; i++) {
		_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
		CURLcode code = attempt(server, method, url, body, answer, &text);

		if (code == CURLE_OK && !(status_is_momentary(answer->status) && i < ATTEMPTS_MAX))
			return answer_judge(answer, &text);
		if (code != CURLE_OK && (is_lasting(code) || i == ATTEMPTS_MAX)) {
			ctl_error("no answer from %s: %s", server->origin,
				  curl_easy_strerror(code));
			return CTL_UNREACHABLE;
		}
		vnfm_wait(code == CURLE_OK ? answer->retry_after : i);
		vnfm_answer_clear(answer);
	}
}

static int call_at(struct vnfm_server *server, const char *method, const char *uri, bool given,
		   const json_t *body, struct vnfm_answer *answer)
{
	_cleanup_(freep) char *url = url_make(server, uri, given);
	_cleanup_(freep) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	*answer = (struct vnfm_answer){0};
	if (!url || (body && !text))
		return CTL_FAULT;
	return exchange(server, method, url, text, answer);
}

int vnfm_call(struct vnfm_server *server, const char *method, const char *uri, const json_t *body,
	      struct vnfm_answer *answer)
{
	return call_at(server, method, uri, false, body, answer);
}

int vnfm_follow(struct vnfm_server *server, const char *uri, struct vnfm_answer *answer)
{
	return call_at(server, "GET", uri, true, NULL, answer);
}

int vnfm_rows(struct vnfm_server *server, const char *uri, json_t **rowsp)
{
	struct vnfm_answer answer;
	_cleanup_(freep) char *next = NULL;
	json_t *rows = json_array();
	int status = vnfm_call(server, "GET", uri, NULL, &answer);

	while (!status) {
		if (!json_is_array(answer.json) || json_array_extend(rows, answer.json)) {
			ctl_error("the CMF answered with something that is no list");
			status = CTL_FAULT;
			break;
		}
		free(next);
		next = TAKE(answer.next);
		if (!next)
			break;
		vnfm_answer_clear(&answer);
		status = vnfm_follow(server, next, &answer);
	}
	vnfm_answer_clear(&answer);
	if (status)
		json_decref(rows);
	else
		*rowsp = rows;
	return status;
}

/* --- small things --- */

const char *vnfm_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? text : "";
}
