// SPDX-License-Identifier: Apache-2.0
/* The syntax of host names. See base/host_name.h. */
#include "base/host_name.h"

#include <string.h>

/* RFC 1035 2.3.4 */
enum { NAME_LEN_MAX = 253, LABEL_LEN_MAX = 63 };

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool label_valid(const uint8_t *label, size_t len)
{
	if (len == 0 || len > LABEL_LEN_MAX || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_alnum(label[i]) && label[i] != '-')
			return false;
	}
	return true;
}

static bool all_digits(const uint8_t *label, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(label[i]))
			return false;
	}
	return true;
}

bool host_name_valid(struct bytes name, unsigned labels_min)
{
	unsigned labels = 0;
	size_t start = 0;

	if (name.len == 0 || name.len > NAME_LEN_MAX)
		return false;
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.data[i] != '.')
			continue;
		if (!label_valid(name.data + start, i - start))
			return false;
		/* A name that ends in a number reads as an address. */
		if (i == name.len && all_digits(name.data + start, i - start))
			return false;
		labels++;
		start = i + 1;
	}
	return labels >= labels_min;
}

bool host_name_below(const char *host, const char *suffix)
{
	size_t len = strlen(host), suffix_len = strlen(suffix);

	if (len < suffix_len || strcasecmp(host + len - suffix_len, suffix) != 0)
		return false;
	return len == suffix_len || host[len - suffix_len - 1] == '.';
}
