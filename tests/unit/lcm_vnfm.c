// SPDX-License-Identifier: Apache-2.0
/* See lcm_vnfm.h. */
#include "lcm_vnfm.h"

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLIES_MAX = 16, SEEN_MAX = 64, HEAD_MAX = 4096, BODY_MAX = 4096, CONNECTIONS_MAX = 64 };

static struct {
	bool started;
	int listener;
	unsigned port;
	pthread_t thread, connection[CONNECTIONS_MAX];
	size_t n_connections;
	pthread_mutex_t mutex;
	struct vnfm_reply reply[REPLIES_MAX];
	size_t n_replies;
	struct {
		char method[16], path[512], head[HEAD_MAX], body[BODY_MAX];
	} seen[SEEN_MAX];
	size_t n_seen;
	char asked[SEEN_MAX * 64];
} vnfm = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* --- its thread --- */

/* One request: its head, and its body behind that. false: the connection has ended. */
static bool request_read(int fd, char head[HEAD_MAX], char body[BODY_MAX])
{
	size_t len = 0, length = 0, have;
	char *end = NULL;
	const char *field;

	memset(head, 0, HEAD_MAX);
	memset(body, 0, BODY_MAX);
	while (!end) {
		ssize_t n = recv(fd, head + len, HEAD_MAX - 1 - len, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		end = strstr(head, "\r\n\r\n");
	}
	have = len - (size_t)(end + 4 - head);
	memcpy(body, end + 4, have);
	end[4] = '\0';
	field = strcasestr(head, "\r\nContent-Length:");
	if (field)
		length = strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
	while (have < length) {
		ssize_t n = recv(fd, body + have, BODY_MAX - 1 - have, 0);

		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	return true;
}

static struct vnfm_reply reply_for(const char *method, const char *path)
{
	struct vnfm_reply none = {method, path, 404, "", "{\"status\":404,\"detail\":\"none\"}"};

	for (size_t i = 0; i < vnfm.n_replies; i++) {
		if (strcmp(vnfm.reply[i].method, method) == 0 &&
		    strcmp(vnfm.reply[i].path, path) == 0)
			return vnfm.reply[i];
	}
	return none;
}

static void request_answer(int fd, const char *head, const char *body)
{
	char method[16] = "", path[512] = "", *text;
	struct vnfm_reply reply;
	int len;

	sscanf(head, "%15s %511s", method, path);
	pthread_mutex_lock(&vnfm.mutex);
	if (vnfm.n_seen < SEEN_MAX) {
		strcpy(vnfm.seen[vnfm.n_seen].method, method);
		strcpy(vnfm.seen[vnfm.n_seen].path, path);
		strcpy(vnfm.seen[vnfm.n_seen].head, head);
		strcpy(vnfm.seen[vnfm.n_seen].body, body);
		vnfm.n_seen++;
	}
	reply = reply_for(method, path);
	pthread_mutex_unlock(&vnfm.mutex);
	len = asprintf(&text, "HTTP/1.1 %d x\r\n%sContent-Length: %zu\r\n\r\n%s", reply.status,
		       reply.headers, strlen(reply.body), reply.status == 204 ? "" : reply.body);
	(void)!send(fd, text, (size_t)len, MSG_NOSIGNAL);
	free(text);
}

static void *connection_main(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char head[HEAD_MAX], body[BODY_MAX];

	while (request_read(fd, head, body))
		request_answer(fd, head, body);
	close(fd);
	return NULL;
}

static void *vnfm_main(void *arg)
{
	int fd;

	(void)arg;
	while (vnfm.n_connections < CONNECTIONS_MAX &&
	       (fd = accept(vnfm.listener, NULL, NULL)) >= 0)
		pthread_create(&vnfm.connection[vnfm.n_connections++], NULL, connection_main,
			       (void *)(intptr_t)fd);
	return NULL;
}

/* --- for the test --- */

void vnfm_start(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	if (vnfm.started)
		return;
	vnfm.started = true;
	vnfm.listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(vnfm.listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(vnfm.listener, 4), 0);
	ck_assert_int_eq(getsockname(vnfm.listener, (struct sockaddr *)&address, &len), 0);
	vnfm.port = ntohs(address.sin_port);
	ck_assert_int_eq(pthread_create(&vnfm.thread, NULL, vnfm_main, NULL), 0);
}

void vnfm_stop(void)
{
	shutdown(vnfm.listener, SHUT_RDWR);
	pthread_join(vnfm.thread, NULL);
	/* Their clients have gone. */
	while (vnfm.n_connections > 0)
		pthread_join(vnfm.connection[--vnfm.n_connections], NULL);
	close(vnfm.listener);
	vnfm.started = false;
	vnfm_forget();
}

unsigned vnfm_port(void)
{
	return vnfm.port;
}

void vnfm_set(const struct vnfm_reply *replies, size_t n)
{
	pthread_mutex_lock(&vnfm.mutex);
	ck_assert_uint_lt(n, REPLIES_MAX);
	memcpy(vnfm.reply, replies, n * sizeof(*replies));
	vnfm.n_replies = n;
	pthread_mutex_unlock(&vnfm.mutex);
}

void vnfm_add(struct vnfm_reply reply)
{
	pthread_mutex_lock(&vnfm.mutex);
	ck_assert_uint_lt(vnfm.n_replies, REPLIES_MAX);
	vnfm.reply[vnfm.n_replies++] = reply;
	pthread_mutex_unlock(&vnfm.mutex);
}

const char *vnfm_asked(void)
{
	pthread_mutex_lock(&vnfm.mutex);
	vnfm.asked[0] = '\0';
	for (size_t i = 0; i < vnfm.n_seen; i++) {
		size_t len = strlen(vnfm.asked);

		snprintf(vnfm.asked + len, sizeof(vnfm.asked) - len, "%s %s\n", vnfm.seen[i].method,
			 vnfm.seen[i].path);
	}
	pthread_mutex_unlock(&vnfm.mutex);
	return vnfm.asked;
}

void vnfm_forget(void)
{
	pthread_mutex_lock(&vnfm.mutex);
	vnfm.n_seen = 0;
	pthread_mutex_unlock(&vnfm.mutex);
}

static size_t seen_last(const char *method, const char *path)
{
	for (size_t i = vnfm.n_seen; i-- > 0;) {
		if (strcmp(vnfm.seen[i].method, method) == 0 &&
		    strcmp(vnfm.seen[i].path, path) == 0)
			return i;
	}
	ck_abort_msg("it was not asked %s %s", method, path);
}

const char *vnfm_head(const char *method, const char *path)
{
	return vnfm.seen[seen_last(method, path)].head;
}

const char *vnfm_body(const char *method, const char *path)
{
	return vnfm.seen[seen_last(method, path)].body;
}
