// SPDX-License-Identifier: Apache-2.0
/*
 * Wire types of our own profile (docs/cmp-profile.md), under the arc
 * id-cmf = 2.25.222147897761693879604210948217677133715 (uuid
 * a72020fb-8a2d-4f11-bc86-f74a60f5b793).
 */
#pragma once

#include "asn1/pkimessage.h"

#define OID_CMF                    "2.25.222147897761693879604210948217677133715"
#define OID_CMF_CERT_TYPE          OID_CMF ".1"
#define OID_CMF_VNFC_ID            OID_CMF ".2"
#define OID_CMF_CERT_CHAIN_REQUEST OID_CMF ".3"
#define OID_CMF_VNF_INSTANCE_ID    OID_CMF ".4"
#define OID_CMF_REGISTER_REQUEST   OID_CMF ".10"
#define OID_CMF_REGISTER_RESPONSE  OID_CMF ".11"
#define OID_CMF_NONCE_REQUEST      OID_CMF ".12"
#define OID_CMF_NONCE_RESPONSE     OID_CMF ".13"

/* OIDs that OpenSSL 3.0 has no NID for. */
enum cmf_object {
	CMF_OBJECT_CERT_TYPE,
	CMF_OBJECT_VNFC_ID,
	CMF_OBJECT_CERT_CHAIN_REQUEST,
	CMF_OBJECT_VNF_INSTANCE_ID,
	CMF_OBJECT_REGISTER_REQUEST,
	CMF_OBJECT_REGISTER_RESPONSE,
	CMF_OBJECT_IT_CERT_PROFILE,        /* id-it 21, RFC 9480 2.15 */
	CMF_OBJECT_IT_ROOT_CA_CERT,        /* id-it 20, RFC 9480 2.14 */
	CMF_OBJECT_IT_CERT_REQ_TEMPLATE,   /* id-it 19, RFC 9480 2.16 */
	CMF_OBJECT_IT_CRL_STATUS_LIST,     /* id-it 22, RFC 9480 2.17 */
	CMF_OBJECT_IT_CRLS,                /* id-it 23, RFC 9480 2.17 */
	CMF_OBJECT_IT_KEM_CIPHERTEXT_INFO, /* id-it 24, RFC 9810 5.3.19.18 */
	CMF_OBJECT_COUNT,
};
/* The object, made once for the process and never freed; NULL out of memory. Thread-safe. */
const ASN1_OBJECT *cmf_object(enum cmf_object which);

enum { ATTESTER_PUBLIC_KEY = 0, ATTESTER_CERTIFICATE = 1, ATTESTER_CA_CERTIFICATES = 2 };

/* Each as the TLV of a SEQUENCE. */
typedef struct AttesterId_st {
	int type;
	union {
		ASN1_STRING *publicKey;   /* [0] SubjectPublicKeyInfo */
		ASN1_STRING *certificate; /* [1] Certificate */
		/* [2] SIZE (1..MAX) OF Certificate */
		STACK_OF(ASN1_STRING) * caCertificates;
	} value;
} AttesterId;
DECLARE_ASN1_FUNCTIONS(AttesterId)

typedef struct Attester_st {
	AttesterId *id;
	STACK_OF(ASN1_OBJECT) * statementTypes; /* SIZE (1..MAX) */
	ASN1_ENUMERATED *policy;                /* OPTIONAL: verify(1), require(2) */
} Attester;
DECLARE_ASN1_FUNCTIONS(Attester)

typedef struct RegisterRequest_st {
	ASN1_UTF8STRING *certType;
	STACK_OF(ASN1_UTF8STRING) * subjectIds;
	ASN1_ENUMERATED *handling;      /* OPTIONAL: direct(0), delegation(1) */
	ASN1_UTF8STRING *profile;       /* [0] OPTIONAL */
	Attester *attester;             /* [1] OPTIONAL: of all subjectIds */
	ASN1_UTF8STRING *vnfInstanceId; /* [2] OPTIONAL: of all subjectIds */
} RegisterRequest;
DECLARE_ASN1_FUNCTIONS(RegisterRequest)

typedef struct RegisterResponse_st {
	PKIStatusInfo *status;
	STACK_OF(ASN1_UTF8STRING) * subjectIds;
} RegisterResponse;
DECLARE_ASN1_FUNCTIONS(RegisterResponse)
