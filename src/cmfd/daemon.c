// SPDX-License-Identifier: Apache-2.0
/*
 * Start, run, reload, stop: the order in which the modules begin and end.
 */
#include "daemon.h"

#include "base/error.h"
#include "base/uri.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Rounds of housekeeping; so old may be a CRL of another node, docs/deployment.md. */
enum { TICK_MS = 1000 };

/* How often certificates that will expire are told of. */
static const int64_t ends_interval_us = 24LL * 3600 * 1000 * 1000;

/*
 * Workers beside those of CMP. An operator's request can wait for a commit; of health, /metrics can
 * take a while, and /readyz wait for the disk. A chore of housekeeping can wait for another CA.
 */
enum { OPERATOR_WORKERS = 4, HEALTH_WORKERS = 3, EXPLAIN_WORKERS = 1, CHORE_WORKERS_MAX = 8 };

/* Requests of the operator or of health that may wait. */
enum { LOCAL_QUEUE_MAX = 256 };

static int store_start(const struct conf *conf, struct store **storep, struct strbuf *problems)
{
	const struct store_options options = {
		.database = conf->store.database,
		.batch_max = conf->store.batch_max,
		.commit_delay_ms = (uint32_t)conf->store.commit_delay_ms,
		.index_keys = !conf->cmf.key_reuse,
		.timeout_ms = conf->store.timeout_ms,
		.unreplicated = conf->store.replication == CONF_REPLICATION_NONE,
		.serve = true};
	int err = store_open(&options, storep);

	if (err < 0) {
		strbuf_add(problems, "[store] database: ");
		store_open_problem(&options, err, problems);
		strbuf_add(problems, "\n");
	}
	return err;
}

int daemon_new(struct conf *conf, struct daemon **daemonp, struct strbuf *problems)
{
	_cleanup_(conf_freep) struct conf *owned = conf;
	_cleanup_(daemon_freep) struct daemon *daemon = calloc(1, sizeof(*daemon));
	int err;

	if (!daemon)
		return -ENOMEM;
	pthread_mutex_init(&daemon->mutex, NULL);
	pthread_cond_init(&daemon->reload.changed, NULL);
	daemon->metrics = metrics_new();
	if (!daemon->metrics)
		return -ENOMEM;
	daemon->starting = starting_begin();
	err = store_start(conf, &daemon->store, problems);
	if (err < 0)
		return err;
	err = service_new(&owned, NULL, daemon->store, daemon->metrics, &daemon->service, problems);
	if (err < 0)
		return err;
	err = lcm_new(daemon->service->conf, worker_own_lcm, &clock_system, &daemon->lcm, problems);
	if (err < 0)
		return err;
	*daemonp = TAKE(daemon);
	return 0;
}

/* A connection needs a descriptor: take all we may, and say so if that is not enough. */
static void descriptors_raise(const struct conf *conf)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			log_fault("raise RLIMIT_NOFILE", -errno, NULL);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < conf_descriptors_wanted(conf))
		log_event(LOG_LEVEL_WARNING, "descriptors",
			  F_TEXT("problem", "RLIMIT_NOFILE is too low for connections_max"),
			  F_INT("limit", (int64_t)limit.rlim_cur),
			  F_INT("wanted", (int64_t)conf_descriptors_wanted(conf)),
			  F_INT("connections", conf_connections_possible(conf, limit.rlim_cur)));
}

