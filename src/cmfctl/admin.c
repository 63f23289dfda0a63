// SPDX-License-Identifier: Apache-2.0
/*
 * The admin API of a running cmfd: HTTP/JSON over its Unix-domain socket, with libcurl.
 */
#include "ctl.h"

#include "base/error.h"
#include "base/uri.h"
#include "conf.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A page of 1000 certificates with PEM stays far below; it bounds what a wrong server can do to us.
 */
enum { ANSWER_MAX = 64 << 20 };

/* Registering thousands at once and a slow disk; a CMF that hangs longer is not answering. */
enum { CALL_TIMEOUT_S = 120, CONNECT_TIMEOUT_S = 5 };
/* Who presses the tabulator waits no longer, and goes on without. */
enum { COMPLETION_TIMEOUT_MS = 1000 };

/* --- where the socket is --- */

static int socket_find(struct ctl *ctl)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;

	if (ctl->socket) {
		ctl->socket_path = strdup(ctl->socket);
		return ctl->socket_path ? CTL_OK : ctl_file_error(ctl->socket, -ENOMEM);
	}
	if (conf_load_names(ctl->config, &conf, &problems)) {
		/* A cmfd that runs is asked all the same: not least to reload, which it refuses. */
		if (conf_socket_guess(ctl->config, &ctl->socket_path) == 0)
			return CTL_OK;
		if (problems.len)
			problems.text[problems.len - 1] = '\0'; /* ctl_error() ends the line */
		ctl_error("cannot use the configuration %s (say --config or --socket):\n%s",
			  ctl->config, problems.text ? problems.text : "");
		return CTL_FAULT;
	}
	if (!conf->server.admin_socket) {
		ctl_error("%s: [server] admin_socket is not set", ctl->config);
		return CTL_FAULT;
	}
	ctl->subjects_max = conf->cmf.register_subjects_max;
	ctl->socket_path = strdup(conf->server.admin_socket);
	return ctl->socket_path ? CTL_OK : ctl_file_error(ctl->config, -ENOMEM);
}

/* --- one call --- */

static size_t answer_add(char *part, size_t size, size_t n, void *arg)
{
	struct strbuf *answer = arg;

	if (answer->len + size * n > ANSWER_MAX)
		return 0;
	strbuf_add_n(answer, part, size * n);
	return answer->failed ? 0 : size * n;
}

/* Why the socket cannot be written to. */
static const char *socket_fault(int error)
{
	switch (error) {
	case ENOENT:
		return "there is no such socket; does cmfd run?";
	case EACCES:
		return "permission denied; operators are root, its user and its group (as "
		       "`adduser NAME cmfd` makes one)";
	default:
		return error_text(-error);
	}
}

/* Sends and receives; the HTTP status, or 0 with the reason printed. */
static long http_exchange(struct ctl *ctl, const char *method, const char *url, const char *body,
			  struct strbuf *answer)
{
	CURL *curl = ctl->curl;
	struct curl_slist *headers = NULL;
	CURLcode code;
	long status = 0, error = 0;

	/* Options of the call before are gone, its connection stays. */
	curl_easy_reset(curl);
	/* No "Expect: 100-continue": it costs a round trip and the socket is local. */
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = headers ? curl_slist_append(headers, "Expect:") : NULL;
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ctl->socket_path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, answer_add);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, ctl->patient ? 0L : (long)CALL_TIMEOUT_S);
	if (ctl->completing)
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)COMPLETION_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (code == CURLE_OK)
		return status;
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
	if (code == CURLE_COULDNT_CONNECT && error == ECONNREFUSED)
		ctl_error("no answer from cmfd on %s: it does not run", ctl->socket_path);
	else if (code == CURLE_COULDNT_CONNECT && access(ctl->socket_path, W_OK) < 0)
		ctl_error("no answer from cmfd on %s: %s", ctl->socket_path, socket_fault(errno));
	else
		ctl_error("no answer from cmfd on %s: %s", ctl->socket_path,
			  curl_easy_strerror(code));
	return 0;
}

