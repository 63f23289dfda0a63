// SPDX-License-Identifier: Apache-2.0
/*
 * Templates of CMP (RFC 4210, 9480, 9810). PKIXCMP has EXPLICIT TAGS. Certificates and everything
 * that is not served stay ANY, as received.
 */
#include "asn1/pkimessage.h"

/*
 * RFC 4210 5.1.1
 * InfoTypeAndValue ::= SEQUENCE {
 *     infoType               OBJECT IDENTIFIER,
 *     infoValue              ANY DEFINED BY infoType  OPTIONAL }
 */
ASN1_SEQUENCE(InfoTypeAndValue) = {
	ASN1_SIMPLE(InfoTypeAndValue, infoType, ASN1_OBJECT),
	ASN1_OPT(InfoTypeAndValue, infoValue, ASN1_ANY),
} ASN1_SEQUENCE_END(InfoTypeAndValue) IMPLEMENT_ASN1_FUNCTIONS(InfoTypeAndValue)

/*
 * RFC 4210 5.1.1
 * PKIHeader ::= SEQUENCE {
 *     pvno                INTEGER     { cmp1999(1), cmp2000(2), cmp2021(3) },
 *     sender              GeneralName,
 *     recipient           GeneralName,
 *     messageTime     [0] GeneralizedTime         OPTIONAL,
 *     protectionAlg   [1] AlgorithmIdentifier     OPTIONAL,
 *     senderKID       [2] KeyIdentifier           OPTIONAL,
 *     recipKID        [3] KeyIdentifier           OPTIONAL,
 *     transactionID   [4] OCTET STRING            OPTIONAL,
 *     senderNonce     [5] OCTET STRING            OPTIONAL,
 *     recipNonce      [6] OCTET STRING            OPTIONAL,
 *     freeText        [7] PKIFreeText             OPTIONAL,
 *     generalInfo     [8] SEQUENCE SIZE (1..MAX) OF InfoTypeAndValue OPTIONAL }
 * PKIFreeText ::= SEQUENCE SIZE (1..MAX) OF UTF8String
 */
ASN1_SEQUENCE(PKIHeader) = {
	ASN1_SIMPLE(PKIHeader, pvno, ASN1_INTEGER),
	ASN1_SIMPLE(PKIHeader, sender, GENERAL_NAME),
	ASN1_SIMPLE(PKIHeader, recipient, GENERAL_NAME),
	ASN1_EXP_OPT(PKIHeader, messageTime, ASN1_GENERALIZEDTIME, 0),
	ASN1_EXP_OPT(PKIHeader, protectionAlg, X509_ALGOR, 1),
	ASN1_EXP_OPT(PKIHeader, senderKID, ASN1_OCTET_STRING, 2),
	ASN1_EXP_OPT(PKIHeader, recipKID, ASN1_OCTET_STRING, 3),
	ASN1_EXP_OPT(PKIHeader, transactionID, ASN1_OCTET_STRING, 4),
	ASN1_EXP_OPT(PKIHeader, senderNonce, ASN1_OCTET_STRING, 5),
	ASN1_EXP_OPT(PKIHeader, recipNonce, ASN1_OCTET_STRING, 6),
	ASN1_EXP_SEQUENCE_OF_OPT(PKIHeader, freeText, ASN1_UTF8STRING, 7),
	ASN1_EXP_SEQUENCE_OF_OPT(PKIHeader, generalInfo, InfoTypeAndValue, 8),
} ASN1_SEQUENCE_END(PKIHeader) IMPLEMENT_ASN1_FUNCTIONS(PKIHeader)

/*
 * RFC 4210 5.2.3
 * PKIStatusInfo ::= SEQUENCE {
 *     status        PKIStatus,
 *     statusString  PKIFreeText     OPTIONAL,
 *     failInfo      PKIFailureInfo  OPTIONAL }
 * PKIStatus ::= INTEGER, PKIFailureInfo ::= BIT STRING
 */
