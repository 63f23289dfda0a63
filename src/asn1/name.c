// SPDX-License-Identifier: Apache-2.0
/* Names by the types of their attributes. See asn1/name.h. */
#include "asn1/name.h"

#include "asn1/der.h"

#include <ctype.h>
#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>

enum {
	TAG_SET = V_ASN1_SET | V_ASN1_CONSTRUCTED,
	TAG_SEQUENCE = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED
};

/* OpenSSL decodes none beyond a megabyte, and no real one is as long as this. */
#define NAME_PLAIN_MAX 65536

/*
 * RFC 5280 A.1: the type of the value (DirectoryString where none is said) and its upper bound in
 * characters. The last ones are those of X.520 and RFC 4524.
 */
static const struct attribute_kind {
	int nid;
	int type;
	size_t max;
} attribute_kinds[] = {
	{NID_countryName, V_ASN1_PRINTABLESTRING, 2},
	{NID_serialNumber, V_ASN1_PRINTABLESTRING, 64},
	{NID_dnQualifier, V_ASN1_PRINTABLESTRING, 32768},
	{NID_pkcs9_emailAddress, V_ASN1_IA5STRING, 255},
	{NID_domainComponent, V_ASN1_IA5STRING, 32768},
	{NID_commonName, V_ASN1_UNDEF, 64},
	{NID_localityName, V_ASN1_UNDEF, 128},
	{NID_stateOrProvinceName, V_ASN1_UNDEF, 128},
	{NID_organizationName, V_ASN1_UNDEF, 64},
	{NID_organizationalUnitName, V_ASN1_UNDEF, 64},
	{NID_title, V_ASN1_UNDEF, 64},
	{NID_pseudonym, V_ASN1_UNDEF, 128},
	{NID_name, V_ASN1_UNDEF, 32768},
	{NID_surname, V_ASN1_UNDEF, 32768},
	{NID_givenName, V_ASN1_UNDEF, 32768},
	{NID_initials, V_ASN1_UNDEF, 32768},
	{NID_generationQualifier, V_ASN1_UNDEF, 32768},
	{NID_streetAddress, V_ASN1_UNDEF, 128},
	{NID_postalCode, V_ASN1_UNDEF, 40},
	{NID_businessCategory, V_ASN1_UNDEF, 128},
	{NID_organizationIdentifier, V_ASN1_UNDEF, 64},
	{NID_userId, V_ASN1_UNDEF, 256},
};

static const struct attribute_kind *kind_find(struct bytes type)
{
	for (size_t i = 0; i < ARRAY_LEN(attribute_kinds); i++) {
		const ASN1_OBJECT *object = OBJ_nid2obj(attribute_kinds[i].nid);

		if (bytes_equal(type, (struct bytes){OBJ_get0_data(object), OBJ_length(object)}))
			return &attribute_kinds[i];
	}
	return NULL;
}

/* --- strings --- */

/* X.680 41.4 */
static bool is_printable(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(" '()+,-./:=?", c));
}

/* Control characters are text nowhere: C0, DEL and C1. */
static bool is_control(unsigned long c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

static bool all_printable(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_printable(text.data[i]))
			return false;
	return true;
}

static bool all_ascii(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (is_control(text.data[i]) || text.data[i] > 0x7f)
			return false;
	return true;
}

/* Characters of UTF-8 (RFC 3629); false: it is none. */
static bool utf8_count(struct bytes text, size_t *countp)
{
	size_t at = 0;

	for (*countp = 0; at < text.len; ++*countp) {
		unsigned long c;
		int n = UTF8_getc(text.data + at, (int)(text.len - at), &c);

		if (n <= 0 || n > 4 || is_control(c) || c > 0x10ffff)
			return false;
		at += (size_t)n;
	}
	return true;
}

static bool string_valid(int type, struct bytes text)
{
	size_t count;

	switch (type) {
	case V_ASN1_UTF8STRING:
		return utf8_count(text, &count);
	case V_ASN1_PRINTABLESTRING:
		return all_printable(text);
	case V_ASN1_IA5STRING:
	case V_ASN1_VISIBLESTRING:
		return all_ascii(text);
	case V_ASN1_BMPSTRING:
		return text.len % 2 == 0;
	case V_ASN1_UNIVERSALSTRING:
		return text.len % 4 == 0;
	default:
		return true;
	}
}

struct bytes name_der(const X509_NAME *name)
{
	const unsigned char *der;
	size_t len;

