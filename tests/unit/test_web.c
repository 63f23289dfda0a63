// SPDX-License-Identifier: Apache-2.0
/* The HTTP client, against a server that says one thing once, with and without TLS. */
#include "web.h"

#include "base/network.h"
#include "pki.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OK(call) ck_assert_int_eq((call), 0)

/* For what comes. */
enum { PATIENCE_MS = 600 * 1000 };

struct server {
	int listener;
	unsigned port;
	SSL_CTX *tls;      /* NULL: cleartext */
	const char *reply; /* head and body; NULL: takes the request and says nothing */
	size_t filler;     /* octets that follow it */
	int connections;   /* to be served */
	int requests;      /* on each of them */
	pthread_t thread;
	char request[8192]; /* the last one */
	char peer_cn[64];   /* of the client's certificate */
};

/* --- the server --- */

struct peer {
	int fd;
	SSL *ssl;
};

static ssize_t peer_read(struct peer *p, void *out, size_t max)
{
	return p->ssl ? SSL_read(p->ssl, out, (int)max) : recv(p->fd, out, max, 0);
}

static bool peer_write(struct peer *p, const char *text, size_t len)
{
	return (p->ssl ? SSL_write(p->ssl, text, (int)len) : send(p->fd, text, len, MSG_NOSIGNAL)) >
	       0;
}

static bool peer_open(struct server *s, struct peer *p)
{
	X509 *cert;

	p->fd = accept(s->listener, NULL, NULL);
	if (p->fd < 0 || !s->tls)
		return p->fd >= 0;
	p->ssl = SSL_new(s->tls);
	SSL_set_fd(p->ssl, p->fd);
	if (SSL_accept(p->ssl) != 1)
		return false;
	cert = SSL_get1_peer_certificate(p->ssl);
	if (cert)
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, s->peer_cn,
					  sizeof(s->peer_cn));
	X509_free(cert);
	return true;
}

/* A request ends with its head, or with the body "the end". */
static bool request_read(struct server *s, struct peer *p)
{
	size_t len = 0;
	ssize_t n = 1;

	memset(s->request, 0, sizeof(s->request));
	while (n > 0 && (!strstr(s->request, "\r\n\r\n") ||
			 (strncmp(s->request, "POST", 4) == 0 && !strstr(s->request, "the end")))) {
		n = peer_read(p, s->request + len, sizeof(s->request) - len - 1);
		len += n > 0 ? (size_t)n : 0;
	}
	return n > 0;
}

static void reply_write(struct server *s, struct peer *p)
{
	static const char filler[4096] = {[0 ... 4095] = 'x'};
	bool going = peer_write(p, s->reply, strlen(s->reply));

	for (size_t left = s->filler; going && left > 0;) {
		size_t part = left < sizeof(filler) ? left : sizeof(filler);

		going = peer_write(p, filler, part);
		left -= part;
	}
}

static void *server_main(void *arg)
{
	struct server *s = arg;

	for (int c = 0; c < s->connections; c++) {
		struct peer p = {.fd = -1};
		bool going = peer_open(s, &p);
		char end;

		for (int r = 0; going && r < s->requests; r++) {
			going = request_read(s, &p);
			if (going && s->reply)
				reply_write(s, &p);
		}
		/* Whoever wants to read to the end of the connection waits for us. */
		if (going && !s->reply)
			(void)!peer_read(&p, &end, 1);
		if (p.ssl)
			SSL_shutdown(p.ssl);
		SSL_free(p.ssl);
		close(p.fd);
	}
	return NULL;
}

static void server_start(struct server *s)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	s->connections = s->connections ? s->connections : 1;
	s->requests = s->requests ? s->requests : 1;
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	OK(bind(s->listener, (struct sockaddr *)&address, len));
	OK(listen(s->listener, 4));
	OK(getsockname(s->listener, (struct sockaddr *)&address, &len));
	s->port = ntohs(address.sin_port);
	OK(pthread_create(&s->thread, NULL, server_main, s));
}

/* Whoever gave up before connecting does not come any more. */
static void server_stop(struct server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	OK(pthread_join(s->thread, NULL));
	close(s->listener);
}

