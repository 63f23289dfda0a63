// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of cmf/ share: the object itself, memory that lives with a unit, and who may act
 * for an entity. The interface for everybody else is include/cmf.h.
 */
#pragma once

#include "cmf.h"
#include "cmf/retention.h"
#include "principal/reserved.h"
#include "store/secret_key.h"

#include <pthread.h>
#include <stdatomic.h>

struct clients;
struct audit_allowance;
struct signer_cache;
struct signer_refused;
struct attestation_rules;

struct secret_key;
struct secret_keys;

/* How far the sealing anew of secrets is. */
struct rekey_progress {
	enum store_sealed_kind kind; /* all before it have been seen */
	int64_t after_id;
	int64_t sealed;
	int64_t unreadable; /* under no key that is known */
};

struct cmf {
	const struct conf *conf;
	struct store *store;
	struct ca_set *cas;
	const struct clock_source *clock;
	pthread_mutex_t clients_mutex; /* guards the pointer, not what it points to */
	struct clients *clients;       /* the newest snapshot; NULL before the first use */
	struct signer_cache *signers;
	struct signer_refused *tls_refused;
	struct audit_allowance *refusals;
	struct secret_keys *secret_keys;
	struct rekey_progress rekey;  /* of housekeeping alone */
	struct reserved reserved;     /* names of the CMF; written before threads are there */
	struct octets nobodys_secret; /* sealed; made at the start */
	struct attestation_rules *attestation; /* of each profile */
	struct cmf_sweep sweep;                /* housekeeping's own */
	int64_t sweep_ms;                      /* when it goes on */
	int64_t audit_look_ms;                 /* when the audit is looked at again */
	uint8_t audit_key_id[CMF_KEY_ID_LEN];  /* of the store key that its MACs are made with */
	bool audit_sealed;                     /* nothing has a MAC of another one */
	_Atomic uint64_t attested[STORE_VERDICTS]; /* certificates, by verdict */
};

/* --- secret.c --- */

/*
 * What a secret that is no client's is sealed for: the kind and octets in hexadecimal, so that none
 * opens as one of another kind. The caller frees *textp. 0 or -ENOMEM.
 */
_must_check_ int secret_reference(enum store_sealed_kind kind, struct bytes octets, char **textp);
/* Seals under a key (NULL: a fault), whichever is in force. 0 or a negative errno. */
_must_check_ int secret_seal_under(const struct secret_key *key, struct bytes sealed_for,
				   struct bytes secret, struct octets *sealedp);
/* Makes the secret that nobody has. 0 or a negative errno. */
_must_check_ int nobodys_secret_make(struct cmf *cmf);
/* The reverse of cmf_secret_seal: -EBADMSG if the key, or what it is for, is another. */
_must_check_ int secret_open(const struct cmf *cmf, struct bytes sealed_for, struct bytes sealed,
			     struct octets *secretp);
/* The same, without a line in the log. */
_must_check_ int secret_try(const struct cmf *cmf, struct bytes sealed_for, struct bytes sealed,
			    struct octets *secretp);

/* --- rekey.c --- */

/*
 * Whether the keys are those under which the secrets in the store are sealed. 0; -EINVAL with a
 * problem; another negative errno.
 */
_must_check_ int secret_keys_check(const struct cmf *cmf, struct store_reader *reader,
				   struct strbuf *problems);
/* Seals some of the secrets anew that are under the key before. *morep is set if there may be more.
 */
_must_check_ int rekey_housekeeping(struct cmf_call *call, bool *morep);

/* --- entity.c --- */

/* What the name of who is known by a certificate of ours alone begins with. */
#define PRINCIPAL_HOLDER "certificate:"

/* Whether the principal has one of the permissions, or acts as the operator on the socket. */
bool principal_permitted(const struct cmf_principal *who, uint32_t permissions);
/* The manager of what it registers. */
const char *principal_manager(const struct cmf_principal *who);
/* False for one that is an entity by its certificate, and another than that. */
bool principal_speaks_for(const struct cmf_principal *who, const struct store_entity *entity);
/* Whether it signed with that certificate, whatever else it is. RFC 9483 4.1.3, 4.2 */
bool principal_holds(const struct cmf_principal *who, const struct store_certificate *cert);
/* Whether it signed with a certificate of that entity. */
bool principal_is_entity(const struct cmf_principal *who, int64_t registration_id);
/* Whose an entity is. In direct mode it is the VNFCI's own, and its manager the client that may
 * read. Borrowed. */
struct entity_owner {
	struct store_entity entity;
	const char *manager;
	enum cert_handling handling;
};
struct entity_owner registration_owner(const struct store_registration *reg);
struct entity_owner certificate_owner(const struct store_certificate *cert);
/* Whether it is of the entity's trust domain, and its manager, or RA or operator: then it may know
 * of it. */
bool principal_may_see(const struct cmf_principal *who, const char *manager,
		       const struct store_entity *entity);
/* Whether it may act for it, too: the manager in delegation mode alone, IFA 033 11.2.3. */
bool principal_may_act(const struct cmf_principal *who, const struct entity_owner *owner);
/* The refusal of who may not: of what it may know of it says why. */
int principal_refuse_act(const struct cmf_principal *who, const struct entity_owner *owner,
			 struct refusal *refusal);

