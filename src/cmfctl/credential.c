// SPDX-License-Identifier: Apache-2.0
/*
 * Credentials of clients: the options that say which, and client credential add, list and remove.
 * The client itself is client.c's, which comes here for its first one.
 */
#include "credential.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_CERT = CTL_CREDENTIAL_OPTIONS,
	OPT_TRUST_ANCHOR,
	OPT_SUBJECT,
	OPT_MAC,
	OPT_REF,
	OPT_REF_HEX,
	OPT_SECRET_FILE,
	OPT_OAUTH2_CLIENT,
	OPT_NOT_BEFORE,
	OPT_NOT_AFTER,
};

/* Trust anchors of a client: some certificates. */
enum { PEM_FILE_MAX = 1 << 20 };

/* Octets of a generated secret, shown as twice as many hex digits: 128 bits, RFC 9483 4.1.5. */
enum { SECRET_LEN = 16, REFERENCE_LEN = 8 };

/* --- options --- */

static error_t credential_parse(int key, char *arg, struct argp_state *state)
{
	struct ctl_credential *c = state->input;
	const char **const texts[] = {
		[OPT_CERT - CTL_CREDENTIAL_OPTIONS] = &c->cert,
		[OPT_TRUST_ANCHOR - CTL_CREDENTIAL_OPTIONS] = &c->trust_anchor,
		[OPT_SUBJECT - CTL_CREDENTIAL_OPTIONS] = &c->subject,
		[OPT_REF - CTL_CREDENTIAL_OPTIONS] = &c->reference,
		[OPT_REF_HEX - CTL_CREDENTIAL_OPTIONS] = &c->reference_hex,
		[OPT_SECRET_FILE - CTL_CREDENTIAL_OPTIONS] = &c->secret_file,
		[OPT_OAUTH2_CLIENT - CTL_CREDENTIAL_OPTIONS] = &c->oauth2_client,
		[OPT_NOT_BEFORE - CTL_CREDENTIAL_OPTIONS] = &c->not_before,
		[OPT_NOT_AFTER - CTL_CREDENTIAL_OPTIONS] = &c->not_after,
	};

	if (key == OPT_MAC) {
		c->mac = true;
		return 0;
	}
	if (key < OPT_CERT || key > OPT_NOT_AFTER)
		return ARGP_ERR_UNKNOWN;
	*texts[key - CTL_CREDENTIAL_OPTIONS] = arg;
	return 0;
}

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "The credential, one of:", 2},
	{"cert", OPT_CERT, "FILE", 0, "Exactly this certificate, PEM", 2},
	{"trust-anchor", OPT_TRUST_ANCHOR, "FILE", 0, "Certificates below these CAs, PEM", 3},
	{"subject", OPT_SUBJECT, "DN", 0, "... with this subject, as /CN=vnfm-a", 3},
	{"mac", OPT_MAC, NULL, 0, "A shared secret (password-based MAC)", 4},
	{"ref", OPT_REF, "TEXT", 0, "... its reference (senderKID); generated if not given", 4},
	{"ref-hex", OPT_REF_HEX, "HEX", 0, "... the same, octets in hexadecimal", 4},
	{"secret-file", OPT_SECRET_FILE, "FILE", 0,
	 "... first line of FILE; without it one is generated and printed", 4},
	{"oauth2-client", OPT_OAUTH2_CLIENT, "ID", 0,
	 "Access tokens of [oauth2] that name this client", 5},
	{NULL, 0, NULL, 0, "Of any of these:", 6},
	{"not-before", OPT_NOT_BEFORE, "TIME", 0, "Good from then on, as 2026-11-23T08:00:00Z", 6},
	{"not-after", OPT_NOT_AFTER, "TIME", 0, "Good until then", 6},
	{0},
};

const struct argp ctl_credential_argp = {.options = options, .parser = credential_parse};

void ctl_credential_check(struct argp_state *state, const struct ctl_credential *c)
{
	if (!!c->cert + !!c->trust_anchor + c->mac + !!c->oauth2_client != 1)
		argp_error(state, "give one credential: --cert, --trust-anchor, --mac or "
				  "--oauth2-client");
	if (c->subject && !c->trust_anchor)
		argp_error(state, "--subject goes with --trust-anchor");
	if ((c->reference || c->reference_hex || c->secret_file) && !c->mac)
		argp_error(state, "--ref, --ref-hex and --secret-file go with --mac");
	if (c->reference && c->reference_hex)
		argp_error(state, "--ref or --ref-hex, not both");
}

/* --- to JSON --- */

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

/* What the command line has; NULL: nothing. */
static int text_add(json_t *body, const char *key, const char *text)
{
	if (!text || !json_object_set_new(body, key, json_string(text)))
		return CTL_OK;
	ctl_error("the arguments are no UTF-8 text");
	return CTL_USAGE;
}

/* Reference and secret, given or made. */
static int mac_add(json_t *body, struct ctl_credential *c)
{
	_cleanup_(freep) char *secret = NULL, *reference = NULL;
	int status = CTL_OK;

	if (!c->reference && !c->reference_hex)
		status = random_hex(REFERENCE_LEN, &reference);
	if (!status)
		status = text_add(body, "mac_reference", reference ? reference : c->reference);
	if (!status)
		status = text_add(body, "mac_reference_hex", c->reference_hex);
	if (!status)
		status = c->secret_file ? ctl_secret_read(c->secret_file, &secret)
					: random_hex(SECRET_LEN, &secret);
	if (!status && json_object_set_new(body, "secret", json_string(secret))) {
		ctl_error("the secret is no UTF-8 text");
		status = CTL_USAGE;
	}
	if (!status && !c->secret_file)
		c->made_secret = TAKE(secret);
	if (secret)
		explicit_bzero(secret, strlen(secret));
	return status;
}

