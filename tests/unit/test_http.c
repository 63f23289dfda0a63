// SPDX-License-Identifier: Apache-2.0
/*
 * A real server on loopback, driven by raw sockets: what is accepted, what is refused and how, and
 * that no client can hold more than a connection for a bounded time.
 */
#include "base/clock.h"
#include "http_rig.h"
#include "pki.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- requests --- */

/* RFC 9112 9.3: a connection persists; RFC 6712 3.1 wants that of HTTP/1.1 servers. */
START_TEST(test_keep_alive)
{
	struct rig rig;
	struct answer answer;
	int fd;

	rig_init(&rig);
	rig_start(&rig, 2, 16);
	fd = client_connect(&rig);
	for (int i = 0; i < 3; i++) {
		client_send(fd, POST("/", "Content-Length: 5\r\n", "hello"));
		client_read(fd, &answer);
		ck_assert_int_eq(answer.status, 200);
		ck_assert_str_eq(answer.body, "hello");
		ck_assert_ptr_nonnull(strstr(answer.head, "Content-Type: application/x-test\r\n"));
	}
	client_send(fd, POST("/", "Connection: close\r\nContent-Length: 0\r\n", ""));
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_eq(answer.body_len, 0);
	ck_assert(client_closed(fd));
	close(fd);
	ck_assert_int_eq(atomic_load(&rig.handled), 4);
	rig_stop(&rig);
}
END_TEST

/* RFC 9112 9.3: in the order of the requests, whatever thread has the answer. */
START_TEST(test_answered_later)
{
	struct rig rig;
	struct answer answer;
	char request[200], expected[32];
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 1);
	fd = client_connect(&rig);
	for (int i = 0; i < 60; i++) {
		snprintf(request, sizeof(request), POST("/later/%d", "Content-Length: 0\r\n", ""),
			 i % 4);
		snprintf(expected, sizeof(expected), "resumed %d", i % 4);
		client_send(fd, request);
		client_read(fd, &answer);
		ck_assert_int_eq(answer.status, 200);
		ck_assert_str_eq(answer.body, expected);
	}
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* The server waits for those that are held. */
START_TEST(test_free_with_held_ones)
{
	struct rig rig;
	int fd[8];

	rig_init(&rig);
	rig_start(&rig, 4, 16);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
		fd[i] = client_connect(&rig);
		client_send(fd[i], POST("/later/50", "Content-Length: 0\r\n", ""));
	}
	rig_stop(&rig);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		close(fd[i]);
}
END_TEST

START_TEST(test_http_1_0)
{
	static const char plain[] = "POST / HTTP/1.0\r\nContent-Type: application/test\r\n"
				    "Content-Length: 2\r\n\r\nhi";
	static const char persistent[] = "POST / HTTP/1.0\r\nContent-Type: application/test\r\n"
					 "Connection: keep-alive\r\nContent-Length: 2\r\n\r\nhi";
	struct rig rig;
	struct answer answer;
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	for (int i = 0; i < 2; i++) {
		client_send(fd, persistent);
		client_read(fd, &answer);
		ck_assert_int_eq(answer.status, 200);
		ck_assert_ptr_nonnull(strcasestr(answer.head, "Connection: keep-alive"));
	}
	client_send(fd, plain);
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.body, "hi");
	ck_assert(client_closed(fd));
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* RFC 9112 9.3.2: answers come in the order of the requests. */
START_TEST(test_pipelining)
{
	struct rig rig;
	struct answer answer;
	int fd;

	rig_init(&rig);
	rig_start(&rig, 4, 16);
	fd = client_connect(&rig);
	client_send(fd,
		    POST("/", "Content-Length: 1\r\n", "1") POST(
			    "/", "Content-Length: 1\r\n",
			    "2") "GET /nowhere HTTP/1.1\r\n\r\n" POST("/", "Content-Length: 1\r\n",
								      "3"));
	client_read(fd, &answer);
	ck_assert_str_eq(answer.body, "1");
	client_read(fd, &answer);
	ck_assert_str_eq(answer.body, "2");
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 404);
	client_read(fd, &answer);
	ck_assert_str_eq(answer.body, "3");
	close(fd);
	rig_stop(&rig);
}
END_TEST

