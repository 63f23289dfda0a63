// SPDX-License-Identifier: Apache-2.0
/*
 * A file of the audit by itself: chains of hashes, which the lines are followed along, and heads,
 * whose MAC proves what lies before them to whoever has the store key. The file is read once, line
 * by line, for it may be large. See audit_file.h; what is hashed, src/store/audit_hash.h.
 */
#include "audit_file.h"

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
	int64_t unproven; /* lines behind that, and those that have no line before them */
	bool broken;      /* it was said why */
	/* [audit] file has a head before the lines that it is of, if it is a moment earlier. */
	struct store_audit_head head; /* line 0: none waits for its line */
	bool head_proves;
};

struct reading {
	const char *path;
	const struct cmf_audit_keys *keys; /* NULL: none */
	json_t *findings;
	struct followed *chain;
	size_t n_chains;
	struct store_audit_place recent[REPEATED_MAX]; /* of the lines that were read last */
	size_t n_recent;
	int64_t lines, heads_unproven, missing, unproven;
	int64_t gap_before; /* the file says itself that lines before this id are missing */
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

	/* Most lines are of the chain that the line before was of. */
	for (size_t i = r->n_chains; i-- > 0;)
		if (r->chain[i].at.chain == number)
			return &r->chain[i];
	grown = reallocarray(r->chain, r->n_chains + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	r->chain = grown;
	grown[r->n_chains] = (struct followed){.at = {.chain = number}, .from = -1};
	return &grown[r->n_chains++];
}

static void recent_add(struct reading *r, const struct store_audit_place *place)
{
	r->recent[r->n_recent++ % REPEATED_MAX] = *place;
}

/* NULL: it is not among them. */
static const struct store_audit_place *recent_find(const struct reading *r, int64_t chain,
						   int64_t sequence)
{
	for (size_t i = 0; i < r->n_recent && i < REPEATED_MAX; i++)
		if (r->recent[i].chain == chain && r->recent[i].sequence == sequence)
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

	if (!f->head.line || said->sequence > f->at.sequence)
		return;
	if (said->sequence < f->at.sequence)
		at = recent_find(r, said->chain, said->sequence);
	if (!at || !hashes_equal(at->hash, said->hash) ||
	    (at == &f->at && f->id && f->id != f->head.line))
		finding_add(r, f, f->head.line,
			    "the head is not of the line that the file has there");
	else if (f->head_proves)
		head_prove(f);
	f->head = (struct store_audit_head){0};
}

/* --- lines --- */

/* A line that the file does not have the one before of: its hash is taken as it is. */
static void line_take(struct reading *r, struct followed *f, const struct store_audit *line)
{
	f->at.sequence = line->sequence;
	memcpy(f->at.hash, line->hash.data, sizeof(f->at.hash));
	f->id = line->id;
	f->from = f->from < 0 ? line->sequence + 1 : f->from;
	r->unproven++;
	recent_add(r, &f->at);
	head_judge(r, f);
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
	f->at = next;
	f->id = line->id;
	f->from = f->from < 0 ? line->sequence : f->from;
	f->unproven++;
	recent_add(r, &f->at);
	head_judge(r, f);
	return 0;
}

/* A line that comes twice must be what it was, and counts once. */
static int line_repeated(struct reading *r, struct followed *f, const struct store_audit *line)
{
	const struct store_audit_place *was = recent_find(r, line->chain, line->sequence);
	const struct store_audit_place *before = recent_find(r, line->chain, line->sequence - 1);
	struct store_audit_place again;
	int err;

	if (!was || !before) {
		finding_add(r, f, line->id, "the line was inserted, or put elsewhere");
		return 0;
	}
	again = *before;
	err = store_audit_step(&again, line);
	if (err == 0 &&
	    !(hashes_equal(again.hash, was->hash) && hashes_equal(line->hash.data, was->hash)))
		finding_add(r, f, line->id, "the line was changed");
	r->lines--;
	return err;
}

static void lines_missing(struct reading *r, struct followed *f, const struct store_audit *line)
{
	int64_t n = line->sequence - f->at.sequence - 1;
	char problem[80];

	if (r->gap_before == line->id) {
		r->missing += n;
		line_take(r, f, line);
		return;
	}
	snprintf(problem, sizeof(problem), "%lld lines are missing before this one", (long long)n);
	finding_add(r, f, line->id, problem);
}

static int line_follow(struct reading *r, const struct store_audit *line)
{
	struct followed *f = chain_of(r, line->chain);
	int err = f ? 0 : -ENOMEM;

	r->lines++;
	if (err < 0 || f->broken)
		return err;
	if (line->chain == 0)
		r->unproven++; /* from before there were chains */
	else if (line->hash.len == 0)
		finding_add(r, f, line->id, "the line has no hash");
	else if (f->from < 0 && f->at.sequence == 0 && f->id == 0)
		line_take(r, f, line);
	else if (line->sequence == f->at.sequence + 1)
		err = line_step(r, f, line);
	else if (line->sequence <= f->at.sequence)
		err = line_repeated(r, f, line);
	else
		lines_missing(r, f, line);
	return err;
}

/* --- remarks --- */

/* Behind which place the lines of a chain follow. */
static int begin_take(struct reading *r, const struct store_audit *begin)
{
	struct followed *f = chain_of(r, begin->chain);

	if (!f)
		return -ENOMEM;
	if (begin->hash.len == 0 || f->id || f->from >= 0) {
		finding_add(r, f, 0, "its begin is not where the chain begins");
		return 0;
	}
	f->at.sequence = begin->sequence;
	memcpy(f->at.hash, begin->hash.data, sizeof(f->at.hash));
	f->from = begin->sequence + 1;
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
	if (r->keys)
		err = cmf_audit_keys_check(r->keys, head, mac);
	if (err == -EBADMSG)
		finding_add(r, f, head->line,
			    "the head has no MAC of that store key: it was changed, or made by "
			    "somebody else");
	if (err < 0 && err != -ENOKEY)
		return err == -EBADMSG ? 0 : err;
	r->heads_unproven += err == -ENOKEY;
	if (f->from < 0 && f->id == 0) {
		/* A file that begins with it. */
		f->at = head->place;
		f->id = head->line;
		f->from = head->place.sequence + 1;
	}
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
	uint8_t hash[STORE_AUDIT_HASH_LEN];
	struct store_audit_head head = {0};
	struct store_audit_mac mac = {0};
	struct store_audit line;
	int err;

	if (is_so(object, "gap")) {
		r->gap_before = json_integer_value(json_object_get(object, "before_id"));
		return 0;
	}
	if (is_so(object, "head"))
		return json_audit_head_read(object, &head, &mac) ? head_follow(r, &head, &mac)
								 : -EBADMSG;
	err = json_audit_read(object, &line, hash);
	if (is_so(object, "begin"))
		return begin_take(r, &line);
	return err == 0 ? line_follow(r, &line) : err;
}

static int line_problem(const struct reading *r, size_t number, const json_t *object, int err)
{
	if (err != -EBADMSG)
		return ctl_file_error(r->path, err);
	if (json_object_get(object, "action") && !json_object_get(object, "time_ms"))
		ctl_error("%s: line %zu has no time_ms, of which its hash was made: what a cmfd "
			  "from before that has written can only be held --against the audit",
			  r->path, number);
	else
		ctl_error("%s: line %zu is no line of an exported audit", r->path, number);
	return CTL_REFUSED;
}

static int lines_read(struct reading *r, FILE *in)
{
	size_t size = 0, number = 0;
	char *text = NULL;
	int status = CTL_OK;

	while (status == CTL_OK && getline(&text, &size, in) > 0) {
		json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		int err = object ? text_follow(r, object) : -EBADMSG;

		number++;
		if (err < 0)
			status = line_problem(r, number, object, err);
		json_decref(object);
	}
	if (status == CTL_OK && ferror(in))
		status = ctl_file_error(r->path, -EIO);
	free(text);
	return status;
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

static int audit_read(struct reading *r)
{
	FILE *in = strcmp(r->path, "-") == 0 ? stdin : fopen(r->path, "re");
	int status = in ? lines_read(r, in) : ctl_file_error(r->path, -errno);

	if (in && in != stdin)
		fclose(in);
	return status;
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
	if (status == CTL_OK)
		status = audit_read(r);
	heads_end(r);
	if (status == CTL_OK)
		*reportp = reading_report(r);
	json_decref(r->findings);
	free(r->chain);
	free(r);
	return status;
}
