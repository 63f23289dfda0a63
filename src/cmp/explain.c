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

static void trace_request_clear(struct cmp_trace_request *request)
{
	cmf_understood_clear(&request->understood);
	free(request->limit);
	free(request->entity_from);
	free(request->type_from);
	*request = (struct cmp_trace_request){0};
}

void cmp_trace_clear(struct cmp_trace *trace)
{
	for (size_t i = 0; i < trace->n_inner; i++)
		cmp_trace_clear(&trace->inner[i]);
	for (size_t i = 0; i < ARRAY_LEN(trace->request); i++)
		trace_request_clear(&trace->request[i]);
	for (size_t i = 0; i < CMP_STAGE_COUNT; i++)
		free(trace->limit[i]);
	octets_clear(&trace->before.answer);
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
	if (result == REFUSED && !trace->limit[stage])
		trace->limit[stage] = cmp_trace_limit(rq, &rq->refusal);
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
	grown[trace->n_inner] = (struct cmp_trace){
		.forget = trace->forget, .stranger = trace->stranger, .any_time = trace->any_time};
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

/* --- that it came before --- */

bool cmp_trace_forgets(const struct cmp_request *rq)
{
	return rq->trace && rq->trace->forget;
}

/* The answer as it was sent, with the CRL that it is kept without. */
static int answer_copy(struct cmp_request *rq, struct octets *answerp)
{
	const struct store_transaction *txn = &rq->attempt.txn;
	struct spliced whole = {.at = txn->crl_at};
	int err = octets_dup(octets_view(&txn->response), &whole.own);

	if (!err && txn->crl_id)
		err = ca_crl_find(cmf_cas(rq->door->cmf), txn->crl_id, rq->worker->reader,
				  &whole.part);
	if (!err)
		err = spliced_join(&whole, answerp);
	spliced_clear(&whole);
	return err < 0 ? err : 0;
}

int cmp_trace_before(struct cmp_request *rq)
{
	const struct store_transaction *txn = &rq->attempt.txn;
	struct cmp_trace_before *before = &rq->trace->before;

	octets_clear(&before->answer);
	*before = (struct cmp_trace_before){
		.found = true,
		.same = bytes_equal(octets_view(&txn->request_nonce), rq->msg->sender_nonce),
		.created_ms = txn->created_ms};
	return txn->response.len ? answer_copy(rq, &before->answer) : 0;
}

/* --- what was understood --- */

struct cmf_understood *cmp_trace_understood(struct cmp_request *rq, size_t i)
{
	struct cmp_trace *trace = rq->trace;

	if (!trace || i >= ARRAY_LEN(trace->request))
		return NULL;
	trace_request_clear(&trace->request[i]);
	return &trace->request[i].understood;
}

static void from_add(struct strbuf *out, bool says, const char *what)
{
	if (says)
		strbuf_printf(out, "%s%s", out->len ? ", " : "", what);
}

static bool header_has(const struct cmp_request *rq, enum cmp_oid oid)
{
	return cmp_message_general_info(rq->msg, rq->door->oids[oid]) != NULL;
}

/* The carriers of docs/cmp-profile.md that there are, in place of `from`. */
static char *type_from(const struct cmp_request *rq, const struct cmp_item *item, const char *from)
{
	struct strbuf out = STRBUF_NULL;

	if (from != cmf_from_carrier)
		return from ? strdup(from) : NULL;
	from_add(&out, rq->exchange->profile_label != NULL, "the URL");
	from_add(&out, header_has(rq, CMP_OID_CERT_PROFILE), "certProfile in generalInfo");
	from_add(&out, header_has(rq, CMP_OID_CERT_TYPE), "id-cmf-certType in generalInfo");
	from_add(&out, item->carriers.n_profile_names > 0, "utf8Pairs in regInfo");
	return strbuf_take(&out);
}

static char *entity_from(const struct cmp_request *rq, const struct cmp_item *item,
			 const char *from)
{
	struct strbuf out = STRBUF_NULL;

	if (from != cmf_from_carrier)
		return from ? strdup(from) : NULL;
	from_add(&out, header_has(rq, CMP_OID_VNFC_ID), "id-cmf-vnfcId in generalInfo");
	from_add(&out, item->carriers.n_vnfc_ids > 0, "utf8Pairs in regInfo");
	return strbuf_take(&out);
}

void cmp_trace_items(struct cmp_request *rq, const struct cmp_items *items)
{
	struct cmp_trace *trace = rq->trace;

	if (!trace)
		return;
	trace->n_requests = 0;
	for (size_t i = 0; i < items->len && i < ARRAY_LEN(trace->request); i++) {
		const struct cmp_item *item = &items->item[i];
		struct cmp_trace_request *r = &trace->request[trace->n_requests++];

		r->cert_req_id = item->cert_req_id;
		r->refusal = item->refused ? item->refusal : REFUSAL_NULL;
		r->limit = item->refused ? cmp_trace_limit(rq, &item->refusal) : NULL;
		r->upstream = !item->refused && item->result.waiting;
		r->attestation =
			item->refused ? STORE_ATTESTATION_NONE : item->result.attestation.verdict;
		r->type_from = type_from(rq, item, r->understood.type_from);
		r->entity_from = entity_from(rq, item, r->understood.entity_from);
	}
}
