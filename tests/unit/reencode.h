// SPDX-License-Identifier: Apache-2.0
/*
 * Another way to say whether header and body of a message are in DER: OpenSSL decodes them, and
 * encodes them again as they came. The decoder reads the header in place, and goes by
 * asn1/fields.h, neither of which needs copies; for the tests that compare both.
 */
#pragma once

#include "base/bytes.h"

/*
 * False: the two ways disagree about header or body of these octets, which need not be a message,
 * or about what a field of the header is.
 */
bool judged_alike(struct bytes message);
