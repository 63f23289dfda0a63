// SPDX-License-Identifier: Apache-2.0
/*
 * The CAs behind the CMF, one interface for both kinds: internal (keys of ours sign) and upstream
 * (cmfd is the RA, a CMP server signs). Knows certificates and keys, not who may have them: that is
 * cmf/. All CAs of the configuration are one `struct ca_set`, immutable after loading and shared by
 * all threads.
 */
#pragma once

#include "asn1/certificate.h"
#include "base/metrics.h"
#include "base/refusal.h"
#include "base/shared.h"
#include "conf.h"
#include "store.h"

struct ca_set;
struct ca;
struct cmp_message;

_must_check_ int ca_set_new(const struct conf *conf, struct store *store,
			    const struct clock_source *clock, struct metrics *metrics,
			    struct ca_set **setp, struct strbuf *problems);
/* Stops work on upstreams (what is open goes on after the next start), frees. */
void ca_set_free(struct ca_set *set);
DEFINE_CLEANUP(struct ca_set, ca_set_free);

struct ca *ca_find(struct ca_set *set, const char *name);
size_t ca_count(const struct ca_set *set);
struct ca *ca_at(struct ca_set *set, size_t i);
const char *ca_name(const struct ca *ca);
bool ca_is_upstream(const struct ca *ca);

/*
 * Certificates of the CA as DER, issuing CA first, up to but without the root; and the root.
 * For an upstream too they come from the configuration (`certificate` is required there): a
 * certificate that this issuing CA has not signed is refused in certConf. After a root update the
 * last of the chain is newWithOld, for those who trust the old root only.
 */
size_t ca_chain(const struct ca *ca, const struct bytes **certsp);
struct bytes ca_root(const struct ca *ca); /* empty if not configured */
/* Adds all of them, root and newWithOld included, to the stack. 0 or -ENOMEM. */
_must_check_ int ca_certificates_push(const struct ca *ca, STACK_OF(X509) * certs);

/* What it signs certificates with; NULL: it is an upstream, or its key cannot be used. */
const X509_ALGOR *ca_signature_algorithm(const struct ca *ca);
/*
 * Whether pathLenConstraint of its own certificate and of those above allows certificates below it,
 * or such of other CAs.
 */
bool ca_path_allows(const struct ca *ca, bool ca_certificate);
/*
 * Whether its key can be used: its own, or that by which an upstream CA knows us. One that cannot
 * is tried again by housekeeping; until then the CA issues nothing, and makes no CRLs. ca_unfit():
 * "[ca NAME] key: ..." of when it was loaded; NULL: it is fit. Any thread.
 */
bool ca_is_fit(const struct ca *ca);
const char *ca_unfit(const struct ca *ca);
/* When the first certificate of its path ends. */
int64_t ca_path_end(const struct ca *ca);
/* What verifiers will not like about the path of an internal CA: "[ca NAME] key: ..." lines. */
void ca_path_warnings(const struct ca *ca, const struct conf *conf, struct strbuf *out);
/* The content octets of the subjectKeyIdentifier that it gives a key. 0 or negative errno. */
enum { CA_KEY_ID_LEN = 20 };
_must_check_ int ca_key_identifier(const struct ca *ca, struct bytes spki,
				   uint8_t id[CA_KEY_ID_LEN]);
/* The whole Extension that it puts into each certificate; empty: none, or it is an upstream. */
struct bytes ca_extension(const struct ca *ca, int nid);
/* How to go from the old root to the new one, RFC 9483 4.3.2; old_with_new may be empty. */
struct ca_root_update {
	struct bytes new_with_new;
	struct bytes new_with_old;
	struct bytes old_with_new;
};
/* Whether there is one; false: *updatep is untouched. */
bool ca_root_update(const struct ca *ca, struct ca_root_update *updatep);
/* Whether that update is the one from this root: its key has signed newWithOld. */
bool ca_root_is_old(const struct ca *ca, X509 *root);
/* Name (TLV) of the issuing CA: equals the issuer of its certificates. Empty if unknown. */
struct bytes ca_issuer(const struct ca *ca);
/*
 * The first CA after `after` (NULL: the first of all) whose issuer name that is, or NULL. Two CAs
 * may bear one name: an upstream and ours, set up from the same example.
 */
struct ca *ca_next_by_issuer(struct ca_set *set, struct bytes issuer, const struct ca *after);
/* Verifies that `cert` is signed by this CA's key (chain up to it is trusted by configuration).
 * 0, or 1 if not. */
_must_check_ int ca_verify(const struct ca *ca, const struct certificate_view *cert);

