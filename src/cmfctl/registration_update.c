// SPDX-License-Identifier: Apache-2.0
/*
 * registration update: another attester or profile of one registration, or another CA, profile or
 * manager of many (registration_move.c). The other commands are registration.c's.
 */
#include "attester.h"
#include "registration_move.h"

#include "base/cert_type.h"

#include <stdio.h>

enum {
	OPT_CERT_TYPE = 0x100,
	OPT_VNF_INSTANCE,
	OPT_TRUST_DOMAIN,
	OPT_PROFILE,
	OPT_DEFAULT_PROFILE,
	OPT_NO_ATTESTER,
	OPT_CA,
	OPT_MANAGER,
	OPT_FROM_CA,
	OPT_FROM_PROFILE,
	OPT_FROM_MANAGER,
	OPT_DRY_RUN,
	OPT_ALL,
};

struct update_args {
	const char *subject_id;
	const char *cert_type;
	const char *vnf_instance;
	const char *trust_domain;
	const char *profile;
	const char *ca, *manager;
	const char *from_ca, *from_profile, *from_manager;
	bool default_profile;
	bool no_attester;
	bool dry_run, all;
	struct ctl_attester attester;
};

static bool is_filtered(const struct update_args *args)
{
	return args->from_ca || args->from_profile || args->from_manager || args->all;
}

/* What only registrations in number have, though it may be one. */
static bool is_move(const struct update_args *args)
{
	return !args->subject_id || args->ca || args->manager || args->dry_run || is_filtered(args);
}

static void move_args_check(struct argp_state *state, const struct update_args *args)
{
	enum cert_type type;

	if (args->cert_type && cert_type_parse(args->cert_type, &type))
		argp_error(state, "--cert-type must be ManoCert, VnfciCert or VnfOAMCert");
	if (!args->ca && !args->profile && !args->manager)
		argp_error(state, "say what is to change: --ca, --profile or --manager");
	if (args->no_attester || ctl_attester_given(&args->attester) || args->default_profile)
		argp_error(state,
			   "an attester or the default profile is given to one registration "
			   "alone, without --ca, --manager, --from-..., --all and --dry-run");
	if (!args->subject_id && !is_filtered(args) && !args->cert_type && !args->trust_domain &&
	    !args->vnf_instance)
		argp_error(state, "say which registrations: SUBJECT-ID, --cert-type, "
				  "--vnf-instance, --trust-domain, --from-ca, --from-profile, "
				  "--from-manager, or --all");
}

static void update_args_check(struct argp_state *state, const struct update_args *args)
{
	const struct ctl_attester *a = &args->attester;
	enum cert_type type;

	if (is_move(args)) {
		move_args_check(state, args);
		return;
	}
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
	case OPT_CA:
		args->ca = arg;
		return 0;
	case OPT_MANAGER:
		args->manager = arg;
		return 0;
	case OPT_FROM_CA:
		args->from_ca = arg;
		return 0;
	case OPT_FROM_PROFILE:
		args->from_profile = arg;
		return 0;
	case OPT_FROM_MANAGER:
		args->from_manager = arg;
		return 0;
	case OPT_DRY_RUN:
		args->dry_run = true;
		return 0;
	case OPT_ALL:
		args->all = true;
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
	return status ? status : ctl_done(ctl, reply, "updated 1 registration");
}

static int move_send(struct ctl *ctl, const struct update_args *args)
{
	const struct ctl_move move = {
		.subject_id = args->subject_id,
		.cert_type = args->cert_type,
		.vnf_instance = args->vnf_instance,
		.trust_domain = args->trust_domain,
		.from_ca = args->from_ca,
		.from_profile = args->from_profile,
		.from_manager = args->from_manager,
		.ca = args->ca,
		.profile = args->profile,
		.manager = args->manager,
		.dry_run = args->dry_run,
	};

	return ctl_registrations_move(ctl, &move);
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
		{"ca", OPT_CA, "NAME", 0, "CA from now on", 2},
		{"manager", OPT_MANAGER, "CLIENT", 0, "Manager from now on", 2},
		{"from-ca", OPT_FROM_CA, "NAME", 0, "All that have this CA", 4},
		{"from-profile", OPT_FROM_PROFILE, "NAME", 0, "All that have this profile", 4},
		{"from-manager", OPT_FROM_MANAGER, "CLIENT", 0, "All that have this manager", 4},
		{"all", OPT_ALL, NULL, 0, "All registrations", 4},
		{"dry-run", OPT_DRY_RUN, NULL, 0, "Say what would be updated", 4},
		{0},
	};
	static const struct argp_child children[] = {{&ctl_attester_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = options,
		.parser = update_parse,
		.args_doc = "[SUBJECT-ID]",
		.doc = "Gives a registration another attester or profile, or those that are "
		       "selected "
		       "another CA, profile or manager. What is not said of the attester stays as "
		       "it is. Certificates stay as they are.",
		.children = children,
	};
	struct update_args args = {0};
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = ctl_attester_read(&args.attester);
	if (!status)
		status = is_move(&args) ? move_send(ctl, &args) : update_send(ctl, &args);
	ctl_attester_clear(&args.attester);
	return status;
}
