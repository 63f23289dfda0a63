// SPDX-License-Identifier: Apache-2.0
/*
 * client add, list, update and remove; what a client proves itself with is credential.c's.
 */
#include "credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_TRUST_DOMAIN = 0x100,
	OPT_MAY,
	OPT_REGISTER_ON_IR,
	OPT_DEFAULT_PROFILE,
	OPT_POLICY,
	OPT_ENTITY,
	OPT_ENTITY_VNF_INSTANCE,
	OPT_NO_DEFAULT_PROFILE,
	OPT_NO_POLICY,
	OPT_NO_ENTITY,
};

struct client_args {
	const char *name;
	const char *trust_domain;
	const char *may;
	const char *default_profile;
	const char *policy;
	const char *entity;
	const char *entity_vnf_instance;
	const char *register_on_ir; /* update: yes or no */
	bool no_default_profile;
	bool no_policy;
	bool no_entity;
	bool registers_on_ir; /* add */
	struct ctl_credential credential;
};

static void add_args_check(struct argp_state *state, const struct client_args *args)
{
	ctl_argument_require(state, "NAME", args->name);
	if (!args->trust_domain)
		argp_error(state, "--trust-domain is required");
	if (args->entity_vnf_instance && !args->entity)
		argp_error(state, "--entity-vnf-instance goes with --entity");
	ctl_credential_check(state, &args->credential);
}

