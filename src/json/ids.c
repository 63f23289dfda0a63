// SPDX-License-Identifier: Apache-2.0
/*
 * UUIDs of version 8 (RFC 9562 5.8) that are an encrypted block: kind and number under AES-256. The
 * six bits that say version and variant must be right in the block and in what comes of it, so it
 * is encrypted until they are ("cycle walking": a permutation of the blocks that have them, found
 * back by decrypting until they are right again). One block in 64 has them. What decrypts to
 * anything but a kind, a number and zeros was not made here.
 */
#include "ids.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16 };

/*
 * No walk of a true identifier is that long: (63/64)^20000 is below 2^-450. One that is made up
 * ends there at the latest.
 */
enum { WALK_MAX = 20000 };

/* Contexts with the key set, to be copied: EVP_CIPHER_CTX is not for several threads at once. */
struct json_ids {
	EVP_CIPHER_CTX *encrypt;
	EVP_CIPHER_CTX *decrypt;
};

static EVP_CIPHER_CTX *context_new(const uint8_t *key, bool encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_ecb(), NULL, key, NULL, encrypt) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1)
		return ctx;
	ERR_clear_error();
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

int json_ids_new(const uint8_t key[JSON_ID_KEY_LEN], struct json_ids **idsp)
{
	_cleanup_(json_ids_freep) struct json_ids *ids = calloc(1, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	ids->encrypt = context_new(key, true);
	ids->decrypt = context_new(key, false);
	if (!ids->encrypt || !ids->decrypt)
		return -ENOMEM;
	*idsp = TAKE(ids);
	return 0;
}

void json_ids_free(struct json_ids *ids)
{
	EVP_CIPHER_CTX_free(ids->encrypt);
	EVP_CIPHER_CTX_free(ids->decrypt);
	free(ids);
}

/* --- blocks --- */

static void block_mark(uint8_t block[BLOCK])
{
	block[6] = 0x80; /* version 8 */
	block[8] = 0x80; /* variant of RFC 9562 4.1 */
}

static bool block_marked(const uint8_t block[BLOCK])
{
	return (block[6] & 0xf0) == 0x80 && (block[8] & 0xc0) == 0x80;
}

/* Where kind and number stand: the octets without marks of version and variant. */
static void block_fill(uint8_t block[BLOCK], enum json_kind kind, int64_t id)
{
	memset(block, 0, BLOCK);
	block_mark(block);
	block[0] = (uint8_t)kind;
	for (int i = 0; i < 4; i++) {
		block[9 + i] = (uint8_t)(id >> (56 - 8 * i));
		block[2 + i] = (uint8_t)(id >> (24 - 8 * i));
	}
}

static int64_t block_number(const uint8_t block[BLOCK])
{
	uint64_t id = 0;

	for (int i = 0; i < 4; i++)
		id = id << 8 | block[9 + i];
	for (int i = 0; i < 4; i++)
		id = id << 8 | block[2 + i];
	return (int64_t)id;
}

/* Goes on to the next block that is marked. 0; -ENOMEM; -EINVAL: there is none within bounds. */
static int block_walk(const EVP_CIPHER_CTX *keyed, uint8_t block[BLOCK])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool fine = ctx && EVP_CIPHER_CTX_copy(ctx, keyed) == 1;
	int len, steps = 0;

	do {
		fine = fine && EVP_CipherUpdate(ctx, block, &len, block, BLOCK) == 1;
	} while (fine && !block_marked(block) && ++steps < WALK_MAX);
	EVP_CIPHER_CTX_free(ctx);
	if (!fine) {
		ERR_clear_error();
		return -ENOMEM;
	}
	return steps < WALK_MAX ? 0 : -EINVAL;
}

/* --- text --- */

/* 8-4-4-4-12, RFC 9562 4. */
static bool hyphen_at(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

static void text_write(const uint8_t block[BLOCK], char out[JSON_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	size_t nibble = 0;

	for (size_t i = 0; i < JSON_ID_SIZE - 1; i++) {
		if (hyphen_at(i)) {
			out[i] = '-';
			continue;
		}
		out[i] = digits[block[nibble / 2] >> (nibble % 2 ? 0 : 4) & 15];
		nibble++;
	}
	out[JSON_ID_SIZE - 1] = '\0';
}

/* Lower case only: an identifier has one form. */
static int text_read(const char *text, uint8_t block[BLOCK])
{
	size_t nibble = 0;

	if (strlen(text) != JSON_ID_SIZE - 1)
		return -EINVAL;
	memset(block, 0, BLOCK);
	for (size_t i = 0; i < JSON_ID_SIZE - 1; i++) {
		char c = text[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (hyphen_at(i) ? c != '-' : digit < 0)
			return -EINVAL;
		if (hyphen_at(i))
			continue;
		block[nibble / 2] |= (uint8_t)(digit << (nibble % 2 ? 0 : 4));
		nibble++;
	}
	return block_marked(block) ? 0 : -EINVAL;
}

/* --- both --- */

int json_id_write(const struct json_ids *ids, enum json_kind kind, int64_t id,
		  char out[JSON_ID_SIZE])
{
	uint8_t block[BLOCK];
	int err;

	block_fill(block, kind, id);
	err = block_walk(ids->encrypt, block);
	if (err == 0)
		text_write(block, out);
	return err;
}

int json_id_read(const struct json_ids *ids, enum json_kind kind, const char *text, int64_t *idp)
{
	uint8_t block[BLOCK], expected[BLOCK];
	int err = text_read(text, block);

	*idp = -1;
	if (err == 0)
		err = block_walk(ids->decrypt, block);
	if (err != 0)
		return err;
	block_fill(expected, kind, block_number(block));
	if (memcmp(block, expected, BLOCK) != 0 || block_number(block) < 0)
		return -EINVAL;
	*idp = block_number(block);
	return 0;
}
