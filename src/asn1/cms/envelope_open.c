// SPDX-License-Identifier: Apache-2.0
/*
 * RecipientInfo of RFC 5652 6.2, opened with a private key or a password. Bounded work on hostile
 * input: one recipient, a limit on iterations, lengths checked by those who use them.
 */
#include "envelope_local.h"

#include "asn1/algorithm.h"
#include "base/log.h"
#include "key_point.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

/* PBKDF2: below, guessing costs nothing; above, each message costs seconds. */
#define ITERATIONS_MIN 1000
#define ITERATIONS_MAX 1000000

enum { TAG_KTRI = 0x30, TAG_KARI = 0xa1, TAG_PWRI = 0xa3, TAG_ORI = 0xa4 };

/* RSAES-OAEP-params (RFC 4055 4.1) that are accepted: SHA-2, and MGF1 with the same digest. */
static const EVP_MD *oaep_digest(struct bytes parameters)
{
	const unsigned char *p = parameters.data;
	RSA_OAEP_PARAMS *oaep = d2i_RSA_OAEP_PARAMS(NULL, &p, (long)parameters.len);
	X509_ALGOR *mask_hash = NULL;
	const EVP_MD *md = NULL;
	int nid = NID_undef;

	if (oaep && oaep->hashFunc && oaep->maskGenFunc && !oaep->pSourceFunc &&
	    OBJ_obj2nid(oaep->maskGenFunc->algorithm) == NID_mgf1)
		mask_hash = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR),
						      oaep->maskGenFunc->parameter);
	if (mask_hash)
		nid = OBJ_obj2nid(mask_hash->algorithm);
	if (nid != NID_undef && nid == OBJ_obj2nid(oaep->hashFunc->algorithm) &&
	    (nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512))
		md = digest_by_nid(nid);
	X509_ALGOR_free(mask_hash);
	RSA_OAEP_PARAMS_free(oaep);
	return md;
}

/* The digest of OAEP that an AlgorithmIdentifier asks for; NULL: PKCS #1 v1.5. 0 or -ENOTSUP. */
static int padding_read(const char *oid, struct bytes parameters, const EVP_MD **oaepp)
{
	*oaepp = NULL;
	if (strcmp(oid, "1.2.840.113549.1.1.1") == 0)
		return 0;
	if (strcmp(oid, "1.2.840.113549.1.1.7") == 0)
		*oaepp = oaep_digest(parameters);
	ERR_clear_error();
	return *oaepp ? 0 : -ENOTSUP;
}

static int ktri_open(struct bytes info, const struct decryptor *decryptor, uint8_t *cek,
		     size_t cek_len)
{
	struct bytes content, tlv, parameters, encrypted;
	char oid[ENVELOPE_OID_TEXT_MAX];
	const EVP_MD *oaep;
	uint8_t tag;
	int err;

	if (envelope_expect(&info, 0x02, &content) || der_next(&info, &tag, &tlv, &content) ||
	    envelope_read_algorithm(&info, 0x30, oid, &parameters) ||
	    envelope_expect(&info, 0x04, &encrypted) || info.len)
		return -EBADMSG;
	if (!EVP_PKEY_is_a(decryptor_public_key(decryptor), "RSA"))
		return -EKEYREJECTED;
	err = padding_read(oid, parameters, &oaep);
	return err ? err : decryptor_transport(decryptor, oaep, encrypted, cek, cek_len);
}

