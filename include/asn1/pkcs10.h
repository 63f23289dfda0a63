// SPDX-License-Identifier: Apache-2.0
/*
 * PKCS#10 (RFC 2986) wire types, from templates of our own: X509_REQ sets up a decoder for the key
 * at each parse, before any policy on keys was asked.
 */
#pragma once

#include "asn1/crmf.h"

/* Keeps its received octets: the signature is computed over them. */
typedef struct CertificationRequestInfo_st {
	ASN1_INTEGER *version;
	X509_NAME *subject;
	SubjectPublicKeyInfo *subjectPKInfo;
	STACK_OF(X509_ATTRIBUTE) * attributes;
	ASN1_ENCODING enc;
} CertificationRequestInfo;
DECLARE_ASN1_FUNCTIONS(CertificationRequestInfo)

typedef struct CertificationRequest_st {
	CertificationRequestInfo *certificationRequestInfo;
	X509_ALGOR *signatureAlgorithm;
	ASN1_BIT_STRING *signature;
} CertificationRequest;
DECLARE_ASN1_FUNCTIONS(CertificationRequest)

/* The received octets of certificationRequestInfo; borrowed. Empty if it was not decoded. */
struct bytes certification_request_info_der(const CertificationRequest *request);
/*
 * The extensions of the extensionRequest attribute (RFC 2985 5.4.2), under its OID or Microsoft's
 * (1.3.6.1.4.1.311.2.1.14). The caller owns *extensionsp (sk_X509_EXTENSION_pop_free). 0; -ENOENT
 * without the attribute; -EBADMSG if it is malformed or appears twice, whatever it is called.
 */
_must_check_ int certification_request_extensions(const CertificationRequest *request,
						  STACK_OF(X509_EXTENSION) * *extensionsp);
/*
 * Whether it has no other attributes, which could mean something to whoever reads it next; `known`
 * (may be NULL) says of a type that it is none of these.
 */
bool certification_request_is_plain(const CertificationRequest *request,
				    bool (*known)(const ASN1_OBJECT *type));