/* Prints a problem (RFC 9457) and says with which code to exit. */
static int problem_print(long status, const json_t *problem)
{
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	const char *failinfo = json_string_value(json_object_get(problem, "failInfo"));
	const char *reason = json_string_value(json_object_get(problem, "reason"));
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;

	strbuf_add(&text, detail ? detail : "no reason given");
	if (failinfo && reason)
		strbuf_printf(&text, " (%s, %s)", failinfo, reason);
	ctl_error("%s: %s", status >= 500 ? "the CMF failed" : "refused",
		  text.text ? text.text : "");
	return status >= 500 ? CTL_FAULT : CTL_REFUSED;
}

int ctl_call(struct ctl *ctl, const char *method, const char *path, json_t *body, json_t **replyp)
{
	_cleanup_(strbuf_clear) struct strbuf answer = STRBUF_NULL, url = STRBUF_NULL;
	_cleanup_(freep) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	bool failed = body && !text;
	json_t *reply;
	long http;
	int status = ctl->socket_path ? CTL_OK : socket_find(ctl);

	json_decref(body);
	strbuf_printf(&url, "http://localhost%s", path);
	if (!ctl->curl)
		ctl->curl = curl_easy_init();
	if (status || failed || url.failed || !ctl->curl)
		return status ? status : ctl_file_error(path, -ENOMEM);
	http = http_exchange(ctl, method, url.text, text, &answer);
	if (text)
		explicit_bzero(text, strlen(text)); /* it may have held a MAC secret */
	if (http == 0)
		return CTL_UNREACHABLE;
	reply = json_loadb(answer.text ? answer.text : "", answer.len, 0, NULL);
	if (http < 200 || http > 299 || !json_is_object(reply)) {
		status = problem_print(reply || http >= 300 ? http : 500, reply);
		if (ctl->subjects)
			ctl_subjects_problems(ctl->subjects, ctl->subjects_from, reply);
		json_decref(reply);
		return status;
	}
	if (replyp)
		*replyp = reply;
	else
		json_decref(reply);
	return CTL_OK;
}

void ctl_close(struct ctl *ctl)
{
	curl_easy_cleanup(ctl->curl);
	free(ctl->socket_path);
}

/* --- lists --- */

/* The path of the next page. */
static char *page_path(const char *path, json_int_t after_id, uint64_t limit)
{
	struct strbuf b = STRBUF_NULL;
	char number[24];

	strbuf_add(&b, path);
	if (after_id) {
		snprintf(number, sizeof(number), "%lld", (long long)after_id);
		ctl_query_add(&b, "after_id", number);
	}
	if (limit && limit < 1000) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)limit);
		ctl_query_add(&b, "limit", number);
	}
	return strbuf_take(&b);
}

int ctl_walk(struct ctl *ctl, const char *path, uint64_t limit, ctl_page *each, void *arg)
{
	json_int_t after_id = 0;
	bool limited = limit != 0;
	int status = CTL_OK;

	do {
		_cleanup_(freep) char *page = page_path(path, after_id, limit);
		json_t *reply = NULL, *rows;

		if (!page)
			return ctl_file_error(path, -ENOMEM);
		status = ctl_call(ctl, "GET", page, NULL, &reply);
		if (status)
			return status;
		rows = json_object_get(reply, "items");
		limit -= limited ? json_array_size(rows) : 0;
		after_id = json_integer_value(json_object_get(reply, "next_after_id"));
		status = each(arg, reply);
		json_decref(reply);
	} while (!status && after_id && (!limited || limit));
	return status;
}

void ctl_query_add(struct strbuf *path, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_add(path, path->text && strchr(path->text, '?') ? "&" : "?");
	strbuf_printf(path, "%s=", name);
	uri_escape(path, value);
}

void ctl_segment_add(struct strbuf *path, const char *segment)
{
	strbuf_add(path, "/");
	uri_escape(path, segment);
}
