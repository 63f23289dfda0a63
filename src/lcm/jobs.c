// SPDX-License-Identifier: Apache-2.0
/*
 * When a VNFM is talked to, and by whom: one job at a time for each of them, begun by the tick, by
 * a notification or by the operator, which does what is due and ends. What it does is in
 * subscribe.c and sync.c.
 */
#include "lcm_local.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>

/* VNFs that one job looks at, and secrets that it sends, before it looks what else is due. */
enum { EVENTS_PER_TURN = 256, SECRETS_PER_TURN = 64 };

static bool is_stopping(const struct lcm_vnfm *vnfm)
{
	return atomic_load(&vnfm->lcm->stopping);
}

/* --- what is due --- */

static void subscription_try(const struct lcm_job *job)
{
	struct lcm_vnfm *vnfm = job->vnfm;
	bool is_new = false;
	int err = lcm_subscription_keep(job, &is_new);

	if (err < 0) {
		store_unit_clear(job->worker->unit);
		vnfm->subscribe_ms =
			lcm_now_ms(vnfm) + lcm_retry_after_ms(++vnfm->subscribe_failures);
		/* What it is, it may not be any more. */
		vnfm->version[0] = '\0';
	} else {
		vnfm->subscribe_failures = 0;
		vnfm->subscribe_ms = INT64_MAX;
	}
	/* What has happened before it, nobody has told. */
	if (is_new)
		vnfm->resync_ms = 0;
	pthread_mutex_lock(&vnfm->mutex);
	vnfm->status.subscribed = err == 0;
	pthread_mutex_unlock(&vnfm->mutex);
}

static int resync_try(const struct lcm_job *job, bool dry_run, struct cmf_direct_report *report)
{
	struct lcm_vnfm *vnfm = job->vnfm;
	int64_t interval_ms = job->conf->resync_interval_ms, wait_ms;
	int err;

	/* Before it begins: events in between may ask for another one. */
	vnfm->resync_wanted = vnfm->resync_wanted && dry_run;
	err = lcm_vnfs_resync(job, dry_run, report);

	if (err < 0)
		store_unit_clear(job->worker->unit);
	if (dry_run)
		return err;
	vnfm->resync_failures = err < 0 ? vnfm->resync_failures + 1 : 0;
	wait_ms = err < 0 ? lcm_retry_after_ms(vnfm->resync_failures) : interval_ms;
	vnfm->resync_ms = lcm_now_ms(vnfm) + (wait_ms < interval_ms ? wait_ms : interval_ms);
	return err;
}

/* Also where the clock was set back, or the interval is shorter now. */
static bool resync_is_due(const struct lcm_job *job)
{
	int64_t left_ms = job->vnfm->resync_ms - lcm_now_ms(job->vnfm);

	return job->vnfm->resync_wanted || left_ms <= 0 || left_ms > job->conf->resync_interval_ms;
}

/* --- the operator's orders --- */

static struct lcm_order *order_take(struct lcm_vnfm *vnfm)
{
	struct lcm_order *order;

	pthread_mutex_lock(&vnfm->mutex);
	order = vnfm->orders;
	if (order)
		vnfm->orders = order->next;
	pthread_mutex_unlock(&vnfm->mutex);
	return order;
}

static void order_end(struct lcm_vnfm *vnfm, struct lcm_order *order, int result)
{
	pthread_mutex_lock(&vnfm->mutex);
	if (result < 0)
		strbuf_add(order->problem, vnfm->status.problem);
	order->result = result == -ECANCELED ? -ESHUTDOWN : result;
	order->done = true;
	pthread_cond_broadcast(&vnfm->changed);
	pthread_mutex_unlock(&vnfm->mutex);
}

static int order_do(const struct lcm_job *job, const struct lcm_order *order)
{
	if (is_stopping(job->vnfm))
		return -ESHUTDOWN;
	/* Looking at it is no harm. */
	if (!job->vnfm->is_ours && !order->dry_run)
		return -EREMOTE;
	if (!order->dry_run)
		subscription_try(job);
	return is_stopping(job->vnfm) ? -ESHUTDOWN : resync_try(job, order->dry_run, order->report);
}

static void orders_do(const struct lcm_job *job)
{
	struct lcm_order *order;

	while ((order = order_take(job->vnfm)) != NULL)
		order_end(job->vnfm, order, order_do(job, order));
}

int lcm_resync(struct lcm *lcm, const char *name, bool dry_run, struct cmf_direct_report *report,
	       struct strbuf *problem)
{
	struct lcm_order order = {.dry_run = dry_run, .report = report, .problem = problem};
	struct lcm_vnfm *vnfm = NULL;

