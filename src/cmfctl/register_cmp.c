// SPDX-License-Identifier: Apache-2.0
/*
 * Register over the wire: genm with id-cmf.10 RegisterRequest, answered by genp id-cmf.11. The
 * messages go through cmp_client.c.
 */
#include "attester.h"
#include "cmp_client.h"

#include "asn1/cmf_types.h"
#include "base/cert_type.h"

#include <string.h>

/*
 * Octets of subjectIds in one message: with header, protection and a chain of certificates it stays
 * below the 64 KiB that a CMF accepts as shipped.
 */
enum { MESSAGE_SUBJECTS_MAX = 32768 };

DEFINE_CLEANUP(RegisterRequest, RegisterRequest_free);
DEFINE_CLEANUP(RegisterResponse, RegisterResponse_free);

/* --- RegisterRequest --- */

static ASN1_UTF8STRING *utf8_new(const char *text)
{
	ASN1_UTF8STRING *s = ASN1_UTF8STRING_new();

	if (s && ASN1_STRING_set(s, text, -1))
		return s;
	ASN1_UTF8STRING_free(s);
	return NULL;
}

static bool subjects_put(RegisterRequest *request, char *const *ids, size_t n)
{
	if (!request->subjectIds)
		request->subjectIds = sk_ASN1_UTF8STRING_new_null();
	for (size_t i = 0; request->subjectIds && i < n; i++) {
		ASN1_UTF8STRING *id = utf8_new(ids[i]);

		if (!id || sk_ASN1_UTF8STRING_push(request->subjectIds, id) <= 0) {
			ASN1_UTF8STRING_free(id);
			return false;
		}
	}
	return request->subjectIds != NULL;
}

/* The request for n subjects; NULL out of memory. */
static RegisterRequest *request_new(const struct ctl_register *reg, char *const *ids, size_t n)
{
	_cleanup_(RegisterRequest_freep) RegisterRequest *request = RegisterRequest_new();
	enum cert_handling handling;

	if (!request || !ASN1_STRING_set(request->certType, reg->cert_type, -1) ||
	    !subjects_put(request, ids, n))
		return NULL;
	if (reg->handling && !cert_handling_parse(reg->handling, &handling)) {
		request->handling = ASN1_ENUMERATED_new();
		if (!request->handling || !ASN1_ENUMERATED_set(request->handling, handling))
			return NULL;
	}
	if (reg->profile) {
		request->profile = utf8_new(reg->profile);
		if (!request->profile)
			return NULL;
	}
	if (reg->attester) {
		request->attester = ctl_attester_wire(reg->attester);
		if (!request->attester)
			return NULL;
	}
	if (reg->vnf_instance) {
		request->vnfInstanceId = utf8_new(reg->vnf_instance);
		if (!request->vnfInstanceId)
			return NULL;
	}
	return TAKE(request);
}

/* A genm with it; NULL out of memory. */
static PKIBody *request_body(const RegisterRequest *request)
{
	PKIBody *body = cmp_body_new(PKI_BODY_GENM);
	InfoTypeAndValue *info = InfoTypeAndValue_new();
	ASN1_STRING *sequence = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	unsigned char *der = NULL;
	int len = i2d_RegisterRequest(request, &der);

	if (info && sequence && len > 0) {
		ASN1_STRING_set0(sequence, TAKE(der), len);
		info->infoType = OBJ_dup(cmf_object(CMF_OBJECT_REGISTER_REQUEST));
		info->infoValue = ASN1_TYPE_new();
		if (info->infoValue)
			ASN1_TYPE_set(info->infoValue, V_ASN1_SEQUENCE, TAKE(sequence));
	}
	OPENSSL_free(der);
	ASN1_STRING_free(sequence);
	if (body && info && info->infoType && info->infoValue &&
	    sk_InfoTypeAndValue_push(body->value.genmsg, info) > 0)
		return body;
	InfoTypeAndValue_free(info);
	PKIBody_free(body);
	return NULL;
}

/* --- RegisterResponse --- */

