// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of the store as JSON objects and requests of the operator from JSON, without HTTP.
 * Private to operator/.
 */
#pragma once

#include "attester.h"
#include "cmf.h"
#include "json.h"
#include "lcm.h"
#include "values.h"

/* State of a certificate as the operator sees it: "pending", "active", "expired", ... */
const char *operator_certificate_state(const struct store_certificate *cert, int64_t now_ms);

/* Numbers of the audit are read up to that one, so that one more can be had of them. */
#define AUDIT_NUMBER_MAX (INT64_MAX / 2)
/* Reads such a number; false: it is none. */
bool operator_audit_number(const json_t *object, const char *name, int64_t *np);

/* New objects; NULL out of memory. */
json_t *operator_certificate_json(const struct store_certificate *cert, int64_t now_ms,
				  bool with_pem);
/* The archived key of a certificate, NULL if there is none, becomes two members of its object:
 * never the key itself. 0 or -ENOMEM. */
/* NULL: its request had none. 0 or -ENOMEM. */
_must_check_ int operator_attestation_add(json_t *certificate,
					  const struct store_attestation *attestation);
_must_check_ int operator_archived_key_add(json_t *certificate,
					   const struct store_archived_key *key);
/* `attester`: that of the registration; NULL: it has none. */
json_t *operator_registration_json(const struct store_registration *reg,
				   const struct cmf_attester *attester);
json_t *operator_client_json(const struct store_client *client);
json_t *operator_credential_json(const struct store_credential *credential);
json_t *operator_transaction_json(const struct store_transaction *txn, bool with_response);
/* The requests of a transaction that has several. */
json_t *operator_transaction_items_json(const struct store_transaction_items *items);
/* With its newest CRL, if there is a reader. 0 or negative errno. */
_must_check_ int operator_ca_json(struct store_reader *reader, const struct ca *ca, int64_t now_ms,
				  json_t **jsonp);
/* A VNFM and how it goes; `lcm` NULL: only what the store has; `vnfm` NULL: it is not configured.
 * Likewise. */
_must_check_ int operator_vnfm_json(struct store_reader *reader, struct lcm *lcm, const char *name,
				    const struct conf_vnfm *vnfm, json_t **jsonp);
/* Transactions by state, as {"done": 3, ...}. */
json_t *operator_transaction_counts_json(const int64_t counts[5]);
/* The nodes that serve the database, appended to an array. process NULL: no cmfd runs; reader NULL:
 * the database cannot be read. 0 or negative errno. */
_must_check_ int operator_nodes_list(struct store_reader *reader,
				     const struct json_process *process, json_t *items);
/* What is wrong with one of them, as lines. */
void operator_node_problems(const json_t *node, struct strbuf *lines);
json_t *operator_audit_json(const struct store_audit *line);
/* null, if it has not the length of one. */
json_t *operator_hash_json(struct bytes hash);
json_t *operator_announcement_json(const struct store_announcement *a, bool with_content);

/* The bit of enum store_permission by its name, as "register"; 0 if there is none. */
uint32_t operator_permission_parse(const char *name);

/* A transaction state by its name; -1 if there is none of that name. */
int operator_transaction_state_parse(const char *name);

/* --- requests --- */

/* POST /v1/registrations. Texts point into the JSON. */
struct operator_register {
	const char *requester;
	struct cmf_register request;
	const char **subject_ids; /* owned */
	struct json_attester attester;
};

/* Unknown members, wrong types and values are refused: -EINVAL with the problem in detail[]. */
_must_check_ int operator_register_decode(json_t *body, struct operator_register *registerp,
					  char *detail, size_t size);
void operator_register_clear(struct operator_register *reg);

/* Likewise of an attester. */
_must_check_ int operator_attester_decode(const json_t *object, struct json_attester *attesterp,
					  char *detail, size_t size);

/* What is wrong with the members of an object: into detail[]. -EINVAL. */
int operator_decode_refused(const json_error_t *error, char *detail, size_t size);

/* POST /v1/clients/<name>/credentials, as cmf_credential_add() wants it. The caller clears it. */
_must_check_ int operator_credential_decode(json_t *body, struct store_credential *credentialp,
					    char *detail, size_t size);

/* POST /v1/clients. */
struct operator_client_request {
	struct store_client client;         /* owned; without credentials */
	struct store_credential credential; /* owned; likewise */
};
_must_check_ int operator_client_decode(json_t *body, struct operator_client_request *requestp,
					char *detail, size_t size);
void operator_client_request_clear(struct operator_client_request *request);

/* PATCH /v1/clients/<name>: what is to change. Texts point into the JSON. */
struct operator_client_update {
	uint32_t permissions; /* 0: stay */
	int register_on_ir;   /* -1: stays */
	bool sets_profile;
	const char *default_profile; /* NULL: none */
	bool sets_policy;
	const char *policy; /* NULL: the default one */
	bool sets_entity;
	const char *entity;              /* NULL: none */
	const char *entity_vnf_instance; /* of that entity; NULL: none */
};
_must_check_ int operator_client_update_decode(json_t *body, struct operator_client_update *updatep,
					       char *detail, size_t size);
