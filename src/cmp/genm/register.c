// SPDX-License-Identifier: Apache-2.0
/*
 * Register of IFA 033 11.2.2 in a genm, as id-cmf.10 (docs/cmp-profile.md). It changes something,
 * so it is kept as a transaction.
 */
#include "asn1/cmf_types.h"
#include "base/strbuf.h"
#include "carriers.h"
#include "cmf/attester.h"
#include "genm/genm.h"
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <openssl/objects.h>
#include <string.h>

/* What cmf/ gets, in strings that live while the request does. */
struct register_texts {
	char *cert_type;
	char *profile;
	char *vnf_instance;
	char **subject_ids;
	size_t n;
	char *statement_types[CMF_STATEMENT_TYPES_MAX];
	struct cmf_attester_said attester; /* borrows of the message, and of these */
};

static void register_texts_clear(struct register_texts *t)
{
	free(t->cert_type);
	free(t->profile);
	free(t->vnf_instance);
	for (size_t i = 0; i < t->n; i++)
		free(t->subject_ids[i]);
	free(t->subject_ids);
	for (size_t i = 0; i < ARRAY_LEN(t->statement_types); i++)
		free(t->statement_types[i]);
}

/* What is wrong with an identifier cmf/ says, as for one that came another way; here it has to be a
 * text at all. */
static int subject_id_dup(const ASN1_STRING *s, char **textp)
{
	size_t len = (size_t)ASN1_STRING_length(s);
	const unsigned char *text = ASN1_STRING_get0_data(s);
	unsigned long c;

	for (size_t at = 0; at < len;) {
		int used = UTF8_getc(text + at, (int)(len - at), &c);

		if (used <= 0 || c == 0)
			return -EBADMSG;
		at += (size_t)used;
	}
	*textp = strndup((const char *)text, len);
	return *textp ? 0 : -ENOMEM;
}

static int register_texts_read(const RegisterRequest *wire, struct register_texts *t)
{
	int n = sk_ASN1_UTF8STRING_num(wire->subjectIds), err;

	err = cmp_text_dup(wire->certType, CMP_CARRIER_TEXT_MAX, &t->cert_type);
	if (!err && wire->profile)
		err = cmp_text_dup(wire->profile, CMP_CARRIER_TEXT_MAX, &t->profile);
	if (!err && wire->vnfInstanceId)
		err = cmp_text_dup(wire->vnfInstanceId, CMP_CARRIER_TEXT_MAX, &t->vnf_instance);
	if (err)
		return err;
	t->subject_ids = calloc((size_t)(n > 0 ? n : 1), sizeof(*t->subject_ids));
	if (!t->subject_ids)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		err = subject_id_dup(sk_ASN1_UTF8STRING_value(wire->subjectIds, i),
				     &t->subject_ids[t->n]);
		if (err)
			return err;
		t->n++;
	}
	return t->n ? 0 : -EBADMSG;
}

static struct bytes string_view(const ASN1_STRING *s)
{
	return (struct bytes){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

static int attester_items_read(const AttesterId *id, struct cmf_attester_said *said)
{
	const STACK_OF(ASN1_STRING) * certs;

	switch (id->type) {
	case ATTESTER_PUBLIC_KEY:
		said->kind = STORE_ATTESTER_KEY;
		said->item[said->n_items++] = string_view(id->value.publicKey);
		return 0;
	case ATTESTER_CERTIFICATE:
		said->kind = STORE_ATTESTER_CERTIFICATE;
		said->item[said->n_items++] = string_view(id->value.certificate);
		return 0;
	default:
		break;
	}
	said->kind = STORE_ATTESTER_CAS;
	certs = id->value.caCertificates;
	if (sk_ASN1_STRING_num(certs) > CMF_ATTESTER_CERTIFICATES_MAX)
		return -EBADMSG;
	for (int i = 0; i < sk_ASN1_STRING_num(certs); i++)
		said->item[said->n_items++] = string_view(sk_ASN1_STRING_value(certs, i));
	return 0;
}

/* As dotted text; one that is longer than any that is taken is cut, and none then. */
static int statement_types_read(const STACK_OF(ASN1_OBJECT) * types, struct register_texts *t)
{
	struct cmf_attester_said *said = &t->attester;
	char text[CMF_STATEMENT_TYPE_MAX + 2];

	if (sk_ASN1_OBJECT_num(types) > CMF_STATEMENT_TYPES_MAX)
		return -EBADMSG;
	for (int i = 0; i < sk_ASN1_OBJECT_num(types); i++) {
		OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(types, i), 1);
		t->statement_types[i] = strdup(text);
		if (!t->statement_types[i])
			return -ENOMEM;
		said->statement_types[said->n_statement_types++] = t->statement_types[i];
	}
	return 0;
}

static int attester_read(const Attester *wire, struct register_texts *t)
{
	int64_t policy = STORE_ATTESTER_AS_PROFILE;
	int err = attester_items_read(wire->id, &t->attester);

	if (!err)
		err = statement_types_read(wire->statementTypes, t);
	if (!err && wire->policy &&
	    (ASN1_ENUMERATED_get_int64(&policy, wire->policy) != 1 ||
	     policy < STORE_ATTESTER_VERIFY || policy > STORE_ATTESTER_REQUIRE))
		err = -EBADMSG;
	t->attester.policy = (enum store_attester_policy)policy;
	return err;
}

/* IFA 033 11.2.2.2: what the wire says, without judging it. */
static int register_read(struct cmp_request *rq, const RegisterRequest *wire,
			 struct register_texts *t, struct cmf_register *request)
{
	int64_t handling = CERT_HANDLING_NONE;
	int err = register_texts_read(wire, t);

