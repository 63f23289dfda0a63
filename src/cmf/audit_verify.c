// SPDX-License-Identifier: Apache-2.0
/*
 * Verifying the audit. Lines are read once, in the order of their ids, and each chain is followed
 * for itself. The chains are read before and behind that: what was written meanwhile lies between
 * the two. Where lines are missing, their chain is read again: retention may have removed them
 * meanwhile, and has left an anchor then, from which the chain goes on. See cmf/audit.h; what is
 * hashed, src/store/audit_hash.h.
 */
#include "cmf/audit.h"

#include "audit_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 1000 }; /* lines of one */

/* A chain that is followed. */
struct chain_walk {
	struct store_audit_chain chain; /* as it was before its lines were read */
	struct store_audit_place at;    /* as far as it was followed */
	int64_t seen;                   /* the highest place of a line */
	bool broken;                    /* it was said why */
	bool left;                      /* it goes on, and will be followed the next time */
};

struct verification {
	struct cmf *cmf;
	struct cmf_audit_report *report;
	struct chain_walk *walk; /* by number: they are without gaps */
	size_t len;
	int64_t last_id;
	size_t n_page;
	/* The page ended before this line: some of its chain are missing before it. */
	struct chain_walk *gap;
	int64_t gap_id, gap_lines;
	/* A line of a chain that there was not: the one with the highest number. */
	int64_t stray_chain;
	int64_t stray_id;
};

static void verification_clear(struct verification *v)
{
	free(v->walk);
	v->walk = NULL;
	v->len = 0;
}

__attribute__((format(printf, 4, 5))) static void finding_add(struct verification *v, int64_t chain,
							      int64_t id, const char *format, ...)
{
	struct cmf_audit_report *report = v->report;
	va_list args;

	if (report->n_findings < CMF_AUDIT_FINDINGS_MAX) {
		struct cmf_audit_finding *finding = &report->finding[report->n_findings];

		finding->chain = chain;
		finding->id = id;
		va_start(args, format);
		vsnprintf(finding->text, sizeof(finding->text), format, args);
		va_end(args);
	}
	report->n_findings++;
	/* What comes behind a line that is wrong proves nothing. */
	if (id && chain >= 0 && (size_t)chain < v->len)
		v->walk[chain].broken = true;
}

static bool places_equal(const struct store_audit_place *a, const struct store_audit_place *b)
{
	return a->sequence == b->sequence && memcmp(a->hash, b->hash, sizeof(a->hash)) == 0;
}

/* --- chains --- */

