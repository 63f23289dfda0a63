// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of name_differs(): two Names, one behind the other. It never says of two that are
 * the same to X509_NAME_cmp() that they differ, and it is the same in both orders.
 */
#include "asn1/der.h"
#include "asn1/name.h"

#include <openssl/err.h>
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
	X509_NAME_free(x);
	X509_NAME_free(y);
	ERR_clear_error();
	return 0;
}
