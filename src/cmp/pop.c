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
	if (err == -EKEYREJECTED)
		return refuse(&rq->refusal, REFUSAL_public_key_proves_nothing);
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
 * RFC 4211 4.1: poposkInput is for templates that lack the subject, and then is what is signed:
 * what is signed says who asks, so that a proof is of no use to anybody else. Whether a template
 * may lack the subject without it is the client's policy.
 */
int cmp_pop_signing_key(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key)
{
	const POPOSigningKey *pop = msg->popo->value.signature;
	bool subject = msg->certReq->certTemplate->subject != NULL;
	_cleanup_(octets_clear) struct octets input = OCTETS_NULL;
	int err;

	if (pop->poposkInput && subject)
		return refuse(&rq->refusal, REFUSAL_pop_input_used);
	if (!pop->poposkInput && !subject && !rq->who.policy->absent_subject)
		return refuse(&rq->refusal, REFUSAL_pop_input_missing);
	if (!pop->poposkInput)
		return cmp_pop_verify(rq, key, pop->algorithmIdentifier, pop->signature,
				      cert_request_der(msg->certReq));
	err = cmp_pop_input_check(rq, msg, &input);
	return err ? err
		   : cmp_pop_verify(rq, key, pop->algorithmIdentifier, pop->signature,
				    octets_view(&input));
}

/*
 * RFC 9483 4.1.1, 4.1.4: "The EE's identity MUST be carried in the subject field and/or the
 * subjectAltName extension": of what is signed, so that it is no proof of another entity.
 */
int cmp_pop_names(struct cmp_request *rq, const X509_NAME *subject,
		  const STACK_OF(X509_EXTENSION) * extensions)
{
	if (rq->who.policy->absent_subject ||
	    (subject && X509_NAME_get_index_by_NID(subject, NID_commonName, -1) >= 0) ||
	    X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1) >= 0)
		return 0;
	return refuse(&rq->refusal, REFUSAL_template_names_nobody);
}