static const char *url_of(const struct server *s, const char *host)
{
	static char url[128];

	snprintf(url, sizeof(url), "%s://%s:%u/a?b=c", s->tls ? "https" : "http", host, s->port);
	return url;
}

/* One GET of cleartext with those limits. */
static int get_once(struct server *s, int64_t timeout_ms, size_t answer_max,
		    struct web_answer *answer)
{
	struct web_request request = {
		.method = "GET",
		.http_on_loopback = true,
		.timeout_ms = timeout_ms,
		.answer_max = answer_max,
	};
	int err;

	server_start(s);
	request.url = url_of(s, "127.0.0.1");
	err = web_exchange(NULL, &request, answer);
	server_stop(s);
	return err;
}

/* --- answers --- */

static const struct {
	const char *reply;
	size_t filler, answer_max;
	int err;
	long status;
	size_t len;
} answers[] = {
	{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", 0, 4, 0, 200, 4},
	{"HTTP/1.0 200 OK\r\n\r\nbody", 0, 4, 0, 200, 4},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody5", 0, 4, -EFBIG, 200, 0},
	{"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", 1000000, 1000000, 0, 200, 1000000},
	{"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", 1000000, 999999, -EFBIG, 200, 0},
	{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbody", 0, 100, -EPROTO, 200, 0},
	{"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nbody", 0, 4, 0, 404, 4},
	{"HTTP/1.1 204 No Content\r\n\r\n", 0, 100, 0, 204, 0},
	{"HTTP/1.1 204 No Content\r\n\r\n", 0, 0, 0, 204, 0},
	/* The body is not read. */
	{"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", 1000000, 0, 0, 200, 0},
	{"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", 0, 0, 0, 503, 0},
	/* RFC 9110 15.4: where it leads is nobody's business. */
	{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 0, 9,
	 0, 302, 0},
	{"HTTP/1.1 307 Go\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", 0, 9, 0,
	 307, 0},
	{"no HTTP at all\r\n\r\n", 0, 100, -EPROTO, 0, 0},
	/* A head without end. */
	{"HTTP/1.1 200 OK\r\nX: ", 300000, 100, -EPROTO, 200, 0},
};

START_TEST(test_answers)
{
	struct server s = {.reply = answers[_i].reply, .filler = answers[_i].filler};
	struct web_answer answer;
	int err = get_once(&s, PATIENCE_MS, answers[_i].answer_max, &answer);

	if (answers[_i].filler == 300000) {
		ck_assert_int_lt(err, 0);
	} else {
		ck_assert_int_eq(err, answers[_i].err);
		ck_assert_int_eq(answer.status, answers[_i].status);
	}
	if (err == 0) {
		ck_assert_uint_eq(answer.body.len, answers[_i].len);
		ck_assert_str_eq(answer.problem, "");
	} else {
		ck_assert_uint_gt(strlen(answer.problem), 0);
	}
	ck_assert_int_eq(strncmp(s.request, "GET /a?b=c HTTP/1.1\r\n", 21), 0);
	web_answer_clear(&answer);
}
END_TEST

START_TEST(test_no_answer_in_time)
{
	struct server s = {0};
	struct web_answer answer;

	ck_assert_int_eq(get_once(&s, 50, 100, &answer), -ETIMEDOUT);
	web_answer_clear(&answer);
}
END_TEST

static bool cancel(void *arg)
{
	return ++*(int *)arg > 1;
}

START_TEST(test_cancelled)
{
	struct server s = {0};
	int asked = 0;
	struct web_request request = {.method = "GET",
				      .http_on_loopback = true,
				      .is_cancelled = cancel,
				      .is_cancelled_arg = &asked,
				      .timeout_ms = PATIENCE_MS};
	struct web_answer answer;

	server_start(&s);
	request.url = url_of(&s, "127.0.0.1");
	ck_assert_int_eq(web_exchange(NULL, &request, &answer), -ECANCELED);
	server_stop(&s);
	web_answer_clear(&answer);
}
END_TEST

/* --- URLs --- */

static const struct {
	const char *text;
	int err;
	bool https;
	const char *host;
} urls[] = {
	{"https://a.example/b?c=d", 0, true, "a.example"},
	{"HTTPS://A.Example:8443", 0, true, "a.example"},
	{"http://127.0.0.1:80/", 0, false, "127.0.0.1"},
	{"https://[::1]:8443/x", 0, true, "::1"},
	/* What inet_aton() reads as an address is one here, too. */
	{"https://2130706433/", 0, true, "127.0.0.1"},
	{"https://0x7f.1/", 0, true, "127.0.0.1"},
	{"https:///b", 0, true, "b"},
	{"", -EINVAL, false, NULL},
	{"a.example/b", -EINVAL, false, NULL},
	{"/b", -EINVAL, false, NULL},
	{"https://", -EINVAL, false, NULL},
	{"ftp://a.example/", -EINVAL, false, NULL},
	{"file:///etc/passwd", -EINVAL, false, NULL},
	{"https://user@a.example/", -EINVAL, false, NULL},
	{"https://user:password@a.example/", -EINVAL, false, NULL},
	{"https://a.example/#fragment", -EINVAL, false, NULL},
	{"https://a.example/ b", -EINVAL, false, NULL},
	{"https://a.example/\r\nX: y", -EINVAL, false, NULL},
	{"https://a.example\\@b.example/", -EINVAL, false, NULL},
	{"https://\xc3\xa4.example/", -EINVAL, false, NULL},
	{"https://a.example:99999/", -EINVAL, false, NULL},
};

START_TEST(test_url)
{
	struct web_url url = {0};

	ck_assert_int_eq(web_url_read(urls[_i].text, &url), urls[_i].err);
	if (urls[_i].err == 0) {
		ck_assert_int_eq(url.https, urls[_i].https);
		ck_assert_str_eq(url.host, urls[_i].host);
	}
	web_url_clear(&url);
}
END_TEST

/* What a list goes on with, and where something was made, are told and not followed. */
START_TEST(test_fields)
{
	struct server s = {.reply = "HTTP/1.1 201 Created\r\nlocation: /old\r\n"
				    "LOCATION:http://other.example/a b \t\r\nLinks: no\r\n"
				    "Link: <http://x/?m=1>;rel=\"next\"\r\n"
				    "Content-Length: 0\r\n\r\n"};
	struct web_answer answer;

	OK(get_once(&s, PATIENCE_MS, 100, &answer));
	ck_assert_str_eq(answer.location, "http://other.example/a b");
	ck_assert_str_eq(answer.link, "<http://x/?m=1>;rel=\"next\"");
	web_answer_clear(&answer);
	ck_assert_ptr_null(answer.link);
}
END_TEST

/* RFC 3986 6.2.2.3 would make another resource of it. */
START_TEST(test_path_as_is)
{
	struct server s = {.reply = "HTTP/1.1 204 No Content\r\n\r\n"};
	struct web_request request = {
		.method = "GET", .http_on_loopback = true, .timeout_ms = PATIENCE_MS};
	struct web_answer answer;
	char url[80];

	server_start(&s);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/a/%%2e%%2E/b/../c", s.port);
	request.url = url;
	OK(web_exchange(NULL, &request, &answer));
	server_stop(&s);
	ck_assert_int_eq(strncmp(s.request, "GET /a/%2e%2E/b/../c HTTP/1.1\r\n", 31), 0);
	web_answer_clear(&answer);
}
END_TEST

/* --- requests --- */

START_TEST(test_request)
{
	static const char *const headers[] = {"Version: 1.0.0", "Accept: application/json"};
	struct server s = {.reply = "HTTP/1.1 204 No Content\r\n\r\n"};
	struct web_request request = {
		.method = "POST",
		.headers = headers,
		.n_headers = ARRAY_LEN(headers),
		.content_type = "application/json",
		.body = bytes_of_string("{} the end"),
		.user = "Aladdin",
		.password = "open sesame",
		.http_on_loopback = true,
		.timeout_ms = PATIENCE_MS,
	};
	struct web_answer answer;

	/* A proxy of the environment is not asked. */
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	server_start(&s);
	request.url = url_of(&s, "127.0.0.1");
	OK(web_exchange(NULL, &request, &answer));
	server_stop(&s);
	ck_assert_int_eq(answer.status, 204);
	ck_assert_int_eq(strncmp(s.request, "POST /a?b=c HTTP/1.1\r\n", 22), 0);
	ck_assert_ptr_nonnull(strstr(s.request, "\r\nVersion: 1.0.0\r\n"));
	ck_assert_ptr_nonnull(strstr(s.request, "\r\nAccept: application/json\r\n"));
	ck_assert_ptr_nonnull(strstr(s.request, "\r\nContent-Type: application/json\r\n"));
	ck_assert_ptr_nonnull(strstr(s.request, "\r\nContent-Length: 10\r\n"));
	/* RFC 7617 2 */
	ck_assert_ptr_nonnull(
		strstr(s.request, "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
	ck_assert_ptr_null(strcasestr(s.request, "Expect:"));
	ck_assert_ptr_nonnull(strstr(s.request, "\r\n\r\n{} the end"));
	web_answer_clear(&answer);
}
END_TEST

START_TEST(test_bearer)
{
	struct server s = {.reply = "HTTP/1.1 204 No Content\r\n\r\n"};
	struct web_request request = {.method = "GET",
				      .bearer = "a-token",
				      .http_on_loopback = true,
				      .timeout_ms = PATIENCE_MS};
	struct web_answer answer;

	server_start(&s);
	request.url = url_of(&s, "127.0.0.1");
	OK(web_exchange(NULL, &request, &answer));
	server_stop(&s);
	/* RFC 6750 2.1 */
	ck_assert_ptr_nonnull(strstr(s.request, "\r\nAuthorization: Bearer a-token\r\n"));
	request.bearer = "a-token\r\nX-Forged: yes";
	ck_assert_int_eq(web_exchange(NULL, &request, &answer), -EINVAL);
	web_answer_clear(&answer);
}
END_TEST

static const char *const bad_urls[] = {
	"",
	"https://",
	"ftp://127.0.0.1/",
	"file:///etc/passwd",
	"gopher://127.0.0.1/",
	"dict://127.0.0.1/",
	"https://user:password@127.0.0.1:1/",
	"https://127.0.0.1:1/a\r\nX: y",
	"https://127.0.0.1:70000/",
};

START_TEST(test_bad_url)
{
	struct web_request request = {.method = "GET",
				      .url = bad_urls[_i],
				      .http_on_loopback = true,
				      .timeout_ms = PATIENCE_MS};
	struct web_answer answer;

	ck_assert_int_eq(web_exchange(NULL, &request, &answer), -EINVAL);
	web_answer_clear(&answer);
}
END_TEST

/* --- addresses --- */

struct judge {
	int asked;
	bool may;
	enum network_reach reach;
};

static bool judge_ask(void *arg, const struct sockaddr *address)
{
	struct judge *judge = arg;

	judge->asked++;
	judge->reach = network_reach(address);
	return judge->may;
}

/* The name is resolved first: it is the address that is judged, and none is connected to before. */
START_TEST(test_judge)
{
	struct server s = {.reply = "HTTP/1.1 204 No Content\r\n\r\n"};
	struct judge judge = {.may = _i == 0};
	struct web_request request = {.method = "GET",
				      .may_connect = judge_ask,
				      .may_connect_arg = &judge,
				      .http_on_loopback = true,
				      .timeout_ms = PATIENCE_MS};
	struct web_answer answer;

	server_start(&s);
	request.url = url_of(&s, "localhost");
	ck_assert_int_eq(web_exchange(NULL, &request, &answer), judge.may ? 0 : -EACCES);
	server_stop(&s);
	ck_assert_int_ge(judge.asked, 1);
	ck_assert_int_eq(judge.reach, NETWORK_LOOPBACK);
	ck_assert_int_eq(s.request[0] != '\0', judge.may);
	web_answer_clear(&answer);
}
END_TEST

/* http leads to loopback addresses only, whatever the judge would say, and nowhere by default. */
START_TEST(test_cleartext)
{
	struct judge judge = {.may = true};
	struct web_request request = {.method = "GET",
				      .url = "http://192.0.2.1/",
				      .may_connect = judge_ask,
				      .may_connect_arg = &judge,
				      .http_on_loopback = true,
				      .timeout_ms = PATIENCE_MS};
	struct web_answer answer;

	ck_assert_int_eq(web_exchange(NULL, &request, &answer), -EACCES);
	ck_assert_int_eq(judge.asked, 0);
	/* A URL without a scheme is http to libcurl. */
	request.url = "192.0.2.1/";
	ck_assert_int_eq(web_exchange(NULL, &request, &answer), -EACCES);
	request.url = "http://127.0.0.1:1/";
	request.http_on_loopback = false;
	ck_assert_int_eq(web_exchange(NULL, &request, &answer), -EINVAL);
	request.url = "https://127.0.0.1:1/";
	ck_assert_int_eq(web_exchange(NULL, &request, &answer), -ECONNREFUSED);
	request.url = "https://nobody.invalid/";
	ck_assert_int_eq(web_exchange(NULL, &request, &answer), -ECONNREFUSED);
	web_answer_clear(&answer);
}
END_TEST

/* --- connections --- */

START_TEST(test_connection_kept)
{
	struct server s = {
		.reply = "HTTP/1.1 204 No Content\r\n\r\n", .connections = 2, .requests = 2};
	struct web_request request = {
		.method = "GET", .http_on_loopback = true, .timeout_ms = PATIENCE_MS};
	struct web_connection *connection;

	OK(web_connection_new(&connection));
	server_start(&s);
	request.url = url_of(&s, "127.0.0.1");
	/* The server closes after two; one that is closed meanwhile is made anew. */
	for (int i = 0; i < 4; i++) {
		struct web_answer answer;

		OK(web_exchange(connection, &request, &answer));
		ck_assert_int_eq(answer.status, 204);
		web_answer_clear(&answer);
	}
	OK(pthread_join(s.thread, NULL));
	close(s.listener);
	web_connection_free(connection);
}
END_TEST

/* --- TLS --- */

static char dir[] = "/tmp/test-web-XXXXXX";
static EVP_PKEY *root_key, *client_key;
static X509 *root, *client;
static SSL_CTX *server_tls;

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static size_t next;
	char *path = paths[next++ % ARRAY_LEN(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static X509 *cert_make(EVP_PKEY *key, const char *subject, const char *san, const char *usage)
{
	return pki_cert(&(struct pki_spec){
		.subject = subject,
		.key = key,
		.issuer = root,
		.issuer_key = root_key,
		.key_usage = "digitalSignature",
		.ext_key_usage = usage,
		.san = san,
		.not_before_ms = ((int64_t)time(NULL) - 3600) * 1000,
		.not_after_ms = ((int64_t)time(NULL) + 86400) * 1000,
	});
}

static void tls_make(void)
{
	EVP_PKEY *server_key = pki_key(NULL);
	X509 *server;

	/* As in cmfd: a peer that hangs up is an error of the call. */
	signal(SIGPIPE, SIG_IGN);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root_key = pki_key(NULL);
	client_key = pki_key(NULL);
	root = pki_cert(&(struct pki_spec){
		.subject = "/CN=root",
		.key = root_key,
		.ca = true,
		.not_before_ms = ((int64_t)time(NULL) - 3600) * 1000,
		.not_after_ms = ((int64_t)time(NULL) + 86400) * 1000,
	});
	server = cert_make(server_key, "/CN=server", "DNS:localhost", "serverAuth");
	client = cert_make(client_key, "/CN=the client", NULL, "clientAuth");
	pki_certs_write(path_of("root.pem"), root, NULL);
	pki_certs_write(path_of("client.pem"), client, NULL);
	pki_certs_write(path_of("other.pem"), server, NULL);
	pki_key_write(path_of("client.key"), client_key, NULL);
	server_tls = SSL_CTX_new(TLS_server_method());
	ck_assert_int_eq(SSL_CTX_use_certificate(server_tls, server), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(server_tls, server_key), 1);
	ck_assert_int_eq(SSL_CTX_load_verify_file(server_tls, path_of("root.pem")), 1);
	X509_free(server);
	EVP_PKEY_free(server_key);
}

static void tls_remove(void)
{
	static const char *const names[] = {"root.pem", "client.pem", "other.pem", "client.key"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_of(names[i]));
	rmdir(dir);
	SSL_CTX_free(server_tls);
	X509_free(client);
	X509_free(root);
	EVP_PKEY_free(client_key);
	EVP_PKEY_free(root_key);
}

static const struct {
	const char *host;
	bool trusted;
	bool identity;
	bool demanded; /* the client's certificate, by the server */
	int err;
} handshakes[] = {
	{"localhost", true, false, false, 0},
	{"localhost", true, true, false, 0},
	{"localhost", true, true, true, 0},
	{"localhost", false, false, false, -EKEYREJECTED},
	{"127.0.0.1", true, false, false, -EKEYREJECTED}, /* no such name in its certificate */
};

START_TEST(test_tls)
{
	struct server s = {.reply = "HTTP/1.1 204 No Content\r\n\r\n", .tls = server_tls};
	_cleanup_(web_identity_freep) struct web_identity *identity = NULL;
	struct web_request request = {
		.method = "GET",
		.timeout_ms = PATIENCE_MS,
		.tls_trusted = handshakes[_i].trusted ? path_of("root.pem") : NULL,
	};
	const struct key_source key = {.source = path_of("client.key")};
	struct web_answer answer;

	SSL_CTX_set_verify(server_tls,
			   SSL_VERIFY_PEER |
				   (handshakes[_i].demanded ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
			   NULL);
	if (handshakes[_i].identity)
		OK(web_identity_read(path_of("client.pem"), &key, &identity));
	request.identity = identity;
	server_start(&s);
	request.url = url_of(&s, handshakes[_i].host);
	ck_assert_int_eq(web_exchange(NULL, &request, &answer), handshakes[_i].err);
	server_stop(&s);
	if (handshakes[_i].err == 0) {
		ck_assert_int_eq(answer.status, 204);
		ck_assert_str_eq(s.peer_cn, handshakes[_i].identity ? "the client" : "");
	}
	web_answer_clear(&answer);
}
END_TEST

START_TEST(test_identity_bad)
{
	struct web_identity *identity = NULL;
	const struct key_source key = {.source = path_of("client.key")};
	const struct key_source missing = {.source = path_of("missing.key")};

	ck_assert_int_eq(web_identity_read(path_of("other.pem"), &key, &identity), -EINVAL);
	ck_assert_int_eq(web_identity_read(path_of("missing.pem"), &key, &identity), -ENOENT);
	ck_assert_int_eq(web_identity_read(path_of("client.pem"), &missing, &identity), -ENOENT);
	ck_assert_ptr_null(identity);
}
END_TEST

static Suite *web_suite(void)
{
	Suite *suite = suite_create("web");
	TCase *cases = tcase_create("cleartext");

	tcase_add_loop_test(cases, test_answers, 0, ARRAY_LEN(answers));
	tcase_add_test(cases, test_fields);
	tcase_add_test(cases, test_path_as_is);
	tcase_add_test(cases, test_no_answer_in_time);
	tcase_add_test(cases, test_cancelled);
	tcase_add_loop_test(cases, test_url, 0, ARRAY_LEN(urls));
	tcase_add_test(cases, test_request);
	tcase_add_test(cases, test_bearer);
	tcase_add_loop_test(cases, test_bad_url, 0, ARRAY_LEN(bad_urls));
	tcase_add_loop_test(cases, test_judge, 0, 2);
	tcase_add_test(cases, test_cleartext);
	tcase_add_test(cases, test_connection_kept);
	suite_add_tcase(suite, cases);
	cases = tcase_create("tls");
	tcase_add_unchecked_fixture(cases, tls_make, tls_remove);
	tcase_add_loop_test(cases, test_tls, 0, ARRAY_LEN(handshakes));
	tcase_add_test(cases, test_identity_bad);
	suite_add_tcase(suite, cases);
	return suite;
}

SUITE_MAIN(web_suite, SUITE_FORKS)
