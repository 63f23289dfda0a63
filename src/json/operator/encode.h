// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of the store as JSON objects and requests of the operator from JSON, without HTTP.
 * Private to operator/.
 */
#pragma once

#include "cmf.h"

#include <jansson.h>

/* State of a certificate as the operator sees it: "pending", "active", "expired", ... */
const char *rest_certificate_state(const struct store_certificate *cert, int64_t now_ms);

/* New objects; NULL out of memory. */
json_t *rest_certificate_json(const struct store_certificate *cert, int64_t now_ms, bool with_pem);
/* The archived key of a certificate, NULL if there is none, becomes two members of its object:
 * never the key itself. 0 or -ENOMEM. */
_must_check_ int rest_archived_key_add(json_t *certificate, const struct store_archived_key *key);
json_t *rest_registration_json(const struct store_registration *reg);
json_t *rest_client_json(const struct store_client *client);
json_t *rest_transaction_json(const struct store_transaction *txn, bool with_response);
/* The requests of a transaction that has several. */
json_t *rest_transaction_items_json(const struct store_transaction_items *items);
json_t *rest_announcement_json(const struct store_announcement *a, bool with_content);

/* Text as a JSON string; octets that are no UTF-8 become '?'. NULL becomes null. */
json_t *rest_text(const char *text);
/* A time as "2026-11-23T08:53:00Z"; 0 becomes null. */
json_t *rest_time(int64_t ms);
/* PEM of one DER certificate. */
json_t *rest_pem(struct bytes der);
/* A Name (TLV) in RFC 2253 text; null if it is none. */
json_t *rest_name(struct bytes name_der);

/* CRLReason by the name of RFC 5280 5.3.1, as "keyCompromise"; -1 if there is none of that name. */
int rest_reason_parse(const char *name);

/* The bit of enum store_permission by its name, as "register"; 0 if there is none. */
uint32_t rest_permission_parse(const char *name);

/* A transaction state by its name; -1 if there is none of that name. */
int rest_transaction_state_parse(const char *name);

/* --- requests --- */

/* POST /v1/registrations. Texts point into the JSON. */
struct rest_register {
	const char *requester;
	struct cmf_register request;
	const char **subject_ids; /* owned */
};

/* Unknown members, wrong types and values are refused: -EINVAL with the problem in detail[]. */
_must_check_ int rest_register_decode(json_t *body, struct rest_register *registerp, char *detail,
				      size_t size);
void rest_register_clear(struct rest_register *reg);

/* POST /v1/clients. The secret is not sealed yet. */
struct rest_client_request {
	struct store_client client; /* owned */
	struct octets secret;       /* owned; empty for signature clients */
};
_must_check_ int rest_client_decode(json_t *body, struct rest_client_request *requestp,
				    char *detail, size_t size);
void rest_client_request_clear(struct rest_client_request *request);
