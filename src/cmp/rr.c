// SPDX-License-Identifier: Apache-2.0
/*
 * rr: revocation of certificates, RFC 9483 4.2, 5.1.3; of several in one message, RFC 4210 5.3.9.
 * Each is judged by itself, in order; what is granted happens in one unit with the answer, rp.
 */
#include "door_private.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <string.h>

/*
 * Upstream CAs are asked one after the other. Who is not heard of in this time is asked again by
 * the housekeeper. A client that asked for one certificate, which is all that RFC 9483 has, waits
 * for it, rr_delayed.c; of several it hears at once which are done and of which others
 * systemUnavail, and may ask for those again.
 */
enum { UPSTREAM_TOTAL_US = 20 * 1000 * 1000 };

/* What a message asks for, and what becomes of it. */
struct revocations {
	size_t n;
	struct cmf_revocation *item;
	struct refusal *refusal; /* REFUSAL_NONE: granted */
	size_t granted;
	bool waiting; /* for an upstream CA */
};

static void revocations_clear(struct revocations *all)
{
	for (size_t i = 0; i < all->n; i++)
		cmf_revocation_clear(&all->item[i]);
	free(all->item);
	free(all->refusal);
}

static const RevDetails *details_at(const struct cmp_request *rq, size_t i)
{
	return sk_RevDetails_value(rq->msg->body->value.rr, (int)i);
}

/* --- reading ----------------------------------------------------------------------------------
 */

/* RFC 9483 4.2: crlEntryDetails is one reasonCode; absent means unspecified. */
static int reason_read(const STACK_OF(X509_EXTENSION) * details, int *reasonp,
		       struct refusal *refusal)
{
	ASN1_ENUMERATED *code;
	X509_EXTENSION *ext;
	int64_t value = -1;

	*reasonp = CRL_REASON_UNSPECIFIED;
	if (sk_X509_EXTENSION_num(details) <= 0)
		return 0;
	ext = sk_X509_EXTENSION_value(details, 0);
	if (sk_X509_EXTENSION_num(details) != 1 ||
	    OBJ_obj2nid(X509_EXTENSION_get_object(ext)) != NID_crl_reason)
		return refuse(refusal, REFUSAL_rev_reason_not_allowed);
	code = X509V3_EXT_d2i(ext);
	if (!code || ASN1_ENUMERATED_get_int64(&value, code) != 1)
		value = -1;
	ASN1_ENUMERATED_free(code);
	if (value < 0 || value > CRL_REASON_AA_COMPROMISE)
		return refuse(refusal, REFUSAL_rev_reason_not_allowed);
	*reasonp = (int)value;
	return 0;
}

/* One RevDetails: what it means, or its refusal. */
static int item_find(struct cmp_request *rq, struct revocations *all, size_t i)
{
	const RevDetails *details = details_at(rq, i);
	const CertTemplate *t = details->certDetails;
	struct refusal *refusal = &all->refusal[i];
	uint8_t serial[CMP_INTEGER_MAX];
	struct cmf_revoke request;
	int err;

	/* RFC 9483 4.2: issuer and serialNumber are required. */
	if (!t->issuer || !t->serialNumber)
		return refuse(refusal, REFUSAL_rev_cert_not_identified);
	err = reason_read(details->crlEntryDetails, &request.reason, refusal);
	if (err)
		return err;
	request.issuer = cmp_name_der(t->issuer);
	request.serial = cmp_integer_octets(t->serialNumber, serial);
	request.message = rq->digest;
	return cmf_revoke_find(rq->door->cmf, &rq->who, &request, all->item, i, rq->worker->reader,
			       &all->item[i], refusal);
}

