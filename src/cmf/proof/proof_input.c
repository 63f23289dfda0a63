// SPDX-License-Identifier: Apache-2.0
/*
 * poposkInput, RFC 4211 4.1: what a proof of possession by signature is over where the template has
 * no subject. It says who asks, by the name that the message is signed with or by a MAC under the
 * secret of the requester, so that nobody else can bring the key under his own name. The signature
 * is proof.c's.
 */
#include "proof/proof_input.h"

#include "asn1/certificate.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

enum { TAG_INPUT = 0xa0, TAG_SEQUENCE = 0x30 };

/*
 * "the signature is computed over the DER-encoded POPOSigningKeyInput structure": a SEQUENCE, which
 * in POPOSigningKey has the tag [0].
 */
static int input_encode(const ASN1_STRING *received, struct octets *inputp)
{
	struct bytes in = {ASN1_STRING_get0_data(received), (size_t)ASN1_STRING_length(received)};
	int err = octets_dup(in, inputp);

	if (err)
		return err;
	if (in.len == 0 || inputp->data[0] != TAG_INPUT)
		return -EBADMSG;
	inputp->data[0] = TAG_SEQUENCE;
	return 0;
}

static int key_encode(const SubjectPublicKeyInfo *key, struct octets *derp)
{
	unsigned char *der = NULL;
	int len = i2d_SubjectPublicKeyInfo(key, &der);

	if (len <= 0)
		return -ENOMEM;
	*derp = (struct octets){der, (size_t)len};
	return 0;
}

/* "This MUST be exactly the same value as is contained in the certificate template." */
static int key_check(const struct cmf_proof *proof, const SubjectPublicKeyInfo *template_key,
		     const POPOSigningKeyInput *input)
{
	_cleanup_(octets_clear) struct octets said = OCTETS_NULL, asked = OCTETS_NULL;
	int err = key_encode(input->publicKey, &said);

	if (!err)
		err = key_encode(template_key, &asked);
	if (err)
		return err;
	return bytes_equal(octets_view(&said), octets_view(&asked))
		       ? 0
		       : refuse(proof->refusal, REFUSAL_pop_input_public_key);
}

/* "an authenticated identity that has been previously established": what the signer's is. */
static bool is_signer(const struct cmf_principal *who, const GENERAL_NAME *sender)
{
	struct certificate_view view;
	const unsigned char *p;
	X509_NAME *subject;
	bool is;

	if (sender->type != GEN_DIRNAME || !who->certificate.len ||
	    certificate_view(octets_view(&who->certificate), &view))
		return false;
	p = view.subject.data;
	subject = d2i_X509_NAME(NULL, &p, (long)view.subject.len);
	/* The NULL-DN is nobody's. */
	is = X509_NAME_entry_count(subject) > 0 &&
	     X509_NAME_cmp(subject, sender->d.directoryName) == 0;
	X509_NAME_free(subject);
	return is;
}

static int sender_check(const struct cmf_proof *proof, const GENERAL_NAME *sender)
{
	/* It could have said raVerified. */
	if (cmf_principal_verified_pop(proof->who) || is_signer(proof->who, sender))
		return 0;
	return refuse(proof->refusal, REFUSAL_pop_input_sender);
}

/* The MAC of the key under the secret: 0, -EBADMSG if it is another. */
static int mac_compare(struct cmp_mac *mac, struct bytes secret, const PKMACValue *said,
		       const SubjectPublicKeyInfo *key)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	uint8_t expected[MAC_OUTPUT_MAX];
	size_t len = 0;
	int err = key_encode(key, &der);

	if (!err)
		err = cmp_mac_compute(mac, secret, octets_view(&der), expected, &len);
	if (err)
		return err;
	return (size_t)ASN1_STRING_length(said->value) == len &&
			       CRYPTO_memcmp(ASN1_STRING_get0_data(said->value), expected, len) == 0
		       ? 0
		       : -EBADMSG;
}

/* RFC 4211 4.4; the bounds are those of the protection of messages. */
static int mac_check(const struct cmf_proof *proof, const PKMACValue *said,
		     const SubjectPublicKeyInfo *key)
{
	struct bytes secret = octets_view(&proof->who->mac_secret);
	_cleanup_(cmp_mac_clear) struct cmp_mac mac = {0};
	const struct cmp_mac_policy policy = cmf_mac_policy(proof->conf, proof->who->policy, 1);
	int err;

	if (!secret.len)
		return refuse(proof->refusal, REFUSAL_pop_input_mac);
	err = cmp_mac_read(said->algId, &mac);
	if (!err)
		err = cmp_mac_check(&mac, &policy, proof->refusal);
	if (!err && mac.algorithm->kind != MAC_PASSWORD_BASED)
		err = -ENOTSUP;
	if (!err)
		err = mac_compare(&mac, secret, said, key);
	return err == -EBADMSG || err == -ENOTSUP ? refuse(proof->refusal, REFUSAL_pop_input_mac)
						  : err;
}

int proof_input_check(const struct cmf_proof *proof, const ASN1_STRING *received,
		      const SubjectPublicKeyInfo *template_key, struct octets *inputp)
{
	POPOSigningKeyInput *input = NULL;
	const unsigned char *p;
	int err = input_encode(received, inputp);

	p = inputp->data;
	if (!err)
		input = d2i_POPOSigningKeyInput(NULL, &p, (long)inputp->len);
	ERR_clear_error();
	if (!err && (!input || p != inputp->data + inputp->len))
		err = -EBADMSG;
	if (!err)
		err = key_check(proof, template_key, input);
	if (!err && input->authInfo->type == POPO_AUTH_SENDER)
		err = sender_check(proof, input->authInfo->value.sender);
	else if (!err)
		err = mac_check(proof, input->authInfo->value.publicKeyMAC, input->publicKey);
	POPOSigningKeyInput_free(input);
	return err == -EBADMSG ? refuse(proof->refusal, REFUSAL_pop_input_malformed) : err;
}
