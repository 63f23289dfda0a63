// SPDX-License-Identifier: Apache-2.0
/*
 * The process as the operator's door asks of it: since when it serves, and a reload that is waited
 * for. The main thread, which reloads, is daemon.c's.
 */
#include "daemon.h"

#include "base/error.h"
#include "base/uri.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void process_look(void *arg, struct json_process_state *statep)
{
	struct daemon *daemon = arg;
	struct strbuf unready = STRBUF_NULL;

	(void)observe_unready(daemon, &unready);
	statep->unready = strbuf_take(&unready);
	statep->started_ms = daemon->started_ms;
	statep->reloaded_ms = atomic_load(&daemon->reloaded_ms);
	pthread_mutex_lock(&daemon->mutex);
	if (daemon->reload.err < 0 && daemon->reload.problems)
		statep->reload_problems = strdup(daemon->reload.problems);
	pthread_mutex_unlock(&daemon->mutex);
}

/* Asks the main thread as SIGHUP does, and says who wants it; of those who ask while it reads, all
 * wait for the next. */
static int process_reload(void *arg, uid_t uid, struct strbuf *problems)
{
	struct daemon *daemon = arg;
	struct reload *reload = &daemon->reload;
	uint64_t ticket;
	int err = -ESHUTDOWN;

	pthread_mutex_lock(&daemon->mutex);
	ticket = ++reload->asked;
	sigqueue(getpid(), SIGHUP, (union sigval){.sival_int = (int)uid});
	while (reload->done < ticket && !reload->ended)
		pthread_cond_wait(&reload->changed, &daemon->mutex);
	if (reload->done >= ticket) {
		err = reload->err;
		strbuf_add(problems, reload->problems ? reload->problems : "");
	}
	pthread_mutex_unlock(&daemon->mutex);
	return err;
}

static int process_audit_places(void *arg, json_audit_place_each *each, void *each_arg)
{
	struct daemon *daemon = arg;

	return audit_sinks_look(daemon->audit_sinks, each, each_arg);
}

struct json_process process_of(struct daemon *daemon)
{
	return (struct json_process){.arg = daemon,
				     .metrics = daemon->metrics,
				     .look = process_look,
				     .reload = process_reload,
				     .audit_places = process_audit_places,
				     .node = node_look};
}

uint64_t process_reload_begin(struct daemon *daemon)
{
	uint64_t asked;

	pthread_mutex_lock(&daemon->mutex);
	asked = daemon->reload.asked;
	pthread_mutex_unlock(&daemon->mutex);
	return asked;
}

void process_reload_end(struct daemon *daemon, uint64_t asked, int err, const char *problems)
{
	struct reload *reload = &daemon->reload;

	pthread_mutex_lock(&daemon->mutex);
	free(reload->problems);
	reload->problems = NULL;
	if (err < 0 || (problems && *problems))
		reload->problems = strdup(problems && *problems ? problems : error_text(err));
	if (reload->problems)
		uri_pin_mask(reload->problems);
	/* The end of the last line is nobody's. */
	if (reload->problems && reload->problems[strlen(reload->problems) - 1] == '\n')
		reload->problems[strlen(reload->problems) - 1] = '\0';
	reload->err = err;
	reload->done = asked;
	pthread_cond_broadcast(&reload->changed);
	pthread_mutex_unlock(&daemon->mutex);
}

void process_end(struct daemon *daemon)
{
	pthread_mutex_lock(&daemon->mutex);
	daemon->reload.ended = true;
	pthread_cond_broadcast(&daemon->reload.changed);
	pthread_mutex_unlock(&daemon->mutex);
}
