// SPDX-License-Identifier: Apache-2.0
/*
 * One request on its way through the door. All steps work on it; ARCHITECTURE.md says in which
 * order. They return 0, REFUSED with rq->refusal filled in, STORE_CONFLICT where something was
 * committed that no longer fits (the request is then decided again from the start), or a negative
 * errno.
 */
#pragma once

#include "base/budget.h"
#include "base/log.h"
#include "carriers.h"
#include "cmf.h"
#include "cmf/proof.h"
#include "message.h"
#include "message/mac.h"
#include "reply.h"
#include "service.h"
#include "setup.h"
#include "store.h"

/* How far the proof of possession of a request has come. */
enum cmp_pop {
	CMP_POP_PROVEN,    /* by signature, or a registration authority says so */
	CMP_POP_ENCR_CERT, /* by certConf, for the certificate is encrypted */
	CMP_POP_CHALLENGE, /* by popdecr, which is yet to come */
};

/* What an RA received and changed, see original.c. */
struct cmp_original {
	bool present;
	uint8_t digest[32]; /* SHA-256 of origPKIMessage */
};

/* Dear work before it was known who asks, see stranger.c. */
struct cmp_dear_work {
	struct budget_work budget;
	int64_t began_us; /* on the clock of this thread's processor time */
	bool runs;
};

/* What is to be known of an outcome once it is durable: outcome.c. */
struct cmp_pending {
	int opened; /* transactions that are open from now on: 1, 0, -1 */
	bool may_be_there;
};

/*
 * What one attempt to decide on a message comes to. Where a commit meets a conflict, the next
 * attempt begins with a new one: nothing of the one before is left.
 */
struct cmp_attempt {
	bool again;                   /* one before met a conflict: see cmf_call.again */
	struct store_transaction txn; /* id 0: none in the store */
	struct store_seen seen;       /* see seen.c */
	/* How the request is read. */
	enum cmp_pop pop;         /* of the one that is being read */
	bool pop_answered;        /* challenges were */
	struct bytes pop_digests; /* of the numbers that were asked for; see challenge.c */
	const struct cmp_recovery *recovery; /* krr: what the answer brings beside a certificate */
	/* How a refusal is told. */
	int cert_req_id;   /* of the message as a whole */
	bool in_body;      /* by the answer of the operation */
	bool keep_refusal; /* it ends the transaction and is stored with it */
	/* The answer. */
	struct cmp_reply reply;
	bool passphrase_kept; /* of generalInfo: the answer says so */
	struct spliced answer;
	struct cmp_pending pending;
	/* For log and metrics. */
	enum metric_outcome metric; /* as the last step said */
	char *subject;
	char *vnf_instance; /* NULL: none */
	char serial[SERIAL_HEX_SIZE];
};

/* One request on its way through the door. */
struct cmp_request {
	/* Where it is served. */
	struct cmp_door *door;
	struct cmf_worker *worker; /* NULL: it waits for its commit, and has none */
	const struct cmp_exchange *exchange;
	const struct conf *conf; /* in force when the request came */
	int64_t now_ms;
	struct cmp_trace *trace; /* NULL: it is served, not explained */
	/* The nested message that this one lies in; NULL, 0: none. */
	const struct cmp_request *outer;
	enum cmp_inner inner;
	unsigned depth;
	/* Serves a message that lies in this one: the door itself, which is above nested.c. */
	cmp_inner_serve *inner_serve;

	/* What the message is: header.c, carriers.c. */
	struct cmp_message *msg; /* NULL: the octets were no PKIMessage */
	const struct cmp_service *service;
	uint8_t digest[32];    /* SHA-256 of the octets received */
	bool implicit_confirm; /* asked for */
	bool implicit_confirm_no_value;
	struct cmp_carriers carriers; /* of the header */
	struct cmp_original original;

	/* Who asks: authenticate.c. */
	struct cmf_principal who;
	struct cmf_signer *signer; /* it signed; NULL: it did not */
	/* What was verified, and what protects the answer; before, and after KEM, a signature. */
	enum cmp_protection_kind protection;
	struct cmp_mac mac;    /* MAC, KEM: of the message; its key serves the answer */
	bool kem_asked;        /* without protection, see kem.c; who is nobody */
	int64_t kem_secret_id; /* KEM: of the secret, which no transaction has used; 0: one has */
	bool replay_only;      /* too late for anything but its stored answer */
	bool admitted;         /* authentic, and no replay */
	struct cmp_dear_work work;

	/* What is decided: the services. */
	int attempts;
	struct cmp_attempt attempt;
	struct refusal refusal; /* of the step that refused, in the attempt or before */
};

static inline bool cmp_oid_is(const struct cmp_request *rq, enum cmp_oid oid, const ASN1_OBJECT *o)
{
	return OBJ_cmp(rq->door->oids[oid], o) == 0;
}

/* A call of cmf/ that is made now, on behalf of who sent the message. */
static inline struct cmf_call cmp_call(struct cmp_request *rq)
{
	struct cmf_call call = cmf_call_now(rq->door->cmf, rq->worker, &rq->who, &rq->refusal);

	call.again = rq->attempt.again;
	call.origin.request_id = rq->exchange->request_id;
	return call;
}

/* What a proof of possession in this request is judged by. */
struct cmf_proof cmp_proof(struct cmp_request *rq);
/* Remembers the entity and serial for the log line. vnf_instance NULL or "": none. */
void cmp_log_certificate(struct cmp_request *rq, const char *subject_id, const char *vnf_instance,
			 const struct serial *serial);
