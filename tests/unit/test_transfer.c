// SPDX-License-Identifier: Apache-2.0
/* CMP over HTTP as a client: which answers count, against a server that says one thing once. */
#include "ca.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK(call) ck_assert_int_eq((call), 0)

struct server {
	int listener;
	char url[64];
	const char *head; /* NULL: takes the request and says nothing */
	size_t body_len;
	pthread_t thread;
	int accepted;
	char request[4096];
	size_t request_len;
};

/* For what comes. */
enum { PATIENCE_MS = 600 * 1000 };

/* A port of its own, on which nobody listens yet. */
static void server_bind(struct server *s)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	OK(bind(s->listener, (struct sockaddr *)&address, len));
	OK(getsockname(s->listener, (struct sockaddr *)&address, &len));
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/cmp", ntohs(address.sin_port));
}

static void server_listen(struct server *s)
{
	server_bind(s);
	OK(listen(s->listener, 1));
}

static void say(int fd, const struct server *s)
{
	static const char body[1024] = "the answer";
	size_t left = s->body_len;
	char head[256];
	int len =
		snprintf(head, sizeof(head), "%sContent-Length: %zu\r\n\r\n", s->head, s->body_len);

	if (!s->head[0] || send(fd, head, (size_t)len, MSG_NOSIGNAL) != len)
		return;
	while (left > 0) {
		size_t part = left < sizeof(body) ? left : sizeof(body);

		if (send(fd, body, part, MSG_NOSIGNAL) < 0)
			return;
		left -= part;
	}
}

/* One request, which ends with its body "the request", and one answer. */
static void *server_main(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->listener, NULL, NULL);
	ssize_t n = 1;

	while (n > 0 && !memmem(s->request, s->request_len, "the request", 11)) {
		n = recv(fd, s->request + s->request_len, sizeof(s->request) - s->request_len - 1,
			 0);
		s->request_len += n > 0 ? (size_t)n : 0;
	}
	if (s->head)
		say(fd, s);
	else
		n = recv(fd, s->request, 1, 0);
	close(fd);
	return NULL;
}

/* Why there was no answer. */
static char problem[CA_TRANSFER_PROBLEM_MAX];

static int transfer(struct server *s, int64_t timeout_ms, struct octets *answerp)
{
	struct ca_transfer_options options = {
		.url = s->url, .timeout_ms = timeout_ms, .problem = problem};
	int err;

	server_listen(s);
	OK(pthread_create(&s->thread, NULL, server_main, s));
	err = ca_transfer(&options, bytes_of_string("the request"), answerp);
	/* Whoever gave up before connecting does not come any more. */
	shutdown(s->listener, SHUT_RDWR);
	OK(pthread_join(s->thread, NULL));
	close(s->listener);
	return err;
}

