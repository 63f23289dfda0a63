// SPDX-License-Identifier: Apache-2.0
/*
 * Explaining instead of serving: what each stage of a request comes to is noted, and the sender may
 * be assumed. The rules are those of serving; nothing is decided here.
 */
#include "authenticate.h"
#include "request.h"
#include "serve/items.h"
#include "trace.h"

#include <string.h>

void cmp_trace_clear(struct cmp_trace *trace)
{
	for (size_t i = 0; i < trace->n_inner; i++)
		cmp_trace_clear(&trace->inner[i]);
	free(trace->inner);
	free(trace->client);
	*trace = (struct cmp_trace){0};
}

int cmp_trace_stage(struct cmp_request *rq, enum cmp_stage stage, int result)
{
	struct cmp_trace *trace = rq->trace;

	if (!trace)
		return result;
	trace->reached[stage] = true;
	trace->refusal[stage] = result == REFUSED ? rq->refusal : REFUSAL_NULL;
	trace->fault = trace->fault || result < 0;
	return result;
}

struct cmp_trace *cmp_trace_inner(const struct cmp_request *outer)
{
	struct cmp_trace *trace = outer->trace, *grown;

	if (!trace)
		return NULL;
	grown = reallocarray(trace->inner, trace->n_inner + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	trace->inner = grown;
	grown[trace->n_inner] = (struct cmp_trace){0};
	return &grown[trace->n_inner++];
}

void cmp_trace_end(struct cmp_request *rq)
{
	if (rq->trace &&
	    (rq->attempt.metric == METRIC_REJECTED || rq->attempt.metric == METRIC_FAULT))
		rq->trace->decided = rq->refusal;
}

/*
 * A client with a shared secret is answered under it, as it would be, unless the MAC of the message
 * is none that could be computed again.
 */
static int protection_assume(struct cmp_request *rq)
{
	int err;

	if (!rq->who.mac_secret.len || cmp_message_protection_kind(rq->msg) != CMP_PROTECTION_MAC)
		return 0;
	err = cmp_mac_read_protection(rq);
	if (!err)
		err = cmp_protection_compare_mac(rq->msg, &rq->mac,
						 octets_view(&rq->who.mac_secret), &rq->refusal);
	if (!err || (err == REFUSED && rq->refusal.reason == REFUSAL_protection_wrong))
		rq->protection = CMP_PROTECTION_MAC;
	return err < 0 ? err : 0;
}

int cmp_trace_assume(struct cmp_request *rq, int result)
{
	struct cmp_trace *trace = rq->trace;
	int err = cmp_trace_stage(rq, CMP_STAGE_PROTECTION, result);

	if (!trace)
		return err;
	if (trace->as_client && err >= 0) {
		/* It did sign with the certificate, if any, and is the holder of that. */
		struct octets certificate = rq->who.certificate;
		int64_t id = rq->who.certificate_id, registration_id = rq->who.registration_id;
		const struct cmf_call call = cmp_call(rq);

		rq->who.certificate = OCTETS_NULL;
		cmf_principal_clear(&rq->who);
		/* There is no secret any more, and if the client is unknown, no policy. */
		rq->protection = CMP_PROTECTION_SIGNATURE;
		err = cmf_client_assume(&call, trace->as_client, &rq->who);
		if (err)
			octets_clear(&certificate);
		rq->who.certificate = certificate;
		if (!err && id) {
			rq->who.certificate_id = id;
			rq->who.registration_id = registration_id;
		}
		if (!err)
			err = protection_assume(rq);
	}
	/* Whoever asks for a KEM ciphertext is nobody yet. */
	if (!err && rq->who.name)
		trace->client = strdup(rq->who.name);
	return err;
}

void cmp_trace_items(struct cmp_request *rq, const struct cmp_items *items)
{
	struct cmp_trace *trace = rq->trace;

	if (!trace)
		return;
	trace->n_requests = 0;
	for (size_t i = 0; i < items->len && i < ARRAY_LEN(trace->request); i++) {
		const struct cmp_item *item = &items->item[i];

		trace->request[trace->n_requests++] = (struct cmp_trace_request){
			.cert_req_id = item->cert_req_id,
			.refusal = item->refused ? item->refusal : REFUSAL_NULL,
			.upstream = !item->refused && item->result.waiting,
			.attestation = item->refused ? STORE_ATTESTATION_NONE
						     : item->result.attestation.verdict,
		};
	}
}
