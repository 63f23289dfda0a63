// SPDX-License-Identifier: Apache-2.0
/*
 * Templates of CRMF (RFC 4211). PKIXCRMF has IMPLICIT TAGS; a tag on a CHOICE (Name, Time,
 * POPOPrivKey) is EXPLICIT all the same (X.680 31.2.7).
 */
#include "asn1/crmf.h"

/*
 * RFC 5280 4.1
 * SubjectPublicKeyInfo ::= SEQUENCE {
 *     algorithm         AlgorithmIdentifier,
 *     subjectPublicKey  BIT STRING }
 */
ASN1_SEQUENCE(SubjectPublicKeyInfo) = {
	ASN1_SIMPLE(SubjectPublicKeyInfo, algorithm, X509_ALGOR),
	ASN1_SIMPLE(SubjectPublicKeyInfo, subjectPublicKey, ASN1_BIT_STRING),
} ASN1_SEQUENCE_END(SubjectPublicKeyInfo) IMPLEMENT_ASN1_FUNCTIONS(SubjectPublicKeyInfo)

/*
 * RFC 4211 5
 * OptionalValidity ::= SEQUENCE {
 *     notBefore  [0] Time OPTIONAL,
 *     notAfter   [1] Time OPTIONAL } -- at least one MUST be present
 */
ASN1_SEQUENCE(OptionalValidity) = {
	ASN1_EXP_OPT(OptionalValidity, notBefore, ASN1_TIME, 0),
	ASN1_EXP_OPT(OptionalValidity, notAfter, ASN1_TIME, 1),
} ASN1_SEQUENCE_END(OptionalValidity) IMPLEMENT_ASN1_FUNCTIONS(OptionalValidity)

/*
 * RFC 4211 5
 * CertTemplate ::= SEQUENCE {
 *     version      [0] Version               OPTIONAL,
 *     serialNumber [1] INTEGER               OPTIONAL,
 *     signingAlg   [2] AlgorithmIdentifier   OPTIONAL,
 *     issuer       [3] Name                  OPTIONAL,
 *     validity     [4] OptionalValidity      OPTIONAL,
 *     subject      [5] Name                  OPTIONAL,
 *     publicKey    [6] SubjectPublicKeyInfo  OPTIONAL,
 *     issuerUID    [7] UniqueIdentifier      OPTIONAL,
 *     subjectUID   [8] UniqueIdentifier      OPTIONAL,
 *     extensions   [9] Extensions            OPTIONAL }
 */
ASN1_SEQUENCE(CertTemplate) = {
	ASN1_IMP_OPT(CertTemplate, version, ASN1_INTEGER, 0),
	ASN1_IMP_OPT(CertTemplate, serialNumber, ASN1_INTEGER, 1),
	ASN1_IMP_OPT(CertTemplate, signingAlg, X509_ALGOR, 2),
	ASN1_EXP_OPT(CertTemplate, issuer, X509_NAME, 3),
	ASN1_IMP_OPT(CertTemplate, validity, OptionalValidity, 4),
	ASN1_EXP_OPT(CertTemplate, subject, X509_NAME, 5),
	ASN1_IMP_OPT(CertTemplate, publicKey, SubjectPublicKeyInfo, 6),
	ASN1_IMP_OPT(CertTemplate, issuerUID, ASN1_BIT_STRING, 7),
	ASN1_IMP_OPT(CertTemplate, subjectUID, ASN1_BIT_STRING, 8),
	ASN1_IMP_SEQUENCE_OF_OPT(CertTemplate, extensions, X509_EXTENSION, 9),
} ASN1_SEQUENCE_END(CertTemplate) IMPLEMENT_ASN1_FUNCTIONS(CertTemplate)

/*
 * RFC 4211 3
 * AttributeTypeAndValue ::= SEQUENCE {
 *     type         OBJECT IDENTIFIER,
 *     value        ANY DEFINED BY type }
 */
ASN1_SEQUENCE(AttributeTypeAndValue) = {
	ASN1_SIMPLE(AttributeTypeAndValue, type, ASN1_OBJECT),
	ASN1_SIMPLE(AttributeTypeAndValue, value, ASN1_ANY),
} ASN1_SEQUENCE_END(AttributeTypeAndValue) IMPLEMENT_ASN1_FUNCTIONS(AttributeTypeAndValue)

