// SPDX-License-Identifier: Apache-2.0
/*
 * The floor: what the cryptography of one enrolment (ir + certConf) costs this machine, P-256 with
 * SHA-256. A server verifies the protection of two requests and one proof of possession, and signs
 * one certificate and two answers. It cannot be cheaper than that. Over JSON it verifies a proof of
 * possession and signs a certificate; TLS has its signatures once for a connection.
 */
#include "bench.h"

#include "base/clock.h"

#include <errno.h>
#include <openssl/evp.h>

enum { FLOOR_MESSAGE_LEN = 1024, FLOOR_ROUNDS = 2000 };

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

int bench_floor_us(enum bench_operation operation, unsigned rounds, double *usp)
{
	static const uint8_t message[FLOOR_MESSAGE_LEN];
	const int pairs = operation == BENCH_JSON ? 1 : 3;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	int64_t start = 0;
	int err = ctx && key ? 0 : -ENOMEM;

	/* The first rounds warm caches and the clock up. */
	for (unsigned i = 0; !err && i < rounds / 10 + 1; i++)
		err = floor_round(ctx, key, message, pairs);
	start = clock_thread_cpu_us();
	for (unsigned i = 0; !err && i < rounds; i++)
		err = floor_round(ctx, key, message, pairs);
	*usp = (double)(clock_thread_cpu_us() - start) / rounds;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return err;
}

int bench_floor_run(const struct bench_options *o, struct bench_report *r)
{
	unsigned windows = o->windows ? o->windows : 1;
	int64_t start = clock_monotonic_us();
	int err = 0;

	for (unsigned i = 0; i < windows && !err; i++) {
		double us = 0;

		err = bench_floor_us(o->operation, FLOOR_ROUNDS, &us);
		if (!i || us < r->server_cpu_us)
			r->server_cpu_us = us;
		r->transactions += FLOOR_ROUNDS;
	}
	r->seconds = (double)(clock_monotonic_us() - start) / 1e6;
	for (size_t i = 0; i < BENCH_LATENCIES; i++)
		r->latency_us[i] = r->server_cpu_us;
	return err;
}
