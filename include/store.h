// SPDX-License-Identifier: Apache-2.0
/*
 * The store: what must survive kill -9 and power loss, as domain verbs. No SQL and no type of a
 * database passes through here; a backend implements it (SQLite now).
 *
 * Reading: each thread has a `struct store_reader` of its own. Results are copies, owned by the
 * caller. Readers see what was committed.
 *
 * Writing: a worker gathers its changes in a `struct store_unit` (a write set) and commits it in
 * one call, which returns when they are durable, or hands it over and is told. Each change carries
 * its own condition; if one no longer holds, nothing of the unit happens and the commit says
 * STORE_CONFLICT: the worker decides again. A unit copies what it is given.
 *
 * Units are serialisable, in whatever threads and processes they are committed: what comes of them
 * is what would come of them one after the other, in some order that fits what was told to whom.
 * Conditions may therefore look at rows that their unit does not write (the registration of a
 * certificate, the other certificates with a key): what they have seen still holds at the commit. A
 * backend that lets several units run at once has to see to that; SQLite has one writer at a time.
 *
 * Results: 0; STORE_NOT_FOUND or STORE_CONFLICT where documented; or a negative errno, a fault,
 * already logged (-ENOSPC, -EIO, -ENOMEM, ...). -ESTALE: the database was taken away; see
 * store_files_check(). -ENOTCONN: the server of the database is away. Times are milliseconds since
 * the epoch (UTC).
 */
#pragma once

#include "asn1/name_key.h"
#include "asn1/serial.h"
#include "base/bytes.h"
#include "base/cert_type.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { STORE_NOT_FOUND = 2, STORE_CONFLICT = 3 };

/* A fault that may have passed when somebody asks again: busy, away, full. Any thread. */
bool store_fault_passes(int err);

struct store;
struct store_reader;
struct store_unit;

/* --- opening --- */

struct store_options {
	const char *database;     /* path of a file of SQLite, or postgresql:// URL */
	uint32_t batch_max;       /* units per COMMIT */
	uint32_t commit_delay_ms; /* under load a COMMIT waits that long for more units; at most
				     1000 */
	bool as_it_is;            /* store_open: an older schema is not migrated, but -EAGAIN */
	bool moved;               /* store_open: it may be one of which store_transfer() was made */
	bool index_keys;          /* store_open: store_key_taken is made cheap, inserts dearer */
	bool serve; /* store_open: to serve clients; where one process can do that, others that want
		       to are kept off, and before a migration a copy is kept */
	/* Of a database server alone: */
	int64_t timeout_ms; /* how long a connection, a change or an answer may take; 0: 5 s */
	bool unreplicated;  /* it is ready without standbys, too */
};

/* Whether that names a database of a server, and no file. */
bool store_database_is_url(const char *database);
/* What a URL of a database sets for an option of libpq, as the file of "passfile"; owned. NULL: it
 * does not, or it is none. */
char *store_database_option(const char *database, const char *option);

/* Creates the database (mode 0600) with the newest schema. -EEXIST if there is one. */
_must_check_ int store_create(const struct store_options *options);
/*
 * Opens, migrates an older schema, starts the committer. -ENOENT without database, -EPROTO if the
 * database is newer than this program and that cannot go on with it, -EUSERS if older ones serve it
 * that could not go on with a newer schema, -EMEDIUMTYPE if it is another program's, -EUCLEAN if it
 * is none, -EBADMSG if what was committed is damaged (nothing is changed), -EBUSY: store_server(),
 * -EINPROGRESS: store_transfer() has not ended there, -EREMOTE: it has brought all elsewhere.
 */
_must_check_ int store_open(const struct store_options *options, struct store **storep);
/*
 * Makes the file `to` (mode 0600), which can be opened as a database: all that was committed at one
 * moment after the call, while others go on writing. Durable and whole, or not at all; one of that
 * name is replaced. Errors as of store_open(), -ENOSPC; -ENOTSUP: the database is no file, and has
 * tools of its own for that.
 */
_must_check_ int store_copy(const struct store_options *options, const char *to);
struct store_transfer {
	const char *from; /* a file of SQLite */
	const char *to;   /* postgresql:// URL */
	bool keep;        /* the file can be served afterwards, too */
	/* How many rows of a table are there, of how many; now and then, and when it is done. */
	void (*progress)(void *arg, const char *table, int64_t rows, int64_t total);
	void *arg;
};
/*
 * Brings all rows of a database that nobody serves, of the newest schema, into an empty one, whose
 * tables are made if it has none; both are then read and compared. One that was interrupted is gone
 * on with; nobody can serve the target before it has ended, nor, unless it is to be kept, the file
 * from then on: two would give numbers of CRLs and serial numbers twice. *wherep: which
 * of the two an error is about. -EEXIST: there is something in the target; -EBADMSG, logged: the
 * two are not the same, as when the file was changed before the copy was gone on with; errors of
 * store_open().
 */
_must_check_ int store_transfer(const struct store_transfer *how, const char **wherep);
/* Where store_transfer() has brought a database, owned; NULL: nowhere. */
_must_check_ int store_moved_to(const struct store_options *options, char **top);
/* The process id of who serves the database; 0: nobody, or nobody is kept off; -1: not known. */
int64_t store_server(const struct store_options *options);
/* Whether other processes may serve the database at the same time. */
bool store_is_shared(const struct store *store);
/* Why store_open() has failed and what to do, as a sentence for whoever runs cmfd, without an end
 * of line. */
void store_open_problem(const struct store_options *options, int err, struct strbuf *out);
/* Commits what waits, stops the committer, closes. All readers are freed before. NULL is fine. */
void store_close(struct store *store);
DEFINE_CLEANUP(struct store, store_close);

/*
 * What the server of the database is set to that may lose what was committed, a line each into
 * *linesp, owned; NULL: nothing. 0 or negative errno.
 */
_must_check_ int store_durability(struct store *store, char **linesp);
/*
 * How many units wait for a COMMIT that was begun that long ago, and behind it; 0: none was. Any
 * thread.
 */
size_t store_undecided(struct store *store, int64_t since_ms);
/*
 * Whether a COMMIT can succeed: 0, or why not. One of the last max_age_ms says so; else one that
 * changes next to nothing is tried, once for all who ask at the same time, and waited for, but not
 * longer than wait_ms: -ETIMEDOUT. -ESTALE: store_files_check(). Of a database on a server:
 * -ENOTCONN: it is away; -EACCES, -ENODEV, -EMFILE: it refuses us, has no such database, or no
 * connection left; -EHOSTDOWN: it waits for standbys; -EPERM: it has none, and should.
 */
_must_check_ int store_ready(struct store *store, int64_t max_age_ms, int64_t wait_ms);
/*
 * Looks whether the files of the database are still those that were opened: 0 or -ESTALE. As long
 * as they are not, every reading and every commit ends with that, too. Costs next to nothing, any
 * thread.
 */
int store_files_check(struct store *store);

/* One per thread; not shared between threads. */
_must_check_ int store_reader_new(struct store *store, struct store_reader **readerp);
void store_reader_free(struct store_reader *reader);
DEFINE_CLEANUP(struct store_reader, store_reader_free);

/* --- clients --- */

