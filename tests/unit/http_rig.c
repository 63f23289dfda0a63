// SPDX-License-Identifier: Apache-2.0
/* See http_rig.h. */
#include "http_rig.h"

#include "base/clock.h"
#include "pki.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct worker {
	int unused;
};

static int rig_worker_new(void *arg, struct worker **workerp)
{
	*workerp = calloc(1, sizeof(**workerp));
	return *workerp ? 0 : -ENOMEM;
}

static void rig_worker_free(void *arg, struct worker *worker)
{
	free(worker);
}

static void respond(struct http_response *response, const char *text, size_t len)
{
	response->content_type = "application/x-test";
	response->body.data = malloc(len + 1);
	ck_assert_ptr_nonnull(response->body.data);
	memcpy(response->body.data, text, len);
	response->body.len = len;
}

static void handle_echo(void *arg, struct worker *worker, const struct http_request *request,
			struct http_response *response)
{
	struct rig *rig = arg;

	atomic_fetch_add(&rig->handled, 1);
	respond(response, (const char *)request->body.data, request->body.len);
}

/* "/CN=a+/CN=b", or "none". */
static void subjects_print(const struct http_request *request, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "%s", request->n_tls_certs ? "" : "none");

	for (size_t i = 0; i < request->n_tls_certs; i++) {
		const uint8_t *der = request->tls_certs[i].data;
		X509 *cert = d2i_X509(NULL, &der, (long)request->tls_certs[i].len);
		char subject[64];

		ck_assert_ptr_nonnull(cert);
		ck_assert_ptr_eq(der, request->tls_certs[i].data + request->tls_certs[i].len);
		X509_NAME_oneline(X509_get_subject_name(cert), subject, sizeof(subject));
		X509_free(cert);
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? "+" : "", subject);
	}
}

static void handle_show(void *arg, struct worker *worker, const struct http_request *request,
			struct http_response *response)
{
	char text[1024], subjects[512];

	subjects_print(request, subjects, sizeof(subjects));
	snprintf(text, sizeof(text), "%d|%s|%s|%s|%s|%s", (int)request->method, request->path,
		 request->path_rest, request->query, request->peer, subjects);
	respond(response, text, strlen(text));
}

/* Answers with what ?h=NAME asks for, the status of ?s=NNN, or who asks. */
static void handle_whole(void *arg, struct worker *worker, const struct http_request *request,
			 struct http_response *response)
{
	const char *value;
	char text[256];

	ck_assert_int_eq(http_response_add(response, "Version", "1.2.3"), 0);
	ck_assert_int_eq(http_response_add(response, "Location", "/whole/there"), 0);
	if (strncmp(request->query, "h=", 2) == 0) {
		value = http_request_header(request, request->query + 2);
		respond(response, value ? value : "absent", value ? strlen(value) : 6);
	} else if (strncmp(request->query, "s=", 2) == 0) {
		respond(response, "body", 4);
		response->status = atoi(request->query + 2);
	} else if (strcmp(request->query, "who") == 0) {
		snprintf(text, sizeof(text), "tls=%d loopback=%d uid=%d method=%s body=%zu",
			 request->tls, request->loopback, request->has_uid ? (int)request->uid : -1,
			 http_method_name(request->method), request->body.len);
		respond(response, text, strlen(text));
	} else {
		handle_show(arg, worker, request, response);
	}
}

static void write_refused(void *arg, int status, struct http_response *response)
{
	char text[32];

	ck_assert_int_eq(status, response->status);
	ck_assert_int_eq(http_response_add(response, "Version", "1.2.3"), 0);
	snprintf(text, sizeof(text), "refused %d", status);
	respond(response, text, strlen(text));
	response->content_type = "application/x-problem";
}

/* Waits until the test opens the gate. */
static void handle_hold(void *arg, struct worker *worker, const struct http_request *request,
			struct http_response *response)
{
	struct rig *rig = arg;

