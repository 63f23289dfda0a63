// SPDX-License-Identifier: Apache-2.0
/*
 * Why a database could not be opened, in words: cmfd, cmfctl and the checker say the same.
 */
#include "store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void served_say(const struct store_options *options, struct strbuf *out)
{
	int64_t pid = store_server(options);

	if (pid > 0)
		strbuf_printf(out, "%s is served by another cmfd, process %lld: stop that first",
			      options->database, (long long)pid);
	else
		strbuf_printf(out, "%s is in use by another process: try again when that has ended",
			      options->database);
}

void store_open_problem(const struct store_options *options, int err, struct strbuf *out)
{
	const char *database = options->database;

	switch (err) {
	case -ENOENT:
		strbuf_printf(out, "%s does not exist: run cmfctl init", database);
		break;
	case -EPROTO:
		strbuf_printf(out, "%s is of a newer cmfd than this one", database);
		break;
	case -EAGAIN:
		strbuf_printf(out,
			      "%s is of an older cmfd than this program: start cmfd once, which "
			      "migrates it",
			      database);
		break;
	case -EMEDIUMTYPE:
		strbuf_printf(out, "%s is a database of another program, not of cmfd", database);
		break;
	case -EUCLEAN:
		strbuf_printf(
			out,
			"%s is no SQLite database, or it is damaged: restore a backup (cmfctl "
			"restore)",
			database);
		break;
	case -EBADMSG:
		strbuf_printf(
			out,
			"%s-wal is damaged, and what was committed would be lost: see DAMAGED "
			"LOG in cmfd(8)",
			database);
		break;
	case -EBUSY:
		served_say(options, out);
		break;
	case -EACCES:
	case -EPERM:
	case -EROFS:
		strbuf_printf(out, "%s cannot be written by this user (uid %d): %s", database,
			      (int)geteuid(), strerror(-err));
		break;
	default:
		strbuf_printf(out, "%s: %s", database, strerror(-err));
	}
}
