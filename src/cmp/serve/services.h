// SPDX-License-Identifier: Apache-2.0
/*
 * The services, by body type: the steps that door.c calls, each in the file of its name if nothing
 * else is said. A kind of message is added here, with a file beside and a row in door.c.
 */
#pragma once

#include "request.h"

cmp_step cmp_certreq_serve; /* ir, cr, kur */
cmp_step cmp_p10cr_serve;
cmp_step cmp_ccr_serve;
cmp_step cmp_krr_serve; /* recovery.c */
cmp_step cmp_popdecr_serve;
cmp_step cmp_certconf_serve, cmp_certconf_resume;
cmp_step cmp_poll_serve, cmp_poll_resume;
cmp_step cmp_rr_serve;
cmp_step cmp_error_serve;
cmp_step cmp_nested_serve;
cmp_step cmp_announce_serve;
cmp_step cmp_genm_serve, cmp_genm_resume; /* genm/genm.c */

/* The transaction waits for an upstream CA, or a CRL, and has no answer yet. */
cmp_step cmp_upstream_resume;
cmp_step cmp_revocations_resume; /* rr_delayed.c */

/* genm/revocation.c: revPassphrase in generalInfo of any message, if it is there. */
cmp_step cmp_rev_passphrase_of_header;

/* nested.c: what the outer message asks of an inner one; nothing if there is none. */
_must_check_ int cmp_inner_check(struct cmp_request *rq);
/* The outer protection's approval, once it is known who sent the inner message. */
_must_check_ int cmp_inner_approve(struct cmp_request *rq);

/* announce.c: what the sender of an announcement is told, by the outcome. */
enum cmp_delivery cmp_announcement_delivery(const struct cmp_request *rq);