/* None of these waits behind the requests of others. */
static int pools_start(struct daemon *daemon)
{
	const struct conf_server *conf = &daemon->service->conf->server;
	const struct pool_ops ops = {worker_new, worker_free, daemon};
	/* Each has its place in the queue, those of CAs that a reload brings, too: none is kept
	 * away by the others. */
	size_t n_chores = housekeeper_chores(ca_count(daemon->service->cas));
	int err = pool_new(&ops, conf->workers, conf->queue_max, &daemon->pool);

	if (err == 0)
		pool_limit(daemon->pool, pool_running_max(conf->workers));
	if (err == 0)
		err = pool_new(&ops, OPERATOR_WORKERS, LOCAL_QUEUE_MAX, &daemon->operator_pool);
	if (err == 0)
		err = pool_new(&ops, HEALTH_WORKERS, LOCAL_QUEUE_MAX, &daemon->health_pool);
	if (err == 0)
		err = pool_new(&ops, n_chores < CHORE_WORKERS_MAX ? n_chores : CHORE_WORKERS_MAX,
			       n_chores + LOCAL_QUEUE_MAX, &daemon->chores_pool);
	/* One beside them looks for what is due. */
	if (err == 0)
		err = pool_new(&ops, daemon->service->conf->events.workers + 1, LOCAL_QUEUE_MAX,
			       &daemon->notify_pool);
	/* Each has its place in the queue. */
	if (err == 0 && lcm_threads(daemon->lcm) > 0)
		err = pool_new(&ops, lcm_threads(daemon->lcm), daemon->service->conf->n_vnfms,
			       &daemon->lcm_pool);
	/* One: it is for people, and takes no more than one processor from CMP. */
	if (err == 0 && conf->explain_listen.len > 0)
		err = pool_new(&ops, EXPLAIN_WORKERS, LOCAL_QUEUE_MAX, &daemon->explain_pool);
	if (err == 0 && daemon->node.nodes)
		err = pool_new(&ops, 1, 1, &daemon->node_pool);
	lcm_start(daemon->lcm, daemon->lcm_pool, daemon->node.nodes);
	return err < 0 ? log_fault("start workers", err, NULL) : 0;
}

static int notifier_start(struct daemon *daemon)
{
	const struct notifier_options options = {
		.pool = daemon->notify_pool,
		.nodes = daemon->node.nodes,
		.workers = daemon->service->conf->events.workers,
		.worker_of = worker_own_cmf,
		.encode = json_nfv_notification,
		.encode_arg = daemon->json_nfv,
		.clock = &clock_system,
		.metrics = daemon->metrics,
	};

	return notifier_new(&options, &daemon->notifier);
}

static int server_start(struct daemon *daemon, struct strbuf *problems)
{
	const struct http_pools pools = {.public_side = daemon->pool,
					 .admin = daemon->operator_pool,
					 .metrics = daemon->health_pool,
					 .explain = daemon->explain_pool};
	size_t n_routes;
	int err = cmp_paths_new(&daemon->service->conf->server.paths, &daemon->cmp_paths);

	if (err == 0)
		err = routes_new(daemon, &daemon->routes, &n_routes);
	if (err < 0)
		return err;
	err = http_server_new(daemon->service->conf, daemon->routes, n_routes, &pools,
			      daemon->metrics, &daemon->server, problems);
	return err < 0 ? err : http_server_start(daemon->server);
}

int daemon_start(struct daemon *daemon, struct strbuf *problems)
{
	const struct conf *conf = daemon->service->conf;
	const struct json_process process = process_of(daemon);
	_cleanup_(strbuf_clear) struct strbuf listeners = STRBUF_NULL;
	int err;

	descriptors_raise(conf);
	err = lcm_unconfigured_leave(conf, daemon->store);
	if (err < 0)
		return err;
	err = node_new(daemon);
	if (err == 0)
		err = pools_start(daemon);
	if (err < 0)
		return err;
	err = housekeeper_new(daemon->chores_pool, ca_count(daemon->service->cas),
			      &daemon->housekeeper);
	if (err < 0)
		return err;
	err = audit_sinks_new(daemon, &daemon->audit_sinks);
	if (err < 0)
		return err;
	daemon->started_ms = clock_now_ms(&clock_system);
	atomic_store(&daemon->reloaded_ms, daemon->started_ms);
	err = json_operator_new(worker_own, &clock_system, daemon->lcm, &process,
				&daemon->json_operator);
	if (err < 0)
		return err;
	err = json_nfv_new(worker_own, &clock_system, daemon->store, daemon->metrics,
			   &daemon->json_nfv);
	if (err < 0)
		return err;
	err = notifier_start(daemon);
	if (err < 0)
		return err;
	starting_end(&daemon->starting);
	err = server_start(daemon, problems);
	if (err < 0)
		return err;
	http_server_listeners(daemon->server, &listeners);
	log_event(LOG_LEVEL_INFO, "started", F_TEXT("version", CMFD_VERSION),
		  F_INT("pid", getpid()), F_TEXT("config", conf->path),
		  F_TEXT("listen", listeners.text));
	daemon_audit_start(daemon);
	notify_send("READY=1");
	return 0;
}

