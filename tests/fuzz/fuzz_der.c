// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of der_check(), der_next() and certificate_view(). What is accepted as DER is read by
 * OpenSSL too, and its encoding of it is the same, for each value inside.
 */
#include "asn1/certificate.h"
#include "asn1/der.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void same_for_openssl(struct bytes tlv)
{
	const unsigned char *p = tlv.data;
	ASN1_TYPE *value = d2i_ASN1_TYPE(NULL, &p, (long)tlv.len);
	unsigned char *der = NULL;

	MUST(value && p == tlv.data + tlv.len);
	MUST(i2d_ASN1_TYPE(value, &der) == (int)tlv.len);
	MUST(memcmp(der, tlv.data, tlv.len) == 0);
	OPENSSL_free(der);
	ASN1_TYPE_free(value);
}

/* Bounded by DER_DEPTH_MAX: all octets went through der_check(). */
static void walk(struct bytes in)
{
	struct bytes tlv, content;
	uint8_t tag;

	while (in.len) {
		if ((in.data[0] & 0x1f) == 0x1f)
			return; /* der_next() is for low tags only */
		MUST(der_next(&in, &tag, &tlv, &content) == 0);
		same_for_openssl(tlv);
		if (tag & 0x20)
			walk(content);
	}
}

static void certificate(struct bytes der)
{
	struct certificate_view v;
	struct bytes value;
	bool critical;

	if (certificate_view(der, &v))
		return;
	MUST(v.der.len == der.len && v.serial.len > 0);
	(void)!certificate_extension(&v, NID_key_usage, &value, &critical);
	(void)!certificate_ski(&v, &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};

	if (der_check(in) == 0)
		walk(in);
	certificate(in);
	ERR_clear_error();
	return 0;
}
