// SPDX-License-Identifier: Apache-2.0
/*
 * genm crlStatusList, answered with crls: the CRLs that are newer than those the requester has,
 * RFC 9483 4.3.4. Sources are compared with what our CAs are called; nothing is fetched.
 */
#include "asn1/name.h"
#include "genm/genm.h"
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { SOURCES_MAX = 16 };

/* Whether a GeneralName is a name of the CA, or a place of its CRL. */
static bool name_is(const GENERAL_NAME *name, const struct ca *ca, const struct conf_ca *conf)
{
	struct bytes uri;

	if (name->type == GEN_DIRNAME)
		return bytes_equal(name_der(name->d.directoryName), ca_issuer(ca));
	if (name->type != GEN_URI || !conf)
		return false;
	uri = (struct bytes){name->d.uniformResourceIdentifier->data,
			     (size_t)name->d.uniformResourceIdentifier->length};
	for (size_t i = 0; i < conf->crl_distribution_points.len; i++)
		if (bytes_equal(uri, bytes_of_string(conf->crl_distribution_points.item[i])))
			return true;
	return false;
}

static bool source_is(const CRLSource *source, const struct ca *ca, const struct conf_ca *conf)
{
	const GENERAL_NAMES *names = source->value.issuer;

	if (source->type == CRL_SOURCE_DPN) {
		/* A name relative to the issuer's: ours have none. */
		if (source->value.dpn->type != 0)
			return false;
		names = source->value.dpn->name.fullname;
	}
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (name_is(sk_GENERAL_NAME_value(names, i), ca, conf))
			return true;
	return false;
}

/* The first CA that is meant; NULL: none of ours. */
static struct ca *ca_of_source(struct cmp_request *rq, const CRLSource *source)
{
	struct ca_set *cas = cmf_cas(rq->door->cmf);

	for (size_t i = 0; i < ca_count(cas); i++) {
		struct ca *ca = ca_at(cas, i);

		if (source_is(source, ca, conf_ca_find(rq->conf, ca_name(ca))))
			return ca;
	}
	return NULL;
}

/* RFC 9483 4.3.4: "only if a CRL with a more recent thisUpdate is available". */
static bool is_newer(const struct store_crl *crl, const ASN1_TIME *this_update)
{
	struct tm tm;

	if (!this_update)
		return true;
	return ASN1_TIME_to_tm(this_update, &tm) == 1 &&
	       crl->this_update_ms / 1000 > (int64_t)timegm(&tm);
}

/* Whether another source before has brought that CRL, which goes out once: the answer stays in
 * proportion. */
static bool is_answered(struct cmp_request *rq, const CRLStatusList *list, int at,
			const struct ca *ca, const struct store_crl *crl)
{
	for (int i = 0; i < at; i++) {
		const CRLStatus *status = sk_CRLStatus_value(list, i);

		if (ca_of_source(rq, status->source) == ca && is_newer(crl, status->thisUpdate))
			return true;
	}
	return false;
}

static int status_answer(struct cmp_request *rq, const CRLStatusList *list, int at,
			 struct cmp_crls *crls)
{
	_cleanup_(ca_crl_clear) struct ca_crl crl = {0};
	const CRLStatus *status = sk_CRLStatus_value(list, at);
	struct ca *ca = ca_of_source(rq, status->source);
	int err = STORE_NOT_FOUND;

	if (ca)
		err = ca_crl_newest(ca, rq->worker->reader, &crl);
	if (err)
		return err == STORE_NOT_FOUND ? 0 : err;
	if (!is_newer(&crl.row, status->thisUpdate) || is_answered(rq, list, at, ca, &crl.row))
		return 0;
	return cmp_crls_add(crls, &crl);
}

static int crls_answer(struct cmp_request *rq, const CRLStatusList *list)
{
	_cleanup_(cmp_crls_clear) struct cmp_crls crls = {0};
	const ASN1_OBJECT *type = rq->door->oids[CMP_OID_CRLS];
	int err = 0;

	if (sk_CRLStatus_num(list) > SOURCES_MAX)
		return refuse(&rq->refusal, REFUSAL_genm_count);
	/* The answer has the order of the request. */
	for (int i = 0; i < sk_CRLStatus_num(list) && !err; i++)
		err = status_answer(rq, list, i, &crls);
	if (err)
		return err;
	/* "in all other cases" without a value */
	return crls.first.der ? cmp_reply_crls(rq, type, true, &crls)
			      : cmp_reply_genp(rq, type, BYTES_NULL);
}

int cmp_genm_crl_status(struct cmp_request *rq, const ASN1_TYPE *value)
{
	const unsigned char *p, *end;
	CRLStatusList *list = NULL;
	int err;

	if (value->type == V_ASN1_SEQUENCE) {
		p = value->value.sequence->data;
		end = p + value->value.sequence->length;
		list = (CRLStatusList *)ASN1_item_d2i(NULL, &p, end - p,
						      ASN1_ITEM_rptr(CRLStatusList));
	}
	if (!list || p != end || sk_CRLStatus_num(list) < 1)
		err = refuse(&rq->refusal, REFUSAL_genm_value_malformed);
	else
		err = crls_answer(rq, list);
	sk_CRLStatus_pop_free(list, CRLStatus_free);
	return err;
}
