// SPDX-License-Identifier: Apache-2.0
/* RSA keys that are to be certified. See rsa_key.h. */
#include "csr/rsa_key.h"

#include "asn1/rsa_modulus.h"

static int exponent_check(const EVP_PKEY *key, const struct conf *conf, struct refusal *refusal)
{
	uint64_t exponent;
	int err = rsa_exponent(key, &exponent);

	if (err < 0)
		return err;
	return exponent >= conf->cmf.rsa_exponent_min
		       ? 0
		       : refuse(refusal, REFUSAL_public_key_exponent);
}

static int modulus_check(const EVP_PKEY *key, struct refusal *refusal)
{
	enum rsa_flaw flaw;
	int err = rsa_modulus_examine(key, &flaw);

	if (err < 0)
		return err;
	switch (flaw) {
	case RSA_FLAW_NONE:
		return 0;
	case RSA_FLAW_SMALL_FACTOR:
		return refuse(refusal, REFUSAL_public_key_small_factor);
	case RSA_FLAW_PRIME:
		return refuse(refusal, REFUSAL_public_key_prime);
	case RSA_FLAW_CLOSE_PRIMES:
		return refuse(refusal, REFUSAL_public_key_close_primes);
	case RSA_FLAW_ROCA:
		break;
	}
	return refuse(refusal, REFUSAL_public_key_roca);
}

int rsa_key_check(const SubjectPublicKeyInfo *spki, const struct spki_kind *kind,
		  const struct conf *conf, struct refusal *refusal)
{
	struct spki_kind again;
	EVP_PKEY *key = NULL;
	int err;

	if (kind->type != EVP_PKEY_RSA && kind->type != EVP_PKEY_RSA_PSS)
		return 0;
	err = spki_key(spki, &key, &again);
	if (err == 0)
		err = exponent_check(key, conf, refusal);
	if (err == 0)
		err = modulus_check(key, refusal);
	EVP_PKEY_free(key);
	return err;
}
