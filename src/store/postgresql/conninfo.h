// SPDX-License-Identifier: Apache-2.0
/*
 * The URL of a database: what of it is refused, and what libpq is given. All that libpq knows may
 * stand in it, or in a service file that it names.
 */
#pragma once

#include "base/cleanup.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

enum { CONNINFO_KEYS = 12 };

/* One of the servers that a URL names, or one of its addresses. NULL: libpq's own word for it. */
struct conninfo_server {
	char *host, *address, *port;
};

struct conninfo_servers {
	struct conninfo_server *item; /* owned, in their order */
	size_t len;                   /* 0: libpq finds out which */
};

/* For PQconnectStartParams(), with expand_dbname; borrows the URL and the server. */
struct conninfo {
	const char *keyword[CONNINFO_KEYS + 1];
	const char *value[CONNINFO_KEYS + 1];
};

/*
 * Says in `problem` why a URL is refused as it stands (-EINVAL): it is none, it has a password in
 * it, or it wants another server than the primary. -ENOMEM.
 */
_must_check_ int conninfo_check(const char *url, struct strbuf *problem);
/* What a URL sets for an option of libpq; owned. NULL: nothing, or it is none. */
char *conninfo_option(const char *url, const char *option);
/*
 * The servers of a URL, also those that a service file or the environment names; nothing is
 * connected to. -EINVAL, and `problem` says why: there is no such service, or less than a verified
 * server is asked for where one of them is on another machine. -ENOMEM.
 */
_must_check_ int conninfo_servers(const char *url, struct strbuf *problem,
				  struct conninfo_servers *serversp);
/* Whether it has a name, and addresses are to be looked for. */
bool conninfo_is_named(const struct conninfo_server *server);
/*
 * The addresses of one that has a name, in the order in which they should be tried, with that name,
 * by which the server is verified. Waits for the resolver. -ENOTCONN: it has none, and why is added
 * to `problem`; -ENOMEM.
 */
_must_check_ int conninfo_addresses(const struct conninfo_server *server, struct strbuf *problem,
				    struct conninfo_servers *addressesp);
void conninfo_servers_clear(struct conninfo_servers *servers);
/*
 * The URL before which stands what it may say otherwise: sslmode=verify-full, a primary
 * (target_session_attrs), time-outs of the network, application_name cmfd; of its servers that
 * one alone, unless it is NULL.
 */
struct conninfo conninfo_of(const char *url, const struct conninfo_server *server);
