// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl backup: database, configuration and the files that it names in one archive, while cmfd
 * serves. Private keys and other secrets only when they are asked for, under a passphrase. The way
 * back is restore.c.
 */
#include "backup.h"

#include "base/clock.h"
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
#include <sys/statvfs.h>
#include <unistd.h>

enum { OPT_KEYS = 0x100, OPT_PASSPHRASE_FILE };

struct backup_args {
	const char *file;
	const char *passphrase_file;
	bool keys;
};

/* A file that goes along. */
struct backup_file {
	char *name; /* in the archive */
	char *path;
	bool secret;
	struct octets content;
	unsigned mode;
};

struct backup {
	const struct backup_args *args;
	const struct conf *conf;
	struct backup_file *file;
	size_t n_files;
	json_t *uses;        /* which key of the configuration names which file */
	char *database_name; /* in the archive */
	char *copy;          /* of the database, until it is in the archive */
	struct octets keys;  /* the sealed ones */
	int64_t now_ms;
	uint64_t octets;       /* of the copy */
	const char *unchecked; /* why the copy was not looked at; NULL: it is sound */
};

static void backup_clear(struct backup *b)
{
	for (size_t i = 0; i < b->n_files; i++) {
		free(b->file[i].name);
		free(b->file[i].path);
		octets_clear_secret(&b->file[i].content);
	}
	free(b->file);
	json_decref(b->uses);
	free(b->database_name);
	free(b->copy);
	octets_clear(&b->keys);
}

/* --- which files --- */

static int file_read_in(struct backup_file *file)
{
	struct stat st;
	int err = file_read(file->path, BACKUP_FILE_MAX, &file->content);

	if (!err && stat(file->path, &st) < 0)
		err = -errno;
	if (err)
		return ctl_file_error(file->path, err);
	file->mode = st.st_mode & 0777;
	return CTL_OK;
}

/* Once, however many keys name it. */
static int file_add(struct backup *b, const char *path, bool secret, const char **namep)
{
	struct backup_file *grown;
	char *name = backup_name_of(b->conf->dir, path);

	for (size_t i = 0; name && i < b->n_files; i++) {
		if (strcmp(b->file[i].name, name) != 0)
			continue;
		b->file[i].secret = b->file[i].secret || secret;
		*namep = b->file[i].name;
		free(name);
		return CTL_OK;
	}
	grown = name ? reallocarray(b->file, b->n_files + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		free(name);
		return ctl_file_error(path, -ENOMEM);
	}
	b->file = grown;
	b->file[b->n_files] =
		(struct backup_file){.name = name, .path = strdup(path), .secret = secret};
	*namep = name;
	if (!b->file[b->n_files++].path)
		return ctl_file_error(path, -ENOMEM);
	return secret && !b->args->keys ? CTL_OK : file_read_in(&b->file[b->n_files - 1]);
}

static const char *const kind_words[] = {
	[CONF_FILE_OPEN] = "file",      [CONF_FILE_SECRET] = "secret",
	[CONF_FILE_TOKEN] = "token",    [CONF_FILE_DIRECTORY] = "directory",
	[CONF_FILE_MADE] = "directory",
};

static int use_note(void *arg, const struct conf_file *file)
{
	struct backup *b = arg;
	_cleanup_(freep) char *own_name = NULL;
	const char *name = NULL, *kind = kind_words[file->kind];
	json_t *use;
	int status = CTL_OK;

	if (strcmp(file->path, b->conf->store.database) == 0) {
		name = b->database_name;
		kind = "database";
	} else if (file->kind == CONF_FILE_OPEN || file->kind == CONF_FILE_SECRET) {
		status = file_add(b, file->path, file->kind == CONF_FILE_SECRET, &name);
	} else if (file->kind != CONF_FILE_TOKEN) {
		name = own_name = backup_name_of(b->conf->dir, file->path);
	}
	if (status)
		return status;
	use = json_pack("{s:s, s:s, s:s, s:s, s:s*}", "section", file->section, "key", file->key,
			"kind", kind, "path", file->path, "name", name);
	return json_array_append_new(b->uses, use) ? ctl_file_error(file->path, -ENOMEM) : CTL_OK;
}

/* --- the database --- */

