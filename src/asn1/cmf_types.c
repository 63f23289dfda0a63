// SPDX-License-Identifier: Apache-2.0
/*
 * Templates of our own profile (docs/cmp-profile.md) and its object identifiers.
 */
#include "asn1/cmf_types.h"

#include <openssl/objects.h>
#include <pthread.h>

/*
 * docs/cmp-profile.md; EXPLICIT TAGS, as in PKIXCMP
 * AttesterId ::= CHOICE {
 *     publicKey      [0] SubjectPublicKeyInfo,
 *     certificate    [1] Certificate,
 *     caCertificates [2] SEQUENCE SIZE (1..MAX) OF Certificate }
 *
 * The octets count, not what OpenSSL makes of them: they are kept as they came.
 */
ASN1_CHOICE(AttesterId) = {
	ASN1_EXP(AttesterId, value.publicKey, ASN1_SEQUENCE, 0),
	ASN1_EXP(AttesterId, value.certificate, ASN1_SEQUENCE, 1),
	ASN1_EXP_SEQUENCE_OF(AttesterId, value.caCertificates, ASN1_SEQUENCE, 2),
} ASN1_CHOICE_END(AttesterId) IMPLEMENT_ASN1_FUNCTIONS(AttesterId)

/*
 * Attester ::= SEQUENCE {
 *     id             AttesterId,
 *     statementTypes SEQUENCE SIZE (1..MAX) OF OBJECT IDENTIFIER,
 *     policy         ENUMERATED { verify(1), require(2) } OPTIONAL }
 */
ASN1_SEQUENCE(Attester) = {
	ASN1_SIMPLE(Attester, id, AttesterId),
	ASN1_SEQUENCE_OF(Attester, statementTypes, ASN1_OBJECT),
	ASN1_OPT(Attester, policy, ASN1_ENUMERATED),
} ASN1_SEQUENCE_END(Attester) IMPLEMENT_ASN1_FUNCTIONS(Attester)

/*
 * docs/cmp-profile.md; EXPLICIT TAGS, as in PKIXCMP
 * RegisterRequest  ::= SEQUENCE {
 *     certType      UTF8String,
 *     subjectIds    SEQUENCE SIZE (1..MAX) OF UTF8String,
 *     handling      ENUMERATED { direct(0), delegation(1) } OPTIONAL,
 *     profile   [0] UTF8String OPTIONAL,
 *     attester  [1] Attester OPTIONAL,
 *     vnfInstanceId [2] UTF8String OPTIONAL, ... }
 */
ASN1_SEQUENCE(RegisterRequest) = {
	ASN1_SIMPLE(RegisterRequest, certType, ASN1_UTF8STRING),
	ASN1_SEQUENCE_OF(RegisterRequest, subjectIds, ASN1_UTF8STRING),
	ASN1_OPT(RegisterRequest, handling, ASN1_ENUMERATED),
	ASN1_EXP_OPT(RegisterRequest, profile, ASN1_UTF8STRING, 0),
	ASN1_EXP_OPT(RegisterRequest, attester, Attester, 1),
	ASN1_EXP_OPT(RegisterRequest, vnfInstanceId, ASN1_UTF8STRING, 2),
} ASN1_SEQUENCE_END(RegisterRequest) IMPLEMENT_ASN1_FUNCTIONS(RegisterRequest)

/*
 * docs/cmp-profile.md
 * RegisterResponse ::= SEQUENCE {
 *     status        PKIStatusInfo,
 *     subjectIds    SEQUENCE OF UTF8String }
 */
ASN1_SEQUENCE(RegisterResponse) = {
	ASN1_SIMPLE(RegisterResponse, status, PKIStatusInfo),
	ASN1_SEQUENCE_OF(RegisterResponse, subjectIds, ASN1_UTF8STRING),
} ASN1_SEQUENCE_END(RegisterResponse) IMPLEMENT_ASN1_FUNCTIONS(RegisterResponse)

static const char *const object_texts[CMF_OBJECT_COUNT] = {
	[CMF_OBJECT_CERT_TYPE] = OID_CMF_CERT_TYPE,
	[CMF_OBJECT_VNFC_ID] = OID_CMF_VNFC_ID,
	[CMF_OBJECT_CERT_CHAIN_REQUEST] = OID_CMF_CERT_CHAIN_REQUEST,
	[CMF_OBJECT_VNF_INSTANCE_ID] = OID_CMF_VNF_INSTANCE_ID,
	[CMF_OBJECT_REGISTER_REQUEST] = OID_CMF_REGISTER_REQUEST,
	[CMF_OBJECT_REGISTER_RESPONSE] = OID_CMF_REGISTER_RESPONSE,
	[CMF_OBJECT_IT_CERT_PROFILE] = "1.3.6.1.5.5.7.4.21",
	[CMF_OBJECT_IT_ROOT_CA_CERT] = "1.3.6.1.5.5.7.4.20",
	[CMF_OBJECT_IT_CERT_REQ_TEMPLATE] = "1.3.6.1.5.5.7.4.19",
	[CMF_OBJECT_IT_CRL_STATUS_LIST] = "1.3.6.1.5.5.7.4.22",
	[CMF_OBJECT_IT_CRLS] = "1.3.6.1.5.5.7.4.23",
	[CMF_OBJECT_IT_KEM_CIPHERTEXT_INFO] = "1.3.6.1.5.5.7.4.24",
};

/* Constants of the program that need a parse: written once, under pthread_once. */
static ASN1_OBJECT *objects[CMF_OBJECT_COUNT];
static pthread_once_t objects_once = PTHREAD_ONCE_INIT;

static void objects_make(void)
{
	for (size_t i = 0; i < CMF_OBJECT_COUNT; i++)
		objects[i] = OBJ_txt2obj(object_texts[i], 1);
}

const ASN1_OBJECT *cmf_object(enum cmf_object which)
{
	pthread_once(&objects_once, objects_make);
	return objects[which];
}
