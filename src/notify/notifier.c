// SPDX-License-Identifier: Apache-2.0
/*
 * Which subscription gets a worker, and when. A subscription has one worker at most, so that its
 * events stay in order. A callback can take 20 seconds, and somebody can have many that do: those
 * that were slow the last time, or failed, get half of the workers at most.
 */
#include "deliver.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

/* What one node does at a time. */
#define JOB "notifications"

enum {
	/* Subscriptions share places; one that shares with a slow one is taken for slow. */
	SLOW_PLACES = 4096,
	/* Of events that all are done with, in a round and in a tick. */
	PURGE_MAX = 1000,
	PURGE_ROUNDS = 10,
};

/* A subscription that has a worker, or is queued for one. */
struct lane {
	struct notifier *notifier;
	int64_t subscription_id; /* 0: free */
	bool slow;
};

struct notifier {
	struct notifier_options options;
	atomic_bool scanning;
	atomic_bool stopping;
	pthread_mutex_t lock;
	bool was_slow[SLOW_PLACES];
	size_t n_slow; /* lanes */
	struct lane lanes[];
};

int notifier_new(const struct notifier_options *options, struct notifier **notifierp)
{
	struct notifier *notifier =
		calloc(1, sizeof(*notifier) + options->workers * sizeof(struct lane));

	if (!notifier)
		return -ENOMEM;
	notifier->options = *options;
	for (size_t i = 0; i < options->workers; i++)
		notifier->lanes[i].notifier = notifier;
	pthread_mutex_init(&notifier->lock, NULL);
	*notifierp = notifier;
	return 0;
}

void notifier_stop(struct notifier *notifier)
{
	atomic_store(&notifier->stopping, true);
}

void notifier_free(struct notifier *notifier)
{
	if (!notifier)
		return;
	pthread_mutex_destroy(&notifier->lock);
	free(notifier);
}

static bool is_stopping(void *arg)
{
	struct notifier *notifier = arg;

	return atomic_load(&notifier->stopping) || !store_job_held(notifier->options.nodes, JOB);
}

/* --- lanes --- */

static bool *slow_place(struct notifier *notifier, int64_t subscription_id)
{
	return &notifier->was_slow[(uint64_t)subscription_id % SLOW_PLACES];
}

/* NULL: it has one, there is none, or none for slow ones. */
static struct lane *lane_take(struct notifier *notifier, int64_t subscription_id)
{
	struct lane *taken = NULL;
	bool slow;

	pthread_mutex_lock(&notifier->lock);
	slow = *slow_place(notifier, subscription_id);
	for (size_t i = 0; i < notifier->options.workers; i++) {
		struct lane *lane = &notifier->lanes[i];

		if (lane->subscription_id == subscription_id) {
			taken = NULL;
			break;
		}
		if (lane->subscription_id == 0)
			taken = lane;
	}
	if (taken && slow && notifier->n_slow >= notifier->options.workers / 2)
		taken = NULL;
	if (taken) {
		taken->subscription_id = subscription_id;
		taken->slow = slow;
		notifier->n_slow += slow;
	}
	pthread_mutex_unlock(&notifier->lock);
	return taken;
}

static void lane_give_back(struct lane *lane, bool was_slow)
{
	struct notifier *notifier = lane->notifier;

	pthread_mutex_lock(&notifier->lock);
	*slow_place(notifier, lane->subscription_id) = was_slow;
	notifier->n_slow -= lane->slow;
	lane->subscription_id = 0;
	pthread_mutex_unlock(&notifier->lock);
}

static void lane_run(void *arg, struct worker *worker)
{
	struct lane *lane = arg;
	struct notifier *notifier = lane->notifier;
	struct delivery delivery = {
		.options = &notifier->options,
		.is_cancelled = is_stopping,
		.is_cancelled_arg = notifier,
	};

	delivery.worker = notifier->options.worker_of(worker, &delivery.cmf);
	delivery.was_slow = lane->slow;
	if (store_job_enter(notifier->options.nodes, JOB, delivery.worker->unit)) {
		delivery.was_slow = false;
		deliver(&delivery, lane->subscription_id);
	}
	store_job_leave(delivery.worker->unit);
	lane_give_back(lane, delivery.was_slow);
}

/* --- what is due --- */

static int events_purge(const struct cmf_worker *worker)
{
	bool purgeable = true;
	int err = 0;

	for (int i = 0; i < PURGE_ROUNDS && err == 0; i++) {
		err = store_event_purgeable(worker->reader, &purgeable);
		if (err < 0 || !purgeable)
			return err;
		err = store_event_purge(worker->unit, PURGE_MAX);
		if (err == 0)
			err = store_unit_commit(worker->unit);
	}
	return err;
}

static int due_deliver(struct notifier *notifier, const struct cmf_worker *own)
{
	struct store_due due = {.len = 0};
	int err = store_subscription_due(own->reader, clock_now_ms(notifier->options.clock), &due);

	for (size_t i = 0; i < due.len && !is_stopping(notifier); i++) {
		struct lane *lane = lane_take(notifier, due.id[i]);

		if (lane && pool_submit(notifier->options.pool, lane_run, lane) < 0)
			lane_give_back(lane, lane->slow);
	}
	return err == 0 ? events_purge(own) : err;
}

static void notifier_scan(void *arg, struct worker *worker)
{
	struct notifier *notifier = arg;
	struct cmf *cmf;
	const struct cmf_worker *own = notifier->options.worker_of(worker, &cmf);
	int err = 0;

	if (store_job_enter(notifier->options.nodes, JOB, own->unit))
		err = due_deliver(notifier, own);
	if (err < 0)
		store_unit_clear(own->unit);
	store_job_leave(own->unit);
	atomic_store(&notifier->scanning, false);
}

void notifier_tick(struct notifier *notifier)
{
	if (!atomic_exchange(&notifier->scanning, true) &&
	    pool_submit(notifier->options.pool, notifier_scan, notifier) < 0)
		atomic_store(&notifier->scanning, false);
}
