// SPDX-License-Identifier: Apache-2.0
/*
 * The chains of the audit in the store, as store.h has it. Each process that commits lines of audit
 * has a chain of its own: a line has the hash of itself and of all lines before it in its chain,
 * and the chain begins with how far the chain before it had come. What is newest, how many chains
 * there are, and what retention has removed have a MAC under the audit key, so that lines cannot be
 * cut off at either end, nor a whole chain be made anew, by who does not have that key. What is
 * hashed is in src/store/audit_hash.h; who verifies is cmf/audit_verify.c.
 */
#pragma once

#include "store.h"

enum { STORE_AUDIT_HASH_LEN = 32, STORE_AUDIT_KEY_LEN = 32, STORE_AUDIT_KEY_ID_LEN = 8 };

/* The audit key, and of which store key it was derived: cmf/'s. */
struct store_audit_key {
	uint8_t id[STORE_AUDIT_KEY_ID_LEN];
	uint8_t octets[STORE_AUDIT_KEY_LEN];
};

/* A line by its place, and the hash of it and of all before it. */
struct store_audit_place {
	int64_t chain;
	int64_t sequence; /* from 1; 0: before the first */
	uint8_t hash[STORE_AUDIT_HASH_LEN];
};

struct store_audit_mac {
	bool present;
	uint8_t key_id[STORE_AUDIT_KEY_ID_LEN];
	uint8_t octets[STORE_AUDIT_HASH_LEN];
};

/* Chain 0 has the lines from before there were chains; they have neither sequence nor hash. */
struct store_audit_chain {
	int64_t id;
	int64_t begun_ms;
	struct store_audit_place before; /* of the chain before it, as it was then */
	struct store_audit_place last;
	struct store_audit_mac mac;      /* of `last`; of chain 0: of the number of chains */
	struct store_audit_place anchor; /* sequence 0: nothing was removed */
	struct store_audit_mac anchor_mac;
};

/* What a MAC says. */
enum store_audit_mac_of { STORE_AUDIT_LAST, STORE_AUDIT_ANCHOR, STORE_AUDIT_CHAINS };

/* --- hashes and MACs; nothing is read or written --- */

/* Where the first line of the chain goes on from. 0 or -EIO. */
_must_check_ int store_audit_begin(const struct store_audit_chain *chain,
				   struct store_audit_place *placep);
/* Goes on by one line, whose own chain, sequence and hash are not looked at. 0 or -EIO. */
_must_check_ int store_audit_step(struct store_audit_place *place, const struct store_audit *line);
/* The MAC of a place; of CHAINS the place is the last chain's number alone. 0 or -EIO. */
_must_check_ int store_audit_mac(const struct store_audit_key *key, enum store_audit_mac_of of,
				 const struct store_audit_place *place,
				 struct store_audit_mac *macp);

/* What is kept of a chain elsewhere: its newest line at that time. */
struct store_audit_head {
	struct store_audit_place place;
	int64_t line; /* its id */
	int64_t time_s;
};
/* The MAC of all of it. 0 or -EIO. */
_must_check_ int store_audit_head_mac(const struct store_audit_key *key,
				      const struct store_audit_head *head,
				      struct store_audit_mac *macp);

/* --- the store --- */

/*
 * The first key is what the committer makes MACs with from now on; before that there are none. With
 * all of them it looks, before it begins a chain, whether none is missing; if so it leaves a gap
 * in the numbers, which stays. At most STORE_AUDIT_KEYS_MAX. Any thread.
 */
enum { STORE_AUDIT_KEYS_MAX = 4 };
void store_audit_keys_set(struct store *store, const struct store_audit_key *keys, size_t n);

/* All chains in their order; what is not 0 ends the walk, and is the result. */
typedef int store_audit_chain_each(void *arg, const struct store_audit_chain *chain);
_must_check_ int store_audit_chains(struct store_reader *r, store_audit_chain_each *each,
				    void *arg);

/* One of them, or STORE_NOT_FOUND. */
_must_check_ int store_audit_chain_get(struct store_reader *r, int64_t id,
				       struct store_audit_chain *chainp);

/* The id before that of the first line of that time or later; INT64_MAX: there is none. */
_must_check_ int store_audit_since(struct store_reader *r, int64_t since_ms, int64_t *before_idp);

/* The id of a line before the first of a chain that is still there. 0 or negative errno. */
_must_check_ int store_audit_chain_start(struct store_reader *r,
					 const struct store_audit_chain *chain,
					 int64_t *before_idp);

/*
 * Removes all lines with ids up to that one; each chain that loses some needs its anchor in the
 * same unit. Never conflicts.
 */
_must_check_ int store_audit_purge(struct store_unit *u, int64_t id);
/* The anchor of a chain is now at `place`. Conflict: it is not at `from` any more. */
_must_check_ int store_audit_anchor(struct store_unit *u, const struct store_audit_place *place,
				    int64_t from, const struct store_audit_mac *mac);
/* Other MACs of the same. Conflict: the chain has gone on, or retention has; of chain 0, whose MAC
 * is of the number of chains: there is a newer one than `newest`. */
_must_check_ int store_audit_seal(struct store_unit *u, const struct store_audit_chain *chain,
				  int64_t newest, const struct store_audit_mac *mac,
				  const struct store_audit_mac *anchor_mac);

/* --- places outside of the store that lines are written to (cmfd's [audit]) --- */

/* How far such a place has been given the lines of the chains of this process. */
struct store_audit_sink {
	int64_t chain;    /* 0: of none yet */
	int64_t sequence; /* of the last line that it was given; 0: none of this chain */
	int64_t line;     /* its id; the next one has a greater one */
};
/* By its name. STORE_NOT_FOUND: nothing was noted. */
_must_check_ int store_audit_sink_get(struct store_reader *r, const char *name,
				      struct store_audit_sink *sinkp);
/* Never conflicts. */
_must_check_ int store_audit_sink_set(struct store_unit *u, const char *name,
				      const struct store_audit_sink *sink);
/* The chain that this process's lines go to; 0: it has written none yet. Any thread. */
int64_t store_audit_chain_own(const struct store *store);
/* The newest line of a chain. 0, STORE_NOT_FOUND, what `each` returned, or negative errno. */
_must_check_ int store_audit_newest(struct store_reader *r, int64_t chain, store_audit_each *each,
				    void *arg);
/*
 * The chain to go on with behind `after` (0: from the oldest that this process has begun); *nextp
 * is 0 if there is none. Where one process at a time serves the database, whatever was written is
 * told; where several do, each tells its own. A chain that has a next one gets no more lines.
 */
_must_check_ int store_audit_chain_next(struct store *store, struct store_reader *r, int64_t after,
					struct store_audit_chain *nextp);
