// SPDX-License-Identifier: Apache-2.0
/*
 * Routes that take requests whole: every method, headers both ways, refusals in the route's words,
 * who is at the other end.
 */
#include "http_rig.h"
#include "pki.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(target, headers) "GET " target " HTTP/1.1\r\nHost: x\r\n" headers "\r\n"

/* A request, the status and the body that it must get. */
static const struct {
	const char *request;
	int status;
	const char *body;
} asked[] = {
	{GET("/whole/a?h=accept", "Accept: text/x\r\nACCEPT: text/y\r\naccept:text/z\r\n"), 200,
	 "text/x, text/y, text/z"},
	{GET("/whole/a?h=Accept", ""), 200, "absent"},
	{GET("/whole/a?h=X-Empty", "X-Empty:\r\n"), 200, ""},
	{GET("/whole/a?h=Authorization", "Authorization:  Bearer a.b.c  \r\n"), 200,
	 "Bearer a.b.c"},
	/* RFC 9110 5.3: not a list, so that it would not be known which one counts */
	{GET("/whole/a", "Version: 1.0.0\r\nversion: 1.0.0\r\n"), 400, "refused 400"},
	{GET("/whole/a", "Authorization: a\r\nAuthorization: b\r\n"), 400, "refused 400"},
	{GET("/whole/a", "Host: y\r\n"), 400, "refused 400"},
	{GET("/whole/a", "Content-Type: a/b\r\nContent-Type: a/b\r\n"), 400, "refused 400"},
	/* RFC 9112 3.2 */
	{"GET /whole/a HTTP/1.1\r\n\r\n", 400, "refused 400"},
	{"GET /whole/a?who HTTP/1.0\r\n\r\n", 200, "tls=0 loopback=1 uid=-1 method=GET body=0"},
	/* RFC 9112 3.2.2: absolute-form, as to a proxy */
	{GET("http://elsewhere.example/whole/a?who", ""), 200,
	 "tls=0 loopback=1 uid=-1 method=GET body=0"},
	{"PATCH /whole/a?who HTTP/1.1\r\nHost: x\r\nContent-Type: any/thing\r\n"
	 "Content-Length: 2\r\n\r\n{}",
	 200, "tls=0 loopback=1 uid=-1 method=PATCH body=2"},
	{"DELETE /whole/a?who HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 200,
	 "tls=0 loopback=1 uid=-1 method=DELETE body=1"},
	{"PUT /whole/a?who HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200,
	 "tls=0 loopback=1 uid=-1 method=PUT body=0"},
	{"OPTIONS /whole/a?who HTTP/1.1\r\nHost: x\r\n\r\n", 200,
	 "tls=0 loopback=1 uid=-1 method= body=0"},
	{"BREW /whole/a?who HTTP/1.1\r\nHost: x\r\n\r\n", 200,
	 "tls=0 loopback=1 uid=-1 method= body=0"},
	{GET("/whole/a?s=404", ""), 404, "body"},
	{GET("/whole/%00", ""), 400, "refused 400"},
	{GET("/whole/%4", ""), 400, "refused 400"},
	{GET("/whole/a%2Fb", ""), 404, "refused 404"},
	{GET("/whole/a#b", ""), 400, "refused 400"},
	{GET("gopher://x/whole/a", ""), 400, "refused 400"},
	{"POST /whole/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
	 400, "refused 400"},
};

START_TEST(test_asked)
{
	struct rig rig;
	struct answer answer;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	ck_assert_int_eq(client_once(&rig, asked[_i].request, &answer), asked[_i].status);
	ck_assert_str_eq(answer.body, asked[_i].body);
	ck_assert_ptr_nonnull(strstr(answer.head, "\r\nVersion: 1.2.3\r\n"));
	rig_stop(&rig);
}
END_TEST

