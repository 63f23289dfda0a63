// SPDX-License-Identifier: Apache-2.0
/*
 * CMP (RFC 4210, 9480, 9810) wire types, from templates of our own: names and fields as in the
 * RFC. Of a message that is received message/decode.c reads the header without the template here,
 * and decodes the body. Certificates, CRLs and the messages of a nested one stay as received.
 */
#pragma once

#include "asn1/pkcs10.h"

typedef STACK_OF(ASN1_UTF8STRING) PKIFreeText;

typedef struct InfoTypeAndValue_st {
	ASN1_OBJECT *infoType;
	ASN1_TYPE *infoValue; /* OPTIONAL */
} InfoTypeAndValue;
DECLARE_ASN1_FUNCTIONS(InfoTypeAndValue)
DEFINE_STACK_OF(InfoTypeAndValue)

typedef struct PKIHeader_st {
	ASN1_INTEGER *pvno;
	GENERAL_NAME *sender;
	GENERAL_NAME *recipient;
	ASN1_GENERALIZEDTIME *messageTime;
	X509_ALGOR *protectionAlg;
	ASN1_OCTET_STRING *senderKID;
	ASN1_OCTET_STRING *recipKID;
	ASN1_OCTET_STRING *transactionID;
	ASN1_OCTET_STRING *senderNonce;
	ASN1_OCTET_STRING *recipNonce;
	STACK_OF(ASN1_UTF8STRING) * freeText;
	STACK_OF(InfoTypeAndValue) * generalInfo;
} PKIHeader;
DECLARE_ASN1_FUNCTIONS(PKIHeader)

typedef struct PKIStatusInfo_st {
	ASN1_INTEGER *status;
	STACK_OF(ASN1_UTF8STRING) * statusString;
	ASN1_BIT_STRING *failInfo;
} PKIStatusInfo;
DECLARE_ASN1_FUNCTIONS(PKIStatusInfo)
DEFINE_STACK_OF(PKIStatusInfo)

enum { CERT_OR_ENC_CERT_CERTIFICATE, CERT_OR_ENC_CERT_ENCRYPTED };
typedef struct CertOrEncCert_st {
	int type;
	union {
		ASN1_TYPE *certificate; /* Certificate, kept as received */
		ASN1_TYPE *encryptedCert;
	} value;
} CertOrEncCert;
DECLARE_ASN1_FUNCTIONS(CertOrEncCert)

typedef struct CertifiedKeyPair_st {
	CertOrEncCert *certOrEncCert;
	ASN1_TYPE *privateKey;
	ASN1_TYPE *publicationInfo;
} CertifiedKeyPair;
DECLARE_ASN1_FUNCTIONS(CertifiedKeyPair)
DEFINE_STACK_OF(CertifiedKeyPair)

typedef struct CertResponse_st {
	ASN1_INTEGER *certReqId;
	PKIStatusInfo *status;
	CertifiedKeyPair *certifiedKeyPair;
	ASN1_OCTET_STRING *rspInfo;
} CertResponse;
DECLARE_ASN1_FUNCTIONS(CertResponse)
DEFINE_STACK_OF(CertResponse)

typedef struct CertRepMessage_st {
	STACK_OF(ASN1_TYPE) * caPubs; /* Certificates */
	STACK_OF(CertResponse) * response;
} CertRepMessage;
DECLARE_ASN1_FUNCTIONS(CertRepMessage)

typedef struct CertStatus_st {
	ASN1_OCTET_STRING *certHash;
	ASN1_INTEGER *certReqId;
	PKIStatusInfo *statusInfo;
	X509_ALGOR *hashAlg;
} CertStatus;
DECLARE_ASN1_FUNCTIONS(CertStatus)
DEFINE_STACK_OF(CertStatus)

typedef struct RevDetails_st {
	CertTemplate *certDetails;
	STACK_OF(X509_EXTENSION) * crlEntryDetails;
} RevDetails;
DECLARE_ASN1_FUNCTIONS(RevDetails)
DEFINE_STACK_OF(RevDetails)

typedef struct RevRepContent_st {
	STACK_OF(PKIStatusInfo) * status;
	STACK_OF(CertId) * revCerts;
	STACK_OF(X509_CRL) * crls;
} RevRepContent;
DECLARE_ASN1_FUNCTIONS(RevRepContent)

typedef struct ErrorMsgContent_st {
	PKIStatusInfo *pKIStatusInfo;
	ASN1_INTEGER *errorCode;
	STACK_OF(ASN1_UTF8STRING) * errorDetails;
} ErrorMsgContent;
DECLARE_ASN1_FUNCTIONS(ErrorMsgContent)

typedef struct PollReq_st {
	ASN1_INTEGER *certReqId;
} PollReq;
DECLARE_ASN1_FUNCTIONS(PollReq)
DEFINE_STACK_OF(PollReq)

typedef struct PollRep_st {
	ASN1_INTEGER *certReqId;
	ASN1_INTEGER *checkAfter; /* seconds */
	STACK_OF(ASN1_UTF8STRING) * reason;
} PollRep;
DECLARE_ASN1_FUNCTIONS(PollRep)
DEFINE_STACK_OF(PollRep)

/* A proof of possession by decryption, RFC 9810 5.2.8.3. */
typedef struct Challenge_st {
	X509_ALGOR *owf;
	ASN1_OCTET_STRING *witness;
	ASN1_OCTET_STRING *challenge;
	ASN1_TYPE *encryptedRand; /* EnvelopedData */
} Challenge;
DECLARE_ASN1_FUNCTIONS(Challenge)
DEFINE_STACK_OF(Challenge)

