// SPDX-License-Identifier: Apache-2.0
/*
 * Why a database could not be opened, in words: cmfd, cmfctl and the checker say the same.
 */
#include "store.h"

#include "base/error.h"
#include "base/uri.h"

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

static void moved_say(const struct store_options *options, struct strbuf *out)
{
	_cleanup_(freep) char *to = NULL;
	int err = store_moved_to(options, &to);

	strbuf_printf(
		out,
		"%s was copied to %s, which has gone on since: set [store] database to that. To "
		"go back to the file, as it was: cmfctl store put-back (docs/deployment.md)",
		options->database, err == 0 && to ? to : "a PostgreSQL server");
}

static void url_say(const char *url, int err, struct strbuf *out)
{
	switch (err) {
	case -ENOENT:
		strbuf_printf(out, "%s has no tables of cmfd: run cmfctl store create", url);
		break;
	case -ENODEV:
		strbuf_printf(
			out,
			"%s: there is no such database: make it with createdb --encoding=UTF8 "
			"--template=template0 --owner=ROLE (docs/deployment.md)",
			url);
		break;
	case -EACCES:
		strbuf_printf(out,
			      "%s does not let cmfd in: see its pg_hba.conf, the role, and the "
			      "password in ?passfile=, which only its owner may read (mode 0600)",
			      url);
		break;
	case -ENOTCONN:
		strbuf_printf(out,
			      "%s: no server there that answers, is verified and is the primary; "
			      "the log says what was tried",
			      url);
		break;
	case -EMFILE:
		strbuf_printf(out,
			      "%s has no connection left: raise max_connections of the server, or "
			      "the limit of the role (docs/deployment.md, Connections)",
			      url);
		break;
	case -EMLINK:
		strbuf_printf(out,
			      "%s is a pooler that shares sessions among transactions (pgbouncer's "
			      "pool_mode): name the server itself",
			      url);
		break;
	case -EBUSY:
		strbuf_printf(out,
			      "%s is in use by others: cmfd serves it, a store copy goes on, or a "
			      "cmfd has it for itself that knows of no others; end that first",
			      url);
		break;
	case -EEXIST:
		strbuf_printf(out,
			      "%s is not empty, and stays as it is: what is there may be all that "
			      "a CMF has; copy into another one, which createdb makes",
			      url);
		break;
	case -EINPROGRESS:
		strbuf_printf(out, "%s has half of a copy: run cmfctl store copy again", url);
		break;
	case -EBADMSG:
		strbuf_printf(out,
			      "%s has not become the same as the file, which was changed "
			      "meanwhile: drop that database and begin anew; the log says more",
			      url);
		break;
	case -EUSERS:
		strbuf_printf(out,
			      "%s is served by older cmfd that cannot go on with the schema of "
			      "this one: stop those first; the log names them (docs/operations.md, "
			      "Upgrade)",
			      url);
		break;
	case -EPROTONOSUPPORT:
		strbuf_printf(out, "%s: this program was built without PostgreSQL", url);
		break;
	default:
		strbuf_printf(out, "%s: %s; the log says more", url, error_text(err));
	}
}

static void file_say(const struct store_options *options, int err, struct strbuf *out)
{
	const char *database = options->database;

	switch (err) {
	case -ENOENT:
		strbuf_printf(out, "%s does not exist: run cmfctl init", database);
		break;
	case -EPROTO:
		strbuf_printf(out,
			      "%s is of a newer cmfd than this one, which cannot go on with it: "
			      "install the newer one; the way back is the backup from before "
			      "(docs/operations.md, Upgrade)",
			      database);
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
	case -EREMOTE:
		moved_say(options, out);
		break;
	case -EBUSY:
		served_say(options, out);
		break;
	case -EACCES:
	case -EPERM:
	case -EROFS:
		strbuf_printf(out, "%s cannot be written by this user (uid %d): %s", database,
			      (int)geteuid(), error_text(err));
		break;
	default:
		strbuf_printf(out, "%s: %s", database, error_text(err));
	}
}

void store_open_problem(const struct store_options *options, int err, struct strbuf *out)
{
	size_t at = out->len;

	if (store_database_is_url(options->database) && err != -EPROTO && err != -EAGAIN)
		url_say(options->database, err, out);
	else
		file_say(options, err, out);
	if (out->failed)
		return;
	uri_pin_mask(out->text + at);
	out->len = at + strlen(out->text + at);
}