static int items_find(struct cmp_request *rq, struct revocations *all)
{
	int n = sk_RevDetails_num(rq->msg->body->value.rr);

	if (n < 1 || (uint32_t)n > rq->conf->cmf.revocations_max)
		return refuse(&rq->refusal, REFUSAL_rev_details_count);
	all->item = calloc((size_t)n, sizeof(*all->item));
	all->refusal = calloc((size_t)n, sizeof(*all->refusal));
	if (!all->item || !all->refusal)
		return -ENOMEM;
	all->n = (size_t)n;
	for (size_t i = 0; i < all->n; i++) {
		int err = item_find(rq, all, i);

		if (err < 0)
			return err;
		all->granted += err == 0;
	}
	return 0;
}

static bool is_granted(const struct revocations *all, size_t i)
{
	return all->refusal[i].reason == REFUSAL_NONE;
}

/* Adds to the unit what is granted, of upstream CAs or of ours. */
static int items_add(struct cmp_request *rq, const struct revocations *all, bool upstream)
{
	for (size_t i = 0; i < all->n; i++) {
		int err;

		if (!is_granted(all, i) || all->item[i].upstream != upstream)
			continue;
		err = cmf_revoke_add(rq->door->cmf, &rq->who, &all->item[i], rq->worker->reader,
				     rq->worker->unit);
		if (err)
			return err;
	}
	return 0;
}

/* --- upstream CAs -----------------------------------------------------------------------------
 */

static int upstream_revoke(struct cmp_request *rq, const struct cmf_revocation *item, bool in_time,
			   struct refusal *refusal)
{
	struct ca *ca = ca_find(cmf_cas(rq->door->cmf), item->cert.ca);
	int err = 0;

	if (!ca)
		return log_fault("CA of a certificate", -ENOENT, item->cert.ca);
	if (in_time)
		err = ca_upstream_revoke_run(ca, item->cert.id, rq->worker->reader,
					     rq->worker->unit);
	/* A fault was logged; the exchange is durable and goes on. */
	if (err < 0)
		store_unit_clear(rq->worker->unit);
	return cmp_revocation_outcome(rq, item->cert.id, item->to, refusal);
}

/*
 * The upstream has to be told first: the revocation is durable as pending before it is tried, and
 * the client hears of success only when the upstream has done it.
 */
static int upstream_serve(struct cmp_request *rq, struct revocations *all)
{
	int64_t until_us = clock_monotonic_us() + UPSTREAM_TOTAL_US;
	int err = items_add(rq, all, true);

	if (!err)
		err = cmp_transaction_commit(rq);
	for (size_t i = 0; i < all->n && !err; i++) {
		if (!is_granted(all, i) || !all->item[i].upstream)
			continue;
		err = upstream_revoke(rq, &all->item[i], clock_monotonic_us() < until_us,
				      &all->refusal[i]);
		if (err == STORE_NOT_FOUND && all->n == 1) {
			all->waiting = true;
			return 0;
		}
		if (err == STORE_NOT_FOUND)
			err = refuse(&all->refusal[i], REFUSAL_upstream_unavailable);
		if (err != REFUSED)
			continue;
		all->granted--;
		err = 0;
	}
	return err;
}

static bool any_upstream(const struct revocations *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_granted(all, i) && all->item[i].upstream)
			return true;
	return false;
}

/* --- the answer -------------------------------------------------------------------------------
 */

/* RFC 4210 5.3.10: status and revCerts in the order of the request; the latter all or none. */
static int answer_build(struct cmp_request *rq, const struct revocations *all)
{
	bool identified = true;
	int err = 0;

	cmp_reply_clear(&rq->reply);
	for (size_t i = 0; i < all->n; i++)
		identified =
			identified && all->refusal[i].reason != REFUSAL_rev_cert_not_identified;
	for (size_t i = 0; i < all->n && !err; i++) {
		const CertTemplate *t = details_at(rq, i)->certDetails;
		const struct refusal *r = &all->refusal[i];
		bool granted = is_granted(all, i);

		err = cmp_reply_revocation(rq, granted ? PKI_STATUS_ACCEPTED : PKI_STATUS_REJECTION,
					   granted ? NULL : refusal_text(r->reason),
					   granted ? -1 : r->failinfo,
					   identified ? t->issuer : NULL, t->serialNumber);
	}
	return err;
}

