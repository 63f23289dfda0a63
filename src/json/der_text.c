// SPDX-License-Identifier: Apache-2.0
/* DER within JSON. */
#include "der_text.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define SPACES " \t\r\n"

static bool is_label(const char *const *labels, const char *name)
{
	while (*labels && strcmp(*labels, name) != 0)
		labels++;
	return *labels != NULL;
}

static int pem_decode(const char *text, const char *const *labels, struct octets *derp)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	char *name = NULL, *header = NULL, *rest;
	unsigned char *der = NULL;
	long len = 0, rest_len;
	int err = -EINVAL;

	if (!bio)
		return -ENOMEM;
	if (PEM_read_bio(bio, &name, &header, &der, &len) == 1 && is_label(labels, name) &&
	    !*header) {
		rest_len = BIO_get_mem_data(bio, &rest);
		err = rest_len == (long)strspn(rest, SPACES) ? 0 : -EINVAL;
	}
	if (!err)
		*derp = (struct octets){der, (size_t)len};
	else
		OPENSSL_free(der);
	ERR_clear_error();
	OPENSSL_free(name);
	OPENSSL_free(header);
	BIO_free(bio);
	return err;
}

static int base64_decode(const char *text, struct octets *derp)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/=" SPACES;
	size_t len = strlen(text);
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	uint8_t *der = malloc(len / 4 * 3 + 3);
	int n = 0, last = 0, err = ctx && der ? -EINVAL : -ENOMEM;

	if (err == -EINVAL && strspn(text, alphabet) == len) {
		EVP_DecodeInit(ctx);
		if (EVP_DecodeUpdate(ctx, der, &n, (const unsigned char *)text, (int)len) >= 0 &&
		    EVP_DecodeFinal(ctx, der + n, &last) == 1 && n + last > 0)
			err = 0;
	}
	EVP_ENCODE_CTX_free(ctx);
	if (!err)
		*derp = (struct octets){der, (size_t)(n + last)};
	else
		free(der);
	return err;
}

int json_der_read(const char *text, const char *const *labels, struct octets *derp)
{
	text += strspn(text, SPACES);
	return *text == '-' ? pem_decode(text, labels, derp) : base64_decode(text, derp);
}
