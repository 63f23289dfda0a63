// SPDX-License-Identifier: Apache-2.0
/*
 * Octets to a parsed message: a strict pass over all octets as DER, another beside the types of
 * header and body, and only then OpenSSL's templates of both. The first file that sees what was
 * received; nothing is verified here, that is protection.c.
 */
#include "message.h"

#include "asn1/der.h"
#include "asn1/fields.h"
#include "asn1/mac.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

enum {
	TAG_BIT_STRING = 0x03,
	TAG_SEQUENCE = 0x30,
	TAG_PROTECTION = 0xa0,  /* [0] EXPLICIT */
	TAG_EXTRA_CERTS = 0xa1, /* [1] EXPLICIT */
	/* Of the body, [0] to [26] EXPLICIT: context-specific, constructed. */
	TAG_BODY_FIRST = 0xa0,
};

/* After a d2i that failed: out of memory, or malformed octets? */
static int decode_error(const char *what)
{
	if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
		return log_fault(what, -ENOMEM, NULL);
	ERR_clear_error();
	return -EBADMSG;
}

/*
 * What could be the header and, behind it, the body of a PKIMessage. The length of the outer
 * SEQUENCE may be wrong: who sends a whole header gets an answer that fits it. `restp` is what
 * follows the header. -EBADMSG if there is no header; -EMSGSIZE if a name in it is too long.
 */
static int header_locate(struct bytes der, struct bytes *headerp, struct bytes *restp)
{
	struct bytes tlv, content;
	uint8_t tag;
	size_t skip;

	if (der.len < 2 || der.data[0] != TAG_SEQUENCE || der.data[1] == 0x80)
		return -EBADMSG;
	skip = 2 + (size_t)(der.data[1] & 0x80 ? der.data[1] & 0x7f : 0);
	if (skip > der.len)
		return -EBADMSG;
	der.data += skip;
	der.len -= skip;
	if (der_next(&der, &tag, &tlv, &content) || tag != TAG_SEQUENCE)
		return -EBADMSG;
	*headerp = tlv;
	*restp = der;
	return der_check(tlv);
}

/* The tag of a PKIBody, -1 if it is none. */
static int body_type_of(struct bytes body)
{
	int type = body.len ? body.data[0] - TAG_BODY_FIRST : -1;

	return type < PKI_BODY_COUNT ? (type < 0 ? -1 : type) : -1;
}

static struct bytes octet_string_view(const ASN1_OCTET_STRING *s)
{
	return s ? (struct bytes){s->data, (size_t)s->length} : BYTES_NULL;
}

/* RFC 4210 5.1.1: SIZE (1..MAX) where the list is present. */
static bool header_lists_valid(const PKIHeader *h)
{
	return (!h->freeText || sk_ASN1_UTF8STRING_num(h->freeText) > 0) &&
	       (!h->generalInfo || sk_InfoTypeAndValue_num(h->generalInfo) > 0);
}

/*
 * Whether octets that are DER are a value of the type, in DER: OpenSSL's templates read some BER
 * under an IMPLICIT tag, as strings in constructed form, or unused bits that are not zero.
 */
static bool is_value_of(struct bytes der, const ASN1_ITEM *type)
{
	struct fields_place unused;

	return !fields_mismatch(der, type, &unused);
}

static int header_decode(struct cmp_message *msg)
{
	const unsigned char *p = msg->header_der.data;
	const unsigned char *end = p + msg->header_der.len;
	int64_t pvno;

	if (!is_value_of(msg->header_der, ASN1_ITEM_rptr(PKIHeader)))
		return -EBADMSG;
	msg->header = d2i_PKIHeader(NULL, &p, (long)msg->header_der.len);
	if (!msg->header)
		return decode_error("decode a PKIHeader");
	if (p != end || !header_lists_valid(msg->header))
		return -EBADMSG;
	if (!ASN1_INTEGER_get_int64(&pvno, msg->header->pvno)) {
		ERR_clear_error();
		pvno = -1;
	}
	msg->pvno = pvno >= 0 ? pvno : -1;
	msg->transaction_id = octet_string_view(msg->header->transactionID);
	msg->sender_nonce = octet_string_view(msg->header->senderNonce);
	msg->recip_nonce = octet_string_view(msg->header->recipNonce);
	msg->sender_kid = octet_string_view(msg->header->senderKID);
	return 0;
}

