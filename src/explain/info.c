// SPDX-License-Identifier: Apache-2.0
/*
 * Printing InfoTypeAndValue: what is known by its type, in the names of the RFCs; other values as
 * they are.
 */
#include "value.h"

#include "asn1/cmf_types.h"
#include "asn1/der.h"

#include <openssl/err.h>
#include <string.h>

/* Each prints a SEQUENCE and says whether it could. */
typedef bool info_explain(struct explain *e, struct bytes der);

/* RegisterRequest and RegisterResponse of our own profile, docs/cmp-profile.md. */
static bool register_request_explain(struct explain *e, struct bytes der)
{
	const unsigned char *p = der.data;
	RegisterRequest *request = d2i_RegisterRequest(NULL, &p, (long)der.len);

	if (!request)
		return false;
	explain_begin(e, "RegisterRequest");
	explain_string(e, "certType", request->certType);
	explain_free_text(e, "subjectId", request->subjectIds);
	explain_integer(e, "handling", request->handling);
	explain_string(e, "profile", request->profile);
	explain_string(e, "vnfInstanceId", request->vnfInstanceId);
	explain_end(e);
	RegisterRequest_free(request);
	return true;
}

static bool register_response_explain(struct explain *e, struct bytes der)
{
	const unsigned char *p = der.data;
	RegisterResponse *response = d2i_RegisterResponse(NULL, &p, (long)der.len);

	if (!response)
		return false;
	explain_begin(e, "RegisterResponse");
	explain_status_info(e, "status", response->status);
	explain_free_text(e, "subjectId", response->subjectIds);
	explain_end(e);
	RegisterResponse_free(response);
	return true;
}

/* RFC 9810 5.3.19.1, RFC 9483 4.3.2 */
static bool certificate_explain(struct explain *e, struct bytes der)
{
	explain_certificate(e, "certificate", der);
	return true;
}

/* RFC 9483 4.3.1 */
static bool certificates_explain(struct explain *e, struct bytes der)
{
	struct bytes in = der, tlv, certs, cert;
	uint8_t tag;

	if (der_next(&in, &tag, &tlv, &certs))
		return false;
	while (certs.len && !der_next(&certs, &tag, &cert, &tlv))
		explain_certificate(e, "certificate", cert);
	return true;
}

/* RFC 9810 5.3.19.15 */
static bool root_update_explain(struct explain *e, struct bytes der)
{
	const unsigned char *p = der.data;
	RootCaKeyUpdateContent *content = d2i_RootCaKeyUpdateContent(NULL, &p, (long)der.len);

	if (!content)
		return false;
	explain_certificate_value(e, "newWithNew", content->newWithNew);
	explain_certificate_value(e, "newWithOld", content->newWithOld);
	explain_certificate_value(e, "oldWithNew", content->oldWithNew);
	RootCaKeyUpdateContent_free(content);
	return true;
}

/* RFC 4210 5.3.19.5 */
static bool key_update_explain(struct explain *e, struct bytes der)
{
	const unsigned char *p = der.data;
	CAKeyUpdAnnContent *content = d2i_CAKeyUpdAnnContent(NULL, &p, (long)der.len);

	if (!content)
		return false;
	explain_certificate_value(e, "oldWithNew", content->oldWithNew);
	explain_certificate_value(e, "newWithOld", content->newWithOld);
	explain_certificate_value(e, "newWithNew", content->newWithNew);
	CAKeyUpdAnnContent_free(content);
	return true;
}

static bool crl_explain(struct explain *e, struct bytes der)
{
	explain_crl(e, "crl", der);
	return true;
}

/* --- lists --- */

/* Each element of a SEQUENCE by itself; what is none of its kind as octets. */
static bool elements_explain(struct explain *e, struct bytes der,
			     bool (*one)(struct explain *e, struct bytes tlv))
{
	struct bytes in = der, tlv, list, content;
	uint8_t tag;

	if (der_next(&in, &tag, &tlv, &list))
		return false;
	while (list.len && !der_next(&list, &tag, &tlv, &content))
		if (!one(e, tlv))
			explain_octets(e, "malformed", tlv);
	return true;
}

/* RFC 9810 5.3.19.4, 5.3.19.8 */
static bool algorithm_explain(struct explain *e, struct bytes der)
{
	const unsigned char *p = der.data;
	X509_ALGOR *alg = d2i_X509_ALGOR(NULL, &p, (long)der.len);

	if (!alg)
		return false;
	explain_algorithm(e, "algorithm", alg);
	X509_ALGOR_free(alg);
	return true;
}

/* RFC 9810 5.3.19.2, 5.3.19.3 */
static bool algorithms_explain(struct explain *e, struct bytes der)
{
	return elements_explain(e, der, algorithm_explain);
}

static bool value_explain(struct explain *e, struct bytes der)
{
	const unsigned char *p = der.data;
	ASN1_TYPE *value = d2i_ASN1_TYPE(NULL, &p, (long)der.len);

	if (!value)
		return false;
	explain_value(e, "value", value);
	ASN1_TYPE_free(value);
	return true;
}

/* RFC 9810 5.3.19.7, 5.3.19.13; certProfile, RFC 9480 2.15 */
static bool values_explain(struct explain *e, struct bytes der)
{
	return elements_explain(e, der, value_explain);
}

/* RFC 9483 4.3.4 */
static bool crls_explain(struct explain *e, struct bytes der)
{
	return elements_explain(e, der, crl_explain);
}

