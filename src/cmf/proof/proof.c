// SPDX-License-Identifier: Apache-2.0
/*
 * The public key that is to be certified, and the proof by signature that the requester has the
 * private one: of a PKCS#10 and of a CertReqMsg. Proof by decryption is proof_decryption.c, what
 * poposkInput says is proof_input.c. After it comes cmf_csr(), for names and rights.
 */
#include "proof/proof_input.h"

#include "asn1/algorithm.h"
#include "attest.h"

#include <errno.h>

int cmf_public_key_read(const SubjectPublicKeyInfo *spki, EVP_PKEY **keyp, struct spki_kind *kindp,
			struct refusal *refusal)
{
	int err;

	/* RFC 9483 4.1.6: absent or empty asks for central key generation, which p10cr and ccr are
	 * not for. */
	if (!spki || !spki->subjectPublicKey || !ASN1_STRING_length(spki->subjectPublicKey))
		return refuse(refusal, REFUSAL_public_key_missing);
	err = spki_key(spki, keyp, kindp);
	if (err == -EBADMSG)
		return refuse(refusal, REFUSAL_public_key_malformed);
	if (err == -ENOTSUP)
		return refuse(refusal, REFUSAL_public_key_algorithm);
	if (err == -EKEYREJECTED)
		return refuse(refusal, REFUSAL_public_key_proves_nothing);
	return err;
}

/* --- by signature --- */

static int result_refuse(enum signature_result result, struct refusal *refusal)
{
	switch (result) {
	case SIGNATURE_OK:
		return 0;
	case SIGNATURE_WRONG:
		/* RFC 9483 5.1.1 */
		return refuse(refusal, REFUSAL_pop_signature_wrong);
	case SIGNATURE_ALG_MISMATCH:
		return refuse(refusal, REFUSAL_pop_alg_mismatch);
	case SIGNATURE_ALG_PARAMETERS:
		return refuse(refusal, REFUSAL_pop_alg_parameters);
	case SIGNATURE_ALG_UNAVAILABLE:
		return refuse(refusal, REFUSAL_pop_alg_unavailable);
	case SIGNATURE_ALG_REFUSED:
	default:
		return refuse(refusal, REFUSAL_pop_algorithm);
	}
}

/* RFC 5758 3.2: "MUST omit the parameters field"; tpm2-openssl 1.1.1 does not. */
static bool has_null_of_ecdsa(const X509_ALGOR *alg)
{
	const struct signature_algorithm *a = signature_algorithm_find(alg->algorithm);

	return a && a->scheme == SIGNATURE_ECDSA && alg->parameter &&
	       alg->parameter->type == V_ASN1_NULL;
}

static int signature_prove(const struct cmf_proof *proof, EVP_PKEY *key, const X509_ALGOR *alg,
			   const ASN1_BIT_STRING *signature, struct bytes data)
{
	struct bytes octets = {ASN1_STRING_get0_data(signature),
			       (size_t)ASN1_STRING_length(signature)};
	/* What is signed is the same without them. */
	const X509_ALGOR plain = {.algorithm = alg->algorithm};
	enum signature_result result;
	int err;

	if (proof->who->policy->ecdsa_null_parameters && has_null_of_ecdsa(alg))
		alg = &plain;
	/* RFC 4211 4: a key agreement key, and one for encapsulation, proves by decryption. */
	if (!(spki_key_uses(key) & SPKI_SIGNS))
		return refuse(proof->refusal, REFUSAL_pop_key_cannot_sign);
	err = cmf_signature_algorithm_check(alg, proof->conf, proof->who->policy,
					    REFUSAL_pop_alg_not_allowed, REFUSAL_pop_digest_weak,
					    proof->refusal);
	if (!err)
		err = signature_verify(key, alg, data, octets, &result);
	return err ? err : result_refuse(result, proof->refusal);
}

/*
 * RFC 4211 4.1: poposkInput is for templates that lack the subject, and then is what is signed:
 * what is signed says who asks, so that a proof is of no use to anybody else. Whether a template
 * may lack the subject without it is the client's policy.
 */
int cmf_proof_signing_key(const struct cmf_proof *proof, const CertReqMsg *msg, EVP_PKEY *key)
{
	const POPOSigningKey *pop = msg->popo->value.signature;
	bool subject = msg->certReq->certTemplate->subject != NULL;
	_cleanup_(octets_clear) struct octets input = OCTETS_NULL;
	int err;

	if (pop->poposkInput && subject)
		return refuse(proof->refusal, REFUSAL_pop_input_used);
	if (!pop->poposkInput && !subject && !proof->who->policy->absent_subject)
		return refuse(proof->refusal, REFUSAL_pop_input_missing);
	if (!pop->poposkInput)
		return signature_prove(proof, key, pop->algorithmIdentifier, pop->signature,
				       cert_request_der(msg->certReq));
	err = proof_input_check(proof, pop->poposkInput, msg->certReq->certTemplate->publicKey,
				&input);
	return err ? err
		   : signature_prove(proof, key, pop->algorithmIdentifier, pop->signature,
				     octets_view(&input));
}

/*
 * RFC 9483 4.1.1, 4.1.4: "The EE's identity MUST be carried in the subject field and/or the
 * subjectAltName extension": of what is signed, so that it is no proof of another entity.
 */
int cmf_proof_names(const struct cmf_proof *proof, const X509_NAME *subject,
		    const STACK_OF(X509_EXTENSION) * extensions)
{
	if (proof->who->policy->absent_subject ||
	    (subject && X509_NAME_get_index_by_NID(subject, NID_commonName, -1) >= 0) ||
	    X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1) >= 0)
		return 0;
	return refuse(proof->refusal, REFUSAL_template_names_nobody);
}

/* --- PKCS#10 --- */

int cmf_proof_pkcs10(const struct cmf_proof *proof, const CertificationRequest *request,
		     struct bytes der, struct cmf_csr *csr, STACK_OF(X509_EXTENSION) * *extensionsp)
{
	const CertificationRequestInfo *wanted = request->certificationRequestInfo;
	EVP_PKEY *key = NULL;
	int64_t version;
	int err;

	csr->subject = wanted->subject;
	csr->attributes = wanted->attributes;
	csr->spki = wanted->subjectPKInfo;
	csr->p10_received = der;
	/* For an upstream CA: what is not judged here must not be asked for there. */
	csr->unjudged = !certification_request_is_plain(request, attest_is_bundle);
	/* A bundle is judged here, and not asked for in another message than the client's own. */
	if (certification_request_is_plain(request, NULL))
		csr->p10 = der;
	/* RFC 9483 4.1.4: version MUST be 0. */
	if (ASN1_INTEGER_get_int64(&version, wanted->version) != 1 || version != 0)
		return refuse(proof->refusal, REFUSAL_p10_version);
	err = cmf_public_key_read(wanted->subjectPKInfo, &key, &csr->key_kind, proof->refusal);
	if (!err)
		err = signature_prove(proof, key, request->signatureAlgorithm, request->signature,
				      certification_request_info_der(request));
	EVP_PKEY_free(key);
	if (err)
		return err;
	err = certification_request_extensions(request, extensionsp);
	if (err == -EBADMSG)
		return refuse(proof->refusal, REFUSAL_template_malformed);
	csr->extensions = *extensionsp;
	return err && err != -ENOENT ? err : cmf_proof_names(proof, csr->subject, csr->extensions);
}
