// SPDX-License-Identifier: Apache-2.0
/*
 * Octets to a parsed message: a strict pass over all octets as DER; then the header is read in
 * place, and the body beside its type, and only then by OpenSSL's template. The first file that
 * sees what was received; nothing is verified here, that is protection.c.
 */
#include "message.h"

#include "asn1/der.h"
#include "asn1/fields.h"
#include "asn1/mac.h"
#include "asn1/name.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>
#include <time.h>

enum {
	TAG_INTEGER = 0x02,
	TAG_BIT_STRING = 0x03,
	TAG_OCTET_STRING = 0x04,
	TAG_UTF8_STRING = 0x0c,
	TAG_GENERALIZED_TIME = 0x18,
	TAG_SEQUENCE = 0x30,
	TAG_DIRECTORY_NAME = 0xa4, /* GeneralName.directoryName [4], EXPLICIT: Name is a CHOICE */
	TAG_EXPLICIT_FIRST = 0xa0, /* of the header: [0] to [8] */
	TAG_PROTECTION = 0xa0,     /* [0] EXPLICIT */
	TAG_EXTRA_CERTS = 0xa1,    /* [1] EXPLICIT */
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

/*
 * Whether octets that are DER are a value of the type, in DER: OpenSSL's templates read some BER
 * under an IMPLICIT tag, as strings in constructed form, or unused bits that are not zero.
 */
static bool is_value_of(struct bytes der, const ASN1_ITEM *type)
{
	struct fields_place unused;

	return !fields_mismatch(der, type, &unused);
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
 * What has that tag under an EXPLICIT one, and its contents. 0; -ENODATA if something else comes,
 * or nothing; -EBADMSG.
 */
static int explicit_read(struct bytes *in, uint8_t explicit_tag, uint8_t tag, struct bytes *tlvp,
			 struct bytes *contentp)
{
	struct bytes outer, inside, tlv, content;
	uint8_t found;

	if (in->len == 0 || in->data[0] != explicit_tag)
		return -ENODATA;
	if (der_next(in, &found, &outer, &inside) || der_next(&inside, &found, &tlv, &content) ||
	    found != tag || inside.len)
		return -EBADMSG;
	*tlvp = tlv;
	*contentp = content;
	return 0;
}

/* --- the header --- */

/* A GeneralName that OpenSSL decodes; of the usual one that is known without trying. */
static int general_name_check(struct bytes name)
{
	const unsigned char *p = name.data;
	GENERAL_NAME *decoded;

	if (name_is_plain(cmp_directory_name(name)))
		return 0;
	if (!is_value_of(name, ASN1_ITEM_rptr(GENERAL_NAME)))
		return -EBADMSG;
	decoded = d2i_GENERAL_NAME(NULL, &p, (long)name.len);
	if (!decoded)
		return decode_error("decode a GeneralName");
	GENERAL_NAME_free(decoded);
	return p == name.data + name.len ? 0 : -EBADMSG;
}

static int general_name_read(struct bytes *in, struct bytes *namep)
{
	struct bytes content;
	uint8_t tag;

	return der_next(in, &tag, namep, &content) ? -EBADMSG : general_name_check(*namep);
}

/* -1: it is negative, or beyond an int64_t. */
static int64_t pvno_of(struct bytes content)
{
	int64_t pvno = 0;

	if (content.len > sizeof(pvno) || (content.data[0] & 0x80))
		return -1;
	for (size_t i = 0; i < content.len; i++)
		pvno = pvno << 8 | content.data[i];
	return pvno;
}

/* PKIFreeText ::= SEQUENCE SIZE (1..MAX) OF UTF8String */
static bool is_free_text(struct bytes list)
{
	bool valid = list.len > 0;
	struct bytes tlv, content;
	uint8_t tag;

	while (list.len && valid)
		valid = der_next(&list, &tag, &tlv, &content) == 0 && tag == TAG_UTF8_STRING;
	return valid;
}

static int algorithm_decode(struct bytes tlv, X509_ALGOR **algp)
{
	const unsigned char *p = tlv.data;

	*algp = d2i_X509_ALGOR(NULL, &p, (long)tlv.len);
	return *algp ? 0 : decode_error("decode protectionAlg");
}

/* SEQUENCE SIZE (1..MAX) OF InfoTypeAndValue */
static int general_info_decode(struct bytes list, STACK_OF(InfoTypeAndValue) * *infosp)
{
	struct bytes tlv, content;
	uint8_t tag;

	*infosp = sk_InfoTypeAndValue_new_null();
	if (!*infosp)
		return log_fault("decode generalInfo", -ENOMEM, NULL);
	if (!list.len)
		return -EBADMSG;
	while (list.len) {
		InfoTypeAndValue *info;
		const unsigned char *p;

		if (der_next(&list, &tag, &tlv, &content))
			return -EBADMSG;
		p = tlv.data;
		info = d2i_InfoTypeAndValue(NULL, &p, (long)tlv.len);
		if (!info)
			return decode_error("decode generalInfo");
		if (sk_InfoTypeAndValue_push(*infosp, info) <= 0) {
			InfoTypeAndValue_free(info);
			return log_fault("decode generalInfo", -ENOMEM, NULL);
		}
	}
	return 0;
}

/* What stands behind sender and recipient: all OPTIONAL, under EXPLICIT tags in this order. */
static int header_options_read(struct cmp_message *msg, struct bytes in)
{
	struct field {
		uint8_t tag;
		struct bytes tlv, content;
	} fields[] = {
		{.tag = TAG_GENERALIZED_TIME}, /* [0] messageTime */
		{.tag = TAG_SEQUENCE},         /* [1] protectionAlg */
		{.tag = TAG_OCTET_STRING},     /* [2] senderKID */
		{.tag = TAG_OCTET_STRING},     /* [3] recipKID */
		{.tag = TAG_OCTET_STRING},     /* [4] transactionID */
		{.tag = TAG_OCTET_STRING},     /* [5] senderNonce */
		{.tag = TAG_OCTET_STRING},     /* [6] recipNonce */
		{.tag = TAG_SEQUENCE},         /* [7] freeText */
		{.tag = TAG_SEQUENCE},         /* [8] generalInfo */
	};
	int err;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		err = explicit_read(&in, (uint8_t)(TAG_EXPLICIT_FIRST + i), fields[i].tag,
				    &fields[i].tlv, &fields[i].content);
		if (err == -EBADMSG)
			return err;
	}
	msg->message_time = fields[0].content;
	msg->sender_kid = fields[2].content;
	msg->transaction_id = fields[4].content;
	msg->sender_nonce = fields[5].content;
	msg->recip_nonce = fields[6].content;
	if (in.len || (fields[7].tlv.len && !is_free_text(fields[7].content)))
		return -EBADMSG;
	err = fields[1].tlv.len ? algorithm_decode(fields[1].tlv, &msg->protection_alg) : 0;
	return err || !fields[8].tlv.len
		       ? err
		       : general_info_decode(fields[8].content, &msg->general_info);
}

/* RFC 4210 5.1.1, PKIHeader, in octets that are DER. -EBADMSG: they are none. */
static int header_decode(struct cmp_message *msg)
{
	struct bytes in = msg->header_der, tlv, fields, pvno;
	uint8_t tag;
	int err;

	if (der_next(&in, &tag, &tlv, &fields) || der_next(&fields, &tag, &tlv, &pvno) ||
	    tag != TAG_INTEGER)
		return -EBADMSG;
	msg->pvno = pvno_of(pvno);
	err = general_name_read(&fields, &msg->sender);
	if (!err)
		err = general_name_read(&fields, &msg->recipient);
	return err ? err : header_options_read(msg, fields);
}

/* --- what follows it --- */

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
	struct bytes bits = BYTES_NULL, certs, tlv;
	int err = explicit_read(&in, TAG_PROTECTION, TAG_BIT_STRING, &tlv, &bits);

