// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/status (GET): how the process, its store, CAs, own certificates, upstreams and VNFMs are, in
 * one object. cmfctl makes the same of the files where no cmfd runs. What counts over time is for
 * /metrics.
 */
#include "call.h"
#include "encode.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Certificates and exchanges are counted up to that. */
enum { COUNTED_MAX = 1000000 };

/* --- what is wrong --- */

/* Each line becomes one of the problems. */
static int lines_add(json_t *problems, const char *lines)
{
	while (lines && *lines) {
		size_t len = strcspn(lines, "\n");
		_cleanup_(freep) char *line = strndup(lines, len);

		if (len > 0 && json_array_append_new(problems, json_text(line)))
			return -ENOMEM;
		lines += len + (lines[len] == '\n');
	}
	return 0;
}

static int unready_add(json_t *problems, const char *why)
{
	_cleanup_(strbuf_clear) struct strbuf line = STRBUF_NULL;

	if (!why || !*why)
		return 0;
	strbuf_printf(&line, "not ready: %s", why);
	return line.failed ? -ENOMEM : lines_add(problems, line.text);
}

static int reload_problems_add(json_t *problems, const char *lines)
{
	if (!lines)
		return 0;
	if (json_array_append_new(problems,
				  json_string("the last reload was refused, and the configuration "
					      "from before it is in force:")))
		return -ENOMEM;
	return lines_add(problems, lines);
}

/* That its certificate has ended is one of those of the CMF's own certificates. */
static int unfit_add(const struct ca *ca, json_t *problems)
{
	const char *unfit = ca_unfit(ca);

	return unfit && json_array_append_new(
				problems,
				json_sprintf("%s: this CA issues nothing, and makes no CRL", unfit))
		       ? -ENOMEM
		       : 0;
}

static int crl_problem_add(const struct json_status_of *of, const struct ca *ca, json_t *problems)
{
	_cleanup_(store_crl_clear) struct store_crl crl = {0};
	_cleanup_(strbuf_clear) struct strbuf line = STRBUF_NULL;
	int err = of->reader ? store_crl_newest(of->reader, ca_name(ca), &crl) : STORE_NOT_FOUND;
	char when[21];

	if (err == STORE_NOT_FOUND || (err == 0 && crl.next_update_ms > of->now_ms))
		return 0;
	if (err)
		return err;
	clock_format(crl.next_update_ms, when);
	strbuf_printf(&line, "[ca %s] the newest CRL has ended at %s", ca_name(ca), when);
	return lines_add(problems, line.text);
}

/* --- parts --- */

static int process_add(const struct json_status_of *of, json_t *status, json_t *problems)
{
	struct json_process_state state = {0};
	int err;

	if (of->process)
		of->process->look(of->process->arg, &state);
	err = unready_add(problems, state.unready);
	if (!err)
		err = reload_problems_add(problems, state.reload_problems);
	free(state.unready);
	free(state.reload_problems);
	if (err)
		return err;
	return json_object_set_new(status, "running", json_boolean(of->process)) ||
			       json_object_set_new(status, "version", json_string(CMFD_VERSION)) ||
			       json_object_set_new(status, "pid",
						   of->process ? json_integer(getpid())
							       : json_null()) ||
			       json_object_set_new(status, "started_at",
						   json_time(state.started_ms)) ||
			       json_object_set_new(status, "config", json_text(of->conf->path)) ||
			       json_object_set_new(status, "reloaded_at",
						   json_time(state.reloaded_ms))
		       ? -ENOMEM
		       : 0;
}

/* Of a file; null: there is none. */
static json_t *size_json(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 ? json_integer(st.st_size) : json_null();
}

static json_t *store_json(const struct conf *conf)
{
	_cleanup_(strbuf_clear) struct strbuf log = STRBUF_NULL;

	strbuf_printf(&log, "%s-wal", conf->store.database);
	return json_pack("{s:o, s:o, s:o}", "database", json_text(conf->store.database), "octets",
			 size_json(conf->store.database), "log_octets", size_json(log.text));
}

static json_t *certificate_counts_json(const int64_t n[STORE_CERT_STATE_COUNT], int64_t expired)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "pending",
			 (json_int_t)(n[STORE_CERT_REQUESTED] + n[STORE_CERT_PENDING]), "active",
			 (json_int_t)n[STORE_CERT_ACTIVE], "revoked",
			 (json_int_t)n[STORE_CERT_REVOKED], "rejected",
			 (json_int_t)n[STORE_CERT_REJECTED], "revocation pending",
			 (json_int_t)n[STORE_CERT_REVOCATION_PENDING], "on hold",
			 (json_int_t)n[STORE_CERT_ON_HOLD], "expired", (json_int_t)expired);
}