/* A rejection in words: statusString and failInfo. */
static int status_refused(const PKIStatusInfo *status)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;

	for (int i = 0; i < sk_ASN1_UTF8STRING_num(status->statusString); i++) {
		const ASN1_UTF8STRING *s = sk_ASN1_UTF8STRING_value(status->statusString, i);

		strbuf_add_n(&text, (const char *)ASN1_STRING_get0_data(s),
			     (size_t)ASN1_STRING_length(s));
		strbuf_add(&text, " ");
	}
	for (int bit = 0; status->failInfo && bit < FAIL_COUNT; bit++) {
		if (ASN1_BIT_STRING_get_bit(status->failInfo, bit))
			strbuf_printf(&text, "(%s)", failinfo_name(bit));
	}
	ctl_error("refused: %s", text.text ? text.text : "no reason given");
	return CTL_REFUSED;
}

/* Whether the answer says that exactly these n subjects are registered. */
static int response_check(const RegisterResponse *response, char *const *ids, size_t n)
{
	if (ASN1_INTEGER_get(response->status->status) > 1)
		return status_refused(response->status);
	if ((size_t)sk_ASN1_UTF8STRING_num(response->subjectIds) != n) {
		ctl_error("the answer of the CMF is not about the entities asked for");
		return CTL_FAULT;
	}
	for (size_t i = 0; i < n; i++) {
		const ASN1_UTF8STRING *id = sk_ASN1_UTF8STRING_value(response->subjectIds, (int)i);

		if ((size_t)ASN1_STRING_length(id) != strlen(ids[i]) ||
		    memcmp(ASN1_STRING_get0_data(id), ids[i], strlen(ids[i])) != 0) {
			ctl_error("the answer of the CMF is not about the entities asked for");
			return CTL_FAULT;
		}
	}
	return CTL_OK;
}

static int answer_read(const struct cmp_message *msg, char *const *ids, size_t n)
{
	_cleanup_(RegisterResponse_freep) RegisterResponse *response = NULL;
	const STACK_OF(InfoTypeAndValue) *infos =
		msg->body_type == PKI_BODY_GENP ? msg->body->value.genmsg : NULL;
	const InfoTypeAndValue *info =
		sk_InfoTypeAndValue_num(infos) == 1 ? sk_InfoTypeAndValue_value(infos, 0) : NULL;

	if (info && info->infoValue && ASN1_TYPE_get(info->infoValue) == V_ASN1_SEQUENCE &&
	    OBJ_cmp(info->infoType, cmf_object(CMF_OBJECT_REGISTER_RESPONSE)) == 0) {
		const ASN1_STRING *der = info->infoValue->value.sequence;
		const unsigned char *p = ASN1_STRING_get0_data(der);

		response = d2i_RegisterResponse(NULL, &p, ASN1_STRING_length(der));
	}
	if (!response) {
		ctl_error("the answer of the CMF is no RegisterResponse");
		return CTL_FAULT;
	}
	return response_check(response, ids, n);
}

/* --- one message --- */

static int message_send(const struct cmp_client *client, const struct ctl_register *reg,
			char *const *ids, size_t n)
{
	_cleanup_(RegisterRequest_freep) RegisterRequest *request = request_new(reg, ids, n);
	_cleanup_(cmp_client_answer_clear) struct cmp_client_answer answer = {0};
	PKIBody *body = request ? request_body(request) : NULL;
	int status;

	if (!body)
		return ctl_openssl_error("the request cannot be made");
	status = cmp_client_ask(client, body, &answer);
	PKIBody_free(body);
	return status ? status : answer_read(answer.msg, ids, n);
}

/* How many subjects from `from` on fit into one message. */
static size_t message_subjects(const struct ctl_subjects *subjects, size_t from)
{
	size_t octets = 0, n = 0;

	while (from + n < subjects->len && octets < MESSAGE_SUBJECTS_MAX)
		octets += strlen(subjects->item[from + n++]) + 4; /* tag and length */
	return n;
}

int ctl_register_cmp(struct ctl *ctl, const struct ctl_register *reg)
{
	_cleanup_(cmp_client_freep) struct cmp_client *client = NULL;
	size_t done = 0, total = reg->subjects.len;
	int status = cmp_client_new(reg, &client);

	if (status)
		return status;
	while (done < total) {
		size_t n = message_subjects(&reg->subjects, done);

		status = message_send(client, reg, reg->subjects.item + done, n);
		if (status && done)
			ctl_error("the first %zu of %zu entities are registered", done, total);
		if (status)
			return status;
		done += n;
		if (n < total)
			ctl_subjects_progress("registered", done, total);
	}
	return CTL_OK;
}
