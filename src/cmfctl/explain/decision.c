// SPDX-License-Identifier: Apache-2.0
/*
 * `cmfctl explain`: what cmfd would answer to a message and why, with its own configuration,
 * database and rules. Nothing is written, sent or issued.
 */
#include "decision.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "cmf.h"
#include "ctl.h"
#include "explain.h"
#include "keys/credential.h"

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
	struct clock_source clock;
	int64_t now_ms;
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
		err = ca_set_new(h->conf, h->store, &h->clock, h->metrics, &h->cas, problems);
	if (!err)
		err = cmf_new(h->conf, h->store, h->cas, &h->clock, &h->cmf, problems);
	if (!err)
		err = cmp_door_new(h->conf, h->cmf, &h->clock, h->metrics, &h->door, problems);
	if (!err)
		err = store_reader_new(h->store, &h->worker.reader);
	return err ? err : store_unit_new(h->store, &h->worker.unit);
}

bool explain_is_ours(const struct ctl *ctl, const struct cmp_message *msg)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct refusal refusal = REFUSAL_NULL;
	STACK_OF(X509) *certs = NULL;
	bool ours = false;

	if (cmp_message_protection_kind(msg) != CMP_PROTECTION_SIGNATURE ||
	    conf_load(ctl->config, &conf, &problems))
		return false;
	/* The first is the CMF's own, the others are its chain. */
	if (credential_certificates_read(conf->protection.certificate, &certs) == 0)
		ours = !cmp_protection_verify_signature(
			msg, X509_get0_pubkey(sk_X509_value(certs, 0)), &refusal);
	sk_X509_pop_free(certs, X509_free);
	return ours;
}

/* The time of a message that was sent, in place of the machine's. */
static int64_t fixed_now_ms(void *arg)
{
	return *(const int64_t *)arg;
}

static int64_t message_time_ms(struct bytes der)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	int64_t sent_ms;

	if (cmp_message_decode(der, &msg, &refusal) < 0 || !msg ||
	    !cmp_message_time_read(msg, &sent_ms))
		return 0;
	return sent_ms;
}

/* As of when it is explained, and why that. */
static int64_t as_of_decide(const struct explain_question *q, const char **whyp)
{
	int64_t sent_ms = q->as_of_ms || q->now ? 0 : message_time_ms(q->der);

	*whyp = q->as_of_ms ? "--as-of"
		: sent_ms   ? "messageTime of the message; --as-of now is today's"
			    : "now";
	return q->as_of_ms ? q->as_of_ms : sent_ms ? sent_ms : clock_now_ms(&clock_system);
}

static void decision_print(const struct explain_question *q, const struct cmp_trace *trace,
			   struct bytes answer, int64_t now_ms, const char *why)
{
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;
	char time[21];

	clock_format(now_ms, time);
	strbuf_add(&out, "\nWhat the server would do (nothing was changed, sent or issued):\n");
	strbuf_printf(&out, "%-12s  %-18s  %s (%s)\n", "as of", "", time, why);
	strbuf_printf(&out, "%-12s  %-18s  %s\n", "transaction", "",
		      q->in_transaction ? "as the server has it"
					: "new, whether or not it was sent before; "
					  "--in-transaction: as the server has it");
	explain_trace(trace, EXPLAIN_FOR_OPERATOR, &out);
	if (answer.len) {
		strbuf_add(&out, "\nThe answer would be:\n");
		if (trace->replayed)
			explain_answer(answer, &out);
		explain_octets_as_message(answer, &out);
	}
	fputs(out.text && !out.failed ? out.text : "", stdout);
}

static int house_fault(const struct ctl *ctl, int err, const struct strbuf *problems)
{
	ctl_error("%s: %s", ctl->config, problems->len ? problems->text : error_text(err));
	return CTL_FAULT;
}

int explain_decision(const struct ctl *ctl, const struct explain_question *q)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(house_clear) struct house house = {0};
	_cleanup_(cmp_trace_clear) struct cmp_trace trace = {.as_client = q->as_client,
							     .forget = !q->in_transaction};
	_cleanup_(octets_clear) struct octets answer = OCTETS_NULL;
	const struct cmp_exchange exchange = {.request = q->der,
					      .profile_label = q->profile,
					      .peer = "cmfctl",
					      .received_us = clock_monotonic_us()};
	enum cmp_delivery delivery;
	const char *why;
	int err;

	house.now_ms = as_of_decide(q, &why);
	house.clock = (struct clock_source){fixed_now_ms, &house.now_ms};
	err = house_open(&house, ctl->config, &problems);
	if (err)
		return house_fault(ctl, err, &problems);
	/* The reasons are printed below, in words. */
	log_setup(2, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	err = cmp_door_explain(house.door, &house.worker, &exchange, &trace, &answer, &delivery);
	if (err)
		return ctl_file_error("explaining", err);
	if (ctl->json)
		return explain_decision_json(q, &trace, octets_view(&answer), house.now_ms);
	decision_print(q, &trace, octets_view(&answer), house.now_ms, why);
	return CTL_OK;
}
