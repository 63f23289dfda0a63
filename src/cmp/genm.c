// SPDX-License-Identifier: Apache-2.0
/*
 * genm: support messages of RFC 9483 4.3 and RFC 4210 5.3.19, and Register of IFA 033 11.2.2 as
 * id-cmf.10 (docs/cmp-profile.md). Only Register changes anything, so only that is kept as a
 * transaction; a repeated question for information is simply answered again.
 */
#include "door_private.h"

#include "asn1/algorithm.h"

#include "asn1/der.h"

#include <errno.h>
#include <string.h>

/* Octets of a subjectId in RegisterRequest; cmf/ has its own, stricter rule. */
enum { SUBJECT_ID_MAX = 255 };

static int answer(struct cmp_request *rq, enum cmp_oid type, struct bytes value)
{
	int err = cmp_reply_genp(rq, rq->door->oids[type], value);

	return err ? err : cmp_reply_encode(rq);
}

/* A SEQUENCE around the parts. */
static int sequence_of(const struct bytes *parts, size_t n, struct octets *outp)
{
	struct der_writer w = DER_WRITER_NULL;
	size_t mark = der_mark(&w);

	while (n)
		der_put(&w, parts[--n]);
	der_put_header(&w, V_ASN1_CONSTRUCTED | V_ASN1_SEQUENCE, mark);
	return der_writer_take(&w, outp);
}

static size_t chains_len(struct ca_set *cas)
{
	const struct bytes *chain;
	size_t n = 0;

	for (size_t i = 0; i < ca_count(cas); i++)
		n += ca_chain(ca_at(cas, i), &chain);
	return n;
}

/* RFC 9483 4.3.1: the intermediate and issuing CA certificates, each once. */
static int serve_ca_certs(struct cmp_request *rq)
{
	struct ca_set *cas = cmf_cas(rq->door->cmf);
	_cleanup_(octets_clear) struct octets value = OCTETS_NULL;
	_cleanup_(freep) struct bytes *certs = NULL;
	size_t max = chains_len(cas), n = 0, n_chain;
	const struct bytes *chain;
	bool known;
	int err;

	certs = calloc(max + 1, sizeof(*certs));
	if (!certs)
		return -ENOMEM;
	for (size_t i = 0; i < ca_count(cas); i++) {
		n_chain = ca_chain(ca_at(cas, i), &chain);
		for (size_t j = 0; j < n_chain && n < max; j++) {
			known = false;
			for (size_t k = 0; k < n && !known; k++)
				known = bytes_equal(certs[k], chain[j]);
			if (!known)
				certs[n++] = chain[j];
		}
	}
	err = n ? sequence_of(certs, n, &value) : 0;
	return err ? err : answer(rq, CMP_OID_CA_CERTS, octets_view(&value));
}

/* --- what the configuration alone decides ----------------------------------------------------- */

static X509_ALGOR *key_algorithm(const struct conf_key_type *type)
{
	X509_ALGOR *alg = X509_ALGOR_new();
	int ok = 0;

	if (!alg)
		return NULL;
	switch (type->kind) {
	case CONF_KEY_RSA:
		ok = X509_ALGOR_set0(alg, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL);
		break;
	case CONF_KEY_EC:
		ok = X509_ALGOR_set0(alg, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
				     OBJ_nid2obj(type->curve_nid));
		break;
	case CONF_KEY_ED25519:
		ok = X509_ALGOR_set0(alg, OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, NULL);
		break;
	case CONF_KEY_ED448:
		ok = X509_ALGOR_set0(alg, OBJ_nid2obj(NID_ED448), V_ASN1_UNDEF, NULL);
		break;
	case CONF_KEY_NAMED:
		ok = X509_ALGOR_set0(alg, OBJ_nid2obj(type->algorithm_nid), V_ASN1_UNDEF, NULL);
		break;
	}
	if (!ok) {
		X509_ALGOR_free(alg);
		return NULL;
	}
	return alg;
}

