// SPDX-License-Identifier: Apache-2.0
/*
 * Reading a write-ahead log of SQLite before SQLite does (https://sqlite.org/walformat.html).
 * SQLite takes what stands before the first frame that is not whole, and drops the rest without a
 * word: right where a power cut ended the writing, and a silent loss where the disk has damaged
 * what was committed.
 *
 * Each COMMIT is on disk before the next transaction begins (synchronous=FULL). So a transaction
 * that is followed by another one was on disk, and clients were told of it.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

enum wal_state {
	WAL_SOUND,    /* or there is none */
	WAL_TORN,     /* ends in a transaction whose end was not written */
	WAL_DOUBTFUL, /* its last transaction has an end, but not all before it: never on disk as a
			 whole, or damaged since */
	WAL_DAMAGED,  /* transactions that were on disk are not whole any more */
};

struct wal_report {
	enum wal_state state;
	uint64_t good; /* frames that SQLite will take */
	uint64_t ends; /* ends of transactions behind them */
};

/* Reads from the start. page_size is that of the database, for a log whose header does not say. 0
 * or a negative errno. */
__attribute__((warn_unused_result)) int wal_scan(FILE *wal, uint32_t page_size,
						 struct wal_report *reportp);
