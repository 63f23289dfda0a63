// SPDX-License-Identifier: Apache-2.0
/* Structures of a TPM: see tpm2.h. */
#include "tpm2.h"

#include "asn1/algorithm.h"
#include "asn1/der.h"

#include <errno.h>
#include <openssl/objects.h>
#include <string.h>

/* --- reading --- */

/* What is left; `short_` once something was not there. */
struct tpm_reader {
	struct bytes in;
	bool failed;
};

static struct bytes take(struct tpm_reader *r, size_t len)
{
	struct bytes part = {r->in.data, len};

	if (r->failed || len > r->in.len) {
		r->failed = true;
		return BYTES_NULL;
	}
	r->in.data += len;
	r->in.len -= len;
	return part;
}

static uint32_t take_number(struct tpm_reader *r, size_t len)
{
	struct bytes part = take(r, len);
	uint32_t number = 0;

	for (size_t i = 0; i < part.len; i++)
		number = number << 8 | part.data[i];
	return number;
}

static uint16_t take_16(struct tpm_reader *r)
{
	return (uint16_t)take_number(r, 2);
}

static uint32_t take_32(struct tpm_reader *r)
{
	return take_number(r, 4);
}

/* TPM2B: a size, and as many octets. */
static struct bytes take_sized(struct tpm_reader *r)
{
	return take(r, take_16(r));
}

/* Whether all was there, and nothing more. */
static bool is_whole(const struct tpm_reader *r)
{
	return !r->failed && r->in.len == 0;
}

/* TPM_ALG_ID, 6.3 */
enum {
	TPM_ALG_RSA = 0x0001,
	TPM_ALG_SHA256 = 0x000b,
	TPM_ALG_SHA384 = 0x000c,
	TPM_ALG_SHA512 = 0x000d,
	TPM_ALG_NULL = 0x0010,
	TPM_ALG_RSASSA = 0x0014,
	TPM_ALG_RSAES = 0x0015,
	TPM_ALG_RSAPSS = 0x0016,
	TPM_ALG_ECDSA = 0x0018,
	TPM_ALG_ECDAA = 0x001a,
	TPM_ALG_ECC = 0x0023,
};

/* SHA-1 is not accepted anywhere. */
static const EVP_MD *digest_of(uint16_t algorithm)
{
	switch (algorithm) {
	case TPM_ALG_SHA256:
		return digest_by_nid(NID_sha256);
	case TPM_ALG_SHA384:
		return digest_by_nid(NID_sha384);
	case TPM_ALG_SHA512:
		return digest_by_nid(NID_sha512);
	default:
		return NULL;
	}
}

/* --- TPMS_ATTEST --- */

enum { TPM_GENERATED_VALUE = 0xff544347, CLOCK_INFO_LEN = 17, FIRMWARE_VERSION_LEN = 8 };

int tpm_attest_read(struct bytes in, struct tpm_attest *attestp)
{
	struct tpm_reader r = {in, false};

	*attestp = (struct tpm_attest){.type = 0};
	/* "all TPM-generated structures": what a TPM is given to sign cannot begin like this. */
	if (take_32(&r) != (uint32_t)TPM_GENERATED_VALUE)
		return -EBADMSG;
	attestp->type = take_16(&r);
	if (attestp->type != TPM_ST_ATTEST_CERTIFY)
		return r.failed ? -EBADMSG : 0;
	take_sized(&r); /* qualifiedSigner */
	attestp->nonce = take_sized(&r);
	take(&r, CLOCK_INFO_LEN);
	take(&r, FIRMWARE_VERSION_LEN);
	/* TPMS_CERTIFY_INFO, 10.12.3 */
	attestp->name = take_sized(&r);
	take_sized(&r); /* qualifiedName */
	return is_whole(&r) ? 0 : -EBADMSG;
}

/* --- TPMT_PUBLIC --- */

static const struct curve {
	uint16_t id; /* TPM_ECC_CURVE, 6.4 */
	int nid;
	size_t len; /* octets of a coordinate */
} curves[] = {
	{0x0003, NID_X9_62_prime256v1, 32},
	{0x0004, NID_secp384r1, 48},
	{0x0005, NID_secp521r1, 66},
};

/* TPMT_SYM_DEF_OBJECT: of keys that are parents an algorithm, size and mode follow. */
static void skip_symmetric(struct tpm_reader *r)
{
	if (take_16(r) != TPM_ALG_NULL)
		take(r, 4);
}

/* TPMT_RSA_SCHEME, TPMT_ECC_SCHEME, TPMT_KDF_SCHEME: most have a hash algorithm behind them. */
static void skip_scheme(struct tpm_reader *r)
{
	switch (take_16(r)) {
	case TPM_ALG_NULL:
	case TPM_ALG_RSAES:
		break;
	case TPM_ALG_ECDAA:
		take(r, 4);
		break;
	default:
		take(r, 2);
	}
}

static int rsa_read(struct tpm_reader *r, struct tpm_public *public)
{
	uint16_t bits;

	skip_symmetric(r);
	skip_scheme(r);
	bits = take_16(r);
	public->exponent = take_32(r);
	/* "An exponent of zero indicates that the exponent is the default of 2^16 + 1." */
	if (public->exponent == 0)
	public->exponent = 65537;
	public->modulus = take_sized(r);
	return public->modulus.len * 8 == bits ? 0 : -EBADMSG;
}

