// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl init: a directory with all that cmfd needs to start, or with --system a service of this
 * machine. An init that was interrupted leaves nothing half-done behind. What is made is the other
 * init_*.c's; here are the options, and the order.
 */
#include "init.h"

#include "stage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OPT_SYSTEM = 0x100,
	OPT_LISTEN,
	OPT_LISTEN_METRICS,
	OPT_PUBLIC_URL,
	OPT_CA_CERT,
	OPT_CA_CHAIN,
	OPT_CA_KEY,
	OPT_CA_PASSPHRASE_FILE,
	/* Of each certificate that is made, in the order of wanted_of(). */
	OPT_NAME = 0x200,
	OPT_KEY = 0x210,
	OPT_DAYS = 0x220,
};

/* The CMF serves demos on this machine, and services for others. */
static const char listen_initial[] = "127.0.0.1:8080";
static const char listen_system[] = "0.0.0.0:8080";

/* Lives of the certificates, in days: root, issuing CA, CMF. */
enum { ROOT_DAYS = 7300, ISSUING_DAYS = 3650, PROTECTION_DAYS = 1095, DAYS_MAX = 36500 };

enum { WANTED_ROOT, WANTED_ISSUING, WANTED_PROTECTION, WANTED_COUNT };

static struct init_wanted *wanted_of(struct init_args *args, int i)
{
	struct init_wanted *const wanted[] = {&args->root, &args->issuing, &args->protection};

	return wanted[i];
}

static const struct argp_option init_options[] = {
	{"dir", 'd', "DIR", 0, "Directory to make; it must not exist, or be empty", 1},
	{"system", OPT_SYSTEM, NULL, 0,
	 "As root, a service of this machine instead: /etc/cmfd, /var/lib/cmfd, /run/cmfd, user "
	 "and group cmfd",
	 1},
	{"listen", OPT_LISTEN, "ADDR:PORT", 0,
	 "Where the CMF serves (127.0.0.1:8080, with --system 0.0.0.0:8080)", 2},
	{"public-url", OPT_PUBLIC_URL, "URL", 0,
	 "Where clients reach that, for the URLs of CRL and CA in certificates: "
	 "http://cmf.example.net:8080 (http://ADDR:PORT, where they can connect to that)",
	 2},
	{"listen-metrics", OPT_LISTEN_METRICS, "ADDR:PORT", 0,
	 "Where it serves metrics and health (nowhere)", 2},
	{"protection-name", OPT_NAME + WANTED_PROTECTION, "NAME", 0,
	 "Name of the CMF: a common name, or a DN as /O=Example/CN=cmf (cmf)", 3},
	{"name", 0, NULL, OPTION_ALIAS, NULL, 3},
	{"protection-key", OPT_KEY + WANTED_PROTECTION, "TYPE", 0,
	 "Its key: ec:P-256, ec:P-384, ec:P-521, rsa:3072, ed25519 ... (ec:P-256)", 3},
	{"protection-days", OPT_DAYS + WANTED_PROTECTION, "N", 0, "Life of its certificate (1095)",
	 3},
	{"root-name", OPT_NAME + WANTED_ROOT, "NAME", 0, "Name of the root (CMF Root CA)", 4},
	{"root-key", OPT_KEY + WANTED_ROOT, "TYPE", 0, "Its key (ec:P-256)", 4},
	{"root-days", OPT_DAYS + WANTED_ROOT, "N", 0, "Life of its certificate (7300)", 4},
	{"issuing-name", OPT_NAME + WANTED_ISSUING, "NAME", 0,
	 "Name of the CA that issues (CMF Issuing CA)", 5},
	{"issuing-key", OPT_KEY + WANTED_ISSUING, "TYPE", 0, "Its key (ec:P-256)", 5},
	{"issuing-days", OPT_DAYS + WANTED_ISSUING, "N", 0, "Life of its certificate (3650)", 5},
	{NULL, 0, NULL, 0, "A CA that is there already, instead of a new root and issuing CA:", 6},
	{"ca-cert", OPT_CA_CERT, "FILE", 0, "Its certificate, PEM; those above it may follow", 6},
	{"ca-chain", OPT_CA_CHAIN, "FILE", 0, "Certificates above it, the root last", 6},
	{"ca-key", OPT_CA_KEY, "FILE", 0,
	 "Its private key: a file, which is copied, or a URI for OpenSSL's STORE, as pkcs11:...",
	 6},
	{"ca-passphrase-file", OPT_CA_PASSPHRASE_FILE, "FILE", 0,
	 "With the passphrase or PIN of that key; it is copied, too", 6},
	{0},
};

