// SPDX-License-Identifier: Apache-2.0
/*
 * Strict DER, checked in one pass with a fixed stack: no recursion, no allocation. What depends on
 * a schema (DEFAULT values, named bits, strings under IMPLICIT tags) is not seen here.
 */
#include "asn1/der.h"

#include <errno.h>
#include <string.h>

#define TAG_CLASS       0xc0
#define TAG_CONSTRUCTED 0x20
#define TAG_NUMBER      0x1f
#define TAG_SET         0x31

/* Octets of a high tag number: more than four (28 bits) has no use and is refused. */
#define HIGH_TAG_OCTETS_MAX 4

struct element {
	const uint8_t *start;
	uint8_t identifier;
	const uint8_t *content;
	size_t len;
};

/* What is broken where, NULL: nobody asks. */
static void note(struct der_problem *problem, const char *rule)
{
	if (problem)
		problem->rule = rule;
}

/* X.690 8.1.2.4: a tag number of 31 or more, in the fewest octets. Returns its end or NULL. */
static const uint8_t *high_tag_skip(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *first = p;

	if (p == end || *p == 0x80)
		return NULL;
	while (p < end && (*p & 0x80))
		p++;
	if (p == end || p - first >= HIGH_TAG_OCTETS_MAX)
		return NULL;
	if (p == first && *p < TAG_NUMBER)
		return NULL;
	return p + 1;
}

/* X.690 10.1: definite lengths in the fewest octets. Returns the content's start or NULL. */
static const uint8_t *length_read(const uint8_t *p, const uint8_t *end, size_t *lenp,
				  struct der_problem *problem)
{
	size_t len, n;

	note(problem, "the octets end where the length of the element should stand");
	if (p == end)
		return NULL;
	len = *p++;
	if (len >= 0x80) {
		n = len & 0x7f;
		if (n > 0 && n <= 4 && n > (size_t)(end - p))
			return NULL;
		note(problem, n == 0  ? "the length is indefinite, which BER has and DER has not "
					"(X.690 10.1)"
			      : n > 4 ? "the length has more than four octets"
				      : "the length is not in its shortest form (X.690 10.1)");
		if (n == 0 || n > 4 || *p == 0)
			return NULL;
		len = 0;
		while (n-- > 0)
			len = len << 8 | *p++;
		if (len < 0x80)
			return NULL;
	}
	*lenp = len;
	return p;
}

static int element_read(const uint8_t *p, const uint8_t *end, struct element *ep,
			struct der_problem *problem)
{
	note(problem, "the octets end where an element should begin");
	if (p == end)
		return -EBADMSG;
	ep->start = p;
	ep->identifier = *p++;
	if ((ep->identifier & TAG_NUMBER) == TAG_NUMBER) {
		note(problem, "the tag number is not in its shortest form, too long or cut off "
			      "(X.690 8.1.2.4)");
		p = high_tag_skip(p, end);
		if (!p)
			return -EBADMSG;
	}
	ep->content = length_read(p, end, &ep->len, problem);
	if (!ep->content)
		return -EBADMSG;
	if (ep->len <= (size_t)(end - ep->content))
		return 0;
	note(problem, "the element is longer than what it lies in");
	if (problem)
		problem->missing = ep->len - (size_t)(end - ep->content);
	return -EBADMSG;
}

/* X.690 8.3.2: the first nine bits of an INTEGER are not all alike. */
static bool integer_valid(const uint8_t *p, size_t len)
{
	if (len == 0)
		return false;
	if (len == 1)
		return true;
	return !(p[0] == 0x00 && !(p[1] & 0x80)) && !(p[0] == 0xff && (p[1] & 0x80));
}

/* X.690 8.6.2, 11.2: up to seven unused bits, all zero; none in an empty string. */
static bool bit_string_valid(const uint8_t *p, size_t len)
{
	if (len == 0 || p[0] > 7)
		return false;
	if (len == 1)
		return p[0] == 0;
	return (p[len - 1] & ((1U << p[0]) - 1)) == 0;
}

/* X.690 8.19.2: each subidentifier in the fewest octets, the last one complete. */
static bool oid_valid(const uint8_t *p, size_t len)
{
	if (len == 0 || (p[len - 1] & 0x80))
		return false;
	for (size_t i = 0; i < len; i++)
		if (p[i] == 0x80 && (i == 0 || !(p[i - 1] & 0x80)))
			return false;
	return true;
}

