// SPDX-License-Identifier: Apache-2.0
/*
 * Whether two Names are others, before either is decoded. See asn1/name.h. It never contradicts
 * X509_NAME_cmp(), which decides where this does not.
 */
#include "asn1/name.h"

#include "asn1/der.h"

enum { TAG_SEQUENCE = 0x30, TAG_SET = 0x31 };

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void spaces_skip(struct bytes *text)
{
	while (text->len && is_space(text->data[0]))
		*text = (struct bytes){text->data + 1, text->len - 1};
}

/* The next character in lower case, all white space before another one as one blank; -1: none. */
static int character_next(struct bytes *text)
{
	bool blank = text->len && is_space(text->data[0]);
	int c;

	spaces_skip(text);
	if (!text->len)
		return -1;
	if (blank)
		return ' ';
	c = text->data[0];
	*text = (struct bytes){text->data + 1, text->len - 1};
	return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

/* A string whose octets are those that are compared: UTF8String, and others of ASCII alone. */
static bool is_plain(uint8_t tag, struct bytes text)
{
	if (tag == 0x0c)
		return true;
	if (tag != 0x13 && tag != 0x16 && tag != 0x1a)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] & 0x80)
			return false;
	return true;
}

static bool text_differs(struct bytes a, struct bytes b)
{
	int c;

	spaces_skip(&a);
	spaces_skip(&b);
	do {
		c = character_next(&a);
		if (c != character_next(&b))
			return true;
	} while (c >= 0);
	return false;
}

/* The one AttributeTypeAndValue of a RelativeDistinguishedName; false: there are others. */
static bool attribute_read(struct bytes *rdns, struct bytes *oidp, uint8_t *tagp,
			   struct bytes *valuep)
{
	struct bytes tlv, set, attribute, unused;
	uint8_t tag;

	return !der_next(rdns, &tag, &tlv, &set) && tag == TAG_SET &&
	       !der_next(&set, &tag, &tlv, &attribute) && tag == TAG_SEQUENCE && !set.len &&
	       !der_next(&attribute, &tag, oidp, &unused) &&
	       !der_next(&attribute, tagp, &tlv, valuep) && !attribute.len;
}

bool name_differs(struct bytes a, struct bytes b)
{
	struct bytes tlv, x, y, oid_x, oid_y, value_x, value_y;
	uint8_t tag, tag_x, tag_y;

	if (der_next(&a, &tag, &tlv, &x) || tag != TAG_SEQUENCE || der_next(&b, &tag, &tlv, &y) ||
	    tag != TAG_SEQUENCE)
		return false;
	while (x.len && y.len) {
		if (!attribute_read(&x, &oid_x, &tag_x, &value_x) ||
		    !attribute_read(&y, &oid_y, &tag_y, &value_y))
			return false;
		if (!bytes_equal(oid_x, oid_y))
			return true;
		if (is_plain(tag_x, value_x) && is_plain(tag_y, value_y) &&
		    text_differs(value_x, value_y))
			return true;
	}
	if (!x.len && !y.len)
		return false;
	/* One is longer, if what it has more is an attribute: an RDN of none counts for nothing. */
	return attribute_read(x.len ? &x : &y, &oid_x, &tag_x, &value_x);
}
