// SPDX-License-Identifier: Apache-2.0
/* The part of an address that limits go by. See base/network.h. */
#include "base/network.h"

#include <netinet/in.h>
#include <string.h>

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

/* Octets of an IPv6 address that are one host's, whatever the others are. */
enum { HOST_PREFIX_LEN = 8 };

struct network network_of(const struct sockaddr *address)
{
	struct network network = {.len = 0};

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		network.len = sizeof(network.octets);
		memcpy(network.octets, v4_mapped, sizeof(v4_mapped));
		memcpy(network.octets + sizeof(v4_mapped), &in->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		bool mapped = memcmp(&in6->sin6_addr, v4_mapped, sizeof(v4_mapped)) == 0;

		network.len = mapped ? sizeof(network.octets) : HOST_PREFIX_LEN;
		memcpy(network.octets, &in6->sin6_addr, network.len);
	}
	return network;
}

bool network_equal(const struct network *a, const struct network *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}
