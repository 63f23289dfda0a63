// SPDX-License-Identifier: Apache-2.0
/*
 * The PROXY protocol, version 2: which headers are sound (proxy-protocol.txt 2.2), whose are
 * believed, and what follows from them.
 */
#include "../../src/http/proxy_header.h"
#include "http_rig.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
/* 203.0.113.7:4660 to 192.0.2.1:80 */
#define IPV4 "\xcb\x00\x71\x07\xc0\x00\x02\x01\x12\x34\x00\x50"
/* [2001:db8::7]:4660 to [2001:db8::1]:80 */
#define IPV6_FROM "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
#define IPV6_TO   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34\x00\x50"
#define MAPPED    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\x00\x71\x07"

#define HEADER(fixed, rest) SIGNATURE fixed rest, sizeof(SIGNATURE fixed rest) - 1

static const struct {
	const char *octets;
	size_t len;
	const char *source; /* "": the connection's own; NULL: no sound header */
} headers[] = {
	{HEADER("\x21\x11\x00\x0c", IPV4), "203.0.113.7:4660"},
	{HEADER("\x21\x21\x00\x24", IPV6_FROM IPV6_TO), "[2001:db8::7]:4660"},
	{HEADER("\x21\x21\x00\x24", MAPPED IPV6_TO), "203.0.113.7:4660"},
	/* TLVs: PP2_TYPE_NOOP of 3 octets, an unknown one without any */
	{HEADER("\x21\x11\x00\x15", IPV4 "\x04\x00\x03\0\0\0\xee\x00\x00"), "203.0.113.7:4660"},
	/* LOCAL: whatever follows is discarded, the family too */
	{HEADER("\x20\x00\x00\x00", ""), ""},
	{HEADER("\x20\x11\x00\x0c", IPV4), ""},
	{HEADER("\x20\x5e\x00\x03", "abc"), ""},
	/* UNSPEC: the real addresses are used */
	{HEADER("\x21\x00\x00\x00", ""), ""},
	{HEADER("\x21\x00\x00\x03", "abc"), ""},
	/* versions 1 and 3, command 2 */
	{HEADER("\x11\x11\x00\x0c", IPV4), NULL},
	{HEADER("\x31\x11\x00\x0c", IPV4), NULL},
	{HEADER("\x22\x11\x00\x0c", IPV4), NULL},
	/* UDP over IPv4 and IPv6, a Unix-domain stream, a family without protocol, none such */
	{HEADER("\x21\x12\x00\x0c", IPV4), NULL},
	{HEADER("\x21\x22\x00\x24", IPV6_FROM IPV6_TO), NULL},
	{HEADER("\x21\x31\x00\x0c", IPV4), NULL},
	{HEADER("\x21\x10\x00\x0c", IPV4), NULL},
	{HEADER("\x21\x41\x00\x0c", IPV4), NULL},
	{HEADER("\x21\x01\x00\x0c", IPV4), NULL},
	/* too short for the family */
	{HEADER("\x21\x11\x00\x0b", IPV4), NULL},
	{HEADER("\x21\x21\x00\x0c", IPV4), NULL},
	{HEADER("\x21\x11\x00\x00", ""), NULL},
	/* a TLV cut off, one that is longer than the header */
	{HEADER("\x21\x11\x00\x0e", IPV4 "\x04\x00"), NULL},
	{HEADER("\x21\x11\x00\x10", IPV4 "\x04\x00\x02\x00"), NULL},
	{HEADER("\x21\x11\x00\x10", IPV4 "\x04\xff\xff\x00"), NULL},
	/* longer than is taken */
	{HEADER("\x21\x11\x03\xf1", IPV4), NULL},
	{HEADER("\x21\x11\xff\xff", IPV4), NULL},
	/* version 1, and no header at all */
	{"PROXY TCP4 203.0.113.7 192.0.2.1 4660 80\r\n", 42, NULL},
	{"GET / HTTP/1.1\r\n\r\n", 18, NULL},
	{"\r\n\r\n\0\r\nQUIT\r\x21\x11\x00\x0c" IPV4, 28, NULL},
};

static void source_print(const struct sockaddr_storage *address, char text[80])
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	char host[INET6_ADDRSTRLEN];

	text[0] = '\0';
	if (address->ss_family == AF_INET)
		snprintf(text, 80, "%s:%u", inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)),
			 ntohs(in->sin_port));
	else if (address->ss_family == AF_INET6)
		snprintf(text, 80, "[%s]:%u",
			 inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)),
			 ntohs(in6->sin6_port));
}

/* proxy-protocol.txt 2.2; every beginning asks for more or is refused, none reads too far. */
START_TEST(test_header)
{
	const uint8_t *octets = (const uint8_t *)headers[_i].octets;
	struct sockaddr_storage address;
	const char *why = NULL;
	char source[80];
	size_t need;
	int err = 0;

	for (size_t len = 0; len < headers[_i].len && !err; len++) {
		uint8_t *copy = malloc(len + 1);

		memcpy(copy, octets, len);
		err = proxy_header_parse((struct bytes){copy, len}, &need, &address, &why);
		if (!err)
			ck_assert_uint_gt(need, len);
		free(copy);
	}
	if (!err)
		err = proxy_header_parse((struct bytes){octets, headers[_i].len}, &need, &address,
					 &why);
	if (!headers[_i].source) {
		ck_assert_int_eq(err, -EPROTO);
		ck_assert_ptr_nonnull(why);
		return;
	}
	ck_assert_int_eq(err, 0);
	ck_assert_uint_eq(need, headers[_i].len);
	source_print(&address, source);
	ck_assert_str_eq(source, headers[_i].source);
}
END_TEST

