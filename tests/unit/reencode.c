// SPDX-License-Identifier: Apache-2.0
/* See reencode.h. */
#include "reencode.h"

#include "asn1/der.h"
#include "asn1/fields.h"
#include "message.h"

#include <openssl/err.h>

static bool is_value_of(struct bytes der, const ASN1_ITEM *type)
{
	struct fields_place place;

	return !fields_mismatch(der, type, &place);
}

/* CertRequest keeps its octets, and is judged by itself: then they are set aside, so that its
 * fields are encoded anew. */
static bool requests_are_values(PKIBody *body)
{
	CertReqMessages *requests = body->value.certReqMessages;
	bool are_values = true;

	switch (body->type) {
	case PKI_BODY_IR:
	case PKI_BODY_CR:
	case PKI_BODY_KUR:
	case PKI_BODY_KRR:
	case PKI_BODY_CCR:
		for (int i = 0; i < sk_CertReqMsg_num(requests); i++) {
			CertRequest *request = sk_CertReqMsg_value(requests, i)->certReq;

			are_values = are_values && is_value_of(cert_request_der(request),
							       ASN1_ITEM_rptr(CertRequest));
			request->enc.modified = 1;
		}
		break;
	default:
		break;
	}
	return are_values;
}

static bool reencodes(void *value, struct bytes der, const ASN1_ITEM *type)
{
	uint8_t *again = NULL;
	int len = ASN1_item_i2d(value, &again, type);
	bool same = len >= 0 && bytes_equal((struct bytes){again, (size_t)len}, der);

	OPENSSL_free(again);
	return same;
}

static bool part_judged_alike(struct bytes der, const ASN1_ITEM *type)
{
	const uint8_t *p = der.data;
	bool alike = true, is_value;
	void *value;

	if (der_check(der))
		return true;
	value = ASN1_item_d2i(NULL, &p, (long)der.len, type);
	ERR_clear_error();
	/* What OpenSSL does not decode is refused either way. */
	if (value && p == der.data + der.len) {
		is_value = is_value_of(der, type);
		if (type == ASN1_ITEM_rptr(PKIBody))
			is_value = requests_are_values(value) && is_value;
		alike = reencodes(value, der, type) == is_value;
	}
	ASN1_item_free(value, type);
	return alike;
}

static struct bytes string_view(const ASN1_STRING *s)
{
	return s ? (struct bytes){s->data, (size_t)s->length} : BYTES_NULL;
}

static bool is_name(struct bytes read, const GENERAL_NAME *name)
{
	unsigned char *der = NULL;
	int len = i2d_GENERAL_NAME(name, &der);
	bool is = len > 0 && bytes_equal(read, (struct bytes){der, (size_t)len});

	OPENSSL_free(der);
	return is;
}

static bool is_read(struct bytes read, const ASN1_STRING *field)
{
	return !read.data == !field && bytes_equal(read, string_view(field));
}

static bool header_is(const struct cmp_message *msg, const PKIHeader *h)
{
	int64_t pvno = -1;
	bool is = (!ASN1_INTEGER_get_int64(&pvno, h->pvno) || pvno < 0 ? -1 : pvno) == msg->pvno;

	ERR_clear_error();
	is = is && is_name(msg->sender, h->sender) && is_name(msg->recipient, h->recipient);
	is = is && is_read(msg->message_time, h->messageTime);
	is = is && is_read(msg->sender_kid, h->senderKID);
	is = is && is_read(msg->transaction_id, h->transactionID);
	is = is && is_read(msg->sender_nonce, h->senderNonce);
	is = is && is_read(msg->recip_nonce, h->recipNonce);
	is = is && !msg->protection_alg == !h->protectionAlg;
	if (is && msg->protection_alg)
		is = X509_ALGOR_cmp(msg->protection_alg, h->protectionAlg) == 0;
	return is && sk_InfoTypeAndValue_num(msg->general_info) ==
			     sk_InfoTypeAndValue_num(h->generalInfo);
}

/* Whether what is read of a header in place is what OpenSSL's template has, and both take it. */
static bool header_read_alike(struct bytes message, struct bytes header)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	const uint8_t *p = header.data;
	PKIHeader *h = NULL;
	bool alike;

	if (cmp_message_decode(message, &msg, &refusal) < 0)
		return false;
	if (!der_check(header) && is_value_of(header, ASN1_ITEM_rptr(PKIHeader)))
		h = d2i_PKIHeader(NULL, &p, (long)header.len);
	if (h && ((h->freeText && !sk_ASN1_UTF8STRING_num(h->freeText)) ||
		  (h->generalInfo && !sk_InfoTypeAndValue_num(h->generalInfo))))
		alike = !msg;
	else
		alike = h ? msg && header_is(msg, h) : !msg;
	PKIHeader_free(h);
	ERR_clear_error();
	return alike;
}

bool judged_alike(struct bytes message)
{
	struct bytes all = message, whole, parts, header, body, content;
	uint8_t tag;

	if (der_next(&message, &tag, &whole, &parts) || der_next(&parts, &tag, &header, &content))
		return true;
	/* What it lies in has to be a SEQUENCE, too. */
	return (whole.data[0] != 0x30 || header_read_alike(all, header)) &&
	       part_judged_alike(header, ASN1_ITEM_rptr(PKIHeader)) &&
	       (der_next(&parts, &tag, &body, &content) ||
		part_judged_alike(body, ASN1_ITEM_rptr(PKIBody)));
}
