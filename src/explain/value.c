// SPDX-License-Identifier: Apache-2.0
/*
 * The values that wire types are made of, as text.
 */
#include "value.h"
#include "explain.h"

#include "asn1/algorithm.h"
#include "asn1/certificate.h"
#include "asn1/cmf_types.h"
#include "asn1/mac.h"
#include "base/clock.h"
#include "base/refusal.h"
#include "base/strbuf.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* Longer octet strings are shown by their beginning and end. */
enum { OCTETS_SHOWN = 40 };

/* ASCII only: everything else of a string of the message is escaped. */
static const unsigned long string_flags = ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_ESC_MSB |
					  ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_DUMP_UNKNOWN |
					  ASN1_STRFLGS_DUMP_DER;

static void line_indent(struct explain *e)
{
	BIO_printf(e->out, "%*s", 2 * e->depth, "");
}

void explain_begin(struct explain *e, const char *name)
{
	line_indent(e);
	BIO_printf(e->out, "%s\n", name);
	e->depth++;
}

void explain_end(struct explain *e)
{
	e->depth--;
}

void explain_text(struct explain *e, const char *name, const char *text)
{
	line_indent(e);
	BIO_printf(e->out, "%s: %s\n", name, text);
}

void explain_number(struct explain *e, const char *name, int64_t number)
{
	line_indent(e);
	BIO_printf(e->out, "%s: %lld\n", name, (long long)number);
}

static void hex_print(struct explain *e, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		BIO_printf(e->out, "%02x", octets[i]);
}

void explain_octets(struct explain *e, const char *name, struct bytes octets)
{
	if (octets.len == 0)
		return;
	line_indent(e);
	BIO_printf(e->out, "%s: ", name);
	if (octets.len <= OCTETS_SHOWN) {
		hex_print(e, octets.data, octets.len);
	} else {
		hex_print(e, octets.data, OCTETS_SHOWN / 2);
		BIO_puts(e->out, "...");
		hex_print(e, octets.data + octets.len - 4, 4);
	}
	BIO_printf(e->out, " (%zu octets)\n", octets.len);
}

