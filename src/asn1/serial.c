// SPDX-License-Identifier: Apache-2.0
/* Serial numbers of certificates. See asn1/serial.h. */
#include "asn1/serial.h"

#include <errno.h>
#include <string.h>

static bool is_negative(const struct serial *serial)
{
	return serial->len > 0 && (serial->octet[0] & 0x80);
}

static struct bytes without_zeros(struct bytes octets)
{
	while (octets.len > 1 && octets.data[0] == 0)
		octets = (struct bytes){octets.data + 1, octets.len - 1};
	return octets;
}

/* Two's complement, X.690 8.3.3, in place. */
static void octets_negate(uint8_t *octet, size_t len)
{
	unsigned carry = 1;

	while (len-- > 0) {
		carry += (uint8_t)~octet[len];
		octet[len] = (uint8_t)carry;
		carry >>= 8;
	}
}

/* The absolute value, in `out`, without zeros before it. */
static struct bytes serial_magnitude(const struct serial *serial, uint8_t out[SERIAL_MAX])
{
	memcpy(out, serial->octet, serial->len);
	if (is_negative(serial))
		octets_negate(out, serial->len);
	return without_zeros((struct bytes){out, serial->len});
}

static bool is_minimal(struct bytes content)
{
	/* X.690 8.3.2: the first nine bits are not all the same. */
	return content.len == 1 ||
	       (content.len > 1 && content.data[0] != (content.data[1] & 0x80 ? 0xff : 0));
}

static int of_magnitude(struct bytes octets, bool negative, struct serial *serialp)
{
	uint8_t signed_octets[1 + SERIAL_MAX] = {0};
	struct bytes content = {signed_octets, 1};

	octets = without_zeros(octets);
	if (octets.len > SERIAL_MAX)
		return -EOVERFLOW;
	if (octets.len > 0)
		memcpy(signed_octets + 1, octets.data, octets.len);
	content.len += octets.len;
	if (negative)
		octets_negate(signed_octets, content.len);
	/* The octet for the sign stays where it says something. */
	if (!is_minimal(content))
		content = (struct bytes){content.data + 1, content.len - 1};
	return serial_of_content(content, serialp);
}

int serial_of_content(struct bytes content, struct serial *serialp)
{
	if (!is_minimal(content))
		return -EBADMSG;
	if (content.len > SERIAL_MAX)
		return -EOVERFLOW;
	*serialp = (struct serial){.len = (uint8_t)content.len};
	memcpy(serialp->octet, content.data, content.len);
	return 0;
}

int serial_of_unsigned(struct bytes octets, struct serial *serialp)
{
	return octets.len == 0 ? -EBADMSG : of_magnitude(octets, false, serialp);
}

int serial_of_integer(const ASN1_INTEGER *integer, struct serial *serialp)
{
	struct bytes octets = {ASN1_STRING_get0_data(integer), (size_t)ASN1_STRING_length(integer)};

	return of_magnitude(octets, ASN1_STRING_type(integer) == V_ASN1_NEG_INTEGER, serialp);
}

int serial_of_hex(const char *hex, struct serial *serialp)
{
	uint8_t octets[SERIAL_MAX];
	bool negative = *hex == '-';
	size_t len;

	switch (hex_to_bytes(hex + negative, octets, sizeof(octets), &len)) {
	case 0:
		break;
	case -ENOSPC:
		return -EOVERFLOW;
	default:
		return -EBADMSG;
	}
	if (len == 0)
		return -EBADMSG;
	return of_magnitude((struct bytes){octets, len}, negative, serialp);
}

ASN1_INTEGER *serial_integer(const struct serial *serial)
{
	uint8_t out[SERIAL_MAX];
	struct bytes octets = serial_magnitude(serial, out);
	ASN1_INTEGER *integer =
		ASN1_STRING_type_new(is_negative(serial) ? V_ASN1_NEG_INTEGER : V_ASN1_INTEGER);

	if (integer && ASN1_STRING_set(integer, octets.data, (int)octets.len))
		return integer;
	ASN1_INTEGER_free(integer);
	return NULL;
}

void serial_hex(const struct serial *serial, char hex[SERIAL_HEX_SIZE])
{
	uint8_t out[SERIAL_MAX];

	if (is_negative(serial))
		*hex++ = '-';
	bytes_to_hex(serial_magnitude(serial, out), hex);
}

bool serial_equal(const struct serial *a, const struct serial *b)
{
	return bytes_equal(serial_view(a), serial_view(b));
}

bool serial_is_conforming(const struct serial *serial)
{
	bool zero = serial->len == 1 && serial->octet[0] == 0;

	return serial->len > 0 && serial->len <= SERIAL_CONFORMING && !is_negative(serial) && !zero;
}