/* Appends the AlgorithmIdentifier unless it is in the list already. */
static int algorithm_add(struct octets *list, const struct conf_key_type *type)
{
	X509_ALGOR *alg = key_algorithm(type);
	unsigned char *der = NULL;
	struct bytes in = octets_view(list), tlv, content;
	uint8_t tag, *grown;
	int len, err = 0;

	len = alg ? i2d_X509_ALGOR(alg, &der) : -1;
	X509_ALGOR_free(alg);
	if (len < 0)
		return -ENOMEM;
	while (!der_next(&in, &tag, &tlv, &content))
		if (bytes_equal(tlv, (struct bytes){der, (size_t)len}))
			goto out;
	grown = realloc(list->data, list->len + (size_t)len);
	if (!grown) {
		err = -ENOMEM;
		goto out;
	}
	memcpy(grown + list->len, der, (size_t)len);
	*list = (struct octets){grown, list->len + (size_t)len};
out:
	OPENSSL_free(der);
	return err;
}

/* RFC 9810 5.3.19.2: that sign; 5.3.19.3: that are for encryption and key agreement. */
/* Whether OpenSSL's name of it is that of a signature: ML-DSA, SLH-DSA. */
static bool named_signs(const struct conf_key_type *type)
{
	return signature_algorithm_find(OBJ_nid2obj(type->algorithm_nid));
}

static bool key_type_signs(const struct conf_key_type *type)
{
	return type->kind != CONF_KEY_NAMED || named_signs(type);
}

static bool key_type_encrypts(const struct conf_key_type *type)
{
	if (type->kind == CONF_KEY_NAMED)
		return !named_signs(type);
	return type->kind != CONF_KEY_ED25519 && type->kind != CONF_KEY_ED448;
}

/* The kinds of key of that use, of those that any profile certifies. */
static int key_pair_types(const struct conf *conf, bool (*fits)(const struct conf_key_type *),
			  struct octets *typesp)
{
	_cleanup_(octets_clear) struct octets list = OCTETS_NULL;
	struct bytes part;
	int err = 0;

	for (size_t i = 0; i < conf->n_profiles && !err; i++)
		for (size_t j = 0; j < conf->profiles[i].key_types.len && !err; j++)
			if (fits(&conf->profiles[i].key_types.item[j]))
				err = algorithm_add(&list, &conf->profiles[i].key_types.item[j]);
	part = octets_view(&list);
	return err ? err : sequence_of(&part, 1, typesp);
}

int cmp_support_prepare(struct cmp_door *door)
{
	X509_ALGOR *alg = X509_ALGOR_new();
	unsigned char *der = NULL;
	int len = -1, err = -ENOMEM;

	/* RFC 9481 7.1: the PROT_SYM_ALG that every implementation has. */
	if (alg && X509_ALGOR_set0(alg, OBJ_nid2obj(NID_aes_128_cbc), V_ASN1_UNDEF, NULL))
		len = i2d_X509_ALGOR(alg, &der);
	if (len > 0)
		err = octets_dup((struct bytes){der, (size_t)len}, &door->preferred_symm_alg);
	X509_ALGOR_free(alg);
	OPENSSL_free(der);
	if (!err)
		err = key_pair_types(door->conf, key_type_signs, &door->sign_key_pair_types);
	return err ? err : key_pair_types(door->conf, key_type_encrypts, &door->enc_key_pair_types);
}

/* --- support messages ---------------------------------------------------------------------------
 */

/* RFC 4210 5.3.19.2 */
static int serve_sign_key_pair_types(struct cmp_request *rq)
{
	return answer(rq, CMP_OID_SIGN_KEY_PAIR_TYPES, octets_view(&rq->door->sign_key_pair_types));
}

/* RFC 4210 5.3.19.3 */
static int serve_enc_key_pair_types(struct cmp_request *rq)
{
	return answer(rq, CMP_OID_ENC_KEY_PAIR_TYPES, octets_view(&rq->door->enc_key_pair_types));
}

