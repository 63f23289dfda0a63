// SPDX-License-Identifier: Apache-2.0
/*
 * Names octet by octet: whether a Name and each attribute in it are what X.680 and RFC 5280 A.1
 * allow by their types. OpenSSL's d2i looks at neither, and gives back what it read. Which names
 * somebody may have is not decided here.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/x509.h>

/* AttributeTypeAndValue, borrowed. */
struct name_attribute {
	struct bytes type;  /* content octets of the OID */
	int value_type;     /* V_ASN1_UTF8STRING, ... */
	struct bytes value; /* content octets */
};

/* The encoding, borrowed; empty: out of memory. */
struct bytes name_der(const X509_NAME *name);

struct name_attribute name_attribute_of(const X509_NAME_ENTRY *entry);
/*
 * What is wrong with the attribute, as words for a client; NULL: nothing. Where the same text is
 * right in another string type *betterp is that type, else V_ASN1_UNDEF.
 */
const char *name_attribute_fault(const struct name_attribute *attribute, int *betterp);
/* OpenSSL's short name of an OID (content octets), or its numbers. */
void oid_label(struct bytes type, char *label, size_t size);

/* What is wrong with a Name (a TLV), and with which attribute of it (empty: with none of them). */
struct name_fault {
	const char *words; /* NULL: nothing */
	struct bytes type;
};
struct name_fault name_fault_of(struct bytes name);
/*
 * Whether d2i_X509_NAME() decodes a Name (a TLV, in DER) for sure, so that it need not be tried: it
 * has values of the usual string types alone. false: it may do so, too.
 */
bool name_is_plain(struct bytes name);
/* Whether a Name (a TLV; empty: none) names somebody: the NULL-DN has no attributes. */
bool name_has_attributes(struct bytes name);
/* The value (content octets) of the first attribute of that type in a Name (a TLV); empty: there is
 * none. */
struct bytes name_attribute_find(struct bytes name, int nid);
/* X509_NAME does not show it, but writes it again. */
bool name_has_empty_rdn(struct bytes name);
/*
 * Whether two Names (TLV) differ for sure, however RFC 5280 7.1 compares their strings: in their
 * length, in the types of attributes, in texts of plain characters. Decodes nothing and allocates
 * nothing, so that it may be asked for anybody. false: they may still differ, as where a relative
 * name has several attributes, or a string is none of UTF-8, ASCII or printable characters.
 */
bool name_differs(struct bytes a, struct bytes b);
