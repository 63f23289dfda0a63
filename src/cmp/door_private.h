// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of the CMP door share: the door, one request on its way through it, and the steps.
 * Not for other modules: those see include/cmp/door.h.
 *
 * The steps are functions on `struct cmp_request`. They return 0, REFUSED with rq->refusal filled
 * in, STORE_CONFLICT where something was committed that no longer fits (the request is then decided
 * again from the start), or a negative errno.
 */
#pragma once

#include "asn1/cmf_types.h"
#include "asn1/envelope.h"
#include "base/budget.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "cmf/proof.h"
#include "cmp/door.h"
#include "message.h"
#include "message/mac.h"

#include <openssl/sha.h>
#include <pthread.h>

/* Elements that the door knows in generalInfo, controls, regInfo, genm. */
enum cmp_oid {
	CMP_OID_IMPLICIT_CONFIRM,
	CMP_OID_CONFIRM_WAIT_TIME,
	CMP_OID_CERT_PROFILE,
	CMP_OID_ORIG_PKI_MESSAGE,
	CMP_OID_CERT_TYPE,
	CMP_OID_VNFC_ID,
	CMP_OID_CERT_CHAIN_REQUEST,
	CMP_OID_OLD_CERT_ID,
	CMP_OID_ARCHIVE_OPTIONS,
	CMP_OID_PROTOCOL_ENCR_KEY,
	CMP_OID_UTF8_PAIRS,
	CMP_OID_REG_CERT_REQ,
	CMP_OID_SIGN_KEY_PAIR_TYPES,
	CMP_OID_ENC_KEY_PAIR_TYPES,
	CMP_OID_PREFERRED_SYMM_ALG,
	CMP_OID_CURRENT_CRL,
	CMP_OID_CA_CERTS,
	CMP_OID_CERT_REQ_TEMPLATE,
	CMP_OID_CRL_STATUS_LIST,
	CMP_OID_CRLS,
	CMP_OID_KEY_PAIR_PARAM_REQ,
	CMP_OID_KEY_PAIR_PARAM_REP,
	CMP_OID_LANG_TAGS,
	CMP_OID_UNSUPPORTED_OIDS,
	CMP_OID_REGISTER_REQUEST,
	CMP_OID_REGISTER_RESPONSE,
	CMP_OID_CA_PROT_ENC_CERT,
	CMP_OID_REV_PASSPHRASE,
	CMP_OID_ROOT_CA_CERT,
	CMP_OID_ROOT_CA_KEY_UPDATE,
	CMP_OID_CA_KEY_UPDATE_INFO,
	CMP_OID_KEM_CIPHERTEXT_INFO,
	CMP_OID_COUNT,
};

/* Requesters whose open transactions are estimated at a time; see quota.c. */
enum { CMP_QUOTA_SLOTS = 512 };

struct cmp_quota_slot {
	uint64_t requester; /* hash of the name; 0: free */
	uint32_t open;      /* estimate, never reset but by counting */
	int64_t counted_ms;
};

struct cmp_quota {
	pthread_mutex_t lock;
	struct cmp_quota_slot slots[CMP_QUOTA_SLOTS];
};

/* The key generation authority, RFC 9483 4.1.6; without signer there is none. */
struct cmp_kga {
	struct signer *signer;
	struct octets *certs; /* its certificate, then the chain, no self-signed ones behind it */
	size_t n_certs;
	struct octets ski;
};

/* Immutable after cmp_door_new() but for quota and budget; shared by all workers. */
struct cmp_door {
	const struct conf *conf; /* at the start; see cmf_conf() */
	struct cmf *cmf;
	const struct clock_source *clock;
	struct metrics *metrics;
	const ASN1_OBJECT *oids[CMP_OID_COUNT];
	/* The CMF's protection credential. */
	struct signer *signer;
	struct octets *certs; /* own certificate, then its chain, no self-signed ones behind it */
	size_t n_certs;
	struct octets root;       /* of its chain; empty: not known */
	struct octets sender;     /* GeneralName with the subject of the certificate */
	struct octets sender_kid; /* its subjectKeyIdentifier; empty: none */
	/* For whose key clients encrypt; NULL: none. */
	struct decryptor *decryptor;
	struct octets encryption_cert;
	struct cmp_kga kga;
	/* Answers to support messages that depend on the configuration alone. */
	struct octets sign_key_pair_types;
	struct octets enc_key_pair_types;
	struct octets preferred_symm_alg;
	struct cmp_quota quota;
	struct budget *strangers;
};

