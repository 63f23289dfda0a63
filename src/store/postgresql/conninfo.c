// SPDX-License-Identifier: Apache-2.0
/* See conninfo.h. The meanings are those of libpq, PostgreSQL's documentation 34.1.2. */
#include "conninfo.h"

#include <errno.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where an item of a list of ports is empty. */
#define PORT "5432"

/* What no server is: see options_resolve(). */
#define NO_SERVER "none"

static const char *option_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

/* Whether each host of a list is a directory with a socket, or this machine itself. */
static bool hosts_local(const char *hosts)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
	size_t len;
	bool local;

	for (const char *at = hosts; at && *at; at += len + (at[len] == ',')) {
		len = strcspn(at, ",");
		local = *at == '/' || *at == '@';
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			local = local ||
				(strlen(names[i]) == len && memcmp(at, names[i], len) == 0);
		if (!local)
			return false;
	}
	return true;
}

static void options_check(const PQconninfoOption *options, struct strbuf *problem)
{
	const char *password = option_of(options, "password");
	const char *attributes = option_of(options, "target_session_attrs");

	if (password && *password)
		strbuf_add(problem,
			   "there is a password in it: put it into a file that only cmfd may read, "
			   "in the"
			   " form of .pgpass, and name that with ?passfile=/etc/cmfd/pgpass");
	else if (attributes && strcmp(attributes, "read-write") != 0 &&
		 strcmp(attributes, "primary") != 0)
		strbuf_printf(problem,
			      "target_session_attrs=%s lets a standby be taken, to which nothing "
			      "can be written: leave it out",
			      attributes);
}

/* Of what libpq has resolved: a host is also in a service file, or in the environment. */
static void verification_check(const PQconninfoOption *options, struct strbuf *problem)
{
	const char *mode = option_of(options, "sslmode");

	if (mode && strcmp(mode, "verify-full") != 0 && strcmp(mode, "verify-ca") != 0 &&
	    !(hosts_local(option_of(options, "host")) &&
	      hosts_local(option_of(options, "hostaddr"))))
		strbuf_printf(
			problem,
			"sslmode=%s does not verify the server: leave it out for verify-full, and"
			" name the CA with sslrootcert=FILE",
			mode);
}

int conninfo_check(const char *url, struct strbuf *problem)
{
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &error);

	if (!options && !error)
		return -ENOMEM;
	if (options)
		options_check(options, problem);
	else
		strbuf_printf(problem, "%.*s", (int)strcspn(error, "\n"), error);
	PQconninfoFree(options);
	PQfreemem(error);
	return problem->len > 0 || problem->failed ? -EINVAL : 0;
}

char *conninfo_option(const char *url, const char *option)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	const char *value = options ? option_of(options, option) : NULL;
	char *copy = value ? strdup(value) : NULL;

	PQconninfoFree(options);
	return copy;
}

/*
 * What libpq makes of a URL, the service that it names, and the environment. Only a connection
 * tells, so one is begun that ends before a server is looked for: libpq knows of none such.
 */
static int options_resolve(const char *url, struct strbuf *problem, PQconninfoOption **optionsp)
{
	static const char *const keyword[] = {"sslmode", "dbname", "target_session_attrs", NULL};
	const char *const value[] = {"verify-full", url, NO_SERVER, NULL};
	PGconn *conn = PQconnectStartParams(keyword, value, 1);
	PQconninfoOption *options = conn ? PQconninfo(conn) : NULL;
	const char *reached = options ? option_of(options, "target_session_attrs") : NULL;

	*optionsp = NULL;
	if (reached && strcmp(reached, NO_SERVER) == 0)
		*optionsp = options;
	else if (options)
		strbuf_printf(problem, "%.*s", (int)strcspn(PQerrorMessage(conn), "\n"),
			      PQerrorMessage(conn));
	if (!*optionsp)
		PQconninfoFree(options);
	PQfinish(conn);
	return *optionsp ? 0 : problem->len > 0 ? -EINVAL : -ENOMEM;
}

/* --- servers --- */

static size_t list_length(const char *list)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* The i-th of a list, `none` where that is empty; a list of one is for all. NULL: no list, or out
 * of memory. */
static char *list_item(const char *list, size_t i, const char *none)
{
	size_t len;

	if (!list)
		return NULL;
	for (i = list_length(list) == 1 ? 0 : i; i > 0; i--)
		list += strcspn(list, ",") + 1;
	len = strcspn(list, ",");
	return len > 0 ? strndup(list, len) : strdup(none);
}

