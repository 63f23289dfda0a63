// SPDX-License-Identifier: Apache-2.0
/* An upstream CA: credentials, and who is working on it now. Private to src/ca. */
#pragma once

#include "exchange.h"

/* A worker inside the upstream: working on an exchange, or waiting for one that does. */
struct upstream_slot {
	int64_t exchange_id;
	bool working;
};

/* What messages are protected with, encoded once. */
struct upstream_protection {
	const struct signer *signer;
	struct bytes name;      /* TLV of Name */
	struct bytes kid;       /* empty: none */
	struct bytes recipient; /* TLV of Name; empty: not known */
	const struct bytes *certs;
	size_t n_certs;
};

struct upstream {
	/* Immutable. */
	X509 *ra_cert; /* with ra_key; or the two below */
	STACK_OF(X509) * ra_chain;
	EVP_PKEY *ra_key;
	struct octets ra_secret;
	const X509_NAME *recipient;       /* of the configuration; NULL: not set */
	const X509_NAME *expected_sender; /* likewise */
	STACK_OF(X509) * trusted;
	STACK_OF(X509) * pinned; /* server_certificate; NULL: none */
	exchange_transfer *transfer;
	void *transfer_arg;
	struct ca_connections *connections;
	/* ra_cert and ra_key, for messages of clients that go on under our protection. */
	struct upstream_protection protection;
	struct signer *signer;
	struct octets *ra_certs;
	struct bytes *ra_views;
	struct octets ra_name;
	struct octets ra_kid;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t left;  /* a slot became free */
	struct upstream_slot *slot;
	_Atomic int64_t down_until_ms; /* it was not to be reached: not tried before that time */
};

/* finish.c: what became of an exchange, into the store. 0, STORE_CONFLICT if somebody
 * changed the certificate or the exchange meanwhile, or negative errno. */
_must_check_ int upstream_finish(struct exchange *x, const struct store_exchange *e,
				 const struct exchange_result *result, struct store_reader *reader);
/* finish.c: RFC 2253; NULL: out of memory. */
char *certificate_subject_text(X509 *cert);
/* Longer pauses the longer it has been going on: an eighth of that, at least floor_ms. */
int64_t upstream_pause_ms(const struct ca *ca, const struct store_exchange *e, int64_t floor_ms);