static struct bytes string_octets(const ASN1_STRING *s)
{
	return (struct bytes){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

void explain_string(struct explain *e, const char *name, const ASN1_STRING *s)
{
	if (!s)
		return;
	if (ASN1_STRING_type(s) == V_ASN1_OCTET_STRING ||
	    ASN1_STRING_type(s) == V_ASN1_BIT_STRING) {
		explain_octets(e, name, string_octets(s));
		return;
	}
	line_indent(e);
	BIO_printf(e->out, "%s: ", name);
	ASN1_STRING_print_ex(e->out, s, string_flags);
	BIO_puts(e->out, "\n");
}

void explain_integer(struct explain *e, const char *name, const ASN1_INTEGER *n)
{
	int64_t number;

	if (!n)
		return;
	if (ASN1_INTEGER_get_int64(&number, n) && ASN1_STRING_length(n) <= 4) {
		explain_number(e, name, number);
		return;
	}
	ERR_clear_error();
	explain_octets(e, name, string_octets(n));
}

void explain_serial(struct explain *e, const ASN1_INTEGER *n)
{
	char hex[SERIAL_HEX_SIZE];
	struct serial serial;

	if (!n)
		return;
	if (serial_of_integer(n, &serial) < 0) {
		explain_octets(e, "serialNumber", string_octets(n));
		return;
	}
	serial_hex(&serial, hex);
	explain_text(e, "serialNumber", hex);
}

/* Names of RFC 9480, RFC 9810 and of our profile that OpenSSL 3.0 does not know. */
static const struct {
	const char *oid;
	const char *name;
} object_names[] = {
	{OID_CMF_CERT_TYPE, "id-cmf-certType"},
	{OID_CMF_VNFC_ID, "id-cmf-vnfcId"},
	{OID_CMF_CERT_CHAIN_REQUEST, "id-cmf-certChainRequest"},
	{OID_CMF_VNF_INSTANCE_ID, "id-cmf-vnfInstanceId"},
	{OID_CMF_REGISTER_REQUEST, "id-cmf-registerRequest"},
	{OID_CMF_REGISTER_RESPONSE, "id-cmf-registerResponse"},
	{"1.3.6.1.5.5.7.4.17", "id-it-caCerts"},
	{"1.3.6.1.5.5.7.4.18", "id-it-rootCaKeyUpdate"},
	{"1.3.6.1.5.5.7.4.19", "id-it-certReqTemplate"},
	{"1.3.6.1.5.5.7.4.20", "id-it-rootCaCert"},
	{"1.3.6.1.5.5.7.4.21", "id-it-certProfile"},
	{"1.3.6.1.5.5.7.4.22", "id-it-crlStatusList"},
	{"1.3.6.1.5.5.7.4.23", "id-it-crls"},
	{"1.3.6.1.5.5.7.4.24", "id-it-KemCiphertextInfo"},
	{"1.2.840.113533.7.66.16", "id-KemBasedMac"},
	{"1.2.840.113549.1.9.16.3.28", "id-alg-hkdf-with-sha256"},
	{"1.2.840.113549.1.9.16.3.29", "id-alg-hkdf-with-sha384"},
	{"1.2.840.113549.1.9.16.3.30", "id-alg-hkdf-with-sha512"},
	{"2.16.840.1.101.3.4.4.1", "id-alg-ml-kem-512"},
	{"2.16.840.1.101.3.4.4.2", "id-alg-ml-kem-768"},
	{"2.16.840.1.101.3.4.4.3", "id-alg-ml-kem-1024"},
	{"1.3.6.1.5.5.7.5.2.1", "id-regInfo-utf8Pairs"},
};

/* Name and OID, as "id-it-implicitConfirm (1.3.6.1.5.5.7.4.13)". */
static void object_print(struct explain *e, const ASN1_OBJECT *o)
{
	char oid[128] = "";
	const char *name = NULL;
	int nid = OBJ_obj2nid(o);

	OBJ_obj2txt(oid, sizeof(oid), o, 1);
	for (size_t i = 0; i < ARRAY_LEN(object_names); i++) {
		if (strcmp(oid, object_names[i].oid) == 0)
			name = object_names[i].name;
	}
	if (!name && nid != NID_undef)
		name = OBJ_nid2sn(nid);
	if (name)
		BIO_printf(e->out, "%s (%s)", name, oid);
	else
		BIO_puts(e->out, oid);
}

void explain_object(struct explain *e, const char *name, const ASN1_OBJECT *o)
{
	if (!o)
		return;
	line_indent(e);
	BIO_printf(e->out, "%s: ", name);
	object_print(e, o);
	BIO_puts(e->out, "\n");
}

/* Parameters of PasswordBasedMac, RFC 4210 5.1.3.1. */
static void explain_pbm(struct explain *e, const ASN1_STRING *der)
{
	const unsigned char *p = ASN1_STRING_get0_data(der);
	PBMParameter *pbm = d2i_PBMParameter(NULL, &p, ASN1_STRING_length(der));

	if (!pbm) {
		ERR_clear_error();
		explain_string(e, "parameters", der);
		return;
	}
	explain_begin(e, "PBMParameter");
	explain_string(e, "salt", pbm->salt);
	explain_algorithm(e, "owf", pbm->owf);
	explain_integer(e, "iterationCount", pbm->iterationCount);
	explain_algorithm(e, "mac", pbm->mac);
	explain_end(e);
	PBMParameter_free(pbm);
}

/* RFC 9810 5.1.3.4 */
static void explain_kem_based_mac(struct explain *e, const X509_ALGOR *alg)
{
	KemBMParameter *p = algorithm_parameters_read(alg, ASN1_ITEM_rptr(KemBMParameter));

	if (!p) {
		explain_string(e, "parameters", alg->parameter->value.sequence);
		return;
	}
	explain_begin(e, "KemBMParameter");
	explain_algorithm(e, "kdf", p->kdf);
	explain_string(e, "kemContext", p->kemContext);
	explain_integer(e, "len", p->len);
	explain_algorithm(e, "mac", p->mac);
	explain_end(e);
	KemBMParameter_free(p);
}

void explain_algorithm(struct explain *e, const char *name, const X509_ALGOR *alg)
{
	const ASN1_OBJECT *oid;
	const void *value;
	int type;

	if (!alg)
		return;
	X509_ALGOR_get0(&oid, &type, &value, alg);
	explain_object(e, name, oid);
	e->depth++;
	if (type == V_ASN1_OBJECT)
		explain_object(e, "parameters", value);
	else if (type == V_ASN1_SEQUENCE && OBJ_obj2nid(oid) == NID_id_PasswordBasedMAC)
		explain_pbm(e, value);
	else if (type == V_ASN1_SEQUENCE && mac_algorithm_is_kem_based(oid))
		explain_kem_based_mac(e, alg);
	else if (type != V_ASN1_UNDEF && type != V_ASN1_NULL)
		explain_octets(e, "parameters", string_octets(value));
	e->depth--;
}

void explain_name(struct explain *e, const char *name, const X509_NAME *dn)
{
	if (!dn)
		return;
	line_indent(e);
	BIO_printf(e->out, "%s: ", name);
	if (X509_NAME_entry_count(dn) == 0)
		BIO_puts(e->out, "NULL-DN");
	else
		X509_NAME_print_ex(e->out, dn, 0, XN_FLAG_RFC2253);
	BIO_puts(e->out, "\n");
}

void explain_general_name(struct explain *e, const char *name, GENERAL_NAME *gn)
{
	if (!gn)
		return;
	if (gn->type == GEN_DIRNAME) {
		explain_begin(e, name);
		explain_name(e, "directoryName", gn->d.directoryName);
		explain_end(e);
		return;
	}
	line_indent(e);
	BIO_printf(e->out, "%s: ", name);
	if (gn->type == GEN_DNS || gn->type == GEN_EMAIL || gn->type == GEN_URI)
		ASN1_STRING_print_ex(e->out, gn->d.ia5, string_flags);
	else
		GENERAL_NAME_print(e->out, gn);
	BIO_puts(e->out, "\n");
}

void explain_time(struct explain *e, const char *name, const ASN1_TIME *t)
{
	if (!t)
		return;
	line_indent(e);
	BIO_printf(e->out, "%s: ", name);
	if (ASN1_TIME_check(t))
		ASN1_TIME_print_ex(e->out, t, ASN1_DTFLGS_ISO8601);
	else
		BIO_puts(e->out, "malformed");
	BIO_puts(e->out, "\n");
}

/* Values of generalInfo that are text, number, time or OID; others in hex. */
void explain_value(struct explain *e, const char *name, const ASN1_TYPE *value)
{
	unsigned char *der = NULL;
	int len;

	if (!value)
		return;
	switch (ASN1_TYPE_get(value)) {
	case V_ASN1_NULL:
		explain_text(e, name, "NULL");
		return;
	case V_ASN1_INTEGER:
		explain_integer(e, name, value->value.integer);
		return;
	case V_ASN1_OBJECT:
		explain_object(e, name, value->value.object);
		return;
	case V_ASN1_UTF8STRING:
	case V_ASN1_PRINTABLESTRING:
	case V_ASN1_IA5STRING:
	case V_ASN1_OCTET_STRING:
		explain_string(e, name, value->value.asn1_string);
		return;
	case V_ASN1_GENERALIZEDTIME:
	case V_ASN1_UTCTIME:
		explain_time(e, name, value->value.asn1_string);
		return;
	default:
		len = i2d_ASN1_TYPE(value, &der);
		if (len > 0)
			explain_octets(e, name, (struct bytes){der, (size_t)len});
		OPENSSL_free(der);
	}
}

void explain_free_text(struct explain *e, const char *name, const STACK_OF(ASN1_UTF8STRING) * text)
{
	for (int i = 0; i < sk_ASN1_UTF8STRING_num(text); i++)
		explain_string(e, name, sk_ASN1_UTF8STRING_value(text, i));
}

void explain_spki(struct explain *e, const char *name, const SubjectPublicKeyInfo *spki)
{
	if (!spki)
		return;
	explain_begin(e, name);
	explain_algorithm(e, "algorithm", spki->algorithm);
	explain_string(e, "subjectPublicKey", spki->subjectPublicKey);
	explain_end(e);
}

static void extension_explain(struct explain *e, X509_EXTENSION *ext)
{
	line_indent(e);
	object_print(e, X509_EXTENSION_get_object(ext));
	BIO_puts(e->out, X509_EXTENSION_get_critical(ext) ? ": critical\n" : ":\n");
	if (!X509V3_EXT_print(e->out, ext, X509V3_EXT_DUMP_UNKNOWN, 2 * e->depth + 2))
		ERR_clear_error();
	BIO_puts(e->out, "\n");
}

void explain_extensions(struct explain *e, const char *name,
			const STACK_OF(X509_EXTENSION) * extensions)
{
	if (sk_X509_EXTENSION_num(extensions) <= 0)
		return;
	explain_begin(e, name);
	for (int i = 0; i < sk_X509_EXTENSION_num(extensions); i++)
		extension_explain(e, sk_X509_EXTENSION_value(extensions, i));
	explain_end(e);
}

void explain_certificate(struct explain *e, const char *name, struct bytes der)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);

