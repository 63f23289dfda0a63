// SPDX-License-Identifier: Apache-2.0
/* PKIStatusInfo of an answer in words: for a client, for the log, for an operator. */
#include "message.h"

#include <stdlib.h>
#include <string.h>

/* Longer words of others are left out. */
enum { STATUS_TEXT_MAX = 400 };

/* In one line, and valid UTF-8 only. */
void cmp_status_string_add(const PKIStatusInfo *info, const char *separator, struct strbuf *words)
{
	for (int i = 0; i < sk_ASN1_UTF8STRING_num(info->statusString); i++) {
		unsigned char *utf8 = NULL;
		int len =
			ASN1_STRING_to_UTF8(&utf8, sk_ASN1_UTF8STRING_value(info->statusString, i));

		for (int at = 0; at < len; at++)
			if (utf8[at] < 0x20 || utf8[at] == 0x7f)
				utf8[at] = ' ';
		if (len > 0 && words->len + (size_t)len <= STATUS_TEXT_MAX)
			strbuf_printf(words, "%s%.*s", words->len > 0 ? separator : "", len,
				      (const char *)utf8);
		OPENSSL_free(utf8);
	}
}

char *cmp_status_rejection_text(const PKIStatusInfo *info)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL, said = STRBUF_NULL;
	const char *before = "; PKIFailureInfo: ";

	strbuf_printf(&text, "PKIStatus: rejection");
	for (int bit = 0; info->failInfo && bit < FAIL_COUNT; bit++) {
		if (!ASN1_BIT_STRING_get_bit(info->failInfo, bit))
			continue;
		strbuf_printf(&text, "%s%s", before, failinfo_name(bit));
		before = ", ";
	}
	cmp_status_string_add(info, "\", \"", &said);
	if (said.len > 0)
		strbuf_printf(&text, "; StatusString: \"%s\"", said.text);
	return text.failed || said.failed ? NULL : strdup(text.text);
}
