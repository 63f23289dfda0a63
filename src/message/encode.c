// SPDX-License-Identifier: Apache-2.0
/*
 * Parts of a message to protected octets, written back to front. Which fields an answer must have
 * is the caller's knowledge.
 */
#include "message.h"

#include "asn1/der.h"
#include "base/log.h"
#include "message/mac.h"

#include <errno.h>
#include <openssl/objects.h>

enum {
	TAG_INTEGER = 0x02,
	TAG_BIT_STRING = 0x03,
	TAG_OCTET_STRING = 0x04,
	TAG_OID = 0x06,
	TAG_SEQUENCE = 0x30,
	TAG_DIRECTORY_NAME = 0xa4, /* GeneralName.directoryName [4], EXPLICIT: Name is a CHOICE */
};

/* EXPLICIT tag [n]. */
#define TAG_EXPLICIT(n) ((uint8_t)(0xa0 | (n)))

/* The NULL-DN as a GeneralName, RFC 4210 D.1. */
static const uint8_t null_dn[] = {TAG_DIRECTORY_NAME, 2, TAG_SEQUENCE, 0};

/* id-it-confirmWaitTime {id-it 14}, OID with tag and length. */
static const uint8_t oid_confirm_wait_time[] = {0x06, 8,    0x2b, 0x06, 0x01,
						0x05, 0x05, 0x07, 0x04, 0x0e};

/* InfoTypeAndValue {id-it-implicitConfirm {id-it 13}, NULL}. */
static const uint8_t info_implicit_confirm[] = {0x30, 12,   0x06, 8,    0x2b, 0x06, 0x01,
						0x05, 0x05, 0x07, 0x04, 0x0d, 0x05, 0x00};

/* [n] EXPLICIT OCTET STRING, left out if empty. */
static void put_octets_field(struct der_writer *w, uint8_t n, struct bytes content)
{
	size_t mark = der_mark(w);

	if (content.len == 0)
		return;
	der_put_value(w, TAG_OCTET_STRING, content);
	der_put_header(w, TAG_EXPLICIT(n), mark);
}

static int put_info(struct der_writer *w, const struct cmp_info *info)
{
	ASN1_OBJECT *type = OBJ_txt2obj(info->oid, 1);
	size_t mark = der_mark(w);

	if (!type)
		return log_fault("encode generalInfo", -EINVAL, info->oid);
	der_put(w, info->value);
	der_put_value(w, TAG_OID, (struct bytes){OBJ_get0_data(type), OBJ_length(type)});
	der_put_header(w, TAG_SEQUENCE, mark);
	ASN1_OBJECT_free(type);
	return 0;
}

static void put_confirm_wait_time(struct der_writer *w, int64_t ms)
{
	size_t mark = der_mark(w);

	der_put_generalized_time(w, ms);
	der_put(w, BYTES_OF(oid_confirm_wait_time));
	der_put_header(w, TAG_SEQUENCE, mark);
}

static int put_general_info(struct der_writer *w, const struct cmp_outgoing *out)
{
	size_t mark = der_mark(w);

	for (size_t i = out->n_infos; i > 0; i--) {
		int err = put_info(w, &out->infos[i - 1]);

		if (err)
			return err;
	}
	if (out->confirm_wait_time_ms)
		put_confirm_wait_time(w, out->confirm_wait_time_ms);
	if (out->implicit_confirm)
		der_put(w, BYTES_OF(info_implicit_confirm));
	if (der_mark(w) == mark)
		return 0;
	der_put_header(w, TAG_SEQUENCE, mark);
	der_put_header(w, TAG_EXPLICIT(8), mark);
	return 0;
}

static int put_protection_alg(struct der_writer *w, const struct cmp_protector *protector)
{
	size_t mark = der_mark(w);
	unsigned char *der = NULL;
	int len;

	switch (protector->kind) {
	case CMP_PROTECTION_SIGNATURE:
		der_put(w, signer_algorithm_der(protector->signer));
		break;
	case CMP_PROTECTION_MAC:
	case CMP_PROTECTION_KEM:
		len = i2d_X509_ALGOR(protector->mac_algorithm, &der);
		if (len <= 0)
			return log_fault("encode protectionAlg", -ENOMEM, NULL);
		der_put(w, (struct bytes){der, (size_t)len});
		OPENSSL_free(der);
		break;
	case CMP_PROTECTION_NONE:
	default:
		return 0;
	}
	der_put_header(w, TAG_EXPLICIT(1), mark);
	return 0;
}

