// SPDX-License-Identifier: Apache-2.0
/*
 * Nonces by which a key attestation statement shows that it is fresh
 * (draft-ietf-lamps-attestation-freshness): random, each for one use by who asked for it, and for
 * some minutes. They are in the store: another process of the CMF, or this one after a restart,
 * knows them. Both doors give them out; what attests over one is judged in csr/.
 */
#pragma once

#include "cmf.h"

/* draft-ietf-lamps-attestation-freshness: len INTEGER (8..64) */
enum { CMF_NONCE_MIN = 8, CMF_NONCE_MAX = 64 };
/* In one general message. */
enum { CMF_NONCES_OF_TRANSACTION = 8 };

struct cmf_nonce {
	int64_t id; /* of a new one what stands for it in the unit: store_unit_id() */
	uint8_t octets[CMF_NONCE_MAX];
	size_t len;
	int64_t expires_ms;
};

/* All borrowed. */
struct cmf_nonce_ask {
	int64_t len; /* wanted; 0: as configured */
	/* Of the general message that asks; none over JSON. */
	struct bytes transaction_id;
	struct bytes request_digest;
	int seq;
};
/*
 * The upstream CA by whose nonces requests for that profile are attested, for it judges them; NULL:
 * ours. 0, REFUSED (client_not_permitted).
 */
_must_check_ int cmf_nonce_upstream(const struct cmf_call *call, const struct conf_profile *profile,
				    const struct ca **cap);
/* Adds a new one for who asks to the unit. 0, REFUSED (nonce_length, nonce_too_many,
 * client_not_permitted), negative errno. */
_must_check_ int cmf_nonce_issue(const struct cmf_call *call, const struct cmf_nonce_ask *ask,
				 struct cmf_nonce *noncep);
/*
 * Those that who asks has got in that transaction, by the very message of that digest: up to
 * CMF_NONCES_OF_TRANSACTION of them, mostly none. REFUSED (transaction_id_in_use) if it was another
 * message. 0, negative errno.
 */
_must_check_ int cmf_nonce_issued(const struct cmf_call *call, struct bytes transaction_id,
				  struct bytes request_digest, struct cmf_nonce *nonces,
				  size_t *np);

/*
 * Whether a statement over these octets is fresh: they are a nonce of who asks that was neither
 * used nor has expired, and the one that the request names (0: it names none). *idp is it, for
 * cmf_nonce_use(). 0, REFUSED (nonce_unknown, nonce_used, nonce_expired), negative errno.
 */
_must_check_ int cmf_nonce_check(const struct cmf_call *call, struct bytes octets, int64_t named_id,
				 int64_t *idp);
/* It is used from now on: a condition of the unit. 0 or negative errno. */
_must_check_ int cmf_nonce_use(const struct cmf_call *call, int64_t id);
