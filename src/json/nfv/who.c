// SPDX-License-Identifier: Apache-2.0
/*
 * Who asks: the client of an access token, or the client or holder of a TLS certificate. What
 * either is good for is decided in cmf/ and token/.
 */
#include "nfv/who.h"

/*
 * RFC 6750 2.1, RFC 8705 3. Who brings a token is whom it names, whatever certificate he has; but
 * for one that is bound to a certificate, which must be that of the connection.
 */
static int token_client_find(struct nfv_call *call, const char *authorization,
			     struct refusal *refusal)
{
	const struct http_request *request = call->request;
	const struct cmf_call op = cmf_call_now(call->cmf, call->worker, NULL, refusal);
	struct bytes certificate = request->n_tls_certs ? request->tls_certs[0] : BYTES_NULL;
	_cleanup_(token_claims_clear) struct token_claims claims = {0};
	struct bytes token;
	int err;

	if (!call->tokens || !token_of_authorization(authorization, &token))
		return refuse(refusal, REFUSAL_nfv_nobody);
	err = token_check(call->tokens, token, call->now_ms, &claims, refusal);
	if (err)
		return err;
	return token_fits_certificate(&claims, certificate)
		       ? cmf_oauth2_client_find(&op, claims.client_id, &call->principal)
		       : refuse(refusal, REFUSAL_token_binding);
}

int nfv_principal_find(struct nfv_call *call, struct refusal *refusal)
{
	const struct http_request *request = call->request;
	const struct cmf_call op = cmf_call_now(call->cmf, call->worker, NULL, refusal);
	const char *authorization = http_request_header(request, "Authorization");

	cmf_principal_clear(&call->principal);
	if (authorization)
		return token_client_find(call, authorization, refusal);
	if (request->n_tls_certs == 0)
		return refuse(refusal, REFUSAL_nfv_nobody);
	return cmf_tls_client_find(&op, request->tls_certs, request->n_tls_certs, &call->principal);
}
