// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON door of the operator: HTTP/JSON under /v1/ on the admin listener (a Unix-domain socket
 * whose file permissions say who may), spoken by cmfctl. Decodes, calls cmf/ for changes and store/
 * for lists, encodes. Who reaches the socket is trusted as an operator of every trust domain.
 */
#pragma once

#include "cmf.h"
#include "http.h"

struct rest;

/*
 * Gives what the calling thread works with, and the CMF in force: a reload may replace it between
 * calls. Both live at least as long as the handler runs.
 */
typedef const struct cmf_worker *rest_worker_of(struct worker *worker, struct cmf **cmfp);

_must_check_ int rest_new(rest_worker_of *worker_of, const struct clock_source *clock,
			  struct rest **restp);
void rest_free(struct rest *rest);
DEFINE_CLEANUP(struct rest, rest_free);

/* The routes, all of group HTTP_ADMIN, to be copied into the server's table. Live as long as rest.
 */
const struct http_route *rest_routes(const struct rest *rest, size_t *np);
