// SPDX-License-Identifier: Apache-2.0
/*
 * Values that are one thing: text, files, numbers, durations, words. Lists: types_list.c.
 */
#include "types_list.h"

#include "asn1/dn.h"
#include "asn1/name.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/uri.h"
#include "keys/credential.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void text_clear(void *value)
{
	char **textp = value;

	free(*textp);
	*textp = NULL;
}

static int text_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	char *copy = strdup(in->text);

	if (!copy)
		return -ENOMEM;
	text_clear(value);
	*(char **)value = copy;
	return 0;
}

static void text_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	const char *text = *(char *const *)value;

	if (text)
		strbuf_add(out, text);
}

const struct conf_type conf_type_text = {
	.name = "text",
	.parse = text_parse,
	.print = text_print,
	.clear = text_clear,
};

/* The file name, made absolute. It is set even when a check of it fails afterwards. */
static int path_resolve(const struct conf_input *in, void *value)
{
	const char *text = in->text;
	char *path = NULL;

	while (text[0] == '.' && text[1] == '/')
		text += 2;
	if (text[0] == '/')
		path = strdup(text);
	else if (asprintf(&path, "%s/%s", strcmp(in->dir, "/") == 0 ? "" : in->dir, text) < 0)
		path = NULL;
	if (!path)
		return -ENOMEM;
	text_clear(value);
	*(char **)value = path;
	return 0;
}

static int path_refuse(const char *path, int error, struct strbuf *why)
{
	strbuf_printf(why, "%s: %s", path, error_text(-error));
	return -EINVAL;
}

static int file_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	int err = path_resolve(in, value);
	const char *path = *(char **)value;
	struct stat st;

	if (err < 0 || in->names_only || in->key->late)
		return err;
	if (stat(path, &st) < 0 || access(path, R_OK) < 0)
		return path_refuse(path, errno, why);
	if (S_ISDIR(st.st_mode))
		return path_refuse(path, EISDIR, why);
	return 0;
}

const struct conf_type conf_type_file = {
	.name = "file",
	.parse = file_parse,
	.print = text_print,
	.clear = text_clear,
};

const struct conf_type conf_type_secret_file = {
	.name = "file",
	.parse = file_parse,
	.print = text_print,
	.clear = text_clear,
};

static int directory_check(const char *path, struct strbuf *why)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return path_refuse(path, errno, why);
	if (!S_ISDIR(st.st_mode))
		return path_refuse(path, ENOTDIR, why);
	if (access(path, W_OK | X_OK) < 0)
		return path_refuse(path, errno, why);
	return 0;
}

static int directory_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	int err = path_resolve(in, value);

	return err < 0 || in->names_only || in->key->late ? err
							  : directory_check(*(char **)value, why);
}

const struct conf_type conf_type_directory = {
	.name = "directory",
	.parse = directory_parse,
	.print = text_print,
	.clear = text_clear,
};

static int path_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	_cleanup_(freep) char *parent = NULL;
	int err = path_resolve(in, value);
	char *slash;

	if (err < 0 || in->names_only || in->key->late)
		return err;
	parent = strdup(*(char **)value);
	if (!parent)
		return -ENOMEM;
	slash = strrchr(parent, '/');
	slash[slash == parent ? 1 : 0] = '\0';
	return directory_check(parent, why);
}

const struct conf_type conf_type_path = {
	.name = "path",
	.parse = path_parse,
	.print = text_print,
	.clear = text_clear,
};

/* What stands in a URL is judged where it is opened. */
static int database_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	char *url;

	if (!strstr(in->text, "://"))
		return path_parse(in, value, why);
	if (strncmp(in->text, "postgresql://", strlen("postgresql://")) != 0) {
		strbuf_add(why, "a URL of a database begins with postgresql://");
		return -EINVAL;
	}
	url = strdup(in->text);
	if (!url)
		return -ENOMEM;
	text_clear(value);
	*(char **)value = url;
	return 0;
}

const struct conf_type conf_type_database = {
	.name = "path or postgresql:// URL",
	.parse = database_parse,
	.print = text_print,
	.clear = text_clear,
};

