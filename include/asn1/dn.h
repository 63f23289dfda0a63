// SPDX-License-Identifier: Apache-2.0
/*
 * Distinguished names as people write them: in cmf.cnf, in the rows of clients and on command lines
 * of cmfctl and cmfbench. Names in messages and certificates are for asn1/name.h.
 */
#pragma once

#include "base/cleanup.h"
#include "base/strbuf.h"

#include <openssl/x509.h>

/*
 * Reads "/C=DE/O=Example/CN=name". Each '/' begins a relative name. A '+' with "TYPE=" behind it
 * adds an attribute to the relative name before it; any other '+' is part of the value. A backslash
 * takes the next character of a value as it is. Types are those that OpenSSL knows, and OIDs; no
 * value is empty.
 *
 * The name is ready to be compared by several threads at once. The caller owns it.
 * 0, -ENOMEM, or -EINVAL with the reason and what to do appended to `why` (which may be NULL).
 */
_must_check_ int dn_parse(const char *text, X509_NAME **namep, struct strbuf *why);

enum { DN_HASH_LEN = 4 };
/* Equal names (RFC 5280 7.1) have the same one, and few others have: to look for a name. */
void dn_hash(const X509_NAME *name, uint8_t hash[DN_HASH_LEN]);
