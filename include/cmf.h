// SPDX-License-Identifier: Apache-2.0
/*
 * The Certificate Management Function: the one place where the meaning of IFA 033's operations
 * lives. Register (11.2.2) and Certificate Signing Request (11.2.3), update, revoke, confirm: who
 * may ask for what, under which name. Doors (cmp/, json/) decode, find out who asks, call here,
 * encode.
 *
 * Deciding functions add their changes to the caller's store unit; the caller adds what is its own
 * (transaction, answer) and commits once. On STORE_CONFLICT it calls again: nothing is remembered.
 * All functions are thread-safe; reader and unit belong to the calling thread.
 */
#pragma once

#include "asn1/crmf.h"
#include "ca.h"
#include "conf.h"
#include "store.h"

struct cmf;

_must_check_ int cmf_new(const struct conf *conf, struct store *store, struct ca_set *cas,
			 const struct clock_source *clock, struct cmf **cmfp,
			 struct strbuf *problems);
void cmf_free(struct cmf *cmf);
DEFINE_CLEANUP(struct cmf, cmf_free);

/* --- calls --- */

struct cmf_principal;
struct cmf_csr_result;

/* What a thread has for itself to work with. */
struct cmf_worker {
	struct store_reader *reader;
	struct store_unit *unit;
};

/* Where a call comes from, for the audit. */
struct cmf_origin {
	uint64_t request_id; /* of the HTTP request, as in the log; 0: none */
	bool has_uid;        /* of the process at the operator's socket */
	uid_t uid;
	const char *user;         /* name of that uid; NULL: it has none */
	const char *operation_id; /* vnfLcmOpOccId, direct mode; NULL: none */
};

/*
 * What is found out of a certificate request on the way, for people: whatever becomes of it. NULL
 * of each: it did not come to that. The owner clears it.
 */
struct cmf_understood {
	char *trust_domain; /* of the entity; likewise the next two */
	char *vnf_instance;
	char *subject_id;
	const char *entity_from; /* what says so; static */
	const char *cert_type;   /* static, likewise the next */
	const char *type_from;
	char *profile;
	char *ca;
	bool registers; /* it is not registered, and would be now */
};
void cmf_understood_clear(struct cmf_understood *u);
/* entity_from, type_from: what a message carries beside its template (docs/cmp-profile.md). */
extern const char cmf_from_carrier[];

/*
 * What an operation is called with. A door makes one for each call, and never keeps it: what is
 * decided again after a conflict is another call. Everything is borrowed.
 */
struct cmf_call {
	struct cmf *cmf;
	const struct cmf_principal *who; /* NULL where that is still to be found out */
	struct store_reader *reader;
	struct store_unit *unit; /* gets the changes */
	int64_t now_ms;
	struct refusal *refusal; /* gets what is wrong; of a call that is REFUSED only */
	/*
	 * The last unit had a conflict. What is a condition of the unit and hardly ever fails, the
	 * number of live certificates, is looked up then only, to say why; or if nothing is to be
	 * committed.
	 */
	bool again;
	struct cmf_origin origin;
	/* What was granted before in the same unit, to requests of the same message. */
	struct cmf_csr_result *const *earlier;
	size_t n_earlier;
	struct cmf_understood *understood; /* explaining; NULL: nobody asks */
};
/* A call that is made now: the first one, for the only request of its message. */
struct cmf_call cmf_call_now(struct cmf *cmf, const struct cmf_worker *worker,
			     const struct cmf_principal *who, struct refusal *refusal);

/* --- audit --- */

/* What is written down of a change, or of a refusal. NULL of what may be: none. */
struct cmf_audit {
	const char *action;       /* "issue", "revoke", ... */
	const char *target;       /* the subjectId or client that it is about */
	const char *vnf_instance; /* of that entity; NULL or "": none */
	const char *detail;       /* may be NULL, as the following */
	const char *before;       /* a state, or a fingerprint; never a secret */
	const char *after;
};
/*
 * Adds a line to the call's unit, and one for each registration authority that has approved the
 * message. call->who NULL: cmfd itself. 0 or negative errno.
 */
_must_check_ int cmf_audit_add(const struct cmf_call *call, const struct cmf_audit *audit);
/*
 * After a refusal, in a unit that has nothing else of it any more: a line, if it is notAuthorized
 * and the asker has been refused few such in the last hour; the log has all of them. *addedp: there
 * is something to commit. 0 or negative errno.
 */
