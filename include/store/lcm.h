// SPDX-License-Identifier: Apache-2.0
/*
 * Direct mode in the store, as far as it is about talking to a VNFM: the subscription that cmfd has
 * with it, and the VNFs that its notifications tell to look at. What a look at one has found is not
 * here. Results as in store.h.
 */
#pragma once

#include "store.h"

/* --- the subscription --- */

enum { STORE_LCM_DIGEST_LEN = 48 };

struct store_lcm_subscription {
	char *vnfm;         /* of the section of the configuration */
	char *subscription; /* its identifier with the VNFM */
	char *callback_uri; /* with which it was made */
	uint8_t request_digest[STORE_LCM_DIGEST_LEN];
	int64_t created_ms;
};
void store_lcm_subscription_clear(struct store_lcm_subscription *s);

_must_check_ int store_lcm_subscription_get(struct store_reader *r, const char *vnfm,
					    struct store_lcm_subscription *sp);
/* Puts it in the place of the one that there was. Never conflicts. */
_must_check_ int store_lcm_subscription_set(struct store_unit *u,
					    const struct store_lcm_subscription *s);
/* Forgets it, if it is still that one. Never conflicts. */
_must_check_ int store_lcm_subscription_remove(struct store_unit *u, const char *vnfm,
					       const char *subscription);

/* --- VNFs to be looked at --- */

struct store_lcm_event {
	char *vnfm;
	char *vnf_instance;
	int64_t sequence; /* ignored when it is noted */
	int64_t noted_ms; /* of the first notification */
	int64_t next_ms;
	uint32_t attempts;  /* to ask the VNFM, all in vain */
	bool removed;       /* a VNFC was removed, or the VNF terminated */
	bool deleted;       /* the VNF's identifier was deleted */
	bool unfinished;    /* all of them told of operations that go on */
	char *operation_id; /* the last vnfLcmOpOccId; NULL: none */
};
void store_lcm_event_clear(struct store_lcm_event *e);

/*
 * Notes a notification: a VNF that is noted already gets what is new, is due at once, and has
 * another sequence. Never conflicts.
 */
_must_check_ int store_lcm_event_note(struct store_unit *u, const struct store_lcm_event *e);
/* That it was looked at, unless another notification has come since. Never conflicts. */
_must_check_ int store_lcm_event_done(struct store_unit *u, const struct store_lcm_event *e);
/* That it could not be, likewise: writes attempts and next_ms. Never conflicts. */
_must_check_ int store_lcm_event_retry(struct store_unit *u, const struct store_lcm_event *e);

/* Nothing of a VNFM is to be looked at any more. Never conflicts. */
_must_check_ int store_lcm_events_remove(struct store_unit *u, const char *vnfm);
/* Likewise, and there is no subscription with it. */
_must_check_ int store_lcm_forget(struct store_unit *u, const char *vnfm);

/* One of a VNFM with next_ms <= now_ms, the one that waits longest; or STORE_NOT_FOUND. */
_must_check_ int store_lcm_event_due(struct store_reader *r, const char *vnfm, int64_t now_ms,
				     struct store_lcm_event *ep);
/* Of a VNFM, counted up to `max`. */
_must_check_ int store_lcm_event_count(struct store_reader *r, const char *vnfm, uint32_t max,
				       uint32_t *np);
