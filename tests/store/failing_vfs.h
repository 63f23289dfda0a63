// SPDX-License-Identifier: Apache-2.0
/*
 * A SQLite VFS over the real one that fails I/O on command: a full disk, a broken one. Registered
 * as the default, so that the store uses it without knowing.
 */
#pragma once

#include <stdbool.h>

enum failing_vfs_kind {
	FAILING_READ = 1 << 0,  /* SQLITE_IOERR_READ */
	FAILING_WRITE = 1 << 1, /* SQLITE_FULL */
	FAILING_SYNC = 1 << 2,  /* SQLITE_IOERR_FSYNC */
};

/* Once in a process, before the store is opened. */
void failing_vfs_register(void);
/*
 * The n-th operation from now of these kinds fails, and with `persistent` all that follow.
 * n = 0: none fail.
 */
void failing_vfs_arm(unsigned kinds, int n, bool persistent);
/* How many failed since it was armed. */
int failing_vfs_failures(void);
/* How many operations of the kinds that it is armed for there were since. */
int failing_vfs_operations(void);
