// SPDX-License-Identifier: Apache-2.0
/*
 * Clients and their credentials from the operator's JSON: unknown members, wrong types and wrong
 * values are refused here. What they mean is decided by cmf/. Beside decode.c, which has the rest.
 */
#include "encode.h"

#include "asn1/certificate.h"
#include "asn1/dn.h"
#include "asn1/spki.h"
#include "base/clock.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/* Longest name of a client or of anything else that the operator names. */
enum { OPERATOR_NAME_MAX = 64, OPERATOR_ENTITY_MAX = 255 };

/* A secret is typed or generated text; RFC 9483 4.1.5 wants much entropy, not much length. */
enum { OPERATOR_SECRET_MIN = 8, OPERATOR_SECRET_MAX = 256 };

/* RFC 9483 3.1 sets no limit to senderKID: one that a log can show. As long is a name in a token.
 */
enum { OPERATOR_REFERENCE_MAX = 255, OPERATOR_OAUTH2_MAX = 255 };

/* Letters, digits, '.', '_' and '-': names go into logs, tables, URLs and keys of transactions. */
static bool name_valid(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(name);

	return len > 0 && len <= OPERATOR_NAME_MAX && strspn(name, allowed) == len &&
	       name[0] != '-' && name[0] != '.';
}

/* --- credentials --- */

/* The members of an object that has a credential in it. */
struct credential_members {
	const char *certificate;
	const char *trust_anchor;
	const char *subject;
	const char *mac_reference;
	const char *mac_reference_hex;
	const char *secret;
	const char *oauth2_client;
	const char *not_before;
	const char *not_after;
};

#define CREDENTIAL_FORMAT "s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s"
#define CREDENTIAL_MEMBERS(m)                                                             \
	"certificate", &(m)->certificate, "trust_anchor", &(m)->trust_anchor, "subject",  \
		&(m)->subject, "mac_reference", &(m)->mac_reference, "mac_reference_hex", \
		&(m)->mac_reference_hex, "secret", &(m)->secret, "oauth2_client",         \
		&(m)->oauth2_client, "not_before", &(m)->not_before, "not_after", &(m)->not_after

/* The certificates of PEM, the first of which is given out: 0, -EINVAL with the detail. */
static int pem_certificates(const char *member, const char *pem, X509 **firstp, char *detail,
			    size_t size)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert;
	size_t n = 0;
	int err = 0;

	while (bio && !err && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		err = spki_certificate_check(cert);
		if (n++ == 0)
			*firstp = cert;
		else
			X509_free(cert);
	}
	ERR_clear_error();
	BIO_free(bio);
	if (n == 0)
		snprintf(detail, size, "%s holds no PEM certificate", member);
	else if (err)
		snprintf(detail, size, "%s: the key of a certificate is %s", member,
			 err == -EKEYREJECTED
				 ? "a point of small order, or not in its canonical form"
			 : err == -ENOTSUP ? "of a kind or size that is not supported"
					   : "malformed");
	return n == 0 || err ? -EINVAL : 0;
}

/* The exact certificate of a client, PEM to DER. */
static int certificate_decode(const char *pem, struct store_credential *credential, char *detail,
			      size_t size)
{
	X509 *cert = NULL;
	int err = pem_certificates("certificate", pem, &cert, detail, size);

	credential->kind = STORE_CREDENTIAL_CERTIFICATE;
	if (!err)
		err = certificate_encode(cert, &credential->content);
	X509_free(cert);
	return err;
}

static int subject_decode(const char *text, char **subjectp, char *detail, size_t size)
{
	static const char head[] = "subject: ";
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	X509_NAME *name = NULL;
	int err = dn_parse(text, &name, &why);

	X509_NAME_free(name);
	if (err == -EINVAL)
		snprintf(detail, size, "%s%s", head,
			 why.text && sizeof(head) + why.len <= size
				 ? why.text
				 : "not a name of the form /O=Example/CN=name");
	if (err < 0)
		return err;
	*subjectp = strdup(text);
	return *subjectp ? 0 : -ENOMEM;
}

static int trust_anchor_decode(const char *pem, const char *subject,
			       struct store_credential *credential, char *detail, size_t size)
{
	X509 *first = NULL;
	int err = pem_certificates("trust_anchor", pem, &first, detail, size);

	X509_free(first);
	credential->kind = STORE_CREDENTIAL_ANCHOR;
	if (!err && subject)
		err = subject_decode(subject, &credential->subject, detail, size);
	return err ? err : octets_dup(bytes_of_string(pem), &credential->content);
}

/* RFC 9810 5.1.1: any octets, as text or in hexadecimal. */
static int reference_decode(const struct credential_members *m, struct octets *referencep,
			    char *detail, size_t size)
{
	uint8_t octets[OPERATOR_REFERENCE_MAX];
	struct bytes reference = {octets, 0};
	int err = 0;

	if (m->mac_reference)
		reference = bytes_of_string(m->mac_reference);
	else
		err = hex_to_bytes(m->mac_reference_hex, octets, sizeof(octets), &reference.len);
	if (err == 0 && reference.len > 0 && reference.len <= OPERATOR_REFERENCE_MAX)
		return octets_dup(reference, referencep);
	snprintf(detail, size, "%s must be 1 to %d octets",
		 m->mac_reference ? "mac_reference" : "mac_reference_hex", OPERATOR_REFERENCE_MAX);
	return -EINVAL;
}