static const struct {
	const char *head;
	size_t body_len;
	int expected;
	const char *problem; /* begins with that */
} answers[] = {
	{"HTTP/1.1 200 OK\r\nContent-Type: application/pkixcmp\r\n", 10, 0},
	{"HTTP/1.0 200 OK\r\nContent-Type: application/pkixcmp\r\n", 10, 0},
	{"HTTP/1.1 200 OK\r\nContent-Type: Application/PKIXCMP; v=1\r\n", 10, 0},
	/* RFC 9811: a CMP answer is one whatever the status. */
	{"HTTP/1.1 400 Bad Request\r\nContent-Type: application/pkixcmp\r\n", 10, 0},
	{"HTTP/1.1 500 Failure\r\nContent-Type: application/pkixcmp\r\n", 10, 0},
	{"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", 10, -EPROTO, "HTTP status 200 without"},
	{"HTTP/1.1 200 OK\r\nContent-Type: application/pkixcmp-poll\r\n", 10, -EPROTO},
	{"HTTP/1.1 200 OK\r\n", 10, -EPROTO},
	/* RFC 9483 6.1: a status that will not change. */
	{"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n", 10, -EREMOTEIO,
	 "HTTP status 404 without"},
	{"HTTP/1.1 405 No\r\n", 0, -EREMOTEIO},
	{"HTTP/1.1 501 No\r\n", 0, -EREMOTEIO},
	{"HTTP/1.1 429 Later\r\n", 0, -EPROTO, "HTTP status 429 without"},
	{"HTTP/1.1 500 Failure\r\nContent-Type: text/plain\r\n", 10, -EPROTO},
	{"HTTP/1.1 503 Later\r\nContent-Type: text/plain\r\n", 10, -EPROTO},
	{"HTTP/1.1 200 OK\r\nContent-Type: application/pkixcmp\r\n", 0, -EPROTO},
	/* No redirection, wherever it leads. */
	{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n", 0, -EREMOTEIO},
	{"HTTP/1.1 200 OK\r\nContent-Type: application/pkixcmp\r\n", 1024 * 1024, 0},
	{"HTTP/1.1 200 OK\r\nContent-Type: application/pkixcmp\r\n", 1024 * 1024 + 1, -EPROTO},
	{"no HTTP\r\n", 10, -EPROTO, "Received HTTP/0.9"},
	{"", 0, -EPROTO, "Empty reply from server"},
};

START_TEST(test_answers)
{
	struct server s = {.head = answers[_i].head, .body_len = answers[_i].body_len};
	struct octets answer = OCTETS_NULL;

	ck_assert_int_eq(transfer(&s, PATIENCE_MS, &answer), answers[_i].expected);
	if (answers[_i].expected == 0) {
		ck_assert_uint_eq(answer.len, answers[_i].body_len);
		ck_assert_mem_eq(answer.data, "the answer", 10);
		ck_assert_str_eq(problem, "");
	} else {
		ck_assert_ptr_null(answer.data);
		ck_assert_uint_gt(strlen(problem), 0);
	}
	if (answers[_i].problem)
		ck_assert_msg(strncmp(problem, answers[_i].problem, strlen(answers[_i].problem)) ==
				      0,
			      "%s", problem);
	ck_assert_int_eq(strncmp(s.request, "POST /cmp HTTP/1.1\r\n", 20), 0);
	ck_assert_ptr_nonnull(strstr(s.request, "\r\nContent-Type: application/pkixcmp\r\n"));
	ck_assert_ptr_null(strcasestr(s.request, "Expect:"));
	octets_clear(&answer);
}
END_TEST

START_TEST(test_no_answer_in_time)
{
	struct octets answer = OCTETS_NULL;
	struct server s = {0};

	ck_assert_int_eq(transfer(&s, 50, &answer), -ETIMEDOUT);
	ck_assert_ptr_null(answer.data);
	ck_assert_ptr_nonnull(strstr(problem, "timed out"));
}
END_TEST

START_TEST(test_nobody_listens)
{
	struct octets answer = OCTETS_NULL;
	struct server s = {0};
	struct ca_transfer_options options = {
		.url = s.url, .timeout_ms = PATIENCE_MS, .problem = problem};

	server_bind(&s);
	/* A proxy of the environment is not asked. */
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	ck_assert_int_eq(ca_transfer(&options, bytes_of_string("the request"), &answer),
			 -ECONNREFUSED);
	options.url = "http://nobody.invalid/";
	ck_assert_int_eq(ca_transfer(&options, bytes_of_string("the request"), &answer),
			 -ECONNREFUSED);
	ck_assert_ptr_nonnull(strstr(problem, "resolve host"));
	close(s.listener);
}
END_TEST

/* Serves on one connection for as long as it stays open, then on the next. */
static void *keep_alive_main(void *arg)
{
	struct server *s = arg;

	for (int connection = 0; connection < 2; connection++) {
		int fd = accept(s->listener, NULL, NULL);

		s->accepted++;
		for (int i = 0; i < 2; i++) {
			char buffer[4096];
			size_t len = 0;
			ssize_t n = 1;

			while (n > 0 && !memmem(buffer, len, "the request", 11)) {
				n = recv(fd, buffer + len, sizeof(buffer) - len, 0);
				len += n > 0 ? (size_t)n : 0;
			}
			if (n > 0)
				say(fd, s);
		}
		close(fd);
	}
	return NULL;
}

/* RFC 9483 6: connections stay open; one that the upstream has closed meanwhile is made anew. */
START_TEST(test_keep_alive)
{
	struct server s = {.head = answers[0].head, .body_len = 10};
	struct ca_transfer_options options = {.url = s.url, .timeout_ms = PATIENCE_MS};

	OK(ca_connections_new(2, &options.connections));
	server_listen(&s);
	OK(pthread_create(&s.thread, NULL, keep_alive_main, &s));
	for (int i = 0; i < 4; i++) {
		struct octets answer = OCTETS_NULL;

		OK(ca_transfer(&options, bytes_of_string("the request"), &answer));
		ck_assert_uint_eq(answer.len, 10);
		octets_clear(&answer);
	}
	OK(pthread_join(s.thread, NULL));
	ck_assert_int_eq(s.accepted, 2);
	close(s.listener);
	ca_connections_free(options.connections);
}
END_TEST

static Suite *transfer_suite(void)
{
	Suite *suite = suite_create("transfer");
	TCase *cases = tcase_create("transfer");

	tcase_add_loop_test(cases, test_answers, 0, ARRAY_LEN(answers));
	tcase_add_test(cases, test_no_answer_in_time);
	tcase_add_test(cases, test_nobody_listens);
	tcase_add_test(cases, test_keep_alive);
	suite_add_tcase(suite, cases);
	return suite;
}

SUITE_MAIN(transfer_suite, SUITE_FORKS)