/* Whether a list, if there is one, names so many, each. */
static bool list_names(const char *list, size_t n)
{
	return !list || (list_length(list) == n && *list != ',' && !strstr(list, ",,") &&
			 list[strlen(list) - 1] != ',');
}

static int server_add(struct conninfo_servers *servers, const struct conninfo_server *server)
{
	struct conninfo_server *grown =
		reallocarray(servers->item, servers->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	servers->item = grown;
	servers->item[servers->len++] = *server;
	return 0;
}

static void server_clear(struct conninfo_server *server)
{
	free(server->host);
	free(server->address);
	free(server->port);
}

static int servers_fill(const PQconninfoOption *options, struct conninfo_servers *servers)
{
	const char *hosts = option_of(options, "host"), *addresses = option_of(options, "hostaddr");
	const char *ports = option_of(options, "port"), *names = addresses ? addresses : hosts;
	size_t n = names && *names ? list_length(names) : 0;
	int err = 0;

	if (n == 0 || !list_names(hosts, n) || !list_names(addresses, n) ||
	    (ports && list_length(ports) != 1 && list_length(ports) != n))
		return 0;
	for (size_t i = 0; err == 0 && i < n; i++) {
		struct conninfo_server server = {.host = list_item(hosts, i, ""),
						 .address = list_item(addresses, i, ""),
						 .port = list_item(ports, i, PORT)};

		if ((hosts && !server.host) || (addresses && !server.address) ||
		    (ports && !server.port))
			err = -ENOMEM;
		if (err == 0)
			err = server_add(servers, &server);
		if (err < 0)
			server_clear(&server);
	}
	return err;
}

int conninfo_servers(const char *url, struct strbuf *problem, struct conninfo_servers *serversp)
{
	PQconninfoOption *options;
	int err = options_resolve(url, problem, &options);

	*serversp = (struct conninfo_servers){0};
	if (err < 0)
		return err;
	verification_check(options, problem);
	err = problem->len > 0 || problem->failed ? -EINVAL : servers_fill(options, serversp);
	PQconninfoFree(options);
	if (err < 0)
		conninfo_servers_clear(serversp);
	return err;
}

static int address_add(const struct conninfo_server *server, const struct addrinfo *info,
		       struct conninfo_servers *addresses)
{
	struct conninfo_server at = {.host = strdup(server->host),
				     .port = server->port ? strdup(server->port) : NULL};
	char text[NI_MAXHOST];
	int err = -ENOMEM;

	if (getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof(text), NULL, 0,
			NI_NUMERICHOST) == 0)
		at.address = strdup(text);
	if (at.host && at.address && (at.port || !server->port))
		err = server_add(addresses, &at);
	if (err < 0)
		server_clear(&at);
	return err;
}

bool conninfo_is_named(const struct conninfo_server *server)
{
	return server->host && *server->host && !strchr("/@", *server->host) &&
	       !(server->address && *server->address);
}

int conninfo_addresses(const struct conninfo_server *server, struct strbuf *problem,
		       struct conninfo_servers *addressesp)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int gai = getaddrinfo(server->host, NULL, &hints, &found), err = 0;

	*addressesp = (struct conninfo_servers){0};
	if (gai != 0) {
		strbuf_printf(problem, "%s%s: %s", problem->len ? "; " : "", server->host,
			      gai_strerror(gai));
		return -ENOTCONN;
	}
	for (const struct addrinfo *at = found; err == 0 && at; at = at->ai_next)
		err = address_add(server, at, addressesp);
	freeaddrinfo(found);
	if (err < 0)
		conninfo_servers_clear(addressesp);
	return err;
}

void conninfo_servers_clear(struct conninfo_servers *servers)
{
	for (size_t i = 0; i < servers->len; i++)
		server_clear(&servers->item[i]);
	free(servers->item);
	*servers = (struct conninfo_servers){0};
}

struct conninfo conninfo_of(const char *url, const struct conninfo_server *server)
{
	return (struct conninfo){
		.keyword = {"sslmode", "target_session_attrs", "application_name",
			    "keepalives_idle", "keepalives_interval", "keepalives_count",
			    "tcp_user_timeout", "dbname", "client_encoding", "host", "hostaddr",
			    "port"},
		.value = {"verify-full", "read-write", "cmfd", "10", "5", "3", "15000", url, "UTF8",
			  server ? server->host : NULL, server ? server->address : NULL,
			  server ? server->port : NULL},
	};
}