	if (!X509_NAME_get0_der(name, &der, &len))
		return BYTES_NULL;
	return (struct bytes){der, len};
}

/* --- attributes --- */

struct name_attribute name_attribute_of(const X509_NAME_ENTRY *entry)
{
	const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(entry);
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);

	return (struct name_attribute){
		.type = {OBJ_get0_data(type), OBJ_length(type)},
		.value_type = ASN1_STRING_type(value),
		.value = {ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)},
	};
}

static size_t character_count(const struct name_attribute *a)
{
	size_t count = a->value.len;

	if (a->value_type == V_ASN1_BMPSTRING)
		return count / 2;
	if (a->value_type == V_ASN1_UNIVERSALSTRING)
		return count / 4;
	if (a->value_type == V_ASN1_UTF8STRING && !utf8_count(a->value, &count))
		return a->value.len;
	return count;
}

/* RFC 5280 4.1.2.4; TeletexString, BMPString and UniversalString are in names from before it. */
static bool is_directory_string(int type)
{
	return type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING ||
	       type == V_ASN1_TELETEXSTRING || type == V_ASN1_BMPSTRING ||
	       type == V_ASN1_UNIVERSALSTRING;
}

/* A text of ASCII, whose characters mean the same in the types that have them. */
static bool is_plain(const struct name_attribute *a)
{
	return (a->value_type == V_ASN1_UTF8STRING || a->value_type == V_ASN1_PRINTABLESTRING ||
		a->value_type == V_ASN1_IA5STRING) &&
	       all_ascii(a->value);
}

static bool is_country(struct bytes text)
{
	return text.len == 2 && text.data[0] < 0x80 && text.data[1] < 0x80 &&
	       isalpha(text.data[0]) && isalpha(text.data[1]);
}

static const char *string_fault(int type)
{
	switch (type) {
	case V_ASN1_PRINTABLESTRING:
		return "has characters that PrintableString does not";
	case V_ASN1_IA5STRING:
		return "has characters that IA5String does not";
	case V_ASN1_UTF8STRING:
		return "is no UTF-8, or has control characters";
	default:
		return "is malformed";
	}
}

static bool type_fits(const struct attribute_kind *kind, int type)
{
	return kind->type == V_ASN1_UNDEF ? is_directory_string(type) : kind->type == type;
}

const char *name_attribute_fault(const struct name_attribute *a, int *betterp)
{
	const struct attribute_kind *kind = kind_find(a->type);
	int better = kind && kind->type != V_ASN1_UNDEF ? kind->type : V_ASN1_UTF8STRING;
	bool valid = string_valid(a->value_type, a->value);

	*betterp = V_ASN1_UNDEF;
	if (a->value.len == 0)
		return "is empty";
	if (kind && character_count(a) > kind->max)
		return "is longer than RFC 5280 allows";
	if (kind && kind->nid == NID_countryName && !is_country(a->value))
		return "is not two letters";
	if (valid && (!kind || type_fits(kind, a->value_type)))
		return NULL;
	if (is_plain(a) && string_valid(better, a->value))
		*betterp = better;
	if (!valid)
		return string_fault(a->value_type);
	switch (kind->type) {
	case V_ASN1_PRINTABLESTRING:
		return "is not a PrintableString";
	case V_ASN1_IA5STRING:
		return "is not an IA5String";
	default:
		return "is not a UTF8String or PrintableString";
	}
}

void oid_label(struct bytes type, char *label, size_t size)
{
	uint8_t der[2 + 127] = {V_ASN1_OBJECT, (uint8_t)type.len};
	const unsigned char *p = der;
	ASN1_OBJECT *object = NULL;

	label[0] = '\0';
	if (type.len > 0 && type.len <= 127) {
		memcpy(der + 2, type.data, type.len);
		object = d2i_ASN1_OBJECT(NULL, &p, (long)type.len + 2);
	}
	if (!object)
		return;
	if (OBJ_obj2nid(object) != NID_undef)
		snprintf(label, size, "%s", OBJ_nid2sn(OBJ_obj2nid(object)));
	else
		OBJ_obj2txt(label, (int)size, object, 1);
	ASN1_OBJECT_free(object);
}

/* --- names --- */

static bool attribute_read(struct bytes in, struct name_attribute *a)
{
	struct bytes tlv;
	uint8_t type, value_type;

	if (der_next(&in, &type, &tlv, &a->type) || type != V_ASN1_OBJECT ||
	    der_next(&in, &value_type, &tlv, &a->value) || in.len)
		return false;
	a->value_type = value_type;
	return true;
}

