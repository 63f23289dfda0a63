// SPDX-License-Identifier: Apache-2.0
/* See conninfo.h. The meanings are those of libpq, PostgreSQL's documentation 34.1.2. */
#include "conninfo.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <string.h>

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
	const char *mode = option_of(options, "sslmode");
	const char *address = option_of(options, "hostaddr");

	if (password && *password)
		strbuf_add(problem,
			   "there is a password in it: put it into a file that only cmfd may read, "
			   "in the"
			   " form of .pgpass, and name that with ?passfile=/etc/cmfd/pgpass");
	else if (mode && strcmp(mode, "verify-full") != 0 && strcmp(mode, "verify-ca") != 0 &&
		 !(hosts_local(option_of(options, "host")) && hosts_local(address)))
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

struct conninfo conninfo_of(const char *url)
{
	return (struct conninfo){
		.keyword = {"sslmode", "target_session_attrs", "application_name",
			    "keepalives_idle", "keepalives_interval", "keepalives_count",
			    "tcp_user_timeout", "dbname", "client_encoding"},
		.value = {"verify-full", "read-write", "cmfd", "10", "5", "3", "15000", url,
			  "UTF8"},
	};
}
