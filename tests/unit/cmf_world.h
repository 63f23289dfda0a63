// SPDX-License-Identifier: Apache-2.0
/*
 * A whole CMF for tests: configuration, store, an internal CA, clients of two trust domains under
 * CAs of their own (vnfm-a and vnfm-c share one), and a clock that stands still until it is moved.
 * Made anew for each test.
 */
#pragma once

#include "../house/cmf_call.h"
#include "cmf.h"
#include "pki.h"

#include <check.h>

/* 2026-11-23T09:00:00Z */
#define WORLD_START_MS INT64_C(1795424400000)
#define DAY_MS         (INT64_C(24) * 3600 * 1000)

/* A certificate with its key. */
struct credential {
	X509 *cert;
	EVP_PKEY *key;
	struct octets der;
};

struct world {
	char dir[64];
	struct conf *conf;
	struct conf *conf_before; /* a reload, once in a test */
	struct store *store;
	struct store_reader *reader;
	struct store_unit *unit;
	/* Committed before what is decided next is, which has a conflict then and is decided again.
	 */
	struct store_unit *interfering;
	bool again; /* the last unit had a conflict */
	struct metrics *metrics;
	struct ca_set *cas;
	struct cmf *cmf;
	struct clock_source clock;
	int64_t now_ms;
	struct credential root;     /* of the CMF's CA */
	struct credential issuing;  /* CA "main" */
	struct credential anchor_a; /* issues the clients of domain-a */
	struct credential anchor_b;
	struct credential vnfm_a; /* client "vnfm-a" */
	struct credential vnfm_b; /* client "vnfm-b": register_on_ir */
};

extern struct world w;

/* The entity of that subjectId in a domain, in no VNF instance. */
#define ENTITY_A(id) (&(const struct store_entity){"domain-a", "", id})
#define ENTITY_B(id) (&(const struct store_entity){"domain-b", "", id})

#define WORLD_CALL(who, refusal) CMF_CALL(w.cmf, w.reader, w.unit, who, refusal)

void world_setup(void);
/* The same with further sections of the configuration. */
void world_setup_with(const char *sections);
void world_teardown(void);
/* Puts another configuration into force: the text behind the fixed sections. */
void world_reload(const char *profiles);

/* --- credentials --- */

struct credential_spec {
	const char *subject;             /* "/CN=x" */
	const struct credential *issuer; /* NULL: self-signed */
	const char *key;                 /* "P-256" (NULL), "P-224", "RSA:1024", ... */
	const char *digest;              /* "SHA256" (NULL) */
	const char *key_usage;           /* "digitalSignature" (NULL), "": none */
	const char *ext_key_usage;       /* x509v3_config(5); NULL: none */
	const char *san;                 /* likewise */
	bool ca;
	bool no_ski;
	int64_t not_before_ms; /* 0: an hour ago */
	int64_t not_after_ms;  /* 0: in a year */
};
struct credential credential_new(const struct credential_spec *spec);
void credential_clear(struct credential *c);

/* --- clients --- */

struct client_spec {
	const char *name;
	const char *trust_domain;
	uint32_t permissions;
	bool register_on_ir;
	const char *default_profile;
	const char *policy;
	const struct credential *anchor;
	const struct credential *exact;
	const char *subject;
	const char *mac_reference;
	const char *mac_secret;
	const char *entity;
};
void client_add(const struct client_spec *spec);
/* A principal as cmf_signer_find gives it for that client; cleared by the caller. */
struct cmf_principal principal_of(const char *client);
struct cmf_principal admin_for(const char *client);

/* --- operations --- */

/* What a request asks for, as text. */
struct csr_spec {
	const char *subject;    /* "/CN=x"; NULL: none */
	X509_NAME *subject_raw; /* instead of that; taken over */
	const char *san;        /* x509v3_config(5); NULL: none */
	const char *san_hex;    /* DER of GeneralNames instead */
	struct {
		const char *oid;
		const char *value; /* x509v3_config(5), or "DER:..." in hex */
	} extension[4];
	const char *profile[3];
	const char *vnfc_id[3];
	const char *vnf_instance[3];
	const char *key;  /* NULL: P-256 */
	EVP_PKEY *key_is; /* instead of a new one; borrowed */
	const char *issuer;
	const char *not_before; /* GeneralizedTime */
	const char *not_after;
	bool ir;
	bool confirmed;
	const struct store_certificate *old; /* kur */
};
/* Calls cmf_csr and commits. The result's reason, or REFUSAL_NONE; *resultp is the caller's. */
enum refusal_reason csr(const struct cmf_principal *who, const struct csr_spec *ask,
			struct cmf_csr_result *resultp);
/* The same by the client's name, without the result. */
enum refusal_reason csr_as(const char *client, const struct csr_spec *ask);

/* Registers one entity in delegation mode (none for MANO), which must succeed. */
void register_ok(const char *client, enum cert_type type, const char *subject_id);
void register_in(const char *client, enum cert_type type, const char *vnf_instance,
		 const char *subject_id);
enum refusal_reason register_as(const struct cmf_principal *who,
				const struct cmf_register *request);

/* An active certificate of a registered entity, issued with the given names. */
struct store_certificate certificate_issued(const char *client, const char *profile,
					    const char *subject, const char *san);
/* certConf for it, as it was read; the result of the commit. */
int certificate_confirmed(const char *client, const struct store_certificate *cert, bool accepted);
struct store_certificate certificate_again(const struct store_certificate *cert);
int certificate_state(int64_t id);

/* Rows in the store: what a refusal must not change. */
struct world_count {
	int registrations; /* active */
	int certificates;
	int revoked; /* not pending, not active */
};
struct world_count world_count(void);
/* Asserts that nothing is there but what was counted. */
void world_unchanged(struct world_count before);

/* The certificate's subjectAltName as OpenSSL prints it; "" without one. Freed by the caller. */
char *certificate_san(struct bytes der);
/* The subject as OpenSSL prints it by RFC 2253. */
char *certificate_subject(struct bytes der);
