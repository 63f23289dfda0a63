// SPDX-License-Identifier: Apache-2.0
/*
 * One request to a VNFM and its answer, with the credentials of the configuration and the version
 * that both know (SOL 013 4, 8, 9). The URL is always api_root with a path of ours behind it:
 * uriPrefix, Location and Link say nothing about where we connect to. Whatever goes wrong is logged
 * here, and kept for the operator.
 */
#include "lcm_local.h"

#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <string.h>

/* Characters of a problem's detail that are logged. */
enum { PROBLEM_DETAIL_MAX = 200 };

void lcm_answer_clear(struct lcm_answer *answer)
{
	json_decref(answer->body);
	free(answer->location);
	free(answer->link);
	free(answer->detail);
	*answer = (struct lcm_answer){0};
}

/* --- what the operator sees --- */

static void problem_keep(struct lcm_vnfm *vnfm, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void problem_keep(struct lcm_vnfm *vnfm, const char *format, ...)
{
	va_list args;

	pthread_mutex_lock(&vnfm->mutex);
	va_start(args, format);
	vsnprintf(vnfm->status.problem, sizeof(vnfm->status.problem), format, args);
	va_end(args);
	pthread_mutex_unlock(&vnfm->mutex);
}

static int problem_log(const struct lcm_job *job, const char *url, int err, const char *detail)
{
	if (err == -ECANCELED)
		return err;
	problem_keep(job->vnfm, "%s: %s", error_text(err), detail);
	log_event(LOG_LEVEL_WARNING, "vnfm", F_TEXT("vnfm", job->vnfm->name), F_TEXT("url", url),
		  F_TEXT("cause", error_text(err)), F_TEXT("detail", detail));
	return err;
}

int lcm_unexpected(const struct lcm_job *job, const char *what, const struct lcm_answer *answer)
{
	problem_keep(job->vnfm, "%s: the VNFM answered %ld", what, answer->status);
	log_event(LOG_LEVEL_WARNING, "vnfm", F_TEXT("vnfm", job->vnfm->name), F_TEXT("at", what),
		  F_INT("status", answer->status), F_TEXT("detail", answer->detail));
	return -EPROTO;
}

/* --- credentials --- */

static bool is_stopping(void *arg)
{
	return atomic_load(&((const struct lcm *)arg)->stopping);
}

/* What holds for the VNFM and its token endpoint alike. */
static struct web_request request_to(const struct lcm_job *job, const char *url)
{
	return (struct web_request){
		.url = url,
		.identity = job->vnfm->credentials.identity,
		.tls_trusted = job->conf->tls_trusted,
		.http_on_loopback = true,
		.is_cancelled = is_stopping,
		.is_cancelled_arg = job->vnfm->lcm,
		.timeout_ms = job->conf->timeout_ms,
	};
}

static int token_get(const struct lcm_job *job)
{
	struct lcm_vnfm *vnfm = job->vnfm;
	const struct web_token_asker asker = {job->conf->oauth2_client_id,
					      octets_view(&vnfm->credentials.oauth2_secret)};
	struct web_request request = request_to(job, job->conf->oauth2_token_uri);
	int err;

	if (web_token_is_good(&vnfm->token))
		return 0;
	web_token_clear(&vnfm->token);
	err = web_token_fetch(&request, &asker, &vnfm->token);
	return err < 0 ? problem_log(job, request.url, err, "no access token was had there") : 0;
}

static int credentials_add(const struct lcm_job *job, struct web_request *request)
{
	const struct lcm_vnfm *vnfm = job->vnfm;
	int err = 0;

	if (job->conf->oauth2_token_uri) {
		err = token_get(job);
		request->bearer = (const char *)vnfm->token.text.data;
	} else if (job->conf->user) {
		request->user = job->conf->user;
		request->password = (const char *)vnfm->credentials.password.data;
	}
	return err;
}

/* --- one exchange --- */

static char *url_make(const struct lcm_job *job, const struct lcm_request *request)
{
	const char *root = job->conf->api_root;
	size_t len = strlen(root);
	char *url;

	while (len > 0 && root[len - 1] == '/')
		len--;
	if (asprintf(&url, "%.*s%s%s%s", (int)len, root, request->path, request->query ? "?" : "",
		     request->query ? request->query : "") < 0)
		return NULL;
	return url;
}

static json_t *json_of(const struct octets *body)
{
	return json_loadb((const char *)body->data, body->len, JSON_REJECT_DUPLICATES, NULL);
}

/* Whether a text of the VNFM repeats what must not be written down. */
static bool has_secret(const struct lcm_vnfm *vnfm, const char *text)
{
	const struct octets *const secrets[] = {&vnfm->credentials.callback_password,
						&vnfm->credentials.callback_oauth2_secret,
						&vnfm->credentials.password, &vnfm->token.text};

	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		if (secrets[i]->len > 1 && strstr(text, (const char *)secrets[i]->data))
			return true;
	}
	return false;
}

/* RFC 7807: `detail` of a ProblemDetails, for the log. It is cut; no text of a VNFM is trusted. */
static char *detail_of(const struct lcm_vnfm *vnfm, const struct octets *body)
{
	json_t *problem = json_of(body);
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	char *copy =
		detail && !has_secret(vnfm, detail) ? strndup(detail, PROBLEM_DETAIL_MAX) : NULL;

	json_decref(problem);
	return copy;
}

