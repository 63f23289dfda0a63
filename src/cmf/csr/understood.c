// SPDX-License-Identifier: Apache-2.0
/*
 * What is found out of a certificate request, for who has it explained: which entity, certType,
 * profile and CA, and what in the request says so. Decides nothing.
 */
#include "csr/csr.h"

const char cmf_from_carrier[] = "the message";

void cmf_understood_clear(struct cmf_understood *u)
{
	free(u->trust_domain);
	free(u->vnf_instance);
	free(u->subject_id);
	free(u->profile);
	free(u->ca);
	*u = (struct cmf_understood){NULL};
}

/* In place of what was there. */
static int text_put(const char *text, char **textp)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	free(*textp);
	*textp = copy;
	return 0;
}

void understood_type(const struct decision *d)
{
	struct cmf_understood *u = d->call.understood;

	if (!u || !d->carriers.has_type)
		return;
	u->cert_type = cert_type_name(d->carriers.type);
	u->type_from = d->csr->n_profile_names ? cmf_from_carrier : "default_profile of the client";
}

int understood_named(const struct decision *d, const struct named_entity *named)
{
	struct cmf_understood *u = d->call.understood;
	int err;

	if (!u)
		return 0;
	u->entity_from = named->from;
	err = text_put(d->call.who->trust_domain, &u->trust_domain);
	if (err == 0)
		err = text_put(named->vnf_instance, &u->vnf_instance);
	return err == 0 ? text_put(named->subject_id, &u->subject_id) : err;
}

int understood_registration(const struct decision *d, const char *from)
{
	const struct store_registration *reg = &d->registration;
	struct cmf_understood *u = d->call.understood;
	int err;

	if (!u || !reg->subject_id)
		return 0;
	if (from)
		u->entity_from = from;
	if (!u->type_from)
		u->type_from = "the registration";
	u->cert_type = cert_type_name(reg->cert_type);
	u->registers = d->registers;
	err = text_put(reg->trust_domain, &u->trust_domain);
	if (err == 0)
		err = text_put(reg->vnf_instance, &u->vnf_instance);
	if (err == 0)
		err = text_put(reg->subject_id, &u->subject_id);
	if (err == 0)
		err = text_put(reg->profile, &u->profile);
	return err == 0 ? text_put(reg->ca, &u->ca) : err;
}
