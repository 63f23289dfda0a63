// SPDX-License-Identifier: Apache-2.0
/* Fuzz target of wal_scan(): whatever stands in a write-ahead log, it says something that can be.
 */
#include "../../src/store/sqlite/wal_scan.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wal_report report;
	FILE *file;

	if (size == 0)
		return 0;
	file = fmemopen((void *)data, size, "r");
	assert(file);
	assert(wal_scan(file, 512, &report) == 0);
	fclose(file);
	/* A frame has 512 octets of a page at least. */
	assert(report.good <= size / (24 + 512));
	assert(report.good + report.ends <= size / (24 + 512));
	assert(report.ends > 0 || report.state < WAL_DOUBTFUL);
	return 0;
}
