// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of private keys for the archive: two octets with the length of a
 * SubjectPublicKeyInfo, that, and the content of the EnvelopedData that came with it. What is taken
 * belongs to the public key, and can be kept and read again.
 */
#include "asn1/private_key.h"
#include "asn1/spki.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* A key that was taken goes into the archive and comes out again. */
static void keep(EVP_PKEY *taken, EVP_PKEY *key)
{
	struct octets der = OCTETS_NULL;
	EVP_PKEY *again = NULL;

	MUST(EVP_PKEY_eq(taken, key) == 1);
	MUST(!private_key_write(taken, &der));
	MUST(!private_key_read(octets_view(&der), &again));
	MUST(EVP_PKEY_eq(again, key) == 1);
	EVP_PKEY_free(again);
	octets_clear_secret(&der);
}

static void take(struct bytes content, const SubjectPublicKeyInfo *spki, EVP_PKEY *key)
{
	struct private_key_view view;
	EVP_PKEY *taken = NULL;
	int err;

	err = private_key_view_with_id(content, &view);
	MUST(err == 0 || err == -EBADMSG);
	if (err)
		err = private_key_view_package(content, &view);
	MUST(err == 0 || err == -EBADMSG);
	if (err)
		return;
	err = private_key_take(view.key, spki, key, &taken);
	MUST(err == 0 || err == -EBADMSG || err == -EKEYREJECTED);
	MUST(!err == !!taken);
	if (taken)
		keep(taken, key);
	EVP_PKEY_free(taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SubjectPublicKeyInfo *spki;
	struct spki_kind kind;
	const unsigned char *p;
	EVP_PKEY *key = NULL;
	size_t len;

	log_setup(-1, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	if (size < 2)
		return 0;
	len = (size_t)data[0] << 8 | data[1];
	if (len > size - 2)
		return 0;
	p = data + 2;
	spki = d2i_SubjectPublicKeyInfo(NULL, &p, (long)len);
	if (spki && !spki_key(spki, &key, &kind))
		take((struct bytes){data + 2 + len, size - 2 - len}, spki, key);
	EVP_PKEY_free(key);
	SubjectPublicKeyInfo_free(spki);
	ERR_clear_error();
	return 0;
}
