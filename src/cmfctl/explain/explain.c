// SPDX-License-Identifier: Apache-2.0
/*
 * `cmfctl explain`: a CMP message, field by field, and what cmfd would answer to it (decision.c);
 * of an answer what it says. What is no message is named as what it is, or where it is broken.
 */
#include "explain.h"
#include "conf.h"

#include "base/clock.h"
#include "ctl.h"
#include "decision.h"
#include "message.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The largest message that a CMF accepts could be configured to be this long. */
enum { MESSAGE_MAX = 16 << 20 };

struct explain_args {
	const char *path;
	const char *reason;
	struct explain_question question;
};

/* Without an installed configuration a message is printed all the same. */
static bool decision_wanted(const struct ctl *ctl, const struct explain_question *q)
{
	return q->as_client || q->profile || ctl->json ||
	       strcmp(ctl->config, CONF_SYSTEM_PATH) != 0 || access(ctl->config, R_OK) == 0;
}

static void text_print(const struct strbuf *text)
{
	fputs(text->text && !text->failed ? text->text : "", stdout);
}

static void message_print(const struct cmp_message *msg)
{
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;

	explain_message(msg, &out);
	text_print(&out);
}

/* What a server sends is not asked about, but explained as what it is. */
static void answer_print(const struct cmp_message *msg, bool ours)
{
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;

	strbuf_printf(&out, "\nThis is an answer (%s)%s; nobody sends it to a server. It says:\n",
		      pki_body_type_name(msg->body_type),
		      ours ? " of this CMF, whose signature verifies" : "");
	explain_answer(msg->der, &out);
	text_print(&out);
}

static int problem_tell(const struct explain_args *args, const struct refusal *refusal)
{
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;

	explain_problem(args->question.der, &out);
	printf("malformed     %s\n", out.text && !out.failed ? out.text : "");
	ctl_error("%s: %s (%s)", args->path, refusal_words(refusal), refusal_code(refusal->reason));
	return CTL_REFUSED;
}

static int message_explain(const struct ctl *ctl, const struct explain_args *args)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	const struct explain_question *q = &args->question;
	struct refusal refusal = REFUSAL_NULL;
	int err = cmp_message_decode(q->der, &msg, &refusal), status = CTL_OK;
	bool ours = false;

	if (err < 0)
		return ctl_file_error(args->path, err);
	if (msg && !ctl->json)
		message_print(msg);
	if (err == REFUSED && !ctl->json)
		status = problem_tell(args, &refusal);
	if (decision_wanted(ctl, q) && msg && !err)
		ours = explain_is_ours(ctl, msg);
	if (msg && !err && !ctl->json && (ours || explain_is_answer(msg->body_type)))
		answer_print(msg, ours);
	else if (decision_wanted(ctl, q))
		err = explain_decision(ctl, q);
	else
		err = CTL_OK;
	return status ? status : err;
}

static int file_explain(const struct ctl *ctl, struct explain_args *args)
{
	_cleanup_(octets_clear_secret) struct octets content = OCTETS_NULL;
	_cleanup_(explain_input_clear) struct explain_input in = {.der = OCTETS_NULL};
	int err = ctl_file_read(args->path, MESSAGE_MAX, &content);

	if (!err)
		err = explain_input_read(octets_view(&content), &in);
	if (err)
		return ctl_file_error(args->path, err);
	if (in.is) {
		ctl_error("%s is %s, no CMP message: %s", args->path, in.is, in.hint);
		return CTL_REFUSED;
	}
	args->question.der = octets_view(&in.der);
	return message_explain(ctl, args);
}

enum { OPT_AS_CLIENT = 256, OPT_PROFILE, OPT_REASON, OPT_AS_OF, OPT_IN_TRANSACTION };

static void as_of_parse(struct argp_state *state, const char *arg, struct explain_question *q)
{
	q->now = strcmp(arg, "now") == 0;
	if (!q->now && clock_parse(arg, &q->as_of_ms) < 0)
		argp_error(state, "--as-of: now, or a time as 2026-11-23T08:53:00Z");
}

static error_t explain_parse(int key, char *arg, struct argp_state *state)
{
	struct explain_args *args = state->input;

	switch (key) {
	case OPT_AS_CLIENT:
		args->question.as_client = arg;
		return 0;
	case OPT_PROFILE:
		args->question.profile = arg;
		return 0;
	case OPT_REASON:
		args->reason = arg;
		return 0;
	case OPT_AS_OF:
		as_of_parse(state, arg, &args->question);
		return 0;
	case OPT_IN_TRANSACTION:
		args->question.in_transaction = true;
		return 0;
	case ARGP_KEY_ARG:
		ctl_argument_take(state, "FILE", arg, &args->path);
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
		{"as-of", OPT_AS_OF, "TIME", 0,
		 "As if it had come then, or now, and not at its messageTime", 1},
		{"in-transaction", OPT_IN_TRANSACTION, NULL, 0,
		 "As if it came now: as a retransmission, if it was sent before", 1},
		{"reason", OPT_REASON, "CODE", 0,
		 "Instead of a message: what that refusal of the log is about, and what to do", 2},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = explain_parse,
		.args_doc = "FILE\n--reason CODE",
		.doc = "Prints a CMP message (DER, PEM, base64 or hexadecimal; - is stdin) field "
		       "by "
		       "field, in the names of RFC 4210 and RFC 4211, and, where there is a "
		       "configuration, what cmfd would answer to it and why, rule by rule. Nothing "
		       "is issued or changed. Exits with 1 if the message is malformed."};
	struct explain_args args = {0};

	ctl_parse(&argp, ctl, &args, argc, argv);
	return args.reason ? explain_reason(ctl, args.reason) : file_explain(ctl, &args);
}
