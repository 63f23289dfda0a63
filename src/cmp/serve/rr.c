// SPDX-License-Identifier: Apache-2.0
/*
 * rr: revocation of certificates, RFC 9483 4.2, 5.1.3; of several in one message, RFC 4210 5.3.9.
 * Each is judged by itself, in order; what is granted happens in one unit with the answer, rp.
 * Where an upstream CA has to be told, or a CRL is to be there, that comes first: rr_delayed.c.
 */
#include "asn1/name.h"
#include "outcome.h"
#include "request.h"
#include "serve/forward.h"
#include "serve/revocations.h"
#include "serve/services.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

/* --- reading --- */

static int reason_read(X509_EXTENSION *ext, int *reasonp, struct refusal *refusal)
{
	ASN1_ENUMERATED *code = X509V3_EXT_d2i(ext);
	int64_t value = -1;

	if (!code || ASN1_ENUMERATED_get_int64(&value, code) != 1)
		value = -1;
	ASN1_ENUMERATED_free(code);
	if (value < 0 || value > CRL_REASON_AA_COMPROMISE)
		return refuse(refusal, REFUSAL_rev_reason_not_allowed);
	*reasonp = (int)value;
	return 0;
}

/* RFC 5280 5.3.2, 4.1.2.5.2: YYYYMMDDHHMMSSZ. */
static int invalidity_read(X509_EXTENSION *ext, int64_t *msp, struct refusal *refusal)
{
	ASN1_GENERALIZEDTIME *time = X509V3_EXT_d2i(ext);
	struct tm tm;

	*msp = 0;
	if (time && ASN1_STRING_length(time) == 15 && ASN1_TIME_to_tm(time, &tm) == 1)
		*msp = (int64_t)timegm(&tm) * 1000;
	ASN1_GENERALIZEDTIME_free(time);
	return *msp > 0 ? 0 : refuse(refusal, REFUSAL_rev_invalidity_malformed);
}

static int entry_extension_read(X509_EXTENSION *ext, struct cmf_revoke *request,
				struct refusal *refusal)
{
	switch (OBJ_obj2nid(X509_EXTENSION_get_object(ext))) {
	case NID_crl_reason:
		return reason_read(ext, &request->reason, refusal);
	case NID_invalidity_date:
		return invalidity_read(ext, &request->invalidity_ms, refusal);
	case NID_certificate_issuer:
		return refuse(refusal, REFUSAL_rev_entry_issuer);
	case NID_hold_instruction_code:
		return refuse(refusal, REFUSAL_rev_entry_hold);
	default:
		return refuse(refusal, REFUSAL_rev_entry_unknown);
	}
}

/*
 * RFC 9483 4.2: one reasonCode; absent means unspecified. RFC 4210 5.3.9 has any Extensions there:
 * invalidityDate (RFC 5280 5.3.2) is another that a CRL entry of ours may have.
 */
static int entry_details_read(const STACK_OF(X509_EXTENSION) * details, struct cmf_revoke *request,
			      struct refusal *refusal)
{
	int err = 0;

	request->reason = CRL_REASON_UNSPECIFIED;
	for (int i = 0; i < sk_X509_EXTENSION_num(details) && !err; i++) {
		X509_EXTENSION *ext = sk_X509_EXTENSION_value(details, i);

		/* RFC 5280 4.2 */
		if (X509v3_get_ext_by_OBJ(details, X509_EXTENSION_get_object(ext), i) >= 0)
			return refuse(refusal, REFUSAL_rev_entry_duplicate);
		err = entry_extension_read(ext, request, refusal);
	}
	return err;
}

/* What a PKCS#10 has to say of a certificate. */
static bool says_no_more_than_key(const CertTemplate *t)
{
	return !t->issuer && !t->serialNumber && t->subject && t->publicKey;
}

