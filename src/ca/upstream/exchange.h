// SPDX-License-Identifier: Apache-2.0
/*
 * One exchange with an upstream CA. Either we ask it ourselves (a request, pollReq, certConf, rr of
 * ours), or a client's message is passed on. What we send is stored before it leaves; an answer is
 * stored with our next message or with what became of it, once it has been verified, so that a
 * forged one is never kept. All that an exchange knows is in its stored messages (its transcript):
 * after a crash it goes on where they end. Knows nothing of threads, time and retries: that is
 * run.c. Private to src/ca and its tests.
 */
#pragma once

#include "ca_local.h"
#include "message.h"
#include "request.h"
#include "transport.h"

/* What is to be said next in an exchange of our own. */
enum exchange_next {
	EXCHANGE_SAY_REQUEST,
	EXCHANGE_SAY_POLL,
	EXCHANGE_SAY_CONFIRM,
	EXCHANGE_SAY_NOTHING,
};

struct exchange {
	const struct ca *ca;
	struct store_reader *reader;
	struct store_unit *unit;
	int64_t id;
	enum store_exchange_kind kind;
	int64_t certificate_id;
	struct exchange_request request;
	struct store_exchange_messages transcript;
	struct octets answer;                /* received last, not stored yet */
	int64_t deadline_us;                 /* monotonic: nothing is waited for after it */
	int64_t claimed_until_us;            /* monotonic: no other process sends until then */
	bool offline;                        /* nothing is sent */
	const struct store_certificate *row; /* that it is about; borrowed */
	X509 *revoked;                       /* REVOKE: what is to be revoked */

	/* What the answers have said so far. */
	enum exchange_next next;
	bool waiting;                 /* one of them has asked to wait */
	int64_t poll_id;              /* and pollReq is for that certReqId */
	X509 *cert;                   /* issued */
	bool accepted;                /* it is what was asked for */
	enum refusal_reason declined; /* it is not, and why: told in certConf */
	bool confirmed;               /* the upstream has answered certConf */
	char *status_text;            /* of a rejection, for the log; NULL: none */

	/* The header of our next message. */
	struct octets transaction_id;
	struct octets recip_nonce;
	X509_ALGOR *mac_algorithm; /* of the first message; NULL: signed */

	/* What happened in this step. */
	long http_status;                      /* of the answer; 0: none */
	int transfer_error;                    /* negative errno: no answer */
	char problem[CA_TRANSFER_PROBLEM_MAX]; /* and why, in words; "" where HTTP brought one */
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

/* Whether it is a client's message that is passed on. */
static inline bool exchange_is_forwarded(const struct exchange *x)
{
	return x->request.kind == EXCHANGE_REQUEST_FORWARD;
}

/* --- exchange.c --- */

/*
 * Reads an exchange. `cert` is what is to be revoked where the request does not hold it. The caller
 * clears *x in any case.
 */
_must_check_ int exchange_open(const struct ca *ca, const struct store_exchange *e,
			       struct bytes cert, struct store_reader *reader,
			       struct store_unit *unit, struct exchange *x);
void exchange_clear(struct exchange *x);
/* Goes on until the upstream has decided, asks to wait, or does not answer. 0, STORE_CONFLICT
 * (somebody else works on it), or negative errno. */
_must_check_ int exchange_step(struct exchange *x, struct exchange_result *resultp);

/* --- transcript.c --- */

_must_check_ int transcript_load(struct exchange *x);
/* Whether the last message was ours, and so waits for its answer. */
bool transcript_awaits_answer(const struct exchange *x);
bool transcript_is_sent(const struct exchange *x, size_t index);
/* A stored message; -EUCLEAN if it cannot be read. The caller frees *msgp. */
_must_check_ int transcript_decode(const struct exchange *x, size_t index,
				   struct cmp_message **msgp);
/* Commits the answer that was verified and the message that it has led to, which it takes over. */
_must_check_ int transcript_store(struct exchange *x, struct octets *request);
/*
 * Begins the unit of a step: that no other process has claimed the exchange, and the answer that
 * led to the step, if there is one. goes_on: there is more to send, and nobody else may.
 */
_must_check_ int exchange_add_answer(struct exchange *x, bool goes_on);
/* Of one that the unit inserts, and whoever commits it sends at once: nobody else does. */
_must_check_ int exchange_claim_new(const struct ca *ca, int64_t id, struct store_unit *unit);
/* Before something is sent that was stored before: that nobody else does, which may have been
 * seen to already. STORE_CONFLICT: another process does. */
_must_check_ int exchange_claim(struct exchange *x);
/* Commits the unit; then that answer is part of the transcript. Results of store_unit_commit(). */
_must_check_ int exchange_commit(struct exchange *x);

/* --- own_message.c --- */

/* certReqId of what we ask for. */
int64_t exchange_cert_req_id(const struct exchange *x);

/* Encodes and protects what is to be said next. The caller owns *derp. */
_must_check_ int own_message_make(struct exchange *x, struct octets *derp);

/* --- answer.c --- */

/* What a verified answer means: the outcome, and what is to be said next. */
void answer_read(struct exchange *x, const struct cmp_message *msg, struct exchange_result *result);

/* --- authentic.c --- */

/*
 * Whether an answer is the upstream's, whoever asked: its header, its protection, and that its
 * signer may answer for the upstream CA. Says in the log why it is not.
 */
bool answer_is_authentic(const struct exchange *x, const struct cmp_message *msg);
/* The trust anchors as OpenSSL wants them. NULL: out of memory. */
X509_STORE *answer_trust_new(const STACK_OF(X509) * trusted);

/* --- asked.c --- */

/* Why a certificate that came is not for the entity; NONE: it may be. Of its key nothing. */
enum refusal_reason asked_check(const struct exchange *x, X509 *cert);
