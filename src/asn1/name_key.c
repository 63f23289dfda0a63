// SPDX-License-Identifier: Apache-2.0
/* Names as keys of the store. See asn1/name_key.h. */
#include "asn1/name_key.h"

#include "asn1/algorithm.h"
#include "asn1/certificate.h"
#include "asn1/der.h"
#include "base/log.h"
#include "base/name_fold.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum {
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
	/* GeneralName, RFC 5280 4.2.1.6 */
	TAG_DNS_NAME = 0x80 | GEN_DNS,
	TAG_URI = 0x80 | GEN_URI,
	TAG_IP_ADDRESS = 0x80 | GEN_IPADD,
};

/* What is digested is text and octets, with these between its parts; no folded name has them. */
enum { END_OF_ATTRIBUTE = '\1', END_OF_RDN = '\2' };

void name_keys_clear(struct name_keys *keys)
{
	free(keys->item);
	*keys = (struct name_keys){0};
}

/* SHA-256 of CA, kind of name and its form, cut: nobody gains by two names that meet. */
static int key_add(const char *ca, int kind, struct bytes form, struct name_keys *keys)
{
	struct name_key *item = reallocarray(keys->item, keys->len + 1, sizeof(*item));
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t digest[32];
	const uint8_t kind_octet[] = {0, (uint8_t)kind};
	bool ok = item && context && EVP_DigestInit(context, digest_by_nid(NID_sha256)) == 1 &&
		  EVP_DigestUpdate(context, ca, strlen(ca)) == 1 &&
		  EVP_DigestUpdate(context, kind_octet, sizeof(kind_octet)) == 1 &&
		  EVP_DigestUpdate(context, form.data, form.len) == 1 &&
		  EVP_DigestFinal(context, digest, NULL) == 1;

	EVP_MD_CTX_free(context);
	if (item)
		keys->item = item;
	if (!ok)
		return log_fault("digest a name", -ENOMEM, NULL);
	keys->item[keys->len].in_san = kind != TAG_SEQUENCE;
	memcpy(keys->item[keys->len++].octet, digest, NAME_KEY_LEN);
	return 0;
}

/* --- the subject --- */

/* The value in UTF-8 where its type says which characters it has; else its octets. */
static int value_fold(int type, struct bytes value, char **foldedp)
{
	ASN1_STRING *string;
	unsigned char *utf8 = NULL;
	int len = -1, err;

	if (type != V_ASN1_BMPSTRING && type != V_ASN1_UNIVERSALSTRING && type != V_ASN1_T61STRING)
		return name_fold(value, foldedp);
	string = ASN1_STRING_type_new(type);
	if (!string || ASN1_STRING_set(string, value.data, (int)value.len) != 1) {
		ASN1_STRING_free(string);
		return -ENOMEM;
	}
	len = ASN1_STRING_to_UTF8(&utf8, string);
	ASN1_STRING_free(string);
	err = name_fold(len < 0 ? value : (struct bytes){utf8, (size_t)len}, foldedp);
	OPENSSL_free(utf8);
	return err;
}

/* AttributeTypeAndValue: "<OID in hex>=<folded value>" */
static int attribute_form(struct bytes attribute, char **formp)
{
	_cleanup_(freep) char *folded = NULL;
	_cleanup_(strbuf_clear) struct strbuf form = STRBUF_NULL;
	struct bytes in = attribute, tlv, type = BYTES_NULL, value = BYTES_NULL;
	uint8_t tag = 0;
	int err;

	if (der_next(&in, &tag, &tlv, &type) < 0 || der_next(&in, &tag, &tlv, &value) < 0)
		value = attribute;
	err = value_fold(tag, value, &folded);
	for (size_t i = 0; err == 0 && i < type.len; i++)
		strbuf_printf(&form, "%02x", type.data[i]);
	strbuf_printf(&form, "=%s%c", folded ? folded : "", END_OF_ATTRIBUTE);
	*formp = err == 0 ? strbuf_take(&form) : NULL;
	return *formp ? 0 : -ENOMEM;
}

static int text_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The order of attributes in a SET is that of their encodings, which fold to others. */
static int rdn_form(struct bytes rdn, struct strbuf *out)
{
	char *form[DER_ATTRIBUTES_MAX];
	struct bytes tlv, attribute;
	size_t n = 0;
	uint8_t tag;
	int err = 0;

	while (err == 0 && n < ARRAY_LEN(form) && der_next(&rdn, &tag, &tlv, &attribute) == 0) {
		err = attribute_form(attribute, &form[n]);
		n += err == 0;
	}
	qsort(form, n, sizeof(*form), text_order);
	for (size_t i = 0; i < n; i++) {
		strbuf_add(out, form[i]);
		free(form[i]);
	}
	strbuf_printf(out, "%c", END_OF_RDN);
	return err;
}

