// SPDX-License-Identifier: Apache-2.0
/*
 * Values of the store as JSON, each a new reference, NULL out of memory. Shared by the resources
 * of json/.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"

#include <jansson.h>

/* Text as a JSON string; octets that are no UTF-8 become '?'. NULL becomes null. */
json_t *json_text(const char *text);
/* A time as "2026-11-23T08:53:00Z"; 0 becomes null. */
json_t *json_time(int64_t ms);
/* And back: RFC 3339, with whatever offset, and fractions of a second as milliseconds. 0 or
 * -EINVAL.
 */
_must_check_ int json_time_parse(const char *text, int64_t *msp);
/* PEM of one DER certificate. */
json_t *json_pem(struct bytes der);
/* A Name (TLV) in RFC 2253 text; null if it is none. */
json_t *json_name(struct bytes name_der);

/* Octets in hexadecimal. */
json_t *json_hex(struct bytes octets);
/* Octets in base64; null if there are none. */
json_t *json_base64(struct bytes octets);

/* CRLReason by the name of RFC 5280 5.3.1, as "keyCompromise"; -1 if there is none of that name. */
int json_reason_parse(const char *name);
/* And back; NULL if the number is that of none. */
const char *json_reason_name(int reason);
