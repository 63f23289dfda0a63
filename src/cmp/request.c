// SPDX-License-Identifier: Apache-2.0
/*
 * What a request carries along: for its log line, and for those who judge proofs of possession. The
 * steps read and judge what it says, header.c first; door.c leads it through them.
 */
#include "request.h"

#include <string.h>

void cmp_log_certificate(struct cmp_request *rq, const char *subject_id, const char *vnf_instance,
			 const struct serial *serial)
{
	free(rq->attempt.subject);
	free(rq->attempt.vnf_instance);
	/* Without memory the log line lacks the subject, no more. */
	rq->attempt.subject = subject_id ? strdup(subject_id) : NULL;
	rq->attempt.vnf_instance = vnf_instance && *vnf_instance ? strdup(vnf_instance) : NULL;
	serial_hex(serial, rq->attempt.serial);
}

struct cmf_proof cmp_proof(struct cmp_request *rq)
{
	return (struct cmf_proof){
		.conf = &rq->conf->protection, .who = &rq->who, .refusal = &rq->refusal};
}
