// SPDX-License-Identifier: Apache-2.0
/*
 * Subscriptions: which client may hear of what, and where. A client hears of its own entities; a
 * registration authority or operator of all in its trust domain. Its callback is on a host that the
 * trust domain may use, and what connects there keeps to addresses that the configuration allows,
 * so that cmfd cannot be made to ask other services in its network.
 *
 * Not here: what a notification looks like and which ones a filter lets through (json/), and
 * sending them (notify/).
 */
#pragma once

#include "cmf.h"
#include "store/event.h"

#include <sys/socket.h>

/* All borrowed. */
struct cmf_subscribe {
	const char *callback_uri;
	const char *filter; /* the JSON door's own text, the same for the same filter */
	enum store_callback_auth auth;
	const char *user_name;      /* or clientId; NULL */
	struct bytes secret;        /* password; none: BYTES_NULL */
	const char *token_endpoint; /* NULL */
};

/*
 * Whether who asks may subscribe so. *existing_idp: it has already, by that subscription; 0: not.
 * The callback is tested before it goes on (notify.h). 0, REFUSED (subscri*, callback_*,
 * client_not_permitted), negative errno.
 */
_must_check_ int cmf_subscribe_check(const struct cmf_call *call,
				     const struct cmf_subscribe *request, int64_t *existing_idp);
/* The row of the subscription that is asked for, but for ids and secret; borrows all of it. */
struct store_subscription cmf_subscribe_row(const struct cmf_call *call,
					    const struct cmf_subscribe *request);
/* Adds it to the unit, after cmf_subscribe_check(). 0 or negative errno. */
_must_check_ int cmf_subscribe(const struct cmf_call *call, const struct cmf_subscribe *request,
			       int64_t *idp);
/* A client sees its own, the operator all. */
bool cmf_may_see_subscription(const struct cmf_principal *who,
			      const struct store_subscription *subscription);
/* One that is visible to who asks. 0, STORE_NOT_FOUND, negative errno. */
_must_check_ int cmf_subscription_find(const struct cmf_call *call, int64_t id,
				       struct store_subscription *subscriptionp);
/* Adds its end to the unit. 0, STORE_NOT_FOUND, negative errno. */
_must_check_ int cmf_unsubscribe(const struct cmf_call *call, int64_t id);
/* Its callback has not answered for too long: adds its failure to the unit. 0 or negative errno. */
_must_check_ int cmf_subscription_fail(const struct cmf_call *call,
				       const struct store_subscription *subscription);
/* The password, which the caller clears as a secret; empty: there is none. 0 or negative errno. */
_must_check_ int cmf_subscription_secret(struct cmf *cmf,
					 const struct store_subscription *subscription,
					 struct octets *secretp);

/* Whether that client hears of the event at all, whatever its filter. */
bool cmf_event_is_for(const struct cmf_principal *who, const struct store_event *event);

/* Whether callbacks of the trust domain may be at that URL. 0, REFUSED (callback_not_allowed),
 * -ENOMEM. */
_must_check_ int cmf_callback_allowed(const struct conf *conf, const char *trust_domain,
				      const char *url, struct refusal *refusal);
/* A web_address_judge, with the struct conf_events: public addresses, and callback_networks. */
bool cmf_callback_may_connect(void *events, const struct sockaddr *address);
