// SPDX-License-Identifier: Apache-2.0
/*
 * /metrics on the local listener. What is counted is counted where it happens, base/metrics.h; here
 * is what is looked at when somebody asks.
 */
#include "daemon.h"

#include "base/clock.h"
#include "ca.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* --- certificates and CRLs of our own --- */

static void ends_write(const struct service *service, struct strbuf *out)
{
	for (size_t i = 0; i < service->inventory.len; i++) {
		const struct check_certificate *c = &service->inventory.item[i];
		char labels[200];

		snprintf(labels, sizeof(labels), "what=\"%s\",ca=\"%s\"", c->what,
			 c->ca ? c->ca : "");
		metrics_gauge(out, "cmfd_certificate_expiry_timestamp_seconds",
			      i == 0 ? "When a certificate ends that the CMF itself lives by."
				     : NULL,
			      labels, c->not_after_ms / 1000);
	}
}

static void crls_write(const struct service *service, struct store_reader *reader,
		       struct strbuf *out)
{
	bool first = true;

	for (size_t i = 0; i < ca_count(service->cas); i++) {
		_cleanup_(store_crl_clear) struct store_crl crl = {0};
		const char *name = ca_name(ca_at(service->cas, i));
		char labels[160];

		if (store_crl_newest(reader, name, &crl) != 0)
			continue;
		snprintf(labels, sizeof(labels), "ca=\"%s\"", name);
		metrics_gauge(out, "cmfd_crl_next_update_timestamp_seconds",
			      first ? "nextUpdate of the newest CRL." : NULL, labels,
			      crl.next_update_ms / 1000);
		first = false;
	}
}

/* --- the process, under the names that Prometheus's own libraries use --- */

static int64_t descriptors_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int64_t n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 3; /* ".", ".." and the folder itself */
}

/* Of /proc/self/stat: start time in clock ticks since boot, memory in octets and pages. */
static bool stat_read(uint64_t *startp, uint64_t *virtualp, int64_t *pagesp)
{
	char line[1024];
	FILE *file = fopen("/proc/self/stat", "re");
	const char *rest = file && fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;

	if (file)
		fclose(file);
	/* proc(5): field 2 ends with the parenthesis; 22 to 24 are wanted. */
	return rest &&
	       sscanf(rest + 1,
		      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
		      "%*d %*d %" SCNu64 " %" SCNu64 " %" SCNd64,
		      startp, virtualp, pagesp) == 3;
}

static int64_t boot_time_s(void)
{
	struct timespec now, up;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return now.tv_sec - up.tv_sec;
}

static void process_write(struct strbuf *out)
{
	struct rusage usage;
	struct rlimit limit;
	uint64_t start, virtual_memory;
	int64_t pages;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		strbuf_printf(out,
			      "# HELP process_cpu_seconds_total Processor time, in seconds.\n"
			      "# TYPE process_cpu_seconds_total counter\n"
			      "process_cpu_seconds_total %.6f\n",
			      (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
				      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) /
					      1e6);
	metrics_gauge(out, "process_open_fds", "Open descriptors.", NULL, descriptors_open());
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		metrics_gauge(out, "process_max_fds", "Descriptors that may be open.", NULL,
			      (int64_t)limit.rlim_cur);
	if (!stat_read(&start, &virtual_memory, &pages))
		return;
	metrics_gauge(out, "process_virtual_memory_bytes", "Virtual memory.", NULL,
		      (int64_t)virtual_memory);
	metrics_gauge(out, "process_resident_memory_bytes", "Resident memory.", NULL,
		      pages * sysconf(_SC_PAGESIZE));
	metrics_gauge(out, "process_start_time_seconds", "Start of the process.", NULL,
		      boot_time_s() + (int64_t)(start / (uint64_t)sysconf(_SC_CLK_TCK)));
}

static void build_write(struct daemon *daemon, struct strbuf *out)
{
	char labels[160];

	snprintf(labels, sizeof(labels), "version=\"%s\",openssl=\"%s\"", CMFD_VERSION,
		 OpenSSL_version(OPENSSL_VERSION_STRING));
	metrics_gauge(out, "cmfd_build_info", "1; the versions are its labels.", labels, 1);
	metrics_gauge(out, "cmfd_config_last_reload_successful",
		      "Whether the last reload took effect; 1 if there was none.", NULL,
		      !atomic_load(&daemon->reload_refused));
	metrics_gauge(out, "cmfd_config_last_reload_success_timestamp_seconds",
		      "When the configuration in force was loaded.", NULL,
		      atomic_load(&daemon->reloaded_ms) / 1000);
}

/* --- the store --- */

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

/* Exchanges of one CA are counted up to that. */
enum { OPEN_MAX = 10000 };

/* For a CA that does not answer any more, the oldest grows without end. */
static void exchanges_write(const struct service *service, struct store_reader *reader,
			    int64_t now_ms, struct strbuf *out)
{
	bool first = true;

	for (size_t i = 0; i < service->conf->n_cas; i++) {
		const struct conf_ca *ca = &service->conf->cas[i];
		int64_t open, since_ms;
		char labels[160];

		if (ca->type != CONF_CA_UPSTREAM ||
		    store_exchange_open(reader, ca->name, OPEN_MAX, &open, &since_ms) < 0)
			continue;
		snprintf(labels, sizeof(labels), "ca=\"%s\"", ca->name);
		metrics_gauge(out, "cmfd_upstream_open_oldest_seconds",
			      first ? "Age of the oldest exchange with an upstream CA that is open."
				    : NULL,
			      labels,
			      since_ms && since_ms < now_ms ? (now_ms - since_ms) / 1000 : 0);
		first = false;
	}
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
	const struct service *service = worker_service(worker);
	struct strbuf out = STRBUF_NULL;
	int64_t certificates[ARRAY_LEN(certificate_states)];
	int64_t transactions[ARRAY_LEN(transaction_states)];

	build_write(daemon, &out);
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
	exchanges_write(service, worker->own.reader, clock_now_ms(&clock_system), &out);
	attestations_write(service->cmf, &out);
	lcm_metrics_write(daemon->lcm, worker->own.reader, &out);
	node_metrics(daemon, &out);
	audit_sinks_metrics(daemon->audit_sinks, &out);
	ends_write(service, &out);
	crls_write(service, worker->own.reader, &out);
	process_write(&out);
	observe_answer(response, 200, "text/plain; version=0.0.4; charset=utf-8",
		       strbuf_take(&out));
}
