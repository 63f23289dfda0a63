// SPDX-License-Identifier: Apache-2.0
/*
 * Registrations go from one CA, profile or manager to another, as the operator wants it. Their
 * certificates stay as they are: what comes next is asked for, and issued, in the new terms.
 */
#pragma once

#include "cmf.h"

/* NULL: it stays. With another profile and no CA that one which the rules say for the profile,
 * unless an operator had chosen another. */
struct cmf_move {
	const char *profile;
	const char *ca;
	const char *
		manager; /* a client of the same trust domain; of all registrations of the entity */
};
/*
 * *movedp: something changes, and was added to the unit; it conflicts if the registration has
 * changed meanwhile. 0, REFUSED (the unit is as it was), negative errno.
 */
_must_check_ int cmf_registration_move(const struct cmf_call *call,
				       const struct store_registration *reg,
				       const struct cmf_move *to, bool *movedp);

/*
 * Whether all CAs are in the configuration that registrations have, or of which something was asked
 * that is still open. 0; -EINVAL with a line for each that is not, which names registrations or
 * entities; another negative errno.
 */
_must_check_ int cmf_used_cas_check(const struct cmf *cmf, struct store_reader *reader,
				    struct strbuf *problems);
