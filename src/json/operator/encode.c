// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of the store as JSON objects.
 */
#include "encode.h"
#include "attestation.h"

#include "asn1/pkimessage.h"

#include <errno.h>
#include <string.h>

/* --- names --- */

static const char *const transaction_states[] = {
	[STORE_TXN_AWAIT_UPSTREAM] = "awaiting upstream",
	[STORE_TXN_AWAIT_CONF] = "awaiting certConf",
	[STORE_TXN_DONE] = "done",
	[STORE_TXN_FAILED] = "failed",
	[STORE_TXN_AWAIT_POP] = "awaiting popdecr",
};

static const char *transaction_state(enum store_transaction_state state)
{
	return transaction_states[state];
}

int operator_transaction_state_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(transaction_states); i++) {
		if (strcmp(transaction_states[i], name) == 0)
			return (int)i;
	}
	return -1;
}

const char *operator_certificate_state(const struct store_certificate *cert, int64_t now_ms)
{
	switch (cert->state) {
	case STORE_CERT_REQUESTED:
	case STORE_CERT_PENDING:
		return "pending";
	case STORE_CERT_ACTIVE:
		return cert->not_after_ms < now_ms ? "expired" : "active";
	case STORE_CERT_REVOKED:
		return "revoked";
	case STORE_CERT_REJECTED:
		return "rejected";
	case STORE_CERT_REVOCATION_PENDING:
		return "revocation pending";
	case STORE_CERT_ON_HOLD:
		return "on hold";
	}
	return "";
}

/* --- rows --- */

/* null: in direct mode there is none. */
static const char *manager_of(enum cert_handling handling, const char *manager)
{
	return handling == CERT_HANDLING_DIRECT ? NULL : manager;
}

/* Who may read what a VNFM has shown; null: no client may. */
static const char *reader_of(const struct store_registration *reg)
{
	return reg->handling == CERT_HANDLING_DIRECT && *reg->manager ? reg->manager : NULL;
}

/* null: it is in none. */
static json_t *vnf_instance_json(const char *vnf_instance)
{
	return json_text(vnf_instance && *vnf_instance ? vnf_instance : NULL);
}

json_t *operator_certificate_json(const struct store_certificate *cert, int64_t now_ms,
				  bool with_pem)
{
	char serial[SERIAL_HEX_SIZE];
	json_t *json;

	serial_hex(&cert->serial, serial);
	json = json_pack(
		"{s:I, s:o, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o}",
		"id", (json_int_t)cert->id, "serial", json_text(cert->serial.len ? serial : NULL),
		"state", operator_certificate_state(cert, now_ms), "subject_id",
		json_text(cert->subject_id), "vnf_instance_id",
		vnf_instance_json(cert->vnf_instance), "cert_type", cert_type_name(cert->cert_type),
		"manager", json_text(manager_of(cert->handling, cert->manager)), "trust_domain",
		json_text(cert->trust_domain), "ca", json_text(cert->ca), "profile",
		json_text(cert->profile), "subject", json_text(cert->subject), "not_before",
		json_time(cert->not_before_ms), "not_after", json_time(cert->not_after_ms),
		"requester", json_text(cert->requester), "revocation_reason",
		json_text(cert->revoked_ms ? json_reason_name(cert->reason) : NULL), "revoked_at",
		json_time(cert->revoked_ms), "invalidity_date", json_time(cert->invalidity_ms),
		"confirm_by", json_time(cert->confirm_by_ms), "created_at",
		json_time(cert->created_ms));

	if (json && with_pem &&
	    json_object_set_new(json, "pem", json_pem(octets_view(&cert->der)))) {
		json_decref(json);
		return NULL;
	}
	return json;
}

int operator_attestation_add(json_t *certificate, const struct store_attestation *attestation)
{
	return json_object_set_new(certificate, "attestation",
				   attestation ? attestation_json(attestation) : json_null())
		       ? -ENOMEM
		       : 0;
}

int operator_archived_key_add(json_t *certificate, const struct store_archived_key *key)
{
	const char *origin = key && key->generated ? "generated" : "sent";

	return json_object_set_new(certificate, "archived_key",
				   key ? json_string(origin) : json_null()) ||
			       json_object_set_new(certificate, "key_archived_at",
						   json_time(key ? key->created_ms : 0))
		       ? -ENOMEM
		       : 0;
}

