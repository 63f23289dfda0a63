// SPDX-License-Identifier: Apache-2.0
/*
 * For test_property.c: good messages of every kind in the house of granted.h, and how one is
 * changed at random.
 */
#pragma once

#include "granted.h"

/* --- messages (property_message.c) --- */

/* Good until it is changed; what it goes on with was sent before, or lies within. */
struct message {
	struct ask ask;
	struct ask before[2];
	struct told told;
	ASN1_INTEGER *number; /* popdecr: that of the challenge */
};

/* Its kinds. */
extern const struct message_kind {
	const char *name;
	void (*make)(struct message *m);
	int answer; /* type of the answer to it as it is */
} message_kinds[];
extern const size_t message_kinds_count;

/* Makes and encodes one. */
void message_make(const struct message_kind *kind, struct message *m);
void message_clear(struct message *m);
/* Protects header and body, as they are now, as its sender does; extraCerts stay. False: it has no
 * such parts any more. */
bool message_protect(const struct message *m, struct octets *messagep);

/* --- changes (property_change.c) --- */

/* The same sequence on every machine, so that a seed repeats a run. */
void chance_seed(uint64_t seed);
uint32_t chance(uint32_t below);
/* The value with one of the values in it changed, left out, doubled, cut... The caller owns it. */
struct octets value_mutate(struct bytes tlv);