/* What a client may do; a set of bits. */
enum store_permission {
	STORE_MAY_REGISTER = 1 << 0,      /* Register for itself */
	STORE_MAY_REQUEST = 1 << 1,       /* ir, cr, p10cr, kur for entities it manages */
	STORE_MAY_REVOKE = 1 << 2,        /* rr for entities it manages */
	STORE_IS_RA = 1 << 3,             /* the same for every entity of its trust domain */
	STORE_IS_OPERATOR = 1 << 4,       /* as RA */
	STORE_MAY_ANNOUNCE = 1 << 5,      /* announcements of another CA, RFC 9811 3.5 */
	STORE_MAY_CROSS_CERTIFY = 1 << 6, /* ccr, RFC 9810 5.3.11 */
	STORE_MAY_RECOVER = 1 << 7,       /* krr for entities it manages, RFC 4210 5.3.7 */
	STORE_MAY_ATTESTER = 1 << 8,      /* another attester for entities that it manages */
};

enum store_credential_kind {
	STORE_CREDENTIAL_SECRET = 0, /* content: a shared secret, encrypted under the store key */
	STORE_CREDENTIAL_ANCHOR = 1, /* content: PEM; certificates below one of these */
	STORE_CREDENTIAL_CERTIFICATE = 2, /* content: DER; exactly this one */
	STORE_CREDENTIAL_OAUTH2 = 3,      /* no content: a client of the authorization server */
};

/* What a client proves itself with. */
struct store_credential {
	int64_t id;
	enum store_credential_kind kind;
	int64_t not_before_ms; /* it is good from then on; 0: from ever */
	int64_t not_after_ms;  /* and until then; 0: for ever */
	int64_t created_ms;
	/*
	 * What it is found by, and compared with others: the reference of a secret (senderKID) or
	 * the id of an OAuth2 client, which are unique; the digest of the key in a certificate; the
	 * dn_hash() of subject, empty without one.
	 */
	struct octets known_by;
	char *subject; /* below an anchor: "/CN=vnfm-a"; NULL: any */
	struct octets content;
};

/* A configured client: a requester that we know. */
struct store_client {
	int64_t id;
	char *name; /* unique */
	char *trust_domain;
	uint32_t permissions;
	bool register_on_ir;
	char *default_profile;     /* NULL: none */
	char *policy;              /* its [client_policy NAME]; NULL: the default one */
	char *entity;              /* the subjectId of the entity that it is; NULL: none */
	char *entity_vnf_instance; /* of that entity; NULL: none */
	int64_t created_ms;
	struct store_credential *credentials; /* in the order of ids */
	size_t n_credentials;
};

/* --- registrations --- */

enum store_registration_state {
	STORE_REGISTRATION_ACTIVE = 0,
	STORE_REGISTRATION_DEREGISTERED = 1
};

/*
 * Who an entity is, under whatever certType: identifiers of VNFCs are unique within one VNF
 * instance only, and each trust domain is a name space of its own. subject_id is compared in the
 * form in which names compare (base/name_fold.h), the others octet for octet, everywhere. Borrowed.
 */
struct store_entity {
	const char *trust_domain;
	const char *vnf_instance; /* vnfInstanceId; "": none */
	const char *subject_id;
};
/* False, too, where there is no memory to find out. */
bool store_entity_same(const struct store_entity *a, const struct store_entity *b);

/* A registered entity, IFA 033 11.2.2. At most one active per entity and cert_type; all active ones
 * of an entity have one manager. */
struct store_registration {
	int64_t id;
	enum cert_type cert_type;
	char *vnf_instance; /* "": none */
	char *subject_id;
	enum cert_handling handling;
	/* Name of the client that registered it. In direct mode there is no manager: of the client
	 * that may read it, "" where only RAs and operators may. */
	char *manager;
	char *trust_domain;
	char *ca;
	char *profile;
	char *source; /* where it comes from, "vnfm NAME"; NULL: somebody asked for it */
	enum store_registration_state state;
	int64_t created_ms;
	int64_t changed_ms;
	int64_t attester_id; /* 0: none; store_registration_set_attester() sets it */
};

static inline struct store_entity store_registration_entity(const struct store_registration *reg)
{
	return (struct store_entity){reg->trust_domain, reg->vnf_instance, reg->subject_id};
}

/* --- attesters --- */

enum store_attester_kind {
	STORE_ATTESTER_KEY = 1,         /* content: a SubjectPublicKeyInfo */
	STORE_ATTESTER_CERTIFICATE = 2, /* content: a certificate */
	STORE_ATTESTER_CAS = 3,         /* content: certificates of CAs, one behind the other */
};

/* What a registration asks for beyond its profile. */
enum store_attester_policy {
	STORE_ATTESTER_AS_PROFILE = 0,
	STORE_ATTESTER_VERIFY = 1,
	STORE_ATTESTER_REQUIRE = 2,
};

/* Who attests the keys of entities, IFA 033 11.2.1; many registrations may have the same. */
struct store_attester {
	int64_t id;
	uint8_t digest[32]; /* SHA-256 by which cmf/ tells them apart */
	enum store_attester_kind kind;
	struct octets content; /* DER */
	char *statement_types; /* OIDs as dotted text, with a space between them */
	enum store_attester_policy policy;
};

/* --- certificates --- */

enum store_certificate_state {
	STORE_CERT_REQUESTED = 0, /* asked for upstream, no certificate yet; shown as pending */
	STORE_CERT_PENDING = 1,   /* issued, not confirmed yet */
	STORE_CERT_ACTIVE = 2,
	STORE_CERT_REVOKED = 3,
	STORE_CERT_REJECTED =
		4, /* refused upstream, or by the client in certConf (then also revoked) */
	STORE_CERT_REVOCATION_PENDING = 5, /* upstream has still to be told */
	STORE_CERT_ON_HOLD = 6,            /* revoked until it is released or revoked for good */
};
enum { STORE_CERT_STATE_COUNT = 7 };

/* reasonCode of RFC 5280 5.3.1, or none. */
enum { STORE_REASON_NONE = -1, STORE_REASON_HOLD = 6, STORE_REASON_RELEASE = 8 };

struct store_certificate {
	int64_t id;
	int64_t registration_id;
	char *ca;
	struct serial serial; /* unique per CA; none while REQUESTED */
	enum store_certificate_state state;
	char *subject;          /* RFC 2253 text, for people */
	struct octets der;      /* empty while REQUESTED */
	uint8_t key_digest[32]; /* SHA-256 of the DER SubjectPublicKeyInfo */
	int64_t not_before_ms;
	int64_t not_after_ms;
	char *requester;       /* principal that asked */
	int reason;            /* reasonCode once revoked */
	int64_t revoked_ms;    /* 0: not revoked */
	int64_t invalidity_ms; /* invalidityDate of the revocation, RFC 5280 5.3.2; 0: none */
	int64_t crl_change;    /* number of its last change in the CRL of its CA; 0: none */
	int64_t confirm_by_ms; /* PENDING: certConf is due; 0 otherwise */
	int64_t created_ms;
	int64_t replaces_id; /* the one in whose place it was asked for; 0: none */
	/* Joined from the registration on reading; ignored on insert. */
	char *vnf_instance; /* "": none */
	char *subject_id;
	enum cert_type cert_type;
	enum cert_handling handling;
	char *manager;
	char *trust_domain;
	char *profile;
};

static inline struct store_entity store_certificate_entity(const struct store_certificate *cert)
{
	return (struct store_entity){cert->trust_domain, cert->vnf_instance, cert->subject_id};
}

/* --- transactions --- */

enum store_transaction_state {
	/* for a certificate, a revocation or pkiConf; the client may have a waiting answer */
	STORE_TXN_AWAIT_UPSTREAM = 0,
	STORE_TXN_AWAIT_CONF = 1, /* certConf due */
	STORE_TXN_DONE = 2,
	STORE_TXN_FAILED = 3,    /* ended with a refusal */
	STORE_TXN_AWAIT_POP = 4, /* popdecr due; see struct store_pop */
};