_must_check_ int cmf_audit_refused(const struct cmf_call *call, const char *action,
				   const char *target, const char *vnf_instance, bool *addedp);
/* What cmfd itself does, or is told by a signal: by whom, and what it came to (NULL: done). */
_must_check_ int cmf_audit_cmfd(struct cmf *cmf, struct store_unit *unit,
				const struct cmf_audit *audit, const struct cmf_origin *origin,
				const char *outcome);
/* "sha256:" and the digest of a certificate. */
enum { CMF_FINGERPRINT_SIZE = 7 + 64 + 1 };
_must_check_ int cmf_fingerprint(struct bytes der, char out[CMF_FINGERPRINT_SIZE]);

/* --- principals --- */

enum cmf_principal_kind {
	CMF_PRINCIPAL_CLIENT,     /* a configured client */
	CMF_PRINCIPAL_END_ENTITY, /* holder of a valid certificate of ours, and nothing else */
	CMF_PRINCIPAL_REVOKER,    /* knows the revocation passphrase of an entity: rr for it only */
	CMF_PRINCIPAL_ADMIN,      /* cmfctl on the Unix-domain socket: acts for any client */
	CMF_PRINCIPAL_VNFCI,      /* knows the one-time secret of a registration in direct mode: its
				   * first      certificate, and nothing else; see cmf/direct.h */
	CMF_PRINCIPAL_VNFM, /* a [vnfm NAME] of the configuration, whose VNFCs are registered */
};

/* Who asks. The name is the key of its transactions and goes into log and audit. */
struct cmf_principal {
	enum cmf_principal_kind kind;
	/* Client name, "<client name>/<entity>", "certificate:<ca>/<serial hex>",
	 * "initialCredential:<reference>" or "vnfm <name>". */
	char *name;
	char *trust_domain;
	uint32_t permissions; /* enum store_permission */
	bool register_on_ir;
	char *default_profile; /* NULL: none */
	/*
	 * One of many devices that are one client: the entity that it is, by its certificate, and
	 * acts for alone; and the name of that client. NULL: it is the client itself.
	 */
	char *entity;
	char *manager;
	/* Never NULL; lives as long as the CMF. */
	const struct conf_client_policy *policy;
	/*
	 * The RA that added its protection to the message, RFC 9483 5.2.2.1: what it may ask for on
	 * behalf of others is granted too, but for kur. NULL: none; borrowed.
	 */
	const struct cmf_principal *approver;
	/*
	 * The certificate of ours that it signed with, and its entity: always of an END_ENTITY; of
	 * a CLIENT that holds one, which is then both. 0: none. REVOKER and VNFCI have the entity
	 * alone.
	 */
	int64_t certificate_id;
	int64_t registration_id;
	int64_t initial_id;    /* VNFCI: its one-time secret */
	int64_t credential_id; /* CLIENT: by which it is known, as far as one is found; 0: none */
	int64_t clients_generation; /* CLIENT: among which it was found */
	bool replaced;              /* REVOKER: by the passphrase before, which leaves no other */
	struct octets mac_secret;   /* MAC clients: to protect the answer; else empty */
	struct octets certificate;  /* DER of the one it signed with; else empty */
};
void cmf_principal_clear(struct cmf_principal *p);
/* The number of the credential for the log, as `cmfctl client credential list` has it; "" for none.
 */
enum { CMF_CREDENTIAL_TEXT_SIZE = 24 };
void cmf_credential_text(const struct cmf_principal *p, char text[CMF_CREDENTIAL_TEXT_SIZE]);
/* Whether it is a registration authority, or one has approved what it asks for. */
bool cmf_principal_is_ra(const struct cmf_principal *p);
/* Whether it may confirm, in place of its entity, that certificate, which an entity of its own has
 * asked for: by its policy, as a registration authority of the trust domain. */
bool cmf_may_confirm(const struct cmf_principal *who, const struct store_certificate *cert);
/*
 * Whether raVerified is its to say, RFC 9810 5.2.8.4: it is a registration authority, which said it
 * itself, or one that has approved the message says by its policy that it verified it.
 */
bool cmf_principal_verified_pop(const struct cmf_principal *p);

/*
 * Begins the unit anew, for what is decided for call->who: that it, and whoever approved the
 * message, is still what it was found to be, as a client and as the holder of a certificate of
 * ours, is a condition of what is added then. Where the commit conflicts, cmf_authority_changed()
 * says whether it has to be found out anew who asks. 0 or -ENOMEM.
 */
