// SPDX-License-Identifier: Apache-2.0
/*
 * The URL of a database: what of it is refused, and what libpq is given. All that libpq knows may
 * stand in it, or in a service file that it names.
 */
#pragma once

#include "base/cleanup.h"
#include "base/strbuf.h"

enum { CONNINFO_KEYS = 10 };

/* For PQconnectStartParams(), with expand_dbname; borrows the URL. */
struct conninfo {
	const char *keyword[CONNINFO_KEYS + 1];
	const char *value[CONNINFO_KEYS + 1];
};

/*
 * Says in `problem` why a URL is refused (-EINVAL): it is none, it has a password in it, or it asks
 * for less than a verified server where that is on another machine. -ENOMEM.
 */
_must_check_ int conninfo_check(const char *url, struct strbuf *problem);
/*
 * The URL before which stands what it may say otherwise: sslmode=verify-full, a primary
 * (target_session_attrs), time-outs of the network, application_name cmfd.
 */
struct conninfo conninfo_of(const char *url);
