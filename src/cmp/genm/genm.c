// SPDX-License-Identifier: Apache-2.0
/*
 * genm: what is asked for by each InfoTypeAndValue, and whether it may be asked together with
 * others and by this requester, RFC 9483 4.3, RFC 9810 5.3.19. The types are served in the files
 * beside.
 */
#include "genm/genm.h"
#include "asn1/der.h"
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/services.h"

#include <errno.h>
#include <string.h>

/* RFC 9483 4.3 has one element in a message; each more costs an answer. */
enum { INFOS_MAX = 16 };

/* What the infoValue of a request is. */
enum value_rule { VALUE_ABSENT, VALUE_PRESENT, VALUE_OPTIONAL };

static const struct genm_type {
	enum cmp_oid type;
	enum value_rule value;
	/* It changes something, so it stands alone, and an end entity may not ask for it. */
	bool alone;
	/* It is an announcement, see announce.c. */
	bool announces;
	/* Told to who asks for nothing in particular, RFC 9810 5.3.19. */
	bool offered;
	const char *label; /* RFC 9483 6.1: what the URL says of it; NULL: nothing */
	int (*serve)(struct cmp_request *rq, const ASN1_TYPE *value);
} genm_types[] = {
	{CMP_OID_CA_CERTS, VALUE_ABSENT, false, false, true, "getcacerts", cmp_genm_ca_certs},
	{CMP_OID_ROOT_CA_CERT, VALUE_OPTIONAL, false, false, false, "getrootupdate",
	 cmp_genm_root_ca_cert},
	{CMP_OID_CERT_REQ_TEMPLATE, VALUE_ABSENT, false, false, false, "getcertreqtemplate",
	 cmp_genm_cert_req_template},
	{CMP_OID_CRL_STATUS_LIST, VALUE_PRESENT, false, false, false, "getcrls",
	 cmp_genm_crl_status},
	{CMP_OID_CURRENT_CRL, VALUE_ABSENT, false, false, true, NULL, cmp_genm_current_crl},
	{CMP_OID_SIGN_KEY_PAIR_TYPES, VALUE_ABSENT, false, false, true, NULL,
	 cmp_genm_sign_key_pair_types},
	{CMP_OID_ENC_KEY_PAIR_TYPES, VALUE_ABSENT, false, false, true, NULL,
	 cmp_genm_enc_key_pair_types},
	{CMP_OID_PREFERRED_SYMM_ALG, VALUE_ABSENT, false, false, true, NULL,
	 cmp_genm_preferred_symm_alg},
	{CMP_OID_CA_PROT_ENC_CERT, VALUE_ABSENT, false, false, false, NULL,
	 cmp_genm_ca_prot_enc_cert},
	{CMP_OID_KEY_PAIR_PARAM_REQ, VALUE_PRESENT, false, false, false, NULL,
	 cmp_genm_key_pair_param},
	{CMP_OID_LANG_TAGS, VALUE_PRESENT, false, false, false, NULL, cmp_genm_lang_tags},
	{CMP_OID_REV_PASSPHRASE, VALUE_OPTIONAL, true, false, false, NULL, cmp_genm_rev_passphrase},
	{CMP_OID_ROOT_CA_KEY_UPDATE, VALUE_OPTIONAL, true, true, false, NULL,
	 cmp_genm_root_ca_key_update},
	{CMP_OID_CA_KEY_UPDATE_INFO, VALUE_OPTIONAL, true, true, false, NULL,
	 cmp_genm_ca_key_update_info},
	{CMP_OID_REGISTER_REQUEST, VALUE_OPTIONAL, true, false, false, NULL, cmp_genm_register},
	{CMP_OID_NONCE_REQUEST, VALUE_PRESENT, false, false, false, "getnonce", cmp_genm_nonce},
};

/* NULL: a type that is not known. */
static const struct genm_type *type_find(const struct cmp_request *rq, const ASN1_OBJECT *type)
{
	for (size_t i = 0; i < ARRAY_LEN(genm_types); i++)
		if (cmp_oid_is(rq, genm_types[i].type, type))
			return &genm_types[i];
	return NULL;
}

/* --- whether it may be asked --- */

/*
 * RFC 9483 4.3: any end entity may ask for information. What changes something is for clients; but
 * a passphrase is about the entity's own certificates.
 */
static int requester_check(struct cmp_request *rq, const struct genm_type *type)
{
	if (rq->who.kind == CMF_PRINCIPAL_END_ENTITY && type && type->alone &&
	    type->type != CMP_OID_REV_PASSPHRASE)
		return refuse(&rq->refusal, REFUSAL_end_entity_only_own);
	return 0;
}

/* RFC 9483 6.1: an operation label that names an infoType. */
static int label_check(struct cmp_request *rq, const struct genm_type *type)
{
	const char *label = rq->exchange->operation_label;
	bool named = false;

	for (size_t i = 0; i < ARRAY_LEN(genm_types) && label; i++)
		named = named || (genm_types[i].label && !strcmp(label, genm_types[i].label));
	if (named && (!type || !type->label || strcmp(label, type->label)))
		return refuse(&rq->refusal, REFUSAL_operation_label_mismatch);
	return 0;
}