_must_check_ int cmf_unit_begin(const struct cmf_call *call);
/* Whether it may be something else by now, by what is committed; of it alone, not of its approver.
 * 0 or negative errno. */
_must_check_ int cmf_authority_changed(struct store_reader *reader, const struct cmf_principal *who,
				       bool *changedp);

/* What was found out about the signer of a message. */
struct cmf_signer;
/* The key of its certificate, borrowed. */
EVP_PKEY *cmf_signer_key(const struct cmf_signer *signer);
const struct signature_verifier *cmf_signer_verifier(const struct cmf_signer *signer);
/*
 * The certificates that it is found by, also by cmf_signer_find(): its own, then those of the path
 * up to but without the trust anchor, one behind the other; borrowed. Empty if it is the holder of
 * a certificate of ours and nothing else: cmf_holder_certificate() finds that.
 */
struct bytes cmf_signer_path(const struct cmf_signer *signer);
/*
 * Keeps what was found out, so that it need not be found out again for the next message. To be
 * called once the protection of the message has verified with the signer's key, and never before:
 * certificates are public, and anybody can send them.
 */
void cmf_signer_remember(struct cmf *cmf, struct cmf_signer *signer);
void cmf_signer_unref(struct cmf_signer *signer);
DEFINE_CLEANUP(struct cmf_signer, cmf_signer_unref);

/*
 * Asked before dear work is done for a certificate that is not known yet, with its digest. 0, or
 * REFUSED: then the work is not done.
 */
struct cmf_gate {
	int (*open)(void *arg, struct bytes digest, struct refusal *refusal);
	void *arg;
};

/*
 * A signer known by its certificate: the principal, and the key to verify with. `certs` are the
 * certificates of extraCerts as received, the signer's first or anywhere (found by sender and
 * senderKID; of both, no octets mean any). Path validation up to the trust anchor of a configured
 * client, or an own certificate that is active; digitalSignature key usage; validity; strength. The
 * signature of the message itself is the caller's to verify, who then calls cmf_signer_remember(),
 * and frees *signerp. 0, REFUSED (signer_*), negative errno.
 */
_must_check_ int cmf_signer_find(const struct cmf_call *call, struct bytes sender_dn,
				 struct bytes sender_kid, const struct bytes *certs, size_t n_certs,
				 const struct cmf_gate *gate, struct cmf_principal *principalp,
				 struct cmf_signer **signerp);
/*
 * The same for a holder of a KEM key, RFC 9810 5.1.3.4: keyEncipherment instead of
 * digitalSignature, and the key is to be encapsulated for. REFUSED also kem_key, kem_key_usage.
 */
_must_check_ int cmf_kem_holder_find(const struct cmf_call *call, struct bytes sender_dn,
				     struct bytes sender_kid, const struct bytes *certs,
				     size_t n_certs, const struct cmf_gate *gate,
				     struct cmf_principal *principalp, struct cmf_signer **signerp);
/*
 * Who a TLS client is by the certificates that it sent, its own first: as cmf_signer_find() of a
 * message that it signed with it, and remembered with those. The handshake has proven possession of
 * the key, so there is nothing left to verify. An extendedKeyUsage must allow TLS clients. 0,
 * REFUSED (signer_*), negative errno.
 */
_must_check_ int cmf_tls_client_find(const struct cmf_call *call, const struct bytes *certs,
				     size_t n_certs, struct cmf_principal *principalp);
/* The certificate of an END_ENTITY of that name. 0, STORE_NOT_FOUND, negative errno. */
_must_check_ int cmf_holder_certificate(struct store_reader *reader, const char *name,
					struct store_certificate *certp);
/* A MAC client by reference (senderKID alone). 0, REFUSED (mac_reference_unknown), negative errno.
 */
_must_check_ int cmf_mac_client_find(const struct cmf_call *call, struct bytes reference,
				     struct cmf_principal *principalp);
/* The client with that id at the authorization server, which an access token names (token.h). 0,
 * REFUSED (oauth2_client_unknown), negative errno. */
_must_check_ int cmf_oauth2_client_find(const struct cmf_call *call, const char *client_id,
					struct cmf_principal *principalp);
/* Whether a client has the reference. */
_must_check_ int cmf_mac_reference_taken(struct cmf *cmf, struct store_reader *reader,
					 struct bytes reference, bool *takenp);
