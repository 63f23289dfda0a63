// SPDX-License-Identifier: Apache-2.0
/*
 * Ending certificates that nobody confirmed in time, whatever has become of who asked for them, and
 * requests (request.c); sealing secrets anew after a rekey (rekey.c); telling subscribers of
 * certificates that expire. What upstream exchanges and CRLs need is ca/'s own housekeeping; a
 * door's, as its transactions, the door's.
 */
#include "audit_key.h"
#include "audit_purge.h"
#include "cmf/due.h"
#include "cmf_private.h"
#include "direct/direct.h"
#include "events/ending.h"

/* RFC 9483 4.1.1: no certConf in time is a rejection. */
static int certificate_end(void *arg, int64_t id)
{
	const struct cmf_call *call = arg;
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = store_certificate_get(call->reader, id, &cert);

	if (err != 0 || cert.state != STORE_CERT_PENDING)
		return err < 0 ? err : 0;
	return certificate_lapse(call, &cert);
}

/* From one sweep to the next: what ended meanwhile is no hurry. */
enum { SWEEP_INTERVAL_MS = 3600 * 1000 };

/* One step; another one at once while there is something to remove, so that it is not left behind.
 */
static int sweep_step(const struct cmf_call *call, bool *morep)
{
	struct cmf *cmf = call->cmf;
	const struct cmf_retention retention = {.conf = &cmf->conf->retention,
						.reader = call->reader,
						.unit = call->unit,
						.now_ms = call->now_ms};
	struct cmf_tidied *tidied = &cmf->sweep.tidied;
	int64_t went;
	int err;

	if (call->now_ms < cmf->sweep_ms)
		return 0;
	err = cmf_retention_step(&retention, &cmf->sweep, &went);
	if (err)
		return err;
	*morep = *morep || went > 0;
	if (!cmf->sweep.done)
		return 0;
	if (tidied->certificates || tidied->registrations || tidied->names)
		log_event(LOG_LEVEL_INFO, "tidied", F_INT("certificates", tidied->certificates),
			  F_INT("registrations", tidied->registrations),
			  F_INT("names", tidied->names));
	cmf->sweep = (struct cmf_sweep){0};
	cmf->sweep_ms = call->now_ms + SWEEP_INTERVAL_MS;
	return 0;
}

int cmf_upkeep(struct cmf *cmf, const struct cmf_worker *worker)
{
	struct cmf_call call = cmf_call_now(cmf, worker, NULL, NULL);

	return audit_seal(&call);
}

int cmf_housekeeping(struct cmf *cmf, const struct cmf_worker *worker, bool *morep)
{
	struct cmf_call call = cmf_call_now(cmf, worker, NULL, NULL);
	struct store_due due;
	int err;

	*morep = false;
	err = requests_end(&call, morep);
	if (err == 0)
		err = store_certificate_due(call.reader, call.now_ms, &due);
	if (err == 0)
		err = cmf_due_end_all(call.unit, &due, certificate_end, &call, morep);
	if (err == 0)
		err = nonces_end(&call, morep);
	if (err == 0)
		err = direct_endings(&call, morep);
	if (err == 0)
		err = initial_housekeeping(&call, morep);
	if (err == 0)
		err = rekey_housekeeping(&call, morep);
	if (err == 0)
		err = endings_tell(&call, morep);
	if (err == 0)
		err = audit_seal(&call);
	if (err == 0)
		err = audit_purge(&call, morep);
	/* Last: nothing waits for it. */
	return err == 0 ? sweep_step(&call, morep) : err;
}
