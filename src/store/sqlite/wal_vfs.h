// SPDX-License-Identifier: Apache-2.0
/*
 * A VFS of SQLite that gathers what is written to a write-ahead log. SQLite writes each page of a
 * COMMIT in two pieces, a header of 24 octets and the page; here they wait until they are synced,
 * or read, and go out as one write. For connections with synchronous=FULL only: there each COMMIT
 * syncs the log before anybody is told of it, and before other connections look for it in the log.
 */
#pragma once

/* For sqlite3_open_v2(), once sqlite_wal_vfs_register() was called. */
#define SQLITE_WAL_VFS "cmfd"

/* Registers it over the VFS that is the default one now. Once, before any use of it. */
void sqlite_wal_vfs_register(void);