/* A CMP transaction, keyed by requester and transactionID. */
struct store_transaction {
	int64_t id;
	char *requester; /* principal key */
	struct octets transaction_id;
	enum store_transaction_state state;
	int body_type;  /* PKIBody tag of the request that opened it */
	int protection; /* enum cmp_protection_kind of the request that opened it */
	bool implicit_confirm;
	bool chain_request; /* IFA 033 certChainRequest */
	/*
	 * The request, where it is one alone. Of several, all are store_transaction_item, and this
	 * is the first certificate among them.
	 */
	int cert_req_id;
	int reason;                  /* rr: the reasonCode; else STORE_REASON_NONE */
	int64_t certificate_id;      /* 0: none */
	size_t n_items;              /* 0: one request */
	struct octets request_nonce; /* senderNonce of the request that opened it */
	struct octets sent_nonce;    /* senderNonce of our last answer */
	uint8_t request_digest[32];  /* SHA-256 of the last request's octets */
	struct octets response;      /* octets of the last answer; empty: none yet (upstream) */
	int64_t crl_id;              /* of the CRL that response goes without; 0: none */
	size_t crl_at;               /* where in response it belongs */
	struct octets signer;        /* written: store_signer's certificates; empty: none */
	uint8_t signer_digest[32];   /* SHA-256 of them */
	char *status_text;           /* grantedWithMods: what was changed; NULL */
	int64_t deadline_ms;         /* certConf or upstream deadline; 0: none */
	int64_t created_ms;
	int64_t changed_ms;
};

/* By what certificates, DER one behind the other and its own first, a requester was known. */
struct store_signer {
	char *requester;
	struct octets certificates; /* empty: it is known by its name, or the transaction is over */
};

/* Challenges that the client has to answer, RFC 9810 5.2.8.3.3. */
struct store_pop {
	int64_t transaction_id;
	struct octets answer_digests; /* of what popdecr must say; cmp/'s own encoding */
	struct octets request;        /* octets of the message to go on with */
};

/* The shared secret of a key encapsulation, RFC 9810 5.1.3.4. */
struct store_kem_secret {
	int64_t id;
	bool used;                    /* a transaction was opened with it; it goes with that */
	int64_t deadline_ms;          /* unused: good until then */
	char *requester;              /* principal whose key it was encapsulated for */
	struct octets transaction_id; /* unique */
	struct octets sent_nonce;     /* senderNonce of our answer */
	struct octets secret;         /* encrypted under the store key; see cmf/ */
	struct octets request;        /* octets of the message that asked */
	struct octets response;       /* octets of our answer, with the ciphertext */
};

/* One of the requests of a transaction that was opened with several, in their order. */
struct store_transaction_item {
	int cert_req_id;
	int reason;             /* rr: the reasonCode; else STORE_REASON_NONE */
	int64_t certificate_id; /* 0: refused */
	int failinfo;           /* refused: the failInfo bit; else -1 */
	char *status_text;      /* why it was refused, what was changed; NULL */
};

struct store_transaction_items {
	struct store_transaction_item *item;
	size_t len;
};

/* --- requests for certificates that are read again --- */

enum store_csr_state {
	STORE_CSR_PROCESSING = 0, /* an upstream CA is waited for */
	STORE_CSR_COMPLETED = 1,
	STORE_CSR_FAILED = 2,
};

/* Certificate Signing Request (IFA 033 11.2.3) as a resource: it stays when it has been answered.
 */
struct store_csr {
	int64_t id;
	enum store_csr_state state;
	int64_t certificate_id;
	/* Who asked, and for what. */
	char *client;         /* principal */
	uint8_t digest[32];   /* SHA-256 of the DER of the PKCS#10 */
	char *profile;        /* NULL: none was named */
	int64_t not_after_ms; /* 0: none was named */
	int64_t replaces_id;  /* the certificate to be replaced; 0: none */
	bool revoke_replaced;
	bool chain_request; /* IFA 033 certChainRequest */
	int64_t created_ms;
	/* What has become of it. */
	int64_t until_ms; /* PROCESSING: so long it waits; else it can be read so long */
	char *changes;    /* COMPLETED: what was granted otherwise; NULL: nothing */
	char *refusal;    /* FAILED: the code of the refusal; and its failInfo bit, else -1 */
	int failinfo;
	/* Joined from the certificate and its registration on reading; ignored on insert. */
	int64_t registration_id;
	enum cert_type cert_type;
	char *vnf_instance; /* "": none */
	char *subject_id;
	char *trust_domain;
};

/* --- exchanges with an upstream CA --- */

enum store_exchange_kind {
	STORE_EXCHANGE_ISSUE = 0,
	STORE_EXCHANGE_REVOKE = 1,
	STORE_EXCHANGE_CONFIRM = 2,        /* a certConf that is passed on */
	STORE_EXCHANGE_REVOKE_FORWARD = 3, /* an rr that is passed on */
};
enum store_exchange_state {
	STORE_EXCHANGE_OPEN = 0, /* to be worked on until done, also after a restart */
	STORE_EXCHANGE_DONE = 1,
	STORE_EXCHANGE_FAILED = 2,
};

/* One CMP transaction of ours with an upstream CA: all that is needed to go on after a crash. */
struct store_exchange {
	int64_t id;
	enum store_exchange_kind kind;
	enum store_exchange_state state;
	char *ca;
	int64_t certificate_id;
	struct octets
		request;     /* ca/'s own encoding of what is asked for (CSR or template; reason) */
	int failinfo;        /* FAILED: the upstream's failInfo bit, -1 none; OPEN: that of the
				exchange that this one repeats */
	char *refusal;       /* FAILED by us: the code of the refusal; NULL: by the upstream */
	int64_t deadline_ms; /* then it has failed; 0: never (rr of ours) */
	int64_t next_ms;     /* not before that time */
	int64_t created_ms;
	/* On reading: who sends its messages now, for so long yet; not positive: nobody. */
	int64_t claimant;
	int64_t claim_left_ms;
};

/* A message of an exchange, kept before it is sent or acted on. seq counts from 0. */
struct store_exchange_message {
	int seq;
	bool sent; /* by us; else received */
	struct octets der;
};

struct store_exchange_messages {
	struct store_exchange_message *item;
	size_t len;
};

/* --- CRLs --- */

struct store_crl {
	int64_t id;
	char *ca;
	int64_t number; /* CRLNumber */
	int64_t this_update_ms;
	int64_t next_update_ms;
	int64_t scheduled_ms; /* thisUpdate of the last regularly scheduled one, this or before */
	int64_t changes;      /* it has all revocations up to this crl_change; -1: not known */
	int64_t scheduled_changes; /* and that one had those up to this */
	int64_t floor;    /* the next number is above this one, too; 0: none. Ignored on insert */
	struct bytes der; /* to be inserted; reading leaves it out */
};

/* An entry for the next CRL. */
struct store_revoked {
	struct serial serial;
	int reason;
	int64_t revoked_ms;
	int64_t invalidity_ms; /* 0: none */
};

/* --- requests that are remembered --- */

/* A request without messageTime that opened a transaction. */
struct store_seen {
	uint8_t digest[32]; /* SHA-256 of requester and transactionID */
	int64_t until_ms;   /* then it can do no harm; 0: it always can */
};

/* --- announcements --- */

