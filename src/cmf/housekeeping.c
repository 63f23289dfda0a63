// SPDX-License-Identifier: Apache-2.0
/*
 * Ending certificates that nobody confirmed in time, whatever has become of who asked for them, and
 * requests (request.c); telling subscribers of certificates that expire. What upstream exchanges
 * and CRLs need is ca/'s own housekeeping; a door's, as its transactions, the door's.
 */
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
	return err == 0 ? endings_tell(&call, morep) : err;
}
