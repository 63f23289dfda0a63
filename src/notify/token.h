// SPDX-License-Identifier: Apache-2.0
/* Access tokens that callbacks ask for, RFC 6749 4.4. Private to src/notify. */
#pragma once

#include "base/bytes.h"
#include "web.h"

struct token {
	struct octets text; /* with a NUL; empty: there is none */
	int64_t until_us;   /* of the monotonic clock */
};

void token_clear(struct token *token);
/* Whether it can be used for a while. */
bool token_is_good(const struct token *token);

struct token_asker {
	const char *client_id;
	struct bytes secret; /* empty: the TLS client certificate says who asks, RFC 8705 2 */
};
/*
 * Asks for one. `request` says where, with whom in TLS, and how long; the rest of it is filled in
 * here. 0; -EPROTO: the answer holds no bearer token; as web_exchange().
 */
_must_check_ int token_fetch(struct web_request *request, const struct token_asker *asker,
			     struct token *tokenp);
