// SPDX-License-Identifier: Apache-2.0
/*
 * The revocations of an rr while it is served: each with its verdict, which rp tells. rr.c reads
 * them from the message and comes before, or rr_delayed.c from the store.
 */
#include "serve/revocations.h"
#include "reply.h"
#include "request.h"
#include "serve/items.h"

#include <errno.h>

int cmp_revocations_new(size_t n, struct cmp_revocations *all)
{
	all->item = calloc(n, sizeof(*all->item));
	all->verdict = calloc(n, sizeof(*all->verdict));
	if (!all->item || !all->verdict)
		return -ENOMEM;
	all->n = n;
	return 0;
}

void cmp_revocations_clear(struct cmp_revocations *all)
{
	for (size_t i = 0; i < all->n && all->item; i++)
		cmf_revocation_clear(&all->item[i]);
	free(all->item);
	free(all->verdict);
	cmp_stored_items_clear(&all->stored);
	*all = (struct cmp_revocations){0};
}

bool cmp_revocations_any_granted(const struct cmp_revocations *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->verdict[i].refused)
			return true;
	return false;
}

static const CertTemplate *template_at(const struct cmp_request *rq, size_t i)
{
	return sk_RevDetails_value(rq->msg->body->value.rr, (int)i)->certDetails;
}

/*
 * rp names the certificate as the rr did, or not at all, since `openssl cmp` takes another name
 * than its own for another certificate. An answer to pollReq, which has no rr, names it as the
 * certificate itself does, where the client has to say that.
 */
static int status_add(struct cmp_request *rq, const struct cmp_revocations *all, size_t i)
{
	const struct cmp_verdict *v = &all->verdict[i];
	struct bytes der = v->cert ? octets_view(&v->cert->der) : BYTES_NULL;
	const unsigned char *p = der.data;
	const ASN1_INTEGER *serial = NULL;
	const X509_NAME *issuer = NULL;
	X509 *cert = NULL;
	int err;

	if (rq->msg->body_type == PKI_BODY_RR) {
		serial = template_at(rq, i)->serialNumber;
		issuer = serial ? template_at(rq, i)->issuer : NULL;
	} else if (der.len && !rq->who.policy->revoke_by_key) {
		cert = d2i_X509(NULL, &p, (long)der.len);
		if (!cert)
			return log_fault("certificate of a revocation", -EBADMSG, NULL);
		serial = X509_get0_serialNumber(cert);
		issuer = X509_get_issuer_name(cert);
	}
	err = cmp_reply_revocation(rq, v->refused ? PKI_STATUS_REJECTION : PKI_STATUS_ACCEPTED,
				   v->text, v->refused ? v->refusal.failinfo : -1, issuer, serial);
	X509_free(cert);
	return err;
}

int cmp_revocations_reply(struct cmp_request *rq, const struct cmp_revocations *all)
{
	RevRepContent *rp;
	int err = 0;

	cmp_reply_clear(&rq->attempt.reply);
	for (size_t i = 0; i < all->n && !err; i++)
		err = status_add(rq, all, i);
	if (err)
		return err;
	/* RFC 4210 5.3.10: revCerts in the order of the request; so it is all or none. */
	rp = rq->attempt.reply.body->value.rp;
	if (rp->revCerts && (size_t)sk_CertId_num(rp->revCerts) != all->n) {
		sk_CertId_pop_free(rp->revCerts, CertId_free);
		rp->revCerts = NULL;
	}
	return 0;
}

/* Log and metrics have place for one certificate and one refusal: the first. */
void cmp_revocations_note(struct cmp_request *rq, const struct cmp_revocations *all,
			  struct cmp_outcome *outcome)
{
	for (size_t i = all->n; i-- > 0;) {
		const struct store_certificate *cert = all->verdict[i].cert;

		if (all->verdict[i].refused && all->verdict[i].refusal.reason != REFUSAL_NONE)
			rq->refusal = all->verdict[i].refusal;
		if (cert)
			cmp_log_certificate(rq, cert->subject_id, cert->vnf_instance,
					    &cert->serial);
	}
	if (all->waiting)
		outcome->metric = METRIC_WAITING;
	else
		outcome->metric =
			cmp_revocations_any_granted(all) ? METRIC_ACCEPTED : METRIC_REJECTED;
}
