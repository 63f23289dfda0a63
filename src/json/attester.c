// SPDX-License-Identifier: Apache-2.0
/* Attesters in JSON. What may be one is decided by cmf/. */
#include "attester.h"

#include "der_text.h"
#include "values.h"

#include <errno.h>
#include <openssl/pem.h>
#include <string.h>

const struct json_attester_names json_attester_nfv = {
	.public_key = "publicKey",
	.certificate = "certificate",
	.ca_certificates = "caCertificates",
	.statement_types = "statementTypes",
	.policy = "policy",
	.verify = "VERIFY",
	.require = "REQUIRE",
};
const struct json_attester_names json_attester_operator = {
	.public_key = "public_key",
	.certificate = "certificate",
	.ca_certificates = "ca_certificates",
	.statement_types = "statement_types",
	.policy = "policy",
	.verify = "verify",
	.require = "require",
	.strict = true,
};

static const char whole[] = "attester";
static const char *const key_labels[] = {PEM_STRING_PUBLIC, NULL};
static const char *const certificate_labels[] = {PEM_STRING_X509, PEM_STRING_X509_OLD, NULL};

/* --- reading --- */

void json_attester_clear(struct json_attester *attester)
{
	for (size_t i = 0; i < ARRAY_LEN(attester->item); i++)
		octets_clear(&attester->item[i]);
	*attester = (struct json_attester){0};
}

static int item_add(struct json_attester *a, const json_t *value, const char *const *labels)
{
	const char *text = json_string_value(value);
	size_t i = a->said.n_items;
	int err =
		text && i < ARRAY_LEN(a->item) ? json_der_read(text, labels, &a->item[i]) : -EINVAL;

	if (err)
		return err;
	a->said.item[i] = octets_view(&a->item[i]);
	a->said.n_items++;
	return 0;
}

static int certificates_read(struct json_attester *a, const json_t *array)
{
	const json_t *value;
	size_t i;
	int err = json_array_size(array) ? 0 : -EINVAL;

	a->said.kind = STORE_ATTESTER_CAS;
	json_array_foreach(array, i, value) err =
		err ? err : item_add(a, value, certificate_labels);
	return err;
}

/* Exactly one of the three. */
static int items_read(struct json_attester *a, const json_t *object,
		      const struct json_attester_names *names, const char **wrongp)
{
	const json_t *key = json_object_get(object, names->public_key);
	const json_t *certificate = json_object_get(object, names->certificate);
	const json_t *cas = json_object_get(object, names->ca_certificates);

	*wrongp = whole;
	if (!!key + !!certificate + !!cas != 1)
		return -EINVAL;
	if (cas) {
		*wrongp = names->ca_certificates;
		return certificates_read(a, cas);
	}
	*wrongp = key ? names->public_key : names->certificate;
	a->said.kind = key ? STORE_ATTESTER_KEY : STORE_ATTESTER_CERTIFICATE;
	return item_add(a, key ? key : certificate, key ? key_labels : certificate_labels);
}

static int types_read(struct json_attester *a, const json_t *array)
{
	const json_t *value;
	size_t i, n = json_array_size(array);

	if (n == 0 || n > CMF_STATEMENT_TYPES_MAX)
		return -EINVAL;
	json_array_foreach(array, i, value)
	{
		a->said.statement_types[i] = json_string_value(value);
		if (!a->said.statement_types[i])
			return -EINVAL;
	}
	a->said.n_statement_types = n;
	return 0;
}

static int policy_read(struct json_attester *a, const json_t *value,
		       const struct json_attester_names *names)
{
	const char *text = json_string_value(value);

	if (value && !text)
		return -EINVAL;
	if (text && strcmp(text, names->verify) == 0)
		a->said.policy = STORE_ATTESTER_VERIFY;
	else if (text && strcmp(text, names->require) == 0)
		a->said.policy = STORE_ATTESTER_REQUIRE;
	else if (text)
		return -EINVAL;
	return 0;
}