/* RFC 4210 5.3.19.4 */
static int serve_preferred_symm_alg(struct cmp_request *rq)
{
	return answer(rq, CMP_OID_PREFERRED_SYMM_ALG, octets_view(&rq->door->preferred_symm_alg));
}

/* The CA that the request is addressed to, else the default one. */
const struct ca *cmp_ca_addressed(struct cmp_request *rq)
{
	const GENERAL_NAME *recipient = rq->msg->header->recipient;
	const char *name = rq->conf->cmf.default_ca;
	struct ca_set *cas = cmf_cas(rq->door->cmf);
	struct ca *ca = NULL;

	if (recipient->type == GEN_DIRNAME)
		ca = ca_next_by_issuer(cas, cmp_name_der(recipient->d.directoryName), NULL);
	if (!ca && name)
		ca = ca_find(cas, name);
	return ca || !ca_count(cas) ? ca : ca_at(cas, 0);
}

/* RFC 4210 5.3.19.6; without a value where that CA has no CRL here. */
static int serve_current_crl(struct cmp_request *rq)
{
	const struct ca *ca = cmp_ca_addressed(rq);
	struct store_crl crl = {0};
	int err = STORE_NOT_FOUND;

	if (ca)
		err = store_crl_newest(rq->worker->reader, ca_name(ca), &crl);
	if (err >= 0)
		err = answer(rq, CMP_OID_CURRENT_CRL, octets_view(&crl.der));
	store_crl_clear(&crl);
	return err;
}

/* --- Register ----------------------------------------------------------------------------------
 */

/* What cmf/ gets, in strings that live while the request does. */
struct register_texts {
	char *cert_type;
	char *profile;
	char **subject_ids;
	size_t n;
};

static void register_texts_clear(struct register_texts *t)
{
	free(t->cert_type);
	free(t->profile);
	for (size_t i = 0; i < t->n; i++)
		free(t->subject_ids[i]);
	free(t->subject_ids);
}

static int register_texts_read(const RegisterRequest *wire, struct register_texts *t)
{
	int n = sk_ASN1_UTF8STRING_num(wire->subjectIds), err;

	err = cmp_text_dup(wire->certType, CMP_CARRIER_TEXT_MAX, &t->cert_type);
	if (!err && wire->profile)
		err = cmp_text_dup(wire->profile, CMP_CARRIER_TEXT_MAX, &t->profile);
	if (err)
		return err;
	t->subject_ids = calloc((size_t)(n > 0 ? n : 1), sizeof(*t->subject_ids));
	if (!t->subject_ids)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		err = cmp_text_dup(sk_ASN1_UTF8STRING_value(wire->subjectIds, i), SUBJECT_ID_MAX,
				   &t->subject_ids[t->n]);
		if (err)
			return err;
		t->n++;
	}
	return t->n ? 0 : -EBADMSG;
}

