// SPDX-License-Identifier: Apache-2.0
/* `cmfctl explain --json`: what a message met on its way through cmfd, and what it would be told.
 */
#include "ctl.h"
#include "explain.h"
#include "message.h"

#include "cmf.h"

#include <string.h>

static json_t *refusal_json(const struct refusal *r)
{
	if (r->reason == REFUSAL_NONE)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s?}", "failinfo", failinfo_name(r->failinfo), "reason",
			 refusal_code(r->reason), "text", refusal_words(r), "detail", r->detail);
}

static json_t *trace_json(const struct cmp_trace *trace)
{
	json_t *rows = json_array(), *requests = json_array(), *inner = json_array();

	for (int i = 0; i < CMP_STAGE_COUNT; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s, s:b, s:o}", "stage",
						      explain_stages[i].name, "clause",
						      explain_stages[i].clause, "reached",
						      (int)trace->reached[i], "refusal",
						      refusal_json(&trace->refusal[i])));
	for (size_t i = 0; i < trace->n_requests; i++)
		json_array_append_new(
			requests, json_pack("{s:i, s:b, s:s, s:o}", "cert_req_id",
					    trace->request[i].cert_req_id, "upstream",
					    (int)trace->request[i].upstream, "attestation",
					    cmf_verdict_name(trace->request[i].attestation),
					    "refusal", refusal_json(&trace->request[i].refusal)));
	for (size_t i = 0; i < trace->n_inner; i++)
		json_array_append_new(inner, trace_json(&trace->inner[i]));
	return json_pack("{s:s?, s:b, s:b, s:o, s:o, s:o, s:o}", "sender", trace->client, "assumed",
			 trace->as_client != NULL, "replayed", (int)trace->replayed, "decided",
			 refusal_json(&trace->decided), "stages", rows, "requests", requests,
			 "inner", inner);
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
static void status_add(json_t *list, const ASN1_INTEGER *cert_req_id, const PKIStatusInfo *info)
{
	const ASN1_STRING *text = sk_ASN1_UTF8STRING_value(info->statusString, 0);
	json_t *id = cert_req_id ? json_integer(ASN1_INTEGER_get(cert_req_id)) : json_null();
	const char *name = explain_status_name(info->status);

	json_array_append_new(
		list, json_pack("{s:o, s:s?, s:o, s:o}", "cert_req_id", id, "status", name,
				"failinfo", failinfos_json(info), "text",
				text ? json_stringn((const char *)ASN1_STRING_get0_data(text),
						    (size_t)ASN1_STRING_length(text))
				     : json_null()));
}

static void answer_status(struct bytes answer, json_t *list);

static void body_status(const PKIBody *body, json_t *list)
{
	switch (body->type) {
	case PKI_BODY_IP:
	case PKI_BODY_CP:
	case PKI_BODY_KUP:
	case PKI_BODY_CCP:
		for (int i = 0; i < sk_CertResponse_num(body->value.certRepMessage->response);
		     i++) {
			const CertResponse *r =
				sk_CertResponse_value(body->value.certRepMessage->response, i);

			status_add(list, r->certReqId, r->status);
		}
		break;
	case PKI_BODY_RP:
		for (int i = 0; i < sk_PKIStatusInfo_num(body->value.rp->status); i++)
			status_add(list, NULL, sk_PKIStatusInfo_value(body->value.rp->status, i));
		break;
	case PKI_BODY_KRP:
		status_add(list, NULL, body->value.krp->status);
		break;
	case PKI_BODY_ERROR:
		status_add(list, NULL, body->value.error->pKIStatusInfo);
		break;
	case PKI_BODY_NESTED:
		for (int i = 0; i < sk_ASN1_TYPE_num(body->value.nested); i++) {
			const ASN1_STRING *s =
				sk_ASN1_TYPE_value(body->value.nested, i)->value.sequence;

			answer_status((struct bytes){s->data, (size_t)s->length}, list);
		}
		break;
	default:
		break;
	}
}

static void answer_status(struct bytes answer, json_t *list)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;

	if (!cmp_message_decode(answer, &msg, &refusal) && msg)
		body_status(msg->body, list);
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

int explain_decision_json(const struct cmp_trace *trace, struct bytes answer)
{
	json_t *all = trace_json(trace), *status = json_array();
	const char *type = answer_type(answer);

	if (type)
		answer_status(answer, status);
	if (!all || json_object_set_new(all, "status", status) ||
	    json_object_set_new(all, "answer", type ? json_string(type) : json_null())) {
		json_decref(all);
		return CTL_FAULT;
	}
	ctl_json_write(all, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
	return CTL_OK;
}