/* What a CA announced, RFC 9810 5.3.13 to 5.3.16. */
struct store_announcement {
	int64_t id;
	int type; /* tag of the body: ckuann, cann, rann, crlann */
	int64_t created_ms;
	char *sender;       /* principal */
	uint8_t digest[32]; /* SHA-256 that tells the announcements of a sender apart */
	struct octets der;  /* content of the body, as received */
};

/* --- revocation passphrases --- */

/* RFC 9810 Appendix B. */
struct store_rev_passphrase {
	int64_t registration_id; /* whose certificates it revokes */
	int64_t created_ms;
	struct octets reference; /* senderKID; unique */
	struct octets secret;    /* encrypted under the store key; see cmf/ */
	/* Put only: the transaction for which the one before stays good; empty: for none. */
	struct octets transaction_id;
};

/* --- archived keys --- */

/* The private key of a certificate, RFC 4211 6.4. */
struct store_archived_key {
	int64_t certificate_id;
	int64_t created_ms;
	bool generated;       /* here; else the requester sent it */
	struct octets secret; /* encrypted under the store key; see cmf/ */
};

/* --- key attestation --- */

/* Of the request for a certificate. The values are kept. */
enum store_verdict {
	STORE_ATTESTATION_NONE = 0, /* there was none; no row */
	STORE_ATTESTATION_VERIFIED = 1,
	STORE_ATTESTATION_IGNORED = 2,   /* there was one, and nobody looked at it */
	STORE_ATTESTATION_FORWARDED = 3, /* the upstream CA was given it to judge */
};
enum { STORE_VERDICTS = STORE_ATTESTATION_FORWARDED + 1 };

struct store_attestation {
	int64_t certificate_id;
	enum store_verdict verdict;
	char *statement; /* its type, dotted; NULL: not VERIFIED */
	bool has_attester;
	uint8_t attester[32]; /* SHA-256 of the SubjectPublicKeyInfo of who signed it */
	struct octets nonce;  /* that this server had given out; empty: none was asked for */
};

/* --- audit --- */

/* Of which kind who did it is; the values are kept. */
enum store_actor {
	STORE_ACTOR_CLIENT,
	STORE_ACTOR_HOLDER,  /* of a certificate, and no client */
	STORE_ACTOR_REVOKER, /* by a revocation passphrase */
	STORE_ACTOR_OPERATOR,
	STORE_ACTOR_SYSTEM, /* cmfd itself: what is due */
	STORE_ACTORS
};

/* NULL of what may be: none. Secrets are never in it: a fingerprint says what credential it was. */
struct store_audit {
	int64_t time_ms;
	const char *actor;  /* name of the principal */
	const char *action; /* "register", "issue", "confirm", "revoke", ... */
	const char *target; /* subject_id, client name */
	/*
	 * Of the entity that is the target, NULL or "": none. It is written into the target, as URN
	 * (base/vnfci_urn.h), and never read.
	 */
	const char *vnf_instance;
	const char *detail;  /* a serial number, mostly; may be NULL */
	const char *before;  /* a state, or a fingerprint; may be NULL */
	const char *after;   /* likewise */
	const char *outcome; /* NULL is "done"; or the failInfo */
	enum store_actor actor_kind;
	bool has_uid; /* of the process at the operator's socket */
	uid_t uid;
	const char *user;    /* name of that uid then; may be NULL */
	uint64_t request_id; /* as in the log; 0: of no request */
	/* When read; see store/audit.h. */
	int64_t id;
	int64_t chain;
	int64_t sequence;  /* 0: in chain 0 */
	struct bytes hash; /* empty likewise */
};

/* Owned fields are freed; the struct itself is the caller's. All accept zeroed structs. */
void store_credential_clear(struct store_credential *c);
void store_client_clear(struct store_client *c);
void store_registration_clear(struct store_registration *r);
void store_attester_clear(struct store_attester *a);
void store_certificate_clear(struct store_certificate *c);
void store_transaction_clear(struct store_transaction *t);
void store_signer_clear(struct store_signer *s);
void store_pop_clear(struct store_pop *p);
void store_kem_secret_clear(struct store_kem_secret *s);
void store_transaction_items_clear(struct store_transaction_items *items);
void store_csr_clear(struct store_csr *csr);
void store_exchange_clear(struct store_exchange *e);
void store_exchange_messages_clear(struct store_exchange_messages *m);
void store_crl_clear(struct store_crl *c);
void store_announcement_clear(struct store_announcement *a);
void store_rev_passphrase_clear(struct store_rev_passphrase *p);
void store_archived_key_clear(struct store_archived_key *k);
void store_attestation_clear(struct store_attestation *a);

/* --- reading --- */

/* What a CMP message will ask for, as far as it is known before anything else is. */
struct store_ahead {
	struct bytes transaction_id;
	bool certificate;        /* that of the transaction, too */
	struct bytes subject_id; /* registrations of that; empty: of none */
	/* Certificates by their serial numbers, none if there is none: who signed, if it is known
	 * by its id already and if not, and the one that the message is about. */
	struct serial known, signer, named;
	bool registration; /* of the one named, too */
};
/*
 * Asks a server of a database for all of that and the client generation together, for one wait
 * instead of one for each; the verbs below then find it there, once. Where there is no way to go to
 * the database this does nothing. It is as old as this call: whoever decides again drops it before.
 */
_must_check_ int store_ahead_ask(struct store_reader *r, const struct store_ahead *ahead);
/* Whether there is a way to go. */
bool store_ahead_helps(const struct store_reader *r);
void store_ahead_drop(struct store_reader *r);

/* Calls `each` for every row; a non-zero return ends the walk and is returned. Rows are borrowed.
 */

/* Clients in the order of their ids, those with a greater one than that. Whoever is called may take
 * what is in one. */
typedef int store_client_each(void *arg, struct store_client *client);
_must_check_ int store_client_list(struct store_reader *r, int64_t after_id,
				   store_client_each *each, void *arg);
/* By name, or STORE_NOT_FOUND. */
_must_check_ int store_client_find(struct store_reader *r, const char *name,
				   struct store_client *clientp);
/* The credentials of that kind with that known_by, and whose each is. */
typedef int store_credential_each(void *arg, const struct store_credential *credential,
				  const char *client);
_must_check_ int store_credentials_known_by(struct store_reader *r, enum store_credential_kind kind,
					    struct bytes known_by, store_credential_each *each,
					    void *arg);
/* Counts changes to clients: a cache of them is valid while this is unchanged. */
_must_check_ int store_client_generation(struct store_reader *r, int64_t *generationp);

/* The active registration of the entity, or STORE_NOT_FOUND. */
_must_check_ int store_registration_find(struct store_reader *r, const struct store_entity *entity,
					 enum cert_type type, struct store_registration *regp);
_must_check_ int store_registration_get(struct store_reader *r, int64_t id,
					struct store_registration *regp);
/* Or STORE_NOT_FOUND. */
_must_check_ int store_attester_get(struct store_reader *r, int64_t id,
				    struct store_attester *attesterp);
/* Whether another manager than that has an active registration of the entity; vnf_instance NULL: of
 * an entity of that subject_id in the trust domain, whatever its VNF instance. */
_must_check_ int store_entity_managed(struct store_reader *r, const struct store_entity *entity,
				      const char *manager, bool *managedp);
/* What there is of an entity: its active registration (id 0: it has none), and whether another
 * manager than that has one of it. */
