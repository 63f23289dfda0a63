// SPDX-License-Identifier: Apache-2.0
/*
 * The credentials of the door: credential.c.
 */
#pragma once

#include "setup.h"

#include <openssl/x509.h>

/* credential.c: the DER of the certificates, but of self-signed ones behind the first. */
_must_check_ int cmp_certs_keep(const STACK_OF(X509) * from, struct octets **certsp, size_t *np);
/* credential.c: the credentials that answers are signed with, and that others encrypt for. */
_must_check_ int cmp_credential_load(struct cmp_door *door, struct strbuf *problems);
