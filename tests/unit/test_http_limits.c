// SPDX-License-Identifier: Apache-2.0
/*
 * Who gets a connection when places, descriptors or memory run out, and who gives way.
 */
#include "base/clock.h"
#include "http_rig.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char request[] = POST("/", "Content-Length: 1\r\n", "x");
static const char half[] = POST("/", "Content-Length: 2\r\n", "x");
static const char held[] = POST("/hold", "Content-Length: 1\r\n", "x");

/* A connection on which a request was answered: it waits for the next. */
static int client_idle(struct rig *rig, const char *from)
{
	struct answer answer;
	int fd = client_connect_from(http_server_port(rig->server, HTTP_PUBLIC, false), from);

	client_send(fd, request);
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	return fd;
}

static int client_sent(struct rig *rig, const char *from, const char *octets)
{
	int fd = client_connect_from(http_server_port(rig->server, HTTP_PUBLIC, false), from);

	client_send(fd, octets);
	return fd;
}

static void client_is_served(int fd, const char *octets)
{
	struct answer answer;

	client_send(fd, octets);
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	close(fd);
}

static void client_is_refused(struct rig *rig, const char *from)
{
	int fd = client_connect_from(http_server_port(rig->server, HTTP_PUBLIC, false), from);

	ck_assert(client_closed(fd));
	close(fd);
}

static void limits_start(struct rig *rig, uint32_t connections_max)
{
	rig_init(rig);
	rig->conf.server.connections_max = connections_max;
	rig_start(rig, 4, 16);
}

/* --- places --- */

START_TEST(test_connections_per_address)
{
	struct rig rig;
	int a[2], other;

	rig_init(&rig);
	rig.conf.server.connections_max_per_address = 2;
	rig.conf.server.connections_max = 3;
	rig_start(&rig, 1, 16);
	for (int i = 0; i < 2; i++)
		a[i] = client_idle(&rig, "127.0.0.2");
	client_is_refused(&rig, "127.0.0.2");
	other = client_idle(&rig, "127.0.0.3");
	for (int i = 0; i < 2; i++)
		client_is_served(a[i], request);
	client_is_served(other, request);
	rig_stop(&rig);
}
END_TEST

/* A place that becomes free can be taken: the server closes it, so it has counted that. */
START_TEST(test_place_is_free_again)
{
	struct answer answer;
	struct rig rig;
	int a[2], fd;

	rig_init(&rig);
	rig.conf.server.connections_max_per_address = 2;
	rig_start(&rig, 1, 16);
	for (int i = 0; i < 2; i++)
		a[i] = client_idle(&rig, "127.0.0.2");
	client_send(a[0], POST("/", "Connection: close\r\nContent-Length: 0\r\n", ""));
	client_read(a[0], &answer);
	ck_assert(client_closed(a[0]));
	do {
		fd = client_connect_from(http_server_port(rig.server, HTTP_PUBLIC, false),
					 "127.0.0.2");
		send(fd, request, strlen(request), MSG_NOSIGNAL);
		client_read(fd, &answer);
		close(fd);
	} while (answer.status == 0);
	ck_assert_int_eq(answer.status, 200);
	close(a[0]);
	close(a[1]);
	rig_stop(&rig);
}
END_TEST

/* All places are idle connections of few: the longest idle one of the one who has most gives way.
 */
START_TEST(test_longest_idle_gives_way)
{
	struct rig rig;
	int one, a[3];

	limits_start(&rig, 4);
	one = client_idle(&rig, "127.0.0.3");
	for (int i = 0; i < 3; i++)
		a[i] = client_idle(&rig, "127.0.0.2");
	client_is_served(client_idle(&rig, "127.0.0.4"), request);
	ck_assert(client_closed(a[0]));
	client_is_served(one, request);
	client_is_served(a[1], request);
	client_is_served(a[2], request);
	close(a[0]);
	rig_stop(&rig);
}
END_TEST

