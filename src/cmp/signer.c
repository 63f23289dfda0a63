// SPDX-License-Identifier: Apache-2.0
/*
 * Who signed a message: finds the signer among the certificates in extraCerts and verifies the
 * signature. A message that goes on in a transaction may leave them out (RFC 9483 3.3: certConf,
 * pollReq): then the signer is the one that opened the transaction, whose certificates the store
 * has; they are validated like those that come with a message. authenticate.c comes here, and goes
 * to kem.c or does it itself where there is no signature.
 */
#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "authenticate.h"
#include "openers.h"
#include "request.h"

#include <errno.h>
#include <string.h>

static int protection_policy_check(struct cmp_request *rq)
{
	/* The policy is not known before the signer is. */
	return cmf_signature_algorithm_check(rq->msg->protection_alg, &rq->conf->protection,
					     rq->who.policy, REFUSAL_protection_alg_not_allowed,
					     REFUSAL_protection_digest_weak, &rq->refusal);
}

/* What can be said of protectionAlg before the signer is looked for. */
static int signature_algorithm_check(struct cmp_request *rq)
{
	const X509_ALGOR *alg = rq->msg->protection_alg;
	const struct signature_algorithm *a = signature_algorithm_find(alg->algorithm);
	int err;

	/* RFC 9483 3.5: an algorithm that is not supported. */
	if (!a)
		return refuse(&rq->refusal, REFUSAL_protection_alg_unsupported);
	err = protection_policy_check(rq);
	if (err)
		return err;
	if (!signature_algorithm_available(a))
		return refuse(&rq->refusal, REFUSAL_protection_alg_unavailable);
	return 0;
}

struct bytes cmp_sender_dn(const struct cmp_message *msg)
{
	static const uint8_t no_name[] = {V_ASN1_NULL, 0, 0};
	struct bytes dn = cmp_directory_name(msg->sender);

	return dn.len ? dn : BYTES_OF(no_name);
}

/*
 * Finds the signer among n certificates and verifies the signature; then rq->who and rq->signer are
 * there.
 */
static int signer_verify(struct cmp_request *rq, const struct bytes *certs, size_t n)
{
	const struct cmp_message *msg = rq->msg;
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *signer = NULL;
	const struct cmf_call call = cmp_call(rq);
	const struct cmf_gate gate = cmp_stranger_gate(rq);
	int err = cmf_signer_find(&call, cmp_sender_dn(msg), msg->sender_kid, certs, n, &gate,
				  &rq->who, &signer);

	if (!err)
		err = protection_policy_check(rq);
	if (!err)
		err = cmp_protection_verify_by(msg, cmf_signer_verifier(signer), &rq->refusal);
	if (err)
		return err;
	cmf_signer_remember(rq->door->cmf, signer);
	cmf_signer_unref(rq->signer);
	rq->signer = TAKE(signer);
	return 0;
}

/* --- a signer that is known from before --- */

enum { CERTS_MAX = 16 };

/* The certificates, which are one behind the other. */
static size_t certificates_split(struct bytes der, struct bytes certs[CERTS_MAX])
{
	struct bytes content, tlv;
	size_t n = 0;
	uint8_t tag;

	while (der.len && n < CERTS_MAX && der_next(&der, &tag, &tlv, &content) == 0)
		certs[n++] = tlv;
	return n;
}

static int candidate_verify(struct cmp_request *rq, const struct store_signer *candidate)
{
	_cleanup_(store_certificate_clear) struct store_certificate holds = {0};
	struct bytes certs[CERTS_MAX];
	size_t n = certificates_split(octets_view(&candidate->certificates), certs);
	int err = 0;

	if (n == 0) {
		err = cmf_holder_certificate(rq->worker->reader, candidate->requester, &holds);
		certs[n++] = octets_view(&holds.der);
	}
	if (err == STORE_NOT_FOUND)
		return refuse(&rq->refusal, REFUSAL_signer_missing);
	if (!err)
		err = signer_verify(rq, certs, n);
	/* It may be somebody else by now, who has no part in the transaction. */
	if (!err && strcmp(rq->who.name, candidate->requester) != 0)
		err = refuse(&rq->refusal, REFUSAL_signer_missing);
	return err;
}

/* With the certificates by which the transaction was opened; REFUSED as before if there is none. */
static int known_signer_verify(struct cmp_request *rq)
{
	_cleanup_(cmp_openers_clear) struct cmp_openers all = {.n = 0};
	struct refusal before = rq->refusal;
	int err = cmp_openers_find(rq, &all);

	if (err < 0)
		return err;
	err = REFUSED;
	for (size_t i = 0; i < all.n && err == REFUSED; i++) {
		cmf_principal_clear(&rq->who);
		rq->refusal = REFUSAL_NULL;
		err = candidate_verify(rq, &all.item[i]);
	}
	/* What is wrong with a certificate that came along is worth more to be told. */
	if (err == REFUSED && (all.n == 0 || rq->msg->n_extra_certs))
		rq->refusal = before;
	return err;
}

/* --- any signer --- */

/*
 * RFC 9483 3.3: a message that goes on in a transaction may leave the certificates out, or but the
 * chain.
 */
static bool signer_may_be_known(const struct cmp_request *rq)
{
	return !rq->service->opens && (rq->refusal.reason == REFUSAL_signer_missing ||
				       rq->refusal.reason == REFUSAL_signer_mismatch ||
				       rq->refusal.reason == REFUSAL_signer_not_trusted);
}

int cmp_signature_authenticate(struct cmp_request *rq)
{
	int err = signature_algorithm_check(rq);

	if (err)
		return err;
	err = signer_verify(rq, rq->msg->extra_certs, rq->msg->n_extra_certs);
	if (err == REFUSED && signer_may_be_known(rq))
		err = known_signer_verify(rq);
	if (err)
		return err;
	rq->protection = CMP_PROTECTION_SIGNATURE;
	return 0;
}
