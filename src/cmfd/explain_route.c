// SPDX-License-Identifier: Apache-2.0
/*
 * The page for authors of clients, on listeners of its own (explain_listen): a CMP message in, and
 * out what it is and what would be answered to it. GET has a form, which needs no script; POST
 * takes the form, or a message as it is and answers with text. What is made of a message is
 * explain/'s and the door's.
 *
 * Anybody is told what the octets are. Beyond that it must not say more than the CMP door says to
 * whoever sends the message there: the decision is for who has sent it, whose protection verifies;
 * refusals are told in the words that clients are told, without what only the log has; and nothing
 * of an answer goes out. What is dear is done within the budget of strangers.
 */
#include "daemon.h"

#include "base/clock.h"
#include "base/log.h"
#include "explain.h"

#include <errno.h>
#include <string.h>

static const char page_head[] =
	"<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>CMP message, explained</title>\n<style>\n"
	"body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }\n"
	"textarea, input { font: 14px/1.4 monospace; width: 100%; box-sizing: border-box; }\n"
	"pre { background: #f4f4f4; border: 1px solid #ccc; padding: 1em; white-space: pre-wrap; "
	"overflow-wrap: anywhere; }\n"
	"label { display: block; margin-top: 1em; } button { margin-top: 1em; font-size: 16px; }\n"
	"</style></head>\n<body>\n<h1>CMP message, explained</h1>\n";

static const char page_form[] =
	"<p>Paste a CMP message as PEM, base64 or hexadecimal. You are told its fields, or where "
	"it "
	"is malformed, and, if its protection verifies for a client of this server, what would be "
	"answered to it and why. Nothing is issued or changed, and the message may have been sent "
	"before.</p>\n"
	"<form method=\"post\" action=\"/\">\n"
	"<label for=\"message\">The message</label>\n"
	"<textarea id=\"message\" name=\"message\" rows=\"10\" required></textarea>\n"
	"<label for=\"profile\">Profile or certType in the URL, as VnfciCert in "
	".well-known/cmp/p/VnfciCert; may be empty</label>\n"
	"<input id=\"profile\" name=\"profile\">\n"
	"<button>Explain</button>\n</form>\n"
	"<p>From a shell: <code>curl --data-binary @request.der -H 'Content-Type: "
	"application/pkixcmp' 'http://HOST:PORT/?profile=VnfciCert'</code>, with the file of "
	"<code>openssl cmp -reqout</code>.</p>\n</body>\n</html>\n";

/* --- what is said --- */

struct question {
	struct worker *worker;
	const struct http_request *request;
	struct bytes given;
	const char *profile; /* of the URL; NULL: none */
};

/* False: there is no time for it now. */
static bool decision_add(const struct question *q, struct bytes der, struct strbuf *out)
{
	_cleanup_(cmp_trace_clear) struct cmp_trace trace = {
		.forget = true, .stranger = true, .any_time = true};
	_cleanup_(octets_clear) struct octets answer = OCTETS_NULL;
	const struct cmp_exchange exchange = {.request = der,
					      .profile_label = q->profile,
					      .peer = q->request->peer,
					      .network = q->request->network,
					      .connection = q->request->connection,
					      .request_id = q->request->id,
					      .received_us = q->request->received_us};
	struct service *service = worker_service(q->worker);
	/* It stays dry, so that it is no worker's. */
	struct cmf_worker own = {.reader = q->worker->own.reader};
	enum cmp_delivery delivery = CMP_ANSWERED;
	int err = store_unit_new(q->worker->daemon->store, &own.unit);

	if (err == 0)
		err = cmp_door_explain(service->door, &own, &exchange, &trace, &answer, &delivery);
	store_unit_free(own.unit);
	if (err == 0 && delivery == CMP_BUSY)
		return false;
	log_event(LOG_LEVEL_INFO, "explained", F_TEXT("peer", q->request->peer),
		  F_TEXT("client", trace.client));
	strbuf_add(out, "\nWhat would be answered (nothing was changed, sent or issued):\n");
	if (err == 0)
		explain_trace(&trace, EXPLAIN_FOR_SENDER, out);
	else
		strbuf_add(out, "The server failed to find out; its log says why.\n");
	return true;
}