static int socket_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	int err = path_parse(in, value, why);
	size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (err == 0 && strlen(*(char **)value) > max) {
		strbuf_printf(why, "%s: longer than the %zu characters that a socket may have",
			      *(char **)value, max);
		return -EINVAL;
	}
	return err;
}

const struct conf_type conf_type_socket = {
	.name = "path",
	.parse = socket_parse,
	.print = text_print,
	.clear = text_clear,
};

static int key_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	return credential_is_uri(in->text) ? text_parse(in, value, why)
					   : file_parse(in, value, why);
}

/* Without the PIN that may be in it. */
static void key_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	size_t at = out->len;

	text_print(type, value, out);
	if (out->failed || out->len == at)
		return;
	uri_pin_mask(out->text + at);
	out->len = at + strlen(out->text + at);
}

const struct conf_type conf_type_key = {
	.name = "file or URI",
	.parse = key_parse,
	.print = key_print,
	.clear = text_clear,
};

static int url_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	const char *host = NULL;

	if (strncmp(in->text, "http://", 7) == 0)
		host = in->text + 7;
	else if (strncmp(in->text, "https://", 8) == 0)
		host = in->text + 8;
	if (!host || !*host || *host == '/' || strpbrk(in->text, " \t")) {
		strbuf_printf(why, "\"%s\" is not http://HOST/PATH or https://HOST/PATH", in->text);
		return -EINVAL;
	}
	return text_parse(in, value, why);
}

const struct conf_type conf_type_url = {
	.name = "URL",
	.parse = url_parse,
	.print = text_print,
	.clear = text_clear,
};

static void dn_clear(void *value)
{
	struct conf_dn *dn = value;

	free(dn->text);
	X509_NAME_free(dn->name);
	*dn = (struct conf_dn){NULL, NULL};
}

static int dn_parse_value(const struct conf_input *in, void *value, struct strbuf *why)
{
	struct conf_dn dn = {NULL, NULL};
	int err = dn_parse(in->text, &dn.name, why);

	if (err < 0)
		return err;
	dn.text = strdup(in->text);
	dn_clear(value);
	*(struct conf_dn *)value = dn;
	return dn.text ? 0 : -ENOMEM;
}

static void dn_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	const struct conf_dn *dn = value;

	if (dn->text)
		strbuf_add(out, dn->text);
}

const struct conf_type conf_type_dn = {
	.name = "name",
	.parse = dn_parse_value,
	.print = dn_print,
	.clear = dn_clear,
};

/* One attribute, of which the text is ours to choose. */
static int text_attribute_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	const ASN1_OBJECT *object = OBJ_nid2obj(OBJ_txt2nid(in->text));
	const struct name_attribute attribute = {
		.type = {OBJ_get0_data(object), OBJ_length(object)},
		.value_type = V_ASN1_UTF8STRING,
		.value = bytes_of_string("text"),
	};
	int better;

	if (OBJ_txt2nid(in->text) == NID_undef || name_attribute_fault(&attribute, &better)) {
		strbuf_printf(why,
			      "\"%s\" is not an attribute type that holds any text, as O or "
			      "OU",
			      in->text);
		return -EINVAL;
	}
	return text_parse(in, value, why);
}

const struct conf_type conf_type_text_attribute = {
	.name = "attribute type",
	.parse = text_attribute_parse,
	.print = text_print,
	.clear = text_clear,
};

/* Dotted decimals, no name: which of them are known is the library's. */
static int oid_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	ASN1_OBJECT *object = OBJ_txt2obj(in->text, 1);

	ASN1_OBJECT_free(object);
	ERR_clear_error();
	if (object)
		return text_parse(in, value, why);
	strbuf_printf(why, "\"%s\" is no object identifier, as 2.23.133.20.1", in->text);
	return -EINVAL;
}

const struct conf_type conf_type_oid = {
	.name = "OID",
	.parse = oid_parse,
	.print = text_print,
	.clear = text_clear,
};

/* SHA-1 and MD5 are not offered. */
static const char *const digests[] = {"sha256",   "sha384",   "sha512", "sha3-256",
				      "sha3-384", "sha3-512", NULL};

