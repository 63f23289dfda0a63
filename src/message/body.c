// SPDX-License-Identifier: Apache-2.0
/*
 * Empty bodies and PKIStatusInfo, for whoever makes a message: they are filled in there, and
 * encoded by encode.c.
 */
#include "message.h"

#include <string.h>

/* The value of an alternative, empty; NULL out of memory. */
static void *body_value_new(enum pki_body_type type)
{
	switch (type) {
	case PKI_BODY_IR:
	case PKI_BODY_CR:
	case PKI_BODY_KUR:
	case PKI_BODY_KRR:
	case PKI_BODY_CCR:
		return sk_CertReqMsg_new_null();
	case PKI_BODY_IP:
	case PKI_BODY_CP:
	case PKI_BODY_KUP:
	case PKI_BODY_CCP:
		return CertRepMessage_new();
	case PKI_BODY_P10CR:
		return CertificationRequest_new();
	case PKI_BODY_RR:
		return sk_RevDetails_new_null();
	case PKI_BODY_RP:
		return RevRepContent_new();
	case PKI_BODY_PKICONF:
		return ASN1_NULL_new();
	case PKI_BODY_GENM:
	case PKI_BODY_GENP:
		return sk_InfoTypeAndValue_new_null();
	case PKI_BODY_ERROR:
		return ErrorMsgContent_new();
	case PKI_BODY_CERTCONF:
		return sk_CertStatus_new_null();
	case PKI_BODY_POLLREQ:
		return sk_PollReq_new_null();
	case PKI_BODY_POLLREP:
		return sk_PollRep_new_null();
	case PKI_BODY_POPDECC:
		return sk_Challenge_new_null();
	case PKI_BODY_POPDECR:
		return sk_ASN1_INTEGER_new_null();
	case PKI_BODY_KRP:
		return KeyRecRepContent_new();
	case PKI_BODY_CKUANN:
		return CAKeyUpdContent_new();
	case PKI_BODY_CANN:
		return ASN1_TYPE_new();
	case PKI_BODY_RANN:
		return RevAnnContent_new();
	case PKI_BODY_CRLANN:
	case PKI_BODY_NESTED:
		return sk_ASN1_TYPE_new_null();
	case PKI_BODY_COUNT:
	default:
		return NULL;
	}
}

PKIBody *cmp_body_new(enum pki_body_type type)
{
	PKIBody *body = PKIBody_new();
	void *value = body ? body_value_new(type) : NULL;

	if (!value) {
		PKIBody_free(body);
		return NULL;
	}
	body->type = type;
	/* All alternatives are pointers in one union. */
	memcpy(&body->value, &value, sizeof(value));
	return body;
}

PKIBody *cmp_cert_req_body_new(enum pki_body_type type, struct bytes cert_req_msg)
{
	const unsigned char *p = cert_req_msg.data;
	CertReqMsg *msg = d2i_CertReqMsg(NULL, &p, (long)cert_req_msg.len);
	PKIBody *body = cmp_body_new(type);

	if (!body || !msg || sk_CertReqMsg_push(body->value.certReqMessages, msg) <= 0) {
		CertReqMsg_free(msg);
		PKIBody_free(body);
		return NULL;
	}
	return body;
}

static bool free_text_add(STACK_OF(ASN1_UTF8STRING) * *textsp, const char *text)
{
	ASN1_UTF8STRING *s = ASN1_UTF8STRING_new();

	if (!*textsp)
		*textsp = sk_ASN1_UTF8STRING_new_null();
	if (s && *textsp && ASN1_STRING_set(s, text, -1) && sk_ASN1_UTF8STRING_push(*textsp, s))
		return true;
	ASN1_UTF8STRING_free(s);
	return false;
}

PKIStatusInfo *cmp_status_info_new(int status, const char *text, int failinfo)
{
	PKIStatusInfo *info = PKIStatusInfo_new();

	if (!info || !ASN1_INTEGER_set(info->status, status))
		goto fail;
	if (text && !free_text_add(&info->statusString, text))
		goto fail;
	if (failinfo >= 0) {
		info->failInfo = ASN1_BIT_STRING_new();
		if (!info->failInfo || !ASN1_BIT_STRING_set_bit(info->failInfo, failinfo, 1))
			goto fail;
	}
	return info;
fail:
	PKIStatusInfo_free(info);
	return NULL;
}

PKIBody *cmp_error_body_new(int status, const char *text, int failinfo)
{
	PKIBody *body = cmp_body_new(PKI_BODY_ERROR);
	PKIStatusInfo *info = cmp_status_info_new(status, text, failinfo);

	if (!body || !info) {
		PKIBody_free(body);
		PKIStatusInfo_free(info);
		return NULL;
	}
	PKIStatusInfo_free(body->value.error->pKIStatusInfo);
	body->value.error->pKIStatusInfo = info;
	return body;
}
