// SPDX-License-Identifier: Apache-2.0
/* An upstream CA: credentials, and who is working on it now. Private to src/ca. */
#pragma once

#include "exchange.h"

/* A worker inside the upstream: working on an exchange, or waiting for one that does. */
struct upstream_slot {
	int64_t exchange_id;
	bool working;
};

/* What messages are protected with, and say of us. Everything is borrowed from struct upstream. */
struct upstream_protection {
	struct bytes secret;    /* of a MAC, where there is no ra_cert */
	struct bytes name;      /* TLV of Name; empty: it has none */
	struct bytes kid;       /* senderKID; empty: none */
	struct bytes recipient; /* TLV of Name; empty: not known */
	const struct bytes *certs;
	size_t n_certs;
};

struct upstream {
	/* Immutable. */
	int64_t claimant; /* of exchanges; 0: no other process serves the database */
	X509 *ra_cert;    /* with the signer; or the secret */
	STACK_OF(X509) * ra_chain;
	_Atomic(struct signer *) signer; /* NULL: the key cannot be used, or none is needed */
	struct octets ra_secret;
	struct octets *ra_certs; /* DER, no self-signed ones behind the first */
	struct bytes *ra_views;
	struct upstream_protection protection;
	X509_NAME *recipient; /* borrowed */
	X509_NAME *expected_sender;
	STACK_OF(X509) * trusted;
	X509_STORE *trust;       /* the same */
	STACK_OF(X509) * pinned; /* server_certificate; NULL: none */
	exchange_transfer *transfer;
	void *transfer_arg;
	struct ca_connections *connections;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t left;  /* a slot became free */
	struct upstream_slot *slot;
	_Atomic int64_t down_until_ms; /* it was not to be reached: not tried before that time */
};

/* PasswordBasedMac; RFC 9045 4.3: at least 100. */
enum { UPSTREAM_MAC_ITERATIONS = 500 };

/* finish.c: what became of an exchange, into the store. 0, STORE_CONFLICT if somebody
 * changed the certificate or the exchange meanwhile, or negative errno. */
_must_check_ int upstream_finish(struct exchange *x, const struct store_exchange *e,
				 const struct exchange_result *result, struct store_reader *reader);
/*
 * protect.c: encodes and protects what goes upstream; fills in what is the same in all messages.
 * sender and recipient are for where the credential and the configuration name nobody: TLVs of
 * Name, or empty. mac_algorithm: NULL where the credential is a certificate.
 */
_must_check_ int upstream_protect(const struct ca *ca, struct bytes sender, struct bytes recipient,
				  const X509_ALGOR *mac_algorithm, struct cmp_outgoing *out,
				  struct octets *derp);
/* protect.c: the value of certProfile with upstream_profile, which is configured. */
_must_check_ int upstream_profile_encode(const struct ca *ca, struct octets *derp);
/*
 * finish.c: whether it is a revocation that nobody needs any more: no CRL need list a certificate
 * that has ended (RFC 5280 3.3); or the operator has given it up. One of ours has no other
 * deadline.
 */
bool upstream_is_moot(const struct ca *ca, const struct store_exchange *e,
		      const struct store_certificate *cert);
/* finish.c: condition of what is decided by `e` of a revocation: the operator has not given it up
 * since it was read. */
_must_check_ int upstream_require_deadline(struct exchange *x, const struct store_exchange *e);
/* finish.c: longer pauses the longer it has been going on: an eighth of that, at least floor_ms. */
int64_t upstream_pause_ms(const struct ca *ca, const struct store_exchange *e, int64_t floor_ms);
