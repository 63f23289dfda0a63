// SPDX-License-Identifier: Apache-2.0
/*
 * Forwarding to an upstream CA, RFC 9483 5.2: certificate requests, certConf, rr and pollReq go on
 * as they are, in a nested message, or under our protection; the answers come back as they are, or
 * under our protection. transactionID and nonces stay what client and upstream made them. How a
 * message goes on is decided here; making and sending it is ca/'s, and so is what the answers mean
 * for the certificate, but for implicit confirmation.
 */
#include "serve/forward.h"
#include "asn1/name.h"
#include "outcome.h"
#include "reply.h"
#include "request.h"

#include <errno.h>

static enum conf_forwarding forwarding_of(const struct cmp_request *rq, const struct ca *ca)
{
	enum conf_forwarding how = ca_forwarding(ca);

	if (how == CONF_FORWARDING_REISSUE)
		return how;
	/* 5.2: "MUST replace a protection [...] to convert from or to a MAC-based protection" */
	if (rq->protection != CMP_PROTECTION_SIGNATURE)
		return CONF_FORWARDING_REPLACED;
	/* 5.2.3: "MUST NOT be applied to kur messages"; our approval is told by nesting them. */
	if (how == CONF_FORWARDING_REPLACED && rq->attempt.txn.body_type == PKI_BODY_KUR)
		return CONF_FORWARDING_ADDED;
	return how;
}

/* The CA of a certificate, where messages about it are passed on; NULL: they are not. */
static struct ca *ca_forwarding_to(const struct cmp_request *rq,
				   const struct store_certificate *cert)
{
	struct ca *ca = ca_find(cmf_cas(rq->door->cmf), cert->ca);

	return ca && ca_forwarding(ca) != CONF_FORWARDING_REISSUE ? ca : NULL;
}

bool cmp_is_forwarded(const struct cmp_request *rq, const struct store_certificate *cert)
{
	return ca_forwarding_to(rq, cert) != NULL;
}

/* --- the message upstream --- */

static int message_make(const struct cmp_request *rq, const struct ca *ca,
			struct bytes cert_req_msg, struct octets *derp)
{
	const struct ca_passed_on passed_on = {
		.from = rq->msg,
		.how = forwarding_of(rq, ca),
		.implicit_confirm = rq->service->opens && rq->implicit_confirm,
		.cert_req_msg = cert_req_msg,
	};

	return ca_upstream_message(ca, &passed_on, derp);
}

/*
 * Whether the client's template can go on under our name. Many clients fill in as issuer that of
 * the certificate they sign with (see certreq.c), which is not the one we sign with.
 */
static bool template_kept(const struct cmp_request *rq, const struct cmf_csr_result *result)
{
	const CertReqMsg *msg;

	if (rq->msg->body_type == PKI_BODY_P10CR)
		return true;
	msg = sk_CertReqMsg_value(rq->msg->body->value.certReqMessages, 0);
	return !result->changed &&
	       (!msg->certReq->certTemplate->issuer ||
		bytes_equal(name_der(msg->certReq->certTemplate->issuer), ca_issuer(result->ca)));
}

int cmp_forward_request(struct cmp_request *rq, struct cmf_csr_result *result)
{
	_cleanup_(octets_clear) struct octets message = OCTETS_NULL;
	struct ca_forward forward = {.kind = STORE_EXCHANGE_ISSUE,
				     .to = STORE_CERT_PENDING,
				     .certificate_id = result->certificate.id};
	bool replaced = forwarding_of(rq, result->ca) == CONF_FORWARDING_REPLACED;
	int err;

	/* 5.2.3: "MUST NOT be applied to kur messages"; a KEM secret of ours says nothing there. */
	if (replaced && rq->attempt.txn.body_type == PKI_BODY_KUR)
		return refuse(&rq->refusal, REFUSAL_protection_kind_wrong);
	/* What is not granted here, or not even judged, must not be asked for there. */
	if ((result->mods || result->unjudged) &&
	    (!replaced || rq->msg->body_type == PKI_BODY_P10CR))
		return refuse(&rq->refusal, REFUSAL_forward_would_change);
	err = message_make(rq, result->ca,
			   template_kept(rq, result) ? BYTES_NULL : octets_view(&result->template),
			   &message);
	if (err)
		return err;
	forward.message = octets_view(&message);
	forward.names = octets_view(&result->names);
	return ca_upstream_forward(result->ca, &forward, rq->worker->unit);
}

/* --- the answer downstream --- */