static int ecc_read(struct tpm_reader *r, struct tpm_public *public)
{
	uint16_t id;

	skip_symmetric(r);
	skip_scheme(r);
	id = take_16(r);
	skip_scheme(r); /* kdf */
	public->x = take_sized(r);
	public->y = take_sized(r);
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		if (curves[i].id != id)
			continue;
		public->curve_nid = curves[i].nid;
		return public->x.len <= curves[i].len && public->y.len <= curves[i].len ? 0
											: -EBADMSG;
	}
	return -ENOTSUP;
}

int tpm_public_read(struct bytes in, struct tpm_public *publicp)
{
	struct tpm_reader r = {in, false};
	uint16_t type = take_16(&r);
	int err = -ENOTSUP;

	*publicp = (struct tpm_public){.curve_nid = NID_undef};
	publicp->name_digest = digest_of(take_16(&r));
	publicp->attributes = take_32(&r);
	take_sized(&r); /* authPolicy */
	if (type == TPM_ALG_RSA)
		err = rsa_read(&r, publicp);
	else if (type == TPM_ALG_ECC)
		err = ecc_read(&r, publicp);
	if (r.failed || (err == 0 && !is_whole(&r)))
		return -EBADMSG;
	return err == 0 && !publicp->name_digest ? -ENOTSUP : err;
}

/* --- SubjectPublicKeyInfo --- */

enum { TAG_BIT_STRING = 0x03, TAG_NULL = 0x05, TAG_OID = 0x06, TAG_SEQUENCE = 0x30 };

static const struct bytes zeros = BYTES_OF(((const uint8_t[66]){0}));

static void put_oid(struct der_writer *w, int nid)
{
	const ASN1_OBJECT *object = OBJ_nid2obj(nid);

	der_put_value(w, TAG_OID, (struct bytes){OBJ_get0_data(object), OBJ_length(object)});
}

/* A coordinate as long as the field is: SEC 1 2.3.5. */
static void put_coordinate(struct der_writer *w, struct bytes value, size_t len)
{
	der_put(w, value);
	der_put(w, (struct bytes){zeros.data, len - value.len});
}

static size_t coordinate_len(int curve_nid)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		if (curves[i].nid == curve_nid)
			return curves[i].len;
	return 0;
}

/* The content of the BIT STRING, without the octet of unused bits. RFC 5480 2.2, RFC 8017 A.1.1 */
static void put_key(struct der_writer *w, const struct tpm_public *public)
{
	size_t mark = der_mark(w), len = coordinate_len(public->curve_nid);

	if (len > 0) {
		put_coordinate(w, public->y, len);
		put_coordinate(w, public->x, len);
		der_put(w, (struct bytes){(const uint8_t[]){0x04}, 1});
		return;
	}
	der_put_unsigned(w, (struct bytes){(const uint8_t[]){(uint8_t)(public->exponent >> 24),
							     (uint8_t)(public->exponent >> 16),
							     (uint8_t)(public->exponent >> 8),
							     (uint8_t) public->exponent},
					   4});
	der_put_unsigned(w, public->modulus);
	der_put_header(w, TAG_SEQUENCE, mark);
}

static void put_algorithm(struct der_writer *w, const struct tpm_public *public)
{
	size_t mark = der_mark(w);

	if (public->curve_nid == NID_undef) {
		der_put_value(w, TAG_NULL, BYTES_NULL);
		put_oid(w, NID_rsaEncryption);
	} else {
		put_oid(w, public->curve_nid);
		put_oid(w, NID_X9_62_id_ecPublicKey);
	}
	der_put_header(w, TAG_SEQUENCE, mark);
}

int tpm_public_spki(const struct tpm_public *public, struct octets *spkip)
{
	struct der_writer w = DER_WRITER_NULL;
	size_t mark = der_mark(&w);

	put_key(&w, public);
	der_put(&w, (struct bytes){zeros.data, 1});
	der_put_header(&w, TAG_BIT_STRING, mark);
	put_algorithm(&w, public);
	der_put_header(&w, TAG_SEQUENCE, mark);
	return der_writer_take(&w, spkip);
}

/* --- TPMT_SIGNATURE --- */

int tpm_signature_read(struct bytes in, struct tpm_signature *signaturep)
{
	struct tpm_reader r = {in, false};
	uint16_t algorithm = take_16(&r);

	*signaturep = (struct tpm_signature){.digest = digest_of(take_16(&r))};
	switch (algorithm) {
	case TPM_ALG_RSASSA:
	case TPM_ALG_RSAPSS:
		signaturep->scheme = algorithm == TPM_ALG_RSASSA ? TPM_RSASSA : TPM_RSAPSS;
		signaturep->rsa = take_sized(&r);
		break;
	case TPM_ALG_ECDSA:
		signaturep->scheme = TPM_ECDSA;
		signaturep->r = take_sized(&r);
		signaturep->s = take_sized(&r);
		break;
	default:
		return r.failed ? -EBADMSG : -ENOTSUP;
	}
	if (!is_whole(&r))
		return -EBADMSG;
	return signaturep->digest ? 0 : -ENOTSUP;
}