/* --- reload --- */

static int reload_prepare(struct daemon *daemon, struct service **servicep, struct strbuf *problems)
{
	const struct conf *now = daemon->service->conf;
	_cleanup_(conf_freep) struct conf *next = NULL;
	_cleanup_(service_unrefp) struct service *service = NULL;
	int err;

	err = conf_load(now->path, &next, problems);
	if (err < 0)
		return err;
	err = conf_reload_check(now, next, problems);
	if (err < 0)
		return err;
	err = service_new(&next, daemon->service, daemon->store, daemon->metrics, &service,
			  problems);
	if (err < 0)
		return err;
	err = housekeeper_resize(daemon->housekeeper, ca_count(service->cas));
	if (err < 0)
		return err;
	/* Last, since it takes effect at once. */
	err = http_server_reload(daemon->server, service->conf, problems);
	if (err < 0)
		return err;
	*servicep = TAKE(service);
	return 0;
}

/* Its first line says enough for one field; the log has all of them. */
enum { CAUSE_SIZE = 256 };

static const char *reload_cause(int err, const struct strbuf *problems, char cause[CAUSE_SIZE])
{
	const char *text = problems->len ? problems->text : error_text(err);

	snprintf(cause, CAUSE_SIZE, "%.*s", (int)strcspn(text, "\n"), text);
	uri_pin_mask(cause);
	return cause;
}

static void reload_refused(struct strbuf *problems, const char *cause)
{
	char *rest = problems->text;
	const char *line;

	log_event(LOG_LEVEL_ERROR, "reload_refused", F_TEXT("cause", cause),
		  F_TEXT("effect", "the configuration in force stays"));
	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			log_event(LOG_LEVEL_ERROR, "reload_problem", F_TEXT("problem", line));
}

/* uid: who sent the signal. */
static void daemon_reload(struct daemon *daemon, uid_t uid)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(service_unrefp) struct service *before = NULL;
	struct service *next = NULL;
	char cause[CAUSE_SIZE];
	uint64_t asked = process_reload_begin(daemon);
	int err;

	notify_reloading();
	err = reload_prepare(daemon, &next, &problems);
	atomic_store(&daemon->reload_refused, err < 0);
	if (err == 0) {
		pthread_mutex_lock(&daemon->mutex);
		before = daemon->service;
		daemon->service = next;
		pthread_mutex_unlock(&daemon->mutex);
		log_setup(STDERR_FILENO, next->conf->log.format, next->conf->log.level);
		log_event(LOG_LEVEL_INFO, "reloaded", F_TEXT("config", next->conf->path));
		atomic_store(&daemon->reloaded_ms, clock_now_ms(&clock_system));
		daemon->ends_told_us = 0;
		service_list_unfit(next, &problems);
	}
	audit_sinks_reopen(daemon->audit_sinks);
	daemon_audit_reload(daemon, before, err < 0 ? reload_cause(err, &problems, cause) : NULL,
			    uid);
	node_reload(daemon);
	process_reload_end(daemon, asked, err, problems.text);
	if (err < 0)
		reload_refused(&problems, cause);
	notify_send("READY=1");
}

/* --- run, stop --- */

