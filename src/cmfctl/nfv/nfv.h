// SPDX-License-Identifier: Apache-2.0
/*
 * `cmfctl --server URL COMMAND`: the commands of a VNF Manager, over the JSON interface of a CMF on
 * any machine (docs/json-api.md). Private to cmfctl/nfv/, but for vnfm_run().
 */
#pragma once

#include "ctl.h"

/* Where the interface is and who asks: the options before the command. NULL: not given. */
struct vnfm_options {
	const char *server; /* URL up to but without /cmf-certmgmt */
	const char *tls_trusted;
	const char *cert;
	const char *key;
	const char *passphrase_file;
	const char *token_file;
};

/* The command argv[0] of the options' server. An exit code. */
int vnfm_run(const struct vnfm_options *options, struct ctl *ctl, int argc, char **argv);
/* Prints the commands that begin with the word, as complete.h has it. */
void vnfm_complete(const char *word);

/* --- connection.c --- */

struct vnfm_server {
	struct ctl *ctl;
	const struct vnfm_options *options;
	char *origin; /* "https://host:port" */
	char *base;   /* origin, prefix and "/cmf-certmgmt/v1" */
	char *token;
	char *passphrase;
	void *curl;
};

_must_check_ int vnfm_server_open(const struct vnfm_options *options, struct ctl *ctl,
				  struct vnfm_server *server);
void vnfm_server_close(struct vnfm_server *server);

struct vnfm_answer {
	long status;
	json_t *json;     /* NULL: it has none */
	char *location;   /* URI; NULL: none */
	char *next;       /* of Link with rel="next"; NULL: none */
	long retry_after; /* seconds; 0: not said */
};
void vnfm_answer_clear(struct vnfm_answer *answer);

/*
 * Asks until there is an answer: all that a VNF Manager may ask is safe to repeat. `uri` is a path
 * below the base, as "/registrations"; `body` is borrowed, NULL: none. CTL_OK with an answer of
 * 2xx; else the reason is printed and the exit code returned.
 */
_must_check_ int vnfm_call(struct vnfm_server *server, const char *method, const char *uri,
			   const json_t *body, struct vnfm_answer *answer);

/* GET of what the server gave as Location or Link. */
_must_check_ int vnfm_follow(struct vnfm_server *server, const char *uri,
			     struct vnfm_answer *answer);

/* All rows of a list, page by page. `*rowsp` is an array that the caller owns. */
_must_check_ int vnfm_rows(struct vnfm_server *server, const char *uri, json_t **rowsp);

/* Waits as long as Retry-After says, within reason. */
void vnfm_wait(long seconds);

/* A member of an object as text, "" if it is none. */
const char *vnfm_text(const json_t *object, const char *member);
/* --- certificate.c --- */

/* What is asked for, and where key and certificate go. NULL: none. */
struct vnfm_wanted {
	const char *cert_type; /* VNFCI_CERT ... */
	const char *subject_id;
	const char *vnf_instance;
	const char *profile;
	const char *replaces; /* a certificate's id */
	const char *key_file; /* made if it is missing */
	const char *out_file; /* PEM, with the chain */
};
/*
 * Gets one certificate, waiting for it if need be. What was sent is kept in OUT.csr until the
 * certificate is there, so that the same is asked again after an interruption. *rowp is the
 * caller's.
 */
_must_check_ int vnfm_certificate_get(struct vnfm_server *server, const struct vnfm_wanted *wanted,
				      json_t **rowp);

/* --- commands --- */

typedef int vnfm_command(struct vnfm_server *server, int argc, char **argv);

vnfm_command vnfm_register, vnfm_request, vnfm_renew, vnfm_revoke, vnfm_list, vnfm_watch;
