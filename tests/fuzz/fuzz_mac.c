// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the AlgorithmIdentifiers of MACs, RFC 9481 6: reading, the policy's bounds, the
 * key derivation, and what an answer is protected with. What is accepted computes a MAC that
 * verifies, and the algorithm of the answer is accepted again. PasswordBasedMac with HMAC is
 * OpenSSL's, too.
 */
#include "asn1/crmf.h"
#include "asn1/der.h"
#include "asn1/mac.h"
#include "message.h"

#include <openssl/crmf.h>
#include <openssl/err.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* More iterations only cost time. */
static const struct cmp_mac_policy policy = {.iterations_min = 100, .iterations_max = 500};

/* NULL-DN as a GeneralName */
static const uint8_t nobody[] = {0xa4, 0x02, 0x30, 0x00};

static const char *const secrets[] = {
	"secret",
	"sixteen octets!!",
	"twenty-four octets......",
	"thirty-two octets of a secret...",
	"longer than the longest of the blocks that any of the digests here has, which is one "
	"hundred "
	"and forty-four octets of SHA3-224; so this is hashed first",
};

static const uint8_t nonce[CMP_NONCE_LEN];

/* A message protected with it. */
static struct octets message_make(const X509_ALGOR *alg, const char *secret)
{
	struct cmp_protector protector = {.kind = CMP_PROTECTION_MAC,
					  .secret = bytes_of_string(secret),
					  .mac_algorithm = alg};
	PKIBody *body = cmp_body_new(PKI_BODY_PKICONF);
	struct cmp_outgoing out = {.pvno = 2,
				   .sender = BYTES_OF(nobody),
				   .transaction_id = BYTES_OF(nonce),
				   .sender_nonce = BYTES_OF(nonce),
				   .recip_nonce = BYTES_OF(nonce),
				   .body = body};
	struct octets made = OCTETS_NULL;

	MUST(!cmp_message_encode(&out, &protector, &made));
	PKIBody_free(body);
	return made;
}

/* 0 or what is wrong with the message's protection. */
static enum refusal_reason verified(const struct cmp_message *msg, const char *secret)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = cmp_protection_verify_mac(msg, bytes_of_string(secret), &policy, &refusal);

	MUST(err == 0 || err == REFUSED);
	return err ? refusal.reason : REFUSAL_NONE;
}

/*
 * Whether the secret can be the key where none is derived from it. One that cannot is told by
 * nothing before the MAC is right, which it never is.
 */
static bool secret_fits(const X509_ALGOR *alg, const char *secret)
{
	const struct mac_algorithm *a = mac_algorithm_find(alg->algorithm);

	return a->key_max == 0 || (strlen(secret) >= a->key_min && strlen(secret) <= a->key_max);
}

/* Whether it is accepted: its MAC, made of nothing, is then what is wrong. */
static bool is_accepted(X509_ALGOR *alg, const char *secret)
{
	struct cmp_message msg = {.protection_alg = alg,
				  .header_der = BYTES_OF(nobody),
				  .body_der = BYTES_OF(nobody),
				  .has_protection = true,
				  .protection = bytes_of_string("x")};

	return verified(&msg, secret) == REFUSAL_protection_wrong && secret_fits(alg, secret);
}

/* RFC 4210 5.1.3.1 by another implementation, which knows HMAC alone. */
static void same_for_openssl(const struct cmp_message *msg, const X509_ALGOR *alg,
			     const char *secret)
{
	const ASN1_STRING *s = alg->parameter ? alg->parameter->value.sequence : NULL;
	const unsigned char *p = s ? s->data : NULL, *q = p;
	struct der_writer part = DER_WRITER_NULL;
	OSSL_CRMF_PBMPARAMETER *pbm = NULL;
	PBMParameter *view;
	unsigned char *mac = NULL;
	size_t len = 0;

	if (OBJ_obj2nid(alg->algorithm) != NID_id_PasswordBasedMAC)
		return;
	view = d2i_PBMParameter(NULL, &p, s->length);
	MUST(view);
	if (mac_algorithm_find(view->mac->algorithm)->kind == MAC_HMAC)
		pbm = d2i_OSSL_CRMF_PBMPARAMETER(NULL, &q, s->length);
	der_put(&part, msg->body_der);
	der_put(&part, msg->header_der);
	der_put_header(&part, 0x30, 0);
	/* Of HMAC with SHA-1 there are two OIDs, one of which OpenSSL does not know there. */
	if (pbm &&
	    OSSL_CRMF_pbm_new(NULL, NULL, pbm, der_written(&part).data, der_written(&part).len,
			      (const uint8_t *)secret, strlen(secret), &mac, &len))
		MUST(bytes_equal(msg->protection, (struct bytes){mac, len}));
	OPENSSL_free(mac);
	der_writer_clear(&part);
	OSSL_CRMF_PBMPARAMETER_free(pbm);
	PBMParameter_free(view);
}

static void accepted_check(const X509_ALGOR *alg, const char *secret)
{
	struct octets made = message_make(alg, secret);
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;
	X509_ALGOR *again = NULL;

	MUST(!cmp_message_decode(octets_view(&made), &msg, &refusal));
	MUST(verified(msg, secret) == REFUSAL_NONE);
	MUST(verified(msg, "another secret, long enough for it") != REFUSAL_NONE);
	same_for_openssl(msg, alg, secret);
	MUST(!cmp_mac_algorithm_again(alg, &again) && is_accepted(again, secret));
	MUST(OBJ_cmp(again->algorithm, alg->algorithm) == 0);
	X509_ALGOR_free(again);
	cmp_message_free(msg);
	octets_clear(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data + 1, size - 1};
	const unsigned char *p = in.data;
	X509_ALGOR *alg = NULL;
	const char *secret;

	if (size < 2)
		return 0;
	secret = secrets[data[0] % ARRAY_LEN(secrets)];
	/* What is no DER does not come as far. */
	if (!der_check(in))
		alg = d2i_X509_ALGOR(NULL, &p, (long)in.len);
	if (alg && is_accepted(alg, secret))
		accepted_check(alg, secret);
	X509_ALGOR_free(alg);
	ERR_clear_error();
	return 0;
}
