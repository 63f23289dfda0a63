// SPDX-License-Identifier: Apache-2.0
/*
 * Explaining instead of serving: what each stage of a request comes to is noted, and the sender may
 * be assumed. The rules are those of serving; nothing is decided here.
 */
#include "door_private.h"

#include <string.h>

void cmp_trace_clear(struct cmp_trace *trace)
{
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

int cmp_trace_assume(struct cmp_request *rq, int result)
{
	struct cmp_trace *trace = rq->trace;
	int err = cmp_trace_stage(rq, CMP_STAGE_PROTECTION, result);

	if (!trace)
		return err;
	if (trace->as_client && err >= 0) {
		/* The template is held against the certificate that it did sign with. */
		struct octets certificate = rq->who.certificate;

		rq->who.certificate = OCTETS_NULL;
		cmf_principal_clear(&rq->who);
		rq->protection = CMP_PROTECTION_SIGNATURE;
		err = cmf_client_assume(rq->door->cmf, rq->worker->reader, trace->as_client,
					&rq->who, &rq->refusal);
		if (err)
			octets_clear(&certificate);
		rq->who.certificate = certificate;
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
		};
	}
}
