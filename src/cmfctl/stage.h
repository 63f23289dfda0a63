// SPDX-License-Identifier: Apache-2.0
/*
 * Directories that a command makes: as a whole or not at all. Private to cmfctl/.
 */
#pragma once

#include "base/cleanup.h"
#include "ctl.h"

#include <stdbool.h>

/* Makes what is to be in the directory `stage`; CTL_OK or another exit code, said. */
typedef int stage_fill(const char *stage, void *arg);

/*
 * What a command begins with that makes `dir` by the configuration: slashes at its end go, it is
 * free, and what is made is the owner's alone. An exit code, said.
 */
_must_check_ int stage_begin(const struct ctl *ctl, const char *command, char *dir,
			     struct conf **confp);
/* Whether the directory is absent or empty: nothing else is replaced. */
bool stage_dir_is_free(const char *dir);
/*
 * As root: the directory and the files in it get the owner of the file `like`, the directory the
 * rights of the one that this is in, so that a service
 * reads them as it has read that one; but for the file `except` (NULL: for none), which is not for
 * it. An exit code.
 */
_must_check_ int stage_owner_keep(const char *stage, const char *like, const char *except);
/* Makes the directory with what `fill` puts in. An exit code. */
_must_check_ int stage_dir_make(const char *dir, stage_fill *fill, void *arg);
