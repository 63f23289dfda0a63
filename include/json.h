// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON doors, two sets of resources over one set of helpers. Both decode, call cmf/ for changes
 * and store/ for lists, encode.
 *
 * The operator's: HTTP/JSON under /v1/ on the admin listener (a Unix-domain socket whose file
 * permissions say who may), spoken by cmfctl. Who reaches the socket is trusted as an operator of
 * every trust domain.
 *
 * That of VNF Managers: IFA 033 11.2 under /cmf-certmgmt/v1/, with the conventions of ETSI GS
 * NFV-SOL 013, for clients that authenticate with a TLS certificate or an access token.
 */
#pragma once

#include "checker.h"
#include "cmf.h"
#include "http.h"
#include "lcm.h"
#include "store/audit.h"
#include "store/event.h"
#include "store/node.h"
#include "token.h"

#include <jansson.h>

/* All that is made from one configuration; whose it is the door does not know. */
struct service;

/* What a request is served with; a reload may replace it between requests. */
struct json_service {
	struct cmf *cmf;
	struct token_checker *tokens; /* NULL: none are taken */
	/* The certificates that the CMF itself lives by. */
	const struct check_inventory *inventory;
	/* Who goes on with it after the handler has returned has a reference meanwhile. */
	struct service *whole;
	struct service *(*ref)(struct service *);
	void (*unref)(struct service *);
};

/*
 * Gives what the calling thread works with, and the service in force. All of it lives at least as
 * long as the handler runs.
 */
typedef struct cmf_worker *json_worker_of(struct worker *worker, struct json_service *servicep);

/* --- the operator's --- */

struct json_operator;

/* How the process is, of process.look. */
struct json_process_state {
	int64_t started_ms;
	int64_t reloaded_ms;   /* since when it serves with the configuration that is in force */
	char *reload_problems; /* of a reload since then that was refused, lines; NULL: none was */
	char *unready;         /* why it cannot serve, a line; NULL: it can, as far as it knows */
};

/* A place outside of the database that lines of the audit, or heads of its chains, are written to.
 */
struct json_audit_place {
	const char *name; /* "file", "syslog", "heads" */
	const char *path;
	int64_t written_id;       /* of the newest line that it has; 0: none yet, or it has none */
	const char *problem;      /* why it cannot be written to; NULL: it can */
	int64_t problem_since_ms; /* 0: it can */
};
typedef int json_audit_place_each(void *arg, const struct json_audit_place *place);

/* What the operator's door asks of the process that it is in. Any thread may call. */
struct json_process {
	void *arg;
	struct metrics *metrics;
	/* The caller frees the texts. */
	void (*look)(void *arg, struct json_process_state *statep);
	/*
	 * Has the configuration read anew for that user, and returns when that is done. 0;
	 * -ESHUTDOWN: the process ends; another negative errno: refused, with lines in `problems`.
	 */
	int (*reload)(void *arg, uid_t uid, struct strbuf *problems);
	/* Each place that [audit] names, borrowed for the call; what is not 0 ends it. */
	int (*audit_places)(void *arg, json_audit_place_each *each, void *each_arg);
	/* Which node it is, to be cleared; its id is 0 where one process serves the database. 0 or
	 * -ENOMEM. */
	int (*node)(void *arg, struct store_node *nodep);
};

/*
 * lcm has what is followed of VNFMs; NULL: none is. The process is copied. What both refer to has
 * to live longer.
 */
_must_check_ int json_operator_new(json_worker_of *worker_of, const struct clock_source *clock,
				   struct lcm *lcm, const struct json_process *process,
				   struct json_operator **doorp);
void json_operator_free(struct json_operator *door);
DEFINE_CLEANUP(struct json_operator, json_operator_free);

/* The routes, all of group HTTP_ADMIN, to be copied into the server's table. Live as long as the
 * door. */
const struct http_route *json_operator_routes(const struct json_operator *door, size_t *np);

/* A line of the audit as GET /v1/audit has it, on one line of text; the caller frees. NULL: out of
 * memory. */
char *json_audit_text(const struct store_audit *line);
/* One that was read again: texts are the object's, or in `octets`, which is owned. */
struct json_audit {
	struct store_audit line;
	uint8_t hash[STORE_AUDIT_HASH_LEN];
	char *octets;
};
/* 0, -ENOMEM, or -EBADMSG: it is not what json_audit_text() writes of a line. To be cleared in any
 * case. */
_must_check_ int json_audit_read(const json_t *object, struct json_audit *readp);
void json_audit_clear(struct json_audit *read);
/* A head of the audit on one line of text, as POST /v1/audit/heads reads it; the same. */
char *json_audit_head_text(const struct store_audit_head *head, const struct store_audit_mac *mac);
/* Reads one again; false: it is none. */
bool json_audit_head_read(const json_t *object, struct store_audit_head *headp,
			  struct store_audit_mac *macp);
/* Reads the place that the first line of a chain goes on from, as an export has it; the same. */
bool json_audit_begin_read(const json_t *object, struct store_audit_place *placep);

/* What a status is made of. Borrowed. */
struct json_status_of {
	const struct conf *conf;
	struct ca_set *cas;                      /* NULL: they could not be loaded */
	const struct check_inventory *inventory; /* NULL: not known */
	struct store_reader *reader;             /* NULL: the database cannot be read */
	struct lcm *lcm;                         /* NULL: no VNFM is followed by this process */
	const struct json_process *process;      /* NULL: no cmfd runs */
	const char *problems;                    /* lines, of what could not be read; NULL: none */
	int64_t now_ms;
};
/*
 * GET /v1/status: how all of it is, as far as that can be known. A new reference. 0 or a negative
 * errno.
 */
_must_check_ int json_status(const struct json_status_of *of, json_t **statusp);

/* --- that of VNF Managers --- */

struct json_nfv;

/* Reads the key of identifiers from the store. 0 or a negative errno. */
_must_check_ int json_nfv_new(json_worker_of *worker_of, const struct clock_source *clock,
			      struct store *store, struct metrics *metrics,
			      struct json_nfv **doorp);
void json_nfv_free(struct json_nfv *door);
DEFINE_CLEANUP(struct json_nfv, json_nfv_free);

/* What subscribers are sent: the door's notify_encode (notify.h), with itself. */
int json_nfv_notification(void *door, const struct store_subscription *subscription,
			  const struct store_event *event, char **bodyp);

/* The routes, all of group HTTP_NFV; as above. */
const struct http_route *json_nfv_routes(const struct json_nfv *door, size_t *np);
