// SPDX-License-Identifier: Apache-2.0
/*
 * What loading and checking share.
 */
#pragma once

#include "conf.h"
#include "keys.h"
#include "source.h"

struct conf_loader {
	struct conf *conf;
	struct conf_source source;
	struct conf_problems problems;
	bool names_only; /* the files that it names are not looked at */
};

/* What a [ca] or [profile] section says by itself; `section` is what the file gives. */
void conf_check_ca(struct conf_loader *l, const struct conf_source_section *section,
		   const struct conf_ca *ca);
void conf_check_profile(struct conf_loader *l, const struct conf_source_section *section,
			const struct conf_profile *profile);
void conf_check_vnfm(struct conf_loader *l, const struct conf_source_section *section,
		     const struct conf_vnfm *vnfm);
/* What sections say about each other. */
void conf_check_all(struct conf_loader *l);
void conf_check_trust_domains(struct conf_loader *l);
void conf_check_vnfms(struct conf_loader *l);