/* Who has most of the places may have other connections instead, not more. */
START_TEST(test_who_has_most_gives_way_to_itself)
{
	struct rig rig;
	int one, a[3];

	limits_start(&rig, 3);
	one = client_idle(&rig, "127.0.0.3");
	for (int i = 0; i < 3; i++)
		a[i] = client_idle(&rig, "127.0.0.2");
	ck_assert(client_closed(a[0]));
	client_is_served(one, request);
	client_is_served(a[1], request);
	client_is_served(a[2], request);
	close(a[0]);
	rig_stop(&rig);
}
END_TEST

/* With several loops the one that gives way is another loop's, mostly. */
START_TEST(test_idle_gives_way_between_loops)
{
	struct pollfd a[8];
	struct rig rig;
	int fd, ended;

	rig_init(&rig);
	rig.conf.server.io_threads = 4;
	rig.conf.server.connections_max = ARRAY_LEN(a);
	rig_start(&rig, 2, 16);
	for (size_t i = 0; i < ARRAY_LEN(a); i++)
		a[i] = (struct pollfd){.fd = client_idle(&rig, "127.0.0.2"), .events = POLLIN};
	fd = client_idle(&rig, "127.0.0.3");
	/* Nothing but the end of one is there to read. */
	ck_assert_int_eq(poll(a, ARRAY_LEN(a), -1), 1);
	for (size_t i = 0; i < ARRAY_LEN(a); i++) {
		ended = a[i].revents ? 1 : 0;
		if (ended)
			ck_assert(client_closed(a[i].fd));
		if (ended)
			close(a[i].fd);
		else
			client_is_served(a[i].fd, request);
	}
	client_is_served(fd, request);
	rig_stop(&rig);
}
END_TEST

/* A request that is complete is answered, whoever waits for its place. */
START_TEST(test_request_in_progress_never_gives_way)
{
	struct answer answer;
	struct rig rig;
	int a[3];

	limits_start(&rig, 3);
	for (int i = 0; i < 3; i++)
		a[i] = client_sent(&rig, "127.0.0.2", held);
	rig_wait_held(&rig, 3);
	client_is_refused(&rig, "127.0.0.3");
	rig_open(&rig);
	for (int i = 0; i < 3; i++) {
		client_read(a[i], &answer);
		ck_assert_int_eq(answer.status, 200);
		close(a[i]);
	}
	rig_stop(&rig);
}
END_TEST

/* Half a request keeps no place beyond the share of its address, four places of two addresses. */
START_TEST(test_half_a_request_beyond_the_share_gives_way)
{
	struct answer answer;
	struct rig rig;
	int a[3], b;

	limits_start(&rig, 4);
	for (int i = 0; i < 3; i++)
		a[i] = client_sent(&rig, "127.0.0.2", half);
	b = client_sent(&rig, "127.0.0.3", held);
	rig_wait_held(&rig, 1);
	client_is_served(client_idle(&rig, "127.0.0.4"), request);
	ck_assert(client_closed(a[0]));
	client_is_served(a[1], "x");
	client_is_served(a[2], "x");
	rig_open(&rig);
	client_read(b, &answer);
	ck_assert_int_eq(answer.status, 200);
	close(a[0]);
	close(b);
	rig_stop(&rig);
}
END_TEST

START_TEST(test_half_a_request_within_the_share_stays)
{
	struct answer answer;
	struct rig rig;
	int a, b, c;

	limits_start(&rig, 3);
	a = client_sent(&rig, "127.0.0.2", half);
	b = client_sent(&rig, "127.0.0.3", half);
	c = client_sent(&rig, "127.0.0.4", held);
	/* Then the loop has read the halves, too. */
	rig_wait_held(&rig, 1);
	client_is_refused(&rig, "127.0.0.5");
	client_is_served(a, "x");
	client_is_served(b, "x");
	rig_open(&rig);
	client_read(c, &answer);
	ck_assert_int_eq(answer.status, 200);
	close(c);
	rig_stop(&rig);
}
END_TEST

/* --- workers --- */