/* The file next to the archive, with that ending, and nothing of an interrupted run in its place.
 */
static char *beside(const struct backup *b, const char *ending)
{
	char *path;

	if (asprintf(&path, "%s%s", b->args->file, ending) < 0)
		return NULL;
	unlink(path);
	return path;
}

/* The copy, and once more in the archive. */
static int room_check(const struct backup *b)
{
	_cleanup_(freep) char *parent = strdup(b->args->file);
	char *slash = parent ? strrchr(parent, '/') : NULL;
	uint64_t wanted, room;
	struct statvfs fs;
	struct stat st;

	if (slash)
		slash[slash == parent ? 1 : 0] = '\0';
	/* What is wrong with it, who copies it says. */
	if (stat(b->conf->store.database, &st) < 0)
		return CTL_OK;
	if (statvfs(slash ? parent : ".", &fs) < 0)
		return ctl_file_error(slash ? parent : ".", errno);
	wanted = 2 * (uint64_t)st.st_size;
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (wanted <= room)
		return CTL_OK;
	ctl_error("%s: a backup needs room for twice the database, %llu octets; there are %llu",
		  b->args->file, (unsigned long long)wanted, (unsigned long long)room);
	return CTL_FAULT;
}

static int database_error(const struct store_options *options, int err)
{
	_cleanup_(strbuf_clear) struct strbuf problem = STRBUF_NULL;

	if (err == -ENOTSUP)
		strbuf_printf(&problem,
			      "%s is no file: back it up with the tools of the database (pg_dump)",
			      options->database);
	else
		store_open_problem(options, err, &problem);
	ctl_error("%s", problem.text ? problem.text : "out of memory");
	return err == -ENOTSUP ? CTL_REFUSED : CTL_FAULT;
}

/* What is damaged is not to be found out on the day when it is needed. */
static int copy_check(struct backup *b)
{
	const struct store_options options = {
		.database = b->copy, .batch_max = 1, .as_it_is = true, .moved = true};
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	int err = store_open(&options, &store);

	if (err == -EAGAIN) {
		b->unchecked = "it is of an older version than this program";
		return CTL_OK;
	}
	if (!err)
		err = store_reader_new(store, &reader);
	if (!err)
		err = store_integrity_check(reader);
	if (err == -EUCLEAN) {
		ctl_error("%s is damaged; the lines above say where: there is no backup of it",
			  b->conf->store.database);
		return CTL_REFUSED;
	}
	return err ? ctl_file_error(b->copy, err) : CTL_OK;
}

static int database_copy(struct backup *b)
{
	const struct store_options options = {.database = b->conf->store.database, .batch_max = 1};
	struct stat st;
	int status = room_check(b), err;

	b->copy = beside(b, ".database");
	if (status || !b->copy)
		return status ? status : ctl_file_error(b->args->file, -ENOMEM);
	err = store_copy(&options, b->copy);
	if (err)
		return database_error(&options, err);
	fault_point("backup-copied");
	status = copy_check(b);
	if (!status && stat(b->copy, &st) < 0)
		return ctl_file_error(b->copy, errno);
	b->octets = status ? 0 : (uint64_t)st.st_size;
	return status;
}

/* --- secrets --- */

/* An archive of their own, sealed. */
static int secrets_pack(const struct backup *b, struct octets *tarp)
{
	_cleanup_(octets_clear_secret) struct octets room = OCTETS_NULL;
	_cleanup_(tar_writer_freep) struct tar_writer *w = NULL;
	size_t size = 64 << 10, used = 0;
	int err;

	/* Each has a header, and perhaps another one for a long name. */
	for (size_t i = 0; i < b->n_files; i++)
		size += b->file[i].secret ? b->file[i].content.len + (8 << 10) : 0;
	room.data = malloc(size);
	if (!room.data)
		return -ENOMEM;
	room.len = size;
	err = tar_create_memory(room.data, size, &used, &w);
	for (size_t i = 0; i < b->n_files && !err; i++) {
		if (b->file[i].secret)
			err = tar_add(w, b->file[i].name, b->file[i].mode & 0700, b->now_ms,
				      octets_view(&b->file[i].content));
	}
	if (!err)
		err = tar_finish(w);
	return err ? err : octets_dup((struct bytes){room.data, used}, tarp);
}

