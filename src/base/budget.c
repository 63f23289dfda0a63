// SPDX-License-Identifier: Apache-2.0
/* What strangers may cost. See base/budget.h. */
#include "base/budget.h"

#include "base/log.h"

#include <errno.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

/*
 * Places for what is owed. They are found by a hash that nobody outside can compute; whose hashes
 * meet in one share it, and nobody has to give way.
 */
enum { NETWORKS = 2048, CLAIMS = 8192 };

/* Who is known: sets of places, where the one that proved itself longest ago gives way. */
enum { KNOWN_SETS = 1024, KNOWN_WAYS = 4 };

/*
 * One network's part of what strangers have, and one claim's: so that one cannot use up all of it.
 * A first client on an address where somebody plays the fool has the rest.
 */
enum { NETWORK_PART = 4, CLAIM_PART = 8 };

/*
 * What may be owed at a time: the earnings of a second; at least what allows a few messages of the
 * dearest kind on a small machine.
 */
enum {
	CLAIM_OWED_MIN_US = 200 * 1000,
	NETWORK_OWED_MIN_US = 400 * 1000,
	ALL_OWED_MIN_US = 800 * 1000,
	RESERVE_OWED_US = 2000 * 1000,
};

/* Shorter work is not counted among that at the same time. */
enum { LONG_WORK_US = 2000 };

#define LATELY_MS (24 * 3600 * INT64_C(1000))

struct account {
	int64_t owed_us; /* as of then */
	int64_t at_ms;
};

struct known {
	uint64_t claim;
	int64_t since_ms;
	/* On which it last proved itself; 0 while that is at work again, or has failed. */
	uint64_t connection;
	struct account account;
};

struct budget {
	uint8_t seed[BUDGET_SEED_LEN];
	pthread_mutex_t mutex;
	unsigned at_once, strangers_at_once;
	struct account all;
	struct account networks[NETWORKS];
	struct account claims[CLAIMS];
	struct known known[KNOWN_SETS][KNOWN_WAYS];
};

int budget_new(const uint8_t *seed, struct budget **budgetp)
{
	struct budget *budget = calloc(1, sizeof(*budget));

	if (!budget)
		return -ENOMEM;
	if (seed) {
		memcpy(budget->seed, seed, sizeof(budget->seed));
	} else if (RAND_bytes(budget->seed, sizeof(budget->seed)) != 1) {
		free(budget);
		return log_fault("budget of strangers", -EIO, NULL);
	}
	pthread_mutex_init(&budget->mutex, NULL);
	*budgetp = budget;
	return 0;
}

void budget_free(struct budget *budget)
{
	if (!budget)
		return;
	pthread_mutex_destroy(&budget->mutex);
	free(budget);
}

/* --- accounts --- */

static int64_t most_owed(int64_t us_per_s, int64_t min_us)
{
	return us_per_s > min_us ? us_per_s : min_us;
}

/* Pays back, then says whether the cost may be owed, too: what is dearer than all, after nothing.
 */
static bool account_has(struct account *a, int64_t us_per_s, int64_t owed_max_us, int64_t cost_us,
			int64_t now_ms)
{
	int64_t earned;

	if (now_ms > a->at_ms && a->owed_us > 0) {
		/* Beyond the time that pays all the product could overflow. */
		earned = now_ms - a->at_ms > a->owed_us / us_per_s * 1000 + 1000
				 ? a->owed_us
				 : (now_ms - a->at_ms) * us_per_s / 1000;
		a->owed_us = earned < a->owed_us ? a->owed_us - earned : 0;
	}
	a->at_ms = now_ms;
	return a->owed_us == 0 || a->owed_us + cost_us <= owed_max_us;
}

static void account_add(struct account *a, int64_t us)
{
	a->owed_us += us;
	if (a->owed_us < 0)
		a->owed_us = 0;
}

/* --- who it is --- */

static uint64_t account_hash(const struct budget *budget, const struct network *network,
			     struct bytes reference)
{
	uint8_t in[sizeof(budget->seed) + sizeof(*network) + SHA256_DIGEST_LENGTH];
	uint8_t out[SHA256_DIGEST_LENGTH];
	uint64_t h;

	memcpy(in, budget->seed, sizeof(budget->seed));
	memcpy(in + sizeof(budget->seed), network, sizeof(*network));
	SHA256(reference.data, reference.len, in + sizeof(budget->seed) + sizeof(*network));
	SHA256(in, sizeof(in), out);
	memcpy(&h, out, sizeof(h));
	return h ? h : 1;
}

static struct known *known_set(struct budget *budget, uint64_t claim)
{
	return budget->known[claim % KNOWN_SETS];
}

static struct known *known_find(struct budget *budget, uint64_t claim)
{
	struct known *set = known_set(budget, claim);

