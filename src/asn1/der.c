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
static const uint8_t *length_read(const uint8_t *p, const uint8_t *end, size_t *lenp)
{
	size_t len, n;

	if (p == end)
		return NULL;
	len = *p++;
	if (len >= 0x80) {
		n = len & 0x7f;
		if (n == 0 || n > 4 || n > (size_t)(end - p) || *p == 0)
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

static int element_read(const uint8_t *p, const uint8_t *end, struct element *ep)
{
	if (p == end)
		return -EBADMSG;
	ep->start = p;
	ep->identifier = *p++;
	if ((ep->identifier & TAG_NUMBER) == TAG_NUMBER) {
		p = high_tag_skip(p, end);
		if (!p)
			return -EBADMSG;
	}
	ep->content = length_read(p, end, &ep->len);
	if (!ep->content || ep->len > (size_t)(end - ep->content))
		return -EBADMSG;
	return 0;
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

static bool primitive_valid(uint8_t tag, const uint8_t *p, size_t len)
{
	switch (tag) {
	case 0x01: /* BOOLEAN, X.690 11.1 */
		return len == 1 && (p[0] == 0x00 || p[0] == 0xff);
	case 0x02: /* INTEGER */
	case 0x0a: /* ENUMERATED */
		return integer_valid(p, len);
	case 0x03:
		return bit_string_valid(p, len);
	case 0x05: /* NULL */
		return len == 0;
	case 0x06: /* OBJECT IDENTIFIER */
	case 0x0d: /* RELATIVE-OID */
		return oid_valid(p, len);
	case 0x17:
		return utc_time_valid(p, len);
	case 0x18:
		return generalized_time_valid(p, len);
	case 0x1c: /* UniversalString: four octets a character */
		return len % 4 == 0;
	case 0x1e: /* BMPString: two */
		return len % 2 == 0;
	default: /* strings, REAL: any octets */
		return true;
	}
}

/* X.690 8 and 10.2: which universal types are constructed, and what primitive ones contain. */
static bool universal_valid(const struct element *e)
{
	uint8_t number = e->identifier & TAG_NUMBER;
	bool constructed = e->identifier & TAG_CONSTRUCTED;

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
		return false;
	case 0x10: /* SEQUENCE */
	case 0x11: /* SET */
		return constructed;
	default:
		return !constructed && primitive_valid(number, e->content, e->len);
	}
}

/* X.690 11.6: encodings compare as octet strings, the shorter padded with zeros. */
static bool is_ascending(struct bytes previous, struct bytes next)
{
	size_t common = previous.len < next.len ? previous.len : next.len;
	int order = memcmp(previous.data, next.data, common);

	return order < 0 || (order == 0 && previous.len <= next.len);
}

/* A constructed value whose contents are being walked through. */
struct level {
	const uint8_t *end;
	bool is_set;
	struct bytes previous; /* in a SET: the element before */
	unsigned attributes;   /* if it is a Name: members of the SETs in it, empty ones too */
};

/* Checks an element at its level, and opens a level for its contents. -EBADMSG if it is no DER. */
static int element_enter(const struct element *e, struct level *levels, size_t *depthp)
{
	struct level *level = &levels[*depthp];
	struct bytes tlv = {e->start, (size_t)(e->content - e->start) + e->len};

	if ((e->identifier & TAG_CLASS) == 0 && !universal_valid(e))
		return -EBADMSG;
	if (level->is_set) {
		if (level->previous.data && !is_ascending(level->previous, tlv))
			return -EBADMSG;
		if (level->previous.data && ++(level - 1)->attributes > DER_ATTRIBUTES_MAX)
			return -EMSGSIZE;
		level->previous = tlv;
	}
	if (e->identifier == TAG_SET && ++level->attributes > DER_ATTRIBUTES_MAX)
		return -EMSGSIZE;
	if (!(e->identifier & TAG_CONSTRUCTED))
		return 0;
	if (*depthp + 1 > DER_DEPTH_MAX)
		return -EBADMSG;
	++*depthp;
	levels[*depthp] =
		(struct level){e->content + e->len, e->identifier == TAG_SET, BYTES_NULL, 0};
	return 0;
}

int der_check(struct bytes in)
{
	struct level levels[DER_DEPTH_MAX + 1];
	const uint8_t *p = in.data;
	size_t depth = 0, elements = 0;
	struct element e;
	int err;

	if (in.len == 0)
		return -EBADMSG;
	levels[0] = (struct level){in.data + in.len, false, BYTES_NULL, 0};
	do {
		if (++elements > DER_ELEMENTS_MAX || element_read(p, levels[depth].end, &e))
			return -EBADMSG;
		err = element_enter(&e, levels, &depth);
		if (err)
			return err;
		p = (e.identifier & TAG_CONSTRUCTED) ? e.content : e.content + e.len;
		while (depth > 0 && p == levels[depth].end)
			depth--;
	} while (depth > 0);
	return p == levels[0].end ? 0 : -EBADMSG;
}

int der_next(struct bytes *in, uint8_t *tagp, struct bytes *tlvp, struct bytes *contentp)
{
	const uint8_t *end;
	struct element e;

	if (in->len == 0)
		return -ENODATA;
	end = in->data + in->len;
	if ((in->data[0] & TAG_NUMBER) == TAG_NUMBER || element_read(in->data, end, &e))
		return -EBADMSG;
	*tagp = e.identifier;
	*contentp = (struct bytes){e.content, e.len};
	*tlvp = (struct bytes){e.start, (size_t)(e.content - e.start) + e.len};
	*in = (struct bytes){e.content + e.len, (size_t)(end - (e.content + e.len))};
	return 0;
}
