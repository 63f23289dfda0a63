// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of the store as JSON objects.
 */
#include "encode.h"

#include "asn1/pkimessage.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

/* --- names --- */

/* CRLReason, RFC 5280 5.3.1; 7 is not used. */
static const char *const reason_names[] = {
	"unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
	"superseded",    "cessationOfOperation", "certificateHold", NULL,
	"removeFromCRL", "privilegeWithdrawn",   "aACompromise",
};

static const char *reason_name(int reason)
{
	return reason >= 0 && (size_t)reason < ARRAY_LEN(reason_names) ? reason_names[reason]
								       : NULL;
}

int rest_reason_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(reason_names); i++) {
		if (reason_names[i] && strcmp(reason_names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

static const struct {
	uint32_t bit;
	const char *name;
} permission_names[] = {
	{STORE_MAY_REGISTER, "register"},
	{STORE_MAY_REQUEST, "request"},
	{STORE_MAY_REVOKE, "revoke"},
	{STORE_IS_RA, "ra"},
	{STORE_IS_OPERATOR, "operator"},
	{STORE_MAY_ANNOUNCE, "announce"},
	{STORE_MAY_CROSS_CERTIFY, "cross-certify"},
	{STORE_MAY_RECOVER, "recover"},
};

uint32_t rest_permission_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(permission_names); i++) {
		if (strcmp(permission_names[i].name, name) == 0)
			return permission_names[i].bit;
	}
	return 0;
}

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

int rest_transaction_state_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(transaction_states); i++) {
		if (strcmp(transaction_states[i], name) == 0)
			return (int)i;
	}
	return -1;
}

const char *rest_certificate_state(const struct store_certificate *cert, int64_t now_ms)
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

/* --- values --- */

