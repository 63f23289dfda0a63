// SPDX-License-Identifier: Apache-2.0
/*
 * Extensions: those that are the same in every certificate of an internal CA, encoded once, and
 * subjectAltName, which is the request's.
 */
#include "asn1/der.h"
#include "ca_local.h"

#include <errno.h>

static const uint8_t san_oid[] = {0x55, 0x1d, 0x11};

void extension_put_san(struct der_writer *w, const struct ca_request *request)
{
	static const uint8_t critical = 0xff;
	size_t mark = der_mark(w);

	der_put_value(w, V_ASN1_OCTET_STRING, request->san);
	if (request->san_critical)
		der_put_value(w, V_ASN1_BOOLEAN, (struct bytes){&critical, 1});
	der_put_value(w, V_ASN1_OBJECT, BYTES_OF(san_oid));
	der_put_header(w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, mark);
}

static int extension_keep(X509_EXTENSION *extension, struct octets *derp)
{
	uint8_t *der = NULL;
	int len = extension ? i2d_X509_EXTENSION(extension, &der) : -1;
	int err;

	if (len <= 0)
		return -ENOMEM;
	err = octets_dup((struct bytes){der, (size_t)len}, derp);
	OPENSSL_free(der);
	return err;
}

/*
 * RFC 5280 4.2.1.1: keyIdentifier is the subjectKeyIdentifier of the issuer, and never absent. Of
 * an issuer that has none it is made as ours are, RFC 7093 2 (1).
 */
static ASN1_OCTET_STRING *issuer_key_id(X509 *issuing)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(issuing);
	uint8_t digest[EVP_MAX_MD_SIZE];
	ASN1_OCTET_STRING *id;

	if (ski)
		return ASN1_OCTET_STRING_dup(ski);
	id = ASN1_OCTET_STRING_new();
	if (id && X509_pubkey_digest(issuing, EVP_sha256(), digest, NULL) == 1 &&
	    ASN1_OCTET_STRING_set(id, digest, CA_KEY_ID_LEN) == 1)
		return id;
	ASN1_OCTET_STRING_free(id);
	return NULL;
}

static int aki_encode(const struct ca *ca, struct internal *internal)
{
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	X509_EXTENSION *extension = NULL;
	int err;

	if (aki) {
		aki->keyid = issuer_key_id(sk_X509_value(ca->chain.certs, 0));
		if (aki->keyid)
			extension = X509V3_EXT_i2d(NID_authority_key_identifier, 0, aki);
	}
	AUTHORITY_KEYID_free(aki);
	err = extension_keep(extension, &internal->aki_der);
	X509_EXTENSION_free(extension);
	return err;
}

static GENERAL_NAME *uri_name(const char *uri)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (!name || !text || !ASN1_STRING_set(text, uri, -1)) {
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(text);
		return NULL;
	}
	GENERAL_NAME_set0_value(name, GEN_URI, text);
	return name;
}

/* RFC 5280 4.2.1.13: one DistributionPoint; its names are places of the same CRL. */
static DIST_POINT *distribution_point(const struct conf_list *uris)
{
	DIST_POINT *point = DIST_POINT_new();

	if (!point)
		return NULL;
	point->distpoint = DIST_POINT_NAME_new();
	if (!point->distpoint)
		goto fail;
	point->distpoint->type = 0;
	point->distpoint->name.fullname = sk_GENERAL_NAME_new_null();
	for (size_t i = 0; point->distpoint->name.fullname && i < uris->len; i++) {
		GENERAL_NAME *name = uri_name(uris->item[i]);

		if (!name || sk_GENERAL_NAME_push(point->distpoint->name.fullname, name) <= 0) {
			GENERAL_NAME_free(name);
			goto fail;
		}
	}
	if (point->distpoint->name.fullname)
		return point;
fail:
	DIST_POINT_free(point);
	return NULL;
}

static int crl_distribution_points_encode(const struct conf_list *uris, struct octets *derp)
{
	CRL_DIST_POINTS *points;
	DIST_POINT *point;
	X509_EXTENSION *extension = NULL;
	int err;

	if (uris->len == 0)
		return 0;
	points = CRL_DIST_POINTS_new();
	point = distribution_point(uris);
	if (points && point && sk_DIST_POINT_push(points, point) > 0) {
		point = NULL;
		extension = X509V3_EXT_i2d(NID_crl_distribution_points, 0, points);
	}
	DIST_POINT_free(point);
	CRL_DIST_POINTS_free(points);
	err = extension_keep(extension, derp);
	X509_EXTENSION_free(extension);
	return err;
}

static int access_add(AUTHORITY_INFO_ACCESS *access, int method, const struct conf_list *uris)
{
	for (size_t i = 0; i < uris->len; i++) {
		ACCESS_DESCRIPTION *description = ACCESS_DESCRIPTION_new();

		if (!description)
			return -ENOMEM;
		ASN1_OBJECT_free(description->method);
		GENERAL_NAME_free(description->location);
		description->method = OBJ_nid2obj(method);
		description->location = uri_name(uris->item[i]);
		if (!description->location ||
		    sk_ACCESS_DESCRIPTION_push(access, description) <= 0) {
			ACCESS_DESCRIPTION_free(description);
			return -ENOMEM;
		}
	}
	return 0;
}

/* RFC 5280 4.2.2.1 */
static int authority_info_access_encode(const struct conf_ca *conf, struct octets *derp)
{
	AUTHORITY_INFO_ACCESS *access;
	X509_EXTENSION *extension = NULL;
	int err;

	if (conf->aia_ocsp.len == 0 && conf->aia_ca_issuers.len == 0)
		return 0;
	access = AUTHORITY_INFO_ACCESS_new();
	if (access && access_add(access, NID_ad_OCSP, &conf->aia_ocsp) == 0 &&
	    access_add(access, NID_ad_ca_issuers, &conf->aia_ca_issuers) == 0)
		extension = X509V3_EXT_i2d(NID_info_access, 0, access);
	AUTHORITY_INFO_ACCESS_free(access);
	err = extension_keep(extension, derp);
	X509_EXTENSION_free(extension);
	return err;
}

int internal_extensions_encode(const struct ca *ca, struct internal *internal)
{
	int err = aki_encode(ca, internal);

	if (err == 0)
		err = crl_distribution_points_encode(&ca->conf->crl_distribution_points,
						     &internal->crl_distribution_points);
	if (err == 0)
		err = authority_info_access_encode(ca->conf, &internal->authority_info_access);
	if (err < 0)
		return log_fault("encoding the extensions of a CA", err, ca->conf->name);
	return 0;
}