START_TEST(test_chunked_and_continue)
{
	struct rig rig;
	struct answer answer;
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	client_send(fd, POST("/", "Transfer-Encoding: chunked\r\n",
			     "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"));
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.body, "abcdefg");
	/* RFC 9110 10.1.1 */
	client_send(fd, POST("/", "Expect: 100-continue\r\nContent-Length: 3\r\n", ""));
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 100);
	client_send(fd, "xyz");
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.body, "xyz");
	client_send(fd, POST("/", "Expect: 100-continue\r\nContent-Length: 3000\r\n", ""));
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 413);
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* Request and the status it must get; none of them reaches a handler. */
static const struct {
	const char *request;
	int status;
	const char *header; /* NULL, or what the answer must contain */
} refusals[] = {
	{"GET /nowhere HTTP/1.1\r\n\r\n", 404, NULL},
	{"GET /admin HTTP/1.1\r\n\r\n", 404, NULL},
	{"GET /metrics HTTP/1.1\r\n\r\n", 404, NULL},
	{"GET /show HTTP/1.1\r\n\r\n", 404, NULL},
	/* two slashes: no host, and no path of ours */
	{"GET //x/show/a HTTP/1.1\r\n\r\n", 404, NULL},
	{"GET /show/a/b HTTP/1.1\r\n\r\n", 404, NULL},
	{"GET / HTTP/1.1\r\n\r\n", 405, "\r\nAllow: POST\r\n"},
	{"POST /show/a HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405, "\r\nAllow: GET, DELETE\r\n"},
	{"PATCH / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405, "\r\nAllow: POST\r\n"},
	{"BREW / HTTP/1.1\r\n\r\n", 405, "\r\nAllow: POST\r\n"},
	{"BREW / HTTP/1.1\r\nContent-Length: 9\r\n\r\nGET / HTT", 405, "\r\nConnection: close\r\n"},
	{"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 415, NULL},
	{"POST / HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx", 415, NULL},
	{"POST / HTTP/1.1\r\nContent-Type: application/test2\r\nContent-Length: 1\r\n\r\nx", 415,
	 NULL},
	{"POST / HTTP/1.1\r\nContent-Type: application/test x\r\nContent-Length: 1\r\n\r\nx", 415,
	 NULL},
	{"POST /small HTTP/1.1\r\nContent-Length: 11\r\n\r\n12345678901", 413, NULL},
	/* The announced length alone is enough. */
	{POST("/", "Content-Length: 1001\r\n", ""), 413, NULL},
	{POST("/", "Content-Length: 99999999999999999999999\r\n", ""), 413, NULL},
	{POST("/", "Transfer-Encoding: chunked\r\n", "7fffffff\r\n"), 413, NULL},
	{POST("/", "Content-Length: -1\r\n", ""), 400, NULL},
	{POST("/", "Content-Length: +1\r\n", "x"), 400, "\r\nConnection: close\r\n"},
	{POST("/", "Content-Length: 1x\r\n", "x"), 400, NULL},
	{POST("/", "Content-Length: 1\r\nContent-Length: 1\r\n", "x"), 400,
	 "\r\nConnection: close\r\n"},
	{POST("/", "Content-Length: 1\r\ncontent-length: 2\r\n", "x"), 400, NULL},
	{POST("/", "Content-Length: 1, 1\r\n", "x"), 400, NULL},
	{POST("/", "Content-Length : 1\r\n", "x"), 400, NULL},
	{POST("/", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
	 "\r\nConnection: close\r\n"},
	{POST("/", "Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"), 400,
	 "\r\nConnection: close\r\n"},
	{POST("/", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
	 400, NULL},
	{"POST / HTTP/1.0\r\nContent-Type: application/test\r\n"
	 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	 400, NULL},
	{"GET /show/%00 HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET /show/%4 HTTP/1.1\r\n\r\n", 400, NULL},
	{"GET /show/%zz HTTP/1.1\r\n\r\n", 400, NULL},
	{"garbage\r\n\r\n", 400, NULL},
};

START_TEST(test_refusal)
{
	struct rig rig;
	struct answer answer;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	ck_assert_int_eq(client_once(&rig, refusals[_i].request, &answer), refusals[_i].status);
	if (refusals[_i].header)
		ck_assert_ptr_nonnull(strstr(answer.head, refusals[_i].header));
	ck_assert_int_eq(atomic_load(&rig.handled), 0);
	rig_stop(&rig);
}
END_TEST

START_TEST(test_head_has_no_body)
{
	struct rig rig;
	char octets[4096];
	size_t n = 0;
	ssize_t r;
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	client_send(fd, "HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n");
	while (n < sizeof(octets) - 1 && (r = read(fd, octets + n, sizeof(octets) - 1 - n)) > 0)
		n += (size_t)r;
	octets[n] = '\0';
	ck_assert_int_eq(strncmp(octets, "HTTP/1.1 405 ", 13), 0);
	ck_assert_str_eq(octets + n - 4, "\r\n\r\n");
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* An oversize header ends the connection, whether complete or not. */
START_TEST(test_header_limit)
{
	struct rig rig;
	struct answer answer;
	char request[4096];
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	memset(request, 'a', sizeof(request));
	memcpy(request, "GET / HTTP/1.1\r\nX: ", 19);
	ck_assert_int_eq(send(fd, request, 3000, MSG_NOSIGNAL), 3000);
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 431);
	ck_assert(client_closed(fd));
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* A client that goes on sending its 4 MB still gets to read why it was refused. */
START_TEST(test_413_is_readable)
{
	struct rig rig;
	struct answer answer;
	char *octets = calloc(1, 4 << 20);
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	client_send(fd, POST("/", "Content-Length: 4194304\r\n", ""));
	for (size_t sent = 0; sent < 4 << 20;) {
		ssize_t r = send(fd, octets + sent, (4 << 20) - sent, MSG_NOSIGNAL);

		ck_assert_int_gt(r, 0);
		sent += (size_t)r;
	}
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 413);
	ck_assert_int_eq(atomic_load(&rig.handled), 0);
	close(fd);
	free(octets);
	rig_stop(&rig);
}
END_TEST

START_TEST(test_what_the_handler_sees)
{
	static const struct {
		const char *request;
		const char *seen;
	} cases[] = {
		{"GET /show/a%2Db?q=%20 HTTP/1.1\r\n\r\n", "1|/show/a-b|a-b|q=%20|127.0.0.1:"},
		{"DELETE /show/ HTTP/1.1\r\n\r\n", "4|/show/|||127.0.0.1:"},
		{"GET http://host/show/x HTTP/1.1\r\n\r\n", "1|/show/x|x||127.0.0.1:"},
	};
	static const char *const types[] = {"application/test", "Application/TEST",
					    "application/test; charset=x", "application/test ;x"};
	struct rig rig;
	struct answer answer;
	char request[256];

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_int_eq(client_once(&rig, cases[i].request, &answer), 200);
		ck_assert_int_eq(strncmp(answer.body, cases[i].seen, strlen(cases[i].seen)), 0);
		ck_assert_ptr_nonnull(strstr(answer.body, "|none"));
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		snprintf(request, sizeof(request),
			 "POST / HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: 1\r\n\r\nx",
			 types[i]);
		ck_assert_int_eq(client_once(&rig, request, &answer), 200);
	}
	rig_stop(&rig);
}
END_TEST

/* --- limits --- */

START_TEST(test_queue_full_is_503)
{
	struct rig rig;
	struct answer answer;
	int held, queued;

	rig_init(&rig);
	rig_start(&rig, 1, 1);
	held = client_connect(&rig);
	client_send(held, POST("/hold", "Content-Length: 1\r\n", "a"));
	rig_wait_held(&rig, 1);
	queued = client_connect(&rig);
	client_send(queued, POST("/", "Content-Length: 1\r\n", "b"));
	while (pool_queued(rig.pool) == 0)
		sched_yield();
	ck_assert_int_eq(client_once(&rig, POST("/", "Content-Length: 1\r\n", "c"), &answer), 503);
	ck_assert_ptr_nonnull(strstr(answer.head, "\r\nRetry-After: 1\r\n"));
	rig_open(&rig);
	client_read(held, &answer);
	ck_assert_str_eq(answer.body, "a");
	client_read(queued, &answer);
	ck_assert_str_eq(answer.body, "b");
	close(held);
	close(queued);
	ck_assert_int_eq(atomic_load(&rig.handled), 2);
	rig_stop(&rig);
}
END_TEST

/* One octet now and then resets every idle timer; the request's time runs all the same. */
START_TEST(test_trickling_client_is_closed)
{
	static const char request[] = POST("/", "Content-Length: 500\r\n", "");
	struct rig rig;
	struct answer answer;
	size_t sent = 0;
	int fd;

	rig_init(&rig);
	rig.conf.server.request_timeout_ms = 300;
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	for (;;) {
		struct pollfd poll_fd = {fd, POLLIN, 0};
		char c = sent < strlen(request) ? request[sent] : 'x';

		ck_assert_uint_lt(sent, strlen(request) + 500); /* else it was served */
		if (poll(&poll_fd, 1, 5) != 0 || send(fd, &c, 1, MSG_NOSIGNAL) != 1)
			break;
		sent++;
	}
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 408);
	ck_assert(client_closed(fd));
	close(fd);
	/* On a slow machine even this one may be late. */
	do
		client_once(&rig, POST("/", "Content-Length: 1\r\n", "x"), &answer);
	while (answer.status == 0 || answer.status == 408);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_int_eq(atomic_load(&rig.handled), 1);
	rig_stop(&rig);
}
END_TEST

/* What is sent before the client falls silent, on a fresh or a used connection. */
static const struct {
	const char *first; /* answered; NULL: none */
	const char *half;
	int status; /* RFC 9110 15.5.9: 408 where a part of a request has come */
} silences[] = {
	{NULL, "", 0},
	{NULL, "P", 408},
	{NULL, "POST / HTTP/1.1\r\nContent-", 408},
	{NULL, POST("/", "Content-Length: 10\r\n", "12345"), 408},
	{NULL, POST("/", "Transfer-Encoding: chunked\r\n", "5\r\n12"), 408},
	{POST("/", "Content-Length: 1\r\n", "x"), "", 0},
	{POST("/", "Content-Length: 1\r\n", "x"), "POST / ", 408},
	{POST("/", "Content-Length: 1\r\n", "x") "POST / ", "", 408},
};

/* false: the client was closed before it had its first answer. */
static bool client_falls_silent(const char *first, const char *half, int status, int timeout_ms)
{
	struct rig rig;
	struct answer answer;
	bool served = true;
	int fd;

	rig_init(&rig);
	rig.conf.server.request_timeout_ms = timeout_ms;
	rig.conf.server.idle_timeout_ms = timeout_ms;
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	if (first) {
		client_send(fd, first);
		client_read(fd, &answer);
		served = answer.status == 200;
	}
	if (served) {
		send(fd, half, strlen(half), MSG_NOSIGNAL);
		client_read(fd, &answer);
		ck_assert_int_eq(answer.status, status);
		ck_assert_int_eq(atomic_load(&rig.handled), first ? 1 : 0);
	}
	close(fd);
	rig_stop(&rig);
	return served;
}

START_TEST(test_silent_client_is_closed)
{
	int timeout_ms = 200;

	/* A slow machine has more time for the first answer. */
	while (!client_falls_silent(silences[_i].first, silences[_i].half, silences[_i].status,
				    timeout_ms))
		timeout_ms *= 2;
}
END_TEST

/* A connection whose request the worker holds. */
static int client_held(struct rig *rig)
{
	struct pollfd poll_fd = {.fd = -1, .events = POLLIN};

	/* It is closed where the machine is too slow to send the request in time: once more. */
	do {
		close(poll_fd.fd);
		poll_fd.fd = client_connect(rig);
		client_send(poll_fd.fd, POST("/hold", "Content-Length: 1\r\n", "a"));
		while (rig_held(rig) == 0 && poll(&poll_fd, 1, 1) == 0)
			;
	} while (rig_held(rig) == 0);
	return poll_fd.fd;
}

/* A worker may take longer than a request may take to come in. */
START_TEST(test_slow_handler_is_not_timed_out)
{
	struct rig rig;
	struct answer answer;
	int held, silent;

	rig_init(&rig);
	rig.conf.server.request_timeout_ms = 100;
	rig.conf.server.idle_timeout_ms = 100;
	rig_start(&rig, 1, 16);
	held = client_held(&rig);
	/* When this later one has been timed out, the first would have been too. */
	silent = client_connect(&rig);
	client_read(silent, &answer);
	ck_assert_int_eq(answer.status, 0);
	rig_open(&rig);
	client_read(held, &answer);
	ck_assert_int_eq(answer.status, 200);
	close(held);
	close(silent);
	rig_stop(&rig);
}
END_TEST

START_TEST(test_client_gone_before_the_answer)
{
	static const struct linger reset = {1, 0};
	struct rig rig;
	struct answer answer;
	int fds[4];

	rig_init(&rig);
	rig_start(&rig, 4, 16);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client_connect(&rig);
		client_send(fds[i], POST("/hold", "Content-Length: 1\r\n", "a"));
	}
	rig_wait_held(&rig, 4);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (i % 2 == 0)
			setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fds[i]);
	}
	rig_open(&rig);
	ck_assert_int_eq(client_once(&rig, POST("/", "Content-Length: 1\r\n", "x"), &answer), 200);
	rig_stop(&rig);
	ck_assert_int_eq(atomic_load(&rig.handled), 5);
}
END_TEST

