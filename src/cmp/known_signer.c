// SPDX-License-Identifier: Apache-2.0
/*
 * The signer of a message that goes on in a transaction and left its certificates out, as RFC 9483
 * 3.3 lets certConf and pollReq: it is the one that opened the transaction, and the store has its
 * certificates. They are validated like those that come with a message. authenticate.c comes here
 * once it has found no signer in the message itself.
 */
#include "door_private.h"

#include "asn1/der.h"

#include <errno.h>
#include <string.h>

/*
 * Transactions of the same transactionID, each of another requester, that are looked at: more than
 * one are chance or ill will.
 */
enum { CANDIDATES_MAX = 4, CERTS_MAX = 16 };

struct candidates {
	struct store_signer item[CANDIDATES_MAX];
	size_t n;
};

static void candidates_clear(struct candidates *all)
{
	for (size_t i = 0; i < all->n; i++)
		store_signer_clear(&all->item[i]);
}

static int candidate_add(void *arg, struct store_signer *signer)
{
	struct candidates *all = arg;

	if (all->n == CANDIDATES_MAX)
		return 0;
	all->item[all->n++] = *signer;
	*signer = (struct store_signer){0};
	return 0;
}

/* The certificates, which are one behind the other. */
static size_t certificates_split(struct bytes der, struct bytes certs[CERTS_MAX])
{
	struct bytes content, tlv;
	size_t n = 0;
	uint8_t tag;

	while (der.len && n < CERTS_MAX && der_next(&der, &tag, &tlv, &content) == 0)
		certs[n++] = tlv;
	return n;
}

static int candidate_verify(struct cmp_request *rq, const struct store_signer *candidate)
{
	_cleanup_(store_certificate_clear) struct store_certificate holds = {0};
	struct bytes certs[CERTS_MAX];
	size_t n = certificates_split(octets_view(&candidate->certificates), certs);
	int err = 0;

	if (n == 0) {
		err = cmf_holder_certificate(rq->worker->reader, candidate->requester, &holds);
		certs[n++] = octets_view(&holds.der);
	}
	if (err == STORE_NOT_FOUND)
		return refuse(&rq->refusal, REFUSAL_signer_missing);
	if (!err)
		err = cmp_signer_verify(rq, certs, n);
	/* It may be somebody else by now, who has no part in the transaction. */
	if (!err && strcmp(rq->who.name, candidate->requester) != 0)
		err = refuse(&rq->refusal, REFUSAL_signer_missing);
	return err;
}

int cmp_known_signer_verify(struct cmp_request *rq)
{
	_cleanup_(candidates_clear) struct candidates all = {.n = 0};
	struct refusal before = rq->refusal;
	int err = store_transaction_signers(rq->worker->reader, rq->msg->transaction_id,
					    (int)CMP_PROTECTION_SIGNATURE, candidate_add, &all);

	if (err < 0)
		return err;
	err = REFUSED;
	for (size_t i = 0; i < all.n && err == REFUSED; i++) {
		cmf_principal_clear(&rq->who);
		rq->refusal = REFUSAL_NULL;
		err = candidate_verify(rq, &all.item[i]);
	}
	/* What is wrong with a certificate that came along is worth more to be told. */
	if (err == REFUSED && (all.n == 0 || rq->msg->n_extra_certs))
		rq->refusal = before;
	return err;
}
