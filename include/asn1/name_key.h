// SPDX-License-Identifier: Apache-2.0
/*
 * The names in a certificate that no other entity may have under the same CA: the subject (RFC 5280
 * 4.1.2.6), dNSNames, iPAddresses and uniformResourceIdentifiers. Each as a digest of the form in
 * which it compares, so that names of any length are found alike. The store keeps the digests: who
 * changes them writes a migration.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"

#include <stdbool.h>

enum { NAME_KEY_LEN = 16 };

struct name_key {
	uint8_t octet[NAME_KEY_LEN];
	bool in_san; /* else it is the subject */
};

struct name_keys {
	struct name_key *item;
	size_t len;
};

/*
 * Of the subject (TLV of Name; one without attributes names nobody) and the subjectAltName (TLV of
 * GeneralNames; empty: none) under the CA of that name. What is malformed in a name is compared
 * octet for octet. The caller clears *keysp. 0 or -ENOMEM.
 */
_must_check_ int name_keys_of(const char *ca, struct bytes subject, struct bytes san,
			      struct name_keys *keysp);
/* The same of a certificate. -EBADMSG if it is none. */
_must_check_ int name_keys_of_certificate(const char *ca, struct bytes der,
					  struct name_keys *keysp);
void name_keys_clear(struct name_keys *keys);
