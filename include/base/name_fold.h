// SPDX-License-Identifier: Apache-2.0
/*
 * The form in which two names are compared where one must not pass for the other: without regard to
 * case, white space, and forms that are compatible, as full width (RFC 5280 7.1, RFC 4518 2: NFKC
 * and case folding), the dot behind a host name, and whether a label is written as in the DNS or in
 * its own letters (RFC 5890 2.3.2). The store keeps names in this form: who changes it writes a
 * migration.
 */
#pragma once

#include "base/bytes.h"

/* The caller frees *foldedp, which is "" of what has nothing to compare. 0 or -ENOMEM. */
_must_check_ int name_fold(struct bytes name, char **foldedp);
/* Whether they are the same in that form; false, too, where there is no memory to find out. */
bool names_equal(struct bytes a, struct bytes b);
/* Whether a folded name with one '*' in its first label covers the folded host name. RFC 6125 6.4.3
 */
bool name_covers(const char *pattern, const char *name);
