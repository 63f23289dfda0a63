// SPDX-License-Identifier: Apache-2.0
/*
 * genm about keys of CAs: rootCaCert, answered with rootCaKeyUpdate (RFC 9483 4.3.2), and the
 * announcement of a new key by another CA in a genm (RFC 9810 5.3.19.5), recorded as ckuann is.
 */
#include "asn1/der.h"
#include "asn1/key_update.h"
#include "genm/genm.h"
#include "reply.h"
#include "request.h"
#include "serve/announce.h"

#include <errno.h>

/* The octets of an infoValue; empty if it is no SEQUENCE. */
static struct bytes value_octets(const ASN1_TYPE *value)
{
	if (!value || value->type != V_ASN1_SEQUENCE)
		return BYTES_NULL;
	return (struct bytes){value->value.sequence->data, (size_t)value->value.sequence->length};
}

/* --- rootCaCert --- */

/* The update from that root, or without one: of the CA that the request is addressed to. */
static bool update_find(struct cmp_request *rq, X509 *root, struct ca_root_update *updatep)
{
	struct ca_set *cas = cmf_cas(rq->door->cmf);
	const struct ca *ca = root ? NULL : cmp_ca_addressed(rq);

	if (!root)
		return ca && ca_root_update(ca, updatep);
	for (size_t i = 0; i < ca_count(cas); i++) {
		if (ca_root_is_old(ca_at(cas, i), root))
			return ca_root_update(ca_at(cas, i), updatep);
	}
	return false;
}

/* RFC 9480 2.14: RootCaKeyUpdateContent. */
static int update_encode(const struct ca_root_update *update, struct octets *derp)
{
	const uint8_t context = V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED;
	struct der_writer w = DER_WRITER_NULL;
	size_t whole = der_mark(&w), mark = whole;

	if (update->old_with_new.len) {
		der_put(&w, update->old_with_new);
		der_put_header(&w, context | 1, mark);
	}
	mark = der_mark(&w);
	der_put(&w, update->new_with_old);
	der_put_header(&w, context | 0, mark);
	der_put(&w, update->new_with_new);
	der_put_header(&w, V_ASN1_CONSTRUCTED | V_ASN1_SEQUENCE, whole);
	return der_writer_take(&w, derp);
}

/* RFC 9483 4.3.2: no value if there is no update of that root, or nothing is known of it. */
int cmp_genm_root_ca_cert(struct cmp_request *rq, const ASN1_TYPE *value)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	struct ca_root_update update;
	X509 *root = NULL;
	bool found;
	int err = 0;

	if (value) {
		root = key_update_certificate(value_octets(value));
		if (!root)
			return refuse(&rq->refusal, REFUSAL_genm_value_malformed);
	}
	found = update_find(rq, root, &update);
	X509_free(root);
	if (found)
		err = update_encode(&update, &der);
	if (!err)
		err = cmp_reply_genp(rq, rq->door->oids[CMP_OID_ROOT_CA_KEY_UPDATE],
				     octets_view(&der));
	return err;
}

/* --- announcements --- */

/* The answer says that it was recorded: the same type, without a value. */
static int announcement_record(struct cmp_request *rq, enum cmp_oid type, struct bytes content)
{
	int err = cmp_announcement_add(rq, PKI_BODY_CKUANN, content);

	if (!err)
		err = cmp_reply_genp(rq, rq->door->oids[type], BYTES_NULL);
	return err;
}

/* RFC 4210 5.3.19.5: CAKeyUpdAnnContent. */
int cmp_genm_ca_key_update_info(struct cmp_request *rq, const ASN1_TYPE *value)
{
	struct bytes der = value_octets(value);
	const unsigned char *p = der.data;
	CAKeyUpdAnnContent *content;
	int err = cmp_announcer_check(rq);

	if (err)
		return err;
	content = der.len ? d2i_CAKeyUpdAnnContent(NULL, &p, (long)der.len) : NULL;
	if (!content || p != der.data + der.len)
		err = refuse(&rq->refusal, REFUSAL_genm_value_malformed);
	if (!err)
		err = cmp_key_update_check(rq, content->newWithNew, content->newWithOld,
					   content->oldWithNew);
	CAKeyUpdAnnContent_free(content);
	return err ? err : announcement_record(rq, CMP_OID_CA_KEY_UPDATE_INFO, der);
}

/* As the content of ckuann would be: CAKeyUpdContent is a CHOICE, and this its [0]. */
static int update_record(struct cmp_request *rq, struct bytes der)
{
	_cleanup_(octets_clear) struct octets content = OCTETS_NULL;
	struct der_writer w = DER_WRITER_NULL;
	size_t mark = der_mark(&w);
	int err;

	der_put(&w, der);
	der_put_header(&w, V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED, mark);
	err = der_writer_take(&w, &content);
	return err ? err
		   : announcement_record(rq, CMP_OID_ROOT_CA_KEY_UPDATE, octets_view(&content));
}

/* RFC 9810 5.3.19.5: RootCaKeyUpdateValue. */
int cmp_genm_root_ca_key_update(struct cmp_request *rq, const ASN1_TYPE *value)
{
	struct bytes der = value_octets(value);
	const unsigned char *p = der.data;
	RootCaKeyUpdateContent *content;
	int err = cmp_announcer_check(rq);

	if (err)
		return err;
	content = der.len ? d2i_RootCaKeyUpdateContent(NULL, &p, (long)der.len) : NULL;
	if (!content || p != der.data + der.len)
		err = refuse(&rq->refusal, REFUSAL_genm_value_malformed);
	if (!err)
		err = cmp_key_update_check(rq, content->newWithNew, content->newWithOld,
					   content->oldWithNew);
	RootCaKeyUpdateContent_free(content);
	return err ? err : update_record(rq, der);
}
