// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl: the operator's program. Finds the command and hands it its arguments.
 */
#include "complete.h"
#include "complete_names.h"
#include "conf.h"
#include "ctl.h"
#include "nfv/nfv.h"

#include "base/log.h"
#include "base/secrecy.h"

#include <curl/curl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *argp_program_version = "cmfctl " CMFD_VERSION;

static const struct {
	const char *name;
	const char *verb; /* one word or two; NULL: the command is one word */
	ctl_command *run; /* NULL: it prints the list */
	const char *help;
	const struct ctl_list *list;
} commands[] = {
	{"init", NULL, ctl_init, "make a directory with all that cmfd needs", NULL},
	{"check", NULL, ctl_check, "check configuration, keys, certificates and database", NULL},
	{"status", NULL, ctl_status, "show how the CMF is, on one screen", NULL},
	{"reload", NULL, ctl_reload, "have cmfd read its configuration anew", NULL},
	{"backup", NULL, ctl_backup, "back up database and configuration, while cmfd serves", NULL},
	{"tidy", NULL, ctl_tidy, "remove what need not be kept, or say what that is", NULL},
	{"restore", NULL, ctl_restore, "lay out a backup in a directory of its own", NULL},
	{"register", NULL, ctl_register, "register entities (IFA 033 Register)", NULL},
	{"deregister", NULL, ctl_deregister, "end registrations", NULL},
	{"registration", "list", NULL, "list registrations", &ctl_registrations},
	{"registration", "show", ctl_registration_show, "show the registrations of an entity",
	 NULL},
	{"registration", "update", ctl_registration_update,
	 "give registrations another CA, profile or manager", NULL},
	{"certificate", "list", NULL, "list certificates", &ctl_certificates},
	{"certificate", "show", ctl_certificate_show, "show certificates, as PEM or text too",
	 NULL},
	{"certificate", "revoke", ctl_certificate_revoke, "revoke certificates", NULL},
	{"certificate", "give-up", ctl_certificate_give_up,
	 "give up an upstream CA that does not revoke one", NULL},
	{"certificate", "delete-key", ctl_certificate_delete_key, "delete an archived private key",
	 NULL},
	{"client", "add", ctl_client_add, "add a client that may ask us", NULL},
	{"client", "list", NULL, "list clients", &ctl_clients},
	{"client", "update", ctl_client_update, "change what a client may do", NULL},
	{"client", "remove", ctl_client_remove, "remove a client", NULL},
	{"client", "credential add", ctl_credential_add, "add a credential to a client", NULL},
	{"client", "credential list", ctl_credential_list, "list the credentials of a client",
	 NULL},
	{"client", "credential remove", ctl_credential_remove, "remove one of them", NULL},
	{"node", "list", NULL, "list the cmfd that serve the database", &ctl_nodes},
	{"transaction", "list", NULL, "list CMP transactions", &ctl_transactions},
	{"transaction", "show", ctl_transaction_show, "show a CMP transaction", NULL},
	{"subscription", "list", NULL, "list who is told of events", &ctl_subscriptions},
	{"subscription", "show", ctl_subscription_show, "show a subscription", NULL},
	{"subscription", "remove", ctl_subscription_remove, "end a subscription", NULL},
	{"vnfm", "list", NULL, "list the VNFMs that are followed in direct mode", &ctl_vnfms},
	{"vnfm", "show", ctl_vnfm_show, "show one of them", NULL},
	{"vnfm", "resync", ctl_vnfm_resync, "look at all VNFs of a VNFM now", NULL},
	{"vnfm", "forget", ctl_vnfm_forget, "forget one that is no longer configured", NULL},
	{"vnf", "list", NULL, "list the VNFs that they have shown", &ctl_vnfs},
	{"vnf", "show", ctl_vnf_show, "show the VNFCs of a VNF and their certificates", NULL},
	{"lcm", "approve", ctl_lcm_approve, "end what has gone and is held back", NULL},
	{"announcement", "list", NULL, "list what other CAs announced", &ctl_announcements},
	{"announcement", "show", ctl_announcement_show, "show an announcement", NULL},
	{"audit", "list", NULL, "list what was done and refused", &ctl_audit},
	{"audit", "verify", ctl_audit_verify, "look whether that is what was written", NULL},
	{"audit", "export", ctl_audit_export, "write it as lines of JSON", NULL},
	{"ca", "show", ctl_ca_show, "show the CAs, their chains and newest CRLs", NULL},
	{"ca", "renew", ctl_ca_renew, "make a new key for an issuing CA", NULL},
	{"ca", "rollover", ctl_ca_rollover,
	 "make a new root for a CA, with the way from the old one", NULL},
	{"store", "rekey", ctl_store_rekey, "make a new store key, and seal all secrets under it",
	 NULL},
	{"protection", "renew", ctl_protection_renew,
	 "make a new certificate for the CMF's messages", NULL},
	{"store", "create", ctl_store_create, "make the database that is configured", NULL},
	{"store", "copy", ctl_store_copy, "move a database of SQLite to a PostgreSQL server", NULL},
	{"store", "put-back", ctl_store_put_back,
	 "mend a database that was brought back to an earlier time", NULL},
	{"explain", NULL, ctl_explain, "print a CMP message field by field", NULL},
};

