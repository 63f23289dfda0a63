// SPDX-License-Identifier: Apache-2.0
/*
 * What IFA 033 needs beside the certificate request: certType or profile, vnfcId, vnfInstanceId,
 * certChainRequest, wherever a message may carry them explicitly (docs/cmp-profile.md):
 * generalInfo, the URL, regInfo utf8Pairs. Here they are collected and their form is checked; what
 * they mean, and whether certTypes and vnfcIds agree, is cmf/'s.
 */
#include "carriers.h"
#include "request.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Octets of one utf8Pairs control: in an honest message four pairs, each octet of two identifiers
 * of the longest may be three. */
enum { PAIRS_MAX = 8192 };

void cmp_carriers_clear(struct cmp_carriers *carriers)
{
	for (size_t i = 0; i < carriers->n_profile_names; i++)
		free(carriers->profile_names[i]);
	for (size_t i = 0; i < carriers->n_vnfc_ids; i++)
		free(carriers->vnfc_ids[i]);
	for (size_t i = 0; i < carriers->n_vnf_instances; i++)
		free(carriers->vnf_instances[i]);
	*carriers = (struct cmp_carriers){.chain_request = -1};
}

static bool text_ok(const unsigned char *text, size_t len)
{
	unsigned long c;
	int used;

	while (len) {
		used = UTF8_getc(text, (int)len, &c);
		if (used <= 0 || c < 0x20 || c == 0x7f)
			return false;
		text += used;
		len -= (size_t)used;
	}
	return true;
}

int cmp_text_dup(const ASN1_STRING *s, size_t max, char **textp)
{
	size_t len = (size_t)ASN1_STRING_length(s);
	const unsigned char *text = ASN1_STRING_get0_data(s);

	if (!len || len > max || !text_ok(text, len))
		return -EBADMSG;
	*textp = strndup((const char *)text, len);
	return *textp ? 0 : -ENOMEM;
}

/* Takes over `text`. */
static int list_add(struct cmp_request *rq, char **list, size_t *np, char *text)
{
	if (*np == CMP_CARRIERS_MAX) {
		free(text);
		return refuse(&rq->refusal, REFUSAL_carrier_malformed);
	}
	list[(*np)++] = text;
	return 0;
}

static int chain_request_set(struct cmp_request *rq, struct cmp_carriers *c, int value)
{
	if (c->chain_request >= 0 && c->chain_request != value)
		return refuse(&rq->refusal, REFUSAL_cert_chain_request_contradiction);
	c->chain_request = value;
	return 0;
}

/* A UTF8String among the values of generalInfo. NULL text with REFUSED: malformed. */
static int utf8_value(struct cmp_request *rq, const ASN1_TYPE *value, enum refusal_reason reason,
		      char **textp)
{
	int err;

	if (!value || value->type != V_ASN1_UTF8STRING)
		return refuse(&rq->refusal, reason);
	err = cmp_text_dup(value->value.utf8string, CMP_CARRIER_TEXT_MAX, textp);
	return err == -EBADMSG ? refuse(&rq->refusal, reason) : err;
}

static int add_profile_name(struct cmp_request *rq, struct cmp_carriers *c, char *name)
{
	return list_add(rq, c->profile_names, &c->n_profile_names, name);
}

static int add_vnfc_id(struct cmp_request *rq, struct cmp_carriers *c, char *id)
{
	return list_add(rq, c->vnfc_ids, &c->n_vnfc_ids, id);
}

/* RFC 9480 2.12, RFC 9483 3.1: CertProfileValue ::= SEQUENCE OF UTF8String, exactly one here. */
static int cert_profile_read(struct cmp_request *rq, const ASN1_TYPE *value)
{
	_cleanup_(freep) char *name = NULL;
	STACK_OF(ASN1_TYPE) *names = NULL;
	const unsigned char *p;
	int err;

	if (!value || value->type != V_ASN1_SEQUENCE)
		return refuse(&rq->refusal, REFUSAL_cert_profile_malformed);
	p = value->value.sequence->data;
	names = d2i_ASN1_SEQUENCE_ANY(NULL, &p, value->value.sequence->length);
	if (sk_ASN1_TYPE_num(names) == 1)
		err = utf8_value(rq, sk_ASN1_TYPE_value(names, 0), REFUSAL_cert_profile_malformed,
				 &name);
	else
		err = refuse(&rq->refusal, REFUSAL_cert_profile_malformed);
	sk_ASN1_TYPE_pop_free(names, ASN1_TYPE_free);
	return err ? err : add_profile_name(rq, &rq->carriers, TAKE(name));
}

