// SPDX-License-Identifier: Apache-2.0
/*
 * Answers: the bodies (reply.c), and how they are protected and encoded (reply_encode.c).
 * encrypted_certificate.c: a certificate that only the holder of its key can read.
 */
#pragma once

#include "ca.h"
#include "cmf.h"
#include "message.h"

#include <openssl/sha.h>

struct cmp_request;

/* CAs whose chains one answer may carry: one for each certificate. */
enum { CMP_ITEMS_MAX = CONF_REQUESTS_MAX };

/* An answer before it is encoded. */
struct cmp_reply {
	PKIBody *body;
	struct octets body_der; /* the body of answers that are written as they are; else empty */
	X509_ALGOR *mac_algorithm;               /* of the answer; NULL: signed */
	const struct ca *issuers[CMP_ITEMS_MAX]; /* their chains go into extraCerts */
	size_t n_issuers;
	bool implicit_confirm;
	int64_t confirm_wait_ms; /* 0: no certConf is due */
	/* Of an answer that comes from upstream, forward.c. */
	struct octets kept_nonce; /* its senderNonce; empty: ours, below */
	/* A CRL that it has, beside the body; crl NULL: none. */
	struct shared *crl;
	int64_t crl_id;             /* in the store */
	struct octets crls_behind;  /* further ones */
	const ASN1_OBJECT *crl_oid; /* genp: of its element; NULL: rp */
	bool crl_listed;            /* genp: as a list */
	uint8_t nonce[CMP_NONCE_LEN];
};

/* krr: what goes into the answer, krp, beside a certificate. */
struct cmp_recovery {
	EVP_PKEY *to; /* of protocolEncrKey */
	uint8_t to_id[SHA_DIGEST_LENGTH];
	struct cmf_recovery keys;
	struct octets sealed[CMF_RECOVER_MAX]; /* EncryptedKey, of each key */
};

/* One CertResponse of ip, cp, kup, ccp. Everything is borrowed. */
struct cmp_response {
	int cert_req_id;
	int status;               /* PKIStatus */
	const char *text;         /* NULL: none */
	int failinfo;             /* -1: none */
	struct bytes certificate; /* empty: none */
	bool encrypted;           /* the certificate goes out encrypted for its key */
	struct bytes private_key; /* EncryptedKey; empty: none */
	const struct ca *issuer;  /* of the certificate */
};

void cmp_reply_clear(struct cmp_reply *reply);
/* Whether there is one. */
bool cmp_reply_is_made(const struct cmp_reply *reply);
/* RFC 9483 3.2: as the request was, unless its client understands nothing but signatures. */
bool cmp_reply_has_mac(const struct cmp_request *rq);
/* reply_encode.c: protects and encodes rq->attempt.reply into rq->attempt.answer. */
_must_check_ int cmp_reply_encode(struct cmp_request *rq);
_must_check_ int cmp_reply_error(struct cmp_request *rq, const struct refusal *refusal);
/* What rq->refusal says, in the kind of body that RFC 9483 3.6.2 wants. */
_must_check_ int cmp_reply_refusal(struct cmp_request *rq);
/* ip, cp, kup, ccp. The chains of the issuers go along where the transaction asks for them. */
_must_check_ int cmp_reply_responses(struct cmp_request *rq, int type,
				     const struct cmp_response *responses, size_t n);
/* krp; what `recovery` has is left out of a rejection, and may be NULL then. */
_must_check_ int cmp_reply_recovery(struct cmp_request *rq, const struct cmp_response *response,
				    const struct cmp_recovery *recovery);
/* error with status waiting: delayed delivery of what has no status of its own, RFC 9483 4.4. */
_must_check_ int cmp_reply_waiting(struct cmp_request *rq);
_must_check_ int cmp_reply_pkiconf(struct cmp_request *rq);
/* pollRep for what pollReq asks. */
_must_check_ int cmp_reply_poll(struct cmp_request *rq, int check_after);

/* CRLs for an answer: the first is not copied. */
struct cmp_crls {
	struct ca_crl first; /* der NULL: there are none */
	struct octets behind;
};

/* Takes the CRL over if it is the first. */
_must_check_ int cmp_crls_add(struct cmp_crls *crls, struct ca_crl *crl);
void cmp_crls_clear(struct cmp_crls *crls);

/*
 * One or more CRLs into genp, as the value of an element of that type, `listed`: as a SEQUENCE OF
 * them; or, type NULL, into the rp that the reply is.
 */
_must_check_ int cmp_reply_crls(struct cmp_request *rq, const ASN1_OBJECT *type, bool listed,
				struct cmp_crls *crls);
/* Adds an element to genp, which it makes if there is none yet; an empty value is left out. */
_must_check_ int cmp_reply_genp(struct cmp_request *rq, const ASN1_OBJECT *type,
				struct bytes value);
/* Adds a status to rp, which it makes if there is none yet, and a CertId if issuer is given. */
_must_check_ int cmp_reply_revocation(struct cmp_request *rq, int status, const char *text,
				      int failinfo, const X509_NAME *issuer,
				      const ASN1_INTEGER *serial);
/* ip, cp or kup for the body type that opened a transaction. */
int cmp_answer_type(int body_type);
/* encrypted_certificate.c. Whether the requester reads EnvelopedData. */
bool cmp_envelope_understood(const struct cmp_request *rq);
/* The certificate encrypted for its own key, as EncryptedKey. The caller owns *encryptedp. */
_must_check_ int cmp_pop_encrypted_certificate(const struct cmp_request *rq, struct bytes der,
					       ASN1_TYPE **encryptedp);
