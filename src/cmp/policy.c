// SPDX-License-Identifier: Apache-2.0
/*
 * What the operator allows of protection: [protection] of the configuration, and the policy of the
 * client, once it is known who that is. Verifies nothing; authenticate.c and pop.c ask it.
 */
#include "door_private.h"

#include "asn1/algorithm.h"
#include "asn1/mac.h"

#include <errno.h>

/* Whether it is one of a set, which is all of them if empty. */
static bool in_set(const struct signature_algorithm *a, uint64_t set)
{
	return !set || set & signature_algorithm_bit(a);
}

/* Bits of the digest that is signed; none of its own, or not to be read: more than any minimum. */
static size_t digest_bits(const struct signature_algorithm *a, const X509_ALGOR *alg)
{
	struct pss_parameters pss;
	int nid = a->digest_nid;
	const EVP_MD *digest;

	if (a->scheme == SIGNATURE_PSS && !pss_parameters_read(alg, &pss))
		nid = pss.digest_nid;
	digest = digest_by_nid(nid);
	return digest ? 8 * digest_len(digest) : SIZE_MAX;
}

int cmp_signature_policy_check(struct cmp_request *rq, const X509_ALGOR *alg,
			       enum refusal_reason not_allowed, enum refusal_reason digest_weak)
{
	const struct signature_algorithm *a = signature_algorithm_find(alg->algorithm);
	const struct conf_protection *conf = &rq->conf->protection;
	/* Not known before the signer is. */
	const struct conf_client_policy *narrower = rq->who.policy;

	if (!a)
		return 0;
	if (!in_set(a, conf->signature_algorithms) ||
	    (narrower && !in_set(a, narrower->signature_algorithms)))
		return refuse(&rq->refusal, not_allowed);
	if (digest_bits(a, alg) < conf->digest_bits_min ||
	    (narrower && digest_bits(a, alg) < narrower->digest_bits_min))
		return refuse(&rq->refusal, digest_weak);
	return 0;
}

static struct cmp_mac_policy protection_mac_policy(const struct cmp_request *rq)
{
	const struct conf_protection *conf = &rq->conf->protection;

	return (struct cmp_mac_policy){.iterations_min = conf->mac_iterations_min,
				       .iterations_max = conf->mac_iterations_max,
				       .algorithms = conf->mac_algorithms};
}

/* What the client's policy asks for beyond [protection]. */
int cmp_mac_policy_check(struct cmp_request *rq)
{
	const struct conf_client_policy *policy = rq->who.policy;
	const struct cmp_mac *mac = &rq->mac;

	if (policy->mac_algorithms && !(policy->mac_algorithms & mac_algorithm_bit(mac->algorithm)))
		return refuse(&rq->refusal, REFUSAL_protection_alg_not_allowed);
	if (mac->iterations && mac->iterations < policy->mac_iterations_min)
		return refuse(&rq->refusal, REFUSAL_mac_weak);
	return 0;
}

int cmp_mac_read_protection(struct cmp_request *rq)
{
	struct cmp_mac_policy policy = protection_mac_policy(rq);

	cmp_mac_clear(&rq->mac);
	return cmp_protection_read_mac(rq->msg, &policy, &rq->mac, &rq->refusal);
}