static error_t wanted_parse(int key, char *arg, struct argp_state *state)
{
	struct init_args *args = state->input;

	if (key >= OPT_NAME && key < OPT_NAME + WANTED_COUNT) {
		wanted_of(args, key - OPT_NAME)->name = arg;
		return 0;
	}
	if (key >= OPT_KEY && key < OPT_KEY + WANTED_COUNT) {
		wanted_of(args, key - OPT_KEY)->key_type = arg;
		return 0;
	}
	if (key < OPT_DAYS || key >= OPT_DAYS + WANTED_COUNT)
		return ARGP_ERR_UNKNOWN;
	if (ctl_number_parse(arg, DAYS_MAX, &wanted_of(args, key - OPT_DAYS)->days) ||
	    wanted_of(args, key - OPT_DAYS)->days == 0)
		argp_error(state, "a life is a number of days from 1 to %d", DAYS_MAX);
	return 0;
}

static error_t ca_parse(int key, char *arg, struct argp_state *state)
{
	struct init_args *args = state->input;

	switch (key) {
	case OPT_CA_CERT:
		args->ca_cert = arg;
		return 0;
	case OPT_CA_CHAIN:
		args->ca_chain = arg;
		return 0;
	case OPT_CA_KEY:
		args->ca_key = arg;
		return 0;
	case OPT_CA_PASSPHRASE_FILE:
		args->ca_passphrase_file = arg;
		return 0;
	default:
		return wanted_parse(key, arg, state);
	}
}

/* What was not said, and what does not go together. */
static void args_settle(struct init_args *args, struct argp_state *state)
{
	static const struct init_wanted initial[] = {
		{"CMF Root CA", "ec:P-256", ROOT_DAYS},
		{"CMF Issuing CA", "ec:P-256", ISSUING_DAYS},
		{"cmf", "ec:P-256", PROTECTION_DAYS},
	};

	if (args->system == (args->dir && *args->dir))
		argp_error(state, "either --dir or --system is required");
	if (!args->ca_cert != !args->ca_key)
		argp_error(state, "--ca-cert and --ca-key go together");
	if (!args->ca_cert && (args->ca_chain || args->ca_passphrase_file))
		argp_error(state, "--ca-chain and --ca-passphrase-file are for --ca-cert");
	for (int i = 0; i < WANTED_COUNT; i++) {
		struct init_wanted *wanted = wanted_of(args, i);

		if (args->ca_cert && i != WANTED_PROTECTION &&
		    (wanted->name || wanted->key_type || wanted->days))
			argp_error(state, "with --ca-cert there is no root and no issuing CA to "
					  "make: leave out their names, keys and days");
		wanted->name = wanted->name ? wanted->name : initial[i].name;
		wanted->key_type = wanted->key_type ? wanted->key_type : initial[i].key_type;
		wanted->days = wanted->days ? wanted->days : initial[i].days;
	}
	if (!args->listen)
		args->listen = args->system ? listen_system : listen_initial;
}

static error_t init_parse(int key, char *arg, struct argp_state *state)
{
	struct init_args *args = state->input;

	switch (key) {
	case 'd':
		args->dir = arg;
		return 0;
	case OPT_SYSTEM:
		args->system = true;
		return 0;
	case OPT_LISTEN:
		args->listen = arg;
		return 0;
	case OPT_LISTEN_METRICS:
		args->listen_metrics = arg;
		return 0;
	case OPT_PUBLIC_URL:
		args->public_url = arg;
		return 0;
	case ARGP_KEY_END:
		args_settle(args, state);
		return 0;
	default:
		return ca_parse(key, arg, state);
	}
}

/* --- the run --- */

static void init_clear(struct init *init)
{
	free(init->public_url);
	for (size_t i = 0; i < init->n_existing; i++)
		X509_free(init->existing[i]);
	init_credential_clear(&init->root);
	init_credential_clear(&init->issuing);
	init_credential_clear(&init->protection);
}

static int init_run(const struct ctl *ctl, struct init *init)
{
	const struct init_args *args = init->args;
	int status;

	if (args->system && geteuid() != 0) {
		ctl_error("init --system makes a user and folders of the system: run it as root");
		return CTL_REFUSED;
	}
	if (!stage_dir_is_free(args->dir)) {
		ctl_error("%s is not empty, and init overwrites nothing", args->dir);
		return CTL_REFUSED;
	}
	status = init_url_settle(ctl, init);
	if (!status && args->system)
		status = init_system_begin(init);
	umask(077);
	if (!status)
		status = init_pki_make(init);
	if (!status)
		status = stage_dir_make(args->dir, init_fill, init);
	if (!status)
		init_report(ctl, init);
	return status;
}

int ctl_init(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.options = init_options,
		.parser = init_parse,
		.doc = "Makes a directory with configuration, SQLite database, keys, a CA (root "
		       "and issuing CA) and the CMF's own certificate, or with --system a service. "
		       "Overwrites nothing.\v"
		       "The key of the root (ca/root.key) is not used by cmfd: keep it elsewhere."};
	char system_dir[] = INIT_SYSTEM_CONF;
	struct init_args args = {0};
	struct init init = {.args = &args};
	size_t len;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	if (args.system)
		args.dir = system_dir;
	for (len = strlen(args.dir); len > 1 && args.dir[len - 1] == '/';)
		args.dir[--len] = '\0';
	status = init_run(ctl, &init);
	init_clear(&init);
	return status;
}
