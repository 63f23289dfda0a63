// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a name that a profile leaves to the request is somebody else's: of an entity, of a
 * client, of the CMF. names_decide.c and names_uri.c ask; see names.h.
 */
#include "csr/names.h"

#include "cmf_private.h"
#include "principal/name_reserved.h"
#include "subject_id.h"

#include <errno.h>
#include <string.h>

int name_open_check(const struct cmf_call *call, const struct names_owner *owner, struct bytes name,
		    enum refusal_reason reason)
{
	_cleanup_(freep) char *text = NULL;
	const struct store_entity *entity = &owner->entity;
	struct store_entity named = {entity->trust_domain, NULL, NULL};
	const char *reserved;
	bool open = false;
	int err;

	if (name_is_id(name, entity->subject_id))
		return 0;
	named.subject_id = text = strndup((const char *)name.data, name.len);
	if (!text)
		return -ENOMEM;
	err = entity_name_open(call->reader, &named, entity->subject_id, owner->manager, &open);
	if (err == 0)
		err = name_reserved(call, name, entity, &reserved);
	if (err < 0)
		return err;
	if (reserved)
		return refuse_detail(call->refusal, reason, reserved);
	return open ? 0 : refuse_detail(call->refusal, reason, "the name is another entity's");
}
