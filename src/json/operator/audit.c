// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/audit: what was done and refused (GET), also of one chain; /v1/audit/chains: which there are;
 * /v1/audit/verify: whether it is what was written. cmf/audit.c writes it.
 */
#include "call.h"
#include "encode.h"

#include "cmf/audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int audit_row(void *arg, const struct store_audit *a)
{
	return operator_page_add(arg, a->id, operator_audit_json(a));
}

/* --- of one chain --- */

/*
 * Lines of a chain have ids in their order, whoever else writes meanwhile; those of several chains
 * may be committed behind a page that was read already. Where a chain ends no index says, so what
 * is wanted of it is chosen here, line by line.
 */
struct chain_listing {
	struct operator_page *page;
	const struct store_audit_filter *wanted;
	int64_t last;      /* sequence of its newest line; of chain 0, whose lines have none, 0 */
	int64_t first;     /* sequence of the first line of the page; 0: there is none */
	int64_t newest_id; /* of the line that `last` is of; 0: it is on another page */
};

static bool text_wanted(const char *wanted, const char *text)
{
	return !wanted || (text && strcmp(wanted, text) == 0);
}

static bool line_wanted(const struct store_audit_filter *wanted, const struct store_audit *a)
{
	return (text_wanted(wanted->actor, a->actor) || text_wanted(wanted->actor, a->user)) &&
	       text_wanted(wanted->action, a->action) && text_wanted(wanted->target, a->target) &&
	       text_wanted(wanted->outcome, a->outcome) && a->time_ms >= wanted->since_ms &&
	       (!wanted->request_id || wanted->request_id == a->request_id);
}

/* 1: it was the last one. */
static int chain_row(void *arg, const struct store_audit *a)
{
	struct chain_listing *listing = arg;
	int err = 0;

	listing->first = listing->first ? listing->first : a->sequence;
	listing->newest_id = a->sequence == listing->last ? a->id : 0;
	if (line_wanted(listing->wanted, a))
		err = operator_page_add(listing->page, a->id, operator_audit_json(a));
	else
		operator_page_skip(listing->page, a->id);
	return err == 0 && listing->last > 0 && a->sequence >= listing->last ? 1 : err;
}

/* What the first line of a chain goes on from: its begin, or what retention has left. */
static json_t *begin_json(const struct store_audit_chain *chain)
{
	struct store_audit_place from = chain->anchor;

	if (from.sequence == 0 && store_audit_begin(chain, &from))
		return NULL;
	return json_pack("{s:b, s:I, s:I, s:o}", "begin", 1, "chain", (json_int_t)chain->id,
			 "sequence", (json_int_t)from.sequence, "hash",
			 operator_hash_json(BYTES_OF(from.hash)));
}

/* What retention has removed after it was read is not told of: nothing ties it to what is told. */
static void removed_drop(json_t *items, int64_t removed)
{
	while (json_array_size(items) > 0 &&
	       json_integer_value(json_object_get(json_array_get(items, 0), "sequence")) <= removed)
		json_array_remove(items, 0);
}

/*
 * Where a page begins with what retention has left it is said what that is, since the page before
 * may not have come so far. The chain is read behind its lines: whatever is missing before them has
 * gone by then.
 */
static int begin_add(const struct operator_call *call, const struct chain_listing *listing,
		     int64_t id)
{
	struct store_audit_chain chain;
	int err = store_audit_chain_get(call->worker->reader, id, &chain);
	bool left;

	if (err)
		return err;
	left = listing->first > 0 && listing->first <= chain.anchor.sequence + 1;
	if (listing->page->after_id > 0 && !left)
		return 0;
	removed_drop(listing->page->items, chain.anchor.sequence);
	return json_object_set_new(listing->page->more, "begin", begin_json(&chain)) ? -ENOMEM : 0;
}

/* As the chain was before its lines were read, which go no farther: the two are of one moment. */
static int head_add(const struct operator_call *call, const struct chain_listing *listing,
		    const struct store_audit_chain *chain)
{
	json_t *head = NULL;
	int err = operator_audit_head(call, chain, listing->newest_id, &head);

	if (err)
		return err;
	return json_object_set_new(listing->page->more, "head", head) ? -ENOMEM : 0;
}

/* What the lines of a chain stand between, for who verifies them without the CMF. */
static int ends_add(const struct operator_call *call, const struct chain_listing *listing,
		    const struct store_audit_chain *chain)
{
	int err = 0;

	listing->page->more = json_object();
	if (!listing->page->more)
		return -ENOMEM;
	if (listing->newest_id)
		err = head_add(call, listing, chain);
	return err == 0 ? begin_add(call, listing, chain->id) : err;
}

