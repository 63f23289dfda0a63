// SPDX-License-Identifier: Apache-2.0
/*
 * Direct mode, IFA 033 9.3: the CMF follows VNF Managers. For each [vnfm NAME] it keeps a
 * subscription to the lifecycle notifications of SOL 003 or SOL 002 (version 2), and asks what its
 * VNFs are made of: what a notification names, and all of them at the start, after each new
 * subscription, and from time to time. A notification is a hint, stored before it is answered;
 * Query VNF is the truth, which cmf/direct.h makes registrations of. Nothing that a VNFM says leads
 * anywhere but below its api_root.
 *
 * A VNFM has one worker at most. What is in memory is lost with the process and found again: the
 * store has the subscription and the VNFs that are still to be looked at.
 */
#pragma once

#include "base/metrics.h"
#include "base/pool.h"
#include "cmf/direct.h"
#include "http.h"
#include "store/node.h"
#include "token.h"

struct lcm;

/* What a request or a job is done with; a reload may replace it in between. */
struct lcm_service {
	struct cmf *cmf;
	struct token_checker *tokens; /* NULL: none are taken */
};
/* Gives what the calling thread works with, and the service in force, for as long as the job. */
typedef const struct cmf_worker *lcm_worker_of(struct worker *worker, struct lcm_service *servicep);

/*
 * Reads the credentials that the [vnfm] sections name; the sections of all configurations to come
 * are the same as far as conf_reload_check() says. Asks nobody yet. 0; -EINVAL with a line in
 * `problems`; -ENOMEM.
 */
_must_check_ int lcm_new(const struct conf *conf, lcm_worker_of *worker_of,
			 const struct clock_source *clock, struct lcm **lcmp,
			 struct strbuf *problems);
/* After the pool and the HTTP server are gone. NULL is fine. */
void lcm_free(struct lcm *lcm);
DEFINE_CLEANUP(struct lcm, lcm_free);

/*
 * At the start: tells in the log of VNFMs that the store has something of and the configuration has
 * not, and removes what is still to be looked at of them. 0 or negative errno, logged.
 */
_must_check_ int lcm_unconfigured_leave(const struct conf *conf, struct store *store);

/* How many threads its pool should have; 0: there is no VNFM. */
size_t lcm_threads(const struct lcm *lcm);
/*
 * The pool that jobs go to, and the nodes of which one follows a VNFM (NULL: there is one); both
 * borrowed. Before the first tick.
 */
void lcm_start(struct lcm *lcm, struct pool *pool, struct store_nodes *nodes);
/* Begins what is due. Called every second, once the callbacks are served; returns at once. */
void lcm_tick(struct lcm *lcm);
/* Requests that are under way are given up; then the pool ends. */
void lcm_stop(struct lcm *lcm);

/* The callbacks, to be copied into the server's table. Live as long as lcm. */
const struct http_route *lcm_routes(const struct lcm *lcm, size_t *np);

/* --- for the operator --- */

/*
 * Looks at the subscription and at all VNFs of a VNFM now, whatever its back-off, and waits for the
 * end of it; dry_run: at the VNFs only, and changes nothing. `report` is added to, its note called
 * on another thread while this one waits. 0; STORE_NOT_FOUND: there is no such VNFM; -ESHUTDOWN:
 * the process ends; -EREMOTE: another node follows it, and without dry_run it is to be asked;
 * or another negative errno: the VNFM could not be read (`problem` says why), and what was found
 * until then is done.
 */
_must_check_ int lcm_resync(struct lcm *lcm, const char *vnfm, bool dry_run,
			    struct cmf_direct_report *report, struct strbuf *problem);

struct lcm_status {
	const char *name;    /* borrowed from lcm */
	bool is_ours;        /* else another node follows it, and what follows is of no interest */
	bool subscribed;     /* and the VNFM had it when it was asked last */
	int64_t notified_ms; /* of the last notification since the start; 0: none */
	int64_t resynced_ms; /* when the last resync that could read all of it ended; 0 */
	int64_t resync_took_ms; /* it */
	uint64_t drift;         /* what it found that no notification had told */
	char problem[160];      /* of the last exchange that failed; "": it went well since */
};
/* Of VNFM number `index`, in the order of the configuration. false: there is none. Any thread. */
bool lcm_status_get(struct lcm *lcm, size_t index, struct lcm_status *statusp);

/* Appends what is counted, as Prometheus text. Any thread. */
void lcm_metrics_write(struct lcm *lcm, struct store_reader *reader, struct strbuf *out);
