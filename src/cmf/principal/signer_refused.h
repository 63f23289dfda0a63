// SPDX-License-Identifier: Apache-2.0
/*
 * TLS clients that were refused lately, by the digest of the certificates that they sent. Looking
 * for a path is dear, and somebody who has a connection can ask with the same certificates as often
 * as he likes: what was found out holds for some seconds. Another certificate costs him another
 * handshake. A table of fixed size; who needs the place of another takes it. Thread-safe.
 */
#pragma once

#include "base/cleanup.h"
#include "base/refusal.h"

#include <stdint.h>

struct signer_refused;

/* NULL out of memory. */
struct signer_refused *signer_refused_new(void);
void signer_refused_free(struct signer_refused *table);

/* `generation` is that of the clients. REFUSED as it was, or 0: nothing is remembered. */
_must_check_ int signer_refused_find(struct signer_refused *table, const uint8_t digest[32],
				     int64_t generation, int64_t now_ms, struct refusal *refusal);
/* The detail of the refusal is static text. */
void signer_refused_keep(struct signer_refused *table, const uint8_t digest[32], int64_t generation,
			 int64_t from_ms, int64_t until_ms, const struct refusal *refusal);
