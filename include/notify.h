// SPDX-License-Identifier: Apache-2.0
/*
 * Notifications: sends what has happened to the callbacks of those who have subscribed to it. Each
 * event at least once, in the order in which they happened, at growing intervals until the callback
 * has taken it; when that takes too long, the subscription has failed. Workers of its own do it,
 * one for a subscription at a time, and never all for callbacks that are slow or do not answer.
 *
 * Who may hear of what and where, cmf/subscription.h says; what a notification looks like is the
 * JSON door's. A state in memory is lost with the process: the store says how far each one is.
 */
#pragma once

#include "base/metrics.h"
#include "base/pool.h"
#include "cmf/subscription.h"
#include "store/node.h"

/* --- one callback --- */

/*
 * Tests a callback, SOL 013: whether it answers a GET, authenticated as notifications will be, with
 * 204. `secret` is the password. Takes as long as the callback does, 20 s at most, and as long
 * again for a token. 0; REFUSED (callback_not_reached); negative errno.
 */
_must_check_ int notify_callback_test(const struct cmf_call *call,
				      const struct store_subscription *subscription,
				      struct bytes secret);

/* --- all of them --- */

/* Gives what the calling thread works with, and the CMF in force; both live as long as the job. */
typedef const struct cmf_worker *notify_worker_of(struct worker *worker, struct cmf **cmfp);
/*
 * The body of a notification, which the caller frees; NULL: the filter of the subscription keeps it
 * back. 0 or negative errno.
 */
typedef int notify_encode(void *arg, const struct store_subscription *subscription,
			  const struct store_event *event, char **bodyp);

struct notifier;

/* All borrowed. */
struct notifier_options {
	struct pool *pool; /* with one thread more than `workers` */
	struct store_nodes
		*nodes; /* of those that serve the database one sends; NULL: there is one */
	uint32_t workers;
	notify_worker_of *worker_of;
	notify_encode *encode;
	void *encode_arg;
	const struct clock_source *clock;
	struct metrics *metrics;
};
_must_check_ int notifier_new(const struct notifier_options *options, struct notifier **notifierp);
/* Begins what is due. Called every second, returns at once. */
void notifier_tick(struct notifier *notifier);
/* What is under way is given up, as far as it has not been sent; then the pool ends. */
void notifier_stop(struct notifier *notifier);
/* After the pool is gone. NULL is fine. */
void notifier_free(struct notifier *notifier);
