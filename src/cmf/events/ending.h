// SPDX-License-Identifier: Apache-2.0
/* A part of housekeeping. Private to src/cmf. */
#pragma once

#include "cmf.h"

/*
 * Tells of some of the certificates that will end in the times that [events] expiring names, and of
 * some that have ended, where anybody listens. Commits. *morep is set if there may be more. 0 or
 * negative errno.
 */
_must_check_ int endings_tell(const struct cmf_call *call, bool *morep);
