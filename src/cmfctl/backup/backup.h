// SPDX-License-Identifier: Apache-2.0
/*
 * The file of a backup: a tar archive (POSIX.1-2001, as tar(1) reads it) whose first member says
 * what the others are. docs/operations.md (Back up) has its format. Private to cmfctl/backup/.
 */
#pragma once

#include "base/bytes.h"
#include "base/strbuf.h"
#include "conf.h"
#include "store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Of the format; a reader refuses another one. */
enum { BACKUP_FORMAT = 1 };

/* Members with a name of their own. Those with the files of outside are below BACKUP_OUTSIDE. */
#define BACKUP_MANIFEST "cmf-backup.json"
#define BACKUP_KEYS     "keys.cms"
#define BACKUP_OUTSIDE  "outside"

enum {
	BACKUP_MANIFEST_MAX = 4 << 20,
	BACKUP_FILE_MAX = 16 << 20, /* a configuration, a list of certificates, a key */
	BACKUP_KEYS_MAX = 64 << 20,
};

enum { BACKUP_DIGEST_SIZE = 65 }; /* SHA-256 as hexadecimal text */

/* --- archive.c --- */

struct tar_writer;
struct tar_reader;

/* Each returns 0 or a negative errno; what libarchive says is told on standard error. */
_must_check_ int tar_create(int fd, struct tar_writer **writerp);
/* Into memory of that size; *usedp grows. The buffer outlives the writer. */
_must_check_ int tar_create_memory(uint8_t *buffer, size_t size, size_t *usedp,
				   struct tar_writer **writerp);
_must_check_ int tar_add(struct tar_writer *w, const char *name, unsigned mode, int64_t time_ms,
			 struct bytes content);
/* The whole file at `path`. */
_must_check_ int tar_add_file(struct tar_writer *w, const char *name, unsigned mode,
			      int64_t time_ms, const char *path);
/* All that was added is written; without it the archive is cut short. */
_must_check_ int tar_finish(struct tar_writer *w);
void tar_writer_free(struct tar_writer *w);
DEFINE_CLEANUP(struct tar_writer, tar_writer_free);

_must_check_ int tar_open(int fd, struct tar_reader **readerp);
_must_check_ int tar_open_memory(struct bytes archive, struct tar_reader **readerp);
/* The next regular file: 0; 1 at the end. The name is the reader's until the next call. -EBADMSG:
 * it is no archive, or holds something else than files. */
_must_check_ int tar_next(struct tar_reader *r, const char **namep, uint64_t *sizep);
/* The content of that file; -EFBIG. */
_must_check_ int tar_read(struct tar_reader *r, size_t max, struct octets *contentp);
/* The same into a new file, durably, with its digest. */
_must_check_ int tar_extract(struct tar_reader *r, const char *path, unsigned mode,
			     char digest[BACKUP_DIGEST_SIZE]);
void tar_reader_free(struct tar_reader *r);
DEFINE_CLEANUP(struct tar_reader, tar_reader_free);

_must_check_ int digest_of_octets(struct bytes content, char digest[BACKUP_DIGEST_SIZE]);
_must_check_ int digest_of_file(const char *path, char digest[BACKUP_DIGEST_SIZE]);

/* --- sealed.c: octets under a passphrase, as CMS (RFC 5083, RFC 5652 6.2.4) --- */

/* 0 or -EIO with OpenSSL's error queue filled; sealed_open() -EACCES: the passphrase is wrong, or
 * the octets are not what was sealed. */
_must_check_ int sealed_make(struct bytes content, const char *passphrase, struct octets *cmsp);
_must_check_ int sealed_open(struct bytes cms, const char *passphrase, struct octets *contentp);

/* --- names --- */

/* Whether a name from an archive stays below the directory that it is laid out in. */
bool backup_name_is_safe(const char *name);
/* What a file of a configuration is called in the archive, and below the directory of a restore:
 * its name below `dir`, or one below BACKUP_OUTSIDE. NULL: out of memory. */
char *backup_name_of(const char *dir, const char *path);

/* Makes the directories between `dir` and the file `name` below it. 0 or a negative errno. */
_must_check_ int backup_parents_make(const char *dir, const char *name);

/* --- since.c --- */

/* What an exported audit has of the time since then, and behind the line of that id whatever the
 * time, but for lines that are known (past_audit_known()), into an array. An exit code. */
_must_check_ int since_read(const char *path, int64_t since_ms, int64_t behind_id,
			    const json_t *known, json_t **rowsp);
void since_print(const json_t *rows);

/* --- past.c: a database that was put back to an earlier time --- */

/* Each returns 0 or a negative errno. */

/* Raises the next number of each CA's CRL above every one that can have been published until now;
 * `crls`: an array that gets {"ca", "above"} of each. */
_must_check_ int past_crls_raise(const struct conf *conf, struct store *store,
				 struct store_reader *reader, int64_t now_ms, json_t *crls);
void past_crls_print(const json_t *crls);

enum { PAST_ID_SIZE = 21 };

static inline void past_id_text(int64_t id, char text[PAST_ID_SIZE])
{
	snprintf(text, PAST_ID_SIZE, "%lld", (long long)id);
}

/* The ids (as text) of the lines of the audit since then become members of `known`. */
_must_check_ int past_audit_known(struct store_reader *reader, int64_t since_ms, json_t *known);
/* The newest time of the lines of the audit, and the last of their ids, which may be those of two
 * where the clocks of nodes differ; 0: there is none. */
_must_check_ int past_newest(struct store_reader *reader, int64_t now_ms, int64_t *newest_msp,
			     int64_t *newest_idp);
