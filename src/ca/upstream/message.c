// SPDX-License-Identifier: Apache-2.0
/* Messages of a transcript: what OpenSSL's API does not tell of them. See exchange.h. */
#include "asn1/pkimessage.h"
#include "exchange.h"

#include <errno.h>

static void pki_messagep(PKIMessage **messagep)
{
	PKIMessage_free(*messagep);
}

static void pki_headerp(PKIHeader **headerp)
{
	PKIHeader_free(*headerp);
}

int exchange_message_sender_nonce(struct bytes der, ASN1_OCTET_STRING **noncep)
{
	const uint8_t *p = der.data;
	_cleanup_(pki_messagep) PKIMessage *message = d2i_PKIMessage(NULL, &p, (long)der.len);
	_cleanup_(pki_headerp) PKIHeader *header = NULL;

	if (!message || message->header->type != V_ASN1_SEQUENCE)
		return -EBADMSG;
	p = message->header->value.sequence->data;
	header = d2i_PKIHeader(NULL, &p, message->header->value.sequence->length);
	if (!header || !header->senderNonce)
		return -EBADMSG;
	*noncep = TAKE(header->senderNonce);
	return 0;
}

PKIBody *exchange_message_body(struct bytes der)
{
	struct bytes in = der, content, body, unused;
	const uint8_t *p;
	uint8_t tag;

	if (der_next(&in, &tag, &unused, &content) || der_next(&content, &tag, &unused, &body) ||
	    der_next(&content, &tag, &body, &unused))
		return NULL;
	p = body.data;
	return d2i_PKIBody(NULL, &p, (long)body.len);
}

int exchange_message_certs(struct bytes der, STACK_OF(X509) * certs)
{
	const uint8_t *p = der.data;
	_cleanup_(pki_messagep) PKIMessage *message = d2i_PKIMessage(NULL, &p, (long)der.len);

	if (!message)
		return -EBADMSG;
	for (int i = 0; i < sk_ASN1_TYPE_num(message->extraCerts); i++) {
		const ASN1_TYPE *type = sk_ASN1_TYPE_value(message->extraCerts, i);
		X509 *cert;

		if (type->type != V_ASN1_SEQUENCE)
			return -EBADMSG;
		p = type->value.sequence->data;
		cert = d2i_X509(NULL, &p, type->value.sequence->length);
		if (!cert || sk_X509_push(certs, cert) <= 0) {
			X509_free(cert);
			return -EBADMSG;
		}
	}
	return 0;
}

OSSL_CMP_MSG *exchange_message_decode(struct bytes der)
{
	const uint8_t *p = der.data;
	OSSL_CMP_MSG *message = d2i_OSSL_CMP_MSG(NULL, &p, (long)der.len);

	if (message && p != der.data + der.len) {
		OSSL_CMP_MSG_free(message);
		return NULL;
	}
	return message;
}
