// SPDX-License-Identifier: Apache-2.0
/*
 * What comes to an I/O loop from below: from workers (answers), from other loops (connections that
 * give way), and from its own connections (accepted, adopted, gone). loop.c runs the loop and works
 * on what lies here. Other threads write the eventfd only when the list was empty, so that a burst
 * of answers costs one wake-up.
 */
#include "http_private.h"

#include <errno.h>
#include <event2/listener.h>
#include <unistd.h>

/* Connections accepted before limits are looked at: each has a descriptor meanwhile. */
enum { ACCEPT_BATCH = 16 };

void http_loop_wake(struct http_loop *loop)
{
	const uint64_t one = 1;

	if (write(loop->wake_fd, &one, sizeof(one)) < 0)
		log_fault("wake I/O loop", -errno, NULL);
}

void http_endpoint_pause(struct http_endpoint *endpoint)
{
	endpoint->paused = true;
	evconnlistener_disable(endpoint->accepter);
}

void http_endpoint_resume(struct http_endpoint *endpoint)
{
	if (endpoint->paused && endpoint->bound)
		evconnlistener_enable(endpoint->accepter);
	endpoint->paused = false;
}

void http_loop_accepted(struct http_endpoint *endpoint)
{
	struct http_loop *loop = endpoint->loop;

	if (++loop->n_fresh >= ACCEPT_BATCH)
		http_endpoint_pause(endpoint);
	event_active(loop->adopt, EV_TIMEOUT, 0);
}

void http_loop_adopted(struct http_loop *loop)
{
	loop->n_fresh = 0;
	for (size_t i = 0; i < loop->n_endpoints; i++)
		if (!evtimer_pending(loop->endpoints[i].resume, NULL))
			http_endpoint_resume(&loop->endpoints[i]);
}

void http_loop_give_way(struct http_connection *connection)
{
	struct http_loop *loop = connection->endpoint->loop;

	pthread_mutex_lock(&loop->mutex);
	if (TAILQ_EMPTY(&loop->giving_way))
		http_loop_wake(loop);
	TAILQ_INSERT_TAIL(&loop->giving_way, connection, waiting);
	connection->giving_way = true;
	pthread_mutex_unlock(&loop->mutex);
}

void http_loop_forget(struct http_connection *connection)
{
	struct http_loop *loop = connection->endpoint->loop;

	pthread_mutex_lock(&loop->mutex);
	if (connection->giving_way)
		TAILQ_REMOVE(&loop->giving_way, connection, waiting);
	connection->giving_way = false;
	pthread_mutex_unlock(&loop->mutex);
}

void http_loop_answer(struct http_loop *loop, struct http_job *job)
{
	pthread_mutex_lock(&loop->mutex);
	if (STAILQ_EMPTY(&loop->answers))
		http_loop_wake(loop);
	STAILQ_INSERT_TAIL(&loop->answers, job, link);
	if (--loop->running == 0)
		pthread_cond_signal(&loop->quiet);
	/* Unlocking is the last touch: http_loop_clear() may free the loop right then. */
	pthread_mutex_unlock(&loop->mutex);
}