/* Public requests hold all workers and fill the queue: operator and health do not wait for them. */
START_TEST(test_operator_and_health_do_not_wait_for_the_public)
{
	struct answer answer;
	struct rig rig;
	char path[64];
	int a[3], admin, metrics;

	rig_init(&rig);
	snprintf(path, sizeof(path), "%s/admin", rig.dir);
	rig.conf.server.admin_socket = path;
	rig.conf.server.admin_socket_mode = 0600;
	rig.conf.server.listen_metrics = (struct conf_addresses){&rig.listen_metrics, 1};
	rig_start(&rig, 1, 1);
	a[0] = client_sent(&rig, "127.0.0.2", held);
	rig_wait_held(&rig, 1);
	a[1] = client_sent(&rig, "127.0.0.2", held);
	while (pool_queued(rig.pool) == 0)
		sched_yield();
	a[2] = client_sent(&rig, "127.0.0.2", held);
	client_read(a[2], &answer);
	ck_assert_int_eq(answer.status, 503);
	admin = unix_connect(path);
	client_is_served(admin, "GET /admin HTTP/1.1\r\n\r\n");
	metrics =
		client_connect_from(http_server_port(rig.server, HTTP_METRICS, false), "127.0.0.1");
	client_is_served(metrics, "GET /metrics HTTP/1.1\r\n\r\n");
	rig_open(&rig);
	for (int i = 0; i < 3; i++) {
		if (i < 2)
			client_read(a[i], &answer);
		close(a[i]);
	}
	ck_assert_int_eq(answer.status, 200);
	rig_stop(&rig);
}
END_TEST

/* --- accept() that fails --- */

/* What accept4() is to say, as libevent calls it, and when it was called. */
static struct {
	atomic_int error;
	atomic_int left;
	int calls;
	int64_t at_us[16];
} accepting;

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	if (atomic_load(&accepting.left) == 0)
		return (int)syscall(SYS_accept4, fd, address, len, flags);
	accepting.at_us[accepting.calls++] = clock_monotonic_us();
	atomic_fetch_sub(&accepting.left, 1);
	errno = atomic_load(&accepting.error);
	return -1;
}

static const struct {
	int error;
	bool shortage; /* accept(2): of the process or the machine, not of the one connection */
} accept_errors[] = {
	{EMFILE, true},        {ENFILE, true},  {ENOBUFS, true},       {ENOMEM, true},
	{ECONNABORTED, false}, {EPROTO, false}, {EHOSTUNREACH, false}, {EPERM, false},
};

enum { LISTENERS = 4 };

static int accept_connect(struct tls_rig *tls, int listener)
{
	struct rig *rig = &tls->rig;

	switch (listener) {
	case 0:
		return client_connect(rig);
	case 1:
		return client_connect_from(http_server_port(rig->server, HTTP_METRICS, false),
					   "127.0.0.1");
	case 2:
		return unix_connect(rig->conf.server.admin_socket);
	default:
		return client_connect_from(http_server_port(rig->server, HTTP_PUBLIC, true),
					   "127.0.0.1");
	}
}

/* That the server takes it on: it answers, or its TLS does to what is no TLS. */
static void accept_is_served(int fd, int listener)
{
	static const char *const requests[LISTENERS] = {
		"GET /show/x HTTP/1.1\r\n\r\n",
		"GET /metrics HTTP/1.1\r\n\r\n",
		"GET /admin HTTP/1.1\r\n\r\n",
		"this is no TLS\r\n\r\n",
	};
	struct answer answer;

	client_send(fd, requests[listener]);
	if (listener < 3) {
		client_read(fd, &answer);
		ck_assert_int_eq(answer.status, 200);
	} else {
		char alert;

		ck_assert_int_le(read(fd, &alert, 1), 1);
	}
	close(fd);
}