/* The originator's key: of the recipient's kind and curve, whatever its algorithm says. */
static int originator_read(struct bytes in, const EVP_PKEY *key, EVP_PKEY **peerp)
{
	char oid[ENVELOPE_OID_TEXT_MAX];
	struct bytes originator, parameters, point;
	EVP_PKEY *peer;
	bool raw = EVP_PKEY_is_a(key, "X25519") || EVP_PKEY_is_a(key, "X448");

	if (envelope_expect(&in, 0xa1, &originator) || in.len ||
	    envelope_read_algorithm(&originator, 0x30, oid, &parameters) ||
	    envelope_expect(&originator, 0x03, &point) || originator.len || point.len < 2 ||
	    point.data[0] != 0)
		return -EBADMSG;
	point = (struct bytes){point.data + 1, point.len - 1};
	/* What is agreed on with such a point, everybody knows. */
	if (raw && key_point_proves_nothing(EVP_PKEY_get_base_id(key), point))
		return -EBADMSG;
	if (raw) {
		peer = EVP_PKEY_new_raw_public_key_ex(NULL, EVP_PKEY_get0_type_name(key), NULL,
						      point.data, point.len);
	} else {
		peer = EVP_PKEY_new();
		if (peer && (EVP_PKEY_copy_parameters(peer, key) <= 0 ||
			     EVP_PKEY_set1_encoded_public_key(peer, point.data, point.len) <= 0)) {
			EVP_PKEY_free(peer);
			peer = NULL;
		}
	}
	ERR_clear_error();
	*peerp = peer;
	return peer ? 0 : -EKEYREJECTED;
}

/* What a KeyAgreeRecipientInfo says besides the originator. */
struct agreement {
	struct bytes originator;
	struct bytes ukm;
	const struct envelope_scheme *scheme;
	char wrap_oid[ENVELOPE_OID_TEXT_MAX];
	struct bytes encrypted;
};

static int recipient_key_read(struct bytes in, struct bytes *encryptedp)
{
	struct bytes keys, entry, tlv, content;
	uint8_t tag;

	if (envelope_expect(&in, 0x30, &keys) || in.len || envelope_expect(&keys, 0x30, &entry) ||
	    keys.len || der_next(&entry, &tag, &tlv, &content) ||
	    envelope_expect(&entry, 0x04, encryptedp) || entry.len)
		return -EBADMSG;
	return 0;
}

/* 0, -EBADMSG or -ENOTSUP. */
static int agreement_read(struct bytes info, struct agreement *a)
{
	char oid[ENVELOPE_OID_TEXT_MAX];
	struct bytes version, ukm, wrap, parameters;
	int err;

	if (envelope_expect(&info, 0x02, &version) || envelope_expect(&info, 0xa0, &a->originator))
		return -EBADMSG;
	a->ukm = BYTES_NULL;
	if (info.len && info.data[0] == 0xa1 &&
	    (envelope_expect(&info, 0xa1, &ukm) || envelope_expect(&ukm, 0x04, &a->ukm) || ukm.len))
		return -EBADMSG;
	if (envelope_read_algorithm(&info, 0x30, oid, &wrap) ||
	    (err = recipient_key_read(info, &a->encrypted)))
		return -EBADMSG;
	a->scheme = envelope_scheme_find(oid);
	if (!a->scheme)
		return -ENOTSUP;
	return envelope_read_algorithm(&wrap, 0x30, a->wrap_oid, &parameters) || wrap.len ? -EBADMSG
											  : 0;
}

static int agreed_key_unwrap(const struct agreement *a, const struct decryptor *decryptor,
			     EVP_PKEY *peer, uint8_t *cek, size_t cek_len)
{
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets info = OCTETS_NULL;
	uint8_t kek[ENVELOPE_KEY_LEN_MAX];
	int err = decryptor_agree(decryptor, peer, &secret);

	if (!err)
		err = envelope_shared_info(a->wrap_oid, a->ukm, cek_len, &info);
	if (!err)
		err = kdf_derive(a->scheme->kdf, a->scheme->digest_nid, octets_view(&secret),
				 octets_view(&info), kek, cek_len);
	if (!err)
		err = envelope_key_unwrap(kek, cek_len, a->encrypted, cek);
	OPENSSL_cleanse(kek, sizeof(kek));
	return err;
}