/* At once after the start and a reload, and then daily. */
static void ends_tell(struct daemon *daemon)
{
	int64_t now_us = clock_monotonic_us();

	if (daemon->ends_told_us && now_us - daemon->ends_told_us < ends_interval_us)
		return;
	daemon->ends_told_us = now_us;
	service_tell_ends(daemon->service, clock_now_ms(&clock_system));
	service_tell_unfit(daemon->service);
}

/* The next signal, or 0 when it is time for housekeeping. *uidp: of who sent it. */
static int signal_wait(const sigset_t *signals, int64_t until_us, uid_t *uidp)
{
	int64_t left_us = until_us - clock_monotonic_us();
	struct timespec left = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
	siginfo_t info = {0};
	int signal;

	if (left_us <= 0)
		return 0;
	signal = sigtimedwait(signals, &info, &left);
	/* What the operator's door passes on says for whom. */
	*uidp = info.si_code == SI_QUEUE && info.si_pid == getpid() ? (uid_t)info.si_int
								    : info.si_uid;
	return signal > 0 ? signal : 0;
}

void daemon_run(struct daemon *daemon)
{
	int64_t tick_us = clock_monotonic_us();
	sigset_t signals;
	uid_t uid = 0;
	int signal;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	do {
		signal = signal_wait(&signals, tick_us, &uid);
		if (signal == SIGHUP)
			daemon_reload(daemon, uid);
		if (clock_monotonic_us() >= tick_us) {
			/* What it finds is in the log, and every reader and commit knows. */
			(void)store_files_check(daemon->store);
			node_tick(daemon);
			node_tell(daemon);
			housekeeper_tick(daemon->housekeeper);
			notifier_tick(daemon->notifier);
			audit_sinks_tick(daemon->audit_sinks);
			lcm_tick(daemon->lcm);
			log_faults_tell(clock_monotonic_us());
			ends_tell(daemon);
			tick_us = clock_monotonic_us() + TICK_MS * 1000;
		}
	} while (signal != SIGTERM && signal != SIGINT);
	log_event(LOG_LEVEL_INFO, "stopping", F_TEXT("signal", strsignal(signal)));
	notify_send("STOPPING=1");
	stop_begin(daemon);
	/* Else an operator who waits for a VNFM would be waited for. */
	lcm_stop(daemon->lcm);
	process_end(daemon);
	http_server_drain(daemon->server, daemon->service->conf->server.drain_timeout_ms);
	daemon_audit_stop(daemon, strsignal(signal), uid);
	log_faults_tell(INT64_MAX);
}

void daemon_free(struct daemon *daemon)
{
	if (!daemon)
		return;
	/* Each waits for those who use what comes after it. */
	http_server_free(daemon->server);
	pool_free(daemon->pool);
	pool_free(daemon->operator_pool);
	pool_free(daemon->health_pool);
	pool_free(daemon->explain_pool);
	pool_free(daemon->chores_pool);
	if (daemon->notifier)
		notifier_stop(daemon->notifier);
	pool_free(daemon->notify_pool);
	pool_free(daemon->lcm_pool);
	pool_free(daemon->node_pool);
	node_free(daemon);
	notifier_free(daemon->notifier);
	lcm_free(daemon->lcm);
	housekeeper_free(daemon->housekeeper);
	/* By now nobody writes lines any more. */
	audit_sinks_free(daemon->audit_sinks);
	json_operator_free(daemon->json_operator);
	json_nfv_free(daemon->json_nfv);
	service_unref(daemon->service);
	stop_end(daemon);
	store_close(daemon->store);
	starting_end(&daemon->starting);
	metrics_free(daemon->metrics);
	free(daemon->routes);
	cmp_paths_clear(&daemon->cmp_paths);
	pthread_cond_destroy(&daemon->reload.changed);
	pthread_mutex_destroy(&daemon->mutex);
	free(daemon->reload.problems);
	free(daemon);
}