static bool all_digits(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return true;
}

/* X.690 11.8: YYMMDDhhmmssZ */
static bool utc_time_valid(const uint8_t *p, size_t len)
{
	return len == 13 && all_digits(p, 12) && p[12] == 'Z';
}

/* X.690 11.7: YYYYMMDDhhmmss[.f]Z, the fraction without trailing zeros */
static bool generalized_time_valid(const uint8_t *p, size_t len)
{
	if (len < 15 || !all_digits(p, 14) || p[len - 1] != 'Z')
		return false;
	if (len == 15)
		return true;
	return len >= 17 && p[14] == '.' && all_digits(p + 15, len - 16) && p[len - 2] != '0';
}

/* The rule that the contents break; NULL: none. */
static const char *primitive_rule(uint8_t tag, const uint8_t *p, size_t len)
{
	switch (tag) {
	case 0x01:
		return len == 1 && (p[0] == 0x00 || p[0] == 0xff)
			       ? NULL
			       : "a BOOLEAN is one octet, 00 or FF (X.690 11.1)";
	case 0x02:
	case 0x0a:
		return integer_valid(p, len)
			       ? NULL
			       : "an INTEGER or ENUMERATED has the fewest octets (X.690 8.3.2)";
	case 0x03:
		return bit_string_valid(p, len) ? NULL
						: "the unused bits of a BIT STRING are at most "
						  "seven, and zero (X.690 8.6.2, 11.2)";
	case 0x05:
		return len == 0 ? NULL : "NULL has no contents (X.690 8.8)";
	case 0x06:
	case 0x0d: /* RELATIVE-OID */
		return oid_valid(p, len) ? NULL
					 : "an OBJECT IDENTIFIER is whole, and each part of it has "
					   "the fewest octets (X.690 8.19)";
	case 0x17:
		return utc_time_valid(p, len) ? NULL : "UTCTime is YYMMDDhhmmssZ (X.690 11.8)";
	case 0x18:
		return generalized_time_valid(p, len)
			       ? NULL
			       : "GeneralizedTime is YYYYMMDDhhmmssZ, with a fraction that does "
				 "not end in 0, if any (X.690 11.7)";
	case 0x1c:
		return len % 4 == 0 ? NULL : "UniversalString has four octets a character";
	case 0x1e:
		return len % 2 == 0 ? NULL : "BMPString has two octets a character";
	default: /* strings, REAL: any octets */
		return NULL;
	}
}

/* The same of which universal types are constructed, X.690 8 and 10.2, and of their contents. */
static const char *universal_rule(uint8_t number, bool constructed, struct bytes content)
{
	switch (number) {
	case 0x00: /* end-of-contents: BER only */
	case 0x0f: /* reserved */
	/*
	 * No type of CMP or X.509 uses these, and OpenSSL's ANY does not keep them as they are:
	 * EXTERNAL, EMBEDDED PDV, CHARACTER STRING, and what has a high tag.
	 */
	case 0x08:
	case 0x0b:
	case 0x1d:
	case TAG_NUMBER:
		return "no type of CMP has this universal tag";
	case 0x10: /* SEQUENCE */
	case 0x11: /* SET */
		return constructed ? NULL : "SEQUENCE and SET are constructed (X.690 8.9, 8.11)";
	default:
		return constructed ? "the type is primitive in DER, and here in constructed form "
				     "(X.690 10.2)"
				   : primitive_rule(number, content.data, content.len);
	}
}

/* X.690 11.6: encodings compare as octet strings, the shorter padded with zeros. */
static bool is_ascending(struct bytes previous, struct bytes next)
{
	size_t common = previous.len < next.len ? previous.len : next.len;
	int order = memcmp(previous.data, next.data, common);

	return order < 0 || (order == 0 && previous.len <= next.len);
}

static const char *const rule_of_set = "the elements of a SET OF are in ascending order "
				       "(X.690 11.6)";

const char *der_hidden_rule(uint8_t number, bool constructed, struct bytes content)
{
	const char *rule = universal_rule(number, constructed, content);
	struct bytes previous = BYTES_NULL, tlv, inner;
	uint8_t tag;

	if (rule || number != (TAG_SET & TAG_NUMBER))
		return rule;
	while (der_next(&content, &tag, &tlv, &inner) == 0) {
		if (previous.data && !is_ascending(previous, tlv))
			return rule_of_set;
		previous = tlv;
	}
	return NULL;
}

