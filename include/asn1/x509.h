// SPDX-License-Identifier: Apache-2.0
/* The little that is wanted of certificates that libcrypto has read, and that it has not itself. */
#pragma once

#include "base/cleanup.h"

#include <openssl/x509.h>
#include <stdint.h>

/* Pushes a certificate with a reference of its own. 0 or -ENOMEM. */
_must_check_ int x509_push_ref(STACK_OF(X509) * certs, X509 *cert);
/* A name, that of the subject, RFC 2253. NULL: out of memory. The caller frees it. */
char *x509_name_text(const X509_NAME *name);
char *x509_subject_text(const X509 *cert);
/* In ms. -EOVERFLOW if that is no time. */
_must_check_ int asn1_time_ms(const ASN1_TIME *time, int64_t *msp);