static bool crl_status_explain(struct explain *e, struct bytes der)
{
	const unsigned char *p = der.data;
	CRLStatus *status = d2i_CRLStatus(NULL, &p, (long)der.len);
	const GENERAL_NAMES *names = NULL;
	const char *source = "issuer";

	if (!status)
		return false;
	if (status->source->type == CRL_SOURCE_ISSUER) {
		names = status->source->value.issuer;
	} else {
		source = "distributionPoint";
		if (status->source->value.dpn->type == 0)
			names = status->source->value.dpn->name.fullname;
	}
	explain_begin(e, "CRLStatus");
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		explain_general_name(e, source, sk_GENERAL_NAME_value(names, i));
	explain_time(e, "thisUpdate", status->thisUpdate);
	explain_end(e);
	CRLStatus_free(status);
	return true;
}

static bool crl_status_list_explain(struct explain *e, struct bytes der)
{
	return elements_explain(e, der, crl_status_explain);
}

/* --- certReqTemplate, RFC 9483 4.3.3 --- */

static bool attribute_explain(struct explain *e, struct bytes der)
{
	const unsigned char *p = der.data;
	AttributeTypeAndValue *a = d2i_AttributeTypeAndValue(NULL, &p, (long)der.len);

	if (!a)
		return false;
	explain_attribute(e, a);
	AttributeTypeAndValue_free(a);
	return true;
}

static bool cert_req_template_explain(struct explain *e, struct bytes der)
{
	struct bytes in = der, tlv, content, ignored;
	const unsigned char *p;
	CertTemplate *t;
	uint8_t tag;

	if (der_next(&in, &tag, &tlv, &content) || der_next(&content, &tag, &tlv, &ignored))
		return false;
	p = tlv.data;
	t = d2i_CertTemplate(NULL, &p, (long)tlv.len);
	if (!t)
		return false;
	explain_template(e, "certTemplate", t);
	CertTemplate_free(t);
	if (!content.len)
		return true;
	explain_begin(e, "keySpec");
	if (!elements_explain(e, content, attribute_explain))
		explain_octets(e, "malformed", content);
	explain_end(e);
	return true;
}

/* RFC 9810 5.3.19.18: KemCiphertextInfo ::= SEQUENCE { kem AlgorithmIdentifier, ct OCTET STRING }
 */
static bool kem_ciphertext_explain(struct explain *e, struct bytes der)
{
	struct bytes in = der, tlv, content, ciphertext;
	const unsigned char *p;
	X509_ALGOR *kem;
	uint8_t tag;

	if (der_next(&in, &tag, &tlv, &content) || der_next(&content, &tag, &tlv, &in))
		return false;
	p = tlv.data;
	kem = d2i_X509_ALGOR(NULL, &p, (long)tlv.len);
	if (!kem)
		return false;
	explain_algorithm(e, "kem", kem);
	X509_ALGOR_free(kem);
	if (!der_next(&content, &tag, &tlv, &ciphertext) && tag == V_ASN1_OCTET_STRING)
		explain_octets(e, "ct", ciphertext);
	return true;
}

static const struct {
	const char *oid;
	info_explain *explain;
} known[] = {
	{OID_CMF_REGISTER_REQUEST, register_request_explain},
	{OID_CMF_REGISTER_RESPONSE, register_response_explain},
	{"1.3.6.1.5.5.7.4.1", certificate_explain},        /* caProtEncCert */
	{"1.3.6.1.5.5.7.4.2", algorithms_explain},         /* signKeyPairTypes */
	{"1.3.6.1.5.5.7.4.3", algorithms_explain},         /* encKeyPairTypes */
	{"1.3.6.1.5.5.7.4.4", algorithm_explain},          /* preferredSymmAlg */
	{"1.3.6.1.5.5.7.4.5", key_update_explain},         /* caKeyUpdateInfo */
	{"1.3.6.1.5.5.7.4.6", crl_explain},                /* currentCRL */
	{"1.3.6.1.5.5.7.4.7", values_explain},             /* unsupportedOIDs */
	{"1.3.6.1.5.5.7.4.11", algorithm_explain},         /* keyPairParamRep */
	{"1.3.6.1.5.5.7.4.16", values_explain},            /* suppLangTags */
	{"1.3.6.1.5.5.7.4.17", certificates_explain},      /* caCerts */
	{"1.3.6.1.5.5.7.4.18", root_update_explain},       /* rootCaKeyUpdate */
	{"1.3.6.1.5.5.7.4.19", cert_req_template_explain}, /* certReqTemplate */
	{"1.3.6.1.5.5.7.4.20", certificate_explain},       /* rootCaCert */
	{"1.3.6.1.5.5.7.4.21", values_explain},            /* certProfile */
	{"1.3.6.1.5.5.7.4.22", crl_status_list_explain},   /* crlStatusList */
	{"1.3.6.1.5.5.7.4.23", crls_explain},              /* crls */
	{"1.3.6.1.5.5.7.4.24", kem_ciphertext_explain},    /* KemCiphertextInfo */
};

static bool known_explain(struct explain *e, const InfoTypeAndValue *info)
{
	const ASN1_TYPE *value = info->infoValue;
	char oid[128] = "";

	if (!value || ASN1_TYPE_get(value) != V_ASN1_SEQUENCE)
		return false;
	OBJ_obj2txt(oid, sizeof(oid), info->infoType, 1);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(known[i].oid, oid) == 0)
			return known[i].explain(
				e, (struct bytes){value->value.sequence->data,
						  (size_t)value->value.sequence->length});
	}
	return false;
}

void explain_info(struct explain *e, const InfoTypeAndValue *info)
{
	explain_object(e, "infoType", info->infoType);
	e->depth++;
	if (!known_explain(e, info)) {
		ERR_clear_error();
		explain_value(e, "infoValue", info->infoValue);
	}
	e->depth--;
}
