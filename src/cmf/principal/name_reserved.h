// SPDX-License-Identifier: Apache-2.0
/* Whether a name is one that no entity gets. */
#pragma once

#include "cmf.h"

struct clients;

/*
 * Whether an entity must not have that name: *whop says whose it is, static text; NULL: nobody's.
 * A client's may go to the entity that the client is. 0 or negative errno.
 */
_must_check_ int name_reserved(const struct cmf_call *call, struct bytes name,
			       const struct store_entity *entity, const char **whop);
/* The same with a snapshot at hand. */
_must_check_ int name_reserved_among(const struct cmf *cmf, const struct clients *clients,
				     struct bytes name, const struct store_entity *entity,
				     const char **whop);
