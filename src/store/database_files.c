// SPDX-License-Identifier: Apache-2.0
/* Whether the files of a database are still those that were opened. See database_files.h. */
#include "database_files.h"

#include "base/bytes.h"
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILES = 3 };

static const char *const suffixes[FILES] = {"", "-wal", "-shm"};

struct database_files {
	struct {
		char *path; /* NULL: there is none (no write-ahead log in a mode other than WAL) */
		dev_t device;
		ino_t inode;
	} file[FILES];
	atomic_int found; /* 0 or -ESTALE */
};

int database_files_new(const char *database, struct database_files **filesp)
{
	_cleanup_(database_files_freep) struct database_files *files = calloc(1, sizeof(*files));
	struct stat st;

	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < FILES; i++) {
		if (asprintf(&files->file[i].path, "%s%s", database, suffixes[i]) < 0) {
			files->file[i].path = NULL;
			return -ENOMEM;
		}
		if (stat(files->file[i].path, &st) < 0) {
			if (errno != ENOENT || i == 0)
				return log_fault("open database", -errno, files->file[i].path);
			free(files->file[i].path);
			files->file[i].path = NULL;
			continue;
		}
		files->file[i].device = st.st_dev;
		files->file[i].inode = st.st_ino;
	}
	*filesp = TAKE(files);
	return 0;
}

void database_files_free(struct database_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < FILES; i++)
		free(files->file[i].path);
	free(files);
}

int database_files_check(struct database_files *files)
{
	const char *problem = NULL, *path = files->file[0].path;
	int found;

	for (size_t i = 0; i < FILES && !problem; i++) {
		struct stat st;

		if (!files->file[i].path)
			continue;
		path = files->file[i].path;
		if (stat(path, &st) < 0)
			problem = errno == ENOENT ? "it is gone" : "it cannot be looked at";
		else if (st.st_dev != files->file[i].device || st.st_ino != files->file[i].inode)
			problem = "another file is in its place";
	}
	found = problem ? -ESTALE : 0;
	if (atomic_exchange(&files->found, found) == found)
		return found;
	if (problem)
		log_event(LOG_LEVEL_ERROR, "database_lost", F_TEXT("path", path),
			  F_TEXT("problem", problem),
			  F_TEXT("effect", "nothing is served; put the file back, or stop cmfd, "
					   "restore the database and start it again"));
	else
		log_event(LOG_LEVEL_WARNING, "database_back", F_TEXT("path", files->file[0].path),
			  F_TEXT("effect", "serving again"));
	return found;
}

int database_files_checked(const struct database_files *files)
{
	return atomic_load(&files->found);
}
