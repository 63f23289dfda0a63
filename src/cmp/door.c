// SPDX-License-Identifier: Apache-2.0
/*
 * One request through the door, in a straight line: decode, header, protection, transaction, the
 * service of the body type, the commit of what it decided, one log line. cmfd/routes.c calls this,
 * and all steps in this folder are called from here, in that order. What a body means is in the
 * file of its type, in serve/ and genm/.
 */
#include "ahead.h"
#include "asn1/algorithm.h"
#include "authenticate.h"
#include "carriers.h"
#include "header.h"
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/services.h"
#include "service.h"
#include "trace.h"
#include "transaction.h"

#include <errno.h>
#include <string.h>

/*
 * How often a request is decided again because somebody else's commit came first. Each time the
 * store holds what won, so two rounds are normal under attack of duplicates and five are plenty.
 */
enum { ATTEMPTS_MAX = 5 };

/* The body types that are served, RFC 9483 4; the answer's type is where refusals go, 3.6.2. */
static const struct cmp_service services[] = {
	{PKI_BODY_IR, METRIC_OP_ir, true, PKI_BODY_IP, cmp_certreq_serve,
	 .resume = cmp_upstream_resume},
	{PKI_BODY_CR, METRIC_OP_cr, true, PKI_BODY_CP, cmp_certreq_serve,
	 .resume = cmp_upstream_resume},
	{PKI_BODY_KUR, METRIC_OP_kur, true, PKI_BODY_KUP, cmp_certreq_serve,
	 .resume = cmp_upstream_resume},
	{PKI_BODY_P10CR, METRIC_OP_p10cr, true, PKI_BODY_CP, cmp_p10cr_serve,
	 .resume = cmp_upstream_resume},
	{PKI_BODY_CCR, METRIC_OP_ccr, true, PKI_BODY_CCP, cmp_ccr_serve,
	 .resume = cmp_upstream_resume},
	{PKI_BODY_KRR, METRIC_OP_krr, true, PKI_BODY_KRP, cmp_krr_serve,
	 .resume = cmp_upstream_resume},
	{PKI_BODY_RR, METRIC_OP_rr, true, PKI_BODY_RP, cmp_rr_serve,
	 .resume = cmp_revocations_resume},
	{PKI_BODY_GENM, METRIC_OP_genm, true, PKI_BODY_ERROR, cmp_genm_serve,
	 .resume = cmp_genm_resume},
	{PKI_BODY_CERTCONF, METRIC_OP_certConf, false, PKI_BODY_ERROR, cmp_certconf_serve,
	 .resume = cmp_certconf_resume},
	{PKI_BODY_POPDECR, METRIC_OP_popdecr, false, PKI_BODY_ERROR, cmp_popdecr_serve,
	 .resume = cmp_upstream_resume},
	{PKI_BODY_POLLREQ, METRIC_OP_pollReq, false, PKI_BODY_ERROR, cmp_poll_serve,
	 .resume = cmp_poll_resume},
	{PKI_BODY_CKUANN, METRIC_OP_announcement, true, PKI_BODY_ERROR, cmp_announce_serve, true},
	{PKI_BODY_CANN, METRIC_OP_announcement, true, PKI_BODY_ERROR, cmp_announce_serve, true},
	{PKI_BODY_RANN, METRIC_OP_announcement, true, PKI_BODY_ERROR, cmp_announce_serve, true},
	{PKI_BODY_CRLANN, METRIC_OP_announcement, true, PKI_BODY_ERROR, cmp_announce_serve, true},
	{PKI_BODY_ERROR, METRIC_OP_error, false, PKI_BODY_ERROR, cmp_error_serve},
	{PKI_BODY_NESTED, METRIC_OP_nested, true, PKI_BODY_ERROR, cmp_nested_serve,
	 .admits_itself = true},
};

static const struct cmp_service *service_find(int body_type)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		if (services[i].body_type == body_type)
			return &services[i];
	return NULL;
}

/* --- steps, each with its commit --- */

