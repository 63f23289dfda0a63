// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of what is looked at in a request before libevent reads it: it comes to the same
 * however its octets are divided, and what was refused stays refused.
 */
#include "../../src/http/scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_MAX = 512 };

static void scans_compare(const struct http_scan *a, const struct http_scan *b)
{
	struct bytes path_a = http_scan_path(a), path_b = http_scan_path(b);

	if (a->status != b->status)
		abort();
	/* Where it stopped, the rest does not count. */
	if (a->status == 0 && (a->phase != b->phase || a->chunked != b->chunked ||
			       a->length != b->length || a->body_len != b->body_len ||
			       a->chunk_left != b->chunk_left || a->head_len > HEAD_MAX))
		abort();
	if (path_a.len != path_b.len || path_a.len > HTTP_SCAN_LINE_MAX ||
	    (path_a.len > 0 && memcmp(path_a.data, path_b.data, path_a.len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_scan whole, parts;
	int status = 0;

	http_scan_begin(&whole, HEAD_MAX);
	http_scan_begin(&parts, HEAD_MAX);
	http_scan_octets(&whole, (struct bytes){data, size});
	for (size_t i = 0; i < size; i++) {
		/* A copy, so that a sanitizer sees what is read beyond it. */
		uint8_t *octet = malloc(1);

		if (!octet)
			abort();
		*octet = data[i];
		http_scan_octets(&parts, (struct bytes){octet, 1});
		free(octet);
		if (status != 0 && parts.status != status)
			abort();
		status = parts.status;
	}
	scans_compare(&whole, &parts);
	return 0;
}
