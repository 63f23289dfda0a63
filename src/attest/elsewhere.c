// SPDX-License-Identifier: Apache-2.0
/*
 * Statements that are verified elsewhere: who verifies them is the caller's, and whom he believes.
 * What is left to be seen to here is that a registration which names an attester gets no other.
 */
#include "verify.h"

#include <string.h>

static bool has_attester(const struct attest_trust *trust, const uint8_t digest[32])
{
	STACK_OF(X509) *certs = attest_trust_certs(trust);
	const struct attest_key *keys;
	uint8_t of_cert[32];
	size_t n;

	keys = attest_trust_keys(trust, &n);
	for (size_t i = 0; i < n; i++)
		if (memcmp(keys[i].digest, digest, sizeof(keys[i].digest)) == 0)
			return true;
	for (int i = 0; i < sk_X509_num(certs); i++)
		if (attest_cert_digest(sk_X509_value(certs, i), of_cert) == 0 &&
		    memcmp(of_cert, digest, sizeof(of_cert)) == 0)
			return true;
	return false;
}

int attest_elsewhere_verify(const struct attest_question *q, struct attest_result *result)
{
	const struct attest_trust *registered = q->rules->trust[ATTEST_TRUST_REGISTERED];
	int err;

	if (!q->rules->elsewhere)
		return refuse(q->refusal, REFUSAL_attestation_statement_unknown);
	err = q->rules->elsewhere(q->rules->elsewhere_arg, result, q->refusal);
	if (err != 0 || !registered)
		return err;
	return result->has_attester && has_attester(registered, result->attester)
		       ? 0
		       : refuse_detail(q->refusal, REFUSAL_attestation_attester_not_trusted,
				       "the verifier names another attester than is registered by "
				       "key or certificate");
}
