// SPDX-License-Identifier: Apache-2.0
/* audit verify --against: what was kept of the audit elsewhere, held against it. */
#pragma once

#include "ctl.h"

/*
 * Each line and head in a file ("-": standard input) or in a directory of heads is looked for, and
 * each head's MAC is judged. What is wrong goes to `findings` of the report, what a head's MAC
 * cannot prove is counted in `heads_unproven`. An exit code: whether all could be read.
 */
_must_check_ int audit_against(struct ctl *ctl, const char *path, json_t *report);
