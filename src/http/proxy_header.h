// SPDX-License-Identifier: Apache-2.0
/*
 * The header of the PROXY protocol, version 2 (HAProxy's proxy-protocol.txt, 2.2): by it a load
 * balancer says for whom it connects. Pure: octets in, address out.
 */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * The part that every header has, and the longest that is taken: an address and some TLVs. That
 * what follows is someone else's can be said from the first octets on.
 */
enum { PROXY_HEADER_MIN = 16, PROXY_HEADER_MAX = 1024 };

/*
 * Judges the octets that are there so far. 0, with *lenp the length of the whole header as far as
 * it is known: when that many are there, it is sound, and *addressp is the source, or
 * AF_UNSPEC where the connection is the balancer's own. -EPROTO, with *whyp: it is none.
 */
int proxy_header_parse(struct bytes octets, size_t *lenp, struct sockaddr_storage *addressp,
		       const char **whyp);

/* An IPv4 address in IPv6 form (::ffff:a.b.c.d) becomes that IPv4 address. */
void address_unmap(struct sockaddr_storage *address);
