// SPDX-License-Identifier: Apache-2.0
/*
 * Who sent a message: authenticate.c, with signer.c, kem.c, policy.c, and stranger.c, which bounds
 * what is done before that is known.
 */
#pragma once

#include "request.h"

/* stranger.c: asks for dear work on behalf of whoever that is. 0, or REFUSED (stranger_budget). */
_must_check_ int cmp_stranger_begin(struct cmp_request *rq, struct bytes reference, int64_t cost_us,
				    struct refusal *refusal);
/* The same for signers, as cmf/ asks. Borrows rq. */
struct cmf_gate cmp_stranger_gate(struct cmp_request *rq);
/* The work is done; nothing if there was none. */
void cmp_stranger_end(struct cmp_request *rq);
/* The request is done: who was authentic owes nothing. */
void cmp_stranger_settle(struct cmp_request *rq);
/* Verifies the protection over the received octets; fills in rq->who and rq->protection. */
_must_check_ int cmp_authenticate(struct cmp_request *rq);
/* signer.c: cmp_authenticate() for a signature. */
_must_check_ int cmp_signature_authenticate(struct cmp_request *rq);
/* policy.c: reads the MAC of the message into rq->mac, as [protection] wants it. */
_must_check_ int cmp_mac_read_protection(struct cmp_request *rq);
/* policy.c: whether rq->mac, which has verified, is as the policy of rq->who wants it beyond that.
 */
_must_check_ int cmp_mac_policy_check(struct cmp_request *rq);
/* Whether it is the message without protection that asks for a KEM ciphertext. */
bool cmp_kem_is_asked(const struct cmp_request *rq);
/* Answers that one; nothing else is done for it. */
cmp_step cmp_kem_serve;
/* cmp_authenticate() for KemBasedMac. */
_must_check_ int cmp_kem_authenticate(struct cmp_request *rq);

/*
 * signer.c: the name that is to be the subject of the signer's certificate (RFC 9483 3.1); of
 * another form than directoryName, and so the subject of none: no Name at all.
 */
struct bytes cmp_sender_dn(const struct cmp_message *msg);

/*
 * Whom the message says that it is from, where nobody was found: its reference, or the common name
 * of sender; else "". For the log, which escapes it.
 */
enum { CMP_CLAIM_MAX = 100 };

void cmp_claim_text(const struct cmp_request *rq, char text[CMP_CLAIM_MAX]);