/*
 * Who knows the revocation passphrase with that reference, RFC 9810 Appendix B; in the transaction
 * that replaced it, the one before. The secret is in mac_secret. 0, REFUSED
 * (mac_reference_unknown), negative errno.
 */
_must_check_ int cmf_revoker_find(const struct cmf_call *call, struct bytes reference,
				  struct bytes transaction_id, struct cmf_principal *principalp);
/*
 * Whether it may leave a revocation passphrase under that reference: before one is decrypted, since
 * the answer must not depend on what is in it. 0, REFUSED, negative errno.
 */
_must_check_ int cmf_rev_passphrase_check(const struct cmf_call *call, struct bytes reference);
/*
 * Adds the revocation passphrase of the holder of a certificate, or of who knows the one before, to
 * the unit, for all certificates of its entity, in place of the one before. 0, REFUSED
 * (rev_passphrase_*), negative errno.
 */
_must_check_ int cmf_rev_passphrase_set(const struct cmf_call *call, struct bytes reference,
					struct bytes passphrase, struct bytes transaction_id);
/* The principal that the named client is, or "<client>/<entity>" one of its devices, without any
 * proof: to explain, never to serve. REFUSED (client_unknown). */
_must_check_ int cmf_client_assume(const struct cmf_call *call, const char *client_name,
				   struct cmf_principal *principalp);
/* The principal of cmfctl acting for the named client; REFUSED (client_not_permitted) if unknown.
 */
_must_check_ int cmf_admin_for_client(const struct cmf_call *call, const char *client_name,
				      struct cmf_principal *principalp);

/* --- clients, for the operator --- */

enum cmf_client_verdict {
	CMF_CLIENT_FINE,
	CMF_CLIENT_PROFILE_UNKNOWN, /* default_profile */
	CMF_CLIENT_POLICY_UNKNOWN,
	CMF_CLIENT_NAME_TAKEN, /* it is known by a name of an entity that it is not said to be */
	CMF_CLIENT_CREDENTIAL_TAKEN,    /* somebody could be another client, too, by it */
	CMF_CLIENT_CREDENTIAL_UNUSABLE, /* there is no name, certificate or key in it */
};

/*
 * The operations below: 0; REFUSED: *verdictp says why, and *takenp, which the caller frees, which
 * name is taken, or whose credential it is; negative errno.
 *
 * A credential that is given has no known_by, but for a secret and an OAuth2 client; its content is
 * as in the store, but that of a secret is the secret itself, which is sealed into the row. Two
 * clients never have the same credential: the same secret or OAuth2 client, the same key in exact
 * certificates, the same subject below anchors from which somebody may have both.
 */

/* Adds a client with one credential. The commit conflicts if there is one of that name. */
_must_check_ int cmf_client_add(const struct cmf_call *call, const struct store_client *client,
				const struct store_credential *credential,
				enum cmf_client_verdict *verdictp, char **takenp);
/* Writes permissions, register_on_ir, default_profile, policy and entity of that one, which is as
 * in the store otherwise. STORE_NOT_FOUND, too. */
_must_check_ int cmf_client_update(const struct cmf_call *call, const struct store_client *client,
				   enum cmf_client_verdict *verdictp, char **takenp);
/* Removes the named one. The commit conflicts if there is none. */
_must_check_ int cmf_client_remove(const struct cmf_call *call, const char *name);

/*
 * Tells of each other client that a credential of a client, as it is in the store, could be of,
 * too. What `each` returns other than 0 ends it. 0, that, or a negative errno.
 */
typedef int cmf_rival_each(void *arg, const char *other);
_must_check_ int cmf_credential_rivals(struct store_reader *reader, const char *client,
				       const struct store_credential *credential,
				       cmf_rival_each *each, void *arg);

/* Adds a further credential to a client, as it is in the store; *idp as store_unit_id(). */
_must_check_ int cmf_credential_add(const struct cmf_call *call, const struct store_client *client,
				    const struct store_credential *credential,
				    enum cmf_client_verdict *verdictp, char **takenp, int64_t *idp);
/* 0, STORE_NOT_FOUND: the client has none of that id; negative errno. */
_must_check_ int cmf_credential_remove(const struct cmf_call *call, const char *client, int64_t id);

/* --- names that no entity gets --- */

