// SPDX-License-Identifier: Apache-2.0
/*
 * The extension sections of profiles, in the syntax of x509v3_config(5), compiled to DER.
 */
#pragma once

#include "conf.h"
#include "source.h"

/*
 * Fills in the extensions of `profile` from `section`. Problems are collected; returns 0 also then,
 * or -ENOMEM.
 */
_must_check_ int conf_extensions_compile(const struct conf_source *source,
					 const struct conf_source_section *section,
					 struct conf_problems *problems,
					 struct conf_profile *profile);
void conf_extensions_clear(struct conf_profile *profile);
/* Prints them as an extension section: DER in hex, which needs no other section. */
void conf_extensions_print(const struct conf_profile *profile, FILE *out);
/* Whether what was compiled makes a CA certificate. */
bool conf_extensions_make_ca(const struct conf_profile *profile);
