// SPDX-License-Identifier: Apache-2.0
/*
 * The end of a process that has not begun to serve. What it waits for may take as long as others
 * like: a migration until they let go of a table, an index until they have ended. The signals are
 * blocked then, for threads are begun that inherit that; whoever sends one ends the process all the
 * same, as if they were not. Nobody was told anything by it: the next start finds what a crash
 * would leave.
 */
#include "daemon.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct starting {
	sigset_t signals;
	pthread_t thread;
	int signal_fd;
	int over_fd; /* can be read when the process is to serve, or has failed to */
};

static void die_of(const sigset_t *signals, int number)
{
	log_event(LOG_LEVEL_INFO, "stopped", F_TEXT("signal", strsignal(number)),
		  F_TEXT("problem", "it had not begun to serve"));
	signal(number, SIG_DFL);
	pthread_sigmask(SIG_UNBLOCK, signals, NULL);
	raise(number);
}

static void *starting_run(void *arg)
{
	struct starting *starting = arg;
	struct pollfd fds[] = {{.fd = starting->over_fd, .events = POLLIN},
			       {.fd = starting->signal_fd, .events = POLLIN}};
	struct signalfd_siginfo told;

	while (poll(fds, ARRAY_LEN(fds), -1) < 0)
		;
	/* What was not read stays pending, for daemon_run(). */
	if (!fds[0].revents && read(starting->signal_fd, &told, sizeof(told)) == sizeof(told))
		die_of(&starting->signals, (int)told.ssi_signo);
	return NULL;
}

static void starting_free(struct starting *starting)
{
	if (starting->signal_fd >= 0)
		close(starting->signal_fd);
	if (starting->over_fd >= 0)
		close(starting->over_fd);
	free(starting);
}

struct starting *starting_begin(void)
{
	struct starting *starting = malloc(sizeof(*starting));
	int err;

	if (!starting)
		return NULL;
	sigemptyset(&starting->signals);
	sigaddset(&starting->signals, SIGTERM);
	sigaddset(&starting->signals, SIGINT);
	starting->signal_fd = signalfd(-1, &starting->signals, SFD_CLOEXEC);
	starting->over_fd = eventfd(0, EFD_CLOEXEC);
	err = starting->signal_fd < 0 || starting->over_fd < 0
		      ? errno
		      : pthread_create(&starting->thread, NULL, starting_run, starting);
	if (!err)
		return starting;
	log_fault("watch the start", -err, NULL);
	starting_free(starting);
	return NULL;
}

void starting_end(struct starting **startingp)
{
	struct starting *starting = *startingp;

	if (!starting)
		return;
	(void)eventfd_write(starting->over_fd, 1);
	pthread_join(starting->thread, NULL);
	starting_free(starting);
	*startingp = NULL;
}
