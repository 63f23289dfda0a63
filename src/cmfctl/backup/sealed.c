// SPDX-License-Identifier: Apache-2.0
/*
 * Private keys in a backup: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM, for whoever has the
 * passphrase (PasswordRecipientInfo, RFC 5652 6.2.4, with PBKDF2). `openssl cms -decrypt` reads it,
 * should there be no cmfctl.
 */
#include "backup.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <string.h>

/* Of PBKDF2 with HMAC-SHA1, which is what OpenSSL's CMS has: about a second for a guess. */
enum { ITERATIONS = 1300000 };

static int bio_octets(BIO *bio, struct octets *outp)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	return octets_dup((struct bytes){(const uint8_t *)data, (size_t)len}, outp);
}

/* The recipient takes the memory that the passphrase is in. */
static bool recipient_add(CMS_ContentInfo *cms, const char *passphrase)
{
	unsigned char *copy = (unsigned char *)OPENSSL_strdup(passphrase);

	if (!copy)
		return false;
	if (CMS_add0_recipient_password(cms, ITERATIONS, NID_id_alg_PWRI_KEK, NID_undef, copy,
					(ossl_ssize_t)strlen(passphrase), EVP_aes_256_cbc()))
		return true;
	OPENSSL_clear_free(copy, strlen(passphrase));
	return false;
}

int sealed_make(struct bytes content, const char *passphrase, struct octets *cmsp)
{
	CMS_ContentInfo *cms = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());
	BIO *in = BIO_new_mem_buf(content.data, (int)content.len), *out = BIO_new(BIO_s_mem());
	int err = -EIO;

	if (cms && in && out && CMS_set_detached(cms, 0) && recipient_add(cms, passphrase) &&
	    CMS_final(cms, in, NULL, CMS_BINARY) && i2d_CMS_bio(out, cms))
		err = bio_octets(out, cmsp);
	BIO_free(in);
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	return err;
}

int sealed_open(struct bytes cms_der, const char *passphrase, struct octets *contentp)
{
	BIO *in = BIO_new_mem_buf(cms_der.data, (int)cms_der.len);
	BIO *out = BIO_new(BIO_s_secmem());
	CMS_ContentInfo *cms = in ? d2i_CMS_bio(in, NULL) : NULL;
	_cleanup_(freep) char *copy = strdup(passphrase);
	int err = -EACCES;

	if (!out || !copy)
		err = -ENOMEM;
	else if (cms &&
		 CMS_decrypt_set1_password(cms, (unsigned char *)copy,
					   (ossl_ssize_t)strlen(copy)) == 1 &&
		 CMS_decrypt(cms, NULL, NULL, NULL, out, CMS_BINARY) == 1)
		err = bio_octets(out, contentp);
	ERR_clear_error();
	if (copy)
		OPENSSL_cleanse(copy, strlen(copy));
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(out);
	return err;
}
