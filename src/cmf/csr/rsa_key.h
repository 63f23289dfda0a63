// SPDX-License-Identifier: Apache-2.0
/*
 * Whether an RSA key that is to be certified is one that only its owner can use. It costs about as
 * much as a signature with the key, and so comes after all that says that the requester may ask.
 */
#pragma once

#include "cmf_private.h"

/* Keys of other kinds pass. 0, REFUSED (public_key_*), negative errno. */
_must_check_ int rsa_key_check(const SubjectPublicKeyInfo *spki, const struct spki_kind *kind,
			       const struct conf *conf, struct refusal *refusal);