/* RFC 9110 8.6, 9.3.2: what must not have a body has none, and the connection goes on. */
START_TEST(test_answers_without_body)
{
	static const char *const requests[] = {GET("/whole/a?s=204", ""), GET("/whole/a?s=304", ""),
					       "HEAD /whole/a?s=200 HTTP/1.1\r\nHost: x\r\n\r\n"};
	struct rig rig;
	char octets[8192];
	size_t n = 0;
	ssize_t r;
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		client_send(fd, requests[i]);
		for (n = 0; n < 4 || memcmp(octets + n - 4, "\r\n\r\n", 4) != 0; n++)
			ck_assert_int_eq(read(fd, octets + n, 1), 1);
		octets[n] = '\0';
		ck_assert_ptr_nonnull(strstr(octets, "\r\nVersion: 1.2.3\r\n"));
		ck_assert_ptr_nonnull(strstr(octets, "\r\nLocation: /whole/there\r\n"));
		ck_assert_int_eq(strstr(octets, "\r\nContent-Length: ") != NULL, i == 2);
	}
	ck_assert_ptr_nonnull(strstr(octets, "\r\nContent-Length: 4\r\n"));
	client_send(fd, GET("/whole/a", "Connection: close\r\n"));
	for (n = 0; n < sizeof(octets) && (r = read(fd, octets + n, sizeof(octets) - n)) > 0;)
		n += (size_t)r;
	ck_assert_int_eq(strncmp(octets, "HTTP/1.1 200 ", 13), 0);
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* A header of an answer is one line, whatever it is made of. */
START_TEST(test_response_headers)
{
	static const char *const bad[] = {"a\r\nX: y", "a\nb", "\x7f", "\x01"};
	struct http_response response = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(http_response_add(&response, "ETag", bad[i]), -EINVAL);
	ck_assert_uint_eq(response.n_headers, 0);
	for (size_t i = 0; i < HTTP_RESPONSE_HEADERS_MAX; i++)
		ck_assert_int_eq(http_response_add(&response, "Link", "</a>; rel=\"next\""), 0);
	ck_assert_int_eq(http_response_add(&response, "Link", "x"), -EINVAL);
	http_response_clear(&response);
	ck_assert_uint_eq(response.n_headers, 0);
}
END_TEST

#define POST_WHOLE "POST /whole/a?who HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED    POST_WHOLE "Transfer-Encoding: chunked\r\n\r\n"

