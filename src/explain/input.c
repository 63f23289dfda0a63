// SPDX-License-Identifier: Apache-2.0
/*
 * What somebody has handed in to be explained: which encoding it has, and what it is where it is no
 * message at all. The message itself is for message/ to decode.
 */
#include "explain.h"

#include "asn1/der.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_SEQUENCE = 0x30 };

/* --- encodings --- */

/* A text without its white space, NUL-terminated; empty: it has octets of no text. */
static int text_squeeze(struct bytes given, struct octets *textp)
{
	size_t len = 0;

	textp->data = malloc(given.len + 1);
	if (!textp->data)
		return -ENOMEM;
	for (size_t i = 0; i < given.len; i++) {
		uint8_t c = given.data[i];

		if (isspace(c))
			continue;
		if (!isalnum(c) && c != '+' && c != '/' && c != '=') {
			len = 0;
			break;
		}
		textp->data[len++] = c;
	}
	textp->data[len] = '\0';
	textp->len = len;
	return 0;
}

static int hex_read(const struct octets *text, struct octets *derp)
{
	size_t len;

	if (text->len % 2 != 0 || strspn((char *)text->data, "0123456789abcdefABCDEF") != text->len)
		return 0;
	derp->data = malloc(text->len / 2 + 1);
	if (!derp->data)
		return -ENOMEM;
	if (hex_to_bytes((char *)text->data, derp->data, text->len / 2, &len) == 0)
		derp->len = len;
	else
		octets_clear(derp);
	return 0;
}

static int base64_read(const struct octets *text, struct octets *derp)
{
	size_t padding = strspn((char *)text->data + strcspn((char *)text->data, "="), "=");
	int len;

	if (text->len % 4 != 0 || padding > 2)
		return 0;
	derp->data = malloc(text->len / 4 * 3 + 1);
	if (!derp->data)
		return -ENOMEM;
	len = EVP_DecodeBlock(derp->data, text->data, (int)text->len);
	if (len > (int)padding)
		derp->len = (size_t)len - padding;
	else
		octets_clear(derp);
	ERR_clear_error();
	return 0;
}

static int pem_read(struct bytes given, struct octets *derp)
{
	char *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	BIO *bio = BIO_new_mem_buf(given.data, (int)given.len);
	long len = 0;
	int err = bio ? 0 : -ENOMEM;

	if (bio && PEM_read_bio(bio, &label, &header, &der, &len))
		err = octets_dup((struct bytes){der, (size_t)len}, derp);
	ERR_clear_error();
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	BIO_free(bio);
	return err;
}

/* Of text; nothing where it is none. */
static int text_read(struct bytes given, struct octets *derp)
{
	_cleanup_(octets_clear) struct octets text = OCTETS_NULL;
	int err = text_squeeze(given, &text);

	if (!err && text.len)
		err = hex_read(&text, derp);
	if (!err && text.len && (!derp->len || derp->data[0] != TAG_SEQUENCE)) {
		octets_clear(derp);
		err = base64_read(&text, derp);
	}
	return err;
}

/* --- what is no message --- */

/* clang-format off: a row is a line */
static const struct mistake {
	const char *is;
	const char *hint;
	ASN1_ITEM_EXP *type;
} mistakes[] = {
	{"a PKCS#10 certification request (CSR)",
	 "a p10cr has it in it: `openssl cmp -cmd p10cr -csr FILE ... -reqout MESSAGE` keeps what "
	 "is sent",
	 ASN1_ITEM_ref(X509_REQ)},
	{"a certificate",
	 "`openssl x509 -inform DER -text` prints it; to be explained is the message that asks for "
	 "one: -reqout of `openssl cmp`",
	 ASN1_ITEM_ref(X509)},
	{"a CRL", "`openssl crl -inform DER -text` prints it", ASN1_ITEM_ref(X509_CRL)},
	{"CertReqMessages of RFC 4211 without a PKIMessage around them",
	 "put them into the body of an ir, cr or kur (RFC 4210 5.1)",
	 ASN1_ITEM_ref(CertReqMessages)},
	{"a private key",
	 "keep it to yourself; to be explained is the message that was made with it: -reqout of "
	 "`openssl cmp`",
	 ASN1_ITEM_ref(PKCS8_PRIV_KEY_INFO)},
	{"a private key, encrypted",
	 "keep it to yourself; to be explained is the message that was made with it: -reqout of "
	 "`openssl cmp`",
	 ASN1_ITEM_ref(X509_SIG)},
	{"a public key",
	 "it goes into a request; to be explained is the message that has it: -reqout of `openssl "
	 "cmp`",
	 ASN1_ITEM_ref(X509_PUBKEY)},
	{"a CMS or PKCS#7 object",
	 "that is what EST and SCEP send; a CMP message is a PKIMessage (RFC 4210 5.1)",
	 ASN1_ITEM_ref(CMS_ContentInfo)},
	{"a PKCS#12 file",
	 "`openssl pkcs12 -in FILE` takes it apart; to be explained is a message: -reqout of "
	 "`openssl cmp`",
	 ASN1_ITEM_ref(PKCS12)},
};
/* clang-format on */