static int digest_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	for (size_t i = 0; digests[i]; i++) {
		if (strcmp(in->text, digests[i]) == 0)
			return text_parse(in, value, why);
	}
	strbuf_printf(why, "\"%s\" is not sha256, sha384, sha512, sha3-256, sha3-384 or sha3-512",
		      in->text);
	return -EINVAL;
}

const struct conf_type conf_type_digest = {
	.name = "word",
	.words = digests,
	.parse = digest_parse,
	.print = text_print,
	.clear = text_clear,
};

static int number_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	size_t digits = strspn(in->text, "0123456789");
	int64_t number;

	/* Ten digits hold every 32-bit number, and fit into 64 bits. */
	if (digits == 0 || in->text[digits] != '\0' || digits > 10) {
		strbuf_printf(why, "\"%s\" is not a number", in->text);
		return -EINVAL;
	}
	number = strtoll(in->text, NULL, 10);
	if (number < in->key->min || number > in->key->max) {
		strbuf_printf(why, "%s is not between %" PRId64 " and %" PRId64, in->text,
			      in->key->min, in->key->max);
		return -EINVAL;
	}
	*(uint32_t *)value = (uint32_t)number;
	return 0;
}

static void number_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	strbuf_printf(out, "%" PRIu32, *(const uint32_t *)value);
}

const struct conf_type conf_type_number = {
	.name = "number",
	.parse = number_parse,
	.print = number_print,
};

static int mode_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	size_t digits = strspn(in->text, "01234567");
	unsigned long mode;

	if (digits == 0 || digits > 4 || in->text[digits] != '\0' ||
	    (mode = strtoul(in->text, NULL, 8)) > 0777) {
		strbuf_printf(why, "\"%s\" is not a file mode in octal, as 0660", in->text);
		return -EINVAL;
	}
	*(uint32_t *)value = (uint32_t)mode;
	return 0;
}

static void mode_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	strbuf_printf(out, "%04" PRIo32, *(const uint32_t *)value);
}

const struct conf_type conf_type_mode = {
	.name = "file mode",
	.parse = mode_parse,
	.print = mode_print,
};

void conf_duration_write(int64_t ms, struct strbuf *out)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};

	for (size_t i = 0; i < ARRAY_LEN(units) && ms > 0; i++) {
		if (ms % units[i].ms == 0) {
			strbuf_printf(out, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
			return;
		}
	}
	strbuf_add(out, "0");
}

int conf_duration_parse(const struct conf_input *in, char *text, void *value, struct strbuf *why)
{
	int64_t ms;

	if (duration_parse(text, &ms) < 0) {
		strbuf_printf(why, "\"%s\" is not a duration, as 30s, 15m, 12h or 90d", text);
		return -EINVAL;
	}
	if (in->key->max && (ms < in->key->min || ms > in->key->max)) {
		strbuf_printf(why, "%s is not between ", text);
		conf_duration_write(in->key->min, why);
		strbuf_add(why, " and ");
		conf_duration_write(in->key->max, why);
		return -EINVAL;
	}
	*(int64_t *)value = ms;
	return 0;
}

static int duration_parse_value(const struct conf_input *in, void *value, struct strbuf *why)
{
	return conf_duration_parse(in, (char *)(uintptr_t)in->text, value, why);
}

static void duration_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	conf_duration_write(*(const int64_t *)value, out);
}

const struct conf_type conf_type_duration = {
	.name = "duration",
	.parse = duration_parse_value,
	.print = duration_print,
};

static int boolean_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	bool yes = strcmp(in->text, "yes") == 0;

	if (!yes && strcmp(in->text, "no") != 0) {
		strbuf_printf(why, "\"%s\" is not yes or no", in->text);
		return -EINVAL;
	}
	*(bool *)value = yes;
	return 0;
}

static void boolean_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	strbuf_add(out, *(const bool *)value ? "yes" : "no");
}

const struct conf_type conf_type_boolean = {
	.name = "yes or no",
	.parse = boolean_parse,
	.print = boolean_print,
};