static int chain_list(struct operator_call *call, const struct store_audit_filter *wanted,
		      int64_t chain, struct operator_page *page)
{
	struct chain_listing listing = {.page = page, .wanted = wanted};
	struct store_audit_filter lines = {.of_chain = true,
					   .chain = chain,
					   .after_id = wanted->after_id,
					   .limit = wanted->limit};
	struct store_audit_chain found;
	int err = store_audit_chain_get(call->worker->reader, chain, &found);

	if (err)
		return err;
	listing.last = chain > 0 ? found.last.sequence : 0;
	if (lines.after_id == 0)
		err = store_audit_chain_start(call->worker->reader, &found, &lines.after_id);
	if (err == 0)
		err = store_audit_list(call->worker->reader, &lines, chain_row, &listing);
	if (err && err != 1)
		return err;
	if (err == 1) /* no page comes after this one */
		page->limit = UINT32_MAX;
	return chain > 0 ? ends_add(call, &listing, &found) : 0;
}

/* --- /v1/audit --- */

/* 16 hexadecimal digits, as in the log. */
static int request_id_parse(const char *text, uint64_t *idp)
{
	if (strlen(text) != REQUEST_ID_SIZE - 1 || text[strspn(text, "0123456789abcdef")])
		return -EINVAL;
	*idp = strtoull(text, NULL, 16);
	return 0;
}

/* "2026-11-23T08:53:00Z", or the day alone. */
static int since_parse(const char *text, int64_t *msp)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (end && *end)
		end = strptime(end, "T%H:%M:%SZ", &tm);
	if (!end || *end)
		return -EINVAL;
	*msp = (int64_t)timegm(&tm) * 1000;
	return 0;
}

int operator_audit(struct operator_call *call)
{
	struct store_audit_filter filter = {.actor = json_query_get(&call->query, "actor"),
					    .action = json_query_get(&call->query, "action"),
					    .target = json_query_get(&call->query, "target"),
					    .outcome = json_query_get(&call->query, "outcome")};
	const char *request_id = json_query_get(&call->query, "request_id");
	const char *since = json_query_get(&call->query, "since");
	struct operator_page page;
	int64_t chain = -1;
	int status, err;

	if (request_id && request_id_parse(request_id, &filter.request_id))
		return operator_problem(call, 400, "request_id is 16 hexadecimal digits");
	if (since && since_parse(since, &filter.since_ms))
		return operator_problem(call, 400,
					"since is a time as 2026-11-23T08:53:00Z or a day");
	if (json_query_number(&call->query, "chain", INT64_MAX, &chain))
		return operator_problem(call, 400, "chain is a number");
	status = operator_page_begin(call, &page);
	if (status)
		return status;
	filter.after_id = page.after_id;
	filter.limit = page.limit;
	err = chain < 0 ? store_audit_list(call->worker->reader, &filter, audit_row, &page)
			: chain_list(call, &filter, chain, &page);
	return operator_page_end(call, &page, err);
}

/* --- chains --- */

static json_t *chain_json(const struct store_audit_chain *chain)
{
	return json_pack("{s:I, s:o, s:I, s:o, s:o, s:I}", "chain", (json_int_t)chain->id, "begun",
			 chain->id ? json_time(chain->begun_ms) : json_null(), "sequence",
			 (json_int_t)chain->last.sequence, "hash",
			 operator_hash_json(BYTES_OF(chain->last.hash)), "mac",
			 chain->id && chain->mac.present
				 ? operator_hash_json(BYTES_OF(chain->mac.octets))
				 : json_null(),
			 "removed", (json_int_t)chain->anchor.sequence);
}

static int chain_take(void *arg, const struct store_audit_chain *chain)
{
	return json_array_append_new(arg, chain_json(chain)) ? -ENOMEM : 0;
}

int operator_audit_chains(struct operator_call *call)
{
	json_t *items = json_array();
	int err;

	if (json_query_unknown(&call->query)) {
		json_decref(items);
		return operator_problem(call, 400, "the query has an unknown parameter");
	}
	err = store_audit_chains(call->worker->reader, chain_take, items);
	if (!err)
		return operator_ok(call, 200, json_pack("{s:o}", "items", items));
	json_decref(items);
	return operator_fault(call, err);
}

static json_t *report_json(const struct cmf_audit_report *report)
{
	json_t *findings = json_array(), *chains = json_array();
	size_t n = report->n_findings < CMF_AUDIT_FINDINGS_MAX ? report->n_findings
							       : CMF_AUDIT_FINDINGS_MAX;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(findings,
				      json_pack("{s:I, s:o, s:s}", "chain",
						(json_int_t)report->finding[i].chain, "id",
						report->finding[i].id
							? json_integer(report->finding[i].id)
							: json_null(),
						"problem", report->finding[i].text));
	for (size_t i = 0; i < report->n_chains; i++)
		json_array_append_new(chains, chain_json(&report->chain[i]));
	return json_pack("{s:b, s:I, s:I, s:o, s:o}", "verified", report->n_findings == 0, "lines",
			 (json_int_t)report->lines, "problems", (json_int_t)report->n_findings,
			 "findings", findings, "chains", chains);
}

int operator_audit_verify(struct operator_call *call)
{
	_cleanup_(cmf_audit_report_clear) struct cmf_audit_report report = {0};
	int err;

	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	err = cmf_audit_verify(call->cmf, call->worker->reader, &report);
	return err ? operator_fault(call, err) : operator_ok(call, 200, report_json(&report));
}
