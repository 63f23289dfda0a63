// SPDX-License-Identifier: Apache-2.0
/*
 * What ir, cr, kur and p10cr have in common once they are read: the certificate is asked for in
 * cmf/, the answer is built, and transaction, certificate and answer are committed as one unit.
 */
#include "door_private.h"

#include <errno.h>
#include <string.h>

int cmp_answer_type(int body_type)
{
	if (body_type == PKI_BODY_IR)
		return PKI_BODY_IP;
	if (body_type == PKI_BODY_CCR)
		return PKI_BODY_CCP;
	return body_type == PKI_BODY_KUR ? PKI_BODY_KUP : PKI_BODY_CP;
}

void cmp_log_certificate(struct cmp_request *rq, const char *subject_id, const uint8_t *serial,
			 size_t serial_len)
{
	free(rq->subject);
	/* Without memory the log line lacks the subject, no more. */
	rq->subject = subject_id ? strdup(subject_id) : NULL;
	bytes_to_hex((struct bytes){serial, serial_len}, rq->serial);
}

/* A certificate is asked for upstream: commits that first, then waits for the upstream a little. */
static int issue_upstream(struct cmp_request *rq, struct cmf_csr_result *result)
{
	int err;

	rq->txn.deadline_ms = result->confirm_by_ms;
	err = result->forward ? cmp_forward_request(rq, result) : 0;
	if (err)
		return err;
	err = cmp_transaction_issue(rq, STORE_TXN_AWAIT_UPSTREAM, &result->certificate_id);
	if (!err)
		err = cmp_transaction_commit(rq);
	if (err)
		return err;
	rq->txn.certificate_id = result->certificate_id;
	if (!rq->pop_answered)
		cmp_quota_count(rq, 1);
	return cmp_upstream_continue(rq);
}

/* The certificate is signed: the answer goes into the same unit. */
static int issue_now(struct cmp_request *rq, const struct cmf_csr_result *result)
{
	bool confirmed = rq->txn.implicit_confirm;
	int err;

	err = cmp_reply_certificate(rq, cmp_answer_type(rq->txn.body_type),
				    octets_view(&result->der), result->mods, result->ca);
	if (err)
		return err;
	rq->reply.implicit_confirm = confirmed;
	rq->reply.confirm_wait_ms = result->confirm_by_ms;
	rq->txn.deadline_ms = confirmed ? 0 : result->confirm_by_ms;
	err = cmp_transaction_issue(rq, confirmed ? STORE_TXN_DONE : STORE_TXN_AWAIT_CONF,
				    &result->certificate_id);
	if (!err)
		err = cmp_transaction_commit(rq);
	/* Open from now on, or, after a challenge, no longer. */
	if (!err && confirmed == rq->pop_answered)
		cmp_quota_count(rq, confirmed ? -1 : 1);
	return err;
}

/* RFC 9810 5.2.8.3.2: certConf is the proof of possession where the certificate is encrypted. */
static bool may_confirm_implicitly(const struct cmp_request *rq)
{
	return rq->implicit_confirm && rq->pop != CMP_POP_ENCR_CERT;
}

static int transaction_open(struct cmp_request *rq, const struct cmf_csr_result *result,
			    bool chain_request)
{
	int err = rq->pop_answered ? 0 : cmp_transaction_open(rq);

	if (err)
		return err;
	rq->txn.chain_request = chain_request;
	rq->txn.implicit_confirm = may_confirm_implicitly(rq) && result->implicit_confirm;
	if (!result->mods)
		return 0;
	rq->txn.status_text = strdup(result->mods);
	return rq->txn.status_text ? 0 : -ENOMEM;
}

/* Explicit carriers of header and body, side by side for cmf/ to compare. */
struct all_carriers {
	const char *profile_names[2 * CMP_CARRIERS_MAX];
	const char *vnfc_ids[2 * CMP_CARRIERS_MAX];
};

static void carriers_add(struct cmf_csr *csr, struct all_carriers *all,
			 const struct cmp_carriers *from)
{
	for (size_t i = 0; i < from->n_profile_names; i++)
		all->profile_names[csr->n_profile_names++] = from->profile_names[i];
	for (size_t i = 0; i < from->n_vnfc_ids; i++)
		all->vnfc_ids[csr->n_vnfc_ids++] = from->vnfc_ids[i];
	csr->profile_names = all->profile_names;
	csr->vnfc_ids = all->vnfc_ids;
}

/* What a refused request asked for; cmf/ says it only of requests that it grants. */
static void log_asked(struct cmp_request *rq, const struct cmf_csr *csr)
{
	const X509_NAME *name = csr->subject;
	int at = name ? X509_NAME_get_index_by_NID(name, NID_commonName, -1) : -1;
	const char *subject = csr->n_vnfc_ids ? csr->vnfc_ids[0] : NULL;
	_cleanup_(freep) char *cn = NULL;

	if (at >= 0 && !subject &&
	    !cmp_text_dup(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)),
			  CMP_CARRIER_TEXT_MAX, &cn))
		subject = cn;
	cmp_log_certificate(rq, subject, NULL, 0);
}

int cmp_chain_request(struct cmp_request *rq, const struct cmp_carriers *further, bool *wantedp)
{
	int chain = rq->carriers.chain_request;

	if (chain >= 0 && further->chain_request >= 0 && chain != further->chain_request)
		return refuse(&rq->refusal, REFUSAL_cert_chain_request_contradiction);
	/* IFA 033 11.2.3.2: certChainRequest, which is yes by default. */
	*wantedp = (chain < 0 ? further->chain_request : chain) != 0;
	return 0;
}

int cmp_certificate_issue(struct cmp_request *rq, struct cmf_csr *csr,
			  const struct cmp_carriers *further)
{
	_cleanup_(cmf_csr_result_clear) struct cmf_csr_result result = {0};
	struct all_carriers all;
	bool chain = true;
	int err;

	carriers_add(csr, &all, &rq->carriers);
	carriers_add(csr, &all, further);
	err = cmp_chain_request(rq, further, &chain);
	if (err)
		return err;
	/* The answer to a challenge is ours alone; what it was for is asked for anew. */
	csr->forwards =
		!rq->pop_answered &&
		(rq->msg->body_type == PKI_BODY_IR || rq->msg->body_type == PKI_BODY_CR ||
		 rq->msg->body_type == PKI_BODY_KUR || rq->msg->body_type == PKI_BODY_P10CR);
	err = cmf_csr(rq->door->cmf, &rq->who, csr, may_confirm_implicitly(rq), rq->worker->reader,
		      rq->worker->unit, &result, &rq->refusal);
	/* We would vouch for a proof to the upstream CA that is yet to come, RFC 9810 5.2.8.3.3. */
	if (!err && result.waiting && rq->pop == CMP_POP_ENCR_CERT)
		err = refuse(&rq->refusal, REFUSAL_pop_encr_cert_upstream);
	if (!err)
		err = transaction_open(rq, &result, chain);
	if (!err)
		err = result.waiting ? issue_upstream(rq, &result) : issue_now(rq, &result);
	if (err == REFUSED)
		log_asked(rq, csr);
	else if (!rq->subject)
		cmp_log_certificate(rq, result.subject_id, result.serial, result.serial_len);
	/* The unit points into the result. */
	store_unit_clear(rq->worker->unit);
	return err;
}
