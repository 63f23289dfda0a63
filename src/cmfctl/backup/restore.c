// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl restore: a backup laid out as a directory of its own, which names no file outside of it,
 * so that trying one out touches nothing that serves. The database is checked and brought up to
 * date, and its CRLs get numbers above those that it cannot know. What is missing is said.
 */
#include "restore.h"

#include "../stage.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "conf.h"
#include "ctl.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_PASSPHRASE_FILE = 0x100, OPT_AUDIT };

static void restore_clear(struct restore *r)
{
	json_decref(r->manifest);
	json_decref(r->laid_out);
	octets_clear(&r->keys);
	json_decref(r->changed);
	json_decref(r->missing);
	json_decref(r->crls);
	json_decref(r->known);
	json_decref(r->since);
}

static int not_understood(const struct restore *r, const char *why)
{
	ctl_error("%s is no backup that this cmfctl reads: %s", r->args->file, why);
	return CTL_REFUSED;
}

/* --- what is in it --- */

static bool manifest_is_whole(const struct restore *r)
{
	const json_t *database = json_object_get(r->manifest, "database");

	return r->configuration && backup_name_is_safe(r->configuration) && r->database &&
	       backup_name_is_safe(r->database) && member_text(database, "sha256") &&
	       json_is_array(json_object_get(r->manifest, "files")) &&
	       json_is_array(json_object_get(r->manifest, "uses"));
}

static int manifest_read(struct restore *r, struct tar_reader *tar)
{
	_cleanup_(octets_clear) struct octets text = OCTETS_NULL;
	const char *name;
	uint64_t size;
	int err = tar_next(tar, &name, &size);

	if (!err && strcmp(name, BACKUP_MANIFEST) == 0)
		err = tar_read(tar, BACKUP_MANIFEST_MAX, &text);
	else if (err >= 0)
		err = -EBADMSG;
	r->manifest = err ? NULL : json_loadb((const char *)text.data, text.len, 0, NULL);
	if (!r->manifest)
		return not_understood(r, "it does not begin with " BACKUP_MANIFEST);
	if (json_integer_value(json_object_get(r->manifest, "format")) != BACKUP_FORMAT)
		return not_understood(r, "it is of a newer one");
	r->configuration = member_text(r->manifest, "configuration");
	r->database = member_text(json_object_get(r->manifest, "database"), "name");
	r->created_ms = json_integer_value(json_object_get(r->manifest, "created_ms"));
	if (!manifest_is_whole(r))
		return not_understood(r, BACKUP_MANIFEST " lacks something");
	if (r->now_ms >= r->created_ms)
		return CTL_OK;
	ctl_error("the clock of this machine is before the time of the backup (%s): set it, or "
		  "numbers of CRLs would come twice",
		  member_text(r->manifest, "created"));
	return CTL_REFUSED;
}

/* What the manifest says of a file; NULL: it does not know it. */
static const json_t *file_find(const struct restore *r, const char *name)
{
	const json_t *files = json_object_get(r->manifest, "files"), *file;
	size_t i;

	if (strcmp(name, r->database) == 0)
		return json_object_get(r->manifest, "database");
	json_array_foreach(files, i, file)
	{
		const char *known = member_text(file, "name");

		if (known && strcmp(known, name) == 0)
			return file;
	}
	return NULL;
}

/* --- laying out --- */

static int file_lay_out(struct restore *r, struct tar_reader *tar, const char *stage,
			const char *name, unsigned mode)
{
	_cleanup_(freep) char *path = NULL;
	char digest[BACKUP_DIGEST_SIZE] = "";
	int err;

	if (!backup_name_is_safe(name) || json_object_get(r->laid_out, name))
		return not_understood(r, "a name in it is there twice, or leads elsewhere");
	if (asprintf(&path, "%s/%s", stage, name) < 0) {
		path = NULL;
		return ctl_file_error(name, -ENOMEM);
	}
	err = backup_parents_make(stage, name);
	if (!err)
		err = tar_extract(tar, path, mode, digest);
	if (err == -EBADMSG)
		return not_understood(r, "it is cut short or damaged");
	if (err)
		return ctl_file_error(name, err);
	json_object_set_new(r->laid_out, name, json_string(digest));
	return CTL_OK;
}

static unsigned mode_of(const json_t *file)
{
	const char *mode = member_text(file, "mode");

	/* Nobody else writes to it, and nothing of it runs. */
	return mode ? (unsigned)strtoul(mode, NULL, 8) & 0644 : 0600;
}