/* One RevDetails: what it means, or its refusal. */
static int item_find(struct cmp_request *rq, struct cmp_revocations *all, size_t i)
{
	struct cmf_call call = cmp_call(rq);
	const RevDetails *details = sk_RevDetails_value(rq->msg->body->value.rr, (int)i);
	const CertTemplate *t = details->certDetails;
	struct refusal *refusal = &all->verdict[i].refusal;
	struct cmf_revoke request = {.details = t};
	int err;

	/* RFC 9483 4.2: issuer and serialNumber are required. */
	request.by_key = rq->who.policy->revoke_by_key && says_no_more_than_key(t);
	if (!request.by_key && (!t->issuer || !t->serialNumber))
		return refuse(refusal, REFUSAL_rev_cert_not_identified);
	err = entry_details_read(details->crlEntryDetails, &request, refusal);
	if (err)
		return err;
	if (!request.by_key)
		request.issuer = name_der(t->issuer);
	/* One that no certificate here has, if it is too long. */
	if (request.by_key || serial_of_integer(t->serialNumber, &request.serial) < 0)
		request.serial = SERIAL_NULL;
	call.refusal = refusal;
	return cmf_revoke_find(&call, &request, all->item, i, &all->item[i]);
}

static int items_find(struct cmp_request *rq, struct cmp_revocations *all)
{
	int n = sk_RevDetails_num(rq->msg->body->value.rr), err;

	if (n < 1 || (uint32_t)n > rq->conf->cmf.revocations_max)
		return refuse(&rq->refusal, REFUSAL_rev_details_count);
	err = cmp_revocations_new((size_t)n, all);
	for (size_t i = 0; i < (size_t)n && !err; i++) {
		err = item_find(rq, all, i);
		all->verdict[i].cert = err ? NULL : &all->item[i].cert;
		if (err != REFUSED)
			continue;
		all->verdict[i].refused = true;
		all->verdict[i].text = refusal_words(&all->verdict[i].refusal);
		err = 0;
	}
	return err;
}

/* --- the answer --- */

static int revocations_answer(struct cmp_request *rq, const struct cmp_revocations *all,
			      struct cmp_outcome *outcome)
{
	cmp_outcome_becomes(outcome,
			    cmp_revocations_any_granted(all) ? STORE_TXN_DONE : STORE_TXN_FAILED);
	cmp_revocations_note(rq, all, outcome);
	return cmp_revocations_reply(rq, all);
}

/*
 * After that an rr can do no more: 0 if one was refused, which might be granted when it comes again
 * and things are otherwise.
 */
static int64_t harmless_ms(const struct cmp_revocations *all)
{
	int64_t last_ms = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (all->verdict[i].refused)
			return 0;
		if (all->item[i].cert.not_after_ms > last_ms)
			last_ms = all->item[i].cert.not_after_ms;
	}
	return last_ms;
}

/*
 * RFC 9483 4.2: one is what can go on; several would have to go to several CAs, each its own. What
 * does not say issuer and serialNumber no other CA has to understand.
 */
static bool goes_on(const struct cmp_request *rq, const struct cmp_revocations *all)
{
	const RevDetails *first = sk_RevDetails_value(rq->msg->body->value.rr, 0);

	return all->n == 1 && all->item[0].upstream && !all->item[0].asked &&
	       first->certDetails->serialNumber;
}

static int order_place(struct cmp_request *rq, struct cmp_revocations *all,
		       struct cmf_order_terms *termsp)
{
	_cleanup_(octets_clear) struct octets message = OCTETS_NULL;
	const struct cmf_call call = cmp_call(rq);
	int err = 0;

	if (goes_on(rq, all))
		err = cmp_forward_revocation(rq, &all->item[0].cert, &message);
	all->item[0].forward = octets_view(&message);
	if (!err)
		err = cmf_order_place_revocations(&call, all->item, all->n, termsp);
	all->item[0].forward = BYTES_NULL;
	return err;
}

int cmp_rr_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_revocations_clear) struct cmp_revocations all = {0};
	struct cmf_order_terms terms;
	int err;

	rq->attempt.in_body = rq->attempt.keep_refusal = true;
	err = items_find(rq, &all);
	if (err)
		return err;
	rq->attempt.seen.until_ms = harmless_ms(&all);
	err = order_place(rq, &all, &terms);
	if (err)
		return err;
	return terms.waiting ? cmp_revocations_begin(rq, &all, terms.deadline_ms, outcome)
			     : revocations_answer(rq, &all, outcome);
}
