// SPDX-License-Identifier: Apache-2.0
/*
 * Retention of the audit: the oldest lines go, page by page, and each chain that loses some gets an
 * anchor, its last line that went, with a MAC, from which it is verified then. What is not as it
 * was written is no longer removed: it is evidence. See audit_purge.h.
 */
#include "audit_purge.h"

#include "audit_key.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

/* By whole days, so that what tells of it is a few lines a day; and how often that is looked at. */
enum { PAGE = 1000, LOOK_INTERVAL_MS = 3600 * 1000, DAY_MS = 24 * 3600 * 1000 };

struct chain_cut {
	struct store_audit_chain chain;
	struct store_audit_place at; /* its last line that goes */
};

struct purge {
	struct chain_cut *cut; /* by number */
	size_t len;
	int64_t before_ms;
	int64_t last_id; /* of the lines that go */
	int64_t n;
	int64_t spoilt_id; /* a line that is not as it was written; 0: none */
};

static int chain_take(void *arg, const struct store_audit_chain *chain)
{
	struct purge *p = arg;
	struct chain_cut *grown = reallocarray(p->cut, p->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	p->cut = grown;
	grown[p->len] = (struct chain_cut){.chain = *chain, .at = chain->anchor};
	p->len++;
	return chain->anchor.sequence > 0 ? 0 : store_audit_begin(chain, &grown[p->len - 1].at);
}

/* 1: here the purge ends. */
static int line_take(void *arg, const struct store_audit *line)
{
	struct purge *p = arg;
	struct store_audit_place next;
	int err;

	if (line->time_ms >= p->before_ms)
		return 1;
	p->spoilt_id = line->id;
	if (line->chain < 0 || (size_t)line->chain >= p->len)
		return 1;
	next = p->cut[line->chain].at;
	err = store_audit_step(&next, line);
	if (err < 0)
		return err;
	if (line->chain > 0 &&
	    (line->sequence != next.sequence || !bytes_equal(line->hash, BYTES_OF(next.hash))))
		return 1;
	p->cut[line->chain].at = next;
	p->spoilt_id = 0;
	p->last_id = line->id;
	p->n++;
	return 0;
}

static int anchors_put(const struct cmf_call *call, const struct purge *p)
{
	struct store_audit_key key;
	int err = audit_key_current(call->cmf, &key);

	for (size_t i = 0; err == 0 && i < p->len; i++) {
		const struct chain_cut *cut = &p->cut[i];
		struct store_audit_mac mac = {0};

		if (cut->at.sequence == cut->chain.anchor.sequence)
			continue;
		err = store_audit_mac(&key, STORE_AUDIT_ANCHOR, &cut->at, &mac);
		if (err == 0)
			err = store_audit_anchor(call->unit, &cut->at, cut->chain.anchor.sequence,
						 &mac);
	}
	OPENSSL_cleanse(&key, sizeof(key));
	return err;
}

static int purge_commit(const struct cmf_call *call, const struct purge *p)
{
	char detail[80], before[21];
	const struct cmf_audit audit = {
		.action = "purge audit", .target = "[retention] audit", .detail = detail};
	int err = store_audit_purge(call->unit, p->last_id);

	clock_format(p->before_ms, before);
	snprintf(detail, sizeof(detail), "%" PRId64 " lines from before %s", p->n, before);
	if (err == 0)
		err = anchors_put(call, p);
	if (err == 0)
		err = cmf_audit_add(call, &audit);
	if (err == 0)
		err = store_unit_commit(call->unit);
	/* Another process was at it. */
	return err == STORE_CONFLICT ? 0 : err;
}

int audit_purge(struct cmf_call *call, bool *morep)
{
	int64_t retention_ms = call->cmf->conf->retention.audit_ms;
	const struct store_audit_filter oldest = {.limit = PAGE};
	struct purge p = {0};
	int err;

	if (retention_ms == 0 || call->now_ms < call->cmf->audit_look_ms)
		return 0;
	p.before_ms = (call->now_ms - retention_ms) / DAY_MS * DAY_MS;
	err = store_audit_chains(call->reader, chain_take, &p);
	if (err == 0)
		err = store_audit_list(call->reader, &oldest, line_take, &p);
	if (err >= 0 && p.spoilt_id)
		log_event(LOG_LEVEL_ERROR, "audit",
			  F_TEXT("problem",
				 "a line is not as it was written; it and what comes after it is "
				 "not removed: see cmfctl audit verify"),
			  F_INT("line", p.spoilt_id));
	if (err >= 0)
		err = p.n > 0 ? purge_commit(call, &p) : 0;
	if (err == 0 && p.n == PAGE)
		*morep = true;
	else if (err == 0)
		call->cmf->audit_look_ms = call->now_ms + LOOK_INTERVAL_MS;
	free(p.cut);
	return err;
}
