// SPDX-License-Identifier: Apache-2.0
/*
 * Verification of a message's protection over the received octets. Whose key or secret it is, and
 * whether it is trusted, the caller knows.
 */
#include "message.h"

#include "asn1/der.h"
#include "message/mac.h"

#include <errno.h>
#include <openssl/crypto.h>

/* More than any client has use for; bounds what each BASEKEY digests first. */
#define SALT_LEN_MAX 128
/* Octets: as long as the longest digest. */
#define KEY_LEN_MAX_DEFAULT 64

/* RFC 4210 5.1.3: ProtectedPart ::= SEQUENCE { header PKIHeader, body PKIBody } */
static int protected_part(const struct cmp_message *msg, struct octets *partp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;

	der_put(&w, msg->body_der);
	der_put(&w, msg->header_der);
	der_put_header(&w, 0x30, 0);
	return der_writer_take(&w, partp);
}

int cmp_protection_check(const struct cmp_message *msg, struct refusal *refusal)
{
	if (!msg->has_protection)
		return refuse(refusal, msg->protection_alg ? REFUSAL_protection_missing_alg_given
							   : REFUSAL_protection_missing);
	if (!msg->protection_alg)
		return refuse(refusal, REFUSAL_protection_alg_missing);
	if (msg->protection.len == 0)
		return refuse(refusal, REFUSAL_protection_empty);
	/* RFC 9481 3, 6: signatures and MACs are octets. */
	if (msg->protection_unused_bits)
		return refuse(refusal, REFUSAL_protection_unused_bits);
	return 0;
}

int cmp_protection_verify_by(const struct cmp_message *msg,
			     const struct signature_verifier *verifier, struct refusal *refusal)
{
	_cleanup_(octets_clear) struct octets part = OCTETS_NULL;
	enum signature_result result;
	int err = cmp_protection_check(msg, refusal);

	if (err)
		return err;
	err = protected_part(msg, &part);
	if (err)
		return err;
	err = signature_verify_by(verifier, msg->protection_alg, octets_view(&part),
				  msg->protection, &result);
	if (err)
		return err;
	switch (result) {
	case SIGNATURE_OK:
		return 0;
	case SIGNATURE_ALG_REFUSED:
		return refuse(refusal, REFUSAL_protection_alg_unsupported);
	case SIGNATURE_ALG_MISMATCH:
		return refuse(refusal, REFUSAL_protection_alg_mismatch);
	case SIGNATURE_ALG_PARAMETERS:
		return refuse(refusal, REFUSAL_protection_alg_parameters);
	case SIGNATURE_ALG_UNAVAILABLE:
		return refuse(refusal, REFUSAL_protection_alg_unavailable);
	case SIGNATURE_WRONG:
	default:
		return refuse(refusal, REFUSAL_protection_wrong);
	}
}

int cmp_protection_verify_signature(const struct cmp_message *msg, EVP_PKEY *key,
				    struct refusal *refusal)
{
	const struct signature_verifier once = {.key = key};

	return cmp_protection_verify_by(msg, &once, refusal);
}

static bool mac_key_is_long(const struct cmp_mac *mac, const struct cmp_mac_policy *policy)
{
	uint32_t max = policy->key_len_max ? policy->key_len_max : KEY_LEN_MAX_DEFAULT;

	return mac->algorithm->kind == MAC_PBMAC1 && mac->key_len > max;
}

int cmp_mac_check(const struct cmp_mac *mac, const struct cmp_mac_policy *policy,
		  struct refusal *refusal)
{
	const struct mac_algorithm *function = mac->function.algorithm;

	if (policy->algorithms && !(policy->algorithms & mac_algorithm_bit(mac->algorithm)))
		return refuse(refusal, REFUSAL_protection_alg_not_allowed);
	/* RFC 4210 5.1.3.1: bounds against denial of service */
	if (mac->iterations > policy->iterations_max || mac->salt.len > SALT_LEN_MAX ||
	    mac_key_is_long(mac, policy))
		return refuse(refusal, REFUSAL_mac_costly);
	/* RFC 9045 4.3: at least 100 iterations; none where the secret is the key */
	if (mac->iterations && mac->iterations < policy->iterations_min)
		return refuse(refusal, REFUSAL_mac_weak);
	/* RFC 4211 4.4, RFC 8018 4.1: without a salt a table of derived keys serves for all. */
	if (mac->iterations && mac->salt.len == 0)
		return refuse(refusal, REFUSAL_mac_salt);
	/* RFC 9044, RFC 8702 3.4: a derived key as long as the algorithm takes it and its strength
	 * asks */
	if (mac->key_len && (mac->key_len < function->key_min || mac->key_len > function->key_max))
		return refuse(refusal, REFUSAL_mac_key_length);
	return 0;
}

int cmp_protection_read_mac(const struct cmp_message *msg, const struct cmp_mac_policy *policy,
			    struct cmp_mac *macp, struct refusal *refusal)
{
	int err = cmp_protection_check(msg, refusal);

	if (!err)
		err = cmp_mac_read(msg->protection_alg, macp);
	if (err == -ENOTSUP)
		return refuse(refusal, REFUSAL_protection_alg_unsupported);
	if (err == -EBADMSG)
		return refuse(refusal, REFUSAL_mac_parameters);
	macp->transaction_id = msg->transaction_id;
	return err ? err : cmp_mac_check(macp, policy, refusal);
}

/*
 * What stands for a secret that cannot be a key of the function at all: the MAC is then as wrong as
 * under any other, and as much is done.
 */
static struct bytes secret_computable(const struct cmp_mac *mac, struct bytes secret)
{
	static const uint8_t no_key[MAC_KEY_MAX];
	const struct mac_algorithm *function = mac->function.algorithm;
	/* SP 800-38D: a key of AES has one length; KMAC of OpenSSL takes four octets at least. */
	bool exact = function->key_min == function->key_max;
	size_t min = exact ? function->key_min : 4;

	if (mac->key_len || (secret.len >= min && secret.len <= function->key_max))
		return secret;
	return (struct bytes){no_key, function->key_min};
}

int cmp_protection_compare_mac(const struct cmp_message *msg, struct cmp_mac *mac,
			       struct bytes secret, struct refusal *refusal)
{
	_cleanup_(octets_clear) struct octets part = OCTETS_NULL;
	struct bytes key = secret_computable(mac, secret);
	uint8_t expected[MAC_OUTPUT_MAX];
	size_t len = 0;
	int err = protected_part(msg, &part);

	if (!err)
		err = cmp_mac_compute(mac, key, octets_view(&part), expected, &len);
	if (err == -ENOTSUP)
		return refuse(refusal, REFUSAL_protection_alg_unavailable);
	if (err)
		return err;
	if (key.data != secret.data)
		return refuse_detail(refusal, REFUSAL_protection_wrong,
				     "the secret has no length that the MAC takes");
	if (msg->protection.len != len || CRYPTO_memcmp(msg->protection.data, expected, len))
		return refuse(refusal, REFUSAL_protection_wrong);
	/* Of who has proved that it knows the secret. */
	if (!mac->key_len && secret.len < mac->function.algorithm->key_min)
		return refuse(refusal, REFUSAL_mac_key_length);
	return 0;
}

int cmp_protection_verify_mac(const struct cmp_message *msg, struct bytes secret,
			      const struct cmp_mac_policy *policy, struct refusal *refusal)
{
	_cleanup_(cmp_mac_clear) struct cmp_mac mac = {0};
	int err = cmp_protection_read_mac(msg, policy, &mac, refusal);

	return err ? err : cmp_protection_compare_mac(msg, &mac, secret, refusal);
}
