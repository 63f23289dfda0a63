// SPDX-License-Identifier: Apache-2.0
/*
 * URIs as text, by RFC 3986 and what RFC 5280 4.2.1.6 adds to it for certificates. Nothing is
 * looked up, and no scheme has a meaning of its own here. URLs that are connected to: web.h.
 */
#pragma once

#include "base/bytes.h"
#include "base/strbuf.h"

struct uri {
	struct bytes host; /* as it stands there, an IPv6 address without brackets; empty: none */
};

/*
 * Reads an absolute URI in normal form: two texts that a reader takes for one do not both pass, but
 * for the case of scheme and host. NULL, and *urip has pointers into the text; or why it is none,
 * in words that follow "the URI".
 */
const char *uri_read(struct bytes text, struct uri *urip);

/* Adds the text with all but unreserved characters percent-encoded, RFC 3986 2.3. */
void uri_escape(struct strbuf *out, const char *text);

/*
 * A PIN in a URI of a key (RFC 7512 2.4, pin-value) becomes an asterisk, and so does a password in
 * the URL of a database, wherever in the text they stand: for whatever is shown or logged.
 */
void uri_pin_mask(char *text);
