// SPDX-License-Identifier: Apache-2.0
/*
 * An I/O loop: one thread, one event_base, an evhttp for each listener. How other threads and its
 * own connections reach it is in loop_queue.c.
 */
#include "http_private.h"

#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Pause of accept() when descriptors or memory have run out, and how often the log says so. */
enum { ACCEPT_PAUSE_MS = 100, ACCEPT_FAULT_INTERVAL_US = 60 * 1000 * 1000 };

/*
 * The loop that this thread runs. evconnlistener calls its error callback with the argument of
 * evhttp, which has no way to ours.
 */
static _Thread_local struct http_loop *loop_of_thread;

/* --- on the loop's thread --- */

static void drain_ended(evutil_socket_t fd, short what, void *arg)
{
	struct http_loop *loop = arg;

	event_base_loopbreak(loop->base);
}

static void loop_drain(struct http_loop *loop, int64_t drain_ms)
{
	struct timeval tv = http_timeval(drain_ms);
	struct http_connection *next;

	loop->draining = true;
	for (size_t i = 0; i < loop->n_endpoints; i++) {
		struct http_endpoint *endpoint = &loop->endpoints[i];

		event_del(endpoint->resume);
		if (endpoint->bound)
			evhttp_del_accept_socket(endpoint->http, TAKE(endpoint->bound));
	}
	for (struct http_connection *connection = LIST_FIRST(&loop->connections); connection;
	     connection = next) {
		next = LIST_NEXT(connection, link);
		if (connection->state == HTTP_LINGERING)
			http_connection_free(connection);
		else if (connection->state == HTTP_IDLE)
			http_connection_shut(connection);
	}
	if (loop->n_connections == 0 || drain_ms <= 0)
		event_base_loopbreak(loop->base);
	else
		evtimer_add(loop->drain_end, &tv);
}

static void endpoint_apply(const struct http_endpoint *endpoint)
{
	const struct http_settings *settings = endpoint->loop->settings;
	/* Only so that evhttp's own time-out never comes first: ours are the deadlines. */
	struct timeval never = http_timeval(settings->idle_ms + settings->request_ms + 60000);

	evhttp_set_max_headers_size(endpoint->http, (ev_ssize_t)settings->header_max);
	evhttp_set_max_body_size(endpoint->http,
				 (ev_ssize_t)http_body_max(endpoint->loop->server, settings,
							   endpoint->listener->groups));
	evhttp_set_timeout_tv(endpoint->http, &never);
}

/* Closes connections that the census gave to others. */
static void loop_make_room(struct http_loop *loop)
{
	struct http_connection *connection;

	do {
		pthread_mutex_lock(&loop->mutex);
		connection = TAILQ_FIRST(&loop->giving_way);
		if (connection) {
			TAILQ_REMOVE(&loop->giving_way, connection, waiting);
			connection->giving_way = false;
		}
		pthread_mutex_unlock(&loop->mutex);
		if (connection)
			http_connection_give_way(connection);
	} while (connection);
}

static void loop_apply(struct http_loop *loop, struct http_settings *settings)
{
	http_settings_unref(loop->settings);
	loop->settings = settings;
	for (size_t i = 0; i < loop->n_endpoints; i++)
		endpoint_apply(&loop->endpoints[i]);
}

static void loop_woken(evutil_socket_t fd, short what, void *arg)
{
	struct http_loop *loop = arg;
	STAILQ_HEAD(, http_job) answers = STAILQ_HEAD_INITIALIZER(answers);
	struct http_settings *settings;
	struct http_job *job;
	int64_t drain_ms;
	uint64_t count;
	bool drain;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_fault("read wake-up of I/O loop", -errno, NULL);
	pthread_mutex_lock(&loop->mutex);
	STAILQ_CONCAT(&answers, &loop->answers);
	settings = TAKE(loop->next_settings);
	drain = loop->drain && !loop->draining;
	drain_ms = loop->drain_ms;
	pthread_mutex_unlock(&loop->mutex);

	if (settings)
		loop_apply(loop, settings);
	loop_make_room(loop);
	/* Before the answers, so that they close their connections. */
	if (drain)
		loop_drain(loop, drain_ms);
	while ((job = STAILQ_FIRST(&answers))) {
		STAILQ_REMOVE_HEAD(&answers, link);
		http_job_answer(job);
	}
}