/* A name of a profile or certType, in either spelling; NULL if there is none. */
const struct conf_profile *profile_find(const struct conf *conf, const char *name);
/* The CA that the rules choose for a new registration; NULL: none. IFA 033 11.2.2.4 */
struct ca *ca_by_rule(const struct cmf *cmf, const struct conf *conf, enum cert_type type,
		      const char *trust_domain, const char *profile);

/*
 * Whether a name, as subject_id of `name`, is open to `manager`: within the trust domain no other
 * manager has it as subject_id under any certType, nor, if it has several labels, an entity whose
 * id is its first label (and that may therefore have the name in its certificates). vnf_instance
 * NULL: in whatever VNF instance. own_id: an entity of the manager's that need not be looked up;
 * NULL.
 */
_must_check_ int entity_name_open(struct store_reader *reader, const struct store_entity *name,
				  const char *own_id, const char *manager, bool *openp);
/* The same of the first label alone, of a name that has several. */
_must_check_ int entity_label_open(struct store_reader *reader, const struct store_entity *name,
				   const char *own_id, const char *manager, bool *openp);
/* Whether the trust domain may have so many registrations more, by what is committed. 0, REFUSED
 * (domain_limits), negative errno. */
_must_check_ int registrations_check(const struct cmf_call *call, const char *trust_domain,
				     size_t more);
/* The same as a condition of the unit, in front of them; and that clients are still those among
 * which their names were not reserved. 0 or -ENOMEM. */
_must_check_ int registrations_require(const struct cmf_call *call, const char *trust_domain,
				       size_t more, int64_t clients_generation);
/* Adds a new registration to the unit, behind those conditions, with its line of audit, which says
 * how it was registered. */
_must_check_ int registration_add(const struct cmf_call *call, const struct store_registration *reg,
				  const char *how, int64_t *idp);

/* Ends an active registration, with its line of audit. */
_must_check_ int registration_end(const struct cmf_call *call,
				  const struct store_registration *reg);

/* --- attester.c --- */

/* "sha256:" and the digest of what its key or certificates are, for the audit; "" of NULL. 0 or
 * negative errno. */
_must_check_ int attester_fingerprint(const struct store_attester *attester,
				      char out[CMF_FINGERPRINT_SIZE]);

/* --- audit.c --- */

/* A line that says who, and of which request, and nothing else. Borrowed from both. */
struct store_audit audit_asker(const struct cmf_call *call, const struct cmf_principal *who);
/* cmf_audit_add() of what has neither before nor after. detail may be NULL. */
_must_check_ int audit_add(const struct cmf_call *call, const char *action, const char *target,
			   const char *detail);
/* The same of an entity. */
_must_check_ int audit_add_entity(const struct cmf_call *call, const char *action,
				  const struct store_entity *entity, const char *detail);

/* --- cert_details.c --- */

/* Whether all that certDetails says is true of that certificate; NULL: nothing is said. 0, REFUSED
 * (rev_cert_contradiction), negative errno. */
_must_check_ int cert_details_check(const CertTemplate *said, const struct store_certificate *cert,
				    struct refusal *refusal);

/* --- certificate_by_key.c --- */

/* The one live certificate of our CAs with the subject and the publicKey of the template. 0,
 * STORE_NOT_FOUND, REFUSED (rev_cert_unknown: there are several), negative errno. */
_must_check_ int certificate_by_key(const struct cmf_call *call, const CertTemplate *said,
				    struct store_certificate *certp);

/* --- revoke.c --- */

/* The certificate of one of our CAs by issuer (TLV of Name) and serial number, which none has if it
 * is SERIAL_NULL. 0, STORE_NOT_FOUND, negative errno. */
_must_check_ int certificate_lookup(const struct cmf_call *call, struct bytes issuer,
				    const struct serial *serial, struct store_certificate *certp);
/* The two halves of cmf_update_find(), by the id of the certificate, which is the caller's also if
 * it is REFUSED: whether who asks may update it, and whether it can be. */
_must_check_ int certificate_update_find(const struct cmf_call *call, int64_t id,
					 struct store_certificate *certp);
_must_check_ int certificate_update_check(const struct cmf_call *call,
					  const struct store_certificate *cert);
/* certConf: PENDING becomes ACTIVE, or with accepted=false REJECTED and revoked. With
 * accepted=false also of one that is REQUESTED. */
_must_check_ int certificate_confirm(const struct cmf_call *call,
				     const struct store_certificate *cert, bool accepted);
/* Nobody confirmed it in time: a revocation, RFC 9483 4.1.1. */
_must_check_ int certificate_lapse(const struct cmf_call *call,
				   const struct store_certificate *cert);
/* Adds a revocation to the unit, with deregistration where cessationOfOperation means that. */
_must_check_ int revocation_add(const struct cmf_call *call,
				const struct cmf_revocation *revocation);
/* What revoking a certificate means, whoever asks. 0, REFUSED: it cannot be, negative errno. */
_must_check_ int revocation_of(const struct cmf_call *call, int64_t certificate_id, int reason,
			       struct cmf_revocation *revocationp);

/* --- nonce.c --- */

/* Removes those that expired long ago. *morep is set if there may be more. */
_must_check_ int nonces_end(struct cmf_call *call, bool *morep);

/* --- request.c --- */

/* Ends requests that are decided, or whose time is over. *morep is set if there may be more. */
_must_check_ int requests_end(struct cmf_call *call, bool *morep);
