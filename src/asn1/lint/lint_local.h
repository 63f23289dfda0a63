// SPDX-License-Identifier: Apache-2.0
/* What the lints of certificates and of CRLs share. Private to src/asn1. */
#pragma once

#include "asn1/certificate.h"
#include "asn1/der.h"

#include <openssl/asn1.h>

enum {
	LINT_SEQUENCE = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED,
	LINT_CONTEXT = 0x80,
	LINT_CONTEXT_CONSTRUCTED = 0xa0,
};

/* The next value, if it has that identifier octet. */
bool lint_next(struct bytes *in, uint8_t identifier, struct bytes *tlvp, struct bytes *contentp);
/* Whether the next value has that identifier octet. */
bool lint_is(struct bytes in, uint8_t identifier);

/* A time as YYYYMMDDhhmmss, to be compared as text. */
struct lint_time {
	char digits[14];
};
/* RFC 5280 4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050; NULL, or the rule. */
const char *lint_time(struct bytes *in, struct lint_time *timep);
bool lint_time_before(const struct lint_time *a, const struct lint_time *b);

/* The Name of an issuer or subject, a TLV; NULL, or the rule. */
const char *lint_name(struct bytes name);
bool lint_name_empty(struct bytes name);
/* GeneralNames, the value of an extension. */
const char *lint_general_names(struct bytes value);
/* AuthorityKeyIdentifier; in certificates and CRLs it has keyIdentifier. */
const char *lint_authority_key_id(struct bytes value);
/* A serialNumber that this CA may give: positive, 20 octets at most. */
bool lint_serial(struct bytes content);

/* What an extension must be; its value is one DER value already. */
struct lint_extension {
	int nid;
	enum { LINT_ANY, LINT_CRITICAL, LINT_NOT_CRITICAL } critical;
	const char *criticality; /* the rule */
	const char *(*value)(void *arg, const struct extension_view *extension);
};
/*
 * The Extensions in a SEQUENCE OF (its TLV) by a table; those that are not there have no rules but
 * those of all. NULL, or the rule.
 */
const char *lint_extensions(struct bytes list, const struct lint_extension *table, size_t n,
			    void *arg);