/* RFC 9112 9.6: the client may close its side when it has sent all it wanted. */
START_TEST(test_half_closed_client_gets_its_answer)
{
	struct rig rig;
	struct answer answer;
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	client_send(fd, POST("/hold", "Content-Length: 1\r\n", "a"));
	shutdown(fd, SHUT_WR);
	rig_wait_held(&rig, 1);
	rig_open(&rig);
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.body, "a");
	ck_assert(client_closed(fd));
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* --- drain, reload, other listeners --- */

static void *drain_run(void *arg)
{
	struct rig *rig = arg;

	http_server_drain(rig->server, 60000);
	return NULL;
}

START_TEST(test_drain)
{
	struct rig rig;
	struct answer answer;
	pthread_t thread;
	int idle, held;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	idle = client_connect(&rig);
	client_send(idle, POST("/", "Content-Length: 1\r\n", "x"));
	client_read(idle, &answer);
	held = client_connect(&rig);
	client_send(held, POST("/hold", "Content-Length: 1\r\n", "a"));
	rig_wait_held(&rig, 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, drain_run, &rig), 0);
	/* The idle one is closed at once, the other answered first. */
	ck_assert(client_closed(idle));
	rig_open(&rig);
	client_read(held, &answer);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_ptr_nonnull(strstr(answer.head, "\r\nConnection: close\r\n"));
	ck_assert(client_closed(held));
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	close(idle);
	close(held);
	rig_stop(&rig);
}
END_TEST

