// SPDX-License-Identifier: Apache-2.0
/* Files and the system's log, as the audit is written there. See audit_place.h. */
#include "audit_place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* How long the system's log is waited for that has no room at the moment. */
enum { SYSLOG_WAIT_MS = 1000 };

static bool is_regular(int fd, off_t *sizep)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	*sizep = st.st_size;
	return true;
}

/* --- a file --- */

/* Behind the end of the last whole line of a file of that size. */
static off_t lines_end(int fd, off_t size)
{
	char octets[4096];
	ssize_t n;

	for (off_t at = size; at > 0; at -= n) {
		size_t want = at < (off_t)sizeof(octets) ? (size_t)at : sizeof(octets);
		const char *end;

		n = pread(fd, octets, want, at - (off_t)want);
		if (n != (ssize_t)want)
			return size;
		end = memrchr(octets, '\n', want);
		if (end)
			return at - (off_t)want + (end - octets) + 1;
	}
	return 0;
}

int audit_file_open(const char *path)
{
	/* Of a pipe that nobody reads, too, opening it is not waited for. */
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
	off_t size;
	int err = 0;

	if (fd < 0)
		return -errno;
	/* One that can only be appended to (chattr +a) keeps the half line, as a line. */
	if (is_regular(fd, &size) && lines_end(fd, size) < size &&
	    ftruncate(fd, lines_end(fd, size)) < 0 && write(fd, "\n", 1) != 1)
		err = -errno;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}

int audit_file_write(int fd, struct bytes text)
{
	off_t before = 0;
	bool regular = is_regular(fd, &before);
	int err = 0;

	while (text.len > 0) {
		ssize_t n = write(fd, text.data, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n < 0 ? -errno : -EIO;
			break;
		}
		text.data += n;
		text.len -= (size_t)n;
	}
	/* Half a line helps nobody; where it stays all the same, audit_file_open() sees to it. */
	if (err < 0 && regular && ftruncate(fd, before) < 0)
		return err;
	return err;
}

int audit_file_sync(int fd)
{
	/* A device or a pipe has no disk. */
	return fdatasync(fd) == 0 || errno == EINVAL || errno == EROFS ? 0 : -errno;
}

/* --- the system's log --- */

int audit_syslog_open(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		err = -errno;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}

static int syslog_priority(enum conf_syslog facility, bool notice)
{
	static const int facilities[] = {
		[CONF_SYSLOG_AUTH] = LOG_AUTH,
		[CONF_SYSLOG_AUTHPRIV] = LOG_AUTHPRIV,
		[CONF_SYSLOG_DAEMON] = LOG_DAEMON,
		[CONF_SYSLOG_USER] = LOG_USER,
	};
	int code = facility < CONF_SYSLOG_LOCAL0
			   ? facilities[facility]
			   : LOG_LOCAL0 + (int)((facility - CONF_SYSLOG_LOCAL0) << 3);

	return code | (notice ? LOG_NOTICE : LOG_INFO);
}

int audit_syslog_write(int fd, enum conf_syslog facility, bool notice, struct bytes line)
{
	char head[80], when[32];
	const time_t now = time(NULL);
	struct tm tm;
	struct iovec parts[] = {{.iov_base = head},
				{.iov_base = (void *)(uintptr_t)line.data, .iov_len = line.len}};
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = ARRAY_LEN(parts)};

	/* As syslog(3) sends it: the month in English, whatever the locale. */
	if (!localtime_r(&now, &tm) || !asctime_r(&tm, when))
		return -EOVERFLOW;
	parts[0].iov_len = (size_t)snprintf(head, sizeof(head), "<%d>%.15s cmfd[%d]: ",
					    syslog_priority(facility, notice), when + 4, getpid());
	for (;;) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};

		if (sendmsg(fd, &message, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (poll(&room, 1, SYSLOG_WAIT_MS) <= 0)
			return -EAGAIN;
	}
}

/* --- a file in a directory --- */

int audit_directory_write(const char *directory, const char *name, struct bytes text)
{
	_cleanup_(freep) char *path = NULL, *made = NULL;
	int fd, err;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		path = NULL;
	if (asprintf(&made, "%s/.%s.new", directory, name) < 0)
		made = NULL;
	if (!path || !made)
		return -ENOMEM;
	fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	err = audit_file_write(fd, text);
	if (err == 0)
		err = audit_file_sync(fd);
	if (close(fd) < 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(made, path) < 0)
		err = -errno;
	if (err < 0)
		(void)unlink(made);
	return err;
}
