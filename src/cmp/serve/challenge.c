// SPDX-License-Identifier: Apache-2.0
/*
 * The direct method of proof of possession, RFC 9810 5.2.8.3.3: the message is answered with
 * popdecc, for each request that wants it a number encrypted for its key; popdecr must say the
 * numbers in the same order, then the message is decided on (popdecr.c). It lies in the store
 * meanwhile, and for each of its requests 32 octets: the digest of the number, or zeros where none
 * was asked for.
 */
#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "asn1/envelope.h"
#include "carriers.h"
#include "outcome.h"
#include "reply.h"
#include "request.h"
#include "serve/certreq.h"
#include "serve/items.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

/* The number: more than 128 random bits, positive and without leading zeros. */
enum { NUMBER_LEN = 20, INTEGER_MAX = 32, DIGEST_LEN = 32 };

/* PKCS #1 v1.5: what a modulus has more than it encrypts, RFC 8017 7.2.1. */
enum { PKCS1_OVERHEAD = 11 };

static int number_make(uint8_t number[NUMBER_LEN])
{
	if (RAND_priv_bytes(number, NUMBER_LEN) != 1)
		return log_fault("number of a challenge", -EIO, NULL);
	number[0] = (uint8_t)((number[0] & 0x3f) | 0x40);
	return 0;
}

static int digest_of(struct bytes octets, uint8_t digest[DIGEST_LEN])
{
	if (EVP_Digest(octets.data, octets.len, digest, NULL, digest_by_nid(NID_sha256), NULL) == 1)
		return 0;
	return log_fault("digest of a challenge", -EIO, NULL);
}

/* Rand ::= SEQUENCE { int INTEGER, sender GeneralName } */
static int rand_write(struct bytes number, struct bytes sender, struct octets *randp)
{
	_cleanup_(der_writer_clear) struct der_writer w = {.secret = true};

	der_put(&w, sender);
	der_put_value(&w, 0x02, number);
	der_put_header(&w, 0x30, 0);
	return der_writer_take(&w, randp);
}

/* "whatever portion will fit should be used (as long as it includes at least the common name" */
static int sender_shorten(struct bytes sender, struct octets *shortp)
{
	const unsigned char *p = sender.data;
	GENERAL_NAME *name = d2i_GENERAL_NAME(NULL, &p, (long)sender.len);
	X509_NAME *dn = name && name->type == GEN_DIRNAME ? name->d.directoryName : NULL;
	unsigned char *der = NULL;
	int len = -1, err = -EINVAL;

	for (int i = X509_NAME_entry_count(dn) - 1; i >= 0; i--)
		if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(X509_NAME_get_entry(dn, i))) !=
		    NID_commonName)
			X509_NAME_ENTRY_free(X509_NAME_delete_entry(dn, i));
	if (dn)
		len = i2d_GENERAL_NAME(name, &der);
	if (len > 0)
		err = octets_dup((struct bytes){der, (size_t)len}, shortp);
	OPENSSL_free(der);
	GENERAL_NAME_free(name);
	return err ? log_fault("shorten the sender of a challenge", err, NULL) : 0;
}

/* The challenge of pvno 2: the RSA key's own encryption of Rand, which must be short enough. */
static int challenge_encrypt(const struct cmp_request *rq, EVP_PKEY *key, struct bytes number,
			     struct octets *encryptedp)
{
	_cleanup_(octets_clear_secret) struct octets rand = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets sender = OCTETS_NULL;
	int err = rand_write(number, octets_view(&rq->door->sender), &rand);

	if (!err && rand.len + PKCS1_OVERHEAD > (size_t)EVP_PKEY_get_size(key)) {
		octets_clear_secret(&rand);
		err = sender_shorten(octets_view(&rq->door->sender), &sender);
		if (!err)
			err = rand_write(number, octets_view(&sender), &rand);
	}
	return err ? err : key_transport_encrypt(key, false, octets_view(&rand), encryptedp);
}

