// SPDX-License-Identifier: Apache-2.0
/*
 * A file of the audit by itself: chains of hashes, which the lines are followed along, and heads,
 * whose MAC proves what lies before them to whoever has the store key. The file is read once, line
 * by line (audit_lines.c), for it may be large. See audit_file.h; what is hashed,
 * src/store/audit_hash.h.
 */
#include "audit_file.h"

#include "audit_lines.h"

#include "base/error.h"
#include "cmf/audit.h"
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_CLEANUP(struct cmf_audit_keys, cmf_audit_keys_free);

/* [audit] file may have lines of the last second before a crash twice: a page of them at most. */
enum { REPEATED_MAX = 1024 };

struct followed {
	struct store_audit_place at; /* as far as it was followed */
	int64_t from;                /* sequence of the first line that was held against its hash */
	int64_t id;                  /* of the line at `at`; 0: it was not in the file */
	int64_t proven;              /* a head that the key proves goes so far */
	int64_t unproven;            /* lines behind that, which a head can still prove */
	bool begun;                  /* `at` is a place of the file */
	bool broken;                 /* it was said why */
	/* [audit] file has a head before the lines that it is of, if it is a moment earlier. */
	struct store_audit_head head; /* line 0: none waits for its line */
	bool head_proves;
};

/* A place that was read. */
struct passed {
	struct store_audit_place at, before;
	bool has_before; /* its hash was held against the one before */
	bool has_line;   /* not a remark alone was there */
};

struct reading {
	const char *path;
	const struct cmf_audit_keys *keys; /* NULL: none */
	json_t *findings;
	struct followed *chain;
	size_t n_chains, last_chain;
	json_t *index;                      /* of chains, by their numbers as text */
	struct passed recent[REPEATED_MAX]; /* what was read last */
	size_t n_recent;
	int64_t lines, heads_unproven, missing, unproven;
	int64_t gap_before; /* the file says itself that lines before this id are missing; 0: no
			       more */
};

static void finding_add(struct reading *r, struct followed *f, int64_t id, const char *problem)
{
	/* What comes behind a line that is wrong proves nothing. */
	if (f->broken)
		return;
	f->broken = true;
	json_array_append_new(r->findings,
			      json_pack("{s:I, s:I, s:s}", "chain", (json_int_t)f->at.chain, "id",
					(json_int_t)id, "problem", problem));
}

static bool hashes_equal(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, STORE_AUDIT_HASH_LEN) == 0;
}

/* The chain of that number, which begins here if it was not there; NULL: no memory. */
static struct followed *chain_of(struct reading *r, int64_t number)
{
	struct followed *grown;
	const json_t *known;
	char text[24];

