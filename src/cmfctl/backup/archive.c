// SPDX-License-Identifier: Apache-2.0
/*
 * The archive of a backup, with libarchive: tar alone, without compression, files alone. What the
 * members are is for backup.c and restore.c.
 */
#include "backup.h"

#include "ctl.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 18 };

struct tar_writer {
	struct archive *archive;
	struct archive_entry *entry;
};

struct tar_reader {
	struct archive *archive;
	uint64_t size; /* of the file that it is at */
};

static int archive_fault(struct archive *archive)
{
	int err = archive_errno(archive);
	const char *text = archive_error_string(archive);

	ctl_error("archive: %s", text ? text : "not understood");
	return err > 0 ? -err : -EBADMSG;
}

/* --- digests --- */

static int digest_finish(EVP_MD_CTX *md, char digest[BACKUP_DIGEST_SIZE])
{
	uint8_t octets[32];

	if (EVP_DigestFinal_ex(md, octets, NULL) != 1)
		return -EIO;
	bytes_to_hex(BYTES_OF(octets), digest);
	return 0;
}

static EVP_MD_CTX *digest_begin(void)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1)
		return md;
	EVP_MD_CTX_free(md);
	return NULL;
}

int digest_of_octets(struct bytes content, char digest[BACKUP_DIGEST_SIZE])
{
	uint8_t octets[32];

	if (EVP_Digest(content.data, content.len, octets, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	bytes_to_hex(BYTES_OF(octets), digest);
	return 0;
}

/* Gives all of a file, piece by piece. */
typedef int piece_take(void *arg, const void *piece, size_t len);

static int file_pieces(const char *path, piece_take *take, void *arg)
{
	_cleanup_(freep) char *piece = malloc(CHUNK);
	int fd = piece ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	int err = fd < 0 ? -(piece ? errno : ENOMEM) : 0;
	ssize_t n = 1;

	while (!err && n > 0) {
		n = read(fd, piece, CHUNK);
		if (n < 0)
			err = -errno;
		else if (n > 0)
			err = take(arg, piece, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static int digest_take(void *arg, const void *piece, size_t len)
{
	return EVP_DigestUpdate(arg, piece, len) == 1 ? 0 : -EIO;
}

int digest_of_file(const char *path, char digest[BACKUP_DIGEST_SIZE])
{
	EVP_MD_CTX *md = digest_begin();
	int err = md ? file_pieces(path, digest_take, md) : -ENOMEM;

	if (!err)
		err = digest_finish(md, digest);
	EVP_MD_CTX_free(md);
	return err;
}

/* --- writing --- */

void tar_writer_free(struct tar_writer *w)
{
	if (!w)
		return;
	archive_entry_free(w->entry);
	archive_write_free(w->archive);
	free(w);
}

static int writer_new(struct tar_writer **writerp)
{
	struct tar_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->archive = archive_write_new();
	w->entry = archive_entry_new();
	if (!w->archive || !w->entry ||
	    archive_write_set_format_pax_restricted(w->archive) != ARCHIVE_OK) {
		tar_writer_free(w);
		return -ENOMEM;
	}
	*writerp = w;
	return 0;
}

int tar_create(int fd, struct tar_writer **writerp)
{
	int err = writer_new(writerp);

	if (err || archive_write_open_fd((*writerp)->archive, fd) == ARCHIVE_OK)
		return err;
	return archive_fault((*writerp)->archive);
}

int tar_create_memory(uint8_t *buffer, size_t size, size_t *usedp, struct tar_writer **writerp)
{
	int err = writer_new(writerp);

	if (err ||
	    archive_write_open_memory((*writerp)->archive, buffer, size, usedp) == ARCHIVE_OK)
		return err;
	return archive_fault((*writerp)->archive);
}

static int entry_begin(struct tar_writer *w, const char *name, unsigned mode, int64_t time_ms,
		       uint64_t size)
{
	archive_entry_clear(w->entry);
	archive_entry_set_pathname(w->entry, name);
	archive_entry_set_filetype(w->entry, AE_IFREG);
	archive_entry_set_perm(w->entry, mode);
	archive_entry_set_mtime(w->entry, time_ms / 1000, 0);
	archive_entry_set_size(w->entry, (la_int64_t)size);
	return archive_write_header(w->archive, w->entry) == ARCHIVE_OK ? 0
									: archive_fault(w->archive);
}

static int entry_take(void *arg, const void *piece, size_t len)
{
	struct tar_writer *w = arg;

	/* Less is written where a file has grown meanwhile. */
	return archive_write_data(w->archive, piece, len) == (la_ssize_t)len
		       ? 0
		       : archive_fault(w->archive);
}

int tar_add(struct tar_writer *w, const char *name, unsigned mode, int64_t time_ms,
	    struct bytes content)
{
	int err = entry_begin(w, name, mode, time_ms, content.len);

	return err || !content.len ? err : entry_take(w, content.data, content.len);
}

int tar_add_file(struct tar_writer *w, const char *name, unsigned mode, int64_t time_ms,
		 const char *path)
{
	struct stat st;
	int err = stat(path, &st) < 0 ? -errno : 0;

	if (!err)
		err = entry_begin(w, name, mode, time_ms, (uint64_t)st.st_size);
	return err ? err : file_pieces(path, entry_take, w);
}

int tar_finish(struct tar_writer *w)
{
	return archive_write_close(w->archive) == ARCHIVE_OK ? 0 : archive_fault(w->archive);
}

/* --- reading --- */

void tar_reader_free(struct tar_reader *r)
{
	if (!r)
		return;
	archive_read_free(r->archive);
	free(r);
}

static int reader_new(struct tar_reader **readerp)
{
	struct tar_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->archive = archive_read_new();
	if (!r->archive || archive_read_support_format_tar(r->archive) != ARCHIVE_OK) {
		tar_reader_free(r);
		return -ENOMEM;
	}
	*readerp = r;
	return 0;
}

int tar_open(int fd, struct tar_reader **readerp)
{
	int err = reader_new(readerp);

	if (err || archive_read_open_fd((*readerp)->archive, fd, CHUNK) == ARCHIVE_OK)
		return err;
	return archive_fault((*readerp)->archive);
}

int tar_open_memory(struct bytes archive, struct tar_reader **readerp)
{
	int err = reader_new(readerp);

	if (err ||
	    archive_read_open_memory((*readerp)->archive, archive.data, archive.len) == ARCHIVE_OK)
		return err;
	return archive_fault((*readerp)->archive);
}

int tar_next(struct tar_reader *r, const char **namep, uint64_t *sizep)
{
	struct archive_entry *entry;
	int result = archive_read_next_header(r->archive, &entry);

	if (result == ARCHIVE_EOF)
		return 1;
	if (result != ARCHIVE_OK)
		return archive_fault(r->archive);
	*namep = archive_entry_pathname(entry);
	if (!*namep || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
	    !archive_entry_size_is_set(entry)) {
		ctl_error("archive: %s is no regular file", *namep ? *namep : "a member");
		return -EBADMSG;
	}
	r->size = (uint64_t)archive_entry_size(entry);
	*sizep = r->size;
	return 0;
}

int tar_read(struct tar_reader *r, size_t max, struct octets *contentp)
{
	struct octets content = {0};

	if (r->size > max)
		return -EFBIG;
	content.data = malloc(r->size + 1);
	if (!content.data)
		return -ENOMEM;
	content.len = r->size;
	if (archive_read_data(r->archive, content.data, content.len) != (la_ssize_t)content.len) {
		octets_clear_secret(&content);
		return archive_fault(r->archive);
	}
	*contentp = content;
	return 0;
}

/* All of the member goes through the digest into the file. */
static int content_copy(struct tar_reader *r, int fd, char digest[BACKUP_DIGEST_SIZE])
{
	_cleanup_(freep) uint8_t *piece = malloc(CHUNK);
	EVP_MD_CTX *md = piece ? digest_begin() : NULL;
	int err = md ? 0 : -ENOMEM;
	la_ssize_t n = 1;

	while (!err && n > 0) {
		n = archive_read_data(r->archive, piece, CHUNK);
		if (n < 0)
			err = archive_fault(r->archive);
		else if (n > 0 && write(fd, piece, (size_t)n) != n)
			err = errno ? -errno : -EIO;
		else if (n > 0)
			err = digest_take(md, piece, (size_t)n);
	}
	if (!err)
		err = digest_finish(md, digest);
	EVP_MD_CTX_free(md);
	return err;
}

int tar_extract(struct tar_reader *r, const char *path, unsigned mode,
		char digest[BACKUP_DIGEST_SIZE])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode), err;

	if (fd < 0)
		return -errno;
	err = content_copy(r, fd, digest);
	/* The umask does not say what a file was. */
	if (!err && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		err = -errno;
	close(fd);
	return err;
}

/* --- names --- */

bool backup_name_is_safe(const char *name)
{
	const char *part = name;

	if (!*name || *name == '/')
		return false;
	for (const char *end; *part; part = *end ? end + 1 : end) {
		size_t len;

		end = strchrnul(part, '/');
		len = (size_t)(end - part);
		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
	}
	return name[strlen(name) - 1] != '/';
}

/* Without "." and "//", which name nothing else; ".." is left to backup_name_is_safe(). */
static char *path_plain(const char *path)
{
	char *plain = malloc(strlen(path) + 1), *out = plain;

	if (!plain)
		return NULL;
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len > 0 && !(len == 1 && path[0] == '.')) {
			if (out > plain)
				*out++ = '/';
			memcpy(out, path, len);
			out += len;
		}
		path += len + (path[len] == '/');
	}
	*out = '\0';
	return plain;
}

char *backup_name_of(const char *dir, const char *path)
{
	_cleanup_(freep) char *plain_dir = path_plain(dir), *plain = NULL;
	_cleanup_(freep) char *resolved = strstr(path, "/..") ? realpath(path, NULL) : NULL;
	char *name = NULL;
	size_t len;

	plain = path_plain(resolved ? resolved : path);
	if (!plain_dir || !plain)
		return NULL;
	len = strlen(plain_dir);
	if (len == 0)
		return TAKE(plain);
	if (strncmp(plain, plain_dir, len) == 0 && plain[len] == '/')
		return strdup(plain + len + 1);
	return asprintf(&name, "%s/%s", BACKUP_OUTSIDE, plain) < 0 ? NULL : name;
}

int backup_parents_make(const char *stage, const char *name)
{
	_cleanup_(freep) char *path = NULL;
	size_t root = strlen(stage) + 1;

	if (asprintf(&path, "%s/%s", stage, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	for (char *slash = strchr(path + root, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}
