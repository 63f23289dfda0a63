// SPDX-License-Identifier: Apache-2.0
/*
 * Notifications, and which of them a subscription asks for. Its filter is kept in the store as JSON
 * of one form, so that the same filter is the same text. Private to nfv/.
 */
#pragma once

#include "base/cleanup.h"
#include "ids.h"
#include "store/event.h"

#include <jansson.h>

/*
 * Reads the member `filter` of a subscription, which may be absent: as text in its one form; "":
 * everything fits. 0, -EINVAL, -ENOMEM.
 */
_must_check_ int nfv_event_filter_read(const json_t *filter, char **textp);
/* And back; NULL: no filter, or out of memory. */
json_t *nfv_event_filter_json(const char *text);
/* Whether an event fits it. 0 or -ENOMEM. */
_must_check_ int nfv_event_filter_fits(const char *text, const struct store_event *event,
				       bool *fitsp);

/* The notification of an event to a subscription; NULL out of memory. */
json_t *nfv_notification_json(const struct json_ids *ids,
			      const struct store_subscription *subscription,
			      const struct store_event *event);
