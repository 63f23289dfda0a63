// SPDX-License-Identifier: Apache-2.0
/*
 * Query VNF (SOL 003 5.4.3), and what is made of it: of one VNF that a notification has named, or
 * of all of them. What a VNF is made of goes to cmf/direct.h only where the VNFM has answered for
 * that VNF; anything else that happens is no view of it, and ends nothing.
 */
#include "lcm_local.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>

#define INSTANCES "/vnflcm/v2/vnf_instances"

/* VNFs that notifications name, and secrets that are sent, between two VNFs that a resync comes to.
 */
enum { EVENTS_BETWEEN = 16, SECRETS_BETWEEN = 16 };

/* VNFs that may take too long in one resync before all of the VNFM is taken to do so. */
enum { TIMEOUTS_MAX = 8 };

/* --- Query VNF --- */

/* 0 with the VNF; STORE_NOT_FOUND: the VNFM says that there is none; negative errno, logged. */
static int vnf_query(const struct lcm_job *job, const char *id, struct cmf_vnf *vnfp)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	_cleanup_(lcm_answer_clear) struct lcm_answer answer = {0};
	struct lcm_request request = {.method = "GET"};
	int err;

	*vnfp = (struct cmf_vnf){0};
	strbuf_add(&path, INSTANCES "/");
	lcm_segment_add(&path, id);
	if (path.failed)
		return -ENOMEM;
	request.path = path.text;
	err = lcm_exchange(job, &request, &answer);
	if (err < 0)
		return err;
	if (answer.status == 404)
		return STORE_NOT_FOUND;
	if (answer.status != 200)
		return lcm_unexpected(job, request.path, &answer);
	err = lcm_vnf_read(answer.body, vnfp);
	/* Somebody on the way may have made another path of it. */
	if (err == 0 && strcmp(vnfp->vnf_instance_id, id) != 0)
		err = -EBADMSG;
	if (err == -EBADMSG) {
		cmf_vnf_clear(vnfp);
		return lcm_unexpected(job, request.path, &answer);
	}
	return err;
}

static bool is_followed(const struct conf_vnfm *conf, const struct cmf_vnf *vnf)
{
	return !conf->vnfd_ids.len ||
	       (vnf->vnfd_id && conf_list_has(&conf->vnfd_ids, vnf->vnfd_id));
}

/* Asks for the VNF of the view, and hands over what there is. */
static int vnf_look(const struct lcm_job *job, struct cmf_direct_view *view,
		    struct cmf_direct_report *report)
{
	_cleanup_(cmf_vnf_clear) struct cmf_vnf vnf = {0};
	int err = vnf_query(job, view->vnf_instance_id, &vnf);

	if (err < 0)
		return err;
	view->vnf = err == STORE_NOT_FOUND ? NULL : &vnf;
	if (view->vnf && !is_followed(job->conf, &vnf))
		return 0;
	return cmf_direct_reconcile(job->cmf, job->worker, job->conf, view, report);
}

/* --- a notification --- */

static void event_log(const struct lcm_job *job, const struct store_lcm_event *event,
		      const struct cmf_direct_report *report)
{
	log_event(LOG_LEVEL_DEBUG, "vnf", F_TEXT("vnfm", job->vnfm->name),
		  F_TEXT("vnfInstanceId", event->vnf_instance),
		  F_TEXT("vnfLcmOpOccId", event->operation_id),
		  F_INT("present", (int64_t)report->present),
		  F_INT("registered", (int64_t)report->registered),
		  F_INT("replaced", (int64_t)report->replaced),
		  F_INT("returned", (int64_t)report->returned),
		  F_INT("ending", (int64_t)report->ending), F_INT("held", (int64_t)report->held),
		  F_INT("refused", (int64_t)report->refused));
}

static int event_look(const struct lcm_job *job, const struct store_lcm_event *event)
{
	struct cmf_direct_report report = {0};
	struct cmf_direct_view view = {
		.vnf_instance_id = event->vnf_instance,
		.cause = event->unfinished ? CMF_DIRECT_UNFINISHED : CMF_DIRECT_EVENT,
		.removed = event->removed,
		.deleted = event->deleted,
		.why = event->operation_id,
	};
	int err = vnf_look(job, &view, &report);

	if (err == 0)
		event_log(job, event, &report);
	fault_point("lcm-after-reconcile");
	return err;
}

/* Whether it was this VNF that could not be read, so that the next one may be. */
static bool is_about_one(int err)
{
	return err == -EPROTO || err == -EBADMSG || err == -EFBIG;
}

