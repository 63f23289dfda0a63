// SPDX-License-Identifier: Apache-2.0
/*
 * Octets, borrowed and owned. `struct bytes` is a view that owns nothing and lives no longer than
 * what it points into; `struct octets` owns malloc'ed memory. Neither is NUL-terminated.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *data;
	size_t len;
};

struct octets {
	uint8_t *data;
	size_t len;
};

#define BYTES_NULL      ((struct bytes){NULL, 0})
#define OCTETS_NULL     ((struct octets){NULL, 0})
#define BYTES_OF(array) ((struct bytes){(const uint8_t *)(array), sizeof(array)})

static inline struct bytes octets_view(const struct octets *o)
{
	return (struct bytes){o->data, o->len};
}

/* The octets of a NUL-terminated string, without the NUL. */
struct bytes bytes_of_string(const char *s);
/* Not constant-time: for public values only. Secrets: CRYPTO_memcmp. */
bool bytes_equal(struct bytes a, struct bytes b);
/* Copies `src` to owned octets. Returns 0 or -ENOMEM. */
_must_check_ int octets_dup(struct bytes src, struct octets *dstp);
/* The same of several, one behind the other. */
_must_check_ int bytes_join(const struct bytes *parts, size_t n, struct octets *dstp);
/* Frees and clears; NULL data is fine. As a cleanup: _cleanup_(octets_clear) struct octets o. */
void octets_clear(struct octets *o);
/* The same for secrets: the memory is wiped first. */
void octets_clear_secret(struct octets *o);

/* Lower-case hex of `src` into `out`, which holds at least 2 * src.len + 1 chars. */
void bytes_to_hex(struct bytes src, char *out);
/* The reverse; colons and spaces are skipped. Returns 0, -EINVAL, or -ENOSPC if longer than max. */
_must_check_ int hex_to_bytes(const char *hex, uint8_t *out, size_t max, size_t *lenp);

/* Reads a whole file of at most `max` octets. Returns 0 or a negative errno (-EFBIG: longer). */
_must_check_ int file_read(const char *path, size_t max, struct octets *outp);
/* The same from an open file, which stays open. */
_must_check_ int file_read_open(int fd, size_t max, struct octets *outp);
/*
 * Writes a whole file durably: a temporary beside it, fsync, rename, fsync of the directory. As
 * root a file that is replaced keeps its owner. Returns 0 or a negative errno; the old content
 * stays on error.
 */
_must_check_ int file_write_durable(const char *path, struct bytes content, unsigned mode);
