// SPDX-License-Identifier: Apache-2.0
/* What [retention] audit removes of the audit, and the anchors that it leaves. Private to cmf/. */
#pragma once

#include "cmf.h"

/* Removes at most a page of lines that are too old. *morep is set if there may be more. 0 or a
 * negative errno. */
_must_check_ int audit_purge(struct cmf_call *call, bool *morep);