ASN1_SEQUENCE(PKIStatusInfo) = {
	ASN1_SIMPLE(PKIStatusInfo, status, ASN1_INTEGER),
	ASN1_SEQUENCE_OF_OPT(PKIStatusInfo, statusString, ASN1_UTF8STRING),
	ASN1_OPT(PKIStatusInfo, failInfo, ASN1_BIT_STRING),
} ASN1_SEQUENCE_END(PKIStatusInfo) IMPLEMENT_ASN1_FUNCTIONS(PKIStatusInfo)

/*
 * RFC 4210 5.3.4
 * CertOrEncCert ::= CHOICE {
 *     certificate     [0] CMPCertificate,
 *     encryptedCert   [1] EncryptedKey }
 */
ASN1_CHOICE(CertOrEncCert) = {
	ASN1_EXP(CertOrEncCert, value.certificate, ASN1_ANY, 0),
	ASN1_EXP(CertOrEncCert, value.encryptedCert, ASN1_ANY, 1),
} ASN1_CHOICE_END(CertOrEncCert) IMPLEMENT_ASN1_FUNCTIONS(CertOrEncCert)

/*
 * RFC 4210 5.3.4
 * CertifiedKeyPair ::= SEQUENCE {
 *     certOrEncCert       CertOrEncCert,
 *     privateKey      [0] EncryptedKey        OPTIONAL,
 *     publicationInfo [1] PKIPublicationInfo  OPTIONAL }
 */
ASN1_SEQUENCE(CertifiedKeyPair) = {
	ASN1_SIMPLE(CertifiedKeyPair, certOrEncCert, CertOrEncCert),
	ASN1_EXP_OPT(CertifiedKeyPair, privateKey, ASN1_ANY, 0),
	ASN1_EXP_OPT(CertifiedKeyPair, publicationInfo, ASN1_ANY, 1),
} ASN1_SEQUENCE_END(CertifiedKeyPair) IMPLEMENT_ASN1_FUNCTIONS(CertifiedKeyPair)

/*
 * RFC 4210 5.3.4
 * CertResponse ::= SEQUENCE {
 *     certReqId           INTEGER,
 *     status              PKIStatusInfo,
 *     certifiedKeyPair    CertifiedKeyPair    OPTIONAL,
 *     rspInfo             OCTET STRING        OPTIONAL }
 */
ASN1_SEQUENCE(CertResponse) = {
	ASN1_SIMPLE(CertResponse, certReqId, ASN1_INTEGER),
	ASN1_SIMPLE(CertResponse, status, PKIStatusInfo),
	ASN1_OPT(CertResponse, certifiedKeyPair, CertifiedKeyPair),
	ASN1_OPT(CertResponse, rspInfo, ASN1_OCTET_STRING),
} ASN1_SEQUENCE_END(CertResponse) IMPLEMENT_ASN1_FUNCTIONS(CertResponse)

/*
 * RFC 4210 5.3.4
 * CertRepMessage ::= SEQUENCE {
 *     caPubs       [1] SEQUENCE SIZE (1..MAX) OF CMPCertificate OPTIONAL,
 *     response         SEQUENCE OF CertResponse }
 */
ASN1_SEQUENCE(CertRepMessage) = {
	ASN1_EXP_SEQUENCE_OF_OPT(CertRepMessage, caPubs, ASN1_ANY, 1),
	ASN1_SEQUENCE_OF(CertRepMessage, response, CertResponse),
} ASN1_SEQUENCE_END(CertRepMessage) IMPLEMENT_ASN1_FUNCTIONS(CertRepMessage)

/*
 * RFC 9480 2.10
 * CertStatus ::= SEQUENCE {
 *     certHash    OCTET STRING,
 *     certReqId   INTEGER,
 *     statusInfo  PKIStatusInfo OPTIONAL,
 *     hashAlg [0] AlgorithmIdentifier OPTIONAL }
 */
ASN1_SEQUENCE(CertStatus) = {
	ASN1_SIMPLE(CertStatus, certHash, ASN1_OCTET_STRING),
	ASN1_SIMPLE(CertStatus, certReqId, ASN1_INTEGER),
	ASN1_OPT(CertStatus, statusInfo, PKIStatusInfo),
	ASN1_EXP_OPT(CertStatus, hashAlg, X509_ALGOR, 0),
} ASN1_SEQUENCE_END(CertStatus) IMPLEMENT_ASN1_FUNCTIONS(CertStatus)

