// SPDX-License-Identifier: Apache-2.0
/*
 * Working on the exchanges with an upstream CA: who may, how long, when again. What is said to the
 * upstream is exchange.c, what becomes of it finish.c.
 *
 * At most upstream_workers workers of clients and one of the housekeeper are inside one upstream,
 * and none of them longer than upstream_wait, the housekeeper at least two seconds: a dead upstream
 * costs the others that much.
 */
#include "upstream.h"

#include "base/pool.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

enum {
	POLL_PAUSE_MIN_MS = 1000, /* an upstream that says checkAfter 0 is not asked in a loop */
	HOUSEKEEPING_WAIT_MIN_MS = 2000,
	CLAIMED_PAUSE_MS = 100, /* how often one looks whether another process is done */
};

/* --- who works on what --- */

static bool is_worked_on(const struct upstream *u, size_t slots, int64_t exchange_id)
{
	for (size_t i = 0; i < slots; i++) {
		if (u->slot[i].working && u->slot[i].exchange_id == exchange_id)
			return true;
	}
	return false;
}

/* The last slot is the housekeeper's. */
static struct upstream_slot *slot_find(struct upstream *u, size_t slots, bool housekeeping)
{
	for (size_t i = housekeeping ? slots - 1 : 0; i < slots - !housekeeping; i++) {
		if (u->slot[i].exchange_id == 0)
			return &u->slot[i];
	}
	return NULL;
}

static bool wait_for_leaver(struct upstream *u, int64_t deadline_us)
{
	struct timespec until = {.tv_sec = deadline_us / 1000000,
				 .tv_nsec = deadline_us % 1000000 * 1000};

	int err;

	pool_wait_begin();
	err = pthread_cond_timedwait(&u->left, &u->lock, &until);
	pool_wait_end();
	return err == 0;
}

/* A slot to work on the exchange; waits for one who is at it already. NULL: no slot, or no time. */
static struct upstream_slot *slot_enter(const struct ca *ca, int64_t exchange_id, bool housekeeping,
					int64_t deadline_us)
{
	struct upstream *u = ca->upstream;
	size_t slots = ca->conf->upstream_workers + 1;
	struct upstream_slot *slot;
	bool in_time = true;

	pthread_mutex_lock(&u->lock);
	slot = slot_find(u, slots, housekeeping);
	if (slot) {
		slot->exchange_id = exchange_id;
		while (is_worked_on(u, slots, exchange_id) && in_time)
			in_time = wait_for_leaver(u, deadline_us);
		if (is_worked_on(u, slots, exchange_id)) {
			*slot = (struct upstream_slot){0};
			slot = NULL;
		} else {
			slot->working = true;
		}
	}
	pthread_mutex_unlock(&u->lock);
	return slot;
}

static void slot_leave(struct upstream *u, struct upstream_slot *slot)
{
	pthread_mutex_lock(&u->lock);
	*slot = (struct upstream_slot){0};
	pthread_cond_broadcast(&u->left);
	pthread_mutex_unlock(&u->lock);
}

/* --- when --- */

static int64_t now_ms(const struct ca *ca)
{
	return clock_now_ms(ca->set->clock);
}

static int64_t wait_deadline_us(const struct ca *ca)
{
	return clock_monotonic_us() + ca->conf->upstream_wait_ms * 1000;
}

/* Nobody waits for the housekeeper: where no client does, it is all that asks. */
static int64_t housekeeping_deadline_us(const struct ca *ca)
{
	int64_t wait_ms = ca->conf->upstream_wait_ms;

	if (wait_ms < HOUSEKEEPING_WAIT_MIN_MS)
		wait_ms = HOUSEKEEPING_WAIT_MIN_MS;
	return clock_monotonic_us() + wait_ms * 1000;
}

static bool is_expired(const struct ca *ca, const struct store_exchange *e)
{
	return e->deadline_ms != 0 && now_ms(ca) >= e->deadline_ms;
}

static bool is_down(const struct ca *ca)
{
	return now_ms(ca) < atomic_load(&ca->upstream->down_until_ms);
}

static void pause_ms(int64_t ms)
{
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	pool_wait_begin();
	(void)nanosleep(&pause, NULL);
	pool_wait_end();
}

/*
 * Waits until it is time for the exchange, if that comes before the deadline. The housekeeper does
 * not: it comes again in a second, and whoever ends the server would wait for it.
 */