/* Explicit carriers of one kind that a message may hold; more are no honest message. */
enum { CMP_CARRIERS_MAX = 16, CMP_CARRIER_TEXT_MAX = 255 };

/* certType, vnfcId and certChainRequest as the message names them, docs/cmp-profile.md. */
struct cmp_carriers {
	char *profile_names[CMP_CARRIERS_MAX];
	size_t n_profile_names;
	char *vnfc_ids[CMP_CARRIERS_MAX];
	size_t n_vnfc_ids;
	int chain_request; /* 0, 1; -1: not said */
	bool more;         /* regInfo says something that means nothing here */
};

/* CAs whose chains one answer may carry: one for each certificate. */
enum { CMP_ITEMS_MAX = CONF_REQUESTS_MAX };

/* An answer before it is encoded. */
struct cmp_reply {
	PKIBody *body;
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

struct cmp_request;

/* krr: what goes into the answer, krp, beside a certificate. */
struct cmp_recovery {
	EVP_PKEY *to; /* of protocolEncrKey */
	uint8_t to_id[SHA_DIGEST_LENGTH];
	struct cmf_recovery keys;
	struct octets sealed[CMF_RECOVER_MAX]; /* EncryptedKey, of each key */
};

/* How far the proof of possession of a request has come. */
enum cmp_pop {
	CMP_POP_PROVEN,    /* by signature, or a registration authority says so */
	CMP_POP_ENCR_CERT, /* by certConf, for the certificate is encrypted */
	CMP_POP_CHALLENGE, /* by popdecr, which is yet to come */
};

/*
 * One of the certificate requests of a message: a CertReqMsg (RFC 4211 3), or the PKCS#10 request.
 * csr borrows from the fields before it and from the message.
 */
struct cmp_item {
	int cert_req_id;
	enum cmp_pop pop;
	struct cmp_carriers carriers; /* of the body */
	const char *profile_names[2 * CMP_CARRIERS_MAX];
	const char *vnfc_ids[2 * CMP_CARRIERS_MAX];
	struct store_certificate old;          /* kur */
	STACK_OF(X509_EXTENSION) * extensions; /* PKCS#10: out of its attributes */
	EVP_PKEY *archived_key;                /* what was sent, to be archived */
	struct cmf_csr csr;
	bool refused;
	struct refusal refusal;       /* refused */
	struct cmf_csr_result result; /* else */
	struct octets private_key;    /* generated: EncryptedKey, RFC 4211 2.1 */
};

/* The requests of a message, in their order. */
struct cmp_items {
	struct cmp_item *item;
	size_t len;
};

/* One of the requests of rq->attempt.txn, as the store has it. */
struct cmp_stored_item {
	int cert_req_id;
	int failinfo;                  /* refused; else -1 */
	const char *text;              /* why it was refused, or what was changed; NULL */
	struct store_certificate cert; /* id 0: refused */
};

struct cmp_stored_items {
	struct cmp_stored_item *item;
	size_t len;
	struct store_transaction_items rows; /* owns the texts */
};

/* What the client is told of one revocation. */
struct cmp_verdict {
	bool refused;
	struct refusal refusal; /* refused; the reason is NONE where the store has but its text */
	const char *text;       /* refused */
};

/* The revocations of an rr, in its order; of one that was refused there may be no certificate. */
struct cmp_revocations {
	size_t n;
	struct cmf_revocation *item;
	struct cmp_verdict *verdict;
	struct cmp_stored_items stored; /* owns the texts that came from there */
	bool waiting;                   /* for an upstream CA, or a CRL */
	int crl_check_after;            /* seconds until a CRL that is waited for; 0: none */
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

/* How a message lies in a nested one. */
enum cmp_inner {
	CMP_INNER_APPROVED, /* the outer protection approves it, RFC 9483 5.2.2.1 */
	CMP_INNER_BATCHED,  /* 5.2.2.2 */
	CMP_INNER_LATE,     /* likewise, but there is no time left for it */
};

/*
 * Serves a message that lies in `outer` from its first step to its last, commit and log included. 0
 * with an answer, an error message at worst; -ENOMEM.
 */
typedef int cmp_inner_serve(const struct cmp_request *outer, struct bytes der, enum cmp_inner inner,
			    struct octets *answerp);

/* What is written down of a step, beside the log line. */
enum cmp_record {
	CMP_RECORD_NOTHING,     /* the answer may be given again at any time */
	CMP_RECORD_UNIT,        /* what the handler has added to the unit */
	CMP_RECORD_TRANSACTION, /* that, and what becomes of the transaction, which may be new */
};

/*
 * What a handler has decided, beside the answer (rq->attempt.reply) and the changes (in the unit):
 * door.c hands it to outcome.c, which does the rest.
 */
struct cmp_outcome {
	enum cmp_record record;
	enum store_transaction_state state; /* of the transaction, from now on */
	int64_t deadline_ms;                /* open: until then; 0: as it was */
	int64_t certificate_id;             /* that it is about from now on; 0: as it was */
	/* Of a message with several requests: each with what the answer says of it. */
	struct store_transaction_items items;
	/* AWAIT_POP: of what popdecr must say; the message is kept until then. */
	struct octets pop_digests;
	enum metric_outcome metric; /* for log and metrics */
	/* There is no answer yet: the service goes on after the commit, see its `resume`. */
	bool resumes;
	/* What the unit adds may be there already: a conflict is no reason to decide again. */
	bool may_be_there;
};

/* A step of a message: decides, and fills in an outcome that was empty. Results as above. */
typedef int cmp_step(struct cmp_request *rq, struct cmp_outcome *outcome);

/* How a type of body is served. */
struct cmp_service {
	int body_type;
	enum metric_operation operation;
	/* Opens a transaction (else it belongs to one). */
	bool opens;
	/* Type of the answer that reports what is wrong with the body, RFC 9483 3.6.2. */
	int answer_type;
	cmp_step *serve;
	/* Belongs to no transaction and gets no CMP answer, RFC 9811 3.5. */
	bool announcement;
	/* Finds its transaction itself, where it has one. */
	bool admits_itself;
	/* Goes on with what has been committed but not answered; NULL: there is no such thing. */
	cmp_step *resume;
};

/* What an RA received and changed, see original.c. */
struct cmp_original {
	bool present;
	uint8_t digest[32]; /* SHA-256 of origPKIMessage */
};

/* Dear work before it was known who asks, see stranger.c. */
struct cmp_dear_work {
	struct budget_work budget;
	int64_t began_us; /* on the clock of this thread's processor time */
	bool runs;
};

/*
 * What one attempt to decide on a message comes to. Where a commit meets a conflict, the next
 * attempt begins with a new one: nothing of the one before is left.
 */
struct cmp_attempt {
	bool again;                   /* one before met a conflict: see cmf_call.again */
	struct store_transaction txn; /* id 0: none in the store */
	struct store_seen seen;       /* see seen.c */
	/* How the request is read. */
	enum cmp_pop pop;         /* of the one that is being read */
	bool pop_answered;        /* challenges were */
	struct bytes pop_digests; /* of the numbers that were asked for; see challenge.c */
	const struct cmp_recovery *recovery; /* krr: what the answer brings beside a certificate */
	/* How a refusal is told. */
	int cert_req_id;   /* of the message as a whole */
	bool in_body;      /* by the answer of the operation */
	bool keep_refusal; /* it ends the transaction and is stored with it */
	/* The answer. */
	struct cmp_reply reply;
	bool passphrase_kept; /* of generalInfo: the answer says so */
	struct spliced answer;
	/* For log and metrics. */
	enum metric_outcome metric; /* as the last step said */
	char *subject;
	char serial[SERIAL_HEX_SIZE];
};

/* One request on its way through the door. */
struct cmp_request {
	/* Where it is served. */
	struct cmp_door *door;
	struct cmf_worker *worker;
	const struct cmp_exchange *exchange;
	const struct conf *conf; /* in force when the request came */
	int64_t now_ms;
	struct cmp_trace *trace; /* NULL: it is served, not explained */
	/* The nested message that this one lies in; NULL, 0: none. */
	const struct cmp_request *outer;
	enum cmp_inner inner;
	unsigned depth;
	/* Serves a message that lies in this one: the door itself, which is above nested.c. */
	cmp_inner_serve *inner_serve;

