// SPDX-License-Identifier: Apache-2.0
/*
 * client add, list and remove.
 */
#include "ctl.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_CERT = 0x100,
	OPT_TRUST_ANCHOR,
	OPT_SUBJECT,
	OPT_MAC,
	OPT_REF,
	OPT_SECRET_FILE,
	OPT_TRUST_DOMAIN,
	OPT_MAY,
	OPT_REGISTER_ON_IR,
	OPT_DEFAULT_PROFILE,
	OPT_POLICY,
	OPT_ENTITY,
};

/* Trust anchors of a client: some certificates. */
enum { PEM_FILE_MAX = 1 << 20 };

/* Octets of a generated secret, shown as twice as many hex digits: 128 bits, RFC 9483 4.1.5. */
enum { SECRET_LEN = 16, REFERENCE_LEN = 8 };

struct client_args {
	const char *name;
	const char *cert;
	const char *trust_anchor;
	const char *subject;
	const char *reference;
	const char *secret_file;
	const char *trust_domain;
	const char *may;
	const char *default_profile;
	const char *policy;
	const char *entity;
	bool mac;
	bool register_on_ir;
};

static error_t credential_parse(int key, char *arg, struct client_args *args)
{
	switch (key) {
	case OPT_CERT:
		args->cert = arg;
		return 0;
	case OPT_TRUST_ANCHOR:
		args->trust_anchor = arg;
		return 0;
	case OPT_SUBJECT:
		args->subject = arg;
		return 0;
	case OPT_MAC:
		args->mac = true;
		return 0;
	case OPT_REF:
		args->reference = arg;
		return 0;
	case OPT_SECRET_FILE:
		args->secret_file = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void add_args_check(struct argp_state *state, const struct client_args *args)
{
	if (!args->name)
		argp_error(state, "NAME is required");
	if (!args->trust_domain)
		argp_error(state, "--trust-domain is required");
	if (!!args->cert + !!args->trust_anchor + args->mac != 1)
		argp_error(state, "give one credential: --cert, --trust-anchor or --mac");
	if (args->subject && !args->trust_anchor)
		argp_error(state, "--subject goes with --trust-anchor");
	if ((args->reference || args->secret_file) && !args->mac)
		argp_error(state, "--ref and --secret-file go with --mac");
}

static error_t add_parse(int key, char *arg, struct argp_state *state)
{
	struct client_args *args = state->input;

	switch (key) {
	case OPT_TRUST_DOMAIN:
		args->trust_domain = arg;
		return 0;
	case OPT_MAY:
		args->may = arg;
		return 0;
	case OPT_REGISTER_ON_IR:
		args->register_on_ir = true;
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
	case ARGP_KEY_ARG:
		if (args->name)
			argp_error(state, "one NAME only");
		args->name = arg;
		return 0;
	case ARGP_KEY_END:
		add_args_check(state, args);
		return 0;
	default:
		return credential_parse(key, arg, args);
	}
}

static const struct argp_option add_options[] = {
	{"trust-domain", OPT_TRUST_DOMAIN, "NAME", 0, "Trust domain of the client", 1},
	{"may", OPT_MAY, "LIST", 0,
	 "What it may do, separated by commas: register, request, revoke (these three are the "
	 "default), ra, operator, announce, cross-certify, recover",
	 1},
	{"register-on-ir", OPT_REGISTER_ON_IR, NULL, 0,
	 "An ir for an entity that is not registered registers it", 1},
	{"default-profile", OPT_DEFAULT_PROFILE, "NAME", 0,
	 "Profile of its requests that name neither certType nor profile", 1},
	{"policy", OPT_POLICY, "NAME", 0, "Its [client_policy NAME] of the configuration", 1},
	{"entity", OPT_ENTITY, "ID", 0,
	 "The entity that the client is: the only one that may have its names in certificates", 1},
	{NULL, 0, NULL, 0, "The credential, one of:", 2},
	{"cert", OPT_CERT, "FILE", 0, "Exactly this certificate, PEM", 2},
	{"trust-anchor", OPT_TRUST_ANCHOR, "FILE", 0, "Certificates below these CAs, PEM", 3},
	{"subject", OPT_SUBJECT, "DN", 0, "... with this subject, as /CN=vnfm-a", 3},
	{"mac", OPT_MAC, NULL, 0, "A shared secret (password-based MAC)", 4},
	{"ref", OPT_REF, "TEXT", 0, "... its reference (senderKID); generated if not given", 4},
	{"secret-file", OPT_SECRET_FILE, "FILE", 0,
	 "... first line of FILE; without it one is generated and printed", 4},
	{0},
};

/* --- add --- */

static int random_hex(size_t n, char **textp)
{
	uint8_t octets[32];
	char *text = malloc(2 * n + 1);

	if (!text || n > sizeof(octets) || RAND_priv_bytes(octets, (int)n) != 1) {
		free(text);
		return ctl_openssl_error("no random octets");
	}
	bytes_to_hex((struct bytes){octets, n}, text);
	explicit_bzero(octets, sizeof(octets));
	*textp = text;
	return CTL_OK;
}

static int pem_add(json_t *body, const char *key, const char *path)
{
	_cleanup_(freep) char *pem = NULL;
	int status = ctl_text_read(path, PEM_FILE_MAX, &pem);

	if (status)
		return status;
	if (json_object_set_new(body, key, json_string(pem))) {
		ctl_error("%s: this is no PEM file", path);
		return CTL_FAULT;
	}
	return CTL_OK;
}

/* Reference and secret, given or made; *secretp is set only if it was made. */
static int mac_add(json_t *body, const struct client_args *args, char **secretp)
{
	_cleanup_(freep) char *secret = NULL, *reference = NULL;
	int status = CTL_OK;

	if (!args->reference)
		status = random_hex(REFERENCE_LEN, &reference);
	if (!status)
		status = args->secret_file ? ctl_secret_read(args->secret_file, &secret)
					   : random_hex(SECRET_LEN, &secret);
	if (status)
		return status;
	if (json_object_set_new(body, "mac_reference",
				json_string(args->reference ? args->reference : reference)) ||
	    json_object_set_new(body, "secret", json_string(secret))) {
		ctl_error("reference or secret is no UTF-8 text");
		status = CTL_USAGE;
	}
	if (!status && !args->secret_file)
		*secretp = TAKE(secret);
	if (secret)
		explicit_bzero(secret, strlen(secret));
	return status;
}

/* "register,revoke" as an array. */
static json_t *may_json(const char *may)
{
	_cleanup_(freep) char *copy = strdup(may ? may : "register,request,revoke");
	json_t *array = json_array();
	char *next = copy, *word;

	while (next && (word = strsep(&next, ",")))
		json_array_append_new(array, json_string(word));
	return array;
}

static json_t *client_json(const struct client_args *args)
{
	json_t *body =
		json_pack("{s:s, s:s, s:o, s:b, s:s*, s:s*, s:s*}", "name", args->name,
			  "trust_domain", args->trust_domain, "may", may_json(args->may),
			  "register_on_ir", (int)args->register_on_ir, "default_profile",
			  args->default_profile, "policy", args->policy, "entity", args->entity);

	if (body && args->subject)
		json_object_set_new(body, "subject", json_string(args->subject));
	return body;
}

/* What was made up here is printed once and kept nowhere in the clear. */
static void added_report(const struct ctl *ctl, json_t *client, const char *secret)
{
	const char *reference = json_string_value(json_object_get(client, "mac_reference"));

	if (secret && ctl->json)
		json_object_set_new(client, "secret", json_string(secret));
	if (ctl->json) {
		ctl_json_print(client);
		return;
	}
	fputs("added client ", stdout);
	ctl_text_print(json_string_value(json_object_get(client, "name")));
	if (reference)
		printf(", reference %s", reference);
	if (secret)
		printf(", secret %s", secret);
	putchar('\n');
}

int ctl_client_add(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {.options = add_options,
					 .parser = add_parse,
					 .args_doc = "NAME",
					 .doc = "Adds a client: a requester that the CMF knows by "
						"a certificate or a secret."};
	struct client_args args = {0};
	_cleanup_(freep) char *secret = NULL;
	json_t *body, *reply;
	int status = CTL_OK;

	ctl_parse(&argp, ctl, &args, argc, argv);
	body = client_json(&args);
	if (!body) {
		ctl_error("the arguments are no UTF-8 text");
		return CTL_USAGE;
	}
	if (args.cert)
		status = pem_add(body, "certificate", args.cert);
	else if (args.trust_anchor)
		status = pem_add(body, "trust_anchor", args.trust_anchor);
	else
		status = mac_add(body, &args, &secret);
	if (status) {
		json_decref(body);
		return status;
	}
	status = ctl_call(ctl, "POST", "/v1/clients", body, &reply);
	if (!status) {
		added_report(ctl, reply, secret);
		json_decref(reply);
	}
	if (secret)
		explicit_bzero(secret, strlen(secret));
	return status;
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
	{"CREDENTIAL", "credential"},
	{"SUBJECT", "subject"},
	{"REFERENCE", "mac_reference"},
};

const struct ctl_list ctl_clients = {
	.path = "/v1/clients",
	.doc = "Lists clients.",
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
		if (args->name)
			argp_error(state, "one NAME only");
		args->name = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->name)
			argp_error(state, "NAME is required");
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
	if (status)
		return status;
	if (ctl->json)
		ctl_json_print(reply);
	else
		printf("removed client %s\n", args.name);
	json_decref(reply);
	return CTL_OK;
}