	pthread_mutex_lock(&rig->mutex);
	rig->held++;
	pthread_cond_broadcast(&rig->changed);
	while (!rig->open)
		pthread_cond_wait(&rig->changed, &rig->mutex);
	pthread_mutex_unlock(&rig->mutex);
	handle_echo(arg, worker, request, response);
}

void rig_wait_held(struct rig *rig, int n)
{
	pthread_mutex_lock(&rig->mutex);
	while (rig->held < n)
		pthread_cond_wait(&rig->changed, &rig->mutex);
	pthread_mutex_unlock(&rig->mutex);
}

int rig_held(struct rig *rig)
{
	int held;

	pthread_mutex_lock(&rig->mutex);
	held = rig->held;
	pthread_mutex_unlock(&rig->mutex);
	return held;
}

void rig_open(struct rig *rig)
{
	pthread_mutex_lock(&rig->mutex);
	rig->open = true;
	pthread_cond_broadcast(&rig->changed);
	pthread_mutex_unlock(&rig->mutex);
}

/* A request that is answered later. */
struct later {
	struct http_later *held;
	const struct http_request *request;
	int resumed; /* so often it went on, of the number that its path says */
};

static void later_finish(void *arg, struct http_response *response)
{
	struct later *later = arg;
	char text[32];

	snprintf(text, sizeof(text), "resumed %d", later->resumed);
	respond(response, text, strlen(text));
	free(later);
}

static void handle_later_again(void *arg, struct worker *worker, const struct http_request *request,
			       struct http_response *response);

static void *later_run(void *arg)
{
	struct later *later = arg;

	if (later->resumed < atoi(later->request->path_rest))
		http_later_resume(later->held, handle_later_again, later);
	else
		http_later_finish(later->held, later_finish, later);
	return NULL;
}

/* Another thread has it, perhaps before this one returns. */
static void handle_later_again(void *arg, struct worker *worker, const struct http_request *request,
			       struct http_response *response)
{
	struct later *later = arg;
	pthread_t thread;

	later->resumed++;
	later->held = http_request_hold(request);
	ck_assert_int_eq(pthread_create(&thread, NULL, later_run, later), 0);
	pthread_detach(thread);
}

/* /later/3 goes on three times, and is then answered. */
static void handle_later(void *arg, struct worker *worker, const struct http_request *request,
			 struct http_response *response)
{
	struct later *later = calloc(1, sizeof(*later));

	ck_assert_ptr_nonnull(later);
	later->request = request;
	later->resumed = -1;
	handle_later_again(later, worker, request, response);
}

static bool no_slash(const char *rest)
{
	return !strchr(rest, '/');
}