/* What libevent would answer itself, or understand otherwise than others: a request, a status. */
static const struct {
	const char *request;
	int status;
} malformed[] = {
	{"GET /whole/a HTTP/9\r\n\r\n", 400},
	{"GET /whole/a\r\n\r\n", 400},
	{"GET /whole/a b HTTP/1.1\r\n\r\n", 400},
	{"GET /whole/a\tHTTP/1.1\r\n\r\n", 400},
	{"GET /whole/a HTTP/1.1\r\nno colon\r\n\r\n", 400},
	{"GET /whole/a HTTP/1.1\r\nHost : x\r\n\r\n", 400},
	{"GET /whole/a HTTP/1.1\r\n: x\r\n\r\n", 400},
	/* RFC 9112 5.2: folded */
	{GET("/whole/a", "Accept: text/x\r\n text/y\r\n"), 400},
	{GET("/whole/a", "Accept: text/x\r\n\ttext/y\r\n"), 400},
	/* RFC 9110 5.5, RFC 9112 2.2 */
	{GET("/whole/a", "Accept: text/x\rtext/y\r\n"), 400},
	{GET("/whole/a", "Accept: \x7f\r\n"), 400},
	{GET("/whole/a", "Accept: \x1b[2J\r\n"), 400},
	{POST_WHOLE "Content-Length: 1, 1\r\n\r\nx", 400},
	{POST_WHOLE "Content-Length: -1\r\n\r\nx", 400},
	{POST_WHOLE "Content-Length:\r\n\r\nx", 400},
	{POST_WHOLE "Content-Length: 1500001\r\n\r\n", 413},
	{POST_WHOLE "Content-Length: 18446744073709551617\r\n\r\n", 413},
	{POST_WHOLE "Expect: 100-continue\r\nContent-Length: 1500001\r\n\r\n", 413},
	{POST_WHOLE "Expect: tea\r\nContent-Length: 1\r\n\r\n", 417},
	{POST_WHOLE "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
	{POST_WHOLE "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
	/* RFC 9112 7.1 */
	{CHUNKED "0x1\r\nx\r\n0\r\n\r\n", 400},
	{CHUNKED "+1\r\nx\r\n0\r\n\r\n", 400},
	{CHUNKED " 1\r\nx\r\n0\r\n\r\n", 400},
	{CHUNKED "1 \r\nx\r\n0\r\n\r\n", 400},
	{CHUNKED "-1\r\nx\r\n0\r\n\r\n", 400},
	{CHUNKED "1;a=b\r\nx\r\n0\r\n\r\n", 400},
	{CHUNKED "\r\n1\r\nx\r\n0\r\n\r\n", 400},
	{CHUNKED "1\r\nx1\r\ny\r\n0\r\n\r\n", 400},
	{CHUNKED "1\r\nxy\r\n0\r\n\r\n", 400},
	{CHUNKED "g\r\n", 400},
	{CHUNKED "1234567890123456", 400},
	{CHUNKED "16e361\r\n", 413},
	{CHUNKED "fffffffffffffff\r\n", 413},
	/* RFC 9110 6.5.1: a trailer would become a header */
	{CHUNKED "0\r\nAuthorization: Bearer x\r\n\r\n", 400},
};

START_TEST(test_malformed)
{
	struct rig rig;
	struct answer answer;
	char body[32];
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	client_send(fd, malformed[_i].request);
	client_read(fd, &answer);
	snprintf(body, sizeof(body), "refused %d", malformed[_i].status);
	ck_assert_int_eq(answer.status, malformed[_i].status);
	ck_assert_str_eq(answer.body, body);
	ck_assert_ptr_nonnull(strstr(answer.head, "\r\nVersion: 1.2.3\r\n"));
	ck_assert_ptr_nonnull(strstr(answer.head, "\r\nContent-Type: application/x-problem\r\n"));
	ck_assert_ptr_nonnull(strstr(answer.head, "\r\nDate: "));
	ck_assert_ptr_nonnull(strstr(answer.head, "\r\nConnection: close\r\n"));
	ck_assert(client_closed(fd));
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* The same over TLS, where libevent writes as soon as it has something to say. */
START_TEST(test_malformed_over_tls)
{
	struct tls_rig tls;
	struct answer answer;
	char body[32], octet;
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;

	tls_rig_start(&tls);
	ctx = tls_client_new(&tls, TLS1_3_VERSION, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
		fd = client_connect_from(http_server_port(tls.rig.server, HTTP_NFV, true),
					 "127.0.0.1");
		ssl = SSL_new(ctx);
		SSL_set_fd(ssl, fd);
		ck_assert_int_eq(SSL_connect(ssl), 1);
		SSL_write(ssl, malformed[i].request, (int)strlen(malformed[i].request));
		answer_read(read_ssl, ssl, &answer);
		snprintf(body, sizeof(body), "refused %d", malformed[i].status);
		ck_assert_str_eq(answer.body, body);
		ck_assert_int_le(SSL_read(ssl, &octet, 1), 0);
		SSL_free(ssl);
		close(fd);
	}
	SSL_CTX_free(ctx);
	tls_rig_stop(&tls);
}
END_TEST

/* A NUL hides the rest of a line from a reader of C strings. */
START_TEST(test_nul_in_the_head)
{
	static const char request[] = GET("/whole/a", "Accept: x\0y\r\n");
	struct rig rig;
	struct answer answer;
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	ck_assert_int_eq(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	client_read(fd, &answer);
	ck_assert_str_eq(answer.body, "refused 400");
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* However the octets of requests are divided, and whatever comes behind one. */
START_TEST(test_octet_by_octet)
{
	static const char requests[] =
		CHUNKED "2\r\nab\r\nA\r\n0123456789\r\n0\r\n\r\n" POST_WHOLE
			"Content-Length: 3\r\n\r\n\r\n\r" GET("/whole/a?who", "");
	static const char *const told[] = {"method=POST body=12", "method=POST body=3",
					   "method=GET body=0"};
	struct rig rig;
	struct answer answer;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	for (size_t piece = 1; piece < sizeof(requests); piece += piece < 8 ? 1 : 41) {
		int fd = client_connect(&rig);

		for (size_t at = 0; at < sizeof(requests) - 1; at += piece) {
			size_t n = sizeof(requests) - 1 - at < piece ? sizeof(requests) - 1 - at
								     : piece;

			ck_assert_int_eq(send(fd, requests + at, n, MSG_NOSIGNAL), (ssize_t)n);
		}
		for (size_t i = 0; i < ARRAY_LEN(told); i++) {
			client_read(fd, &answer);
			ck_assert_int_eq(answer.status, 200);
			ck_assert_ptr_nonnull(strstr(answer.body, told[i]));
		}
		close(fd);
	}
	rig_stop(&rig);
}
END_TEST

/* A malformed request behind a good one: the good one is answered, the other refused. */
START_TEST(test_malformed_behind_another)
{
	struct rig rig;
	struct answer answer;
	int fd;

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	client_send(fd, GET("/whole/a?who", "") GET("/whole/a", "A: b\r\n c\r\n"));
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	client_read(fd, &answer);
	ck_assert_str_eq(answer.body, "refused 400");
	ck_assert(client_closed(fd));
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* RFC 6585 5; RFC 9110 15.5.9 */
START_TEST(test_head_too_large_or_too_slow)
{
	struct rig rig;
	struct answer answer;
	char many[2000] = "";
	int fd;

	rig_init(&rig);
	rig.conf.server.request_timeout_ms = 300;
	rig_start(&rig, 1, 16);
	fd = client_connect(&rig);
	memset(many, 'a', sizeof(many) - 1);
	client_send(fd, "GET /whole/a HTTP/1.1\r\nX: ");
	client_send(fd, many);
	client_read(fd, &answer);
	ck_assert_str_eq(answer.body, "refused 431");
	close(fd);
	many[0] = '\0';
	for (int i = 0; i < 101; i++)
		strcat(many, "a:b\r\n");
	fd = client_connect(&rig);
	client_send(fd, "GET /whole/a HTTP/1.1\r\n");
	client_send(fd, many);
	client_read(fd, &answer);
	ck_assert_str_eq(answer.body, "refused 431");
	close(fd);
	fd = client_connect(&rig);
	client_send(fd, "GET /whole/a HTTP/1.1\r\nX: ");
	client_read(fd, &answer);
	ck_assert_str_eq(answer.body, "refused 408");
	ck_assert(client_closed(fd));
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* More than body_max, as large as json_body_max. */
START_TEST(test_large_body)
{
	enum { MAX = 1500000 };
	struct rig rig;
	struct answer answer;
	char *text = malloc(MAX + 1), head[128];

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	memset(text, 'x', MAX);
	text[MAX] = '\0';
	for (int over = 0; over <= 1; over++) {
		int fd = client_connect(&rig);

		snprintf(head, sizeof(head),
			 "POST /whole/a?who HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
			 MAX + over);
		client_send(fd, head);
		if (!over)
			client_send(fd, text);
		client_read(fd, &answer);
		ck_assert_int_eq(answer.status, over ? 413 : 200);
		if (!over)
			ck_assert_ptr_nonnull(strstr(answer.body, "body=1500000"));
		close(fd);
	}
	free(text);
	rig_stop(&rig);
}
END_TEST

/* Large bodies are for few at a time: another gets 503, and a place again when one has ended. */
START_TEST(test_large_bodies_at_a_time)
{
	enum { MAX = 1500000, PER_ADDRESS = 4, AT_A_TIME = 16 };
	struct rig rig;
	struct answer answer;
	int fds[AT_A_TIME], fd;
	char head[128], from[16], *text = calloc(1, MAX + 1);

	rig_init(&rig);
	rig_start(&rig, 1, 16);
	memset(text, ' ', MAX);
	snprintf(head, sizeof(head), "%sContent-Length: %d\r\n\r\n", POST_WHOLE, MAX);
	for (int i = 0; i < AT_A_TIME; i++) {
		snprintf(from, sizeof(from), "127.0.0.%d", 1 + i / PER_ADDRESS);
		fds[i] = client_connect_from(http_server_port(rig.server, HTTP_NFV, false), from);
		client_send(fds[i], head);
		client_send(fds[i], " ");
		if (i % PER_ADDRESS < PER_ADDRESS - 1)
			continue;
		/* One more of the same address, or of any when all places are taken. */
		if (i == AT_A_TIME - 1)
			snprintf(from, sizeof(from), "127.0.0.99");
		do {
			fd = client_connect_from(http_server_port(rig.server, HTTP_NFV, false),
						 from);
			client_send(fd, head);
			client_send(fd, text);
			client_read(fd, &answer);
			close(fd);
		} while (answer.status == 200); /* before the others are seen */
		ck_assert_str_eq(answer.body, "refused 503");
		ck_assert_ptr_nonnull(strstr(answer.head, "\r\nRetry-After: 1\r\n"));
	}
	/* What is not large is served meanwhile. */
	ck_assert_int_eq(client_once(&rig, GET("/whole/a", ""), &answer), 200);
	client_send(fds[0], text + 1);
	client_read(fds[0], &answer);
	ck_assert_ptr_nonnull(strstr(answer.body, "body=1500000"));
	fd = client_connect(&rig);
	client_send(fd, head);
	client_send(fd, text);
	client_read(fd, &answer);
	ck_assert_int_eq(answer.status, 200);
	close(fd);
	for (int i = 0; i < AT_A_TIME; i++)
		close(fds[i]);
	/* A client that goes gives its place up. */
	for (int i = 0; i < AT_A_TIME; i++) {
		do {
			fd = client_connect(&rig);
			client_send(fd, head);
			client_send(fd, text);
			client_read(fd, &answer);
			close(fd);
		} while (answer.status != 200);
	}
	free(text);
	rig_stop(&rig);
}
END_TEST

/* --- where it is served --- */

static int asked_at(uint16_t port)
{
	int fd = client_connect_from(port, "127.0.0.1");
	struct answer answer;

	client_send(fd, GET("/whole/a", ""));
	client_read(fd, &answer);
	close(fd);
	return answer.status;
}

START_TEST(test_listeners)
{
	struct conf_address other = {.host = (char *)(uintptr_t) "127.0.0.1"};
	struct conf_address all = {.host = (char *)(uintptr_t) "0.0.0.0"};
	struct rig rig;

	/* On what of listen is for this machine only. */
	rig_init(&rig);
	rig_start(&rig, 1, 16);
	ck_assert_int_eq(asked_at(http_server_port(rig.server, HTTP_PUBLIC, false)), 200);
	rig_stop(&rig);
	rig_init(&rig);
	rig.conf.server.listen.item = &all;
	rig_start(&rig, 1, 16);
	ck_assert_int_eq(asked_at(http_server_port(rig.server, HTTP_PUBLIC, false)), 404);
	ck_assert_uint_eq(http_server_port(rig.server, HTTP_NFV, false), 0);
	rig_stop(&rig);
	/* On its own, and nowhere else. */
	rig_init(&rig);
	rig.conf.server.listen_nfv = (struct conf_addresses){&other, 1};
	rig_start(&rig, 1, 16);
	ck_assert_int_eq(asked_at(http_server_port(rig.server, HTTP_PUBLIC, false)), 404);
	ck_assert_int_eq(asked_at(http_server_port(rig.server, HTTP_NFV, false)), 200);
	rig_stop(&rig);
}
END_TEST

/* unix(7), SO_PEERCRED */
START_TEST(test_uid_of_the_admin_socket)
{
	struct rig rig;
	struct answer answer;
	char path[64], text[64];
	int fd;

	rig_init(&rig);
	snprintf(path, sizeof(path), "%s/admin", rig.dir);
	rig.conf.server.admin_socket = path;
	rig.conf.server.admin_socket_mode = 0600;
	rig_start(&rig, 1, 16);
	fd = unix_connect(path);
	client_send(fd, GET("/whole/a?who", ""));
	client_read(fd, &answer);
	snprintf(text, sizeof(text), "tls=0 loopback=1 uid=%d method=GET body=0", (int)getuid());
	ck_assert_str_eq(answer.body, text);
	close(fd);
	rig_stop(&rig);
}
END_TEST

/* --- certificates of TLS clients --- */

/* A self-signed certificate of some `size` octets or a little more. */
static X509 *certificate_of_size(const char *subject, size_t size, int64_t not_after_ms)
{
	_cleanup_(strbuf_clear) struct strbuf san = STRBUF_NULL;
	EVP_PKEY *key = pki_key(NULL);
	X509 *cert;

	strbuf_add(&san, "DNS:a");
	while (san.len < size)
		strbuf_add(&san, ",DNS:bcdefghi.example");
	cert = pki_cert(&(struct pki_spec){.subject = subject,
					   .key = key,
					   .san = san.text,
					   .not_before_ms = 0,
					   .not_after_ms = not_after_ms});
	EVP_PKEY_free(key);
	return cert;
}

/* A client that sends some certificates with its own; none has to fit to it. */
static SSL_CTX *client_with_chain(struct tls_rig *tls, int version, int n_more, size_t size)
{
	SSL_CTX *ctx = tls_client_new(tls, version, tls->client_cert, tls->client_key);
	char name[32];

	for (int i = 0; i < n_more; i++) {
		snprintf(name, sizeof(name), "/CN=ca%d", i);
		ck_assert_int_eq(
			SSL_CTX_add0_chain_cert(ctx, certificate_of_size(name, size, 1000)), 1);
	}
	return ctx;
}

/* What the handler is told is the same on a new session and on those that resume it. */
static const struct {
	int version;
	int n_more;
	size_t size;
	unsigned long long options; /* of the client */
	bool resumed;
	const char *subjects;
} chains[] = {
	{TLS1_2_VERSION, 0, 0, 0, true, "|/CN=client"},
	{TLS1_3_VERSION, 0, 0, 0, true, "|/CN=client"},
	{TLS1_2_VERSION, 2, 0, 0, true, "|/CN=client+/CN=ca0+/CN=ca1"},
	{TLS1_3_VERSION, 2, 0, 0, true, "|/CN=client+/CN=ca0+/CN=ca1"},
	/* by session id, of which the server keeps none */
	{TLS1_2_VERSION, 2, 0, SSL_OP_NO_TICKET, false, "|/CN=client+/CN=ca0+/CN=ca1"},
	/* more than a ticket should have */
	{TLS1_2_VERSION, 3, 2500, 0, false, "|/CN=client+/CN=ca0+/CN=ca1+/CN=ca2"},
	{TLS1_3_VERSION, 3, 2500, 0, false, "|/CN=client+/CN=ca0+/CN=ca1+/CN=ca2"},
	/* more than a connection keeps: number, and octets */
	{TLS1_3_VERSION, 12, 0, 0, true,
	 "|/CN=client+/CN=ca0+/CN=ca1+/CN=ca2+/CN=ca3+/CN=ca4+/CN=ca5+/CN=ca6+/CN=ca7+/CN=ca8"},
	{TLS1_3_VERSION, 3, 15000, 0, false, "|/CN=client+/CN=ca0+/CN=ca1"},
};

START_TEST(test_certificates_of_sessions)
{
	SSL_SESSION *session = NULL, *next;
	struct tls_rig tls;
	struct answer answer;
	const char *told;
	SSL_CTX *ctx;

	tls_rig_start(&tls);
	ctx = client_with_chain(&tls, chains[_i].version, chains[_i].n_more, chains[_i].size);
	SSL_CTX_set_options(ctx, chains[_i].options);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(tls_client_once(&tls, ctx, session, &answer, &next), 200);
		ck_assert_int_eq(answer.resumed, i > 0 && chains[_i].resumed);
		told = strrchr(answer.body, '|');
		ck_assert_str_eq(told, chains[_i].subjects);
		SSL_SESSION_free(session);
		session = next;
	}
	SSL_SESSION_free(session);
	SSL_CTX_free(ctx);
	tls_rig_stop(&tls);
}
END_TEST

/* The handshake proves the key and asks nothing else: expired, self-signed, of whatever purpose. */
START_TEST(test_any_certificate_passes)
{
	struct tls_rig tls;
	struct answer answer;

	tls_rig_start(&tls);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		EVP_PKEY *key = pki_key("P-384");
		X509 *cert = pki_cert(&(struct pki_spec){.subject = "/CN=expired",
							 .key = key,
							 .key_usage = "cRLSign",
							 .ext_key_usage = "serverAuth",
							 .not_before_ms = 0,
							 .not_after_ms = 1000});
		SSL_CTX *ctx = tls_client_new(&tls, version, cert, key);

		ck_assert_int_eq(tls_client_once(&tls, ctx, NULL, &answer, NULL), 200);
		ck_assert_str_eq(strrchr(answer.body, '|'), "|/CN=expired");
		SSL_CTX_free(ctx);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
	tls_rig_stop(&tls);
}
END_TEST

static Suite *http_whole_suite(void)
{
	Suite *suite = suite_create("http_whole");
	TCase *requests = tcase_create("requests");
	TCase *peers = tcase_create("peers");

	/* The clients' SSL_write() has no MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	tcase_add_loop_test(requests, test_asked, 0, ARRAY_LEN(asked));
	tcase_add_test(requests, test_answers_without_body);
	tcase_add_test(requests, test_response_headers);
	tcase_add_loop_test(requests, test_malformed, 0, ARRAY_LEN(malformed));
	tcase_add_test(requests, test_malformed_over_tls);
	tcase_add_test(requests, test_nul_in_the_head);
	tcase_add_test(requests, test_octet_by_octet);
	tcase_add_test(requests, test_malformed_behind_another);
	tcase_add_test(requests, test_head_too_large_or_too_slow);
	tcase_add_test(requests, test_large_body);
	tcase_add_test(requests, test_large_bodies_at_a_time);
	tcase_add_test(peers, test_listeners);
	tcase_add_test(peers, test_uid_of_the_admin_socket);
	tcase_add_loop_test(peers, test_certificates_of_sessions, 0, ARRAY_LEN(chains));
	tcase_add_test(peers, test_any_certificate_passes);
	suite_add_tcase(suite, requests);
	suite_add_tcase(suite, peers);
	return suite;
}

SUITE_MAIN(http_whole_suite, SUITE_FORKS)
