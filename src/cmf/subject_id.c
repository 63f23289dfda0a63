// SPDX-License-Identifier: Apache-2.0
/* The syntax of subjectIds and names. See subject_id.h. */
#include "subject_id.h"

#include "base/host_name.h"

#include <openssl/asn1.h>
#include <string.h>

/* Longer ones are no identifiers. */
enum { ID_LEN_MAX = 255 };

/*
 * Characters that mean something in the text form of a DN (RFC 4514 2.4), in utf8Pairs (RFC 4211
 * 7.1), or as a wildcard are left out, so that an identifier reads the same everywhere.
 */
static bool identifier_valid(struct bytes id)
{
	if (id.len == 0 || id.len > ID_LEN_MAX || id.data[0] == '#')
		return false;
	for (size_t i = 0; i < id.len; i++) {
		uint8_t c = id.data[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"*+,/;<=>?\\%", c))
			return false;
	}
	return true;
}

bool subject_id_valid(enum cert_type type, const char *id)
{
	switch (type) {
	case CERT_TYPE_MANO:
		return host_name_valid(bytes_of_string(id), 2);
	case CERT_TYPE_VNFCI:
	case CERT_TYPE_VNF_OAM:
		return identifier_valid(bytes_of_string(id));
	}
	return false;
}

enum refusal_reason subject_id_fault(enum cert_type type)
{
	return type == CERT_TYPE_MANO ? REFUSAL_subject_id_no_fqdn : REFUSAL_subject_id_invalid;
}

bool name_is_id(struct bytes name, const char *id)
{
	return name.len == strlen(id) && strncasecmp((const char *)name.data, id, name.len) == 0;
}

bool name_rule_allows(enum conf_name_rule rule, struct bytes name, const char *id)
{
	const uint8_t *dot;

	switch (rule) {
	case CONF_NAME_NONE:
		return false;
	case CONF_NAME_SUBJECT_ID:
		return name_is_id(name, id);
	case CONF_NAME_SUBJECT_ID_LABEL:
		dot = memchr(name.data, '.', name.len);
		return name_is_id(name, id) ||
		       (dot &&
			name_is_id((struct bytes){name.data, (size_t)(dot - name.data)}, id));
	case CONF_NAME_ANY:
		return true;
	}
	return false;
}

struct bytes vnfci_urn_id(struct bytes uri)
{
	size_t prefix = strlen(VNFCI_URN);

	/* RFC 8141 3.1: "urn" and the NID are compared without regard to case. */
	if (uri.len <= prefix || strncasecmp((const char *)uri.data, VNFCI_URN, prefix) != 0)
		return BYTES_NULL;
	return (struct bytes){uri.data + prefix, uri.len - prefix};
}

bool name_text_clean(struct bytes text)
{
	size_t at = 0;

	while (at < text.len) {
		unsigned long c;
		int n = UTF8_getc(text.data + at, (int)(text.len - at), &c);

		if (n <= 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
		at += (size_t)n;
	}
	return text.len > 0;
}