	explain_begin(e, name);
	if (cert) {
		explain_serial(e, X509_get0_serialNumber(cert));
		explain_name(e, "issuer", X509_get_issuer_name(cert));
		explain_name(e, "subject", X509_get_subject_name(cert));
		explain_time(e, "notBefore", X509_get0_notBefore(cert));
		explain_time(e, "notAfter", X509_get0_notAfter(cert));
		explain_extensions(e, "extensions", X509_get0_extensions(cert));
	} else {
		ERR_clear_error();
		explain_octets(e, "malformed", der);
	}
	explain_end(e);
	X509_free(cert);
}

void explain_crl(struct explain *e, const char *name, struct bytes der)
{
	const unsigned char *p = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);

	explain_begin(e, name);
	if (crl) {
		explain_name(e, "issuer", X509_CRL_get_issuer(crl));
		explain_time(e, "thisUpdate", X509_CRL_get0_lastUpdate(crl));
		explain_time(e, "nextUpdate", X509_CRL_get0_nextUpdate(crl));
		if (X509_CRL_get_REVOKED(crl))
			explain_number(e, "revokedCertificates",
				       sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)));
		explain_extensions(e, "crlExtensions", X509_CRL_get0_extensions(crl));
	} else {
		ERR_clear_error();
		explain_octets(e, "malformed", der);
	}
	explain_end(e);
	X509_CRL_free(crl);
}

