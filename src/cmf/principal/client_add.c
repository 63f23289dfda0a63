// SPDX-License-Identifier: Apache-2.0
/*
 * Adding and removing clients, for the operator. Who a client is once it is there, and what it may
 * do, is clients.c's.
 */
#include "cmf_private.h"
#include "principal/name_reserved.h"

static int client_judge(const struct cmf_call *call, const struct store_client *client,
			enum cmf_client_verdict *verdictp, char **takenp)
{
	const struct conf *conf = call->cmf->conf;
	int err;

	*verdictp = CMF_CLIENT_FINE;
	if (client->default_profile && !profile_find(conf, client->default_profile)) {
		*verdictp = CMF_CLIENT_PROFILE_UNKNOWN;
		return 0;
	}
	if (!conf_client_policy_find(conf, client->policy)) {
		*verdictp = CMF_CLIENT_POLICY_UNKNOWN;
		return 0;
	}
	err = cmf_client_name_taken(call->reader, client, call->unit, takenp);
	if (err == 0 && *takenp)
		*verdictp = CMF_CLIENT_NAME_TAKEN;
	return err;
}

int cmf_client_add(const struct cmf_call *call, struct store_client *client, struct bytes secret,
		   enum cmf_client_verdict *verdictp, char **takenp)
{
	int err = client_judge(call, client, verdictp, takenp);

	if (err < 0 || *verdictp != CMF_CLIENT_FINE)
		return err < 0 ? err : REFUSED;
	client->created_ms = call->now_ms;
	octets_clear_secret(&client->mac_secret);
	if (client->mac_reference)
		err = cmf_secret_seal(call->cmf, client->mac_reference, secret,
				      &client->mac_secret);
	if (err == 0)
		err = store_client_insert(call->unit, client);
	return err == 0 ? audit_add(call, "client add", client->name, NULL) : err;
}

int cmf_client_remove(const struct cmf_call *call, const char *name)
{
	int err = store_client_remove(call->unit, name);

	return err == 0 ? audit_add(call, "client remove", name, NULL) : err;
}
