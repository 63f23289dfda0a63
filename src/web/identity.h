// SPDX-License-Identifier: Apache-2.0
/* What a client certificate means to TLS. Private to src/web. */
#pragma once

#include "web.h"

#include <openssl/ssl.h>

/* Has the context authenticate with it. 0 or -EINVAL. */
_must_check_ int identity_use(const struct web_identity *identity, SSL_CTX *context);