/* Lists of what stays as received: certificates, CRLs and messages are SEQUENCEs. */
static bool sequences_valid(const STACK_OF(ASN1_TYPE) * list)
{
	for (int i = 0; i < sk_ASN1_TYPE_num(list); i++)
		if (sk_ASN1_TYPE_value(list, i)->type != V_ASN1_SEQUENCE)
			return false;
	return true;
}

/*
 * The contents of what has that tag under an EXPLICIT one. 0; -ENODATA if something else comes, or
 * nothing; -EBADMSG.
 */
static int explicit_read(struct bytes *in, uint8_t explicit_tag, uint8_t tag,
			 struct bytes *contentp)
{
	struct bytes tlv, inside;
	uint8_t found;

	if (in->len == 0 || in->data[0] != explicit_tag)
		return -ENODATA;
	if (der_next(in, &found, &tlv, &inside) || der_next(&inside, &found, &tlv, contentp) ||
	    found != tag || inside.len)
		return -EBADMSG;
	return 0;
}

/* RFC 4210 5.1: SEQUENCE SIZE (1..MAX) OF CMPCertificate, each of which is a SEQUENCE. */
static int extra_certs_read(struct cmp_message *msg, struct bytes list)
{
	struct bytes in = list, cert, content;
	size_t n = 0;
	uint8_t tag;

	for (; in.len; n++)
		if (der_next(&in, &tag, &cert, &content) || tag != TAG_SEQUENCE)
			return -EBADMSG;
	if (n == 0)
		return -EBADMSG;
	msg->extra_certs = calloc(n, sizeof(*msg->extra_certs));
	if (!msg->extra_certs)
		return log_fault("decode extraCerts", -ENOMEM, NULL);
	while (der_next(&list, &tag, &cert, &content) == 0)
		msg->extra_certs[msg->n_extra_certs++] = cert;
	return 0;
}

/*
 * RFC 4210 5.1: what stands behind the body, in octets that are DER.
 * PKIMessage ::= SEQUENCE {
 *     header           PKIHeader,
 *     body             PKIBody,
 *     protection   [0] PKIProtection OPTIONAL,
 *     extraCerts   [1] SEQUENCE SIZE (1..MAX) OF CMPCertificate OPTIONAL }
 * PKIProtection ::= BIT STRING
 */
static int protection_and_certs_read(struct cmp_message *msg, struct bytes in)
{
	struct bytes bits = BYTES_NULL, certs;
	int err = explicit_read(&in, TAG_PROTECTION, TAG_BIT_STRING, &bits);

	if (err == -EBADMSG)
		return err;
	err = explicit_read(&in, TAG_EXTRA_CERTS, TAG_SEQUENCE, &certs);
	if (err == -EBADMSG || in.len)
		return -EBADMSG;
	if (err == 0)
		err = extra_certs_read(msg, certs);
	if (err && err != -ENODATA)
		return err;
	msg->has_protection = bits.len > 0;
	if (msg->has_protection) {
		msg->protection_unused_bits = bits.data[0];
		msg->protection = (struct bytes){bits.data + 1, bits.len - 1};
	}
	return 0;
}

/*
 * RFC 4211 3: CertReqMessages, controls and regInfo have SIZE (1..MAX). CertRequest keeps its
 * octets, over which a proof of possession is computed: in DER, like the rest.
 */
static bool requests_valid(const CertReqMessages *requests)
{
	for (int i = 0; i < sk_CertReqMsg_num(requests); i++) {
		const CertReqMsg *m = sk_CertReqMsg_value(requests, i);
		const STACK_OF(AttributeTypeAndValue) *controls = m->certReq->controls;

		if (!is_value_of(cert_request_der(m->certReq), ASN1_ITEM_rptr(CertRequest)))
			return false;
		if ((controls && sk_AttributeTypeAndValue_num(controls) == 0) ||
		    (m->regInfo && sk_AttributeTypeAndValue_num(m->regInfo) == 0))
			return false;
	}
	return sk_CertReqMsg_num(requests) > 0;
}

static bool body_valid(const PKIBody *body)
{
	switch (body->type) {
	case PKI_BODY_IR:
	case PKI_BODY_CR:
	case PKI_BODY_KUR:
	case PKI_BODY_KRR:
	case PKI_BODY_CCR:
		return requests_valid(body->value.certReqMessages);
	case PKI_BODY_CANN:
		return body->value.cann->type == V_ASN1_SEQUENCE;
	case PKI_BODY_CRLANN:
		return sequences_valid(body->value.crlann);
	case PKI_BODY_NESTED:
		/* RFC 4210 5.1: PKIMessages has SIZE (1..MAX). */
		return sk_ASN1_TYPE_num(body->value.nested) && sequences_valid(body->value.nested);
	default:
		return true;
	}
}

