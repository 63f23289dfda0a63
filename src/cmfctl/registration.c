// SPDX-License-Identifier: Apache-2.0
/*
 * register, deregister, registration list and show. registration update is registration_update.c's.
 */
#include "attester.h"

#include "base/cert_type.h"

#include <stdio.h>
#include <string.h>

enum {
	OPT_CERT_TYPE = 0x100,
	OPT_HANDLING,
	OPT_CA,
	OPT_PROFILE,
	OPT_SUBJECT_ID,
	OPT_VNF_INSTANCE,
	OPT_SUBJECT_FILE,
	OPT_SERVER,
	OPT_CERT,
	OPT_KEY,
	OPT_PASSPHRASE_FILE,
	OPT_TRUSTED,
	OPT_TLS_TRUSTED,
	OPT_RECIPIENT,
	OPT_REF,
	OPT_SECRET,
	OPT_MANAGER,
	OPT_TRUST_DOMAIN,
	OPT_ALL,
	OPT_LIMIT,
};

/* More subjects than that go in several calls; the server's own limit is at most this. */
enum { REGISTER_CHUNK_MAX = 10000 };

/* --- register --- */

struct register_args {
	struct ctl_register reg;
	struct ctl_attester attester;
	const char *trust_domain; /* deregister; NULL: not said */
	int status;               /* of reading subjects */
};

static void argument_required(struct argp_state *state, const char *value, const char *option)
{
	if (!value)
		argp_error(state, "%s is required", option);
}

static void register_args_check(struct argp_state *state, const struct register_args *args)
{
	const struct ctl_register *reg = &args->reg;
	enum cert_type type;

	argument_required(state, reg->cert_type, "--cert-type");
	ctl_attester_check(state, &args->attester);
	if (cert_type_parse(reg->cert_type, &type))
		argp_error(state, "--cert-type must be ManoCert, VnfciCert or VnfOAMCert");
	if (!args->status && reg->subjects.len == 0)
		argp_error(state, "--subject-id or --subject-file is required");
	if (!reg->server) {
		argument_required(state, reg->requester, "--requester (or --server)");
		if (reg->cert || reg->key || reg->reference || reg->secret || reg->trusted)
			argp_error(state, "a credential goes with --server only");
		return;
	}
	if (reg->requester || reg->ca)
		argp_error(state, "--requester and --ca do not go with --server: over CMP the "
				  "requester is who holds the credential");
	if (!reg->cert != !reg->key || !reg->reference != !reg->secret ||
	    !reg->cert == !reg->reference)
		argp_error(state, "--server needs --cert with --key, or --ref with --secret");
	if (reg->cert && !reg->trusted)
		argp_error(state, "--trusted is required: the answer is verified with it");
}

