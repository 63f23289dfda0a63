// SPDX-License-Identifier: Apache-2.0
/*
 * The HTTP client for what is no CMP: keys of an authorisation server, callbacks of subscribers and
 * their tokens. One request, one answer, on the calling thread; the process ignores SIGPIPE. It
 * follows no redirect, asks no proxy, keeps no cookie, and connects only to addresses that the
 * caller has judged, after the name was resolved, so that a name cannot be given another address in
 * between. What is asked of whom, and what an answer means, is the caller's.
 */
#pragma once

#include "base/bytes.h"
#include "keys/credential.h"

#include <sys/socket.h>

/* --- URLs --- */

struct web_url {
	bool https; /* else http */
	char *host; /* lower case, an IPv6 address without its brackets */
};
/*
 * Reads an absolute URL of http or https as it will be read for the exchange. 0; -EINVAL: it is
 * none, or has user information, a fragment, or other octets than a URI has; -ENOMEM.
 */
_must_check_ int web_url_read(const char *text, struct web_url *urlp);
void web_url_clear(struct web_url *url);

/* --- who we are in TLS --- */

/* A client certificate, those of its issuers that are sent with it, and its key. Any thread. */
struct web_identity;
/*
 * From the file with the certificate, which comes first, and wherever the key is. 0, -EINVAL: the
 * key is another one's; otherwise as credential_certificates_read() and credential_key_read().
 */
_must_check_ int web_identity_read(const char *certificates, const struct key_source *key,
				   struct web_identity **identityp);
void web_identity_free(struct web_identity *identity);
DEFINE_CLEANUP(struct web_identity, web_identity_free);

/* --- a request --- */

/* Whether a connection to this address may be made. */
typedef bool web_address_judge(void *arg, const struct sockaddr *address);

/* Everything is borrowed for the time of the call. */
struct web_request {
	const char *method;
	const char *url;            /* https; without user information */
	const char *const *headers; /* "Name: value" */
	size_t n_headers;
	const char *content_type; /* of the body; NULL: there is none */
	struct bytes body;

	/* At most one of basic authentication (RFC 7617) and a bearer token (RFC 6750). */
	const char *user, *password; /* NULL: none */
	const char *bearer;          /* NULL: none */

	const struct web_identity *identity; /* NULL: none */
	const char *tls_trusted;             /* a PEM file; NULL: the system's trust anchors */

	web_address_judge *may_connect; /* NULL: any address */
	void *may_connect_arg;
	/* http is accepted, too, but connects to loopback addresses only, whatever the judge says.
	 */
	bool http_on_loopback;

	/* Asked about once a second whether to give up: -ECANCELED. NULL: never. */
	bool (*is_cancelled)(void *arg);
	void *is_cancelled_arg;
	int64_t timeout_ms; /* for all of it, from resolving the name to the end of the answer */
	/* Octets of the body of the answer; 0: it is not read at all. */
	size_t answer_max;
};

enum { WEB_PROBLEM_MAX = 256 };

struct web_answer {
	long status;
	struct octets body;
	/* The last field of its name as it came, NULL: none. Hostile, as the body is. */
	char *location;
	char *link;
	/* What went wrong, in words for the log; empty if nothing did. */
	char problem[WEB_PROBLEM_MAX];
};

void web_answer_clear(struct web_answer *answer);

/*
 * A connection that stays open from one request to the next, for requests with the same identity
 * and trust anchors to the same peer. One thread at a time.
 */
struct web_connection;
_must_check_ int web_connection_new(struct web_connection **connectionp);
void web_connection_free(struct web_connection *connection);
DEFINE_CLEANUP(struct web_connection, web_connection_free);

/*
 * Sends the request and receives its answer, of any status; connection NULL: one for this request
 * alone. The caller clears the answer in any case. 0; -EINVAL: no URL of that kind, or a bearer
 * token with other octets than a token has; -EACCES: no address may be connected to; -ECONNREFUSED:
 * not reached; -EKEYREJECTED: TLS found no trust, on either side; -ETIMEDOUT; -ECANCELED; -EFBIG: a
 * longer answer than answer_max; -EPROTO; -ENOMEM.
 */
_must_check_ int web_exchange(struct web_connection *connection, const struct web_request *request,
			      struct web_answer *answerp);