void explain_status_info(struct explain *e, const char *name, const PKIStatusInfo *status)
{
	_cleanup_(strbuf_clear) struct strbuf bits = STRBUF_NULL;

	if (!status)
		return;
	explain_begin(e, name);
	if (explain_status_name(status->status))
		explain_text(e, "status", explain_status_name(status->status));
	else
		explain_integer(e, "status", status->status);
	explain_free_text(e, "statusString", status->statusString);
	for (int bit = 0; status->failInfo && bit < FAIL_COUNT; bit++) {
		if (ASN1_BIT_STRING_get_bit(status->failInfo, bit))
			strbuf_printf(&bits, "%s%s", bits.len ? ", " : "", failinfo_name(bit));
	}
	if (status->failInfo)
		explain_text(e, "failInfo", bits.text ? bits.text : "none");
	explain_end(e);
}

/* A certificate that was kept as received; what is none is shown as the value it is. */
void explain_certificate_value(struct explain *e, const char *name, const ASN1_TYPE *cert)
{
	const ASN1_STRING *der;

	if (!cert || cert->type != V_ASN1_SEQUENCE) {
		explain_value(e, name, cert);
		return;
	}
	der = cert->value.sequence;
	explain_certificate(e, name, (struct bytes){der->data, (size_t)der->length});
}

void explain_template(struct explain *e, const char *name, const CertTemplate *t)
{
	explain_begin(e, name);
	explain_integer(e, "version", t->version);
	explain_serial(e, t->serialNumber);
	explain_algorithm(e, "signingAlg", t->signingAlg);
	explain_name(e, "issuer", t->issuer);
	if (t->validity) {
		explain_time(e, "notBefore", t->validity->notBefore);
		explain_time(e, "notAfter", t->validity->notAfter);
	}
	explain_name(e, "subject", t->subject);
	explain_spki(e, "publicKey", t->publicKey);
	explain_string(e, "issuerUID", t->issuerUID);
	explain_string(e, "subjectUID", t->subjectUID);
	explain_extensions(e, "extensions", t->extensions);
	explain_end(e);
}

/* RFC 4211 4.2: how a key that does not sign is proved. */
