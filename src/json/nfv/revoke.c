// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/certificates/{id}/revoke: POST, as rr. Who may, and what of it is possible:
 * cmf_revoke_find(); that it is waited for, and for how long: cmf/order.h.
 */
#include "cmf/order.h"
#include "nfv/nfv.h"
#include "values.h"

#include <errno.h>

/* For the upstream CA that is to be told; after that housekeeping goes on. */
enum { REVOKE_BUDGET_US = 5 * 1000 * 1000 };

struct revoking {
	struct cmf_revoke request;
	int64_t deadline_ms;
};

static int revoke_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	_cleanup_(cmf_revocation_clear) struct cmf_revocation decided = {0};
	struct revoking *revoking = arg;
	struct cmf_order_terms terms;
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	int err = cmf_revoke_find(&op, &revoking->request, NULL, 0, &decided);

	if (!err)
		err = cmf_order_place_revocations(&op, &decided, 1, &terms);
	if (!err)
		revoking->deadline_ms = terms.deadline_ms;
	return err;
}

/* The certificate says when it is done. */
static int answer_waiting(struct nfv_call *call, int64_t id, int check_after)
{
	int err = nfv_location_add(call, JSON_CERTIFICATE, id);

	if (err)
		return nfv_fault(call, err);
	call->response->retry_after = check_after;
	call->response->status = 202;
	return 202;
}

/* What has come of it within the time that is waited for it. */
static int revocation_answer(struct nfv_call *call, const struct revoking *revoking)
{
	_cleanup_(cmf_order_clear) struct cmf_order order = {0};
	const struct cmf_call op = nfv_cmf_call(call, NULL);
	int err = cmf_order_new(CMF_ORDER_REVOCATIONS, 1, &order);

	if (err)
		return nfv_fault(call, err);
	order.deadline_ms = revoking->deadline_ms;
	order.item[0].certificate_id = revoking->request.certificate_id;
	order.item[0].reason = revoking->request.reason;
	err = cmf_order_read(&op, &order);
	if (!err)
		err = cmf_order_run(&op, &order, REVOKE_BUDGET_US);
	if (!err)
		err = cmf_order_state(&op, &order);
	if (err)
		return nfv_fault(call, err);
	if (order.waiting)
		return answer_waiting(call, revoking->request.certificate_id, order.check_after);
	return order.item[0].state == CMF_ORDER_GRANTED ? nfv_no_content(call)
							: nfv_refusal(call, &order.item[0].refusal);
}

/* RevocationRequest. 0, or the HTTP status of the problem, which is answered then. */
static int body_read(struct nfv_call *call, struct cmf_revoke *request)
{
	const char *reason = json_string_value(json_object_get(call->body, "reason"));
	const json_t *invalidity = json_object_get(call->body, "invalidityDate");
	const char *since = json_string_value(invalidity);

	request->reason = reason ? json_reason_parse(reason) : -1;
	if (request->reason < 0)
		return nfv_problem(call, 422,
				   "reason must be one of RFC 5280 5.3.1, as keyCompromise");
	if (invalidity && (!since || json_time_parse(since, &request->invalidity_ms) ||
			   request->invalidity_ms <= 0))
		return nfv_problem(call, 422,
				   "invalidityDate must be a time after 1970, as "
				   "2026-11-23T08:53:00Z (RFC 3339)");
	return 0;
}

/* Whether there is such a certificate for who asks comes before what is asked for. */
static int certificate_find(struct nfv_call *call, int64_t *idp)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = nfv_path_id(call, JSON_CERTIFICATE, idp);

	return err ? err : nfv_certificate_find(call, *idp, &cert);
}

int nfv_revoke(struct nfv_call *call)
{
	struct revoking revoking = {0};
	struct refusal refusal = REFUSAL_NULL;
	int err = certificate_find(call, &revoking.request.certificate_id), status;

	if (err)
		return nfv_fault(call, err);
	status = body_read(call, &revoking.request);
	if (status)
		return status;
	err = nfv_commit(call, revoke_decide, &revoking, &refusal);
	if (err == REFUSED)
		return nfv_refusal(call, &refusal);
	return err ? nfv_fault(call, err) : revocation_answer(call, &revoking);
}
