// SPDX-License-Identifier: Apache-2.0
/*
 * Access tokens for whom we call: the client credentials grant, RFC 6749 4.4. When one is needed,
 * and for how long one is kept, is the caller's.
 */
#pragma once

#include "base/bytes.h"
#include "web.h"

struct web_token {
	struct octets text; /* with a NUL; empty: there is none */
	int64_t until_us;   /* of the monotonic clock */
};

void web_token_clear(struct web_token *token);
/* Whether it can be used for a while. */
bool web_token_is_good(const struct web_token *token);

struct web_token_asker {
	const char *client_id;
	struct bytes secret; /* empty: the TLS client certificate says who asks, RFC 8705 2 */
};
/*
 * Asks for one. `request` says where, with whom in TLS, and how long; the rest of it is filled in
 * here. 0; -EPROTO: the answer holds no bearer token; as web_exchange().
 */
_must_check_ int web_token_fetch(struct web_request *request, const struct web_token_asker *asker,
				 struct web_token *tokenp);
