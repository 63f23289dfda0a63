// SPDX-License-Identifier: Apache-2.0
/*
 * Support messages that ask what this CMF has and can: RFC 9483 4.3.1, RFC 9810 5.3.19. Nothing
 * changes; each adds its element to the genp.
 */
#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "asn1/name.h"
#include "genm/genm.h"
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <string.h>

static int genp_add(struct cmp_request *rq, enum cmp_oid type, struct bytes value)
{
	return cmp_reply_genp(rq, rq->door->oids[type], value);
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
int cmp_genm_ca_certs(struct cmp_request *rq, const ASN1_TYPE *asked)
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
	return err ? err : genp_add(rq, CMP_OID_CA_CERTS, octets_view(&value));
}

/* --- what the configuration alone decides --- */

X509_ALGOR *cmp_key_algorithm(const struct conf_key_type *type)
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
	X509_ALGOR *alg = cmp_key_algorithm(type);
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

/* --- served by infoType --- */

/* RFC 4210 5.3.19.2 */
int cmp_genm_sign_key_pair_types(struct cmp_request *rq, const ASN1_TYPE *value)
{
	return genp_add(rq, CMP_OID_SIGN_KEY_PAIR_TYPES,
			octets_view(&rq->door->sign_key_pair_types));
}

/* RFC 4210 5.3.19.3 */
int cmp_genm_enc_key_pair_types(struct cmp_request *rq, const ASN1_TYPE *value)
{
	return genp_add(rq, CMP_OID_ENC_KEY_PAIR_TYPES, octets_view(&rq->door->enc_key_pair_types));
}

/* RFC 4210 5.3.19.4 */
int cmp_genm_preferred_symm_alg(struct cmp_request *rq, const ASN1_TYPE *value)
{
	return genp_add(rq, CMP_OID_PREFERRED_SYMM_ALG, octets_view(&rq->door->preferred_symm_alg));
}

/* The CA that the request is addressed to, else the default one. */
struct ca *cmp_ca_addressed(struct cmp_request *rq)
{
	struct bytes recipient = cmp_directory_name(rq->msg->recipient);
	const char *name = rq->conf->cmf.default_ca;
	struct ca_set *cas = cmf_cas(rq->door->cmf);
	struct ca *ca = NULL;

	if (recipient.len)
		ca = ca_next_by_issuer(cas, recipient, NULL);
	if (!ca && name)
		ca = ca_find(cas, name);
	return ca || !ca_count(cas) ? ca : ca_at(cas, 0);
}

/* RFC 4210 5.3.19.6; without a value where that CA has no CRL here. */
int cmp_genm_current_crl(struct cmp_request *rq, const ASN1_TYPE *value)
{
	_cleanup_(cmp_crls_clear) struct cmp_crls crls = {0};
	struct ca *ca = cmp_ca_addressed(rq);
	int err = STORE_NOT_FOUND;

	if (ca)
		err = ca_crl_newest(ca, rq->worker->reader, &crls.first);
	if (err == STORE_NOT_FOUND)
		return genp_add(rq, CMP_OID_CURRENT_CRL, BYTES_NULL);
	return err ? err : cmp_reply_crls(rq, rq->door->oids[CMP_OID_CURRENT_CRL], false, &crls);
}

/* The AlgorithmIdentifier of that algorithm in a SEQUENCE OF them; empty: none. */
static struct bytes algorithm_find(struct bytes list, const ASN1_OBJECT *algorithm)
{
	struct bytes in, tlv, content, oid, rest;
	uint8_t tag;

	if (der_next(&list, &tag, &tlv, &in))
		return BYTES_NULL;
	while (!der_next(&in, &tag, &tlv, &content)) {
		rest = content;
		if (!der_next(&rest, &tag, &oid, &content) &&
		    bytes_equal(content,
				(struct bytes){OBJ_get0_data(algorithm), OBJ_length(algorithm)}))
			return tlv;
	}
	return BYTES_NULL;
}

/* RFC 9810 5.3.19.8: "if the infoValue is absent, the algorithm is not supported". */
int cmp_genm_key_pair_param(struct cmp_request *rq, const ASN1_TYPE *value)
{
	struct bytes found;

	if (value->type != V_ASN1_OBJECT)
		return refuse(&rq->refusal, REFUSAL_genm_value_malformed);
	found = algorithm_find(octets_view(&rq->door->sign_key_pair_types), value->value.object);
	if (!found.len)
		found = algorithm_find(octets_view(&rq->door->enc_key_pair_types),
				       value->value.object);
	return genp_add(rq, CMP_OID_KEY_PAIR_PARAM_REP, found);
}

/* English, with or without a region, RFC 5646. */
static bool is_our_language(const ASN1_TYPE *tag)
{
	struct bytes text;

	if (tag->type != V_ASN1_UTF8STRING)
		return false;
	text = (struct bytes){tag->value.utf8string->data, (size_t)tag->value.utf8string->length};
	return text.len >= 2 && !strncasecmp((const char *)text.data, "en", 2) &&
	       (text.len == 2 || text.data[2] == '-');
}

static bool is_text_list(const STACK_OF(ASN1_TYPE) * tags)
{
	for (int i = 0; i < sk_ASN1_TYPE_num(tags); i++)
		if (sk_ASN1_TYPE_value(tags, i)->type != V_ASN1_UTF8STRING)
			return false;
	return sk_ASN1_TYPE_num(tags) > 0;
}

/* RFC 9810 5.3.19.13: one of the offered tags comes back; an error if we speak none of them. */
int cmp_genm_lang_tags(struct cmp_request *rq, const ASN1_TYPE *value)
{
	_cleanup_(octets_clear) struct octets answer = OCTETS_NULL;
	STACK_OF(ASN1_TYPE) *tags = NULL;
	const ASN1_TYPE *chosen = NULL;
	unsigned char *der = NULL;
	const unsigned char *p;
	int len, err = 0;

	if (value->type == V_ASN1_SEQUENCE) {
		p = value->value.sequence->data;
		tags = d2i_ASN1_SEQUENCE_ANY(NULL, &p, value->value.sequence->length);
	}
	for (int i = 0; i < sk_ASN1_TYPE_num(tags) && !chosen; i++)
		if (is_our_language(sk_ASN1_TYPE_value(tags, i)))
			chosen = sk_ASN1_TYPE_value(tags, i);
	if (!is_text_list(tags)) {
		err = refuse(&rq->refusal, REFUSAL_genm_value_malformed);
	} else if (!chosen) {
		err = refuse(&rq->refusal, REFUSAL_genm_language);
	} else {
		len = i2d_ASN1_TYPE(chosen, &der);
		err = len > 0 ? sequence_of(&(struct bytes){der, (size_t)len}, 1, &answer)
			      : -ENOMEM;
	}
	if (!err)
		err = genp_add(rq, CMP_OID_LANG_TAGS, octets_view(&answer));
	OPENSSL_free(der);
	sk_ASN1_TYPE_pop_free(tags, ASN1_TYPE_free);
	return err;
}