/* Log and metrics have place for one certificate and one refusal: the first. */
static void outcome_note(struct cmp_request *rq, const struct revocations *all)
{
	for (size_t i = all->n; i-- > 0;) {
		const struct store_certificate *cert = &all->item[i].cert;

		if (!is_granted(all, i))
			rq->refusal = all->refusal[i];
		if (cert->id)
			cmp_log_certificate(rq, cert->subject_id, cert->serial, cert->serial_len);
	}
	if (!all->waiting)
		rq->outcome = all->granted ? METRIC_ACCEPTED : METRIC_REJECTED;
}

static int answer_commit(struct cmp_request *rq, struct revocations *all)
{
	int err = items_add(rq, all, false);

	if (!err)
		err = answer_build(rq, all);
	if (!err)
		err = cmp_transaction_open(rq);
	if (!err)
		err = cmp_transaction_insert(rq, all->granted ? STORE_TXN_DONE : STORE_TXN_FAILED,
					     NULL);
	return err ? err : cmp_transaction_commit(rq);
}

/* --- CRLs -------------------------------------------------------------------------------------
 */

static int crl_add(struct cmp_request *rq, const struct ca *ca)
{
	_cleanup_(store_crl_clear) struct store_crl newest = {0};
	RevRepContent *rp = rq->reply.body->value.rp;
	const unsigned char *p;
	X509_CRL *crl;
	int err = store_crl_newest(rq->worker->reader, ca_name(ca), &newest);

	if (err)
		return err < 0 ? err : log_fault("CRL of a CA", -ENOENT, ca_name(ca));
	p = newest.der.data;
	crl = d2i_X509_CRL(NULL, &p, (long)newest.der.len);
	if (!rp->crls)
		rp->crls = sk_X509_CRL_new_null();
	if (!crl || !rp->crls || sk_X509_CRL_push(rp->crls, crl) <= 0) {
		X509_CRL_free(crl);
		return -ENOMEM;
	}
	return 0;
}

static bool concerns(const struct revocations *all, const struct ca *ca)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_granted(all, i) && !strcmp(all->item[i].cert.ca, ca_name(ca)))
			return true;
	return false;
}

/*
 * The revocations are durable with an answer that is good without CRLs; one that holds them takes
 * its place. A CRL that cannot be made now is the housekeeper's.
 */
static int crls_update(struct cmp_request *rq, const struct revocations *all)
{
	struct ca_set *cas = cmf_cas(rq->door->cmf);
	bool added = false;
	int err = 0;

	for (size_t i = 0; i < ca_count(cas) && !err; i++) {
		struct ca *ca = ca_at(cas, i);

		if (!ca_crl_on_revocation(ca) || !concerns(all, ca))
			continue;
		if (ca_crl_update(ca, rq->worker->reader, rq->worker->unit) < 0) {
			store_unit_clear(rq->worker->unit);
			continue;
		}
		if (!ca_crl_in_answer(ca))
			continue;
		err = crl_add(rq, ca);
		added = true;
	}
	if (!err && added)
		err = cmp_transaction_answer(rq, rq->txn.state);
	return err || !added ? err : cmp_transaction_commit(rq);
}

int cmp_rr_serve(struct cmp_request *rq)
{
	_cleanup_(revocations_clear) struct revocations all = {0};
	int err;

	rq->in_body = rq->keep_refusal = true;
	err = items_find(rq, &all);
	if (!err && any_upstream(&all))
		err = upstream_serve(rq, &all);
	if (!err && all.waiting)
		err = cmp_revocation_wait(rq, &all.item[0]);
	else if (!err)
		err = answer_commit(rq, &all);
	if (!err && !all.waiting)
		err = crls_update(rq, &all);
	outcome_note(rq, &all);
	return err;
}
