// SPDX-License-Identifier: Apache-2.0
/*
 * Why octets are no message, for people: at which octet, in which field, and which rule it is.
 * Comes after decode.c has refused them, and only says why; clients are told decode.c's refusal.
 */
#include "message.h"

#include "asn1/der.h"
#include "asn1/fields.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/*
 * PKIMessage with all that lies in it, to find fields; never decoded. DecodedMessage goes as far as
 * the decoder does: what certificates are is looked at later.
 */
typedef struct {
	PKIHeader *header;
	PKIBody *body;
	ASN1_BIT_STRING *protection;
	STACK_OF(X509) * extraCerts;
} WholeMessage;

typedef struct {
	PKIHeader *header;
	PKIBody *body;
	ASN1_BIT_STRING *protection;
	STACK_OF(ASN1_STRING) * extraCerts;
} DecodedMessage;

/* clang-format off */
ASN1_SEQUENCE(WholeMessage) = {
	ASN1_SIMPLE(WholeMessage, header, PKIHeader),
	ASN1_SIMPLE(WholeMessage, body, PKIBody),
	ASN1_EXP_OPT(WholeMessage, protection, ASN1_BIT_STRING, 0),
	ASN1_EXP_SEQUENCE_OF_OPT(WholeMessage, extraCerts, X509, 1),
} static_ASN1_SEQUENCE_END(WholeMessage)

ASN1_SEQUENCE(DecodedMessage) = {
	ASN1_SIMPLE(DecodedMessage, header, PKIHeader),
	ASN1_SIMPLE(DecodedMessage, body, PKIBody),
	ASN1_EXP_OPT(DecodedMessage, protection, ASN1_BIT_STRING, 0),
	ASN1_EXP_SEQUENCE_OF_OPT(DecodedMessage, extraCerts, ASN1_SEQUENCE, 1),
} static_ASN1_SEQUENCE_END(DecodedMessage)
			/* clang-format on */

			/* The name of the body's alternative, as far as the octets go; NULL: they
			   do not. */
			static const char *
			body_name(struct bytes der)
{
	bool is_long = der.len > 1 && (der.data[1] & 0x80);
	size_t skip = 2 + (size_t)(is_long ? der.data[1] & 0x7f : 0);
	struct bytes rest, tlv, content;
	uint8_t tag;

	if (skip >= der.len)
		return NULL;
	rest = (struct bytes){der.data + skip, der.len - skip};
	return der_next(&rest, &tag, &tlv, &content) == 0 && rest.len > 0
		       ? pki_body_type_name(rest.data[0] - 0xa0)
		       : NULL;
}

/* Several alternatives of PKIBody are one type: "body.ir", where the template has its members. */
static void problem_set(struct cmp_problem *problem, struct bytes der,
			const struct fields_place *place, const char *rule)
{
	const char *rest = strncmp(place->path, "body.", 5) == 0 ? place->path + 5 : NULL;
	const char *name = rest ? body_name(der) : NULL;

	problem->offset = place->offset;
	snprintf(problem->rule, sizeof(problem->rule), "%s", rule);
	if (name)
		snprintf(problem->path, sizeof(problem->path), "body.%s%s", name,
			 rest + strcspn(rest, ".["));
	else
		snprintf(problem->path, sizeof(problem->path), "%s", place->path);
}

static void problem_at(struct cmp_problem *problem, struct bytes der, size_t offset,
		       const char *rule)
{
	struct fields_place place = {.offset = offset};

	fields_locate(der, ASN1_ITEM_rptr(WholeMessage), offset, &place);
	problem_set(problem, der, &place, rule);
}

/* What is no DER at all. */
static bool der_problem_find(struct bytes der, struct cmp_problem *problem)
{
	struct der_problem why;
	char rule[CMP_PROBLEM_RULE_MAX];

	if (der_check_why(der, &why) == 0)
		return false;
	if (why.missing && why.offset == 0) {
		/* The outermost: so it goes on where the octets end. */
		snprintf(rule, sizeof(rule),
			 "the message is cut off here: %zu octets are missing by its own length",
			 why.missing);
		problem_at(problem, der, der.len, rule);
		return true;
	}
	snprintf(rule, sizeof(rule), why.missing ? "%s, by %zu octets" : "%s", why.rule,
		 why.missing);
	problem_at(problem, der, why.offset, rule);
	return true;
}

