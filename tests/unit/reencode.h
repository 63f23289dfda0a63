// SPDX-License-Identifier: Apache-2.0
/*
 * Another way to say whether header and body of a message are in DER: OpenSSL decodes them, and
 * encodes them again as they came. The decoder goes by asn1/fields.h, which needs no copies; for
 * the tests that compare both.
 */
#pragma once

#include "base/bytes.h"

/*
 * False: the two ways disagree about header or body of these octets, which need not be a message.
 */
bool judged_alike(struct bytes message);
