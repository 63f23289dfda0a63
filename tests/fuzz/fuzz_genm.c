// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of InfoTypeAndValue: what a genm asks, as the door reads it and as `cmfctl explain`
 * prints it. The first octet says who asks and the second for what, the others are the infoValue;
 * or they are the whole content of the body. The answer must be genp or error.
 */
#include "served.h"

#include "asn1/cmf_types.h"
#include "asn1/der.h"
#include "explain.h"
#include "value.h"

#include <openssl/err.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID_IT(n) "1.3.6.1.5.5.7.4." #n

/* The types of RFC 9810 and RFC 9483, ours, and one that nobody knows. */
static const char *const types[] = {
	ID_IT(1),
	ID_IT(2),
	ID_IT(3),
	ID_IT(4),
	ID_IT(5),
	ID_IT(6),
	ID_IT(7),
	ID_IT(10),
	ID_IT(11),
	ID_IT(12),
	ID_IT(13),
	ID_IT(14),
	ID_IT(15),
	ID_IT(16),
	ID_IT(17),
	ID_IT(18),
	ID_IT(19),
	ID_IT(20),
	ID_IT(21),
	ID_IT(22),
	ID_IT(23),
	ID_IT(24),
	"1.2.3.4",
	OID_CMF_REGISTER_REQUEST,
	OID_CMF_NONCE_REQUEST,
};

enum { SENDERS = 5 };

static const struct house_credential *sender_of(uint8_t choice)
{
	const struct house_credential *const senders[SENDERS] = {
		NULL, &served_house.vnfm_a, &served_house.ra, &served_announcer, &served_entity};

	return senders[choice % SENDERS];
}

/* One element of that type; of any further number the octets are GenMsgContent. */
static PKIBody *body_of(uint8_t choice, struct bytes value)
{
	struct der_writer w = DER_WRITER_NULL;
	ASN1_OBJECT *type;
	PKIBody *body;
	const unsigned char *p;

	der_put(&w, value);
	if (choice < ARRAY_LEN(types)) {
		type = OBJ_txt2obj(types[choice], 1);
		der_put_value(&w, V_ASN1_OBJECT,
			      (struct bytes){OBJ_get0_data(type), OBJ_length(type)});
		ASN1_OBJECT_free(type);
		der_put_header(&w, 0x30, 0);
		der_put_header(&w, 0x30, 0);
	}
	der_put_header(&w, 0xa0 | PKI_BODY_GENM, 0);
	p = der_written(&w).data;
	/* What is no DER is refused before anybody looks at it, fuzz_message. */
	body = p && !der_check(der_written(&w)) ? d2i_PKIBody(NULL, &p, (long)der_written(&w).len)
						: NULL;
	der_writer_clear(&w);
	return body;
}

static void explain(const PKIBody *body)
{
	struct explain e = {.out = BIO_new(BIO_s_null())};

	HOUSE_CHECK(e.out);
	explain_body(&e, body);
	HOUSE_CHECK(e.depth == 0);
	BIO_free(e.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct told told;
	struct ask a;

	if (size < 2)
		return 0;
	served_prepare();
	ask_new(&a, &served_house, sender_of(data[0]));
	a.body = body_of(data[1], (struct bytes){data + 2, size - 2});
	if (a.body) {
		explain(a.body);
		ask_send(&a, &told);
		HOUSE_CHECK(told.msg->body_type == PKI_BODY_GENP ||
			    told.msg->body_type == PKI_BODY_ERROR);
		HOUSE_CHECK(told.msg->body_type == PKI_BODY_GENP || told_failinfo(&told) >= 0);
		explain(told.msg->body);
		told_clear(&told);
	}
	ask_clear(&a);
	ERR_clear_error();
	return 0;
}