static bool is_name(const struct json_attester_names *names, const char *name)
{
	const char *const known[] = {names->public_key, names->certificate, names->ca_certificates,
				     names->statement_types, names->policy};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(known[i], name) == 0)
			return true;
	}
	return false;
}

static bool has_unknown(const json_t *object, const struct json_attester_names *names)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		if (!is_name(names, name))
			return true;
	}
	return false;
}

int json_attester_read(const json_t *object, const struct json_attester_names *names,
		       struct json_attester *attesterp, const char **wrongp)
{
	_cleanup_(json_attester_clear) struct json_attester a = {0};
	int err;

	*wrongp = whole;
	if (!json_is_object(object) || (names->strict && has_unknown(object, names)))
		return -EINVAL;
	err = items_read(&a, object, names, wrongp);
	if (err)
		return err;
	*wrongp = names->statement_types;
	err = types_read(&a, json_object_get(object, names->statement_types));
	if (err)
		return err;
	*wrongp = names->policy;
	err = policy_read(&a, json_object_get(object, names->policy), names);
	if (err)
		return err;
	*attesterp = a;
	a = (struct json_attester){0};
	return 0;
}

/* --- writing --- */

static int items_write(json_t *object, const struct cmf_attester *a,
		       const struct json_attester_names *names)
{
	json_t *array;

	switch (a->kind) {
	case STORE_ATTESTER_KEY:
		return json_object_set_new(object, names->public_key, json_base64(a->item[0]));
	case STORE_ATTESTER_CERTIFICATE:
		return json_object_set_new(object, names->certificate, json_pem(a->item[0]));
	case STORE_ATTESTER_CAS:
		break;
	}
	array = json_array();
	if (json_object_set_new(object, names->ca_certificates, array))
		return -1;
	for (size_t i = 0; i < a->n_items; i++) {
		if (json_array_append_new(array, json_pem(a->item[i])))
			return -1;
	}
	return 0;
}

static int types_write(json_t *object, const struct cmf_attester *a,
		       const struct json_attester_names *names)
{
	json_t *array = json_array();

	if (json_object_set_new(object, names->statement_types, array))
		return -1;
	for (size_t i = 0; i < a->n_statement_types; i++) {
		if (json_array_append_new(array, json_string(a->statement_types[i])))
			return -1;
	}
	return 0;
}

static int policy_write(json_t *object, const struct cmf_attester *a,
			const struct json_attester_names *names)
{
	const char *text = a->policy == STORE_ATTESTER_REQUIRE  ? names->require
			   : a->policy == STORE_ATTESTER_VERIFY ? names->verify
								: NULL;

	return text ? json_object_set_new(object, names->policy, json_string(text)) : 0;
}

json_t *json_attester_write(const struct cmf_attester *attester,
			    const struct json_attester_names *names)
{
	json_t *object = json_object();

	if (object &&
	    (items_write(object, attester, names) || types_write(object, attester, names) ||
	     policy_write(object, attester, names))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* --- changing --- */

static bool says(const json_t *patch, const char *name)
{
	const json_t *value = json_object_get(patch, name);

	return value && !json_is_null(value);
}

json_t *json_attester_merge(const struct cmf_attester *attester, const json_t *patch,
			    const struct json_attester_names *names)
{
	const char *const kinds[] = {names->public_key, names->certificate, names->ca_certificates};
	json_t *object = attester ? json_attester_write(attester, names) : json_object();
	const char *name;
	json_t *value;
	bool replaces = false;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		replaces |= says(patch, kinds[i]);
	for (size_t i = 0; replaces && i < ARRAY_LEN(kinds); i++)
		json_object_del(object, kinds[i]);
	json_object_foreach((json_t *)(uintptr_t)patch, name, value)
	{
		if (json_is_null(value))
			json_object_del(object, name);
		else if (json_object_set(object, name, value)) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}
