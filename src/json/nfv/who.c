// SPDX-License-Identifier: Apache-2.0
/*
 * Who asks: the client of an access token, or the client or holder of a TLS certificate. What
 * either is good for is decided in cmf/ and token/.
 */
#include "nfv/who.h"

#include "answer.h"

#include <errno.h>
#include <string.h>

int nfv_principal_find(struct nfv_call *call, struct refusal *refusal)
{
	const struct http_request *request = call->request;
	const struct cmf_call op = cmf_call_now(call->cmf, call->worker, NULL, refusal);

	if (http_request_header(request, "Authorization") || request->n_tls_certs == 0)
		return refuse(refusal, REFUSAL_nfv_nobody);
	return cmf_tls_client_find(&op, request->tls_certs, request->n_tls_certs, &call->principal);
}

int nfv_unauthenticated(struct nfv_call *call, const struct refusal *refusal)
{
	int status = refusal->failinfo == FAIL_SYSTEM_UNAVAIL ? 503 : 401;

	call->refusal = *refusal;
	if (status == 401 &&
	    http_response_add(call->response, "WWW-Authenticate", "Bearer realm=\"cmf-certmgmt\""))
		return nfv_fault(call, -ENOMEM);
	return json_answer_problem(
		call->response, status,
		json_problem_of_refusal(status, refusal, refusal_words(refusal)));
}
