// SPDX-License-Identifier: Apache-2.0
/*
 * That who asks may still ask when what was decided is committed: who it is was found out some time
 * before, perhaps seconds, and another thread or node may have removed the client, or revoked the
 * certificate, and told somebody that it is done. Doors open their units with these conditions, and
 * find out anew who asks where one did not hold.
 */
#include "cmf_private.h"

/* Of what is in the configuration, or is the operator's, nothing of this changes. */
static bool is_client(const struct cmf_principal *who)
{
	return who->kind == CMF_PRINCIPAL_CLIENT;
}

static int principal_require(struct store_unit *unit, const struct cmf_principal *who)
{
	int err = is_client(who) ? store_client_require(unit, principal_manager(who),
							who->clients_generation)
				 : 0;

	return err == 0 && who->certificate_id
		       ? store_certificate_require(unit, who->certificate_id)
		       : err;
}

int cmf_unit_begin(const struct cmf_call *call)
{
	int err = 0;

	store_unit_clear(call->unit);
	for (const struct cmf_principal *p = call->who; err == 0 && p && p->name; p = p->approver)
		err = principal_require(call->unit, p);
	store_unit_opened(call->unit);
	return err;
}

int cmf_authority_changed(struct store_reader *reader, const struct cmf_principal *who,
			  bool *changedp)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int64_t generation = who->clients_generation;
	int err = is_client(who) ? store_client_generation(reader, &generation) : 0;

	/* What it knows is good once, or may have another in its place. */
	*changedp = who->kind == CMF_PRINCIPAL_VNFCI || who->kind == CMF_PRINCIPAL_REVOKER ||
		    generation != who->clients_generation;
	if (err < 0 || *changedp || !who->certificate_id)
		return err;
	err = store_certificate_get(reader, who->certificate_id, &cert);
	*changedp = err == STORE_NOT_FOUND || cert.state != STORE_CERT_ACTIVE;
	return err < 0 ? err : 0;
}