static bool wait_for_turn(const struct ca *ca, const struct store_exchange *e, bool housekeeping,
			  int64_t deadline_us)
{
	int64_t wait_ms = e->next_ms - now_ms(ca);

	/* One that is overdue has no more time for it. */
	if (wait_ms < 0)
		wait_ms = 0;
	if (is_down(ca) || clock_monotonic_us() + wait_ms * 1000 >= deadline_us)
		return false;
	if (wait_ms == 0 || housekeeping)
		return wait_ms == 0;
	pause_ms(wait_ms);
	return true;
}

/* Another process, or this one before a reload, is at it: it sends the messages. */
static bool is_claimed(const struct ca *ca, const struct store_exchange *e)
{
	return e->claim_left_ms > 0 && e->claimant != ca->upstream->claimant;
}

/* As long as there is time somebody who is at it is waited for, like a worker here. */
static bool wait_for_claimant(bool housekeeping, int64_t deadline_us)
{
	if (housekeeping || clock_monotonic_us() + CLAIMED_PAUSE_MS * 1000 >= deadline_us)
		return false;
	pause_ms(CLAIMED_PAUSE_MS);
	return true;
}

/* --- one attempt --- */

static int put_off(struct exchange *x, const struct store_exchange *e, int64_t pause_ms)
{
	int err = exchange_add_answer(x, false);

	if (err == 0)
		err = upstream_require_deadline(x, e);
	if (err == 0)
		err = store_exchange_set_next(x->unit, e->id, now_ms(x->ca) + pause_ms);
	if (err == 0)
		err = exchange_commit(x);
	return err;
}

static int exchange_finish(struct exchange *x, const struct store_exchange *e,
			   const struct exchange_result *result, struct store_reader *reader)
{
	_cleanup_(store_exchange_clear) struct store_exchange now = {0};
	int err = upstream_finish(x, e, result, reader);

	if (err != STORE_CONFLICT)
		return err;
	/* Given up just now, the certificate by its client, or its revocation by the operator: seen
	 * on reading both again. */
	err = store_exchange_get(reader, e->id, &now);
	if (err != 0)
		return err < 0 ? err : log_fault("reading an exchange", -ENOENT, x->ca->conf->name);
	err = upstream_finish(x, &now, result, reader);
	if (err == STORE_CONFLICT) {
		octets_clear(&x->answer);
		err = put_off(x, &now, x->ca->conf->upstream_retry_ms);
	}
	return err;
}

static int outcome_apply(struct exchange *x, const struct store_exchange *e,
			 const struct exchange_result *result, struct store_reader *reader)
{
	const struct conf_ca *conf = x->ca->conf;
	int64_t retry_ms = conf->upstream_retry_ms, check_after_ms = result->check_after_ms;

	switch (result->outcome) {
	case EXCHANGE_WAITING:
		/* The client polls, not we; it has until then. */
		if (x->request.kind == EXCHANGE_REQUEST_FORWARD)
			return put_off(x, e, e->deadline_ms - now_ms(x->ca));
		if (check_after_ms < POLL_PAUSE_MIN_MS)
			check_after_ms = POLL_PAUSE_MIN_MS;
		return put_off(x, e, upstream_pause_ms(x->ca, e, check_after_ms));
	case EXCHANGE_NO_ANSWER:
		if (x->transfer_error == -ECONNREFUSED)
			atomic_store(&x->ca->upstream->down_until_ms, now_ms(x->ca) + retry_ms);
		/* A revocation may be tried for years, and so ever less often. */
		return put_off(x, e,
			       e->kind == STORE_EXCHANGE_ISSUE
				       ? retry_ms
				       : upstream_pause_ms(x->ca, e, retry_ms));
	case EXCHANGE_GRANTED:
	case EXCHANGE_REFUSED:
	default:
		return exchange_finish(x, e, result, reader);
	}
}

static int attempt_with(struct exchange *x, const struct store_exchange *e,
			const struct store_certificate *cert, struct store_reader *reader)
{
	struct exchange_result result;
	bool gave_up = e->kind == STORE_EXCHANGE_ISSUE && cert->state != STORE_CERT_REQUESTED &&
		       x->transcript.len == 0 && x->request.kind != EXCHANGE_REQUEST_FORWARD;
	int err;

	/* Nothing is said any more, but what was said may have led to a certificate. */
	x->offline = is_expired(x->ca, e) || gave_up || upstream_is_moot(x->ca, e, cert);
	err = exchange_step(x, &result);
	if (err != 0)
		return err;
	if (x->offline && result.outcome != EXCHANGE_GRANTED) {
		result.outcome = EXCHANGE_REFUSED;
		result.failinfo = FAIL_SYSTEM_UNAVAIL;
		result.reason = REFUSAL_upstream_unavailable;
	}
	return outcome_apply(x, e, &result, reader);
}