static int subject_key(const char *ca, struct bytes subject, struct name_keys *keys)
{
	_cleanup_(strbuf_clear) struct strbuf form = STRBUF_NULL;
	struct bytes in = subject, tlv, rdns = BYTES_NULL, rdn;
	uint8_t tag;
	int err = 0;

	if (der_next(&in, &tag, &tlv, &rdns) < 0 || rdns.len == 0)
		return 0;
	while (err == 0 && der_next(&rdns, &tag, &tlv, &rdn) == 0)
		err = rdn_form(rdn, &form);
	if (err == 0 && form.failed)
		err = -ENOMEM;
	return err == 0 ? key_add(ca, TAG_SEQUENCE, bytes_of_string(form.text), keys) : err;
}

/* --- the subjectAltName --- */

static int hex_value(uint8_t c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/*
 * RFC 3986 6.2.2: what need not be escaped is not, so that an identifier compares as itself; other
 * escapes keep what they hide apart from what it means.
 */
static int uri_fold(struct bytes uri, char **foldedp)
{
	_cleanup_(freep) char *plain = malloc(uri.len + 1);
	size_t len = 0;

	if (!plain)
		return -ENOMEM;
	for (size_t i = 0; i < uri.len; i++) {
		bool escape = uri.data[i] == '%' && uri.len - i > 2 &&
			      hex_value(uri.data[i + 1]) >= 0 && hex_value(uri.data[i + 2]) >= 0;
		uint8_t c = escape ? (uint8_t)(hex_value(uri.data[i + 1]) << 4 |
					       hex_value(uri.data[i + 2]))
				   : 0;

		/* 2.3, and octets of UTF-8, which are never reserved */
		if (escape && (c >= 0x80 || isalnum(c) || (c && strchr("-._~", c)))) {
			plain[len++] = (char)c;
			i += 2;
		} else {
			plain[len++] = (char)uri.data[i];
		}
	}
	return name_fold((struct bytes){(uint8_t *)plain, len}, foldedp);
}

/* RFC 4291 2.5.5.2: an IPv4 address within one of IPv6 is that one. */
static struct bytes ip_form(struct bytes address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (address.len == 16 && memcmp(address.data, mapped, sizeof(mapped)) == 0)
		return (struct bytes){address.data + sizeof(mapped), 4};
	return address;
}

static int general_name_key(const char *ca, uint8_t tag, struct bytes name, struct name_keys *keys)
{
	_cleanup_(freep) char *folded = NULL;
	int err;

	switch (tag) {
	case TAG_IP_ADDRESS:
		return key_add(ca, tag, ip_form(name), keys);
	case TAG_DNS_NAME:
		err = name_fold(name, &folded);
		break;
	case TAG_URI:
		err = uri_fold(name, &folded);
		break;
	default:
		return 0;
	}
	return err == 0 ? key_add(ca, tag, bytes_of_string(folded), keys) : err;
}

/* --- both --- */

int name_keys_of(const char *ca, struct bytes subject, struct bytes san, struct name_keys *keysp)
{
	struct name_keys keys = {0};
	struct bytes in = san, tlv, names = BYTES_NULL, name;
	uint8_t tag;
	int err = subject_key(ca, subject, &keys);

	if (san.len && der_next(&in, &tag, &tlv, &names) < 0)
		names = BYTES_NULL;
	while (err == 0 && der_next(&names, &tag, &tlv, &name) == 0)
		err = general_name_key(ca, tag, name, &keys);
	if (err < 0)
		name_keys_clear(&keys);
	*keysp = keys;
	return err;
}

int name_keys_of_certificate(const char *ca, struct bytes der, struct name_keys *keysp)
{
	struct certificate_view view;
	struct bytes san = BYTES_NULL;
	bool critical;
	int err = certificate_view(der, &view);

	*keysp = (struct name_keys){0};
	if (err == 0)
		err = certificate_extension(&view, NID_subject_alt_name, &san, &critical);
	if (err < 0 && err != -ENOENT)
		return err;
	return name_keys_of(ca, view.subject, san, keysp);
}
