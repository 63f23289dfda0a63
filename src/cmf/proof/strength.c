// SPDX-License-Identifier: Apache-2.0
/*
 * How strong keys, signatures and MACs must be: [protection] of the configuration, and the policy
 * of the client, once it is known who that is. One table and one judge for all who ask: those who
 * look for a signer, for a proof of possession, for somebody to encrypt for. Verifies nothing.
 */
#include "cmf/proof.h"

#include "asn1/algorithm.h"
#include "asn1/kem.h"

/* In what the strength of a key is counted: NIST SP 800-57 part 1, table 2. */
enum measure {
	MEASURE_MODULUS, /* bits of the modulus */
	MEASURE_GROUP,   /* bits of the order of the group */
};

/* Kinds whose keys are of different strengths. */
static const struct key_kind {
	const char *name; /* as OpenSSL has it */
	enum measure measure;
	uint32_t bits; /* 0: of the key itself */
} key_kinds[] = {
	{"RSA", MEASURE_MODULUS, 0},    {"RSA-PSS", MEASURE_MODULUS, 0},
	{"EC", MEASURE_GROUP, 0},       {"ED25519", MEASURE_GROUP, 256},
	{"X25519", MEASURE_GROUP, 256}, {"ED448", MEASURE_GROUP, 448},
	{"X448", MEASURE_GROUP, 448},
};

bool cmf_key_strong(const EVP_PKEY *key, const struct conf_protection *conf,
		    const struct conf_client_policy *policy)
{
	for (size_t i = 0; i < ARRAY_LEN(key_kinds); i++) {
		const struct key_kind *kind = &key_kinds[i];
		uint32_t bits = kind->bits;

		if (!EVP_PKEY_is_a(key, kind->name))
			continue;
		if (bits == 0 && EVP_PKEY_get_bits(key) > 0)
			bits = (uint32_t)EVP_PKEY_get_bits(key);
		return kind->measure == MEASURE_MODULUS
			       ? bits >= conf->rsa_bits_min && bits >= policy->rsa_bits_min
			       : bits >= conf->ec_bits_min && bits >= policy->ec_bits_min;
	}
	/* ML-DSA, SLH-DSA and ML-KEM: of 128 bits of security at least. Others are none of ours. */
	return signature_algorithm_for(key, NID_undef) || kem_algorithm_for(key);
}

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

int cmf_signature_algorithm_check(const X509_ALGOR *alg, const struct conf_protection *conf,
				  const struct conf_client_policy *policy,
				  enum refusal_reason not_allowed, enum refusal_reason digest_weak,
				  struct refusal *refusal)
{
	const struct signature_algorithm *a = signature_algorithm_find(alg->algorithm);

	if (!a)
		return 0;
	if (!in_set(a, conf->signature_algorithms) ||
	    (policy && !in_set(a, policy->signature_algorithms)))
		return refuse(refusal, not_allowed);
	if (digest_bits(a, alg) < conf->digest_bits_min ||
	    (policy && digest_bits(a, alg) < policy->digest_bits_min))
		return refuse(refusal, digest_weak);
	return 0;
}

static uint32_t larger(uint32_t most, uint32_t policy, uint32_t protection)
{
	uint32_t own = policy ? policy : protection;

	return own > most ? own : most;
}

struct cmp_mac_policy cmf_mac_policy(const struct conf_protection *conf,
				     const struct conf_client_policy *policies, size_t n)
{
	struct cmp_mac_policy policy = {.iterations_min = conf->mac_iterations_min,
					.algorithms = conf->mac_algorithms};

	for (size_t i = 0; i < n; i++) {
		policy.iterations_max =
			larger(policy.iterations_max, policies[i].mac_iterations_max,
			       conf->mac_iterations_max);
		policy.key_len_max = larger(policy.key_len_max, policies[i].mac_key_length_max,
					    conf->mac_key_length_max);
	}
	return policy;
}
