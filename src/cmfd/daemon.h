// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of src/cmfd share: the running program as one struct, handed to whoever needs it.
 * Everything that has a meaning of its own is in the modules below; here they are only put
 * together.
 */
#pragma once

#include "base/metrics.h"
#include "checker.h"
#include "cmf.h"
#include "cmp/door.h"
#include "http.h"
#include "json.h"
#include "lcm.h"
#include "notify.h"
#include "store/node.h"
#include "token.h"

#include <pthread.h>
#include <stdatomic.h>

/* --- service.c: all that depends on the configuration's content; a reload makes a new one --- */

struct service {
	atomic_int references; /* the daemon's, and one of each worker that last used it */
	struct conf *conf;
	struct ca_set *cas;
	struct cmf *cmf;
	struct cmp_door *door;
	struct token_checker *tokens; /* NULL: no access tokens are taken */
	struct check_inventory inventory;
};

/*
 * Loads CAs and credentials. `before` (NULL: there is none) is the one that it is to replace. Takes
 * *confp over, and clears it, when it returns 0.
 */
_must_check_ int service_new(struct conf **confp, const struct service *before, struct store *store,
			     struct metrics *metrics, struct service **servicep,
			     struct strbuf *problems);
struct service *service_ref(struct service *service);
void service_unref(struct service *service);
DEFINE_CLEANUP(struct service, service_unref);
/* Warns in the log of certificates of the CMF's own that have ended, or will soon. */
void service_tell_ends(const struct service *service, int64_t now_ms);
/* Tells in the log of CAs whose keys cannot be used. */
void service_tell_unfit(const struct service *service);
/* The same as lines. */
void service_list_unfit(const struct service *service, struct strbuf *out);
/* Why nobody can be answered, or nothing be issued, as a line into `out`; false: it can. */
bool service_unfit(const struct service *service, int64_t now_ms, struct strbuf *out);

/* --- worker.c: a worker thread's own things --- */

struct daemon;

struct worker {
	struct daemon *daemon;
	struct service *service; /* as of its last job */
	struct cmf_worker own;
};

int worker_new(void *daemon, struct worker **workerp);
void worker_free(void *daemon, struct worker *worker);
/* The service in force now; lives until the thread's next call. */
struct service *worker_service(struct worker *worker);
/* The thread's own things, and the CMF of that service. */
struct cmf_worker *worker_own(struct worker *worker, struct json_service *servicep);

/* The same for the notifier. */
const struct cmf_worker *worker_own_cmf(struct worker *worker, struct cmf **cmfp);

/* The same for VNFMs. */
const struct cmf_worker *worker_own_lcm(struct worker *worker, struct lcm_service *servicep);

/* --- housekeeper.c: work that is due by time --- */

struct housekeeper;

/* How many chores there are, of which no two are the same, with that many CAs. */
size_t housekeeper_chores(size_t n_cas);
_must_check_ int housekeeper_new(struct pool *pool, size_t n_cas,
				 struct housekeeper **housekeeperp);
/* There may be more CAs from now on. By the thread that calls housekeeper_tick(). 0 or -ENOMEM. */
_must_check_ int housekeeper_resize(struct housekeeper *housekeeper, size_t n_cas);
/* After the pool is gone. NULL is fine. */
void housekeeper_free(struct housekeeper *housekeeper);
/* Queues each chore that is not still at work. Called every second. */
void housekeeper_tick(struct housekeeper *housekeeper);

/* --- node.c: this process among those that serve its database --- */

/* What is told of in the log when it begins, when it ends, and now and then meanwhile. */
struct condition {
	bool holds;
	int64_t told_us;
};

struct node {
	char *name, *address;
	/* Of what nodes should have in common. Under the daemon's mutex. */
	char configuration[CMF_FINGERPRINT_SIZE];
	/* Nodes that are there with another one: how many, and their names. Likewise. */
	int64_t n_others;
	char *others;
	struct store_nodes *nodes; /* NULL: one process serves the database */
	atomic_bool beats;         /* a beat is under way */
	/* The main thread's: */
	int64_t next_us; /* when the next beat is due */
	struct condition away, newer, clock, differs;
};
/* Before there are threads. 0 or negative errno. */
_must_check_ int node_new(struct daemon *daemon);
/* As struct json_process has it. Any thread. */
int node_look(void *daemon, struct store_node *nodep);
/* Says that it is there, if it is time. Called every second. */
void node_tick(struct daemon *daemon);
/* Another configuration is in force. */
void node_reload(struct daemon *daemon);
/* All that it did in the background has ended; it takes leave. */
void node_free(struct daemon *daemon);

/* --- node_told.c: what of that is told --- */

/* Looks which nodes have another configuration, after a beat. */
void node_compare(struct daemon *daemon, struct store_reader *reader);
/* Tells in the log of what is wrong with the node. Called every second by the main thread. */
void node_tell(struct daemon *daemon);
/* Why requests should go to other nodes, as a line into `out`; false: they need not. */
bool node_unfit(struct daemon *daemon, struct strbuf *out);
void node_metrics(struct daemon *daemon, struct strbuf *out);

/* --- explain_route.c --- */

http_handler explain_serve;

/* --- cmp_route.c --- */

/* Where CMP is served. */
struct cmp_paths {
	struct http_route *route; /* each owns its path */
	size_t len;
};
/* The standard's paths and these (conf_server.paths). 0 or -ENOMEM. */
_must_check_ int cmp_paths_new(const struct conf_list *further, struct cmp_paths *pathsp);
void cmp_paths_clear(struct cmp_paths *paths);

/* --- daemon.c --- */