/* RFC 4210 5.1.1: PKIHeader, last field first. */
static int put_header(struct der_writer *w, const struct cmp_outgoing *out,
		      const struct cmp_protector *protector)
{
	uint8_t pvno = (uint8_t)out->pvno;
	size_t start = der_mark(w), mark;
	int err = put_general_info(w, out);

	if (err)
		return err;
	put_octets_field(w, 6, out->recip_nonce);
	put_octets_field(w, 5, out->sender_nonce);
	put_octets_field(w, 4, out->transaction_id);
	put_octets_field(w, 2, out->sender_kid);
	err = put_protection_alg(w, protector);
	if (err)
		return err;
	if (out->message_time_ms) {
		mark = der_mark(w);
		der_put_generalized_time(w, out->message_time_ms);
		der_put_header(w, TAG_EXPLICIT(0), mark);
	}
	der_put(w, out->recipient.len ? out->recipient : BYTES_OF(null_dn));
	der_put(w, out->sender);
	der_put_unsigned(w, (struct bytes){&pvno, 1});
	der_put_header(w, TAG_SEQUENCE, start);
	return 0;
}

/* RFC 4210 5.3.10, RFC 9480 2.17: the last element of the list that a body is. */
static void put_part(struct der_writer *w, const struct cmp_part *part)
{
	size_t mark = der_mark(w);

	der_put(w, part->behind);
	der_put_hole(w, part->octets.len);
	if (part->listed || part->type.len == 0)
		der_put_header(w, TAG_SEQUENCE, mark);
	if (part->type.len)
		der_put_value(w, TAG_OID, part->type);
	der_put_header(w, part->type.len ? TAG_SEQUENCE : TAG_EXPLICIT(1), mark);
}

/* The body is a SEQUENCE under an explicit tag; the part goes behind what is in it. */
static int put_around(struct der_writer *w, struct bytes body, const struct cmp_part *part)
{
	size_t mark = der_mark(w);
	struct bytes tlv, list, content;
	uint8_t body_tag, tag;

	if (der_next(&body, &body_tag, &tlv, &list) || der_next(&list, &tag, &tlv, &content))
		return log_fault("encode a PKIBody around a CRL", -EINVAL, NULL);
	put_part(w, part);
	der_put(w, content);
	der_put_header(w, tag, mark);
	der_put_header(w, body_tag, mark);
	return 0;
}

static int put_body(struct der_writer *w, const struct cmp_outgoing *out)
{
	struct bytes body = out->body_der;
	unsigned char *der = NULL;
	int len = body.len ? 0 : i2d_PKIBody(out->body, &der), err = 0;

	if (!body.len && len <= 0)
		return log_fault("encode a PKIBody", -EINVAL, pki_body_type_name(out->body->type));
	if (!body.len)
		body = (struct bytes){der, (size_t)len};
	if (out->part)
		err = put_around(w, body, out->part);
	else
		der_put(w, body);
	OPENSSL_free(der);
	return err;
}

static int mac_protect(struct bytes part, const struct cmp_outgoing *out,
		       const struct cmp_protector *protector, struct octets *protectionp)
{
	_cleanup_(cmp_mac_clear) struct cmp_mac mac = {0};
	uint8_t value[MAC_OUTPUT_MAX];
	size_t len = 0;
	int err = cmp_mac_read(protector->mac_algorithm, &mac);

	if (err)
		return log_fault("protect with a MAC", err, NULL);
	mac.transaction_id = out->transaction_id;
	mac.derived = mac.key_len && protector->mac_key.len == mac.key_len;
	if (mac.derived)
		memcpy(mac.key, protector->mac_key.data, mac.key_len);
	err = cmp_mac_compute(&mac, protector->secret, part, value, &len);
	return err ? err : octets_dup((struct bytes){value, len}, protectionp);
}

