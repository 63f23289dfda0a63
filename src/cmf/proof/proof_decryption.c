// SPDX-License-Identifier: Apache-2.0
/*
 * Proof of possession by decryption, of keys that cannot sign and of RSA and EC keys that shall
 * not: RFC 4211 4.2, 4.3, RFC 9810 5.2.8.3. What is asked for, and whether the key allows it. The
 * door does the rest: it encrypts the certificate, or asks for a number back.
 */
#include "cmf/proof.h"

#include "asn1/envelope.h"

#include <errno.h>

/* What a POPOPrivKey must not be: each with the reason why. */
static int choice_check(const POPOPrivKey *pop, struct refusal *refusal)
{
	switch (pop->type) {
	case POPO_PRIV_KEY_SUBSEQUENT_MESSAGE:
		return 0;
	case POPO_PRIV_KEY_THIS_MESSAGE:
		/* RFC 4211 4.2: deprecated in favor of encryptedKey */
		return refuse(refusal, REFUSAL_pop_this_message);
	case POPO_PRIV_KEY_DH_MAC:
		/* RFC 4211 4.3: deprecated in favor of agreeMAC */
		return refuse(refusal, REFUSAL_pop_dh_mac);
	case POPO_PRIV_KEY_AGREE_MAC:
		/* RFC 4211 4.3: with a key agreement certificate of the CA, which ours has not */
		return refuse(refusal, REFUSAL_pop_agree_mac);
	default:
		return refuse(refusal, REFUSAL_pop_unsupported);
	}
}

int cmf_proof_decryption(const struct cmf_proof *proof, const POPOPrivKey *pop, EVP_PKEY *key,
			 bool envelopes, int64_t *methodp)
{
	int err;

	/*
	 * Whether the requester says keyEncipherment or keyAgreement makes no difference to what
	 * follows: `openssl cmp -popo 2` says the former of every key.
	 */
	if (!(spki_key_uses(key) & (SPKI_DECRYPTS | SPKI_AGREES)))
		return refuse(proof->refusal, REFUSAL_pop_key_signs);
	err = choice_check(pop, proof->refusal);
	if (err)
		return err;
	if (ASN1_INTEGER_get_int64(methodp, pop->value.subsequentMessage) != 1 ||
	    (*methodp != POPO_SUBSEQUENT_ENCR_CERT && *methodp != POPO_SUBSEQUENT_CHALLENGE_RESP))
		return refuse(proof->refusal, REFUSAL_pop_subsequent_unknown);
	if (!envelopes && !EVP_PKEY_is_a(key, "RSA"))
		return refuse(proof->refusal, REFUSAL_pop_needs_pvno_3);
	err = envelope_key_check(key);
	return err == -ENOTSUP ? refuse(proof->refusal, REFUSAL_public_key_useless) : err;
}
