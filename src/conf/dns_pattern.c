// SPDX-License-Identifier: Apache-2.0
/*
 * Patterns of dNSNames, as "<subjectId>.<vnfInstanceId>.vnf.example.net": whether a text is one,
 * and the name that it gives for a VNFC. The identifiers are a VNFM's, and hostile: each stands for
 * a part of one label, and one that is no label gives no name.
 */
#include "conf.h"

#include "base/host_name.h"

#include <stdio.h>
#include <string.h>

static const char *const marks[] = {
	[CONF_DNS_SUBJECT_ID] = "<subjectId>",
	[CONF_DNS_VNF_INSTANCE] = "<vnfInstanceId>",
	[CONF_DNS_VNFD_ID] = "<vnfdId>",
	[CONF_DNS_VDU_ID] = "<vduId>",
};

/* The mark at the beginning of the text; CONF_DNS_IDS: there is none. */
static size_t mark_at(const char *text)
{
	for (size_t i = 0; i < CONF_DNS_IDS; i++) {
		if (strncmp(text, marks[i], strlen(marks[i])) == 0)
			return i;
	}
	return CONF_DNS_IDS;
}

/* No '.', and nothing that a host name does not have. */
static bool is_label(const char *id)
{
	static const char ldh[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

	return id && *id && id[strspn(id, ldh)] == '\0';
}

bool conf_dns_name_make(const char *pattern, const char *const ids[CONF_DNS_IDS],
			char out[CONF_DNS_NAME_SIZE])
{
	size_t len = 0;

	while (*pattern) {
		size_t mark = mark_at(pattern);
		const char *part = mark < CONF_DNS_IDS ? ids[mark] : pattern;
		size_t part_len = 1;

		if (mark < CONF_DNS_IDS && !is_label(part))
			return false;
		if (mark < CONF_DNS_IDS)
			part_len = strlen(part);
		if (len + part_len >= CONF_DNS_NAME_SIZE)
			return false;
		memcpy(out + len, part, part_len);
		len += part_len;
		pattern += mark < CONF_DNS_IDS ? strlen(marks[mark]) : 1;
	}
	out[len] = '\0';
	return host_name_valid(bytes_of_string(out), 2);
}

/* Two in one label could give the same name for different VNFCs. */
static bool marks_stand_alone(const char *pattern)
{
	bool seen = false;

	for (; *pattern; pattern++) {
		if (*pattern == '.')
			seen = false;
		if (*pattern != '<')
			continue;
		if (seen)
			return false;
		seen = true;
	}
	return true;
}

bool conf_dns_pattern_valid(const char *pattern)
{
	static const char *const sample[CONF_DNS_IDS] = {"x", "x", "x", "x"};
	char name[CONF_DNS_NAME_SIZE];

	return strstr(pattern, marks[CONF_DNS_SUBJECT_ID]) && marks_stand_alone(pattern) &&
	       conf_dns_name_make(pattern, sample, name);
}
