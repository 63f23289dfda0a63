// SPDX-License-Identifier: Apache-2.0
/*
 * Between the files of EnvelopedData: the keys that encrypt the content-encryption key.
 */
#pragma once

#include "asn1/der.h"
#include "asn1/envelope.h"
#include "asn1/kem.h"

/*
 * Content-encryption and key-encryption keys have the same length: RFC 9481 4.3 and 5, AES; ours
 * are the longest.
 */
enum { ENVELOPE_KEY_LEN = 32, ENVELOPE_KEY_LEN_MAX = 32, ENVELOPE_WRAP_OVERHEAD = 8 };
enum { ENVELOPE_IV_LEN = 16 };

struct envelope_scheme {
	const char *oid;
	enum kdf kdf;
	int digest_nid;
};
/* Schemes of ECDH by OID: RFC 9481 4.1.2, RFC 8418 2. NULL if it is not accepted. */
const struct envelope_scheme *envelope_scheme_find(const char *oid);
/* The scheme that we choose for the key: SHA-2 as strong as its curve. */
const struct envelope_scheme *envelope_scheme_for(const EVP_PKEY *key);

/* Numbers of bits of AES key wrap and AES-CBC by OID; 0 if it is neither. */
size_t envelope_wrap_bits(const char *oid);
size_t envelope_cbc_bits(const char *oid);
const char *envelope_wrap_oid(size_t bits);

/* AES-CBC, padded as RFC 5652 6.3, under a key of ENVELOPE_KEY_LEN. The IV is made. */
_must_check_ int envelope_content_encrypt(const uint8_t *cek, struct bytes content,
					  uint8_t iv[ENVELOPE_IV_LEN], struct octets *encryptedp);
/* AlgorithmIdentifier of that, with its IV. */
void envelope_put_cbc(struct der_writer *w, const uint8_t iv[ENVELOPE_IV_LEN]);

/* Derives a key of kek_len octets. 0 or -EIO. */
_must_check_ int envelope_pbkdf2(struct bytes password, struct bytes salt, unsigned int iterations,
				 int digest_nid, uint8_t *kek, size_t kek_len);
/* RFC 3394. `out` holds key_len + ENVELOPE_WRAP_OVERHEAD. 0 or -EIO. */
_must_check_ int envelope_key_wrap(const uint8_t *kek, const uint8_t *key, size_t key_len,
				   uint8_t *out);
/* The key has the length of the key-encryption key. 0, or -EKEYREJECTED. */
_must_check_ int envelope_key_unwrap(const uint8_t *kek, size_t kek_len, struct bytes wrapped,
				     uint8_t *key);
/* The shared secret of a key agreement. 0, or -EKEYREJECTED if it is none. */
_must_check_ int envelope_agree(EVP_PKEY *own, EVP_PKEY *peer, struct octets *secretp);

/* What is hashed with the secret: RFC 5753 7.2 ECC-CMS-SharedInfo, RFC 9629 5 CMSORIforKEMOtherInfo
 */
_must_check_ int envelope_shared_info(const char *wrap_oid, struct bytes ukm, size_t kek_len,
				      struct octets *infop);
_must_check_ int envelope_kem_info(const char *wrap_oid, struct bytes ukm, size_t kek_len,
				   struct octets *infop);

/* The RecipientInfo, and the version that it demands of EnvelopedData (RFC 5652 6.1). */
_must_check_ int envelope_recipient_write(const struct envelope_recipient *to, const uint8_t *cek,
					  struct octets *infop, uint8_t *versionp);
/* The content-encryption key of a RecipientInfo, of cek_len octets. Errors as envelope_open(). */
_must_check_ int envelope_recipient_open(uint8_t tag, struct bytes info,
					 const struct decryptor *decryptor, struct bytes password,
					 uint8_t *cek, size_t cek_len);

/* OBJECT IDENTIFIER, and AlgorithmIdentifier whose parameters are absent. */
void envelope_put_oid(struct der_writer *w, const char *oid);
void envelope_put_algorithm(struct der_writer *w, const char *oid);
/* Reading: the next value must have that tag, and dotted text of an OID. 0 or -EBADMSG. */
enum { ENVELOPE_OID_TEXT_MAX = 80 };
_must_check_ int envelope_expect(struct bytes *in, uint8_t tag, struct bytes *contentp);
_must_check_ int envelope_read_oid(struct bytes *in, char oid[ENVELOPE_OID_TEXT_MAX]);
/* AlgorithmIdentifier with that tag: its OID, and the TLV of its parameters or nothing. */
_must_check_ int envelope_read_algorithm(struct bytes *in, uint8_t tag,
					 char oid[ENVELOPE_OID_TEXT_MAX],
					 struct bytes *parametersp);
