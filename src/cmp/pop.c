// SPDX-License-Identifier: Apache-2.0
/*
 * The public key that is to be certified, and the proof by signature that the requester has the
 * private one. For CRMF and PKCS#10 alike.
 */
#include "door_private.h"

#include <errno.h>

int cmp_public_key(struct cmp_request *rq, const SubjectPublicKeyInfo *spki, EVP_PKEY **keyp,
		   struct spki_kind *kindp)
{
	int err;

	/* RFC 9483 4.1.6: absent or empty asks for central key generation, which p10cr and ccr are
	 * not for. */
	if (!spki || !spki->subjectPublicKey || !ASN1_STRING_length(spki->subjectPublicKey))
		return refuse(&rq->refusal, REFUSAL_public_key_missing);
	err = spki_key(spki, keyp, kindp);
	if (err == -EBADMSG)
		return refuse(&rq->refusal, REFUSAL_public_key_malformed);
	if (err == -ENOTSUP)
		return refuse(&rq->refusal, REFUSAL_public_key_algorithm);
	return err;
}

int cmp_pop_verify(struct cmp_request *rq, EVP_PKEY *key, const X509_ALGOR *alg,
		   const ASN1_BIT_STRING *signature, struct bytes data)
{
	struct bytes octets = {ASN1_STRING_get0_data(signature),
			       (size_t)ASN1_STRING_length(signature)};
	enum signature_result result;
	int err;

	/* RFC 4211 4: a key agreement key, and one for encapsulation, proves by decryption. */
	if (!(spki_key_uses(key) & SPKI_SIGNS))
		return refuse(&rq->refusal, REFUSAL_pop_key_cannot_sign);
	err = cmp_signature_policy_check(rq, alg, REFUSAL_pop_alg_not_allowed,
					 REFUSAL_pop_digest_weak);
	if (err)
		return err;
	err = signature_verify(key, alg, data, octets, &result);
	if (err)
		return err;
	switch (result) {
	case SIGNATURE_OK:
		return 0;
	case SIGNATURE_WRONG:
		/* RFC 9483 5.1.1 */
		return refuse(&rq->refusal, REFUSAL_pop_signature_wrong);
	case SIGNATURE_ALG_MISMATCH:
		return refuse(&rq->refusal, REFUSAL_pop_alg_mismatch);
	case SIGNATURE_ALG_PARAMETERS:
		return refuse(&rq->refusal, REFUSAL_pop_alg_parameters);
	case SIGNATURE_ALG_UNAVAILABLE:
		return refuse(&rq->refusal, REFUSAL_pop_alg_unavailable);
	case SIGNATURE_ALG_REFUSED:
	default:
		return refuse(&rq->refusal, REFUSAL_pop_algorithm);
	}
}

/*
 * RFC 4211 4.1: poposkInput is for templates that lack subject or key, and then is what is signed.
 * RFC 9483 4.1.1 wants both, so that it is of no use. Whether a template may lack the subject all
 * the same is the client's policy.
 */
int cmp_pop_signing_key(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key)
{
	const POPOSigningKey *pop = msg->popo->value.signature;
	bool subject = msg->certReq->certTemplate->subject != NULL;

	if (pop->poposkInput)
		return refuse(&rq->refusal,
			      subject ? REFUSAL_pop_input_used : REFUSAL_pop_input_unsupported);
	if (!subject && !rq->who.policy->absent_subject)
		return refuse(&rq->refusal, REFUSAL_pop_input_missing);
	return cmp_pop_verify(rq, key, pop->algorithmIdentifier, pop->signature,
			      cert_request_der(msg->certReq));
}
