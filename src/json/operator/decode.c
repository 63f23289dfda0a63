// SPDX-License-Identifier: Apache-2.0
/*
 * Requests of the operator from JSON: unknown members, wrong types and wrong values are refused
 * here. What the values mean (is the client known, may it) is decided by cmf/.
 */
#include "encode.h"

#include <errno.h>
#include <stdio.h>

int operator_decode_refused(const json_error_t *error, char *detail, size_t size)
{
	snprintf(detail, size, "%s", error->text);
	return -EINVAL;
}

int operator_attester_decode(const json_t *object, struct json_attester *attesterp, char *detail,
			     size_t size)
{
	const char *member;
	int err = json_attester_read(object, &json_attester_operator, attesterp, &member);

	if (err == -EINVAL)
		snprintf(detail, size,
			 "%s is missing or wrong: an attester has one of public_key, certificate "
			 "and ca_certificates, with statement_types, and policy verify or require",
			 member);
	return err;
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
	json_t *subject_ids, *attester = NULL;
	json_error_t error;

	*registerp = (struct operator_register){.request.handling = CERT_HANDLING_NONE};
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s:s, s:s, s:o, s?s, s?s, s?s, s?s, s?o}",
			   "requester", &registerp->requester, "cert_type", &cert_type,
			   "subject_ids", &subject_ids, "handling", &handling, "profile",
			   &request->profile, "ca", &request->ca, "vnf_instance_id",
			   &request->vnf_instance, "attester", &attester))
		return operator_decode_refused(&error, detail, size);
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
	if (attester) {
		int err = operator_attester_decode(attester, &registerp->attester, detail, size);

		if (err)
			return err;
		request->attester = &registerp->attester.said;
	}
	return subject_ids_decode(subject_ids, registerp, detail, size);
}

void operator_register_clear(struct operator_register *reg)
{
	free(reg->subject_ids);
	json_attester_clear(&reg->attester);
	*reg = (struct operator_register){0};
}