static int members_lay_out(struct restore *r, struct tar_reader *tar, const char *stage)
{
	int status = CTL_OK, err = 0;
	uint64_t size;

	while (!status) {
		const char *name;
		const json_t *file;

		err = tar_next(tar, &name, &size);
		if (err)
			break;
		file = file_find(r, name);
		if (strcmp(name, BACKUP_KEYS) == 0 && !r->keys.data) {
			err = tar_read(tar, BACKUP_KEYS_MAX, &r->keys);
			status = err ? ctl_file_error(name, err) : CTL_OK;
		} else if (file) {
			status = file_lay_out(r, tar, stage, name, mode_of(file));
		} else {
			status = not_understood(r, "there is more in it than it says");
		}
	}
	return !status && err < 0 ? not_understood(r, "it is cut short or damaged") : status;
}

static bool is_laid_out(const struct restore *r, const json_t *file)
{
	const char *name = member_text(file, "name"), *digest = member_text(file, "sha256");
	const char *found = name ? member_text(r->laid_out, name) : NULL;

	return found && digest && strcmp(found, digest) == 0;
}

/* All that it says is there, and as it was. */
static int members_check(const struct restore *r)
{
	const json_t *files = json_object_get(r->manifest, "files"), *file;
	bool whole = is_laid_out(r, json_object_get(r->manifest, "database")) &&
		     json_object_get(r->laid_out, r->configuration);
	size_t i;

	json_array_foreach(files, i, file) whole = whole && is_laid_out(r, file);
	if (whole && (!member_text(r->manifest, "keys") || r->keys.data))
		return CTL_OK;
	return not_understood(r, "it is cut short or damaged: a file lacks, or is not what it was");
}

static int archive_lay_out(struct restore *r, const char *stage)
{
	_cleanup_(tar_reader_freep) struct tar_reader *tar = NULL;
	int fd = open(r->args->file, O_RDONLY | O_CLOEXEC), status;

	if (fd < 0)
		return ctl_file_error(r->args->file, errno);
	status = tar_open(fd, &tar) ? not_understood(r, "it is no tar archive") : CTL_OK;
	if (!status)
		status = manifest_read(r, tar);
	if (!status)
		status = members_lay_out(r, tar, stage);
	if (!status)
		status = members_check(r);
	close(fd);
	return status;
}

/* --- private keys --- */

static int secrets_lay_out(struct restore *r, struct bytes archive, const char *stage)
{
	_cleanup_(tar_reader_freep) struct tar_reader *tar = NULL;
	int err = tar_open_memory(archive, &tar), status = CTL_OK;
	const char *name;
	uint64_t size;

	while (!err && !status) {
		err = tar_next(tar, &name, &size);
		if (!err)
			status = file_lay_out(r, tar, stage, name, 0600);
	}
	return !status && err < 0 ? ctl_file_error(BACKUP_KEYS, err) : status;
}

static int secrets_open(struct restore *r, const char *stage)
{
	_cleanup_(octets_clear_secret) struct octets archive = OCTETS_NULL;
	char *passphrase = NULL;
	int status, err;

	if (!r->args->passphrase_file)
		return CTL_OK;
	if (!r->keys.data) {
		ctl_error("%s has no private keys: it was made without --keys", r->args->file);
		return CTL_REFUSED;
	}
	status = ctl_secret_read(r->args->passphrase_file, &passphrase);
	if (status)
		return status;
	err = sealed_open(octets_view(&r->keys), passphrase, &archive);
	OPENSSL_clear_free(passphrase, strlen(passphrase));
	if (!err)
		return secrets_lay_out(r, octets_view(&archive), stage);
	ctl_error("%s: the passphrase is not that of its private keys", r->args->file);
	return CTL_REFUSED;
}

/* --- the database --- */

/* Lines of the second in which the backup was made may be in it or not. */
static int64_t since_of(const struct restore *r)
{
	return r->created_ms - 1000;
}

static int database_prepare(struct restore *r, const struct conf *conf)
{
	const struct store_options options = {.database = conf->store.database,
					      .batch_max = 1,
					      .moved = true,
					      .index_keys = !conf->cmf.key_reuse};
	_cleanup_(strbuf_clear) struct strbuf problem = STRBUF_NULL;
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	int err = store_open(&options, &store);

	if (!err)
		err = store_reader_new(store, &reader);
	if (!err)
		err = store_integrity_check(reader);
	if (!err)
		err = past_crls_raise(conf, store, reader, r->now_ms, r->crls);
	if (!err)
		err = past_audit_known(reader, since_of(r), r->known);
	if (!err)
		return CTL_OK;
	store_open_problem(&options, err, &problem);
	ctl_error("the database in the backup cannot be used: %s",
		  problem.text ? problem.text : error_text(err));
	return CTL_REFUSED;
}

/* --- the command --- */

