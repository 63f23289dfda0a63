// SPDX-License-Identifier: Apache-2.0
/*
 * What a worker thread has for itself: a reader and a unit of the store, and a reference to the
 * service that it works for. The pools of base/pool.h make one for each thread; the handlers of
 * routes.c and of the admin API get it with each request.
 */
#include "daemon.h"

#include <errno.h>

int worker_new(void *arg, struct worker **workerp)
{
	struct daemon *daemon = arg;
	struct worker *worker = calloc(1, sizeof(*worker));
	int err;

	if (!worker)
		return -ENOMEM;
	worker->daemon = daemon;
	err = store_reader_new(daemon->store, &worker->own.reader);
	if (err == 0)
		err = store_unit_new(daemon->store, &worker->own.unit);
	if (err < 0) {
		worker_free(daemon, worker);
		return err;
	}
	*workerp = worker;
	return 0;
}

void worker_free(void *arg, struct worker *worker)
{
	service_unref(worker->service);
	if (worker->own.unit)
		store_unit_free(worker->own.unit);
	if (worker->own.reader)
		store_reader_free(worker->own.reader);
	free(worker);
}

struct service *worker_service(struct worker *worker)
{
	struct service *before = worker->service;

	pthread_mutex_lock(&worker->daemon->mutex);
	if (worker->daemon->service != before)
		worker->service = service_ref(worker->daemon->service);
	pthread_mutex_unlock(&worker->daemon->mutex);
	if (worker->service != before)
		service_unref(before);
	return worker->service;
}

struct cmf_worker *worker_own(struct worker *worker, struct json_service *servicep)
{
	struct service *service = worker_service(worker);

	*servicep = (struct json_service){.cmf = service->cmf,
					  .tokens = service->tokens,
					  .inventory = &service->inventory,
					  .whole = service,
					  .ref = service_ref,
					  .unref = service_unref};
	return &worker->own;
}

const struct cmf_worker *worker_own_cmf(struct worker *worker, struct cmf **cmfp)
{
	*cmfp = worker_service(worker)->cmf;
	return &worker->own;
}

const struct cmf_worker *worker_own_lcm(struct worker *worker, struct lcm_service *servicep)
{
	const struct service *service = worker_service(worker);

	*servicep = (struct lcm_service){.cmf = service->cmf, .tokens = service->tokens};
	return &worker->own;
}
