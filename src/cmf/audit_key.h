// SPDX-License-Identifier: Apache-2.0
/* The key of the MACs of the audit (store/audit.h), which is derived from the store key. */
#pragma once

#include "cmf_private.h"
#include "store/audit.h"

/* The one that MACs are made with now. 0, -ENOKEY: there is no store key, -EIO. */
_must_check_ int audit_key_current(const struct cmf *cmf, struct store_audit_key *keyp);
/* Gives those that there are to the store of the CMF. 0 or -EIO. */
_must_check_ int audit_keys_give(struct cmf *cmf);
/* Whether it is the MAC of that. 0, -EBADMSG: it is not, -ENOKEY: its store key is not configured,
 * -EIO. */
_must_check_ int audit_mac_check(const struct cmf *cmf, const struct store_audit_mac *mac,
				 enum store_audit_mac_of of, const struct store_audit_place *place);
/*
 * After a change of the store key: what has a MAC of the key before, and is what that was made of,
 * gets one of the new key. Looks once, and then when the key is another. 0 or negative errno.
 */
_must_check_ int audit_seal(struct cmf_call *call);
