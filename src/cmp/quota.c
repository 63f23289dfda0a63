// SPDX-License-Identifier: Apache-2.0
/*
 * How many transactions a requester may have open. An estimate in memory decides in the ordinary
 * case without the store; only where it reaches the limit are the rows counted. The estimate may
 * be low after a restart or when two requesters share a slot, so the limit is approximate: it
 * bounds what one requester makes us keep, it is not an accounting.
 */
#include "request.h"
#include "transaction.h"

/* FNV-1a; requesters' names are given by the operator or by our own serial numbers. */
static uint64_t name_hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 0x100000001b3;
	return h ? h : 1;
}

/* The slot of this requester, taken over from another if need be. With the lock held. */
static struct cmp_quota_slot *slot_of(struct cmp_quota *quota, const char *requester)
{
	uint64_t h = name_hash(requester);
	struct cmp_quota_slot *slot = &quota->slots[h % CMP_QUOTA_SLOTS];

	if (slot->requester != h)
		*slot = (struct cmp_quota_slot){.requester = h};
	return slot;
}

void cmp_quota_count(struct cmp_request *rq, int delta)
{
	struct cmp_quota *quota = &rq->door->quota;
	struct cmp_quota_slot *slot;

	pthread_mutex_lock(&quota->lock);
	slot = slot_of(quota, rq->attempt.txn.requester);
	if (delta > 0)
		slot->open++;
	else if (slot->open)
		slot->open--;
	pthread_mutex_unlock(&quota->lock);
}

int cmp_quota_check(struct cmp_request *rq)
{
	uint32_t max = rq->conf->cmf.transactions_max_per_client, open;
	struct cmp_quota *quota = &rq->door->quota;
	struct cmp_quota_slot *slot;
	bool count = false;
	int err;

	pthread_mutex_lock(&quota->lock);
	slot = slot_of(quota, rq->who.name);
	open = slot->open;
	/* Counting reads what all have open, so not more often than once a second. */
	if (open >= max &&
	    (rq->now_ms - slot->counted_ms >= 1000 || rq->now_ms < slot->counted_ms)) {
		slot->counted_ms = rq->now_ms;
		count = true;
	}
	pthread_mutex_unlock(&quota->lock);
	if (count) {
		err = store_transaction_open_count(rq->worker->reader, rq->who.name, max, &open);
		if (err)
			return err;
		pthread_mutex_lock(&quota->lock);
		slot_of(quota, rq->who.name)->open = open;
		pthread_mutex_unlock(&quota->lock);
	}
	return open >= max ? refuse(&rq->refusal, REFUSAL_quota_transactions) : 0;
}
