// SPDX-License-Identifier: Apache-2.0
/*
 * What an exchange with an upstream CA asks for, as it is kept in the store (`request` of
 * struct store_exchange): one octet for the kind, then the kind's own. Private to src/ca.
 */
#pragma once

#include "ca.h"

#include <openssl/x509.h>

enum exchange_request_kind {
	EXCHANGE_REQUEST_CR = 'C',      /* then a CertReqMsg */
	EXCHANGE_REQUEST_P10CR = 'P',   /* then the client's CertificationRequest */
	EXCHANGE_REQUEST_REVOKE = 'R',  /* then reason, final state, the certificate or nothing */
	EXCHANGE_REQUEST_FORWARD = 'F', /* then the state that it is to lead to, and a PKIMessage */
	/* FORWARD with the names that were decided before the PKIMessage; decoded as FORWARD. */
	EXCHANGE_REQUEST_FORWARD_NAMES = 'N',
};

struct exchange_request {
	enum exchange_request_kind kind;
	EVP_PKEY *key; /* CR, P10CR: the public key that is to be certified */
	/* Of a request for a certificate, what it is to say. */
	X509_NAME *subject;                    /* NULL: not known, and neither is san */
	GENERAL_NAMES *san;                    /* NULL: none */
	STACK_OF(X509_EXTENSION) * extensions; /* CR and P10CR; NULL: none */
	/* REVOKE */
	X509 *cert;                      /* NULL: the one of the exchange's certificate_id */
	int reason;                      /* STORE_REASON_NONE or reasonCode */
	enum store_certificate_state to; /* and FORWARD: PENDING; ACTIVE or REJECTED by certConf */
	struct octets message;           /* CR: CertReqMsg; P10CR: CertificationRequest; FORWARD */
};

/* Whether that is the extension of a template that has an attestation: it is in no certificate. */
bool exchange_request_attests(const ASN1_OBJECT *oid);
_must_check_ int exchange_request_encode(const struct ca_request *request,
					 enum conf_upstream_request kind, struct octets *encodedp);
/* certificate: empty if the store has it. */
_must_check_ int exchange_request_encode_revoke(int reason, enum store_certificate_state to,
						struct bytes certificate, struct octets *encodedp);
/* names: of ca_names_encode(), or empty. */
_must_check_ int exchange_request_encode_forward(enum store_certificate_state to,
						 struct bytes names, struct bytes message,
						 struct octets *encodedp);
/* The names of an encoded FORWARD; empty: none. */
struct bytes exchange_request_names(struct bytes encoded);
/* -EBADMSG if it is none of ours. The caller clears *requestp. */
_must_check_ int exchange_request_decode(struct bytes encoded, struct exchange_request *requestp);
void exchange_request_clear(struct exchange_request *request);
