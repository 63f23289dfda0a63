// SPDX-License-Identifier: Apache-2.0
/*
 * What ir, cr, kur, p10cr and ccr have in common once they are read: the certificates are asked for
 * in cmf/, the answer is built, and the outcome says what becomes of the transaction. If an
 * upstream CA is asked, upstream.c goes on after the commit.
 */
#include "carriers.h"
#include "cmf/order.h"
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/forward.h"
#include "serve/items.h"
#include "serve/private_key.h"
#include "trace.h"

#include <errno.h>
#include <string.h>

/* --- what cmf/ is asked --- */

/* What a refused request asked for; cmf/ says it only of requests that it grants. */
static void log_asked(struct cmp_request *rq, const struct cmp_item *item)
{
	const struct cmf_csr *csr = &item->csr;
	const X509_NAME *name = csr->subject;
	int at = name ? X509_NAME_get_index_by_NID(name, NID_commonName, -1) : -1;
	const char *subject = csr->n_vnfc_ids ? csr->vnfc_ids[0] : NULL;
	_cleanup_(freep) char *cn = NULL;

	if (at >= 0 && !subject &&
	    !cmp_text_dup(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)),
			  CMP_CARRIER_TEXT_MAX, &cn))
		subject = cn;
	cmp_log_certificate(rq, subject, csr->n_vnf_instances ? csr->vnf_instances[0] : NULL,
			    &SERIAL_NULL);
}

/*
 * What goes on as it came is one request, of which the upstream CA's answer says 0 or, of p10cr,
 * -1; the answer to a challenge is ours alone.
 */
static bool may_be_forwarded(const struct cmp_request *rq, const struct cmp_items *items)
{
	int type = rq->msg->body_type;

	return !rq->attempt.pop_answered && items->len == 1 && items->item[0].cert_req_id <= 0 &&
	       (type == PKI_BODY_IR || type == PKI_BODY_CR || type == PKI_BODY_KUR ||
		type == PKI_BODY_P10CR);
}

/* `granted` are the n that the requests before it get. */
static int item_decide(struct cmp_request *rq, struct cmp_item *item,
		       struct cmf_understood *understood, struct cmf_csr_result *const *granted,
		       size_t n)
{
	struct cmf_call call = cmp_call(rq);
	bool chain = true;
	int err;

	cmp_item_carriers(rq, item);
	err = cmp_chain_request(rq, &item->carriers, &chain);
	if (err)
		return err;
	rq->attempt.txn.chain_request = rq->attempt.txn.chain_request || chain;
	call.earlier = granted;
	call.n_earlier = n;
	call.understood = understood;
	err = cmf_csr(&call, &item->csr, &item->result);
	if (!err && item->result.generated_key)
		err = cmp_central_key_seal(rq, item->result.generated_key, &item->private_key);
	return err;
}

/* Asks for every certificate that was not refused yet; those that are granted go into `granted`. */
static int items_decide(struct cmp_request *rq, struct cmp_items *items,
			struct cmf_csr_result **granted, size_t *n_grantedp)
{
	int err = 0;

	*n_grantedp = 0;
	for (size_t i = 0; i < items->len && !err; i++) {
		struct cmp_item *item = &items->item[i];

		if (!item->refused) {
			item->csr.forwards = may_be_forwarded(rq, items);
			err = cmp_item_judge(rq, item,
					     item_decide(rq, item, cmp_trace_understood(rq, i),
							 granted, *n_grantedp));
		}
		if (!err && !item->refused)
			granted[(*n_grantedp)++] = &item->result;
	}
	return err;
}

static bool any_generated(const struct cmp_items *items)
{
	for (size_t i = 0; i < items->len; i++)
		if (items->item[i].private_key.len)
			return true;
	return false;
}

static bool any_encrypted(const struct cmp_items *items)
{
	for (size_t i = 0; i < items->len; i++)
		if (!items->item[i].refused && items->item[i].pop == CMP_POP_ENCR_CERT)
			return true;
	return false;
}

/* --- the answer --- */

static struct cmp_response response_of(const struct cmp_item *item)
{
	const struct cmf_csr_result *result = &item->result;

	if (item->refused)
		return (struct cmp_response){.cert_req_id = item->cert_req_id,
					     .status = PKI_STATUS_REJECTION,
					     .text = refusal_words(&item->refusal),
					     .failinfo = item->refusal.failinfo};
	return (struct cmp_response){
		.cert_req_id = item->cert_req_id,
		.status = result->mods ? PKI_STATUS_GRANTED_WITH_MODS : PKI_STATUS_ACCEPTED,
		.text = result->mods,
		.failinfo = -1,
		.certificate = octets_view(&result->der),
		.encrypted = item->pop == CMP_POP_ENCR_CERT,
		.private_key = octets_view(&item->private_key),
		.issuer = result->ca,
	};
}

static int items_reply(struct cmp_request *rq, const struct cmp_items *items)
{
	struct cmp_response *responses = calloc(items->len, sizeof(*responses));
	int err = -ENOMEM;

	for (size_t i = 0; responses && i < items->len; i++)
		responses[i] = response_of(&items->item[i]);
	if (responses && rq->attempt.recovery)
		err = cmp_reply_recovery(rq, &responses[0], rq->attempt.recovery);
	else if (responses)
		err = cmp_reply_responses(rq, cmp_answer_type(rq->attempt.txn.body_type), responses,
					  items->len);
	free(responses);
	return err;
}