/* Freed with everything under way: a worker at it, one queued, half a request. */
START_TEST(test_free_without_drain)
{
	struct rig rig;
	int fds[3];

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = client_connect(&rig);
	client_send(fds[0], POST("/hold", "Content-Length: 1\r\n", "a"));
	rig_wait_held(&rig, 1);
	client_send(fds[1], POST("/", "Content-Length: 1\r\n", "b"));
	while (pool_queued(rig.pool) == 0)
		sched_yield();
	client_send(fds[2], "POST / HT");
	rig_stop(&rig);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	ck_assert_int_eq(atomic_load(&rig.handled), 2);
}
END_TEST

START_TEST(test_reload_changes_limits)
{
	struct rig rig;
	struct answer answer;
	struct strbuf problems = STRBUF_NULL;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	ck_assert_int_eq(client_once(&rig, POST("/", "Content-Length: 5\r\n", "hello"), &answer),
			 200);
	rig.conf.server.body_max = 4;
	ck_assert_int_eq(http_server_reload(rig.server, &rig.conf, &problems), 0);
	/* Applied by the loop some time later. */
	while (client_once(&rig, POST("/", "Content-Length: 5\r\n", "hello"), &answer) == 200)
		sched_yield();
	ck_assert_int_eq(answer.status, 413);
	strbuf_clear(&problems);
	rig_stop(&rig);
}
END_TEST