/* encryptedRand of pvno 3: the rid has a NULL-DN and the certReqId. */
static int rand_seal(const struct cmp_request *rq, int cert_req_id, EVP_PKEY *key,
		     struct bytes number, ASN1_TYPE **encryptedp)
{
	static const uint8_t null_dn[] = {0x30, 0x00};
	_cleanup_(octets_clear_secret) struct octets rand = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL;
	const uint8_t id[4] = {(uint8_t)(cert_req_id >> 24), (uint8_t)(cert_req_id >> 16),
			       (uint8_t)(cert_req_id >> 8), (uint8_t)cert_req_id};
	struct envelope_recipient to = {
		.key = key, .issuer = BYTES_OF(null_dn), .serial = BYTES_OF(id)};
	const unsigned char *p;
	int err = rand_write(number, octets_view(&rq->door->sender), &rand);

	/* DER: the shortest form of the INTEGER */
	while (to.serial.len > 1 && to.serial.data[0] == 0 && !(to.serial.data[1] & 0x80)) {
		to.serial.data++;
		to.serial.len--;
	}
	if (!err)
		err = envelope_seal(&to, OID_CT_DATA, octets_view(&rand), &envelope);
	if (err)
		return err;
	p = envelope.data;
	*encryptedp = d2i_ASN1_TYPE(NULL, &p, (long)envelope.len);
	return *encryptedp ? 0 : -ENOMEM;
}

/* owf and witness: "the result of applying the one-way function (owf) to" the number's octets. */
static int witness_set(Challenge *challenge, struct bytes number)
{
	uint8_t witness[DIGEST_LEN];
	int err = digest_of(number, witness);

	if (err)
		return err;
	challenge->owf = X509_ALGOR_new();
	if (!challenge->owf ||
	    !X509_ALGOR_set0(challenge->owf, OBJ_nid2obj(NID_sha256), V_ASN1_UNDEF, NULL) ||
	    !ASN1_OCTET_STRING_set(challenge->witness, witness, sizeof(witness)))
		return -ENOMEM;
	return 0;
}

static int challenge_fill(struct cmp_request *rq, const struct cmp_item *item, EVP_PKEY *key,
			  struct bytes number, Challenge *challenge)
{
	_cleanup_(octets_clear) struct octets encrypted = OCTETS_NULL;
	int err = witness_set(challenge, number);

	if (err)
		return err;
	if (cmp_envelope_understood(rq))
		return rand_seal(rq, item->cert_req_id, key, number, &challenge->encryptedRand);
	err = challenge_encrypt(rq, key, number, &encrypted);
	if (err)
		return err;
	return ASN1_OCTET_STRING_set(challenge->challenge, encrypted.data, (int)encrypted.len)
		       ? 0
		       : -ENOMEM;
}

/* Adds the Challenge for a request to popdecc. *digest: of the number that answers it. */
static int challenge_add(struct cmp_request *rq, const struct cmp_item *item,
			 uint8_t digest[DIGEST_LEN])
{
	Challenge *challenge = Challenge_new();
	uint8_t number[NUMBER_LEN];
	struct spki_kind kind;
	EVP_PKEY *key = NULL;
	int err;

	if (!challenge ||
	    sk_Challenge_push(rq->attempt.reply.body->value.popdecc, challenge) <= 0) {
		Challenge_free(challenge);
		return -ENOMEM;
	}
	err = cmf_public_key_read(item->csr.spki, &key, &kind, &rq->refusal);
	if (!err)
		err = number_make(number);
	if (!err)
		err = digest_of(BYTES_OF(number), digest);
	if (!err)
		err = challenge_fill(rq, item, key, BYTES_OF(number), challenge);
	OPENSSL_cleanse(number, sizeof(number));
	EVP_PKEY_free(key);
	return err;
}

/* popdecc, with what answers it. */
static int challenges_make(struct cmp_request *rq, struct cmp_items *items, uint8_t *digests)
{
	int err = 0;

	cmp_reply_clear(&rq->attempt.reply);
	rq->attempt.reply.body = cmp_body_new(PKI_BODY_POPDECC);
	if (!rq->attempt.reply.body)
		return -ENOMEM;
	for (size_t i = 0; i < items->len && !err; i++)
		if (!items->item[i].refused && items->item[i].pop == CMP_POP_CHALLENGE)
			err = challenge_add(rq, &items->item[i], digests + i * DIGEST_LEN);
	return err;
}