	/* Most lines are of the chain that the line before was of. */
	if (r->n_chains > 0 && r->chain[r->last_chain].at.chain == number)
		return &r->chain[r->last_chain];
	snprintf(text, sizeof(text), "%lld", (long long)number);
	known = json_object_get(r->index, text);
	if (known) {
		r->last_chain = (size_t)json_integer_value(known);
		return &r->chain[r->last_chain];
	}
	grown = reallocarray(r->chain, r->n_chains + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	r->chain = grown;
	if (json_object_set_new(r->index, text, json_integer((json_int_t)r->n_chains)))
		return NULL;
	grown[r->n_chains] = (struct followed){.at = {.chain = number}, .from = -1};
	r->last_chain = r->n_chains++;
	return &grown[r->last_chain];
}

/* `before`: the place that it was held against; NULL: there was none. */
static void recent_add(struct reading *r, const struct store_audit_place *at,
		       const struct store_audit_place *before, bool has_line)
{
	struct passed *passed = &r->recent[r->n_recent++ % REPEATED_MAX];

	*passed = (struct passed){.at = *at, .has_before = before, .has_line = has_line};
	if (before)
		passed->before = *before;
}

/* NULL: it is not among them. */
static struct passed *recent_find(struct reading *r, int64_t chain, int64_t sequence)
{
	for (size_t i = 0; i < r->n_recent && i < REPEATED_MAX; i++)
		if (r->recent[i].at.chain == chain && r->recent[i].at.sequence == sequence)
			return &r->recent[i];
	return NULL;
}

/* --- what a head proves --- */

static void head_prove(struct followed *f)
{
	int64_t behind = f->at.sequence - f->head.place.sequence;

	f->proven = f->head.place.sequence > f->proven ? f->head.place.sequence : f->proven;
	f->unproven = behind < f->unproven ? behind : f->unproven;
}

/* Holds the head against the chain, unless its line is still to come. */
static void head_judge(struct reading *r, struct followed *f)
{
	const struct store_audit_place *at = &f->at, *said = &f->head.place;

	if (!f->head.line || !f->begun || said->sequence > f->at.sequence)
		return;
	if (said->sequence < f->at.sequence) {
		const struct passed *was = recent_find(r, said->chain, said->sequence);

		at = was ? &was->at : NULL;
	}
	if (!at || !hashes_equal(at->hash, said->hash) ||
	    (at == &f->at && f->id && f->id != f->head.line))
		finding_add(r, f, f->head.line,
			    "the head is not of the line that the file has there");
	else if (f->head_proves)
		head_prove(f);
	f->head = (struct store_audit_head){0};
}

/* A place that nothing before it is known of, which the lines behind it are followed from. */
static void place_take(struct reading *r, struct followed *f, const struct store_audit_place *place,
		       int64_t id, bool has_line)
{
	f->at = *place;
	f->id = id;
	f->from = place->sequence + 1;
	f->begun = true;
	recent_add(r, &f->at, NULL, has_line);
	head_judge(r, f);
}

/* What was read before has nothing to do with the lines that come now: no head proves it any more.
 */
static void unproven_keep(struct reading *r, struct followed *f)
{
	r->unproven += f->unproven;
	f->unproven = 0;
}

/* --- lines --- */

/* A line that the file does not have the one before of: its hash is taken as it is. */
static void line_take(struct reading *r, struct followed *f, const struct store_audit *line)
{
	struct store_audit_place place = {.chain = line->chain, .sequence = line->sequence};

	memcpy(place.hash, line->hash.data, sizeof(place.hash));
	unproven_keep(r, f);
	r->unproven++;
	place_take(r, f, &place, line->id, true);
}

static int line_step(struct reading *r, struct followed *f, const struct store_audit *line)
{
	struct store_audit_place next = f->at;
	int err = store_audit_step(&next, line);

	if (err < 0)
		return err;
	if (!hashes_equal(next.hash, line->hash.data)) {
		finding_add(r, f, line->id, "the line was changed");
		return 0;
	}
	recent_add(r, &next, &f->at, true);
	f->at = next;
	f->id = line->id;
	f->unproven++;
	head_judge(r, f);
	return 0;
}

/* A line that comes twice must be what it was, and counts once. */
static int line_repeated(struct reading *r, struct followed *f, const struct store_audit *line)
{
	struct passed *was = recent_find(r, line->chain, line->sequence);
	struct store_audit_place again;
	int err = 0;

	if (!was) {
		finding_add(r, f, line->id, "the line was inserted, or put elsewhere");
		return 0;
	}
	again = was->has_before ? was->before : was->at;
	if (was->has_before)
		err = store_audit_step(&again, line);
	if (err == 0 && !(hashes_equal(again.hash, was->at.hash) &&
			  hashes_equal(line->hash.data, was->at.hash)))
		finding_add(r, f, line->id, "the line was changed");
	if (was->has_line)
		r->lines--;
	else
		r->unproven++;
	was->has_line = true;
	return err;
}

/* Lines of a chain that the file does not have, as it says itself. */
static void lines_skip(struct reading *r, struct followed *f, int64_t n)
{
	if (__builtin_add_overflow(r->missing, n, &r->missing))
		r->missing = INT64_MAX;
	/* The line of a head that waits is one of them. */
	if (f->head.place.sequence <= f->at.sequence + n)
		f->head = (struct store_audit_head){0};
	unproven_keep(r, f);
}

static void lines_missing(struct reading *r, struct followed *f, const struct store_audit *line)
{
	int64_t n = line->sequence - f->at.sequence - 1;
	char problem[80];

	if (r->gap_before == line->id) {
		lines_skip(r, f, n);
		line_take(r, f, line);
		return;
	}
	snprintf(problem, sizeof(problem), "%lld lines are missing before this one", (long long)n);
	finding_add(r, f, line->id, problem);
}

/* The file has lines behind its first head, or none: it goes on from that. */
static void head_take(struct reading *r, struct followed *f)
{
	if (f->head.line && !f->begun)
		place_take(r, f, &f->head.place, f->head.line, false);
}

static int line_follow(struct reading *r, const struct store_audit *line)
{
	struct followed *f = chain_of(r, line->chain);
	int err = f ? 0 : -ENOMEM;

	r->lines++;
	if (err < 0 || f->broken)
		return err;
	if (f->head.place.sequence < line->sequence)
		head_take(r, f);
	if (line->chain == 0)
		r->unproven++; /* from before there were chains */
	else if (line->hash.len == 0)
		finding_add(r, f, line->id, "the line has no hash");
	else if (!f->begun)
		line_take(r, f, line);
	else if (line->sequence == f->at.sequence + 1)
		err = line_step(r, f, line);
	else if (line->sequence <= f->at.sequence)
		err = line_repeated(r, f, line);
	else
		lines_missing(r, f, line);
	if (r->gap_before == line->id)
		r->gap_before = 0;
	return err;
}

/* --- remarks --- */

/*
 * Behind which place the lines of a chain follow: in its beginning, or behind a gap, where
 * retention has removed what was to be exported. What is before that nothing behind it proves.
 */
static int begin_take(struct reading *r, const struct store_audit_place *begin)
{
	struct followed *f = chain_of(r, begin->chain);

	if (!f)
		return -ENOMEM;
	if (f->broken)
		return 0;
	if (f->begun && r->gap_before && begin->sequence > f->at.sequence)
		lines_skip(r, f, begin->sequence - f->at.sequence);
	else if (f->begun)
		finding_add(r, f, 0, "its begin is not where the chain begins");
	if (!f->broken)
		place_take(r, f, begin, 0, false);
	return 0;
}

static int head_follow(struct reading *r, const struct store_audit_head *head,
		       const struct store_audit_mac *mac)
{
	struct followed *f = chain_of(r, head->place.chain);
	int err = -ENOKEY;

	if (!f)
		return -ENOMEM;
	if (f->broken)
		return 0;
	if (r->keys && mac->present)
		err = cmf_audit_keys_check(r->keys, head, mac);
	if (err == -EBADMSG)
		finding_add(r, f, head->line,
			    "the head has no MAC of that store key: it was changed, or made by "
			    "somebody else");
	if (err < 0 && err != -ENOKEY)
		return err == -EBADMSG ? 0 : err;
	r->heads_unproven += err == -ENOKEY;
	f->head = *head;
	f->head_proves = err == 0;
	head_judge(r, f);
	return 0;
}

/* Lines that heads wait for have not come. */
static void heads_end(struct reading *r)
{
	char problem[80];

	for (size_t i = 0; i < r->n_chains; i++) {
		struct followed *f = &r->chain[i];

		head_take(r, f);
		if (!f->head.line)
			continue;
		snprintf(problem, sizeof(problem),
			 "the last %lld lines before the head are missing",
			 (long long)(f->head.place.sequence - f->at.sequence));
		finding_add(r, f, f->head.line, problem);
	}
}

/* --- the file --- */

static bool is_so(const json_t *line, const char *member)
{
	return json_is_true(json_object_get(line, member));
}

/* 0, negative errno; -EBADMSG: it is no line of an audit. */
static int text_follow(struct reading *r, const json_t *object)
{
	_cleanup_(json_audit_clear) struct json_audit read = {0};
	struct store_audit_head head = {0};
	struct store_audit_place begin = {0};
	struct store_audit_mac mac = {0};
	int err;

	if (is_so(object, "gap")) {
		r->gap_before = json_integer_value(json_object_get(object, "before_id"));
		return 0;
	}
	if (is_so(object, "head"))
		return json_audit_head_read(object, &head, &mac) ? head_follow(r, &head, &mac)
								 : -EBADMSG;
	if (is_so(object, "begin"))
		return json_audit_begin_read(object, &begin) ? begin_take(r, &begin) : -EBADMSG;
	err = json_audit_read(object, &read);
	return err == 0 ? line_follow(r, &read.line) : err;
}

/* A line that is none; before there was time_ms, one may have been. */
static int object_follow(void *arg, const json_t *object, size_t number)
{
	struct reading *r = arg;
	int err = text_follow(r, object);

	if (err != -EBADMSG || !json_object_get(object, "action") ||
	    json_object_get(object, "time_ms"))
		return err;
	ctl_error("%s: line %zu has no time_ms, of which its hash was made: what a cmfd from "
		  "before that has written can only be held --against the audit",
		  r->path, number);
	return CTL_REFUSED;
}

static json_t *chains_json(const struct reading *r)
{
	json_t *chains = json_array();

	for (size_t i = 0; i < r->n_chains; i++) {
		const struct followed *f = &r->chain[i];

		json_array_append_new(chains, json_pack("{s:I, s:I, s:I, s:I}", "chain",
							(json_int_t)f->at.chain, "from",
							(json_int_t)(f->from < 0 ? 0 : f->from),
							"to", (json_int_t)f->at.sequence, "proven",
							(json_int_t)f->proven));
	}
	return chains;
}

static json_t *reading_report(const struct reading *r)
{
	int64_t unproven = r->unproven;

	for (size_t i = 0; i < r->n_chains; i++)
		unproven += r->chain[i].unproven;
	return json_pack("{s:I, s:O, s:o, s:I, s:I, s:I}", "lines", (json_int_t)r->lines,
			 "findings", r->findings, "chains", chains_json(r), "lines_unproven",
			 (json_int_t)unproven, "heads_unproven", (json_int_t)r->heads_unproven,
			 "lines_missing", (json_int_t)r->missing);
}

static int keys_read(const char *secret_key, struct cmf_audit_keys **keysp)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	int err = cmf_audit_keys_new(secret_key, keysp, &problems);

	if (err == 0)
		return CTL_OK;
	ctl_error("%s", problems.text ? problems.text : error_text(err));
	return CTL_FAULT;
}

int audit_file_verify(const char *path, const char *secret_key, json_t **reportp)
{
	_cleanup_(cmf_audit_keys_freep) struct cmf_audit_keys *keys = NULL;
	struct reading *r = calloc(1, sizeof(*r));
	int status = secret_key ? keys_read(secret_key, &keys) : CTL_OK;

	if (!r)
		return ctl_file_error(path, -ENOMEM);
	r->path = path;
	r->keys = keys;
	r->findings = json_array();
	r->index = json_object();
	if (status == CTL_OK)
		status = audit_lines_read(path, object_follow, r);
	heads_end(r);
	if (status == CTL_OK)
		*reportp = reading_report(r);
	json_decref(r->findings);
	json_decref(r->index);
	free(r->chain);
	free(r);
	return status;
}