/* What the step decides is in the unit: CMP_TO_COMMIT, or 0 if there is nothing to commit. */
static int step_decide(struct cmp_request *rq, cmp_step *step, bool *resumesp)
{
	_cleanup_(cmp_outcome_clear) struct cmp_outcome outcome = {0};
	const struct cmf_call call = cmp_call(rq);
	int err = cmf_unit_begin(&call);

	if (!err)
		err = step(rq, &outcome);
	if (!err)
		err = cmp_outcome_write(rq, &outcome);
	*resumesp = outcome.resumes;
	return err;
}

/* A step that nothing comes after but its commit, which is the caller's. */
static int step_take_last(struct cmp_request *rq, cmp_step *step)
{
	bool resumes;

	return step_decide(rq, step, &resumes);
}

/* What the step decides is committed before the next one. */
static int step_take(struct cmp_request *rq, cmp_step *step)
{
	int err = step_take_last(rq, step);

	return err == CMP_TO_COMMIT ? cmp_outcome_commit(rq) : err;
}

/* The last step, or the last but one, where it says that the service resumes. */
static int step_take_resuming(struct cmp_request *rq, cmp_step *step, cmp_step *resume)
{
	bool resumes;
	int err = step_decide(rq, step, &resumes);

	if (!resumes)
		return err;
	if (err == CMP_TO_COMMIT)
		err = cmp_outcome_commit(rq);
	return err ? err : step_take_last(rq, resume);
}

/* --- refusals and faults --- */

/* Nothing half-done stays. */
static void half_done_drop(struct cmp_request *rq)
{
	store_unit_clear(rq->worker->unit);
	spliced_clear(&rq->attempt.answer);
}

/* Of who is known, for the operator. */
static int refusal_audit(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	const struct cmf_call call = cmp_call(rq);
	bool added;
	int err;

	if (rq->trace)
		return 0;
	err = cmf_audit_refused(&call, rq->msg ? pki_body_type_name(rq->msg->body_type) : "none",
				rq->attempt.subject, rq->attempt.vnf_instance, &added);

	if (added)
		outcome->record = CMP_RECORD_UNIT;
	return err;
}

/* A refusal that ends the transaction is kept with it, so that it can be repeated. */
static int refusal_decide(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	int err;

	half_done_drop(rq);
	outcome->metric = METRIC_REJECTED;
	err = refusal_audit(rq, outcome);
	if (!err)
		err = cmp_reply_refusal(rq);
	if (err || !rq->attempt.keep_refusal)
		return err;
	cmp_outcome_becomes(outcome, STORE_TXN_FAILED);
	/* What the handler noted of a new one is of no use. */
	return rq->attempt.txn.id ? 0 : cmp_transaction_open(rq);
}

/* Nothing internal is told. */
static void fault_note(struct cmp_request *rq, int fault)
{
	half_done_drop(rq);
	rq->attempt.metric = METRIC_FAULT;
	(void)refuse(&rq->refusal, store_fault_passes(fault) ? REFUSAL_system_unavailable
							     : REFUSAL_system_failure);
}

static int fault_decide(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	outcome->metric = METRIC_FAULT;
	return cmp_reply_error(rq, &rq->refusal);
}

/* What is left to be answered of a request that ended with `err`. */
static int answer_end(struct cmp_request *rq, int err)
{
	if (err == REFUSED)
		err = step_take(rq, refusal_decide);
	if (!err)
		return 0;
	fault_note(rq, err);
	return step_take(rq, fault_decide);
}

/* The same of an announcement: there is no CMP answer, RFC 9811 3.5. */
static int announcement_end(struct cmp_request *rq, int err, enum cmp_delivery *deliveryp)
{
	if (err == REFUSED)
		rq->attempt.metric = METRIC_REJECTED;
	else if (err)
		fault_note(rq, err);
	*deliveryp = cmp_announcement_delivery(rq);
	return 0;
}

/* There is no time for the message, and not for the signature of an answer either. */
static int busy_end(struct cmp_request *rq, enum cmp_delivery *deliveryp)
{
	rq->attempt.metric = METRIC_REJECTED;
	*deliveryp = CMP_BUSY;
	return 0;
}

/* --- the straight line --- */

