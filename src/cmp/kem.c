// SPDX-License-Identifier: Apache-2.0
/*
 * KemBasedMac, RFC 9810 5.1.3.4 and Appendix E: a client whose key is one of a KEM asks for a
 * ciphertext in a general message without protection, and protects what it sends then, under the
 * same transactionID, with the secret in it. Whoever asked is not authenticated by that: nothing
 * else is done for it, and the answer is of use to the holder of the key alone. Our answers are
 * signed; that we could have a KEM key (figures 4 and 5 of that Appendix) is not provided for.
 */
#include "asn1/kem.h"
#include "asn1/der.h"
#include "asn1/mac.h"
#include "authenticate.h"
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <string.h>

/* A client that asked goes on at once; whoever cannot must not fill the store. */
enum { SECRET_WAIT_MS = 60 * 1000 };

/*
 * One requester's part of the unused secrets: its certificate, which anybody may have, shuts out
 * nobody else. Its oldest gives way: to push one out before it is used takes as many messages as
 * there are secrets in the part, in the time of one exchange. If the newest were refused, as many
 * in SECRET_WAIT_MS would shut out the holder of the key.
 */
enum { REQUESTER_PART = 10 };

static bool kem_allowed(const struct cmp_request *rq)
{
	return rq->conf->protection.mac_algorithms &
	       mac_algorithm_bit(mac_algorithm_by_name("KemBasedMac"));
}

/* Who holds the key: found by sender and senderKID of `msg` among extraCerts of `with`. */
static int holder_find(struct cmp_request *rq, const struct cmp_message *msg,
		       const struct cmp_message *with, struct cmf_principal *holderp,
		       struct cmf_signer **signerp)
{
	const struct cmf_call call = cmp_call(rq);
	const struct cmf_gate gate = cmp_stranger_gate(rq);

	return cmf_kem_holder_find(&call, cmp_sender_dn(msg), msg->sender_kid, with->extra_certs,
				   with->n_extra_certs, &gate, holderp, signerp);
}

/* --- asking for the ciphertext --- */

bool cmp_kem_is_asked(const struct cmp_request *rq)
{
	const struct cmp_message *msg = rq->msg;
	const STACK_OF(InfoTypeAndValue) * list;

	/* RFC 9483 5.2.2: what lies in a nested message is protected. */
	if (msg->body_type != PKI_BODY_GENM || rq->outer || !kem_allowed(rq) ||
	    msg->protection_alg || msg->has_protection)
		return false;
	list = msg->body->value.genmsg;
	return sk_InfoTypeAndValue_num(list) == 1 &&
	       cmp_oid_is(rq, CMP_OID_KEM_CIPHERTEXT_INFO,
			  sk_InfoTypeAndValue_value(list, 0)->infoType);
}

static int asked_check(struct cmp_request *rq)
{
	/* RFC 9483 6.1: no label is that of this infoType. */
	if (rq->exchange->operation_label)
		return refuse(&rq->refusal, REFUSAL_operation_label_mismatch);
	/* RFC 9810 5.3.19.18: the infoValue is absent; one would be for a KEM key of ours. */
	if (sk_InfoTypeAndValue_value(rq->msg->body->value.genmsg, 0)->infoValue)
		return refuse(&rq->refusal, REFUSAL_genm_value_unexpected);
	if (!kem_available())
		return refuse(&rq->refusal, REFUSAL_protection_alg_unavailable);
	return 0;
}

/* A retransmission gets the same answer; another message gets none. */
static int asked_again(struct cmp_request *rq, struct store_kem_secret *secret,
		       struct cmp_outcome *outcome)
{
	if (!bytes_equal(octets_view(&secret->request), rq->exchange->request))
		return refuse(&rq->refusal, REFUSAL_transaction_id_in_use);
	rq->attempt.answer.own = secret->response;
	secret->response = OCTETS_NULL;
	outcome->metric = METRIC_REPLAYED;
	return 0;
}