/*
 * RFC 4210 5.3.9
 * RevDetails ::= SEQUENCE {
 *     certDetails         CertTemplate,
 *     crlEntryDetails     Extensions    OPTIONAL }
 */
ASN1_SEQUENCE(RevDetails) = {
	ASN1_SIMPLE(RevDetails, certDetails, CertTemplate),
	ASN1_SEQUENCE_OF_OPT(RevDetails, crlEntryDetails, X509_EXTENSION),
} ASN1_SEQUENCE_END(RevDetails) IMPLEMENT_ASN1_FUNCTIONS(RevDetails)

/*
 * RFC 4210 5.3.10
 * RevRepContent ::= SEQUENCE {
 *     status       SEQUENCE SIZE (1..MAX) OF PKIStatusInfo,
 *     revCerts [0] SEQUENCE SIZE (1..MAX) OF CertId OPTIONAL,
 *     crls     [1] SEQUENCE SIZE (1..MAX) OF CertificateList OPTIONAL }
 */
ASN1_SEQUENCE(RevRepContent) = {
	ASN1_SEQUENCE_OF(RevRepContent, status, PKIStatusInfo),
	ASN1_EXP_SEQUENCE_OF_OPT(RevRepContent, revCerts, CertId, 0),
	ASN1_EXP_SEQUENCE_OF_OPT(RevRepContent, crls, X509_CRL, 1),
} ASN1_SEQUENCE_END(RevRepContent) IMPLEMENT_ASN1_FUNCTIONS(RevRepContent)

/*
 * RFC 4210 5.3.21
 * ErrorMsgContent ::= SEQUENCE {
 *     pKIStatusInfo          PKIStatusInfo,
 *     errorCode              INTEGER           OPTIONAL,
 *     errorDetails           PKIFreeText       OPTIONAL }
 */
ASN1_SEQUENCE(ErrorMsgContent) = {
	ASN1_SIMPLE(ErrorMsgContent, pKIStatusInfo, PKIStatusInfo),
	ASN1_OPT(ErrorMsgContent, errorCode, ASN1_INTEGER),
	ASN1_SEQUENCE_OF_OPT(ErrorMsgContent, errorDetails, ASN1_UTF8STRING),
} ASN1_SEQUENCE_END(ErrorMsgContent) IMPLEMENT_ASN1_FUNCTIONS(ErrorMsgContent)

/*
 * RFC 4210 5.3.22
 * PollReqContent ::= SEQUENCE OF SEQUENCE {
 *     certReqId              INTEGER }
 */
ASN1_SEQUENCE(PollReq) = {
	ASN1_SIMPLE(PollReq, certReqId, ASN1_INTEGER),
} ASN1_SEQUENCE_END(PollReq) IMPLEMENT_ASN1_FUNCTIONS(PollReq)

/*
 * RFC 4210 5.3.22
 * PollRepContent ::= SEQUENCE OF SEQUENCE {
 *     certReqId              INTEGER,
 *     checkAfter             INTEGER,  -- time in seconds
 *     reason                 PKIFreeText OPTIONAL }
 */
ASN1_SEQUENCE(PollRep) = {
	ASN1_SIMPLE(PollRep, certReqId, ASN1_INTEGER),
	ASN1_SIMPLE(PollRep, checkAfter, ASN1_INTEGER),
	ASN1_SEQUENCE_OF_OPT(PollRep, reason, ASN1_UTF8STRING),
} ASN1_SEQUENCE_END(PollRep) IMPLEMENT_ASN1_FUNCTIONS(PollRep)

/*
 * RFC 9810 5.2.8.3.3
 * Challenge ::= SEQUENCE {
 *     owf                 AlgorithmIdentifier  OPTIONAL,
 *     witness             OCTET STRING,
 *     challenge           OCTET STRING,
 *     encryptedRand   [0] EnvelopedData        OPTIONAL }
 */
