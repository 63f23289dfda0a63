// SPDX-License-Identifier: Apache-2.0
/*
 * Controls of RFC 4211 6, those that have a form of their own, and other attributes as they are.
 */
#include "value.h"

#include "asn1/der.h"

#include <openssl/err.h>
#include <string.h>

/* RFC 9810 5.3.19.16: what keySpec says, a kind of key and a length of RSA keys. */
#define OID_ALG_ID "1.3.6.1.5.5.7.5.1.11"

void explain_attribute(struct explain *e, const AttributeTypeAndValue *a)
{
	const unsigned char *p = NULL;
	X509_ALGOR *alg = NULL;
	char oid[128] = "";

	OBJ_obj2txt(oid, sizeof(oid), a->type, 1);
	if (!strcmp(oid, OID_ALG_ID) && ASN1_TYPE_get(a->value) == V_ASN1_SEQUENCE) {
		p = a->value->value.sequence->data;
		alg = d2i_X509_ALGOR(NULL, &p, a->value->value.sequence->length);
	}
	explain_object(e, "type", a->type);
	if (alg)
		explain_algorithm(e, "value", alg);
	else
		explain_value(e, "value", a->value);
	ERR_clear_error();
	X509_ALGOR_free(alg);
}

/* PKIArchiveOptions, RFC 4211 6.4 */
enum {
	TAG_ENCRYPTED_PRIV_KEY = 0xa0,
	TAG_KEY_GEN_PARAMETERS = 0x81,
	TAG_ARCHIVE_REM_GEN_PRIV_KEY = 0x82,
};

static struct bytes value_octets(const ASN1_TYPE *value)
{
	if (!value || (value->type != V_ASN1_OTHER && value->type != V_ASN1_SEQUENCE))
		return BYTES_NULL;
	return (struct bytes){value->value.asn1_string->data,
			      (size_t)value->value.asn1_string->length};
}

/* What is encrypted is not looked at. */
static void encrypted_key_explain(struct explain *e, struct bytes encrypted)
{
	explain_text(e, "encryptedPrivKey",
		     encrypted.len && encrypted.data[0] == 0xa0 ? "EnvelopedData"
								: "EncryptedValue");
	explain_number(e, "octets", (int64_t)encrypted.len);
}

static bool archive_explain(struct explain *e, const ASN1_TYPE *value)
{
	struct bytes in = value_octets(value), tlv, content;
	uint8_t tag;

	if (!in.len || der_next(&in, &tag, &tlv, &content) || in.len)
		return false;
	if (tag != TAG_ENCRYPTED_PRIV_KEY && tag != TAG_KEY_GEN_PARAMETERS &&
	    tag != TAG_ARCHIVE_REM_GEN_PRIV_KEY)
		return false;
	explain_begin(e, "pkiArchiveOptions");
	if (tag == TAG_ENCRYPTED_PRIV_KEY)
		encrypted_key_explain(e, content);
	else if (tag == TAG_KEY_GEN_PARAMETERS)
		explain_octets(e, "keyGenParameters", content);
	else
		explain_text(e, "archiveRemGenPrivKey",
			     content.len == 1 && content.data[0] ? "TRUE" : "FALSE");
	explain_end(e);
	return true;
}

static bool protocol_encr_key_explain(struct explain *e, const ASN1_TYPE *value)
{
	struct bytes der = value_octets(value);
	const unsigned char *p = der.data;
	SubjectPublicKeyInfo *spki =
		der.len ? d2i_SubjectPublicKeyInfo(NULL, &p, (long)der.len) : NULL;

	if (!spki)
		return false;
	explain_spki(e, "protocolEncrKey", spki);
	SubjectPublicKeyInfo_free(spki);
	return true;
}

static bool old_cert_id_explain(struct explain *e, const ASN1_TYPE *value)
{
	struct bytes der = value_octets(value);
	const unsigned char *p = der.data;
	CertId *id = der.len ? d2i_CertId(NULL, &p, (long)der.len) : NULL;

	if (!id)
		return false;
	explain_begin(e, "oldCertID");
	explain_general_name(e, "issuer", id->issuer);
	explain_serial(e, id->serialNumber);
	explain_end(e);
	CertId_free(id);
	return true;
}

static const struct {
	int nid;
	bool (*explain)(struct explain *e, const ASN1_TYPE *value);
} controls[] = {
	{NID_id_regCtrl_pkiArchiveOptions, archive_explain},
	{NID_id_regCtrl_protocolEncrKey, protocol_encr_key_explain},
	{NID_id_regCtrl_oldCertID, old_cert_id_explain},
};

void explain_control(struct explain *e, const AttributeTypeAndValue *control)
{
	int nid = OBJ_obj2nid(control->type);

	for (size_t i = 0; i < ARRAY_LEN(controls); i++)
		if (controls[i].nid == nid && controls[i].explain(e, control->value))
			return;
	/* Another, or one that is malformed. */
	explain_attribute(e, control);
}