/*
 * Whether a client that is to be added is known by the name of a registered entity which it is not
 * said to be: *namep is that name, which the caller frees; NULL: it is not, and a condition of the
 * unit that it will not be. 0 or negative errno.
 */
_must_check_ int cmf_client_name_taken(struct store_reader *reader, const struct store_client *row,
				       struct store_unit *unit, char **namep);
typedef int cmf_reserved_each(void *arg, const struct store_registration *reg, const char *who);
/*
 * Each active registration whose name is that of the CMF, of a CA or of a client that is another
 * entity: one of before such names were reserved. A return other than 0 ends the walk.
 */
_must_check_ int cmf_reserved_registrations(struct cmf *cmf, struct store_reader *reader,
					    cmf_reserved_each *each, void *arg);

/* --- Register, IFA 033 11.2.2 --- */

/* One of the registrations of a call, in their order. */
struct cmf_registered {
	/* As it is, or will be; the id of a fresh one is what stands for it in the unit:
	 * store_unit_id(). Without its attester. */
	struct store_registration registration;
	bool fresh;
};
void cmf_registered_clear(struct cmf_registered *registered);

struct cmf_attester_said;

enum { CMF_REGISTER_BAD_MAX = 10 };

/* The first of the subjectIds that are refused, by their place from 0, and why. */
struct cmf_register_bad {
	size_t index[CMF_REGISTER_BAD_MAX];
	enum refusal_reason reason[CMF_REGISTER_BAD_MAX];
	int64_t existing_id[CMF_REGISTER_BAD_MAX]; /* registration_conflict: one's own; else 0 */
	size_t n;
};

struct cmf_register {
	bool has_cert_type;
	enum cert_type cert_type;
	const char *vnf_instance; /* vnfInstanceId of all; NULL or "": none */
	const char *const *subject_ids;
	size_t n_subject_ids;        /* 1..N, all or nothing */
	enum cert_handling handling; /* NONE: not given */
	/* Of all of them (include/cmf/attester.h); NULL: none. Borrowed. */
	const struct cmf_attester_said *attester;
	const char *profile; /* NULL: default of the certType */
	const char *ca;      /* NULL: by rule; only ADMIN and OPERATOR may name one */
	/* n_subject_ids of them, all zero or from a call before, get what is registered, also if
	 * it is REFUSED; the caller clears each. NULL: not asked for. */
	struct cmf_registered *registered;
	struct cmf_register_bad *bad; /* of a call that is REFUSED; NULL: not asked for */
};

/*
 * Adds the registrations to the unit. The same registration again by the same manager is granted
 * and changes nothing. 0, REFUSED, negative errno.
 */
_must_check_ int cmf_register(const struct cmf_call *call, const struct cmf_register *request);
/* Deregisters; certificates of the entity stay as they are (revoke them with
 * cmf_order_place_revocations). */
_must_check_ int cmf_deregister(const struct cmf_call *call, const struct store_entity *entity,
				enum cert_type type);
/* The same by id. */
_must_check_ int cmf_deregister_id(const struct cmf_call *call, int64_t registration_id);

/* --- registrations that there are --- */

/* Whether they exist for who asks: what belongs to another trust domain, or to another manager for
 * whoever is no RA or operator, does not. The holder of a certificate has that one alone. */
bool cmf_may_see_registration(const struct cmf_principal *who,
			      const struct store_registration *reg);
bool cmf_may_see_certificate(const struct cmf_principal *who, const struct store_certificate *cert);

/* Where all lies that exists for who asks, for questions to the store. Borrowed from `who`. */
struct cmf_scope {
	const char *trust_domain; /* NULL: it has no registrations */
	const char *manager;      /* NULL: of whoever in the trust domain */
	int64_t certificate_id;   /* the one that it holds; 0: none */
};
struct cmf_scope cmf_scope(const struct cmf_principal *who);

/* One that is active, and may be changed by who asks. 0, STORE_NOT_FOUND (as if there were none),
 * REFUSED (client_not_permitted, entity_in_direct_mode), negative errno. */
_must_check_ int cmf_registration_find(const struct cmf_call *call, int64_t id,
				       struct store_registration *regp);
/*
 * Gives the registration, as cmf_registration_find() has found it, another profile (NULL: the
 * default of its certType) and the CA that the rules then say. Nothing is added to the unit where
 * nothing changes. 0, REFUSED, negative errno; the commit conflicts if it was changed meanwhile.
 */
