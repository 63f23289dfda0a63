// SPDX-License-Identifier: Apache-2.0
/*
 * Octets, hex and whole files. Streams and descriptors that stay open are not for here.
 */
#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* First allocation for a file whose size the kernel does not tell (pipe, /proc). */
#define FILE_READ_CHUNK 4096

struct bytes bytes_of_string(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int octets_dup(struct bytes src, struct octets *dstp)
{
	/* One octet at least, so that NULL always means "nothing there" and not "empty". */
	uint8_t *copy = malloc(src.len ? src.len : 1);

	if (!copy)
		return -ENOMEM;
	if (src.len)
		memcpy(copy, src.data, src.len);
	*dstp = (struct octets){copy, src.len};
	return 0;
}

int bytes_join(const struct bytes *parts, size_t n, struct octets *dstp)
{
	size_t len = 0;
	uint8_t *data;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	data = malloc(len ? len : 1);
	if (!data)
		return -ENOMEM;
	*dstp = (struct octets){data, len};
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len)
			memcpy(data, parts[i].data, parts[i].len);
		data += parts[i].len;
	}
	return 0;
}

void octets_clear(struct octets *o)
{
	free(o->data);
	*o = OCTETS_NULL;
}

void octets_clear_secret(struct octets *o)
{
	if (o->data)
		OPENSSL_cleanse(o->data, o->len);
	octets_clear(o);
}

void bytes_to_hex(struct bytes src, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < src.len; i++) {
		*out++ = digits[src.data[i] >> 4];
		*out++ = digits[src.data[i] & 0x0f];
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_to_bytes(const char *hex, uint8_t *out, size_t max, size_t *lenp)
{
	size_t len = 0;

	while (*hex) {
		int high, low;

		if (*hex == ':' || *hex == ' ') {
			hex++;
			continue;
		}
		high = hex_digit(hex[0]);
		if (high < 0)
			return -EINVAL;
		low = hex_digit(hex[1]);
		if (low < 0)
			return -EINVAL;
		if (len == max)
			return -ENOSPC;
		out[len++] = (uint8_t)(high << 4 | low);
		hex += 2;
	}
	*lenp = len;
	return 0;
}

static void close_fdp(int *fdp)
{
	if (*fdp >= 0)
		close(*fdp);
}

/* Doubles the buffer; the old one is wiped, since it may hold a key. */
static int octets_grow(struct octets *buffer, size_t used)
{
	uint8_t *data = malloc(buffer->len * 2);

	if (!data)
		return -ENOMEM;
	memcpy(data, buffer->data, used);
	OPENSSL_cleanse(buffer->data, used);
	free(buffer->data);
	*buffer = (struct octets){data, buffer->len * 2};
	return 0;
}

static int file_read_rest(int fd, size_t max, struct octets *buffer, size_t *usedp)
{
	for (;;) {
		ssize_t n = read(fd, buffer->data + *usedp, buffer->len - *usedp);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		*usedp += (size_t)n;
		if (*usedp > max)
			return -EFBIG;
		if (*usedp == buffer->len) {
			int err = octets_grow(buffer, *usedp);

			if (err < 0)
				return err;
		}
	}
}

int file_read_open(int fd, size_t max, struct octets *outp)
{
	_cleanup_(octets_clear_secret) struct octets buffer = OCTETS_NULL;
	struct stat st;
	size_t used = 0;
	int err;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (st.st_size > 0 && (uintmax_t)st.st_size > max)
		return -EFBIG;
	/* One more than the size, so that the read that finds the end needs no growing. */
	buffer.len = st.st_size > 0 ? (size_t)st.st_size + 1 : FILE_READ_CHUNK;
	buffer.data = malloc(buffer.len);
	if (!buffer.data)
		return -ENOMEM;
	err = file_read_rest(fd, max, &buffer, &used);
	if (err < 0)
		return err;
	*outp = (struct octets){TAKE(buffer.data), used};
	return 0;
}

int file_read(const char *path, size_t max, struct octets *outp)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : file_read_open(fd, max, outp);
}

static int write_all(int fd, struct bytes content)
{
	while (content.len) {
		ssize_t n = write(fd, content.data, content.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		content.data += n;
		content.len -= (size_t)n;
	}
	return 0;
}

/* The rename itself is durable only when the directory is. */
static int directory_sync(const char *path)
{
	_cleanup_(freep) char *dir = strdup(path);
	_cleanup_(close_fdp) int fd = -1;
	char *slash;

	if (!dir)
		return -ENOMEM;
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir ? 1 : 0] = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

/* What root replaces stays whose it was: a service must still read its own files. */
static int file_owner_keep(int fd, const char *path)
{
	struct stat st;

	if (geteuid() != 0 || stat(path, &st) < 0)
		return 0;
	return fchown(fd, st.st_uid, st.st_gid) < 0 ? -errno : 0;
}

static int file_fill(int fd, const char *path, struct bytes content, unsigned mode)
{
	int err = write_all(fd, content);

	if (err == 0)
		err = file_owner_keep(fd, path);
	if (err < 0)
		return err;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int file_write_durable(const char *path, struct bytes content, unsigned mode)
{
	_cleanup_(freep) char *temporary = NULL;
	_cleanup_(close_fdp) int fd = -1;
	int err;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 until it is complete */
	if (fd < 0)
		return -errno;
	err = file_fill(fd, path, content, mode);
	if (err == 0 && rename(temporary, path) < 0)
		err = -errno;
	if (err < 0) {
		unlink(temporary);
		return err;
	}
	return directory_sync(path);
}
