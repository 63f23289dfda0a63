// SPDX-License-Identifier: Apache-2.0
/*
 * Templates of PKCS#10 (RFC 2986). Its signature is verified by whoever asks for the certificate.
 */
#include "asn1/pkcs10.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>

/*
 * RFC 2986 4.1
 * CertificationRequestInfo ::= SEQUENCE {
 *     version       INTEGER { v1(0) } (v1,...),
 *     subject       Name,
 *     subjectPKInfo SubjectPublicKeyInfo,
 *     attributes    [0] Attributes }
 * Attributes ::= SET OF Attribute, in a module of IMPLICIT TAGS. Some encoders leave an empty
 * set out, so it is OPTIONAL here.
 */
ASN1_SEQUENCE_enc(CertificationRequestInfo, enc, 0) =
	{
		ASN1_SIMPLE(CertificationRequestInfo, version, ASN1_INTEGER),
		ASN1_SIMPLE(CertificationRequestInfo, subject, X509_NAME),
		ASN1_SIMPLE(CertificationRequestInfo, subjectPKInfo, SubjectPublicKeyInfo),
		ASN1_IMP_SET_OF_OPT(CertificationRequestInfo, attributes, X509_ATTRIBUTE, 0),
} ASN1_SEQUENCE_END_enc(CertificationRequestInfo, CertificationRequestInfo)
		IMPLEMENT_ASN1_FUNCTIONS(CertificationRequestInfo)

/*
 * RFC 2986 4.2
 * CertificationRequest ::= SEQUENCE {
 *     certificationRequestInfo CertificationRequestInfo,
 *     signatureAlgorithm AlgorithmIdentifier,
 *     signature          BIT STRING }
 */
ASN1_SEQUENCE(CertificationRequest) = {
	ASN1_SIMPLE(CertificationRequest, certificationRequestInfo, CertificationRequestInfo),
	ASN1_SIMPLE(CertificationRequest, signatureAlgorithm, X509_ALGOR),
	ASN1_SIMPLE(CertificationRequest, signature, ASN1_BIT_STRING),
} ASN1_SEQUENCE_END(CertificationRequest) IMPLEMENT_ASN1_FUNCTIONS(CertificationRequest)

struct bytes certification_request_info_der(const CertificationRequest *request)
{
	const ASN1_ENCODING *enc = &request->certificationRequestInfo->enc;

	if (enc->modified || enc->len <= 0)
		return BYTES_NULL;
	return (struct bytes){enc->enc, (size_t)enc->len};
}

/* The one value of the attribute, RFC 2985 5.4.2: extensionRequest is SINGLE VALUE TRUE. */
static int extension_request_parse(X509_ATTRIBUTE *attribute,
				   STACK_OF(X509_EXTENSION) * *extensionsp)
{
	ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
	STACK_OF(X509_EXTENSION) * extensions;
	const unsigned char *p, *end;

	if (X509_ATTRIBUTE_count(attribute) != 1 || !value || value->type != V_ASN1_SEQUENCE)
		return -EBADMSG;
	p = value->value.sequence->data;
	end = p + value->value.sequence->length;
	extensions = d2i_X509_EXTENSIONS(NULL, &p, value->value.sequence->length);
	if (!extensions || p != end) {
		sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
		ERR_clear_error();
		return -EBADMSG;
	}
	*extensionsp = extensions;
	return 0;
}

/*
 * extensionRequest, or what Microsoft had before it: clients send one or the other, and CAs read
 * both, so an upstream CA may, too.
 */
static bool is_extension_request(X509_ATTRIBUTE *attribute)
{
	int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute));

	return nid == NID_ext_req || nid == NID_ms_ext_req;
}

int certification_request_extensions(const CertificationRequest *request,
				     STACK_OF(X509_EXTENSION) * *extensionsp)
{
	const STACK_OF(X509_ATTRIBUTE) *attributes = request->certificationRequestInfo->attributes;
	X509_ATTRIBUTE *found = NULL;

	for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); i++) {
		X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(attributes, i);

		if (!is_extension_request(attribute))
			continue;
		if (found)
			return -EBADMSG;
		found = attribute;
	}
	return found ? extension_request_parse(found, extensionsp) : -ENOENT;
}

bool certification_request_is_plain(const CertificationRequest *request,
				    bool (*known)(const ASN1_OBJECT *type))
{
	const STACK_OF(X509_ATTRIBUTE) *attributes = request->certificationRequestInfo->attributes;

	for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); i++) {
		X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(attributes, i);

		if (!is_extension_request(attribute) &&
		    !(known && known(X509_ATTRIBUTE_get0_object(attribute))))
			return false;
	}
	return true;
}