/* Reloads: how many somebody waits for, and how the last one ended. Under the daemon's mutex. */
struct reload {
	uint64_t asked, done;
	int err;
	char *problems; /* lines: why it was refused, or what it left unusable; NULL: nothing */
	bool ended;     /* there will be no more */
	pthread_cond_t changed;
};

struct daemon {
	struct store *store;
	struct metrics *metrics;
	struct pool *pool;          /* of CMP */
	struct pool *operator_pool; /* of the operator */
	struct pool *health_pool;   /* of /healthz, /readyz and /metrics */
	struct pool *chores_pool;   /* of the housekeeper */
	struct pool *notify_pool;   /* of the notifier */
	struct pool *lcm_pool;      /* of VNFMs; NULL: there are none */
	struct pool *node_pool;     /* of the beat; NULL: one process serves the database */
	struct pool *explain_pool;  /* of the page for authors of clients; NULL: there is none */
	struct json_operator *json_operator;
	struct json_nfv *json_nfv;
	struct cmp_paths cmp_paths;
	struct http_route *routes;
	struct http_server *server;
	struct housekeeper *housekeeper;
	struct notifier *notifier;
	struct audit_sinks *audit_sinks;
	struct lcm *lcm;
	struct node node;
	struct starting *starting;              /* NULL: it serves, or is to */
	struct stop *stop;                      /* NULL: it is not to end yet */
	int64_t ends_told_us;                   /* when service_tell_ends() was called last */
	char fingerprint[CMF_FINGERPRINT_SIZE]; /* of the configuration in force, for the audit */
	pthread_mutex_t mutex;
	int64_t started_ms;
	struct reload reload;
	struct service *service;    /* set by the main thread; read by others under the mutex */
	atomic_bool reload_refused; /* the last one */
	atomic_int_least64_t reloaded_ms; /* the last one that took effect, or the start */
};

/* Opens the store and loads all that `conf` (taken over) names. A line for each problem. */
_must_check_ int daemon_new(struct conf *conf, struct daemon **daemonp, struct strbuf *problems);
/* Binds, starts threads, serves. */
_must_check_ int daemon_start(struct daemon *daemon, struct strbuf *problems);
/* Serves until SIGTERM or SIGINT, which the caller has blocked with SIGHUP in all threads. */
void daemon_run(struct daemon *daemon);
/* Answers what is under way, then ends. NULL is fine. */
void daemon_free(struct daemon *daemon);
DEFINE_CLEANUP(struct daemon, daemon_free);

/* --- starting.c --- */

/* From here to starting_end() SIGTERM and SIGINT, which the caller has blocked, end the process.
 * NULL: nothing can be done about them (logged). */
struct starting *starting_begin(void);
/* From here on they stay pending until daemon_run(). *startingp becomes NULL; if it is, nothing. */
void starting_end(struct starting **startingp);

/* --- stop.c --- */

/* The process is to end now, and does after drain_timeout, whether or not a COMMIT has an answer.
 */
void stop_begin(struct daemon *daemon);
/* Nothing waits for the store any more. */
void stop_end(struct daemon *daemon);

/* --- routes.c, observe.c, gauges.c --- */

/* All routes, those of cmp_paths among them. The caller frees *routesp. */
_must_check_ int routes_new(struct daemon *daemon, struct http_route **routesp, size_t *np);

/* A text, taken over; NULL: 500. */
void observe_answer(struct http_response *response, int status, const char *type, char *text);
/* Why the process cannot serve, whatever its certificates and CAs: a line into `out`, true. It may
 * wait for a COMMIT. */
bool observe_unready(struct daemon *daemon, struct strbuf *out);
void observe_metrics(void *daemon, struct worker *worker, const struct http_request *request,
		     struct http_response *response);
void observe_health(void *daemon, struct worker *worker, const struct http_request *request,
		    struct http_response *response);
void observe_ready(void *daemon, struct worker *worker, const struct http_request *request,
		   struct http_response *response);

/* --- process.c --- */

/* For the operator's door. */
struct json_process process_of(struct daemon *daemon);
/* A reload begins: for all that have asked until now; and how it went, as lines. Main thread. */
uint64_t process_reload_begin(struct daemon *daemon);
void process_reload_end(struct daemon *daemon, uint64_t asked, int err, const char *problems);
/* The process ends: nobody waits for a reload any more. */
void process_end(struct daemon *daemon);

/* --- audit.c --- */

/*
 * What becomes of the server, and by whom, and of the certificates that it lives by; the main
 * thread alone. A reload has either a problem, or the service before.
 */
void daemon_audit_start(struct daemon *daemon);
void daemon_audit_stop(struct daemon *daemon, const char *signal, uid_t uid);
void daemon_audit_reload(struct daemon *daemon, const struct service *before, const char *problem,
			 uid_t uid);

/* --- audit_sinks.c: the audit outside of the database, where [audit] says --- */

struct audit_sinks;

_must_check_ int audit_sinks_new(struct daemon *daemon, struct audit_sinks **sinksp);
/* Writes what is still to be told, before the store and the service go. NULL is fine. */
void audit_sinks_free(struct audit_sinks *sinks);
DEFINE_CLEANUP(struct audit_sinks, audit_sinks_free);
/* Has what is new written, unless that is still going on. Called every second. */
void audit_sinks_tick(struct audit_sinks *sinks);
/* The file may be another one now. Any thread. */
void audit_sinks_reopen(struct audit_sinks *sinks);
/* As struct json_process has it. Any thread. */
_must_check_ int audit_sinks_look(struct audit_sinks *sinks, json_audit_place_each *each,
				  void *arg);
void audit_sinks_metrics(struct audit_sinks *sinks, struct strbuf *out);

/* --- notify.c --- */

/* Tells the service manager, if there is one: sd_notify(3) without its library. */
void notify_send(const char *state);
void notify_reloading(void);
