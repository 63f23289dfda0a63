// SPDX-License-Identifier: Apache-2.0
/*
 * The certificate in encrypted form, which only the owner of its key can read: the indirect method
 * of proof of possession, RFC 9810 5.2.8.3.2. Whether the key may be proven like that is decided
 * before (cmf/proof.h); certConf is the proof.
 */
#include "asn1/envelope.h"
#include "reply.h"
#include "request.h"

#include <errno.h>

/*
 * RFC 9810 5.2.2: EnvelopedData is for those who say pvno 3; before it there was EncryptedValue
 * and, in a challenge, the key's own encryption: RSA can do both.
 */
bool cmp_envelope_understood(const struct cmp_request *rq)
{
	return rq->msg->pvno >= 3 || rq->who.policy->enveloped_data_always;
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
