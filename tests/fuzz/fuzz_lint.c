// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the lint and of names: the first octet chooses what the rest is, a Name, a
 * TBSCertificate or a TBSCertList. A Name that is right here is one for OpenSSL, too, and comes out
 * as it was; the lints must end, and read nothing beyond.
 */
#include "asn1/lint.h"
#include "asn1/name.h"

#include <openssl/err.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

enum { NAME, CERTIFICATE, CRL, CHOICES };

/* ecdsa-with-SHA256, with which the seeds are signed */
static const uint8_t algorithm[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
				    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

static void name(struct bytes in)
{
	struct name_fault fault = name_fault_of(in);
	const unsigned char *p = in.data;
	unsigned char *der = NULL;
	char label[64];
	X509_NAME *read;
	int len;

	oid_label(fault.type, label, sizeof(label));
	if (fault.words)
		return;
	MUST(!name_has_empty_rdn(in));
	read = d2i_X509_NAME(NULL, &p, (long)in.len);
	/* It has limits of its own, on what TeletexString and the like may hold. */
	if (!read) {
		ERR_clear_error();
		return;
	}
	for (int i = 0; i < X509_NAME_entry_count(read); i++) {
		const struct name_attribute a = name_attribute_of(X509_NAME_get_entry(read, i));
		int better;

		MUST(!name_attribute_fault(&a, &better));
	}
	len = i2d_X509_NAME(read, &der);
	MUST(len > 0 && bytes_equal(in, (struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
	X509_NAME_free(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data + 1, size - 1};

	if (size < 1)
		return 0;
	switch (data[0] % CHOICES) {
	case NAME:
		name(in);
		break;
	case CERTIFICATE:
		(void)!lint_certificate(in, BYTES_OF(algorithm));
		break;
	default:
		(void)!lint_crl(in, BYTES_OF(algorithm));
		break;
	}
	return 0;
}