/* Under our protection the client is told what was changed here, too. */
static int mods_tell(CertRepMessage *message, const char *text)
{
	CertResponse *response = sk_CertResponse_value(message->response, 0);
	ASN1_UTF8STRING *string = ASN1_UTF8STRING_new();
	PKIStatusInfo *status = response->status;

	if (!status->statusString)
		status->statusString = sk_ASN1_UTF8STRING_new_null();
	if (!string || !status->statusString || !ASN1_STRING_set(string, text, -1) ||
	    !ASN1_INTEGER_set(status->status, PKI_STATUS_GRANTED_WITH_MODS) ||
	    sk_ASN1_UTF8STRING_push(status->statusString, string) <= 0) {
		ASN1_UTF8STRING_free(string);
		return -ENOMEM;
	}
	return 0;
}

/* What we changed of the request, and what the upstream of what we asked for. */
static int mods_gather(struct cmp_request *rq, const struct store_certificate *cert,
		       CertRepMessage *message)
{
	_cleanup_(freep) char *theirs = NULL;
	int err = ca_upstream_mods(rq->worker->reader, cert, &theirs);

	if (!err && rq->attempt.txn.status_text)
		err = mods_tell(message, rq->attempt.txn.status_text);
	if (!err && theirs)
		err = mods_tell(message, theirs);
	return err;
}

/* Puts what the upstream said into rq->attempt.answer or rq->attempt.reply. `cert`: it has issued
 * that; or NULL. */
static int answer_take(struct cmp_request *rq, const struct ca *ca,
		       const struct store_certificate *cert, struct cmp_message *from,
		       const struct cmp_outcome *outcome)
{
	bool ends = outcome->state == STORE_TXN_DONE || outcome->state == STORE_TXN_FAILED;
	struct cmp_reply *reply = &rq->attempt.reply;
	int type = from->body_type;
	int err;

	cmp_reply_clear(reply);
	err = octets_dup(from->sender_nonce, &reply->kept_nonce);
	if (err)
		return err;
	if (forwarding_of(rq, ca) != CONF_FORWARDING_REPLACED) {
		spliced_clear(&rq->attempt.answer);
		return octets_dup(from->der, &rq->attempt.answer.own);
	}
	reply->implicit_confirm =
		cmp_message_general_info(from, rq->door->oids[CMP_OID_IMPLICIT_CONFIRM]) != NULL;
	reply->body = from->body;
	from->body = NULL;
	if (type != PKI_BODY_IP && type != PKI_BODY_CP && type != PKI_BODY_KUP)
		return 0;
	err = cert ? mods_gather(rq, cert, reply->body->value.certRepMessage) : 0;
	if (err)
		return err;
	if (!ends)
		reply->confirm_wait_ms =
			outcome->deadline_ms ? outcome->deadline_ms : rq->attempt.txn.deadline_ms;
	if (rq->attempt.txn.chain_request)
		reply->issuers[reply->n_issuers++] = ca;
	return 0;
}

static int answer_give(struct cmp_request *rq, const struct ca *ca,
		       const struct store_certificate *cert, struct cmp_message *from,
		       enum store_transaction_state to, struct cmp_outcome *outcome)
{
	cmp_outcome_becomes(outcome, to);
	return answer_take(rq, ca, cert, from, outcome);
}

static int answer_decode(struct bytes der, struct cmp_message **msgp)
{
	struct refusal unused = REFUSAL_NULL;
	int err = cmp_message_decode(der, msgp, &unused);

	if (err == 0 && (*msgp)->sender_nonce.len <= CMP_NONCE_MAX)
		return 0;
	return err < 0 ? err : log_fault("answer of an upstream CA", -EBADMSG, NULL);
}

/* The certificate is there: active with implicit confirmation, which is the upstream's to grant. */
static int answer_issued(struct cmp_request *rq, const struct cmf_order *order,
			 struct cmp_message *from, struct cmp_outcome *outcome)
{
	const struct store_certificate *cert = &order->item[0].cert;
	const struct cmf_call call = cmp_call(rq);
	bool confirmed =
		cmp_message_general_info(from, rq->door->oids[CMP_OID_IMPLICIT_CONFIRM]) != NULL;
	int err = 0;

