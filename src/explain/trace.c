// SPDX-License-Identifier: Apache-2.0
/*
 * What the door made of a message, in words: stage by stage, what it understood of each request,
 * and of a refusal the values beside their limits, by which rule it is, and what to do.
 */
#include "explain.h"

#include "base/clock.h"
#include "base/visible.h"
#include "cmf.h"

/* How a refusal is told to that reader. */
static struct refusal refusal_shown(const struct refusal *r, enum explain_reader reader)
{
	struct refusal shown = *r;
	enum refusal_reason reason = explain_public_reason(r);

	if (reader == EXPLAIN_FOR_OPERATOR)
		return shown;
	/* An upstream CA's own failInfo goes with no other sentence. */
	if (reason != REFUSAL_NONE)
		shown.reason = reason;
	shown.detail = NULL;
	return shown;
}

/* "refused: badPOP, pop_missing: proof of possession is missing (detail)", and what helps. */
static void refusal_add(const struct refusal *refusal, const char *limit,
			enum explain_reader reader, struct strbuf *out)
{
	const struct refusal r = refusal_shown(refusal, reader);
	const struct refusal_help *help = refusal_help(r.reason);

	strbuf_printf(out, "refused: %s, %s: %s", failinfo_name(r.failinfo), refusal_code(r.reason),
		      refusal_words(&r));
	if (r.detail) {
		strbuf_add(out, " (");
		visible_add(out, r.detail);
		strbuf_add(out, ")");
	}
	strbuf_add(out, "\n");
	if (limit)
		strbuf_printf(out, "  limit       %s\n", limit);
	if (help)
		strbuf_printf(out, "  by          %s\n  what to do  %s\n", help->clause,
			      help->advice);
}

static void stage_add(const struct cmp_trace *trace, enum cmp_stage stage,
		      enum explain_reader reader, struct strbuf *out)
{
	const struct refusal *r = &trace->refusal[stage];

	strbuf_printf(out, "%-12s  %-18s  ", explain_stages[stage].name,
		      explain_stages[stage].clause);
	if (!trace->reached[stage]) {
		strbuf_add(out, "not reached\n");
	} else if (r->reason != REFUSAL_NONE) {
		refusal_add(r, trace->limit[stage], reader, out);
	} else {
		strbuf_add(out,
			   stage == CMP_STAGE_TRANSACTION && trace->replayed
				   ? "a retransmission: the stored answer would be sent again\n"
				   : "passed\n");
	}
}

/* --- what was understood --- */

static void fact_add(struct strbuf *out, const char *name, const char *value, const char *from)
{
	if (!value)
		return;
	strbuf_printf(out, "  %-10s  ", name);
	visible_add(out, *value ? value : "none");
	if (from)
		strbuf_printf(out, " (from %s)", from);
	strbuf_add(out, "\n");
}

static void facts_add(const struct cmp_trace_request *request, struct strbuf *out)
{
	const struct cmf_understood *u = &request->understood;

	fact_add(out, "entity", u->subject_id, request->entity_from);
	fact_add(out, "instance", u->vnf_instance && *u->vnf_instance ? u->vnf_instance : NULL,
		 NULL);
	fact_add(out, "domain", u->trust_domain, NULL);
	fact_add(out, "certType", u->cert_type, request->type_from);
	fact_add(out, "profile", u->profile,
		 u->registers ? "the rules, for it would be registered now" : "the registration");
	fact_add(out, "CA", u->ca, NULL);
}

static void requests_add(const struct cmp_trace *trace, enum explain_reader reader,
			 struct strbuf *out)
{
	for (size_t i = 0; i < trace->n_requests; i++) {
		const struct cmp_trace_request *r = &trace->request[i];

		strbuf_printf(out, "%-12s  certReqId %-8d  ", "request", r->cert_req_id);
		if (r->refusal.reason != REFUSAL_NONE) {
			refusal_add(&r->refusal, r->limit, reader, out);
		} else {
			strbuf_printf(out, "%s",
				      r->upstream ? "the upstream CA would be asked" : "granted");
			if (r->attestation != STORE_ATTESTATION_NONE)
				strbuf_printf(out, "; key attestation %s",
					      cmf_verdict_name(r->attestation));
			strbuf_add(out, "\n");
		}
		facts_add(r, out);
	}
}

/* --- that it came before --- */

static void before_add(const struct cmp_trace *trace, struct strbuf *out)
{
	const struct cmp_trace_before *before = &trace->before;
	char time[21];

	if (!before->found)
		return;
	clock_format(before->created_ms, time);
	strbuf_printf(out, "%-12s  %-18s  %s %s; it was answered:\n", "before", "",
		      before->same ? "these very octets came"
				   : "another message with its "
				     "transactionID came",
		      time);
	if (before->answer.len)
		explain_answer(octets_view(&before->answer), out);
	else
		strbuf_add(out, "status        not yet\n");
}

/* What comes behind the protection. */
static void decision_add(const struct cmp_trace *trace, enum explain_reader reader,
			 struct strbuf *out)
{
	for (int i = CMP_STAGE_PROTECTION + 1; i < CMP_STAGE_COUNT; i++)
		stage_add(trace, (enum cmp_stage)i, reader, out);
	requests_add(trace, reader, out);
	if (trace->decided.reason != REFUSAL_NONE) {
		strbuf_printf(out, "%-12s  %-18s  ", "decided", "");
		refusal_add(&trace->decided, NULL, reader, out);
	}
	before_add(trace, out);
	if (trace->fault)
		strbuf_add(out, "A fault: the log says which.\n");
}

/* How deep nested messages lie is bounded by the door. */
void explain_trace(const struct cmp_trace *trace, enum explain_reader reader, struct strbuf *out)
{
	for (int i = 0; i <= CMP_STAGE_PROTECTION; i++)
		stage_add(trace, (enum cmp_stage)i, reader, out);
	if (trace->client) {
		strbuf_printf(out, "%-12s  %-18s  ", "sender", "");
		visible_add(out, trace->client);
		strbuf_add(out, trace->as_client ? ", assumed by --as-client\n" : "\n");
	}
	if (trace->client || reader == EXPLAIN_FOR_OPERATOR)
		decision_add(trace, reader, out);
	else
		strbuf_add(out,
			   "What would be decided is told to who has sent the message alone: "
			   "its protection does not\nverify for anybody who is known here. The "
			   "server's operator has more in the log.\n");
	for (size_t i = 0; i < trace->n_inner; i++) {
		strbuf_printf(out, "\nMessage %zu in the nested one:\n", i + 1);
		explain_trace(&trace->inner[i], reader, out);
	}
}