/* The options of CMP. */
static error_t register_cmp_parse(int key, char *arg, struct register_args *args)
{
	struct ctl_register *reg = &args->reg;

	switch (key) {
	case OPT_SERVER:
		reg->server = arg;
		return 0;
	case OPT_CERT:
		reg->cert = arg;
		return 0;
	case OPT_KEY:
		reg->key = arg;
		return 0;
	case OPT_PASSPHRASE_FILE:
		reg->passphrase_file = arg;
		return 0;
	case OPT_TRUSTED:
		reg->trusted = arg;
		return 0;
	case OPT_TLS_TRUSTED:
		reg->tls_trusted = arg;
		return 0;
	case OPT_RECIPIENT:
		reg->recipient = arg;
		return 0;
	case OPT_REF:
		reg->reference = arg;
		return 0;
	case OPT_SECRET:
		reg->secret = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t register_parse(int key, char *arg, struct argp_state *state)
{
	struct register_args *args = state->input;
	struct ctl_register *reg = &args->reg;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->attester;
		return 0;
	case 'r':
		reg->requester = arg;
		return 0;
	case OPT_CERT_TYPE:
		reg->cert_type = arg;
		return 0;
	case OPT_HANDLING:
		reg->handling = arg;
		return 0;
	case OPT_CA:
		reg->ca = arg;
		return 0;
	case OPT_PROFILE:
		reg->profile = arg;
		return 0;
	case OPT_SUBJECT_ID:
		args->status = args->status ? args->status
					    : ctl_subjects_add(&reg->subjects, arg,
							       (struct ctl_subject_place){0});
		return 0;
	case OPT_VNF_INSTANCE:
		reg->vnf_instance = arg;
		return 0;
	case OPT_SUBJECT_FILE:
		args->status = args->status ? args->status : ctl_subjects_read(&reg->subjects, arg);
		return 0;
	case ARGP_KEY_END:
		register_args_check(state, args);
		return 0;
	default:
		return register_cmp_parse(key, arg, args);
	}
}

static const struct argp_option register_options[] = {
	{"requester", 'r', "CLIENT", 0, "Client that becomes the manager of the entities", 1},
	{"cert-type", OPT_CERT_TYPE, "TYPE", 0, "ManoCert, VnfciCert or VnfOAMCert", 1},
	{"subject-id", OPT_SUBJECT_ID, "ID", 0, "Entity to register; may be repeated", 1},
	{"vnf-instance", OPT_VNF_INSTANCE, "ID", 0, "VNF instance that all of them are in", 1},
	{"subject-file", OPT_SUBJECT_FILE, "FILE", 0,
	 "Entities to register, one a line; - is stdin", 1},
	{"handling", OPT_HANDLING, "MODE", 0,
	 "typeOfVnfcCertHandling: delegation (default for VnfciCert and VnfOAMCert) or direct", 1},
	{"profile", OPT_PROFILE, "NAME", 0, "Certificate profile, if not the default of the type",
	 1},
	{"ca", OPT_CA, "NAME", 0, "CA, if not the one that the configured rules choose", 1},
	{NULL, 0, NULL, 0, "Over CMP, from any machine (genm id-cmf.10):", 2},
	{"server", OPT_SERVER, "URL", 0, "CMP server, as http://HOST:PORT/.well-known/cmp", 2},
	{"cert", OPT_CERT, "FILE", 0, "Certificate of the requester, then its chain, PEM", 2},
	{"key", OPT_KEY, "FILE", 0, "Its private key: a PEM file or a URI", 2},
	{"passphrase-file", OPT_PASSPHRASE_FILE, "FILE", 0, "Passphrase of the private key", 2},
	{"trusted", OPT_TRUSTED, "FILE", 0, "Trust anchors of the CMF's protection, PEM", 2},
	{"ref", OPT_REF, "TEXT", 0, "Reference of a MAC credential (senderKID)", 2},
	{"secret", OPT_SECRET, "SOURCE", 0, "Its secret: pass:TEXT, file:FILE or FILE", 2},
	{"recipient", OPT_RECIPIENT, "DN", 0, "Name of the CMF, as /CN=cmf", 2},
	{"tls-trusted", OPT_TLS_TRUSTED, "FILE", 0, "Trust anchors for https, PEM", 2},
	{0},
};

/* typeOfVnfcCertHandling is required but for MANO, IFA 033 11.2.2.2; only one value is accepted. */
static const char *handling_of(const struct ctl_register *reg)
{
	enum cert_type type;

	if (reg->handling || cert_type_parse(reg->cert_type, &type) || type == CERT_TYPE_MANO)
		return reg->handling;
	return cert_handling_name(CERT_HANDLING_DELEGATION);
}

/* `n` of them from `from` on; NULL: one is no UTF-8, which is told. */
static json_t *subject_ids_json(const struct ctl_subjects *subjects, size_t from, size_t n)
{
	json_t *ids = json_array();

	for (size_t i = from; i < from + n; i++) {
		json_t *id = json_string(subjects->item[i]);

		if (!id) {
			ctl_error("'%s' is no UTF-8 text", subjects->item[i]);
			json_decref(ids);
			return NULL;
		}
		json_array_append_new(ids, id);
	}
	return ids;
}

static json_t *register_json(const struct ctl_register *reg, size_t from, size_t n)
{
	json_t *ids = subject_ids_json(&reg->subjects, from, n);

	if (!ids)
		return NULL;
	return json_pack("{s:s, s:s, s:o, s:s*, s:s*, s:s*, s:s*, s:o*}", "requester",
			 reg->requester, "cert_type", reg->cert_type, "subject_ids", ids,
			 "handling", reg->handling, "profile", reg->profile, "ca", reg->ca,
			 "vnf_instance_id", reg->vnf_instance, "attester",
			 reg->attester ? ctl_attester_json(reg->attester) : NULL);
}

/* One call as long as the server's limit allows; each call is all or nothing. */
static int register_admin(struct ctl *ctl, const struct ctl_register *reg)
{
	size_t done = 0, total = reg->subjects.len;

	while (done < total) {
		size_t max = ctl->subjects_max ? ctl->subjects_max : REGISTER_CHUNK_MAX;
		size_t n = total - done < max ? total - done : max;
		json_t *body = register_json(reg, done, n);
		int status;

		ctl->subjects = &reg->subjects;
		ctl->subjects_from = done;
		status = body ? ctl_call(ctl, "POST", "/v1/registrations", body, NULL) : CTL_USAGE;

		if (status && done)
			ctl_error("the first %zu of %zu entities are registered", done, total);
		if (status)
			return status;
		done += n;
		if (n < total)
			ctl_subjects_progress("registered", done, total);
	}
	return CTL_OK;
}

static void register_report(const struct ctl *ctl, const struct ctl_register *reg)
{
	json_t *json;

	if (!ctl->json) {
		printf("registered %zu %s for %s\n", reg->subjects.len,
		       reg->subjects.len == 1 ? "entity" : "entities", reg->cert_type);
		return;
	}
	json = json_pack("{s:s, s:I}", "cert_type", reg->cert_type, "registered",
			 (json_int_t)reg->subjects.len);
	ctl_json_print(json);
	json_decref(json);
}

int ctl_register(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_child children[] = {{&ctl_attester_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = register_options,
		.parser = register_parse,
		.doc = "Registers entities with the CMF (IFA 033 Register).\v"
		       "One call registers all entities or none; above the limit of the CMF (10000 "
		       "as "
		       "shipped; over CMP what fits into a message) there are several calls.",
		.children = children,
	};
	struct register_args args = {0};
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = args.status ? args.status : ctl_attester_read(&args.attester);
	args.reg.attester = ctl_attester_given(&args.attester) ? &args.attester : NULL;
	args.reg.handling = handling_of(&args.reg);
	if (!status && args.reg.server)
		status = ctl_register_cmp(ctl, &args.reg);
	else if (!status)
		status = register_admin(ctl, &args.reg);
	if (!status)
		register_report(ctl, &args.reg);
	ctl_attester_clear(&args.attester);
	ctl_subjects_clear(&args.reg.subjects);
	return status;
}

/* --- deregister --- */

static void deregister_args_check(struct argp_state *state, const struct register_args *args)
{
	enum cert_type type;

	argument_required(state, args->reg.cert_type, "--cert-type");
	if (cert_type_parse(args->reg.cert_type, &type))
		argp_error(state, "--cert-type must be ManoCert, VnfciCert or VnfOAMCert");
	if (!args->status && args->reg.subjects.len == 0)
		argp_error(state, "--subject-id or --subject-file is required");
}

static error_t deregister_parse(int key, char *arg, struct argp_state *state)
{
	struct register_args *args = state->input;

	switch (key) {
	case OPT_CERT_TYPE:
	case OPT_SUBJECT_ID:
	case OPT_VNF_INSTANCE:
	case OPT_SUBJECT_FILE:
		return register_parse(key, arg, state);
	case OPT_TRUST_DOMAIN:
		args->trust_domain = arg;
		return 0;
	case ARGP_KEY_END:
		deregister_args_check(state, args);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* So many in one call, which ends all of them or none. */
enum { DEREGISTER_CHUNK = 1000 };

static int deregister_some(struct ctl *ctl, const struct register_args *args, size_t from, size_t n)
{
	json_t *ids = subject_ids_json(&args->reg.subjects, from, n);
	json_t *body = ids ? json_pack("{s:s, s:o, s:s*, s:s*}", "cert_type", args->reg.cert_type,
				       "subject_ids", ids, "vnf_instance_id",
				       args->reg.vnf_instance, "trust_domain", args->trust_domain)
			   : NULL;

	ctl->subjects = &args->reg.subjects;
	ctl->subjects_from = from;
	return body ? ctl_call(ctl, "POST", "/v1/registrations/deregister", body, NULL) : CTL_USAGE;
}

static int deregister_all(struct ctl *ctl, const struct register_args *args)
{
	const size_t max = DEREGISTER_CHUNK;
	size_t total = args->reg.subjects.len, done = 0;

	while (done < total) {
		size_t n = total - done < max ? total - done : max;
		int status = deregister_some(ctl, args, done, n);

		if (status && total > max)
			ctl_error("%zu of %zu entities are deregistered", done, total);
		if (status)
			return status;
		done += n;
		if (n < total)
			ctl_subjects_progress("deregistered", done, total);
	}
	return CTL_OK;
}

int ctl_deregister(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"cert-type", OPT_CERT_TYPE, "TYPE", 0, "ManoCert, VnfciCert or VnfOAMCert", 1},
		{"subject-id", OPT_SUBJECT_ID, "ID", 0, "Entity; may be repeated", 1},
		{"vnf-instance", OPT_VNF_INSTANCE, "ID", 0, "VNF instance that it is in", 1},
		{"trust-domain", OPT_TRUST_DOMAIN, "NAME", 0, "Where several have such an entity",
		 1},
		{"subject-file", OPT_SUBJECT_FILE, "FILE", 0, "Entities, one a line; - is stdin",
		 1},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = deregister_parse,
		.doc = "Ends registrations, a thousand in a call, which ends all of them or none. "
		       "Certificates of the entities stay as they are: see 'cmfctl certificate "
		       "revoke'.",
	};
	struct register_args args = {0};
	size_t n;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	n = args.reg.subjects.len;
	status = args.status ? args.status : deregister_all(ctl, &args);
	if (!status && ctl->json)
		printf("[{\"deregistered\": %zu}]\n", n);
	else if (!status)
		printf("deregistered %zu %s\n", n, n == 1 ? "entity" : "entities");
	ctl_subjects_clear(&args.reg.subjects);
	return status;
}

/* --- list and show --- */

enum {
	FILTER_SUBJECT_ID,
	FILTER_VNF_INSTANCE,
	FILTER_CERT_TYPE,
	FILTER_MANAGER,
	FILTER_TRUST_DOMAIN,
	FILTER_PROFILE,
	FILTER_CA,
	FILTER_ALL
};

static const struct ctl_filter filters[] = {
	[FILTER_SUBJECT_ID] = {"subject-id", "subject_id", "ID", "Of this entity only"},
	[FILTER_VNF_INSTANCE] = {"vnf-instance", "vnf_instance_id", "ID",
				 "In this VNF instance only"},
	[FILTER_CERT_TYPE] = {"cert-type", "cert_type", "TYPE", "Of this certType only"},
	[FILTER_MANAGER] = {"manager", "manager", "CLIENT", "Of this manager only"},
	[FILTER_TRUST_DOMAIN] = {"trust-domain", "trust_domain", "NAME",
				 "Of this trust domain only"},
	[FILTER_PROFILE] = {"profile", "profile", "NAME", "With this profile only"},
	[FILTER_CA] = {"ca", "ca", "NAME", "Of this CA only"},
	[FILTER_ALL] = {"all", "all", NULL, "Deregistered ones too"},
};

static const struct ctl_column columns[] = {
	{"SUBJECT ID", "subject_id"},
	{"CERT TYPE", "cert_type"},
	{"HANDLING", "handling"},
	{"MANAGER", "manager"},
	{"DOMAIN", "trust_domain"},
	{"CA", "ca"},
	{"PROFILE", "profile"},
	{"STATE", "state"},
	{"VNF INSTANCE", "vnf_instance_id"},
};

const struct ctl_list ctl_registrations = {
	.path = "/v1/registrations",
	.doc = "Lists registrations.",
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
};

static error_t show_parse(int key, char *arg, struct argp_state *state)
{
	struct ctl_selection *selection = state->input;
	const char **subject_id = &selection->value[FILTER_SUBJECT_ID];

	if (key == ARGP_KEY_ARG && !*subject_id) {
		*subject_id = arg;
		return 0;
	}
	if (key != ARGP_KEY_END)
		return ARGP_ERR_UNKNOWN;
	argument_required(state, *subject_id, "SUBJECT-ID");
	return 0;
}

int ctl_registration_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {.parser = show_parse,
					 .args_doc = "SUBJECT-ID",
					 .doc = "Shows the registrations of an entity."};
	struct ctl_selection selection = {.list = &ctl_registrations,
					  .offered = 1 << FILTER_VNF_INSTANCE |
						     1 << FILTER_CERT_TYPE |
						     1 << FILTER_TRUST_DOMAIN | 1 << FILTER_ALL};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *rows = NULL;
	int status;

	ctl_selection_parse(&argp, ctl, &selection, &selection, argc, argv);
	ctl_selection_path(&selection, &path);
	status = ctl_rows(ctl, path.text, &rows);
	if (status)
		return status;
	if (json_array_size(rows) == 0) {
		ctl_error("%s is not registered", selection.value[FILTER_SUBJECT_ID]);
		status = CTL_REFUSED;
	} else {
		ctl_show(ctl, rows);
	}
	json_decref(rows);
	return status;
}
