// SPDX-License-Identifier: Apache-2.0
/*
 * Compiles extension sections when the configuration is loaded, so that a mistake shows then and
 * not at the first certificate, and issuing only copies octets.
 */
#include "extensions.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* keyCertSign, RFC 5280 4.2.1.3. */
enum { KEY_CERT_SIGN_BIT = 5 };

/* A wrapper, since _cleanup_ wants a pointer to the variable. */
static void extension_freep(X509_EXTENSION **extp)
{
	X509_EXTENSION_free(*extp);
}

/* Extensions that follow from the certificate, the request or the [ca] section. */
static bool is_set_by_ca(int nid)
{
	switch (nid) {
	case NID_subject_key_identifier:
	case NID_authority_key_identifier:
	case NID_subject_alt_name:
	case NID_crl_distribution_points:
	case NID_info_access:
		return true;
	default:
		return false;
	}
}

/* RFC 5280 4.2.1.9: a certificate of a registered entity is never a CA's. */
static bool makes_a_ca(X509_EXTENSION *ext)
{
	BASIC_CONSTRAINTS *constraints;
	bool is_ca;

	if (OBJ_obj2nid(X509_EXTENSION_get_object(ext)) != NID_basic_constraints)
		return false;
	constraints = X509V3_EXT_d2i(ext);
	is_ca = !constraints || constraints->ca;
	BASIC_CONSTRAINTS_free(constraints);
	return is_ca;
}

static const struct conf_extension *extension_find(const struct conf_profile *profile, int nid)
{
	for (size_t i = 0; i < profile->n_extensions; i++) {
		if (profile->extensions[i].nid == nid)
			return &profile->extensions[i];
	}
	return NULL;
}

/* RFC 5280 4.2.1.3, 4.2.1.9: both are critical in a CA certificate. */
bool conf_extensions_make_ca(const struct conf_profile *profile)
{
	const struct conf_extension *usage = extension_find(profile, NID_key_usage);
	const struct conf_extension *constraints = extension_find(profile, NID_basic_constraints);
	BASIC_CONSTRAINTS *bc = NULL;
	ASN1_BIT_STRING *bits = NULL;
	const uint8_t *p;
	bool is_ca;

	if (!usage || !constraints || !usage->critical || !constraints->critical)
		return false;
	p = constraints->value;
	bc = d2i_BASIC_CONSTRAINTS(NULL, &p, (long)constraints->value_len);
	p = usage->value;
	bits = d2i_ASN1_BIT_STRING(NULL, &p, (long)usage->value_len);
	is_ca = bc && bits && bc->ca && ASN1_BIT_STRING_get_bit(bits, KEY_CERT_SIGN_BIT);
	BASIC_CONSTRAINTS_free(bc);
	ASN1_BIT_STRING_free(bits);
	return is_ca;
}

static bool is_there_already(const struct conf_profile *profile, const uint8_t *der, size_t der_len)
{
	const uint8_t *p = der;
	_cleanup_(extension_freep) X509_EXTENSION *ext =
		d2i_X509_EXTENSION(NULL, &p, (long)der_len);

	for (size_t i = 0; ext && i < profile->n_extensions; i++) {
		const uint8_t *q = profile->extensions[i].der;
		_cleanup_(extension_freep) X509_EXTENSION *other =
			d2i_X509_EXTENSION(NULL, &q, (long)profile->extensions[i].der_len);

		if (other &&
		    OBJ_cmp(X509_EXTENSION_get_object(ext), X509_EXTENSION_get_object(other)) == 0)
			return true;
	}
	return false;
}

static int extension_encode(X509_EXTENSION *ext, struct conf_extension *out)
{
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);
	int len = i2d_X509_EXTENSION(ext, NULL);
	uint8_t *p;

	if (len <= 0)
		return -ENOMEM;
	out->nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));
	out->critical = X509_EXTENSION_get_critical(ext) > 0;
	out->der_len = (size_t)len;
	out->value_len = (size_t)ASN1_STRING_length(value);
	p = out->der = malloc(out->der_len);
	out->value = malloc(out->value_len ? out->value_len : 1);
	if (!out->der || !out->value)
		return -ENOMEM;
	i2d_X509_EXTENSION(ext, &p);
	if (out->value_len)
		memcpy(out->value, ASN1_STRING_get0_data(value), out->value_len);
	return 0;
}

