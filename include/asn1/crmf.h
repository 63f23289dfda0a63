// SPDX-License-Identifier: Apache-2.0
/*
 * CRMF (RFC 4211) wire types, from templates of our own: names and fields as in the RFC.
 * Types that OpenSSL exports (X509_ALGOR, X509_NAME, GENERAL_NAME, X509_EXTENSION) are reused.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/asn1t.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* SubjectPublicKeyInfo without X509_PUBKEY: that one sets up a decoder for the key at each parse.
 */
typedef struct SubjectPublicKeyInfo_st {
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *subjectPublicKey;
} SubjectPublicKeyInfo;
DECLARE_ASN1_FUNCTIONS(SubjectPublicKeyInfo)

typedef struct OptionalValidity_st {
	ASN1_TIME *notBefore;
	ASN1_TIME *notAfter;
} OptionalValidity;
DECLARE_ASN1_FUNCTIONS(OptionalValidity)

typedef struct CertTemplate_st {
	ASN1_INTEGER *version;
	ASN1_INTEGER *serialNumber;
	X509_ALGOR *signingAlg;
	X509_NAME *issuer;
	OptionalValidity *validity;
	X509_NAME *subject;
	SubjectPublicKeyInfo *publicKey;
	ASN1_BIT_STRING *issuerUID;
	ASN1_BIT_STRING *subjectUID;
	STACK_OF(X509_EXTENSION) * extensions;
} CertTemplate;
DECLARE_ASN1_FUNCTIONS(CertTemplate)

typedef struct AttributeTypeAndValue_st {
	ASN1_OBJECT *type;
	ASN1_TYPE *value;
} AttributeTypeAndValue;
DECLARE_ASN1_FUNCTIONS(AttributeTypeAndValue)
DEFINE_STACK_OF(AttributeTypeAndValue)

typedef struct CertId_st {
	GENERAL_NAME *issuer;
	ASN1_INTEGER *serialNumber;
} CertId;
DECLARE_ASN1_FUNCTIONS(CertId)
DEFINE_STACK_OF(CertId)

/* i2d gives the received octets while nothing is modified: the POP is computed over them. */
typedef struct CertRequest_st {
	ASN1_INTEGER *certReqId;
	CertTemplate *certTemplate;
	STACK_OF(AttributeTypeAndValue) * controls;
	ASN1_ENCODING enc;
} CertRequest;
DECLARE_ASN1_FUNCTIONS(CertRequest)
/* The received octets, over which the POP is computed; borrowed. Empty if it was not decoded. */
struct bytes cert_request_der(const CertRequest *request);

typedef struct POPOSigningKey_st {
	ASN1_STRING *poposkInput; /* [0] POPOSigningKeyInput, kept as received: TLV with tag A0 */
	X509_ALGOR *algorithmIdentifier;
	ASN1_BIT_STRING *signature;
} POPOSigningKey;
DECLARE_ASN1_FUNCTIONS(POPOSigningKey)

/* A MAC of the public key under a secret that requester and CA share. */
typedef struct PKMACValue_st {
	X509_ALGOR *algId;
	ASN1_BIT_STRING *value;
} PKMACValue;
DECLARE_ASN1_FUNCTIONS(PKMACValue)

/* Who asks, where the template does not say it. */
enum { POPO_AUTH_SENDER, POPO_AUTH_PUBLIC_KEY_MAC };
typedef struct POPOAuthInfo_st {
	int type;
	union {
		GENERAL_NAME *sender;
		PKMACValue *publicKeyMAC;
	} value;
} POPOAuthInfo;
DECLARE_ASN1_FUNCTIONS(POPOAuthInfo)

typedef struct POPOSigningKeyInput_st {
	POPOAuthInfo *authInfo;
	SubjectPublicKeyInfo *publicKey;
} POPOSigningKeyInput;
DECLARE_ASN1_FUNCTIONS(POPOSigningKeyInput)

/* Of a key that cannot sign, RFC 4211 4.2, 4.3. */
enum {
	POPO_PRIV_KEY_THIS_MESSAGE,
	POPO_PRIV_KEY_SUBSEQUENT_MESSAGE,
	POPO_PRIV_KEY_DH_MAC,
	POPO_PRIV_KEY_AGREE_MAC,
	POPO_PRIV_KEY_ENCRYPTED_KEY,
};
/* SubsequentMessage */
enum { POPO_SUBSEQUENT_ENCR_CERT = 0, POPO_SUBSEQUENT_CHALLENGE_RESP = 1 };
typedef struct POPOPrivKey_st {
	int type;
	union {
		ASN1_BIT_STRING *thisMessage;
		ASN1_INTEGER *subsequentMessage;
		ASN1_BIT_STRING *dhMAC;
		ASN1_STRING *agreeMAC;     /* [3] PKMACValue, kept as received: TLV with tag A3 */
		ASN1_STRING *encryptedKey; /* [4] EnvelopedData, kept as received: tag A4 */
	} value;
} POPOPrivKey;
DECLARE_ASN1_FUNCTIONS(POPOPrivKey)

enum { POPO_RA_VERIFIED, POPO_SIGNATURE, POPO_KEY_ENCIPHERMENT, POPO_KEY_AGREEMENT };
typedef struct ProofOfPossession_st {
	int type;
	union {
		ASN1_NULL *raVerified;
		POPOSigningKey *signature;
		POPOPrivKey *keyEncipherment;
		POPOPrivKey *keyAgreement;
	} value;
} ProofOfPossession;
DECLARE_ASN1_FUNCTIONS(ProofOfPossession)

typedef struct CertReqMsg_st {
	CertRequest *certReq;
	ProofOfPossession *popo;
	STACK_OF(AttributeTypeAndValue) * regInfo;
} CertReqMsg;
DECLARE_ASN1_FUNCTIONS(CertReqMsg)
DEFINE_STACK_OF(CertReqMsg)

typedef STACK_OF(CertReqMsg) CertReqMessages;
DECLARE_ASN1_ITEM(CertReqMessages)

/* Parameters of PasswordBasedMac. */
typedef struct PBMParameter_st {
	ASN1_OCTET_STRING *salt;
	X509_ALGOR *owf;
	ASN1_INTEGER *iterationCount;
	X509_ALGOR *mac;
} PBMParameter;
DECLARE_ASN1_FUNCTIONS(PBMParameter)
