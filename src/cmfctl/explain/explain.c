// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl explain: a CMP message, DER or PEM, field by field. Offline; verifies nothing.
 */
#include "explain.h"

#include "ctl.h"
#include "message.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The largest message that a CMF accepts could be configured to be this long. */
enum { MESSAGE_MAX = 16 << 20 };

/* The file's octets: DER, or the first PEM block whatever its label. */
static int message_read(const char *path, struct octets *derp)
{
	_cleanup_(octets_clear) struct octets content = OCTETS_NULL;
	char *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len;
	BIO *bio;
	int err = ctl_file_read(path, MESSAGE_MAX, &content);

	if (err)
		return ctl_file_error(path, err);
	if (content.len == 0 || content.data[0] == 0x30) { /* SEQUENCE */
		*derp = content;
		content = OCTETS_NULL;
		return CTL_OK;
	}
	bio = BIO_new_mem_buf(content.data, (int)content.len);
	if (bio && PEM_read_bio(bio, &label, &header, &der, &len)) {
		err = octets_dup((struct bytes){der, (size_t)len}, derp);
	} else {
		*derp = content; /* the decoder says what is wrong with it */
		content = OCTETS_NULL;
	}
	ERR_clear_error();
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return err ? ctl_file_error(path, err) : CTL_OK;
}

struct explain_args {
	const char *path;
	const char *as_client;
	const char *profile;
	const char *reason;
};

/* Without an installed configuration a message is printed all the same. */
static bool decision_wanted(const struct ctl *ctl, const struct explain_args *args)
{
	return args->as_client || args->profile || ctl->json ||
	       strcmp(ctl->config, CTL_CONFIG_DEFAULT) != 0 || access(ctl->config, R_OK) == 0;
}

static int file_explain(const struct ctl *ctl, const struct explain_args *args)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	int err, status = message_read(args->path, &der);

	if (status)
		return status;
	err = cmp_message_decode(octets_view(&der), &msg, &refusal);
	if (err < 0)
		return ctl_file_error(args->path, err);
	if (msg && !ctl->json)
		explain_message(msg);
	if (decision_wanted(ctl, args))
		status = explain_decision(ctl, octets_view(&der), args->as_client, args->profile);
	if (err != REFUSED || status)
		return status;
	ctl_error("%s: %s (%s)", args->path, refusal_words(&refusal), refusal_code(refusal.reason));
	return CTL_REFUSED;
}

enum { OPT_AS_CLIENT = 256, OPT_PROFILE, OPT_REASON };

static error_t explain_parse(int key, char *arg, struct argp_state *state)
{
	struct explain_args *args = state->input;

	switch (key) {
	case OPT_AS_CLIENT:
		args->as_client = arg;
		return 0;
	case OPT_PROFILE:
		args->profile = arg;
		return 0;
	case OPT_REASON:
		args->reason = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->path)
			argp_error(state, "one FILE only");
		args->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->path == !args->reason)
			argp_error(state, "one FILE or --reason is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_explain(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"as-client", OPT_AS_CLIENT, "NAME", 0,
		 "Take that client as the sender, whatever the protection says", 1},
		{"profile", OPT_PROFILE, "NAME", 0, "As if sent to .well-known/cmp/p/NAME", 1},
		{"reason", OPT_REASON, "CODE", 0,
		 "Instead of a message: what that refusal of the log is about, and what to do", 2},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = explain_parse,
		.args_doc = "FILE\n--reason CODE",
		.doc = "Prints a CMP message (DER or PEM; - is stdin) field by field, in the names "
		       "of RFC 4210 and RFC 4211, and, where there is a configuration, what cmfd "
		       "would answer to it and why, rule by rule. Nothing is issued or changed. "
		       "Exits with 1 if the message is malformed."};
	struct explain_args args = {0};

	ctl_parse(&argp, ctl, &args, argc, argv);
	return args.reason ? explain_reason(ctl, args.reason) : file_explain(ctl, &args);
}
