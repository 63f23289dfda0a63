// SPDX-License-Identifier: Apache-2.0
/*
 * What a monitoring system asks for, on the local listener: /metrics, /healthz (does the process
 * answer) and /readyz (can it serve). The counters are kept where things happen, base/metrics.h.
 */
#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Of /readyz: how old a COMMIT may be that proves it, and how long one is waited for. */
enum { READY_MAX_AGE_MS = 1000, READY_WAIT_MS = 2000 };

static void text_answer(struct http_response *response, int status, const char *type, char *text)
{
	response->status = text ? status : 500;
	response->content_type = type;
	response->body = (struct octets){(uint8_t *)text, text ? strlen(text) : 0};
}

/* One gauge for each state. */
static void states_write(struct strbuf *out, const char *name, const char *help,
			 const char *const *states, const int64_t *counts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char label[48];

		snprintf(label, sizeof(label), "state=\"%s\"", states[i]);
		metrics_gauge(out, name, i == 0 ? help : NULL, label, counts[i]);
	}
}

/* Events that a subscription has still to come to are counted up to that. */
enum { BACKLOG_MAX = 10000 };

static void notifications_write(struct store_reader *reader, int64_t now_ms, struct strbuf *out)
{
	int64_t n, oldest_ms;

	if (store_subscription_backlog(reader, BACKLOG_MAX, &n, &oldest_ms) < 0)
		return;
	metrics_gauge(out, "cmfd_notifications_queued",
		      "Events that subscriptions have still to come to, at most 10000 of each.",
		      NULL, n);
	metrics_gauge(out, "cmfd_notifications_oldest_seconds", "Age of the oldest of them.", NULL,
		      oldest_ms && oldest_ms < now_ms ? (now_ms - oldest_ms) / 1000 : 0);
}

/* Refused ones are counted with all other refusals. */
static void attestations_write(const struct cmf *cmf, struct strbuf *out)
{
	strbuf_add(out, "# HELP cmfd_attestations_total Certificates by what was made of the key "
			"attestation in their request.\n# TYPE cmfd_attestations_total counter\n");
	for (int v = STORE_ATTESTATION_VERIFIED; v < STORE_VERDICTS; v++)
		strbuf_printf(out, "cmfd_attestations_total{verdict=\"%s\"} %" PRIu64 "\n",
			      cmf_verdict_name((enum store_verdict)v),
			      cmf_attested(cmf, (enum store_verdict)v));
}

void observe_metrics(void *arg, struct worker *worker, const struct http_request *request,
		     struct http_response *response)
{
	static const char *const certificate_states[] = {
		[STORE_CERT_REQUESTED] = "requested",
		[STORE_CERT_PENDING] = "pending",
		[STORE_CERT_ACTIVE] = "active",
		[STORE_CERT_REVOKED] = "revoked",
		[STORE_CERT_REJECTED] = "rejected",
		[STORE_CERT_REVOCATION_PENDING] = "revocation_pending",
		[STORE_CERT_ON_HOLD] = "on_hold",
	};
	static const char *const transaction_states[] = {
		[STORE_TXN_AWAIT_UPSTREAM] = "await_upstream",
		[STORE_TXN_AWAIT_CONF] = "await_conf",
		[STORE_TXN_DONE] = "done",
		[STORE_TXN_FAILED] = "failed",
		[STORE_TXN_AWAIT_POP] = "await_pop",
	};
	struct daemon *daemon = arg;
	struct strbuf out = STRBUF_NULL;
	struct cmf *cmf;
	int64_t certificates[ARRAY_LEN(certificate_states)];
	int64_t transactions[ARRAY_LEN(transaction_states)];

	metrics_write(daemon->metrics, &out);
	metrics_gauge(&out, "cmfd_queue_length", "Requests that wait for a worker.", NULL,
		      (int64_t)pool_queued(daemon->pool));
	/* Without the store the counters are still worth having. */
	if (store_certificate_counts(worker->own.reader, certificates) == 0)
		states_write(&out, "cmfd_certificates", "Certificates by state.",
			     certificate_states, certificates, ARRAY_LEN(certificates));
	if (store_transaction_counts(worker->own.reader, transactions) == 0)
		states_write(&out, "cmfd_transactions", "CMP transactions by state.",
			     transaction_states, transactions, ARRAY_LEN(transactions));
	notifications_write(worker->own.reader, clock_now_ms(&clock_system), &out);
	worker_own_cmf(worker, &cmf);
	attestations_write(cmf, &out);
	lcm_metrics_write(daemon->lcm, worker->own.reader, &out);
	text_answer(response, 200, "text/plain; version=0.0.4; charset=utf-8", strbuf_take(&out));
}

/* The process answers. */
void observe_health(void *arg, struct worker *worker, const struct http_request *request,
		    struct http_response *response)
{
	text_answer(response, 200, "text/plain", strdup("ok\n"));
}

/*
 * It can serve: what it would have to remember can be committed. How often somebody asks costs
 * nothing: one COMMIT a second says it for all.
 */
void observe_ready(void *arg, struct worker *worker, const struct http_request *request,
		   struct http_response *response)
{
	struct daemon *daemon = arg;
	int err = store_ready(daemon->store, READY_MAX_AGE_MS, READY_WAIT_MS);
	struct strbuf out = STRBUF_NULL;

	if (err == 0)
		strbuf_add(&out, "ready\n");
	else
		strbuf_printf(&out, "store unavailable: %s\n",
			      err == -ESTALE
				      ? "the database is gone, or another file is in its place"
			      : err == -ETIMEDOUT ? "a commit takes longer than two seconds"
						  : strerror(-err));
	text_answer(response, err == 0 ? 200 : 503, "text/plain", strbuf_take(&out));
}