/* By which certificates or key an operator recognises it; null: there is none. */
static json_t *attester_json(const struct cmf_attester *attester)
{
	static const char *const kinds[] = {
		[STORE_ATTESTER_KEY] = "key",
		[STORE_ATTESTER_CERTIFICATE] = "certificate",
		[STORE_ATTESTER_CAS] = "CAs",
	};
	json_t *fingerprints, *types;
	char fingerprint[CMF_FINGERPRINT_SIZE];

	if (!attester)
		return json_null();
	fingerprints = json_array();
	types = json_array();
	for (size_t i = 0; i < attester->n_items; i++) {
		if (cmf_fingerprint(attester->item[i], fingerprint) ||
		    json_array_append_new(fingerprints, json_string(fingerprint)))
			goto failed;
	}
	for (size_t i = 0; i < attester->n_statement_types; i++) {
		if (json_array_append_new(types, json_string(attester->statement_types[i])))
			goto failed;
	}
	return json_pack("{s:s, s:o, s:o, s:o}", "kind", kinds[attester->kind], "fingerprints",
			 fingerprints, "statement_types", types, "policy",
			 json_text(cmf_attester_policy_name(attester->policy)));
failed:
	json_decref(fingerprints);
	json_decref(types);
	return NULL;
}

json_t *operator_registration_json(const struct store_registration *reg,
				   const struct cmf_attester *attester)
{
	const char *state = reg->state == STORE_REGISTRATION_ACTIVE ? "active" : "deregistered";
	const char *handling =
		reg->handling == CERT_HANDLING_NONE ? NULL : cert_handling_name(reg->handling);

	return json_pack(
		"{s:I, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "id",
		(json_int_t)reg->id, "subject_id", json_text(reg->subject_id), "vnf_instance_id",
		vnf_instance_json(reg->vnf_instance), "cert_type", cert_type_name(reg->cert_type),
		"handling", json_text(handling), "manager",
		json_text(manager_of(reg->handling, reg->manager)), "source",
		json_text(reg->source), "client", json_text(reader_of(reg)), "trust_domain",
		json_text(reg->trust_domain), "ca", json_text(reg->ca), "profile",
		json_text(reg->profile), "state", state, "created_at", json_time(reg->created_ms),
		"changed_at", json_time(reg->changed_ms), "attester", attester_json(attester));
}

json_t *operator_transaction_json(const struct store_transaction *txn, bool with_response)
{
	static const char *const protections[] = {"none", "signature", "MAC", "KemBasedMac"};
	const char *protection = txn->protection >= 0 && txn->protection <= 3
					 ? protections[txn->protection]
					 : "unknown";
	json_t *json = json_pack(
		"{s:I, s:o, s:o, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "id",
		(json_int_t)txn->id, "requester", json_text(txn->requester), "transaction_id",
		json_hex(octets_view(&txn->transaction_id)), "state", transaction_state(txn->state),
		"operation", pki_body_type_name(txn->body_type), "protection", protection,
		"implicit_confirm", (int)txn->implicit_confirm, "certificate_id",
		txn->certificate_id ? json_integer(txn->certificate_id) : json_null(),
		"status_text", json_text(txn->status_text), "deadline", json_time(txn->deadline_ms),
		"created_at", json_time(txn->created_ms), "changed_at", json_time(txn->changed_ms));

	if (json && with_response &&
	    json_object_set_new(json, "response", json_base64(octets_view(&txn->response)))) {
		json_decref(json);
		return NULL;
	}
	return json;
}

json_t *operator_transaction_counts_json(const int64_t counts[5])
{
	json_t *json = json_object();

	for (size_t i = 0; json && i < ARRAY_LEN(transaction_states); i++) {
		if (json_object_set_new(json, transaction_states[i], json_integer(counts[i]))) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

json_t *operator_transaction_items_json(const struct store_transaction_items *items)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < items->len; i++) {
		const struct store_transaction_item *item = &items->item[i];

		if (json_array_append_new(
			    list,
			    json_pack("{s:i, s:o, s:o, s:o}", "cert_req_id", item->cert_req_id,
				      "certificate_id",
				      item->certificate_id ? json_integer(item->certificate_id)
							   : json_null(),
				      "failinfo",
				      item->failinfo >= 0
					      ? json_string(failinfo_name(item->failinfo))
					      : json_null(),
				      "status_text", json_text(item->status_text)))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *operator_announcement_json(const struct store_announcement *a, bool with_content)
{
	json_t *json =
		json_pack("{s:I, s:s, s:o, s:o, s:o}", "id", (json_int_t)a->id, "type",
			  pki_body_type_name(a->type), "sender", json_text(a->sender), "created_at",
			  json_time(a->created_ms), "digest", json_hex(BYTES_OF(a->digest)));

	if (json && with_content &&
	    json_object_set_new(json, "content", json_base64(octets_view(&a->der)))) {
		json_decref(json);
		return NULL;
	}
	return json;
}
