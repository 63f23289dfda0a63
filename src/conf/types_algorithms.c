// SPDX-License-Identifier: Apache-2.0
/*
 * Sets of algorithms: comma-separated names of the tables in asn1/, as bits in the order of the
 * table. Nothing set means: not said.
 */
#include "keys.h"

#include "asn1/algorithm.h"
#include "asn1/mac.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* The bit of an algorithm by its name, 0: there is none. */
typedef uint64_t algorithm_bit(const char *name);
/* The name at that place of the table; NULL at its end, "" where it cannot be named. */
typedef const char *algorithm_name(size_t i);

static int set_parse(const struct conf_input *in, algorithm_bit *bit_of, void *value,
		     struct strbuf *why)
{
	_cleanup_(freep) char *copy = strdup(in->text);
	char *next = copy, *item;
	uint64_t set = 0;

	if (!copy)
		return -ENOMEM;
	while ((item = strsep(&next, ",")) != NULL) {
		uint64_t bit;
		char *end;

		while (isspace((unsigned char)*item))
			item++;
		end = item + strlen(item);
		while (end > item && isspace((unsigned char)end[-1]))
			*--end = '\0';
		bit = bit_of(item);
		if (!bit) {
			strbuf_printf(why, "\"%s\" is not an algorithm of the table", item);
			return -EINVAL;
		}
		if (set & bit) {
			strbuf_printf(why, "\"%s\" is there twice", item);
			return -EINVAL;
		}
		set |= bit;
	}
	*(uint64_t *)value = set;
	return 0;
}

static void set_print(algorithm_name *name_of, const void *value, struct strbuf *out)
{
	uint64_t set = *(const uint64_t *)value;
	const char *separator = "";

	for (size_t i = 0; name_of(i); i++) {
		if (!(set & UINT64_C(1) << i))
			continue;
		strbuf_printf(out, "%s%s", separator, name_of(i));
		separator = ", ";
	}
}

static uint64_t mac_bit(const char *name)
{
	const struct mac_algorithm *a = mac_algorithm_by_name(name);

	return a ? mac_algorithm_bit(a) : 0;
}

static const char *mac_name(size_t i)
{
	return i < mac_algorithms_count ? mac_algorithms[i].name : NULL;
}

static int mac_set_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return set_parse(in, mac_bit, value, why);
}

static void mac_set_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	set_print(mac_name, value, out);
}

const struct conf_type conf_type_mac_algorithms = {
	.name = "list of MAC algorithms",
	.parse = mac_set_parse,
	.print = mac_set_print,
};

static uint64_t signature_bit(const char *name)
{
	const struct signature_algorithm *a = signature_algorithm_by_name(name);

	return a ? signature_algorithm_bit(a) : 0;
}

static const char *signature_name(size_t i)
{
	return i < signature_algorithms_count ? signature_algorithms[i].name : NULL;
}

static int signature_set_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return set_parse(in, signature_bit, value, why);
}

static void signature_set_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	set_print(signature_name, value, out);
}

const struct conf_type conf_type_signature_algorithms = {
	.name = "list of signature algorithms",
	.parse = signature_set_parse,
	.print = signature_set_print,
};