	if (cert->state != STORE_CERT_PENDING)
		return refuse(&rq->refusal, REFUSAL_transaction_ended);
	if (confirmed)
		err = cmf_order_confirm(&call, order, NULL, NULL);
	if (err)
		return err;
	rq->attempt.txn.implicit_confirm = confirmed;
	outcome->deadline_ms = cmf_order_confirm_by(&call, order);
	return answer_give(rq, order->item[0].ca, cert, from,
			   confirmed ? STORE_TXN_DONE : STORE_TXN_AWAIT_CONF, outcome);
}

static bool is_waiting(const struct cmp_message *from)
{
	const PKIStatusInfo *info;
	int64_t status = -1;

	switch (from->body_type) {
	case PKI_BODY_POLLREP:
		return true;
	case PKI_BODY_ERROR:
		info = from->body->value.error->pKIStatusInfo;
		break;
	case PKI_BODY_IP:
	case PKI_BODY_CP:
	case PKI_BODY_KUP:
		info = sk_CertResponse_value(from->body->value.certRepMessage->response, 0)->status;
		break;
	default:
		return false;
	}
	(void)ASN1_INTEGER_get_int64(&status, info->status);
	return status == PKI_STATUS_WAITING;
}

static int answer_deliver(struct cmp_request *rq, const struct cmf_order *order,
			  struct cmp_message *from, struct cmp_outcome *outcome)
{
	const struct ca *ca = order->item[0].ca;

	if (is_waiting(from)) {
		outcome->metric = METRIC_WAITING;
		return answer_give(rq, ca, NULL, from, STORE_TXN_AWAIT_UPSTREAM, outcome);
	}
	if (order->item[0].cert.der.len)
		return answer_issued(rq, order, from, outcome);
	(void)refuse(&rq->refusal, REFUSAL_upstream_rejected);
	outcome->metric = METRIC_REJECTED;
	return answer_give(rq, ca, NULL, from, STORE_TXN_FAILED, outcome);
}

int cmp_forward_answer(struct cmp_request *rq, const struct cmf_order *order,
		       struct cmp_outcome *outcome)
{
	const struct store_certificate *cert = &order->item[0].cert;
	_cleanup_(ca_forwarded_clear) struct ca_forwarded forwarded = {0};
	_cleanup_(cmp_message_freep) struct cmp_message *from = NULL;
	int err;

	if (!cmp_is_forwarded(rq, cert))
		return STORE_NOT_FOUND;
	err = ca_upstream_forwarded(rq->worker->reader, cert->id, STORE_EXCHANGE_ISSUE, &forwarded);
	if (err || !forwarded.answer.len)
		return err ? err : STORE_NOT_FOUND;
	err = answer_decode(octets_view(&forwarded.answer), &from);
	if (err)
		return err;
	/* It has been told. */
	if (bytes_equal(from->sender_nonce, octets_view(&rq->attempt.txn.sent_nonce)))
		return STORE_NOT_FOUND;
	return answer_deliver(rq, order, from, outcome);
}

/* --- pollReq --- */

int cmp_forward_run(struct cmp_request *rq, const struct store_certificate *cert,
		    enum store_exchange_kind kind)
{
	_cleanup_(ca_forwarded_clear) struct ca_forwarded forwarded = {0};
	const struct cmf_call call = cmp_call(rq);
	struct ca *ca = ca_forwarding_to(rq, cert);
	int err = STORE_NOT_FOUND;

	if (ca)
		err = ca_upstream_forwarded(rq->worker->reader, cert->id, kind, &forwarded);
	if (err < 0)
		return err;
	if (err || !forwarded.open || forwarded.answer.len)
		return 0;
	/* What the upstream CA says is true, whoever asked. Faults were logged. */
	store_unit_clear(rq->worker->unit);
	(void)!ca_upstream_forward_run(ca, cert->id, kind, rq->worker->reader, rq->worker->unit);
	return cmf_unit_begin(&call);
}

int cmp_forward_poll(struct cmp_request *rq, const struct store_certificate *cert,
		     enum store_exchange_kind kind, struct cmp_outcome *outcome)
{
	_cleanup_(ca_forwarded_clear) struct ca_forwarded before = {0};
	_cleanup_(cmp_message_freep) struct cmp_message *told = NULL;
	_cleanup_(octets_clear) struct octets message = OCTETS_NULL;
	struct ca_forward forward = {.kind = kind, .certificate_id = cert->id};
	struct ca *ca = ca_forwarding_to(rq, cert);
	int err;