static void malformed_add(struct bytes der, struct strbuf *out)
{
	strbuf_add(out, "malformed     ");
	explain_problem(der, out);
	strbuf_add(out, "\n");
}

static int message_add(const struct question *q, struct bytes der, struct strbuf *out)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	int err = cmp_message_decode(der, &msg, &refusal);

	if (err < 0)
		return 500;
	if (msg)
		explain_message(msg, out);
	if (err == REFUSED) {
		malformed_add(der, out);
		return 200;
	}
	if (!explain_is_answer(msg->body_type))
		return decision_add(q, der, out) ? 200 : 503;
	strbuf_printf(out, "\nThis is an answer (%s); nobody sends it to a server. It says:\n",
		      pki_body_type_name(msg->body_type));
	explain_answer(der, out);
	return 200;
}

/* The text, and the status that it goes with. */
static int text_make(const struct question *q, struct strbuf *out)
{
	_cleanup_(explain_input_clear) struct explain_input in = {.der = OCTETS_NULL};
	int status;

	if (explain_input_read(q->given, &in) < 0)
		return 500;
	if (in.is) {
		strbuf_printf(out, "This is %s, no CMP message: %s.\n", in.is, in.hint);
		return 200;
	}
	status = message_add(q, octets_view(&in.der), out);
	if (status == 503)
		strbuf_printf(out, "%s\n", refusal_text(REFUSAL_stranger_budget));
	return status;
}

/* --- HTTP --- */

static void answer_send(struct http_response *response, int status, const char *type,
			struct strbuf *out)
{
	static const struct {
		const char *name;
		const char *value;
	} headers[] = {
		{"Cache-Control", "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "
					    "form-action 'self'; frame-ancestors 'none'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		if (http_response_add(response, headers[i].name, headers[i].value) < 0)
			status = 500;
	observe_answer(response, status, type, strbuf_take(out));
	response->retry_after = status == 503;
}

static void page_send(struct http_response *response, int status, const char *told)
{
	struct strbuf out = STRBUF_NULL;

	strbuf_add(&out, page_head);
	if (told) {
		strbuf_add(&out, "<pre>");
		strbuf_markup(&out, told);
		strbuf_add(&out, "</pre>\n");
	}
	strbuf_add(&out, page_form);
	answer_send(response, status, "text/html; charset=utf-8", &out);
}

static bool is_form(const struct http_request *request)
{
	static const char type[] = "application/x-www-form-urlencoded";
	const char *given = http_request_header(request, "Content-Type");

	return given && strncasecmp(given, type, strlen(type)) == 0;
}

static void form_serve(struct worker *worker, const struct http_request *request,
		       struct http_response *response)
{
	_cleanup_(explain_form_clear) struct explain_form form = {.message = OCTETS_NULL};
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;
	struct question q = {.worker = worker, .request = request};
	int status = 500;

	if (explain_form_read(request->body, &form) == 0) {
		q.given = octets_view(&form.message);
		q.profile = explain_form_profile(&form);
		status = text_make(&q, &out);
	}
	page_send(response, status,
		  out.text && !out.failed ? out.text : "The server failed; its log says why.\n");
}

static void message_serve(struct worker *worker, const struct http_request *request,
			  struct http_response *response)
{
	_cleanup_(explain_form_clear) struct explain_form query = {.message = OCTETS_NULL};
	struct question q = {.worker = worker, .request = request, .given = request->body};
	struct strbuf out = STRBUF_NULL;
	int status = 500;

	if (explain_form_read(bytes_of_string(request->query), &query) == 0) {
		q.profile = explain_form_profile(&query);
		status = text_make(&q, &out);
	}
	answer_send(response, status, "text/plain; charset=utf-8", &out);
}

void explain_serve(void *arg, struct worker *worker, const struct http_request *request,
		   struct http_response *response)
{
	(void)arg;
	if (request->method == HTTP_GET) {
		page_send(response, 200, NULL);
	} else if (request->method != HTTP_POST) {
		response->status = 405;
		response->allow = "GET, POST";
	} else if (is_form(request)) {
		form_serve(worker, request, response);
	} else {
		message_serve(worker, request, response);
	}
}