static int secrets_seal(struct backup *b)
{
	_cleanup_(octets_clear_secret) struct octets tar = OCTETS_NULL;
	char *passphrase = NULL;
	int status, err;

	if (!b->args->keys)
		return CTL_OK;
	status = ctl_secret_read(b->args->passphrase_file, &passphrase);
	if (status)
		return status;
	err = secrets_pack(b, &tar);
	if (err)
		status = ctl_file_error("private keys", err);
	else if (sealed_make(octets_view(&tar), passphrase, &b->keys))
		status = ctl_openssl_error("the private keys cannot be encrypted");
	OPENSSL_clear_free(passphrase, strlen(passphrase));
	return status;
}

/* --- the archive --- */

static json_t *files_json(const struct backup *b)
{
	json_t *files = json_array();

	for (size_t i = 0; i < b->n_files; i++) {
		const struct backup_file *file = &b->file[i];
		char digest[BACKUP_DIGEST_SIZE] = "", mode[8];

		snprintf(mode, sizeof(mode), "%04o", file->mode);
		/* The digest of a secret would tell whether a guess is right. */
		if (file->secret || digest_of_octets(octets_view(&file->content), digest) != 0)
			continue;
		json_array_append_new(files, json_pack("{s:s, s:s, s:s}", "name", file->name,
						       "mode", mode, "sha256", digest));
	}
	return files;
}

static int manifest_make(const struct backup *b, char **textp)
{
	char digest[BACKUP_DIGEST_SIZE], time[21];
	int err = digest_of_file(b->copy, digest);
	json_t *manifest;

	if (err)
		return ctl_file_error(b->copy, err);
	clock_format(b->now_ms, time);
	manifest = json_pack("{s:i, s:s, s:s, s:I, s:s, s:s, s:{s:s, s:I, s:s}, s:o, s:O, s:s*}",
			     "format", BACKUP_FORMAT, "version", CMFD_VERSION, "created", time,
			     "created_ms", (json_int_t)b->now_ms, "directory", b->conf->dir,
			     "configuration", strrchr(b->conf->path, '/') + 1, "database", "name",
			     b->database_name, "octets", (json_int_t)b->octets, "sha256", digest,
			     "files", files_json(b), "uses", b->uses, "keys",
			     b->args->keys ? BACKUP_KEYS : NULL);
	*textp = manifest ? json_dumps(manifest, JSON_INDENT(1)) : NULL;
	json_decref(manifest);
	return *textp ? CTL_OK : ctl_file_error(b->args->file, -ENOMEM);
}

static int members_add(const struct backup *b, const char *manifest, struct tar_writer *w)
{
	int err = tar_add(w, BACKUP_MANIFEST, 0600, b->now_ms, bytes_of_string(manifest));

	for (size_t i = 0; i < b->n_files && !err; i++) {
		if (!b->file[i].secret)
			err = tar_add(w, b->file[i].name, b->file[i].mode, b->now_ms,
				      octets_view(&b->file[i].content));
	}
	if (!err && b->args->keys)
		err = tar_add(w, BACKUP_KEYS, 0600, b->now_ms, octets_view(&b->keys));
	if (!err)
		err = tar_add_file(w, b->database_name, 0600, b->now_ms, b->copy);
	return err ? err : tar_finish(w);
}

/* It gets its name when it is whole and on disk. */
static int archive_publish(const struct backup *b, const char *unfinished, int fd)
{
	if (fsync(fd) < 0)
		return ctl_file_error(unfinished, errno);
	fault_point("backup-written");
	if (link(unfinished, b->args->file) < 0) {
		if (errno != EEXIST)
			return ctl_file_error(b->args->file, errno);
		ctl_error("%s has come meanwhile, and is not replaced", b->args->file);
		return CTL_REFUSED;
	}
	unlink(unfinished);
	return CTL_OK;
}