	if (!ca)
		return 0;
	err = ca_upstream_forwarded(rq->worker->reader, cert->id, kind, &before);
	if (err < 0)
		return err;
	if (err || !before.open)
		return 0;
	/*
	 * What went upstream is not answered yet: this may be the very pollReq, once more after a
	 * crash. To tell the client to wait would break the chain of nonces between it and the
	 * upstream.
	 */
	outcome->resumes = !before.answer.len;
	if (outcome->resumes)
		return 0;
	/* Only what the upstream itself asked to wait for; else we have told the client to. */
	err = answer_decode(octets_view(&before.answer), &told);
	if (err)
		return err;
	if (!bytes_equal(told->sender_nonce, octets_view(&rq->attempt.txn.sent_nonce)))
		return 0;
	err = message_make(rq, ca, BYTES_NULL, &message);
	if (err)
		return err;
	forward.message = octets_view(&message);
	forward.names = octets_view(&before.names);
	forward.to = before.to;
	forward.previous_id = before.id;
	forward.created_ms = before.created_ms;
	outcome->record = CMP_RECORD_UNIT;
	outcome->resumes = true;
	return ca_upstream_forward(ca, &forward, rq->worker->unit);
}

/* --- certConf --- */

/* Not longer than the certificate is kept for who confirms it. */
static void confirm_wait(struct cmp_request *rq, const struct ca *ca,
			 const struct store_certificate *cert, struct cmp_outcome *outcome)
{
	const struct conf_ca *conf = conf_ca_find(rq->conf, ca_name(ca));

	outcome->metric = METRIC_WAITING;
	if (rq->attempt.txn.state == STORE_TXN_AWAIT_UPSTREAM)
		return;
	outcome->deadline_ms = rq->now_ms + (conf ? conf->upstream_timeout_ms : 0);
	if (cert->confirm_by_ms && cert->confirm_by_ms < outcome->deadline_ms)
		outcome->deadline_ms = cert->confirm_by_ms;
}

int cmp_forward_confirmed(struct cmp_request *rq, const struct store_certificate *cert,
			  struct cmp_outcome *outcome)
{
	const struct ca *ca = ca_find(cmf_cas(rq->door->cmf), cert->ca);
	_cleanup_(store_certificate_clear) struct store_certificate now = {0};
	_cleanup_(ca_forwarded_clear) struct ca_forwarded forwarded = {0};
	_cleanup_(cmp_message_freep) struct cmp_message *from = NULL;
	int err;

	if (!ca || ca_forwarding(ca) == CONF_FORWARDING_REISSUE)
		return STORE_NOT_FOUND;
	err = ca_upstream_forwarded(rq->worker->reader, cert->id, STORE_EXCHANGE_CONFIRM,
				    &forwarded);
	if (err || (forwarded.open && !forwarded.answer.len))
		return err ? err : STORE_NOT_FOUND;
	if (!forwarded.answer.len)
		return refuse(&rq->refusal, forwarded.reason != REFUSAL_NONE
						    ? forwarded.reason
						    : REFUSAL_upstream_unavailable);
	err = answer_decode(octets_view(&forwarded.answer), &from);
	if (err)
		return err;
	/* It has been told. */
	if (bytes_equal(from->sender_nonce, octets_view(&rq->attempt.txn.sent_nonce)))
		return STORE_NOT_FOUND;
	if (is_waiting(from)) {
		confirm_wait(rq, ca, cert, outcome);
		return answer_give(rq, ca, NULL, from, STORE_TXN_AWAIT_UPSTREAM, outcome);
	}
	if (!err)
		err = store_certificate_get(rq->worker->reader, cert->id, &now);
	if (err)
		return err < 0 ? err : log_fault("certificate of a transaction", -ENOENT, NULL);
	if (from->body_type != PKI_BODY_PKICONF) {
		(void)refuse(&rq->refusal, REFUSAL_upstream_rejected);
		outcome->metric = METRIC_REJECTED;
	}
	return answer_give(rq, ca, NULL, from,
			   now.state == STORE_CERT_ACTIVE ? STORE_TXN_DONE : STORE_TXN_FAILED,
			   outcome);
}

int cmp_forward_confirm(struct cmp_request *rq, const struct store_certificate *cert, bool accepted,
			struct cmp_outcome *outcome)
{
	struct ca *ca = ca_find(cmf_cas(rq->door->cmf), cert->ca);
	_cleanup_(octets_clear) struct octets message = OCTETS_NULL;
	struct ca_forward forward = {.kind = STORE_EXCHANGE_CONFIRM,
				     .to = accepted ? STORE_CERT_ACTIVE : STORE_CERT_REJECTED,
				     .certificate_id = cert->id};
	int err = cmp_forward_confirm_find(rq, cert);