/* What cmf/ decided to have certified. All borrowed DER unless noted. */
struct ca_request {
	struct bytes subject; /* TLV of Name */
	struct bytes spki;    /* TLV */
	struct bytes san;     /* extnValue of subjectAltName (GeneralNames TLV), or empty */
	struct bytes ski;     /* whole Extension subjectKeyIdentifier; empty: made from the key */
	bool san_critical;    /* with an empty subject, RFC 5280 4.2.1.6 */
	const struct conf_profile *profile;
	const struct conf_extension
		*extensions; /* of the profile, after cmf/ applied the request */
	size_t n_extensions;
	int64_t not_before_ms;
	int64_t not_after_ms;
	bool not_before_exact; /* the beginning is not to lie back for verifiers whose clock is slow
				*/
	struct bytes p10;      /* the client's PKCS#10 if it sent one: upstream passes it on */
	struct bytes attestation; /* AttestationBundle (TLV) for an upstream CA; empty: none */
};

struct ca_issued {
	struct octets der;
	struct serial serial;
	int64_t not_before_ms;
	int64_t not_after_ms; /* clipped to the end of the CA's path */
	bool validity_clipped;
};

/*
 * Whether another entity has the name in a certificate that is valid still, under the CA that is in
 * the key; else *released_idp is the certificate of another entity that had it last, whose name it
 * is no longer, 0 if there is none. 0 or negative errno.
 */
_must_check_ int ca_name_held(struct store_reader *reader, const struct name_key *key,
			      const struct store_entity *entity, int64_t now_ms, bool *heldp,
			      int64_t *released_idp);
/* Whether the entity of the certificate that got a name last still holds it, by that one or by
 * another. */
_must_check_ int ca_name_kept(struct store_reader *reader, const struct store_certificate *last,
			      const struct name_key *key, int64_t now_ms, bool *keptp);

/*
 * Whether the certificates above allow what is asked for: path length, purposes, names (RFC 5280
 * 6.1). 0, REFUSED (ca_path_*), negative errno.
 */
_must_check_ int ca_path_check(const struct ca *ca, const struct ca_request *request,
			       struct refusal *refusal);
/* Internal CA: signs now. 0 or negative errno. Not for upstream CAs (assertion). */
_must_check_ int ca_issue(struct ca *ca, const struct ca_request *request,
			  struct ca_issued *issuedp);
void ca_issued_clear(struct ca_issued *issued);

/*
 * Upstream CA: encodes the request and adds a STORE_EXCHANGE_ISSUE to the unit, for the certificate
 * that the unit inserts as REQUESTED. Nothing is sent before the unit is committed; then
 * ca_upstream_run() works on it.
 */
_must_check_ int ca_upstream_request(struct ca *ca, const struct ca_request *request,
				     int64_t certificate_id, struct store_unit *unit);
/*
 * Works on the issue exchange of a certificate in the calling worker until the certificate is
 * there, it is refused, or upstream_wait has passed; if another worker is at it already, waits for
 * that one; if upstream_workers already wait for this upstream, returns at once. Each step is
 * durable before it shows. The outcome is in the store: certificate state REQUESTED (still
 * waiting), PENDING (issued; der filled) or REJECTED. Negative errno on a fault of ours only.
 */
_must_check_ int ca_upstream_run(struct ca *ca, int64_t certificate_id, struct store_reader *reader,
				 struct store_unit *unit);
/* Why a certificate is REJECTED: the failInfo bit that the upstream gave, -1 if it gave none; or,
 * if it was not the upstream that refused, the reason (else REFUSAL_NONE). */
_must_check_ int ca_upstream_failinfo(struct store_reader *reader, int64_t certificate_id,
				      int *failinfop, enum refusal_reason *reasonp);
/*
 * What the client has to know of a certificate that was issued: what the upstream says with
 * grantedWithMods, and what is not as it was asked for. Of a message that was passed on only the
 * latter. The caller owns *textp; NULL: nothing, it is accepted.
 */
_must_check_ int ca_upstream_mods(struct store_reader *reader, const struct store_certificate *cert,
				  char **textp);
/* --- messages of clients that go on, RFC 9483 5.2 --- */

/* REISSUE for internal CAs, too. */
enum conf_forwarding ca_forwarding(const struct ca *ca);

/* A message of a client, and how it goes on. */
struct ca_passed_on {
	const struct cmp_message *from;
	enum conf_forwarding how; /* not REISSUE */
	/* REPLACED: */
	bool implicit_confirm;     /* it asks for it */
	struct bytes cert_req_msg; /* in place of the client's; empty: the client's */
};
/*
 * What goes upstream: the message as it came, in a nested one (RFC 9483 5.2.2.1), or its body under
 * our protection (5.2.3). transactionID and nonces stay the client's. The caller owns *derp.
 */
