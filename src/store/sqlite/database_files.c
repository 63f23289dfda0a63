// SPDX-License-Identifier: Apache-2.0
/* Whether the files of a database are sound, and stay those that were opened. See database_files.h.
 */
#include "database_files.h"

#include "base/bytes.h"
#include "base/log.h"
#include "wal_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* --- their directory --- */

char *database_files_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
}

int database_files_sync_directory(const char *path)
{
	_cleanup_(freep) char *directory = database_files_directory(path);
	int fd, err = 0;

	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return log_fault("open directory", -errno, directory);
	if (fsync(fd) < 0)
		err = log_fault("sync directory", -errno, directory);
	close(fd);
	return err;
}

/* --- before it is opened --- */

/* SQLite makes them with the mode of the database; another is somebody else's doing. */
static int mode_examine(const char *path, mode_t wanted, bool as_it_is)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : log_fault("open database", -errno, path);
	if ((st.st_mode & 07777) == wanted)
		return 0;
	log_event(LOG_LEVEL_WARNING, "database_mode", F_TEXT("path", path),
		  F_TEXT("problem", "its mode is not that of the database"),
		  F_INT("uid", st.st_uid), F_TEXT("effect", as_it_is ? NULL : "mended"));
	if (!as_it_is && chmod(path, wanted) < 0)
		return log_fault("mend the mode", -errno, path);
	return 0;
}

/* Octets 16 and 17 of a database; 1 stands for 65536. 0: it does not say. */
static uint32_t page_size_read(const char *database)
{
	FILE *file = fopen(database, "re");
	uint8_t head[18];
	size_t n = file ? fread(head, 1, sizeof(head), file) : 0;
	uint32_t size = n == sizeof(head) ? (uint32_t)head[16] << 8 | head[17] : 0;

	if (file)
		fclose(file);
	return size == 1 ? 65536 : size;
}

static int wal_read(const char *path, uint32_t page_size, struct wal_report *reportp)
{
	FILE *file = fopen(path, "re");
	int err;

	*reportp = (struct wal_report){.state = WAL_SOUND};
	if (!file)
		return errno == ENOENT ? 0 : log_fault("open database", -errno, path);
	err = wal_scan(file, page_size, reportp);
	fclose(file);
	return err < 0 ? log_fault("read the write-ahead log", err, path) : 0;
}

static int wal_examine(const char *path, uint32_t page_size)
{
	struct wal_report report, again;
	int err = wal_read(path, page_size, &report);

	/* Another process may be writing to it just now: what is damaged stays so. */
	if (err == 0 && report.state == WAL_DAMAGED) {
		err = wal_read(path, page_size, &again);
		if (err == 0 && (again.state != report.state || again.good != report.good))
			report.state = WAL_SOUND;
	}
	if (err < 0 || report.state == WAL_SOUND)
		return err;
	log_event(report.state == WAL_DAMAGED    ? LOG_LEVEL_ERROR
		  : report.state == WAL_DOUBTFUL ? LOG_LEVEL_WARNING
						 : LOG_LEVEL_INFO,
		  "write_ahead_log", F_TEXT("path", path),
		  F_TEXT("problem",
			 report.state == WAL_DAMAGED
				 ? "a damaged frame hides transactions that were committed"
			 : report.state == WAL_DOUBTFUL
				 ? "its last transaction is not whole: never finished, or damaged"
				 : "it ends in a transaction that was never finished"),
		  F_INT("frames", (int64_t)report.good), F_INT("lost", (int64_t)report.ends),
		  F_TEXT("effect", report.state == WAL_DAMAGED
					   ? "cmfd does not start; see DAMAGED LOG in cmfd(8)"
					   : "what stands before it is taken"));
	return report.state == WAL_DAMAGED ? -EBADMSG : 0;
}

int database_files_examine(const char *database, bool as_it_is)
{
	char path[FILES][PATH_MAX];
	struct stat st;
	int err = 0;

	/* Whoever opens it says what is wrong. */
	if (stat(database, &st) < 0)
		return 0;
	for (size_t i = 1; err == 0 && i < FILES; i++) {
		snprintf(path[i], sizeof(path[i]), "%s%s", database, suffixes[i]);
		err = mode_examine(path[i], st.st_mode & 07777, as_it_is);
	}
	return err == 0 ? wal_examine(path[1], page_size_read(database)) : err;
}

/* --- while it is open --- */

int database_files_new(const char *database, const char *resolved, struct database_files **filesp)
{
	_cleanup_(database_files_freep) struct database_files *files = calloc(1, sizeof(*files));
	struct stat st;

	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < FILES; i++) {
		if (asprintf(&files->file[i].path, "%s%s", i == 0 ? database : resolved,
			     suffixes[i]) < 0) {
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
