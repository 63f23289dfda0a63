// SPDX-License-Identifier: Apache-2.0
/*
 * `cmfctl explain`: what cmfd would answer to a message and why, with its own configuration,
 * database and rules. Nothing is written, sent or issued.
 */
#include "base/clock.h"
#include "base/metrics.h"
#include "cmf.h"
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
	struct cmf_worker worker;
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
	if (err)
		store_open_problem(&options, err, problems);
	h->metrics = metrics_new();
	if (!err && !h->metrics)
		err = -ENOMEM;
	if (!err)
		err = ca_set_new(h->conf, h->store, &clock_system, h->metrics, &h->cas, problems);
	if (!err)
		err = cmf_new(h->conf, h->store, h->cas, &clock_system, &h->cmf, problems);
	if (!err)
		err = cmp_door_new(h->conf, h->cmf, &clock_system, h->metrics, &h->door, problems);
	if (!err)
		err = store_reader_new(h->store, &h->worker.reader);
	return err ? err : store_unit_new(h->store, &h->worker.unit);
}

/* "refused: badPOP, pop_missing: proof of possession is missing (detail)" */
static void refusal_print(const struct refusal *r)
{
	printf("refused: %s, %s: %s", failinfo_name(r->failinfo), refusal_code(r->reason),
	       refusal_words(r));
	if (r->detail) {
		fputs(" (", stdout);
		ctl_text_print(r->detail);
		putchar(')');
	}
	putchar('\n');
}

static void stage_print(const struct cmp_trace *trace, enum cmp_stage stage)
{
	const struct refusal *r = &trace->refusal[stage];

	printf("%-12s  %-18s  ", explain_stages[stage].name, explain_stages[stage].clause);
	if (!trace->reached[stage])
		puts("not reached");
	else if (r->reason != REFUSAL_NONE)
		refusal_print(r);
	else
		puts(stage == CMP_STAGE_TRANSACTION && trace->replayed
			     ? "a retransmission: the stored answer would be sent again"
			     : "passed");
}

static void requests_print(const struct cmp_trace *trace)
{
	for (size_t i = 0; i < trace->n_requests; i++) {
		const struct cmp_trace_request *r = &trace->request[i];

		printf("%-12s  certReqId %-8d  ", "request", r->cert_req_id);
		if (r->refusal.reason != REFUSAL_NONE) {
			refusal_print(&r->refusal);
			continue;
		}
		printf("%s", r->upstream ? "the upstream CA would be asked" : "granted");
		if (r->attestation != STORE_ATTESTATION_NONE)
			printf("; key attestation %s", cmf_verdict_name(r->attestation));
		putchar('\n');
	}
}

/* How deep nested messages lie is bounded by the door. */
static void trace_print(const struct cmp_trace *trace)
{
	for (int i = 0; i < CMP_STAGE_COUNT; i++) {
		stage_print(trace, (enum cmp_stage)i);
		if (i == CMP_STAGE_PROTECTION && trace->client) {
			printf("%-12s  %-18s  ", "sender", "");
			ctl_text_print(trace->client);
			puts(trace->as_client ? ", assumed by --as-client" : "");
		}
	}
	requests_print(trace);
	if (trace->decided.reason != REFUSAL_NONE) {
		printf("%-12s  %-18s  ", "decided", "");
		refusal_print(&trace->decided);
	}
	if (trace->fault)
		puts("A fault: the log line above says which.");
	for (size_t i = 0; i < trace->n_inner; i++) {
		printf("\nMessage %zu in the nested one:\n", i + 1);
		trace_print(&trace->inner[i]);
	}
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
		ctl_error("%s: %s", ctl->config, problems.len ? problems.text : strerror(-err));
		return CTL_FAULT;
	}
	/* The reasons are printed below, in words. */
	log_setup(2, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	err = cmp_door_explain(house.door, &house.worker, &exchange, &trace, &answer, &delivery);
	if (err)
		return ctl_file_error("explaining", err);
	if (ctl->json)
		return explain_decision_json(&trace, octets_view(&answer));
	puts("\nWhat the server would do (nothing was changed, sent or issued):");
	trace_print(&trace);
	if (answer.len) {
		puts("\nThe answer would be:");
		explain_print(octets_view(&answer));
	}
	return CTL_OK;
}