_must_check_ int cmf_registration_change(const struct cmf_call *call,
					 const struct store_registration *reg,
					 const char *profile_name);
/*
 * Ends it, if it has neither valid certificates nor requests in process; with `revoke` its valid
 * certificates are revoked (cessationOfOperation). As above.
 */
_must_check_ int cmf_registration_remove(const struct cmf_call *call,
					 const struct store_registration *reg, bool revoke);

/* --- Certificate Signing Request, IFA 033 11.2.3, and key update --- */

/* The profile that those names (certTypes, profiles) or the client's default mean; NULL: none does.
 * 0 or REFUSED. */
_must_check_ int cmf_profile_named(const struct cmf_call *call, const char *const *names, size_t n,
				   const struct conf_profile **profilep);

struct decision;

/* The kinds of certificate request. In what they differ is in src/cmf/csr/operation.c. */
enum cmf_operation {
	CMF_ISSUE,   /* ir, cr, p10cr: a certificate for an entity */
	CMF_UPDATE,  /* kur: one in place of another, with another key */
	CMF_CROSS,   /* ccr: one for another CA */
	CMF_RECOVER, /* krr: one beside the archived keys of the entity, or these alone */
};

/* A key pair that is to be generated, in place of one that the request brings. */
struct cmf_central_key {
	bool wanted;
	const X509_ALGOR *kind; /* NULL: any */
	int strength_max;       /* bits of security that it must not exceed; 0: any */
	/* Why who asks could not read it: told if the profile makes any. */
	enum refusal_reason unsendable;
};

/* What the request says about the archive of private keys, RFC 4211 6.4. */
struct cmf_archive {
	enum { CMF_ARCHIVE_NOT_SAID, CMF_ARCHIVE_WANTED, CMF_ARCHIVE_UNWANTED } wish;
	EVP_PKEY *key;   /* that of spki; NULL: it was not sent, or cannot be opened here */
	bool proves;     /* that it was sent is the proof of possession */
	bool by_subject; /* it came with the subject of the request as whose it is */
};

/*
 * What the door found in the message. POP is verified by the door (it has the octets). Carriers:
 * explicit ones that are present must agree, which cmf_csr checks; the door lists them all.
 */
struct cmf_csr {
	enum cmf_operation operation;
	bool may_register;                /* ir: of an entity that is not, if the policy says so */
	const char *const *profile_names; /* certType or profile names from all explicit carriers */
	size_t n_profile_names;
	const char *const *vnfc_ids; /* vnfcId from explicit carriers (not SAN, not CN) */
	size_t n_vnfc_ids;
	const char *const *vnf_instances; /* vnfInstanceId likewise; "": of none */
	size_t n_vnf_instances;
	const X509_NAME *subject;                    /* may be NULL or empty */
	const STACK_OF(X509_EXTENSION) * extensions; /* requested; may be NULL */
	const OptionalValidity *validity;            /* may be NULL */
	const X509_NAME *issuer;                     /* may be NULL */
	const SubjectPublicKeyInfo *spki; /* of RECOVER NULL: no certificate is asked for */
	struct spki_kind key_kind;
	struct cmf_central_key central_key;
	struct cmf_archive archive;
	struct bytes p10;                            /* DER, if it came as PKCS#10 */
	struct bytes p10_received;                   /* the same, whatever it asks for */
	const STACK_OF(X509_ATTRIBUTE) * attributes; /* of a PKCS#10; may be NULL */
	bool forwards; /* the door passes its message on where the upstream CA is to get it */
	bool unjudged; /* the message asks for more than is said here */
	const char *
		profile; /* that the registration has, by no carrier of a message; NULL: not said */
	bool at_once;    /* the door has no certConf: the certificate is active when it is issued */
	int64_t nonce_id; /* the nonce that its attestation is over; 0: not said */
	/* Of one operation alone. */
	union {
		struct {
			/* By oldCertId or the signer; cmf_update_find() found it. */
			const struct store_certificate *old;
		} update;
		struct {
			const X509_ALGOR *signing_alg; /* may be NULL */
		} cross;
	};
};

