// SPDX-License-Identifier: Apache-2.0
/* What is sent for one subscription at a time. Private to src/notify. */
#pragma once

#include "notify.h"

struct delivery {
	const struct notifier_options *options;
	struct cmf *cmf;
	const struct cmf_worker *worker;
	bool (*is_cancelled)(void *arg);
	void *is_cancelled_arg;
	bool was_slow; /* set: the callback did not answer, or took its time */
};

/*
 * Sends what a subscription waits for, until that is all, the callback fails, or it is another
 * one's turn; commits how far that went. Faults are logged; the store says what is left.
 */
void deliver(struct delivery *delivery, int64_t subscription_id);