/* id-cmf.1: UTF8String, or INTEGER 0 MANO, 1 VNFCI, 2 VNF OAM. */
static int cert_type_read(struct cmp_request *rq, const ASN1_TYPE *value)
{
	_cleanup_(freep) char *name = NULL;
	int64_t number;
	int err;

	if (value && value->type == V_ASN1_INTEGER) {
		if (ASN1_INTEGER_get_int64(&number, value->value.integer) != 1 || number < 0 ||
		    number > CERT_TYPE_VNF_OAM)
			return refuse(&rq->refusal, REFUSAL_carrier_malformed);
		name = strdup(cert_type_name((enum cert_type)number));
		if (!name)
			return -ENOMEM;
	} else {
		err = utf8_value(rq, value, REFUSAL_carrier_malformed, &name);
		if (err)
			return err;
	}
	return add_profile_name(rq, &rq->carriers, TAKE(name));
}

static int vnfc_id_read(struct cmp_request *rq, const ASN1_TYPE *value)
{
	char *id = NULL;
	int err = utf8_value(rq, value, REFUSAL_carrier_malformed, &id);

	return err ? err : add_vnfc_id(rq, &rq->carriers, id);
}

static int add_vnf_instance(struct cmp_request *rq, struct cmp_carriers *c, char *id)
{
	return list_add(rq, c->vnf_instances, &c->n_vnf_instances, id);
}

static int vnf_instance_read(struct cmp_request *rq, const ASN1_TYPE *value)
{
	char *id = NULL;
	int err = utf8_value(rq, value, REFUSAL_carrier_malformed, &id);

	return err ? err : add_vnf_instance(rq, &rq->carriers, id);
}

static int chain_request_read(struct cmp_request *rq, const ASN1_TYPE *value)
{
	int64_t number;

	if (!value || value->type != V_ASN1_INTEGER ||
	    ASN1_INTEGER_get_int64(&number, value->value.integer) != 1 || number < 0 || number > 1)
		return refuse(&rq->refusal, REFUSAL_carrier_malformed);
	return chain_request_set(rq, &rq->carriers, (int)number);
}

static int implicit_confirm_read(struct cmp_request *rq, const ASN1_TYPE *value)
{
	/* RFC 9483 3.1: ImplicitConfirmValue MUST be NULL. Whether it may be left out the policy
	 * says, once it is known whose it is. */
	if (value && value->type != V_ASN1_NULL)
		return refuse(&rq->refusal, REFUSAL_implicit_confirm_malformed);
	rq->implicit_confirm = true;
	rq->implicit_confirm_no_value = !value;
	return 0;
}

int cmp_carriers_policy_check(struct cmp_request *rq)
{
	if (rq->implicit_confirm_no_value && rq->who.policy &&
	    !rq->who.policy->implicit_confirm_no_value)
		return refuse(&rq->refusal, REFUSAL_implicit_confirm_malformed);
	return 0;
}

/* The elements of generalInfo that are read; all others are left alone, RFC 9483 3.5. */
static const struct {
	enum cmp_oid oid;
	int (*read)(struct cmp_request *rq, const ASN1_TYPE *value);
} general_infos[] = {
	{CMP_OID_IMPLICIT_CONFIRM, implicit_confirm_read},
	{CMP_OID_CERT_PROFILE, cert_profile_read},
	{CMP_OID_CERT_TYPE, cert_type_read},
	{CMP_OID_VNFC_ID, vnfc_id_read},
	{CMP_OID_VNF_INSTANCE_ID, vnf_instance_read},
	{CMP_OID_CERT_CHAIN_REQUEST, chain_request_read},
};

/* The element of that type in generalInfo; NULL: none. */
static const InfoTypeAndValue *general_info_find(const struct cmp_request *rq,
						 const struct cmp_message *msg, enum cmp_oid oid)
{
	return cmp_message_general_info(msg, rq->door->oids[oid]);
}

static int duplicates_check(struct cmp_request *rq, const struct cmp_message *msg)
{
	const STACK_OF(InfoTypeAndValue) *infos = msg->general_info;
	bool seen[CMP_OID_COUNT] = {false};

	for (int i = 0; i < sk_InfoTypeAndValue_num(infos); i++) {
		const InfoTypeAndValue *itav = sk_InfoTypeAndValue_value(infos, i);

		for (size_t oid = 0; oid < CMP_OID_COUNT; oid++) {
			if (!cmp_oid_is(rq, (enum cmp_oid)oid, itav->infoType))
				continue;
			if (seen[oid])
				return refuse(&rq->refusal, REFUSAL_general_info_duplicate);
			seen[oid] = true;
		}
	}
	return 0;
}

