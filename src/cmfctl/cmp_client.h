// SPDX-License-Identifier: Apache-2.0
/*
 * A CMP client for one kind of exchange: a message and its answer. Its errors are printed, and
 * returned as exit codes of cmfctl.
 */
#pragma once

#include "ctl.h"
#include "message.h"

/* Who asks, whom, and whose answers are believed. */
struct cmp_client;
/* By the options of `register`. */
_must_check_ int cmp_client_new(const struct ctl_register *reg, struct cmp_client **clientp);
void cmp_client_free(struct cmp_client *client);
DEFINE_CLEANUP(struct cmp_client, cmp_client_free);

/* An answer that has been verified; the message points into the octets. */
struct cmp_client_answer {
	struct octets der;
	struct cmp_message *msg;
};
void cmp_client_answer_clear(struct cmp_client_answer *answer);

/*
 * Sends a message with that body. An error that does not verify is an error all the same, and says
 * more than "not verified": to a wrong MAC the CMF answers with a signature, for which there may be
 * no trust anchor. The caller clears *answerp.
 */
_must_check_ int cmp_client_ask(const struct cmp_client *client, const PKIBody *body,
				struct cmp_client_answer *answerp);
/* Prints "refused: ..." and gives the exit code. */
int cmp_client_refused(const PKIStatusInfo *status);
