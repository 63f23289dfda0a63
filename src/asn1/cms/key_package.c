// SPDX-License-Identifier: Apache-2.0
/*
 * AsymmetricKeyPackage and its SignedData. By hand, as EnvelopedData is: libcrypto's CMS of 3.0
 * cannot leave signingTime away (RFC 9483 4.1.6).
 */
#include "asn1/key_package.h"

#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "asn1/envelope.h"
#include "asn1/private_key.h"
#include "base/log.h"
#include "envelope_local.h"

#include <errno.h>
#include <string.h>

/* The contents of the BIT STRING of a SubjectPublicKeyInfo, with the octet of unused bits. */
static int public_key_put(struct der_writer *w, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	struct bytes in = {der, len > 0 ? (size_t)len : 0}, spki, algorithm, bits;
	int err = 0;

	if (envelope_expect(&in, 0x30, &spki) || envelope_expect(&spki, 0x30, &algorithm) ||
	    envelope_expect(&spki, 0x03, &bits))
		err = log_fault("encode a public key", -EIO, NULL);
	else
		der_put_value(w, 0x81, bits);
	OPENSSL_free(der);
	return err;
}

/*
 * RFC 5958 2
 * AsymmetricKeyPackage ::= SEQUENCE SIZE (1..MAX) OF OneAsymmetricKey
 * OneAsymmetricKey ::= SEQUENCE {
 *     version                  Version,  -- v2(1)
 *     privateKeyAlgorithm      PrivateKeyAlgorithmIdentifier,
 *     privateKey               OCTET STRING,
 *     attributes           [0] Attributes OPTIONAL,
 *     publicKey            [1] IMPLICIT BIT STRING OPTIONAL }
 */
int key_package_write(EVP_PKEY *key, struct octets *packagep)
{
	static const uint8_t version_v2 = 1;
	_cleanup_(der_writer_clear) struct der_writer w = {.secret = true};
	_cleanup_(octets_clear_secret) struct octets pkcs8 = OCTETS_NULL;
	struct bytes in, info, version, algorithm, private_key;
	int err = private_key_write(key, &pkcs8);

	if (err)
		return err;
	in = octets_view(&pkcs8);
	if (envelope_expect(&in, 0x30, &info) || envelope_expect(&info, 0x02, &version) ||
	    envelope_expect(&info, 0x30, &algorithm) || envelope_expect(&info, 0x04, &private_key))
		return log_fault("encode a private key", -EIO, NULL);
	err = public_key_put(&w, key);
	if (err)
		return err;
	der_put_value(&w, 0x04, private_key);
	der_put_value(&w, 0x30, algorithm);
	der_put_unsigned(&w, (struct bytes){&version_v2, 1});
	der_put_header(&w, 0x30, 0);
	der_put_header(&w, 0x30, 0);
	return der_writer_take(&w, packagep);
}

/*
 * The digest of the signed content, RFC 8933 2: the one of the signature. Of EdDSA RFC 8419 2.3:
 * SHA-512, SHAKE256 of 512 bits; both are what certHash has, too.
 */
static int digest_algorithm_write(const EVP_MD *md, struct octets *algorithmp)
{
	static const uint8_t bits_512[] = {0x02, 0x02, 0x02, 0x00};
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	const ASN1_OBJECT *object = OBJ_nid2obj(EVP_MD_get_type(md));
	char oid[ENVELOPE_OID_TEXT_MAX];

	if (EVP_MD_is_a(md, "SHAKE256")) {
		der_put(&w, BYTES_OF(bits_512));
		envelope_put_oid(&w, "2.16.840.1.101.3.4.2.18"); /* id-shake256-len */
	} else {
		if (!object || OBJ_obj2txt(oid, sizeof(oid), object, 1) <= 0)
			return -ENOTSUP;
		envelope_put_oid(&w, oid); /* RFC 5754 2: parameters absent */
	}
	der_put_header(&w, 0x30, 0);
	return der_writer_take(&w, algorithmp);
}

/* Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF AttributeValue } */
static void attribute_close(struct der_writer *w, const char *oid, size_t mark)
{
	der_put_header(w, 0x31, mark);
	envelope_put_oid(w, oid);
	der_put_header(w, 0x30, mark);
}

/*
 * RFC 5652 5.3, 11: the attributes as SET OF, which is what is signed. In the order of DER: the
 * shorter contentType is first for every digest of at least 20 octets.
 */
