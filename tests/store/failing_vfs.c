// SPDX-License-Identifier: Apache-2.0
/* A SQLite VFS that fails on command. See failing_vfs.h. */
#include "failing_vfs.h"

#include <check.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>

/* The real file follows in memory. */
struct failing_file {
	sqlite3_file base;
	sqlite3_file *real;
};

static struct {
	sqlite3_vfs vfs;
	sqlite3_vfs *real;
	atomic_uint kinds;
	atomic_int countdown;
	atomic_bool persistent;
	atomic_int failures;
	atomic_int operations;
} failing;

static bool fails(enum failing_vfs_kind kind)
{
	int left;

	if (!(atomic_load(&failing.kinds) & kind))
		return false;
	atomic_fetch_add(&failing.operations, 1);
	left = atomic_fetch_sub(&failing.countdown, 1);
	if (left > 1 || (left < 1 && !atomic_load(&failing.persistent)))
		return false;
	atomic_fetch_add(&failing.failures, 1);
	return true;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct failing_file *)file)->real;
}

/* What is passed on as it is. */
#define PASS(name, params, args)                     \
	static int pass_##name params                \
	{                                            \
		sqlite3_file *real = real_of(file);  \
		return real->pMethods->x##name args; \
	}

PASS(Close, (sqlite3_file * file), (real))
PASS(Truncate, (sqlite3_file * file, sqlite3_int64 size), (real, size))
PASS(FileSize, (sqlite3_file * file, sqlite3_int64 *size), (real, size))
PASS(Lock, (sqlite3_file * file, int level), (real, level))
PASS(Unlock, (sqlite3_file * file, int level), (real, level))
PASS(CheckReservedLock, (sqlite3_file * file, int *result), (real, result))
PASS(FileControl, (sqlite3_file * file, int op, void *arg), (real, op, arg))
PASS(SectorSize, (sqlite3_file * file), (real))
PASS(DeviceCharacteristics, (sqlite3_file * file), (real))
PASS(ShmMap, (sqlite3_file * file, int page, int size, int extend, void volatile **pp),
     (real, page, size, extend, pp))
PASS(ShmLock, (sqlite3_file * file, int offset, int n, int flags), (real, offset, n, flags))
PASS(ShmUnmap, (sqlite3_file * file, int delete), (real, delete))

static void pass_ShmBarrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int failing_read(sqlite3_file *file, void *out, int n, sqlite3_int64 offset)
{
	if (fails(FAILING_READ))
		return SQLITE_IOERR_READ;
	return real_of(file)->pMethods->xRead(real_of(file), out, n, offset);
}

static int failing_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
	if (fails(FAILING_WRITE))
		return SQLITE_FULL;
	return real_of(file)->pMethods->xWrite(real_of(file), data, n, offset);
}

static int failing_sync(sqlite3_file *file, int flags)
{
	if (fails(FAILING_SYNC))
		return SQLITE_IOERR_FSYNC;
	return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
			int *out_flags)
{
	static const sqlite3_io_methods methods = {
		.iVersion = 2,
		.xClose = pass_Close,
		.xRead = failing_read,
		.xWrite = failing_write,
		.xTruncate = pass_Truncate,
		.xSync = failing_sync,
		.xFileSize = pass_FileSize,
		.xLock = pass_Lock,
		.xUnlock = pass_Unlock,
		.xCheckReservedLock = pass_CheckReservedLock,
		.xFileControl = pass_FileControl,
		.xSectorSize = pass_SectorSize,
		.xDeviceCharacteristics = pass_DeviceCharacteristics,
		.xShmMap = pass_ShmMap,
		.xShmLock = pass_ShmLock,
		.xShmBarrier = pass_ShmBarrier,
		.xShmUnmap = pass_ShmUnmap,
	};
	struct failing_file *f = (struct failing_file *)file;
	int rc;

	f->base.pMethods = NULL;
	f->real = (sqlite3_file *)(f + 1);
	rc = failing.real->xOpen(failing.real, name, f->real, flags, out_flags);
	if (f->real->pMethods)
		f->base.pMethods = &methods;
	return rc;
}

void failing_vfs_register(void)
{
	failing.real = sqlite3_vfs_find(NULL);
	ck_assert_ptr_nonnull(failing.real);
	failing.vfs = *failing.real;
	failing.vfs.zName = "failing";
	failing.vfs.pNext = NULL;
	failing.vfs.szOsFile = (int)sizeof(struct failing_file) + failing.real->szOsFile;
	failing.vfs.xOpen = failing_open;
	ck_assert_int_eq(sqlite3_vfs_register(&failing.vfs, 1), SQLITE_OK);
}

void failing_vfs_arm(unsigned kinds, int n, bool persistent)
{
	atomic_store(&failing.kinds, 0);
	atomic_store(&failing.countdown, n);
	atomic_store(&failing.persistent, persistent);
	atomic_store(&failing.failures, 0);
	atomic_store(&failing.operations, 0);
	atomic_store(&failing.kinds, n > 0 ? kinds : 0);
}

int failing_vfs_failures(void)
{
	return atomic_load(&failing.failures);
}

int failing_vfs_operations(void)
{
	return atomic_load(&failing.operations);
}
