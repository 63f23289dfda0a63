// SPDX-License-Identifier: Apache-2.0
/*
 * Processor time for who is not known yet. Before a message turns out to be a stranger's it can ask
 * for dear work: a key derived from a password, a path of certificates. Such work is asked for here
 * first. What it cost is owed by where it came from, by whom it claims to be from (whether that
 * exists or not), and by all strangers together; the time that passes pays it back. Who has been
 * authentic from there lately has a reserve that nobody else can use. The memory is fixed, whoever
 * asks; all is forgotten with the process. Thread-safe. Knows no CMP.
 */
#pragma once

#include "base/bytes.h"
#include "base/network.h"

struct budget;

enum { BUDGET_SEED_LEN = 32 };

/* The seed of its hashes, which nobody else may know; NULL: a random one. 0, -ENOMEM, -EIO. */
_must_check_ int budget_new(const uint8_t *seed, struct budget **budgetp);
void budget_free(struct budget *budget);

struct budget_limits {
	int64_t us_per_s; /* of processor time, for all strangers together */
	/* Pieces of work of strangers at the same time, and of who is known together with them. */
	unsigned strangers_at_once;
	unsigned at_once;
};

/* Who asks. */
struct budget_claim {
	struct network network;
	struct bytes reference;
	uint64_t connection; /* 0: it has no number */
};

/* A piece of work that was admitted. */
struct budget_work {
	uint64_t network; /* hashes with a secret */
	uint64_t claim;
	uint64_t connection;
	int64_t cost_us;
	bool taken;
	bool reserved; /* out of the reserve of who is known */
	bool counted;  /* among those at the same time */
};

/* Takes what the work is expected to cost. false: it is not to be done now, and nothing is taken.
 */
bool budget_take(struct budget *budget, const struct budget_limits *limits,
		 const struct budget_claim *claim, int64_t cost_us, int64_t now_ms,
		 struct budget_work *workp);
/* The work is done, and cost that. */
void budget_end(struct budget *budget, struct budget_work *work, int64_t cost_us);
/* After budget_end(): the message was authentic and no replay. Nothing is owed for it, and who sent
 * it is known from now on. */
void budget_refund(struct budget *budget, struct budget_work *work, int64_t now_ms);
