// SPDX-License-Identifier: Apache-2.0
/*
 * Private keys in answers, RFC 9483 4.1.6: opened and verified by libcrypto's CMS, checked to be
 * what the RFC says.
 */
#pragma once

#include "ask.h"

#include <openssl/cms.h>

/* ContentInfo around the content, for libcrypto. */
CMS_ContentInfo *told_content_info(struct bytes content, int nid);
/* The content, when the signature of the KGA has been verified up to the root. The caller owns it.
 */
struct octets told_signed_content(const struct house *h, struct bytes signed_data);
/* The one key of v2 in its AsymmetricKeyPackage. The caller owns it. */
EVP_PKEY *told_signed_key(const struct house *h, struct bytes signed_data);
/* The same out of an EncryptedKey for a key that is named by that subjectKeyIdentifier. */
EVP_PKEY *told_private_key(const struct house *h, const ASN1_TYPE *encrypted, EVP_PKEY *to,
			   struct bytes ski);