json_t *rest_text(const char *text)
{
	_cleanup_(freep) char *ascii = NULL;
	json_t *json;

	if (!text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	ascii = strdup(text);
	if (!ascii)
		return NULL;
	for (char *c = ascii; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	return json_string(ascii);
}

json_t *rest_time(int64_t ms)
{
	char text[21];

	if (ms == 0)
		return json_null();
	clock_format(ms, text);
	return json_string(text);
}

static json_t *rest_hex(struct bytes octets)
{
	_cleanup_(freep) char *hex = malloc(2 * octets.len + 1);

	if (!hex)
		return NULL;
	bytes_to_hex(octets, hex);
	return json_string(hex);
}

json_t *rest_pem(struct bytes der)
{
	BIO *bio;
	char *text;
	long len;
	json_t *json = NULL;

	if (der.len == 0)
		return json_null();
	bio = BIO_new(BIO_s_mem());
	if (bio && PEM_write_bio(bio, PEM_STRING_X509, "", der.data, (long)der.len)) {
		len = BIO_get_mem_data(bio, &text);
		json = json_stringn(text, (size_t)len);
	}
	BIO_free(bio);
	return json;
}

json_t *rest_name(struct bytes name_der)
{
	const uint8_t *p = name_der.data;
	X509_NAME *name = name_der.len ? d2i_X509_NAME(NULL, &p, (long)name_der.len) : NULL;
	BIO *bio;
	char *text;
	long len;
	json_t *json = NULL;

	if (!name)
		return json_null();
	bio = BIO_new(BIO_s_mem());
	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		len = BIO_get_mem_data(bio, &text);
		json = json_stringn(text, (size_t)len);
	}
	BIO_free(bio);
	X509_NAME_free(name);
	return json;
}

/* --- rows --- */

json_t *rest_certificate_json(const struct store_certificate *cert, int64_t now_ms, bool with_pem)
{
	char serial[SERIAL_HEX_SIZE];
	json_t *json;

	serial_hex(&cert->serial, serial);
	json = json_pack(
		"{s:I, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o}",
		"id", (json_int_t)cert->id, "serial", rest_text(cert->serial.len ? serial : NULL),
		"state", rest_certificate_state(cert, now_ms), "subject_id",
		rest_text(cert->subject_id), "cert_type", cert_type_name(cert->cert_type),
		"manager", rest_text(cert->manager), "trust_domain", rest_text(cert->trust_domain),
		"ca", rest_text(cert->ca), "profile", rest_text(cert->profile), "subject",
		rest_text(cert->subject), "not_before", rest_time(cert->not_before_ms), "not_after",
		rest_time(cert->not_after_ms), "requester", rest_text(cert->requester),
		"revocation_reason", rest_text(cert->revoked_ms ? reason_name(cert->reason) : NULL),
		"revoked_at", rest_time(cert->revoked_ms), "invalidity_date",
		rest_time(cert->invalidity_ms), "confirm_by", rest_time(cert->confirm_by_ms),
		"created_at", rest_time(cert->created_ms));

	if (json && with_pem &&
	    json_object_set_new(json, "pem", rest_pem(octets_view(&cert->der)))) {
		json_decref(json);
		return NULL;
	}
	return json;
}

int rest_archived_key_add(json_t *certificate, const struct store_archived_key *key)
{
	const char *origin = key && key->generated ? "generated" : "sent";

	return json_object_set_new(certificate, "archived_key",
				   key ? json_string(origin) : json_null()) ||
			       json_object_set_new(certificate, "key_archived_at",
						   rest_time(key ? key->created_ms : 0))
		       ? -ENOMEM
		       : 0;
}

json_t *rest_registration_json(const struct store_registration *reg)
{
	const char *state = reg->state == STORE_REGISTRATION_ACTIVE ? "active" : "deregistered";
	const char *handling =
		reg->handling == CERT_HANDLING_NONE ? NULL : cert_handling_name(reg->handling);

	return json_pack("{s:I, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "id",
			 (json_int_t)reg->id, "subject_id", rest_text(reg->subject_id), "cert_type",
			 cert_type_name(reg->cert_type), "handling", rest_text(handling), "manager",
			 rest_text(reg->manager), "trust_domain", rest_text(reg->trust_domain),
			 "ca", rest_text(reg->ca), "profile", rest_text(reg->profile), "state",
			 state, "created_at", rest_time(reg->created_ms), "changed_at",
			 rest_time(reg->changed_ms));
}

static json_t *permissions_json(uint32_t permissions)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < ARRAY_LEN(permission_names); i++) {
		if (permissions & permission_names[i].bit &&
		    json_array_append_new(array, json_string(permission_names[i].name))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

json_t *rest_client_json(const struct store_client *client)
{
	const char *credential = client->mac_reference     ? "mac"
				 : client->certificate.len ? "certificate"
							   : "trust_anchor";

	return json_pack(
		"{s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "name",
		rest_text(client->name), "trust_domain", rest_text(client->trust_domain), "may",
		permissions_json(client->permissions), "register_on_ir",
		(int)client->register_on_ir, "default_profile", rest_text(client->default_profile),
		"policy", rest_text(client->policy), "entity", rest_text(client->entity),
		"credential", credential, "subject", rest_text(client->subject), "mac_reference",
		rest_text(client->mac_reference), "created_at", rest_time(client->created_ms));
}

/* The response in base64, for `cmfctl transaction show`. */
static json_t *base64_json(struct bytes octets)
{
	_cleanup_(freep) char *text = NULL;

	if (octets.len == 0 || octets.len > INT32_MAX / 2)
		return json_null();
	text = malloc(4 * ((octets.len + 2) / 3) + 1);
	if (!text)
		return NULL;
	EVP_EncodeBlock((unsigned char *)text, octets.data, (int)octets.len);
	return json_string(text);
}

json_t *rest_transaction_json(const struct store_transaction *txn, bool with_response)
{
	static const char *const protections[] = {"none", "signature", "MAC", "KemBasedMac"};
	const char *protection = txn->protection >= 0 && txn->protection <= 3
					 ? protections[txn->protection]
					 : "unknown";
	json_t *json = json_pack(
		"{s:I, s:o, s:o, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "id",
		(json_int_t)txn->id, "requester", rest_text(txn->requester), "transaction_id",
		rest_hex(octets_view(&txn->transaction_id)), "state", transaction_state(txn->state),
		"operation", pki_body_type_name(txn->body_type), "protection", protection,
		"implicit_confirm", (int)txn->implicit_confirm, "certificate_id",
		txn->certificate_id ? json_integer(txn->certificate_id) : json_null(),
		"status_text", rest_text(txn->status_text), "deadline", rest_time(txn->deadline_ms),
		"created_at", rest_time(txn->created_ms), "changed_at", rest_time(txn->changed_ms));

	if (json && with_response &&
	    json_object_set_new(json, "response", base64_json(octets_view(&txn->response)))) {
		json_decref(json);
		return NULL;
	}
	return json;
}

json_t *rest_transaction_items_json(const struct store_transaction_items *items)
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
				      "status_text", rest_text(item->status_text)))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *rest_announcement_json(const struct store_announcement *a, bool with_content)
{
	json_t *json =
		json_pack("{s:I, s:s, s:o, s:o, s:o}", "id", (json_int_t)a->id, "type",
			  pki_body_type_name(a->type), "sender", rest_text(a->sender), "created_at",
			  rest_time(a->created_ms), "digest", rest_hex(BYTES_OF(a->digest)));

	if (json && with_content &&
	    json_object_set_new(json, "content", base64_json(octets_view(&a->der)))) {
		json_decref(json);
		return NULL;
	}
	return json;
}