	if (!err && wire->attester)
		err = attester_read(wire->attester, t);
	if (err == -EBADMSG)
		return refuse(&rq->refusal, REFUSAL_register_malformed);
	if (err)
		return err;
	if (cert_type_parse(t->cert_type, &request->cert_type))
		return refuse(&rq->refusal, REFUSAL_cert_type_unknown);
	if (wire->handling &&
	    (ASN1_ENUMERATED_get_int64(&handling, wire->handling) != 1 ||
	     handling < CERT_HANDLING_DIRECT || handling > CERT_HANDLING_DELEGATION))
		return refuse(&rq->refusal, REFUSAL_register_malformed);
	request->has_cert_type = true;
	request->handling = (enum cert_handling)handling;
	request->attester = wire->attester ? &t->attester : NULL;
	request->profile = t->profile;
	request->vnf_instance = t->vnf_instance;
	request->subject_ids = (const char *const *)t->subject_ids;
	request->n_subject_ids = t->n;
	return 0;
}

/* RegisterResponse: accepted, and the subjectIds as they came. */
static int register_reply(struct cmp_request *rq, const RegisterRequest *wire)
{
	RegisterResponse *response = RegisterResponse_new();
	unsigned char *der = NULL;
	int len = -1, err = -ENOMEM;

	if (response) {
		PKIStatusInfo_free(response->status);
		response->status = cmp_status_info_new(PKI_STATUS_ACCEPTED, NULL, -1);
		sk_ASN1_UTF8STRING_free(response->subjectIds);
		response->subjectIds = wire->subjectIds;
		if (response->status)
			len = i2d_RegisterResponse(response, &der);
		response->subjectIds = NULL;
	}
	if (len > 0)
		err = cmp_reply_genp(rq, rq->door->oids[CMP_OID_REGISTER_RESPONSE],
				     (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	RegisterResponse_free(response);
	return err;
}

/* Of several subjectIds the error says which are refused for that reason. Their text is not told.
 */
static int places_tell(struct cmp_request *rq, const struct cmf_register *request)
{
	const struct cmf_register_bad *bad = request->bad;
	_cleanup_(strbuf_clear) struct strbuf places = STRBUF_NULL;
	struct refusal *refusal = &rq->refusal;
	const char *detail = refusal->detail;

	if (request->n_subject_ids == 1 || bad->n == 0 || refusal->words[0])
		return REFUSED;
	for (size_t i = 0; i < bad->n; i++) {
		if (bad->reason[i] == refusal->reason)
			strbuf_printf(&places, "%s%zu", places.text ? ", " : "", bad->index[i]);
	}
	if (places.failed || !places.text)
		return -ENOMEM;
	(void)refuse_about(refusal, refusal->reason, "subjectIds %s, counted from 0", places.text);
	refusal->detail = detail;
	return REFUSED;
}

static int register_decide(struct cmp_request *rq, const RegisterRequest *wire)
{
	const struct cmf_call call = cmp_call(rq);
	_cleanup_(register_texts_clear) struct register_texts texts = {0};
	struct cmf_register_bad bad = {.n = 0};
	struct cmf_register request = {.bad = &bad};
	int err;

	err = register_read(rq, wire, &texts, &request);
	if (!err && request.n_subject_ids == 1)
		cmp_log_certificate(rq, request.subject_ids[0], request.vnf_instance, &SERIAL_NULL);
	if (!err)
		err = cmf_register(&call, &request);
	if (err == REFUSED)
		err = places_tell(rq, &request);
	return err ? err : register_reply(rq, wire);
}

int cmp_genm_register(struct cmp_request *rq, const ASN1_TYPE *value)
{
	RegisterRequest *wire = NULL;
	const unsigned char *p;
	int err;

	rq->attempt.keep_refusal = true;
	if (value && value->type == V_ASN1_SEQUENCE) {
		p = value->value.sequence->data;
		wire = d2i_RegisterRequest(NULL, &p, value->value.sequence->length);
		if (wire && p != value->value.sequence->data + value->value.sequence->length) {
			RegisterRequest_free(wire);
			wire = NULL;
		}
	}
	if (!wire)
		return refuse(&rq->refusal, REFUSAL_register_malformed);
	err = register_decide(rq, wire);
	RegisterRequest_free(wire);
	return err;
}
