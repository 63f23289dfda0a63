// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the whole path: octets of a request to octets of the answer, through the CMP door
 * onto a real store. The input is one message or several in a row. Each is served as it is; and
 * again after its transactionID, nonces and time were made fit and its MAC was computed anew, so
 * that what lies behind authentication is reached.
 */
#include "served.h"

#include "asn1/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES_MAX = 4 };

static void serve_authentic(struct bytes request, uint8_t nonce[CMP_NONCE_LEN])
{
	struct octets made = served_authentic(request, nonce, false);

	if (made.len)
		served(octets_view(&made), nonce);
	octets_clear(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t nonce[CMP_NONCE_LEN] = {0}, ignored[CMP_NONCE_LEN];
	struct bytes in = {data, size}, tlv, content;
	uint8_t tag;

	served_prepare();
	served(in, ignored);
	for (int i = 0; i < MESSAGES_MAX && !der_next(&in, &tag, &tlv, &content); i++)
		serve_authentic(tlv, nonce);
	return 0;
}