/*
 * RFC 4211 6.5
 * CertId ::= SEQUENCE {
 *     issuer           GeneralName,
 *     serialNumber     INTEGER }
 */
ASN1_SEQUENCE(CertId) = {
	ASN1_SIMPLE(CertId, issuer, GENERAL_NAME),
	ASN1_SIMPLE(CertId, serialNumber, ASN1_INTEGER),
} ASN1_SEQUENCE_END(CertId) IMPLEMENT_ASN1_FUNCTIONS(CertId)

/*
 * RFC 4211 5
 * CertRequest ::= SEQUENCE {
 *     certReqId     INTEGER,
 *     certTemplate  CertTemplate,
 *     controls      Controls OPTIONAL }
 * Controls  ::= SEQUENCE SIZE(1..MAX) OF AttributeTypeAndValue
 */
ASN1_SEQUENCE_enc(CertRequest, enc, 0) = {
	ASN1_SIMPLE(CertRequest, certReqId, ASN1_INTEGER),
	ASN1_SIMPLE(CertRequest, certTemplate, CertTemplate),
	ASN1_SEQUENCE_OF_OPT(CertRequest, controls, AttributeTypeAndValue),
} ASN1_SEQUENCE_END_enc(CertRequest, CertRequest) IMPLEMENT_ASN1_FUNCTIONS(CertRequest)

struct bytes cert_request_der(const CertRequest *request)
{
	if (request->enc.modified || request->enc.len <= 0)
		return BYTES_NULL;
	return (struct bytes){request->enc.enc, (size_t)request->enc.len};
}

/*
 * RFC 4211 4.1
 * POPOSigningKey ::= SEQUENCE {
 *     poposkInput           [0] POPOSigningKeyInput OPTIONAL,
 *     algorithmIdentifier   AlgorithmIdentifier,
 *     signature             BIT STRING }
 */
ASN1_SEQUENCE(POPOSigningKey) = {
	ASN1_IMP_OPT(POPOSigningKey, poposkInput, ASN1_SEQUENCE, 0),
	ASN1_SIMPLE(POPOSigningKey, algorithmIdentifier, X509_ALGOR),
	ASN1_SIMPLE(POPOSigningKey, signature, ASN1_BIT_STRING),
} ASN1_SEQUENCE_END(POPOSigningKey) IMPLEMENT_ASN1_FUNCTIONS(POPOSigningKey)

/*
 * RFC 4211 4.1
 * PKMACValue ::= SEQUENCE {
 *     algId  AlgorithmIdentifier,
 *     value  BIT STRING }
 */
ASN1_SEQUENCE(PKMACValue) = {
	ASN1_SIMPLE(PKMACValue, algId, X509_ALGOR),
	ASN1_SIMPLE(PKMACValue, value, ASN1_BIT_STRING),
} ASN1_SEQUENCE_END(PKMACValue) IMPLEMENT_ASN1_FUNCTIONS(PKMACValue)

/*
 * RFC 4211 4.1
 * POPOSigningKeyInput ::= SEQUENCE {
 *     authInfo            CHOICE {
 *         sender              [0] GeneralName,
 *         publicKeyMAC        PKMACValue },
 *     publicKey           SubjectPublicKeyInfo }
 */
ASN1_CHOICE(POPOAuthInfo) = {
	ASN1_EXP(POPOAuthInfo, value.sender, GENERAL_NAME, 0),
	ASN1_SIMPLE(POPOAuthInfo, value.publicKeyMAC, PKMACValue),
} ASN1_CHOICE_END(POPOAuthInfo) IMPLEMENT_ASN1_FUNCTIONS(POPOAuthInfo)

ASN1_SEQUENCE(POPOSigningKeyInput) = {
	ASN1_SIMPLE(POPOSigningKeyInput, authInfo, POPOAuthInfo),
	ASN1_SIMPLE(POPOSigningKeyInput, publicKey, SubjectPublicKeyInfo),
} ASN1_SEQUENCE_END(POPOSigningKeyInput) IMPLEMENT_ASN1_FUNCTIONS(POPOSigningKeyInput)