/* IFA 033 11.2.2.2: what the wire says, without judging it. */
static int register_read(struct cmp_request *rq, const RegisterRequest *wire,
			 struct register_texts *t, struct cmf_register *request)
{
	int64_t handling = CERT_HANDLING_NONE;
	int err = register_texts_read(wire, t);

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
	request->has_attester = wire->attester != NULL;
	request->profile = t->profile;
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

static int register_commit(struct cmp_request *rq, const RegisterRequest *wire)
{
	_cleanup_(register_texts_clear) struct register_texts texts = {0};
	struct cmf_register request = {0};
	int err;

	err = register_read(rq, wire, &texts, &request);
	if (!err && request.n_subject_ids == 1)
		cmp_log_certificate(rq, request.subject_ids[0], NULL, 0);
	if (!err)
		err = cmf_register(rq->door->cmf, &rq->who, &request, rq->worker->reader,
				   rq->worker->unit, &rq->refusal);
	if (!err)
		err = cmp_transaction_open(rq);
	if (!err)
		err = register_reply(rq, wire);
	if (!err)
		err = cmp_transaction_insert(rq, STORE_TXN_DONE, NULL);
	if (!err)
		err = cmp_transaction_commit(rq);
	/* The unit may point into the texts. */
	store_unit_clear(rq->worker->unit);
	return err;
}

static int serve_register(struct cmp_request *rq, const ASN1_TYPE *value)
{
	RegisterRequest *wire = NULL;
	const unsigned char *p;
	int err;

	rq->keep_refusal = true;
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
	err = register_commit(rq, wire);
	RegisterRequest_free(wire);
	return err;
}

/* Support messages: their infoValue MUST be absent in the request. */
static const struct {
	enum cmp_oid type;
	int (*serve)(struct cmp_request *rq);
} support_messages[] = {
	{CMP_OID_CA_CERTS, serve_ca_certs},
	{CMP_OID_SIGN_KEY_PAIR_TYPES, serve_sign_key_pair_types},
	{CMP_OID_ENC_KEY_PAIR_TYPES, serve_enc_key_pair_types},
	{CMP_OID_PREFERRED_SYMM_ALG, serve_preferred_symm_alg},
	{CMP_OID_CURRENT_CRL, serve_current_crl},
};

/* What has a value in the request, or may have one. */
static const struct {
	enum cmp_oid type;
	int (*serve)(struct cmp_request *rq, const ASN1_TYPE *value);
} valued_messages[] = {
	{CMP_OID_REGISTER_REQUEST, serve_register},
	{CMP_OID_CA_PROT_ENC_CERT, cmp_genm_ca_prot_enc_cert},
	{CMP_OID_REV_PASSPHRASE, cmp_genm_rev_passphrase},
	{CMP_OID_ROOT_CA_CERT, cmp_genm_root_ca_cert},
	{CMP_OID_ROOT_CA_KEY_UPDATE, cmp_genm_root_ca_key_update},
	{CMP_OID_CA_KEY_UPDATE_INFO, cmp_genm_ca_key_update_info},
};

/* What leads to the revocation of an own certificate. */
static bool is_about_own_certificate(const struct cmp_request *rq,
				     const STACK_OF(InfoTypeAndValue) * list)
{
	for (int i = 0; i < sk_InfoTypeAndValue_num(list); i++) {
		const ASN1_OBJECT *type = sk_InfoTypeAndValue_value(list, i)->infoType;

		if (!cmp_oid_is(rq, CMP_OID_CA_PROT_ENC_CERT, type) &&
		    !cmp_oid_is(rq, CMP_OID_REV_PASSPHRASE, type))
			return false;
	}
	return true;
}

int cmp_genm_serve(struct cmp_request *rq)
{
	const STACK_OF(InfoTypeAndValue) *list = rq->msg->body->value.genmsg;
	const InfoTypeAndValue *itav = sk_InfoTypeAndValue_value(list, 0);

	/* The holder of a certificate of ours is a principal for that certificate and nothing else.
	 */
	if (rq->who.kind == CMF_PRINCIPAL_END_ENTITY && !is_about_own_certificate(rq, list))
		return refuse(&rq->refusal, REFUSAL_end_entity_only_own);
	/* RFC 9483 4.3: a sequence of one InfoTypeAndValue. */
	if (sk_InfoTypeAndValue_num(list) != 1)
		return refuse(&rq->refusal, REFUSAL_genm_count);
	for (size_t i = 0; i < ARRAY_LEN(valued_messages); i++)
		if (cmp_oid_is(rq, valued_messages[i].type, itav->infoType))
			return valued_messages[i].serve(rq, itav->infoValue);
	for (size_t i = 0; i < ARRAY_LEN(support_messages); i++) {
		if (!cmp_oid_is(rq, support_messages[i].type, itav->infoType))
			continue;
		/* RFC 9483 4.3.1 */
		if (itav->infoValue)
			return refuse(&rq->refusal, REFUSAL_genm_value_malformed);
		return support_messages[i].serve(rq);
	}
	return refuse(&rq->refusal, REFUSAL_genm_unsupported);
}