static int answer_take(const struct lcm_job *job, const char *url, struct web_answer *from,
		       struct lcm_answer *answerp)
{
	answerp->status = from->status;
	answerp->location = TAKE(from->location);
	answerp->link = TAKE(from->link);
	/* RFC 6750 3.1: the token may have been revoked. */
	if (from->status == 401)
		web_token_clear(&job->vnfm->token);
	if (from->status < 200 || from->status > 299) {
		answerp->detail = detail_of(job->vnfm, &from->body);
		return 0;
	}
	if (from->body.len == 0)
		return 0;
	answerp->body = json_of(&from->body);
	return answerp->body ? 0 : problem_log(job, url, -EBADMSG, "the answer is no JSON");
}

static int exchange_once(const struct lcm_job *job, const struct lcm_request *request,
			 const char *url, const char *body, struct lcm_answer *answerp)
{
	char version[sizeof("Version: ") + sizeof(job->vnfm->version)];
	const char *const headers[] = {"Accept: application/json", version};
	struct web_request web = request_to(job, url);
	_cleanup_(web_answer_clear) struct web_answer answer = {0};
	int err = credentials_add(job, &web);

	if (err < 0)
		return err;
	snprintf(version, sizeof(version), "Version: %s", job->vnfm->version);
	web.method = request->method;
	web.headers = headers;
	web.n_headers = request->unversioned ? 1 : 2;
	web.content_type = body ? "application/json" : NULL;
	web.body = body ? bytes_of_string(body) : BYTES_NULL;
	web.answer_max = LCM_ANSWER_MAX;
	err = web_exchange(job->vnfm->connection, &web, &answer);
	return err < 0 ? problem_log(job, url, err, answer.problem)
		       : answer_take(job, url, &answer, answerp);
}

static void secret_text_freep(char **text)
{
	if (*text)
		OPENSSL_cleanse(*text, strlen(*text));
	free(*text);
}

int lcm_exchange(const struct lcm_job *job, const struct lcm_request *request,
		 struct lcm_answer *answerp)
{
	_cleanup_(freep) char *url = url_make(job, request);
	_cleanup_(secret_text_freep) char *body =
		request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
	int err = url && (body || !request->body) ? 0 : -ENOMEM;

	*answerp = (struct lcm_answer){0};
	if (err == 0)
		err = exchange_once(job, request, url, body, answerp);
	/* With a token that it may have had enough of: once again with a new one. */
	if (err == 0 && answerp->status == 401 && job->conf->oauth2_token_uri) {
		lcm_answer_clear(answerp);
		err = exchange_once(job, request, url, body, answerp);
	}
	return err;
}

/* --- versions --- */

int lcm_version_learn(const struct lcm_job *job)
{
	static const char *const paths[] = {"/vnflcm/api_versions", "/vnflcm/v2/api_versions"};
	_cleanup_(lcm_answer_clear) struct lcm_answer answer = {0};
	struct lcm_request request = {.method = "GET", .unversioned = true};
	int err = 0;

	if (job->vnfm->version[0])
		return 0;
	/* SOL 013 9.3.2 has both; some have one of them. */
	for (size_t i = 0; i < ARRAY_LEN(paths) && err == 0; i++) {
		lcm_answer_clear(&answer);
		request.path = paths[i];
		err = lcm_exchange(job, &request, &answer);
		if (answer.status != 404)
			break;
	}
	if (err < 0)
		return err;
	if (answer.status != 200 || !lcm_version_pick(answer.body, job->vnfm->version))
		return lcm_unexpected(job, "api_versions", &answer);
	log_event(LOG_LEVEL_INFO, "vnfm_version", F_TEXT("vnfm", job->vnfm->name),
		  F_TEXT("version", job->vnfm->version));
	return 0;
}

/* --- lists --- */

static int page_walk(const struct lcm_job *job, const char *path, const struct lcm_answer *answer,
		     lcm_item *each, void *arg)
{
	const json_t *item;
	int err = 0;
	size_t i;

	if (answer->status != 200 || !json_is_array(answer->body))
		return lcm_unexpected(job, path, answer);
	json_array_foreach(answer->body, i, item)
	{
		err = each(arg, item);
		if (err)
			break;
	}
	return err == -EBADMSG ? lcm_unexpected(job, path, answer) : err;
}

/* SOL 013 5.4.2.2: a page has a link to the next, of which only the query is taken. */
int lcm_list(const struct lcm_job *job, const char *path, lcm_item *each, void *arg)
{
	_cleanup_(freep) char *query = NULL;

	for (int page = 0; page < LCM_PAGES_MAX; page++) {
		const struct lcm_request request = {.method = "GET", .path = path, .query = query};
		_cleanup_(lcm_answer_clear) struct lcm_answer answer = {0};
		int err = lcm_exchange(job, &request, &answer);

		if (err == 0)
			err = page_walk(job, path, &answer, each, arg);
		if (err)
			return err;
		free(query);
		query = lcm_link_next(answer.link);
		if (!query)
			return 0;
	}
	return problem_log(job, path, -EFBIG, "a list without end");
}