START_TEST(test_metrics_listener_and_two_loops)
{
	struct rig rig;
	struct answer answer;
	uint16_t port;

	rig_init(&rig);
	rig.conf.server.io_threads = 2;
	rig.conf.server.listen_metrics = (struct conf_addresses){&rig.listen_metrics, 1};
	rig_start(&rig, 2, 16);
	port = http_server_port(rig.server, HTTP_METRICS, false);
	ck_assert_uint_ne(port, http_server_port(rig.server, HTTP_PUBLIC, false));
	for (int i = 0; i < 16; i++) {
		int fd = client_connect_from(port, "127.0.0.1");

		client_send(fd, "GET /metrics HTTP/1.1\r\n\r\nGET /show/x HTTP/1.1\r\n\r\n");
		client_read(fd, &answer);
		ck_assert_int_eq(answer.status, 200);
		client_read(fd, &answer);
		ck_assert_int_eq(answer.status, 404);
		close(fd);
		ck_assert_int_eq(client_once(&rig, "GET /show/x HTTP/1.1\r\n\r\n", &answer), 200);
	}
	rig_stop(&rig);
}
END_TEST

/* A socket file that a killed server left behind. */
static void unix_leave_stale(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	close(fd);
}

START_TEST(test_admin_socket)
{
	struct rig rig;
	struct answer answer;
	const struct http_pools pools = {0};
	struct http_server *second;
	struct strbuf problems = STRBUF_NULL;
	struct stat status;
	char path[64];
	int fd;

	rig_init(&rig);
	snprintf(path, sizeof(path), "%s/admin", rig.dir);
	unix_leave_stale(path);
	rig.conf.server.admin_socket = path;
	rig.conf.server.admin_socket_mode = 0600;
	rig_start(&rig, 1, 16);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
	fd = unix_connect(path);
	client_send(fd, "GET /admin HTTP/1.1\r\n\r\nGET /show/x HTTP/1.1\r\n\r\n");
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.body, "1|/admin|||unix|none");
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 404);
	/* Somebody answers on it: a second server must not take it away. */
	ck_assert_int_eq(
		http_server_new(&rig.conf, rig.routes, 1, &pools, rig.metrics, &second, &problems),
		-EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(problems.text, "admin_socket"));
	ck_assert_int_eq(stat(path, &status), 0);
	close(fd);
	strbuf_clear(&problems);
	rig_stop(&rig);
	ck_assert_int_eq(stat(path, &status), -1);
}
END_TEST

