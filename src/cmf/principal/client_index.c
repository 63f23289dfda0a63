// SPDX-License-Identifier: Apache-2.0
/* A sorted array of keys. See client_index.h. */
#include "principal/client_index.h"

#include <errno.h>
#include <string.h>

int client_index_add(struct client_index *index, struct bytes key, const void *item)
{
	if (index->len == index->size) {
		size_t size = index->size ? index->size * 2 : 16;
		struct client_index_entry *grown = reallocarray(index->entry, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		index->entry = grown;
		index->size = size;
	}
	index->entry[index->len] = (struct client_index_entry){key, item, index->len};
	index->len++;
	return 0;
}

static int key_order(struct bytes a, struct bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.data, b.data, common) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int entry_order(const void *a, const void *b)
{
	const struct client_index_entry *x = a, *y = b;
	int order = key_order(x->key, y->key);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

void client_index_sort(struct client_index *index)
{
	if (index->len)
		qsort(index->entry, index->len, sizeof(*index->entry), entry_order);
}

const struct client_index_entry *client_index_find(const struct client_index *index,
						   struct bytes key, size_t *np)
{
	size_t low = 0, high = index->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (key_order(index->entry[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*np = 0;
	while (low + *np < index->len && bytes_equal(index->entry[low + *np].key, key))
		++*np;
	return *np ? &index->entry[low] : NULL;
}

void client_index_clear(struct client_index *index)
{
	free(index->entry);
	*index = (struct client_index){0};
}
