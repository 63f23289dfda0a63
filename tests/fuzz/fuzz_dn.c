// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of dn_parse(): a text. What is taken is the same name when it is written again with
 * each value escaped; what is not taken has a reason.
 */
#include "asn1/dn.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void name_write(const X509_NAME *name, struct strbuf *text)
{
	for (int i = 0, set = -1; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		char type[1024];
		unsigned char *value;
		int len = ASN1_STRING_to_UTF8(&value, X509_NAME_ENTRY_get_data(entry));

		MUST(len > 0);
		MUST(OBJ_obj2txt(type, sizeof(type), X509_NAME_ENTRY_get_object(entry), 1) <
		     (int)sizeof(type));
		strbuf_printf(text, "%c%s=", X509_NAME_ENTRY_set(entry) == set ? '+' : '/', type);
		for (int at = 0; at < len; at++)
			strbuf_printf(text, "\\%c", value[at]);
		set = X509_NAME_ENTRY_set(entry);
		OPENSSL_free(value);
	}
}

static void write_again(const X509_NAME *name)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	X509_NAME *again = NULL;

	name_write(name, &text);
	MUST(!dn_parse(text.text, &again, NULL));
	MUST(X509_NAME_cmp(name, again) == 0);
	X509_NAME_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = strndup((const char *)data, size);
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	X509_NAME *name = NULL;
	int err = dn_parse(text, &name, &why);

	MUST(err == 0 || err == -EINVAL);
	MUST(!err == !!name && !err == !why.len);
	MUST(!ERR_peek_error());
	/* OIDs as long as a text may be are of no interest. */
	if (!err && size < 200)
		write_again(name);
	X509_NAME_free(name);
	return 0;
}
