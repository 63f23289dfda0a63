// SPDX-License-Identifier: Apache-2.0
/*
 * Keys that come in and proofs that somebody has the private one: what a key must be, how strong,
 * which signatures count, and the proof of possession of a PKCS#10 and of a CertReqMsg. The same
 * for every door; a door has decoded the request and knows who asks.
 *
 * Not here: which kinds of key a profile certifies and what an RSA modulus must not be (cmf_csr()),
 * private keys that are sent along to prove something (the CMP door's archive), and challenges, of
 * which only the choice is judged here.
 */
#pragma once

#include "asn1/pkcs10.h"
#include "cmf.h"
#include "message/mac.h"

/* --- strength: [protection] and, where it is known whose they are, the client's policy --- */

/* Whether the key is strong enough, to sign or to encrypt for. Which of both it can is not asked.
 */
bool cmf_key_strong(const EVP_PKEY *key, const struct conf_protection *conf,
		    const struct conf_client_policy *policy);
/*
 * Whether a signature by that algorithm counts; one that nobody knows passes, and does not verify.
 * policy may be NULL. 0 or REFUSED with one of the two reasons.
 */
_must_check_ int cmf_signature_algorithm_check(const X509_ALGOR *alg,
					       const struct conf_protection *conf,
					       const struct conf_client_policy *policy,
					       enum refusal_reason not_allowed,
					       enum refusal_reason digest_weak,
					       struct refusal *refusal);
/*
 * What is allowed of MACs to the client of one of n policies: to the one to whom most is allowed.
 * Before it is known who asks, all policies count; then its own.
 */
struct cmp_mac_policy cmf_mac_policy(const struct conf_protection *conf,
				     const struct conf_client_policy *policies, size_t n);

/* --- the key that is to be certified --- */

/* Makes the key. The caller owns it. 0, REFUSED (public_key_*), negative errno. */
_must_check_ int cmf_public_key_read(const SubjectPublicKeyInfo *spki, EVP_PKEY **keyp,
				     struct spki_kind *kindp, struct refusal *refusal);

/* --- proof of possession --- */

/* By what a proof is judged; all is borrowed. Each function returns 0, REFUSED or negative errno.
 */
struct cmf_proof {
	const struct conf_protection *conf;
	const struct cmf_principal *who;
	struct refusal *refusal;
};

/*
 * Reads a PKCS#10 (RFC 2986) into csr, which borrows from it, once its self-signature has proven
 * that the requester has the key: RFC 9483 4.1.4. der are its octets, for an upstream CA. The
 * caller owns *extensionsp (sk_X509_EXTENSION_pop_free), which csr borrows, also if it is refused.
 */
_must_check_ int cmf_proof_pkcs10(const struct cmf_proof *proof,
				  const CertificationRequest *request, struct bytes der,
				  struct cmf_csr *csr, STACK_OF(X509_EXTENSION) * *extensionsp);
/* The proof by signature of a CertReqMsg whose popo is POPOSigningKey: RFC 4211 4.1. */
_must_check_ int cmf_proof_signing_key(const struct cmf_proof *proof, const CertReqMsg *msg,
				       EVP_PKEY *key);
/* Whether what was signed names an entity; the client's policy may do without. */
_must_check_ int cmf_proof_names(const struct cmf_proof *proof, const X509_NAME *subject,
				 const STACK_OF(X509_EXTENSION) * extensions);
/*
 * Whether the key can be proven by decryption as POPOPrivKey says: RFC 4211 4.2, 4.3. *methodp is
 * POPO_SUBSEQUENT_ENCR_CERT or POPO_SUBSEQUENT_CHALLENGE_RESP, which the door goes on with.
 * `envelopes`: the requester reads EnvelopedData.
 */
_must_check_ int cmf_proof_decryption(const struct cmf_proof *proof, const POPOPrivKey *pop,
				      EVP_PKEY *key, bool envelopes, int64_t *methodp);
