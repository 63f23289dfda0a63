// SPDX-License-Identifier: Apache-2.0
/* Gathering the writes of a write-ahead log. See wal_vfs.h. */
#include "wal_vfs.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* SQLite's own VFS takes less than 128 KiB in one write, and says "full" to more. */
enum { HELD_MAX = 127 << 10 };

/* A write-ahead log; the real file follows in memory. */
struct wal_file {
	sqlite3_file base;
	sqlite3_file *real;
	uint8_t *held; /* what was written and is not in the file yet; NULL: never any */
	int held_len;
	sqlite3_int64 held_at; /* its place in the file */
};

static struct {
	sqlite3_vfs vfs;
	sqlite3_vfs *real;
} gathering;

static struct wal_file *wal_of(sqlite3_file *file)
{
	return (struct wal_file *)file;
}

/* If it fails, the log is as SQLite left it after a failed write: it writes there again. */
static int held_write(struct wal_file *f)
{
	int len = f->held_len;

	f->held_len = 0;
	return len > 0 ? f->real->pMethods->xWrite(f->real, f->held, len, f->held_at) : SQLITE_OK;
}

/* Whether n octets for `offset` go behind what is held. */
static bool held_continues(const struct wal_file *f, int n, sqlite3_int64 offset)
{
	return f->held_len == 0 ||
	       (offset == f->held_at + f->held_len && n <= HELD_MAX - f->held_len);
}

static int wal_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
	struct wal_file *f = wal_of(file);
	int rc = held_continues(f, n, offset) ? SQLITE_OK : held_write(f);

	if (rc != SQLITE_OK)
		return rc;
	if (!f->held)
		f->held = sqlite3_malloc(HELD_MAX);
	if (!f->held || n > HELD_MAX)
		return f->real->pMethods->xWrite(f->real, data, n, offset);
	if (f->held_len == 0)
		f->held_at = offset;
	memcpy(f->held + f->held_len, data, (size_t)n);
	f->held_len += n;
	return SQLITE_OK;
}

static int wal_sync(sqlite3_file *file, int flags)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f);

	return rc == SQLITE_OK ? f->real->pMethods->xSync(f->real, flags) : rc;
}

/* A transaction that is larger than the page cache reads its own pages from the log. */
static int wal_read(sqlite3_file *file, void *out, int n, sqlite3_int64 offset)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f);

	return rc == SQLITE_OK ? f->real->pMethods->xRead(f->real, out, n, offset) : rc;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f);

	return rc == SQLITE_OK ? f->real->pMethods->xTruncate(f->real, size) : rc;
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *sizep)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f);

	return rc == SQLITE_OK ? f->real->pMethods->xFileSize(f->real, sizep) : rc;
}

static int wal_close(sqlite3_file *file)
{
	struct wal_file *f = wal_of(file);
	int rc = held_write(f), closed;

	sqlite3_free(f->held);
	closed = f->real->pMethods->xClose(f->real);
	return rc == SQLITE_OK ? closed : rc;
}

/* --- as it is --- */

static int wal_lock(sqlite3_file *file, int level)
{
	return wal_of(file)->real->pMethods->xLock(wal_of(file)->real, level);
}

static int wal_unlock(sqlite3_file *file, int level)
{
	return wal_of(file)->real->pMethods->xUnlock(wal_of(file)->real, level);
}

static int wal_check_reserved_lock(sqlite3_file *file, int *resultp)
{
	return wal_of(file)->real->pMethods->xCheckReservedLock(wal_of(file)->real, resultp);
}

static int wal_file_control(sqlite3_file *file, int op, void *arg)
{
	return wal_of(file)->real->pMethods->xFileControl(wal_of(file)->real, op, arg);
}

static int wal_sector_size(sqlite3_file *file)
{
	return wal_of(file)->real->pMethods->xSectorSize(wal_of(file)->real);
}

static int wal_characteristics(sqlite3_file *file)
{
	return wal_of(file)->real->pMethods->xDeviceCharacteristics(wal_of(file)->real);
}

/* Shared memory and memory maps are the database's, not the log's: version 1 has neither. */
static const sqlite3_io_methods wal_methods = {
	.iVersion = 1,
	.xClose = wal_close,
	.xRead = wal_read,
	.xWrite = wal_write,
	.xTruncate = wal_truncate,
	.xSync = wal_sync,
	.xFileSize = wal_size,
	.xLock = wal_lock,
	.xUnlock = wal_unlock,
	.xCheckReservedLock = wal_check_reserved_lock,
	.xFileControl = wal_file_control,
	.xSectorSize = wal_sector_size,
	.xDeviceCharacteristics = wal_characteristics,
};

/* Files that are no log are the real VFS's own. */
static int gathering_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
			  int *out_flagsp)
{
	struct wal_file *f = wal_of(file);
	int rc;

	(void)vfs;
	if (!(flags & SQLITE_OPEN_WAL))
		return gathering.real->xOpen(gathering.real, name, file, flags, out_flagsp);
	*f = (struct wal_file){.real = (sqlite3_file *)(f + 1)};
	rc = gathering.real->xOpen(gathering.real, name, f->real, flags, out_flagsp);
	if (f->real->pMethods)
		f->base.pMethods = &wal_methods;
	return rc;
}

void sqlite_wal_vfs_register(void)
{
	gathering.real = sqlite3_vfs_find(NULL);
	if (!gathering.real)
		return;
	gathering.vfs = *gathering.real;
	gathering.vfs.zName = SQLITE_WAL_VFS;
	gathering.vfs.pNext = NULL;
	gathering.vfs.szOsFile = (int)sizeof(struct wal_file) + gathering.real->szOsFile;
	gathering.vfs.xOpen = gathering_open;
	(void)sqlite3_vfs_register(&gathering.vfs, 0);
}