/* The octets of PKIProtection over a ProtectedPart in n pieces; none for NONE. */
static int parts_protect(const struct bytes *parts, size_t n, const struct cmp_outgoing *out,
			 const struct cmp_protector *protector, struct octets *protectionp)
{
	_cleanup_(octets_clear) struct octets whole = OCTETS_NULL;
	int err = 0;

	switch (protector->kind) {
	case CMP_PROTECTION_SIGNATURE:
		return n == 1 ? signer_sign(protector->signer, parts[0], protectionp)
			      : signer_sign_parts(protector->signer, parts, n, protectionp);
	case CMP_PROTECTION_MAC:
	case CMP_PROTECTION_KEM:
		if (n > 1)
			err = bytes_join(parts, n, &whole);
		return err ? err
			   : mac_protect(n > 1 ? octets_view(&whole) : parts[0], out, protector,
					 protectionp);
	case CMP_PROTECTION_NONE:
	default:
		return 0;
	}
}

static void put_protection(struct der_writer *w, struct bytes protection)
{
	size_t mark = der_mark(w);

	if (protection.len == 0)
		return;
	der_put(w, protection);
	der_put(w, (struct bytes){(const uint8_t *)"", 1}); /* unused bits */
	der_put_header(w, TAG_BIT_STRING, mark);
	der_put_header(w, TAG_EXPLICIT(0), mark);
}

static void put_extra_certs(struct der_writer *w, const struct cmp_outgoing *out)
{
	if (out->n_extra_certs == 0)
		return;
	for (size_t i = out->n_extra_certs; i > 0; i--)
		der_put(w, out->extra_certs[i - 1]);
	der_put_header(w, TAG_SEQUENCE, 0);
	der_put_header(w, TAG_EXPLICIT(1), 0);
}

/* Header and body, as ProtectedPart too; *content_lenp: without the header of that. */
static int protected_part(const struct cmp_outgoing *out, const struct cmp_protector *protector,
			  struct der_writer *w, size_t *content_lenp)
{
	int err = put_body(w, out);

	if (!err)
		err = put_header(w, out, protector);
	if (err)
		return err;
	*content_lenp = der_written(w).len;
	der_put_header(w, TAG_SEQUENCE, 0); /* RFC 4210 5.1.3 */
	return der_written(w).data ? 0 : -ENOMEM;
}

int cmp_message_encode_around(const struct cmp_outgoing *out, const struct cmp_protector *protector,
			      struct octets *derp, size_t *part_atp)
{
	_cleanup_(der_writer_clear) struct der_writer part = DER_WRITER_NULL;
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	_cleanup_(octets_clear) struct octets protection = OCTETS_NULL;
	struct bytes before, inside = BYTES_NULL, behind = BYTES_NULL;
	size_t content_len;
	int err = protected_part(out, protector, &part, &content_len);

	if (err)
		return err;
	before = der_written(&part);
	if (out->part) {
		inside = out->part->octets;
		behind = (struct bytes){before.data + der_hole_at(&part),
					before.len - der_hole_at(&part)};
		before.len -= behind.len;
	}
	err = parts_protect((const struct bytes[]){before, inside, behind}, out->part ? 3 : 1, out,
			    protector, &protection);
	if (err)
		return err;
	put_extra_certs(&w, out);
	put_protection(&w, octets_view(&protection));
	der_put(&w, behind);
	if (out->part)
		der_put_hole(&w, inside.len);
	content_len -= behind.len;
	der_put(&w, (struct bytes){before.data + before.len - content_len, content_len});
	der_put_header(&w, TAG_SEQUENCE, 0);
	*part_atp = der_hole_at(&w);
	return der_writer_take(&w, derp);
}

int cmp_message_encode(const struct cmp_outgoing *out, const struct cmp_protector *protector,
		       struct octets *derp)
{
	size_t part_at;

	return cmp_message_encode_around(out, protector, derp, &part_at);
}

int cmp_general_name_of_dn(struct bytes name_der, struct octets *gnp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;

	der_put_value(&w, TAG_DIRECTORY_NAME, name_der);
	return der_writer_take(&w, gnp);
}