static int chain_take(void *arg, const struct store_audit_chain *chain)
{
	struct verification *v = arg;
	struct chain_walk *grown = reallocarray(v->walk, v->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	v->walk = grown;
	v->walk[v->len++] = (struct chain_walk){.chain = *chain};
	return 0;
}

static int mac_judge(struct verification *v, int64_t chain, const char *what,
		     const struct store_audit_mac *mac, enum store_audit_mac_of of,
		     const struct store_audit_place *place)
{
	int err = audit_mac_check(v->cmf, mac, of, place);

	if (err == -ENOKEY)
		finding_add(v, chain, 0,
			    "%s has a MAC of a store key that is not configured: it proves nothing",
			    what);
	else if (err == -EBADMSG && !mac->present)
		finding_add(v, chain, 0, "%s has no MAC", what);
	else if (err == -EBADMSG)
		finding_add(v, chain, 0, "%s is not what its MAC was made of", what);
	return err == -ENOKEY || err == -EBADMSG ? 0 : err;
}

/* The chain is followed from what retention has left of it, as it is now. */
static int anchor_take(struct verification *v, struct chain_walk *walk,
		       const struct store_audit_chain *now)
{
	int err = mac_judge(v, now->id, "the anchor that retention left", &now->anchor_mac,
			    STORE_AUDIT_ANCHOR, &now->anchor);

	if (err == 0 && now->anchor.sequence > now->last.sequence)
		finding_add(v, now->id, 0, "the anchor lies behind the newest line");
	walk->at = walk->chain.anchor = now->anchor;
	walk->chain.anchor_mac = now->anchor_mac;
	return err;
}

/* Where a chain is followed from: its begin, or what retention has left of it. */
static int chain_begin(struct verification *v, struct chain_walk *walk)
{
	if (walk->chain.anchor.sequence == 0)
		return store_audit_begin(&walk->chain, &walk->at);
	return anchor_take(v, walk, &walk->chain);
}

/* At this place: is it what the chain itself, and the one behind it, say of it? */
static void followed_look(struct verification *v, const struct chain_walk *walk)
{
	const struct store_audit_chain *chain = &walk->chain;
	size_t next = (size_t)chain->id + 1;

	if (walk->at.sequence == chain->last.sequence && !places_equal(&walk->at, &chain->last))
		finding_add(v, chain->id, 0,
			    "the newest line is not the one that the chain ends with");
	if (next < v->len && v->walk[next].chain.before.sequence == walk->at.sequence &&
	    !places_equal(&v->walk[next].chain.before, &walk->at))
		finding_add(v, chain->id, 0, "chain %zu began behind another line than it has now",
			    next);
}

static bool chains_are_there(struct verification *v)
{
	for (size_t i = 0; i < v->len; i++)
		if (v->walk[i].chain.id != (int64_t)i) {
			finding_add(v, (int64_t)i, 0, "chain %zu is missing", i);
			return false;
		}
	if (v->len < 2)
		finding_add(v, 0, 0, "no chain has begun: there is nothing that has a MAC");
	return v->len >= 2;
}

static int chains_begin(struct verification *v)
{
	struct store_audit_place count = {.chain = (int64_t)v->len - 1};
	int err = 0;

	if (!chains_are_there(v)) {
		for (size_t i = 0; i < v->len; i++)
			v->walk[i].broken = true;
		return 0;
	}
	err = mac_judge(v, 0, "the number of chains", &v->walk[0].chain.mac, STORE_AUDIT_CHAINS,
			&count);
	for (size_t i = 0; err == 0 && i < v->len; i++) {
		struct chain_walk *walk = &v->walk[i];

		if (i > 0)
			err = mac_judge(v, (int64_t)i, "the newest line", &walk->chain.mac,
					STORE_AUDIT_LAST, &walk->chain.last);
		if (err == 0)
			err = chain_begin(v, walk);
		if (err == 0)
			followed_look(v, walk);
	}
	return err;
}

/* --- lines --- */

/* Its chain has begun meanwhile, or there is none; that is looked at in the end. */
static void stray_note(struct verification *v, const struct store_audit *line)
{
	if (v->stray_id && line->chain >= 0 && line->chain <= v->stray_chain)
		return;
	v->stray_chain = line->chain < 0 ? INT64_MAX : line->chain;
	v->stray_id = line->id;
}

/*
 * Where several processes write, lines with lower ids may be committed behind a page that was read
 * already. Then some are missing, but none of those that the chain had before.
 */
static bool commits_meanwhile(struct chain_walk *walk, const struct store_audit *line)
{
	walk->left = line->sequence > walk->at.sequence + 1 &&
		     walk->at.sequence >= walk->chain.last.sequence;
	return walk->left;
}

/* 1: here lines are missing. */
static int gap_look(struct verification *v, struct chain_walk *walk, const struct store_audit *line)
{
	int64_t missing = line->sequence - walk->at.sequence - 1;

	if (walk->broken || walk->left || line->chain == 0 || missing <= 0 ||
	    commits_meanwhile(walk, line))
		return 0;
	v->gap = walk;
	v->gap_id = line->id;
	v->gap_lines = missing;
	return 1;
}

static int line_follow(void *arg, const struct store_audit *line)
{
	struct verification *v = arg;
	struct chain_walk *walk = NULL;
	int err;

	if (line->chain >= 0 && (size_t)line->chain < v->len)
		walk = &v->walk[line->chain];
	if (walk && gap_look(v, walk, line))
		return 1;
	v->report->lines++;
	v->last_id = line->id;
	v->n_page++;
	if (!walk) {
		stray_note(v, line);
		return 0;
	}
	walk->seen = line->sequence > walk->seen ? line->sequence : walk->seen;
	if (walk->broken || walk->left)
		return 0;
	if (line->chain > 0 && line->sequence <= walk->at.sequence) {
		finding_add(v, line->chain, line->id, "the line was inserted, or put elsewhere");
		return 0;
	}
	err = store_audit_step(&walk->at, line);
	if (err < 0)
		return err;
	if (line->chain > 0 && (line->hash.len != sizeof(walk->at.hash) ||
				memcmp(line->hash.data, walk->at.hash, line->hash.len) != 0))
		finding_add(v, line->chain, line->id, "the line was changed");
	else
		followed_look(v, walk);
	return 0;
}

/* The chain is read behind the line: if retention has removed the others, it has said so by then.
 */
static int gap_judge(struct verification *v, struct store_reader *reader)
{
	struct chain_walk *walk = v->gap;
	struct store_audit_chain now;
	int err = store_audit_chain_get(reader, walk->chain.id, &now);

	if (err == 0 && now.anchor.sequence > walk->at.sequence) {
		err = anchor_take(v, walk, &now);
		followed_look(v, walk);
		return err;
	}
	if (err < 0)
		return err;
	finding_add(v, walk->chain.id, v->gap_id, "%" PRId64 " lines are missing before this one",
		    v->gap_lines);
	return 0;
}

static int lines_follow(struct verification *v, struct store_reader *reader)
{
	struct store_audit_filter filter = {.limit = PAGE};
	int err = 0;

	do {
		v->n_page = 0;
		v->gap = NULL;
		err = store_audit_list(reader, &filter, line_follow, v);
		if (err == 1)
			err = gap_judge(v, reader);
		filter.after_id = v->last_id;
	} while (err == 0 && (v->gap || v->n_page == PAGE));
	return err;
}

/* --- the end --- */

/* It was followed as far as it went before, and no farther than it goes by now. */
static int chain_end(struct verification *v, struct chain_walk *walk,
		     const struct store_audit_chain *now)
{
	int64_t seen = walk->seen > walk->at.sequence ? walk->seen : walk->at.sequence;
	int err = 0;

	if (now->anchor.sequence > walk->at.sequence) {
		err = anchor_take(v, walk, now);
		followed_look(v, walk);
	}
	if (walk->at.sequence < walk->chain.last.sequence)
		finding_add(v, walk->chain.id, 0, "its last %" PRId64 " lines are missing",
			    walk->chain.last.sequence - walk->at.sequence);
	else if (seen > now->last.sequence)
		finding_add(v, walk->chain.id, 0,
			    "there are %" PRId64 " lines behind the newest one",
			    seen - now->last.sequence);
	return err;
}

/* *purgedp: retention has removed lines of chain 0, which do not say where they stand in it. */
static int chains_end(struct verification *v, struct store_reader *reader, bool *purgedp)
{
	struct verification now = {0};
	int err = store_audit_chains(reader, chain_take, &now);

	if (err == 0 && v->stray_id && v->stray_chain >= (int64_t)now.len)
		finding_add(v, v->stray_chain, v->stray_id,
			    "the line is of a chain that there is not");
	if (err == 0 && v->len > 0 && now.len > 0)
		*purgedp = now.walk[0].chain.anchor.sequence != v->walk[0].chain.anchor.sequence;
	for (size_t i = 0; err == 0 && i < v->len && i < now.len; i++)
		if (!v->walk[i].broken)
			err = chain_end(v, &v->walk[i], &now.walk[i].chain);
	verification_clear(&now);
	return err;
}

static int chains_report(const struct verification *v)
{
	v->report->chain = calloc(v->len + 1, sizeof(*v->report->chain));
	if (!v->report->chain)
		return -ENOMEM;
	for (size_t i = 0; i < v->len; i++)
		v->report->chain[i] = v->walk[i].chain;
	v->report->n_chains = v->len;
	return 0;
}

static int verify_once(struct cmf *cmf, struct store_reader *reader,
		       struct cmf_audit_report *report, bool *purgedp)
{
	struct verification v = {.cmf = cmf, .report = report};
	int err = store_audit_chains(reader, chain_take, &v);

	*purgedp = false;
	if (err == 0)
		err = chains_begin(&v);
	if (err == 0)
		err = lines_follow(&v, reader);
	if (err == 0)
		err = chains_end(&v, reader, purgedp);
	if (err == 0)
		err = chains_report(&v);
	verification_clear(&v);
	return err;
}

int cmf_audit_verify(struct cmf *cmf, struct store_reader *reader, struct cmf_audit_report *reportp)
{
	bool purged;
	int err;

	*reportp = (struct cmf_audit_report){0};
	/* Chain 0 gets no lines any more: this ends. */
	do {
		cmf_audit_report_clear(reportp);
		err = verify_once(cmf, reader, reportp, &purged);
	} while (err == 0 && purged);
	return err;
}

void cmf_audit_report_clear(struct cmf_audit_report *report)
{
	free(report->chain);
	*report = (struct cmf_audit_report){0};
}
