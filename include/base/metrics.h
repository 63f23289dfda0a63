// SPDX-License-Identifier: Apache-2.0
/*
 * Counters of the process in Prometheus text format. Counting is an atomic add and takes no lock.
 * Gauges that need a query (certificates by state) are written by the caller with metrics_gauge().
 */
#pragma once

#include "base/cleanup.h"
#include "base/refusal.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

struct metrics;

/* Operations that are counted, with their label values. */
/* clang-format off */
#define METRIC_OPERATIONS(X) \
	X(ir) X(cr) X(kur) X(p10cr) X(ccr) X(krr) X(rr) X(certConf) \
	X(pollReq) X(popdecr) X(genm) X(announcement) X(nested) X(error) X(other) X(none) \
	X(json_api_versions) X(json_register) X(json_registrations) X(json_certificates) \
	X(json_ca_certificates) X(json_csr) X(json_csrs) X(json_revoke) X(json_subscriptions) X(json_nonces) X(json_initial_credential) X(json_other)
/* clang-format on */
enum metric_operation {
#define X(name) METRIC_OP_##name,
	METRIC_OPERATIONS(X)
#undef X
		METRIC_OP_COUNT,
};

enum metric_outcome {
	METRIC_ACCEPTED,
	METRIC_WAITING,
	METRIC_REJECTED,
	METRIC_REPLAYED,
	METRIC_FAULT,
	METRIC_OUTCOME_COUNT,
};

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);

/* One request: operation, outcome, the refusal that it ended with (NULL: none), duration. */
void metrics_request(struct metrics *m, enum metric_operation op, enum metric_outcome outcome,
		     const struct refusal *refusal, int64_t us);
/* One exchange with an upstream CA; of 64 CAs, the first that there were since the start. */
void metrics_upstream(struct metrics *m, const char *ca_name, int64_t us, int ok);
/* How that went with the CA of that name, since the start. */
struct metrics_upstream {
	uint64_t ok, failed;
	bool last_failed;
};
void metrics_upstream_get(const struct metrics *m, const char *ca_name,
			  struct metrics_upstream *upstreamp);
/*
 * HTTP: a connection opened or closed, one refused (over a limit), one that gave way to another, a
 * request answered 503.
 */
void metrics_connection(struct metrics *m, int delta);
void metrics_connection_refused(struct metrics *m);
void metrics_connection_gave_way(struct metrics *m);
void metrics_queue_full(struct metrics *m);
/* HTTP: a request answered with an error that no handler decided; a TLS handshake that failed. */
void metrics_http_refused(struct metrics *m, int status);
void metrics_tls_failed(struct metrics *m);
/* CMP: a message of an unknown sender for which there was no time. */
void metrics_stranger_refused(struct metrics *m);

/* A notification to a subscriber: it was delivered, or that was tried in vain. */
void metrics_notification(struct metrics *m, bool delivered);

/* Appends all counters as Prometheus text exposition format 0.0.4. */
void metrics_write(struct metrics *m, struct strbuf *out);
/* Appends the pair name="value" with the escapes of the format: backslash, quote, line feed. */
void metrics_label_add(struct strbuf *labels, const char *name, const char *value);
/* Appends HELP/TYPE once per name (pass help NULL for further label values) and one gauge value. */
void metrics_gauge(struct strbuf *out, const char *name, const char *help, const char *labels,
		   int64_t value);
