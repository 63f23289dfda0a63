// SPDX-License-Identifier: Apache-2.0
/*
 * The floor: what the cryptography of one enrolment (ir + certConf) costs this machine, P-256 with
 * SHA-256. A server verifies the protection of two requests and one proof of possession, and signs
 * one certificate and two answers. It cannot be cheaper than that. Over JSON it verifies a proof of
 * possession and signs a certificate; TLS has its signatures once for a connection.
 */
#include "bench.h"

#include <errno.h>
#include <openssl/evp.h>
#include <time.h>

enum { FLOOR_MESSAGE_LEN = 1024, FLOOR_ROUNDS = 2000 };

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int floor_round(EVP_MD_CTX *ctx, EVP_PKEY *key, const uint8_t *message, int pairs)
{
	uint8_t signature[128];
	size_t len;

	for (int i = 0; i < pairs; i++) {
		len = sizeof(signature);
		if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
		    EVP_DigestSign(ctx, signature, &len, message, FLOOR_MESSAGE_LEN) != 1 ||
		    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
		    EVP_DigestVerify(ctx, signature, len, message, FLOOR_MESSAGE_LEN) != 1)
			return -EIO;
	}
	return 0;
}

int bench_floor_run(enum bench_operation operation, struct bench_report *r)
{
	const int pairs = operation == BENCH_JSON ? 1 : 3;
	static const uint8_t message[FLOOR_MESSAGE_LEN];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	double start = 0, best = 0;
	int err = ctx && key ? 0 : -ENOMEM;

	/* The first rounds warm caches and the clock up; then one pass is measured. */
	for (int i = 0; !err && i < FLOOR_ROUNDS / 10; i++)
		err = floor_round(ctx, key, message, pairs);
	start = cpu_us();
	for (int i = 0; !err && i < FLOOR_ROUNDS; i++)
		err = floor_round(ctx, key, message, pairs);
	best = cpu_us() - start;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	r->transactions = FLOOR_ROUNDS;
	r->seconds = best / 1e6;
	r->server_cpu_us = best / FLOOR_ROUNDS;
	for (size_t i = 0; i < ARRAY_LEN(r->latency_us); i++)
		r->latency_us[i] = r->server_cpu_us;
	return err;
}