static int value_check(struct cmp_request *rq, const struct genm_type *type, const ASN1_TYPE *value)
{
	if (type->value == VALUE_ABSENT && value)
		return refuse(&rq->refusal, REFUSAL_genm_value_unexpected);
	if (type->value == VALUE_PRESENT && !value)
		return refuse(&rq->refusal, REFUSAL_genm_value_missing);
	return 0;
}

static int info_check(struct cmp_request *rq, const STACK_OF(InfoTypeAndValue) * list, int at)
{
	const InfoTypeAndValue *itav = sk_InfoTypeAndValue_value(list, at);
	int n = sk_InfoTypeAndValue_num(list);
	const struct genm_type *type = type_find(rq, itav->infoType);
	int err = requester_check(rq, type);

	if (!err)
		err = label_check(rq, type);
	if (err || !type)
		return err;
	if (type->alone && n > 1)
		return refuse(&rq->refusal, REFUSAL_genm_alone);
	/* Each costs an answer, and of CRLs a long one. */
	for (int i = 0; i < at; i++)
		if (!OBJ_cmp(sk_InfoTypeAndValue_value(list, i)->infoType, itav->infoType))
			return refuse(&rq->refusal, REFUSAL_genm_duplicate);
	return value_check(rq, type, itav->infoValue);
}

/* --- answering --- */

/* RFC 9810 5.3.19.7: the types that are not known, in one element; nothing if all are. */
static int unsupported_add(struct cmp_request *rq, const STACK_OF(InfoTypeAndValue) * list)
{
	struct der_writer w = DER_WRITER_NULL;
	_cleanup_(octets_clear) struct octets value = OCTETS_NULL;
	size_t mark = der_mark(&w);
	bool any = false;
	int err;

	for (int i = sk_InfoTypeAndValue_num(list) - 1; i >= 0; i--) {
		const ASN1_OBJECT *type = sk_InfoTypeAndValue_value(list, i)->infoType;

		if (type_find(rq, type))
			continue;
		any = true;
		der_put_value(&w, V_ASN1_OBJECT,
			      (struct bytes){OBJ_get0_data(type), OBJ_length(type)});
	}
	der_put_header(&w, V_ASN1_CONSTRUCTED | V_ASN1_SEQUENCE, mark);
	err = der_writer_take(&w, &value);
	if (err || !any)
		return err;
	return cmp_reply_genp(rq, rq->door->oids[CMP_OID_UNSUPPORTED_OIDS], octets_view(&value));
}

/* "the empty set indicates that the CA may send any/all information that it wishes" */
static int offers_add(struct cmp_request *rq)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(genm_types) && !err; i++)
		if (genm_types[i].offered)
			err = genm_types[i].serve(rq, NULL);
	return err;
}

static bool is_announcement(const struct cmp_request *rq, const InfoTypeAndValue *itav)
{
	const struct genm_type *type = type_find(rq, itav->infoType);

	return type && type->announces;
}

int cmp_genm_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	const STACK_OF(InfoTypeAndValue) *list = rq->msg->body->value.genmsg;
	int n = sk_InfoTypeAndValue_num(list), err = 0;
	bool changes = rq->attempt.passphrase_kept;

	rq->attempt.keep_refusal = changes;
	if (n > INFOS_MAX)
		return refuse(&rq->refusal, REFUSAL_genm_count);
	err = cmp_nonce_transaction_check(rq);
	for (int i = 0; i < n && !err; i++)
		err = info_check(rq, list, i);
	for (int i = 0; i < n && !err; i++) {
		const InfoTypeAndValue *itav = sk_InfoTypeAndValue_value(list, i);
		const struct genm_type *type = type_find(rq, itav->infoType);

		if (type)
			err = type->serve(rq, itav->infoValue);
		changes = changes || (type && type->alone);
	}
	if (!err && n == 0)
		err = offers_add(rq);
	if (!err)
		err = unsupported_add(rq, list);
	/* What is remembered without a transaction: nonces. */
	if (!err && !store_unit_empty(rq->worker->unit))
		outcome->record = CMP_RECORD_UNIT;
	if (err || !changes)
		return err;
	/* An announcement is recorded first, since it may be there already. */
	if (n == 1 && is_announcement(rq, sk_InfoTypeAndValue_value(list, 0)))
		*outcome = (struct cmp_outcome){
			.record = CMP_RECORD_UNIT, .may_be_there = true, .resumes = true};
	else
		cmp_outcome_becomes(outcome, STORE_TXN_DONE);
	return 0;
}

/* What changed something has a transaction, so that nothing changes when it comes once more. */
int cmp_genm_resume(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	cmp_outcome_becomes(outcome, STORE_TXN_DONE);
	return 0;
}
