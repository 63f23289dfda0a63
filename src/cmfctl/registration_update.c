// SPDX-License-Identifier: Apache-2.0
/* registration update: another attester or profile. The other commands are registration.c's. */
#include "attester.h"

#include "base/cert_type.h"

#include <stdio.h>

enum {
	OPT_CERT_TYPE = 0x100,
	OPT_VNF_INSTANCE,
	OPT_TRUST_DOMAIN,
	OPT_PROFILE,
	OPT_DEFAULT_PROFILE,
	OPT_NO_ATTESTER,
};

struct update_args {
	const char *subject_id;
	const char *cert_type;
	const char *vnf_instance;
	const char *trust_domain;
	const char *profile;
	bool default_profile;
	bool no_attester;
	struct ctl_attester attester;
};

static void update_args_check(struct argp_state *state, const struct update_args *args)
{
	const struct ctl_attester *a = &args->attester;
	enum cert_type type;

	if (!args->subject_id)
		argp_error(state, "SUBJECT-ID is required");
	if (!args->cert_type || cert_type_parse(args->cert_type, &type))
		argp_error(state, "--cert-type is required: ManoCert, VnfciCert or VnfOAMCert");
	if (!!a->key + !!a->certificate + !!a->cas > 1)
		argp_error(state, "give one of --attester-key, --attester-cert and --attester-ca");
	if (args->no_attester && ctl_attester_given(a))
		argp_error(state, "--no-attester, or what the attester is to be");
	if (args->profile && args->default_profile)
		argp_error(state, "--profile or --default-profile");
	if (!args->no_attester && !ctl_attester_given(a) && !args->profile &&
	    !args->default_profile)
		argp_error(state, "say what is to change");
}

static error_t update_parse(int key, char *arg, struct argp_state *state)
{
	struct update_args *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->attester;
		return 0;
	case OPT_CERT_TYPE:
		args->cert_type = arg;
		return 0;
	case OPT_VNF_INSTANCE:
		args->vnf_instance = arg;
		return 0;
	case OPT_TRUST_DOMAIN:
		args->trust_domain = arg;
		return 0;
	case OPT_PROFILE:
		args->profile = arg;
		return 0;
	case OPT_DEFAULT_PROFILE:
		args->default_profile = true;
		return 0;
	case OPT_NO_ATTESTER:
		args->no_attester = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->subject_id)
			argp_error(state, "one SUBJECT-ID only");
		args->subject_id = arg;
		return 0;
	case ARGP_KEY_END:
		update_args_check(state, args);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* NULL out of memory, or if a text is none. */
static json_t *update_json(const struct update_args *args)
{
	json_t *body = json_object();
	int failed = 0;

	if (args->no_attester)
		failed |= json_object_set_new(body, "attester", json_null());
	else if (ctl_attester_given(&args->attester))
		failed |= json_object_set_new(body, "attester", ctl_attester_json(&args->attester));
	if (args->default_profile)
		failed |= json_object_set_new(body, "profile", json_null());
	else if (args->profile)
		failed |= json_object_set_new(body, "profile", json_string(args->profile));
	if (!failed)
		return body;
	json_decref(body);
	return NULL;
}

static int update_send(struct ctl *ctl, const struct update_args *args)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *body = update_json(args), *reply = NULL;
	int status;

	if (!body) {
		ctl_error("the arguments are no UTF-8 text");
		return CTL_USAGE;
	}
	strbuf_add(&path, "/v1/registrations");
	ctl_query_add(&path, "cert_type", args->cert_type);
	ctl_query_add(&path, "subject_id", args->subject_id);
	ctl_query_add(&path, "vnf_instance_id", args->vnf_instance);
	ctl_query_add(&path, "trust_domain", args->trust_domain);
	status = ctl_call(ctl, "PATCH", path.text, body, &reply);
	if (!status && ctl->json)
		ctl_json_print(reply);
	else if (!status)
		puts("updated 1 registration");
	json_decref(reply);
	return status;
}

int ctl_registration_update(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"cert-type", OPT_CERT_TYPE, "TYPE", 0, "ManoCert, VnfciCert or VnfOAMCert", 1},
		{"vnf-instance", OPT_VNF_INSTANCE, "ID", 0, "VNF instance that it is in", 1},
		{"trust-domain", OPT_TRUST_DOMAIN, "NAME", 0, "Where several have such an entity",
		 1},
		{"profile", OPT_PROFILE, "NAME", 0, "Certificate profile from now on", 2},
		{"default-profile", OPT_DEFAULT_PROFILE, NULL, 0, "That of the certType again", 2},
		{"no-attester", OPT_NO_ATTESTER, NULL, 0, "No attester any more", 3},
		{0},
	};
	static const struct argp_child children[] = {{&ctl_attester_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = options,
		.parser = update_parse,
		.args_doc = "SUBJECT-ID",
		.doc = "Gives a registration another attester or profile. What is not said of the "
		       "attester stays as it is. Certificates stay as they are.",
		.children = children,
	};
	struct update_args args = {0};
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = ctl_attester_read(&args.attester);
	if (!status)
		status = update_send(ctl, &args);
	ctl_attester_clear(&args.attester);
	return status;
}
