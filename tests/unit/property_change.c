// SPDX-License-Identifier: Apache-2.0
/* Changing one value of a message. See property.h. */
#include "property.h"

#include "asn1/der.h"

#include <check.h>
#include <string.h>

enum { DEPTH_MAX = 24 };

/* --- chance --- */

/* xorshift64* */
static uint64_t chance_state = 1;

void chance_seed(uint64_t seed)
{
	chance_state = seed ? seed : 1;
}

uint32_t chance(uint32_t below)
{
	chance_state ^= chance_state >> 12;
	chance_state ^= chance_state << 25;
	chance_state ^= chance_state >> 27;
	return (uint32_t)((chance_state * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

/* --- one value --- */

static struct octets taken(struct der_writer *w)
{
	struct octets o = OCTETS_NULL;

	/* One that is left out leaves nothing. */
	if (der_written(w).len)
		ck_assert_int_eq(der_writer_take(w, &o), 0);
	der_writer_clear(w);
	return o;
}

static void octet_put(struct der_writer *w, uint8_t octet)
{
	der_put(w, (struct bytes){&octet, 1});
}

/* The content with one octet changed. */
static void changed_put(struct der_writer *w, struct bytes content)
{
	size_t at = content.len ? chance((uint32_t)content.len) : 0;

	if (!content.len)
		return;
	der_put(w, (struct bytes){content.data + at + 1, content.len - at - 1});
	octet_put(w, (uint8_t)(content.data[at] ^ (1 + chance(255))));
	der_put(w, (struct bytes){content.data, at});
}

enum change { TAG, OCTET, BIT, DELETE, TWICE, EMPTY, SHORTER, LONGER, LENGTH, OTHER, CHANGES };

static struct octets value_change(uint8_t tag, struct bytes tlv, struct bytes content)
{
	struct der_writer w = DER_WRITER_NULL;

	switch ((enum change)chance(CHANGES)) {
	case DELETE:
		return taken(&w);
	case TWICE:
		der_put(&w, tlv);
		der_put(&w, tlv);
		return taken(&w);
	case LENGTH: /* of up to 127 octets, whatever is there */
		der_put(&w, content);
		octet_put(&w, (uint8_t)chance(256));
		octet_put(&w, tag);
		return taken(&w);
	case TAG:
		der_put(&w, content);
		tag = (uint8_t)(tag ^ (1U << chance(8)));
		break;
	case OCTET:
	case BIT:
		changed_put(&w, content);
		break;
	case SHORTER:
		der_put(&w, (struct bytes){content.data,
					   content.len ? chance((uint32_t)content.len) : 0});
		break;
	case LONGER:
		octet_put(&w, (uint8_t)chance(2));
		der_put(&w, content);
		break;
	case OTHER:
		for (uint32_t n = 1 + chance(16); n; n--)
			octet_put(&w, (uint8_t)chance(256));
		break;
	case EMPTY:
	case CHANGES:
	default:
		break;
	}
	der_put_header(&w, tag, 0);
	return taken(&w);
}

static void put_mutated(struct der_writer *w, struct bytes tlv, int depth);

/* One of the values in `content` is changed, the others stay. */
static void put_child_mutated(struct der_writer *w, struct bytes content, int depth)
{
	struct bytes in = content, tlv, inner;
	uint32_t n = 0, at;
	uint8_t tag;

	while (!der_next(&in, &tag, &tlv, &inner))
		n++;
	if (!n || in.len) {
		der_put(w, content);
		return;
	}
	at = chance(n);
	in = content;
	for (uint32_t i = 0; i <= at; i++)
		ck_assert_int_eq(der_next(&in, &tag, &tlv, &inner), 0);
	der_put(w, in);
	put_mutated(w, tlv, depth + 1);
	der_put(w, (struct bytes){content.data, (size_t)(tlv.data - content.data)});
}

static void put_mutated(struct der_writer *w, struct bytes tlv, int depth)
{
	struct bytes in = tlv, whole, content;
	struct octets changed;
	size_t mark = der_mark(w);
	uint8_t tag;

	if (der_next(&in, &tag, &whole, &content)) {
		der_put(w, tlv);
	} else if ((tag & V_ASN1_CONSTRUCTED) && depth < DEPTH_MAX && chance(6)) {
		put_child_mutated(w, content, depth);
		der_put_header(w, tag, mark);
	} else {
		changed = value_change(tag, tlv, content);
		der_put(w, octets_view(&changed));
		octets_clear(&changed);
	}
}

struct octets value_mutate(struct bytes tlv)
{
	struct der_writer w = DER_WRITER_NULL;

	put_mutated(&w, tlv, 0);
	return taken(&w);
}
