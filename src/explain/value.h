// SPDX-License-Identifier: Apache-2.0
/*
 * Printing wire types field by field, in the names of the RFCs. Private to explain/.
 */
#pragma once

#include "asn1/pkimessage.h"
#include "base/bytes.h"

/* Where to print, and how deep in the structure we are. */
struct explain {
	BIO *out;
	int depth;
};

/* "name" on a line of its own; what follows is one deeper until explain_end(). */
void explain_begin(struct explain *e, const char *name);
void explain_end(struct explain *e);
/* "name: text". */
void explain_text(struct explain *e, const char *name, const char *text);
void explain_number(struct explain *e, const char *name, int64_t number);
/* "name: 12 octets: 0a0b..."; the middle of long ones is left out. NULL or empty: nothing. */
void explain_octets(struct explain *e, const char *name, struct bytes octets);
void explain_string(struct explain *e, const char *name, const ASN1_STRING *s);
/* NULL: nothing is printed; likewise below. */
void explain_integer(struct explain *e, const char *name, const ASN1_INTEGER *n);
/* serialNumber, whole and as `cmfctl certificate show` takes it. */
void explain_serial(struct explain *e, const ASN1_INTEGER *n);
void explain_object(struct explain *e, const char *name, const ASN1_OBJECT *o);
void explain_algorithm(struct explain *e, const char *name, const X509_ALGOR *alg);
void explain_name(struct explain *e, const char *name, const X509_NAME *dn);
void explain_general_name(struct explain *e, const char *name, GENERAL_NAME *gn);
void explain_time(struct explain *e, const char *name, const ASN1_TIME *t);
void explain_value(struct explain *e, const char *name, const ASN1_TYPE *value);
void explain_free_text(struct explain *e, const char *name, const STACK_OF(ASN1_UTF8STRING) * text);
void explain_spki(struct explain *e, const char *name, const SubjectPublicKeyInfo *spki);
void explain_extensions(struct explain *e, const char *name,
			const STACK_OF(X509_EXTENSION) * extensions);
void explain_certificate(struct explain *e, const char *name, struct bytes der);
/* The same, kept as received. */
void explain_certificate_value(struct explain *e, const char *name, const ASN1_TYPE *cert);
void explain_crl(struct explain *e, const char *name, struct bytes der);
void explain_template(struct explain *e, const char *name, const CertTemplate *t);
/* A control or an element of regInfo, RFC 4211 6, 7; explain_attribute() without a form of its own.
 */
void explain_control(struct explain *e, const AttributeTypeAndValue *control);
void explain_attribute(struct explain *e, const AttributeTypeAndValue *a);
void explain_info(struct explain *e, const InfoTypeAndValue *info);
void explain_status_info(struct explain *e, const char *name, const PKIStatusInfo *status);

/* --- message.c --- */

/* The body, by its type. */
void explain_body(struct explain *e, const PKIBody *body);
