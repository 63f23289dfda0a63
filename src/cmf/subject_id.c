// SPDX-License-Identifier: Apache-2.0
/* The syntax of subjectIds and names. See subject_id.h. */
#include "subject_id.h"

#include "base/host_name.h"
#include "base/name_fold.h"
#include "base/strbuf.h"
#include "base/uri.h"
#include "base/vnfci_urn.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/asn1.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* RFC 1035 2.3.4 counts the octets of a host name; of other identifiers it is the characters. */
enum { ID_CHARACTERS_MAX = 253 };

static bool is_unreserved(uint8_t c)
{
	return c < 0x80 && (isalnum(c) || (c && strchr("-._~", c)));
}

/* RFC 9525 6.3: a host name whose first label is a wildcard, or has one, is a pattern of names. */
static bool wildcard_valid(struct bytes name)
{
	const uint8_t *dot = memchr(name.data, '.', name.len);
	const uint8_t *star = memchr(name.data, '*', name.len);

	return star && dot && star < dot &&
	       host_name_valid((struct bytes){dot + 1, name.len - (size_t)(dot + 1 - name.data)},
			       1);
}

bool identifier_plain(struct bytes id)
{
	if (id.len == 0 || id.data[0] == '#')
		return false;
	for (size_t i = 0; i < id.len; i++) {
		uint8_t c = id.data[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"*+,/;<=>?\\%", c))
			return false;
	}
	return true;
}

/*
 * Neither steers what stands beside it, nor means another thing to the next version of Unicode,
 * which may give what is not assigned yet another case or form.
 */
static bool character_allowed(ucs4_t c)
{
	return !uc_is_general_category(c, UC_CATEGORY_Cc) &&
	       !uc_is_general_category(c, UC_CATEGORY_Zl) &&
	       !uc_is_general_category(c, UC_CATEGORY_Zp) &&
	       !uc_is_general_category(c, UC_CATEGORY_Cn) && !uc_is_property_bidi_control(c);
}

static bool is_nfc(struct bytes text)
{
	size_t len;
	uint8_t *normal = u8_normalize(UNINORM_NFC, text.data, text.len, NULL, &len);
	bool same = normal && len == text.len && memcmp(normal, text.data, len) == 0;

	free(normal);
	return same;
}

static bool compares(struct bytes text)
{
	_cleanup_(freep) char *key = NULL;

	return name_fold(text, &key) == 0 && *key;
}

bool entity_text_valid(struct bytes text)
{
	size_t characters = 0;
	bool ascii = true;

	for (size_t at = 0; at < text.len; characters++) {
		ucs4_t c;
		int n = u8_mbtoucr(&c, text.data + at, text.len - at);

		if (n <= 0 || !character_allowed(c))
			return false;
		ascii = ascii && c < 0x80;
		at += (size_t)n;
	}
	return characters > 0 && characters <= ID_CHARACTERS_MAX && (ascii || is_nfc(text)) &&
	       compares(text);
}

size_t name_characters(const char *name)
{
	return u8_mbsnlen((const uint8_t *)name, strlen(name));
}

static bool form_fits(enum conf_subject_id_form form, struct bytes id)
{
	switch (form) {
	case CONF_SUBJECT_ID_TEXT:
		return true;
	case CONF_SUBJECT_ID_PLAIN:
		return identifier_plain(id);
	case CONF_SUBJECT_ID_HOST_NAME:
		return host_name_valid(id, 1);
	}
	return false;
}

/* Whether the subjectAltName can name the entity. */
static bool san_names(const struct conf_profile *profile, struct bytes id)
{
	bool host_name = profile->dns_names != CONF_NAME_NONE ||
			 profile->dns_name_from_subject_id || profile->cert_type == CERT_TYPE_MANO;

	return profile->vnfci_uri || profile->uris.len || (host_name && host_name_valid(id, 1));
}

int subject_id_check(const struct conf_profile *profile, const char *id, struct refusal *refusal)
{
	struct bytes text = bytes_of_string(id);

	if (profile->cert_type == CERT_TYPE_MANO && !host_name_valid(text, 2))
		return refuse(refusal, REFUSAL_subject_id_no_fqdn);
	if (!entity_text_valid(text) || wildcard_valid(text))
		return refuse(refusal, REFUSAL_subject_id_invalid);
	if (!form_fits(profile->subject_id_form, text))
		return refuse(refusal, REFUSAL_subject_id_form);
	/* RFC 5280 A.1: a longer one goes into the subjectAltName alone. */
	if (name_characters(id) > COMMON_NAME_MAX && !san_names(profile, text))
		return refuse(refusal, REFUSAL_subject_id_common_name);
	return 0;
}

static bool same_but_case(struct bytes name, const char *id)
{
	int order;

	return u8_casecmp(name.data, name.len, (const uint8_t *)id, strlen(id), NULL, UNINORM_NFC,
			  &order) == 0 &&
	       order == 0;
}

bool name_is_id(struct bytes name, const char *id)
{
	if (name.len == strlen(id) && strncasecmp((const char *)name.data, id, name.len) == 0)
		return true;
	/* Not all that compares alike: what cannot be seen is not to hide in a certificate. */
	return entity_text_valid(name) &&
	       (same_but_case(name, id) ||
		(host_name_valid(name, 1) && names_equal(name, bytes_of_string(id))));
}