	if (err == -EBADMSG)
		return err;
	err = explicit_read(&in, TAG_EXTRA_CERTS, TAG_SEQUENCE, &tlv, &certs);
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
	X509_ALGOR_free(msg->protection_alg);
	sk_InfoTypeAndValue_pop_free(msg->general_info, InfoTypeAndValue_free);
	PKIBody_free(msg->body);
	free(msg->extra_certs);
	free(msg);
}

struct bytes cmp_message_extra_cert(const struct cmp_message *msg, size_t i)
{
	return i < msg->n_extra_certs ? msg->extra_certs[i] : BYTES_NULL;
}

struct bytes cmp_directory_name(struct bytes general_name)
{
	struct bytes tlv, name, content;
	uint8_t tag;

	if (der_next(&general_name, &tag, &tlv, &content) || tag != TAG_DIRECTORY_NAME ||
	    der_next(&content, &tag, &name, &tlv) || content.len)
		return BYTES_NULL;
	return name;
}

bool cmp_message_time_read(const struct cmp_message *msg, int64_t *msp)
{
	/* Borrowed: nothing writes to it. */
	const ASN1_TIME time = {.type = V_ASN1_GENERALIZEDTIME,
				.length = (int)msg->message_time.len,
				.data = (unsigned char *)(uintptr_t)msg->message_time.data};
	struct tm tm;

	if (!msg->message_time.data || ASN1_TIME_to_tm(&time, &tm) != 1) {
		ERR_clear_error();
		return false;
	}
	*msp = (int64_t)timegm(&tm) * 1000;
	return true;
}

const InfoTypeAndValue *cmp_message_general_info(const struct cmp_message *msg,
						 const ASN1_OBJECT *type)
{
	for (int i = 0; i < sk_InfoTypeAndValue_num(msg->general_info); i++) {
		const InfoTypeAndValue *info = sk_InfoTypeAndValue_value(msg->general_info, i);

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
	if (!msg->protection_alg)
		return CMP_PROTECTION_NONE;
	if (mac_algorithm_is_kem_based(msg->protection_alg->algorithm))
		return CMP_PROTECTION_KEM;
	return is_mac(msg->protection_alg->algorithm) ? CMP_PROTECTION_MAC
						      : CMP_PROTECTION_SIGNATURE;
}
