// SPDX-License-Identifier: Apache-2.0
/*
 * What is left of VNFMs that are followed no longer: told at the start. VNFs that are still to be
 * looked at are hints for somebody who asks, so they go; the rest stays until the operator forgets
 * the VNFM. Its subscription is with the VNFM, which nobody can ask any more.
 */
#include "lcm_local.h"

#include "base/log.h"
#include "store/direct.h"

#include <errno.h>

struct leaving {
	struct store_reader *reader;
	struct store_unit *unit;
};

static int vnfm_leave(void *arg, const char *vnfm)
{
	const struct leaving *leaving = arg;
	_cleanup_(store_lcm_subscription_clear) struct store_lcm_subscription row = {0};
	int64_t present = 0;
	int err = store_lcm_subscription_get(leaving->reader, vnfm, &row);

	if (err == STORE_NOT_FOUND)
		err = 0;
	if (err == 0)
		err = store_vnfc_count(leaving->reader, vnfm, STORE_VNFC_PRESENT, 0, &present);
	if (err < 0)
		return err;
	log_event(LOG_LEVEL_WARNING, "vnfm_not_configured", F_TEXT("vnfm", vnfm),
		  F_INT("vnfcs", present), F_TEXT("subscription", row.subscription),
		  F_TEXT("callback_uri", row.callback_uri),
		  F_TEXT("help", "cmfctl vnfm forget; its subscription is to be removed at the "
				 "VNFM"));
	return store_lcm_events_remove(leaving->unit, vnfm);
}

int lcm_unconfigured_leave(const struct conf *conf, struct store *store)
{
	struct leaving leaving = {NULL, NULL};
	int err = store_reader_new(store, &leaving.reader);

	if (err == 0)
		err = store_unit_new(store, &leaving.unit);
	if (err == 0)
		err = cmf_direct_unconfigured(conf, leaving.reader, vnfm_leave, &leaving);
	if (err == 0 && !store_unit_empty(leaving.unit))
		err = store_unit_commit(leaving.unit);
	store_unit_free(leaving.unit);
	store_reader_free(leaving.reader);
	return err < 0 ? log_fault("look for VNFMs that are not configured", err, NULL) : 0;
}
