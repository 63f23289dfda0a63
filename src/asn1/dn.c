// SPDX-License-Identifier: Apache-2.0
/* Distinguished names as people write them. See asn1/dn.h. */
#include "asn1/dn.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

/* One "TYPE=value"; both in the buffer that attribute_next() was given. */
struct attribute_text {
	const char *type;
	const char *value;
	bool joined; /* to the attribute before it, in one relative name */
};

/* Whether the '+' at `text` joins an attribute, and is not part of a value as in "/O=a+b". */
static bool joins_attribute(const char *text)
{
	size_t n = 1;

	while (isalnum((unsigned char)text[n]) || text[n] == '.')
		n++;
	return n > 1 && text[n] == '=';
}

/* Moves *textp behind the attribute that it is at. 0, or -EINVAL if there is none. */
static int attribute_next(const char **textp, char *buffer, struct attribute_text *attributep)
{
	const char *t = *textp;
	char *out = buffer;
	size_t type_len;

	if (*t != '/' && *t != '+')
		return -EINVAL;
	attributep->joined = *t++ == '+';
	type_len = strcspn(t, "=/+\\");
	if (type_len == 0 || t[type_len] != '=')
		return -EINVAL;
	attributep->type = out;
	out = mempcpy(out, t, type_len);
	*out++ = '\0';
	attributep->value = out;
	for (t += type_len + 1; *t && *t != '/' && (*t != '+' || !joins_attribute(t)); t++) {
		if (*t == '\\' && *++t == '\0')
			return -EINVAL;
		*out++ = *t;
	}
	*out = '\0';
	*textp = t;
	return *attributep->value ? 0 : -EINVAL;
}

static int form_refuse(const char *text, struct strbuf *why)
{
	if (why)
		strbuf_printf(why, "\"%s\" is not a name of the form /O=Example/CN=name", text);
	return -EINVAL;
}

static int attribute_add(X509_NAME *name, const struct attribute_text *attribute, const char *text,
			 struct strbuf *why)
{
	ASN1_OBJECT *type = OBJ_txt2obj(attribute->type, 0);
	int added = type && X509_NAME_add_entry_by_OBJ(name, type, MBSTRING_UTF8,
						       (const unsigned char *)attribute->value, -1,
						       -1, attribute->joined ? -1 : 0);

	if (!type && why)
		strbuf_printf(why,
			      "\"%s\": %s is not a type of attribute, such as CN, OU, O or C%s",
			      text, attribute->type,
			      attribute->joined
				      ? "; a + that is part of a value has a backslash before it"
				      : "");
	else if (!added && why)
		strbuf_printf(why, "\"%s\": \"%s\" cannot be a value of %s", text, attribute->value,
			      attribute->type);
	ASN1_OBJECT_free(type);
	ERR_clear_error();
	return added ? 0 : -EINVAL;
}

static void name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

int dn_parse(const char *text, X509_NAME **namep, struct strbuf *why)
{
	_cleanup_(name_freep) X509_NAME *name = X509_NAME_new();
	/* An attribute is as long as its text, with a NUL for the '=' and one more. */
	_cleanup_(freep) char *buffer = malloc(strlen(text) + 2);
	const char *rest = text;
	struct attribute_text attribute;

	if (!name || !buffer)
		return -ENOMEM;
	if (*rest != '/')
		return form_refuse(text, why);
	while (*rest) {
		int err = attribute_next(&rest, buffer, &attribute);

		if (err < 0)
			return form_refuse(text, why);
		err = attribute_add(name, &attribute, text, why);
		if (err < 0)
			return err;
	}
	/* Comparing encodes what was not encoded yet: not while other threads compare with it. */
	if (i2d_X509_NAME(name, NULL) < 0)
		return -ENOMEM;
	*namep = TAKE(name);
	return 0;
}

void dn_hash(const X509_NAME *name, uint8_t hash[DN_HASH_LEN])
{
	unsigned long number = X509_NAME_hash_ex(name, NULL, NULL, NULL);

	for (int i = 0; i < DN_HASH_LEN; i++)
		hash[i] = (uint8_t)(number >> (8 * i));
}