static int kari_open(struct bytes info, const struct decryptor *decryptor, uint8_t *cek,
		     size_t cek_len)
{
	const EVP_PKEY *key = decryptor_public_key(decryptor);
	struct agreement a;
	EVP_PKEY *peer = NULL;
	int err = agreement_read(info, &a);

	if (err)
		return err;
	if (envelope_wrap_bits(a.wrap_oid) != cek_len * 8)
		return -ENOTSUP;
	if (!envelope_scheme_for(key))
		return -EKEYREJECTED;
	err = originator_read(a.originator, key, &peer);
	if (!err)
		err = agreed_key_unwrap(&a, decryptor, peer, cek, cek_len);
	EVP_PKEY_free(peer);
	return err;
}

/* Parameters of PBKDF2, RFC 8018 A.2; prf has the default hmacWithSHA1, which is not accepted. */
static int pbkdf2_read(struct bytes in, struct bytes *saltp, unsigned int *iterationsp,
		       int *digest_nidp, size_t *key_lenp)
{
	char oid[ENVELOPE_OID_TEXT_MAX];
	struct bytes params, number, rest;

	*key_lenp = 0;
	if (envelope_expect(&in, 0x30, &params) || in.len ||
	    envelope_expect(&params, 0x04, saltp) || envelope_expect(&params, 0x02, &number) ||
	    number.len > 4)
		return -EBADMSG;
	*iterationsp = 0;
	for (size_t i = 0; i < number.len; i++)
		*iterationsp = *iterationsp << 8 | number.data[i];
	if (params.len && params.data[0] == 0x02) {
		if (envelope_expect(&params, 0x02, &number) || number.len != 1)
			return -EBADMSG;
		*key_lenp = number.data[0];
	}
	if (params.len == 0)
		return -ENOTSUP;
	if (envelope_read_algorithm(&params, 0x30, oid, &rest) || params.len)
		return -EBADMSG;
	*digest_nidp = strcmp(oid, "1.2.840.113549.2.9") == 0    ? NID_sha256
		       : strcmp(oid, "1.2.840.113549.2.10") == 0 ? NID_sha384
		       : strcmp(oid, "1.2.840.113549.2.11") == 0 ? NID_sha512
								 : NID_undef;
	return *digest_nidp == NID_undef || *iterationsp < ITERATIONS_MIN ||
			       *iterationsp > ITERATIONS_MAX
		       ? -ENOTSUP
		       : 0;
}

static int pwri_open(struct bytes info, struct bytes password, uint8_t *cek, size_t cek_len)
{
	char kdf[ENVELOPE_OID_TEXT_MAX], wrap[ENVELOPE_OID_TEXT_MAX];
	struct bytes version, kdf_parameters, parameters, encrypted, salt;
	uint8_t kek[ENVELOPE_KEY_LEN_MAX];
	unsigned int iterations;
	int digest_nid, err;
	size_t key_len;

	if (envelope_expect(&info, 0x02, &version) ||
	    envelope_read_algorithm(&info, 0xa0, kdf, &kdf_parameters) ||
	    envelope_read_algorithm(&info, 0x30, wrap, &parameters) ||
	    envelope_expect(&info, 0x04, &encrypted) || info.len)
		return -EBADMSG;
	if (strcmp(kdf, "1.2.840.113549.1.5.12") != 0 || envelope_wrap_bits(wrap) != cek_len * 8)
		return -ENOTSUP;
	err = pbkdf2_read(kdf_parameters, &salt, &iterations, &digest_nid, &key_len);
	if (!err && key_len && key_len != cek_len)
		err = -EBADMSG;
	if (!err)
		err = envelope_pbkdf2(password, salt, iterations, digest_nid, kek, cek_len);
	if (!err)
		err = envelope_key_unwrap(kek, cek_len, encrypted, cek);
	OPENSSL_cleanse(kek, sizeof(kek));
	return err;
}

