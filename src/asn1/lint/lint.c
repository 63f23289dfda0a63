// SPDX-License-Identifier: Apache-2.0
/* What the lints of certificates and of CRLs share: times, names, the form of extensions. */
#include "asn1/lint.h"

#include "asn1/name.h"
#include "asn1/serial.h"
#include "lint_local.h"

#include <openssl/objects.h>
#include <string.h>

bool lint_next(struct bytes *in, uint8_t identifier, struct bytes *tlvp, struct bytes *contentp)
{
	uint8_t found;

	return der_next(in, &found, tlvp, contentp) == 0 && found == identifier;
}

bool lint_is(struct bytes in, uint8_t identifier)
{
	return in.len > 0 && in.data[0] == identifier;
}

/* --- times --- */

const char *lint_time(struct bytes *in, struct lint_time *timep)
{
	struct bytes tlv, text;
	uint8_t tag;

	if (der_next(in, &tag, &tlv, &text))
		return "RFC 5280 4.1.2.5: a time is malformed";
	if (tag == V_ASN1_UTCTIME && text.len == 13) {
		memcpy(timep->digits, text.data[0] >= '5' ? "19" : "20", 2);
		memcpy(timep->digits + 2, text.data, 12);
		return NULL;
	}
	if (tag != V_ASN1_GENERALIZEDTIME || text.len != 15)
		return "RFC 5280 4.1.2.5: a time has not seconds and Z";
	memcpy(timep->digits, text.data, 14);
	if (memcmp(timep->digits, "2050", 4) < 0)
		return "RFC 5280 4.1.2.5: a time before 2050 is no UTCTime";
	return NULL;
}

bool lint_time_before(const struct lint_time *a, const struct lint_time *b)
{
	return memcmp(a->digits, b->digits, sizeof(a->digits)) < 0;
}

/* --- names --- */

const char *lint_name(struct bytes name)
{
	return name_fault_of(name).words
		       ? "RFC 5280 4.1.2.4: an attribute of a name is not what its type allows"
		       : NULL;
}

bool lint_name_empty(struct bytes name)
{
	return name.len <= 2;
}

static bool is_ia5(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
			return false;
	}
	return text.len > 0;
}

/* A GeneralName by its tag, RFC 5280 4.2.1.6. */
static bool general_name_valid(uint8_t tag, struct bytes content)
{
	switch (tag) {
	case LINT_CONTEXT | 1: /* rfc822Name */
		return is_ia5(content) && memchr(content.data, '@', content.len);
	case LINT_CONTEXT | 2: /* dNSName */
		return is_ia5(content);
	case LINT_CONTEXT | 6: /* uniformResourceIdentifier: it has a scheme */
		return is_ia5(content) && memchr(content.data, ':', content.len);
	case LINT_CONTEXT | 7: /* iPAddress */
		return content.len == 4 || content.len == 16;
	case LINT_CONTEXT | 8: /* registeredID */
		return content.len > 0;
	case LINT_CONTEXT_CONSTRUCTED | 4: /* directoryName, explicit since Name is a CHOICE */
		return !lint_name_empty(content) && !lint_name(content);
	case LINT_CONTEXT_CONSTRUCTED | 0: /* otherName */
	case LINT_CONTEXT_CONSTRUCTED | 3: /* x400Address */
	case LINT_CONTEXT_CONSTRUCTED | 5: /* ediPartyName */
		return content.len > 0;
	default:
		return false;
	}
}

const char *lint_general_names(struct bytes value)
{
	struct bytes tlv, names, content;
	uint8_t tag;

	if (!lint_next(&value, LINT_SEQUENCE, &tlv, &names) || value.len || names.len == 0)
		return "RFC 5280 4.2.1.6: GeneralNames are empty";
	while (names.len) {
		if (der_next(&names, &tag, &tlv, &content) || !general_name_valid(tag, content))
			return "RFC 5280 4.2.1.6: a GeneralName is malformed";
	}
	return NULL;
}

bool lint_serial(struct bytes content)
{
	struct serial serial;

	return serial_of_content(content, &serial) == 0 && serial_is_conforming(&serial);
}

/* --- extensions --- */

const char *lint_authority_key_id(struct bytes value)
{
	struct bytes tlv, fields, content;
	bool issuer, serial;

	if (!lint_next(&value, LINT_SEQUENCE, &tlv, &fields) ||
	    !lint_next(&fields, LINT_CONTEXT | 0, &tlv, &content) || content.len == 0)
		return "RFC 5280 4.2.1.1: authorityKeyIdentifier has no keyIdentifier";
	issuer = lint_is(fields, LINT_CONTEXT_CONSTRUCTED | 1);
	if (issuer && !lint_next(&fields, LINT_CONTEXT_CONSTRUCTED | 1, &tlv, &content))
		return "RFC 5280 4.2.1.1: authorityKeyIdentifier is malformed";
	serial = lint_is(fields, LINT_CONTEXT | 2);
	if (issuer != serial)
		return "RFC 5280 4.2.1.1: authorityCertIssuer and its serial number are apart";
	return NULL;
}

/* The same extnID in what stands before `end`. */
static bool is_repeated(struct bytes list, const uint8_t *end, struct bytes oid)
{
	struct bytes tlv, content;
	struct extension_view other;

	while (list.data < end && lint_next(&list, LINT_SEQUENCE, &tlv, &content)) {
		if (tlv.data < end && extension_view(content, &other) == 0 &&
		    bytes_equal(other.oid, oid))
			return true;
	}
	return false;
}

static const char *one_extension(const struct extension_view *e, struct bytes content,
				 const struct lint_extension *table, size_t n, void *arg)
{
	/* Behind the OID: DEFAULT FALSE is not encoded. */
	const uint8_t *behind = e->oid.data + e->oid.len;

	if (!e->critical && behind < content.data + content.len && *behind == V_ASN1_BOOLEAN)
		return "X.690 11.5: critical FALSE is the default, and encoded";
	for (size_t i = 0; i < n; i++) {
		const ASN1_OBJECT *object = OBJ_nid2obj(table[i].nid);

		if (!bytes_equal(e->oid, (struct bytes){OBJ_get0_data(object), OBJ_length(object)}))
			continue;
		if ((table[i].critical == LINT_CRITICAL && !e->critical) ||
		    (table[i].critical == LINT_NOT_CRITICAL && e->critical))
			return table[i].criticality;
		return table[i].value(arg, e);
	}
	return NULL;
}

const char *lint_extensions(struct bytes list, const struct lint_extension *table, size_t n,
			    void *arg)
{
	struct bytes tlv, all, rest, content;
	struct extension_view e;
	const char *rule = NULL;

	if (!lint_next(&list, LINT_SEQUENCE, &tlv, &all) || list.len || all.len == 0)
		return "RFC 5280 4.1: extensions are empty";
	rest = all;
	while (rest.len && !rule) {
		if (!lint_next(&rest, LINT_SEQUENCE, &tlv, &content) ||
		    extension_view(content, &e) < 0 || der_check(e.value) < 0)
			return "RFC 5280 4.2: an extension is malformed";
		if (is_repeated(all, tlv.data, e.oid))
			return "RFC 5280 4.2: an extension is there twice";
		rule = one_extension(&e, content, table, n, arg);
	}
	return rule;
}
