// SPDX-License-Identifier: Apache-2.0
/* The credential of a client as options of a command: client add, client credential add. */
#pragma once

#include "ctl.h"

struct ctl_credential {
	const char *cert;
	const char *trust_anchor;
	const char *subject;
	bool mac;
	const char *reference;
	const char *reference_hex;
	const char *secret_file;
	const char *oauth2_client;
	const char *not_before;
	const char *not_after;
	char *made_secret; /* ctl_credential_json() made one, which is printed once; owned */
};

/* Keys of the options, away from those of the command. */
enum { CTL_CREDENTIAL_OPTIONS = 0x200 };
extern const struct argp ctl_credential_argp; /* input struct ctl_credential */

/* Exactly one credential, as the command line must have; else ends the program. */
void ctl_credential_check(struct argp_state *state, const struct ctl_credential *credential);

/* Adds its members to the body of a request. CTL_OK or the exit code. */
_must_check_ int ctl_credential_json(struct ctl_credential *credential, json_t *body);

/*
 * Prints what was added, in words or as JSON, with the secret if it was made up: it is kept nowhere
 * in the clear. `credential` is the CMF's, part of `reply` or the same.
 */
void ctl_credential_report(const struct ctl *ctl, const struct ctl_credential *credential,
			   const char *what, json_t *reply, const json_t *added);
void ctl_credential_clear(struct ctl_credential *credential);
