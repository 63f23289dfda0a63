// SPDX-License-Identifier: Apache-2.0
/*
 * Where a peer is, as far as limits tell peers apart, and who can be reached at an address that
 * somebody else has named. Not for access control: an address is not an identity.
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
/* Of this machine alone: 127.0.0.0/8, also as ::ffff:127.a.b.c, ::1, or no IP address at all. */
bool address_is_loopback(const struct sockaddr *address);
bool network_equal(const struct network *a, const struct network *b);

/* From where an address can be reached (RFC 6890 and the registries that it made). */
enum network_reach {
	NETWORK_GLOBAL,
	NETWORK_PRIVATE,    /* RFC 1918, RFC 6598, RFC 4193 and site-local */
	NETWORK_LINK_LOCAL, /* cloud metadata services are here, too */
	NETWORK_LOOPBACK,
	NETWORK_NOWHERE, /* no IP address, unspecified, multicast, reserved, documentation */
};

/* An IPv4 address within an IPv6 one (mapped, NAT64, 6to4) is judged as what it is. */
enum network_reach network_reach(const struct sockaddr *address);