/* Several requests are each kept with what the answer says of it. */
static int items_keep(const struct cmp_items *items, struct cmp_outcome *outcome)
{
	int err = 0;

	for (size_t i = 0; i < items->len && items->len > 1 && !err; i++) {
		const struct cmp_item *item = &items->item[i];
		struct store_transaction_item row = {.cert_req_id = item->cert_req_id,
						     .reason = STORE_REASON_NONE,
						     .certificate_id = item->result.certificate.id,
						     .failinfo = -1,
						     .status_text = item->result.mods};

		if (item->refused) {
			row.certificate_id = 0;
			row.failinfo = item->refusal.failinfo;
			row.status_text = (char *)refusal_words(&item->refusal);
		}
		err = cmp_outcome_add(outcome, &row);
	}
	return err;
}

/* A refusal among requests that are granted shows in the answer; in the log it is a line. */
static void log_refused(const struct cmp_request *rq, const struct cmp_items *items)
{
	for (size_t i = 0; i < items->len; i++) {
		const struct cmp_item *item = &items->item[i];

		if (item->refused)
			log_event(LOG_LEVEL_INFO, "one of several requests refused",
				  F_HEX("transaction", rq->msg->transaction_id),
				  F_TEXT("client", rq->who.name),
				  F_INT("certReqId", item->cert_req_id),
				  F_TEXT("failinfo", failinfo_name(item->refusal.failinfo)),
				  F_TEXT("reason", refusal_code(item->refusal.reason)),
				  F_TEXT("detail", refusal_detail(&item->refusal)));
	}
}

/* Nothing is granted: the answer says why, and the transaction has ended. */
static int refuse_all(struct cmp_request *rq, struct cmp_items *items, struct cmp_outcome *outcome)
{
	log_asked(rq, &items->item[0]);
	rq->refusal = items->item[0].refusal;
	if (items->len == 1)
		return REFUSED;
	log_refused(rq, items);
	outcome->metric = METRIC_REJECTED;
	cmp_outcome_becomes(outcome, STORE_TXN_FAILED);
	return items_reply(rq, items);
}

/* A certificate is asked for upstream: that is committed first, then the upstream waited for. */
static int issue_upstream(struct cmp_request *rq, struct cmp_items *items,
			  struct cmf_csr_result *first, struct cmp_outcome *outcome)
{
	int err = 0;

	/* We would vouch for a proof to the upstream CA that is yet to come, RFC 9810 5.2.8.3.3. */
	if (any_encrypted(items))
		return refuse(&rq->refusal, REFUSAL_pop_encr_cert_upstream);
	/* The private key is not kept until the upstream CA has answered. */
	if (any_generated(items))
		return refuse(&rq->refusal, REFUSAL_central_key_upstream);
	if (first->forward)
		err = cmp_forward_request(rq, first);
	if (err)
		return err;
	cmp_outcome_becomes(outcome, STORE_TXN_AWAIT_UPSTREAM);
	outcome->resumes = !store_unit_is_dry(rq->worker->unit);
	/* Where nobody is asked the answer says no more than that. */
	return outcome->resumes ? 0 : cmp_reply_waiting(rq);
}

/* The certificates are signed: the answer goes into the same unit. */
static int issue_now(struct cmp_request *rq, struct cmp_items *items, struct cmp_outcome *outcome)
{
	bool confirmed = rq->attempt.txn.implicit_confirm;
	int err = items_reply(rq, items);

	rq->attempt.reply.implicit_confirm = confirmed;
	rq->attempt.reply.confirm_wait_ms = outcome->deadline_ms;
	cmp_outcome_becomes(outcome, confirmed ? STORE_TXN_DONE : STORE_TXN_AWAIT_CONF);
	return err;
}

static int granted_answer(struct cmp_request *rq, struct cmp_items *items,
			  struct cmf_csr_result *const *granted, size_t n,
			  struct cmp_outcome *outcome)
{
	struct cmf_csr_result *first = granted[0];
	const struct cmf_call call = cmp_call(rq);
	struct cmf_order_terms terms;
	int err;

	/* RFC 9810 5.2.8.3.2: certConf is the proof of possession of what is encrypted. */
	err = cmf_order_place_certificates(&call, granted, n,
					   rq->implicit_confirm && !any_encrypted(items), &terms);
	if (err)
		return err;
	rq->attempt.txn.implicit_confirm = terms.implicit_confirm;
	outcome->deadline_ms = terms.deadline_ms;
	outcome->certificate_id = first->certificate.id;
	if (items->len == 1 && first->mods) {
		rq->attempt.txn.status_text = strdup(first->mods);
		if (!rq->attempt.txn.status_text)
			return -ENOMEM;
	}
	log_refused(rq, items);
	cmp_log_certificate(rq, first->subject_id, first->vnf_instance, &first->serial);
	return terms.waiting ? issue_upstream(rq, items, first, outcome)
			     : issue_now(rq, items, outcome);
}

int cmp_certificates_issue(struct cmp_request *rq, struct cmp_items *items,
			   struct cmp_outcome *outcome)
{
	_cleanup_(freep) struct cmf_csr_result **granted = calloc(items->len, sizeof(*granted));
	size_t n = 0;
	int err;

	if (!granted)
		return -ENOMEM;
	rq->attempt.txn.chain_request = false;
	rq->attempt.txn.cert_req_id = items->item[0].cert_req_id;
	rq->attempt.txn.n_items = items->len > 1 ? items->len : 0;
	err = items_decide(rq, items, granted, &n);
	if (err)
		return err;
	cmp_trace_items(rq, items);
	err = n ? granted_answer(rq, items, granted, n, outcome) : refuse_all(rq, items, outcome);
	return err ? err : items_keep(items, outcome);
}