START_TEST(test_listen_problems_are_named)
{
	struct rig rig;
	const struct http_pools pools = {0};
	struct http_server *server = NULL;
	struct strbuf problems = STRBUF_NULL;

	rig_init(&rig);
	rig.listen.host = (char *)(uintptr_t) "192.0.2.1"; /* TEST-NET-1: not ours */
	rig.conf.server.listen_tls = (struct conf_addresses){&rig.listen_tls, 1};
	ck_assert_int_lt(
		http_server_new(&rig.conf, rig.routes, 1, &pools, NULL, &server, &problems), 0);
	ck_assert_ptr_null(server);
	ck_assert_ptr_nonnull(strstr(problems.text, "[server] listen: 192.0.2.1"));
	ck_assert_ptr_nonnull(strstr(problems.text, "tls_certificate"));
	strbuf_clear(&problems);
	ck_assert_int_eq(rmdir(rig.dir), 0);
}
END_TEST

/* --- TLS --- */

/* One request over TLS. The status, 0 if there was no answer. */
static int tls_once(struct tls_rig *tls, int version_max, X509 *cert, EVP_PKEY *key,
		    struct answer *answer)
{
	SSL_CTX *ctx = tls_client_new(tls, version_max, cert, key);
	int status = tls_client_once(tls, ctx, NULL, answer, NULL);

