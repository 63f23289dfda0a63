// SPDX-License-Identifier: Apache-2.0
/*
 * The header of a message: what can be said of it before it is known who sent it (header.c), and
 * the original message that an RA may have put there (original.c).
 */
#pragma once

#include "request.h"

/* Everything about the header that can be known without store and keys. RFC 9483 3.5. */
_must_check_ int cmp_header_check(struct cmp_request *rq);
/* RFC 9483 6.1: whether the operation label of the URL, if any, fits the body that opened. */
_must_check_ int cmp_operation_label_check(struct cmp_request *rq, int body_type);
/* original.c: origPKIMessage in the header, from an RA. */
_must_check_ int cmp_original_check(struct cmp_request *rq);
/* Adds the line of audit to the unit. */
_must_check_ int cmp_original_audit(struct cmp_request *rq);