	/* What the message is: header.c, carriers.c. */
	struct cmp_message *msg; /* NULL: the octets were no PKIMessage */
	const struct cmp_service *service;
	uint8_t digest[32];           /* SHA-256 of the octets received */
	bool implicit_confirm;        /* asked for */
	struct cmp_carriers carriers; /* of the header */
	struct cmp_original original;

	/* Who asks: authenticate.c. */
	struct cmf_principal who;
	struct cmf_signer *signer; /* it signed; NULL: it did not */
	/* What was verified, and what protects the answer; before, and after KEM, a signature. */
	enum cmp_protection_kind protection;
	struct cmp_mac mac;    /* MAC, KEM: of the message; its key serves the answer */
	bool kem_asked;        /* without protection, see kem.c; who is nobody */
	int64_t kem_secret_id; /* KEM: of the secret, which no transaction has used; 0: one has */
	bool replay_only;      /* too late for anything but its stored answer */
	bool admitted;         /* authentic, and no replay */
	struct cmp_dear_work work;

	/* What is decided: the services. */
	struct cmp_attempt attempt;
	struct refusal refusal; /* of the step that refused, in the attempt or before */
};

static inline bool cmp_oid_is(const struct cmp_request *rq, enum cmp_oid oid, const ASN1_OBJECT *o)
{
	return OBJ_cmp(rq->door->oids[oid], o) == 0;
}

/* A call of cmf/ that is made now, on behalf of who sent the message. */
static inline struct cmf_call cmp_call(struct cmp_request *rq)
{
	struct cmf_call call = cmf_call_now(rq->door->cmf, rq->worker, &rq->who, &rq->refusal);

	call.again = rq->attempt.again;
	return call;
}

/* --- steps before the body (header.c, authenticate.c, transaction.c) --- */

/* Everything about the header that can be known without store and keys. RFC 9483 3.5. */
_must_check_ int cmp_header_check(struct cmp_request *rq);
/* RFC 9483 6.1: whether the operation label of the URL, if any, fits the body that opened. */
_must_check_ int cmp_operation_label_check(struct cmp_request *rq, int body_type);
/* stranger.c: asks for dear work on behalf of whoever that is. 0, or REFUSED (stranger_budget). */
_must_check_ int cmp_stranger_begin(struct cmp_request *rq, struct bytes reference, int64_t cost_us,
				    struct refusal *refusal);
/* The same for signers, as cmf/ asks. Borrows rq. */
struct cmf_gate cmp_stranger_gate(struct cmp_request *rq);
/* The work is done; nothing if there was none. */
void cmp_stranger_end(struct cmp_request *rq);
/* The request is done: who was authentic owes nothing. */
void cmp_stranger_settle(struct cmp_request *rq);
/* Verifies the protection over the received octets; fills in rq->who and rq->protection. */
_must_check_ int cmp_authenticate(struct cmp_request *rq);
/* signer.c: cmp_authenticate() for a signature. */
_must_check_ int cmp_signature_authenticate(struct cmp_request *rq);
/* policy.c: reads the MAC of the message into rq->mac, as [protection] wants it. */
_must_check_ int cmp_mac_read_protection(struct cmp_request *rq);
/* policy.c: whether rq->mac, which has verified, is as the policy of rq->who wants it beyond that.
 */
_must_check_ int cmp_mac_policy_check(struct cmp_request *rq);

/* Whether this very message has a stored answer. */
_must_check_ int cmp_transaction_answered(struct cmp_request *rq, bool *answeredp);
/* What is to be done with a message, by its transaction. */
enum cmp_admission {
	CMP_ADMIT_SERVE,
	CMP_ADMIT_RESUME,   /* it came before, and there is no answer yet */
	CMP_ADMIT_REPLAYED, /* nothing: rq->attempt.answer holds the stored answer */
};
/* Finds the transaction and decides whether the message may come now. */
_must_check_ int cmp_transaction_admit(struct cmp_request *rq, enum cmp_admission *admissionp);
/*
 * seen.c: REFUSED if a message without messageTime opened a transaction before that has gone;
 * remembers one that opens a transaction, until rq->attempt.seen.until_ms.
 */
_must_check_ int cmp_seen_check(struct cmp_request *rq);
_must_check_ int cmp_seen_add(struct cmp_request *rq);
/* Makes rq->attempt.txn the one that the message opens; it is in the store once it has been
 * committed. */
_must_check_ int cmp_transaction_open(struct cmp_request *rq);
/* outcome.c: the transaction is in that state from now on. */
void cmp_outcome_becomes(struct cmp_outcome *outcome, enum store_transaction_state state);
/* Copies one of several requests. 0 or -ENOMEM. */
_must_check_ int cmp_outcome_add(struct cmp_outcome *outcome,
				 const struct store_transaction_item *item);
void cmp_outcome_clear(struct cmp_outcome *outcome);
/* Encodes the answer, writes down what was decided, commits, counts. */
_must_check_ int cmp_outcome_commit(struct cmp_request *rq, const struct cmp_outcome *outcome);

/* REFUSED if the requester has as many open transactions as it may. RFC-free: our own limit. */
_must_check_ int cmp_quota_check(struct cmp_request *rq);
/* A transaction of this requester was opened (1) or ended (-1). */
void cmp_quota_count(struct cmp_request *rq, int delta);

/* --- kem.c --- */

/* Whether it is the message without protection that asks for a KEM ciphertext. */
bool cmp_kem_is_asked(const struct cmp_request *rq);
/* Answers that one; nothing else is done for it. */
cmp_step cmp_kem_serve;
/* cmp_authenticate() for KemBasedMac. */
_must_check_ int cmp_kem_authenticate(struct cmp_request *rq);

/* --- carriers.c --- */

/* From generalInfo and the URL, into rq->carriers; nothing unless the message opens. */
_must_check_ int cmp_carriers_of_header(struct cmp_request *rq);
_must_check_ int cmp_carriers_of_message(struct cmp_request *rq, const struct cmp_message *msg);
/* From the regInfo of a CertReqMsg, RFC 4211 7.1; may be NULL. */
_must_check_ int cmp_carriers_of_reg_info(struct cmp_request *rq,
					  const STACK_OF(AttributeTypeAndValue) * reg_info,
					  struct cmp_carriers *carriers);
/* Leaves an empty set; also makes one. */
void cmp_carriers_clear(struct cmp_carriers *carriers);
/* Copies a string of ASN.1 that goes on as text: valid UTF-8 without controls, 1..max octets.
 * 0, -EBADMSG, -ENOMEM. */
_must_check_ int cmp_text_dup(const ASN1_STRING *s, size_t max, char **textp);

/* --- explain.c: nothing happens without a trace --- */

/* Notes what a stage came to, and gives it back. */
int cmp_trace_stage(struct cmp_request *rq, enum cmp_stage stage, int result);
/* The protection came to `result`: goes on as the client that is to be taken as the sender. */
_must_check_ int cmp_trace_assume(struct cmp_request *rq, int result);
void cmp_trace_items(struct cmp_request *rq, const struct cmp_items *items);
/* The trace of the next message in a nested one; NULL: it is served, not explained. */
struct cmp_trace *cmp_trace_inner(const struct cmp_request *outer);
/* The request has been answered. */
void cmp_trace_end(struct cmp_request *rq);

/* --- reply.c --- */

void cmp_reply_clear(struct cmp_reply *reply);
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
/* A SEQUENCE that goes into a body as it is; NULL: no memory. */
ASN1_TYPE *cmp_sequence_new(struct bytes der);
/* Whether it is among certificates that are kept as received. */
bool cmp_certificates_contain(const STACK_OF(ASN1_TYPE) * certs, struct bytes der);
/* certifiedKeyPair with the certificate and private key of a response. The caller owns *pairp, also
 * after an error. */
_must_check_ int cmp_key_pair_new(const struct cmp_request *rq, const struct cmp_response *from,
				  CertifiedKeyPair **pairp);
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

/* --- services, by body type --- */

cmp_step cmp_certreq_serve; /* ir, cr, kur */
cmp_step cmp_ccr_serve;
cmp_step cmp_krr_serve;
/* template.c: RFC 9483 4.1.1: fields of certTemplate that a requester may not set. */
_must_check_ int cmp_template_check(struct cmp_request *rq, const CertTemplate *t);
/* certreq.c: the template and its proof of possession: what they ask for goes into item->csr, which
 * borrows from msg. */
_must_check_ int cmp_template_read(struct cmp_request *rq, const CertReqMsg *msg,
				   struct cmp_item *item);
/*
 * template.c: the control of that type, which may be there once and must have a value of that
 * universal type (V_ASN1_OTHER: a context one): its TLV, borrowed; empty: there is none. REFUSED
 * with `malformed` otherwise.
 */
_must_check_ int cmp_control_find(struct cmp_request *rq, const CertRequest *request,
				  enum cmp_oid oid, int value_type, enum refusal_reason malformed,
				  struct bytes *valuep);
/* template.c: certReqId; -1: it is none that may be answered. */
int cmp_cert_req_id(const CertReqMsg *msg);
/*
 * template.c: the CertReqMsg of ccr and krr, certReqId 0; REFUSED with `several` where it is not
 * alone.
 */
_must_check_ int cmp_certreq_one(struct cmp_request *rq, enum refusal_reason several,
				 const CertReqMsg **msgp);
/* certreq.c: decides on the request in `asked`, which rq->msg need not be. */
_must_check_ int cmp_certreq_decide(struct cmp_request *rq, const struct cmp_message *asked,
				    struct cmp_outcome *outcome);
cmp_step cmp_p10cr_serve;
cmp_step cmp_popdecr_serve;
/* challenge.c: whether popdecr has as many numbers as were asked for; of one, whether it is right.
 */
_must_check_ int cmp_challenges_check(struct cmp_request *rq);
/*
 * challenge.c: answers the message with popdecc, a Challenge for each request that needs one, and
 * keeps it.
 */
_must_check_ int cmp_challenge_send(struct cmp_request *rq, struct cmp_items *items,
				    struct cmp_outcome *outcome);
/* Once popdecr is there: whether it has the number for request number i of the n of the message;
 * REFUSED pop_response_wrong. */
_must_check_ int cmp_challenge_check(struct cmp_request *rq, size_t i, size_t n);
cmp_step cmp_certconf_serve, cmp_certconf_resume;
cmp_step cmp_poll_serve, cmp_poll_resume;
cmp_step cmp_rr_serve;
cmp_step cmp_genm_serve, cmp_genm_resume;
cmp_step cmp_error_serve;
cmp_step cmp_nested_serve;

/* nested.c: what the outer message asks of an inner one; nothing if there is none. */
_must_check_ int cmp_inner_check(struct cmp_request *rq);
/* The outer protection's approval, once it is known who sent the inner message. */
_must_check_ int cmp_inner_approve(struct cmp_request *rq);
/* original.c: origPKIMessage in the header, from an RA. */
_must_check_ int cmp_original_check(struct cmp_request *rq);
/* Adds the line of audit to the unit. */
_must_check_ int cmp_original_audit(struct cmp_request *rq);
cmp_step cmp_announce_serve;

/* --- the requests of a message (items.c) --- */

/* 0 or -ENOMEM. */
_must_check_ int cmp_items_new(size_t n, struct cmp_items *itemsp);
void cmp_items_clear(struct cmp_items *items);
/* What reading one request came to: a refusal is kept with it, and the others go on. Returns 0
 * then, any other result as it is. */
_must_check_ int cmp_item_judge(struct cmp_request *rq, struct cmp_item *item, int result);
/* The requests of rq->attempt.txn with their certificates. 0 or negative errno. */
_must_check_ int cmp_stored_items_get(struct cmp_request *rq, struct cmp_stored_items *itemsp);
void cmp_stored_items_clear(struct cmp_stored_items *items);
/* For the log line: the first certificate. */
void cmp_stored_items_log(struct cmp_request *rq, const struct cmp_stored_items *items);
/* The one that a message means by that certReqId, NULL: none. */
struct cmp_stored_item *cmp_stored_item_find(const struct cmp_request *rq,
					     const struct cmp_stored_items *items, int64_t id);

/* carriers.c: whether the chain is wanted, which header and body must not disagree about. */
_must_check_ int cmp_chain_request(struct cmp_request *rq, const struct cmp_carriers *further,
				   bool *wantedp);
/* items.c: the carriers of header and body go into item->csr, for cmf/ to compare; again: the same.
 */
void cmp_item_carriers(const struct cmp_request *rq, struct cmp_item *item);
/*
 * issue.c: asks cmf/ for the certificates of the requests that were read without a refusal, and
 * answers all of them; ir, cr, kur, p10cr, ccr.
 */
_must_check_ int cmp_certificates_issue(struct cmp_request *rq, struct cmp_items *items,
					struct cmp_outcome *outcome);
/* upstream.c: a transaction in AWAIT_UPSTREAM that has no answer yet. */
cmp_step cmp_upstream_resume;
/* upstream.c: answers by the state of the certificates; pollReq while one is not there: pollRep. */
_must_check_ int cmp_upstream_answer(struct cmp_request *rq, const struct cmp_stored_items *items,
				     bool polling, struct cmp_outcome *outcome);

/* --- revocations --- */

/* revocations.c */
_must_check_ int cmp_revocations_new(size_t n, struct cmp_revocations *all);
void cmp_revocations_clear(struct cmp_revocations *all);
bool cmp_revocations_any_granted(const struct cmp_revocations *all);
/* Adds to the unit what is granted. */
_must_check_ int cmp_revocations_add(struct cmp_request *rq, const struct cmp_revocations *all);
/* rp. */
_must_check_ int cmp_revocations_reply(struct cmp_request *rq, const struct cmp_revocations *all);
/* The CA whose CRL is to have that revocation before it is answered; NULL: none. */
struct ca *cmp_revocation_crl(const struct cmp_request *rq, const struct cmf_revocation *item);
/* For log and metrics. */
void cmp_revocations_note(struct cmp_request *rq, const struct cmp_revocations *all,
			  struct cmp_outcome *outcome);
/*
 * rr_delayed.c: of an rr of which an upstream CA has to be told, or which a CRL has to list. Adds
 * what is asked for, which is seen to after the commit.
 */
_must_check_ int cmp_revocations_begin(struct cmp_request *rq, struct cmp_revocations *all,
				       struct cmp_outcome *outcome);
/* Asks for the first time, or again after a crash. */
cmp_step cmp_revocations_resume;
/* pollReq for it; a pollReq that was passed on goes on with the second. */
cmp_step cmp_revocations_poll, cmp_revocations_poll_resume;

/* --- forward.c --- */

/* Whether messages about the certificate are passed on to the CA of it. */
bool cmp_is_forwarded(const struct cmp_request *rq, const struct store_certificate *cert);
/* Adds to the unit what goes upstream for a request that was granted; REFUSED if it cannot. */
_must_check_ int cmp_forward_request(struct cmp_request *rq, struct cmf_csr_result *result);
/* Answers with what the upstream said and the client has not heard; STORE_NOT_FOUND: nothing. */
_must_check_ int cmp_forward_answer(struct cmp_request *rq, const struct store_certificate *cert,
				    const struct ca *ca, struct cmp_outcome *outcome);
/*
 * Passes a pollReq on, if it was the upstream that asked to wait in an exchange of that kind. Where
 * there is an answer of the upstream's to come, the outcome resumes, with cmp_forward_run().
 */
_must_check_ int cmp_forward_poll(struct cmp_request *rq, const struct store_certificate *cert,
				  enum store_exchange_kind kind, struct cmp_outcome *outcome);
/* After the commit: waits a little for the upstream. A fault was logged, and the exchange goes on.
 */
_must_check_ int cmp_forward_run(struct cmp_request *rq, const struct store_certificate *cert,
				 enum store_exchange_kind kind);
/* What goes upstream for an rr that was granted; empty: nothing of the client's. */
_must_check_ int cmp_forward_revocation(struct cmp_request *rq, const struct ca *ca,
					struct octets *messagep);
/* As cmp_forward_answer, of a revocation that was to bring the certificate into the state `to`. */
_must_check_ int cmp_forward_revoked(struct cmp_request *rq, const struct store_certificate *cert,
				     enum store_certificate_state to, const struct ca *ca,
				     struct cmp_outcome *outcome);
/* Passes a certConf on; the outcome resumes. */
_must_check_ int cmp_forward_confirm(struct cmp_request *rq, const struct store_certificate *cert,
				     bool accepted, struct cmp_outcome *outcome);
/* Whether a certConf for it was passed on. 0, STORE_NOT_FOUND. */
_must_check_ int cmp_forward_confirm_find(struct cmp_request *rq,
					  const struct store_certificate *cert);
/* Answers with what came back, or that it has not come yet. */
_must_check_ int cmp_forward_confirm_answer(struct cmp_request *rq,
					    const struct store_certificate *cert, bool polling,
					    struct cmp_outcome *outcome);
/* Answers with what came back before; STORE_NOT_FOUND: nothing. */
_must_check_ int cmp_forward_confirmed(struct cmp_request *rq, const struct store_certificate *cert,
				       struct cmp_outcome *outcome);
/* items.c: pollReq is for the message as a whole, RFC 9483 4.4: "else -1 to refer to [it]" */
_must_check_ int cmp_poll_whole_check(struct cmp_request *rq);
/* ip, cp or kup for the body type that opened a transaction. */
int cmp_answer_type(int body_type);

/* --- announce.c --- */

/* REFUSED unless the requester may announce. */
_must_check_ int cmp_announcer_check(struct cmp_request *rq);
/* Whether the certificates of a CA key update fit together; the latter two may be NULL. */
_must_check_ int cmp_key_update_check(struct cmp_request *rq, const ASN1_TYPE *new_with_new,
				      const ASN1_TYPE *new_with_old, const ASN1_TYPE *old_with_new);
/* Adds the content of a body of that type to the unit; it may be there already. */
_must_check_ int cmp_announcement_add(struct cmp_request *rq, int type, struct bytes der);
/* What the sender of an announcement is told, by the outcome. */
enum cmp_delivery cmp_announcement_delivery(const struct cmp_request *rq);

/*
 * signer.c: the name that is to be the subject of the signer's certificate (RFC 9483 3.1); of
 * another form than directoryName, and so the subject of none: no Name at all.
 */
struct bytes cmp_sender_dn(const struct cmp_message *msg);
/*
 * Whom the message says that it is from, where nobody was found: its reference, or the common name
 * of sender; else "". For the log, which escapes it.
 */
enum { CMP_CLAIM_MAX = 100 };
void cmp_claim_text(const struct cmp_request *rq, char text[CMP_CLAIM_MAX]);
/* request.c: what a proof of possession in this request is judged by. */
struct cmf_proof cmp_proof(struct cmp_request *rq);
/* template.c: what no certTemplate may have, of an end entity or of a CA. REFUSED template_*. */
_must_check_ int cmp_template_never(struct cmp_request *rq, const CertTemplate *t);
/* encrypted_certificate.c. Whether the requester reads EnvelopedData. */
bool cmp_envelope_understood(const struct cmp_request *rq);
/* The certificate encrypted for its own key, as EncryptedKey. The caller owns *encryptedp. */
_must_check_ int cmp_pop_encrypted_certificate(const struct cmp_request *rq, struct bytes der,
					       ASN1_TYPE **encryptedp);
/* Remembers subject and serial for the log line. */
void cmp_log_certificate(struct cmp_request *rq, const char *subject_id,
			 const struct serial *serial);

/* genm/support.c: the AlgorithmIdentifier of a kind of key; NULL: out of memory. */
X509_ALGOR *cmp_key_algorithm(const struct conf_key_type *type);
/*
 * genm/*.c, by infoType: each adds what it answers to the genp. The value is as genm.c's table
 * says; where it may be anything, it may be NULL.
 */
_must_check_ int cmp_genm_ca_certs(struct cmp_request *rq, const ASN1_TYPE *asked);
_must_check_ int cmp_genm_sign_key_pair_types(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_enc_key_pair_types(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_preferred_symm_alg(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_current_crl(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_key_pair_param(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_lang_tags(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_crl_status(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_cert_req_template(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_register(struct cmp_request *rq, const ASN1_TYPE *value);
/* genm/support.c: the CA that a general message is addressed to, else the default one; NULL: none.
 */
struct ca *cmp_ca_addressed(struct cmp_request *rq);
/* genm/revocation.c: by infoType; value may be NULL. */
_must_check_ int cmp_genm_ca_prot_enc_cert(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_rev_passphrase(struct cmp_request *rq, const ASN1_TYPE *value);
/* The same in generalInfo, if it is there. */
cmp_step cmp_rev_passphrase_of_header;
/* genm/root.c: by infoType; value may be NULL. */
_must_check_ int cmp_genm_root_ca_cert(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_root_ca_key_update(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_ca_key_update_info(struct cmp_request *rq, const ASN1_TYPE *value);
/* genm/support.c: the answers to support messages that the configuration alone decides. */
_must_check_ int cmp_support_prepare(struct cmp_door *door);
/* central_key.c: the credential of the key generation authority, if there is one. */
_must_check_ int cmp_kga_load(struct cmp_door *door, struct strbuf *problems);
void cmp_kga_clear(struct cmp_kga *kga);
/* Whether the template asks for central key generation: no key, or an empty one. */
bool cmp_central_key_wanted(const CertTemplate *t);
/* What it asks for goes into csr, which borrows from msg; REFUSED central_key_*. */
_must_check_ int cmp_central_key_ask(struct cmp_request *rq, const CertReqMsg *msg,
				     struct cmf_csr *csr);
/* The private key, signed and encrypted for the requester, as EncryptedKey. The caller owns it. */
_must_check_ int cmp_central_key_seal(struct cmp_request *rq, EVP_PKEY *generated,
				      struct octets *encryptedp);
/*
 * archive.c: what the pkiArchiveOptions control asks for goes into item->csr; a private key in it
 * is opened, and is that of `key` (NULL: it is to be generated). REFUSED archive_*.
 */
_must_check_ int cmp_archive_read(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key,
				  struct cmp_item *item);
/* The same of encryptedKey as proof of possession. REFUSED archive_*, pop_*. */
_must_check_ int cmp_archive_pop(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key,
				 struct cmp_item *item);
/* The same for another recipient. -ENOTSUP if nothing can be encrypted for its key. */
_must_check_ int cmp_private_key_seal(struct cmp_request *rq, EVP_PKEY *key,
				      const struct envelope_recipient *to,
				      struct octets *encryptedp);
/* credential.c: the DER of the certificates, but of self-signed ones behind the first. */
_must_check_ int cmp_certs_keep(const STACK_OF(X509) * from, struct octets **certsp, size_t *np);
/* credential.c: the credentials that answers are signed with, and that others encrypt for. */
_must_check_ int cmp_credential_load(struct cmp_door *door, struct strbuf *problems);
