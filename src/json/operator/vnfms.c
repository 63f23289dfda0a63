// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/vnfms: the VNFMs that are followed in direct mode, and those that were (GET), a resync of one
 * (POST .../resync), the end of what is held back of it (POST .../approve), and forgetting one that
 * is no longer configured (DELETE). Asking VNFMs is lcm/'s, what becomes of the answers
 * cmf/direct's.
 */
#include "base/error.h"
#include "base/pool.h"
#include "call.h"
#include "cmf/direct.h"
#include "encode.h"
#include "store/direct.h"
#include "values.h"

#include <errno.h>
#include <string.h>

/* --- list --- */

/* What lcm/ knows of it; nothing, where none are followed. */
static struct lcm_status status_of(struct lcm *lcm, const char *name)
{
	struct lcm_status status = {0};

	for (size_t i = 0; lcm && lcm_status_get(lcm, i, &status); i++)
		if (strcmp(status.name, name) == 0)
			return status;
	return (struct lcm_status){0};
}

int operator_vnfm_json(struct store_reader *reader, struct lcm *lcm, const char *name,
		       const struct conf_vnfm *vnfm, json_t **jsonp)
{
	static const struct lcm_status not_followed = {
		.problem = "not configured: cmfctl vnfm forget"};
	const struct lcm_status status = vnfm ? status_of(lcm, name) : not_followed;
	int64_t present = 0, held = 0;
	int err = store_vnfc_count(reader, name, STORE_VNFC_PRESENT, 0, &present);

	if (!err)
		err = store_vnfc_count(reader, name, STORE_VNFC_HELD, 0, &held);
	if (err)
		return err;
	*jsonp = json_pack("{s:o, s:b, s:o, s:o, s:b, s:I, s:I, s:I, s:o, s:o, s:I, s:o}", "name",
			   json_text(name), "configured", vnfm != NULL, "api_root",
			   json_text(vnfm ? vnfm->api_root : NULL), "trust_domain",
			   json_text(vnfm ? vnfm->trust_domain : NULL), "subscribed",
			   (int)status.subscribed, "vnfcs", (json_int_t)present, "held",
			   (json_int_t)held, "drift", (json_int_t)status.drift, "notified_at",
			   json_time(status.notified_ms), "resynced_at",
			   json_time(status.resynced_ms), "resync_took_ms",
			   (json_int_t)status.resync_took_ms, "problem",
			   json_text(status.problem[0] ? status.problem : NULL));
	return *jsonp ? 0 : -ENOMEM;
}

struct vnfms {
	struct operator_call *call;
	json_t *items;
};

static int vnfm_add(struct vnfms *vnfms, const char *name, const struct conf_vnfm *vnfm)
{
	json_t *item;
	int err = operator_vnfm_json(vnfms->call->worker->reader, vnfms->call->lcm, name, vnfm,
				     &item);

	return err ? err : json_array_append_new(vnfms->items, item) ? -ENOMEM : 0;
}

static int unconfigured_add(void *arg, const char *name)
{
	return vnfm_add(arg, name, NULL);
}

int operator_vnfms(struct operator_call *call)
{
	const struct conf *conf = cmf_conf(call->cmf);
	json_t *items = json_array();
	struct vnfms vnfms = {call, items};
	int err = items ? 0 : -ENOMEM;

	if (json_query_unknown(&call->query)) {
		json_decref(items);
		return operator_problem(call, 400, "the query has an unknown parameter");
	}
	for (size_t i = 0; i < conf->n_vnfms && !err; i++) {
		err = vnfm_add(&vnfms, conf->vnfms[i].name, &conf->vnfms[i]);
	}
	if (!err)
		err = cmf_direct_unconfigured(conf, call->worker->reader, unconfigured_add, &vnfms);
	if (err) {
		json_decref(items);
		return operator_fault(call, err);
	}
	return operator_ok(call, 200, json_pack("{s:o}", "items", items));
}

/* --- resync --- */

/* A report has at most so many lines; its numbers are of all. */
enum { NOTES_MAX = 10000 };

static void note_take(void *arg, const char *vnf_instance_id, const char *subject_id,
		      const char *what)
{
	json_t *notes = arg;

	if (json_array_size(notes) >= NOTES_MAX)
		return;
	json_array_append_new(notes, json_pack("{s:o, s:o, s:s}", "vnf_instance_id",
					       json_text(vnf_instance_id), "subject_id",
					       json_text(subject_id), "what", what));
}

/* Takes over notes and problem. */
static json_t *report_json(const struct cmf_direct_report *report, bool dry_run, json_t *notes,
			   json_t *problem)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
			 "dry_run", (int)dry_run, "present", (json_int_t)report->present,
			 "registered", (json_int_t)report->registered, "replaced",
			 (json_int_t)report->replaced, "returned", (json_int_t)report->returned,
			 "ending", (json_int_t)report->ending, "gone", (json_int_t)report->gone,
			 "held", (json_int_t)report->held, "excluded", (json_int_t)report->excluded,
			 "others", (json_int_t)report->others, "refused",
			 (json_int_t)report->refused, "notes", notes, "problem", problem);
}