/* What a challenge holds encrypted. */
typedef struct Rand_st {
	ASN1_INTEGER *integer;
	GENERAL_NAME *sender;
} Rand;
DECLARE_ASN1_FUNCTIONS(Rand)

typedef struct KeyRecRepContent_st {
	PKIStatusInfo *status;
	ASN1_TYPE *newSigCert;         /* Certificate */
	STACK_OF(ASN1_TYPE) * caCerts; /* Certificates */
	STACK_OF(CertifiedKeyPair) * keyPairHist;
} KeyRecRepContent;
DECLARE_ASN1_FUNCTIONS(KeyRecRepContent)

/* Certificates are kept as received. */
typedef struct CAKeyUpdAnnContent_st {
	ASN1_TYPE *oldWithNew;
	ASN1_TYPE *newWithOld;
	ASN1_TYPE *newWithNew;
} CAKeyUpdAnnContent;
DECLARE_ASN1_FUNCTIONS(CAKeyUpdAnnContent)

typedef struct RootCaKeyUpdateContent_st {
	ASN1_TYPE *newWithNew;
	ASN1_TYPE *newWithOld; /* OPTIONAL */
	ASN1_TYPE *oldWithNew; /* OPTIONAL */
} RootCaKeyUpdateContent;
DECLARE_ASN1_FUNCTIONS(RootCaKeyUpdateContent)

enum { CA_KEY_UPD_ANN_V2, CA_KEY_UPD_ANN_V3 };
typedef struct CAKeyUpdContent_st {
	int type;
	union {
		CAKeyUpdAnnContent *cAKeyUpdAnnV2;
		RootCaKeyUpdateContent *cAKeyUpdAnnV3;
	} value;
} CAKeyUpdContent;
DECLARE_ASN1_FUNCTIONS(CAKeyUpdContent)

enum { CRL_SOURCE_DPN, CRL_SOURCE_ISSUER };
typedef struct CRLSource_st {
	int type;
	union {
		DIST_POINT_NAME *dpn;
		GENERAL_NAMES *issuer;
	} value;
} CRLSource;
DECLARE_ASN1_FUNCTIONS(CRLSource)

typedef struct CRLStatus_st {
	CRLSource *source;
	ASN1_TIME *thisUpdate; /* OPTIONAL */
} CRLStatus;
DECLARE_ASN1_FUNCTIONS(CRLStatus)
DEFINE_STACK_OF(CRLStatus)
typedef STACK_OF(CRLStatus) CRLStatusList;
DECLARE_ASN1_ITEM(CRLStatusList)

typedef struct RevAnnContent_st {
	ASN1_INTEGER *status;
	CertId *certId;
	ASN1_GENERALIZEDTIME *willBeRevokedAt;
	ASN1_GENERALIZEDTIME *badSinceDate;
	STACK_OF(X509_EXTENSION) * crlDetails;
} RevAnnContent;
DECLARE_ASN1_FUNCTIONS(RevAnnContent)

/* PKIBody tags = alternatives of the CHOICE, RFC 4210 5.1.2. */
enum pki_body_type {
	PKI_BODY_IR = 0,
	PKI_BODY_IP = 1,
	PKI_BODY_CR = 2,
	PKI_BODY_CP = 3,
	PKI_BODY_P10CR = 4,
	PKI_BODY_POPDECC = 5,
	PKI_BODY_POPDECR = 6,
	PKI_BODY_KUR = 7,
	PKI_BODY_KUP = 8,
	PKI_BODY_KRR = 9,
	PKI_BODY_KRP = 10,
	PKI_BODY_RR = 11,
	PKI_BODY_RP = 12,
	PKI_BODY_CCR = 13,
	PKI_BODY_CCP = 14,
	PKI_BODY_CKUANN = 15,
	PKI_BODY_CANN = 16,
	PKI_BODY_RANN = 17,
	PKI_BODY_CRLANN = 18,
	PKI_BODY_PKICONF = 19,
	PKI_BODY_NESTED = 20,
	PKI_BODY_GENM = 21,
	PKI_BODY_GENP = 22,
	PKI_BODY_ERROR = 23,
	PKI_BODY_CERTCONF = 24,
	PKI_BODY_POLLREQ = 25,
	PKI_BODY_POLLREP = 26,
	PKI_BODY_COUNT = 27,
};

typedef struct PKIBody_st {
	int type; /* enum pki_body_type */
	union {
		CertReqMessages *certReqMessages; /* ir, cr, kur, krr, ccr */
		CertRepMessage *certRepMessage;   /* ip, cp, kup, ccp */
		CertificationRequest *p10cr;
		STACK_OF(Challenge) * popdecc;
		STACK_OF(ASN1_INTEGER) * popdecr;
		KeyRecRepContent *krp;
		STACK_OF(RevDetails) * rr;
		RevRepContent *rp;
		CAKeyUpdContent *ckuann;
		ASN1_TYPE *cann; /* Certificate, kept as received */
		RevAnnContent *rann;
		STACK_OF(ASN1_TYPE) * crlann; /* CertificateLists, kept as received */
		ASN1_NULL *pkiconf;
		STACK_OF(ASN1_TYPE) * nested;        /* PKIMessages, kept as received */
		STACK_OF(InfoTypeAndValue) * genmsg; /* genm, genp */
		ErrorMsgContent *error;
		STACK_OF(CertStatus) * certConf;
		STACK_OF(PollReq) * pollReq;
		STACK_OF(PollRep) * pollRep;
	} value;
} PKIBody;
DECLARE_ASN1_FUNCTIONS(PKIBody)

/* RFC's name of a body type, as "certConf"; "unknown" outside 0..26. */
const char *pki_body_type_name(int type);