	SSL_CTX_free(ctx);
	return status;
}

START_TEST(test_tls)
{
	struct tls_rig tls;
	struct answer answer;

	tls_rig_start(&tls);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		ck_assert_int_eq(tls_once(&tls, version, NULL, NULL, &answer), 200);
		ck_assert_ptr_nonnull(strstr(answer.body, "|none"));
		ck_assert_int_eq(tls_once(&tls, version, tls.client_cert, tls.client_key, &answer),
				 200);
		ck_assert_ptr_nonnull(strstr(answer.body, "|/CN=client"));
		/* tls_client_ca is a hint: who a client is, is not for the handshake. */
		ck_assert_int_eq(tls_once(&tls, version, tls.other_cert, tls.other_key, &answer),
				 200);
		ck_assert_ptr_nonnull(strstr(answer.body, "|/CN=other"));
	}
	ck_assert_int_eq(tls_once(&tls, TLS1_1_VERSION, NULL, NULL, &answer), 0);
	tls_rig_stop(&tls);
}
END_TEST

/* docs/configuration.md: tls_key is a file or a URI, with a passphrase or without. */
START_TEST(test_tls_key_from_store)
{
	struct tls_rig tls;
	struct answer answer;
	char uri[128], passphrase[128];
	FILE *file;

	tls_rig_init(&tls);
	snprintf(uri, sizeof(uri), "file:%s", tls.key_path);
	snprintf(passphrase, sizeof(passphrase), "%s/passphrase", tls.rig.dir);
	file = fopen(tls.key_path, "w");
	ck_assert_int_eq(PEM_write_PKCS8PrivateKey(file, tls.server_key, EVP_aes_256_cbc(),
						   "open sesame", 11, NULL, NULL),
			 1);
	fclose(file);
	file = fopen(passphrase, "w");
	ck_assert_int_ge(fputs("open sesame\n", file), 0);
	fclose(file);
	tls.rig.conf.server.tls_key = _i ? uri : tls.key_path;
	tls.rig.conf.server.tls_passphrase_file = passphrase;
	rig_start(&tls.rig, 1, 16);
	ck_assert_int_eq(tls_once(&tls, TLS1_3_VERSION, NULL, NULL, &answer), 200);
	unlink(passphrase);
	tls_rig_stop(&tls);
}
END_TEST

START_TEST(test_tls_key_that_is_none)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	struct tls_rig tls;

	tls_rig_start(&tls);
	tls.rig.conf.server.tls_key = tls.cert_path;
	ck_assert_int_eq(http_conf_check(&tls.rig.conf, &problems), -ENOKEY);
	ck_assert_ptr_nonnull(strstr(problems.text, "[server] tls_key: "));
	ck_assert_ptr_nonnull(strstr(problems.text, "no private key, or wrong passphrase"));
	tls_rig_stop(&tls);
}
END_TEST

START_TEST(test_tls_reload)
{
	struct tls_rig tls;
	struct answer answer;
	struct strbuf problems = STRBUF_NULL;
	char missing[] = "/nowhere.pem";

	tls_rig_start(&tls);
	tls.rig.conf.server.tls_client_ca = missing;
	ck_assert_int_lt(http_server_reload(tls.rig.server, &tls.rig.conf, &problems), 0);
	ck_assert_ptr_nonnull(strstr(problems.text, "tls_client_ca"));
	ck_assert_int_eq(tls_once(&tls, TLS1_3_VERSION, tls.client_cert, tls.client_key, &answer),
			 200);
	/* The server's key changes with its certificate: no client knows that one yet. */
	pki_certs_write(tls.cert_path, tls.other_cert, NULL);
	pki_key_write(tls.key_path, tls.other_key, NULL);
	tls.rig.conf.server.tls_client_ca = tls.ca_path;
	ck_assert_int_eq(http_server_reload(tls.rig.server, &tls.rig.conf, &problems), 0);
	while (tls_once(&tls, TLS1_3_VERSION, tls.client_cert, tls.client_key, &answer) == 200)
		sched_yield();
	strbuf_clear(&problems);
	tls_rig_stop(&tls);
}
END_TEST

