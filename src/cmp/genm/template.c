// SPDX-License-Identifier: Apache-2.0
/*
 * genm certReqTemplate, RFC 9483 4.3.3: what a request for a profile looks like. What is empty in
 * it the requester fills in.
 */
#include "asn1/der.h"
#include "genm/genm.h"
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <string.h>

#define OID_REG_CTRL_ALG_ID      "1.3.6.1.5.5.7.5.1.11"
#define OID_REG_CTRL_RSA_KEY_LEN "1.3.6.1.5.5.7.5.1.12"

/* RSA key lengths that are told: one control for each, RFC 9483 4.3.3. */
static const uint32_t rsa_key_lens[] = {2048, 3072, 4096, 8192};

/* --- certTemplate --- */

/* "In case a Name component is given but has an empty string value, the EE SHOULD fill in" */
static bool component_add(X509_NAME *name, const ASN1_OBJECT *type)
{
	X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();
	bool ok =
		entry && X509_NAME_ENTRY_set_object(entry, type) &&
		X509_NAME_ENTRY_set_data(entry, V_ASN1_UTF8STRING, (const unsigned char *)"", 0) &&
		X509_NAME_add_entry(name, entry, -1, 0);

	X509_NAME_ENTRY_free(entry);
	return ok;
}

static int subject_fill(const struct conf_profile *profile, CertTemplate *t)
{
	const struct conf_list *attributes = &profile->subject_attributes;

	if (profile->common_name == CONF_NAME_NONE && !attributes->len)
		return 0;
	t->subject = X509_NAME_new();
	if (!t->subject)
		return -ENOMEM;
	if (profile->common_name != CONF_NAME_NONE &&
	    !component_add(t->subject, OBJ_nid2obj(NID_commonName)))
		return -ENOMEM;
	for (size_t i = 0; i < attributes->len; i++)
		if (!component_add(t->subject, OBJ_nid2obj(OBJ_txt2nid(attributes->item[i]))))
			return -ENOMEM;
	return 0;
}

static int extension_push(CertTemplate *t, X509_EXTENSION *extension)
{
	if (!t->extensions)
		t->extensions = sk_X509_EXTENSION_new_null();
	if (extension && t->extensions && sk_X509_EXTENSION_push(t->extensions, extension) > 0)
		return 0;
	X509_EXTENSION_free(extension);
	return -ENOMEM;
}

/* "in case an X.509v3 extension is present but its extnValue is empty" the EE fills it in. */
static int names_fill(const struct conf_profile *profile, CertTemplate *t)
{
	ASN1_OCTET_STRING *empty;
	int err;

	if (profile->dns_names == CONF_NAME_NONE && !profile->vnfci_uri && !profile->uris.len &&
	    !profile->ip_addresses.len)
		return 0;
	empty = ASN1_OCTET_STRING_new();
	if (!empty)
		return -ENOMEM;
	err = extension_push(t, X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, empty));
	ASN1_OCTET_STRING_free(empty);
	return err;
}

static int extensions_fill(const struct conf_profile *profile, CertTemplate *t)
{
	const unsigned char *p;
	int err = names_fill(profile, t);

	for (size_t i = 0; i < profile->n_extensions && !err; i++) {
		p = profile->extensions[i].der;
		err = extension_push(
			t, d2i_X509_EXTENSION(NULL, &p, (long)profile->extensions[i].der_len));
	}
	return err;
}

static int template_encode(const struct conf_profile *profile, struct octets *derp)
{
	CertTemplate *t = CertTemplate_new();
	unsigned char *der = NULL;
	int len = -1, err = t ? subject_fill(profile, t) : -ENOMEM;

	if (!err)
		err = extensions_fill(profile, t);
	if (!err)
		len = i2d_CertTemplate(t, &der);
	if (!err)
		err = len > 0 ? octets_dup((struct bytes){der, (size_t)len}, derp) : -ENOMEM;
	OPENSSL_free(der);
	CertTemplate_free(t);
	return err;
}

/* --- keySpec --- */

/* AttributeTypeAndValue in front of what is written. */
static int control_put(struct der_writer *w, const char *oid, struct bytes value)
{
	ASN1_OBJECT *type = OBJ_txt2obj(oid, 1);
	size_t mark = der_mark(w);

	if (!type)
		return -ENOMEM;
	der_put(w, value);
	der_put_value(w, V_ASN1_OBJECT, (struct bytes){OBJ_get0_data(type), OBJ_length(type)});
	der_put_header(w, V_ASN1_CONSTRUCTED | V_ASN1_SEQUENCE, mark);
	ASN1_OBJECT_free(type);
	return 0;
}

static int rsa_put(struct der_writer *w, uint32_t bits)
{
	const uint8_t integer[] = {V_ASN1_INTEGER, 2, (uint8_t)(bits >> 8), (uint8_t)bits};

	return control_put(w, OID_REG_CTRL_RSA_KEY_LEN, BYTES_OF(integer));
}

static int key_type_put(struct der_writer *w, const struct conf_key_type *type)
{
	unsigned char *der = NULL;
	X509_ALGOR *alg;
	int len, err = 0;

	if (type->kind == CONF_KEY_RSA) {
		for (size_t i = ARRAY_LEN(rsa_key_lens); i-- > 0 && !err;)
			if (rsa_key_lens[i] >= type->bits_min && rsa_key_lens[i] <= type->bits_max)
				err = rsa_put(w, rsa_key_lens[i]);
		return err;
	}
	alg = cmp_key_algorithm(type);
	len = alg ? i2d_X509_ALGOR(alg, &der) : -1;
	X509_ALGOR_free(alg);
	err = len > 0 ? control_put(w, OID_REG_CTRL_ALG_ID, (struct bytes){der, (size_t)len})
		      : -ENOMEM;
	OPENSSL_free(der);
	return err;
}

/* --- the answer --- */

/* CertReqTemplateContent ::= SEQUENCE { certTemplate CertTemplate, keySpec Controls OPTIONAL } */
static int content_encode(const struct conf_profile *profile, struct octets *derp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	_cleanup_(octets_clear) struct octets template = OCTETS_NULL;
	size_t mark = der_mark(&w);
	int err = template_encode(profile, &template);

	for (size_t i = profile->key_types.len; i-- > 0 && !err;)
		err = key_type_put(&w, &profile->key_types.item[i]);
	if (err)
		return err;
	if (der_mark(&w) > mark)
		der_put_header(&w, V_ASN1_CONSTRUCTED | V_ASN1_SEQUENCE, mark);
	der_put(&w, octets_view(&template));
	der_put_header(&w, V_ASN1_CONSTRUCTED | V_ASN1_SEQUENCE, mark);
	return der_writer_take(&w, derp);
}

int cmp_genm_cert_req_template(struct cmp_request *rq, const ASN1_TYPE *value)
{
	const struct cmf_call call = cmp_call(rq);
	_cleanup_(octets_clear) struct octets content = OCTETS_NULL;
	const struct conf_profile *profile = NULL;
	int err;

	err = cmf_profile_named(&call, (const char *const *)rq->carriers.profile_names,
				rq->carriers.n_profile_names, &profile);
	if (!err && profile)
		err = content_encode(profile, &content);
	return err ? err
		   : cmp_reply_genp(rq, rq->door->oids[CMP_OID_CERT_REQ_TEMPLATE],
				    octets_view(&content));
}