static int secret_decode(const struct credential_members *m, struct store_credential *credential,
			 char *detail, size_t size)
{
	credential->kind = STORE_CREDENTIAL_SECRET;
	if (strlen(m->secret) < OPERATOR_SECRET_MIN || strlen(m->secret) > OPERATOR_SECRET_MAX) {
		snprintf(detail, size, "secret must have %d to %d characters", OPERATOR_SECRET_MIN,
			 OPERATOR_SECRET_MAX);
		return -EINVAL;
	}
	int err = reference_decode(m, &credential->known_by, detail, size);

	return err ? err : octets_dup(bytes_of_string(m->secret), &credential->content);
}

static int oauth2_decode(const char *id, struct store_credential *credential, char *detail,
			 size_t size)
{
	credential->kind = STORE_CREDENTIAL_OAUTH2;
	if (!*id || strlen(id) > OPERATOR_OAUTH2_MAX) {
		snprintf(detail, size, "oauth2_client must be 1 to %d octets", OPERATOR_OAUTH2_MAX);
		return -EINVAL;
	}
	return octets_dup(bytes_of_string(id), &credential->known_by);
}

static int time_decode(const char *member, const char *text, int64_t *msp, char *detail,
		       size_t size)
{
	if (!text || (clock_parse(text, msp) == 0 && *msp > 0))
		return 0;
	snprintf(detail, size, "%s must be a time as 2026-11-23T08:53:00Z", member);
	return -EINVAL;
}

static int validity_decode(const struct credential_members *m, struct store_credential *credential,
			   char *detail, size_t size)
{
	int err =
		time_decode("not_before", m->not_before, &credential->not_before_ms, detail, size);

	if (!err)
		err = time_decode("not_after", m->not_after, &credential->not_after_ms, detail,
				  size);
	if (!err && credential->not_after_ms &&
	    credential->not_after_ms <= credential->not_before_ms) {
		snprintf(detail, size, "not_after must be later than not_before");
		err = -EINVAL;
	}
	return err;
}

/* Exactly one kind of credential. */
static int credential_decode(const struct credential_members *m,
			     struct store_credential *credential, char *detail, size_t size)
{
	int references = !!m->mac_reference + !!m->mac_reference_hex;
	bool mac = references == 1 && m->secret;
	int err = validity_decode(m, credential, detail, size);

	if (err)
		return err;
	if (references > 1 || !references != !m->secret || (m->subject && !m->trust_anchor) ||
	    !!m->certificate + !!m->trust_anchor + !!m->oauth2_client + mac != 1) {
		snprintf(detail, size,
			 "give one credential: certificate, or trust_anchor (and subject), or "
			 "mac_reference (or mac_reference_hex) and secret, or oauth2_client");
		return -EINVAL;
	}
	if (m->certificate)
		return certificate_decode(m->certificate, credential, detail, size);
	if (m->trust_anchor)
		return trust_anchor_decode(m->trust_anchor, m->subject, credential, detail, size);
	if (m->oauth2_client)
		return oauth2_decode(m->oauth2_client, credential, detail, size);
	return secret_decode(m, credential, detail, size);
}

int operator_credential_decode(json_t *body, struct store_credential *credentialp, char *detail,
			       size_t size)
{
	struct credential_members m = {0};
	json_error_t error;
	int err;

	*credentialp = (struct store_credential){0};
	if (json_unpack_ex(body, &error, JSON_STRICT, "{" CREDENTIAL_FORMAT "}",
			   CREDENTIAL_MEMBERS(&m)))
		return operator_decode_refused(&error, detail, size);
	err = credential_decode(&m, credentialp, detail, size);
	if (err)
		store_credential_clear(credentialp);
	return err;
}

/* --- clients --- */

/* "may": ["register", ...] to bits. */
static int permissions_decode(json_t *array, uint32_t *permissionsp, char *detail, size_t size)
{
	json_t *item;
	size_t i;

	*permissionsp = 0;
	json_array_foreach(array, i, item)
	{
		uint32_t bit = json_is_string(item)
				       ? operator_permission_parse(json_string_value(item))
				       : 0;

		if (bit == 0) {
			snprintf(detail, size,
				 "may: only register, request, revoke, ra, operator, announce, "
				 "cross-certify, recover and attester are known");
			return -EINVAL;
		}
		*permissionsp |= bit;
	}
	if (*permissionsp == 0) {
		snprintf(detail, size, "may must name what the client may do");
		return -EINVAL;
	}
	return 0;
}

static bool entity_valid(const char *entity)
{
	return *entity && strlen(entity) <= OPERATOR_ENTITY_MAX;
}

