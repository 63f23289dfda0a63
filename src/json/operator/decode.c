// SPDX-License-Identifier: Apache-2.0
/*
 * Requests of the operator from JSON: unknown members, wrong types and wrong values are refused
 * here. What the values mean (is the client known, may it) is decided by cmf/.
 */
#include "encode.h"

#include "asn1/certificate.h"
#include "asn1/dn.h"
#include "asn1/spki.h"

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

static int decode_error(json_error_t *error, char *detail, size_t size)
{
	snprintf(detail, size, "%s", error->text);
	return -EINVAL;
}

/* Letters, digits, '.', '_' and '-': names go into logs, tables, URLs and keys of transactions. */
static bool name_valid(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(name);

	return len > 0 && len <= OPERATOR_NAME_MAX && strspn(name, allowed) == len &&
	       name[0] != '-' && name[0] != '.';
}

/* --- POST /v1/registrations --- */

static int subject_ids_decode(json_t *array, struct operator_register *reg, char *detail,
			      size_t size)
{
	size_t n = json_array_size(array), i;
	json_t *item;

	reg->subject_ids = calloc(n ? n : 1, sizeof(*reg->subject_ids));
	if (!reg->subject_ids)
		return -ENOMEM;
	json_array_foreach(array, i, item)
	{
		if (!json_is_string(item)) {
			snprintf(detail, size, "subject_ids must be an array of strings");
			return -EINVAL;
		}
		reg->subject_ids[i] = json_string_value(item);
	}
	if (n == 0) {
		snprintf(detail, size, "subject_ids is empty");
		return -EINVAL;
	}
	reg->request.subject_ids = reg->subject_ids;
	reg->request.n_subject_ids = n;
	return 0;
}

int operator_register_decode(json_t *body, struct operator_register *registerp, char *detail,
			     size_t size)
{
	const char *cert_type, *handling = NULL;
	struct cmf_register *request = &registerp->request;
	json_t *subject_ids;
	json_error_t error;

	*registerp = (struct operator_register){.request.handling = CERT_HANDLING_NONE};
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s:s, s:s, s:o, s?s, s?s, s?s}", "requester",
			   &registerp->requester, "cert_type", &cert_type, "subject_ids",
			   &subject_ids, "handling", &handling, "profile", &request->profile, "ca",
			   &request->ca))
		return decode_error(&error, detail, size);
	if (cert_type_parse(cert_type, &request->cert_type)) {
		snprintf(detail, size, "cert_type must be ManoCert, VnfciCert or VnfOAMCert");
		return -EINVAL;
	}
	request->has_cert_type = true;
	if (handling && cert_handling_parse(handling, &request->handling)) {
		snprintf(detail, size, "handling must be delegation or direct");
		return -EINVAL;
	}
	if (!json_is_array(subject_ids)) {
		snprintf(detail, size, "subject_ids must be an array of strings");
		return -EINVAL;
	}
	return subject_ids_decode(subject_ids, registerp, detail, size);
}

void operator_register_clear(struct operator_register *reg)
{
	free(reg->subject_ids);
	*reg = (struct operator_register){0};
}

