// SPDX-License-Identifier: Apache-2.0
/* What tests of granted requests share: one house, enrolment in it, and what the store then holds.
 */
#pragma once

#include "ask.h"

/* vnfm-a manages vnfci-a, the MAC client vnfci-mac; a client may have 20 open transactions. */
extern struct house granted_house;
/* Checked fixture of a test case. */
void granted_setup(void);
/* The same without a limit of open transactions, for tests that leave many. */
void granted_setup_open(void);
void granted_teardown(void);

struct granted_found {
	struct bytes der;
	int state; /* -1: not in the store */
	int n;     /* certificates in all */
};
struct granted_found granted_find(struct bytes der);
int granted_state(struct bytes der);

/* Sends a request for vnfci-a and expects a certificate. */
void granted_enrol(struct ask *a, int type, const struct house_credential *who, struct told *told);
/* Sends certConf with that status; expects that type of body and failInfo (-1: none). */
void granted_certconf(struct ask *before, struct told *ip, int status, int body, int failinfo);
/* Sends; expects; frees. */
void granted_expect(struct ask *a, int body, int failinfo);
void granted_done(struct ask *a, struct told *told);
