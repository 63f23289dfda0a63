// SPDX-License-Identifier: Apache-2.0
/*
 * KemBasedMac, RFC 9810 5.1.3.4: the key of a MAC is derived from the shared secret of a key
 * encapsulation and from the transactionID. How the secret came about is not known here.
 */
#include "mac_schemes.h"

#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "asn1/kem.h"

#include <errno.h>
#include <openssl/objects.h>
#include <string.h>

/* No KEM in use has a context; what one may need is short. */
enum { CONTEXT_MAX = 128 };

enum { TAG_SEQUENCE = 0x30, TAG_CONTEXT = 0xa0 };

/* RFC 8619 2, RFC 9629 5: parameters are absent. NID_undef: it is another function. */
static int hkdf_digest(const X509_ALGOR *kdf)
{
	static const struct {
		const char *oid;
		int digest_nid;
	} hkdfs[] = {
		{"1.2.840.113549.1.9.16.3.28", NID_sha256},
		{"1.2.840.113549.1.9.16.3.29", NID_sha384},
		{"1.2.840.113549.1.9.16.3.30", NID_sha512},
	};
	char oid[80];

	if (kdf->parameter || OBJ_obj2txt(oid, sizeof(oid), kdf->algorithm, 1) <= 0)
		return NID_undef;
	for (size_t i = 0; i < ARRAY_LEN(hkdfs); i++)
		if (strcmp(hkdfs[i].oid, oid) == 0)
			return hkdfs[i].digest_nid;
	return NID_undef;
}

static int parameters_read(const KemBMParameter *p, struct cmp_mac *mac)
{
	const ASN1_OCTET_STRING *context = p->kemContext;
	int64_t len;

	mac->hkdf_digest_nid = hkdf_digest(p->kdf);
	if (mac->hkdf_digest_nid == NID_undef || mac_function_read(p->mac, &mac->function) ||
	    mac->function.algorithm->inside)
		return -EBADMSG;
	if (!ASN1_INTEGER_get_int64(&len, p->len) || len < 1 || len > MAC_KEY_MAX)
		return -EBADMSG;
	mac->key_len = (size_t)len;
	if (!context)
		return 0;
	if (context->length > CONTEXT_MAX)
		return -EBADMSG;
	return octets_dup((struct bytes){context->data, (size_t)context->length}, &mac->context);
}

int mac_kem_read(const X509_ALGOR *alg, struct cmp_mac *macp)
{
	KemBMParameter *p = algorithm_parameters_read(alg, ASN1_ITEM_rptr(KemBMParameter));
	int err = p ? parameters_read(p, macp) : -EBADMSG;

	KemBMParameter_free(p);
	return err;
}

/*
 * KemOtherInfo ::= SEQUENCE {
 *     staticString      PKIFreeText,   -- MUST be "CMP-KEM"
 *     transactionID     OCTET STRING,
 *     kemContext    [0] OCTET STRING OPTIONAL }
 */
static int other_info_write(const struct cmp_mac *mac, struct octets *infop)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	size_t mark;

	if (mac->context.data) {
		der_put_value(&w, V_ASN1_OCTET_STRING, octets_view(&mac->context));
		der_put_header(&w, TAG_CONTEXT, 0);
	}
	der_put_value(&w, V_ASN1_OCTET_STRING, mac->transaction_id);
	mark = der_mark(&w);
	der_put_value(&w, V_ASN1_UTF8STRING, bytes_of_string("CMP-KEM"));
	der_put_header(&w, TAG_SEQUENCE, mark);
	der_put_header(&w, TAG_SEQUENCE, 0);
	return der_writer_take(&w, infop);
}

bool mac_kem_derive(const struct cmp_mac *mac, struct bytes secret, uint8_t *key)
{
	_cleanup_(octets_clear) struct octets info = OCTETS_NULL;

	return !other_info_write(mac, &info) && !kdf_derive(KDF_HKDF, mac->hkdf_digest_nid, secret,
							    octets_view(&info), key, mac->key_len);
}
