// SPDX-License-Identifier: Apache-2.0
/*
 * The serialNumber of a certificate, wherever it goes: certificates, CRLs, messages, the store, and
 * texts for people. It is kept as the content octets of its INTEGER, which is how certificates and
 * the store have it: a number whose first bit is set has a zero octet before it.
 *
 * RFC 5280 4.1.2.2 wants serial numbers positive and of at most 20 octets, and wants who uses
 * certificates to cope with others. So negative numbers, zero and longer ones are serial numbers
 * here; what we issue conforms.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/asn1.h>

#define SERIAL_MAX        32 /* some CAs take a whole SHA-256 */
#define SERIAL_CONFORMING 20 /* RFC 5280 4.1.2.2 */
#define SERIAL_HEX_SIZE   (2 * SERIAL_MAX + 2)

struct serial {
	uint8_t len; /* 0: there is none */
	uint8_t octet[SERIAL_MAX];
};

#define SERIAL_NULL ((struct serial){0})

/* The content octets, borrowed: what the store keeps. */
static inline struct bytes serial_view(const struct serial *serial)
{
	return (struct bytes){serial->octet, serial->len};
}

/* All of these: 0, -EBADMSG if it is no INTEGER, -EOVERFLOW if longer than SERIAL_MAX. */

/* From content octets as a certificate or the store has them. */
_must_check_ int serial_of_content(struct bytes content, struct serial *serialp);
/* From big-endian octets that are not negative, with or without zeros before them. */
_must_check_ int serial_of_unsigned(struct bytes octets, struct serial *serialp);
_must_check_ int serial_of_integer(const ASN1_INTEGER *integer, struct serial *serialp);
/* From hex as people have it, with or without zeros or a '-' before it; colons are skipped. */
_must_check_ int serial_of_hex(const char *hex, struct serial *serialp);

/* The caller owns it; NULL: out of memory. */
ASN1_INTEGER *serial_integer(const struct serial *serial);
/* As `openssl x509 -serial` prints it, but in lower case; "" if there is none. */
void serial_hex(const struct serial *serial, char hex[SERIAL_HEX_SIZE]);
bool serial_equal(const struct serial *a, const struct serial *b);
/* RFC 5280 4.1.2.2: positive, at most 20 octets. */
bool serial_is_conforming(const struct serial *serial);