	for (size_t i = 0; i < KNOWN_WAYS; i++)
		if (set[i].claim == claim)
			return &set[i];
	return NULL;
}

/* Its place, or that of who proved itself longest ago. */
static struct known *known_place(struct budget *budget, uint64_t claim)
{
	struct known *set = known_set(budget, claim), *oldest = set;
	struct known *known = known_find(budget, claim);

	if (known)
		return known;
	for (size_t i = 1; i < KNOWN_WAYS; i++)
		if (set[i].since_ms < oldest->since_ms)
			oldest = &set[i];
	*oldest = (struct known){.claim = claim};
	return oldest;
}

/* --- work --- */

static bool take_reserve(struct known *known, const struct budget_limits *limits, int64_t now_ms,
			 struct budget_work *work)
{
	bool proven = work->connection && work->connection == known->connection;

	/*
	 * Behind one address somebody else may use up the reserve of a reference that he knows; but
	 * he is not on the connection on which its owner has proved itself.
	 */
	if (!account_has(&known->account, limits->us_per_s / CLAIM_PART, RESERVE_OWED_US,
			 work->cost_us, now_ms) &&
	    !proven)
		return false;
	if (proven)
		known->connection = 0;
	account_add(&known->account, work->cost_us);
	work->reserved = true;
	return true;
}

static struct account *account_of_network(struct budget *budget, const struct budget_work *work)
{
	return &budget->networks[work->network % NETWORKS];
}

static struct account *account_of_claim(struct budget *budget, const struct budget_work *work)
{
	return &budget->claims[work->claim % CLAIMS];
}

/* To whom it is owed: +, what it cost; -, it is forgiven. */
static void budget_owe(struct budget *budget, const struct budget_work *work, int64_t us)
{
	struct known *known;

	if (work->reserved) {
		known = known_find(budget, work->claim);
		if (known)
			account_add(&known->account, us);
		return;
	}
	account_add(&budget->all, us);
	account_add(account_of_network(budget, work), us);
	account_add(account_of_claim(budget, work), us);
}

static bool take_as_stranger(struct budget *budget, const struct budget_limits *limits,
			     int64_t now_ms, struct budget_work *work)
{
	int64_t all = limits->us_per_s, network = all / NETWORK_PART, claim = all / CLAIM_PART;

	if (work->counted && budget->strangers_at_once >= limits->strangers_at_once)
		return false;
	if (!account_has(&budget->all, all, most_owed(all, ALL_OWED_MIN_US), work->cost_us,
			 now_ms) ||
	    !account_has(account_of_network(budget, work), network,
			 most_owed(network, NETWORK_OWED_MIN_US), work->cost_us, now_ms) ||
	    !account_has(account_of_claim(budget, work), claim, most_owed(claim, CLAIM_OWED_MIN_US),
			 work->cost_us, now_ms))
		return false;
	budget_owe(budget, work, work->cost_us);
	return true;
}

bool budget_take(struct budget *budget, const struct budget_limits *limits,
		 const struct budget_claim *claim, int64_t cost_us, int64_t now_ms,
		 struct budget_work *workp)
{
	struct budget_work work = {
		.network = account_hash(budget, &claim->network, BYTES_NULL),
		.claim = account_hash(budget, &claim->network, claim->reference),
		.connection = claim->connection,
		.cost_us = cost_us,
		.counted = cost_us >= LONG_WORK_US,
	};
	struct known *known;

	pthread_mutex_lock(&budget->mutex);
	known = known_find(budget, work.claim);
	if (work.counted && budget->at_once >= limits->at_once)
		work.taken = false;
	else if (known && now_ms - known->since_ms < LATELY_MS)
		work.taken = take_reserve(known, limits, now_ms, &work);
	else
		work.taken = take_as_stranger(budget, limits, now_ms, &work);
	if (work.taken && work.counted) {
		budget->at_once++;
		budget->strangers_at_once += !work.reserved;
	}
	pthread_mutex_unlock(&budget->mutex);
	*workp = work;
	return work.taken;
}

void budget_end(struct budget *budget, struct budget_work *work, int64_t cost_us)
{
	pthread_mutex_lock(&budget->mutex);
	budget_owe(budget, work, cost_us - work->cost_us);
	work->cost_us = cost_us;
	if (work->counted) {
		budget->at_once--;
		budget->strangers_at_once -= !work->reserved;
		work->counted = false;
	}
	pthread_mutex_unlock(&budget->mutex);
}

void budget_refund(struct budget *budget, struct budget_work *work, int64_t now_ms)
{
	struct known *known;

	pthread_mutex_lock(&budget->mutex);
	budget_owe(budget, work, -work->cost_us);
	known = known_place(budget, work->claim);
	known->since_ms = now_ms;
	known->connection = work->connection;
	pthread_mutex_unlock(&budget->mutex);
	work->cost_us = 0;
}
