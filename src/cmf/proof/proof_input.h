// SPDX-License-Identifier: Apache-2.0
/* poposkInput, RFC 4211 4.1: who asks, where the template of a CertReqMsg does not say it. */
#pragma once

#include "cmf/proof.h"

/*
 * Whether poposkInput, as received, says who asks and names the public key of the template.
 * *inputp is what is signed; the caller owns it. 0, REFUSED (pop_input_*), negative errno.
 */
_must_check_ int proof_input_check(const struct cmf_proof *proof, const ASN1_STRING *received,
				   const SubjectPublicKeyInfo *template_key, struct octets *inputp);
