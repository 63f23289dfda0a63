// SPDX-License-Identifier: Apache-2.0
/*
 * CMP messages: octets to a parsed view, and parts to protected octets. Knows the wire, not the
 * meaning: no store, no clients, no policy but what the standard fixes. Used by the door, by the
 * client towards an upstream CA, by cmfbench and by cmfctl.
 */
#pragma once

#include "asn1/pkimessage.h"
#include "asn1/signer.h"
#include "asn1/spki.h"
#include "base/bytes.h"
#include "base/refusal.h"
#include "base/strbuf.h"

enum cmp_protection_kind {
	CMP_PROTECTION_NONE = 0,
	CMP_PROTECTION_SIGNATURE = 1,
	CMP_PROTECTION_MAC = 2, /* under a shared secret */
	CMP_PROTECTION_KEM = 3, /* KemBasedMac, RFC 9810 5.1.3.4 */
};

/* Octets of transactionID and nonces, RFC 9483 3.1. */
enum { CMP_NONCE_LEN = 16, CMP_NONCE_MAX = 64 };

/*
 * A received message. Views point into `der`, which the caller keeps while the message lives; data
 * is NULL where a field is absent, and len 0 also where it is empty. body is NULL if it is
 * malformed. If what stands around header and body is malformed, protection and extraCerts are
 * empty.
 */
struct cmp_message {
	struct bytes der;
	struct bytes header_der; /* as received, for the protection */
	struct bytes body_der;
	/* RFC 4210 5.1.1; recipKID and freeText are of no use to anybody. */
	int64_t pvno;        /* -1 if it is out of any range */
	struct bytes sender; /* GeneralName, like recipient */
	struct bytes recipient;
	struct bytes message_time; /* contents of the GeneralizedTime */
	X509_ALGOR *protection_alg;
	struct bytes sender_kid;
	struct bytes transaction_id;
	struct bytes sender_nonce;
	struct bytes recip_nonce;
	STACK_OF(InfoTypeAndValue) * general_info;
	int body_type; /* tag of the body, 0..26; -1 if there is none */
	PKIBody *body;
	bool has_protection;
	uint8_t protection_unused_bits;
	struct bytes protection; /* octets of the BIT STRING; empty if absent */
	struct bytes *extra_certs;
	size_t n_extra_certs;
};

/*
 * Decodes strictly. 0, or REFUSED: with *msgp NULL if the octets are no PKIMessage at all (no
 * header could be read), with *msgp set and body NULL if only the body is malformed, so that the
 * refusal can be answered properly. The body is parsed here too: nothing later parses octets.
 * Negative errno on a fault.
 */
_must_check_ int cmp_message_decode(struct bytes der, struct cmp_message **msgp,
				    struct refusal *refusal);
/* Octets of a path of fields and of a rule, with the NUL. */
enum { CMP_PROBLEM_PATH_MAX = 200, CMP_PROBLEM_RULE_MAX = 160 };

/* Why octets are no message, for people. */
struct cmp_problem {
	size_t offset;                   /* the octet, from 0 */
	char path[CMP_PROBLEM_PATH_MAX]; /* "body.certReqMessages[0].certReq"; empty: the whole */
	char rule[CMP_PROBLEM_RULE_MAX]; /* which rule it breaks */
};
/* The first problem of octets that cmp_message_decode() has refused. */
void cmp_message_problem(struct bytes der, struct cmp_problem *problem);

void cmp_message_free(struct cmp_message *msg);
DEFINE_CLEANUP(struct cmp_message, cmp_message_free);

/* The i-th certificate of extraCerts, as received; empty if there are not so many. */
struct bytes cmp_message_extra_cert(const struct cmp_message *msg, size_t i);
/* The Name (TLV) in a GeneralName that is a directoryName; empty: it is another. */
struct bytes cmp_directory_name(struct bytes general_name);
/* messageTime; false: it is absent, or no time that there is. */
bool cmp_message_time_read(const struct cmp_message *msg, int64_t *msp);
/* The InfoTypeAndValue of that OID in generalInfo: NULL if absent. */
const InfoTypeAndValue *cmp_message_general_info(const struct cmp_message *msg,
						 const ASN1_OBJECT *type);
