// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of messages within messages, which a registration authority signs: RFC 9483 5.2.2 and
 * 5.2.3. The first octet says how the others lie in it; they are one message or several in a row.
 * Added protection and batches are of messages that were made authentic; what is within or beside
 * them goes in as it is, too.
 */
#include "served.h"

#include "asn1/der.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OID_ORIG_PKI_MESSAGE "1.3.6.1.5.5.7.4.15"

enum form {
	FORM_AUTHENTIC,   /* each made authentic: one is approved, several are a batch */
	FORM_TWICE,       /* the same within another nested message */
	FORM_AS_IT_IS,    /* the octets are the content of the body */
	FORM_REPLACED,    /* the first with the others as origPKIMessage */
	FORM_REPLACED_IN, /* the same of the nested message around it */
	FORM_COUNT,
};

enum { MESSAGES_MAX = 4 };

static void send_ask(struct ask *a)
{
	uint8_t nonce[CMP_NONCE_LEN];

	ask_encode(a);
	served(octets_view(&a->sent), nonce);
}

/* Their number. */
static int authentic_add(struct ask *outer, struct bytes in)
{
	uint8_t nonce[CMP_NONCE_LEN] = {0}, tag;
	struct octets last = OCTETS_NULL;
	struct bytes tlv, content;
	int n = 0;

	for (int i = 0; i < MESSAGES_MAX && !der_next(&in, &tag, &tlv, &content); i++) {
		struct octets made = served_authentic(tlv, nonce, true);

		if (made.len) {
			ask_nested(outer, octets_view(&made));
			octets_clear(&last);
			last = made;
			n++;
		}
	}
	if (n == 1)
		served_ids_copy(outer, octets_view(&last));
	octets_clear(&last);
	return n;
}

static void authentic_send(struct bytes in, bool twice)
{
	struct ask outer, around;

	ask_new(&outer, &served_house, &served_house.ra);
	if (authentic_add(&outer, in) > 0) {
		send_ask(&outer);
		if (twice) {
			/* The ids of the one within: approved twice; the same octets again:
			 * replayed. */
			ask_new(&around, &served_house, &served_house.ra);
			ask_nested(&around, octets_view(&outer.sent));
			served_ids_copy(&around, octets_view(&outer.sent));
			send_ask(&around);
			ask_clear(&around);
		}
	}
	ask_clear(&outer);
}

/* The body of that tag around the octets; NULL if it does not decode. */
static PKIBody *body_of(struct bytes content, enum pki_body_type type)
{
	struct der_writer w = DER_WRITER_NULL;
	const unsigned char *p;
	PKIBody *body;

	der_put(&w, content);
	der_put_header(&w, 0x30, 0);
	der_put_header(&w, (uint8_t)(0xa0 | type), 0);
	p = der_written(&w).data;
	body = p ? d2i_PKIBody(NULL, &p, (long)der_written(&w).len) : NULL;
	der_writer_clear(&w);
	return body;
}

static void as_it_is_send(struct bytes in)
{
	struct ask outer;

	ask_new(&outer, &served_house, &served_house.ra);
	outer.body = body_of(in, PKI_BODY_NESTED);
	if (outer.body)
		send_ask(&outer);
	ask_clear(&outer);
}

/* origPKIMessage with those messages, as they came. */
static void original_add(struct ask *a, struct bytes originals)
{
	struct der_writer w = DER_WRITER_NULL;

	der_put(&w, originals);
	der_put_header(&w, 0x30, 0);
	if (!der_check(der_written(&w)))
		ask_info_add(a, OID_ORIG_PKI_MESSAGE, der_written(&w));
	der_writer_clear(&w);
}

/* The registration authority sends the body of the first as its own. */
static void replaced_send(struct bytes in)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;
	struct bytes first, content;
	struct ask a;
	uint8_t tag;

	if (der_next(&in, &tag, &first, &content) || cmp_message_decode(first, &msg, &refusal) ||
	    msg->body_type == PKI_BODY_NESTED) {
		cmp_message_free(msg);
		return;
	}
	ask_new(&a, &served_house, &served_house.ra);
	served_ids_copy(&a, first);
	original_add(&a, in);
	/* As it came: its proof of possession is the entity's. */
	a.body = msg->body;
	a.keep_pop = true;
	send_ask(&a);
	a.body = NULL;
	ask_clear(&a);
	cmp_message_free(msg);
}

static void replaced_in_send(struct bytes in)
{
	struct bytes first, content;
	struct ask outer;
	uint8_t tag;

	if (der_next(&in, &tag, &first, &content))
		return;
	ask_new(&outer, &served_house, &served_house.ra);
	if (authentic_add(&outer, first) == 1) {
		original_add(&outer, in);
		send_ask(&outer);
	}
	ask_clear(&outer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data + 1, size - 1};

	if (size < 2)
		return 0;
	served_prepare();
	switch (data[0] % FORM_COUNT) {
	case FORM_AUTHENTIC:
		authentic_send(in, false);
		break;
	case FORM_TWICE:
		authentic_send(in, true);
		break;
	case FORM_AS_IT_IS:
		as_it_is_send(in);
		break;
	case FORM_REPLACED:
		replaced_send(in);
		break;
	default:
		replaced_in_send(in);
		break;
	}
	return 0;
}
