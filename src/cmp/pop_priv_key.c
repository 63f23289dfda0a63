// SPDX-License-Identifier: Apache-2.0
/*
 * Proof of possession by decryption, of keys that cannot sign and of RSA and EC keys that shall
 * not: RFC 4211 4.2, 4.3, RFC 9810 5.2.8.3. What is asked for, and whether key and pvno allow it;
 * and the certificate in encrypted form, which is the indirect method.
 */
#include "door_private.h"

#include "asn1/envelope.h"

#include <errno.h>

/* What a POPOPrivKey must not be: each with the reason why. */
static int choice_check(struct cmp_request *rq, const POPOPrivKey *pop)
{
	switch (pop->type) {
	case POPO_PRIV_KEY_SUBSEQUENT_MESSAGE:
		return 0;
	case POPO_PRIV_KEY_THIS_MESSAGE:
		/* RFC 4211 4.2: deprecated in favor of encryptedKey */
		return refuse(&rq->refusal, REFUSAL_pop_this_message);
	case POPO_PRIV_KEY_DH_MAC:
		/* RFC 4211 4.3: deprecated in favor of agreeMAC */
		return refuse(&rq->refusal, REFUSAL_pop_dh_mac);
	case POPO_PRIV_KEY_AGREE_MAC:
		/* RFC 4211 4.3: with a key agreement certificate of the CA, which ours has not */
		return refuse(&rq->refusal, REFUSAL_pop_agree_mac);
	default:
		return refuse(&rq->refusal, REFUSAL_pop_unsupported);
	}
}

/*
 * RFC 9810 5.2.2: EnvelopedData is for those who say pvno 3; before it there was EncryptedValue
 * and, in a challenge, the key's own encryption: RSA can do both.
 */
bool cmp_envelope_understood(const struct cmp_request *rq)
{
	return rq->msg->pvno >= 3 || rq->who.policy->enveloped_data_always;
}

int cmp_pop_priv_key(struct cmp_request *rq, const POPOPrivKey *pop, EVP_PKEY *key)
{
	int64_t method;
	int err;

	/*
	 * Whether the requester says keyEncipherment or keyAgreement makes no difference to what
	 * follows: `openssl cmp -popo 2` says the former of every key.
	 */
	if (!(spki_key_uses(key) & (SPKI_DECRYPTS | SPKI_AGREES)))
		return refuse(&rq->refusal, REFUSAL_pop_key_signs);
	err = choice_check(rq, pop);
	if (err)
		return err;
	if (ASN1_INTEGER_get_int64(&method, pop->value.subsequentMessage) != 1 ||
	    (method != POPO_SUBSEQUENT_ENCR_CERT && method != POPO_SUBSEQUENT_CHALLENGE_RESP))
		return refuse(&rq->refusal, REFUSAL_pop_subsequent_unknown);
	if (!cmp_envelope_understood(rq) && !EVP_PKEY_is_a(key, "RSA"))
		return refuse(&rq->refusal, REFUSAL_pop_needs_pvno_3);
	err = envelope_key_check(key);
	if (err)
		return err == -ENOTSUP ? refuse(&rq->refusal, REFUSAL_public_key_useless) : err;
	if (method == POPO_SUBSEQUENT_ENCR_CERT)
		rq->pop = CMP_POP_ENCR_CERT;
	else
		rq->pop = CMP_POP_CHALLENGE;
	return 0;
}

/* EncryptedKey ::= CHOICE { encryptedValue, envelopedData [0] } around a certificate. */
static int certificate_encrypt(const struct cmp_request *rq, struct bytes der,
			       struct octets *encryptedp)
{
	struct envelope_recipient to;
	struct certificate_view view;
	struct spki_kind kind;
	EVP_PKEY *key = NULL;
	int err;

	if (certificate_view(der, &view))
		return log_fault("read the new certificate", -EINVAL, NULL);
	err = spki_key_from_der(view.spki, &key, &kind);
	if (err)
		return log_fault("read the new public key", err, NULL);
	if (cmp_envelope_understood(rq)) {
		/* RFC 9810 5.2.8.3.2: the rid names the certificate that is still encrypted */
		envelope_recipient_set_certificate(&to, &view, key);
		err = envelope_seal(&to, OID_CT_DATA, der, encryptedp);
		if (!err)
			envelope_to_encrypted_key(encryptedp);
	} else {
		err = encrypted_value_seal(key, der, encryptedp);
	}
	EVP_PKEY_free(key);
	return err ? log_fault("encrypt the new certificate", err, NULL) : 0;
}

int cmp_pop_encrypted_certificate(const struct cmp_request *rq, struct bytes der,
				  ASN1_TYPE **encryptedp)
{
	_cleanup_(octets_clear) struct octets encrypted = OCTETS_NULL;
	const unsigned char *p;
	int err = certificate_encrypt(rq, der, &encrypted);

	if (err)
		return err;
	p = encrypted.data;
	*encryptedp = d2i_ASN1_TYPE(NULL, &p, (long)encrypted.len);
	return *encryptedp ? 0 : -ENOMEM;
}
