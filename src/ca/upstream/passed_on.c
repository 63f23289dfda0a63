// SPDX-License-Identifier: Apache-2.0
/*
 * A client's message as it goes on to an upstream CA, RFC 9483 5.2: octets to octets. The door has
 * judged it and decided how it goes on; exchange.c sends it, answer.c
 * reads what comes back.
 */
#include "asn1/cmf_types.h"
#include "upstream.h"

#include <assert.h>
#include <errno.h>

#define OID_CERT_PROFILE     "1.3.6.1.5.5.7.4.21"
#define OID_ORIG_PKI_MESSAGE "1.3.6.1.5.5.7.4.15"

static int nested_body(struct bytes inner, PKIBody **bodyp)
{
	const unsigned char *p = inner.data;
	ASN1_TYPE *message = d2i_ASN1_TYPE(NULL, &p, (long)inner.len);

	*bodyp = cmp_body_new(PKI_BODY_NESTED);
	if (!*bodyp || !message || sk_ASN1_TYPE_push((*bodyp)->value.nested, message) <= 0) {
		ASN1_TYPE_free(message);
		return -ENOMEM;
	}
	return 0;
}

/* Protects with the credential that the upstream knows; 5.2.2.1, 5.2.3: ids are the client's. */
static int message_protect(const struct ca *ca, const struct cmp_message *from, const PKIBody *body,
			   const struct cmp_info *infos, size_t n_infos, bool implicit_confirm,
			   struct octets *derp)
{
	struct cmp_outgoing out = {
		.pvno = (int)from->pvno,
		.transaction_id = from->transaction_id,
		.sender_nonce = from->sender_nonce,
		.recip_nonce = from->recip_nonce,
		.implicit_confirm = implicit_confirm,
		.infos = infos,
		.n_infos = n_infos,
		.body = body,
	};

	return upstream_protect(ca, BYTES_NULL, BYTES_NULL, NULL, &out, derp);
}

static int message_added(const struct ca *ca, const struct cmp_message *from, struct octets *derp)
{
	PKIBody *body = NULL;
	int err = nested_body(from->der, &body);

	if (!err)
		err = message_protect(ca, from, body, NULL, 0, false, derp);
	PKIBody_free(body);
	return err;
}

/* RFC 9483 3.1: certProfile is for who asks for certificates. */
static bool asks_for_certificates(const struct cmp_message *from)
{
	switch (from->body_type) {
	case PKI_BODY_IR:
	case PKI_BODY_CR:
	case PKI_BODY_P10CR:
	case PKI_BODY_KUR:
	case PKI_BODY_CCR:
		return true;
	default:
		return false;
	}
}

/* The upstream's name of the profile, or the client's. */
static int profile_value(const struct ca *ca, const struct cmp_message *from, struct octets *derp)
{
	const InfoTypeAndValue *info =
		cmp_message_general_info(from, cmf_object(CMF_OBJECT_IT_CERT_PROFILE));
	unsigned char *der = NULL;
	int len, err;

	if (ca->conf->upstream_profile)
		return upstream_profile_encode(ca, derp);
	if (!info || !info->infoValue)
		return 0;
	len = i2d_ASN1_TYPE(info->infoValue, &der);
	err = len > 0 ? octets_dup((struct bytes){der, (size_t)len}, derp) : -ENOMEM;
	OPENSSL_free(der);
	return err;
}

static int original_value(const struct cmp_message *from, struct octets *derp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;

	der_put(&w, from->der);
	der_put_header(&w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, 0);
	return der_writer_take(&w, derp);
}

static int message_replaced(const struct ca *ca, const struct ca_passed_on *passed_on,
			    struct octets *derp)
{
	const struct cmp_message *from = passed_on->from;
	_cleanup_(octets_clear) struct octets profile = OCTETS_NULL, original = OCTETS_NULL;
	struct cmp_info infos[2];
	PKIBody *changed = NULL;
	size_t n = 0;
	int err = 0;

	if (asks_for_certificates(from))
		err = profile_value(ca, from, &profile);
	if (!err && ca->conf->forward_original)
		err = original_value(from, &original);
	/* 5.2.3.2: what was changed, with raVerified. */
	if (!err && passed_on->cert_req_msg.len) {
		changed = cmp_cert_req_body_new((enum pki_body_type)from->body_type,
						passed_on->cert_req_msg);
		err = changed ? 0 : -ENOMEM;
	}
	if (!err && profile.len)
		infos[n++] = (struct cmp_info){OID_CERT_PROFILE, octets_view(&profile)};
	if (!err && original.len)
		infos[n++] = (struct cmp_info){OID_ORIG_PKI_MESSAGE, octets_view(&original)};
	if (!err)
		err = message_protect(ca, from, changed ? changed : from->body, infos, n,
				      passed_on->implicit_confirm, derp);
	PKIBody_free(changed);
	return err;
}

int ca_upstream_message(const struct ca *ca, const struct ca_passed_on *passed_on,
			struct octets *derp)
{
	assert(ca->upstream);
	switch (passed_on->how) {
	case CONF_FORWARDING_ADDED:
		return message_added(ca, passed_on->from, derp);
	case CONF_FORWARDING_REPLACED:
		return message_replaced(ca, passed_on, derp);
	case CONF_FORWARDING_UNCHANGED:
	case CONF_FORWARDING_REISSUE:
	default:
		return octets_dup(passed_on->from->der, derp);
	}
}
