// SPDX-License-Identifier: Apache-2.0
/* Private keys in answers. See told_key.h. */
#include "told_key.h"

#include "asn1/der.h"
#include "asn1/envelope.h"

#include <check.h>

CMS_ContentInfo *told_content_info(struct bytes content, int nid)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	const ASN1_OBJECT *type = OBJ_nid2obj(nid);
	const unsigned char *p;
	CMS_ContentInfo *cms;

	der_put(&w, content);
	der_put_header(&w, 0xa0, 0);
	der_put_value(&w, 0x06, (struct bytes){OBJ_get0_data(type), OBJ_length(type)});
	der_put_header(&w, 0x30, 0);
	p = der_written(&w).data;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)der_written(&w).len);
	ck_assert_ptr_nonnull(cms);
	return cms;
}

/* AsymmetricKeyPackage with one OneAsymmetricKey of v2: its key, and that the public one is there.
 */
static EVP_PKEY *packaged_key(struct bytes package)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	struct bytes list, one, tlv, content, algorithm, private_key;
	const unsigned char *p;
	EVP_PKEY *key;
	uint8_t tag;

	ck_assert_int_eq(der_check(package), 0);
	ck_assert(der_next(&package, &tag, &tlv, &list) == 0 && package.len == 0);
	ck_assert(der_next(&list, &tag, &tlv, &one) == 0 && list.len == 0);
	ck_assert(der_next(&one, &tag, &tlv, &content) == 0 && content.data[0] == 1);
	ck_assert_int_eq(der_next(&one, &tag, &algorithm, &content), 0);
	ck_assert_int_eq(der_next(&one, &tag, &private_key, &content), 0);
	ck_assert(der_next(&one, &tag, &tlv, &content) == 0 && tag == 0x81 && one.len == 0);
	der_put(&w, private_key);
	der_put(&w, algorithm);
	der_put_unsigned(&w, (struct bytes){(const uint8_t *)"", 1});
	der_put_header(&w, 0x30, 0);
	p = der_written(&w).data;
	key = d2i_AutoPrivateKey(NULL, &p, (long)der_written(&w).len);
	ck_assert_ptr_nonnull(key);
	return key;
}

struct octets told_signed_content(const struct house *h, struct bytes signed_data)
{
	struct octets content = OCTETS_NULL;
	CMS_ContentInfo *cms = told_content_info(signed_data, NID_pkcs7_signed);
	X509_STORE *store = X509_STORE_new();
	BIO *out = BIO_new(BIO_s_mem());
	STACK_OF(X509) * signers;
	char *data;
	long len;

	ck_assert(X509_STORE_add_cert(store, h->root.cert));
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(h->now_ms / 1000));
	X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
	ck_assert_int_eq(CMS_verify(cms, NULL, store, NULL, out, CMS_BINARY), 1);
	signers = CMS_get0_signers(cms);
	ck_assert_int_eq(sk_X509_num(signers), 1);
	ck_assert_int_eq(X509_cmp(sk_X509_value(signers, 0), h->kga.cert), 0);
	len = BIO_get_mem_data(out, &data);
	ck_assert_int_eq(octets_dup((struct bytes){(uint8_t *)data, (size_t)len}, &content), 0);
	sk_X509_free(signers);
	BIO_free(out);
	X509_STORE_free(store);
	CMS_ContentInfo_free(cms);
	return content;
}

EVP_PKEY *told_signed_key(const struct house *h, struct bytes signed_data)
{
	struct octets package = told_signed_content(h, signed_data);
	EVP_PKEY *key = packaged_key(octets_view(&package));

	octets_clear(&package);
	return key;
}

/* The one recipient is named by that subjectKeyIdentifier, if one is given. */
static void recipient_check(CMS_ContentInfo *cms, struct bytes ski)
{
	STACK_OF(CMS_RecipientInfo) *infos = CMS_get0_RecipientInfos(cms);
	CMS_RecipientInfo *ri = sk_CMS_RecipientInfo_value(infos, 0);
	ASN1_OCTET_STRING *id = NULL;
	CMS_RecipientEncryptedKey *rek;
	X509_NAME *issuer;
	ASN1_INTEGER *serial;

	ck_assert_int_eq(sk_CMS_RecipientInfo_num(infos), 1);
	if (CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_TRANS) {
		ck_assert_int_eq(CMS_RecipientInfo_ktri_get0_signer_id(ri, &id, &issuer, &serial),
				 1);
	} else {
		rek = sk_CMS_RecipientEncryptedKey_value(CMS_RecipientInfo_kari_get0_reks(ri), 0);
		ck_assert_int_eq(
			CMS_RecipientEncryptedKey_get0_id(rek, &id, NULL, NULL, &issuer, &serial),
			1);
	}
	ck_assert_ptr_nonnull(id);
	ck_assert(bytes_equal(
		(struct bytes){ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id)}, ski));
}

EVP_PKEY *told_private_key(const struct house *h, const ASN1_TYPE *encrypted, EVP_PKEY *to,
			   struct bytes ski)
{
	struct octets envelope = OCTETS_NULL;
	BIO *out = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	CMS_ContentInfo *cms;
	EVP_PKEY *key;
	char *data;
	int len = i2d_ASN1_TYPE(encrypted, &der);
	long n;

	ck_assert_int_eq(envelope_from_encrypted_key((struct bytes){der, (size_t)len}, &envelope),
			 0);
	cms = told_content_info(octets_view(&envelope), NID_pkcs7_enveloped);
	recipient_check(cms, ski);
	ck_assert_int_eq(CMS_decrypt(cms, to, NULL, NULL, out, CMS_BINARY), 1);
	n = BIO_get_mem_data(out, &data);
	key = told_signed_key(h, (struct bytes){(uint8_t *)data, (size_t)n});
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(out);
	octets_clear(&envelope);
	return key;
}
