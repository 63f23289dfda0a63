// SPDX-License-Identifier: Apache-2.0
/*
 * See proxy_header.h. Whose headers are believed is for connection.c.
 */
#include "proxy_header.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/* proxy-protocol.txt 2.2: offsets in the header. */
enum { AT_COMMAND = 12, AT_FAMILY = 13, AT_LENGTH = 14 };

enum { VERSION_2 = 2 };
enum { COMMAND_LOCAL = 0, COMMAND_PROXY = 1 };
enum { UNSPEC = 0x00, TCP_OVER_IPV4 = 0x11, TCP_OVER_IPV6 = 0x21 };

/* Two addresses and two ports. */
enum { IPV4_LEN = 4 + 4 + 2 + 2, IPV6_LEN = 16 + 16 + 2 + 2 };

static const uint8_t signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static int header_refuse(const char *why, const char **whyp)
{
	*whyp = why;
	return -EPROTO;
}

static unsigned number16_read(const uint8_t *octets)
{
	return (unsigned)octets[0] << 8 | octets[1];
}

/* 2.2.x: type, length, value. What they say is not used; that they fill the rest is. */
static bool tlvs_sound(struct bytes rest)
{
	while (rest.len > 0) {
		size_t len;

		if (rest.len < 3)
			return false;
		len = 3 + number16_read(rest.data + 1);
		if (len > rest.len)
			return false;
		rest = (struct bytes){rest.data + len, rest.len - len};
	}
	return true;
}

static void source_ipv4(const uint8_t *octets, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (void *)address;

	in->sin_family = AF_INET;
	memcpy(&in->sin_addr, octets, 4);
	memcpy(&in->sin_port, octets + 8, 2);
}

static void source_ipv6(const uint8_t *octets, struct sockaddr_storage *address)
{
	struct sockaddr_in6 *in6 = (void *)address;

	in6->sin6_family = AF_INET6;
	memcpy(&in6->sin6_addr, octets, 16);
	memcpy(&in6->sin6_port, octets + 32, 2);
	address_unmap(address);
}

/* What follows the fixed part, all of it. */
static int source_parse(uint8_t command, uint8_t family, struct bytes rest,
			struct sockaddr_storage *address, const char **whyp)
{
	size_t len = 0;

	if (family == TCP_OVER_IPV4)
		len = IPV4_LEN;
	else if (family == TCP_OVER_IPV6)
		len = IPV6_LEN;
	/* 2.2: with LOCAL, and UNSPEC, the receiver discards what follows. */
	if (command == COMMAND_LOCAL || family == UNSPEC)
		return 0;
	if (len == 0)
		return header_refuse("its address is of no TCP connection", whyp);
	if (rest.len < len || !tlvs_sound((struct bytes){rest.data + len, rest.len - len}))
		return header_refuse("its length is not that of its parts", whyp);
	if (family == TCP_OVER_IPV4)
		source_ipv4(rest.data, address);
	else
		source_ipv6(rest.data, address);
	return 0;
}

int proxy_header_parse(struct bytes octets, size_t *lenp, struct sockaddr_storage *addressp,
		       const char **whyp)
{
	size_t begun = octets.len < sizeof(signature) ? octets.len : sizeof(signature);
	uint8_t command;

	*lenp = PROXY_HEADER_MIN;
	memset(addressp, 0, sizeof(*addressp)); /* AF_UNSPEC */
	if (begun > 0 && memcmp(octets.data, signature, begun) != 0)
		return header_refuse(begun >= 6 && memcmp(octets.data, "PROXY ", 6) == 0
					     ? "it is of version 1"
					     : "there is none",
				     whyp);
	if (octets.len < PROXY_HEADER_MIN)
		return 0;
	command = octets.data[AT_COMMAND] & 0x0f;
	if (octets.data[AT_COMMAND] >> 4 != VERSION_2 || command > COMMAND_PROXY)
		return header_refuse("its version or command is unknown", whyp);
	*lenp = PROXY_HEADER_MIN + number16_read(octets.data + AT_LENGTH);
	if (*lenp > PROXY_HEADER_MAX)
		return header_refuse("it is too long", whyp);
	if (octets.len < *lenp)
		return 0;
	return source_parse(
		command, octets.data[AT_FAMILY],
		(struct bytes){octets.data + PROXY_HEADER_MIN, *lenp - PROXY_HEADER_MIN}, addressp,
		whyp);
}

void address_unmap(struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return;
	memcpy(&in.sin_addr, &in6->sin6_addr.s6_addr[12], 4);
	in.sin_port = in6->sin6_port;
	memset(address, 0, sizeof(*address));
	memcpy(address, &in, sizeof(in));
}
