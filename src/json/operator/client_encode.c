// SPDX-License-Identifier: Apache-2.0
/* Clients and their credentials as JSON objects, beside encode.c. No secret is in them. */
#include "encode.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <string.h>

/* --- permissions --- */

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
	{STORE_MAY_ATTESTER, "attester"},
};

uint32_t operator_permission_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(permission_names); i++) {
		if (strcmp(permission_names[i].name, name) == 0)
			return permission_names[i].bit;
	}
	return 0;
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

/* --- credentials --- */

static const char *const kind_names[] = {
	[STORE_CREDENTIAL_SECRET] = "mac",
	[STORE_CREDENTIAL_ANCHOR] = "trust_anchor",
	[STORE_CREDENTIAL_CERTIFICATE] = "certificate",
	[STORE_CREDENTIAL_OAUTH2] = "oauth2",
};

/* Octets that are text which a terminal can show; null if they are not. */
static json_t *octets_text(const struct octets *octets)
{
	json_t *json = NULL;
	bool shown = true;

	for (size_t i = 0; i < octets->len; i++)
		shown = shown && octets->data[i] >= 0x20 && octets->data[i] != 0x7f;
	if (shown)
		json = json_stringn((const char *)octets->data, octets->len);
	return json ? json : json_null();
}

/* The SHA-256 of a certificate, of the first one in PEM. */
static json_t *fingerprint_json(const struct store_credential *c)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	unsigned char *der = NULL;
	char *name = NULL, *header = NULL;
	BIO *bio;
	long len = 0;
	json_t *json;

	if (c->kind == STORE_CREDENTIAL_CERTIFICATE) {
		SHA256(c->content.data, c->content.len, digest);
		return json_hex(BYTES_OF(digest));
	}
	bio = BIO_new_mem_buf(c->content.data, (int)c->content.len);
	json = bio && PEM_read_bio(bio, &name, &header, &der, &len) == 1
		       ? json_hex((struct bytes){SHA256(der, (size_t)len, digest), sizeof(digest)})
		       : json_null();
	ERR_clear_error();
	BIO_free(bio);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return json;
}

/* What is the kind's own. */
static int credential_members_add(json_t *json, const struct store_credential *c)
{
	switch (c->kind) {
	case STORE_CREDENTIAL_SECRET:
		return json_object_set_new(json, "mac_reference", octets_text(&c->known_by)) ||
		       json_object_set_new(json, "mac_reference_hex",
					   json_hex(octets_view(&c->known_by)));
	case STORE_CREDENTIAL_ANCHOR:
		return json_object_set_new(json, "subject", json_text(c->subject)) ||
		       json_object_set_new(json, "fingerprint", fingerprint_json(c));
	case STORE_CREDENTIAL_CERTIFICATE:
		return json_object_set_new(json, "fingerprint", fingerprint_json(c));
	case STORE_CREDENTIAL_OAUTH2:
		return json_object_set_new(json, "oauth2_client", octets_text(&c->known_by));
	default:
		return 0;
	}
}

json_t *operator_credential_json(const struct store_credential *c)
{
	json_t *json = json_pack("{s:I, s:s, s:o, s:o, s:o}", "id", (json_int_t)c->id, "kind",
				 kind_names[c->kind], "not_before", json_time(c->not_before_ms),
				 "not_after", json_time(c->not_after_ms), "created_at",
				 json_time(c->created_ms));

	if (json && credential_members_add(json, c)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

/* --- clients --- */

static json_t *credentials_json(const struct store_client *client)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < client->n_credentials; i++) {
		if (json_array_append_new(array,
					  operator_credential_json(&client->credentials[i]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Their kinds, once each. */
static json_t *kinds_json(const struct store_client *client)
{
	json_t *array = json_array();

	for (size_t kind = 0; array && kind < ARRAY_LEN(kind_names); kind++) {
		bool has = false;

		for (size_t i = 0; i < client->n_credentials; i++)
			has = has || (size_t)client->credentials[i].kind == kind;
		if (has && json_array_append_new(array, json_string(kind_names[kind]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Of that kind the last one; NULL: none. */
static const struct store_credential *last_of(const struct store_client *client,
					      enum store_credential_kind kind)
{
	const struct store_credential *last = NULL;

	for (size_t i = 0; i < client->n_credentials; i++)
		if (client->credentials[i].kind == kind)
			last = &client->credentials[i];
	return last;
}

json_t *operator_client_json(const struct store_client *client)
{
	const struct store_credential *anchor = last_of(client, STORE_CREDENTIAL_ANCHOR);
	const struct store_credential *secret = last_of(client, STORE_CREDENTIAL_SECRET);

	return json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "name", json_text(client->name), "trust_domain",
			 json_text(client->trust_domain), "may",
			 permissions_json(client->permissions), "register_on_ir",
			 (int)client->register_on_ir, "default_profile",
			 json_text(client->default_profile), "policy", json_text(client->policy),
			 "entity", json_text(client->entity), "entity_vnf_instance",
			 json_text(client->entity_vnf_instance), "credential", kinds_json(client),
			 "subject", json_text(anchor ? anchor->subject : NULL), "mac_reference",
			 secret ? octets_text(&secret->known_by) : json_null(), "credentials",
			 credentials_json(client), "created_at", json_time(client->created_ms));
}
