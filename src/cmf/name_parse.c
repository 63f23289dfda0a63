// SPDX-License-Identifier: Apache-2.0
/* Distinguished names as people write them in the configuration of clients. See clients.h. */
#include "clients.h"

#include <errno.h>
#include <string.h>

/* One "type=value" up to an unescaped '/' or '+'; *textp moves behind it. */
struct attribute_text {
	char *type;
	char *value;
	bool joined; /* to the attribute before, in one RDN */
};

static int attribute_next(const char **textp, char *buffer, struct attribute_text *attributep)
{
	const char *t = *textp;
	char *out = buffer;

	if (*t != '/' && *t != '+')
		return -EINVAL;
	*attributep = (struct attribute_text){.type = buffer, .joined = *t++ == '+'};
	for (; *t && *t != '/' && (*t != '+' || !attributep->value); t++) {
		if (*t == '=' && !attributep->value) {
			*out++ = '\0';
			attributep->value = out;
			continue;
		}
		if (*t == '\\' && *++t == '\0')
			return -EINVAL;
		*out++ = *t;
	}
	*out = '\0';
	*textp = t;
	return attributep->value && *attributep->type && *attributep->value ? 0 : -EINVAL;
}

static void name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

int name_parse(const char *text, X509_NAME **namep)
{
	_cleanup_(name_freep) X509_NAME *name = X509_NAME_new();
	_cleanup_(freep) char *buffer = malloc(strlen(text) + 2);
	struct attribute_text attribute;

	if (!name || !buffer)
		return -ENOMEM;
	if (*text != '/')
		return -EINVAL;
	while (*text) {
		int err = attribute_next(&text, buffer, &attribute);

		if (err < 0)
			return err;
		if (attribute.joined && X509_NAME_entry_count(name) == 0)
			return -EINVAL;
		if (X509_NAME_add_entry_by_txt(name, attribute.type, MBSTRING_UTF8,
					       (const unsigned char *)attribute.value, -1, -1,
					       attribute.joined ? -1 : 0) != 1)
			return -EINVAL;
	}
	/* Comparing encodes what was not encoded yet: not while other threads compare with it, too.
	 */
	if (i2d_X509_NAME(name, NULL) < 0)
		return -ENOMEM;
	*namep = TAKE(name);
	return 0;
}