/* --- POST /v1/clients --- */

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
				 "cross-certify and recover are known");
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
static int certificate_decode(const char *pem, struct octets *derp, char *detail, size_t size)
{
	X509 *cert = NULL;
	int err = pem_certificates("certificate", pem, &cert, detail, size);

	if (!err)
		err = certificate_encode(cert, derp);
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

static int trust_anchor_decode(const char *pem, const char *subject, struct store_client *client,
			       char *detail, size_t size)
{
	X509 *first = NULL;
	int err = pem_certificates("trust_anchor", pem, &first, detail, size);

	X509_free(first);
	if (!err && subject)
		err = subject_decode(subject, &client->subject, detail, size);
	return err ? err : octets_dup(bytes_of_string(pem), &client->trust_anchor);
}

static int secret_decode(const char *reference, const char *secret,
			 struct operator_client_request *request, char *detail, size_t size)
{
	if (!name_valid(reference)) {
		snprintf(detail, size,
			 "mac_reference: 1 to 64 letters, digits, '.', '_' and '-' are allowed");
		return -EINVAL;
	}
	if (strlen(secret) < OPERATOR_SECRET_MIN || strlen(secret) > OPERATOR_SECRET_MAX) {
		snprintf(detail, size, "secret must have %d to %d characters", OPERATOR_SECRET_MIN,
			 OPERATOR_SECRET_MAX);
		return -EINVAL;
	}
	request->client.mac_reference = strdup(reference);
	if (!request->client.mac_reference)
		return -ENOMEM;
	return octets_dup(bytes_of_string(secret), &request->secret);
}

/* Exactly one kind of credential. */
struct credential {
	const char *certificate;
	const char *trust_anchor;
	const char *subject;
	const char *mac_reference;
	const char *secret;
};

static int credential_decode(const struct credential *c, struct operator_client_request *request,
			     char *detail, size_t size)
{
	bool mac = c->mac_reference && c->secret;

	if (!c->mac_reference != !c->secret || (c->subject && !c->trust_anchor) ||
	    !!c->certificate + !!c->trust_anchor + mac != 1) {
		snprintf(detail, size,
			 "give one credential: certificate, or trust_anchor (and subject), or "
			 "mac_reference and secret");
		return -EINVAL;
	}
	if (c->certificate)
		return certificate_decode(c->certificate, &request->client.certificate, detail,
					  size);
	if (c->trust_anchor)
		return trust_anchor_decode(c->trust_anchor, c->subject, &request->client, detail,
					   size);
	return secret_decode(c->mac_reference, c->secret, request, detail, size);
}

/* Names that the operator chose. */
static int client_names_decode(const char *name, const char *trust_domain,
			       const char *default_profile, const char *policy, const char *entity,
			       struct store_client *client, char *detail, size_t size)
{
	if (!name_valid(name) || !name_valid(trust_domain) ||
	    (default_profile && !name_valid(default_profile)) || (policy && !name_valid(policy))) {
		snprintf(detail, size,
			 "name, trust_domain, default_profile, policy: 1 to 64 letters, digits, "
			 "'.', '_' "
			 "and '-' are allowed");
		return -EINVAL;
	}
	if (entity && (!*entity || strlen(entity) > OPERATOR_ENTITY_MAX)) {
		snprintf(detail, size, "entity must be the subjectId of an entity");
		return -EINVAL;
	}
	client->name = strdup(name);
	client->trust_domain = strdup(trust_domain);
	if (entity)
		client->entity = strdup(entity);
	if (default_profile)
		client->default_profile = strdup(default_profile);
	if (policy)
		client->policy = strdup(policy);
	return client->name && client->trust_domain &&
			       !client->default_profile == !default_profile &&
			       !client->policy == !policy && !client->entity == !entity
		       ? 0
		       : -ENOMEM;
}

static int client_decode(json_t *body, struct operator_client_request *request, char *detail,
			 size_t size)
{
	const char *name, *trust_domain, *default_profile = NULL, *policy = NULL, *entity = NULL;
	struct credential credential = {0};
	int register_on_ir = 0, err;
	json_error_t error;
	json_t *may;

	if (json_unpack_ex(body, &error, JSON_STRICT,
			   "{s:s, s:s, s:o, s?b, s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s}", "name",
			   &name, "trust_domain", &trust_domain, "may", &may, "register_on_ir",
			   &register_on_ir, "default_profile", &default_profile, "policy", &policy,
			   "entity", &entity, "certificate", &credential.certificate,
			   "trust_anchor", &credential.trust_anchor, "subject", &credential.subject,
			   "mac_reference", &credential.mac_reference, "secret",
			   &credential.secret))
		return decode_error(&error, detail, size);
	request->client.register_on_ir = register_on_ir;
	err = client_names_decode(name, trust_domain, default_profile, policy, entity,
				  &request->client, detail, size);
	if (!err)
		err = permissions_decode(may, &request->client.permissions, detail, size);
	if (!err)
		err = credential_decode(&credential, request, detail, size);
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
	octets_clear_secret(&request->secret);
}
