// SPDX-License-Identifier: Apache-2.0
/* Key pairs that the CMF makes for who asks for it, RFC 9483 4.1.6. */
#pragma once

#include "cmf_private.h"

/*
 * The kind of key that the profile has for that preference (NULL: none), the first that fits; it
 * lives as long as the profile. 0 or REFUSED (central_key_*).
 */
_must_check_ int central_key_choose(const X509_ALGOR *wish, const struct conf_profile *profile,
				    const struct conf_key_type **typep, struct refusal *refusal);
/* The algorithm of its SubjectPublicKeyInfo. */
const ASN1_OBJECT *central_key_object(const struct conf_key_type *type);
/* Of RSA the shortest that the kind allows. 0 or -EIO. The caller owns *keyp. */
_must_check_ int central_key_make(const struct conf_key_type *type, EVP_PKEY **keyp);