struct store_entity_known {
	struct store_registration registration;
	bool managed;
};
void store_entity_known_clear(struct store_entity_known *known);
enum { STORE_ENTITIES_MAX = 32 };
/* Of so many at most, for one wait. */
_must_check_ int store_entities_look(struct store_reader *r, const struct store_entity *entities,
				     size_t n, enum cert_type type, const char *manager,
				     struct store_entity_known *knownp);
/* Whether a registration of that subject_id is active, in whatever trust domain, but for those of
 * one entity (NULL: of none). */
_must_check_ int store_subject_taken(struct store_reader *r, const char *subject_id,
				     const struct store_entity *except, bool *takenp);

/* Whether it has neither a certificate that is valid, on hold or to be confirmed, nor one that is
 * still to be issued. */
_must_check_ int store_registration_idle(struct store_reader *r, int64_t id, int64_t now_ms,
					 bool *idlep);
/* Whether an active registration of the manager (NULL: of whoever) in the trust domain has that CA.
 */
_must_check_ int store_registration_ca_used(struct store_reader *r, const char *trust_domain,
					    const char *manager, const char *ca, bool *usedp);

/* A CA that active registrations of a trust domain have. */
struct store_ca_use {
	char *trust_domain;
	char *ca;
};
void store_ca_use_clear(struct store_ca_use *use);
/* The one behind *use, which is replaced; from empty ones on it comes to all. 0, STORE_NOT_FOUND,
 * negative errno. */
_must_check_ int store_ca_use_next(struct store_reader *r, struct store_ca_use *use);

struct store_registration_filter {
	const char *subject_id;   /* NULL: all */
	const char *vnf_instance; /* NULL: all; "": those without */
	const char *manager;
	const char *trust_domain;
	const char *profile;
	const char *ca;
	int cert_type; /* -1: all */
	bool with_deregistered;
	int64_t after_id; /* for pages: rows with a greater id, in order of id */
	uint32_t limit;   /* 0: no limit */
};
typedef int store_registration_each(void *arg, const struct store_registration *reg);
/* The active registrations of a subject_id in a trust domain under that certType, in whatever VNF
 * instance and in no order; manager NULL: of whoever. */
_must_check_ int store_registration_of_subject(struct store_reader *r, const char *trust_domain,
					       const char *subject_id, enum cert_type type,
					       const char *manager, store_registration_each *each,
					       void *arg);
_must_check_ int store_registration_list(struct store_reader *r,
					 const struct store_registration_filter *filter,
					 store_registration_each *each, void *arg);

_must_check_ int store_certificate_get(struct store_reader *r, int64_t id,
				       struct store_certificate *certp);
_must_check_ int store_certificate_find(struct store_reader *r, const char *ca,
					const struct serial *serial,
					struct store_certificate *certp);

struct store_certificate_filter {
	const char *subject_id;   /* NULL: all */
	const char *vnf_instance; /* NULL: all; "": those without */
	const char *manager;
	const char *trust_domain;
	const char *ca;
	const char *profile;             /* of the registration */
	const enum cert_type *cert_type; /* NULL: all */
	int64_t ends_after_ms; /* notAfter is later, and not later than ends_by_ms; 0: any */
	int64_t ends_by_ms;
	struct serial serial;    /* none: all */
	int state;               /* enum store_certificate_state, -1: all */
	int64_t registration_id; /* 0: all */
	int64_t after_id;
	uint32_t limit;
	bool newest_first; /* by id descending, else ascending; not with after_id */
};
typedef int store_certificate_each(void *arg, const struct store_certificate *cert);
_must_check_ int store_certificate_list(struct store_reader *r,
					const struct store_certificate_filter *filter,
					store_certificate_each *each, void *arg);
/* The newest certificate that was granted in place of that one, or STORE_NOT_FOUND. */
_must_check_ int store_certificate_replacement(struct store_reader *r, int64_t id, int64_t *newp);
/*
 * Whether a certificate of another entity has that key, in whatever state but REJECTED. Without
 * `index_keys` it reads all certificates.
 */
_must_check_ int store_key_taken(struct store_reader *r, const uint8_t digest[32],
				 const struct store_entity *entity, bool *takenp);
/*
 * The certificate that got the name last, which may be valid no longer: see ca_name_held(). 0,
 * STORE_NOT_FOUND, negative errno.
 */
_must_check_ int store_held_name_find(struct store_reader *r, const struct name_key *key,
				      int64_t *idp);
/* Active registrations of a trust domain. */
_must_check_ int store_trust_domain_registrations(struct store_reader *r, const char *name,
						  int64_t *np);
/*
 * Live certificates of an entity, under whatever certType and registration: neither revoked,
 * rejected nor expired. Those that are still to be issued or confirmed, or are on hold, count.
 */
struct store_live {
	struct store_entity entity;
	int64_t except_id; /* a certificate that does not count; 0: none */
	int64_t now_ms;
	uint32_t max;
};
/* Whether there are `max` or more. */
_must_check_ int store_live_reached(struct store_reader *r, const struct store_live *live,
				    bool *reachedp);
/* What there is, for an operator; certificates are counted up to `max`. */
struct store_totals {
	int64_t registrations; /* active ones, of all trust domains */
	int64_t clients;
	int64_t expired; /* certificates that are active or on hold, whose notAfter has passed */
	int64_t ending;  /* and those where it will by then */
};
_must_check_ int store_totals_get(struct store_reader *r, int64_t now_ms, int64_t until_ms,
				  uint32_t max, struct store_totals *totalsp);
/* Certificates by state, for metrics. */
_must_check_ int store_certificate_counts(struct store_reader *r,
					  int64_t counts[STORE_CERT_STATE_COUNT]);

_must_check_ int store_transaction_find(struct store_reader *r, const char *requester,
					struct bytes transaction_id,
					struct store_transaction *txnp);
_must_check_ int store_transaction_get(struct store_reader *r, int64_t id,
				       struct store_transaction *txnp);
/* The signers of the transactions with that transactionID, of whoever, that have this protection.
 * Whoever is called may take what is in a signer. */
typedef int store_signer_each(void *arg, struct store_signer *signer);
_must_check_ int store_transaction_signers(struct store_reader *r, struct bytes transaction_id,
					   int protection, store_signer_each *each, void *arg);
/* The items of a transaction, none if it has one request. */
_must_check_ int store_transaction_items_get(struct store_reader *r, int64_t transaction_id,
					     struct store_transaction_items *itemsp);
struct store_transaction_filter {
	const char *requester;       /* NULL: all */
	int state;                   /* -1: all */
	int64_t certificate_id;      /* 0: all; also among the items */
	struct bytes transaction_id; /* borrowed; empty: all */
	int64_t after_id;
	uint32_t limit;
};
typedef int store_transaction_each(void *arg, const struct store_transaction *txn);
_must_check_ int store_transaction_list(struct store_reader *r,
					const struct store_transaction_filter *filter,
					store_transaction_each *each, void *arg);
/* Transactions by state, for metrics: counts[enum store_transaction_state], 5 of them. */
_must_check_ int store_transaction_counts(struct store_reader *r, int64_t counts[5]);
/* Or STORE_NOT_FOUND. */
_must_check_ int store_pop_get(struct store_reader *r, int64_t transaction_id,
			       struct store_pop *popp);
/* By transactionID, used or not, whatever its deadline. Or STORE_NOT_FOUND. */
_must_check_ int store_kem_secret_find(struct store_reader *r, struct bytes transaction_id,
				       struct store_kem_secret *secretp);
/* Unused ones, counted up to `max`. */
_must_check_ int store_kem_secret_count(struct store_reader *r, uint32_t max, uint32_t *np);

