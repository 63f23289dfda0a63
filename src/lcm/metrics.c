// SPDX-License-Identifier: Apache-2.0
/* What is counted of VNFMs, as Prometheus text. */
#include "lcm_local.h"

#include "base/metrics.h"
#include "store/direct.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const type_names[LCM_TYPES] = {
	[LCM_OPERATION] = "operation",
	[LCM_CREATION] = "creation",
	[LCM_DELETION] = "deletion",
	[LCM_OTHER_TYPE] = "other",
};
static const char *const outcome_names[LCM_OUTCOMES] = {
	[LCM_NOTED] = "noted",
	[LCM_IGNORED] = "ignored",
	[LCM_REFUSED] = "refused",
};

/* Names of sections need no escapes. */
static void gauges_write(struct lcm *lcm, int64_t now_ms, struct strbuf *out)
{
	for (size_t i = 0; i < lcm->n_vnfms; i++) {
		struct lcm_status status;
		char label[300];

		(void)lcm_status_get(lcm, i, &status);
		/* The node that follows it says that. */
		if (lcm->nodes && !status.is_ours)
			continue;
		snprintf(label, sizeof(label), "vnfm=\"%s\"", status.name);
		metrics_gauge(out, "cmfd_vnfm_subscribed",
			      i == 0 ? "Whether the VNFM had our subscription when it was asked "
				       "last."
				     : NULL,
			      label, status.subscribed);
	}
	for (size_t i = 0; i < lcm->n_vnfms; i++) {
		struct lcm_status status;
		char label[300];

		(void)lcm_status_get(lcm, i, &status);
		snprintf(label, sizeof(label), "vnfm=\"%s\"", status.name);
		if (status.notified_ms)
			metrics_gauge(out, "cmfd_vnfm_notification_age_seconds", NULL, label,
				      (now_ms - status.notified_ms) / 1000);
		if (!status.resynced_ms)
			continue;
		metrics_gauge(out, "cmfd_vnfm_resync_age_seconds", NULL, label,
			      (now_ms - status.resynced_ms) / 1000);
		metrics_gauge(out, "cmfd_vnfm_resync_milliseconds", NULL, label,
			      status.resync_took_ms);
	}
}

static void waiting_write(struct lcm *lcm, struct store_reader *reader, struct strbuf *out)
{
	for (size_t i = 0; i < lcm->n_vnfms; i++) {
		char label[300];
		uint32_t n;

		if (store_lcm_event_count(reader, lcm->vnfms[i].name, LCM_EVENTS_MAX, &n) < 0)
			return;
		snprintf(label, sizeof(label), "vnfm=\"%s\"", lcm->vnfms[i].name);
		metrics_gauge(out, "cmfd_vnfm_vnfs_waiting",
			      i == 0 ? "VNFs that were notified of and are still to be looked at."
				     : NULL,
			      label, n);
	}
}

static void secrets_write(struct lcm *lcm, struct store_reader *reader, struct strbuf *out)
{
	for (size_t i = 0; i < lcm->n_vnfms; i++) {
		char label[300];
		uint32_t n;

		if (store_initial_credential_undelivered(reader, lcm->vnfms[i].name,
							 LCM_SECRETS_COUNT_MAX, &n) < 0)
			return;
		snprintf(label, sizeof(label), "vnfm=\"%s\"", lcm->vnfms[i].name);
		metrics_gauge(out, "cmfd_vnfm_secrets_waiting",
			      i == 0 ? "One-time secrets that initial_credential_uri has still to "
				       "acknowledge."
				     : NULL,
			      label, n);
	}
}

static void held_write(struct lcm *lcm, struct store_reader *reader, struct strbuf *out)
{
	for (size_t i = 0; i < lcm->n_vnfms; i++) {
		char label[300];
		int64_t n;

		if (store_vnfc_count(reader, lcm->vnfms[i].name, STORE_VNFC_HELD, 0, &n) < 0)
			return;
		snprintf(label, sizeof(label), "vnfm=\"%s\"", lcm->vnfms[i].name);
		metrics_gauge(out, "cmfd_vnfm_held_back",
			      i == 0 ? "Registrations whose end waits for the operator." : NULL,
			      label, n);
	}
}

static uint64_t value_of(const atomic_uint_least64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void notifications_write(const struct lcm *lcm, struct strbuf *out)
{
	strbuf_add(out, "# HELP cmfd_vnfm_notifications_total Notifications of a VNFM.\n"
			"# TYPE cmfd_vnfm_notifications_total counter\n");
	for (size_t i = 0; i < lcm->n_vnfms; i++) {
		const struct lcm_vnfm *vnfm = &lcm->vnfms[i];

		for (size_t t = 0; t < LCM_TYPES; t++) {
			for (size_t o = 0; o < LCM_OUTCOMES; o++)
				strbuf_printf(
					out,
					"cmfd_vnfm_notifications_total{vnfm=\"%s\",type=\"%s\","
					"outcome=\"%s\"} %" PRIu64 "\n",
					vnfm->name, type_names[t], outcome_names[o],
					value_of(&vnfm->counters.notification[t][o]));
		}
	}
}

static void resyncs_write(const struct lcm *lcm, struct strbuf *out)
{
	strbuf_add(out, "# HELP cmfd_vnfm_resyncs_total Looks at all VNFs of a VNFM.\n"
			"# TYPE cmfd_vnfm_resyncs_total counter\n");
	for (size_t i = 0; i < lcm->n_vnfms; i++) {
		const struct lcm_vnfm *vnfm = &lcm->vnfms[i];

		strbuf_printf(out,
			      "cmfd_vnfm_resyncs_total{vnfm=\"%s\",result=\"ok\"} %" PRIu64 "\n"
			      "cmfd_vnfm_resyncs_total{vnfm=\"%s\",result=\"failed\"} %" PRIu64
			      "\n",
			      vnfm->name, value_of(&vnfm->counters.resyncs_ok), vnfm->name,
			      value_of(&vnfm->counters.resyncs_failed));
	}
	strbuf_add(out, "# HELP cmfd_vnfm_drift_total VNFCs that a resync found to be other than "
			"notifications had told.\n"
			"# TYPE cmfd_vnfm_drift_total counter\n");
	for (size_t i = 0; i < lcm->n_vnfms; i++)
		strbuf_printf(out, "cmfd_vnfm_drift_total{vnfm=\"%s\"} %" PRIu64 "\n",
			      lcm->vnfms[i].name, value_of(&lcm->vnfms[i].counters.drift));
}

void lcm_metrics_write(struct lcm *lcm, struct store_reader *reader, struct strbuf *out)
{
	if (lcm->n_vnfms == 0)
		return;
	gauges_write(lcm, clock_now_ms(lcm->clock), out);
	waiting_write(lcm, reader, out);
	held_write(lcm, reader, out);
	secrets_write(lcm, reader, out);
	notifications_write(lcm, out);
	resyncs_write(lcm, out);
}
