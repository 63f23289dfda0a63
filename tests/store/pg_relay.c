// SPDX-License-Identifier: Apache-2.0
/* See pg_relay.h. A thread for each connection. */
#include "pg_relay.h"

#include "base/cleanup.h"
#include "pg_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct pair {
	struct pg_relay *relay;
	int client;
	int server;
	bool holds;
};

static struct sockaddr_un address_of(const char *directory)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", directory);
	return address;
}

static bool all_sent(int fd, const char *octets, ssize_t n)
{
	ssize_t sent = 0, one;

	while (sent < n) {
		one = send(fd, octets + sent, (size_t)(n - sent), MSG_NOSIGNAL);
		if (one <= 0)
			return false;
		sent += one;
	}
	return true;
}

/* A message Bind names its statement between two NULs. */
static bool has_word(const struct pg_relay *relay, const char *octets, ssize_t n)
{
	const char *word = atomic_load(&relay->word);
	char name[20];
	size_t len;

	if (!word)
		return false;
	len = (size_t)snprintf(name, sizeof(name), "%c%s", 0, word) + 1;
	return memmem(octets, (size_t)n, name, len) != NULL;
}

static void late_pass(struct pair *p, const char *octets, ssize_t n)
{
	struct pg_relay *relay = p->relay;
	char answer[4096];

	shutdown(p->client, SHUT_RDWR);
	while (!atomic_load(&relay->late) && !atomic_load(&relay->stop))
		poll(NULL, 0, 10);
	if (all_sent(p->server, octets, n))
		(void)!read(p->server, answer, sizeof(answer));
	atomic_store(&relay->late_done, true);
}

/* False: the connection ends here. */
static bool client_passes(struct pair *p, const char *octets, ssize_t n)
{
	struct pg_relay *relay = p->relay;
	enum pg_relay_mode mode = atomic_load(&relay->mode);
	char answer[4096];

	if (mode == PG_RELAY_PASS || mode == PG_RELAY_AWAY || !has_word(relay, octets, n))
		return all_sent(p->server, octets, n);
	atomic_fetch_add(&relay->met, 1);
	if (mode == PG_RELAY_HOLD) {
		p->holds = true;
		return all_sent(p->server, octets, n);
	}
	atomic_store(&relay->mode, PG_RELAY_PASS);
	/* What has an answer was done. */
	if (mode == PG_RELAY_CUT_AFTER && all_sent(p->server, octets, n))
		(void)!read(p->server, answer, sizeof(answer));
	if (mode == PG_RELAY_CUT_LATE)
		late_pass(p, octets, n);
	return false;
}

static bool pair_pass(struct pair *p)
{
	struct pollfd fds[] = {{.fd = p->client, .events = POLLIN},
			       {.fd = p->holds ? -1 : p->server, .events = POLLIN}};
	char octets[65536];
	ssize_t n;

	poll(fds, 2, 10);
	p->holds = p->holds && atomic_load(&p->relay->mode) == PG_RELAY_HOLD;
	if (fds[0].revents) {
		n = read(p->client, octets, sizeof(octets));
		if (n <= 0 || !client_passes(p, octets, n))
			return false;
	}
	if (fds[1].revents && !p->holds) {
		n = read(p->server, octets, sizeof(octets));
		if (n <= 0 || !all_sent(p->client, octets, n))
			return false;
	}
	return true;
}

static void *pair_run(void *arg)
{
	struct pair *p = arg;

	while (!atomic_load(&p->relay->stop) && atomic_load(&p->relay->mode) != PG_RELAY_AWAY &&
	       pair_pass(p))
		;
	close(p->client);
	close(p->server);
	free(p);
	return NULL;
}

static void client_take(struct pg_relay *relay, int client)
{
	struct sockaddr_un server = address_of(pg_server_directory());
	struct pair *p = calloc(1, sizeof(*p));
	pthread_t thread;

	atomic_fetch_add(&relay->accepted, 1);
	*p = (struct pair){
		.relay = relay, .client = client, .server = socket(AF_UNIX, SOCK_STREAM, 0)};
	if (atomic_load(&relay->mode) == PG_RELAY_AWAY ||
	    connect(p->server, (struct sockaddr *)&server, sizeof(server)) < 0 ||
	    pthread_create(&thread, NULL, pair_run, p) != 0) {
		close(p->client);
		close(p->server);
		free(p);
		return;
	}
	pthread_detach(thread);
}

static void *relay_run(void *arg)
{
	struct pg_relay *relay = arg;
	int client;

	while ((client = accept(relay->listener, NULL, NULL)) >= 0)
		client_take(relay, client);
	return NULL;
}

void pg_relay_start(struct pg_relay *relay)
{
	struct sockaddr_un address;
	pthread_t thread;

	*relay = (struct pg_relay){.listener = socket(AF_UNIX, SOCK_STREAM, 0)};
	snprintf(relay->directory, sizeof(relay->directory), "/tmp/cmfd-relay.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(relay->directory));
	address = address_of(relay->directory);
	ck_assert_int_eq(bind(relay->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(relay->listener, 64), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, relay_run, relay), 0);
	pthread_detach(thread);
}

int pg_relay_start_tcp(struct pg_relay *relay)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	pthread_t thread;

	*relay = (struct pg_relay){.listener = socket(AF_INET, SOCK_STREAM, 0)};
	ck_assert_int_eq(bind(relay->listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(relay->listener, 64), 0);
	ck_assert_int_eq(getsockname(relay->listener, (struct sockaddr *)&address, &len), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, relay_run, relay), 0);
	pthread_detach(thread);
	return ntohs(address.sin_port);
}

void pg_relay_stop(struct pg_relay *relay)
{
	struct sockaddr_un address = address_of(relay->directory);

	atomic_store(&relay->stop, true);
	shutdown(relay->listener, SHUT_RDWR);
	if (!*relay->directory)
		return;
	unlink(address.sun_path);
	rmdir(relay->directory);
}

char *pg_relay_url(const struct pg_relay *relay, const char *url)
{
	char *other;

	ck_assert_int_gt(
		asprintf(&other, "%.*s?host=%s", (int)strcspn(url, "?"), url, relay->directory), 0);
	return other;
}
