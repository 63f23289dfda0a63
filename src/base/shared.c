// SPDX-License-Identifier: Apache-2.0
/* Octets with several holders. */
#include "base/shared.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct shared {
	struct octets octets;
	_Atomic unsigned holders;
};

struct shared *shared_new(struct octets *octets)
{
	struct shared *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	s->octets = *octets;
	atomic_init(&s->holders, 1);
	*octets = OCTETS_NULL;
	return s;
}

struct shared *shared_ref(struct shared *s)
{
	atomic_fetch_add(&s->holders, 1);
	return s;
}

void shared_unref(struct shared *s)
{
	if (!s || atomic_fetch_sub(&s->holders, 1) > 1)
		return;
	octets_clear(&s->octets);
	free(s);
}

struct bytes shared_view(const struct shared *s)
{
	return s ? octets_view(&s->octets) : BYTES_NULL;
}

void spliced_clear(struct spliced *s)
{
	octets_clear(&s->own);
	shared_unref(s->part);
	*s = (struct spliced){0};
}

int spliced_join(struct spliced *s, struct octets *wholep)
{
	struct bytes part = shared_view(s->part);
	uint8_t *data = s->own.data;

	if (part.len) {
		data = realloc(s->own.data, s->own.len + part.len);
		if (!data)
			return -ENOMEM;
		memmove(data + s->at + part.len, data + s->at, s->own.len - s->at);
		memcpy(data + s->at, part.data, part.len);
	}
	*wholep = (struct octets){data, s->own.len + part.len};
	s->own = OCTETS_NULL;
	spliced_clear(s);
	return 0;
}