static int restore_fill(const char *stage, void *arg)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct restore *r = arg;
	int status = archive_lay_out(r, stage);

	fault_point("restore-laid-out");
	if (!status)
		status = secrets_open(r, stage);
	if (!status)
		status = restore_configuration(r, stage, &conf);
	if (!status)
		status = database_prepare(r, conf);
	if (!status && r->args->audit)
		status = since_read(r->args->audit, since_of(r), INT64_MAX, r->known, &r->since);
	return status;
}

static void settings_print(const json_t *rows, const char *dir, const char *key)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *value = member_text(row, key);

		printf("  [%s] %s: %s%s", member_text(row, "section"), member_text(row, "key"),
		       strchr(value, ':') ? "" : dir, strchr(value, ':') || !*dir ? "" : "/");
		ctl_text_print(value);
		putchar('\n');
	}
}

static void people_report(const struct restore *r)
{
	const char *dir = r->args->dir;

	printf("restored %s, as it was at %s; the database is sound\n", dir,
	       member_text(r->manifest, "created"));
	if (json_array_size(r->changed) > 0)
		printf("Changed in %s/%s, so that it names nothing outside (%s.original is as it "
		       "was):\n",
		       dir, r->configuration, r->configuration);
	settings_print(r->changed, "", "value");
	past_crls_print(r->crls);
	if (r->since)
		since_print(r->since);
	else
		printf("What was done since is not in it: --audit FILE lists it from an exported "
		       "audit.\n");
	printf("Next:\n");
	if (json_array_size(r->missing) > 0)
		printf("- put these in place, which are not in the backup%s:\n",
		       r->keys.data && !r->args->passphrase_file
			       ? " (or restore again with --passphrase-file)"
			       : "");
	settings_print(r->missing, dir, "file");
	printf("- see whether listeners and admin_socket of %s/%s are free here\n"
	       "- cmfctl --config %s/%s check --database\n"
	       "- start cmfd --config %s/%s; it makes a new CRL at once\n",
	       dir, r->configuration, dir, r->configuration, dir, r->configuration);
}

static void restore_report(const struct ctl *ctl, const struct restore *r)
{
	json_t *report;

	if (!ctl->json) {
		people_report(r);
		return;
	}
	report = json_pack("{s:s, s:s, s:s++, s:O, s:O, s:O, s:O*}", "dir", r->args->dir, "created",
			   member_text(r->manifest, "created"), "config", r->args->dir, "/",
			   r->configuration, "changed", r->changed, "missing", r->missing, "crls",
			   r->crls, "since", r->since);
	ctl_json_print(report);
	json_decref(report);
}

static error_t restore_parse(int key, char *arg, struct argp_state *state)
{
	struct restore_args *args = state->input;

	switch (key) {
	case 'd':
		args->dir = arg;
		return 0;
	case OPT_PASSPHRASE_FILE:
		args->passphrase_file = arg;
		return 0;
	case OPT_AUDIT:
		args->audit = arg;
		return 0;
	case ARGP_KEY_ARG:
		ctl_argument_take(state, "FILE", arg, &args->file);
		return 0;
	case ARGP_KEY_END:
		ctl_argument_require(state, "FILE", args->file);
		if (!args->dir || !*args->dir)
			argp_error(state, "--dir is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_restore(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"dir", 'd', "DIR", 0, "Directory to make; it must not exist, or be empty", 1},
		{"passphrase-file", OPT_PASSPHRASE_FILE, "FILE", 0,
		 "The private keys, too, with the passphrase in the first line of FILE; - is "
		 "standard input",
		 1},
		{"audit", OPT_AUDIT, "FILE", 0,
		 "List from this exported audit what was done since the backup", 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = restore_parse,
		.args_doc = "FILE",
		.doc = "Lays out a backup in a directory of its own, checks the database, and says "
		       "what lacks and what is next. Nothing else is changed."};
	_cleanup_(restore_clear) struct restore r = {0};
	struct restore_args args = {0};
	size_t len;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	for (len = strlen(args.dir); len > 1 && args.dir[len - 1] == '/';)
		args.dir[--len] = '\0';
	if (!stage_dir_is_free(args.dir)) {
		ctl_error("%s is not empty, and restore overwrites nothing", args.dir);
		return CTL_REFUSED;
	}
	r = (struct restore){.args = &args,
			     .laid_out = json_object(),
			     .changed = json_array(),
			     .missing = json_array(),
			     .crls = json_array(),
			     .known = json_object(),
			     .now_ms = clock_now_ms(&clock_system)};
	if (!r.laid_out || !r.changed || !r.missing || !r.crls || !r.known)
		return ctl_file_error(args.file, -ENOMEM);
	umask(077);
	status = stage_dir_make(args.dir, restore_fill, &r);
	if (!status)
		restore_report(ctl, &r);
	return status;
}
