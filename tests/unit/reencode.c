// SPDX-License-Identifier: Apache-2.0
/* See reencode.h. */
#include "reencode.h"

#include "asn1/der.h"
#include "asn1/fields.h"
#include "asn1/pkimessage.h"

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

bool judged_alike(struct bytes message)
{
	struct bytes whole, parts, header, body, content;
	uint8_t tag;

	if (der_next(&message, &tag, &whole, &parts) || der_next(&parts, &tag, &header, &content))
		return true;
	return part_judged_alike(header, ASN1_ITEM_rptr(PKIHeader)) &&
	       (der_next(&parts, &tag, &body, &content) ||
		part_judged_alike(body, ASN1_ITEM_rptr(PKIBody)));
}
