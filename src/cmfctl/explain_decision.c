// SPDX-License-Identifier: Apache-2.0
/*
 * `cmfctl explain`: what cmfd would answer to a message and why, with its own configuration,
 * database and rules. Nothing is written, sent or issued.
 */
#include "cmp/door.h"
#include "cmp/message.h"
#include "ctl.h"
#include "explain.h"

#include <errno.h>
#include <string.h>

/* The parts of a cmfd that decide. */
struct house {
	struct conf *conf;
	struct store *store;
	struct metrics *metrics;
	struct ca_set *cas;
	struct cmf *cmf;
	struct cmp_door *door;
	struct cmp_worker worker;
};

static void house_clear(struct house *h)
{
	store_unit_free(h->worker.unit);
	store_reader_free(h->worker.reader);
	cmp_door_free(h->door);
	cmf_free(h->cmf);
	ca_set_free(h->cas);
	metrics_free(h->metrics);
	store_close(h->store);
	conf_free(h->conf);
}

static int house_open(struct house *h, const char *config, struct strbuf *problems)
{
	struct store_options options = {0};
	int err = conf_load(config, &h->conf, problems);

	if (err)
		return err;
	options.database = h->conf->store.database;
	options.batch_max = h->conf->store.batch_max;
	options.as_it_is = true;
	err = store_open(&options, &h->store);
	h->metrics = metrics_new();
	if (!err && !h->metrics)
		err = -ENOMEM;
	if (!err)
		err = ca_set_new(h->conf, h->store, &clock_system, h->metrics, &h->cas, problems);
	if (!err)
		err = cmf_new(h->conf, h->store, h->cas, &clock_system, &h->cmf, problems);
	if (!err)
		err = cmp_door_new(h->conf, h->cmf, h->store, &clock_system, h->metrics, &h->door,
				   problems);
	if (!err)
		err = store_reader_new(h->store, &h->worker.reader);
	return err ? err : store_unit_new(h->store, &h->worker.unit);
}

static const struct {
	const char *name;
	const char *clause;
} stages[CMP_STAGE_COUNT] = {
	[CMP_STAGE_SYNTAX] = {"syntax", "RFC 9483 3.5"},
	[CMP_STAGE_HEADER] = {"header", "RFC 9483 3.1, 3.5"},
	[CMP_STAGE_PROTECTION] = {"protection", "RFC 9483 3.2, 3.3"},
	[CMP_STAGE_TRANSACTION] = {"transaction", "RFC 9483 3.5, 5.1"},
	[CMP_STAGE_BODY] = {"body", "RFC 9483 4, 5"},
};

/* "refused: badPOP, pop_missing: proof of possession is missing (detail)" */
static void refusal_print(const struct refusal *r)
{
	printf("refused: %s, %s: %s", failinfo_name(r->failinfo), refusal_code(r->reason),
	       refusal_text(r->reason));
	if (r->detail)
		printf(" (%s)", r->detail);
	putchar('\n');
}

static void stage_print(const struct cmp_trace *trace, enum cmp_stage stage)
{
	const struct refusal *r = &trace->refusal[stage];

	printf("%-12s  %-18s  ", stages[stage].name, stages[stage].clause);
	if (!trace->reached[stage])
		puts("not reached");
	else if (r->reason != REFUSAL_NONE)
		refusal_print(r);
	else
		puts(stage == CMP_STAGE_TRANSACTION && trace->replayed
			     ? "a retransmission: the stored answer would be sent again"
			     : "passed");
}

static void trace_print(const struct cmp_trace *trace)
{
	puts("\nWhat the server would do (nothing was changed, sent or issued):");
	for (int i = 0; i < CMP_STAGE_COUNT; i++) {
		stage_print(trace, (enum cmp_stage)i);
		if (i == CMP_STAGE_PROTECTION && trace->client)
			printf("%-12s  %-18s  %s%s\n", "sender", "", trace->client,
			       trace->as_client ? ", assumed by --as-client" : "");
	}
	for (size_t i = 0; i < trace->n_requests; i++) {
		const struct cmp_trace_request *r = &trace->request[i];

		printf("%-12s  certReqId %-8d  ", "request", r->cert_req_id);
		if (r->refusal.reason != REFUSAL_NONE)
			refusal_print(&r->refusal);
		else
			puts(r->upstream ? "the upstream CA would be asked" : "granted");
	}
	if (trace->decided.reason != REFUSAL_NONE) {
		printf("%-12s  %-18s  ", "decided", "");
		refusal_print(&trace->decided);
	}
	if (trace->fault)
		puts("A fault: the log line above says which.");
}

static json_t *refusal_json(const struct refusal *r)
{
	if (r->reason == REFUSAL_NONE)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s?}", "failinfo", failinfo_name(r->failinfo), "reason",
			 refusal_code(r->reason), "text", refusal_text(r->reason), "detail",
			 r->detail);
}

static int trace_json(const struct cmp_trace *trace, const char *answer)
{
	json_t *rows = json_array(), *requests = json_array();
	json_t *all;

	for (int i = 0; i < CMP_STAGE_COUNT; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s, s:b, s:o}", "stage",
						      stages[i].name, "clause", stages[i].clause,
						      "reached", (int)trace->reached[i], "refusal",
						      refusal_json(&trace->refusal[i])));
	for (size_t i = 0; i < trace->n_requests; i++)
		json_array_append_new(requests,
				      json_pack("{s:i, s:b, s:o}", "cert_req_id",
						trace->request[i].cert_req_id, "upstream",
						(int)trace->request[i].upstream, "refusal",
						refusal_json(&trace->request[i].refusal)));
	all = json_pack("{s:s?, s:b, s:b, s:s?, s:o, s:o, s:o}", "sender", trace->client, "assumed",
			trace->as_client != NULL, "replayed", (int)trace->replayed, "answer",
			answer, "decided", refusal_json(&trace->decided), "stages", rows,
			"requests", requests);
	if (!all)
		return CTL_FAULT;
	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
	return CTL_OK;
}

/* The type of the answer's body; NULL: there is none. */
static const char *answer_type(struct bytes answer)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;

	if (!answer.len || cmp_message_decode(answer, &msg, &refusal) || !msg)
		return NULL;
	return pki_body_type_name(msg->body_type);
}

int explain_decision(const struct ctl *ctl, struct bytes der, const char *as_client,
		     const char *profile)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(house_clear) struct house house = {0};
	_cleanup_(cmp_trace_clear) struct cmp_trace trace = {.as_client = as_client};
	_cleanup_(octets_clear) struct octets answer = OCTETS_NULL;
	const struct cmp_exchange exchange = {.request = der,
					      .profile_label = profile,
					      .peer = "cmfctl",
					      .received_us = clock_monotonic_us()};
	enum cmp_delivery delivery;
	int err = house_open(&house, ctl->config, &problems);

	if (err) {
		if (err == -EPROTO)
			ctl_error("%s: the database is of another version than this program",
				  ctl->config);
		else
			ctl_error("%s: %s", ctl->config,
				  problems.len ? problems.text : strerror(-err));
		return CTL_FAULT;
	}
	/* The reasons are printed below, in words. */
	log_setup(2, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	err = cmp_door_explain(house.door, &house.worker, &exchange, &trace, &answer, &delivery);
	if (err)
		return ctl_file_error("explaining", err);
	if (ctl->json)
		return trace_json(&trace, answer_type(octets_view(&answer)));
	trace_print(&trace);
	if (answer.len) {
		puts("\nThe answer would be:");
		explain_print(octets_view(&answer));
	}
	return CTL_OK;
}