/* *againp: the exchange is open, and may be due again before the deadline. */
static int exchange_attempt(struct ca *ca, int64_t exchange_id, struct store_reader *reader,
			    struct store_unit *unit, bool housekeeping, int64_t deadline_us,
			    bool *againp)
{
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(exchange_clear) struct exchange x = {0};
	int64_t asked_us = clock_monotonic_us();
	int err = store_exchange_get(reader, exchange_id, &e);

	*againp = false;
	if (err != 0)
		return err < 0 ? err : log_fault("reading an exchange", -ENOENT, ca->conf->name);
	if (e.state != STORE_EXCHANGE_OPEN)
		return 0;
	if (is_claimed(ca, &e)) {
		*againp = wait_for_claimant(housekeeping, deadline_us);
		return 0;
	}
	if (!is_expired(ca, &e) && !wait_for_turn(ca, &e, housekeeping, deadline_us))
		return 0;
	err = store_certificate_get(reader, e.certificate_id, &cert);
	if (err != 0)
		return err < 0 ? err
			       : log_fault("reading the certificate of an exchange", -ENOENT,
					   ca->conf->name);
	err = exchange_open(ca, &e, octets_view(&cert.der), reader, unit, &x);
	if (err < 0)
		return err;
	x.deadline_us = deadline_us;
	if (e.claimant == ca->upstream->claimant)
		x.claimed_until_us = asked_us + 1000 * e.claim_left_ms;
	x.row = &cert;
	err = attempt_with(&x, &e, &cert, reader);
	*againp = err == 0;
	if (err != STORE_CONFLICT)
		return err;
	/* Another process was faster: theirs counts. */
	*againp = wait_for_claimant(housekeeping, deadline_us);
	return 0;
}

static int exchange_run(struct ca *ca, int64_t exchange_id, struct store_reader *reader,
			struct store_unit *unit, bool housekeeping, int64_t deadline_us)
{
	/* The housekeeper does not wait for one who is at it already. */
	struct upstream_slot *slot =
		slot_enter(ca, exchange_id, housekeeping, housekeeping ? 0 : deadline_us);
	bool again = slot != NULL;
	int err = 0;

	while (err == 0 && again)
		err = exchange_attempt(ca, exchange_id, reader, unit, housekeeping, deadline_us,
				       &again);
	if (err < 0)
		store_unit_clear(unit);
	if (slot)
		slot_leave(ca->upstream, slot);
	return err;
}

/* --- certificates --- */

static int run_kind(struct ca *ca, int64_t certificate_id, enum store_exchange_kind kind,
		    struct store_reader *reader, struct store_unit *unit)
{
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	int64_t deadline_us = wait_deadline_us(ca);
	int err;

	assert(ca->upstream);
	/* Nothing is sent of what was not committed. */
	if (store_unit_is_dry(unit))
		return 0;
	err = store_exchange_find(reader, certificate_id, kind, &e);
	if (err != 0)
		return err < 0 ? err
			       : log_fault("finding the exchange of a certificate", -ENOENT,
					   ca->conf->name);
	if (e.state != STORE_EXCHANGE_OPEN)
		return 0;
	return exchange_run(ca, e.id, reader, unit, false, deadline_us);
}

int ca_upstream_run(struct ca *ca, int64_t certificate_id, struct store_reader *reader,
		    struct store_unit *unit)
{
	return run_kind(ca, certificate_id, STORE_EXCHANGE_ISSUE, reader, unit);
}

int ca_upstream_forward_run(struct ca *ca, int64_t certificate_id, enum store_exchange_kind kind,
			    struct store_reader *reader, struct store_unit *unit)
{
	return run_kind(ca, certificate_id, kind, reader, unit);
}

int ca_upstream_failinfo(struct store_reader *reader, int64_t certificate_id, int *failinfop,
			 enum refusal_reason *reasonp)
{
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	int err = store_exchange_find(reader, certificate_id, STORE_EXCHANGE_ISSUE, &e);

	if (err < 0)
		return err;
	*failinfop = err == 0 && e.state == STORE_EXCHANGE_FAILED ? e.failinfo : -1;
	*reasonp = e.refusal ? refusal_by_code(e.refusal) : REFUSAL_NONE;
	return 0;
}

