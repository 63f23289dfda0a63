// SPDX-License-Identifier: Apache-2.0
/* Bodies of requests. Shared by the resources of json/. */
#pragma once

#include "base/bytes.h"

#include <jansson.h>

/* One JSON object and nothing else (RFC 8259); a member twice is refused. NULL with the problem
 * written into detail[]. */
json_t *json_body_read(struct bytes body, char *detail, size_t size);