static void attempt_clear(struct cmp_request *rq)
{
	if (rq->worker)
		store_unit_clear(rq->worker->unit);
	store_transaction_clear(&rq->attempt.txn);
	cmp_reply_clear(&rq->attempt.reply);
	spliced_clear(&rq->attempt.answer);
	free(rq->attempt.subject);
	free(rq->attempt.vnf_instance);
}

static void attempt_begin(struct cmp_request *rq)
{
	attempt_clear(rq);
	/* What was found before the conflict may be what was in the way. */
	if (rq->attempts > 0)
		store_ahead_drop(rq->worker->reader);
	rq->attempt = (struct cmp_attempt){.again = rq->attempts++ > 0};
	rq->refusal = REFUSAL_NULL;
}

/* Who finds its transaction itself has been admitted if it does not say otherwise. */
static int unadmitted_serve(struct cmp_request *rq, cmp_step *serve)
{
	int err = step_take(rq, serve);

	rq->admitted = !err && !rq->kem_asked && rq->attempt.metric != METRIC_REPLAYED;
	return rq->service->announcement ? err : cmp_trace_stage(rq, CMP_STAGE_BODY, err);
}

/* A passphrase in the header holds whatever becomes of the rest of the message. */
static int admitted_serve(struct cmp_request *rq)
{
	int err = step_take(rq, cmp_rev_passphrase_of_header);

	if (!err)
		err = step_take_resuming(rq, rq->service->serve, rq->service->resume);
	return cmp_trace_stage(rq, CMP_STAGE_BODY, err);
}

static int request_attempt(struct cmp_request *rq)
{
	enum cmp_admission admission;
	int err;

	if (rq->service->announcement || rq->service->admits_itself)
		return unadmitted_serve(rq, rq->service->serve);
	if (rq->kem_asked)
		return unadmitted_serve(rq, cmp_kem_serve);
	err = cmp_trace_stage(rq, CMP_STAGE_TRANSACTION, cmp_transaction_admit(rq, &admission));
	if (err)
		return err;
	rq->admitted = admission == CMP_ADMIT_SERVE;
	if (rq->trace)
		rq->trace->replayed = !rq->admitted;
	switch (admission) {
	case CMP_ADMIT_SERVE:
		return admitted_serve(rq);
	case CMP_ADMIT_RESUME:
		return step_take_last(rq, rq->service->resume);
	case CMP_ADMIT_REPLAYED:
	default:
		return 0;
	}
}

/* No answer is made where there is no time for the message; announcements have none. */
static bool may_be_answered(const struct cmp_request *rq)
{
	return !rq->service->announcement && rq->refusal.reason != REFUSAL_stranger_budget;
}

/*
 * The same message may have come to another worker or node at the same time, and been answered
 * since its transaction was read: what it has changed is why it was refused here. It has one
 * answer, RFC 9483 3.1.
 */
static int refused_look(struct cmp_request *rq)
{
	bool answered = false;
	int err;

	if (!may_be_answered(rq) || rq->service->admits_itself || rq->kem_asked ||
	    cmp_trace_forgets(rq))
		return REFUSED;
	err = cmp_transaction_answered(rq, &answered);
	if (err)
		return err;
	return answered ? STORE_CONFLICT : REFUSED;
}

/* Who asks, and what whoever sent the message may say with it. */
static int sender_find(struct cmp_request *rq)
{
	int err = cmp_trace_assume(rq, cmp_authenticate(rq));

	if (!err)
		err = cmp_carriers_policy_check(rq);
	if (!err)
		err = cmp_inner_approve(rq);
	return err ? err : cmp_original_check(rq);
}

static void sender_forget(struct cmp_request *rq)
{
	cmp_mac_clear(&rq->mac);
	cmf_principal_clear(&rq->who);
	cmf_signer_unref(rq->signer);
	rq->signer = NULL;
	rq->protection = CMP_PROTECTION_SIGNATURE;
	rq->kem_secret_id = 0;
	rq->original.present = false;
}

/*
 * What was in the way may be that who asks is a client no longer, or that its certificate was
 * revoked: then that is found out as of a message that comes now. STORE_CONFLICT: of who approved
 * it, and so the message around it is to be decided again.
 */
