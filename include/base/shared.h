// SPDX-License-Identifier: Apache-2.0
/*
 * Octets that several hold at once, as a large CRL that goes out to many: nobody changes them, and
 * who lets go last frees them. Any thread.
 */
#pragma once

#include "base/bytes.h"

struct shared;

/* Takes over *octets; NULL if there is no memory, then they stay the caller's. */
struct shared *shared_new(struct octets *octets);
/* A further holder. Returns s. */
struct shared *shared_ref(struct shared *s);
/* NULL is fine. */
void shared_unref(struct shared *s);
DEFINE_CLEANUP(struct shared, shared_unref);
/* Octets with a shared part in them, which is not copied. */
struct spliced {
	struct octets own;
	struct shared *part; /* NULL: none */
	size_t at;           /* where it stands among one's own */
};
void spliced_clear(struct spliced *s);
/* All of it in one piece, which the caller owns; *s is cleared. 0 or -ENOMEM. */
_must_check_ int spliced_join(struct spliced *s, struct octets *wholep);

/* Valid as long as it is held. NULL: empty. */
struct bytes shared_view(const struct shared *s);