ASN1_SEQUENCE(Challenge) = {
	ASN1_OPT(Challenge, owf, X509_ALGOR),
	ASN1_SIMPLE(Challenge, witness, ASN1_OCTET_STRING),
	ASN1_SIMPLE(Challenge, challenge, ASN1_OCTET_STRING),
	ASN1_EXP_OPT(Challenge, encryptedRand, ASN1_ANY, 0),
} ASN1_SEQUENCE_END(Challenge) IMPLEMENT_ASN1_FUNCTIONS(Challenge)

/*
 * RFC 9810 5.2.8.3.3
 * Rand ::= SEQUENCE {
 *     int      INTEGER,
 *     sender   GeneralName }
 */
ASN1_SEQUENCE(Rand) = {
	ASN1_SIMPLE(Rand, integer, ASN1_INTEGER),
	ASN1_SIMPLE(Rand, sender, GENERAL_NAME),
} ASN1_SEQUENCE_END(Rand) IMPLEMENT_ASN1_FUNCTIONS(Rand)

/*
 * RFC 4210 5.3.8
 * KeyRecRepContent ::= SEQUENCE {
 *     status          PKIStatusInfo,
 *     newSigCert  [0] CMPCertificate                             OPTIONAL,
 *     caCerts     [1] SEQUENCE SIZE (1..MAX) OF CMPCertificate   OPTIONAL,
 *     keyPairHist [2] SEQUENCE SIZE (1..MAX) OF CertifiedKeyPair OPTIONAL }
 */
ASN1_SEQUENCE(KeyRecRepContent) = {
	ASN1_SIMPLE(KeyRecRepContent, status, PKIStatusInfo),
	ASN1_EXP_OPT(KeyRecRepContent, newSigCert, ASN1_ANY, 0),
	ASN1_EXP_SEQUENCE_OF_OPT(KeyRecRepContent, caCerts, ASN1_ANY, 1),
	ASN1_EXP_SEQUENCE_OF_OPT(KeyRecRepContent, keyPairHist, CertifiedKeyPair, 2),
} ASN1_SEQUENCE_END(KeyRecRepContent) IMPLEMENT_ASN1_FUNCTIONS(KeyRecRepContent)

/*
 * RFC 4210 5.3.13
 * CAKeyUpdAnnContent ::= SEQUENCE {
 *     oldWithNew   CMPCertificate,
 *     newWithOld   CMPCertificate,
 *     newWithNew   CMPCertificate }
 */
ASN1_SEQUENCE(CAKeyUpdAnnContent) = {
	ASN1_SIMPLE(CAKeyUpdAnnContent, oldWithNew, ASN1_ANY),
	ASN1_SIMPLE(CAKeyUpdAnnContent, newWithOld, ASN1_ANY),
	ASN1_SIMPLE(CAKeyUpdAnnContent, newWithNew, ASN1_ANY),
} ASN1_SEQUENCE_END(CAKeyUpdAnnContent) IMPLEMENT_ASN1_FUNCTIONS(CAKeyUpdAnnContent)

/*
 * RFC 9480 2.14
 * RootCaKeyUpdateContent ::= SEQUENCE {
 *     newWithNew       CMPCertificate,
 *     newWithOld   [0] CMPCertificate OPTIONAL,
 *     oldWithNew   [1] CMPCertificate OPTIONAL }
 */
ASN1_SEQUENCE(RootCaKeyUpdateContent) = {
	ASN1_SIMPLE(RootCaKeyUpdateContent, newWithNew, ASN1_ANY),
	ASN1_EXP_OPT(RootCaKeyUpdateContent, newWithOld, ASN1_ANY, 0),
	ASN1_EXP_OPT(RootCaKeyUpdateContent, oldWithNew, ASN1_ANY, 1),
} ASN1_SEQUENCE_END(RootCaKeyUpdateContent) IMPLEMENT_ASN1_FUNCTIONS(RootCaKeyUpdateContent)

