// SPDX-License-Identifier: Apache-2.0
/* Names that one entity has under a CA: see held_names.c. */
#pragma once

#include "csr/csr.h"

/* That no other entity has one of d->names, which are decided. 0, REFUSED
 * (template_subject_not_allowed, template_san_not_allowed), negative errno. */
_must_check_ int held_names_check(struct decision *d);
/* That the entity has them from now on, as a condition of the unit behind the certificate. */
_must_check_ int held_names_take(const struct decision *d, int64_t certificate_id);