static void *loop_run(void *arg)
{
	struct http_loop *loop = arg;

	loop_of_thread = loop;
	if (event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
		log_fault("run I/O loop", -EIO, NULL);
	return NULL;
}

/* --- accepting --- */

static void accept_resume(evutil_socket_t fd, short what, void *arg)
{
	http_endpoint_resume(arg);
}

/* accept(2): errors of the connection, which is lost; the next one can be sound. */
static bool is_of_the_peer(int err)
{
	switch (err) {
	case ECONNABORTED:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
	case EPERM:
		return true;
	default:
		return false;
	}
}

/*
 * Without descriptors (EMFILE, ENFILE) or memory (ENOBUFS, ENOMEM) the listening socket stays
 * readable: pause, or the loop would spin.
 */
static void accept_failed(struct evconnlistener *accepter, void *evhttp)
{
	struct timeval pause = http_timeval(ACCEPT_PAUSE_MS);
	int err = errno;
	struct http_loop *loop = loop_of_thread;

	if (is_of_the_peer(err))
		return;
	log_fault_every(ACCEPT_FAULT_INTERVAL_US, "accept", -err, NULL);
	for (size_t i = 0; i < loop->n_endpoints; i++) {
		if (loop->endpoints[i].accepter != accepter)
			continue;
		http_endpoint_pause(&loop->endpoints[i]);
		evtimer_add(loop->endpoints[i].resume, &pause);
	}
}

static int endpoint_init(struct http_endpoint *endpoint, struct http_loop *loop,
			 const struct http_listener *listener)
{
	int fd;

	endpoint->loop = loop;
	endpoint->listener = listener;
	endpoint->http = evhttp_new(loop->base);
	endpoint->resume = evtimer_new(loop->base, accept_resume, endpoint);
	if (!endpoint->http || !endpoint->resume)
		return -ENOMEM;
	/* All methods come through: 405 with Allow is for us to say. */
	evhttp_set_allowed_methods(endpoint->http, UINT16_MAX);
	evhttp_set_default_content_type(endpoint->http, NULL);
	evhttp_set_bevcb(endpoint->http, http_connection_accept, endpoint);
	evhttp_set_gencb(endpoint->http, http_request_serve, endpoint);
	endpoint_apply(endpoint);
	/* The loops share the socket, each through a descriptor of its own. */
	fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	endpoint->accepter = evconnlistener_new(
		loop->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!endpoint->accepter) {
		close(fd);
		return -ENOMEM;
	}
	endpoint->bound = evhttp_bind_listener(endpoint->http, endpoint->accepter);
	if (!endpoint->bound) {
		evconnlistener_free(endpoint->accepter);
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(endpoint->accepter, accept_failed);
	return 0;
}

/* --- life --- */

static int loop_events_init(struct http_loop *loop)
{
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0)
		return -errno;
	loop->base = event_base_new();
	if (!loop->base)
		return -ENOMEM;
	loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, loop_woken, loop);
	loop->adopt = event_new(loop->base, -1, 0, http_connection_adopt, loop);
	loop->drain_end = evtimer_new(loop->base, drain_ended, loop);
	if (!loop->wake || !loop->adopt || !loop->drain_end || event_add(loop->wake, NULL) < 0)
		return -ENOMEM;
	return 0;
}

int http_loop_init(struct http_loop *loop, struct http_server *server, unsigned groups)
{
	int err;

	*loop = (struct http_loop){.server = server, .groups = groups, .wake_fd = -1};
	pthread_mutex_init(&loop->mutex, NULL);
	pthread_cond_init(&loop->quiet, NULL);
	LIST_INIT(&loop->connections);
	STAILQ_INIT(&loop->answers);
	TAILQ_INIT(&loop->giving_way);
	loop->settings = http_settings_ref(server->settings);
	err = loop_events_init(loop);
	if (err < 0)
		return err;
	loop->endpoints = calloc(server->n_listeners, sizeof(*loop->endpoints));
	if (!loop->endpoints)
		return -ENOMEM;
	for (size_t i = 0; i < server->n_listeners && err == 0; i++)
		if (server->listeners[i].groups & groups)
			err = endpoint_init(&loop->endpoints[loop->n_endpoints++], loop,
					    &server->listeners[i]);
	return err;
}

int http_loop_start(struct http_loop *loop)
{
	sigset_t all, before;
	int err;

	/* Signals are for the main thread; blocked SIGPIPE also makes writes fail with EPIPE. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&loop->thread, NULL, loop_run, loop);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	loop->started = err == 0;
	return err;
}

void http_loop_reload(struct http_loop *loop, struct http_settings *settings)
{
	pthread_mutex_lock(&loop->mutex);
	http_settings_unref(loop->next_settings);
	loop->next_settings = http_settings_ref(settings);
	http_loop_wake(loop);
	pthread_mutex_unlock(&loop->mutex);
}

void http_loop_drain(struct http_loop *loop, int64_t drain_ms)
{
	pthread_mutex_lock(&loop->mutex);
	loop->drain = true;
	loop->drain_ms = drain_ms;
	http_loop_wake(loop);
	pthread_mutex_unlock(&loop->mutex);
}

void http_loop_join(struct http_loop *loop)
{
	if (loop->started)
		pthread_join(loop->thread, NULL);
	loop->started = false;
}

static void loop_connections_clear(struct http_loop *loop)
{
	struct http_job *job;

	pthread_mutex_lock(&loop->mutex);
	while (loop->running > 0)
		pthread_cond_wait(&loop->quiet, &loop->mutex);
	pthread_mutex_unlock(&loop->mutex);
	/* evhttp frees a request only when it was answered. */
	while ((job = STAILQ_FIRST(&loop->answers))) {
		STAILQ_REMOVE_HEAD(&loop->answers, link);
		http_job_answer(job);
	}
	loop->draining = true; /* nobody lingers any more */
	for (size_t i = 0; i < loop->n_endpoints; i++) {
		if (loop->endpoints[i].resume)
			event_free(loop->endpoints[i].resume);
		if (loop->endpoints[i].http)
			evhttp_free(loop->endpoints[i].http);
	}
	while (!LIST_EMPTY(&loop->connections))
		http_connection_free(LIST_FIRST(&loop->connections));
}

void http_loop_clear(struct http_loop *loop)
{
	struct event *const events[] = {loop->wake, loop->adopt, loop->drain_end};

	loop_connections_clear(loop);
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (events[i])
			event_free(events[i]);
	if (loop->base)
		event_base_free(loop->base);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	free(loop->endpoints);
	free(loop->by_fd);
	http_settings_unref(loop->settings);
	http_settings_unref(loop->next_settings);
	pthread_cond_destroy(&loop->quiet);
	pthread_mutex_destroy(&loop->mutex);
}
