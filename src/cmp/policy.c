// SPDX-License-Identifier: Apache-2.0
/*
 * What the operator allows of protection: [protection] of the configuration, and the policy of the
 * client, once it is known who that is. Verifies nothing; authenticate.c asks it. How strong
 * signatures must be is cmf/strength.c's.
 */
#include "asn1/algorithm.h"
#include "asn1/mac.h"
#include "authenticate.h"
#include "request.h"

#include <errno.h>

/* What the client's own policy has of it. */
int cmp_mac_policy_check(struct cmp_request *rq)
{
	const struct conf_client_policy *policy = rq->who.policy;
	const struct cmp_mac_policy own = cmf_mac_policy(&rq->conf->protection, policy, 1);
	const struct cmp_mac *mac = &rq->mac;

	if (policy->mac_algorithms && !(policy->mac_algorithms & mac_algorithm_bit(mac->algorithm)))
		return refuse(&rq->refusal, REFUSAL_protection_alg_not_allowed);
	if (mac->iterations && mac->iterations < policy->mac_iterations_min)
		return refuse(&rq->refusal, REFUSAL_mac_weak);
	return cmp_mac_check(mac, &own, &rq->refusal);
}

int cmp_mac_read_protection(struct cmp_request *rq)
{
	struct cmp_mac_policy policy = cmf_mac_policy(
		&rq->conf->protection, rq->conf->client_policies, rq->conf->n_client_policies);

	cmp_mac_clear(&rq->mac);
	return cmp_protection_read_mac(rq->msg, &policy, &rq->mac, &rq->refusal);
}
