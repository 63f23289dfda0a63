// SPDX-License-Identifier: Apache-2.0
/* EnvelopedData opened by a test that has the key. */
#pragma once

#include "asn1/envelope.h"

/* As envelope_open(); NULL: with the password. */
static inline int envelope_open_by_key(struct bytes envelope, EVP_PKEY *key, struct bytes password,
				       const char *content_type, struct octets *contentp)
{
	_cleanup_(decryptor_freep) struct decryptor *decryptor = NULL;
	int err = key ? decryptor_new(key, &decryptor) : 0;

	return err ? err : envelope_open(envelope, decryptor, password, content_type, contentp);
}