bool name_rule_allows(enum conf_name_rule rule, struct bytes name, const char *id)
{
	const uint8_t *dot;

	switch (rule) {
	case CONF_NAME_NONE:
		return false;
	case CONF_NAME_SUBJECT_ID:
		return name_is_id(name, id);
	case CONF_NAME_SUBJECT_ID_LABEL:
		dot = memchr(name.data, '.', name.len);
		return name_is_id(name, id) ||
		       (dot &&
			name_is_id((struct bytes){name.data, (size_t)(dot - name.data)}, id));
	case CONF_NAME_ANY:
		return true;
	}
	return false;
}

static int hex_digit(uint8_t c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* A part, decoded. -EINVAL: it is empty, or has what must be encoded, or is no text then. */
static int urn_part_read(struct bytes part, char **textp)
{
	_cleanup_(freep) char *text = malloc(part.len + 1);
	size_t n = 0;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < part.len; i++) {
		uint8_t c = part.data[i];

		if (c == '%' && i + 2 < part.len && hex_digit(part.data[i + 1]) >= 0 &&
		    hex_digit(part.data[i + 2]) >= 0) {
			c = (uint8_t)(hex_digit(part.data[i + 1]) << 4 |
				      hex_digit(part.data[i + 2]));
			i += 2;
		} else if (!is_unreserved(c)) {
			return -EINVAL;
		}
		text[n++] = (char)c;
	}
	text[n] = '\0';
	if (!name_text_clean((struct bytes){(uint8_t *)text, n}))
		return -EINVAL;
	*textp = TAKE(text);
	return 0;
}

int vnfci_urn_read(struct bytes uri, char **vnf_instancep, char **subject_idp)
{
	size_t prefix = strlen(VNFCI_URN);
	_cleanup_(freep) char *vnf_instance = NULL;
	struct bytes rest;
	const uint8_t *colon;
	int err = 0;

	/* RFC 8141 3.1: "urn" and the NID are compared without regard to case. */
	if (uri.len <= prefix || strncasecmp((const char *)uri.data, VNFCI_URN, prefix) != 0)
		return -EINVAL;
	rest = (struct bytes){uri.data + prefix, uri.len - prefix};
	colon = memchr(rest.data, ':', rest.len);
	if (colon) {
		size_t len = (size_t)(colon - rest.data);

		err = urn_part_read((struct bytes){rest.data, len}, &vnf_instance);
		rest = (struct bytes){colon + 1, rest.len - len - 1};
	} else {
		vnf_instance = strdup("");
		err = vnf_instance ? 0 : -ENOMEM;
	}
	if (err == 0)
		err = urn_part_read(rest, subject_idp);
	if (err == 0)
		*vnf_instancep = TAKE(vnf_instance);
	return err;
}

bool vnfci_urn_is(struct bytes uri, const struct store_entity *entity)
{
	_cleanup_(freep) char *vnf_instance = NULL;
	_cleanup_(freep) char *subject_id = NULL;

	return vnfci_urn_read(uri, &vnf_instance, &subject_id) == 0 &&
	       strcmp(vnf_instance, entity->vnf_instance) == 0 &&
	       name_is_id(bytes_of_string(subject_id), entity->subject_id);
}

static int uri_pattern_fill(const char *pattern, const struct store_entity *entity,
			    struct strbuf *out)
{
	const struct {
		const char *mark;
		const char *text;
	} marks[] = {{CONF_URI_SUBJECT_ID, entity->subject_id},
		     {CONF_URI_VNF_INSTANCE, entity->vnf_instance}};

	while (*pattern) {
		size_t i = 0;

		while (i < ARRAY_LEN(marks) &&
		       strncmp(pattern, marks[i].mark, strlen(marks[i].mark)))
			i++;
		if (i == ARRAY_LEN(marks)) {
			strbuf_printf(out, "%c", *pattern++);
			continue;
		}
		uri_escape(out, marks[i].text);
		pattern += strlen(marks[i].mark);
	}
	return out->failed ? -ENOMEM : 0;
}

/* Octet for octet, with anything where the pattern ends in *. */
static bool uri_fits(const char *pattern, struct bytes uri)
{
	size_t len = strlen(pattern);
	bool open = len && pattern[len - 1] == '*';

	len -= open;
	return (open ? uri.len >= len : uri.len == len) && memcmp(uri.data, pattern, len) == 0;
}

int uri_patterns_fit(const struct conf_list *patterns, struct bytes uri,
		     const struct store_entity *entity, bool *fitsp)
{
	*fitsp = false;
	for (size_t i = 0; i < patterns->len && !*fitsp; i++) {
		_cleanup_(strbuf_clear) struct strbuf filled = STRBUF_NULL;
		int err = uri_pattern_fill(patterns->item[i], entity, &filled);

		if (err < 0)
			return err;
		*fitsp = uri_fits(filled.text, uri);
	}
	return 0;
}

bool name_text_clean(struct bytes text)
{
	size_t at = 0;

	while (at < text.len) {
		unsigned long c;
		int n = UTF8_getc(text.data + at, (int)(text.len - at), &c);

		if (n <= 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
		at += (size_t)n;
	}
	return text.len > 0;
}
