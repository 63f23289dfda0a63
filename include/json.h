// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON door of the operator: HTTP/JSON under /v1/ on the admin listener (a Unix-domain socket
 * whose file permissions say who may), spoken by cmfctl. Decodes, calls cmf/ for changes and store/
 * for lists, encodes. Who reaches the socket is trusted as an operator of every trust domain.
 */
#pragma once

#include "cmf.h"
#include "http.h"

struct json_operator;

/*
 * Gives what the calling thread works with, and the CMF in force: a reload may replace it between
 * calls. Both live at least as long as the handler runs.
 */
typedef const struct cmf_worker *json_worker_of(struct worker *worker, struct cmf **cmfp);

_must_check_ int json_operator_new(json_worker_of *worker_of, const struct clock_source *clock,
				   struct json_operator **doorp);
void json_operator_free(struct json_operator *door);
DEFINE_CLEANUP(struct json_operator, json_operator_free);

/* The routes, all of group HTTP_ADMIN, to be copied into the server's table. Live as long as the
 * door.
 */
const struct http_route *json_operator_routes(const struct json_operator *door, size_t *np);
