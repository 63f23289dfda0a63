// SPDX-License-Identifier: Apache-2.0
/*
 * Values of the store as JSON: texts, times, octets, certificates, names. What a resource is made
 * of is said where the resource is.
 */
#include "values.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdbool.h>
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

/* time-secfrac, as milliseconds that are added; where it ends, or NULL. */
static const char *fraction_read(const char *p, int64_t *msp)
{
	size_t digits;
	int64_t unit = 100;

	if (*p != '.')
		return p;
	digits = strspn(++p, "0123456789");
	for (size_t i = 0; i < digits; i++, unit /= 10)
		*msp += (p[i] - '0') * unit;
	return digits ? p + digits : NULL;
}

static int two_digits(const char *p)
{
	return isdigit((unsigned char)p[0]) && isdigit((unsigned char)p[1])
		       ? 10 * (p[0] - '0') + p[1] - '0'
		       : -1;
}

/* time-offset, which is taken off; false if it is none, or not the end. */
static bool offset_read(const char *p, int64_t *msp)
{
	int hours, minutes;

	if ((*p == 'Z' || *p == 'z') && !p[1])
		return true;
	if ((*p != '+' && *p != '-') || strlen(p) != strlen("+hh:mm") || p[3] != ':')
		return false;
	hours = two_digits(p + 1);
	minutes = two_digits(p + 4);
	*msp -= (*p == '+' ? 1 : -1) * (60 * hours + minutes) * 60 * 1000;
	return hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59;
}

int json_time_parse(const char *text, int64_t *msp)
{
	enum { DATE_TIME = 19 };
	char utc[DATE_TIME + 2];
	int64_t ms;

	if (strlen(text) <= DATE_TIME)
		return -EINVAL;
	memcpy(utc, text, DATE_TIME);
	memcpy(utc + DATE_TIME, "Z", 2);
	if (utc[10] == 't')
		utc[10] = 'T';
	if (clock_parse(utc, &ms))
		return -EINVAL;
	text = fraction_read(text + DATE_TIME, &ms);
	if (!text || !offset_read(text, &ms))
		return -EINVAL;
	*msp = ms;
	return 0;
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
