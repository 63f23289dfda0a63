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
	tcase_add_test(peers, test_listeners);
	tcase_add_test(peers, test_uid_of_the_admin_socket);
	tcase_add_loop_test(peers, test_certificates_of_sessions, 0, ARRAY_LEN(chains));
	tcase_add_test(peers, test_any_certificate_passes);
	suite_add_tcase(suite, requests);
	suite_add_tcase(suite, peers);
	return suite;
}

SUITE_MAIN(http_whole_suite, SUITE_FORKS)