static int sender_find_again(struct cmp_request *rq)
{
	struct store_reader *reader = rq->worker->reader;
	bool changed = false, answered = false;
	int err = 0;

	for (const struct cmf_principal *p = rq->who.approver; p && !err && !changed;
	     p = p->approver)
		err = cmf_authority_changed(reader, p, &changed);
	if (err || changed)
		return err ? err : STORE_CONFLICT;
	err = cmf_authority_changed(reader, &rq->who, &changed);
	/* A copy of it may have done that: it has one answer, RFC 9483 3.1. */
	if (!err && changed)
		err = cmp_transaction_answered(rq, &answered);
	if (err || !changed || answered)
		return err;
	sender_forget(rq);
	return sender_find(rq);
}

/*
 * Decides on an authenticated message, again if another commit came in between. CMP_TO_COMMIT: what
 * was decided is complete; STORE_CONFLICT: sender_find_again().
 */
static int request_decide(struct cmp_request *rq)
{
	int err = STORE_CONFLICT;

	while (rq->attempts < ATTEMPTS_MAX && err == STORE_CONFLICT) {
		attempt_begin(rq);
		err = rq->attempt.again ? sender_find_again(rq) : 0;
		if (err)
			return err;
		err = request_attempt(rq);
		if (err == REFUSED)
			err = refused_look(rq);
		if (err == REFUSED && may_be_answered(rq))
			err = step_take_last(rq, refusal_decide);
	}
	return err == STORE_CONFLICT ? -EAGAIN : err;
}

/*
 * RFC 4210 7: a version that we do not know is told as such, whatever its body looks like; so this
 * comes before what the decoder says of the body.
 */
static int version_check(struct cmp_request *rq)
{
	if (rq->msg->pvno != 2 && rq->msg->pvno != 3)
		return refuse(&rq->refusal, REFUSAL_pvno_unsupported);
	return 0;
}

static int message_serve(struct cmp_request *rq)
{
	struct bytes der = rq->exchange->request;
	int decoded, err;

	decoded = cmp_message_decode(der, &rq->msg, &rq->refusal);
	(void)cmp_trace_stage(rq, CMP_STAGE_SYNTAX, decoded);
	if (!rq->msg)
		return decoded;
	rq->service = service_find(rq->msg->body_type);
	err = version_check(rq);
	if (err)
		return cmp_trace_stage(rq, CMP_STAGE_HEADER, err);
	/* RFC 9483 3.5: the syntax of the whole message. */
	if (decoded)
		return decoded;
	if (rq->outer && rq->inner == CMP_INNER_LATE)
		return -ETIMEDOUT;
	if (EVP_Digest(der.data, der.len, rq->digest, NULL, digest_by_nid(NID_sha256), NULL) != 1)
		return log_fault("digest of the request", -EIO, NULL);
	err = cmp_header_check(rq);
	if (!err)
		err = cmp_inner_check(rq);
	(void)cmp_trace_stage(rq, CMP_STAGE_HEADER, err);
	if (!err)
		err = cmp_ahead_ask(rq);
	if (!err)
		err = sender_find(rq);
	return err ? err : request_decide(rq);
}

static int request_serve(struct cmp_request *rq)
{
	int err = message_serve(rq);

	/* What this one has not asked for is no answer for the next one. */
	store_ahead_drop(rq->worker->reader);
	return err;
}

static const char *const outcome_names[METRIC_OUTCOME_COUNT] = {
	[METRIC_ACCEPTED] = "accepted", [METRIC_WAITING] = "waiting",
	[METRIC_REJECTED] = "rejected", [METRIC_REPLAYED] = "replayed",
	[METRIC_FAULT] = "fault",
};