/* What a KEMRecipientInfo says. */
struct encapsulation {
	char kem_oid[ENVELOPE_OID_TEXT_MAX];
	struct bytes ciphertext;
	char kdf_oid[ENVELOPE_OID_TEXT_MAX];
	struct bytes kek_len;
	struct bytes ukm;
	char wrap_oid[ENVELOPE_OID_TEXT_MAX];
	struct bytes encrypted;
};

static int encapsulation_read(struct bytes info, struct encapsulation *e)
{
	char type[ENVELOPE_OID_TEXT_MAX];
	struct bytes in, version, tlv, content, ukm, parameters;
	uint8_t tag;

	if (envelope_read_oid(&info, type))
		return -EBADMSG;
	if (strcmp(type, "1.2.840.113549.1.9.16.13.3") != 0)
		return -ENOTSUP;
	if (envelope_expect(&info, 0x30, &in) || info.len || envelope_expect(&in, 0x02, &version) ||
	    der_next(&in, &tag, &tlv, &content) ||
	    envelope_read_algorithm(&in, 0x30, e->kem_oid, &parameters) ||
	    envelope_expect(&in, 0x04, &e->ciphertext) ||
	    envelope_read_algorithm(&in, 0x30, e->kdf_oid, &parameters) ||
	    envelope_expect(&in, 0x02, &e->kek_len))
		return -EBADMSG;
	e->ukm = BYTES_NULL;
	if (in.len && in.data[0] == 0xa0 &&
	    (envelope_expect(&in, 0xa0, &ukm) || envelope_expect(&ukm, 0x04, &e->ukm) || ukm.len))
		return -EBADMSG;
	return envelope_read_algorithm(&in, 0x30, e->wrap_oid, &parameters) ||
			       envelope_expect(&in, 0x04, &e->encrypted) || in.len
		       ? -EBADMSG
		       : 0;
}

static int kemri_open(struct bytes ori, const struct decryptor *decryptor, uint8_t *cek,
		      size_t cek_len)
{
	const struct kem_algorithm *kem = kem_algorithm_for(decryptor_public_key(decryptor));
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets info = OCTETS_NULL;
	uint8_t kek[ENVELOPE_KEY_LEN_MAX];
	struct encapsulation e;
	int err = encapsulation_read(ori, &e);

	if (err)
		return err;
	if (strcmp(e.kdf_oid, "1.2.840.113549.1.9.16.3.28") != 0 ||
	    envelope_wrap_bits(e.wrap_oid) != cek_len * 8)
		return -ENOTSUP;
	if (e.kek_len.len != 1 || e.kek_len.data[0] != cek_len)
		return -EBADMSG;
	if (!kem || strcmp(kem->oid, e.kem_oid) != 0)
		return -EKEYREJECTED;
	err = decryptor_decapsulate(decryptor, e.ciphertext, &secret);
	if (!err)
		err = envelope_kem_info(e.wrap_oid, e.ukm, cek_len, &info);
	if (!err)
		err = kdf_derive(KDF_HKDF, NID_sha256, octets_view(&secret), octets_view(&info),
				 kek, cek_len);
	if (!err)
		err = envelope_key_unwrap(kek, cek_len, e.encrypted, cek);
	OPENSSL_cleanse(kek, sizeof(kek));
	return err;
}

int envelope_recipient_open(uint8_t tag, struct bytes info, const struct decryptor *decryptor,
			    struct bytes password, uint8_t *cek, size_t cek_len)
{
	/* A message for the other of key and password. */
	if ((tag == TAG_PWRI) != !decryptor)
		return -EKEYREJECTED;
	switch (tag) {
	case TAG_KTRI:
		return ktri_open(info, decryptor, cek, cek_len);
	case TAG_KARI:
		return kari_open(info, decryptor, cek, cek_len);
	case TAG_PWRI:
		return pwri_open(info, password, cek, cek_len);
	case TAG_ORI:
		return kemri_open(info, decryptor, cek, cek_len);
	default: /* kekri: nobody shares a symmetric key with us */
		return -ENOTSUP;
	}
}