/* The socket stays readable: without a pause the loop would spin, and fill the log. */
START_TEST(test_accept_fails)
{
	const int error = accept_errors[_i / LISTENERS].error;
	const bool shortage = accept_errors[_i / LISTENERS].shortage;
	char path[64], log[4096];
	int listener = _i % LISTENERS, fd, lines = 0;
	int log_fd = memfd_create("log", MFD_CLOEXEC);
	struct tls_rig tls;
	ssize_t n;

	log_setup(log_fd, LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
	tls_rig_init(&tls);
	snprintf(path, sizeof(path), "%s/admin", tls.rig.dir);
	tls.rig.conf.server.admin_socket = path;
	tls.rig.conf.server.admin_socket_mode = 0600;
	tls.rig.conf.server.listen_metrics = (struct conf_addresses){&tls.rig.listen_metrics, 1};
	atomic_store(&accepting.error, error);
	atomic_store(&accepting.left, 4);
	rig_start(&tls.rig, 1, 16);
	fd = accept_connect(&tls, listener);
	accept_is_served(fd, listener);
	tls_rig_stop(&tls); /* the loop has ended */
	ck_assert_int_eq(accepting.calls, 4);
	for (int i = 1; i < 4 && shortage; i++)
		ck_assert_int_ge(accepting.at_us[i] - accepting.at_us[i - 1], 50000);

	n = pread(log_fd, log, sizeof(log) - 1, 0);
	ck_assert_int_ge(n, 0);
	log[n] = '\0';
	for (const char *at = log; (at = strstr(at, "what=accept")); at++)
		lines++;
	ck_assert_int_eq(lines, shortage ? 1 : 0);
	log_setup(STDERR_FILENO, LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
	close(log_fd);
}
END_TEST

/* --- descriptors --- */

static const struct {
	uint64_t limit;
	uint32_t connections_max, workers, possible;
} descriptors[] = {
	{20000, 4096, 32, 4096},
	{4096 + 32 * 4 + 256, 4096, 32, 4096},
	{4096 + 32 * 4 + 255, 4096, 32, 4095},
	{1024, 4096, 32, 1024 - 32 * 4 - 256},
	{400, 4096, 32, 16},
	{400, 8, 32, 8},
	{0, 4096, 32, 16},
	{0, 1, 1024, 1},
	{UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
	{UINT32_MAX, UINT32_MAX, UINT32_MAX, 16},
};

/* What files, other CAs and the operator need is never given to connections. */
START_TEST(test_connections_possible)
{
	const struct conf conf = {
		.server = {.connections_max = descriptors[_i].connections_max,
			   .workers = descriptors[_i].workers},
	};

	ck_assert_uint_eq(conf_connections_possible(&conf, descriptors[_i].limit),
			  descriptors[_i].possible);
}
END_TEST

/* A hundred connections where there are descriptors for 36: those kept back stay free. */
START_TEST(test_descriptors_are_kept_back)
{
	const struct rlimit limit = {.rlim_cur = 256 + 36, .rlim_max = 256 + 36};
	int a[100], kept[100], fd;
	struct rig rig;

	rig_init(&rig);
	rig.conf.server.connections_max = 1000;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	rig_start(&rig, 2, 16);
	for (size_t i = 0; i < ARRAY_LEN(a); i++)
		a[i] = client_sent(&rig, i < 50 ? "127.0.0.2" : "127.0.0.4", "");
	fd = client_idle(&rig, "127.0.0.3");
	/* The clients' 100, 36, and these are less than there are; twice 100 and these are not. */
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		kept[i] = dup(fd);
		ck_assert_int_ge(kept[i], 0);
	}
	client_is_served(fd, request);
	for (size_t i = 0; i < ARRAY_LEN(a); i++) {
		close(a[i]);
		close(kept[i]);
	}
	rig_stop(&rig);
}
END_TEST

static Suite *limits_suite(void)
{
	Suite *suite = suite_create("http_limits");
	TCase *tc = tcase_create("limits");

	tcase_add_test(tc, test_connections_per_address);
	tcase_add_test(tc, test_place_is_free_again);
	tcase_add_test(tc, test_longest_idle_gives_way);
	tcase_add_test(tc, test_who_has_most_gives_way_to_itself);
	tcase_add_test(tc, test_idle_gives_way_between_loops);
	tcase_add_test(tc, test_request_in_progress_never_gives_way);
	tcase_add_test(tc, test_half_a_request_beyond_the_share_gives_way);
	tcase_add_test(tc, test_half_a_request_within_the_share_stays);
	tcase_add_test(tc, test_operator_and_health_do_not_wait_for_the_public);
	tcase_add_loop_test(tc, test_accept_fails, 0, (int)ARRAY_LEN(accept_errors) * LISTENERS);
	tcase_add_loop_test(tc, test_connections_possible, 0, ARRAY_LEN(descriptors));
	tcase_add_test(tc, test_descriptors_are_kept_back);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(limits_suite, SUITE_FORKS)