/* Names that the operator chose. */
static int client_names_decode(const char *name, const char *trust_domain,
			       const char *default_profile, const char *policy, const char *entity,
			       const char *vnf_instance, struct store_client *client, char *detail,
			       size_t size)
{
	if (!name_valid(name) || !name_valid(trust_domain) ||
	    (default_profile && !name_valid(default_profile)) || (policy && !name_valid(policy))) {
		snprintf(detail, size,
			 "name, trust_domain, default_profile, policy: 1 to 64 letters, digits, "
			 "'.', '_' "
			 "and '-' are allowed");
		return -EINVAL;
	}
	if ((entity && !entity_valid(entity)) ||
	    (vnf_instance && (!entity || !entity_valid(vnf_instance)))) {
		snprintf(detail, size,
			 "entity must be the subjectId of an entity, entity_vnf_instance its VNF "
			 "instance");
		return -EINVAL;
	}
	client->name = strdup(name);
	client->trust_domain = strdup(trust_domain);
	if (entity)
		client->entity = strdup(entity);
	if (vnf_instance)
		client->entity_vnf_instance = strdup(vnf_instance);
	if (default_profile)
		client->default_profile = strdup(default_profile);
	if (policy)
		client->policy = strdup(policy);
	return client->name && client->trust_domain &&
			       !client->default_profile == !default_profile &&
			       !client->policy == !policy && !client->entity == !entity &&
			       !client->entity_vnf_instance == !vnf_instance
		       ? 0
		       : -ENOMEM;
}

static int client_decode(json_t *body, struct operator_client_request *request, char *detail,
			 size_t size)
{
	const char *name, *trust_domain, *default_profile = NULL, *policy = NULL, *entity = NULL;
	const char *vnf_instance = NULL;
	struct credential_members credential = {0};
	int register_on_ir = 0, err;
	json_error_t error;
	json_t *may;

	if (json_unpack_ex(body, &error, JSON_STRICT,
			   "{s:s, s:s, s:o, s?b, s?s, s?s, s?s, s?s, " CREDENTIAL_FORMAT "}",
			   "name", &name, "trust_domain", &trust_domain, "may", &may,
			   "register_on_ir", &register_on_ir, "default_profile", &default_profile,
			   "policy", &policy, "entity", &entity, "entity_vnf_instance",
			   &vnf_instance, CREDENTIAL_MEMBERS(&credential)))
		return operator_decode_refused(&error, detail, size);
	request->client.register_on_ir = register_on_ir;
	err = client_names_decode(name, trust_domain, default_profile, policy, entity, vnf_instance,
				  &request->client, detail, size);
	if (!err)
		err = permissions_decode(may, &request->client.permissions, detail, size);
	if (!err)
		err = credential_decode(&credential, &request->credential, detail, size);
	return err;
}

int operator_client_decode(json_t *body, struct operator_client_request *requestp, char *detail,
			   size_t size)
{
	int err;

	*requestp = (struct operator_client_request){0};
	err = client_decode(body, requestp, detail, size);
	if (err)
		operator_client_request_clear(requestp);
	return err;
}

void operator_client_request_clear(struct operator_client_request *request)
{
	store_client_clear(&request->client);
	store_credential_clear(&request->credential);
}

/* A text, or null for none. */
static int setting_decode(const char *member, const json_t *value, bool (*valid)(const char *),
			  bool *setp, const char **textp, char *detail, size_t size)
{
	*setp = value != NULL;
	*textp = json_string_value(value);
	if (!value || json_is_null(value) || (*textp && valid(*textp)))
		return 0;
	snprintf(detail, size, "%s: null, or a name as when a client is added", member);
	return -EINVAL;
}

int operator_client_update_decode(json_t *body, struct operator_client_update *updatep,
				  char *detail, size_t size)
{
	json_t *may = NULL, *profile = NULL, *policy = NULL, *entity = NULL;
	const char *vnf_instance = NULL;
	json_error_t error;
	int err = 0;

	*updatep = (struct operator_client_update){.register_on_ir = -1};
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s?o, s?b, s?o, s?o, s?o, s?s}", "may", &may,
			   "register_on_ir", &updatep->register_on_ir, "default_profile", &profile,
			   "policy", &policy, "entity", &entity, "entity_vnf_instance",
			   &vnf_instance))
		return operator_decode_refused(&error, detail, size);
	if (may)
		err = permissions_decode(may, &updatep->permissions, detail, size);
	if (!err)
		err = setting_decode("default_profile", profile, name_valid, &updatep->sets_profile,
				     &updatep->default_profile, detail, size);
	if (!err)
		err = setting_decode("policy", policy, name_valid, &updatep->sets_policy,
				     &updatep->policy, detail, size);
	if (!err)
		err = setting_decode("entity", entity, entity_valid, &updatep->sets_entity,
				     &updatep->entity, detail, size);
	if (!err && vnf_instance && (!updatep->entity || !entity_valid(vnf_instance))) {
		snprintf(detail, size, "entity_vnf_instance: with entity only, whose it is");
		return -EINVAL;
	}
	updatep->entity_vnf_instance = vnf_instance;
	return err;
}