/* What protectionAlg says; NONE if absent. */
enum cmp_protection_kind cmp_message_protection_kind(const struct cmp_message *msg);

/* --- protection --- */

/* Whether there is a protection, in whole octets, with an algorithm. 0 or REFUSED. */
_must_check_ int cmp_protection_check(const struct cmp_message *msg, struct refusal *refusal);
/*
 * Verifies signature protection over the received octets with that key. 0, REFUSED
 * (protection_*), or negative errno.
 */
_must_check_ int cmp_protection_verify_signature(const struct cmp_message *msg, EVP_PKEY *key,
						 struct refusal *refusal);
_must_check_ int cmp_protection_verify_by(const struct cmp_message *msg,
					  const struct signature_verifier *verifier,
					  struct refusal *refusal);

/*
 * Adds the first `max` certificates of extraCerts. 0; -EBADMSG if one of them is none, or out of
 * memory.
 */
_must_check_ int cmp_extra_certs_add(const struct cmp_message *msg, size_t max,
				     STACK_OF(X509) * certs);
/* The name in sender, which the caller frees; NULL: it is no directoryName, or out of memory. */
X509_NAME *cmp_sender_name(const struct cmp_message *msg);
/*
 * Where, from index `from` on, certs have the certificate of the signer, -1: nowhere. It has sender
 * as its subject and senderKID as its key identifier (RFC 9483 3.1), its key may sign (RFC 5280
 * 4.2.1.3) and has signed, and a path leads from it through the others to a trust anchor. *whyp:
 * what is wrong with the path of one that has signed, else untouched. For an answer, of whom little
 * is known; whether the signer may say what the message says is the caller's to know.
 */
int cmp_signer_find(const struct cmp_message *msg, STACK_OF(X509) * certs, int from,
		    X509_STORE *trust, const char **whyp);

struct cmp_mac_policy {
	uint32_t iterations_min; /* RFC 9045: at least 100 */
	uint32_t iterations_max; /* bounds our work */
	uint64_t algorithms;     /* bits of mac_algorithm_bit(); 0: all */
	/*
	 * Octets of the key that PBMAC1 derives: beyond the digest each further block costs all
	 * iterations once more. 0: 64, the longest digest.
	 */
	uint32_t key_len_max;
};

/*
 * The same with a MAC of RFC 9481 6 under `secret`; with KemBasedMac the secret is that of the KEM,
 * and transactionID the message's. REFUSED also with protection_alg_not_allowed,
 * protection_alg_unavailable, mac_parameters, mac_weak, mac_costly, mac_salt, mac_key_length.
 * Constant-time compare.
 */
_must_check_ int cmp_protection_verify_mac(const struct cmp_message *msg, struct bytes secret,
					   const struct cmp_mac_policy *policy,
					   struct refusal *refusal);

/* How a message of ours is protected. */
struct cmp_protector {
	enum cmp_protection_kind kind;
	const struct signer *signer;     /* SIGNATURE */
	struct bytes secret;             /* MAC, KEM */
	struct bytes mac_key;            /* derived from it with these parameters; empty: not yet */
	const X509_ALGOR *mac_algorithm; /* MAC, KEM: with parameters; for an answer see
					    cmp_mac_algorithm_again() */
};

/* PasswordBasedMac with a fresh salt, SHA-256, HMAC-SHA256. */
_must_check_ int cmp_mac_algorithm_new(uint32_t iterations, X509_ALGOR **algp);
/* PBMAC1 with a fresh salt, PBKDF2 with HMAC-SHA256, HMAC-SHA256. */
_must_check_ int cmp_mac_pbmac1_new(uint32_t iterations, X509_ALGOR **algp);
/*
 * For the answer to a message with that algorithm: the same, its parameters constant within the
 * transaction (RFC 9483 4.1.5) but for the nonce of AES-GMAC, which is never used twice (RFC 9481
 * 6.2.2).
 */
