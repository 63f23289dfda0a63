// SPDX-License-Identifier: Apache-2.0
/* Moving many registrations to another CA, profile or manager. Private to cmfctl/. */
#pragma once

#include "ctl.h"

struct ctl_move {
	/* which; NULL: all */
	const char *subject_id, *cert_type, *vnf_instance, *trust_domain;
	const char *from_ca, *from_profile, *from_manager;
	/* to what; NULL: it stays */
	const char *ca, *profile, *manager;
	bool dry_run;
};

/* Page by page; prints how many, and each that is refused. CTL_REFUSED if one was. */
_must_check_ int ctl_registrations_move(struct ctl *ctl, const struct ctl_move *move);
