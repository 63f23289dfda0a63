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

/*
 * It can serve: what it would have to remember can be committed, it is there among the nodes,
 * clients can believe its answers, and some CA can issue. How often somebody asks costs nothing:
 * one COMMIT a second says it for all.
 */
void observe_ready(void *arg, struct worker *worker, const struct http_request *request,
		   struct http_response *response)
{
	struct daemon *daemon = arg;
	int err = store_ready(daemon->store, READY_MAX_AGE_MS, READY_WAIT_MS);
	struct strbuf out = STRBUF_NULL;
	bool unfit = err == 0 &&
		     (node_unfit(daemon, &out) ||
		      service_unfit(worker_service(worker), clock_now_ms(&clock_system), &out));

	if (err == 0 && !unfit)
		strbuf_add(&out, "ready\n");
	else if (err != 0)
		strbuf_printf(&out, "store unavailable: %s\n",
			      err == -ESTALE
				      ? "the database is gone, or another file is in its place"
			      : err == -ETIMEDOUT ? "a commit takes longer than two seconds"
			      : err == -ENOTCONN  ? "the server of the database is away"
			      : err == -EPROTO ? "a newer cmfd has migrated the database, and this "
						 "one cannot go on with it: upgrade it"
			      : err == -EPERM ? "the server of the database has no standbys, which "
						"[store] replication requires"
					      : error_text(err));
	observe_answer(response, err == 0 && !unfit ? 200 : 503, "text/plain", strbuf_take(&out));
}
