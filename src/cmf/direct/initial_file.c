// SPDX-License-Identifier: Apache-2.0
/*
 * Files with one-time secrets: <dir>/<vnfInstanceId>/<subjectId>.json, which nobody else may read.
 * The identifiers are a VNFM's, and hostile: none of them leads out of the directory, and no link
 * in it is followed.
 */
#include "direct/direct.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUFFIX_MAX = 8, FOLDER_MODE = 0700, FILE_MODE = 0600 };

#define SUFFIX    ".json"
#define TEMPORARY ".new"

/* Seconds between two lines of the log about the same folder. */
#define TELL_EVERY_US (60 * 1000 * 1000LL)

static void fd_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* --- names --- */

static bool is_letter_or_digit(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Written as it is; a '.' only where it can mean nothing. */
static bool stands(const char *id, size_t at, size_t len)
{
	unsigned char c = (unsigned char)id[at];

	if (c == '.')
		return at > 0 && at + 1 < len;
	return is_letter_or_digit(c) || c == '_' || c == '-';
}

static int name_of_digest(const char *id, char *name)
{
	uint8_t digest[32];

	if (EVP_Digest(id, strlen(id), digest, NULL, EVP_sha256(), NULL) != 1)
		return log_fault("digest of an identifier", -EIO, NULL);
	bytes_to_hex(BYTES_OF(digest), name);
	return 0;
}

int initial_file_name(const char *id, char name[INITIAL_NAME_MAX + 1])
{
	const size_t len = strlen(id);
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		const bool as_it_is = stands(id, i, len);

		if (at + (as_it_is ? 1 : 3) > INITIAL_NAME_MAX)
			return name_of_digest(id, name);
		if (as_it_is)
			name[at++] = id[i];
		else
			at += (size_t)snprintf(name + at, 4, "%%%02X", (unsigned char)id[i]);
	}
	name[at] = '\0';
	return len ? 0 : -EINVAL;
}

/* --- folders --- */

/* *fdp: the folder, which is made if `make`. 0 or negative errno. */
static int folder_open(int parent, const char *name, int flags, bool make, int *fdp)
{
	if (make && mkdirat(parent, name, FOLDER_MODE) && errno != EEXIST)
		return -errno;
	*fdp = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	return *fdp < 0 ? -errno : 0;
}

/* The directory may be behind a link, which the operator has made; a VNF's folder is ours. */
static int folders_open(const char *dir, const char *vnf, bool make, int *dirp, int *vnfp)
{
	int err = folder_open(AT_FDCWD, dir, 0, make, dirp);

	return err ? err : folder_open(*dirp, vnf, O_NOFOLLOW, make, vnfp);
}

static int file_name(const char *id, char name[INITIAL_NAME_MAX + SUFFIX_MAX])
{
	char stem[INITIAL_NAME_MAX + 1];
	int err = initial_file_name(id, stem);

	if (err == 0)
		snprintf(name, INITIAL_NAME_MAX + SUFFIX_MAX, "%s" SUFFIX, stem);
	return err;
}

static int failed(const char *what, int err, const char *dir)
{
	return log_fault_every(TELL_EVERY_US, what, err, dir);
}

/* --- writing --- */

static int octets_write(int fd, struct bytes content)
{
	while (content.len) {
		ssize_t n = write(fd, content.data, content.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			content = (struct bytes){content.data + n, content.len - (size_t)n};
	}
	return fsync(fd) ? -errno : 0;
}

/* Beside its place first, so that nobody reads half of it; what a crash left there goes. */
static int file_replace(int folder, const char *name, struct bytes content)
{
	_cleanup_(fd_closep) int fd = -1;
	int err;

	if (unlinkat(folder, TEMPORARY, 0) && errno != ENOENT)
		return -errno;
	fd = openat(folder, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    FILE_MODE);
	if (fd < 0)
		return -errno;
	err = octets_write(fd, content);
	if (err == 0 && renameat(folder, TEMPORARY, folder, name))
		err = -errno;
	return err == 0 && fsync(folder) ? -errno : err;
}

int initial_file_write(const char *dir, const struct store_entity *entity, struct bytes content)
{
	char vnf[INITIAL_NAME_MAX + 1], name[INITIAL_NAME_MAX + SUFFIX_MAX];
	_cleanup_(fd_closep) int top = -1;
	_cleanup_(fd_closep) int folder = -1;
	int err = initial_file_name(entity->vnf_instance, vnf);

	if (err == 0)
		err = file_name(entity->subject_id, name);
	if (err == 0)
		err = folders_open(dir, vnf, true, &top, &folder);
	if (err == 0)
		err = file_replace(folder, name, content);
	if (err == 0 && fsync(top))
		err = -errno;
	return err ? failed("write an initial credential", err, dir) : 0;
}

/* --- removing --- */

static int file_unlink(int top, const char *vnf, int folder, const char *name)
{
	if (unlinkat(folder, name, 0) && errno != ENOENT)
		return -errno;
	/* What a crash has left. */
	if (unlinkat(folder, TEMPORARY, 0) && errno != ENOENT)
		return -errno;
	if (fsync(folder))
		return -errno;
	/* Others may still be in it. */
	if (unlinkat(top, vnf, AT_REMOVEDIR) && errno != ENOTEMPTY && errno != EEXIST &&
	    errno != ENOENT)
		return -errno;
	return 0;
}

int initial_file_remove(const char *dir, const struct store_entity *entity)
{
	char vnf[INITIAL_NAME_MAX + 1], name[INITIAL_NAME_MAX + SUFFIX_MAX];
	_cleanup_(fd_closep) int top = -1;
	_cleanup_(fd_closep) int folder = -1;
	int err = initial_file_name(entity->vnf_instance, vnf);

	if (err == 0)
		err = file_name(entity->subject_id, name);
	if (err == 0)
		err = folders_open(dir, vnf, false, &top, &folder);
	if (err == -ENOENT)
		return 0;
	if (err == 0)
		err = file_unlink(top, vnf, folder, name);
	return err ? failed("remove an initial credential", err, dir) : 0;
}
