// SPDX-License-Identifier: Apache-2.0
/*
 * Values of the store as JSON: texts, times, octets, certificates, names. What a resource is made
 * of is said where the resource is.
 */
#include "values.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

/* CRLReason, RFC 5280 5.3.1; 7 is not used. */
static const char *const reason_names[] = {
	"unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
	"superseded",    "cessationOfOperation", "certificateHold", NULL,
	"removeFromCRL", "privilegeWithdrawn",   "aACompromise",
};

const char *json_reason_name(int reason)
{
	return reason >= 0 && (size_t)reason < ARRAY_LEN(reason_names) ? reason_names[reason]
								       : NULL;
}

int json_reason_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(reason_names); i++) {
		if (reason_names[i] && strcmp(reason_names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

json_t *json_text(const char *text)
{
	_cleanup_(freep) char *ascii = NULL;
	json_t *json;

	if (!text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	ascii = strdup(text);
	if (!ascii)
		return NULL;
	for (char *c = ascii; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	return json_string(ascii);
}

json_t *json_time(int64_t ms)
{
	char text[21];

	if (ms == 0)
		return json_null();
	clock_format(ms, text);
	return json_string(text);
}

json_t *json_hex(struct bytes octets)
{
	_cleanup_(freep) char *hex = malloc(2 * octets.len + 1);

	if (!hex)
		return NULL;
	bytes_to_hex(octets, hex);
	return json_string(hex);
}

json_t *json_pem(struct bytes der)
{
	BIO *bio;
	char *text;
	long len;
	json_t *json = NULL;

	if (der.len == 0)
		return json_null();
	bio = BIO_new(BIO_s_mem());
	if (bio && PEM_write_bio(bio, PEM_STRING_X509, "", der.data, (long)der.len)) {
		len = BIO_get_mem_data(bio, &text);
		json = json_stringn(text, (size_t)len);
	}
	BIO_free(bio);
	return json;
}

json_t *json_name(struct bytes name_der)
{
	const uint8_t *p = name_der.data;
	X509_NAME *name = name_der.len ? d2i_X509_NAME(NULL, &p, (long)name_der.len) : NULL;
	BIO *bio;
	char *text;
	long len;
	json_t *json = NULL;

	if (!name)
		return json_null();
	bio = BIO_new(BIO_s_mem());
	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		len = BIO_get_mem_data(bio, &text);
		json = json_stringn(text, (size_t)len);
	}
	BIO_free(bio);
	X509_NAME_free(name);
	return json;
}

json_t *json_base64(struct bytes octets)
{
	_cleanup_(freep) char *text = NULL;

	if (octets.len == 0 || octets.len > INT32_MAX / 2)
		return json_null();
	text = malloc(4 * ((octets.len + 2) / 3) + 1);
	if (!text)
		return NULL;
	EVP_EncodeBlock((unsigned char *)text, octets.data, (int)octets.len);
	return json_string(text);
}