/*
 * Looks at a VNF that a notification has named, and notes that it was done, or that it has to be
 * tried again. 0; negative errno: the VNFM was not reached, or the store.
 */
static int event_act(const struct lcm_job *job, struct store_lcm_event *event)
{
	struct store_unit *unit = job->worker->unit;
	int err = event_look(job, event), noted;

	if (err < 0)
		store_unit_clear(unit);
	if (err < 0 && !is_about_one(err) && err != -ETIMEDOUT)
		return err;
	event->attempts++;
	event->next_ms = lcm_now_ms(job->vnfm) + lcm_retry_after_ms(event->attempts);
	noted = err < 0 ? store_lcm_event_retry(unit, event) : store_lcm_event_done(unit, event);
	if (noted == 0)
		noted = store_unit_commit(unit);
	/* It may be the VNF or all of the VNFM: the next one is tried first, after a while. */
	return noted == 0 && err == -ETIMEDOUT ? err : noted;
}

/* A resync that is under way may be past what has changed. */
static int all_note(const struct lcm_job *job, const struct store_lcm_event *event)
{
	int err = store_lcm_event_done(job->worker->unit, event);

	if (err == 0)
		err = store_unit_commit(job->worker->unit);
	job->vnfm->resync_wanted = job->vnfm->resync_wanted || err == 0;
	/* It comes behind this turn. */
	return err < 0 ? err : STORE_NOT_FOUND;
}

/* 0: go on; STORE_NOT_FOUND: there is none; negative errno: not now. */
static int event_next(const struct lcm_job *job)
{
	_cleanup_(store_lcm_event_clear) struct store_lcm_event event = {0};
	int err = lcm_version_learn(job);

	if (err == 0)
		err = store_lcm_event_due(job->worker->reader, job->vnfm->name,
					  lcm_now_ms(job->vnfm), &event);
	if (err == 0 && strcmp(event.vnf_instance, LCM_ALL) == 0)
		return all_note(job, &event);
	return err != 0 ? err : event_act(job, &event);
}

void lcm_events_act(const struct lcm_job *job, int max, bool *morep)
{
	struct lcm_vnfm *vnfm = job->vnfm;
	uint32_t waiting = 0;
	int err = store_lcm_event_count(job->worker->reader, vnfm->name, 1, &waiting);

	*morep = false;
	if (err < 0 || !waiting || lcm_now_ms(vnfm) < vnfm->query_ms)
		return;
	for (int i = 0; i < max && err == 0 && !atomic_load(&vnfm->lcm->stopping); i++)
		err = event_next(job);
	*morep = err == 0;
	if (err < 0) {
		store_unit_clear(job->worker->unit);
		vnfm->query_ms = lcm_now_ms(vnfm) + lcm_retry_after_ms(++vnfm->query_failures);
	} else {
		vnfm->query_failures = 0;
		vnfm->query_ms = 0;
	}
}

/* --- all VNFs --- */

struct ids {
	char **id;
	size_t len;
	size_t size;
};

static void ids_clear(struct ids *ids)
{
	for (size_t i = 0; i < ids->len; i++)
		free(ids->id[i]);
	free(ids->id);
}

