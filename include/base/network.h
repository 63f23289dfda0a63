// SPDX-License-Identifier: Apache-2.0
/*
 * Where a peer is, as far as limits tell peers apart. Not for access control: an address is not an
 * identity.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

/*
 * IPv4: the address, as ::ffff:a.b.c.d, also where it came in that form. IPv6: the /64, since that
 * is what one host gets and could take addresses from without end. Compared as memory.
 */
struct network {
	uint8_t octets[16];
	uint8_t len; /* of those that count; 0: no IP address, as of a Unix-domain socket */
};

struct network network_of(const struct sockaddr *address);
bool network_equal(const struct network *a, const struct network *b);
