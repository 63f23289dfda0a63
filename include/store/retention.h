// SPDX-License-Identifier: Apache-2.0
/*
 * What the store need not keep for ever: certificates that have ended, registrations that have
 * ended, and names that nobody holds any more. Pages of them are read in the order of the time
 * since when, each row with whether it may go; what is purged asks again in its own change.
 */
#pragma once

#include "store.h"

/* Rows of a page. */
enum { STORE_PAST_MAX = 200 };

/* Those of one kind stand in an index of their own. */
enum store_past_kind {
	STORE_PAST_EXPIRED, /* certificates that were never revoked for good */
	STORE_PAST_ENDED,   /* certificates revoked or rejected, once they have expired */
	STORE_PAST_REGISTRATIONS,
	STORE_PAST_KINDS
};

struct store_past {
	int64_t since_ms; /* notAfter, or the end of the registration */
	int64_t id;
	enum store_certificate_state state; /* of a certificate */
	bool may_go;
	bool has_names; /* a certificate: it got some name last, which keeps it */
};

struct store_past_page {
	struct store_past item[STORE_PAST_MAX];
	size_t len;
};

/*
 * Those behind (since_ms, id) in that order whose time lies before until_ms. One may go that lies
 * before before_ms, too, and that nothing still needs: of certificates, those that are revoked and
 * not yet on a regularly scheduled CRL after their end (RFC 5280 3.3), those with an archived key,
 * the newest of all, one that another one replaced that stays, and such that a transaction, a
 * request, an event or an upstream CA still waits for, do not; of registrations those that have
 * certificates.
 */
_must_check_ int store_past_list(struct store_reader *r, enum store_past_kind kind,
				 const struct store_past *behind, int64_t until_ms,
				 int64_t before_ms, struct store_past_page *pagep);

/* Never conflict: 1 for the id, by store_unit_id(), where it went. The digest of its key stays. */
_must_check_ int store_certificate_purge(struct store_unit *u, const struct store_past *past,
					 int64_t before_ms, int64_t *np);
_must_check_ int store_registration_purge(struct store_unit *u, const struct store_past *past,
					  int64_t before_ms, int64_t *np);

/* The names that a certificate got last; each is the callee's for the call alone. */
typedef int store_held_name_each(void *arg, const struct name_key *key);
_must_check_ int store_held_names_of(struct store_reader *r, int64_t certificate_id,
				     store_held_name_each *each, void *arg);
/* Nobody holds it any more. Never conflicts; nothing happens if another certificate got it since.
 */
_must_check_ int store_held_name_release(struct store_unit *u, const struct name_key *key,
					 int64_t certificate_id, int64_t *np);

/* Octets of the database, and those of them that nothing is in. STORE_NOT_FOUND: not told. */
struct store_space {
	int64_t octets;
	int64_t unused;
};
_must_check_ int store_space_get(struct store_reader *r, struct store_space *spacep);
