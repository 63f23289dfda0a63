// SPDX-License-Identifier: Apache-2.0
/* Who opened a transaction. See openers.h; signer.c and on_behalf.c ask, before it is known whose
 * it is. */
#include "openers.h"

#include "request.h"

static int opener_add(void *arg, struct store_signer *signer)
{
	struct cmp_openers *all = arg;

	if (all->n == CMP_OPENERS_MAX)
		return 0;
	all->item[all->n++] = *signer;
	*signer = (struct store_signer){0};
	return 0;
}

int cmp_openers_find(struct cmp_request *rq, struct cmp_openers *allp)
{
	return store_transaction_signers(rq->worker->reader, rq->msg->transaction_id,
					 (int)CMP_PROTECTION_SIGNATURE, opener_add, allp);
}

void cmp_openers_clear(struct cmp_openers *all)
{
	for (size_t i = 0; i < all->n; i++)
		store_signer_clear(&all->item[i]);
}