struct cmf_csr_result {
	bool registers; /* the unit registers the entity, too */
	bool waiting;   /* for the upstream CA: see cmf_order_run() */
	/* The door is to pass its message on, ca_upstream_forward; or a CertReqMsg of what was
	 * decided, if that is something else than what the message asks for. */
	bool forward;
	bool changed;
	bool unjudged; /* as in the request */
	struct octets template;
	struct octets names; /* ca_names_encode() */
	struct ca *ca;
	struct octets der;       /* internal: the certificate */
	EVP_PKEY *generated_key; /* central_key: the key pair, kept nowhere else */
	struct serial serial;
	char *subject_id;
	char *vnf_instance;    /* "": none */
	char *mods;            /* grantedWithMods: what was changed or left out; NULL: accepted */
	bool implicit_confirm; /* allowed by configuration and profile */
	bool at_once;          /* as in the request */
	int64_t confirm_by_ms; /* deadline for certConf, if there is to be one */
	int64_t nonce_id;      /* that is used thereby (include/cmf/nonce.h); 0: none */
	struct decision *decision;
	struct store_attestation attestation; /* what was made of that of the request */
	/* What goes into the unit; from then on the id stands for the row there (store.h). */
	struct store_certificate certificate;
};
void cmf_csr_result_clear(struct cmf_csr_result *r);

/*
 * Decides, and has the internal CA sign. Adds nothing to the unit, which is the one that what was
 * decided goes into, by cmf_order_place_certificates() (cmf/order.h); csr, and what the call
 * borrows, must live until then. 0, REFUSED, negative errno.
 */
_must_check_ int cmf_csr(const struct cmf_call *call, const struct cmf_csr *csr,
			 struct cmf_csr_result *resultp);

/* Certificates since the start, by what was made of the attestation in their request. */
uint64_t cmf_attested(const struct cmf *cmf, enum store_verdict verdict);
/* "verified", "ignored"; "none". */
const char *cmf_verdict_name(enum store_verdict verdict);

/* --- key recovery, RFC 4210 5.3.7 --- */

/* Keys that one answer brings: each needs a signature, and some 5000 octets. */
enum { CMF_RECOVER_MAX = 32 };

struct cmf_recovered {
	struct store_certificate cert;
	EVP_PKEY *key;
};
struct cmf_recovery {
	struct cmf_recovered item[CMF_RECOVER_MAX];
	size_t len;
	bool more; /* there are older ones */
};
void cmf_recovery_clear(struct cmf_recovery *recovery);
/*
 * The archived keys of the entity that the request names, an END_ENTITY's own where it names none,
 * the newest first; adds a line of audit for each to the unit. 0, REFUSED (recovery_*, and as
 * cmf_csr), negative errno.
 */
_must_check_ int cmf_recover(const struct cmf_call *call, const struct cmf_csr *csr,
			     struct cmf_recovery *recoveryp);

/*
 * Gives up having an upstream CA revoke, hold or release a certificate, for the operator: see
 * ca_upstream_revoke_give_up(), whose results these are, too. 0, REFUSED, negative errno; -ENXIO:
 * its CA is not configured any more, as one upstream.
 */
_must_check_ int cmf_revocation_give_up(const struct cmf_call *call,
					const struct store_certificate *cert,
					int64_t *earliest_msp);

/*
 * Deletes the archived key of a certificate, for good; the certificate stays as it is. For the
 * operator. 0, REFUSED (recovery_nothing), negative errno.
 */
_must_check_ int cmf_archived_key_delete(const struct cmf_call *call,
					 const struct store_certificate *cert);

/* kur: the certificate to be updated, by issuer and serial (from oldCertId; without an issuer the
 * END_ENTITY's own). Checks that `who` may, and that it is active and not expired. */
_must_check_ int cmf_update_find(const struct cmf_call *call, struct bytes issuer,
				 const struct serial *serial, struct store_certificate *certp);

/* --- revocation; confirming is cmf/order.h's --- */