int ctl_credential_json(struct ctl_credential *c, json_t *body)
{
	int status = text_add(body, "subject", c->subject);

	if (!status)
		status = text_add(body, "oauth2_client", c->oauth2_client);
	if (!status)
		status = text_add(body, "not_before", c->not_before);
	if (!status)
		status = text_add(body, "not_after", c->not_after);
	if (!status && c->cert)
		status = pem_add(body, "certificate", c->cert);
	if (!status && c->trust_anchor)
		status = pem_add(body, "trust_anchor", c->trust_anchor);
	return !status && c->mac ? mac_add(body, c) : status;
}

void ctl_credential_clear(struct ctl_credential *c)
{
	if (c->made_secret)
		explicit_bzero(c->made_secret, strlen(c->made_secret));
	free(TAKE(c->made_secret));
}

void ctl_credential_report(const struct ctl *ctl, const struct ctl_credential *c, const char *what,
			   json_t *reply, const json_t *added)
{
	const char *text = json_string_value(json_object_get(added, "mac_reference"));
	const char *hex = json_string_value(json_object_get(added, "mac_reference_hex"));

	if (c->made_secret && ctl->json)
		json_object_set_new(reply, "secret", json_string(c->made_secret));
	if (ctl->json) {
		ctl_json_print(reply);
		return;
	}
	printf("added %s", what);
	if (text || hex) {
		printf(text ? ", reference " : ", reference in hexadecimal ");
		ctl_text_print(text ? text : hex);
	}
	if (c->made_secret)
		printf(", secret %s", c->made_secret);
	putchar('\n');
}

/* --- client credential --- */

struct credential_args {
	const char *client;
	const char *id;
	struct ctl_credential credential;
};

static error_t add_parse(int key, char *arg, struct argp_state *state)
{
	struct credential_args *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->credential;
		return 0;
	case ARGP_KEY_ARG:
		ctl_argument_take(state, "NAME", arg, &args->client);
		return 0;
	case ARGP_KEY_END:
		ctl_argument_require(state, "NAME", args->client);
		ctl_credential_check(state, &args->credential);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t names_parse(int key, char *arg, struct argp_state *state)
{
	struct credential_args *args = state->input;
	uint64_t id;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (!args->client)
		args->client = arg;
	else if (!args->id && ctl_number_parse(arg, INT64_MAX, &id) == 0)
		args->id = arg;
	else
		argp_error(state, "a NAME, and an ID as the list shows it");
	return 0;
}

/* /v1/clients/NAME/credentials */
static void credentials_path(const struct credential_args *args, struct strbuf *path)
{
	strbuf_add(path, "/v1/clients");
	ctl_segment_add(path, args->client);
	strbuf_add(path, "/credentials");
}

int ctl_credential_add(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_child children[] = {{&ctl_credential_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.parser = add_parse,
		.args_doc = "NAME",
		.doc = "Adds a credential to a client, beside those that it has.",
		.children = children};
	struct credential_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	_cleanup_(strbuf_clear) struct strbuf what = STRBUF_NULL;
	json_t *body = json_object(), *reply;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	credentials_path(&args, &path);
	status = ctl_credential_json(&args.credential, body);
	if (status)
		json_decref(body);
	else
		status = ctl_call(ctl, "POST", path.text, body, &reply);
	if (!status) {
		strbuf_printf(&what, "credential %lld to client %s",
			      (long long)json_integer_value(json_object_get(reply, "id")),
			      args.client);
		ctl_credential_report(ctl, &args.credential, what.text, reply, reply);
		json_decref(reply);
	}
	ctl_credential_clear(&args.credential);
	return status;
}

static const struct ctl_column columns[] = {
	{"ID", "id"},
	{"KIND", "kind"},
	{"NOT BEFORE", "not_before"},
	{"NOT AFTER", "not_after"},
	{"SUBJECT", "subject"},
	{"REFERENCE", "mac_reference"},
	{"IN HEXADECIMAL", "mac_reference_hex"},
	{"OAUTH2 CLIENT", "oauth2_client"},
	{"FINGERPRINT", "fingerprint"},
};

int ctl_credential_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {.parser = names_parse,
					 .args_doc = "NAME",
					 .doc = "Lists the credentials of a client."};
	struct credential_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;

	ctl_parse(&argp, ctl, &args, argc, argv);
	if (!args.client || args.id) {
		ctl_error("give one NAME");
		return CTL_USAGE;
	}
	credentials_path(&args, &path);
	return ctl_list_print(ctl, path.text, 0, columns, ARRAY_LEN(columns), NULL);
}

int ctl_credential_remove(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = names_parse,
		.args_doc = "NAME ID",
		.doc = "Removes a credential from a client. What it was used for stays."};
	struct credential_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *reply;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	if (!args.id) {
		ctl_error("give the NAME of a client and the ID of a credential");
		return CTL_USAGE;
	}
	credentials_path(&args, &path);
	ctl_segment_add(&path, args.id);
	status = ctl_call(ctl, "DELETE", path.text, NULL, &reply);
	return status ? status
		      : ctl_done(ctl, reply, "removed credential %s of client %s", args.id,
				 args.client);
}