static int holder_check(struct cmp_request *rq, const struct cmf_principal *holder)
{
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	uint64_t narrower = holder->policy->mac_algorithms;
	uint32_t n = 0, max = rq->conf->protection.kem_secrets_max;
	int err;

	if (narrower && !(narrower & mac_algorithm_bit(mac_algorithm_by_name("KemBasedMac"))))
		return refuse(&rq->refusal, REFUSAL_protection_alg_not_allowed);
	err = store_transaction_find(rq->worker->reader, holder->name, rq->msg->transaction_id,
				     &txn);
	if (err == 0)
		return refuse(&rq->refusal, REFUSAL_transaction_id_in_use);
	if (err != STORE_NOT_FOUND)
		return err;
	err = store_kem_secret_count(rq->worker->reader, max, &n);
	if (err)
		return err;
	return n < max ? 0 : refuse(&rq->refusal, REFUSAL_kem_secrets);
}

/* KemCiphertextInfo ::= SEQUENCE { kem AlgorithmIdentifier, ct OCTET STRING } */
static int ciphertext_info_write(const struct kem_algorithm *kem, struct bytes ciphertext,
				 struct octets *infop)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	ASN1_OBJECT *oid = OBJ_txt2obj(kem->oid, 1);
	size_t mark;

	if (!oid)
		return -ENOMEM;
	der_put_value(&w, V_ASN1_OCTET_STRING, ciphertext);
	mark = der_mark(&w);
	der_put_value(&w, V_ASN1_OBJECT, (struct bytes){OBJ_get0_data(oid), OBJ_length(oid)});
	der_put_header(&w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, mark);
	der_put_header(&w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, 0);
	ASN1_OBJECT_free(oid);
	return der_writer_take(&w, infop);
}

/*
 * The answer with a fresh ciphertext, RFC 9810 8.8, encoded, for it is kept with the secret in it;
 * that, sealed.
 */
static int ciphertext_answer(struct cmp_request *rq, EVP_PKEY *key, struct octets *sealedp)
{
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets ciphertext = OCTETS_NULL, info = OCTETS_NULL;
	const struct cmf_call call = cmp_call(rq);
	int err = kem_encapsulate(key, &ciphertext, &secret);

	if (!err)
		err = ciphertext_info_write(kem_algorithm_for(key), octets_view(&ciphertext),
					    &info);
	if (!err)
		err = cmp_reply_genp(rq, rq->door->oids[CMP_OID_KEM_CIPHERTEXT_INFO],
				     octets_view(&info));
	if (!err)
		err = cmp_reply_encode(rq);
	return err ? err
		   : cmf_kem_secret_seal(&call, rq->msg->transaction_id, octets_view(&secret),
					 sealedp);
}

static struct octets octets_borrow(struct bytes b)
{
	return (struct octets){(uint8_t *)(uintptr_t)b.data, b.len};
}

static int ciphertext_give(struct cmp_request *rq, const struct cmf_principal *holder,
			   EVP_PKEY *key, struct cmp_outcome *outcome)
{
	_cleanup_(octets_clear) struct octets sealed = OCTETS_NULL;
	uint32_t part = rq->conf->protection.kem_secrets_max / REQUESTER_PART;
	struct store_unit *unit = rq->worker->unit;
	struct store_kem_secret row;
	int err = ciphertext_answer(rq, key, &sealed);

	if (err)
		return err;
	row = (struct store_kem_secret){
		.deadline_ms = rq->now_ms + SECRET_WAIT_MS,
		.requester = holder->name,
		.transaction_id = octets_borrow(rq->msg->transaction_id),
		.sent_nonce = octets_borrow(BYTES_OF(rq->attempt.reply.nonce)),
		.secret = sealed,
		.request = octets_borrow(rq->exchange->request),
		.response = rq->attempt.answer.own,
	};
	outcome->record = CMP_RECORD_UNIT;
	err = store_kem_secret_insert(unit, &row);
	return err ? err : store_kem_secret_trim(unit, holder->name, part ? part : 1);
}

int cmp_kem_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(store_kem_secret_clear) struct store_kem_secret given = {0};
	_cleanup_(cmf_principal_clear) struct cmf_principal holder = {0};
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *signer = NULL;
	int err = asked_check(rq);

	if (err)
		return err;
	err = store_kem_secret_find(rq->worker->reader, rq->msg->transaction_id, &given);
	if (err != STORE_NOT_FOUND)
		return err ? err : asked_again(rq, &given, outcome);
	err = holder_find(rq, rq->msg, rq->msg, &holder, &signer);
	if (!err)
		err = holder_check(rq, &holder);
	return err ? err : ciphertext_give(rq, &holder, cmf_signer_key(signer), outcome);
}

/* --- the messages after it --- */

