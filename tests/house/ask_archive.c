// SPDX-License-Identifier: Apache-2.0
/* Controls about private keys, as a client of the CMP door sends them. See ask.h. */
#include "ask.h"

#include "asn1/der.h"
#include "asn1/envelope.h"
#include "asn1/private_key.h"

void ask_control(struct ask *ask, int nid, struct bytes value)
{
	CertRequest *request = ask_request(ask)->certReq;
	AttributeTypeAndValue *control = AttributeTypeAndValue_new();
	const unsigned char *p = value.data;

	if (!request->controls)
		request->controls = sk_AttributeTypeAndValue_new_null();
	HOUSE_CHECK(control && request->controls);
	ASN1_OBJECT_free(control->type);
	control->type = OBJ_nid2obj(nid);
	ASN1_TYPE_free(control->value);
	control->value = d2i_ASN1_TYPE(NULL, &p, (long)value.len);
	HOUSE_CHECK(control->value &&
		    sk_AttributeTypeAndValue_push(request->controls, control) > 0);
}

void ask_archive_envelope(struct ask *ask, struct octets envelope)
{
	struct der_writer w = DER_WRITER_NULL;

	envelope_to_encrypted_key(&envelope);
	der_put(&w, octets_view(&envelope));
	der_put_header(&w, 0xa0, 0);
	ask_control(ask, NID_id_regCtrl_pkiArchiveOptions, der_written(&w));
	der_writer_clear(&w);
	octets_clear(&envelope);
}

void ask_archive(struct ask *ask)
{
	const struct envelope_recipient to = {
		.key = ask->house->encryption.key,
		.ski = octets_view(&ask->house->encryption.sender_kid)};
	struct octets der, envelope;

	HOUSE_CHECK(!private_key_write(ask->key, &der));
	HOUSE_CHECK(!envelope_seal(&to, OID_CT_KEY_PACKAGE, octets_view(&der), &envelope));
	octets_clear(&der);
	ask_archive_envelope(ask, envelope);
}

void ask_protocol_encr_key(struct ask *ask, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	HOUSE_CHECK(len > 0);
	ask_control(ask, NID_id_regCtrl_protocolEncrKey, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
}