/*
 * RFC 4211 4
 * POPOPrivKey ::= CHOICE {
 *     thisMessage       [0] BIT STRING,         -- deprecated
 *     subsequentMessage [1] SubsequentMessage,
 *     dhMAC             [2] BIT STRING,         -- deprecated
 *     agreeMAC          [3] PKMACValue,
 *     encryptedKey      [4] EnvelopedData }
 * SubsequentMessage ::= INTEGER { encrCert (0), challengeResp (1) }
 */
ASN1_CHOICE(POPOPrivKey) = {
	ASN1_IMP(POPOPrivKey, value.thisMessage, ASN1_BIT_STRING, 0),
	ASN1_IMP(POPOPrivKey, value.subsequentMessage, ASN1_INTEGER, 1),
	ASN1_IMP(POPOPrivKey, value.dhMAC, ASN1_BIT_STRING, 2),
	ASN1_IMP(POPOPrivKey, value.agreeMAC, ASN1_SEQUENCE, 3),
	ASN1_IMP(POPOPrivKey, value.encryptedKey, ASN1_SEQUENCE, 4),
} ASN1_CHOICE_END(POPOPrivKey) IMPLEMENT_ASN1_FUNCTIONS(POPOPrivKey)

/*
 * RFC 4211 4
 * ProofOfPossession ::= CHOICE {
 *     raVerified        [0] NULL,
 *     signature         [1] POPOSigningKey,
 *     keyEncipherment   [2] POPOPrivKey,
 *     keyAgreement      [3] POPOPrivKey }
 */
ASN1_CHOICE(ProofOfPossession) = {
	ASN1_IMP(ProofOfPossession, value.raVerified, ASN1_NULL, 0),
	ASN1_IMP(ProofOfPossession, value.signature, POPOSigningKey, 1),
	ASN1_EXP(ProofOfPossession, value.keyEncipherment, POPOPrivKey, 2),
	ASN1_EXP(ProofOfPossession, value.keyAgreement, POPOPrivKey, 3),
} ASN1_CHOICE_END(ProofOfPossession) IMPLEMENT_ASN1_FUNCTIONS(ProofOfPossession)

/*
 * RFC 4211 3
 * CertReqMsg ::= SEQUENCE {
 *     certReq   CertRequest,
 *     popo       ProofOfPossession  OPTIONAL,
 *     regInfo   SEQUENCE SIZE(1..MAX) OF AttributeTypeAndValue OPTIONAL }
 */
ASN1_SEQUENCE(CertReqMsg) = {
	ASN1_SIMPLE(CertReqMsg, certReq, CertRequest),
	ASN1_OPT(CertReqMsg, popo, ProofOfPossession),
	ASN1_SEQUENCE_OF_OPT(CertReqMsg, regInfo, AttributeTypeAndValue),
} ASN1_SEQUENCE_END(CertReqMsg) IMPLEMENT_ASN1_FUNCTIONS(CertReqMsg)

/* RFC 4211 3: CertReqMessages ::= SEQUENCE SIZE (1..MAX) OF CertReqMsg */
ASN1_ITEM_TEMPLATE(CertReqMessages) = ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SEQUENCE_OF, 0,
							    CertReqMessages, CertReqMsg)
	ASN1_ITEM_TEMPLATE_END(CertReqMessages)

	/*
	 * RFC 4211 4.4
	 * PBMParameter ::= SEQUENCE {
	 *     salt                OCTET STRING,
	 *     owf                 AlgorithmIdentifier,
	 *     iterationCount      INTEGER,
	 *     mac                 AlgorithmIdentifier }
	 */
	ASN1_SEQUENCE(PBMParameter) = {
		ASN1_SIMPLE(PBMParameter, salt, ASN1_OCTET_STRING),
		ASN1_SIMPLE(PBMParameter, owf, X509_ALGOR),
		ASN1_SIMPLE(PBMParameter, iterationCount, ASN1_INTEGER),
		ASN1_SIMPLE(PBMParameter, mac, X509_ALGOR),
} ASN1_SEQUENCE_END(PBMParameter) IMPLEMENT_ASN1_FUNCTIONS(PBMParameter)
