// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of Names that are read without being decoded: two, one behind the other.
 * name_differs() never says of two that are the same to X509_NAME_cmp() that they differ, and it is
 * the same in both orders. What name_is_plain() says is decoded by OpenSSL, and has the same
 * attributes there.
 */
#include "asn1/der.h"
#include "asn1/name.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static X509_NAME *decode(struct bytes tlv)
{
	const unsigned char *p = tlv.data;

	return d2i_X509_NAME(NULL, &p, (long)tlv.len);
}

static struct bytes common_name(const X509_NAME *name)
{
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	const ASN1_STRING *value;

	if (at < 0)
		return BYTES_NULL;
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	return (struct bytes){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
}

static void read_alike(struct bytes tlv, const X509_NAME *name)
{
	bool plain = name_is_plain(tlv);

	MUST(name || !plain);
	if (!name)
		return;
	MUST(name_has_attributes(tlv) == (X509_NAME_entry_count(name) > 0));
	/* Of what is no string, as a BIT STRING, OpenSSL keeps other octets. */
	MUST(!plain || bytes_equal(name_attribute_find(tlv, NID_commonName), common_name(name)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size}, a, b, content;
	X509_NAME *x, *y;
	uint8_t tag;
	bool differs;

	if (der_next(&in, &tag, &a, &content) || der_next(&in, &tag, &b, &content) ||
	    der_check(a) || der_check(b))
		return 0;
	differs = name_differs(a, b);
	MUST(name_differs(b, a) == differs);
	MUST(!name_differs(a, a));
	x = decode(a);
	y = decode(b);
	MUST(!x || !y || !differs || X509_NAME_cmp(x, y) != 0);
	read_alike(a, x);
	read_alike(b, y);
	X509_NAME_free(x);
	X509_NAME_free(y);
	ERR_clear_error();
	return 0;
}