/* A constructed value whose contents are being walked through. */
struct level {
	const uint8_t *end;
	bool is_set;
	struct bytes previous; /* in a SET: the element before */
	unsigned attributes;   /* if it is a Name: members of the SETs in it, empty ones too */
};

/* Checks an element at its level, and opens a level for its contents. -EBADMSG if it is no DER. */
static int element_enter(const struct element *e, struct level *levels, size_t *depthp,
			 struct der_problem *problem)
{
	struct level *level = &levels[*depthp];
	struct bytes tlv = {e->start, (size_t)(e->content - e->start) + e->len};
	const char *rule = NULL;

	if ((e->identifier & TAG_CLASS) == 0)
		rule = universal_rule(e->identifier & TAG_NUMBER, e->identifier & TAG_CONSTRUCTED,
				      (struct bytes){e->content, e->len});
	note(problem, rule);
	if (rule)
		return -EBADMSG;
	if (level->is_set) {
		note(problem, rule_of_set);
		if (level->previous.data && !is_ascending(level->previous, tlv))
			return -EBADMSG;
		note(problem, "a name has more attributes than are accepted");
		if (level->previous.data && ++(level - 1)->attributes > DER_ATTRIBUTES_MAX)
			return -EMSGSIZE;
		level->previous = tlv;
	}
	note(problem, "a name has more attributes than are accepted");
	if (e->identifier == TAG_SET && ++level->attributes > DER_ATTRIBUTES_MAX)
		return -EMSGSIZE;
	if (!(e->identifier & TAG_CONSTRUCTED))
		return 0;
	note(problem, "elements lie deeper in each other than is accepted");
	if (*depthp + 1 > DER_DEPTH_MAX)
		return -EBADMSG;
	++*depthp;
	levels[*depthp] =
		(struct level){e->content + e->len, e->identifier == TAG_SET, BYTES_NULL, 0};
	return 0;
}

/* Up to the end of the first value, or to *pp, where it breaks a rule. */
static int value_check(const uint8_t **pp, const uint8_t *end, struct der_problem *problem)
{
	struct level levels[DER_DEPTH_MAX + 1];
	size_t depth = 0, elements = 0;
	struct element e;
	int err;

	levels[0] = (struct level){end, false, BYTES_NULL, 0};
	do {
		note(problem, "there are more elements than are accepted");
		if (++elements > DER_ELEMENTS_MAX)
			return -EBADMSG;
		err = element_read(*pp, levels[depth].end, &e, problem);
		if (!err)
			err = element_enter(&e, levels, &depth, problem);
		if (err)
			return err;
		*pp = (e.identifier & TAG_CONSTRUCTED) ? e.content : e.content + e.len;
		while (depth > 0 && *pp == levels[depth].end)
			depth--;
	} while (depth > 0);
	return 0;
}

int der_check_why(struct bytes in, struct der_problem *problem)
{
	const uint8_t *p = in.data;
	int err;

	if (problem)
		*problem = (struct der_problem){0};
	if (in.len == 0) {
		note(problem, "there are no octets");
		return -EBADMSG;
	}
	err = value_check(&p, in.data + in.len, problem);
	if (!err && p != in.data + in.len) {
		note(problem, "something follows behind the value");
		err = -EBADMSG;
	}
	if (err && problem)
		problem->offset = (size_t)(p - in.data);
	return err;
}

int der_check(struct bytes in)
{
	return der_check_why(in, NULL);
}

int der_next(struct bytes *in, uint8_t *tagp, struct bytes *tlvp, struct bytes *contentp)
{
	const uint8_t *end;
	struct element e;

	if (in->len == 0)
		return -ENODATA;
	end = in->data + in->len;
	if ((in->data[0] & TAG_NUMBER) == TAG_NUMBER || element_read(in->data, end, &e, NULL))
		return -EBADMSG;
	*tagp = e.identifier;
	*contentp = (struct bytes){e.content, e.len};
	*tlvp = (struct bytes){e.start, (size_t)(e.content - e.start) + e.len};
	*in = (struct bytes){e.content + e.len, (size_t)(end - (e.content + e.len))};
	return 0;
}
