// SPDX-License-Identifier: Apache-2.0
/* Requests to one callback. Private to src/notify. */
#pragma once

#include "notify.h"
#include "web.h"
#include "web/oauth2.h"

/* All borrowed but what is made on the way. One thread at a time. */
struct callback {
	struct cmf *cmf;
	const struct store_subscription *subscription;
	struct bytes secret; /* the password; empty: none */
	bool (*is_cancelled)(void *arg);
	void *is_cancelled_arg;
	/* Made by callback_open(). */
	struct web_identity *identity;
	struct web_connection *connection;
	struct web_token token;
};

/* Begins; fields before the last ones are set. 0 or negative errno; to be closed in any case. */
_must_check_ int callback_open(struct callback *callback);
void callback_close(struct callback *callback);
/*
 * Sends one request; body NULL: a GET, else a POST. The answer is not read. 0 with its status, or
 * negative errno, logged: no answer, or not allowed.
 */
_must_check_ int callback_send(struct callback *callback, const char *body, long *statusp);