int ca_upstream_check_after(const struct ca *ca)
{
	int64_t seconds = (ca->conf->upstream_retry_ms + 999) / 1000;

	return seconds > 0 ? (int)seconds : 1;
}

/* --- revocations --- */

/* An rr of the client that is passed on comes first, and ours after it. */
static int revocation_find(struct store_reader *reader, int64_t certificate_id,
			   struct store_exchange *ep)
{
	int err = store_exchange_find(reader, certificate_id, STORE_EXCHANGE_REVOKE_FORWARD, ep);

	if (err < 0 || (err == 0 && ep->state == STORE_EXCHANGE_OPEN))
		return err;
	store_exchange_clear(ep);
	*ep = (struct store_exchange){0};
	return store_exchange_find(reader, certificate_id, STORE_EXCHANGE_REVOKE, ep);
}

int ca_upstream_revoke_run(struct ca *ca, int64_t certificate_id, struct store_reader *reader,
			   struct store_unit *unit)
{
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int64_t deadline_us = wait_deadline_us(ca);
	int err;

	assert(ca->upstream);
	if (store_unit_is_dry(unit))
		return STORE_NOT_FOUND;
	err = revocation_find(reader, certificate_id, &e);
	if (err == 0 && e.state == STORE_EXCHANGE_OPEN)
		err = exchange_run(ca, e.id, reader, unit, false, deadline_us);
	if (err == 0)
		err = store_certificate_get(reader, certificate_id, &cert);
	if (err < 0)
		return err;
	if (err != 0)
		return log_fault("finding the exchange of a revocation", -ENOENT, ca->conf->name);
	return cert.state == STORE_CERT_REVOCATION_PENDING ? STORE_NOT_FOUND : 0;
}

int ca_upstream_revoke_asked(struct store_reader *reader, int64_t certificate_id, bool *askedp)
{
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	int err = revocation_find(reader, certificate_id, &e);

	*askedp = err == 0 && e.state == STORE_EXCHANGE_OPEN;
	return err < 0 ? err : 0;
}

int ca_upstream_revoke_failinfo(struct store_reader *reader, int64_t certificate_id, int *failinfop)
{
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	int err = revocation_find(reader, certificate_id, &e);

	*failinfop = err == 0 ? e.failinfo : -1;
	return err < 0 ? err : 0;
}

/* As long as somebody may be told that it is waited for. 0: nobody is. */
static int64_t give_up_earliest_ms(const struct ca *ca, const struct store_certificate *cert,
				   const struct store_exchange *e)
{
	int64_t begun_ms = e->created_ms;

	/* Nobody took it. */
	if (cert->state != STORE_CERT_REVOCATION_PENDING)
		return 0;
	/* Ours follows once the client's has ended, and has its time from then on. */
	if (e->kind == STORE_EXCHANGE_REVOKE_FORWARD)
		begun_ms = e->deadline_ms > now_ms(ca) ? e->deadline_ms : now_ms(ca);
	return begun_ms + ca->conf->upstream_timeout_ms;
}

int ca_upstream_revoke_give_up(struct ca *ca, const struct store_certificate *cert,
			       struct store_reader *reader, struct store_unit *unit,
			       int64_t *earliest_msp)
{
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	int err = revocation_find(reader, cert->id, &e);

	if (err != 0)
		return err;
	if (e.state != STORE_EXCHANGE_OPEN)
		return STORE_NOT_FOUND;
	*earliest_msp = give_up_earliest_ms(ca, cert, &e);
	if (now_ms(ca) < *earliest_msp)
		return -EAGAIN;
	return store_exchange_set_deadline(unit, e.id, now_ms(ca));
}

/* --- housekeeping --- */

int upstream_housekeeping(struct ca *ca, struct store_reader *reader, struct store_unit *unit)
{
	int64_t deadline_us = housekeeping_deadline_us(ca);
	struct store_due due;
	/* While it is not to be reached only what has expired can be done. */
	int err = is_down(ca) ? store_exchange_expired(reader, ca->conf->name, now_ms(ca), &due)
			      : store_exchange_due(reader, ca->conf->name, now_ms(ca), &due);

	if (err < 0)
		return err;
	err = 0;
	for (size_t i = 0; i < due.len && clock_monotonic_us() < deadline_us; i++) {
		int failed = exchange_run(ca, due.id[i], reader, unit, true, deadline_us);

		/* One that cannot be worked on does not stop the others. */
		if (failed < 0)
			err = failed;
	}
	return err;
}