/* "  certificate list   list certificates" for every command, or those of one name. */
static void commands_print(FILE *out, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		char words[40];

		if (name && strcmp(name, commands[i].name) != 0)
			continue;
		snprintf(words, sizeof(words), "%s%s%s", commands[i].name,
			 commands[i].verb ? " " : "", commands[i].verb ? commands[i].verb : "");
		fprintf(out, "  %-24s  %s\n", words, commands[i].help);
	}
}

static bool command_exists(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(name, commands[i].name) == 0)
			return true;
	}
	return false;
}

/* How many of the arguments are the command's own words; 0: it is another command. */
static int command_words(size_t i, int argc, char **argv)
{
	const char *verb = commands[i].verb, *space = verb ? strchr(verb, ' ') : NULL;
	size_t len = space ? (size_t)(space - verb) : verb ? strlen(verb) : 0;

	if (strcmp(argv[0], commands[i].name) != 0)
		return 0;
	if (!verb)
		return 1;
	if (argc < 2 || strlen(argv[1]) != len || strncmp(argv[1], verb, len) != 0)
		return 0;
	if (!space)
		return 2;
	return argc > 2 && strcmp(argv[2], space + 1) == 0 ? 3 : 0;
}

/* Runs commands[i] with the arguments behind its words, under the name "cmfctl WORDS". */
static int command_run(struct ctl *ctl, size_t i, int words, int argc, char **argv)
{
	char name[48];

	snprintf(name, sizeof(name), "cmfctl %s%s%s", commands[i].name, words > 1 ? " " : "",
		 words > 1 ? commands[i].verb : "");
	argc -= words - 1;
	argv += words - 1;
	argv[0] = name;
	return commands[i].list ? ctl_list_run(ctl, commands[i].list, argc, argv)
				: commands[i].run(ctl, argc, argv);
}

/* argv[0] is the first word of the command. */
static int command_find(struct ctl *ctl, int argc, char **argv)
{
	bool help;

	if (!command_exists(argv[0])) {
		ctl_error("there is no command '%s'; see cmfctl --help", argv[0]);
		return CTL_USAGE;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		int words = command_words(i, argc, argv);

		if (words > 0)
			return command_run(ctl, i, words, argc, argv);
	}
	help = argc > 1 && strcmp(argv[1], "--help") == 0;
	fprintf(help ? stdout : stderr, "Usage: cmfctl [OPTION...] %s VERB ...\n", argv[0]);
	commands_print(help ? stdout : stderr, argv[0]);
	return help ? CTL_OK : CTL_USAGE;
}

/* --- completion --- */

/* The word of a command at a place, with its length; NULL: it has none there. */
static const char *command_word(size_t i, int at, size_t *lenp)
{
	const char *word = at == 0 ? commands[i].name : commands[i].verb;
	const char *space = at > 0 && word ? strchr(word, ' ') : NULL;

	if (at == 2)
		word = space ? space + 1 : NULL;
	*lenp = at == 1 && space ? (size_t)(space - word) : word ? strlen(word) : 0;
	return at <= 2 ? word : NULL;
}

/* Whether the words before the one that is typed are the command's, and so what comes next. */
static bool command_begins(size_t i, int argc, char **argv, char *next, size_t size)
{
	const char *word;
	size_t len;

	for (int at = 0; at < argc - 1; at++) {
		word = command_word(i, at, &len);
		if (!word || strlen(argv[at]) != len || strncmp(argv[at], word, len) != 0)
			return false;
	}
	word = command_word(i, argc - 1, &len);
	if (word)
		snprintf(next, size, "%.*s", (int)len, word);
	return word != NULL;
}

/* The words that commands go on with; several may do so with the same, one behind the other. */
static void commands_complete(int argc, char **argv)
{
	char next[24], before[24] = "";
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!command_begins(i, argc, argv, next, sizeof(next)) || !strcmp(next, before))
			continue;
		strcpy(before, next);
		complete_candidate(next, command_word(i, argc, &len) ? NULL : commands[i].help,
				   argv[argc - 1]);
	}
}

