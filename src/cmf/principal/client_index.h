// SPDX-License-Identifier: Apache-2.0
/*
 * Clients or their credentials by octets that they are looked for with, so that how many there are
 * does not matter. Filled once, then sorted, then only read. Keys are borrowed.
 */
#pragma once

#include "base/bytes.h"

struct client_index_entry {
	struct bytes key;
	const void *item;
	size_t order; /* in which it was added: that of entries with the same key */
};

struct client_index {
	struct client_index_entry *entry;
	size_t len;
	size_t size;
};

/* 0 or -ENOMEM. */
_must_check_ int client_index_add(struct client_index *index, struct bytes key, const void *item);
void client_index_sort(struct client_index *index);
/* The entries with that key, one behind the other; *np of them. */
const struct client_index_entry *client_index_find(const struct client_index *index,
						   struct bytes key, size_t *np);
void client_index_clear(struct client_index *index);