_must_check_ int cmp_mac_algorithm_again(const X509_ALGOR *alg, X509_ALGOR **againp);

/* --- encoding --- */

/* One generalInfo element to send: OID text and DER of the value (empty: none). */
struct cmp_info {
	const char *oid;
	struct bytes value;
};

/*
 * A large CRL with which a body ends: rp's crls, or the value of the last element of genp. Its
 * octets are not copied into the message.
 */
struct cmp_part {
	struct bytes octets;
	struct bytes behind; /* further CRLs of its list; copied */
	struct bytes type;   /* genp: infoType, content octets of the OID; empty: rp */
	bool listed;         /* genp: the value is a SEQUENCE OF them */
};

/* A message to be sent. Everything is borrowed. */
struct cmp_outgoing {
	int pvno;
	struct bytes sender;     /* DER of the GeneralName */
	struct bytes recipient;  /* DER of the GeneralName; empty: the NULL-DN */
	int64_t message_time_ms; /* 0: left out */
	struct bytes sender_kid;
	struct bytes transaction_id;
	struct bytes sender_nonce;
	struct bytes recip_nonce;
	bool implicit_confirm;
	int64_t confirm_wait_time_ms; /* absolute; 0: left out */
	const struct cmp_info *infos; /* further generalInfo */
	size_t n_infos;
	struct bytes body_der; /* the body, where it is encoded already; empty: body */
	const PKIBody *body;
	const struct cmp_part *part;     /* NULL: none */
	const struct bytes *extra_certs; /* DER certificates, in order */
	size_t n_extra_certs;
};

/* Encodes and protects. The caller owns *derp. 0 or a negative errno. */
_must_check_ int cmp_message_encode(const struct cmp_outgoing *out,
				    const struct cmp_protector *protector, struct octets *derp);
/* The same with out->part, which *derp goes without: it belongs at *part_atp. */
_must_check_ int cmp_message_encode_around(const struct cmp_outgoing *out,
					   const struct cmp_protector *protector,
					   struct octets *derp, size_t *part_atp);

/* DER of a GeneralName directoryName from the DER of a Name. */
_must_check_ int cmp_general_name_of_dn(struct bytes name_der, struct octets *gnp);

/* --- bodies --- */

/* A body of that type with an empty value of the right kind. NULL out of memory. */
PKIBody *cmp_body_new(enum pki_body_type type);
/* A body of that type, ir, cr, kur or ccr, with the one CertReqMsg that the octets are. NULL: they
 * are none, or out of memory. */
PKIBody *cmp_cert_req_body_new(enum pki_body_type type, struct bytes cert_req_msg);
/* status, optional statusString (NULL), failInfo bit (-1: none). NULL out of memory. */
PKIStatusInfo *cmp_status_info_new(int status, const char *text, int failinfo);
/* Adds the texts of statusString in one line, with that between them; what is no text is left out.
 */
void cmp_status_string_add(const PKIStatusInfo *info, const char *separator, struct strbuf *words);
/* A rejection in words: failInfo and statusString. NULL: out of memory. The caller frees it. */
char *cmp_status_rejection_text(const PKIStatusInfo *info);
/* An error body. */
PKIBody *cmp_error_body_new(int status, const char *text, int failinfo);

/* PKIStatus, RFC 4210 5.2.3. */
enum {
	PKI_STATUS_ACCEPTED = 0,
	PKI_STATUS_GRANTED_WITH_MODS = 1,
	PKI_STATUS_REJECTION = 2,
	PKI_STATUS_WAITING = 3,
	PKI_STATUS_REVOCATION_WARNING = 4,
	PKI_STATUS_REVOCATION_NOTIFICATION = 5,
};
