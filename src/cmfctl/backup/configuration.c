// SPDX-License-Identifier: Apache-2.0
/*
 * The configuration of a backup where it is laid out: its names lead into that directory, whatever
 * they led to before. Called by restore.c.
 */
#include "restore.h"

#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a key of the configuration finds its file from now on; NULL: it names none. */
static const json_t *use_find(const struct restore *r, const struct conf_file *file)
{
	const json_t *uses = json_object_get(r->manifest, "uses"), *use;
	size_t i;

	json_array_foreach(uses, i, use)
	{
		const char *section = member_text(use, "section"), *key = member_text(use, "key");

		if (section && key && strcmp(section, file->section) == 0 &&
		    strcmp(key, file->key) == 0)
			return use;
	}
	return NULL;
}

struct adapting {
	struct restore *r;
	const char *stage;
	char *text; /* of the configuration */
};

/* A directory that cmfd writes into is there, and empty. */
static int directory_make(const struct adapting *a, const char *name)
{
	_cleanup_(freep) char *path = NULL;
	int err = backup_parents_make(a->stage, name);

	if (err || asprintf(&path, "%s/%s", a->stage, name) < 0)
		return err ? err : -ENOMEM;
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int value_change(struct adapting *a, const struct conf_file *file, const char *name)
{
	struct strbuf text = STRBUF_NULL;
	int err = conf_text_set(a->text, file->section, file->key, name, &text);

	/* What is not set there is a default, which is relative to the file. */
	if (err == -ENOENT) {
		strbuf_clear(&text);
		return 0;
	}
	if (err) {
		strbuf_clear(&text);
		return err;
	}
	free(a->text);
	a->text = strbuf_take(&text);
	json_array_append_new(a->r->changed,
			      json_pack("{s:s, s:s, s:s, s:s}", "section", file->section, "key",
					file->key, "value", name, "was", file->path));
	return a->text ? 0 : -ENOMEM;
}

static int file_adapt(void *arg, const struct conf_file *file)
{
	struct adapting *a = arg;
	const json_t *use = use_find(a->r, file);
	const char *name = use ? member_text(use, "name") : NULL;
	_cleanup_(freep) char *wanted = NULL;
	int err = 0;

	if (!name || !backup_name_is_safe(name) || file->kind == CONF_FILE_TOKEN)
		return 0;
	if (asprintf(&wanted, "%s/%s", a->stage, name) < 0) {
		wanted = NULL;
		return -ENOMEM;
	}
	if (strcmp(member_text(use, "kind"), "directory") == 0)
		err = directory_make(a, name);
	return err || strcmp(wanted, file->path) == 0 ? err : value_change(a, file, name);
}

static int missing_note(void *arg, const struct conf_file *file)
{
	struct restore *r = arg;
	const json_t *use = use_find(r, file);
	const char *name = use ? member_text(use, "name") : NULL;

	if (file->kind != CONF_FILE_TOKEN && (!name || access(file->path, F_OK) == 0))
		return 0;
	json_array_append_new(r->missing,
			      json_pack("{s:s, s:s, s:s}", "section", file->section, "key",
					file->key, "file", name ? name : file->path));
	return 0;
}

static int conf_read(const char *path, struct conf **confp)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;

	if (!conf_load_names(path, confp, &problems))
		return CTL_OK;
	ctl_error("the configuration in the backup is not understood:\n%s",
		  problems.text ? problems.text : path);
	return CTL_REFUSED;
}

/* No name leads out of the directory, above all not to a database that serves. */
int restore_configuration(struct restore *r, const char *stage, struct conf **confp)
{
	_cleanup_(freep) char *path = NULL, *original = NULL, *database = NULL, *resolved = NULL;
	struct adapting a = {.r = r};
	int status, err;

	if (asprintf(&path, "%s/%s", stage, r->configuration) < 0 ||
	    asprintf(&original, "%s.original", path) < 0)
		return ctl_file_error(r->configuration, -ENOMEM);
	a.stage = resolved = realpath(stage, NULL);
	status = resolved ? conf_read(path, confp) : ctl_file_error(stage, errno);
	if (!status)
		status = ctl_text_read(path, BACKUP_FILE_MAX, &a.text);
	if (status)
		return status;
	err = conf_files(*confp, file_adapt, &a);
	if (!err && json_array_size(r->changed) > 0) {
		err = rename(path, original) < 0 ? -errno : 0;
		if (!err)
			err = file_write_durable(path, bytes_of_string(a.text), 0600);
		conf_free(TAKE(*confp));
		status = err ? CTL_OK : conf_read(path, confp);
	}
	free(a.text);
	if (err || status)
		return err ? ctl_file_error(path, err) : status;
	if (asprintf(&database, "%s/%s", resolved, r->database) < 0)
		return ctl_file_error(path, -ENOMEM);
	if (strcmp((*confp)->store.database, database) == 0)
		return conf_files(*confp, missing_note, r);
	ctl_error("[store] database leads out of the restored directory: %s",
		  (*confp)->store.database);
	return CTL_REFUSED;
}