/* RFC 9483 3.1: where implicitConfirm and confirmWaitTime may stand. */
static int confirmation_check(struct cmp_request *rq, const struct cmp_message *msg)
{
	const InfoTypeAndValue *wait = general_info_find(rq, msg, CMP_OID_CONFIRM_WAIT_TIME);
	bool implicit = general_info_find(rq, msg, CMP_OID_IMPLICIT_CONFIRM) != NULL;
	int type = msg->body_type;

	/* RFC 9483 5.2.2.1: an RA may copy there what the message in it has; that one counts. */
	if (type == PKI_BODY_NESTED)
		return 0;
	/* RFC 9810 D.6 adds ccr, which is confirmed likewise; krr may bring a certificate. */
	if (implicit && type != PKI_BODY_IR && type != PKI_BODY_CR && type != PKI_BODY_KUR &&
	    type != PKI_BODY_P10CR && type != PKI_BODY_CCR && type != PKI_BODY_KRR)
		return refuse(&rq->refusal, REFUSAL_implicit_confirm_unexpected);
	if (!wait)
		return 0;
	if (!wait->infoValue || wait->infoValue->type != V_ASN1_GENERALIZEDTIME)
		return refuse(&rq->refusal, REFUSAL_confirm_wait_time_malformed);
	return implicit ? refuse(&rq->refusal, REFUSAL_confirm_wait_time_conflict) : 0;
}

/*
 * What holds of generalInfo in every message. certProfile where RFC 9483 3.1 has no place for it is
 * not refused: `openssl cmp -profile` repeats it in each message of the transaction.
 */
static int general_infos_check(struct cmp_request *rq, const struct cmp_message *msg)
{
	int err = duplicates_check(rq, msg);

	return err ? err : confirmation_check(rq, msg);
}

int cmp_carriers_of_message(struct cmp_request *rq, const struct cmp_message *msg)
{
	const char *label = rq->exchange->profile_label;
	const InfoTypeAndValue *itav;
	char *name;
	int err = general_infos_check(rq, msg);

	for (size_t i = 0; i < ARRAY_LEN(general_infos) && !err; i++) {
		itav = general_info_find(rq, msg, general_infos[i].oid);
		if (itav)
			err = general_infos[i].read(rq, itav->infoValue);
	}
	if (err)
		return err;
	if (!label)
		return 0;
	if (strlen(label) > CMP_CARRIER_TEXT_MAX)
		return refuse(&rq->refusal, REFUSAL_carrier_malformed);
	name = strdup(label);
	return name ? add_profile_name(rq, &rq->carriers, name) : -ENOMEM;
}

int cmp_carriers_of_header(struct cmp_request *rq)
{
	return rq->service->opens ? cmp_carriers_of_message(rq, rq->msg)
				  : general_infos_check(rq, rq->msg);
}

