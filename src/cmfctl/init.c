// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl init: a directory with all that cmfd needs to start. The shipped conf/cmf.cnf names the
 * files; what is made follows it. An init that was interrupted leaves nothing
 * half-done behind.
 */
#include "ctl.h"
#include "init_pki.h"
#include "stage.h"

#include "conf.h"
#include "store.h"

#include <errno.h>
#include <openssl/conf.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_LISTEN = 0x100, OPT_LISTEN_METRICS, OPT_NAME };

/* Lives of the certificates, in days: root, issuing CA, CMF. */
enum { ROOT_DAYS = 7300, ISSUING_DAYS = 3650, CMF_DAYS = 1095 };

/* Octets of the key under which MAC secrets are stored: AES-256. */
enum { STORE_KEY_LEN = 32 };

/* conf/cmf.cnf, and what of it the options replace. */
extern const char init_conf_template[];
static const char template_listen[] = "127.0.0.1:8080";
static const char template_metrics[] = "# listen_metrics = 127.0.0.1:9180";

struct init_args {
	char *dir;
	const char *listen;
	const char *listen_metrics;
	const char *name;
};

/* --- configuration --- */

/* Appends `text` with every `from` replaced. */
static void replace_add(struct strbuf *out, const char *text, const char *from, const char *to)
{
	for (const char *hit; (hit = strstr(text, from)); text = hit + strlen(from)) {
		strbuf_add_n(out, text, (size_t)(hit - text));
		strbuf_add(out, to);
	}
	strbuf_add(out, text);
}

static int conf_write(const char *stage, const struct init_args *args, char **pathp)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL, whole = STRBUF_NULL;
	_cleanup_(strbuf_clear) struct strbuf metrics = STRBUF_NULL, path = STRBUF_NULL;
	int err;

	replace_add(&text, init_conf_template, template_listen, args->listen);
	strbuf_printf(&metrics, "listen_metrics = %s", args->listen_metrics);
	replace_add(&whole, text.text ? text.text : "", template_metrics,
		    args->listen_metrics ? metrics.text : template_metrics);
	strbuf_printf(&path, "%s/cmf.cnf", stage);
	if (text.failed || whole.failed || metrics.failed || path.failed)
		return ctl_file_error("cmf.cnf", -ENOMEM);
	err = file_write_durable(path.text, bytes_of_string(whole.text), 0600);
	if (err)
		return ctl_file_error(path.text, err);
	*pathp = strbuf_take(&path);
	return CTL_OK;
}

/*
 * The files that the configuration names. conf_load() wants them to exist: here they are read from
 * the text, and it judges the whole at the end.
 */
struct init_files {
	char *root;
	char *issuing;
	char *issuing_key;
	char *protection;
	char *protection_key;
	char *database;
	char *store_key;
};

static void init_files_clear(struct init_files *files)
{
	free(files->root);
	free(files->issuing);
	free(files->issuing_key);
	free(files->protection);
	free(files->protection_key);
	free(files->database);
	free(files->store_key);
}

static int file_find(const char *stage, const CONF *conf, const char *section, const char *key,
		     char **pathp)
{
	struct strbuf path = STRBUF_NULL;
	const char *name = NCONF_get_string(conf, section, key);

	if (!name)
		return ctl_openssl_error("conf/cmf.cnf as built in does not name all files");
	strbuf_printf(&path, "%s/%s", stage, name);
	*pathp = strbuf_take(&path);
	return *pathp ? CTL_OK : ctl_file_error(name, -ENOMEM);
}

static int files_find(const char *stage, const char *conf_path, struct init_files *files)
{
	const struct {
		const char *section;
		const char *key;
		char **pathp;
	} wanted[] = {
		{"ca issuing", "chain", &files->root},
		{"ca issuing", "certificate", &files->issuing},
		{"ca issuing", "key", &files->issuing_key},
		{"protection", "certificate", &files->protection},
		{"protection", "key", &files->protection_key},
		{"store", "database", &files->database},
		{"store", "secret_key", &files->store_key},
	};
	CONF *conf = NCONF_new(NULL);
	int status = CTL_OK;

	if (!conf || NCONF_load(conf, conf_path, NULL) <= 0)
		status = ctl_openssl_error("these options give no configuration");
	for (size_t i = 0; !status && i < ARRAY_LEN(wanted); i++)
		status = file_find(stage, conf, wanted[i].section, wanted[i].key, wanted[i].pathp);
	NCONF_free(conf);
	return status;
}

static int conf_judge(const char *path)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;

	if (!conf_load(path, &conf, &problems))
		return CTL_OK;
	ctl_error("these options give no configuration:\n%s", problems.text ? problems.text : "");
	return CTL_USAGE;
}

/* --- keys and certificates --- */

/* Makes the directory that a file is to be in. */
static int parent_make(const char *path)
{
	_cleanup_(freep) char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!slash)
		return ctl_file_error(path, -ENOMEM);
	*slash = '\0';
	if (mkdir(dir, 0700) && errno != EEXIST)
		return ctl_file_error(dir, errno);
	return CTL_OK;
}

static int credential_make(const struct init_request *request, const struct init_credential *issuer,
			   const char *cert_path, const char *key_path,
			   struct init_credential *credentialp)
{
	int status = parent_make(cert_path);

	if (!status)
		status = parent_make(key_path);
	if (!status)
		status = init_credential_new(request, issuer, credentialp);
	if (!status)
		status = init_credential_write(credentialp, cert_path, key_path);
	return status;
}

