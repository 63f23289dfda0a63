// SPDX-License-Identifier: Apache-2.0
/* See pg_server.h. */
#include "pg_server.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Minutes, where a machine is busy. */
enum { PATIENCE_S = 120 };

static struct {
	char directory[80];
	pid_t pid;
} server;

const char *pg_server_directory(void)
{
	return server.directory;
}

/* Debian has a folder for each version; the newest one. NULL: none. */
static char *programs_find(void)
{
	const char *told = getenv("CMFD_POSTGRESQL_BIN");
	char *found = NULL;
	glob_t paths;

	if (told)
		return strdup(told);
	if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &paths) != 0)
		return NULL;
	found = strdup(paths.gl_pathv[paths.gl_pathc - 1]);
	globfree(&paths);
	return found;
}

/* A server refuses to be root. */
static void root_leave(void)
{
	const struct passwd *nobody = getpwnam("nobody");

	if (geteuid() != 0)
		return;
	if (!nobody || setgroups(0, NULL) < 0 || setgid(nobody->pw_gid) < 0 ||
	    setuid(nobody->pw_uid) < 0)
		_exit(126);
}

static pid_t program_start(const char *programs, const char **argv)
{
	char path[300], log[100];
	pid_t parent = getpid(), pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	root_leave();
	prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if (getppid() != parent)
		_exit(126);
	snprintf(log, sizeof(log), "%s/log", server.directory);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	snprintf(path, sizeof(path), "%s/%s", programs, argv[0]);
	argv[0] = path; /* where newer ones look for each other */
	execv(path, (char **)argv);
	_exit(127);
}

static bool program_ended_well(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static bool directory_make(void)
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	const struct passwd *nobody = getpwnam("nobody");

	snprintf(server.directory, sizeof(server.directory), "%s/cmfd-pg.XXXXXX", tmp);
	if (!mkdtemp(server.directory))
		return false;
	return geteuid() != 0 ||
	       (nobody && chown(server.directory, nobody->pw_uid, nobody->pw_gid) == 0);
}

static bool server_answers(void)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	char *url = pg_server_url("postgres");
	PGPing ping = PQPING_NO_RESPONSE;

	for (int i = 0; i < PATIENCE_S * 20 && ping != PQPING_OK; i++) {
		nanosleep(&pause, NULL);
		ping = PQping(url);
	}
	free(url);
	return ping == PQPING_OK;
}

static bool server_run(const char *programs)
{
	char data[100];
	const char *initdb[] = {"initdb",          data,        "--auth=trust",
				"--username=cmfd", "-E",        "UTF8",
				"--locale=C",      "--no-sync", NULL};
	/* What it loses with the machine is no test's. */
	const char *postgres[] = {"postgres",
				  "-D",
				  data,
				  "-k",
				  server.directory,
				  "--listen_addresses=",
				  "--fsync=off",
				  "--max_connections=200",
				  "--deadlock_timeout=100ms",
				  NULL};

	snprintf(data, sizeof(data), "%s/data", server.directory);
	if (!program_ended_well(program_start(programs, initdb)))
		return false;
	server.pid = program_start(programs, postgres);
	return server.pid > 0 && server_answers();
}

bool pg_server_start(void)
{
	_cleanup_(freep) char *programs = programs_find();

	if (!programs) {
		fprintf(stderr,
			"PostgreSQL is not installed (package postgresql): the store is not "
			"tested on it\n");
		return false;
	}
	if (directory_make() && server_run(programs))
		return true;
	fprintf(stderr, "a PostgreSQL server could not be started: see %s/log\n", server.directory);
	exit(1);
}

void pg_server_stop(void)
{
	char command[120];
	int status;

	if (server.pid <= 0)
		return;
	kill(server.pid, SIGINT);
	waitpid(server.pid, &status, 0);
	server.pid = 0;
	snprintf(command, sizeof(command), "rm -rf '%s'", server.directory);
	if (system(command) != 0)
		fprintf(stderr, "%s could not be removed\n", server.directory);
}

char *pg_server_url(const char *database)
{
	char *url;

	if (asprintf(&url, "postgresql://cmfd@/%s?host=%s", database, server.directory) < 0)
		abort();
	return url;
}
