// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/ca_certificates: the chains of the CAs that registrations of who asks use, each up to its
 * root (GET). CAs are few: there are no pages.
 */
#include "nfv/encode.h"
#include "values.h"

#include <errno.h>
#include <string.h>

/* Whether it is a CA of who asks: of a registration, or of the certificate that it holds. */
static int ca_is_used(struct nfv_call *call, const struct cmf_scope *scope, const char *ca,
		      bool *usedp)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err;

	if (scope->trust_domain)
		return store_registration_ca_used(call->worker->reader, scope->trust_domain,
						  scope->manager, ca, usedp);
	err = store_certificate_get(call->worker->reader, scope->certificate_id, &cert);
	*usedp = err == 0 && strcmp(cert.ca, ca) == 0;
	return err == STORE_NOT_FOUND ? 0 : err;
}

static json_t *ca_json(struct nfv_call *call, const struct ca *ca)
{
	json_t *chain = nfv_chain_json(call, ca_name(ca));

	if (chain && ca_root(ca).len && json_array_append_new(chain, json_pem(ca_root(ca)))) {
		json_decref(chain);
		return NULL;
	}
	return json_pack("{s:o, s:o}", "ca", json_text(ca_name(ca)), "certificateChain", chain);
}

int nfv_ca_certificates(struct nfv_call *call)
{
	const struct cmf_scope scope = cmf_scope(&call->principal);
	struct ca_set *cas = cmf_cas(call->cmf);
	json_t *items = json_array();
	int err = items ? 0 : -ENOMEM;

	for (size_t i = 0; err == 0 && i < ca_count(cas); i++) {
		const struct ca *ca = ca_at(cas, i);
		bool used = false;

		err = ca_is_used(call, &scope, ca_name(ca), &used);
		if (err == 0 && used && json_array_append_new(items, ca_json(call, ca)))
			err = -ENOMEM;
	}
	if (err) {
		json_decref(items);
		return nfv_fault(call, err);
	}
	return nfv_ok(call, 200, items);
}
