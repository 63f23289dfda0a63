// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of message/problem.c and asn1/fields.c, which walk through octets that the decoder
 * has refused: they find a reason within them.
 */
#include "message.h"

#include <openssl/err.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct bytes der = {data, size};
	struct cmp_problem problem;
	int err = cmp_message_decode(der, &msg, &refusal);

	MUST(err >= 0);
	/* Of any octets: what it says counts for those that are refused. */
	cmp_message_problem(der, &problem);
	MUST(problem.offset <= size);
	MUST(err == 0 || problem.rule[0]);
	MUST(memchr(problem.path, '\0', sizeof(problem.path)));
	MUST(ERR_peek_error() == 0);
	return 0;
}
