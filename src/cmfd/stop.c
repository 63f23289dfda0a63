// SPDX-License-Identifier: Apache-2.0
/*
 * The end of a process that a database keeps from ending: a COMMIT is never given up, and where a
 * synchronous standby is away, or the server whose answer was lost, it has none for as long. Who
 * was told to end does not wait for that. It then is as after kill -9: whether the COMMIT was made
 * is not known here, nobody was told, and whoever asks again is told what the database says.
 */
#include "daemon.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* How often that is looked at, when it is time. */
enum { LOOK_MS = 200 };

struct stop {
	struct store *store;
	int64_t until_us;
	int64_t patience_ms; /* what a COMMIT may take */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool ended; /* the daemon has; under the mutex */
};

static void undecided_look(const struct stop *stop)
{
	size_t units = store_undecided(stop->store, stop->patience_ms);

	if (units == 0)
		return;
	log_event(LOG_LEVEL_ERROR, "stopped",
		  F_TEXT("problem", "the database has not answered: what was to be committed may "
				    "have been, or not; nobody was told, and who asks again is "
				    "told what the database says"),
		  F_INT("units", (int64_t)units));
	_exit(EXIT_FAILURE);
}

static void *stop_run(void *arg)
{
	struct stop *stop = arg;
	int64_t next_us = stop->until_us;

	pthread_mutex_lock(&stop->mutex);
	while (!stop->ended) {
		const struct timespec next = {.tv_sec = next_us / 1000000,
					      .tv_nsec = next_us % 1000000 * 1000};

		if (pthread_cond_timedwait(&stop->changed, &stop->mutex, &next) != ETIMEDOUT)
			continue;
		undecided_look(stop);
		next_us = clock_monotonic_us() + 1000 * LOOK_MS;
	}
	pthread_mutex_unlock(&stop->mutex);
	return NULL;
}

void stop_begin(struct daemon *daemon)
{
	const struct conf *conf = daemon->service->conf;
	struct stop *stop = calloc(1, sizeof(*stop));
	pthread_condattr_t attributes;
	int err;

	if (!stop) {
		log_fault("watch the end", -ENOMEM, NULL);
		return;
	}
	stop->store = daemon->store;
	stop->until_us = clock_monotonic_us() + 1000 * conf->server.drain_timeout_ms;
	/* As long as the store waits for the answer to anything else. */
	stop->patience_ms = 2 * conf->store.timeout_ms;
	pthread_mutex_init(&stop->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&stop->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	err = pthread_create(&stop->thread, NULL, stop_run, stop);
	if (err) {
		log_fault("watch the end", -err, NULL);
		free(stop);
		return;
	}
	daemon->stop = stop;
}

void stop_end(struct daemon *daemon)
{
	struct stop *stop = daemon->stop;

	if (!stop)
		return;
	pthread_mutex_lock(&stop->mutex);
	stop->ended = true;
	pthread_cond_signal(&stop->changed);
	pthread_mutex_unlock(&stop->mutex);
	pthread_join(stop->thread, NULL);
	pthread_cond_destroy(&stop->changed);
	pthread_mutex_destroy(&stop->mutex);
	free(stop);
	daemon->stop = NULL;
}