/* One line for each request, and its place in the metrics; who explains has its own. */
static void request_log(struct cmp_request *rq)
{
	int64_t us = clock_monotonic_us() - rq->exchange->received_us;
	const struct refusal *r = &rq->refusal;
	bool refused = rq->attempt.metric == METRIC_REJECTED || rq->attempt.metric == METRIC_FAULT;
	enum metric_operation op = rq->msg ? METRIC_OP_other : METRIC_OP_none;
	char claim[CMP_CLAIM_MAX], id[REQUEST_ID_SIZE], credential[CMF_CREDENTIAL_TEXT_SIZE];

	if (rq->trace)
		return;
	if (rq->service)
		op = rq->service->operation;
	metrics_request(rq->door->metrics, op, rq->attempt.metric, refused ? r : NULL, us);
	if (!log_enabled(LOG_LEVEL_INFO))
		return;
	cmp_claim_text(rq, claim);
	cmf_credential_text(&rq->who, credential);
	request_id_text(rq->exchange->request_id, id);
	log_event(LOG_LEVEL_INFO, "request", F_TEXT("id", id[0] ? id : NULL),
		  F_INT("conn", (int64_t)rq->exchange->connection),
		  F_TEXT("peer", rq->exchange->peer), F_TEXT("path", rq->exchange->path),
		  F_TEXT("profile", rq->exchange->profile_label),
		  F_HEX("transaction", rq->msg ? rq->msg->transaction_id : BYTES_NULL),
		  F_TEXT("client", rq->who.name),
		  F_TEXT("credential", credential[0] ? credential : NULL),
		  F_TEXT("claimed", claim[0] ? claim : NULL),
		  F_TEXT("via", rq->outer ? rq->outer->who.name : NULL),
		  F_HEX("original",
			rq->original.present ? BYTES_OF(rq->original.digest) : BYTES_NULL),
		  F_TEXT("operation", rq->msg ? pki_body_type_name(rq->msg->body_type) : "none"),
		  F_TEXT("subject", rq->attempt.subject),
		  F_TEXT("vnf_instance", rq->attempt.vnf_instance),
		  F_TEXT("outcome", outcome_names[rq->attempt.metric]),
		  F_TEXT("failinfo", refused ? failinfo_name(r->failinfo) : NULL),
		  F_TEXT("reason", refused ? refusal_code(r->reason) : NULL),
		  F_TEXT("detail", refused ? refusal_detail(r) : NULL),
		  F_TEXT("serial", rq->attempt.serial[0] ? rq->attempt.serial : NULL),
		  F_INT("us", us));
}

static cmp_inner_serve inner_serve;

static void request_begin(struct cmp_request *rq, struct cmp_door *door, struct cmf_worker *worker,
			  const struct cmp_exchange *exchange)
{
	*rq = (struct cmp_request){.door = door,
				   .worker = worker,
				   .exchange = exchange,
				   .conf = cmf_conf(door->cmf),
				   .now_ms = clock_now_ms(door->clock),
				   .inner_serve = inner_serve,
				   .carriers.chain_request = -1,
				   .protection = CMP_PROTECTION_SIGNATURE,
				   .refusal = REFUSAL_NULL};
}

/* Logs, hands over the answer, if there is no fault, and frees. */
static void request_end(struct cmp_request *rq, int err, struct spliced *answerp)
{
	/* A message that is decided again with the one around it is told of then. */
	if (err != STORE_CONFLICT)
		request_log(rq);
	*answerp = (struct spliced){0};
	if (!err) {
		*answerp = rq->attempt.answer;
		rq->attempt.answer = (struct spliced){0};
	}
	cmp_stranger_settle(rq);
	attempt_clear(rq);
	cmp_carriers_clear(&rq->carriers);
	cmp_mac_clear(&rq->mac);
	cmf_principal_clear(&rq->who);
	cmf_signer_unref(rq->signer);
	cmp_message_free(rq->msg);
}

/* In one piece. */
static int answer_join(struct spliced *answer, int err, struct octets *answerp)
{
	*answerp = OCTETS_NULL;
	if (!err)
		err = spliced_join(answer, answerp);
	spliced_clear(answer);
	return err;
}

/* What was decided has been committed, with that result: goes on, if need be. */
static int request_committed(struct cmp_request *rq, int result)
{
	return result == STORE_CONFLICT ? request_decide(rq) : result;
}