	for (size_t i = 0; i < lcm->n_vnfms; i++) {
		if (strcmp(lcm->vnfms[i].name, name) == 0)
			vnfm = &lcm->vnfms[i];
	}
	if (!vnfm)
		return STORE_NOT_FOUND;
	pthread_mutex_lock(&vnfm->mutex);
	order.next = vnfm->orders;
	vnfm->orders = &order;
	pthread_mutex_unlock(&vnfm->mutex);
	lcm_poke(vnfm);
	pthread_mutex_lock(&vnfm->mutex);
	while (!order.done)
		pthread_cond_wait(&vnfm->changed, &vnfm->mutex);
	pthread_mutex_unlock(&vnfm->mutex);
	return order.result;
}

/* --- jobs --- */

/* What another node has followed until now may have changed meanwhile. */
static void ours_find(const struct lcm_job *job)
{
	struct lcm_vnfm *vnfm = job->vnfm;
	bool was_ours = vnfm->is_ours;

	vnfm->is_ours = store_job_enter(vnfm->lcm->nodes, vnfm->lease, job->worker->unit);
	if (vnfm->is_ours && !was_ours) {
		vnfm->subscribe_ms = 0;
		vnfm->resync_ms = 0;
	}
	if (vnfm->is_ours == was_ours)
		return;
	pthread_mutex_lock(&vnfm->mutex);
	vnfm->status.is_ours = vnfm->is_ours;
	vnfm->status.subscribed = false;
	pthread_mutex_unlock(&vnfm->mutex);
}

static void turn(const struct lcm_job *job, bool *morep)
{
	struct lcm_vnfm *vnfm = job->vnfm;
	struct cmf_direct_report report = {0};
	bool tried, more_secrets;

	ours_find(job);
	orders_do(job);
	*morep = false;
	if (is_stopping(vnfm) || !vnfm->is_ours)
		return;
	tried = lcm_now_ms(vnfm) >= vnfm->subscribe_ms;
	if (tried)
		subscription_try(job);
	lcm_events_act(job, EVENTS_PER_TURN, morep);
	lcm_secrets_deliver(job, SECRETS_PER_TURN, &more_secrets);
	*morep = *morep || more_secrets;
	if (is_stopping(vnfm) || !resync_is_due(job))
		return;
	/* Whether it has forgotten us it does not say. */
	if (!tried && vnfm->subscribe_ms == INT64_MAX)
		subscription_try(job);
	(void)resync_try(job, false, &report);
}

/* Whether the job is over; else something has come meanwhile. */
static bool job_ends(struct lcm_vnfm *vnfm, bool more)
{
	bool ends;

	pthread_mutex_lock(&vnfm->mutex);
	ends = is_stopping(vnfm) ? !vnfm->orders : !more && !vnfm->again && !vnfm->orders;
	vnfm->again = false;
	vnfm->running = !ends;
	pthread_mutex_unlock(&vnfm->mutex);
	return ends;
}

static void job_run(void *arg, struct worker *worker)
{
	struct lcm_vnfm *vnfm = arg;
	bool more = false;

	do {
		struct lcm_job job = {.vnfm = vnfm};
		struct lcm_service service;

		job.worker = vnfm->lcm->worker_of(worker, &service);
		job.cmf = service.cmf;
		job.conf = &cmf_conf(service.cmf)->vnfms[vnfm->index];
		turn(&job, &more);
		store_job_leave(job.worker->unit);
	} while (!job_ends(vnfm, more));
}

/* Nobody waits for what no job will do. */
static void orders_refuse(struct lcm_vnfm *vnfm)
{
	struct lcm_order *order;

	while ((order = order_take(vnfm)) != NULL)
		order_end(vnfm, order, -ESHUTDOWN);
}

void lcm_poke(struct lcm_vnfm *vnfm)
{
	bool begin;

	pthread_mutex_lock(&vnfm->mutex);
	begin = !vnfm->running;
	vnfm->running = true;
	vnfm->again = !begin;
	pthread_mutex_unlock(&vnfm->mutex);
	if (!begin || (vnfm->lcm->pool && pool_submit(vnfm->lcm->pool, job_run, vnfm) == 0))
		return;
	pthread_mutex_lock(&vnfm->mutex);
	vnfm->running = false;
	pthread_mutex_unlock(&vnfm->mutex);
	if (is_stopping(vnfm))
		orders_refuse(vnfm);
}

void lcm_tick(struct lcm *lcm)
{
	for (size_t i = 0; i < lcm->n_vnfms; i++)
		lcm_poke(&lcm->vnfms[i]);
}
