// SPDX-License-Identifier: Apache-2.0
/*
 * The attester of registrations, from options and files to each of the three ways to the CMF. What
 * may be one the CMF decides.
 */
#include "attester.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <string.h>

enum {
	OPT_KEY = CTL_ATTESTER_OPTIONS,
	OPT_CERT,
	OPT_CA,
	OPT_STATEMENT,
	OPT_POLICY,
};

/* Certificates of some CAs, with whatever text between them. */
enum { ATTESTER_FILE_MAX = 1 << 20 };

/* --- options --- */

static error_t attester_parse(int key, char *arg, struct argp_state *state)
{
	struct ctl_attester *a = state->input;
	enum store_attester_policy policy;

	switch (key) {
	case OPT_KEY:
		a->key = arg;
		return 0;
	case OPT_CERT:
		a->certificate = arg;
		return 0;
	case OPT_CA:
		a->cas = arg;
		return 0;
	case OPT_STATEMENT:
		if (a->n_types == ARRAY_LEN(a->types))
			argp_error(state, "--statement: too many types");
		a->types[a->n_types++] = arg;
		return 0;
	case OPT_POLICY:
		if (cmf_attester_policy_parse(arg, &policy))
			argp_error(state, "--attester-policy must be verify or require");
		a->policy = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "Who attests the keys of the entities (IFA 033 11.2.1), one of:", 4},
	{"attester-key", OPT_KEY, "FILE", 0, "This public key, PEM or DER", 4},
	{"attester-cert", OPT_CERT, "FILE", 0, "The key of this certificate, PEM or DER", 4},
	{"attester-ca", OPT_CA, "FILE", 0, "Whoever these CAs have certified, PEM", 4},
	{NULL, 0, NULL, 0, "With:", 5},
	{"statement", OPT_STATEMENT, "OID", 0,
	 "Type of its statements, as 2.23.133.20.1 (TPM 2.0); may be repeated", 5},
	{"attester-policy", OPT_POLICY, "POLICY", 0,
	 "verify or require, if the profile asks for less", 5},
	{0},
};

const struct argp ctl_attester_argp = {.options = options, .parser = attester_parse};

static int files_given(const struct ctl_attester *a)
{
	return !!a->key + !!a->certificate + !!a->cas;
}

bool ctl_attester_given(const struct ctl_attester *a)
{
	return files_given(a) || a->n_types || a->policy;
}

void ctl_attester_check(struct argp_state *state, const struct ctl_attester *a)
{
	if (!ctl_attester_given(a))
		return;
	if (files_given(a) != 1)
		argp_error(state, "give one of --attester-key, --attester-cert and --attester-ca");
	if (!a->n_types)
		argp_error(state, "--statement is required with an attester");
}

/* --- files --- */

void ctl_attester_clear(struct ctl_attester *a)
{
	for (size_t i = 0; i < ARRAY_LEN(a->item); i++)
		octets_clear(&a->item[i]);
	a->n_items = 0;
}

static int item_add(struct ctl_attester *a, struct bytes der)
{
	return a->n_items < ARRAY_LEN(a->item) ? octets_dup(der, &a->item[a->n_items++]) : -E2BIG;
}

/* Each PEM block of that label; there may be other text around them. */
static int blocks_read(struct ctl_attester *a, BIO *bio, const char *label)
{
	unsigned char *der = NULL;
	char *name = NULL, *header = NULL;
	long len;
	int err = 0;

	while (err == 0 && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		if (strcmp(name, label) == 0)
			err = item_add(a, (struct bytes){der, (size_t)len});
		OPENSSL_free(TAKE(name));
		OPENSSL_free(TAKE(header));
		OPENSSL_free(TAKE(der));
	}
	ERR_clear_error();
	return err;
}

static int octets_read(struct ctl_attester *a, const struct octets *file, const char *label)
{
	BIO *bio;
	int err;

	/* The DER of all of them is a SEQUENCE. */
	if (file->len && file->data[0] == 0x30)
		return item_add(a, octets_view(file));
	bio = BIO_new_mem_buf(file->data, (int)file->len);
	err = bio ? blocks_read(a, bio, label) : -ENOMEM;
	BIO_free(bio);
	return err == 0 && !a->n_items ? -EBADMSG : err;
}

