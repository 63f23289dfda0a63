// SPDX-License-Identifier: Apache-2.0
/*
 * The CMP door: one CMP request in, one CMP answer out. Authenticates, finds the transaction, calls
 * cmf/, builds and protects the answer, commits everything once. No HTTP here.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/network.h"
#include "base/refusal.h"
#include "cmf.h"
#include "conf.h"
#include "store.h"

struct clock_source;
struct cmp_door;
struct metrics;
struct spliced;
struct strbuf;

/* Loads the CMF's protection credential. */
_must_check_ int cmp_door_new(const struct conf *conf, struct cmf *cmf,
			      const struct clock_source *clock, struct metrics *metrics,
			      struct cmp_door **doorp, struct strbuf *problems);
void cmp_door_free(struct cmp_door *door);
DEFINE_CLEANUP(struct cmp_door, cmp_door_free);

struct cmp_exchange {
	struct bytes request;        /* octets received */
	const char *profile_label;   /* /p/<label>; NULL: none */
	const char *operation_label; /* RFC 9483 6.1 label; NULL: none */
	const char *peer;            /* for the log, as the path that was asked for (NULL: none) */
	const char *path;
	struct network network; /* of the peer, for limits */
	uint64_t connection;
	uint64_t request_id; /* for log and audit; 0: none */
	int64_t received_us;
};

/* How the sender is to be told; what of HTTP that is, is for the caller. */
enum cmp_delivery {
	CMP_ANSWERED,      /* by the CMP message */
	CMP_NOT_A_MESSAGE, /* by the CMP message; the octets were no PKIMessage */
	CMP_BUSY,          /* there is none: no time for a message of who is not known */
	/* It was an announcement, and there is no CMP message, RFC 9811 3.5. */
	CMP_ANNOUNCEMENT_STORED, /* or was already present */
	CMP_ANNOUNCEMENT_FORBIDDEN,
	CMP_ANNOUNCEMENT_REFUSED,
	CMP_ANNOUNCEMENT_UNAVAILABLE,
	CMP_ANNOUNCEMENT_FAILED,
};

/*
 * Serves one request, by threads which do not wait for its commit:
 *
 *   goes_on = cmp_serving_begin(...)          on a worker
 *   while (goes_on) {
 *     cmp_serving_commit(...)                 the last that this worker does of it
 *     goes_on = cmp_serving_committed(...)    once the commit was told of
 *   }
 *   cmp_serving_end(...)
 */
struct cmp_serving;
/* True: what was decided is to be committed. False, and *servingp NULL: out of memory. `exchange`
 * and the door must live until the end. */
_must_check_ bool cmp_serving_begin(struct cmp_door *door, struct cmf_worker *worker,
				    const struct cmp_exchange *exchange,
				    struct cmp_serving **servingp);
/* Commits; `told` is called once, perhaps before this returns: store_unit_submit(). */
void cmp_serving_commit(struct cmp_serving *serving, store_unit_told *told, void *arg);
/*
 * With what was told. Where that is 0 nothing is left to be decided: any thread may call it,
 * without a worker (NULL), and it does not wait. Else a worker, and it may go on as from the
 * beginning.
 */
_must_check_ bool cmp_serving_committed(struct cmp_serving *serving, struct cmf_worker *worker,
					int result);
/*
 * Logs one line and frees; any thread. *answerp gets a CMP message, an error message at worst,
 * unless memory is out (-ENOMEM), it was an announcement or there is no time for it: see
 * *deliveryp.
 */
_must_check_ int cmp_serving_end(struct cmp_serving *serving, struct spliced *answerp,
				 enum cmp_delivery *deliveryp);

/* --- housekeeping --- */

/*
 * Ends what is due at the door: transactions past their deadline, with their certificates if nobody
 * confirmed those; ended ones past retention and what else need not be kept any more are purged. In
 * a worker; bounded work per call. *morep: call again at once. 0 or negative errno.
 */
_must_check_ int cmp_housekeeping(struct cmp_door *door, struct cmf_worker *worker, bool *morep);

/* --- explaining --- */

/* The straight line of a request, in its order. */
enum cmp_stage {
	CMP_STAGE_SYNTAX,
	CMP_STAGE_HEADER,
	CMP_STAGE_PROTECTION,
	CMP_STAGE_TRANSACTION,
	CMP_STAGE_BODY,
	CMP_STAGE_COUNT,
};

/* What became of one of the certificate requests of a message, and what was understood of it. */
struct cmp_trace_request {
	int cert_req_id;
	struct refusal refusal;         /* REFUSAL_NONE: granted */
	char *limit;                    /* refused: the value beside what is allowed; NULL */
	bool upstream;                  /* it would be asked for there */
	enum store_verdict attestation; /* granted: what was made of it */
	struct cmf_understood understood;
	char *entity_from; /* what in the message says which entity; NULL: nothing does */
	char *type_from;   /* the same of certType */
};

/* A message that opened a transaction under the same transactionID. */
struct cmp_trace_before {
	bool found;
	bool same; /* of the same octets, or it has gone on since */
	int64_t created_ms;
	struct octets answer; /* our last; empty: there is none yet */
};

/* What a request met on its way. */
struct cmp_trace {
	/* How it is explained. */
	const char *as_client; /* taken as the sender, whatever the protection says; NULL: not */
	bool forget;   /* what opens a transaction is new, whether it was sent before or not */
	bool stranger; /* within the budget for dear work of strangers, as a message that is sent */
	bool any_time; /* messageTime is not compared with the clock */
	/* What it met. */
	bool reached[CMP_STAGE_COUNT];
	struct refusal refusal[CMP_STAGE_COUNT]; /* REFUSAL_NONE: passed */
	char *limit[CMP_STAGE_COUNT]; /* refused: the value beside what is allowed; NULL: unknown */
	char *client;                 /* who sent it; NULL: nobody knows */
	bool replayed;                /* the stored answer would be sent again */
	struct cmp_trace_before before; /* if that is forgotten */
	bool fault;
	struct refusal decided; /* what the answer says of the message; REFUSAL_NONE: no refusal */
	struct cmp_trace_request request[CONF_REQUESTS_MAX];
	size_t n_requests;
	struct cmp_trace *inner; /* nested: what each message in it met; owned */
	size_t n_inner;
};
void cmp_trace_clear(struct cmp_trace *trace);

/*
 * Goes with a request as far as cmp_serving_begin() would, with a unit that is dry: nothing is
 * committed, no upstream CA is asked, no certificate leaves. *answerp is what would be answered.
 */
_must_check_ int cmp_door_explain(struct cmp_door *door, struct cmf_worker *worker,
				  const struct cmp_exchange *exchange, struct cmp_trace *trace,
				  struct octets *answerp, enum cmp_delivery *deliveryp);

/* Whether that operation label exists, RFC 9483 6.1 Table 1. */
bool cmp_operation_label_known(const char *label);