static error_t add_parse(int key, char *arg, struct argp_state *state)
{
	struct client_args *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->credential;
		return 0;
	case OPT_TRUST_DOMAIN:
		args->trust_domain = arg;
		return 0;
	case OPT_MAY:
		args->may = arg;
		return 0;
	case OPT_REGISTER_ON_IR:
		args->registers_on_ir = true;
		return 0;
	case OPT_DEFAULT_PROFILE:
		args->default_profile = arg;
		return 0;
	case OPT_POLICY:
		args->policy = arg;
		return 0;
	case OPT_ENTITY:
		args->entity = arg;
		return 0;
	case OPT_ENTITY_VNF_INSTANCE:
		args->entity_vnf_instance = arg;
		return 0;
	case ARGP_KEY_ARG:
		ctl_argument_take(state, "NAME", arg, &args->name);
		return 0;
	case ARGP_KEY_END:
		add_args_check(state, args);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option add_options[] = {
	{"trust-domain", OPT_TRUST_DOMAIN, "NAME", 0, "Trust domain of the client", 1},
	{"may", OPT_MAY, "LIST", 0,
	 "What it may do, separated by commas: register, request, revoke (these three are the "
	 "default), ra, operator, announce, cross-certify, recover, "
	 "attester",
	 1},
	{"register-on-ir", OPT_REGISTER_ON_IR, NULL, 0,
	 "An ir for an entity that is not registered registers it", 1},
	{"default-profile", OPT_DEFAULT_PROFILE, "NAME", 0,
	 "Profile of its requests that name neither certType nor profile", 1},
	{"policy", OPT_POLICY, "NAME", 0, "Its [client_policy NAME] of the configuration", 1},
	{"entity", OPT_ENTITY, "ID", 0,
	 "The entity that the client is: the only one that may have its names in certificates", 1},
	{"entity-vnf-instance", OPT_ENTITY_VNF_INSTANCE, "ID", 0,
	 "The VNF instance that this entity belongs to", 1},
	{0},
};

/* --- add --- */

/* "register,revoke" as an array. */
static json_t *may_json(const char *may)
{
	_cleanup_(freep) char *copy = strdup(may);
	json_t *array = json_array();
	char *next = copy, *word;

	while (next && (word = strsep(&next, ",")))
		json_array_append_new(array, json_string(word));
	return array;
}

static json_t *client_json(const struct client_args *args)
{
	return json_pack("{s:s, s:s, s:o, s:b, s:s*, s:s*, s:s*, s:s*}", "name", args->name,
			 "trust_domain", args->trust_domain, "may",
			 may_json(args->may ? args->may : "register,request,revoke"),
			 "register_on_ir", (int)args->registers_on_ir, "default_profile",
			 args->default_profile, "policy", args->policy, "entity", args->entity,
			 "entity_vnf_instance", args->entity_vnf_instance);
}

int ctl_client_add(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_child children[] = {{&ctl_credential_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {.options = add_options,
					 .parser = add_parse,
					 .args_doc = "NAME",
					 .doc = "Adds a client: a requester that the CMF knows by "
						"a certificate, a secret or an access token.",
					 .children = children};
	struct client_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf what = STRBUF_NULL;
	json_t *body, *reply;
	const char *warning;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	body = client_json(&args);
	if (!body) {
		ctl_error("the arguments are no UTF-8 text");
		return CTL_USAGE;
	}
	status = ctl_credential_json(&args.credential, body);
	if (status)
		json_decref(body);
	else
		status = ctl_call(ctl, "POST", "/v1/clients", body, &reply);
	if (!status) {
		strbuf_printf(&what, "client %s", args.name);
		ctl_credential_report(ctl, &args.credential, what.text, reply,
				      json_array_get(json_object_get(reply, "credentials"), 0));
		warning = json_string_value(json_object_get(reply, "warning"));
		if (warning)
			ctl_error("warning: %s", warning);
		json_decref(reply);
	}
	ctl_credential_clear(&args.credential);
	return status;
}

/* --- update --- */

static error_t update_parse(int key, char *arg, struct argp_state *state)
{
	struct client_args *args = state->input;

	switch (key) {
	case OPT_MAY:
		args->may = arg;
		return 0;
	case OPT_REGISTER_ON_IR:
		if (strcmp(arg, "yes") != 0 && strcmp(arg, "no") != 0)
			argp_error(state, "--register-on-ir is yes or no");
		args->register_on_ir = arg;
		return 0;
	case OPT_DEFAULT_PROFILE:
		args->default_profile = arg;
		return 0;
	case OPT_POLICY:
		args->policy = arg;
		return 0;
	case OPT_NO_DEFAULT_PROFILE:
		args->no_default_profile = true;
		return 0;
	case OPT_NO_POLICY:
		args->no_policy = true;
		return 0;
	case OPT_ENTITY:
		args->entity = arg;
		return 0;
	case OPT_ENTITY_VNF_INSTANCE:
		args->entity_vnf_instance = arg;
		return 0;
	case OPT_NO_ENTITY:
		args->no_entity = true;
		return 0;
	case ARGP_KEY_ARG:
		ctl_argument_take(state, "NAME", arg, &args->name);
		return 0;
	case ARGP_KEY_END:
		ctl_argument_require(state, "NAME", args->name);
		if (args->entity_vnf_instance && !args->entity)
			argp_error(state, "--entity-vnf-instance goes with --entity");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option update_options[] = {
	{"may", OPT_MAY, "LIST", 0, "What it may do from now on, as for client add", 1},
	{"register-on-ir", OPT_REGISTER_ON_IR, "yes|no", 0,
	 "Whether an ir for an entity that is not registered registers it", 1},
	{"default-profile", OPT_DEFAULT_PROFILE, "NAME", 0,
	 "Profile of its requests that name neither certType nor profile", 1},
	{"no-default-profile", OPT_NO_DEFAULT_PROFILE, NULL, 0, "None any more", 1},
	{"policy", OPT_POLICY, "NAME", 0, "Its [client_policy NAME] of the configuration", 1},
	{"no-policy", OPT_NO_POLICY, NULL, 0, "The one named default", 1},
	{"entity", OPT_ENTITY, "ID", 0, "The entity that the client is, as for client add", 1},
	{"entity-vnf-instance", OPT_ENTITY_VNF_INSTANCE, "ID", 0,
	 "The VNF instance that this entity belongs to", 1},
	{"no-entity", OPT_NO_ENTITY, NULL, 0, "It is none any more", 1},
	{0},
};

static int setting_add(json_t *body, const char *key, const char *value, bool none)
{
	if (value)
		return json_object_set_new(body, key, json_string(value));
	return none ? json_object_set_new(body, key, json_null()) : 0;
}

static json_t *update_json(const struct client_args *args)
{
	json_t *body = json_object();

	if ((args->may && json_object_set_new(body, "may", may_json(args->may))) ||
	    (args->register_on_ir &&
	     json_object_set_new(body, "register_on_ir",
				 json_boolean(strcmp(args->register_on_ir, "yes") == 0))) ||
	    setting_add(body, "default_profile", args->default_profile, args->no_default_profile) ||
	    setting_add(body, "policy", args->policy, args->no_policy) ||
	    setting_add(body, "entity", args->entity, args->no_entity) ||
	    setting_add(body, "entity_vnf_instance", args->entity_vnf_instance, false)) {
		json_decref(body);
		return NULL;
	}
	return body;
}

int ctl_client_update(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.options = update_options,
		.parser = update_parse,
		.args_doc = "NAME",
		.doc = "Changes what a client may do. Its credentials stay: client credential."};
	struct client_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *body, *reply;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	body = update_json(&args);
	if (!body || json_object_size(body) == 0) {
		ctl_error(body ? "nothing is to change" : "the arguments are no UTF-8 text");
		json_decref(body);
		return CTL_USAGE;
	}
	strbuf_add(&path, "/v1/clients");
	ctl_segment_add(&path, args.name);
	status = ctl_call(ctl, "PATCH", path.text, body, &reply);
	return status ? status : ctl_done(ctl, reply, "changed client %s", args.name);
}

/* --- list --- */

static const struct ctl_column columns[] = {
	{"NAME", "name"},
	{"DOMAIN", "trust_domain"},
	{"MAY", "may"},
	{"REGISTER ON IR", "register_on_ir"},
	{"PROFILE", "default_profile"},
	{"POLICY", "policy"},
	{"ENTITY", "entity"},
	{"ITS VNF INSTANCE", "entity_vnf_instance"},
	{"CREDENTIAL", "credential"},
	{"SUBJECT", "subject"},
	{"REFERENCE", "mac_reference"},
};

static const struct ctl_filter filters[] = {
	{"trust-domain", "trust_domain", "NAME", "Of this trust domain"},
};

const struct ctl_list ctl_clients = {
	.path = "/v1/clients",
	.doc = "Lists clients.",
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.whole = true,
};

/* --- remove --- */

static error_t remove_parse(int key, char *arg, struct argp_state *state)
{
	struct client_args *args = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		ctl_argument_take(state, "NAME", arg, &args->name);
		return 0;
	case ARGP_KEY_END:
		ctl_argument_require(state, "NAME", args->name);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_client_remove(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = remove_parse,
		.args_doc = "NAME",
		.doc = "Removes a client. What it registered and its certificates stay."};
	struct client_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *reply;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	strbuf_add(&path, "/v1/clients");
	ctl_segment_add(&path, args.name);
	status = ctl_call(ctl, "DELETE", path.text, NULL, &reply);
	return status ? status : ctl_done(ctl, reply, "removed client %s", args.name);
}