_must_check_ int store_csr_get(struct store_reader *r, int64_t id, struct store_csr *csrp);
/*
 * The same request: of one client, with one PKCS#10, for the entity and certType of that
 * registration or of one of before; and it may not be made anew, for its certificate is neither
 * rejected nor expired. All borrowed.
 */
struct store_csr_same {
	const char *client;
	const uint8_t *digest; /* 32 octets */
	int64_t registration_id;
	int64_t now_ms;
};
/* Or STORE_NOT_FOUND. */
_must_check_ int store_csr_find(struct store_reader *r, const struct store_csr_same *same,
				struct store_csr *csrp);
struct store_csr_filter {
	const char *client;
	const char *trust_domain; /* of the entities */
	int64_t after_id;
	uint32_t limit;
};
typedef int store_csr_each(void *arg, const struct store_csr *csr);
_must_check_ int store_csr_list(struct store_reader *r, const struct store_csr_filter *filter,
				store_csr_each *each, void *arg);
/* PROCESSING ones of a client, counted up to `max`. */
_must_check_ int store_csr_waiting_count(struct store_reader *r, const char *client, uint32_t max,
					 uint32_t *np);

_must_check_ int store_exchange_get(struct store_reader *r, int64_t id, struct store_exchange *ep);
/* The exchange of that kind for a certificate: the newest one. */
_must_check_ int store_exchange_find(struct store_reader *r, int64_t certificate_id,
				     enum store_exchange_kind kind, struct store_exchange *ep);
_must_check_ int store_exchange_messages_get(struct store_reader *r, int64_t exchange_id,
					     struct store_exchange_messages *mp);
/* All that was received in exchanges of that kind for a certificate, the newest first; what is not
 * 0 ends it, and is the result. */
typedef int store_exchange_answer(void *arg, struct bytes der);
_must_check_ int store_exchange_answers(struct store_reader *r, int64_t certificate_id,
					enum store_exchange_kind kind, store_exchange_answer *each,
					void *arg);

/* Some of what is due, what has been so for the longest time first. */
enum { STORE_DUE_MAX = 100 };
struct store_due {
	int64_t id[STORE_DUE_MAX];
	size_t len; /* STORE_DUE_MAX: there may be more */
};

/* PENDING ones whose confirm_by lies before due_ms. */
_must_check_ int store_certificate_due(struct store_reader *r, int64_t due_ms,
				       struct store_due *duep);
/* Those of an AWAIT_* state whose deadline lies before due_ms. */
_must_check_ int store_transaction_due(struct store_reader *r, enum store_transaction_state state,
				       int64_t due_ms, struct store_due *duep);
/* PROCESSING ones whose certificate is REQUESTED no longer. */
_must_check_ int store_csr_decided(struct store_reader *r, struct store_due *duep);
/* Those whose until_ms lies before due_ms. */
_must_check_ int store_csr_due(struct store_reader *r, int64_t due_ms, struct store_due *duep);
/* OPEN ones with a CA with next_ms <= due_ms. */
_must_check_ int store_exchange_due(struct store_reader *r, const char *ca, int64_t due_ms,
				    struct store_due *duep);
/* Of these, those whose deadline has come. */
_must_check_ int store_exchange_expired(struct store_reader *r, const char *ca, int64_t now_ms,
					struct store_due *duep);
/* OPEN ones with a CA, counted up to `max`; since when the oldest is, 0: there are none. */
_must_check_ int store_exchange_open(struct store_reader *r, const char *ca, uint32_t max,
				     int64_t *np, int64_t *since_msp);
/* The next CA with which one is OPEN, by name: *cap is the one before (NULL: none), which is freed,
 * or STORE_NOT_FOUND. */
_must_check_ int store_exchange_ca_next(struct store_reader *r, char **cap);
/* Transactions of a requester in any AWAIT_* state that have a deadline, counted up to `max`. */
_must_check_ int store_transaction_open_count(struct store_reader *r, const char *requester,
					      uint32_t max, uint32_t *np);

/* The newest CRL of a CA but for its octets, or STORE_NOT_FOUND. */
_must_check_ int store_crl_newest(struct store_reader *r, const char *ca, struct store_crl *crlp);
/* The octets of a CRL; those of one that is not the newest are there while an answer refers to
 * them. Or STORE_NOT_FOUND. */
_must_check_ int store_crl_octets(struct store_reader *r, int64_t id, struct octets *derp);
/* The number of the newest change in what a CRL of this CA lists; 0: there was none. */
_must_check_ int store_crl_changes(struct store_reader *r, const char *ca, int64_t *changesp);
/*
 * What a CRL of this CA must list, a page of at most `max` entries: all that the last regularly
 * scheduled CRL that `before` tells of has not had after their notAfter, from the highest serial
 * below `below` down; NULL: from the top.
 */
_must_check_ int store_revoked_page(struct store_reader *r, const char *ca,
				    const struct store_crl *before, const struct serial *below,
				    struct store_revoked *page, size_t max, size_t *np);

_must_check_ int store_seen_find(struct store_reader *r, const uint8_t digest[32], bool *seenp);

_must_check_ int store_announcement_get(struct store_reader *r, int64_t id,
					struct store_announcement *ap);
struct store_announcement_filter {
	const char *sender; /* NULL: all */
	int type;           /* -1: all */
	int64_t after_id;
	uint32_t limit;
};
typedef int store_announcement_each(void *arg, const struct store_announcement *a);
_must_check_ int store_announcement_list(struct store_reader *r,
					 const struct store_announcement_filter *filter,
					 store_announcement_each *each, void *arg);

struct store_audit_filter {
	const char *actor; /* NULL: any, as of the others; its name, or that of the user */
	const char *action;
	const char *target;
	const char *outcome;
	uint64_t request_id; /* 0: any */
	int64_t since_ms;
	bool of_chain; /* false: of any */
	int64_t chain;
	int64_t after_id;
	uint32_t limit;
};
/* The line is the callee's for the call alone. */
typedef int store_audit_each(void *arg, const struct store_audit *audit);
/*
 * In the order in which they were written, which is nearly that of their times. 0, what `each`
 * returned, or negative errno.
 */
_must_check_ int store_audit_list(struct store_reader *r, const struct store_audit_filter *filter,
				  store_audit_each *each, void *arg);

_must_check_ int store_rev_passphrase_find(struct store_reader *r, struct bytes reference,
					   struct store_rev_passphrase *passphrasep);
/* The one that was replaced last, if that was in this transaction. */
_must_check_ int store_rev_passphrase_before(struct store_reader *r, struct bytes reference,
					     struct bytes transaction_id,
					     struct store_rev_passphrase *passphrasep);

/* Or STORE_NOT_FOUND. */
_must_check_ int store_archived_key_get(struct store_reader *r, int64_t certificate_id,
					struct store_archived_key *keyp);
/* Those of a registration whose certificates were accepted, the newest first, at most limit. */
/* What was made of the attestation in the request for that certificate; STORE_NOT_FOUND: it had
 * none. */
_must_check_ int store_attestation_get(struct store_reader *r, int64_t certificate_id,
				       struct store_attestation *attestationp);
typedef int store_archived_key_each(void *arg, const struct store_archived_key *key);
_must_check_ int store_archived_key_list(struct store_reader *r, int64_t registration_id,
					 uint32_t limit, store_archived_key_each *each, void *arg);