static int word_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	const char *const *words = in->key->type->words;

	for (unsigned i = 0; words[i]; i++) {
		if (strcmp(in->text, words[i]) == 0) {
			memcpy(value, &i, sizeof(i)); /* an enum, of whichever type */
			return 0;
		}
	}
	strbuf_printf(why, "\"%s\" is not one of", in->text);
	for (unsigned i = 0; words[i]; i++)
		strbuf_printf(why, "%s %s", i ? "," : "", words[i]);
	return -EINVAL;
}

static void word_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	unsigned i;

	memcpy(&i, value, sizeof(i));
	strbuf_add(out, type->words[i]);
}

_Static_assert(sizeof(enum conf_name_rule) == sizeof(unsigned), "word_parse() writes an unsigned");
_Static_assert(sizeof(enum conf_subject_id_form) == sizeof(unsigned),
	       "word_parse() writes an unsigned");

#define WORD_TYPE(name_, ...)                                           \
	static const char *const name_##_words[] = {__VA_ARGS__, NULL}; \
	const struct conf_type conf_type_##name_ = {                    \
		.name = "word",                                         \
		.words = name_##_words,                                 \
		.parse = word_parse,                                    \
		.print = word_print,                                    \
	}

WORD_TYPE(log_format, "logfmt", "json");
WORD_TYPE(log_level, "error", "warning", "info", "debug");
WORD_TYPE(ca_type, "internal", "upstream");
WORD_TYPE(upstream_request, "cr", "p10cr");
WORD_TYPE(upstream_signer, "default", "authorized", "name");
WORD_TYPE(upstream_subject, "identity", "exact");
WORD_TYPE(forwarding, "reissue", "unchanged", "added", "replaced");
WORD_TYPE(archive_keys, "never", "allowed", "always");
WORD_TYPE(replication, "required", "none");
WORD_TYPE(syslog, "none", "auth", "authpriv", "daemon", "user", "local0", "local1", "local2",
	  "local3", "local4", "local5", "local6", "local7");
WORD_TYPE(attestation_policy, "ignore", "verify", "require", "forward");
WORD_TYPE(attestation_nonce, "require", "ignore");
WORD_TYPE(extensions_rule, "profile", "subset");
WORD_TYPE(answer_mac, "request", "PasswordBasedMac", "PBMAC1");
WORD_TYPE(callback_token, "none", "jwt");
WORD_TYPE(initial_credential, "none", "secret", "attestation");
WORD_TYPE(on_removed, "revoke", "hold", "keep");
WORD_TYPE(sender_match, "name", "octets", "any");
WORD_TYPE(signer_entity, "none", "commonName", "serialNumber");
WORD_TYPE(subject_id_form, "text", "plain", "hostname");
WORD_TYPE(name_rule, "none", "subjectId", "subjectIdLabel", "any");

static int cert_type_parse_value(const struct conf_input *in, void *value, struct strbuf *why)
{
	if (cert_type_parse(in->text, value) < 0) {
		strbuf_printf(why, "\"%s\" is not ManoCert, VnfciCert or VnfOAMCert", in->text);
		return -EINVAL;
	}
	return 0;
}

static void cert_type_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	strbuf_add(out, cert_type_name(*(const enum cert_type *)value));
}

static const char *const cert_type_words[] = {"ManoCert", "VnfciCert", "VnfOAMCert", NULL};

const struct conf_type conf_type_cert_type = {
	.name = "word",
	.words = cert_type_words,
	.parse = cert_type_parse_value,
	.print = cert_type_print,
};

static int cert_type_match_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	struct conf_ca_rule *rule = value;
	int err = cert_type_parse_value(in, &rule->cert_type, why);

	rule->has_cert_type = err == 0;
	return err;
}

static void cert_type_match_print(const struct conf_type *type, const void *value,
				  struct strbuf *out)
{
	const struct conf_ca_rule *rule = value;

	if (rule->has_cert_type)
		cert_type_print(type, &rule->cert_type, out);
}

const struct conf_type conf_type_cert_type_match = {
	.name = "word",
	.words = cert_type_words,
	.parse = cert_type_match_parse,
	.print = cert_type_match_print,
};
