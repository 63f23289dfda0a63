// SPDX-License-Identifier: Apache-2.0
/*
 * revPassphrase (RFC 9810 5.3.19.9, Appendix B): an entity leaves a passphrase with which it
 * can revoke its certificates later; and caProtEncCert (5.3.19.1), the certificate for whose key it
 * is encrypted.
 */
#include "asn1/certificate.h"
#include "asn1/der.h"
#include "asn1/envelope.h"
#include "genm/genm.h"
#include "reply.h"
#include "request.h"
#include "serve/services.h"

#include <errno.h>
#include <string.h>

/* Octets of a localKeyId; senderKID is no longer. */
enum { KEY_ID_MAX = 64 };

enum { TAG_SET = 0x31, TAG_UNPROTECTED_ATTRS = 0xa1 };

int cmp_genm_ca_prot_enc_cert(struct cmp_request *rq, const ASN1_TYPE *value)
{
	/* RFC 9810 5.3.19.1: empty where there is none. */
	return cmp_reply_genp(rq, rq->door->oids[CMP_OID_CA_PROT_ENC_CERT],
			      octets_view(&rq->door->encryption_cert));
}

/* --- reading --- */

/* The one OCTET STRING of the attribute localKeyId, RFC 2985 5.5.2; empty: it is another. */
static int local_key_id_read(struct bytes attribute, struct bytes *idp)
{
	static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x15};
	struct bytes tlv, type, values, id;
	uint8_t tag;

	if (der_next(&attribute, &tag, &tlv, &type) || tag != V_ASN1_OBJECT ||
	    der_next(&attribute, &tag, &tlv, &values) || tag != TAG_SET || attribute.len)
		return -EBADMSG;
	if (!bytes_equal(type, BYTES_OF(oid)))
		return 0;
	if (der_next(&values, &tag, &tlv, &id) || tag != V_ASN1_OCTET_STRING || values.len ||
	    id.len == 0 || id.len > KEY_ID_MAX || idp->len)
		return -EBADMSG;
	*idp = id;
	return 0;
}

static int unprotected_attrs_read(struct bytes attrs, struct bytes *idp)
{
	struct bytes tlv, attribute;
	uint8_t tag;
	int err = 0;

	while (attrs.len && !err) {
		if (der_next(&attrs, &tag, &tlv, &attribute) ||
		    tag != (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED))
			return -EBADMSG;
		err = local_key_id_read(attribute, idp);
	}
	return err;
}

/*
 * EnvelopedData without unprotectedAttrs, which are for us and not for whoever opens it; the
 * localKeyId among them to *idp, empty if there is none.
 */
static int attrs_split(struct bytes envelope, struct octets *plainp, struct bytes *idp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	struct bytes in, tlv, content, kept;
	uint8_t tag = 0;
	size_t mark;

	*idp = BYTES_NULL;
	if (der_next(&envelope, &tag, &tlv, &in) || envelope.len)
		return -EBADMSG;
	kept = (struct bytes){in.data, 0};
	while (in.len) {
		if (der_next(&in, &tag, &tlv, &content))
			return -EBADMSG;
		/* It is the last field. */
		if (tag != TAG_UNPROTECTED_ATTRS)
			kept.len += tlv.len;
		else if (in.len || unprotected_attrs_read(content, idp))
			return -EBADMSG;
	}
	mark = der_mark(&w);
	der_put(&w, kept);
	der_put_header(&w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, mark);
	return der_writer_take(&w, plainp);
}

/* EncryptedKey as received: its first octet tells the alternatives apart. */
static struct bytes encrypted_key_octets(const ASN1_TYPE *value)
{
	if (!value || (value->type != V_ASN1_SEQUENCE && value->type != V_ASN1_OTHER))
		return BYTES_NULL;
	return (struct bytes){value->value.asn1_string->data,
			      (size_t)value->value.asn1_string->length};
}

/* One answer whatever is wrong inside, as of a passphrase that is none (rev_passphrase.c). */
static int passphrase_open(struct cmp_request *rq, struct bytes envelope,
			   struct octets *passphrasep)
{
	int err =
		envelope_open(envelope, rq->door->decryptor, BYTES_NULL, OID_CT_DATA, passphrasep);

	if (err == -EBADMSG || err == -EKEYREJECTED)
		return refuse(&rq->refusal, REFUSAL_rev_passphrase_unreadable);
	if (err == -ENOTSUP)
		return refuse(&rq->refusal, REFUSAL_rev_passphrase_algorithm);
	return err;
}

/* --- serving --- */

/* RFC 9810 B: a key identifier that the entity chose; else that of the key it signs with. */
static int reference_decide(struct cmp_request *rq, struct bytes local_key_id, struct bytes *idp)
{
	*idp = local_key_id.len ? local_key_id : rq->msg->sender_kid;
	if (idp->len == 0 || idp->len > KEY_ID_MAX)
		return refuse(&rq->refusal, REFUSAL_rev_passphrase_reference);
	return 0;
}

static int passphrase_take(struct cmp_request *rq, const ASN1_TYPE *value)
{
	const struct cmf_call call = cmp_call(rq);
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL, plain = OCTETS_NULL;
	_cleanup_(octets_clear_secret) struct octets passphrase = OCTETS_NULL;
	struct bytes reference = BYTES_NULL;
	int err = envelope_from_encrypted_key(encrypted_key_octets(value), &envelope);

	/* RFC 9810 B: EncryptedValue has been deprecated. */
	if (err == -ENOTSUP)
		return refuse(&rq->refusal, REFUSAL_encrypted_value);
	if (!err)
		err = attrs_split(octets_view(&envelope), &plain, &reference);
	if (err == -EBADMSG)
		return refuse(&rq->refusal, REFUSAL_genm_value_malformed);
	if (!err)
		err = reference_decide(rq, reference, &reference);
	if (!err)
		err = cmf_rev_passphrase_check(&call, reference);
	if (!err)
		err = passphrase_open(rq, octets_view(&plain), &passphrase);
	if (err)
		return err;
	return cmf_rev_passphrase_set(&call, reference, octets_view(&passphrase),
				      rq->msg->transaction_id);
}

int cmp_genm_rev_passphrase(struct cmp_request *rq, const ASN1_TYPE *value)
{
	int err;

	if (!rq->door->decryptor)
		return refuse(&rq->refusal, REFUSAL_genm_unsupported);
	err = passphrase_take(rq, value);
	/* RFC 9810 B: the OID with absent value. */
	if (!err)
		err = cmp_reply_genp(rq, rq->door->oids[CMP_OID_REV_PASSPHRASE], BYTES_NULL);
	return err;
}

/* RFC 9810 B: in generalInfo of any message; the answer MUST then have the OID there too. */
int cmp_rev_passphrase_of_header(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	const InfoTypeAndValue *itav =
		cmp_message_general_info(rq->msg, rq->door->oids[CMP_OID_REV_PASSPHRASE]);
	int err;

	/* Without a key to encrypt for it is a type that we do not know. */
	if (!itav || !rq->door->decryptor)
		return 0;
	err = passphrase_take(rq, itav->infoValue);
	/* It is committed by itself: it holds whatever becomes of the rest of the message. */
	outcome->record = CMP_RECORD_UNIT;
	rq->attempt.passphrase_kept = !err;
	return err;
}
