// SPDX-License-Identifier: Apache-2.0
/*
 * VNFMs whose sections are no longer in the configuration: which ones the store still has something
 * of, and forgetting one. Registrations are neither ended nor changed by that: they are the
 * operator's to end, and the VNFM's again if its section comes back (present.c).
 */
#include "direct/direct.h"

#include "store/lcm.h"
#include "store/node.h"

#include <errno.h>

int cmf_direct_followed_elsewhere(const struct conf *conf, struct store_reader *reader,
				  const char *vnfm, bool *followedp)
{
	_cleanup_(freep) char *job = NULL;

	*followedp = false;
	if (conf_vnfm_find(conf, vnfm))
		return 0;
	job = cmf_direct_job(vnfm);
	return job ? store_job_taken(reader, job, followedp) : -ENOMEM;
}

char *cmf_direct_job(const char *vnfm)
{
	char *job = NULL;

	return asprintf(&job, "vnfm %s", vnfm) < 0 ? NULL : job;
}

int cmf_direct_unconfigured(const struct conf *conf, struct store_reader *reader,
			    cmf_direct_vnfm_each *each, void *arg)
{
	_cleanup_(freep) char *name = NULL;
	int err = 0;

	while (err == 0) {
		bool followed = false;
		char *next = NULL;

		err = store_vnfm_next(reader, name ? name : "", &next);
		free(name);
		name = next;
		if (err == 0)
			err = cmf_direct_followed_elsewhere(conf, reader, name, &followed);
		if (err == 0 && !followed && !conf_vnfm_find(conf, name))
			err = each(arg, name);
	}
	return err == STORE_NOT_FOUND ? 0 : err;
}

int cmf_direct_forget(const struct cmf_call *call, const char *vnfm, int64_t *np)
{
	int err = store_lcm_forget(call->unit, vnfm);

	if (err == 0)
		err = store_vnfs_forget(call->unit, vnfm, np);
	return err == 0 ? audit_add(call, "forget vnfm", vnfm, NULL) : err;
}