_must_check_ int ca_upstream_message(const struct ca *ca, const struct ca_passed_on *passed_on,
				     struct octets *derp);

/* The names that were decided, for ca_forward. */
_must_check_ int ca_names_encode(const struct ca_request *request, struct octets *namesp);
/* CertReqMsg with raVerified of what was decided, for RFC 9483 5.2.3.2. */
_must_check_ int ca_cert_req_msg(const struct ca_request *request, struct octets *derp);

/* rr: ca_upstream_revoke_forward(), which begins; this one goes on with pollReq. */
struct ca_forward {
	enum store_exchange_kind kind; /* not REVOKE, which is our own */
	struct bytes message;          /* the octets to be sent */
	struct bytes names; /* for a certificate: what it may be named; of ca_names_encode() */
	/* What it is to bring the certificate to: PENDING; with certConf ACTIVE or REJECTED; with
	 * rr as ca_revoke(). */
	enum store_certificate_state to;
	int64_t certificate_id;
	int64_t previous_id; /* pollReq: the exchange that it goes on with, which said `waiting` */
	int64_t created_ms;  /* pollReq: when that one began; 0: now */
};
/* Adds the exchange to the unit. ca_upstream_forward_run() works on it after the commit. */
_must_check_ int ca_upstream_forward(struct ca *ca, const struct ca_forward *forward,
				     struct store_unit *unit);
/* As ca_upstream_run(). The certificate becomes what `to` says when the upstream agrees. */
_must_check_ int ca_upstream_forward_run(struct ca *ca, int64_t certificate_id,
					 enum store_exchange_kind kind, struct store_reader *reader,
					 struct store_unit *unit);

/* The newest exchange of that kind for a certificate. */
struct ca_forwarded {
	int64_t id;
	bool open;
	bool refused; /* it ended, and not with what was asked for */
	int64_t created_ms;
	enum store_certificate_state to; /* as in ca_forward */
	struct octets names;             /* likewise */
	enum refusal_reason reason;      /* refused, but not by the upstream */
	struct octets answer;            /* verified; empty: none, or not for the client */
};
/* 0, STORE_NOT_FOUND, negative errno. */
_must_check_ int ca_upstream_forwarded(struct store_reader *reader, int64_t certificate_id,
				       enum store_exchange_kind kind,
				       struct ca_forwarded *forwardedp);
void ca_forwarded_clear(struct ca_forwarded *forwarded);

/* Seconds a client should wait before it polls again. */
int ca_upstream_check_after(const struct ca *ca);

/*
 * Adds the revocation to the unit. Internal: REVOKED (or `to`) at once, a CRL is due. Upstream:
 * REVOCATION_PENDING and a STORE_EXCHANGE_REVOKE that is retried until done. The state
 * that the certificate was read in is where it must still be; to is REVOKED, REJECTED, ON_HOLD, or
 * ACTIVE, which takes a hold back.
 */
_must_check_ int ca_revoke(struct ca *ca, const struct store_certificate *cert,
			   enum store_certificate_state to, int reason, struct store_unit *unit);
/*
 * Upstream, likewise: the rr in `message`, which is a client's, is passed on. What the upstream
 * refuses, or does not answer within upstream_timeout, is asked for again with an rr of ours.
 */
_must_check_ int ca_upstream_revoke_forward(struct ca *ca, const struct store_certificate *cert,
					    enum store_certificate_state to, int reason,
					    struct bytes message, struct store_unit *unit);
/* Upstream, after the unit is committed: tries at once, for at most upstream_wait. 0 decided
 * (the state of the certificate says how), STORE_NOT_FOUND still pending (systemUnavail for the
 * client), negative errno. */
_must_check_ int ca_upstream_revoke_run(struct ca *ca, int64_t certificate_id,
					struct store_reader *reader, struct store_unit *unit);

/*
 * Upstream: it is asked no more. Once the unit is committed the next run ends the revocation, as if
 * the certificate had: REVOKED, or ON_HOLD where a hold was to be taken back; one that nobody took
 * stays REJECTED. STORE_NOT_FOUND: none is asked for; -EAGAIN: before *earliest_msp somebody may
 * still be told that it is waited for.
 */
_must_check_ int ca_upstream_revoke_give_up(struct ca *ca, const struct store_certificate *cert,
					    struct store_reader *reader, struct store_unit *unit,
					    int64_t *earliest_msp);

/* Whether it is asked now; then it can be given up. */
_must_check_ int ca_upstream_revoke_asked(struct store_reader *reader, int64_t certificate_id,
					  bool *askedp);

