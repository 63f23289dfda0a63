// SPDX-License-Identifier: Apache-2.0
/* What a request will ask the store, asked before it is known who sends it. */
#pragma once

#include "request.h"

/* Where the store is near this does nothing. What it finds is good for one attempt. */
_must_check_ int cmp_ahead_ask(struct cmp_request *rq);