static bool is_whole(struct bytes der, const ASN1_ITEM *type)
{
	const unsigned char *p = der.data;
	ASN1_VALUE *value = ASN1_item_d2i(NULL, &p, (long)der.len, type);
	bool whole = value && p == der.data + der.len;

	ASN1_item_free(value, type);
	ERR_clear_error();
	return whole;
}

/* PKCS#1 and RFC 5915, of which no ASN1_ITEM is to be had. */
static bool is_bare_private_key(struct bytes der)
{
	static const uint8_t version[] = {0x02, 0x01}; /* INTEGER 0 or 1, first in both */
	struct bytes in = der, tlv, content;
	const unsigned char *p = der.data;
	EVP_PKEY *key = NULL;
	uint8_t tag;
	bool whole;

	/* OpenSSL's decoder costs a millisecond, and anybody may ask. */
	if (der_next(&in, &tag, &tlv, &content) == 0 && tag == TAG_SEQUENCE && content.len > 2 &&
	    memcmp(content.data, version, sizeof(version)) == 0)
		key = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
	whole = key && p == der.data + der.len;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return whole;
}

static bool begins_with(struct bytes given, const char *text)
{
	size_t len = strlen(text);

	return given.len >= len && memcmp(given.data, text, len) == 0;
}

static void mistake_find(struct explain_input *in)
{
	struct bytes der = octets_view(&in->der);

	if (begins_with(der, "HTTP/") || begins_with(der, "POST ")) {
		in->is = "an HTTP message with its header";
		in->hint = "cut the header off: what follows the empty line is the CMP message";
		return;
	}
	if (begins_with(der, "{") || begins_with(der, "<")) {
		in->is = der.data[0] == '{' ? "JSON" : "XML or HTML";
		in->hint = "to be explained is a CMP message, as DER, PEM, base64 or hexadecimal";
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(mistakes) && !in->is; i++) {
		if (!is_whole(der, ASN1_ITEM_ptr(mistakes[i].type)))
			continue;
		in->is = mistakes[i].is;
		in->hint = mistakes[i].hint;
	}
	if (!in->is && is_bare_private_key(der)) {
		in->is = "a private key";
		in->hint = "keep it to yourself; to be explained is the message that was made with "
			   "it: -reqout of `openssl cmp`";
	}
}

static bool is_message(struct bytes der)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;

	return cmp_message_decode(der, &msg, &refusal) >= 0 && msg;
}

int explain_input_read(struct bytes given, struct explain_input *in)
{
	int err = 0;

	*in = (struct explain_input){.der = OCTETS_NULL};
	if (!given.len)
		return 0;
	if (memmem(given.data, given.len, "-----BEGIN ", 11))
		err = pem_read(given, &in->der);
	else if (given.len && given.data[0] != TAG_SEQUENCE)
		err = text_read(given, &in->der);
	if (!err && !in->der.len)
		err = octets_dup(given, &in->der);
	if (!err && !is_message(octets_view(&in->der)))
		mistake_find(in);
	return err;
}

void explain_input_clear(struct explain_input *in)
{
	/* It may have been a private key. */
	octets_clear_secret(&in->der);
	*in = (struct explain_input){.der = OCTETS_NULL};
}
