// SPDX-License-Identifier: Apache-2.0
/*
 * EnvelopedData (RFC 5652 6) for one recipient, as CMP uses it: RFC 9810 5.2.2, RFC 9483 4.1.6.
 * What is made and taken is the DER of EnvelopedData itself, without ContentInfo.
 *
 * By the primitives of libcrypto and not by its CMS: that one makes no X25519 and X448 (RFC 8418),
 * no ML-KEM (RFC 9936), no AES key wrap under a password (RFC 9481 4.4), and wants a certificate
 * where there is only a key.
 */
#pragma once

#include "asn1/certificate.h"
#include "asn1/decryptor.h"
#include "base/bytes.h"

#include <openssl/evp.h>

/* Content types, dotted, for the parameters below. */
#define OID_CT_DATA            "1.2.840.113549.1.7.1"
#define OID_CT_SIGNED_DATA     "1.2.840.113549.1.7.2"
#define OID_CT_ENC_KEY_WITH_ID "1.2.840.113549.1.9.16.1.21" /* RFC 4211 4.2.1 */
#define OID_CT_KEY_PACKAGE     "2.16.840.1.101.2.1.2.78.5"  /* RFC 5958 */

/* For whom. All is borrowed. */
struct envelope_recipient {
	/*
	 * Public key: RSA (key transport), EC, X25519, X448 (key agreement with an ephemeral key),
	 * ML-KEM. NULL: the password.
	 */
	EVP_PKEY *key;
	/* How the key is named: by subjectKeyIdentifier, if it is empty by issuer and serialNumber.
	 */
	struct bytes ski;
	struct bytes issuer; /* TLV of Name */
	struct bytes serial; /* content octets of INTEGER */
	bool oaep;           /* RSA: RSAES-OAEP with SHA-256 instead of PKCS #1 v1.5 */
	/* A shared secret, stretched by PBKDF2 with HMAC-SHA-256 and a salt of this envelope. */
	struct bytes password;
	unsigned int iterations;
	/*
	 * Password: id-alg-PWRI-KEK (RFC 3211) instead of AES key wrap, which is all that libcrypto
	 * reads. RFC 9481 4.3 does not have it; envelope_open() does not take it.
	 */
	bool pwri_kek;
};

/*
 * The recipient is the subject of a certificate, named by its subjectKeyIdentifier, or by issuer
 * and serialNumber if it has none (RFC 9483 4.1.6.1). Borrows from both.
 */
void envelope_recipient_set_certificate(struct envelope_recipient *to,
					const struct certificate_view *certificate, EVP_PKEY *key);

/*
 * Encrypts `content` of the type (dotted OID): AES-256-CBC, the key wrapped under AES-256. Its
 * version is what RFC 5652 6.1 says. 0; -ENOTSUP if the key cannot receive (it only signs, or the
 * library does not know its kind); -EINVAL without key and password. The caller owns *envelopep.
 */
_must_check_ int envelope_seal(const struct envelope_recipient *to, const char *content_type,
			       struct bytes content, struct octets *envelopep);

/*
 * Whether anything can be encrypted for that public key: not where it is a point of small order
 * (RFC 7748 6), which is nobody's key, or an RSA key too short for a content-encryption key. 0,
 * -ENOTSUP, other negative errno.
 */
_must_check_ int envelope_key_check(EVP_PKEY *key);

/*
 * The content, opened with a private key or, if it is NULL, with a password. Versions 0 to 4 and
 * one recipient, whose identifier is not looked at: RFC 9810 5.2.8.3.2 lets it name what the owner
 * of the key cannot know. 0; -EBADMSG if malformed or of another content type; -ENOTSUP if an
 * algorithm is not accepted; -EKEYREJECTED if the key or password does not open it. With key
 * transport that is not always noticed: the content is then random, and has to be checked. Strict
 * DER is the caller's concern (der_check). The caller owns *contentp, which may be a secret.
 */
_must_check_ int envelope_open(struct bytes envelope, const struct decryptor *decryptor,
			       struct bytes password, const char *content_type,
			       struct octets *contentp);

/* Whether it is one, with content of that type: where several may come. */
bool envelope_has_type(struct bytes envelope, const char *content_type);

/*
 * A secret to an RSA key by itself: PKCS #1 v1.5, or OAEP with SHA-256. 0, or -EIO, also if it is
 * too long for the key. The caller owns *encryptedp.
 */
_must_check_ int key_transport_encrypt(EVP_PKEY *key, bool oaep, struct bytes secret,
				       struct octets *encryptedp);

/*
 * EncryptedKey ::= CHOICE { encryptedValue EncryptedValue, envelopedData [0] EnvelopedData }, tags
 * implicit (RFC 4211 2.1): turns an EnvelopedData into that alternative, in place.
 */
void envelope_to_encrypted_key(struct octets *envelope);
/* The reverse, copied: -ENOTSUP if it is an EncryptedValue, -EBADMSG if neither. */
_must_check_ int envelope_from_encrypted_key(struct bytes encrypted_key, struct octets *envelopep);
/*
 * The other alternative, deprecated, for peers of pvno 2 (RFC 9810 5.2.2): RSA alone, PKCS #1 v1.5.
 * -ENOTSUP if the key is another. The caller owns *valuep.
 */
_must_check_ int encrypted_value_seal(EVP_PKEY *key, struct bytes content, struct octets *valuep);