static int root_make(const struct init_files *files, struct init_credential *rootp)
{
	static const struct init_extension extensions[] = {
		{NID_basic_constraints, "critical,CA:TRUE,pathlen:1"},
		{NID_key_usage, "critical,keyCertSign,cRLSign"},
	};
	static const struct init_request request = {"CMF Root CA", ROOT_DAYS, extensions,
						    ARRAY_LEN(extensions)};
	/* The configuration names no key of the root: cmfd does not use it. */
	_cleanup_(freep) char *key_path = init_key_path(files->root);

	if (!key_path)
		return ctl_file_error(files->root, -ENOMEM);
	return credential_make(&request, NULL, files->root, key_path, rootp);
}

static int issuing_make(const struct init_files *files, const struct init_credential *root)
{
	static const struct init_extension extensions[] = {
		{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
		{NID_key_usage, "critical,keyCertSign,cRLSign"},
	};
	static const struct init_request request = {"CMF Issuing CA", ISSUING_DAYS, extensions,
						    ARRAY_LEN(extensions)};
	_cleanup_(init_credential_clear) struct init_credential issuing = {0};

	return credential_make(&request, root, files->issuing, files->issuing_key, &issuing);
}

/*
 * The CMF's own credential comes from the root, not from the issuing CA: that one has issued what
 * is in the store and nothing else. cmcCA and cmcRA: RFC 9483 1.5, the CMF speaks for CA and RA;
 * cmKGA: 4.1.6, it may generate keys.
 */
static int protection_make(const struct init_files *files, const char *name,
			   const struct init_credential *root)
{
	static const struct init_extension extensions[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature"},
		{NID_ext_key_usage, "cmcCA,cmcRA,cmKGA"},
	};
	const struct init_request request = {name, CMF_DAYS, extensions, ARRAY_LEN(extensions)};
	_cleanup_(init_credential_clear) struct init_credential cmf = {0};

	return credential_make(&request, root, files->protection, files->protection_key, &cmf);
}

static int pki_make(const struct init_files *files, const char *name)
{
	_cleanup_(init_credential_clear) struct init_credential root = {0};
	int status = root_make(files, &root);

	if (!status)
		status = issuing_make(files, &root);
	if (!status)
		status = protection_make(files, name, &root);
	return status;
}

/* --- store --- */

static int store_key_make(const char *path)
{
	uint8_t key[STORE_KEY_LEN];
	char hex[2 * STORE_KEY_LEN + 2];
	int err;

	if (RAND_priv_bytes(key, sizeof(key)) != 1)
		return ctl_openssl_error("no random octets");
	bytes_to_hex(BYTES_OF(key), hex);
	hex[sizeof(hex) - 2] = '\n';
	hex[sizeof(hex) - 1] = '\0';
	err = file_write_durable(path, bytes_of_string(hex), 0600);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(hex, sizeof(hex));
	return err ? ctl_file_error(path, err) : CTL_OK;
}

static int store_make(const struct init_files *files)
{
	const struct store_options options = {.database = files->database, .batch_max = 1};
	int err, status = parent_make(files->store_key);

	if (!status)
		status = store_key_make(files->store_key);
	if (!status)
		status = parent_make(files->database);
	if (status)
		return status;
	err = store_create(&options);
	return err ? ctl_file_error(files->database, err) : CTL_OK;
}

/* --- the directory --- */

static int init_fill(const char *stage, void *arg)
{
	const struct init_args *args = arg;
	_cleanup_(freep) char *conf_path = NULL;
	_cleanup_(init_files_clear) struct init_files files = {0};
	int status = conf_write(stage, args, &conf_path);

	if (!status)
		status = files_find(stage, conf_path, &files);
	if (!status)
		status = pki_make(&files, args->name);
	if (!status)
		status = store_make(&files);
	return status ? status : conf_judge(conf_path);
}

static error_t init_parse(int key, char *arg, struct argp_state *state)
{
	struct init_args *args = state->input;

	switch (key) {
	case 'd':
		args->dir = arg;
		return 0;
	case OPT_LISTEN:
		args->listen = arg;
		return 0;
	case OPT_LISTEN_METRICS:
		args->listen_metrics = arg;
		return 0;
	case OPT_NAME:
		args->name = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->dir || !*args->dir)
			argp_error(state, "--dir is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_init(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"dir", 'd', "DIR", 0, "Directory to make; it must not exist, or be empty", 1},
		{"listen", OPT_LISTEN, "ADDR:PORT", 0, "Where the CMF serves (127.0.0.1:8080)", 1},
		{"listen-metrics", OPT_LISTEN_METRICS, "ADDR:PORT", 0,
		 "Where it serves metrics and health (nowhere)", 1},
		{"name", OPT_NAME, "CN", 0, "Common name of the CMF (cmf)", 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = init_parse,
		.doc = "Makes a directory with configuration, SQLite database, keys, a CA (root "
		       "and "
		       "issuing CA, P-256) and the CMF's own certificate. Overwrites nothing.\v"
		       "The key of the root (ca/root.key) is not used by cmfd: keep it elsewhere."};
	struct init_args args = {.listen = template_listen, .name = "cmf"};
	size_t len;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	for (len = strlen(args.dir); len > 1 && args.dir[len - 1] == '/';)
		args.dir[--len] = '\0';
	if (!stage_dir_is_free(args.dir)) {
		ctl_error("%s is not empty, and init overwrites nothing", args.dir);
		return CTL_REFUSED;
	}
	umask(077);
	status = stage_dir_make(args.dir, init_fill, &args);
	if (status)
		return status;
	if (ctl->json) {
		json_t *json = json_pack("{s:s++}", "config", args.dir, "/", "cmf.cnf");

		ctl_json_print(json);
		json_decref(json);
	} else {
		printf("initialised; start it with: cmfd --config %s/cmf.cnf\n", args.dir);
	}
	return CTL_OK;
}