/* Tells what may follow the words behind `cmfctl`, the last of which is being typed. */
static int program_complete(const struct argp *argp, struct ctl *ctl, int argc, char **argv)
{
	int at = argc > 0 ? complete_options_before(argp, argc, argv) : -1;
	const struct vnfm_options none = {0};
	bool vnfm = false;

	for (int i = 0; i < at; i++)
		vnfm |= strncmp(argv[i], "--server", strlen("--server")) == 0;
	if (at < 0)
		return CTL_OK;
	/* It would be shown in the middle of the line that is typed. */
	if (!freopen("/dev/null", "w", stderr))
		return CTL_OK;
	ctl->completing = true;
	ctl->names = complete_names;
	complete_common(ctl, argc, argv);
	argc -= at;
	argv += at;
	if (vnfm && argc > 1)
		return vnfm_run(&none, ctl, argc, argv);
	for (size_t i = 0; i < ARRAY_LEN(commands) && !vnfm; i++) {
		int words = command_words(i, argc - 1, argv);

		if (words > 0)
			return command_run(ctl, i, words, argc, argv);
	}
	if (vnfm)
		vnfm_complete(argv[0]);
	else
		commands_complete(argc, argv);
	return CTL_OK;
}

/* --- options before the command --- */

enum {
	OPT_SERVER = 0x2000,
	OPT_TLS_TRUSTED,
	OPT_CERT,
	OPT_KEY,
	OPT_PASSPHRASE_FILE,
	OPT_TOKEN_FILE,
};

static error_t vnfm_options_parse(int key, char *arg, struct argp_state *state)
{
	struct vnfm_options *nfv = state->input;

	switch (key) {
	case OPT_SERVER:
		nfv->server = arg;
		return 0;
	case OPT_TLS_TRUSTED:
		nfv->tls_trusted = arg;
		return 0;
	case OPT_CERT:
		nfv->cert = arg;
		return 0;
	case OPT_KEY:
		nfv->key = arg;
		return 0;
	case OPT_PASSPHRASE_FILE:
		nfv->passphrase_file = arg;
		return 0;
	case OPT_TOKEN_FILE:
		nfv->token_file = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option vnfm_options[] = {
	{NULL, 0, NULL, 0,
	 "As a VNF Manager, over the JSON interface (register, request, renew, revoke, list, "
	 "watch):",
	 1},
	{"server", OPT_SERVER, "URL", 0, "The CMF, as https://cmf.example:8443", 1},
	{"tls-trusted", OPT_TLS_TRUSTED, "FILE", 0, "Trust anchors of its TLS, PEM", 1},
	{"cert", OPT_CERT, "FILE", 0, "Who asks: certificate and chain, PEM", 1},
	{"key", OPT_KEY, "FILE", 0, "Its private key, PEM", 1},
	{"passphrase-file", OPT_PASSPHRASE_FILE, "FILE", 0, "With the passphrase of the key", 1},
	{"token-file", OPT_TOKEN_FILE, "FILE", 0, "Or an access token (OAuth 2.0)", 1},
	{0},
};

static const struct argp vnfm_argp = {.options = vnfm_options, .parser = vnfm_options_parse};

struct program {
	struct ctl *ctl;
	struct vnfm_options nfv;
	int command; /* index of the first word in argv; 0: none */
};

static error_t program_parse(int key, char *arg, struct argp_state *state)
{
	struct program *program = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = program->ctl;
		state->child_inputs[1] = &program->nfv;
		return 0;
	case ARGP_KEY_ARG: /* the command: what follows is its own */
		program->command = state->next - 1;
		state->next = state->argc;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The list of commands stands in --help behind the options. */
static char *program_help(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t size;
	FILE *out;

	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&list, &size);
	if (!out)
		return (char *)text;
	fputs("Commands (each has --help):\n", out);
	commands_print(out, NULL);
	fputs("\nExit codes: 0 done, 1 refused, 2 wrong usage, 3 the CMF cannot be reached,\n"
	      "4 a fault (file, disk, memory, or of the CMF).",
	      out);
	fclose(out);
	return list;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{&ctl_common_argp, 0, NULL, 0}, {&vnfm_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.parser = program_parse,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = "Operates a Certificate Management Function (cmfd).\v ",
		.children = children,
		.help_filter = program_help,
	};
	struct ctl ctl = {.config = CONF_SYSTEM_PATH};
	struct program program = {.ctl = &ctl};
	int status;

	if (argc > 1 && strcmp(argv[1], "--complete") == 0)
		return program_complete(&argp, &ctl, argc - 2, argv + 2);
	secrecy_begin();
	setlocale(LC_ALL, "");
	log_setup(STDERR_FILENO, LOG_FORMAT_LOGFMT, LOG_LEVEL_WARNING);
	argp_err_exit_status = CTL_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &program);
	if (!program.command) {
		ctl_error("which command? See cmfctl --help");
		return CTL_USAGE;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		ctl_error("libcurl cannot be used");
		return CTL_FAULT;
	}
	argc -= program.command;
	argv += program.command;
	status = program.nfv.server ? vnfm_run(&program.nfv, &ctl, argc, argv)
				    : command_find(&ctl, argc, argv);
	ctl_close(&ctl);
	curl_global_cleanup();
	if (fflush(stdout) || ferror(stdout)) {
		ctl_error("cannot write the output");
		return CTL_FAULT;
	}
	return status;
}