/* Plain HTTP, garbage and silence on the TLS port. */
START_TEST(test_tls_without_handshake)
{
	static const char *const octets[] = {"", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02"};
	struct tls_rig tls;
	struct answer answer;

	memset(&tls, 0, sizeof(tls));
	tls_rig_start(&tls);
	http_server_free(tls.rig.server);
	pool_free(tls.rig.pool);
	metrics_free(tls.rig.metrics);
	tls.rig.conf.server.request_timeout_ms = 200;
	rig_start(&tls.rig, 1, 16);
	for (size_t i = 0; i < ARRAY_LEN(octets); i++) {
		int fd = client_connect_from(http_server_port(tls.rig.server, HTTP_PUBLIC, true),
					     "127.0.0.1");
		char octet;

		client_send(fd, octets[i]);
		while (read(fd, &octet, 1) == 1)
			; /* an alert, perhaps */
		close(fd);
	}
	/* As often as it takes: a machine may be slow. */
	while (tls_once(&tls, TLS1_3_VERSION, NULL, NULL, &answer) == 0)
		;
	ck_assert_int_eq(answer.status, 200);
	tls_rig_stop(&tls);
}
END_TEST

static Suite *http_suite(void)
{
	Suite *suite = suite_create("http");
	TCase *requests = tcase_create("requests");
	TCase *limits = tcase_create("limits");
	TCase *listeners = tcase_create("listeners");

	/* The clients' SSL_write() has no MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	tcase_add_test(requests, test_keep_alive);
	tcase_add_test(requests, test_answered_later);
	tcase_add_test(requests, test_free_with_held_ones);
	tcase_add_test(requests, test_http_1_0);
	tcase_add_test(requests, test_pipelining);
	tcase_add_test(requests, test_chunked_and_continue);
	tcase_add_loop_test(requests, test_refusal, 0, ARRAY_LEN(refusals));
	tcase_add_test(requests, test_head_has_no_body);
	tcase_add_test(requests, test_header_limit);
	tcase_add_test(requests, test_413_is_readable);
	tcase_add_test(requests, test_what_the_handler_sees);
	tcase_add_test(limits, test_queue_full_is_503);
	tcase_add_test(limits, test_trickling_client_is_closed);
	tcase_add_loop_test(limits, test_silent_client_is_closed, 0, ARRAY_LEN(silences));
	tcase_add_test(limits, test_slow_handler_is_not_timed_out);
	tcase_add_test(limits, test_client_gone_before_the_answer);
	tcase_add_test(limits, test_half_closed_client_gets_its_answer);
	tcase_add_test(listeners, test_drain);
	tcase_add_test(listeners, test_free_without_drain);
	tcase_add_test(listeners, test_reload_changes_limits);
	tcase_add_test(listeners, test_metrics_listener_and_two_loops);
	tcase_add_test(listeners, test_admin_socket);
	tcase_add_test(listeners, test_listen_problems_are_named);
	tcase_add_test(listeners, test_tls);
	tcase_add_loop_test(listeners, test_tls_key_from_store, 0, 2);
	tcase_add_test(listeners, test_tls_key_that_is_none);
	tcase_add_test(listeners, test_tls_reload);
	tcase_add_test(listeners, test_tls_without_handshake);
	suite_add_tcase(suite, requests);
	suite_add_tcase(suite, limits);
	suite_add_tcase(suite, listeners);
	return suite;
}

SUITE_MAIN(http_suite, SUITE_FORKS)
