// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of OIDs with something behind an equals sign: types of attestation statements and who
 * verifies them, extensions of attestation certificates and their values.
 */
#include "types_list.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

/* Octets of an extension's value that can be asked for: an OCTET STRING of some serial number. */
enum { EXTENSION_VALUE_MAX = 256 };

/* Splits "OID = word" in place; *wordp is NULL where there is no equals sign. */
static void item_split(char *text, char **wordp)
{
	char *equals = strchr(text, '=');

	*wordp = NULL;
	if (!equals)
		return;
	*wordp = equals + 1 + strspn(equals + 1, " \t");
	while (equals > text && (equals[-1] == ' ' || equals[-1] == '\t'))
		equals--;
	*equals = '\0';
}

static int oid_parse(const char *text, struct conf_oid *oid, struct strbuf *why)
{
	/* Numbers alone: a name that OpenSSL knows today is another tomorrow. */
	ASN1_OBJECT *object =
		strspn(text, "0123456789.") == strlen(text) ? OBJ_txt2obj(text, 1) : NULL;
	int err = object ? 0 : -EINVAL;

	ERR_clear_error();
	if (err < 0)
		strbuf_printf(why, "\"%s\" is not an OID, as 2.23.133.20.1", text);
	if (err == 0)
		err = octets_dup((struct bytes){OBJ_get0_data(object), OBJ_length(object)},
				 &oid->content);
	if (err == 0)
		oid->text = strdup(text);
	ASN1_OBJECT_free(object);
	return err == 0 && !oid->text ? -ENOMEM : err;
}

void conf_oid_clear(struct conf_oid *oid)
{
	free(oid->text);
	octets_clear(&oid->content);
	*oid = (struct conf_oid){NULL};
}

/* --- types of statements --- */

static const char *const kinds[] = {
	[CONF_ATTESTATION_TPM2_CERTIFY] = "tpm2-certify",
	[CONF_ATTESTATION_X509] = "x509",
	[CONF_ATTESTATION_EXTERNAL] = "external",
};

/* The statement of TPM2_Certify has an OID of its own; what others have is the operator's word. */
static int kind_parse(const char *oid, const char *word, enum conf_attestation_kind *kindp,
		      struct strbuf *why)
{
	if (!word && strcmp(oid, CONF_ATTESTATION_CERTIFY_OID) == 0)
		word = kinds[CONF_ATTESTATION_TPM2_CERTIFY];
	for (size_t i = 0; word && i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i], word) != 0)
			continue;
		*kindp = (enum conf_attestation_kind)i;
		return 0;
	}
	strbuf_printf(why, "\"%s\" needs who verifies it: \"%s = x509\" or \"%s = tpm2-certify\"",
		      oid, oid, oid);
	return -EINVAL;
}

static int statement_item_parse(const struct conf_input *in, char *text, void *element,
				struct strbuf *why)
{
	struct conf_attestation_statement *statement = element;
	char *word;
	int err;

	(void)in;
	item_split(text, &word);
	err = oid_parse(text, &statement->type, why);
	if (err == 0)
		err = kind_parse(text, word, &statement->kind, why);
	if (err < 0)
		conf_oid_clear(&statement->type);
	return err;
}

static void statements_clear(void *value)
{
	struct conf_attestation_statements *list = value;

	for (size_t i = 0; i < list->len; i++)
		conf_oid_clear(&list->item[i].type);
	free(list->item);
	*list = (struct conf_attestation_statements){NULL, 0};
}

static int statements_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	struct conf_attestation_statements list = {NULL, 0};
	void *items = NULL;
	int err = conf_list_parse(in, statement_item_parse, sizeof(*list.item), &items, &list.len,
				  why);

	list.item = items;
	for (size_t i = 0; i < list.len && err == 0; i++) {
		for (size_t j = 0; j < i && err == 0; j++) {
			if (strcmp(list.item[i].type.text, list.item[j].type.text) != 0)
				continue;
			strbuf_printf(why, "\"%s\" is there twice", list.item[i].type.text);
			err = -EINVAL;
		}
	}
	if (err < 0) {
		statements_clear(&list);
		return err;
	}
	statements_clear(value);
	*(struct conf_attestation_statements *)value = list;
	return 0;
}

static void statements_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	const struct conf_attestation_statements *list = value;

	(void)type;
	for (size_t i = 0; i < list->len; i++) {
		const struct conf_attestation_statement *s = &list->item[i];
		bool implied = strcmp(s->type.text, CONF_ATTESTATION_CERTIFY_OID) == 0 &&
			       s->kind == CONF_ATTESTATION_TPM2_CERTIFY;

		strbuf_printf(out, "%s%s%s%s", i > 0 ? ", " : "", s->type.text,
			      implied ? "" : " = ", implied ? "" : kinds[s->kind]);
	}
}

const struct conf_type conf_type_attestation_statements = {
	.name = "list of OIDs with verifiers",
	.parse = statements_parse,
	.print = statements_print,
	.clear = statements_clear,
};

/* --- extensions --- */

static int extension_item_parse(const struct conf_input *in, char *text, void *element,
				struct strbuf *why)
{
	struct conf_attestation_extension *extension = element;
	uint8_t value[EXTENSION_VALUE_MAX];
	size_t len = 0;
	char *hex;
	int err;

	(void)in;
	item_split(text, &hex);
	if (hex && (hex_to_bytes(hex, value, sizeof(value), &len) < 0 || len == 0)) {
		strbuf_printf(why, "\"%s\" is not the value of an extension in hex", hex);
		return -EINVAL;
	}
	err = oid_parse(text, &extension->oid, why);
	if (err == 0 && hex)
		err = octets_dup((struct bytes){value, len}, &extension->value);
	if (err < 0)
		conf_oid_clear(&extension->oid);
	return err;
}

static void extensions_clear(void *value)
{
	struct conf_attestation_extensions *list = value;

	for (size_t i = 0; i < list->len; i++) {
		conf_oid_clear(&list->item[i].oid);
		octets_clear(&list->item[i].value);
	}
	free(list->item);
	*list = (struct conf_attestation_extensions){NULL, 0};
}

static int extensions_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	struct conf_attestation_extensions list = {NULL, 0};
	void *items = NULL;
	int err = conf_list_parse(in, extension_item_parse, sizeof(*list.item), &items, &list.len,
				  why);

	list.item = items;
	if (err < 0) {
		extensions_clear(&list);
		return err;
	}
	extensions_clear(value);
	*(struct conf_attestation_extensions *)value = list;
	return 0;
}

static void extensions_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	const struct conf_attestation_extensions *list = value;

	(void)type;
	for (size_t i = 0; i < list->len; i++) {
		const struct conf_attestation_extension *e = &list->item[i];
		char hex[2 * EXTENSION_VALUE_MAX + 1] = "";

		bytes_to_hex(octets_view(&e->value), hex);
		strbuf_printf(out, "%s%s%s%s", i > 0 ? ", " : "", e->oid.text,
			      e->value.len ? " = " : "", hex);
	}
}

const struct conf_type conf_type_attestation_extensions = {
	.name = "list of OIDs with values",
	.parse = extensions_parse,
	.print = extensions_print,
	.clear = extensions_clear,
};
