// SPDX-License-Identifier: Apache-2.0
/*
 * The stored messages of an exchange with an upstream CA: reading them, and adding to them. What
 * they mean is answer.c's; what is said next is own_message.c's.
 */
#include "exchange.h"

#include "upstream.h"

#include <errno.h>

/* A commit takes less; the first of what is sent leaves some of it for others. */
enum { CLAIM_GRACE_MS = 5000, CLAIM_GRACE_MIN_MS = 4000 };

/* Messages and answers alternate; of FORWARD the message is not in the transcript. */
bool transcript_is_sent(const struct exchange *x, size_t index)
{
	return index % 2 == 0 && !exchange_is_forwarded(x);
}

bool transcript_awaits_answer(const struct exchange *x)
{
	return x->answer.len == 0 && x->transcript.len > 0 &&
	       transcript_is_sent(x, x->transcript.len - 1);
}

int transcript_load(struct exchange *x)
{
	int err = store_exchange_messages_get(x->reader, x->id, &x->transcript);

	if (err < 0)
		return err;
	for (size_t i = 0; i < x->transcript.len; i++) {
		const struct store_exchange_message *m = &x->transcript.item[i];

		if (m->seq != (int)i || m->sent != transcript_is_sent(x, i))
			return log_fault("reading an exchange with an upstream CA: not in order",
					 -EUCLEAN, x->ca->conf->name);
	}
	return 0;
}

int transcript_decode(const struct exchange *x, size_t index, struct cmp_message **msgp)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	int err = cmp_message_decode(octets_view(&x->transcript.item[index].der), &msg, &refusal);

	if (err < 0)
		return err;
	if (err != 0)
		return log_fault("going on with an exchange with an upstream CA: a stored message "
				 "cannot be read",
				 -EUCLEAN, x->ca->conf->name);
	*msgp = TAKE(msg);
	return 0;
}

/* Takes der over. */
static int transcript_append(struct exchange *x, struct octets *der)
{
	struct store_exchange_messages *t = &x->transcript;
	struct store_exchange_message *grown = reallocarray(t->item, t->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	t->item = grown;
	t->item[t->len] = (struct store_exchange_message){
		.seq = (int)t->len, .sent = transcript_is_sent(x, t->len), .der = *der};
	t->len++;
	*der = OCTETS_NULL;
	return 0;
}

/*
 * For as long as something may be sent, and the grace for what came of it to be stored. A process
 * that has died holds an exchange up no longer than that.
 */
static int claim_add(struct exchange *x, bool goes_on)
{
	int64_t claimant = x->ca->upstream->claimant;
	int64_t left_ms = (x->deadline_us - clock_monotonic_us()) / 1000;

	if (!claimant)
		return 0;
	return store_exchange_claim(x->unit, x->id, claimant,
				    goes_on ? (left_ms > 0 ? left_ms : 0) + CLAIM_GRACE_MS : 0);
}

int exchange_claim_new(const struct ca *ca, int64_t id, struct store_unit *unit)
{
	int64_t claimant = ca->upstream->claimant;

	return claimant ? store_exchange_claim(unit, id, claimant,
					       ca->conf->upstream_wait_ms + CLAIM_GRACE_MS)
			: 0;
}

int exchange_claim(struct exchange *x)
{
	int err;

	if (!x->ca->upstream->claimant ||
	    x->claimed_until_us >= x->deadline_us + 1000 * CLAIM_GRACE_MIN_MS)
		return 0;
	err = claim_add(x, true);
	return err == 0 ? store_unit_commit(x->unit) : err;
}

int exchange_add_answer(struct exchange *x, bool goes_on)
{
	const struct store_exchange_message message = {
		.seq = (int)x->transcript.len, .sent = false, .der = x->answer};
	int err = claim_add(x, goes_on);

	return err == 0 && x->answer.len > 0 ? store_exchange_add_message(x->unit, x->id, &message)
					     : err;
}

/*
 * The one commit of exchanges: our next message before it leaves, the end of an exchange, or when
 * it goes on. Each is durable before it shows, so that a crash at any point leads to one
 * certificate upstream, which is the one here.
 */
int exchange_commit(struct exchange *x)
{
	int err = store_unit_commit(x->unit);

	return err == 0 && x->answer.len > 0 ? transcript_append(x, &x->answer) : err;
}

int transcript_store(struct exchange *x, struct octets *request)
{
	const struct store_exchange_message sent = {
		.seq = (int)x->transcript.len + (x->answer.len > 0), .sent = true, .der = *request};
	int err = exchange_add_answer(x, true);

	if (err == 0)
		err = store_exchange_add_message(x->unit, x->id, &sent);
	if (err == 0)
		err = exchange_commit(x);
	return err ? err : transcript_append(x, request);
}
