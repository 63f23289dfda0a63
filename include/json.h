// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON doors, two sets of resources over one set of helpers. Both decode, call cmf/ for changes
 * and store/ for lists, encode.
 *
 * The operator's: HTTP/JSON under /v1/ on the admin listener (a Unix-domain socket whose file
 * permissions say who may), spoken by cmfctl. Who reaches the socket is trusted as an operator of
 * every trust domain.
 *
 * That of VNF Managers: IFA 033 11.2 under /cmf-certmgmt/v1/, with the conventions of ETSI GS
 * NFV-SOL 013, for clients that authenticate with a TLS certificate or an access token.
 */
#pragma once

#include "cmf.h"
#include "http.h"
#include "lcm.h"
#include "store/event.h"
#include "token.h"

/* What a request is served with; a reload may replace it between requests. */
struct json_service {
	struct cmf *cmf;
	struct token_checker *tokens; /* NULL: none are taken */
};

/*
 * Gives what the calling thread works with, and the service in force. All of it lives at least as
 * long as the handler runs.
 */
typedef const struct cmf_worker *json_worker_of(struct worker *worker,
						struct json_service *servicep);

/* --- the operator's --- */

struct json_operator;

/* lcm, which has to live longer, has what is followed of VNFMs; NULL: none is. */
_must_check_ int json_operator_new(json_worker_of *worker_of, const struct clock_source *clock,
				   struct lcm *lcm, struct json_operator **doorp);
void json_operator_free(struct json_operator *door);
DEFINE_CLEANUP(struct json_operator, json_operator_free);

/* The routes, all of group HTTP_ADMIN, to be copied into the server's table. Live as long as the
 * door. */
const struct http_route *json_operator_routes(const struct json_operator *door, size_t *np);

/* --- that of VNF Managers --- */

struct json_nfv;

/* Reads the key of identifiers from the store. 0 or a negative errno. */
_must_check_ int json_nfv_new(json_worker_of *worker_of, const struct clock_source *clock,
			      struct store *store, struct metrics *metrics,
			      struct json_nfv **doorp);
void json_nfv_free(struct json_nfv *door);
DEFINE_CLEANUP(struct json_nfv, json_nfv_free);

/* What subscribers are sent: the door's notify_encode (notify.h), with itself. */
int json_nfv_notification(void *door, const struct store_subscription *subscription,
			  const struct store_event *event, char **bodyp);

/* The routes, all of group HTTP_NFV; as above. */
const struct http_route *json_nfv_routes(const struct json_nfv *door, size_t *np);
