// SPDX-License-Identifier: Apache-2.0
/*
 * Listening sockets: TCP and Unix-domain. Accepting on them is not for here.
 */
#include "http_private.h"

#include "base/error.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Connections that wait for accept(); the kernel caps it by net.core.somaxconn. */
enum { BACKLOG = 1024 };

static int listen_problem(struct strbuf *problems, const char *key, const char *what, int err)
{
	strbuf_printf(problems, "%s: %s: %s\n", key, what, error_text(err));
	return err;
}

static int tcp_bind(int fd, const struct addrinfo *info)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	/* Accepted sockets inherit it: an answer must not wait for the client's delayed ACK. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -errno;
	/* So that [::] and 0.0.0.0 can be configured side by side. */
	if (info->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

static int tcp_name(struct http_listener *listener, const char *host)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(listener->fd, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	listener->port =
		ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						    : ((struct sockaddr_in *)&address)->sin_port);
	if (asprintf(&listener->text, address.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
		     listener->port) < 0) {
		listener->text = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int tcp_open(const struct conf_address *address, struct http_listener *listener)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	struct addrinfo *info;
	char port[8];
	int err;

	snprintf(port, sizeof(port), "%u", address->port);
	if (getaddrinfo(address->host, port, &hints, &info) != 0)
		return -EINVAL;
	listener->fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	err = listener->fd < 0 ? -errno : tcp_bind(listener->fd, info);
	freeaddrinfo(info);
	if (err == 0)
		err = tcp_name(listener, address->host);
	return err;
}

/* Removes a socket file that nobody answers on. -EADDRINUSE if somebody does. */
static int unix_remove_stale(const struct sockaddr_un *address)
{
	struct stat status;
	int fd, err;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Only "refused" says that nobody listens; a full backlog (EAGAIN) says the contrary. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		err = -EADDRINUSE;
	else if (errno == ECONNREFUSED)
		err = unlink(address->sun_path) < 0 ? -errno : 0;
	else
		err = -EADDRINUSE;
	close(fd);
	return err;
}

static int unix_open(const char *path, unsigned mode, struct http_listener *listener)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	err = unix_remove_stale(&address);
	if (err < 0)
		return err;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return -errno;
	if (bind(listener->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	listener->unix_path = strdup(path);
	if (!listener->unix_path) {
		unlink(path);
		return -ENOMEM;
	}
	/* Nobody can connect before listen(), so the mode of bind() never counts. */
	if (chmod(path, mode) < 0 || listen(listener->fd, BACKLOG) < 0)
		return -errno;
	listener->text = strdup(path);
	return listener->text ? 0 : -ENOMEM;
}

int http_listener_open(const struct conf_address *address, const char *key, unsigned unix_mode,
		       struct http_listener *listener, struct strbuf *problems)
{
	char what[160];
	int err;

	if (address->is_unix) {
		snprintf(what, sizeof(what), "%s", address->host);
		err = unix_open(address->host, unix_mode, listener);
	} else {
		snprintf(what, sizeof(what), "%s port %u", address->host, address->port);
		err = tcp_open(address, listener);
	}
	return err < 0 ? listen_problem(problems, key, what, err) : 0;
}

void http_listener_close(struct http_listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
	if (listener->unix_path)
		unlink(listener->unix_path);
	free(TAKE(listener->unix_path));
	free(TAKE(listener->text));
}

bool http_listener_is_public(const struct http_listener *listener)
{
	return listener->groups & HTTP_OF_OTHERS;
}