static int body_decode(struct cmp_message *msg)
{
	const unsigned char *p = msg->body_der.data;
	const unsigned char *end = p + msg->body_der.len;
	PKIBody *body;

	if (!is_value_of(msg->body_der, ASN1_ITEM_rptr(PKIBody)))
		return -EBADMSG;
	body = d2i_PKIBody(NULL, &p, (long)msg->body_der.len);
	if (!body)
		return decode_error("decode a PKIBody");
	if (p != end || !body_valid(body)) {
		PKIBody_free(body);
		return -EBADMSG;
	}
	msg->body = body;
	return 0;
}

/* Everything behind the header. -EBADMSG if it is malformed; -EMSGSIZE if a name is too long. */
static int rest_decode(struct cmp_message *msg, struct bytes rest)
{
	struct bytes content;
	uint8_t tag;
	int err;

	msg->body_type = body_type_of(rest);
	err = der_check(msg->der);
	if (err || msg->body_type < 0)
		return err ? err : -EBADMSG;
	/* Within strict DER the next value is whole. */
	if (der_next(&rest, &tag, &msg->body_der, &content))
		return -EBADMSG;
	err = protection_and_certs_read(msg, rest);
	return err ? err : body_decode(msg);
}

int cmp_message_decode(struct bytes der, struct cmp_message **msgp, struct refusal *refusal)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct bytes header, rest;
	int err;

	*msgp = NULL;
	err = header_locate(der, &header, &rest);
	if (err)
		return refuse(refusal, err == -EMSGSIZE ? REFUSAL_name_attributes
							: REFUSAL_not_a_pkimessage);
	msg = calloc(1, sizeof(*msg));
	if (!msg)
		return -ENOMEM;
	msg->der = der;
	msg->header_der = header;
	err = header_decode(msg);
	if (err == -EBADMSG)
		return refuse(refusal, REFUSAL_not_a_pkimessage);
	if (!err)
		err = rest_decode(msg, rest);
	if (err && err != -EBADMSG && err != -EMSGSIZE)
		return err;
	*msgp = TAKE(msg);
	if (err == -EMSGSIZE)
		return refuse(refusal, REFUSAL_name_attributes);
	return err ? refuse(refusal, REFUSAL_body_malformed) : 0;
}

void cmp_message_free(struct cmp_message *msg)
{
	if (!msg)
		return;
	PKIHeader_free(msg->header);
	PKIBody_free(msg->body);
	free(msg->extra_certs);
	free(msg);
}

struct bytes cmp_message_extra_cert(const struct cmp_message *msg, size_t i)
{
	return i < msg->n_extra_certs ? msg->extra_certs[i] : BYTES_NULL;
}

const InfoTypeAndValue *cmp_message_general_info(const struct cmp_message *msg,
						 const ASN1_OBJECT *type)
{
	const STACK_OF(InfoTypeAndValue) *infos = msg->header->generalInfo;

	for (int i = 0; i < sk_InfoTypeAndValue_num(infos); i++) {
		const InfoTypeAndValue *info = sk_InfoTypeAndValue_value(infos, i);

		if (OBJ_cmp(info->infoType, type) == 0)
			return info;
	}
	return NULL;
}

/* MACs that we know to be some, and do not have. */
static bool is_other_mac(const ASN1_OBJECT *algorithm)
{
	int nid = OBJ_obj2nid(algorithm);

	return nid == NID_id_DHBasedMac || nid == NID_hmac_md5;
}

static bool is_mac(const ASN1_OBJECT *algorithm)
{
	return mac_algorithm_find(algorithm) || is_other_mac(algorithm);
}

enum cmp_protection_kind cmp_message_protection_kind(const struct cmp_message *msg)
{
	if (!msg->header->protectionAlg)
		return CMP_PROTECTION_NONE;
	if (mac_algorithm_is_kem_based(msg->header->protectionAlg->algorithm))
		return CMP_PROTECTION_KEM;
	return is_mac(msg->header->protectionAlg->algorithm) ? CMP_PROTECTION_MAC
							     : CMP_PROTECTION_SIGNATURE;
}
