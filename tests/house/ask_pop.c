// SPDX-License-Identifier: Apache-2.0
/* Proof of possession by decryption, as a client of the CMP door does it. See ask.h. */
#include "ask.h"

#include "envelope_key.h"

#include <string.h>

POPOPrivKey *ask_pop_priv_key(struct ask *ask, int type, int choice)
{
	CertReqMsg *msg = ask_request(ask);
	POPOPrivKey *pop = POPOPrivKey_new();

	ProofOfPossession_free(msg->popo);
	msg->popo = ProofOfPossession_new();
	HOUSE_CHECK(pop && msg->popo);
	msg->popo->type = type;
	msg->popo->value.keyEncipherment = pop;
	pop->type = choice;
	ask->keep_pop = true;
	return pop;
}

void ask_pop_subsequent(struct ask *ask, int type, long method)
{
	POPOPrivKey *pop = ask_pop_priv_key(ask, type, POPO_PRIV_KEY_SUBSEQUENT_MESSAGE);

	pop->value.subsequentMessage = ASN1_INTEGER_new();
	HOUSE_CHECK(ASN1_INTEGER_set(pop->value.subsequentMessage, method));
}

void ask_popdecr(struct ask *ask, const struct ask *before, const struct told *told,
		 ASN1_INTEGER *number)
{
	ask_next(ask, before, told);
	ask->profile_label = before->profile_label;
	ask->body = cmp_body_new(PKI_BODY_POPDECR);
	HOUSE_CHECK(ask->body);
	HOUSE_CHECK(number && sk_ASN1_INTEGER_push(ask->body->value.popdecr, number) > 0);
}

/* Rand of pvno 2: RSA as it is, RFC 4210 5.2.8.3. */
static struct octets rand_decrypt(const Challenge *challenge, EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	struct octets rand = {malloc(512), 512};

	HOUSE_CHECK(!challenge->encryptedRand && ctx && EVP_PKEY_decrypt_init(ctx) > 0);
	HOUSE_CHECK(EVP_PKEY_decrypt(ctx, rand.data, &rand.len, challenge->challenge->data,
				     (size_t)challenge->challenge->length) > 0);
	EVP_PKEY_CTX_free(ctx);
	return rand;
}

/* Of pvno 3, RFC 9810 5.2.8.3.3: EnvelopedData, whose rid has a NULL-DN and the certReqId. */
static struct octets rand_open(const Challenge *challenge, EVP_PKEY *key, uint8_t id)
{
	const uint8_t rid[] = {0x30, 0x05, 0x30, 0x00, 0x02, 0x01, id};
	const ASN1_STRING *s = challenge->encryptedRand->value.sequence;
	struct octets rand;

	HOUSE_CHECK(challenge->challenge->length == 0);
	HOUSE_CHECK(memmem(s->data, (size_t)s->length, rid, sizeof(rid)));
	HOUSE_CHECK(!envelope_open_by_key((struct bytes){s->data, (size_t)s->length}, key,
					  BYTES_NULL, OID_CT_DATA, &rand));
	return rand;
}

ASN1_INTEGER *told_number(const struct told *told, EVP_PKEY *key)
{
	HOUSE_CHECK(told->msg->body_type == PKI_BODY_POPDECC &&
		    sk_Challenge_num(told->msg->body->value.popdecc) == 1);
	return told_number_at(told, 0, key, 0);
}

ASN1_INTEGER *told_number_at(const struct told *told, int i, EVP_PKEY *key, uint8_t id)
{
	const STACK_OF(Challenge) *challenges = told->msg->body->value.popdecc;
	const Challenge *challenge = sk_Challenge_value(challenges, i);
	const unsigned char *p;
	ASN1_INTEGER *number;
	uint8_t witness[32];
	struct octets der;
	unsigned char *sender = NULL;
	Rand *rand;
	int len;

	HOUSE_CHECK(told->msg->body_type == PKI_BODY_POPDECC && challenge);
	der = told->msg->pvno == 2 ? rand_decrypt(challenge, key) : rand_open(challenge, key, id);
	p = der.data;
	rand = d2i_Rand(NULL, &p, (long)der.len);
	len = rand ? i2d_GENERAL_NAME(rand->sender, &sender) : 0;
	HOUSE_CHECK(bytes_equal((struct bytes){sender, (size_t)len}, told->msg->sender));
	OPENSSL_free(sender);
	number = ASN1_INTEGER_dup(rand->integer);
	/* RFC 9810 F: owf is present in the first Challenge; the witness is of the number. */
	HOUSE_CHECK(OBJ_obj2nid(challenge->owf->algorithm) == NID_sha256);
	HOUSE_CHECK(EVP_Digest(number->data, (size_t)number->length, witness, NULL, EVP_sha256(),
			       NULL) == 1);
	HOUSE_CHECK(challenge->witness->length == sizeof(witness) &&
		    !memcmp(challenge->witness->data, witness, sizeof(witness)));
	Rand_free(rand);
	octets_clear(&der);
	return number;
}