static int archive_write_all(const struct backup *b)
{
	_cleanup_(tar_writer_freep) struct tar_writer *w = NULL;
	_cleanup_(freep) char *unfinished = beside(b, ".unfinished"), *manifest = NULL;
	int status = unfinished ? manifest_make(b, &manifest) : CTL_FAULT, err, fd;

	if (status)
		return status;
	fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return ctl_file_error(unfinished, errno);
	err = tar_create(fd, &w);
	if (!err)
		err = members_add(b, manifest, w);
	status = err ? ctl_file_error(b->args->file, err) : archive_publish(b, unfinished, fd);
	close(fd);
	if (status)
		unlink(unfinished);
	return status;
}

/* --- the command --- */

static json_t *left_out(const struct backup *b)
{
	json_t *names = json_array();

	for (size_t i = 0; i < b->n_files; i++) {
		if (b->file[i].secret && !b->args->keys)
			json_array_append_new(names, json_string(b->file[i].path));
	}
	return names;
}

static void backup_report(const struct ctl *ctl, const struct backup *b)
{
	json_t *names = left_out(b), *name, *report;
	size_t i;

	if (ctl->json) {
		report =
			json_pack("{s:s, s:I, s:b, s:s*, s:o}", "file", b->args->file,
				  "database_octets", (json_int_t)b->octets, "keys",
				  (int)b->args->keys, "unchecked", b->unchecked, "left_out", names);
		ctl_json_print(report);
		json_decref(report);
		return;
	}
	printf("wrote %s: the database (%llu octets), the configuration and what it names\n",
	       b->args->file, (unsigned long long)b->octets);
	if (b->unchecked)
		printf("The database was not checked: %s.\n", b->unchecked);
	if (json_array_size(names) > 0)
		printf("Private keys and secrets are not in it. Keep these elsewhere, or use "
		       "--keys:\n");
	json_array_foreach(names, i, name) printf("  %s\n", json_string_value(name));
	json_decref(names);
}

static int backup_make(struct ctl *ctl, struct backup *b)
{
	const char *name;
	int status = file_add(b, b->conf->path, false, &name);

	if (!status)
		status = conf_files(b->conf, use_note, b);
	if (!status)
		status = database_copy(b);
	if (!status)
		status = secrets_seal(b);
	if (!status)
		status = archive_write_all(b);
	if (b->copy)
		unlink(b->copy);
	if (!status)
		backup_report(ctl, b);
	return status;
}

static error_t backup_parse(int key, char *arg, struct argp_state *state)
{
	struct backup_args *args = state->input;

	switch (key) {
	case OPT_KEYS:
		args->keys = true;
		return 0;
	case OPT_PASSPHRASE_FILE:
		args->passphrase_file = arg;
		return 0;
	case ARGP_KEY_ARG:
		ctl_argument_take(state, "FILE", arg, &args->file);
		return 0;
	case ARGP_KEY_END:
		ctl_argument_require(state, "FILE", args->file);
		if (args->keys != (args->passphrase_file != NULL))
			argp_error(state, "--keys and --passphrase-file go together");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_backup(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"keys", OPT_KEYS, NULL, 0,
		 "Private keys, passphrases and other secrets go along, encrypted", 1},
		{"passphrase-file", OPT_PASSPHRASE_FILE, "FILE", 0,
		 "... to the passphrase in the first line of FILE; - is standard input", 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = backup_parse,
		.args_doc = "FILE",
		.doc = "Writes the database, the configuration and the files that it names into "
		       "one archive (tar). cmfd may serve meanwhile, and need not. FILE is not "
		       "replaced."};
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(backup_clear) struct backup b = {0};
	struct backup_args args = {0};

	ctl_parse(&argp, ctl, &args, argc, argv);
	umask(077);
	if (access(args.file, F_OK) == 0) {
		ctl_error("%s exists, and is not replaced", args.file);
		return CTL_REFUSED;
	}
	if (conf_load_names(ctl->config, &conf, &problems)) {
		ctl_error("%s", problems.text ? problems.text : ctl->config);
		return CTL_REFUSED;
	}
	b = (struct backup){.args = &args,
			    .conf = conf,
			    .uses = json_array(),
			    .now_ms = clock_now_ms(&clock_system),
			    .database_name = backup_name_of(conf->dir, conf->store.database)};
	if (!b.uses || !b.database_name)
		return ctl_file_error(args.file, -ENOMEM);
	return backup_make(ctl, &b);
}
