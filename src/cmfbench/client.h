// SPDX-License-Identifier: Apache-2.0
/* The benchmark's CMP client from inside: credentials, one connection, requests, checked answers.
 */
#pragma once

#include "bench.h"
#include "message.h"
#include "web.h"

#include <curl/curl.h>

/* Certificates of a path. */
enum { BENCH_CHAIN_MAX = 8 };

/* Who signs a request: the configured client, or in kur the certificate being updated. */
struct bench_credential {
	struct signer *signer;
	struct octets sender; /* DER of the GeneralName */
	struct octets kid;    /* senderKID */
	struct bytes *certs;  /* own certificate first; borrowed from `storage` */
	struct octets *storage;
	size_t n_certs;
};

/* gate.c: who may compute now. */
struct bench_gate;
_must_check_ int bench_gate_new(struct bench_gate **gatep);
void bench_gate_free(struct bench_gate *gate);
void bench_gate_enter(struct bench_gate *gate);
void bench_gate_leave(struct bench_gate *gate);

struct bench_setup {
	const struct bench_options *options;
	struct bench_credential credential; /* signer NULL: MAC */
	struct octets secret;
	struct octets vnf_instance;    /* CMP: DER of the UTF8String; empty: none */
	struct web_identity *identity; /* JSON: of TLS; NULL: none */
	char *token;                   /* JSON: bearer token; NULL: none */
	X509_STORE *trusted;           /* NULL: any signer is taken */
	EVP_PKEY *newkey;              /* NULL: a fresh key for each request */
	struct bench_gate *gate;
};

/* A signer of answers or issuer of certificates that was checked once. */
struct bench_known_key {
	struct octets certificate;
	EVP_PKEY *key;
};

struct bench_client {
	const struct bench_setup *setup;
	const char *url; /* of its server */
	CURL *curl;
	struct curl_slist *headers;
	struct octets answer; /* of the last POST */
	size_t answer_size;   /* allocated */
	X509_ALGOR *mac_algorithm;
	struct web_connection *web; /* JSON */
	struct bench_known_key server;
	struct bench_known_key issuer;
	struct bench_credential own; /* kur: the certificate to be updated and its key */
};

/* One transaction's identifiers and what the answer is held against. */
struct bench_transaction {
	uint8_t id[CMP_NONCE_LEN];
	uint8_t nonce[CMP_NONCE_LEN];
	struct octets server_nonce;
	const struct bench_credential *credential;
	EVP_PKEY *key; /* newly made for the request */
	SubjectPublicKeyInfo *spki;
	struct octets certificate; /* issued */
	int64_t cert_req_id; /* of the request, 0 if it is alone; -1 for p10cr, RFC 9483 4.1.4 */
};

/* client.c */
/* Encodes a body as the next message of the transaction. 0 or negative errno. */
_must_check_ int bench_encode(struct bench_client *c, struct bench_transaction *t,
			      const PKIBody *body, bool implicit_confirm, struct octets *derp);
/* Sends a body (taken over), gives back the checked answer. 0, or -1 with *failurep. */
_must_check_ int bench_exchange(struct bench_client *c, struct bench_transaction *t, PKIBody *body,
				bool implicit_confirm, struct cmp_message **answerp,
				struct bench_failure *failurep);
/* Sends octets that need no good answer. The HTTP status, or 0. */
long bench_client_post(struct bench_client *c, struct bytes request);
/* The body type of the answer to that operation. */
int bench_answer_type(enum bench_operation operation);
/* Whether the server granted implicitConfirm (RFC 9483 4.1.1: by repeating it). */
bool bench_implicitly_confirmed(const struct cmp_message *answer);
void bench_transaction_clear(struct bench_transaction *t);

/* setup.c */
void bench_credential_clear(struct bench_credential *c);
/* A credential from DER certificates (copied) and a key (referenced). 0 or negative errno. */
_must_check_ int bench_credential_set(struct bench_credential *c, const struct bytes *certs,
				      size_t n_certs, EVP_PKEY *key);

/* request.c: 0 or negative errno. */
_must_check_ int bench_request_new(const struct bench_setup *setup, enum bench_operation operation,
				   unsigned long number, struct bench_transaction *t,
				   PKIBody **bodyp);
/* A PKCS#10, which the caller owns, with a key of its own in t. */
_must_check_ int bench_p10_new(const struct bench_setup *setup, unsigned long number,
			       struct bench_transaction *t, CertificationRequest **requestp);
_must_check_ int bench_certconf_new(const struct bench_transaction *t, PKIBody **bodyp);

/* answer.c: 0, or -1 with *failurep. */
int bench_fail(struct bench_failure *failurep, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Transaction, nonces and protection of an answer. */
_must_check_ int bench_answer_check(struct bench_client *c, const struct cmp_message *msg,
				    struct bench_transaction *t, struct bench_failure *failurep);
/* t->certificate: its key, and its issuer's signature; `came`: certificates that came with it. */
_must_check_ int bench_certificate_check(struct bench_client *c, const struct bench_transaction *t,
					 const struct bytes *came, size_t n_came,
					 struct bytes issuer, struct bench_failure *failurep);
/* The certificate of the request in an ip, cp or kup: status, key, issuer's signature; to
 * t->certificate. */
_must_check_ int bench_answer_certificate(struct bench_client *c, const struct cmp_message *msg,
					  struct bench_transaction *t,
					  struct bench_failure *failurep);
/* "rejected: badPOP" and the like from an error body, or the unexpected body's name. */
int bench_fail_body(struct bench_failure *failurep, const struct cmp_message *msg);
