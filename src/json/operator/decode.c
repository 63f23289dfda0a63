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
	if (json_unpack_ex(body, &error, JSON_STRICT, "{s:s, s:s, s:o, s?s, s?s, s?s, s?s}",
			   "requester", &registerp->requester, "cert_type", &cert_type,
			   "subject_ids", &subject_ids, "handling", &handling, "profile",
			   &request->profile, "ca", &request->ca, "vnf_instance_id",
			   &request->vnf_instance))
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
	return subject_ids_decode(subject_ids, registerp, detail, size);
}

void operator_register_clear(struct operator_register *reg)
{
	free(reg->subject_ids);
	*reg = (struct operator_register){0};
}
