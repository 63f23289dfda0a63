// SPDX-License-Identifier: Apache-2.0
/* Rows of the store as the resources of VNF Managers. Private to nfv/. */
#pragma once

#include "nfv/attributes.h"
#include "nfv/nfv.h"

/* New objects; NULL out of memory. Without `attester`, which nfv_registration_json_complete() adds,
 * if there is one: 0 or a negative errno. */
json_t *nfv_registration_json(const struct nfv_call *call, const struct store_registration *reg);
_must_check_ int nfv_registration_json_complete(const struct nfv_call *call,
						const struct store_registration *reg, json_t *json);
extern const struct nfv_attributes nfv_registration_attributes;

/*
 * Of a certificate that there is: it has been issued. Without `certificate` and `certificateChain`,
 * which nfv_certificate_json_complete() adds, each if it is wanted: 0 or -ENOMEM. NULL also after a
 * fault.
 */
json_t *nfv_certificate_json(const struct nfv_call *call, const struct store_certificate *cert);
_must_check_ int nfv_certificate_json_complete(const struct nfv_call *call,
					       const struct store_certificate *cert, bool with_pem,
					       bool with_chain, json_t *json);
extern const struct nfv_attributes nfv_certificate_attributes;

/* The chain of the CA of that name as an array of PEM, issuer first, up to but without the root;
 * empty if the CA is not configured any more. */
json_t *nfv_chain_json(const struct nfv_call *call, const char *ca);
