// SPDX-License-Identifier: Apache-2.0
/*
 * Asks the store for what a message will make the steps ask, in one go: which clients there are,
 * its transaction with the certificate, who is registered under the name in its first request, and
 * the certificates of ours that it is about, or that signed it. That is a guess, made of octets of
 * which nobody knows yet who sent them; nothing is decided by it. Each step asks for what it needs,
 * and finds it there or not. door.c calls this before authenticate.c.
 */
#include "ahead.h"
#include "asn1/certificate.h"
#include "asn1/der.h"

#include <errno.h>

/* The last commonName; empty: there is none. */
static struct bytes name_of(const X509_NAME *subject)
{
	const ASN1_STRING *value;
	int at = subject ? X509_NAME_get_index_by_NID(subject, NID_commonName, -1) : -1;

	if (at < 0)
		return BYTES_NULL;
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	return (struct bytes){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
}

static struct bytes name_asked_for(const struct cmp_message *msg)
{
	const CertReqMsg *first;

	switch (msg->body_type) {
	case PKI_BODY_IR:
	case PKI_BODY_CR:
		first = sk_CertReqMsg_value(msg->body->value.certReqMessages, 0);
		return first ? name_of(first->certReq->certTemplate->subject) : BYTES_NULL;
	case PKI_BODY_P10CR:
		return name_of(msg->body->value.p10cr->certificationRequestInfo->subject);
	default:
		return BYTES_NULL;
	}
}

/* serialNumber of a CertId, RFC 4211 6.5, which is DER. */
static int serial_of_cert_id(const ASN1_STRING *id, struct serial *serialp)
{
	struct bytes in = {ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id)};
	struct bytes tlv, fields, issuer, serial;
	uint8_t tag;

	if (der_next(&in, &tag, &tlv, &fields) || der_next(&fields, &tag, &tlv, &issuer) ||
	    der_next(&fields, &tag, &tlv, &serial) || tag != V_ASN1_INTEGER)
		return -EBADMSG;
	return serial_of_content(serial, serialp);
}

/* The certificate that a kur says it updates. */
static struct serial serial_updated(const struct cmp_request *rq)
{
	const CertReqMsg *first = sk_CertReqMsg_value(rq->msg->body->value.certReqMessages, 0);
	const STACK_OF(AttributeTypeAndValue) *controls = first ? first->certReq->controls : NULL;
	struct serial serial;

	for (int i = 0; i < sk_AttributeTypeAndValue_num(controls); i++) {
		const AttributeTypeAndValue *control = sk_AttributeTypeAndValue_value(controls, i);

		if (cmp_oid_is(rq, CMP_OID_OLD_CERT_ID, control->type) && control->value &&
		    control->value->type == V_ASN1_SEQUENCE)
			return serial_of_cert_id(control->value->value.sequence, &serial) < 0
				       ? SERIAL_NULL
				       : serial;
	}
	return SERIAL_NULL;
}

/* The certificate that an rr revokes, or the first of them. */
static struct serial serial_revoked(const struct cmp_request *rq)
{
	const RevDetails *first = sk_RevDetails_value(rq->msg->body->value.rr, 0);
	const ASN1_INTEGER *number = first ? first->certDetails->serialNumber : NULL;
	struct serial serial;

	return number && serial_of_integer(number, &serial) == 0 ? serial : SERIAL_NULL;
}

/* The first certificate of the message, if a CA of ours is its issuer. */
static struct serial serial_of_signer(const struct cmp_request *rq)
{
	struct certificate_view view;
	struct serial serial;

	if (certificate_view(cmp_message_extra_cert(rq->msg, 0), &view) < 0 ||
	    !ca_next_by_issuer(cmf_cas(rq->door->cmf), view.issuer, NULL) ||
	    serial_of_content(view.serial, &serial) < 0)
		return SERIAL_NULL;
	return serial;
}

int cmp_ahead_ask(struct cmp_request *rq)
{
	struct store_ahead ahead = {.transaction_id = rq->msg->transaction_id,
				    .certificate = !rq->service->opens};

	if (!store_ahead_helps(rq->worker->reader))
		return 0;
	/* Who finds its transaction itself asks for what is in it. */
	if (rq->service->announcement || rq->service->admits_itself)
		return 0;
	ahead.subject_id = name_asked_for(rq->msg);
	if (rq->msg->body_type == PKI_BODY_KUR) {
		ahead.named = serial_updated(rq);
		ahead.registration = true;
	} else if (rq->msg->body_type == PKI_BODY_RR) {
		ahead.named = serial_revoked(rq);
	}
	/* Whoever updates or revokes with a certificate does so once; who goes on has been seen. */
	if (ahead.named.len > 0)
		ahead.signer = serial_of_signer(rq);
	else if (!rq->service->opens)
		ahead.known = serial_of_signer(rq);
	return store_ahead_ask(rq->worker->reader, &ahead);
}
