// SPDX-License-Identifier: Apache-2.0
/* `cmfctl explain --json`: what a message met on its way through cmfd, and what it would be told.
 */
#include "ctl.h"
#include "decision.h"
#include "explain.h"

#include "base/clock.h"
#include "cmf.h"
#include "message.h"

#include <string.h>

static json_t *refusal_json(const struct refusal *r, const char *limit)
{
	const struct refusal_help *help = refusal_help(r->reason);

	if (!help)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s, s:s}", "failinfo",
			 failinfo_name(r->failinfo), "reason", refusal_code(r->reason), "text",
			 refusal_words(r), "detail", r->detail, "limit", limit, "by", help->clause,
			 "advice", help->advice);
}

static json_t *understood_json(const struct cmp_trace_request *r)
{
	const struct cmf_understood *u = &r->understood;

	return json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:b}", "subject_id",
			 u->subject_id, "vnf_instance_id", u->vnf_instance, "trust_domain",
			 u->trust_domain, "entity_from", r->entity_from, "cert_type", u->cert_type,
			 "cert_type_from", r->type_from, "profile", u->profile, "ca", u->ca,
			 "registers", (int)u->registers);
}

/* --- the answer's status --- */

static json_t *failinfos_json(const PKIStatusInfo *info)
{
	json_t *names = json_array();

	for (int i = 0; info->failInfo && i < FAIL_COUNT; i++)
		if (ASN1_BIT_STRING_get_bit(info->failInfo, i))
			json_array_append_new(names, json_string(failinfo_name(i)));
	return names;
}

/* PKIStatusInfo; the certReqId is that of a CertResponse, NULL: none. */
static void status_add(void *arg, const struct explain_status *status)
{
	const PKIStatusInfo *info = status->info;
	const ASN1_STRING *text = sk_ASN1_UTF8STRING_value(info->statusString, 0);
	json_t *list = arg, *id = status->cert_req_id
					  ? json_integer(ASN1_INTEGER_get(status->cert_req_id))
					  : json_null();
	enum refusal_reason reason = explain_status_reason(info);

	json_array_append_new(
		list, json_pack("{s:o, s:s?, s:o, s:o, s:s?}", "cert_req_id", id, "status",
				explain_status_name(info->status), "failinfo", failinfos_json(info),
				"text",
				text ? json_stringn((const char *)ASN1_STRING_get0_data(text),
						    (size_t)ASN1_STRING_length(text))
				     : json_null(),
				"reason", reason ? refusal_code(reason) : NULL));
}

static json_t *statuses_json(struct bytes answer)
{
	json_t *list = json_array();

	explain_statuses(answer, status_add, list);
	return list;
}

/* The type of the answer's body; NULL: there is none. */
static const char *answer_type(struct bytes answer)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;

	if (!answer.len || cmp_message_decode(answer, &msg, &refusal) || !msg)
		return NULL;
	return pki_body_type_name(msg->body_type);
}

/* --- what it met --- */

static json_t *before_json(const struct cmp_trace_before *before)
{
	char time[21];

	if (!before->found)
		return json_null();
	clock_format(before->created_ms, time);
	return json_pack("{s:b, s:s, s:o}", "same", (int)before->same, "time", time, "status",
			 statuses_json(octets_view(&before->answer)));
}

static json_t *request_json(const struct cmp_trace_request *r)
{
	return json_pack("{s:i, s:b, s:s, s:o, s:o}", "cert_req_id", r->cert_req_id, "upstream",
			 (int)r->upstream, "attestation", cmf_verdict_name(r->attestation),
			 "refusal", refusal_json(&r->refusal, r->limit), "understood",
			 understood_json(r));
}

static json_t *trace_json(const struct cmp_trace *trace)
{
	json_t *rows = json_array(), *requests = json_array(), *inner = json_array();

	for (int i = 0; i < CMP_STAGE_COUNT; i++)
		json_array_append_new(
			rows,
			json_pack("{s:s, s:s, s:b, s:o}", "stage", explain_stages[i].name, "clause",
				  explain_stages[i].clause, "reached", (int)trace->reached[i],
				  "refusal", refusal_json(&trace->refusal[i], trace->limit[i])));
	for (size_t i = 0; i < trace->n_requests; i++)
		json_array_append_new(requests, request_json(&trace->request[i]));
	for (size_t i = 0; i < trace->n_inner; i++)
		json_array_append_new(inner, trace_json(&trace->inner[i]));
	return json_pack("{s:s?, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "sender", trace->client,
			 "assumed", trace->as_client != NULL, "replayed", (int)trace->replayed,
			 "decided", refusal_json(&trace->decided, NULL), "before",
			 before_json(&trace->before), "stages", rows, "requests", requests, "inner",
			 inner);
}

/* --- the message --- */

/* Why it is malformed; null: it is not. */
static json_t *problem_json(struct bytes der)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_problem problem;

	if (cmp_message_decode(der, &msg, &refusal) != REFUSED)
		return json_null();
	cmp_message_problem(der, &problem);
	return json_pack("{s:I, s:s, s:s}", "offset", (json_int_t)problem.offset, "path",
			 problem.path, "rule", problem.rule);
}

int explain_decision_json(const struct explain_question *q, const struct cmp_trace *trace,
			  struct bytes answer, int64_t now_ms)
{
	const char *type = answer_type(answer);
	json_t *all = trace_json(trace);
	char time[21];

	clock_format(now_ms, time);
	if (!all || json_object_set_new(all, "status", statuses_json(answer)) ||
	    json_object_set_new(all, "answer", type ? json_string(type) : json_null()) ||
	    json_object_set_new(all, "as_of", json_string(time)) ||
	    json_object_set_new(all, "problem", problem_json(q->der))) {
		json_decref(all);
		return CTL_FAULT;
	}
	ctl_json_write(all, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
	return CTL_OK;
}