static int secret_find(struct cmp_request *rq, struct store_kem_secret *secretp)
{
	int err = store_kem_secret_find(rq->worker->reader, rq->msg->transaction_id, secretp);

	if (err == STORE_NOT_FOUND || (!err && !secretp->used && rq->now_ms > secretp->deadline_ms))
		return refuse(&rq->refusal, REFUSAL_kem_secret_unknown);
	return err;
}

/* Whether the key that the ciphertext was for is that of who the message is from now. */
static int key_holder_check(struct cmp_request *rq, const struct cmp_message *asked)
{
	_cleanup_(cmf_principal_clear) struct cmf_principal asker = {0};
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *signer = NULL;
	int err = holder_find(rq, asked, asked, &asker, &signer);

	if (!err &&
	    !bytes_equal(octets_view(&asker.certificate), octets_view(&rq->who.certificate)))
		err = refuse(&rq->refusal, REFUSAL_kem_secret_unknown);
	return err;
}

/*
 * The holder of the key, as it is known now: its certificate may have been revoked since. It lies
 * in the message that asked, with its path. Another certificate may lie there too, even of the same
 * client: whoever names that one has not shown that its key is there.
 */
static int holder_of_secret(struct cmp_request *rq, const struct store_kem_secret *secret,
			    struct cmf_signer **signerp)
{
	_cleanup_(cmp_message_freep) struct cmp_message *asked = NULL;
	struct refusal unused = REFUSAL_NULL;
	int err = cmp_message_decode(octets_view(&secret->request), &asked, &unused);

	if (err)
		return err < 0 ? err : log_fault("request of a KEM ciphertext", -EBADMSG, NULL);
	err = holder_find(rq, rq->msg, asked, &rq->who, signerp);
	if (!err && strcmp(rq->who.name, secret->requester) != 0)
		err = refuse(&rq->refusal, REFUSAL_kem_secret_unknown);
	return err ? err : key_holder_check(rq, asked);
}

/*
 * As with a shared secret, nobody learns whether there is one: what is done and said is the same
 * where there is none.
 */
static int mac_verify(struct cmp_request *rq, struct store_kem_secret *sealedp)
{
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	int found = secret_find(rq, sealedp), err = found;

	if (!found)
		err = cmf_kem_secret_open(rq->door->cmf, rq->msg->transaction_id,
					  octets_view(&sealedp->secret), &secret);
	else if (found == REFUSED)
		err = cmf_nobodys_secret(rq->door->cmf, &secret);
	if (!err)
		err = cmp_protection_compare_mac(rq->msg, &rq->mac, octets_view(&secret),
						 &rq->refusal);
	if (found == REFUSED && err >= 0)
		return refuse(&rq->refusal, REFUSAL_kem_secret_unknown);
	if (err == REFUSED && rq->refusal.reason == REFUSAL_protection_wrong)
		return refuse(&rq->refusal, REFUSAL_kem_protection_wrong);
	return err;
}

int cmp_kem_authenticate(struct cmp_request *rq)
{
	_cleanup_(store_kem_secret_clear) struct store_kem_secret secret = {0};
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *signer = NULL;
	struct bytes nonce = rq->msg->recip_nonce;
	int err;

	if (!kem_allowed(rq))
		return refuse(&rq->refusal, REFUSAL_protection_alg_not_allowed);
	if (!kem_available())
		return refuse(&rq->refusal, REFUSAL_protection_alg_unavailable);
	err = cmp_mac_read_protection(rq);
	if (!err)
		err = mac_verify(rq, &secret);
	if (!err)
		err = holder_of_secret(rq, &secret, &signer);
	if (!err)
		err = cmp_mac_policy_check(rq);
	if (err)
		return err;
	cmf_signer_remember(rq->door->cmf, signer);
	/*
	 * RFC 9483 3.1, 3.5: the message that opens the transaction has no recipNonce; that asking
	 * for the ciphertext opened it already is the other way to read it.
	 */
	if (rq->service->opens && rq->msg->recip_nonce.data &&
	    !bytes_equal(nonce, octets_view(&secret.sent_nonce)))
		return refuse(&rq->refusal, REFUSAL_recip_nonce_wrong);
	rq->protection = CMP_PROTECTION_KEM;
	rq->kem_secret_id = secret.used ? 0 : secret.id;
	return 0;
}
