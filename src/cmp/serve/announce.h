// SPDX-License-Identifier: Apache-2.0
/*
 * Announcements of other CAs: announce.c.
 */
#pragma once

#include "request.h"

/* REFUSED unless the requester may announce. */
_must_check_ int cmp_announcer_check(struct cmp_request *rq);
/* Whether the certificates of a CA key update fit together; the latter two may be NULL. */
_must_check_ int cmp_key_update_check(struct cmp_request *rq, const ASN1_TYPE *new_with_new,
				      const ASN1_TYPE *new_with_old, const ASN1_TYPE *old_with_new);
/* Adds the content of a body of that type to the unit; it may be there already. */
_must_check_ int cmp_announcement_add(struct cmp_request *rq, int type, struct bytes der);