static int ids_add(struct ids *ids, const char *id)
{
	if (ids->len == LCM_VNFS_MAX)
		return -EFBIG;
	if (ids->len == ids->size) {
		size_t size = ids->size ? 2 * ids->size : 64;
		char **grown = reallocarray(ids->id, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		ids->id = grown;
		ids->size = size;
	}
	ids->id[ids->len] = strdup(id);
	return ids->id[ids->len++] ? 0 : -ENOMEM;
}

static int listed_take(void *arg, const json_t *item)
{
	const char *id = lcm_id_of(item, "id");

	return id ? ids_add(arg, id) : -EBADMSG;
}

static int unseen_take(void *arg, const char *vnf_instance_id)
{
	return ids_add(arg, vnf_instance_id);
}

/* One resync on its way. */
struct resync {
	const struct lcm_job *job;
	bool dry_run;
	int64_t number;
	struct cmf_direct_report *report;
	int result; /* of the VNF that could not be read first */
	int timeouts;
};

/*
 * What is wrong with one VNF keeps nobody from looking at the next; the list has them by their
 * identifiers alone (SOL 003 5.4.2.3.2: instantiatedVnfInfo is left out by default).
 */
static int vnfs_look(struct resync *resync, const struct ids *ids)
{
	for (size_t i = 0; i < ids->len; i++) {
		struct cmf_direct_view view = {
			.vnf_instance_id = ids->id[i],
			.cause = CMF_DIRECT_RESYNC,
			.resync = resync->number,
			.dry_run = resync->dry_run,
		};
		bool more;
		int err;

		/* What is notified of meanwhile does not wait for the end of a long list. */
		lcm_events_act(resync->job, EVENTS_BETWEEN, &more);
		lcm_secrets_deliver(resync->job, SECRETS_BETWEEN, &more);
		err = vnf_look(resync->job, &view, resync->report);
		if (err < 0 && resync->result == 0)
			resync->result = err;
		if (err < 0 && !is_about_one(err) &&
		    (err != -ETIMEDOUT || ++resync->timeouts == TIMEOUTS_MAX))
			return err;
	}
	return 0;
}

static int id_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Of sorted ones. */
static bool ids_have(const struct ids *ids, const char *id)
{
	return ids->len && bsearch(&id, ids->id, ids->len, sizeof(*ids->id), id_compare);
}

/* Those that are registered and that the list lacks: by their identifiers. */
static int unseen_look(struct resync *resync, const struct ids *listed)
{
	_cleanup_(ids_clear) struct ids unseen = {0}, left = {0};
	const struct lcm_job *job = resync->job;
	int err = cmf_direct_unseen(job->worker, job->conf, resync->number, unseen_take, &unseen);

	/* A dry run marks none as seen, and one of another vnfdId is not looked at any more. */
	for (size_t i = 0; i < unseen.len && err == 0; i++) {
		if (!ids_have(listed, unseen.id[i]))
			err = ids_add(&left, unseen.id[i]);
	}
	return err < 0 ? err : vnfs_look(resync, &left);
}

static int vnfs_resync(struct resync *resync)
{
	_cleanup_(ids_clear) struct ids listed = {0};
	const struct lcm_job *job = resync->job;
	int err = lcm_version_learn(job);

	if (err == 0)
		err = lcm_list(job, INSTANCES, listed_take, &listed);
	if (err == 0)
		err = cmf_direct_resync_begin(job->cmf, job->worker, job->conf, resync->dry_run,
					      &resync->number);
	if (err == 0 && listed.len)
		qsort(listed.id, listed.len, sizeof(*listed.id), id_compare);
	if (err == 0)
		err = vnfs_look(resync, &listed);
	if (err == 0)
		err = unseen_look(resync, &listed);
	if (err == 0)
		err = resync->result;
	if (err < 0 || resync->dry_run)
		return err;
	fault_point("lcm-before-resync-end");
	return cmf_direct_resync_end(job->cmf, job->worker, job->conf, resync->number,
				     resync->report);
}

static void resync_log(const struct lcm_job *job, const struct cmf_direct_report *report,
		       int64_t took_ms, int err)
{
	log_event(err < 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "vnfm_resync",
		  F_TEXT("vnfm", job->vnfm->name), F_INT("present", (int64_t)report->present),
		  F_INT("registered", (int64_t)report->registered),
		  F_INT("replaced", (int64_t)report->replaced),
		  F_INT("returned", (int64_t)report->returned),
		  F_INT("ending", (int64_t)report->ending), F_INT("held", (int64_t)report->held),
		  F_INT("refused", (int64_t)report->refused), F_INT("ms", took_ms),
		  F_TEXT("cause", err < 0 ? error_text(err) : NULL));
}

int lcm_vnfs_resync(const struct lcm_job *job, bool dry_run, struct cmf_direct_report *report)
{
	struct resync resync = {.job = job, .dry_run = dry_run, .report = report};
	struct lcm_vnfm *vnfm = job->vnfm;
	int64_t began_us = clock_monotonic_us(), took_ms;
	int err = vnfs_resync(&resync);
	uint64_t drift = report->registered + report->replaced + report->ending + report->held;

	if (err == -ECANCELED || dry_run)
		return err;
	took_ms = (clock_monotonic_us() - began_us) / 1000;
	resync_log(job, report, took_ms, err);
	atomic_fetch_add(err < 0 ? &vnfm->counters.resyncs_failed : &vnfm->counters.resyncs_ok, 1);
	atomic_fetch_add(&vnfm->counters.drift, drift);
	pthread_mutex_lock(&vnfm->mutex);
	vnfm->status.drift += drift;
	if (err == 0) {
		vnfm->status.resynced_ms = lcm_now_ms(vnfm);
		vnfm->status.resync_took_ms = took_ms;
		vnfm->status.problem[0] = '\0';
	}
	pthread_mutex_unlock(&vnfm->mutex);
	return err;
}