static const struct name_fault malformed = {"is malformed", {NULL, 0}};

/* RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue */
static struct name_fault rdn_fault(struct bytes rdn)
{
	struct name_fault fault = {NULL, BYTES_NULL};
	struct name_attribute attribute;
	struct bytes tlv, content;
	uint8_t tag;
	int better;

	if (rdn.len == 0)
		return (struct name_fault){"has an empty RelativeDistinguishedName", BYTES_NULL};
	while (rdn.len && !fault.words) {
		if (der_next(&rdn, &tag, &tlv, &content) || tag != TAG_SEQUENCE ||
		    !attribute_read(content, &attribute))
			return malformed;
		fault = (struct name_fault){name_attribute_fault(&attribute, &better),
					    attribute.type};
	}
	return fault;
}

struct name_fault name_fault_of(struct bytes name)
{
	struct name_fault fault = {NULL, BYTES_NULL};
	struct bytes tlv, rdns, rdn;
	uint8_t tag;

	/* Also that the attributes of an RDN are in the order of DER. */
	if (der_check(name) || der_next(&name, &tag, &tlv, &rdns) || tag != TAG_SEQUENCE)
		return malformed;
	while (rdns.len && !fault.words) {
		if (der_next(&rdns, &tag, &tlv, &rdn) || tag != TAG_SET)
			return malformed;
		fault = rdn_fault(rdn);
	}
	return fault;
}

/* The next attribute of a Name, of whose RDN *rdnp is what is left. False: there is none. */
static bool attribute_next(struct bytes *rdnsp, struct bytes *rdnp, struct name_attribute *a)
{
	struct bytes tlv, content;
	uint8_t tag;

	while (!rdnp->len) {
		if (der_next(rdnsp, &tag, &tlv, rdnp) || tag != TAG_SET)
			return false;
	}
	return !der_next(rdnp, &tag, &tlv, &content) && tag == TAG_SEQUENCE &&
	       attribute_read(content, a);
}

/* OpenSSL fails for UTF-8 that is none, and for characters of two or four octets that are none. */
static bool value_is_plain(const struct name_attribute *a)
{
	size_t count;

	switch (a->value_type) {
	case V_ASN1_UTF8STRING:
		return a->value.len && utf8_count(a->value, &count);
	case V_ASN1_PRINTABLESTRING:
	case V_ASN1_IA5STRING:
		return a->value.len;
	default:
		return false;
	}
}

bool name_is_plain(struct bytes name)
{
	struct bytes tlv, rdns, rdn = BYTES_NULL;
	struct name_attribute attribute;
	uint8_t tag;

	if (name.len > NAME_PLAIN_MAX || der_next(&name, &tag, &tlv, &rdns) ||
	    tag != TAG_SEQUENCE || name.len)
		return false;
	while (rdns.len || rdn.len)
		if (!attribute_next(&rdns, &rdn, &attribute) || !value_is_plain(&attribute))
			return false;
	return true;
}

bool name_has_attributes(struct bytes name)
{
	struct bytes tlv, rdns, rdn = BYTES_NULL;
	struct name_attribute attribute;
	uint8_t tag;

	return !der_next(&name, &tag, &tlv, &rdns) && attribute_next(&rdns, &rdn, &attribute);
}

struct bytes name_attribute_find(struct bytes name, int nid)
{
	const ASN1_OBJECT *object = OBJ_nid2obj(nid);
	const struct bytes type = {OBJ_get0_data(object), OBJ_length(object)};
	struct bytes tlv, rdns, rdn = BYTES_NULL;
	struct name_attribute attribute;
	uint8_t tag;

	if (der_next(&name, &tag, &tlv, &rdns))
		return BYTES_NULL;
	while (attribute_next(&rdns, &rdn, &attribute))
		if (bytes_equal(attribute.type, type))
			return attribute.value;
	return BYTES_NULL;
}

bool name_has_empty_rdn(struct bytes name)
{
	struct bytes tlv, rdns, rdn;
	uint8_t tag;

	if (der_next(&name, &tag, &tlv, &rdns))
		return false;
	while (rdns.len) {
		if (der_next(&rdns, &tag, &tlv, &rdn) || rdn.len == 0)
			return true;
	}
	return false;
}