/* OpenSSL's reason: the first error is the nearest to the cause. */
static void problem_of_openssl(struct conf_problems *problems, const char *section, const char *key)
{
	const char *data = NULL;
	int flags = 0;
	unsigned long code = ERR_peek_error_data(&data, &flags);
	const char *reason = ERR_reason_error_string(code);
	bool has_data = (flags & ERR_TXT_STRING) && data && *data;

	conf_problem(problems, section, key, "%s%s%s%s", reason ? reason : "not understood",
		     has_data ? " (" : "", has_data ? data : "", has_data ? ")" : "");
	ERR_clear_error();
}

static int extension_compile(const struct conf_source *source, const char *section,
			     const CONF_VALUE *value, struct conf_problems *problems,
			     struct conf_profile *profile)
{
	struct conf_extension *out = &profile->extensions[profile->n_extensions];
	_cleanup_(extension_freep) X509_EXTENSION *ext = NULL;
	X509V3_CTX ctx;
	int err;

	X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, source->nconf);
	if (is_set_by_ca(OBJ_txt2nid(value->name))) {
		conf_problem(problems, section, value->name,
			     "the CA sets this extension; remove it here");
		return 0;
	}
	ERR_clear_error(); /* a name that is no OID is for the next call to judge */
	ext = X509V3_EXT_nconf(source->nconf, &ctx, value->name, value->value);
	if (!ext) {
		problem_of_openssl(problems, section, value->name);
		return 0;
	}
	if (!profile->cross_subject.name && makes_a_ca(ext)) {
		conf_problem(problems, section, value->name,
			     "certificates of registered entities must not be CA certificates");
		return 0;
	}
	err = extension_encode(ext, out);
	if (err == 0 && !is_there_already(profile, out->der, out->der_len)) {
		profile->n_extensions++;
		return 0;
	}
	free(out->der);
	free(out->value);
	*out = (struct conf_extension){0};
	if (err == 0)
		conf_problem(problems, section, value->name, "this extension is there twice");
	return err;
}

int conf_extensions_compile(const struct conf_source *source,
			    const struct conf_source_section *section,
			    struct conf_problems *problems, struct conf_profile *profile)
{
	STACK_OF(CONF_VALUE) *values = conf_source_values(source, section);
	int n = values ? sk_CONF_VALUE_num(values) : 0, r = 0;

	if (n <= 0)
		return 0;
	profile->extensions = calloc((size_t)n, sizeof(*profile->extensions));
	if (!profile->extensions)
		return -ENOMEM;
	for (int i = 0; i < n && r == 0; i++)
		r = extension_compile(source, section->full, sk_CONF_VALUE_value(values, i),
				      problems, profile);
	return r;
}

void conf_extensions_clear(struct conf_profile *profile)
{
	for (size_t i = 0; i < profile->n_extensions; i++) {
		free(profile->extensions[i].der);
		free(profile->extensions[i].value);
	}
	free(profile->extensions);
	profile->extensions = NULL;
	profile->n_extensions = 0;
}

/* What the extension says, in one comment line. */
static void extension_comment(X509_EXTENSION *ext, FILE *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (bio && X509V3_EXT_print(bio, ext, X509V3_EXT_DUMP_UNKNOWN, 0) == 1) {
		len = BIO_get_mem_data(bio, &text);
		fputs("# ", out);
		/* A backslash at the end would continue the comment into the next line. */
		for (long i = 0; i < len; i++)
			fputc(isprint((unsigned char)text[i]) && text[i] != '\\' ? text[i] : ' ',
			      out);
		fputc('\n', out);
	}
	ERR_clear_error();
	BIO_free(bio);
}

void conf_extensions_print(const struct conf_profile *profile, FILE *out)
{
	for (size_t i = 0; i < profile->n_extensions; i++) {
		const struct conf_extension *e = &profile->extensions[i];
		const uint8_t *p = e->der;
		_cleanup_(extension_freep) X509_EXTENSION *ext =
			d2i_X509_EXTENSION(NULL, &p, (long)e->der_len);
		char oid[128];

		if (!ext)
			continue;
		extension_comment(ext, out);
		OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(ext), 1);
		fprintf(out, "%s = %sDER:", e->nid == NID_undef ? oid : OBJ_nid2sn(e->nid),
			e->critical ? "critical, " : "");
		for (size_t j = 0; j < e->value_len; j++)
			fprintf(out, "%02X", e->value[j]);
		fputc('\n', out);
	}
}
