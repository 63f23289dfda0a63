// SPDX-License-Identifier: Apache-2.0
/*
 * One exchange with an upstream CA: OpenSSL's CMP client over a transcript that is in the store.
 * OSSL_CMP_CTX cannot be saved, so a new one is given the stored messages again and goes on where
 * they end. What OpenSSL sends is stored before it leaves; an answer is stored with the next
 * request or with what became of it, once OpenSSL has verified it, so that a forged one is never
 * kept. Knows nothing of threads, time and retries: that is run.c. Private to src/ca and its
 * tests.
 */
#pragma once

#include "asn1/pkimessage.h"
#include "ca_local.h"
#include "request.h"
#include "transport.h"

#include <openssl/cmp.h>

struct exchange {
	const struct ca *ca;
	struct store_reader *reader;
	struct store_unit *unit;
	int64_t id;
	enum store_exchange_kind kind;
	int64_t certificate_id;
	struct exchange_request request;
	OSSL_CMP_CTX *ctx;
	struct store_exchange_messages transcript;
	size_t next;          /* what lies before it in transcript, this context has seen */
	struct octets answer; /* received last, not stored yet */
	int64_t deadline_us;  /* monotonic: nothing is waited for after it */
	bool offline;         /* nothing is sent */
	bool sent;            /* in this step */
	bool accepted;        /* the certificate is what was asked for */
	const struct store_certificate *row; /* FORWARD: that it is about; borrowed */
	X509 *cert;                          /* FORWARD: issued */
	enum refusal_reason declined;        /* it is not, and why: told in certConf */
	long http_status;                    /* of the answer in this step; 0: none */
	int transfer_error;                  /* negative errno: no answer in this step */
	int store_result;                    /* of a commit in this step, unless 0 */
};

enum exchange_outcome {
	EXCHANGE_GRANTED,
	EXCHANGE_WAITING,   /* the upstream asks to come again after check_after_ms */
	EXCHANGE_REFUSED,   /* by the upstream, with its failInfo; or its certificate by us */
	EXCHANGE_NO_ANSWER, /* none that is authentic: to be tried again */
};

struct exchange_result {
	enum exchange_outcome outcome;
	int failinfo;               /* REFUSED: bit, -1 none */
	enum refusal_reason reason; /* REFUSED: not by the upstream; NONE: by it */
	int64_t check_after_ms;
	X509 *cert; /* issued, even if it was not accepted in the end; borrowed from the exchange */
};

/*
 * Sets up the context for an exchange. `cert` is what is to be revoked where the request does not
 * hold it. The caller clears *x in any case.
 */
_must_check_ int exchange_open(const struct ca *ca, const struct store_exchange *e,
			       struct bytes cert, struct store_reader *reader,
			       struct store_unit *unit, struct exchange *x);
void exchange_clear(struct exchange *x);
/* Goes on until the upstream has decided, asks to wait, or does not answer. 0, STORE_CONFLICT
 * (somebody else works on it), or negative errno. */
_must_check_ int exchange_step(struct exchange *x, struct exchange_result *resultp);
/* Adds the answer that led to the outcome, if there is one, to the unit. */
_must_check_ int exchange_add_answer(struct exchange *x);
/* After that commit: the answer is part of the transcript. */
_must_check_ int exchange_answer_stored(struct exchange *x);

/* Sends a message of this step; the answer is in x->answer. 0, or negative errno, which is in
 * x->transfer_error too. */
_must_check_ int exchange_send(struct exchange *x, struct bytes request);
/* forward.c: a step of FORWARD. */
void exchange_forward_step(struct exchange *x, struct exchange_result *result);

/*
 * signer.c: adds the extraCerts of the answers that this exchange, and those before it for
 * the same certificate, have had. An answer may leave them out: RFC 9483 3.3.
 */
_must_check_ int exchange_signers_known(const struct exchange *x, STACK_OF(X509) * certs);
/* Adds those that the configuration names. */
_must_check_ int exchange_signers_pinned(const struct ca *ca, STACK_OF(X509) * certs);
_must_check_ int exchange_signer_add(STACK_OF(X509) * certs, X509 *cert);

/*
 * signer.c: sets the trust anchors of the answers, and that only a signer counts who may
 * answer for the upstream CA.
 */
_must_check_ int exchange_trust_set(struct exchange *x);

/* asked.c: why a certificate that came is not for the entity; NONE: it may be. Of its key nothing.
 */
enum refusal_reason asked_check(const struct exchange *x, X509 *cert);
/* Adds what is not as it was asked for, in words. */
void asked_changes(const struct exchange_request *asked, X509 *cert, struct strbuf *words);

/* message.c: a stored message of ours. */
_must_check_ int exchange_message_sender_nonce(struct bytes der, ASN1_OCTET_STRING **noncep);
/* NULL if it is no PKIMessage; the caller frees it. */
PKIBody *exchange_message_body(struct bytes der);
/* Adds the extraCerts of a message. */
_must_check_ int exchange_message_certs(struct bytes der, STACK_OF(X509) * certs);
/* NULL if it is no PKIMessage, or more than one. */
OSSL_CMP_MSG *exchange_message_decode(struct bytes der);