/*
 * RFC 9810 5.3.13
 * CAKeyUpdContent ::= CHOICE {
 *     cAKeyUpdAnnV2      CAKeyUpdAnnContent, -- deprecated
 *     cAKeyUpdAnnV3  [0] RootCaKeyUpdateContent }
 */
ASN1_CHOICE(CAKeyUpdContent) = {
	ASN1_SIMPLE(CAKeyUpdContent, value.cAKeyUpdAnnV2, CAKeyUpdAnnContent),
	ASN1_EXP(CAKeyUpdContent, value.cAKeyUpdAnnV3, RootCaKeyUpdateContent, 0),
} ASN1_CHOICE_END(CAKeyUpdContent) IMPLEMENT_ASN1_FUNCTIONS(CAKeyUpdContent)

/*
 * RFC 9480 2.17
 * CRLSource ::= CHOICE {
 *     dpn          [0] DistributionPointName,
 *     issuer       [1] GeneralNames }
 */
ASN1_CHOICE(CRLSource) = {
	ASN1_EXP(CRLSource, value.dpn, DIST_POINT_NAME, 0),
	ASN1_EXP(CRLSource, value.issuer, GENERAL_NAMES, 1),
} ASN1_CHOICE_END(CRLSource) IMPLEMENT_ASN1_FUNCTIONS(CRLSource)

/*
 * RFC 9480 2.17
 * CRLStatus ::= SEQUENCE {
 *     source       CRLSource,
 *     thisUpdate   Time OPTIONAL }
 */
ASN1_SEQUENCE(CRLStatus) = {
	ASN1_SIMPLE(CRLStatus, source, CRLSource),
	ASN1_OPT(CRLStatus, thisUpdate, ASN1_TIME),
} ASN1_SEQUENCE_END(CRLStatus) IMPLEMENT_ASN1_FUNCTIONS(CRLStatus)

/* RFC 9480 2.17: CRLStatusListValue ::= SEQUENCE SIZE (1..MAX) OF CRLStatus */
ASN1_ITEM_TEMPLATE(CRLStatusList) = ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SEQUENCE_OF, 0, CRLStatusList,
							  CRLStatus)
	ASN1_ITEM_TEMPLATE_END(CRLStatusList)

	/*
	 * RFC 4210 5.3.15
	 * RevAnnContent ::= SEQUENCE {
	 *     status              PKIStatus,
	 *     certId              CertId,
	 *     willBeRevokedAt     GeneralizedTime,
	 *     badSinceDate        GeneralizedTime,
	 *     crlDetails          Extensions  OPTIONAL }
	 */
	ASN1_SEQUENCE(RevAnnContent) = {
		ASN1_SIMPLE(RevAnnContent, status, ASN1_INTEGER),
		ASN1_SIMPLE(RevAnnContent, certId, CertId),
		ASN1_SIMPLE(RevAnnContent, willBeRevokedAt, ASN1_GENERALIZEDTIME),
		ASN1_SIMPLE(RevAnnContent, badSinceDate, ASN1_GENERALIZEDTIME),
		ASN1_SEQUENCE_OF_OPT(RevAnnContent, crlDetails, X509_EXTENSION),
} ASN1_SEQUENCE_END(RevAnnContent) IMPLEMENT_ASN1_FUNCTIONS(RevAnnContent)

