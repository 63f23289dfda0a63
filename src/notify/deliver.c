// SPDX-License-Identifier: Apache-2.0
/*
 * The events of one subscription, one after the other. How far it got is committed behind a page of
 * them, or earlier where the callback takes its time: what was sent but not yet committed when the
 * process dies is sent again, with the same id.
 */
#include "deliver.h"

#include "base/log.h"
#include "callback.h"

#include <errno.h>

enum {
	PAGE_EVENTS = 32,
	/* Then what was sent is committed, though the page goes on. */
	COMMIT_EVERY_US = 2 * 1000 * 1000,
	/* Then it is another one's turn. */
	TURN_US = 10 * 1000 * 1000,
	/* A callback that takes longer is slow. */
	SLOW_US = 2 * 1000 * 1000,
	RETRY_FIRST_MS = 1000,
	RETRY_MAX_MS = 3600 * 1000,
};

/* An event that was read, and its notification; NULL: it is not to be sent. */
struct prepared {
	int64_t event_id;
	char *body;
};

struct page {
	const struct delivery *delivery;
	const struct store_subscription *subscription;
	const struct cmf_principal *who;
	struct prepared item[PAGE_EVENTS];
	size_t len;
};

static void page_clear(struct page *page)
{
	for (size_t i = 0; i < page->len; i++)
		free(page->item[i].body);
	page->len = 0;
}

/* All of a page are read before the first is sent: nothing of the store is held meanwhile. */
static int event_prepare(void *arg, const struct store_event *event)
{
	struct page *page = arg;
	const struct notifier_options *options = page->delivery->options;
	struct prepared *item = &page->item[page->len++];

	*item = (struct prepared){.event_id = event->id};
	if (!cmf_event_is_for(page->who, event))
		return 0;
	return options->encode(options->encode_arg, page->subscription, event, &item->body);
}

static int progress_commit(const struct delivery *delivery, struct store_subscription *s)
{
	int err = store_subscription_update(delivery->worker->unit, s);

	/* STORE_CONFLICT: it has ended meanwhile. */
	return err < 0 ? err : store_unit_commit(delivery->worker->unit);
}

static int64_t retry_after_ms(uint32_t attempts)
{
	int64_t ms = RETRY_FIRST_MS;

	while (--attempts > 0 && ms < RETRY_MAX_MS)
		ms *= 2;
	return ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS;
}

/* The callback has not taken the next event. */
static int failure_commit(struct delivery *delivery, struct store_subscription *s)
{
	const struct cmf_call call = cmf_call_now(delivery->cmf, delivery->worker, NULL, NULL);
	int err;

	delivery->was_slow = true;
	if (!s->failing_since_ms)
		s->failing_since_ms = call.now_ms;
	s->attempts++;
	s->next_ms = call.now_ms + retry_after_ms(s->attempts);
	if (call.now_ms - s->failing_since_ms < cmf_conf(call.cmf)->events.retry_ms)
		return progress_commit(delivery, s);
	log_event(LOG_LEVEL_ERROR, "subscription_failed", F_TEXT("client", s->client),
		  F_INT("subscription", s->id), F_TEXT("uri", s->callback_uri));
	err = cmf_subscription_fail(&call, s);
	return err < 0 ? err : store_unit_commit(delivery->worker->unit);
}

/* Whether the callback has taken it: RFC 9110 15.3. */
static bool event_send(struct delivery *delivery, struct callback *callback, const char *body)
{
	int64_t began_us = clock_monotonic_us();
	long status = 0;
	int err = delivery->is_cancelled(delivery->is_cancelled_arg)
			  ? -ECANCELED
			  : callback_send(callback, body, &status);
	bool taken = !err && status >= 200 && status < 300;

	if (clock_monotonic_us() - began_us > SLOW_US)
		delivery->was_slow = true;
	if (!err && !taken)
		log_event(LOG_LEVEL_WARNING, "callback",
			  F_TEXT("client", callback->subscription->client),
			  F_INT("subscription", callback->subscription->id),
			  F_TEXT("uri", callback->subscription->callback_uri),
			  F_INT("status", status));
	if (err != -ECANCELED)
		metrics_notification(delivery->options->metrics, taken);
	return taken;
}

/* 0: go on with the next page; 1: it is over for now; or negative errno. */
static int page_send(struct delivery *delivery, struct callback *callback,
		     struct store_subscription *s, const struct page *page)
{
	int64_t committed_us = clock_monotonic_us();
	int err = 0;

	for (size_t i = 0; i < page->len && err == 0; i++) {
		const struct prepared *item = &page->item[i];

		if (item->body && !event_send(delivery, callback, item->body)) {
			err = delivery->is_cancelled(delivery->is_cancelled_arg)
				      ? progress_commit(delivery, s)
				      : failure_commit(delivery, s);
			return err < 0 ? err : 1;
		}
		s->position = item->event_id;
		s->attempts = 0;
		s->failing_since_ms = 0;
		s->next_ms = clock_now_ms(delivery->options->clock);
		if (i + 1 == page->len || clock_monotonic_us() - committed_us > COMMIT_EVERY_US) {
			err = progress_commit(delivery, s);
			committed_us = clock_monotonic_us();
		}
	}
	return err;
}

static int pages_send(struct delivery *delivery, struct callback *callback,
		      struct store_subscription *s, const struct cmf_principal *who)
{
	int64_t until_us = clock_monotonic_us() + TURN_US;
	int err = 0;

	while (err == 0 && clock_monotonic_us() < until_us) {
		_cleanup_(page_clear) struct page page = {
			.delivery = delivery, .subscription = s, .who = who};

		err = store_event_list(delivery->worker->reader, s->trust_domain, s->position,
				       PAGE_EVENTS, event_prepare, &page);
		if (err == 0)
			err = page.len > 0 ? page_send(delivery, callback, s, &page) : 1;
	}
	return err;
}

static int subscription_deliver(struct delivery *delivery, struct store_subscription *s)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_call call = cmf_call_now(delivery->cmf, delivery->worker, NULL, &refusal);
	_cleanup_(cmf_principal_clear) struct cmf_principal who = {0};
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	struct callback callback = {
		.cmf = delivery->cmf,
		.subscription = s,
		.is_cancelled = delivery->is_cancelled,
		.is_cancelled_arg = delivery->is_cancelled_arg,
	};
	int err = cmf_client_assume(&call, s->client, &who);

	if (err != 0)
		return err;
	err = cmf_subscription_secret(delivery->cmf, s, &secret);
	callback.secret = octets_view(&secret);
	if (err == 0)
		err = callback_open(&callback);
	if (err == 0)
		err = pages_send(delivery, &callback, s, &who);
	callback_close(&callback);
	return err;
}

void deliver(struct delivery *delivery, int64_t subscription_id)
{
	_cleanup_(store_subscription_clear) struct store_subscription s = {0};
	int err = store_subscription_get(delivery->worker->reader, subscription_id, &s);

	if (err == 0 && s.state == STORE_SUBSCRIPTION_ACTIVE)
		err = subscription_deliver(delivery, &s);
	if (err < 0)
		store_unit_clear(delivery->worker->unit);
}