struct cmf_revoke {
	struct bytes issuer; /* TLV of Name */
	struct serial serial;
	int reason;                  /* reasonCode 0..6, 8..10; RFC 5280 5.3.1 */
	int64_t invalidity_ms;       /* invalidityDate, RFC 5280 5.3.2; 0: none */
	const CertTemplate *details; /* all that is said of the certificate; NULL: no more */
	int64_t certificate_id;      /* in place of issuer and serial number; 0: by these */
	bool by_key;                 /* likewise: by subject and publicKey in details */
};
/* What is to become of one certificate. */
struct cmf_revocation {
	struct store_certificate cert;
	int reason;
	int64_t invalidity_ms;           /* 0: none */
	enum store_certificate_state to; /* REVOKED; ON_HOLD (reason 6); ACTIVE (reason 8) */
	bool upstream;                   /* the upstream CA has to be told: see cmf_order_run() */
	bool asked;                      /* it has been asked already: only to be waited for */
	bool ceases;          /* the entity's operation has ceased, and nothing earlier says so */
	struct bytes forward; /* upstream: the rr that is passed on; empty: one of ours */
};
/* The state that a revocation with that reasonCode leads to. */
enum store_certificate_state cmf_revocation_state(int reason);
void cmf_revocation_clear(struct cmf_revocation *revocation);
/*
 * Whether `who` may revoke that certificate, and what that means: certificateHold can be taken back
 * by removeFromCRL, or become final. `earlier` are the n revocations that the same message asks for
 * before this one, so that one certificate may be named twice. 0, REFUSED, negative errno.
 */
_must_check_ int cmf_revoke_find(const struct cmf_call *call, const struct cmf_revoke *request,
				 const struct cmf_revocation *earlier, size_t n,
				 struct cmf_revocation *revocationp);

/* --- housekeeping --- */

/*
 * Revokes certificates that nobody confirmed in time, and ends requests (cmf/request.h) that are
 * decided or whose time is over. In a worker; bounded work per call. *morep: call again at once.
 * 0 or negative errno.
 */
_must_check_ int cmf_housekeeping(struct cmf *cmf, const struct cmf_worker *worker, bool *morep);
/* The part of it that each node does for itself, and all of it where another node does the rest:
 * lines of audit get the MAC of the store key in force. */
_must_check_ int cmf_upkeep(struct cmf *cmf, const struct cmf_worker *worker);
/* Fetches what it is time for of what key attestation is judged by: CRLs of attesters. One thread
 * at a time; waits for their servers. */
void cmf_attestation_housekeeping(struct cmf *cmf, int64_t now_ms);

/* --- secrets at rest --- */

/* Encrypts a secret under the store key in force (AES-256-GCM), bound to what it is for: the
 * reference of a client's. That the key is in force is a condition of the call's unit. */
_must_check_ int cmf_secret_seal(const struct cmf_call *call, struct bytes sealed_for,
				 struct bytes secret, struct octets *sealedp);
/* The same for a secret of KemBasedMac, bound to the transactionID; and back. -EBADMSG: it is not.
 */
_must_check_ int cmf_kem_secret_seal(const struct cmf_call *call, struct bytes transaction_id,
				     struct bytes secret, struct octets *sealedp);
_must_check_ int cmf_kem_secret_open(struct cmf *cmf, struct bytes transaction_id,
				     struct bytes sealed, struct octets *secretp);

/*
 * A secret that nobody has: what is done with the secret of a reference is done with this one where
 * there is no such reference, so that nobody learns that from the time. 0 or a negative errno.
 */
_must_check_ int cmf_nobodys_secret(struct cmf *cmf, struct octets *secretp);

/* A store key is known by an id, which is derived from it and says nothing about it. */
enum { CMF_KEY_ID_LEN = 8, CMF_DERIVED_KEY_LEN = 32 };
/* The store key in force. 0, STORE_NOT_FOUND (nothing was sealed yet), negative errno. */
_must_check_ int cmf_key_current(struct store_reader *reader, uint8_t id[CMF_KEY_ID_LEN]);
/* The store key that the file of [store] secret_key has now. 0 or a negative errno, logged. */
_must_check_ int cmf_key_in_file(struct cmf *cmf, uint8_t id[CMF_KEY_ID_LEN]);
/*
 * A key for another purpose, which the label names, derived from a store key (HKDF-SHA256, RFC
 * 5869): from the one with that id, or NULL: from that of [store] secret_key. The caller cleanses
 * it. 0, -ENOKEY (there is no such key any more), another negative errno.
 */
_must_check_ int cmf_key_derive(struct cmf *cmf, const uint8_t *id, const char *label,
				uint8_t out[CMF_DERIVED_KEY_LEN]);

/*
 * Brings the key that is in the file of secret_key into force; housekeeping seals what is there
 * anew, in bounded units, and then forgets the key before. 0, REFUSED (rekey_*), negative errno.
 */
_must_check_ int cmf_rekey(const struct cmf_call *call);

/* --- what it was made with --- */

const struct conf *cmf_conf(const struct cmf *cmf);
struct ca_set *cmf_cas(const struct cmf *cmf);
