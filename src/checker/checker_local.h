// SPDX-License-Identifier: Apache-2.0
/* What the files of check/ share. */
#pragma once

#include "checker.h"

/* settings.c */
void check_settings(const struct conf *conf, struct check_findings *findings);
