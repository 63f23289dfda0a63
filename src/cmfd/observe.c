// SPDX-License-Identifier: Apache-2.0
/*
 * What a monitoring system asks for, on the local listener: /healthz (does the process answer) and
 * /readyz (can it serve). /metrics is gauges.c's.
 */
#include "daemon.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of /readyz: how old a COMMIT may be that proves it, and how long one is waited for. */
enum { READY_MAX_AGE_MS = 1000, READY_WAIT_MS = 2000 };

void observe_answer(struct http_response *response, int status, const char *type, char *text)
{
	response->status = text ? status : 500;
	response->content_type = type;
	response->body = (struct octets){(uint8_t *)text, text ? strlen(text) : 0};
}

/* The process answers. */
void observe_health(void *arg, struct worker *worker, const struct http_request *request,
		    struct http_response *response)
{
	observe_answer(response, 200, "text/plain", strdup("ok\n"));
}

static const struct {
	int err;
	const char *why;
} unready[] = {
	{-ESTALE, "the database is gone, or another file is in its place"},
	{-ETIMEDOUT, "a commit takes longer than two seconds"},
	{-ENOTCONN, "the server of the database is away"},
	{-EACCES, "the server of the database does not let this node in"},
	{-ENODEV, "the server of the database has no database of that name"},
	{-EMFILE, "the server of the database has no connection left for this node"},
	{-EHOSTDOWN, "a commit waits for a standby that synchronous_standby_names of the server of"
		     " the database names"},
	{-EPERM, "the server of the database has no standbys, which [store] replication requires"},
	{-EPROTO, "a newer cmfd has migrated the database, and this one cannot go on with it: "
		  "upgrade it"},
};

bool observe_unready(struct daemon *daemon, struct strbuf *out)
{
	int err = store_ready(daemon->store, READY_MAX_AGE_MS, READY_WAIT_MS);
	const char *why = err ? error_text(err) : NULL;

	for (size_t i = 0; err && i < ARRAY_LEN(unready); i++)
		if (unready[i].err == err)
			why = unready[i].why;
	if (why)
		strbuf_printf(out, "store unavailable: %s\n", why);
	return why || node_unfit(daemon, out);
}

/*
 * It can serve: what it would have to remember can be committed, it is there among the nodes,
 * clients can believe its answers, and some CA can issue. How often somebody asks costs nothing:
 * one COMMIT a second says it for all.
 */
void observe_ready(void *arg, struct worker *worker, const struct http_request *request,
		   struct http_response *response)
{
	struct daemon *daemon = arg;
	struct strbuf out = STRBUF_NULL;
	bool unfit = observe_unready(daemon, &out) ||
		     service_unfit(worker_service(worker), clock_now_ms(&clock_system), &out);

	if (!unfit)
		strbuf_add(&out, "ready\n");
	observe_answer(response, unfit ? 503 : 200, "text/plain", strbuf_take(&out));
}