static int hex_value(unsigned char c)
{
	if (!isxdigit(c))
		return -1;
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

/* The octet that "%xx" stands for; -1: it is none. */
static int escape_octet(struct bytes in, size_t at)
{
	if (at + 2 >= in.len || in.data[at] != '%' || hex_value(in.data[at + 1]) < 0 ||
	    hex_value(in.data[at + 2]) < 0)
		return -1;
	return hex_value(in.data[at + 1]) << 4 | hex_value(in.data[at + 2]);
}

/* How many octets a character has that begins with this one, if it has several; else 0. */
static size_t character_length(int first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
}

/*
 * How many "%xx" stand together at this place, in front of what ends a value with "%". No name
 * starts with a digit, so that "%" before one is always the first of an escape: %3f and %25, which
 * RFC 4211 7.1 has, and all of ASCII. What starts with a letter ("%ce" of "%certType?") is an
 * escape only as part of a whole character of UTF-8.
 */
static size_t escapes_at(struct bytes in, size_t at)
{
	int first = escape_octet(in, at);
	size_t n = first < 0 ? 0 : character_length(first);

	if (first >= 0 && isdigit(in.data[at + 1]))
		return 1;
	for (size_t i = 1; i < n; i++)
		if ((escape_octet(in, at + 3 * i) & ~0x3f) != 0x80)
			return 0;
	return n;
}

/*
 * Reads up to the octet `end`, undoing escapes, and moves *in behind it. -EBADMSG if `end` does not
 * come or the text is too long for us.
 */
static int pair_part(struct bytes *in, char end, char out[CMP_CARRIER_TEXT_MAX + 1])
{
	size_t n = 0, escapes = 0;
	uint8_t c;

	for (size_t i = 0; i < in->len; i++) {
		c = in->data[i];
		if (escapes == 0)
			escapes = escapes_at(*in, i);
		if (escapes > 0) {
			c = (uint8_t)escape_octet(*in, i);
			i += 2;
			escapes--;
		} else if (c == (uint8_t)end) {
			out[n] = '\0';
			*in = (struct bytes){in->data + i + 1, in->len - i - 1};
			return text_ok((const unsigned char *)out, n) ? 0 : -EBADMSG;
		} else if (c == '?' || c == '%') {
			return -EBADMSG;
		}
		if (n == CMP_CARRIER_TEXT_MAX)
			return -EBADMSG;
		out[n++] = (char)c;
	}
	return -EBADMSG;
}

/* The pairs that name something; an empty vnfInstanceId says that it is in none. */
static const struct {
	const char *name;
	int (*add)(struct cmp_request *rq, struct cmp_carriers *c, char *value);
	bool may_be_empty;
} pair_names[] = {
	{"certType", add_profile_name, false},
	{"vnfcId", add_vnfc_id, false},
	{"vnfInstanceId", add_vnf_instance, true},
};

static int pair_use(struct cmp_request *rq, struct cmp_carriers *c, const char *name,
		    const char *value)
{
	if (!strcmp(name, "certChainRequest")) {
		if (strcmp(value, "0") && strcmp(value, "1"))
			return refuse(&rq->refusal, REFUSAL_carrier_malformed);
		return chain_request_set(rq, c, value[0] - '0');
	}
	for (size_t i = 0; i < ARRAY_LEN(pair_names); i++) {
		char *copy;

		if (strcmp(name, pair_names[i].name) != 0)
			continue;
		if (!*value && !pair_names[i].may_be_empty)
			return refuse(&rq->refusal, REFUSAL_carrier_malformed);
		copy = strdup(value);
		return copy ? pair_names[i].add(rq, c, copy) : -ENOMEM;
	}
	c->more = true;
	return 0;
}

/* RFC 4211 7.1: Name?Value%[Name?Value%]* */
static int pairs_read(struct cmp_request *rq, struct cmp_carriers *c, const ASN1_TYPE *control)
{
	char name[CMP_CARRIER_TEXT_MAX + 1], value[CMP_CARRIER_TEXT_MAX + 1];
	struct bytes in;
	int err;

	if (!control || control->type != V_ASN1_UTF8STRING)
		return refuse(&rq->refusal, REFUSAL_carrier_malformed);
	in.data = control->value.utf8string->data;
	in.len = (size_t)control->value.utf8string->length;
	if (!in.len || in.len > PAIRS_MAX)
		return refuse(&rq->refusal, REFUSAL_carrier_malformed);
	while (in.len) {
		if (isdigit(in.data[0]) || pair_part(&in, '?', name) || pair_part(&in, '%', value))
			return refuse(&rq->refusal, REFUSAL_carrier_malformed);
		err = pair_use(rq, c, name, value);
		if (err)
			return err;
	}
	return 0;
}

int cmp_carriers_of_reg_info(struct cmp_request *rq,
			     const STACK_OF(AttributeTypeAndValue) * reg_info,
			     struct cmp_carriers *carriers)
{
	const AttributeTypeAndValue *control;
	int err;

	for (int i = 0; i < sk_AttributeTypeAndValue_num(reg_info); i++) {
		control = sk_AttributeTypeAndValue_value(reg_info, i);
		/* RFC 4211 7.2: the template in it would replace the one that is checked. */
		if (cmp_oid_is(rq, CMP_OID_REG_CERT_REQ, control->type))
			return refuse(&rq->refusal, REFUSAL_reg_info_cert_req);
		if (!cmp_oid_is(rq, CMP_OID_UTF8_PAIRS, control->type)) {
			carriers->more = true;
			continue;
		}
		err = pairs_read(rq, carriers, control->value);
		if (err)
			return err;
	}
	return 0;
}

int cmp_chain_request(struct cmp_request *rq, const struct cmp_carriers *further, bool *wantedp)
{
	int chain = rq->carriers.chain_request;

	if (chain >= 0 && further->chain_request >= 0 && chain != further->chain_request)
		return refuse(&rq->refusal, REFUSAL_cert_chain_request_contradiction);
	/* IFA 033 11.2.3.2: certChainRequest, which is yes by default. */
	*wantedp = (chain < 0 ? further->chain_request : chain) != 0;
	return 0;
}
