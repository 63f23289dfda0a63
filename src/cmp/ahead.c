// SPDX-License-Identifier: Apache-2.0
/*
 * Asks the store for what a message will make the steps ask, in one go: which clients there are,
 * its transaction with the certificate, and who is registered under the name in its first request.
 * That is a guess, made of octets of which nobody knows yet who sent them; nothing is decided by
 * it. Each step asks for what it needs, and finds it there or not. door.c calls this before
 * authenticate.c.
 */
#include "ahead.h"

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

int cmp_ahead_ask(struct cmp_request *rq)
{
	/* Who finds its transaction itself asks for what is in it. */
	if (rq->service->announcement || rq->service->admits_itself)
		return 0;
	return store_ahead_ask(rq->worker->reader,
			       &(struct store_ahead){.transaction_id = rq->msg->transaction_id,
						     .certificate = !rq->service->opens,
						     .subject_id = name_asked_for(rq->msg)});
}
