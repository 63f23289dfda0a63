// SPDX-License-Identifier: Apache-2.0
/*
 * Points of Curve25519 and Curve448 that prove nothing as public keys. Of a point of small order
 * everybody knows the private key: signatures made without any key verify, and a secret agreed on
 * with it is the same for all. A point that is not in its canonical form is another key for who
 * compares octets, and the same for who computes.
 */
#pragma once

#include "base/bytes.h"

/* EVP_PKEY_ED25519, _ED448, _X25519 or _X448; false also where the length is that of no point. */
bool key_point_proves_nothing(int type, struct bytes point);
