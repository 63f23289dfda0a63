// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/registrations/{id}/initial_credential: POST makes the one-time secret of a VNFCI in direct
 * mode and gives it, for the VNFM's client to deliver; the one before is void. What it is good for
 * is cmf/direct's.
 */
#include "cmf/direct.h"
#include "nfv/nfv.h"
#include "values.h"

#include <errno.h>

struct making {
	int64_t registration_id;
	struct cmf_initial_credential credential;
};

static int credential_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	struct making *making = arg;
	int err = store_registration_get(call->worker->reader, making->registration_id, &reg);

	cmf_initial_credential_clear(&making->credential);
	if (err)
		return err;
	if (reg.state != STORE_REGISTRATION_ACTIVE ||
	    !cmf_may_see_registration(&call->principal, &reg))
		return STORE_NOT_FOUND;
	return cmf_initial_credential_make(&op, &reg, &making->credential);
}

static int credential_answer(struct nfv_call *call, const struct cmf_initial_credential *c)
{
	/* RFC 9111 5.2.2.5: a secret is for who asked, and for no cache. */
	if (http_response_add(call->response, "Cache-Control", "no-store"))
		return nfv_fault(call, -ENOMEM);
	return nfv_ok(call, 201,
		      json_pack("{s:s, s:s, s:o}", "reference", c->reference, "secret", c->secret,
				"expiry", json_time(c->expires_ms)));
}

int nfv_initial_credential(struct nfv_call *call)
{
	struct making making = {0};
	struct refusal refusal = REFUSAL_NULL;
	int err = nfv_path_id(call, JSON_REGISTRATION, &making.registration_id), status;

	if (!err)
		err = nfv_commit(call, credential_decide, &making, &refusal);
	if (err == REFUSED)
		status = nfv_refusal(call, &refusal);
	else
		status = err ? nfv_fault(call, err) : credential_answer(call, &making.credential);
	cmf_initial_credential_clear(&making.credential);
	return status;
}