/* What the tags do not show, and OpenSSL refuses all the same. */
static bool value_problem_find(struct bytes der, struct bytes part, const ASN1_ITEM *it,
			       struct cmp_problem *problem)
{
	const unsigned char *p = part.data;
	void *value = ASN1_item_d2i(NULL, &p, (long)part.len, it);

	ERR_clear_error();
	if (!value)
		problem_at(problem, der, (size_t)(part.data - der.data), "is no value of its type");
	ASN1_item_free(value, it);
	return !value;
}

/* CertRequest keeps its octets, and so is looked at by itself. RFC 4211 3 */
static bool request_problem_find(struct bytes der, struct bytes body, struct cmp_problem *problem)
{
	struct bytes in = body, list, msgs, msg, request, tlv, content;
	struct fields_place place;
	uint8_t tag;

	if (der_next(&in, &tag, &tlv, &list) || der_next(&list, &tag, &tlv, &msgs))
		return false;
	while (der_next(&msgs, &tag, &tlv, &msg) == 0) {
		if (der_next(&msg, &tag, &request, &content) ||
		    !fields_mismatch(request, ASN1_ITEM_rptr(CertRequest), &place))
			continue;
		problem_at(problem, der, (size_t)(request.data - der.data) + place.offset,
			   place.rule);
		return true;
	}
	return false;
}

static bool parts_problem_find(struct bytes der, struct cmp_problem *problem)
{
	struct bytes in = der, header, body, tlv, content;
	uint8_t tag, body_tag;

	if (der_next(&in, &tag, &tlv, &content) || der_next(&content, &tag, &header, &tlv) ||
	    der_next(&content, &body_tag, &body, &tlv))
		return false;
	if (value_problem_find(der, header, ASN1_ITEM_rptr(PKIHeader), problem) ||
	    value_problem_find(der, body, ASN1_ITEM_rptr(PKIBody), problem))
		return true;
	switch (body_tag - 0xa0) {
	case PKI_BODY_IR:
	case PKI_BODY_CR:
	case PKI_BODY_KUR:
	case PKI_BODY_KRR:
	case PKI_BODY_CCR:
		return request_problem_find(der, body, problem);
	default:
		return false;
	}
}

/* Certificates, CRLs and messages are kept as they came, as ANY: they must be SEQUENCEs. */
static bool kept_problem_find(struct bytes der, struct cmp_problem *problem)
{
	struct bytes in = der, body, tlv, content;
	uint8_t tag, body_tag;

	if (der_next(&in, &tag, &tlv, &content) || der_next(&content, &tag, &tlv, &in) ||
	    der_next(&content, &body_tag, &tlv, &body))
		return false;
	if (body_tag - 0xa0 == PKI_BODY_CRLANN || body_tag - 0xa0 == PKI_BODY_NESTED) {
		if (der_next(&body, &tag, &tlv, &content))
			return false;
		body = content;
	} else if (body_tag - 0xa0 != PKI_BODY_CANN) {
		return false;
	}
	while (der_next(&body, &tag, &tlv, &content) == 0) {
		if (tag == 0x30)
			continue;
		problem_at(problem, der, (size_t)(tlv.data - der.data), "should be SEQUENCE");
		return true;
	}
	return false;
}

static bool fields_problem_find(struct bytes der, struct cmp_problem *problem)
{
	struct fields_place place = {0};

	if (fields_mismatch(der, ASN1_ITEM_rptr(DecodedMessage), &place)) {
		problem_set(problem, der, &place, place.rule);
		return true;
	}
	if (parts_problem_find(der, problem) || kept_problem_find(der, problem))
		return true;
	if (!fields_empty_list(der, ASN1_ITEM_rptr(DecodedMessage), &place))
		return false;
	problem_set(problem, der, &place,
		    "is empty, and has SIZE (1..MAX): leave it out, or fill it");
	return true;
}

void cmp_message_problem(struct bytes der, struct cmp_problem *problem)
{
	*problem = (struct cmp_problem){0};
	if (!der_problem_find(der, problem) && !fields_problem_find(der, problem))
		snprintf(problem->rule, sizeof(problem->rule), "is no PKIMessage (RFC 4210 5.1)");
}