/* The failInfo bit with which the upstream refused a revocation last, -1: it did not. */
_must_check_ int ca_upstream_revoke_failinfo(struct store_reader *reader, int64_t certificate_id,
					     int *failinfop);

/*
 * Housekeeping of one CA, in a worker, when called every few seconds: open exchanges that are due,
 * a CRL if one is due (revocations since the last, or crl_interval). Never blocks longer than
 * upstream_wait. 0 or negative errno (logged).
 */
_must_check_ int ca_housekeeping(struct ca *ca, struct store_reader *reader,
				 struct store_unit *unit);
/*
 * The part of it that each node does for itself, and all of it where another node does the rest: a
 * key that could not be used is tried again, and the newest CRL comes to crl_directory.
 */
_must_check_ int ca_upkeep(struct ca *ca, struct store_reader *reader);
/* --- CRLs of internal CAs --- */

/* A CRL; its octets are in memory once for all who hold it. */
struct ca_crl {
	struct store_crl row;
	struct shared *der;
};
/* The newest CRL, of an upstream CA none. 0, STORE_NOT_FOUND, negative errno. */
_must_check_ int ca_crl_newest(struct ca *ca, struct store_reader *reader, struct ca_crl *crlp);
void ca_crl_clear(struct ca_crl *crl);
/* The octets of a CRL that an answer refers to; the caller unrefs them. 0, STORE_NOT_FOUND,
 * negative errno. */
_must_check_ int ca_crl_find(struct ca_set *set, int64_t id, struct store_reader *reader,
			     struct shared **derp);
/* Whether a CRL is to be there before a revocation is answered, and sent with the answer. */
bool ca_crl_on_revocation(const struct ca *ca);
bool ca_crl_in_answer(const struct ca *ca);
/*
 * Sees to it that there is a CRL with that change (crl_change of a certificate). 0: there is;
 * STORE_NOT_FOUND: in *wait_msp at the earliest, crl_revocation_interval; negative errno. Waits
 * while another thread makes one of this CA, which mostly is the one that is wanted. Who asks for
 * it is who the audit says has one made (actor, user, request of `asker`); NULL: housekeeping.
 */
_must_check_ int ca_crl_cover(struct ca *ca, int64_t change, const struct store_audit *asker,
			      struct store_reader *reader, struct store_unit *unit,
			      int64_t *wait_msp);
/* Whether the newest CRL has that change; makes none. */
_must_check_ int ca_crl_lists(const struct ca *ca, int64_t change, struct store_reader *reader,
			      bool *listsp);
/* Makes and stores a new CRL now (internal CAs), writes crl_directory/<name>.crl. */
_must_check_ int ca_crl_update(struct ca *ca, struct store_reader *reader, struct store_unit *unit);

/* --- CMP over HTTP as a client, with libcurl --- */

/* Connections that stay open from one message to the next; any thread. */
struct ca_connections;
_must_check_ int ca_connections_new(size_t max, struct ca_connections **connectionsp);
void ca_connections_free(struct ca_connections *connections);

/* A general message of ours, with one infoType, whose values are SEQUENCEs. All borrowed. */
struct ca_question {
	const char *oid; /* dotted */
	struct bytes value;
	const char *answer_oid;
	struct bytes transaction_id;
};
/*
 * Asks an upstream CA and waits for its answer, as long as for that to a request (upstream_wait).
 * The caller owns *valuep. 0; -ENOMEM; another negative errno (logged): there is no answer that is
 * the upstream's, or another one than that.
 */
_must_check_ int ca_upstream_ask(const struct ca *ca, struct store_reader *reader,
				 const struct ca_question *question, struct octets *valuep);

enum { CA_TRANSFER_PROBLEM_MAX = 256 };
struct ca_transfer_options {
	const char *url;
	const char *tls_trusted; /* PEM file, NULL: system's */
	int64_t timeout_ms;
	struct ca_connections *connections; /* NULL: a connection for this message alone */
	long *http_statusp;                 /* status of the answer, 0: there was none; or NULL */
	char *problem; /* CA_TRANSFER_PROBLEM_MAX octets: why there is no CMP answer; or NULL */
};
/* POSTs one CMP message. 0 with the answer's body (also of 4xx and 5xx with CMP type, RFC 9811);
 * -ECONNREFUSED, -ETIMEDOUT, -EPROTO (no CMP answer this time), -EREMOTEIO (a status that says that
 * there will be none) otherwise. */
_must_check_ int ca_transfer(const struct ca_transfer_options *options, struct bytes request,
			     struct octets *answerp);