/* What the transaction has to keep. */
static int transaction_fill(struct cmp_request *rq, const struct cmp_items *items)
{
	bool chain;
	int err;

	rq->attempt.txn.chain_request = false;
	rq->attempt.txn.cert_req_id = rq->attempt.cert_req_id;
	rq->attempt.txn.n_items = items->len > 1 ? items->len : 0;
	for (size_t i = 0; i < items->len; i++) {
		chain = false;
		err = cmp_chain_request(rq, &items->item[i].carriers, &chain);
		/* One that contradicts itself is refused when it is decided on. */
		if (err && err != REFUSED)
			return err;
		rq->attempt.txn.chain_request = rq->attempt.txn.chain_request || chain;
	}
	rq->refusal = REFUSAL_NULL;
	return 0;
}

int cmp_challenge_send(struct cmp_request *rq, struct cmp_items *items, struct cmp_outcome *outcome)
{
	uint8_t *digests = calloc(items->len, DIGEST_LEN);
	int err = digests ? challenges_make(rq, items, digests) : -ENOMEM;

	cmp_outcome_becomes(outcome, STORE_TXN_AWAIT_POP);
	outcome->deadline_ms = rq->now_ms + rq->conf->cmf.confirm_wait_ms;
	outcome->pop_digests = (struct octets){digests, digests ? items->len * DIGEST_LEN : 0};
	return err ? err : transaction_fill(rq, items);
}

/* --- popdecr --- */

static bool is_challenged(struct bytes digests, size_t i)
{
	static const uint8_t none[DIGEST_LEN];

	return memcmp(digests.data + i * DIGEST_LEN, none, DIGEST_LEN) != 0;
}

/* Which number of popdecr, or Challenge of popdecc, is for the request; of the end: their count. */
static int challenge_position(struct bytes digests, size_t i)
{
	int at = 0;

	for (size_t before = 0; before < i; before++)
		at += is_challenged(digests, before);
	return at;
}

/* Content octets of a number that is told, into `out`; empty if longer than any that we ask for. */
static struct bytes integer_octets(const ASN1_INTEGER *i, uint8_t out[INTEGER_MAX])
{
	int len = i2d_ASN1_INTEGER(i, NULL);
	unsigned char *p = out;

	/* Short enough for a length of one octet: identifier and length are two. */
	if (len < 3 || len > INTEGER_MAX)
		return BYTES_NULL;
	len = i2d_ASN1_INTEGER(i, &p);
	return (struct bytes){out + 2, (size_t)len - 2};
}

int cmp_challenge_check(struct cmp_request *rq, size_t i, size_t n)
{
	const STACK_OF(ASN1_INTEGER) *numbers = rq->msg->body->value.popdecr;
	uint8_t octets[INTEGER_MAX], digest[DIGEST_LEN];
	int err;

	/* What was not challenged, since it was refused then, is not proven. */
	if (rq->attempt.pop_digests.len != n * DIGEST_LEN ||
	    !is_challenged(rq->attempt.pop_digests, i))
		return refuse(&rq->refusal, REFUSAL_pop_response_wrong);
	err = digest_of(
		integer_octets(sk_ASN1_INTEGER_value(
				       numbers, challenge_position(rq->attempt.pop_digests, i)),
			       octets),
		digest);
	if (err)
		return err;
	if (CRYPTO_memcmp(digest, rq->attempt.pop_digests.data + i * DIGEST_LEN, DIGEST_LEN))
		return refuse(&rq->refusal, REFUSAL_pop_response_wrong);
	return 0;
}

/*
 * POPODecKeyRespContent ::= SEQUENCE OF INTEGER: one for each challenge. A wrong one is the failure
 * of its request among others; of one alone, of popdecr.
 */
int cmp_challenges_check(struct cmp_request *rq)
{
	size_t n = rq->attempt.pop_digests.len / DIGEST_LEN;

	if (sk_ASN1_INTEGER_num(rq->msg->body->value.popdecr) !=
	    challenge_position(rq->attempt.pop_digests, n))
		return refuse(&rq->refusal, REFUSAL_pop_response_count);
	return n == 1 ? cmp_challenge_check(rq, 0, 1) : 0;
}
