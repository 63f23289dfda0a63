// SPDX-License-Identifier: Apache-2.0
/*
 * What an answer says: each PKIStatusInfo in it, and, of a refusal of ours, by which rule it is and
 * what to do.
 */
#include "explain.h"

#include "base/visible.h"

#include <string.h>

/* RFC 4210 5.2.3 */
const char *explain_status_name(const ASN1_INTEGER *status)
{
	static const char *const names[] = {
		"accepted",          "grantedWithMods",        "rejection",        "waiting",
		"revocationWarning", "revocationNotification", "keyUpdateWarning",
	};
	int64_t number;

	if (ASN1_INTEGER_get_int64(&number, status) != 1 || number < 0 ||
	    number >= (int64_t)ARRAY_LEN(names))
		return NULL;
	return names[number];
}

bool explain_is_answer(int body_type)
{
	switch (body_type) {
	case PKI_BODY_IP:
	case PKI_BODY_CP:
	case PKI_BODY_KUP:
	case PKI_BODY_CCP:
	case PKI_BODY_KRP:
	case PKI_BODY_RP:
	case PKI_BODY_PKICONF:
	case PKI_BODY_GENP:
	case PKI_BODY_POPDECC:
	case PKI_BODY_POLLREP:
		return true;
	default: /* a client may send error, too */
		return false;
	}
}

/* --- each status --- */

static void responses_each(const STACK_OF(CertResponse) * responses, explain_status_each *each,
			   void *arg)
{
	for (int i = 0; i < sk_CertResponse_num(responses); i++) {
		const CertResponse *r = sk_CertResponse_value(responses, i);

		each(arg, &(struct explain_status){r->certReqId, r->status});
	}
}

static void infos_each(const STACK_OF(PKIStatusInfo) * infos, explain_status_each *each, void *arg)
{
	for (int i = 0; i < sk_PKIStatusInfo_num(infos); i++)
		each(arg, &(struct explain_status){NULL, sk_PKIStatusInfo_value(infos, i)});
}

static void body_each(const PKIBody *body, explain_status_each *each, void *arg)
{
	switch (body->type) {
	case PKI_BODY_IP:
	case PKI_BODY_CP:
	case PKI_BODY_KUP:
	case PKI_BODY_CCP:
		responses_each(body->value.certRepMessage->response, each, arg);
		break;
	case PKI_BODY_RP:
		infos_each(body->value.rp->status, each, arg);
		break;
	case PKI_BODY_KRP:
		each(arg, &(struct explain_status){NULL, body->value.krp->status});
		break;
	case PKI_BODY_ERROR:
		each(arg, &(struct explain_status){NULL, body->value.error->pKIStatusInfo});
		break;
	case PKI_BODY_NESTED:
		for (int i = 0; i < sk_ASN1_TYPE_num(body->value.nested); i++) {
			const ASN1_STRING *s =
				sk_ASN1_TYPE_value(body->value.nested, i)->value.sequence;

			explain_statuses((struct bytes){s->data, (size_t)s->length}, each, arg);
		}
		break;
	default:
		break;
	}
}

void explain_statuses(struct bytes der, explain_status_each *each, void *arg)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;

	if (der.len && !cmp_message_decode(der, &msg, &refusal) && msg)
		body_each(msg->body, each, arg);
}

/* --- of a refusal --- */

/* The first bit that is set; -1: none. */
static int failinfo_of(const PKIStatusInfo *info)
{
	for (int i = 0; info->failInfo && i < FAIL_COUNT; i++)
		if (ASN1_BIT_STRING_get_bit(info->failInfo, i))
			return i;
	return -1;
}

static struct bytes text_of(const PKIStatusInfo *info)
{
	const ASN1_STRING *s = sk_ASN1_UTF8STRING_value(info->statusString, 0);

	return s ? (struct bytes){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)}
		 : BYTES_NULL;
}

/* The first with that failInfo and sentence; what it is about may follow. */
static enum refusal_reason reason_of(int failinfo, struct bytes text)
{
	for (int i = REFUSAL_NONE + 1; failinfo >= 0 && i < REFUSAL_COUNT; i++) {
		const char *sentence = refusal_text((enum refusal_reason)i);
		size_t len = strlen(sentence);
		struct refusal r;

		(void)refuse(&r, (enum refusal_reason)i);
		if (r.failinfo == failinfo && text.len >= len &&
		    memcmp(text.data, sentence, len) == 0 &&
		    (text.len == len || text.data[len] == ':'))
			return (enum refusal_reason)i;
	}
	return REFUSAL_NONE;
}

enum refusal_reason explain_status_reason(const PKIStatusInfo *info)
{
	return reason_of(failinfo_of(info), text_of(info));
}

enum refusal_reason explain_public_reason(const struct refusal *r)
{
	return reason_of(r->failinfo, bytes_of_string(refusal_text(r->reason)));
}

static void status_add(void *arg, const struct explain_status *status)
{
	_cleanup_(freep) char *text = NULL;
	const struct refusal_help *help = refusal_help(explain_status_reason(status->info));
	const char *name = explain_status_name(status->info->status);
	struct bytes words = text_of(status->info);
	struct strbuf *out = arg;

	if (words.len)
		text = strndup((const char *)words.data, words.len);
	strbuf_add(out, "status        ");
	if (status->cert_req_id)
		strbuf_printf(out, "certReqId %ld: ", ASN1_INTEGER_get(status->cert_req_id));
	strbuf_add(out, name ? name : "of a number that RFC 4210 has not");
	if (failinfo_of(status->info) >= 0)
		strbuf_printf(out, ", %s", failinfo_name(failinfo_of(status->info)));
	if (help)
		strbuf_printf(out, ", %s", refusal_code(help->reason));
	if (words.len && text) {
		strbuf_add(out, ": ");
		visible_add(out, text);
	}
	strbuf_add(out, "\n");
	if (help)
		strbuf_printf(out, "  by          %s\n  what to do  %s\n", help->clause,
			      help->advice);
}

void explain_answer(struct bytes der, struct strbuf *out)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	size_t len = out->len;

	explain_statuses(der, status_add, out);
	if (out->len == len && cmp_message_decode(der, &msg, &refusal) >= 0 && msg)
		strbuf_printf(out, "answer        %s, which has no status\n",
			      pki_body_type_name(msg->body_type));
}
