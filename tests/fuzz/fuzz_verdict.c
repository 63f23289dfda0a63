// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the claims of a verifier's verdict, after its signature: what is taken is about
 * the question that was asked, and in its bounds.
 */
#include "verdict.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct verdict_asked asked = {.issuer = "https://verifier.example",
						   .challenge = "Y2hhbGxlbmdl",
						   .key_sha256 = "a2V5",
						   .now_ms = INT64_C(1795424400000)};
	struct verifier_verdict verdict = {.has_nonce = false};
	bool affirming;
	const char *problem =
		verdict_read((struct bytes){data, size}, &asked, &verdict, &affirming);

	MUST(!problem || !affirming);
	if (problem)
		return 0;
	/* None of these texts needs an escape; with one it is as good. */
	MUST(memmem(data, size, "eat_nonce", 9) || memchr(data, '\\', size));
	MUST(memmem(data, size, "Y2hhbGxlbmdl", 12) || memchr(data, '\\', size));
	MUST(!verdict.has_nonce ||
	     (verdict.nonce_len > 0 && verdict.nonce_len <= VERIFIER_NONCE_MAX));
	return 0;
}