static int resync(struct operator_call *call, const struct conf_vnfm *vnfm, bool dry_run)
{
	json_t *notes = json_array();
	struct cmf_direct_report report = {.note = note_take, .note_arg = notes};
	_cleanup_(strbuf_clear) struct strbuf problem = STRBUF_NULL;
	int err = STORE_NOT_FOUND;

	if (!notes)
		return operator_fault(call, -ENOMEM);
	/* It is another thread's work. */
	pool_wait_begin();
	if (call->lcm)
		err = lcm_resync(call->lcm, vnfm->name, dry_run, &report, &problem);
	pool_wait_end();
	/* What a resync that is one would do with what has gone. */
	if (!err && dry_run)
		err = cmf_direct_resync_end(call->cmf, call->worker, vnfm, 0, &report);
	if (err == STORE_NOT_FOUND || err == -ESHUTDOWN) {
		json_decref(notes);
		return operator_problem(call, 503, "the VNFM is not followed by this process");
	}
	if (err == -EREMOTE) {
		json_decref(notes);
		return operator_problem(call, 409,
					"another node follows the VNFM: `cmfctl node "
					"list` says which");
	}
	/* What was found until then is done: it is told beside the problem. */
	if (err && !problem.text)
		strbuf_add(&problem, error_text(err));
	return operator_ok(
		call, 200,
		report_json(&report, dry_run, notes, json_text(err ? problem.text : NULL)));
}

static int resync_asked(struct operator_call *call, const struct conf_vnfm *vnfm)
{
	char detail[200];
	json_t *body = operator_body(call, detail, sizeof(detail));
	const json_t *dry_run = json_object_get(body, "dry_run");
	bool dry = json_is_true(dry_run);

	if (!body)
		return operator_problem(call, 400, detail);
	if (dry_run && !json_is_boolean(dry_run)) {
		json_decref(body);
		return operator_problem(call, 400, "dry_run must be true or false");
	}
	json_decref(body);
	return resync(call, vnfm, dry);
}

/* --- approve --- */

struct approving {
	const struct conf_vnfm *vnfm;
	int64_t n; /* stands for it in the unit */
};

static int approve_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	struct approving *approving = arg;

	return cmf_direct_approve(&op, approving->vnfm, &approving->n);
}

static int approve(struct operator_call *call, const struct conf_vnfm *vnfm)
{
	struct approving approving = {.vnfm = vnfm};
	struct refusal unused = REFUSAL_NULL;
	int err = operator_commit(call, approve_decide, &approving, &unused);

	if (err)
		return operator_fault(call, err);
	return operator_ok(call, 200,
			   json_pack("{s:I}", "approved",
				     (json_int_t)store_unit_id(call->worker->unit, approving.n)));
}

/* --- forget --- */

struct forgetting {
	const char *name;
	int64_t n; /* stands for it in the unit */
};

static int forget_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);
	struct forgetting *forgetting = arg;

	return cmf_direct_forget(&op, forgetting->name, &forgetting->n);
}

struct search {
	const char *name;
	bool found;
};

static int unconfigured_compare(void *arg, const char *name)
{
	struct search *search = arg;

	search->found = search->found || strcmp(search->name, name) == 0;
	return 0;
}

/* What housekeeping has still to end of it. */
static int ending_count(struct operator_call *call, const char *name, int64_t *np)
{
	int64_t due = 0, on_hold = 0;
	int err = store_vnfc_count(call->worker->reader, name, STORE_VNFC_DUE, 0, &due);

	if (!err)
		err = store_vnfc_count(call->worker->reader, name, STORE_VNFC_ON_HOLD, 0, &on_hold);
	*np = due + on_hold;
	return err;
}

static int forget(struct operator_call *call, const char *name)
{
	struct forgetting forgetting = {.name = name};
	struct search search = {.name = name};
	struct refusal unused = REFUSAL_NULL;
	int64_t ending = 0;
	bool elsewhere = false;
	int err = cmf_direct_unconfigured(cmf_conf(call->cmf), call->worker->reader,
					  unconfigured_compare, &search);

	if (!err)
		err = cmf_direct_followed_elsewhere(cmf_conf(call->cmf), call->worker->reader, name,
						    &elsewhere);
	if (!err && elsewhere)
		return operator_problem(call, 409,
					"another node follows it: remove its section there, too, "
					"and start that cmfd again");
	if (!err && conf_vnfm_find(cmf_conf(call->cmf), name))
		return operator_problem(call, 409,
					"it is followed: remove its section from the configuration "
					"and start cmfd again");
	if (!err && !search.found)
		return operator_problem(call, 404, "there is nothing of a VNFM of that name");
	if (!err)
		err = ending_count(call, name, &ending);
	if (!err && ending)
		return operator_problem(call, 409,
					"some of its VNFCs have gone and are still to be ended, "
					"which cmfd does by itself: try again later");
	if (!err)
		err = operator_commit(call, forget_decide, &forgetting, &unused);
	if (err)
		return operator_fault(call, err);
	return operator_ok(call, 200,
			   json_pack("{s:I}", "vnfcs",
				     (json_int_t)store_unit_id(call->worker->unit, forgetting.n)));
}

int operator_vnfm(struct operator_call *call)
{
	const char *rest = call->request->path_rest, *slash = strchr(rest, '/');
	_cleanup_(freep) char *name = slash ? strndup(rest, (size_t)(slash - rest)) : NULL;
	const struct conf_vnfm *vnfm = name ? conf_vnfm_find(cmf_conf(call->cmf), name) : NULL;

	if (call->request->method == HTTP_DELETE && !slash && *rest)
		return json_query_unknown(&call->query)
			       ? operator_problem(call, 400, "the query has an unknown parameter")
			       : forget(call, rest);
	if (call->request->method != HTTP_POST || !slash ||
	    (strcmp(slash, "/resync") != 0 && strcmp(slash, "/approve") != 0))
		return operator_problem(call, 404, "there is no such path");
	if (!vnfm)
		return operator_problem(call, 404, "there is no such [vnfm NAME]");
	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	return strcmp(slash, "/approve") == 0 ? approve(call, vnfm) : resync_asked(call, vnfm);
}