/* --- a server behind a balancer at 127.0.0.9 --- */

static struct conf_ip_range balancer = {
	.address = {127, 0, 0, 8}, .address_len = 4, .prefix_len = 31};

static const char show[] = "GET /show/x HTTP/1.1\r\n\r\n";

static int balancer_connect(struct rig *rig, bool tls)
{
	return client_connect_from(http_server_port(rig->server, HTTP_PUBLIC, tls), "127.0.0.9");
}

static void octets_send(int fd, const char *octets, size_t len)
{
	ck_assert_int_eq(send(fd, octets, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void proxy_rig_start(struct rig *rig)
{
	rig->conf.server.proxy_protocol_from = (struct conf_ip_ranges){&balancer, 1};
	rig_start(rig, 1, 16);
}

/* The peer that the handler saw, up to its port if `from` has none. */
static void peer_is(const struct answer *answer, const char *from)
{
	const char *peer = answer->body;

	ck_assert_int_eq(answer->status, 200);
	for (int i = 0; i < 4; i++)
		peer = strchr(peer, '|') + 1;
	ck_assert_msg(strncmp(peer, from, strlen(from)) == 0, "%s is not of %s", answer->body,
		      from);
}

/* Sound headers from the balancer, whole with the request behind, and octet by octet. */
START_TEST(test_header_says_the_peer)
{
	const char *source = headers[_i].source;
	struct answer answer;
	char both[256];
	struct rig rig;
	int fd;

	rig_init(&rig);
	proxy_rig_start(&rig);
	fd = balancer_connect(&rig, false);
	memcpy(both, headers[_i].octets, headers[_i].len);
	memcpy(both + headers[_i].len, show, sizeof(show) - 1);
	octets_send(fd, both, headers[_i].len + sizeof(show) - 1);
	client_read(fd, &answer);
	if (!source) {
		ck_assert_int_eq(answer.status, 0);
	} else {
		peer_is(&answer, *source ? source : "127.0.0.9:");
		/* Only the first octets of a connection are a header. */
		client_send(fd, show);
		client_read(fd, &answer);
		peer_is(&answer, *source ? source : "127.0.0.9:");
	}
	close(fd);
	if (source) {
		fd = balancer_connect(&rig, false);
		for (size_t i = 0; i < headers[_i].len + sizeof(show) - 1; i++)
			octets_send(fd, both + i, 1);
		client_read(fd, &answer);
		peer_is(&answer, *source ? source : "127.0.0.9:");
		close(fd);
	}
	rig_stop(&rig);
}
END_TEST

static void tls_peer_is(struct tls_rig *tls, int index, const char *from)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int fd = balancer_connect(&tls->rig, true);
	struct answer answer;
	SSL *ssl;

	X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), tls->server_cert);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	for (size_t i = 0; i < headers[index].len; i++)
		octets_send(fd, headers[index].octets + i, 1);
	ck_assert_int_eq(SSL_connect(ssl), 1);
	ck_assert_int_eq(SSL_write(ssl, show, sizeof(show) - 1), sizeof(show) - 1);
	answer_read(read_ssl, ssl, &answer);
	peer_is(&answer, from);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
}

