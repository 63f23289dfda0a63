// SPDX-License-Identifier: Apache-2.0
/*
 * Events in the store, and the subscriptions to them. What has happened to a certificate, a
 * registration or a request is written in the unit that makes it happen, by the backend itself, so
 * that no verb of store.h can forget it: nothing here adds such an event, but for certificates that
 * come to their end by time alone. Only where somebody in the trust domain listens is there
 * anything to write.
 *
 * Events are numbered in the order in which they happened; each subscription has its position among
 * those of its trust domain. Results as in store.h.
 */
#pragma once

#include "store.h"

/* --- events --- */

enum store_event_kind {
	STORE_EVENT_ISSUED = 0,
	STORE_EVENT_RENEWED = 1,
	/* Also put on hold, and taken back from there with the reason removeFromCRL (8). */
	STORE_EVENT_REVOKED = 2,
	STORE_EVENT_EXPIRING = 3,
	STORE_EVENT_EXPIRED = 4,
	STORE_EVENT_REGISTRATION_REMOVED = 5,
	STORE_EVENT_CSR_COMPLETED = 6,
	STORE_EVENT_CSR_FAILED = 7,
};
enum { STORE_EVENT_KIND_COUNT = 8 };

struct store_event {
	int64_t id;
	enum store_event_kind kind;
	int64_t time_ms;
	int64_t registration_id;
	int64_t certificate_id; /* 0: none */
	int64_t csr_id;         /* 0: none; the request may have been deleted meanwhile */
	int reason;             /* reasonCode; STORE_REASON_NONE */
	/* Joined from the registration and the certificate. */
	enum cert_type cert_type;
	char *vnf_instance; /* "": none */
	char *subject_id;
	char *manager;
	char *trust_domain;
	int64_t not_after_ms; /* 0: no certificate */
};
void store_event_clear(struct store_event *event);

typedef int store_event_each(void *arg, const struct store_event *event);
/* Those of a trust domain after that one, in their order, at most `limit`. */
_must_check_ int store_event_list(struct store_reader *r, const char *trust_domain,
				  int64_t after_id, uint32_t limit, store_event_each *each,
				  void *arg);
/* Whether there are events that every subscription is done with. */
_must_check_ int store_event_purgeable(struct store_reader *r, bool *purgeablep);
/* Removes such ones, the oldest, at most `limit`. Never conflicts. */
_must_check_ int store_event_purge(struct store_unit *u, uint32_t limit);

/* --- certificates that end --- */

enum { STORE_ENDING_MAX = 100 };

/* Active certificates, or on hold, in the order of their notAfter, then of their ids. */
struct store_ending {
	struct store_ending_at {
		int64_t not_after_ms;
		int64_t certificate_id;
	} item[STORE_ENDING_MAX];
	size_t len; /* STORE_ENDING_MAX: there may be more */
};

/* Those after that one (not among them) with a notAfter up to until_ms. */
_must_check_ int store_ending_list(struct store_reader *r, const struct store_ending_at *after,
				   int64_t until_ms, struct store_ending *endingp);
/*
 * Up to which certificate it was told that it ends in `before_ms`; 0: that it has ended.
 * STORE_NOT_FOUND: nothing was told yet since there are subscriptions.
 */
_must_check_ int store_ending_mark_get(struct store_reader *r, int64_t before_ms,
				       struct store_ending_at *markp);
/* Moves it. Conflict: it is not `from` any more (NULL: there was none). */
_must_check_ int store_ending_mark_set(struct store_unit *u, int64_t before_ms,
				       const struct store_ending_at *from,
				       const struct store_ending_at *to);
/*
 * That a certificate will end in `before_ms`, EXPIRING, unless it was issued for less than that; 0:
 * that it has ended, EXPIRED. Where somebody listens. Never conflicts.
 */
_must_check_ int store_event_add_ending(struct store_unit *u, int64_t before_ms,
					int64_t certificate_id, int64_t now_ms);

/* --- subscriptions --- */

enum store_subscription_state {
	STORE_SUBSCRIPTION_ACTIVE = 0,
	STORE_SUBSCRIPTION_FAILED = 1, /* its callback did not answer for too long */
};

enum store_callback_auth {
	STORE_CALLBACK_NO_AUTH = 0,
	STORE_CALLBACK_BASIC = 1,
	STORE_CALLBACK_OAUTH2_SECRET = 2, /* client credentials */
	STORE_CALLBACK_OAUTH2_CERT = 3,   /* the same, with our TLS client certificate */
};

struct store_subscription {
	int64_t id;
	enum store_subscription_state state;
	char *client; /* with which it ends */
	char *trust_domain;
	char *callback_uri;
	char *filter; /* the JSON door's own text; "": everything */
	enum store_callback_auth auth;
	char *user_name;      /* or clientId; NULL */
	char *token_endpoint; /* OAUTH2_*; else NULL */
	struct octets secret; /* encrypted under the store key, see cmf/; empty: none */
	int64_t created_ms;
	/* How far it is. Ignored on insert: it begins with what happens next. */
	int64_t position;         /* the last event that is done with */
	int64_t next_ms;          /* nothing is sent before */
	uint32_t attempts;        /* to send the next one, all in vain */
	int64_t failing_since_ms; /* 0: it is not */
};
void store_subscription_clear(struct store_subscription *s);

_must_check_ int store_subscription_get(struct store_reader *r, int64_t id,
					struct store_subscription *sp);
/* The active one of a client with that callback and filter, or STORE_NOT_FOUND. */
_must_check_ int store_subscription_find(struct store_reader *r, const char *client,
					 const char *callback_uri, const char *filter,
					 int64_t *idp);
/* Of a client, counted up to `max`. */
_must_check_ int store_subscription_count(struct store_reader *r, const char *client, uint32_t max,
					  uint32_t *np);
/* Whether there is an active one. */
_must_check_ int store_subscription_any(struct store_reader *r, bool *anyp);
struct store_subscription_filter {
	const char *client; /* NULL: all */
	const char *trust_domain;
	int64_t after_id;
	uint32_t limit;
};
typedef int store_subscription_each(void *arg, const struct store_subscription *s);
_must_check_ int store_subscription_list(struct store_reader *r,
					 const struct store_subscription_filter *filter,
					 store_subscription_each *each, void *arg);
/* Active ones that have events to come and next_ms <= now_ms. */
_must_check_ int store_subscription_due(struct store_reader *r, int64_t now_ms,
					struct store_due *duep);
/* Events that active subscriptions still have to come to, with a subscription counted up to `max`,
 * whatever its filter; and when the first of them happened, 0: there are none. */
_must_check_ int store_subscription_backlog(struct store_reader *r, uint32_t max, int64_t *np,
					    int64_t *oldest_msp);

/* Condition in front of one more. Conflict: the client has `max` or more. */
_must_check_ int store_subscriptions_require(struct store_unit *u, const char *client,
					     uint32_t max);
/* Conflict: the client has an active one with that callback and filter, or is not there. */
_must_check_ int store_subscription_insert(struct store_unit *u, const struct store_subscription *s,
					   int64_t *idp);
/* Conflict: there is none. */
_must_check_ int store_subscription_remove(struct store_unit *u, int64_t id);
/* Writes state and how far it is. Conflict: it is not active any more. */
_must_check_ int store_subscription_update(struct store_unit *u,
					   const struct store_subscription *s);