/*
 * RFC 4210 5.1.2
 * PKIBody ::= CHOICE {
 *     ir       [0]  CertReqMessages,        ip       [1]  CertRepMessage,
 *     cr       [2]  CertReqMessages,        cp       [3]  CertRepMessage,
 *     p10cr    [4]  CertificationRequest,
 *     popdecc  [5]  POPODecKeyChallContent, popdecr  [6]  POPODecKeyRespContent,
 *     kur      [7]  CertReqMessages,        kup      [8]  CertRepMessage,
 *     krr      [9]  CertReqMessages,        krp      [10] KeyRecRepContent,
 *     rr       [11] RevReqContent,          rp       [12] RevRepContent,
 *     ccr      [13] CertReqMessages,        ccp      [14] CertRepMessage,
 *     ckuann   [15] CAKeyUpdContent,        cann     [16] CertAnnContent,
 *     rann     [17] RevAnnContent,          crlann   [18] CRLAnnContent,
 *     pkiconf  [19] PKIConfirmContent,      nested   [20] NestedMessageContent,
 *     genm     [21] GenMsgContent,          genp     [22] GenRepContent,
 *     error    [23] ErrorMsgContent,        certConf [24] CertConfirmContent,
 *     pollReq  [25] PollReqContent,         pollRep  [26] PollRepContent }
 * RevReqContent ::= SEQUENCE OF RevDetails, PKIConfirmContent ::= NULL,
 * GenMsgContent, GenRepContent ::= SEQUENCE OF InfoTypeAndValue,
 * CertConfirmContent ::= SEQUENCE OF CertStatus,
 * POPODecKeyChallContent ::= SEQUENCE OF Challenge, POPODecKeyRespContent ::= SEQUENCE OF INTEGER,
 * CertAnnContent ::= CMPCertificate, CRLAnnContent ::= SEQUENCE OF CertificateList,
 * NestedMessageContent ::= PKIMessages ::= SEQUENCE SIZE (1..MAX) OF PKIMessage
 * The order of the alternatives makes their index, PKIBody.type, equal to the tag.
 */
ASN1_CHOICE(PKIBody) = {
	ASN1_EXP(PKIBody, value.certReqMessages, CertReqMessages, 0),
	ASN1_EXP(PKIBody, value.certRepMessage, CertRepMessage, 1),
	ASN1_EXP(PKIBody, value.certReqMessages, CertReqMessages, 2),
	ASN1_EXP(PKIBody, value.certRepMessage, CertRepMessage, 3),
	ASN1_EXP(PKIBody, value.p10cr, CertificationRequest, 4),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.popdecc, Challenge, 5),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.popdecr, ASN1_INTEGER, 6),
	ASN1_EXP(PKIBody, value.certReqMessages, CertReqMessages, 7),
	ASN1_EXP(PKIBody, value.certRepMessage, CertRepMessage, 8),
	ASN1_EXP(PKIBody, value.certReqMessages, CertReqMessages, 9),
	ASN1_EXP(PKIBody, value.krp, KeyRecRepContent, 10),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.rr, RevDetails, 11),
	ASN1_EXP(PKIBody, value.rp, RevRepContent, 12),
	ASN1_EXP(PKIBody, value.certReqMessages, CertReqMessages, 13),
	ASN1_EXP(PKIBody, value.certRepMessage, CertRepMessage, 14),
	ASN1_EXP(PKIBody, value.ckuann, CAKeyUpdContent, 15),
	ASN1_EXP(PKIBody, value.cann, ASN1_ANY, 16),
	ASN1_EXP(PKIBody, value.rann, RevAnnContent, 17),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.crlann, ASN1_ANY, 18),
	ASN1_EXP(PKIBody, value.pkiconf, ASN1_NULL, 19),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.nested, ASN1_ANY, 20),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.genmsg, InfoTypeAndValue, 21),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.genmsg, InfoTypeAndValue, 22),
	ASN1_EXP(PKIBody, value.error, ErrorMsgContent, 23),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.certConf, CertStatus, 24),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.pollReq, PollReq, 25),
	ASN1_EXP_SEQUENCE_OF(PKIBody, value.pollRep, PollRep, 26),
} ASN1_CHOICE_END(PKIBody) IMPLEMENT_ASN1_FUNCTIONS(PKIBody)

static const char *const body_type_names[PKI_BODY_COUNT] = {
	"ir",     "ip",      "cr",     "cp",   "p10cr", "popdecc", "popdecr",  "kur",     "kup",
	"krr",    "krp",     "rr",     "rp",   "ccr",   "ccp",     "ckuann",   "cann",    "rann",
	"crlann", "pkiconf", "nested", "genm", "genp",  "error",   "certConf", "pollReq", "pollRep",
};

const char *pki_body_type_name(int type)
{
	return type >= 0 && type < PKI_BODY_COUNT ? body_type_names[type] : "unknown";
}
