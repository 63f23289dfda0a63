// SPDX-License-Identifier: Apache-2.0
/*
 * Directories that a command makes: as a whole or not at all. They are filled beside their place
 * and renamed at the end, so that what was interrupted leaves nothing half-done behind.
 */
#include "stage.h"

#include "ctl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

bool stage_dir_is_free(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;
	bool empty = true;

	if (!d)
		return errno == ENOENT;
	while (empty && (entry = readdir(d)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(d);
	return empty;
}

int stage_begin(const struct ctl *ctl, const char *command, char *dir, struct conf **confp)
{
	for (size_t len = strlen(dir); len > 1 && dir[len - 1] == '/';)
		dir[--len] = '\0';
	if (!stage_dir_is_free(dir)) {
		ctl_error("%s is not empty, and %s overwrites nothing", dir, command);
		return CTL_REFUSED;
	}
	umask(077);
	return ctl_conf_load(ctl, confp);
}

/* Of the directory that a file is in. 0 or -1. */
static int directory_of(const char *path, struct stat *st)
{
	_cleanup_(freep) char *copy = strdup(path);
	char *slash = copy ? strrchr(copy, '/') : NULL;

	if (!slash)
		return -1;
	slash[1] = '\0';
	return stat(copy, st);
}

int stage_owner_keep(const char *stage, const char *like, const char *except)
{
	const struct dirent *entry;
	struct stat st, beside;
	DIR *d;
	int failed = 0;

	if (geteuid() != 0 || stat(like, &st))
		return CTL_OK;
	d = opendir(stage);
	if (!d)
		return ctl_file_error(stage, errno);
	/* Certificates in it are for the service's group, as those beside `like`. */
	if (directory_of(like, &beside) == 0 && fchmod(dirfd(d), beside.st_mode & 0750))
		failed = errno;
	while (!failed && (entry = readdir(d))) {
		bool own = strcmp(entry->d_name, "..") != 0 &&
			   (!except || strcmp(entry->d_name, except) != 0);

		if (own && fchownat(dirfd(d), entry->d_name, st.st_uid, st.st_gid, 0))
			failed = errno;
	}
	closedir(d);
	return failed ? ctl_file_error(stage, failed) : CTL_OK;
}

/* Makes the rename durable. */
static int parent_sync(const char *dir)
{
	_cleanup_(freep) char *parent = strdup(dir);
	char *slash = parent ? strrchr(parent, '/') : NULL;
	int fd, err = 0;

	if (slash)
		slash[slash == parent] = '\0';
	fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		err = errno;
	if (fd >= 0)
		close(fd);
	return err ? ctl_file_error(dir, err) : CTL_OK;
}

int stage_dir_make(const char *dir, stage_fill *fill, void *arg)
{
	_cleanup_(strbuf_clear) struct strbuf stage = STRBUF_NULL;
	int status;

	strbuf_printf(&stage, "%s.new-XXXXXX", dir);
	if (stage.failed || !mkdtemp(stage.text))
		return ctl_file_error(dir, errno);
	status = fill(stage.text, arg);
	if (!status && rename(stage.text, dir)) {
		ctl_file_error(dir, errno);
		status = errno == ENOTEMPTY || errno == EEXIST ? CTL_REFUSED : CTL_FAULT;
	}
	if (!status)
		return parent_sync(dir);
	nftw(stage.text, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}
