// SPDX-License-Identifier: Apache-2.0
/*
 * PasswordBasedMac, for verification and for messages of ours. Private to the message layer.
 */
#pragma once

#include "asn1/crmf.h"
#include "base/bytes.h"

#include <openssl/evp.h>

/* Parameters of a PasswordBasedMac that we can compute. */
struct password_based_mac {
	struct octets salt;
	const EVP_MD *owf;
	int64_t iterations;
	const EVP_MD *mac_digest; /* of HMAC */
};
void password_based_mac_clear(struct password_based_mac *pbm);

/*
 * Reads an AlgorithmIdentifier. 0; -ENOTSUP if it is another MAC; -EBADMSG if the parameters are
 * malformed or name other functions than SHA-1 and SHA-2; -ENOMEM. Bounds on salt and iterations
 * are the caller's.
 */
_must_check_ int password_based_mac_read(const X509_ALGOR *alg, struct password_based_mac *pbmp);
/* The MAC of `data` into out[EVP_MAX_MD_SIZE]. 0 or a negative errno. */
_must_check_ int password_based_mac_compute(const struct password_based_mac *pbm,
					    struct bytes secret, struct bytes data, uint8_t *out,
					    size_t *lenp);
