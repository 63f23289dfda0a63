// SPDX-License-Identifier: Apache-2.0
/*
 * As many threads compute at the same time as there are processors, the others wait in the order in
 * which they came. With a thread for each connection, all of them runnable, the scheduler would let
 * some wait for a second: that would be measured, not the server.
 */
#include "client.h"

#include <errno.h>
#include <pthread.h>
#include <sys/queue.h>
#include <unistd.h>

struct gate_waiter {
	STAILQ_ENTRY(gate_waiter) link;
	pthread_cond_t let_in;
	bool is_in;
};

struct bench_gate {
	pthread_mutex_t mutex;
	long places;
	STAILQ_HEAD(, gate_waiter) waiters;
};

int bench_gate_new(struct bench_gate **gatep)
{
	struct bench_gate *gate = calloc(1, sizeof(*gate));
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (!gate)
		return -ENOMEM;
	pthread_mutex_init(&gate->mutex, NULL);
	gate->places = processors > 0 ? processors : 1;
	STAILQ_INIT(&gate->waiters);
	*gatep = gate;
	return 0;
}

void bench_gate_free(struct bench_gate *gate)
{
	if (!gate)
		return;
	pthread_mutex_destroy(&gate->mutex);
	free(gate);
}

void bench_gate_enter(struct bench_gate *gate)
{
	struct gate_waiter waiter = {.let_in = PTHREAD_COND_INITIALIZER};

	pthread_mutex_lock(&gate->mutex);
	if (gate->places > 0) {
		gate->places--;
	} else {
		STAILQ_INSERT_TAIL(&gate->waiters, &waiter, link);
		while (!waiter.is_in)
			pthread_cond_wait(&waiter.let_in, &gate->mutex);
	}
	pthread_mutex_unlock(&gate->mutex);
	pthread_cond_destroy(&waiter.let_in);
}

void bench_gate_leave(struct bench_gate *gate)
{
	struct gate_waiter *next;

	pthread_mutex_lock(&gate->mutex);
	next = STAILQ_FIRST(&gate->waiters);
	if (next) { /* takes the place over */
		STAILQ_REMOVE_HEAD(&gate->waiters, link);
		next->is_in = true;
		pthread_cond_signal(&next->let_in);
	} else {
		gate->places++;
	}
	pthread_mutex_unlock(&gate->mutex);
}