void rig_init(struct rig *rig)
{
	*rig = (struct rig){.dir = "/tmp/test_http.XXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(rig->dir));
	pthread_mutex_init(&rig->mutex, NULL);
	pthread_cond_init(&rig->changed, NULL);
	rig->listen = (struct conf_address){.host = (char *)(uintptr_t) "127.0.0.1"};
	rig->listen_tls = rig->listen;
	rig->listen_metrics = rig->listen;
	rig->conf.server = (struct conf_server){
		.listen = {&rig->listen, 1},
		.io_threads = 1,
		.body_max = 1000,
		.json_body_max = 1500000,
		.header_max = 2000,
		.idle_timeout_ms = 60000,
		.request_timeout_ms = 60000,
		.connections_max = 100,
		.connections_max_per_address = 50,
	};
	memcpy(rig->routes,
	       (struct http_route[]){
		       {HTTP_PUBLIC, "/", HTTP_POST, "application/test", 0, handle_echo, rig, NULL},
		       {HTTP_PUBLIC, "/hold", HTTP_POST, NULL, 0, handle_hold, rig, NULL},
		       {HTTP_PUBLIC, "/small", HTTP_POST, NULL, 10, handle_echo, rig, NULL},
		       {HTTP_PUBLIC, "/show/*", HTTP_GET | HTTP_DELETE, NULL, 0, handle_show, rig,
			no_slash},
		       {HTTP_ADMIN, "/admin", HTTP_GET, NULL, 0, handle_show, rig, NULL},
		       {HTTP_METRICS, "/metrics", HTTP_GET, NULL, 0, handle_show, rig, NULL},
		       {.groups = HTTP_NFV | HTTP_ADMIN,
			.path = "/whole/*",
			.whole = true,
			.handler = handle_whole,
			.refused = write_refused,
			.arg = rig},
		       {HTTP_PUBLIC, "/later/*", HTTP_POST, NULL, 0, handle_later, rig, NULL},
	       },
	       sizeof(rig->routes));
}

void rig_start(struct rig *rig, size_t workers, size_t queue_max)
{
	const struct pool_ops ops = {rig_worker_new, rig_worker_free, NULL};
	struct strbuf problems = STRBUF_NULL;
	struct http_pools pools;

	rig->metrics = metrics_new();
	ck_assert_int_eq(pool_new(&ops, workers, queue_max, &rig->pool), 0);
	ck_assert_int_eq(pool_new(&ops, 1, 1, &rig->admin_pool), 0);
	ck_assert_int_eq(pool_new(&ops, 1, 1, &rig->metrics_pool), 0);
	pools = (struct http_pools){rig->pool, rig->admin_pool, rig->metrics_pool};
	ck_assert_int_eq(http_server_new(&rig->conf, rig->routes, ARRAY_LEN(rig->routes), &pools,
					 rig->metrics, &rig->server, &problems),
			 0);
	ck_assert_int_eq(http_server_start(rig->server), 0);
	strbuf_clear(&problems);
}

void rig_stop(struct rig *rig)
{
	static const char *const files[] = {"admin", "cert.pem", "key.pem", "ca.pem"};
	char path[64];

	rig_open(rig);
	http_server_free(rig->server);
	pool_free(rig->pool);
	pool_free(rig->admin_pool);
	pool_free(rig->metrics_pool);
	metrics_free(rig->metrics);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", rig->dir, files[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(rig->dir), 0);
	pthread_cond_destroy(&rig->changed);
	pthread_mutex_destroy(&rig->mutex);
}

/* --- a client --- */

int client_connect_from(uint16_t port, const char *from)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, from, &address.sin_addr);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	address.sin_port = htons(port);
	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

int client_connect(struct rig *rig)
{
	return client_connect_from(http_server_port(rig->server, HTTP_PUBLIC, false), "127.0.0.1");
}