static int counts_json(const struct json_status_of *of, json_t **jsonp)
{
	int64_t certificates[STORE_CERT_STATE_COUNT], transactions[5];
	int64_t soon_ms = of->now_ms + of->conf->cmf.expiry_warning_ms;
	struct store_totals totals;
	int err = 0;

	*jsonp = json_null();
	if (of->reader)
		err = store_totals_get(of->reader, of->now_ms, soon_ms, COUNTED_MAX, &totals);
	if (of->reader && !err)
		err = store_certificate_counts(of->reader, certificates);
	if (of->reader && !err)
		err = store_transaction_counts(of->reader, transactions);
	if (!of->reader || err)
		return err;
	*jsonp = json_pack("{s:I, s:I, s:o, s:I, s:o}", "registrations",
			   (json_int_t)totals.registrations, "clients", (json_int_t)totals.clients,
			   "certificates", certificate_counts_json(certificates, totals.expired),
			   "ending", (json_int_t)totals.ending, "transactions",
			   operator_transaction_counts_json(transactions));
	return *jsonp ? 0 : -ENOMEM;
}

static int cas_json(const struct json_status_of *of, json_t *cas, json_t *problems)
{
	int err = 0;

	for (size_t i = 0; of->cas && i < ca_count(of->cas) && !err; i++) {
		json_t *item;

		err = operator_ca_json(of->reader, ca_at(of->cas, i), of->now_ms, &item);
		if (err)
			break;
		json_object_del(item, "chain");
		if (json_array_append_new(cas, item))
			return -ENOMEM;
		err = unfit_add(ca_at(of->cas, i), problems);
		if (!err)
			err = crl_problem_add(of, ca_at(of->cas, i), problems);
	}
	return err;
}

static int own_certificates_json(const struct json_status_of *of, json_t *own, json_t *problems)
{
	for (size_t i = 0; of->inventory && i < of->inventory->len; i++) {
		const struct check_certificate *c = &of->inventory->item[i];
		_cleanup_(strbuf_clear) struct strbuf line = STRBUF_NULL;
		bool soon = c->not_after_ms <= of->now_ms + of->conf->cmf.expiry_warning_ms;
		const char *state = c->not_after_ms < of->now_ms ? "expired"
				    : soon                       ? "ends soon"
								 : "ok";

		if (json_array_append_new(own,
					  json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:s}", "what",
						    c->what, "section", json_text(c->section),
						    "key", c->key, "ca", json_text(c->ca),
						    "subject", json_text(c->subject), "not_after",
						    json_time(c->not_after_ms), "state", state)))
			return -ENOMEM;
		if (!soon)
			continue;
		check_certificate_text(c, of->now_ms, &line);
		if (lines_add(problems, line.text))
			return -ENOMEM;
	}
	return 0;
}

static int upstream_json(const struct json_status_of *of, const struct conf_ca *ca, json_t **jsonp)
{
	struct metrics_upstream done = {0};
	int64_t open = 0, since_ms = 0;
	int err = of->reader
			  ? store_exchange_open(of->reader, ca->name, COUNTED_MAX, &open, &since_ms)
			  : 0;

	if (err)
		return err;
	if (of->process)
		metrics_upstream_get(of->process->metrics, ca->name, &done);
	*jsonp = json_pack("{s:o, s:o, s:I, s:o, s:I, s:I, s:b}", "ca", json_text(ca->name), "url",
			   json_text(ca->server_url), "open", (json_int_t)open, "open_since",
			   json_time(since_ms), "answered", (json_int_t)done.ok, "failed",
			   (json_int_t)done.failed, "last_failed", (int)done.last_failed);
	return *jsonp ? 0 : -ENOMEM;
}

static int upstreams_json(const struct json_status_of *of, json_t *upstreams)
{
	int err = 0;

	for (size_t i = 0; i < of->conf->n_cas && !err; i++) {
		json_t *item;

		if (of->conf->cas[i].type != CONF_CA_UPSTREAM)
			continue;
		err = upstream_json(of, &of->conf->cas[i], &item);
		if (!err && json_array_append_new(upstreams, item))
			err = -ENOMEM;
	}
	return err;
}

/* Of `problems` and `places`. */
struct audit_status {
	json_t *places, *problems;
};

