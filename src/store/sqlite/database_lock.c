// SPDX-License-Identifier: Apache-2.0
/* The lock of who serves a database. See database_lock.h. */
#include "database_lock.h"

#include "base/bytes.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of the open file, not of the process: a second store in this process is kept off, too. */
static const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

static int lock_open(const char *path, int flags)
{
	_cleanup_(freep) char *name = NULL;
	int fd;

	if (asprintf(&name, "%s.lock", path) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	fd = open(name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		return fd;
	return errno == ENOENT ? -ENOENT : log_fault("open the lock of the database", -errno, name);
}

/* For people, and for the message to whoever is kept off. */
static int pid_write(int fd)
{
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", getpid()) < 0)
		return log_fault("write the lock of the database", -errno, NULL);
	return 0;
}

int database_lock_take(const char *path, int *fdp)
{
	struct flock lock = whole;
	int fd = lock_open(path, O_RDWR | O_CREAT), err;

	if (fd < 0)
		return fd;
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		err = pid_write(fd);
	else if (errno == EAGAIN || errno == EACCES)
		err = -EBUSY;
	else
		err = log_fault("lock the database", -errno, path);
	if (err < 0) {
		close(fd);
		return err;
	}
	*fdp = fd;
	return 0;
}

int64_t database_lock_holder(const char *path)
{
	struct flock lock = whole;
	int fd = lock_open(path, O_RDWR);
	char text[24] = "";
	long pid;

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK) {
		close(fd);
		return 0;
	}
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		text[0] = '\0';
	close(fd);
	pid = strtol(text, NULL, 10);
	return pid > 0 ? pid : -1;
}
