// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the PROXY header. As octets arrive the judgement never goes back: what was refused
 * stays refused, the length once known stays, and a whole header is bounded.
 */
#include "../../src/http/proxy_header.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_storage address;
	size_t need = 0, before = 0;
	const char *why = NULL;
	int err = 0;

	for (size_t len = 0; len <= size && !(before > 0 && len > before); len++) {
		err = proxy_header_parse((struct bytes){data, len}, &need, &address, &why);
		if (err) {
			if (!why)
				abort();
			break;
		}
		if (need > PROXY_HEADER_MAX || need < PROXY_HEADER_MIN ||
		    (len > PROXY_HEADER_MIN && need != before))
			abort();
		before = need;
	}
	if (!err && size >= need && address.ss_family != AF_UNSPEC &&
	    address.ss_family != AF_INET && address.ss_family != AF_INET6)
		abort();
	return 0;
}