/* From the first step to the last, and waits for each commit. */
static int request_serve_whole(struct cmp_request *rq)
{
	int err = request_serve(rq);

	while (err == CMP_TO_COMMIT)
		err = request_committed(rq, cmp_outcome_commit(rq));
	return err;
}

static int inner_serve(const struct cmp_request *outer, struct bytes der, enum cmp_inner inner,
		       struct octets *answerp)
{
	struct cmp_exchange exchange = *outer->exchange;
	struct spliced answer;
	struct cmp_request rq;
	int err;

	exchange.request = der;
	exchange.received_us = clock_monotonic_us();
	/* RFC 9483 6.1: the label is that of the batch, or else of the message inside. */
	if (inner != CMP_INNER_APPROVED)
		exchange.operation_label = NULL;
	request_begin(&rq, outer->door, outer->worker, &exchange);
	rq.trace = cmp_trace_inner(outer);
	rq.outer = outer;
	rq.inner = inner;
	rq.depth = outer->depth + 1;
	rq.replay_only = outer->replay_only;
	err = request_serve_whole(&rq);
	if (err != STORE_CONFLICT)
		err = answer_end(&rq, err);
	cmp_trace_end(&rq);
	request_end(&rq, err, &answer);
	return answer_join(&answer, err, answerp);
}

/* The answer of a request that came to `err`, or how its sender is told without one. */
static int request_answer(struct cmp_request *rq, int err, enum cmp_delivery *deliveryp)
{
	*deliveryp = err == REFUSED && !rq->msg ? CMP_NOT_A_MESSAGE : CMP_ANSWERED;
	if (rq->service && rq->service->announcement)
		err = announcement_end(rq, err, deliveryp);
	else if (err == REFUSED && rq->refusal.reason == REFUSAL_stranger_budget)
		err = busy_end(rq, deliveryp);
	else
		err = answer_end(rq, err);
	cmp_trace_end(rq);
	return err;
}

/* --- without waiting for the commit --- */

struct cmp_serving {
	struct cmp_request rq;
	int err; /* CMP_TO_COMMIT, or what it came to */
	enum cmp_delivery delivery;
};

/* What is not to be committed is answered here, where there is a worker. */
static bool serving_goes_on(struct cmp_serving *serving, int err)
{
	serving->err = err;
	if (err != CMP_TO_COMMIT)
		serving->err = request_answer(&serving->rq, err, &serving->delivery);
	return err == CMP_TO_COMMIT;
}

bool cmp_serving_begin(struct cmp_door *door, struct cmf_worker *worker,
		       const struct cmp_exchange *exchange, struct cmp_serving **servingp)
{
	struct cmp_serving *serving = *servingp = malloc(sizeof(*serving));

	if (!serving)
		return false;
	request_begin(&serving->rq, door, worker, exchange);
	return serving_goes_on(serving, request_serve(&serving->rq));
}

void cmp_serving_commit(struct cmp_serving *serving, store_unit_told *told, void *arg)
{
	cmp_outcome_submit(&serving->rq, told, arg);
}

bool cmp_serving_committed(struct cmp_serving *serving, struct cmf_worker *worker, int result)
{
	serving->rq.worker = worker;
	result = cmp_outcome_committed(&serving->rq, result);
	return serving_goes_on(serving, request_committed(&serving->rq, result));
}

int cmp_serving_end(struct cmp_serving *serving, struct spliced *answerp,
		    enum cmp_delivery *deliveryp)
{
	int err = serving->err;

	*deliveryp = serving->delivery;
	request_end(&serving->rq, err, answerp);
	free(serving);
	return err;
}

/* --- explaining --- */

int cmp_door_explain(struct cmp_door *door, struct cmf_worker *worker,
		     const struct cmp_exchange *exchange, struct cmp_trace *trace,
		     struct octets *answerp, enum cmp_delivery *deliveryp)
{
	struct spliced answer;
	struct cmp_request rq;
	int err;

	store_unit_set_dry(worker->unit);
	request_begin(&rq, door, worker, exchange);
	rq.trace = trace;
	err = request_answer(&rq, request_serve_whole(&rq), deliveryp);
	request_end(&rq, err, &answer);
	return answer_join(&answer, err, answerp);
}
