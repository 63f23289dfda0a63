// SPDX-License-Identifier: Apache-2.0
/*
 * The lines of audit that the CMF writes: who did what, or was refused it. They go into the unit of
 * what they tell of, so that neither is there without the other. Who reads them is the operator,
 * through json/operator/audit.c.
 */
#include "cmf_private.h"

#include "asn1/algorithm.h"
#include "audit_allowance.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

static enum store_actor actor_kind(const struct cmf_principal *who)
{
	if (!who)
		return STORE_ACTOR_SYSTEM;
	switch (who->kind) {
	case CMF_PRINCIPAL_ADMIN:
		return STORE_ACTOR_OPERATOR;
	case CMF_PRINCIPAL_VNFM:
		return STORE_ACTOR_SYSTEM;
	case CMF_PRINCIPAL_END_ENTITY:
	case CMF_PRINCIPAL_VNFCI:
		return STORE_ACTOR_HOLDER;
	case CMF_PRINCIPAL_REVOKER:
		return STORE_ACTOR_REVOKER;
	case CMF_PRINCIPAL_CLIENT:
		break;
	}
	return STORE_ACTOR_CLIENT;
}

static const char *actor_name(const struct cmf_principal *who)
{
	if (!who)
		return "housekeeping";
	return who->kind == CMF_PRINCIPAL_ADMIN ? "cmfctl" : who->name;
}

struct store_audit audit_asker(const struct cmf_call *call, const struct cmf_principal *who)
{
	return (struct store_audit){.actor = actor_name(who),
				    .actor_kind = actor_kind(who),
				    .has_uid = call->origin.has_uid,
				    .uid = call->origin.uid,
				    .user = call->origin.user,
				    .request_id = call->origin.request_id};
}

static int line_add(const struct cmf_call *call, const struct cmf_principal *who,
		    const struct cmf_audit *audit, const char *outcome)
{
	_cleanup_(freep) char *with_operation = NULL;
	struct store_audit line = audit_asker(call, who);

	line.time_ms = call->now_ms;
	line.action = audit->action;
	line.target = audit->target;
	line.vnf_instance = audit->vnf_instance;
	line.detail = audit->detail;
	line.before = audit->before;
	line.after = audit->after;
	line.outcome = outcome;
	if (call->origin.operation_id) {
		if (asprintf(&with_operation, "%s%svnfLcmOpOccId %s",
			     audit->detail ? audit->detail : "", audit->detail ? ", " : "",
			     call->origin.operation_id) < 0) {
			with_operation = NULL;
			return -ENOMEM;
		}
		line.detail = with_operation;
	}
	return store_audit_add(call->unit, &line);
}

int cmf_audit_add(const struct cmf_call *call, const struct cmf_audit *audit)
{
	const struct cmf_audit approval = {.action = "approve",
					   .target = audit->target,
					   .vnf_instance = audit->vnf_instance,
					   .detail = audit->action};
	const struct cmf_principal *approver = call->who ? call->who->approver : NULL;
	int err = line_add(call, call->who, audit, NULL);

	for (; err == 0 && approver; approver = approver->approver)
		err = line_add(call, approver, &approval, NULL);
	return err;
}

int cmf_audit_cmfd(struct cmf *cmf, struct store_unit *unit, const struct cmf_audit *audit,
		   const struct cmf_origin *origin, const char *outcome)
{
	const struct cmf_principal cmfd = {.kind = CMF_PRINCIPAL_VNFM, .name = (char *)"cmfd"};
	const struct cmf_call call = {
		.cmf = cmf, .unit = unit, .now_ms = clock_now_ms(cmf->clock), .origin = *origin};

	return line_add(&call, &cmfd, audit, outcome);
}

int audit_add(const struct cmf_call *call, const char *action, const char *target,
	      const char *detail)
{
	return cmf_audit_add(
		call, &(struct cmf_audit){.action = action, .target = target, .detail = detail});
}

int audit_add_entity(const struct cmf_call *call, const char *action,
		     const struct store_entity *entity, const char *detail)
{
	return cmf_audit_add(call, &(struct cmf_audit){.action = action,
						       .target = entity->subject_id,
						       .vnf_instance = entity->vnf_instance,
						       .detail = detail});
}

int cmf_audit_refused(const struct cmf_call *call, const char *action, const char *target,
		      const char *vnf_instance, bool *addedp)
{
	const struct refusal *refusal = call->refusal;
	const struct cmf_audit audit = {.action = action,
					.target = target ? target : "",
					.vnf_instance = target ? vnf_instance : NULL,
					.detail = refusal_code(refusal->reason)};
	int err;

	*addedp = false;
	/* Who is not known is in the log alone: anybody can ask. */
	if (refusal->failinfo != FAIL_NOT_AUTHORIZED || !call->who || !call->who->name ||
	    !audit_allowance_take(call->cmf->refusals, call->who->name, call->now_ms))
		return 0;
	err = line_add(call, call->who, &audit, failinfo_name(refusal->failinfo));
	*addedp = err == 0;
	return err;
}

int cmf_fingerprint(struct bytes der, char out[CMF_FINGERPRINT_SIZE])
{
	uint8_t digest[32];

	if (EVP_Digest(der.data, der.len, digest, NULL, digest_by_nid(NID_sha256), NULL) != 1)
		return log_fault("digest of a certificate", -EIO, NULL);
	memcpy(out, "sha256:", 7);
	bytes_to_hex(BYTES_OF(digest), out + 7);
	return 0;
}
