// SPDX-License-Identifier: Apache-2.0
/*
 * Certificates as they are read from DER, without X509. Validates nothing: paths are
 * X509_verify_cert's concern. certificate.c writes them.
 */
#include "asn1/certificate.h"

#include "asn1/der.h"

#include <errno.h>
#include <openssl/objects.h>
#include <time.h>

enum {
	TAG_BOOLEAN = 0x01,
	TAG_INTEGER = 0x02,
	TAG_BIT_STRING = 0x03,
	TAG_OCTET_STRING = 0x04,
	TAG_OID = 0x06,
	TAG_UTC_TIME = 0x17,
	TAG_GENERALIZED_TIME = 0x18,
	TAG_SEQUENCE = 0x30,
	TAG_VERSION = 0xa0,    /* TBSCertificate.version [0] EXPLICIT */
	TAG_EXTENSIONS = 0xa3, /* TBSCertificate.extensions [3] EXPLICIT */
};

/* The next value, which must have that tag. */
static int value_expect(struct bytes *in, uint8_t tag, struct bytes *tlvp, struct bytes *contentp)
{
	uint8_t found;

	return der_next(in, &found, tlvp, contentp) || found != tag ? -EBADMSG : 0;
}

static int number_read(const uint8_t *p, int digits)
{
	int number = 0;

	for (int i = 0; i < digits; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		number = number * 10 + (p[i] - '0');
	}
	return number;
}

/* RFC 5280 4.1.2.5: both forms with seconds and Z. */
static int time_read(struct bytes *in, int64_t *msp)
{
	struct bytes tlv, text;
	struct tm tm = {0};
	const uint8_t *p;
	uint8_t tag;

	if (der_next(in, &tag, &tlv, &text))
		return -EBADMSG;
	p = text.data;
	if (tag == TAG_UTC_TIME && text.len == 13) {
		int year = number_read(p, 2);

		if (year < 0)
			return -EBADMSG;
		tm.tm_year = year < 50 ? year + 100 : year;
		p += 2;
	} else if (tag == TAG_GENERALIZED_TIME && text.len == 15) {
		int year = number_read(p, 4);

		if (year < 0)
			return -EBADMSG;
		tm.tm_year = year - 1900;
		p += 4;
	} else {
		return -EBADMSG;
	}
	tm.tm_mon = number_read(p, 2) - 1;
	tm.tm_mday = number_read(p + 2, 2);
	tm.tm_hour = number_read(p + 4, 2);
	tm.tm_min = number_read(p + 6, 2);
	tm.tm_sec = number_read(p + 8, 2);
	if (tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
	    tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
	    tm.tm_sec > 59 || p[10] != 'Z')
		return -EBADMSG;
	*msp = (int64_t)timegm(&tm) * 1000;
	return 0;
}

static int validity_read(struct bytes *tbs, struct certificate_view *v)
{
	struct bytes tlv, validity;

	if (value_expect(tbs, TAG_SEQUENCE, &tlv, &validity) ||
	    time_read(&validity, &v->not_before_ms) || time_read(&validity, &v->not_after_ms) ||
	    validity.len)
		return -EBADMSG;
	return 0;
}

/* What may follow subjectPublicKeyInfo: issuerUniqueID [1], subjectUniqueID [2], extensions [3]. */
static int tail_read(struct bytes tbs, struct certificate_view *v)
{
	struct bytes tlv, content, list;
	uint8_t tag, last = 0;

	while (tbs.len) {
		if (der_next(&tbs, &tag, &tlv, &content) || (tag & 0x1f) <= (last & 0x1f))
			return -EBADMSG;
		last = tag;
		if (tag == TAG_EXTENSIONS) {
			if (value_expect(&content, TAG_SEQUENCE, &v->extensions, &list) ||
			    content.len)
				return -EBADMSG;
		} else if (tag != 0x81 && tag != 0x82) {
			return -EBADMSG;
		}
	}
	return 0;
}

static int tbs_read(struct bytes tbs, struct certificate_view *v)
{
	struct bytes tlv, content;

	if (tbs.len && tbs.data[0] == TAG_VERSION &&
	    value_expect(&tbs, TAG_VERSION, &tlv, &content))
		return -EBADMSG;
	if (value_expect(&tbs, TAG_INTEGER, &tlv, &v->serial) || v->serial.len == 0)
		return -EBADMSG;
	if (value_expect(&tbs, TAG_SEQUENCE, &v->signature_algorithm, &content) ||
	    value_expect(&tbs, TAG_SEQUENCE, &v->issuer, &content) || validity_read(&tbs, v) ||
	    value_expect(&tbs, TAG_SEQUENCE, &v->subject, &content) ||
	    value_expect(&tbs, TAG_SEQUENCE, &v->spki, &content))
		return -EBADMSG;
	return tail_read(tbs, v);
}

int certificate_view(struct bytes der, struct certificate_view *vp)
{
	struct certificate_view v = {.der = der};
	struct bytes tlv, certificate, tbs, algorithm, content;

	if (value_expect(&der, TAG_SEQUENCE, &tlv, &certificate) || der.len)
		return -EBADMSG;
	if (value_expect(&certificate, TAG_SEQUENCE, &v.tbs, &tbs) || tbs_read(tbs, &v))
		return -EBADMSG;
	/* RFC 5280 4.1.1.2: the same algorithm inside and outside of what is signed */
	if (value_expect(&certificate, TAG_SEQUENCE, &algorithm, &content) ||
	    !bytes_equal(algorithm, v.signature_algorithm) ||
	    value_expect(&certificate, TAG_BIT_STRING, &tlv, &content) || certificate.len)
		return -EBADMSG;
	*vp = v;
	return 0;
}

/* Extension ::= SEQUENCE { extnID OID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
int extension_view(struct bytes extension, struct extension_view *vp)
{
	struct extension_view v = {0};
	struct bytes tlv, content;

	if (value_expect(&extension, TAG_OID, &tlv, &v.oid))
		return -EBADMSG;
	if (extension.len && extension.data[0] == TAG_BOOLEAN) {
		if (value_expect(&extension, TAG_BOOLEAN, &tlv, &content) || content.len != 1)
			return -EBADMSG;
		v.critical = content.data[0] != 0;
	}
	if (value_expect(&extension, TAG_OCTET_STRING, &tlv, &v.value) || extension.len)
		return -EBADMSG;
	*vp = v;
	return 0;
}

int certificate_extension(const struct certificate_view *v, int nid, struct bytes *valuep,
			  bool *criticalp)
{
	const ASN1_OBJECT *object = OBJ_nid2obj(nid);
	struct bytes in = v->extensions, list, tlv, extension;
	struct bytes wanted = {OBJ_get0_data(object), OBJ_length(object)};
	struct extension_view found;

	if (in.len == 0)
		return -ENOENT;
	if (value_expect(&in, TAG_SEQUENCE, &tlv, &list))
		return -EBADMSG;
	while (list.len) {
		if (value_expect(&list, TAG_SEQUENCE, &tlv, &extension) ||
		    extension_view(extension, &found))
			return -EBADMSG;
		if (!bytes_equal(found.oid, wanted))
			continue;
		*valuep = found.value;
		*criticalp = found.critical;
		return 0;
	}
	return -ENOENT;
}

int certificate_ski(const struct certificate_view *v, struct bytes *skip)
{
	struct bytes value, tlv;
	bool critical;
	int err = certificate_extension(v, NID_subject_key_identifier, &value, &critical);

	if (err)
		return err;
	if (value_expect(&value, TAG_OCTET_STRING, &tlv, skip) || value.len)
		return -EBADMSG;
	return 0;
}
