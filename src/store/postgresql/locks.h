// SPDX-License-Identifier: Apache-2.0
/*
 * What a batch locks before its changes, so that units are serialisable (store.h) though each of
 * their statements sees what was committed last.
 *
 * A change that looks only at the row that it changes needs none: PostgreSQL locks that, and looks
 * again. One whose condition is over other rows takes a lock for what it is about (a subject, a
 * key, a registration), and so does every change that can make the condition false. Locks are taken
 * in one statement in the order of their numbers, before anything else, so that nobody waits in a
 * circle.
 */
#pragma once

#include "unit.h"

#include <stdbool.h>

struct lock {
	int64_t number;
	bool shared;
};

struct locks {
	struct lock *item;
	size_t len;
	size_t size;
};

/* Adds what a change of the unit needs. -ENOMEM. */
_must_check_ int locks_add(struct locks *locks, const struct change *change);
/* In their order, each once. */
void locks_sort(struct locks *locks);
void locks_clear(struct locks *locks);
/* Whether a change has a rule. */
bool locks_ruled(enum change_kind kind);
