// SPDX-License-Identifier: Apache-2.0
/*
 * What CertReqMsgs have in common wherever they stand (ir, cr, kur, ccr, krr): what no template may
 * have, the controls, and the certReqId. What a template asks for is read by certreq.c and ccr.c.
 */
#include "request.h"
#include "serve/certreq.h"
#include "transaction.h"

/* What fills a field and says nothing. */
static bool serial_number_ignored(const struct cmp_request *rq, const ASN1_INTEGER *number)
{
	int64_t value;

	return rq->who.policy->template_extras && ASN1_INTEGER_get_int64(&value, number) == 1 &&
	       value == 0;
}

int cmp_template_never(struct cmp_request *rq, const CertTemplate *t)
{
	/* RFC 4211 5: these MUST be omitted; RFC 9810 6.6.1: the serial number is the responder's.
	 */
	if (t->serialNumber && !serial_number_ignored(rq, t->serialNumber))
		return refuse(&rq->refusal, REFUSAL_template_serial_number);
	if (t->issuerUID)
		return refuse(&rq->refusal, REFUSAL_template_issuer_uid);
	if (t->subjectUID)
		return refuse(&rq->refusal, REFUSAL_template_subject_uid);
	return 0;
}

/* RFC 9483 4.1.1: fields of certTemplate that a requester may not set. */
int cmp_template_check(struct cmp_request *rq, const CertTemplate *t)
{
	int64_t version;

	/* "MUST be 2 if supplied" */
	if (t->version && (ASN1_INTEGER_get_int64(&version, t->version) != 1 || version != 2))
		return refuse(&rq->refusal, REFUSAL_template_version);
	/* RFC 4211 5: this MUST be omitted. */
	if (t->signingAlg && !rq->who.policy->template_extras)
		return refuse(&rq->refusal, REFUSAL_template_signing_alg);
	return cmp_template_never(rq, t);
}

int cmp_control_find(struct cmp_request *rq, const CertRequest *request, enum cmp_oid oid,
		     int value_type, enum refusal_reason malformed, struct bytes *valuep)
{
	const AttributeTypeAndValue *control;
	const ASN1_TYPE *value;

	*valuep = BYTES_NULL;
	for (int i = 0; i < sk_AttributeTypeAndValue_num(request->controls); i++) {
		control = sk_AttributeTypeAndValue_value(request->controls, i);
		if (!cmp_oid_is(rq, oid, control->type))
			continue;
		value = control->value;
		if (valuep->len || !value || value->type != value_type)
			return refuse(&rq->refusal, malformed);
		*valuep = (struct bytes){value->value.asn1_string->data,
					 (size_t)value->value.asn1_string->length};
	}
	return 0;
}

int cmp_cert_req_id(const CertReqMsg *msg)
{
	int64_t id;

	if (ASN1_INTEGER_get_int64(&id, msg->certReq->certReqId) != 1 || id < 0 || id > INT32_MAX)
		return -1;
	return (int)id;
}

int cmp_certreq_one(struct cmp_request *rq, enum refusal_reason several, const CertReqMsg **msgp)
{
	const CertReqMessages *msgs = rq->msg->body->value.certReqMessages;
	int err = cmp_quota_check(rq);

	if (err)
		return err;
	rq->attempt.in_body = rq->attempt.keep_refusal = true;
	*msgp = sk_CertReqMsg_value(msgs, 0);
	if (sk_CertReqMsg_num(msgs) != 1)
		return refuse(&rq->refusal, several);
	return cmp_cert_req_id(*msgp) == 0 ? 0 : refuse(&rq->refusal, REFUSAL_cert_req_id_wrong);
}
