// SPDX-License-Identifier: Apache-2.0
/*
 * A real server on loopback with handlers that the tests steer, and raw clients for it.
 */
#pragma once

#include "http.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

/* The server under test and what its handlers saw. */
struct rig {
	char dir[32];
	struct conf conf;
	struct conf_address listen, listen_tls, listen_metrics;
	struct pool *pool; /* of public requests */
	struct pool *admin_pool;
	struct pool *metrics_pool;
	struct metrics *metrics;
	struct http_server *server;
	struct http_route routes[8];
	atomic_int handled;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int held; /* handlers that wait */
	bool open;
};

void rig_wait_held(struct rig *rig, int n);
int rig_held(struct rig *rig);
void rig_open(struct rig *rig);
void rig_init(struct rig *rig);
void rig_start(struct rig *rig, size_t workers, size_t queue_max);
void rig_stop(struct rig *rig);

#define POST(path, headers, body)                                                         \
	"POST " path " HTTP/1.1\r\nHost: x\r\nContent-Type: application/test\r\n" headers \
	"\r\n" body

struct answer {
	int status; /* 0: the connection was closed instead */
	char head[1024];
	char body[2048];
	size_t body_len;
	bool resumed; /* tls_client_once(): the session was one of before */
};

typedef ssize_t read_octets(void *from, char *buf, size_t len);

int client_connect_from(uint16_t port, const char *from);
int client_connect(struct rig *rig);
void client_send(int fd, const char *text);
void client_read(int fd, struct answer *answer);
bool client_closed(int fd);
int client_once(struct rig *rig, const char *text, struct answer *answer);
void answer_read(read_octets *read_some, void *from, struct answer *answer);
ssize_t read_ssl(void *from, char *buf, size_t len);
int unix_connect(const char *path);

struct tls_rig {
	struct rig rig;
	char cert_path[64], key_path[64], ca_path[64];
	X509 *server_cert, *client_cert, *other_cert;
	EVP_PKEY *server_key, *client_key, *other_key;
};

/* Everything but the start. */
void tls_rig_init(struct tls_rig *tls);
void tls_rig_start(struct tls_rig *tls);
void tls_rig_stop(struct tls_rig *tls);

/* A client of it, whose versions end with version_max; cert NULL: it has none. */
SSL_CTX *tls_client_new(struct tls_rig *tls, int version_max, X509 *cert, EVP_PKEY *key);
/*
 * One connection with two requests for /whole/x. The status of the second, 0 if there was no
 * answer. `session` NULL: a new one. *sessionp (NULL: not wanted) is the caller's.
 */
int tls_client_once(struct tls_rig *tls, SSL_CTX *ctx, SSL_SESSION *session, struct answer *answer,
		    SSL_SESSION **sessionp);
/* Self-signed. */
X509 *certificate_make(const char *subject, EVP_PKEY **keyp);
