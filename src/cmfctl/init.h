// SPDX-License-Identifier: Apache-2.0
/*
 * What the parts of `cmfctl init` share. init.c has the options and the order; init_url.c settles
 * where clients reach the CMF; init_conf.c writes cmf.cnf; init_make.c keys, certificates and the
 * store; init_system.c user, folders and rights of a service; init_report.c says what was made.
 */
#pragma once

#include "ctl.h"
#include "init_pki.h"

/* The folders of a service, as of conf/cmfd.service.in and cmfd.tmpfiles.in. */
#define INIT_SYSTEM_CONF  "/etc/cmfd"
#define INIT_SYSTEM_STATE "/var/lib/cmfd"
#define INIT_SYSTEM_RUN   "/run/cmfd"
#define INIT_SYSTEM_USER  "cmfd"

/* What is wanted of a certificate. */
struct init_wanted {
	const char *name;
	const char *key_type;
	uint64_t days;
};

struct init_args {
	char *dir;
	bool system;
	const char *listen;
	const char *listen_metrics; /* NULL: nowhere */
	const char *public_url;     /* NULL: not said */
	struct init_wanted root, issuing, protection;
	/* A CA that is there already, in place of root and issuing; NULL: none. */
	const char *ca_cert;
	const char *ca_chain;
	const char *ca_key;
	const char *ca_passphrase_file;
};

/* Certificates of a path, the root among them: nobody has as many. */
enum { INIT_PATH_MAX = 10 };

/* A run of it: what was asked for, and what came of it. */
struct init {
	const struct init_args *args;
	char *public_url; /* without '/' at its end */
	/* Of a CA that is there already: its certificate, then those above it, the root last. */
	X509 *existing[INIT_PATH_MAX];
	size_t n_existing;
	struct init_credential root; /* without key where it is there already */
	struct init_credential issuing;
	struct init_credential protection;
	uid_t uid; /* who the files of a service belong to */
	gid_t gid;
};

/* The root that clients trust, below the directory, and its key, where it is made. */
#define INIT_ROOT     "ca/root.pem"
#define INIT_ROOT_KEY "ca/root.key"

/* All return an exit code, with the reason printed. */

/* Sets public_url: as given, else from the address that is listened on, else asks the terminal. */
_must_check_ int init_url_settle(const struct ctl *ctl, struct init *init);

/* Makes root, issuing CA and the CMF's own credential in memory, or takes the CA that there is. */
_must_check_ int init_pki_make(struct init *init);

/* Writes `stage`/cmf.cnf; *pathp is its name, which the caller frees. */
_must_check_ int init_conf_write(const char *stage, const struct init *init, char **pathp);

/* Fills the directory: a stage_fill, `arg` is the struct init. */
_must_check_ int init_fill(const char *stage, void *arg);

/* Makes sure of the user, and that there is no database of before. */
_must_check_ int init_system_begin(struct init *init);
/* Makes the folders beside the one of the configuration. */
_must_check_ int init_system_folders(const struct init *init);
/* Gives the files to the user of the service, and lets its group read what is no secret. */
_must_check_ int init_system_give(const struct init *init, const char *stage, const char *database);

/* Says what was made, and what to do now. */
void init_report(const struct ctl *ctl, const struct init *init);
