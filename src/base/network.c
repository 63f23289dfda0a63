// SPDX-License-Identifier: Apache-2.0
/* The part of an address that limits go by, and from where it can be reached. See base/network.h.
 */
#include "base/network.h"

#include <arpa/inet.h>
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

bool address_is_loopback(const struct sockaddr *address)
{
	static const uint8_t v6_loopback[16] = {[15] = 1};
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_in *in = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	if (address->sa_family != AF_INET6)
		return true;
	return memcmp(&in6->sin6_addr, v6_loopback, sizeof(v6_loopback)) == 0 ||
	       (memcmp(&in6->sin6_addr, v4_mapped, sizeof(v4_mapped)) == 0 &&
		in6->sin6_addr.s6_addr[12] == 127);
}

bool network_equal(const struct network *a, const struct network *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* --- reach --- */

/* A prefix of up to 4 octets, and from where an address that begins with it can be reached. */
struct prefix {
	uint32_t value;
	uint8_t bits;
	enum network_reach reach;
};

/* The first that fits counts. https://www.iana.org/assignments/iana-ipv4-special-registry */
static const struct prefix v4_prefixes[] = {
	{0x00000000, 8, NETWORK_NOWHERE},     /* this network, RFC 791 */
	{0x0a000000, 8, NETWORK_PRIVATE},     /* RFC 1918 */
	{0x64400000, 10, NETWORK_PRIVATE},    /* shared, RFC 6598 */
	{0x7f000000, 8, NETWORK_LOOPBACK},    /* RFC 1122 */
	{0xa9fe0000, 16, NETWORK_LINK_LOCAL}, /* RFC 3927 */
	{0xac100000, 12, NETWORK_PRIVATE},    /* RFC 1918 */
	{0xc0000000, 24, NETWORK_NOWHERE},    /* protocol assignments, RFC 6890 */
	{0xc0000200, 24, NETWORK_NOWHERE},    /* documentation, RFC 5737 */
	{0xc0586300, 24, NETWORK_NOWHERE},    /* 6to4 relays, RFC 7526 */
	{0xc0a80000, 16, NETWORK_PRIVATE},    /* RFC 1918 */
	{0xc6120000, 15, NETWORK_NOWHERE},    /* benchmarks, RFC 2544 */
	{0xc6336400, 24, NETWORK_NOWHERE},    /* documentation, RFC 5737 */
	{0xcb007100, 24, NETWORK_NOWHERE},    /* documentation, RFC 5737 */
	{0xe0000000, 3, NETWORK_NOWHERE},     /* multicast, reserved, broadcast */
	{0, 0, NETWORK_GLOBAL},
};

/* https://www.iana.org/assignments/iana-ipv6-special-registry; global unicast is 2000::/3. */
static const struct prefix v6_prefixes[] = {
	{0xfe800000, 10, NETWORK_LINK_LOCAL}, /* RFC 4291 */
	{0xfec00000, 10, NETWORK_PRIVATE},    /* site-local, RFC 3879 */
	{0xfc000000, 7, NETWORK_PRIVATE},     /* unique local, RFC 4193 */
	{0x20010000, 23, NETWORK_NOWHERE}, /* protocol assignments, Teredo among them, RFC 2928 */
	{0x20010db8, 32, NETWORK_NOWHERE}, /* documentation, RFC 3849 */
	{0x3fff0000, 20, NETWORK_NOWHERE}, /* documentation, RFC 9637 */
	{0x20000000, 3, NETWORK_GLOBAL},      {0, 0, NETWORK_NOWHERE},
};

/* Up to the row with 0 bits, which fits all. */
static enum network_reach reach_find(const struct prefix *prefix, const uint8_t *octets)
{
	uint32_t value = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
			 (uint32_t)octets[2] << 8 | octets[3];

	while (prefix->bits > 0 && (value ^ prefix->value) >> (32 - prefix->bits) != 0)
		prefix++;
	return prefix->reach;
}

static enum network_reach v6_reach(const uint8_t *octets)
{
	static const uint8_t loopback[16] = {[15] = 1};
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}; /* RFC 6052 2.1 */
	static const uint8_t six_to_four[2] = {0x20, 0x02};        /* RFC 3056 2 */

	if (memcmp(octets, loopback, sizeof(loopback)) == 0)
		return NETWORK_LOOPBACK;
	if (memcmp(octets, v4_mapped, sizeof(v4_mapped)) == 0 ||
	    memcmp(octets, nat64, sizeof(nat64)) == 0)
		return reach_find(v4_prefixes, octets + 12);
	if (memcmp(octets, six_to_four, sizeof(six_to_four)) == 0)
		return reach_find(v4_prefixes, octets + 2);
	return reach_find(v6_prefixes, octets);
}

enum network_reach network_reach(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return reach_find(v4_prefixes,
				  (const void *)&((const struct sockaddr_in *)address)->sin_addr);
	if (address->sa_family == AF_INET6)
		return v6_reach(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
	return NETWORK_NOWHERE;
}
