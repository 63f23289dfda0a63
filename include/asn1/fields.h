// SPDX-License-Identifier: Apache-2.0
/*
 * Octets beside the ASN.1 type that they should be of: where they are no value of the type in DER,
 * and, for people, which field lies at an offset. It goes by OpenSSL's templates, and decodes and
 * allocates nothing. message/decode.c asks it whether octets are a body, and message/problem.c
 * why they are no message, so that both say the same.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/asn1.h>

/* Octets of a path of fields ("header.generalInfo[2].infoValue") and of a rule, with the NUL. */
enum { FIELDS_PATH_MAX = 200, FIELDS_RULE_MAX = 160 };

struct fields_place {
	size_t offset;
	char path[FIELDS_PATH_MAX]; /* of the fields, from the outermost; empty: the whole */
	char rule[FIELDS_RULE_MAX]; /* of a mismatch: what should be there, and what is */
};

/*
 * The field at `offset` of octets that may be cut off or broken there: as far as they can be
 * followed. place->offset and place->rule are left alone.
 */
void fields_locate(struct bytes in, const ASN1_ITEM *type, size_t offset,
		   struct fields_place *place);

/*
 * The first place where DER is no value of the type: a field that is missing, of another type or
 * too many, or one that DER encodes in another way, which only the type shows (X.690 10.2, 11):
 * what an IMPLICIT tag hides from der_check(), and a BOOLEAN with its DEFAULT value. False: there
 * is none, and OpenSSL, if it decodes the octets, would encode the same ones. `in` has passed
 * der_check(), which is all that is asked of what a template keeps as it came (Name, ANY,
 * CertRequest and CertificationRequestInfo, unless that is `type`).
 */
bool fields_mismatch(struct bytes in, const ASN1_ITEM *type, struct fields_place *place);

/*
 * The first list (SEQUENCE OF, SET OF) without elements. Where nothing else is wrong with a value
 * it is one that has SIZE (1..MAX). False: there is none.
 */
bool fields_empty_list(struct bytes in, const ASN1_ITEM *type, struct fields_place *place);
