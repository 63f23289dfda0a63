// SPDX-License-Identifier: Apache-2.0
/*
 * Strict DER: a check over received octets before any template sees them. OpenSSL's d2i accepts
 * BER; CMP messages are DER (RFC 4210 5.1, RFC 9483 3.5), and a re-encoding must give what came.
 */
#pragma once

#include "base/bytes.h"

/* No real CMP message nests deeper than about 20; the limits bound work on hostile input. */
enum { DER_DEPTH_MAX = 32, DER_ELEMENTS_MAX = 65536 };

/*
 * 0 if `in` is exactly one DER value: definite minimal lengths, minimal INTEGERs, BOOLEAN 0 or FF,
 * primitive strings, zero unused bits, ascending SET OF, no trailing octets, within the limits.
 * -EBADMSG otherwise. Allocates nothing.
 */
_must_check_ int der_check(struct bytes in);

/*
 * Splits the value at the front of *in: its whole encoding to *tlvp, *contentp gets the contents,
 * and *in moves behind it. tag is the identifier octet (low-tag form only). -EBADMSG if malformed,
 * -ENODATA at the end of *in.
 */
_must_check_ int der_next(struct bytes *in, uint8_t *tagp, struct bytes *tlvp,
			  struct bytes *contentp);