/* The key under which numbers of rows become identifiers of resources; it never changes. */
enum { STORE_RESOURCE_KEY_LEN = 32 };
_must_check_ int store_resource_key(struct store_reader *r, uint8_t key[STORE_RESOURCE_KEY_LEN]);

/* How many rows each table has that grows with use; counts them. */
typedef int store_table_each(void *arg, const char *table, int64_t rows);
_must_check_ int store_table_counts(struct store_reader *r, store_table_each *each, void *arg);
/* integrity_check of the backend: 0 when sound, -EUCLEAN with findings logged. */
_must_check_ int store_integrity_check(struct store_reader *r);

/* --- writing --- */

/*
 * A unit is reused by its thread: new once, then add changes, commit (which also clears). The
 * functions that add copy what they are given, and return 0 or -ENOMEM.
 *
 * A row that is new has no id before the commit. `idp` (may be NULL) receives a negative number
 * that stands for the id in the changes that are added to the same unit after it, in records and
 * arguments; after the commit store_unit_id() gives the id for it.
 */
_must_check_ int store_unit_new(struct store *store, struct store_unit **unitp);
void store_unit_free(struct store_unit *unit);
DEFINE_CLEANUP(struct store_unit, store_unit_free);
void store_unit_clear(struct store_unit *unit);
bool store_unit_empty(const struct store_unit *unit);
/* What is in the unit are conditions of what will be added: alone they are nothing to commit, and
 * the unit is empty as long as nothing is. */
void store_unit_opened(struct store_unit *unit);
/* From now on a commit of the unit writes nothing and says 0: to find out what would happen. */
void store_unit_set_dry(struct store_unit *unit);
bool store_unit_is_dry(const struct store_unit *unit);
/* Durable when it returns 0. STORE_CONFLICT: nothing of it happened. Clears in every case. */
_must_check_ int store_unit_commit(struct store_unit *unit);
/* Nobody will ask store_unit_id() for what is in the unit now: where the database is a server there
 * is one wait less for that. */
void store_unit_forget_ids(struct store_unit *unit);
/* What the commit of a submitted unit came to, as store_unit_commit() says it. On the thread of the
 * committer, where all others wait meanwhile: it hands on what it is told, and no more. The unit is
 * there for store_unit_id(), until this returns. */
typedef void store_unit_told(void *arg, int result, const struct store_unit *unit);
/*
 * Commits a unit, and does not wait for it: `told` is called once, perhaps before this returns. The
 * unit is the store's from then on, and *unitp is another one, empty. Only where there is no memory
 * for another one does it wait.
 */
void store_unit_submit(struct store_unit **unitp, store_unit_told *told, void *arg);
/*
 * After a commit and until the next change is added: the id that a number stood for in the unit,
 * or 0 if the commit failed or was dry. An id stays what it is.
 */
int64_t store_unit_id(const struct store_unit *unit, int64_t id);

/* With its credentials. Conflict: the name exists, or as store_credential_insert(). */
_must_check_ int store_client_insert(struct store_unit *u, const struct store_client *client);
/* Writes permissions, register_on_ir, default_profile, policy and entity of the one of that name.
 * Conflict: there is none. */
_must_check_ int store_client_update(struct store_unit *u, const struct store_client *client);
/* Conflict: there is none of that name. */
_must_check_ int store_client_remove(struct store_unit *u, const char *name);
/* Conflict: the client has gone, or the reference or id of an OAuth2 client exists. */
_must_check_ int store_credential_insert(struct store_unit *u, int64_t client_id,
					 const struct store_credential *credential, int64_t *idp);
/* Conflict: the client of that name has none of that id. */
_must_check_ int store_credential_remove(struct store_unit *u, const char *client, int64_t id);
/* Conflict: clients are no longer those of that generation, among which a name was nobody's. */
_must_check_ int store_clients_require(struct store_unit *u, int64_t generation);
/* Conflict: the client of that name is not what it was when clients had that generation, by itself
 * or its credentials, or has gone. What becomes of others is no conflict. */
_must_check_ int store_client_require(struct store_unit *u, const char *name, int64_t generation);

/* Conflict: an active one of the same entity and cert_type exists, or an active one of the entity
 * under another certType has another manager. */
_must_check_ int store_registration_insert(struct store_unit *u,
					   const struct store_registration *reg, int64_t *idp);
/* Another profile and CA. Conflict: not active, or profile or CA are not those of `reg`. */
_must_check_ int store_registration_change(struct store_unit *u,
					   const struct store_registration *reg,
					   const char *profile, const char *ca, int64_t now_ms);
/* Another manager than `from`. Conflict: not active, it has another than that, or the entity has
 * another active registration. */
_must_check_ int store_registration_set_manager(struct store_unit *u, int64_t id, const char *from,
						const char *manager, int64_t now_ms);
/* Another manager of all active registrations of the entity that have that of `reg`. Never
 * conflicts. */
_must_check_ int store_registration_pass_on(struct store_unit *u,
					    const struct store_registration *reg,
					    const char *manager, int64_t now_ms);
/*
 * Its attester from now on (NULL: none), in place of the one with the id `from` (0: none), which
 * goes if no other registration has it. Conflict: not active, or it has another than that.
 */
_must_check_ int store_registration_set_attester(struct store_unit *u, int64_t id, int64_t from,
						 const struct store_attester *attester,
						 int64_t now_ms);
/* Conflict: store_registration_idle() is false by then, or profile or CA are not those of `reg`. */
_must_check_ int store_registration_require_idle(struct store_unit *u,
						 const struct store_registration *reg,
						 int64_t now_ms);
/* Conflict: not active. */
_must_check_ int store_registration_deregister(struct store_unit *u, int64_t id, int64_t now_ms);
/* Conflict: store_subject_taken() by then. */
_must_check_ int store_subject_require(struct store_unit *u, const char *subject_id,
				       const struct store_entity *except);

/* Conflict: the certificate is not active. */
_must_check_ int store_certificate_require(struct store_unit *u, int64_t id);
/* Conflict: serial exists, or the registration is not active. */
_must_check_ int store_certificate_insert(struct store_unit *u,
					  const struct store_certificate *cert, int64_t *idp);
/* Conditions on a certificate that the unit inserts later. Conflict: the key is taken, or the
 * number is reached. */
_must_check_ int store_key_require(struct store_unit *u, const uint8_t digest[32],
				   const struct store_entity *entity);
_must_check_ int store_live_require(struct store_unit *u, const struct store_live *live);
/*
 * A certificate that the unit has inserted gets the names: the entity holds them from now on, under
 * the CA that is in the keys. released (NULL: none) has for each name the certificate of another
 * entity that it is taken over from (0: none), see ca_name_held(). Conflict: another entity holds
 * one of them otherwise.
 */
_must_check_ int store_held_name_take(struct store_unit *u, const struct name_keys *keys,
				      const int64_t *released, int64_t certificate_id,
				      const struct store_entity *entity);
/* Condition behind new registrations. Conflict: the trust domain has more than that. */
_must_check_ int store_trust_domain_require(struct store_unit *u, const char *name, int64_t max);
/* REQUESTED becomes PENDING or ACTIVE (state in cert), with der, serial, subject and validity.
 * Conflict: not REQUESTED. */
_must_check_ int store_certificate_fill(struct store_unit *u, const struct store_certificate *cert);
/* Conflict: the state is not `from`. Also clears confirm_by. */
_must_check_ int store_certificate_set_state(struct store_unit *u, int64_t id,
					     enum store_certificate_state from,
					     enum store_certificate_state to);
