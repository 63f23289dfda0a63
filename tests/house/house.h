// SPDX-License-Identifier: Apache-2.0
/*
 * A whole CMF in a temporary directory for tests: configuration, database, internal CA, clients of
 * every kind, and the CMP door, with a clock that the test sets. Anything that fails here ends the
 * program: it is not what is being tested.
 */
#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "cmf.h"
#include "cmf_call.h"
#include "cmp/door.h"
#include "message.h"
#include "pki.h"

#include <openssl/x509.h>

/* A certificate with its key and whoever issued it. */
struct house_credential {
	EVP_PKEY *key;
	X509 *cert;
	struct octets der;
	struct signer *signer;
	struct octets sender;                  /* GeneralName with the subject */
	struct octets sender_kid;              /* subjectKeyIdentifier */
	const struct house_credential *issuer; /* NULL: self-signed */
};

enum house_usage {
	HOUSE_CA,
	HOUSE_CA_OF_LEAVES,
	HOUSE_LEAF,
	HOUSE_LEAF_NO_SIGNATURE,
	HOUSE_LEAF_RECEIVES,
	HOUSE_KGA
};
void house_credential_make(struct house_credential *c, const char *cn, enum house_usage usage,
			   const struct house_credential *issuer, int64_t now_ms, int days);
/* The same with that key, which is taken over. */
void house_credential_make_with(struct house_credential *c, EVP_PKEY *key, const char *cn,
				enum house_usage usage, const struct house_credential *issuer,
				int64_t now_ms, int days);
/* The same around a certificate that a CMF issued. */
void house_credential_adopt(struct house_credential *c, EVP_PKEY *key, struct bytes der);
/* The subject's certificate once more, signed by an issuer of the same name: a link, RFC 9810 4.4.
 */
void house_credential_link(struct house_credential *c, const struct house_credential *subject,
			   const struct house_credential *issuer);
void house_credential_clear(struct house_credential *c);

#define HOUSE_MAC_REFERENCE "vector-ref"
#define HOUSE_MAC_SECRET    "vector-secret"

struct house {
	char dir[64];
	int64_t now_ms;
	struct clock_source clock;
	struct conf *conf;
	struct store *store;
	struct metrics *metrics;
	struct ca_set *cas;
	struct cmf *cmf;
	struct cmp_door *door;
	struct cmf_worker worker;
	/* Where requests come from, and how the last one was delivered. */
	struct network network;
	uint64_t connection;
	enum cmp_delivery delivery;

	struct house_credential root, issuing, central, cmf_credential; /* central: an upstream's */
	struct house_credential narrow; /* a CA with pathLenConstraint 0; narrow.pem, narrow.key */
	struct house_credential kga;    /* may be [protection] kga_certificate: kga.pem, kga.key */
	struct house_credential encryption; /* of [protection] encryption_certificate */
	/* What root was before, and the links; files new-with-old.pem and old-with-new.pem. */
	struct house_credential old_root, new_with_old, old_with_new;
	/*
	 * Clients. vnfm-a may request and revoke what it manages; vnfm-b has register_on_ir, and
	 * so has vnfm-c, which is of the trust domain of vnfm-a; ra is
	 * a registration authority in vnfm-a's domain; mac has a shared secret. stranger is nobody.
	 */
	struct house_credential client_root, vnfm_a, vnfm_b, vnfm_c, ra, stranger, no_signature,
		expired;
};

/* Further keys of [cmf]; further keys of [protection], then further sections; "" for none. */
void house_open(struct house *house, const char *cmf_keys, const char *sections);
/* The same at another time than now: for messages that were made then. */
void house_open_at(struct house *house, int64_t now_ms, const char *cmf_keys, const char *sections);
void house_close(struct house *house);
/*
 * Another process that serves the same database, with the same configuration, clock and clients,
 * which it borrows. What the two know of each other is in the database.
 */
void house_node_open(const struct house *house, struct house *nodep);
void house_node_close(struct house *node);
/* A client with a certificate of client_root with that CN. */
void house_client_add(struct house *house, const char *name, const char *domain,
		      uint32_t permissions, bool register_on_ir);
/* The same with that trust anchor, PEM. */
void house_client_add_with(struct house *house, const char *name, const char *domain,
			   uint32_t permissions, bool register_on_ir, struct bytes trust_anchor);
#define HOUSE_CALL(house, who, refusal) \
	CMF_CALL((house)->cmf, (house)->worker.reader, (house)->worker.unit, who, refusal)

/* Registers, as the operator would, for delegation. */
void house_register(struct house *house, const char *client, enum cert_type type,
		    const char *subject_id);
/* A client with a shared secret in vnfm-a's domain, who may do what vnfm-a may; policy NULL: none.
 */
void house_mac_client_add(struct house *house, const char *name, const char *reference,
			  const char *secret, const char *policy);
/* Another thread's worker. */
void house_worker_new(struct house *house, struct cmf_worker *worker);
void house_worker_clear(struct cmf_worker *worker);
/* One request through the door: cmp_serving_end(). */
int house_door_serve(struct cmp_door *door, struct cmf_worker *worker,
		     const struct cmp_exchange *exchange, struct octets *answerp,
		     enum cmp_delivery *deliveryp);
/* The same, through that of the house. */
void house_serve(struct house *house, struct cmf_worker *worker, struct bytes request,
		 const char *profile_label, const char *operation_label, struct octets *answerp,
		 bool *not_a_messagep);
/* Ends all that is due now, as the housekeeper of cmfd does. */
void house_housekeeping(struct house *house);
/* What is in memory is gone, as after a restart; the store stays open. */
void house_restart(struct house *house);