/* The header comes before TLS, not within. */
START_TEST(test_header_before_tls)
{
	struct tls_rig tls;
	int fd;

	tls_rig_init(&tls);
	proxy_rig_start(&tls.rig);
	tls_peer_is(&tls, 0, "203.0.113.7:4660");
	tls_peer_is(&tls, 1, "[2001:db8::7]:4660");
	tls_peer_is(&tls, 4, "127.0.0.9:");
	/* TLS without it, and one that ends in the middle */
	fd = balancer_connect(&tls.rig, true);
	octets_send(fd, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
	ck_assert(client_closed(fd));
	close(fd);
	fd = balancer_connect(&tls.rig, true);
	octets_send(fd, SIGNATURE, 12);
	shutdown(fd, SHUT_WR);
	ck_assert(client_closed(fd));
	close(fd);
	tls_rig_stop(&tls);
}
END_TEST

/* Who is no balancer cannot say that he speaks for others. */
START_TEST(test_header_of_a_stranger_is_400)
{
	struct answer answer;
	struct rig rig;
	int fd;

	rig_init(&rig);
	proxy_rig_start(&rig);
	fd = client_connect_from(http_server_port(rig.server, HTTP_PUBLIC, false), "127.0.0.10");
	octets_send(fd, headers[0].octets, headers[0].len);
	client_send(fd, show);
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 400);
	close(fd);
	fd = client_connect_from(http_server_port(rig.server, HTTP_PUBLIC, false), "127.0.0.10");
	client_send(fd, show);
	client_read(fd, &answer);
	peer_is(&answer, "127.0.0.10:");
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* The metrics listener is for local use: no balancer, no header. */
START_TEST(test_metrics_listener_takes_no_header)
{
	struct answer answer;
	struct rig rig;
	int fd;

	rig_init(&rig);
	rig.conf.server.listen_metrics = (struct conf_addresses){&rig.listen_metrics, 1};
	proxy_rig_start(&rig);
	fd = client_connect_from(http_server_port(rig.server, HTTP_METRICS, false), "127.0.0.9");
	client_send(fd, "GET /metrics HTTP/1.1\r\n\r\n");
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* One line for all: a balancer that is set up wrongly does it on each connection. */
START_TEST(test_refusals_are_told_once)
{
	int log_fd = memfd_create("log", MFD_CLOEXEC), fd, lines = 0;
	char log[4096];
	struct rig rig;
	ssize_t n;

	rig_init(&rig);
	log_setup(log_fd, LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
	proxy_rig_start(&rig);
	for (int i = 0; i < 20; i++) {
		fd = balancer_connect(&rig, false);
		if (i % 2) /* others only look whether somebody listens */
			client_send(fd, "PROXY TCP4 203.0.113.7 192.0.2.1 4660 80\r\n");
		else
			shutdown(fd, SHUT_WR);
		ck_assert(client_closed(fd));
		close(fd);
	}
	rig_stop(&rig);
	log_faults_tell(INT64_MAX);
	n = pread(log_fd, log, sizeof(log) - 1, 0);
	ck_assert_int_gt(n, 0);
	log[n] = '\0';
	for (const char *at = log; (at = strstr(at, "what=\"read PROXY header\"")); at++)
		lines++;
	ck_assert_int_eq(lines, 2);
	ck_assert_ptr_nonnull(strstr(log, "detail=\"127.0.0.9:"));
	ck_assert_ptr_nonnull(strstr(log, " repeated=9"));
	log_setup(STDERR_FILENO, LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
	close(log_fd);
}
END_TEST

static int client_behind(struct rig *rig, int index, struct answer *answer)
{
	int fd = balancer_connect(rig, false);

	octets_send(fd, headers[index].octets, headers[index].len);
	send(fd, show, sizeof(show) - 1, MSG_NOSIGNAL);
	client_read(fd, answer);
	return fd;
}

/* The limit of an address is that of the client, in either form of it; the balancer has none. */
START_TEST(test_limits_go_by_the_client)
{
	struct answer answer;
	struct rig rig;
	int fds[6];

	rig_init(&rig);
	rig.conf.server.connections_max_per_address = 1;
	proxy_rig_start(&rig);
	fds[0] = balancer_connect(&rig, false);
	fds[1] = balancer_connect(&rig, false);
	fds[2] = client_behind(&rig, 0, &answer);
	ck_assert_int_eq(answer.status, 200);
	fds[3] = client_behind(&rig, 2, &answer);
	ck_assert_int_eq(answer.status, 0);
	fds[4] = client_behind(&rig, 1, &answer);
	ck_assert_int_eq(answer.status, 200);
	octets_send(fds[0], headers[4].octets, headers[4].len);
	client_send(fds[0], show);
	client_read(fds[0], &answer);
	ck_assert_int_eq(answer.status, 200);
	client_send(fds[2], show);
	client_read(fds[2], &answer);
	ck_assert_int_eq(answer.status, 200);
	for (int i = 0; i < 5; i++)
		close(fds[i]);
	rig_stop(&rig);
}
END_TEST

/* All places are the balancer's: of its clients the one with most gives way. */
START_TEST(test_giving_way_goes_by_the_client)
{
	struct answer answer;
	struct rig rig;
	int a[3], b;

	rig_init(&rig);
	rig.conf.server.connections_max = 3;
	proxy_rig_start(&rig);
	for (int i = 0; i < 3; i++)
		a[i] = client_behind(&rig, 0, &answer);
	b = client_behind(&rig, 1, &answer);
	ck_assert_int_eq(answer.status, 200);
	ck_assert(client_closed(a[0]));
	for (int i = 0; i < 3; i++)
		close(a[i]);
	close(b);
	rig_stop(&rig);
}
END_TEST

static Suite *proxy_suite(void)
{
	Suite *suite = suite_create("http_proxy");
	TCase *tc = tcase_create("proxy");

	/* The clients' SSL_write() has no MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	tcase_add_loop_test(tc, test_header, 0, ARRAY_LEN(headers));
	tcase_add_loop_test(tc, test_header_says_the_peer, 0, ARRAY_LEN(headers));
	tcase_add_test(tc, test_header_before_tls);
	tcase_add_test(tc, test_header_of_a_stranger_is_400);
	tcase_add_test(tc, test_metrics_listener_takes_no_header);
	tcase_add_test(tc, test_refusals_are_told_once);
	tcase_add_test(tc, test_limits_go_by_the_client);
	tcase_add_test(tc, test_giving_way_goes_by_the_client);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(proxy_suite, SUITE_FORKS)