void client_send(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static ssize_t read_fd(void *from, char *buf, size_t len)
{
	return read(*(int *)from, buf, len);
}

ssize_t read_ssl(void *from, char *buf, size_t len)
{
	return SSL_read(from, buf, (int)len);
}

/* One answer, octet by octet, so that a following one stays unread. */
void answer_read(read_octets *read_some, void *from, struct answer *answer)
{
	const char *length;
	size_t n = 0;

	memset(answer, 0, sizeof(*answer));
	while (n < 4 || memcmp(answer->head + n - 4, "\r\n\r\n", 4) != 0) {
		ck_assert_uint_lt(n, sizeof(answer->head) - 1);
		if (read_some(from, answer->head + n, 1) != 1)
			return;
		n++;
	}
	ck_assert_int_eq(sscanf(answer->head, "HTTP/1.%*1[01] %d", &answer->status), 1);
	if (answer->status == 100)
		return;
	length = strcasestr(answer->head, "\r\nContent-Length: ");
	ck_assert_ptr_nonnull(length);
	answer->body_len = strtoul(length + 18, NULL, 10);
	ck_assert_uint_lt(answer->body_len, sizeof(answer->body));
	for (n = 0; n < answer->body_len; n++)
		ck_assert_int_eq(read_some(from, answer->body + n, 1), 1);
}

void client_read(int fd, struct answer *answer)
{
	answer_read(read_fd, &fd, answer);
}

bool client_closed(int fd)
{
	char c;

	return read(fd, &c, 1) <= 0;
}

/* A connection for one request. Returns the status. */
int client_once(struct rig *rig, const char *text, struct answer *answer)
{
	int fd = client_connect(rig);

	client_send(fd, text);
	client_read(fd, answer);
	close(fd);
	return answer->status;
}

int unix_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

X509 *certificate_make(const char *subject, EVP_PKEY **keyp)
{
	int64_t now_ms = clock_now_ms(&clock_system);

	*keyp = pki_key(NULL);
	return pki_cert(&(struct pki_spec){.subject = subject,
					   .key = *keyp,
					   .not_before_ms = now_ms - 3600 * 1000,
					   .not_after_ms = now_ms + 3600 * 1000});
}

void tls_rig_init(struct tls_rig *tls)
{
	struct rig *rig = &tls->rig;

	rig_init(rig);
	snprintf(tls->cert_path, sizeof(tls->cert_path), "%s/cert.pem", rig->dir);
	snprintf(tls->key_path, sizeof(tls->key_path), "%s/key.pem", rig->dir);
	snprintf(tls->ca_path, sizeof(tls->ca_path), "%s/ca.pem", rig->dir);
	tls->server_cert = certificate_make("/CN=server", &tls->server_key);
	tls->client_cert = certificate_make("/CN=client", &tls->client_key);
	tls->other_cert = certificate_make("/CN=other", &tls->other_key);
	pki_certs_write(tls->cert_path, tls->server_cert, NULL);
	pki_certs_write(tls->ca_path, tls->client_cert, NULL);
	pki_key_write(tls->key_path, tls->server_key, NULL);
	rig->conf.server.listen_tls = (struct conf_addresses){&rig->listen_tls, 1};
	rig->conf.server.tls_certificate = tls->cert_path;
	rig->conf.server.tls_key = tls->key_path;
	rig->conf.server.tls_client_ca = tls->ca_path;
}

void tls_rig_start(struct tls_rig *tls)
{
	tls_rig_init(tls);
	rig_start(&tls->rig, 1, 16);
}

void tls_rig_stop(struct tls_rig *tls)
{
	rig_stop(&tls->rig);
	X509_free(tls->server_cert);
	X509_free(tls->client_cert);
	X509_free(tls->other_cert);
	EVP_PKEY_free(tls->server_key);
	EVP_PKEY_free(tls->client_key);
	EVP_PKEY_free(tls->other_key);
}

SSL_CTX *tls_client_new(struct tls_rig *tls, int version_max, X509 *cert, EVP_PKEY *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_max_proto_version(ctx, version_max);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), tls->server_cert);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (cert) {
		ck_assert_int_eq(SSL_CTX_use_certificate(ctx, cert), 1);
		ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
	}
	return ctx;
}

int tls_client_once(struct tls_rig *tls, SSL_CTX *ctx, SSL_SESSION *session, struct answer *answer,
		    SSL_SESSION **sessionp)
{
	static const char request[] = "GET /whole/x HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = client_connect_from(http_server_port(tls->rig.server, HTTP_PUBLIC, true),
				     "127.0.0.1");
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, fd);
	if (session)
		ck_assert_int_eq(SSL_set_session(ssl, session), 1);
	memset(answer, 0, sizeof(*answer));
	if (SSL_connect(ssl) == 1) {
		for (int i = 0; i < 2; i++) {
			SSL_write(ssl, request, (int)strlen(request));
			answer_read(read_ssl, ssl, answer);
		}
		answer->resumed = SSL_session_reused(ssl);
	}
	if (sessionp)
		*sessionp = SSL_get1_session(ssl);
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	return answer->status;
}
