// SPDX-License-Identifier: Apache-2.0
/*
 * Names that may follow on a command line: sections of the configuration, and clients, which the
 * running cmfd knows. Whoever may read neither, or has no cmfd, is offered none, and is told
 * nothing. Private to cmfctl/.
 */
#pragma once

#include "ctl.h"

/*
 * Of the argument of an option, `arg` being what its --help calls it; or of the first one of a
 * command ("cmfctl client show"), with `option` NULL.
 */
ctl_names complete_names;