	outcome->resumes = true;
	if (err != STORE_NOT_FOUND)
		return err;
	outcome->record = CMP_RECORD_UNIT;
	err = message_make(rq, ca, BYTES_NULL, &message);
	forward.message = octets_view(&message);
	/* The same message may be at another worker, or at another node, at the same time. */
	if (!err)
		err = store_exchange_require_none(rq->worker->unit, cert->id, forward.kind);
	return err ? err : ca_upstream_forward(ca, &forward, rq->worker->unit);
}

int cmp_forward_confirm_find(struct cmp_request *rq, const struct store_certificate *cert)
{
	_cleanup_(ca_forwarded_clear) struct ca_forwarded forwarded = {0};

	if (!cmp_is_forwarded(rq, cert) || cert->state == STORE_CERT_REQUESTED)
		return STORE_NOT_FOUND;
	return ca_upstream_forwarded(rq->worker->reader, cert->id, STORE_EXCHANGE_CONFIRM,
				     &forwarded);
}

int cmp_forward_confirm_answer(struct cmp_request *rq, const struct store_certificate *cert,
			       bool polling, struct cmp_outcome *outcome)
{
	const struct ca *ca = ca_find(cmf_cas(rq->door->cmf), cert->ca);
	int err = cmp_forward_confirmed(rq, cert, outcome);

	if (err != STORE_NOT_FOUND)
		return err;
	if (polling && rq->now_ms > rq->attempt.txn.deadline_ms)
		return refuse(&rq->refusal, REFUSAL_upstream_unavailable);
	/* RFC 9483 4.4: it goes on, and the client asks what came of it. */
	confirm_wait(rq, ca, cert, outcome);
	cmp_outcome_becomes(outcome, STORE_TXN_AWAIT_UPSTREAM);
	return polling ? cmp_reply_poll(rq, ca_upstream_check_after(ca)) : cmp_reply_waiting(rq);
}

/* --- rr --- */

int cmp_forward_revocation(struct cmp_request *rq, const struct store_certificate *cert,
			   struct octets *messagep)
{
	const struct ca *ca = ca_forwarding_to(rq, cert);

	return ca ? message_make(rq, ca, BYTES_NULL, messagep) : 0;
}

/* What the upstream refused may be done all the same: then it is told as done. */
static bool is_outdated(const struct cmp_request *rq, const struct ca_forwarded *forwarded,
			const struct cmp_message *from, bool done)
{
	/* It has been told, or belongs to another rr for the certificate. */
	return bytes_equal(from->sender_nonce, octets_view(&rq->attempt.txn.sent_nonce)) ||
	       !bytes_equal(from->transaction_id, octets_view(&rq->attempt.txn.transaction_id)) ||
	       (forwarded->refused && done);
}

int cmp_forward_revoked(struct cmp_request *rq, const struct cmf_order_item *ordered,
			struct cmp_outcome *outcome)
{
	const struct store_certificate *cert = &ordered->cert;
	const struct ca *ca = ordered->ca;
	bool done = cert->state == cmf_revocation_state(ordered->reason);
	_cleanup_(ca_forwarded_clear) struct ca_forwarded forwarded = {0};
	_cleanup_(cmp_message_freep) struct cmp_message *from = NULL;
	int err;

	if (!ca || ca_forwarding(ca) == CONF_FORWARDING_REISSUE)
		return STORE_NOT_FOUND;
	err = ca_upstream_forwarded(rq->worker->reader, cert->id, STORE_EXCHANGE_REVOKE_FORWARD,
				    &forwarded);
	if (err || !forwarded.answer.len)
		return err ? err : STORE_NOT_FOUND;
	err = answer_decode(octets_view(&forwarded.answer), &from);
	if (err)
		return err;
	if (is_outdated(rq, &forwarded, from, done))
		return STORE_NOT_FOUND;
	cmp_log_certificate(rq, cert->subject_id, cert->vnf_instance, &cert->serial);
	if (is_waiting(from)) {
		outcome->metric = METRIC_WAITING;
		return answer_give(rq, ca, NULL, from, STORE_TXN_AWAIT_UPSTREAM, outcome);
	}
	if (forwarded.refused) {
		(void)refuse(&rq->refusal, REFUSAL_upstream_rejected);
		outcome->metric = METRIC_REJECTED;
	}
	return answer_give(rq, ca, NULL, from,
			   forwarded.refused ? STORE_TXN_FAILED : STORE_TXN_DONE, outcome);
}