int ctl_attester_read(struct ctl_attester *a)
{
	const char *path = a->key ? a->key : a->certificate ? a->certificate : a->cas;
	_cleanup_(octets_clear) struct octets file = OCTETS_NULL;
	int err = path ? ctl_file_read(path, ATTESTER_FILE_MAX, &file) : 0;

	if (err == 0 && path)
		err = octets_read(a, &file, a->key ? PEM_STRING_PUBLIC : PEM_STRING_X509);
	if (err == -EBADMSG || err == -E2BIG) {
		ctl_error("%s: %s", path,
			  err == -E2BIG ? "too many certificates"
			  : a->key      ? "there is no public key in it"
					: "there is no certificate in it");
		return CTL_FAULT;
	}
	if (err == 0 && a->n_items > 1 && !a->cas) {
		ctl_error("%s: more than one", path);
		return CTL_FAULT;
	}
	return err ? ctl_file_error(path, err) : CTL_OK;
}

/* --- for the CMF --- */

static json_t *item_json(const struct octets *item)
{
	_cleanup_(freep) char *text = malloc(4 * ((item->len + 2) / 3) + 1);

	if (!text)
		return NULL;
	EVP_EncodeBlock((unsigned char *)text, item->data, (int)item->len);
	return json_string(text);
}

static json_t *items_json(const struct ctl_attester *a)
{
	json_t *array = json_array();

	for (size_t i = 0; i < a->n_items; i++)
		json_array_append_new(array, item_json(&a->item[i]));
	return array;
}

static json_t *types_json(const struct ctl_attester *a)
{
	json_t *array = a->n_types ? json_array() : NULL;

	for (size_t i = 0; i < a->n_types; i++)
		json_array_append_new(array, json_string(a->types[i]));
	return array;
}

/* Names and values: key, certificate, CA certificates, statement types, policy. */
static json_t *attester_json(const struct ctl_attester *a, const char *const names[5],
			     const char *policy)
{
	return json_pack("{s:o*, s:o*, s:o*, s:o*, s:s*}", names[0],
			 a->key ? item_json(&a->item[0]) : NULL, names[1],
			 a->certificate ? item_json(&a->item[0]) : NULL, names[2],
			 a->cas ? items_json(a) : NULL, names[3], types_json(a), names[4], policy);
}

json_t *ctl_attester_json(const struct ctl_attester *a)
{
	static const char *const names[] = {"public_key", "certificate", "ca_certificates",
					    "statement_types", "policy"};

	return attester_json(a, names, a->policy);
}

json_t *ctl_attester_json_nfv(const struct ctl_attester *a)
{
	static const char *const names[] = {"publicKey", "certificate", "caCertificates",
					    "statementTypes", "policy"};
	const char *policy = !a->policy                         ? NULL
			     : strcmp(a->policy, "verify") == 0 ? "VERIFY"
								: "REQUIRE";

	return attester_json(a, names, policy);
}

static ASN1_STRING *item_wire(const struct octets *item)
{
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	if (s && ASN1_STRING_set(s, item->data, (int)item->len))
		return s;
	ASN1_STRING_free(s);
	return NULL;
}

static bool id_fill(AttesterId *id, const struct ctl_attester *a)
{
	if (!a->cas) {
		id->type = a->key ? ATTESTER_PUBLIC_KEY : ATTESTER_CERTIFICATE;
		id->value.publicKey = item_wire(&a->item[0]);
		return id->value.publicKey != NULL;
	}
	id->type = ATTESTER_CA_CERTIFICATES;
	id->value.caCertificates = sk_ASN1_STRING_new_null();
	for (size_t i = 0; id->value.caCertificates && i < a->n_items; i++) {
		ASN1_STRING *s = item_wire(&a->item[i]);

		if (!s || sk_ASN1_STRING_push(id->value.caCertificates, s) <= 0) {
			ASN1_STRING_free(s);
			return false;
		}
	}
	return id->value.caCertificates != NULL;
}

static bool types_fill(Attester *wire, const struct ctl_attester *a)
{
	for (size_t i = 0; i < a->n_types; i++) {
		ASN1_OBJECT *type = OBJ_txt2obj(a->types[i], 1);

		if (!type || sk_ASN1_OBJECT_push(wire->statementTypes, type) <= 0) {
			ASN1_OBJECT_free(type);
			return false;
		}
	}
	return true;
}

Attester *ctl_attester_wire(const struct ctl_attester *a)
{
	Attester *wire = Attester_new();
	enum store_attester_policy policy;
	bool ok = wire && id_fill(wire->id, a) && types_fill(wire, a);

	if (ok && a->policy && !cmf_attester_policy_parse(a->policy, &policy)) {
		wire->policy = ASN1_ENUMERATED_new();
		ok = wire->policy && ASN1_ENUMERATED_set(wire->policy, policy);
	}
	if (ok)
		return wire;
	Attester_free(wire);
	return NULL;
}
