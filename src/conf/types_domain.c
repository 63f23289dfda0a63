// SPDX-License-Identifier: Apache-2.0
/*
 * Lists that say what trust domains and profiles may have: certTypes, patterns, URIs, host names.
 */
#include "types_list.h"

#include "base/cert_type.h"
#include "base/host_name.h"
#include "base/strbuf.h"
#include "base/uri.h"

#include <errno.h>
#include <string.h>

/* certTypes, as a set */

static int cert_type_item_parse(const struct conf_input *in, char *text, void *element,
				struct strbuf *why)
{
	(void)in;
	if (cert_type_parse(text, element) == 0)
		return 0;
	strbuf_printf(why, "\"%s\" is not ManoCert, VnfciCert or VnfOAMCert", text);
	return -EINVAL;
}

static int cert_types_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	void *items = NULL;
	size_t len = 0;
	uint32_t set = 0;
	int err = conf_list_parse(in, cert_type_item_parse, sizeof(enum cert_type), &items, &len,
				  why);
	const enum cert_type *types = items;

	for (size_t i = 0; err == 0 && i < len; i++)
		set |= UINT32_C(1) << types[i];
	free(items);
	if (err == 0)
		*(uint32_t *)value = set;
	return err;
}

static void cert_types_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	uint32_t set = *(const uint32_t *)value;
	const char *separator = "";

	(void)type;
	for (enum cert_type t = CERT_TYPE_MANO; t <= CERT_TYPE_VNF_OAM; t++) {
		if (!(set & UINT32_C(1) << t))
			continue;
		strbuf_printf(out, "%s%s", separator, cert_type_name(t));
		separator = ", ";
	}
}

const struct conf_type conf_type_cert_types = {
	.name = "list of certTypes",
	.parse = cert_types_parse,
	.print = cert_types_print,
};

/* Patterns */

static int patterns_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return conf_strings_parse(in, conf_name_item_parse, value, why);
}

const struct conf_type conf_type_patterns = {
	.name = "list of patterns",
	.parse = patterns_parse,
	.print = conf_strings_print,
	.clear = conf_strings_clear,
};

/* Patterns of URIs */

/* What a certificate can have once the marks are filled in. */
static bool uri_pattern_valid(const char *text)
{
	_cleanup_(strbuf_clear) struct strbuf filled = STRBUF_NULL;
	const char *mark;
	struct uri unused;

	if (strcmp(text, "*") == 0)
		return true;
	while (*text) {
		if (*text == '<') {
			mark = strncmp(text, CONF_URI_SUBJECT_ID, strlen(CONF_URI_SUBJECT_ID))
				       ? CONF_URI_VNF_INSTANCE
				       : CONF_URI_SUBJECT_ID;
			if (strncmp(text, mark, strlen(mark)))
				return false;
			strbuf_add(&filled, "x");
			text += strlen(mark);
			continue;
		}
		if (*text == '*' && (text[1] || !strchr("/:?=", filled.text[filled.len - 1])))
			return false;
		strbuf_printf(&filled, "%c", *text == '*' ? 'x' : *text);
		text++;
	}
	return !filled.failed && !uri_read(bytes_of_string(filled.text), &unused);
}

static int uri_pattern_item_parse(const struct conf_input *in, char *text, void *element,
				  struct strbuf *why)
{
	if (uri_pattern_valid(text))
		return conf_name_item_parse(in, text, element, why);
	strbuf_printf(why,
		      "\"%s\" is neither * nor a URI, in which " CONF_URI_SUBJECT_ID
		      " and " CONF_URI_VNF_INSTANCE
		      " may stand, and * at the end, behind one of / : ? =",
		      text);
	return -EINVAL;
}

static int uri_patterns_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return conf_strings_parse(in, uri_pattern_item_parse, value, why);
}

const struct conf_type conf_type_uri_patterns = {
	.name = "list of patterns of URIs",
	.parse = uri_patterns_parse,
	.print = conf_strings_print,
	.clear = conf_strings_clear,
};

/* Patterns of dNSNames */

static int dns_pattern_item_parse(const struct conf_input *in, char *text, void *element,
				  struct strbuf *why)
{
	if (conf_dns_pattern_valid(text))
		return conf_name_item_parse(in, text, element, why);
	strbuf_printf(why,
		      "\"%s\" is no host name in which <subjectId> stands, and where wanted "
		      "<vnfInstanceId>, <vnfdId> or <vduId>, each in a label of its own, as "
		      "<subjectId>.<vnfInstanceId>.example.net",
		      text);
	return -EINVAL;
}

static int dns_patterns_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return conf_strings_parse(in, dns_pattern_item_parse, value, why);
}

const struct conf_type conf_type_dns_patterns = {
	.name = "list of patterns of dNSNames",
	.parse = dns_patterns_parse,
	.print = conf_strings_print,
	.clear = conf_strings_clear,
};

/* Host names */

/* As they stand in certificates: letters of other scripts by their A-labels. */
static int host_name_item_parse(const struct conf_input *in, char *text, void *element,
				struct strbuf *why)
{
	if (host_name_valid(bytes_of_string(text), 1))
		return conf_name_item_parse(in, text, element, why);
	strbuf_printf(why, "\"%s\" is not a host name, as example.net", text);
	return -EINVAL;
}

static int host_names_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return conf_strings_parse(in, host_name_item_parse, value, why);
}

const struct conf_type conf_type_host_names = {
	.name = "list of host names",
	.parse = host_names_parse,
	.print = conf_strings_print,
	.clear = conf_strings_clear,
};