/* The same with reason and time; to is REVOKED, REJECTED, REVOCATION_PENDING or ON_HOLD. */
_must_check_ int store_certificate_revoke(struct store_unit *u, int64_t id,
					  enum store_certificate_state from,
					  enum store_certificate_state to, int reason,
					  int64_t now_ms);

/* With a revocation: its invalidityDate; 0: none. Conflict: there is no such certificate. */
_must_check_ int store_certificate_set_invalidity(struct store_unit *u, int64_t id,
						  int64_t invalidity_ms);
/* Back to ACTIVE, without reason and times of revocation. Conflict: the state is not `from`. */
_must_check_ int store_certificate_release(struct store_unit *u, int64_t id,
					   enum store_certificate_state from, int64_t now_ms);

/* Conflict: (requester, transaction_id) exists, or the CRL of crl_id has gone. */
_must_check_ int store_transaction_insert(struct store_unit *u, const struct store_transaction *txn,
					  int64_t *idp);
/* Item number seq of a transaction. */
_must_check_ int store_transaction_item_insert(struct store_unit *u,
					       const struct store_transaction_item *item, int seq,
					       int64_t transaction_id);
/*
 * Writes state, implicit_confirm, sent_nonce, request_digest, response, status_text, deadline_ms
 * and changed_ms of txn->id. Conflict: the row's state is not `from`, or its request_digest is not
 * `from_digest` (NULL: not compared), or, with `if_unanswered`, it has a response already.
 */
_must_check_ int store_transaction_update(struct store_unit *u, const struct store_transaction *txn,
					  enum store_transaction_state from,
					  const uint8_t *from_digest, bool if_unanswered);
/* FAILED from now on, without deadline. Conflict: the row's state is not `from`. */
_must_check_ int store_transaction_end(struct store_unit *u, int64_t id,
				       enum store_transaction_state from, int64_t now_ms);
/* Conflict: the transaction has a certificate already, or is not there. */
_must_check_ int store_transaction_set_certificate(struct store_unit *u, int64_t id,
						   int64_t certificate_id);
/* Conflict: the transaction has one already. */
_must_check_ int store_pop_insert(struct store_unit *u, const struct store_pop *pop);
/* Never conflicts. Those of a purged transaction go with it. */
_must_check_ int store_pop_remove(struct store_unit *u, int64_t transaction_id);
/* Conflict: there is one of that transactionID. */
_must_check_ int store_kem_secret_insert(struct store_unit *u,
					 const struct store_kem_secret *secret);
/* Drops the unused ones of that requester that end first, so that `keep` stay. Never conflicts. */
_must_check_ int store_kem_secret_trim(struct store_unit *u, const char *requester, uint32_t keep);
/* From now on it is that transaction's. Conflict: it is gone. */
_must_check_ int store_kem_secret_use(struct store_unit *u, int64_t id, int64_t transaction_id);
/* Unused ones whose deadline lies before that time, at most `limit`. Never conflicts. */
_must_check_ int store_kem_secret_purge(struct store_unit *u, int64_t before_ms, uint32_t limit);
/* Those that ended so (DONE or FAILED) and changed before that time, at most `limit`. Never
 * conflicts. What *np receives (it may be NULL) is how many there were, by store_unit_id(). */
_must_check_ int store_transaction_purge(struct store_unit *u, enum store_transaction_state ended,
					 int64_t before_ms, uint32_t limit, int64_t *np);

/* Condition: there is no such request. */
_must_check_ int store_csr_require(struct store_unit *u, const struct store_csr_same *same);
_must_check_ int store_csr_insert(struct store_unit *u, const struct store_csr *csr, int64_t *idp);
/* Writes state, until_ms, changes, refusal and failinfo of csr->id. Conflict: not PROCESSING. */
_must_check_ int store_csr_end(struct store_unit *u, const struct store_csr *csr);
/* Never conflicts; one that is PROCESSING, or whose until_ms does not lie before that time, stays.
 */
_must_check_ int store_csr_remove(struct store_unit *u, int64_t id, int64_t before_ms);

/* Condition: there was none of that kind for a certificate; of units that ask for it one is first.
 */
_must_check_ int store_exchange_require_none(struct store_unit *u, int64_t certificate_id,
					     enum store_exchange_kind kind);
/* Condition: its deadline_ms is still that one. */
_must_check_ int store_exchange_require_deadline(struct store_unit *u, int64_t id,
						 int64_t deadline_ms);
_must_check_ int store_exchange_insert(struct store_unit *u, const struct store_exchange *e,
				       int64_t *idp);
/* Conflict: a message with that seq exists, or the exchange is not OPEN. */
_must_check_ int store_exchange_add_message(struct store_unit *u, int64_t exchange_id,
					    const struct store_exchange_message *message);
/*
 * For so long, from now on by the database's clock, this claimant alone sends what is to be sent; 0
 * gives that back. Conflict: another one does, or not OPEN. The number is random.
 */
_must_check_ int store_exchange_claim(struct store_unit *u, int64_t id, int64_t claimant,
				      int64_t ms);
/* Conflict: not OPEN. */
_must_check_ int store_exchange_set_next(struct store_unit *u, int64_t id, int64_t next_ms);
/* It is due then, and has no more time than that. Conflict: not OPEN. */
_must_check_ int store_exchange_set_deadline(struct store_unit *u, int64_t id, int64_t deadline_ms);
_must_check_ int store_exchange_finish(struct store_unit *u, int64_t id,
				       enum store_exchange_state state, int failinfo,
				       const char *refusal);

/*
 * After a restore: the next CRL of each CA gets a number above every one that was published since
 * the newest one here, if no more than one was made in each millisecond until now.
 */
_must_check_ int store_crl_raise(struct store_unit *u, int64_t now_ms);
/* The database is served again, wherever store_transfer() has brought its rows. */
_must_check_ int store_moved_forget(struct store_unit *u);
/* Those before it go, but for what answers refer to. Its octets are not copied: they have to live
 * until the unit was committed or cleared. Conflict: the number is not greater than every earlier
 * one of the CA. */
_must_check_ int store_crl_insert(struct store_unit *u, const struct store_crl *crl, int64_t *idp);

/* Never conflicts; one that is there stays as it is. */
_must_check_ int store_seen_insert(struct store_unit *u, const struct store_seen *seen);
/* Those whose until_ms lies before that time, at most `limit`, in its order. Never conflicts. */
_must_check_ int store_seen_purge(struct store_unit *u, int64_t before_ms, uint32_t limit);

/* Conflict: the sender has one of that digest. */
_must_check_ int store_announcement_insert(struct store_unit *u, const struct store_announcement *a,
					   int64_t *idp);
/* Drops the oldest ones of that sender, so that `keep` stay. Never conflicts. */
_must_check_ int store_announcement_trim(struct store_unit *u, const char *sender, uint32_t keep);

/* Takes the place of the one that the entity has. Conflict: the reference is another entity's, or
 * the registration is not active. */
_must_check_ int store_rev_passphrase_put(struct store_unit *u,
					  const struct store_rev_passphrase *p);

/* Conflict: the certificate has one. It goes when the certificate is revoked or rejected before it
 * was confirmed. */
_must_check_ int store_attestation_insert(struct store_unit *u,
					  const struct store_attestation *attestation);
_must_check_ int store_archived_key_insert(struct store_unit *u,
					   const struct store_archived_key *key);
/* Conflict: there is none. */
_must_check_ int store_archived_key_remove(struct store_unit *u, int64_t certificate_id);

_must_check_ int store_audit_add(struct store_unit *u, const struct store_audit *audit);
