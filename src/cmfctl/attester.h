// SPDX-License-Identifier: Apache-2.0
/* The attester of registrations as options of a command: register, registration update. */
#pragma once

#include "ctl.h"

#include "asn1/cmf_types.h"
#include "cmf/attester.h"

struct ctl_attester {
	/* Files, of which one is given at most. */
	const char *key;
	const char *certificate;
	const char *cas;
	const char *types[CMF_STATEMENT_TYPES_MAX];
	size_t n_types;
	const char *policy;
	/* DER of what is in the file, by ctl_attester_read(); owned */
	struct octets item[CMF_ATTESTER_CERTIFICATES_MAX];
	size_t n_items;
};

/* Keys of the options, away from those of the command. */
enum { CTL_ATTESTER_OPTIONS = 0x300 };
extern const struct argp ctl_attester_argp; /* input struct ctl_attester */

/* Whether the command line says anything of an attester. */
bool ctl_attester_given(const struct ctl_attester *attester);
/* What an attester must have that is named as a whole; else ends the program. */
void ctl_attester_check(struct argp_state *state, const struct ctl_attester *attester);
/* Reads the file. CTL_OK or the exit code. */
_must_check_ int ctl_attester_read(struct ctl_attester *attester);
/* For the operator's socket: what the command line says of it. NULL out of memory. */
json_t *ctl_attester_json(const struct ctl_attester *attester);
/* For the JSON interface of VNF Managers. */
json_t *ctl_attester_json_nfv(const struct ctl_attester *attester);
/* For RegisterRequest; NULL if a statement type is no OID, or out of memory. */
Attester *ctl_attester_wire(const struct ctl_attester *attester);
void ctl_attester_clear(struct ctl_attester *attester);