static int attributes_write(const char *content_type, const EVP_MD *md, struct bytes content,
			    struct octets *attributesp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t len, mark;
	int err = cert_hash_compute(md, content, digest, &len);

	if (err)
		return err;
	der_put_value(&w, 0x04, (struct bytes){digest, len});
	attribute_close(&w, "1.2.840.113549.1.9.4", 0);
	mark = der_mark(&w);
	envelope_put_oid(&w, content_type);
	attribute_close(&w, "1.2.840.113549.1.9.3", mark);
	der_put_header(&w, 0x31, 0);
	return der_writer_take(&w, attributesp);
}

/*
 * SignerInfo ::= SEQUENCE {
 *     version             CMSVersion,  -- 3 with subjectKeyIdentifier
 *     sid                 SignerIdentifier,
 *     digestAlgorithm     DigestAlgorithmIdentifier,
 *     signedAttrs     [0] IMPLICIT SignedAttributes OPTIONAL,
 *     signatureAlgorithm  SignatureAlgorithmIdentifier,
 *     signature           SignatureValue,
 *     unsignedAttrs   [1] IMPLICIT UnsignedAttributes OPTIONAL }
 */
static int signer_info_write(struct der_writer *w, const struct signed_data_signer *by,
			     struct bytes digest_algorithm, struct octets *attributes)
{
	static const uint8_t version = 3;
	_cleanup_(octets_clear) struct octets signature = OCTETS_NULL;
	size_t mark = der_mark(w);
	int err = signer_sign(by->signer, octets_view(attributes), &signature);

	if (err)
		return err;
	attributes->data[0] = 0xa0;
	der_put_value(w, 0x04, octets_view(&signature));
	der_put(w, signer_algorithm_der(by->signer));
	der_put(w, octets_view(attributes));
	der_put(w, digest_algorithm);
	der_put_value(w, 0x80, by->ski);
	der_put_unsigned(w, (struct bytes){&version, 1});
	der_put_header(w, 0x30, mark);
	der_put_header(w, 0x31, mark);
	return 0;
}

/*
 * SignedData ::= SEQUENCE {
 *     version           CMSVersion,  -- 3, the content being no id-data
 *     digestAlgorithms  DigestAlgorithmIdentifiers,
 *     encapContentInfo  SEQUENCE { eContentType, eContent [0] EXPLICIT OCTET STRING },
 *     certificates  [0] IMPLICIT CertificateSet OPTIONAL,
 *     crls          [1] IMPLICIT RevocationInfoChoices OPTIONAL,
 *     signerInfos       SignerInfos }
 *
 * RFC 9483 4.1.6 wants the signer's certificate first: `certificates` keeps the given order, as its
 * recipients are told to, though a SET OF in DER would be sorted. RFC 5652 has it in BER.
 */
static void signed_data_frame(struct der_writer *w, const struct signed_data_signer *by,
			      const char *content_type, struct bytes content,
			      struct bytes digest_algorithm)
{
	static const uint8_t version = 3;
	size_t mark = der_mark(w);

	for (size_t i = by->n_certificates; i > 0; i--)
		der_put(w, by->certificates[i - 1]);
	der_put_header(w, 0xa0, mark);
	mark = der_mark(w);
	der_put_value(w, 0x04, content);
	der_put_header(w, 0xa0, mark);
	envelope_put_oid(w, content_type);
	der_put_header(w, 0x30, mark);
	mark = der_mark(w);
	der_put(w, digest_algorithm);
	der_put_header(w, 0x31, mark);
	der_put_unsigned(w, (struct bytes){&version, 1});
	der_put_header(w, 0x30, 0);
}

static bool signature_is_ml_dsa(const X509_ALGOR *algorithm)
{
	const struct signature_algorithm *a = signature_algorithm_find(algorithm->algorithm);

	return a && strncmp(a->name, "ML-DSA-", strlen("ML-DSA-")) == 0;
}

int signed_data_sign(const struct signed_data_signer *by, const char *content_type,
		     struct bytes content, struct octets *signedp)
{
	_cleanup_(der_writer_clear) struct der_writer w = {.secret = true};
	_cleanup_(octets_clear) struct octets digest_algorithm = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets attributes = OCTETS_NULL;
	const X509_ALGOR *algorithm = signer_algorithm(by->signer);
	const EVP_MD *md = cert_hash_digest(algorithm);
	int err;

	if (!md && signature_is_ml_dsa(algorithm))
		md = digest_by_nid(NID_sha512); /* RFC 9882 3.3: for each parameter set */
	if (!md)
		return -ENOTSUP;
	err = digest_algorithm_write(md, &digest_algorithm);
	if (!err)
		err = attributes_write(content_type, md, content, &attributes);
	if (!err)
		err = signer_info_write(&w, by, octets_view(&digest_algorithm), &attributes);
	if (err)
		return err;
	signed_data_frame(&w, by, content_type, content, octets_view(&digest_algorithm));
	return der_writer_take(&w, signedp);
}
