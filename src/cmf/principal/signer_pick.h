// SPDX-License-Identifier: Apache-2.0
/* From what a message says of its signer to one of the certificates that it brings. */
#pragma once

#include "asn1/certificate.h"
#include "base/refusal.h"

#include <openssl/x509.h>

/* What the message says of its signer. */
struct sought {
	struct bytes sender_dn; /* no octets: whatever its subject is */
	struct bytes sender_kid;
	X509_NAME *sender; /* sender_dn, once it had to be decoded */
	unsigned compared;
};
void sought_clear(struct sought *sought);
/* Whether sender is that subject; RFC 9483 3.1. */
bool sought_sender_fits(struct sought *sought, struct bytes subject);
/* The same, and senderKID that key identifier, where there are both. */
bool sought_fits(struct sought *sought, struct bytes subject, struct bytes ski);

/* The subjectKeyIdentifier; empty: none. */
struct bytes signer_view_ski(const struct certificate_view *view);
/* The signer's among the certificates. 0, REFUSED (signer_mismatch, signer_malformed). */
_must_check_ int signer_pick(struct sought *sought, const struct bytes *certs, size_t n_certs,
			     int64_t now_ms, struct certificate_view *viewp,
			     struct refusal *refusal);