static int audit_place_add(void *arg, const struct json_audit_place *place)
{
	const struct audit_status *audit = arg;
	_cleanup_(strbuf_clear) struct strbuf line = STRBUF_NULL;
	char since[21];

	if (json_array_append_new(
		    audit->places,
		    json_pack("{s:s, s:o, s:o, s:o, s:o}", "place", place->name, "path",
			      json_text(place->path), "written_id",
			      place->written_id ? json_integer(place->written_id) : json_null(),
			      "problem", json_text(place->problem), "problem_since",
			      json_time(place->problem_since_ms))))
		return -ENOMEM;
	if (!place->problem)
		return 0;
	clock_format(place->problem_since_ms, since);
	strbuf_printf(&line, "[audit] %s: %s: %s, since %s", place->name, place->path,
		      place->problem, since);
	return lines_add(audit->problems, line.text);
}

static int nodes_json(const struct json_status_of *of, json_t *nodes, json_t *problems)
{
	int err = of->reader ? operator_nodes_list(of->reader, of->process, nodes) : 0;
	json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
	{
		_cleanup_(strbuf_clear) struct strbuf lines = STRBUF_NULL;

		operator_node_problems(node, &lines);
		if (!err)
			err = lines_add(problems, lines.text);
	}
	return err;
}

static int vnfms_json(const struct json_status_of *of, json_t *vnfms)
{
	int err = 0;

	for (size_t i = 0; of->reader && i < of->conf->n_vnfms && !err; i++) {
		json_t *item;

		err = operator_vnfm_json(of->reader, of->lcm, of->conf->vnfms[i].name,
					 &of->conf->vnfms[i], &item);
		if (!err && json_array_append_new(vnfms, item))
			err = -ENOMEM;
	}
	return err;
}

/* --- all of it --- */

/* An array that the object has from now on; NULL out of memory. */
static json_t *array_of(json_t *object, const char *name)
{
	json_t *array = json_array();

	return json_object_set_new(object, name, array) ? NULL : array;
}

static int status_fill(const struct json_status_of *of, json_t *status)
{
	json_t *problems = json_array(), *counts = NULL;
	json_t *cas, *upstreams, *own, *vnfms, *audit, *nodes;
	int err = problems ? process_add(of, status, problems) : -ENOMEM;

	if (!err)
		err = counts_json(of, &counts);
	if (!err && (json_object_set_new(status, "store", store_json(of->conf)) ||
		     json_object_set_new(status, "counts", counts)))
		err = -ENOMEM;
	cas = array_of(status, "cas");
	upstreams = array_of(status, "upstreams");
	own = array_of(status, "own_certificates");
	vnfms = array_of(status, "vnfms");
	audit = array_of(status, "audit");
	nodes = array_of(status, "nodes");
	if (!err && !(cas && upstreams && own && vnfms && audit && nodes))
		err = -ENOMEM;
	if (!err)
		err = cas_json(of, cas, problems);
	if (!err)
		err = upstreams_json(of, upstreams);
	if (!err)
		err = own_certificates_json(of, own, problems);
	if (!err)
		err = vnfms_json(of, vnfms);
	if (!err)
		err = nodes_json(of, nodes, problems);
	if (!err && of->process)
		err = of->process->audit_places(of->process->arg, audit_place_add,
						&(struct audit_status){audit, problems});
	if (!err)
		err = lines_add(problems, of->problems);
	if (!err && json_object_set(status, "problems", problems))
		err = -ENOMEM;
	json_decref(problems);
	return err;
}

int json_status(const struct json_status_of *of, json_t **statusp)
{
	json_t *status = json_object();
	int err = status ? status_fill(of, status) : -ENOMEM;

	if (err)
		json_decref(status);
	else
		*statusp = status;
	return err;
}

int operator_status(struct operator_call *call)
{
	struct json_status_of of = {.conf = cmf_conf(call->cmf),
				    .cas = cmf_cas(call->cmf),
				    .inventory = call->inventory,
				    .reader = call->worker->reader,
				    .lcm = call->lcm,
				    .process = call->process,
				    .now_ms = call->now_ms};
	json_t *status;
	int err;

	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	err = json_status(&of, &status);
	/* Where the database is away, that is what somebody wants to see. */
	if (err && store_fault_passes(err)) {
		of.reader = NULL;
		of.problems = "the database cannot be read: what is in it is left out";
		err = json_status(&of, &status);
	}
	return err ? operator_fault(call, err) : operator_ok(call, 200, status);
}
