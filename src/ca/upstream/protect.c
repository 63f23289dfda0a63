// SPDX-License-Identifier: Apache-2.0
/*
 * Protects what goes to an upstream CA with the credential that it knows us by: messages of our own
 * (own_message.c) and those of clients that go on under our protection (passed_on.c).
 */
#include "upstream.h"

#include <errno.h>
#include <openssl/asn1.h>

/* SEQUENCE OF nothing: the NULL-DN. */
static const uint8_t null_dn[] = {V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, 0};

/* CertProfileValue ::= SEQUENCE SIZE (1..MAX) OF UTF8String, RFC 9480 2.15 */
int upstream_profile_encode(const struct ca *ca, struct octets *derp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;

	der_put_value(&w, V_ASN1_UTF8STRING, bytes_of_string(ca->conf->upstream_profile));
	der_put_header(&w, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, 0);
	return der_writer_take(&w, derp);
}

int upstream_protect(const struct ca *ca, struct bytes sender, struct bytes recipient,
		     const X509_ALGOR *mac_algorithm, struct cmp_outgoing *out, struct octets *derp)
{
	const struct upstream_protection *with = &ca->upstream->protection;
	_cleanup_(octets_clear) struct octets from = OCTETS_NULL, to = OCTETS_NULL;
	struct cmp_protector protector = {
		.kind = ca->upstream->ra_cert ? CMP_PROTECTION_SIGNATURE : CMP_PROTECTION_MAC,
		.signer = ca->upstream->signer,
		.secret = with->secret,
		.mac_algorithm = mac_algorithm,
	};
	int err;

	if (!ca_is_fit(ca))
		return log_fault("protecting a message to an upstream CA", -ENOKEY, ca_unfit(ca));
	if (with->name.len)
		sender = with->name;
	else if (!sender.len)
		sender = BYTES_OF(null_dn);
	if (with->recipient.len)
		recipient = with->recipient;
	err = cmp_general_name_of_dn(sender, &from);
	if (!err && recipient.len)
		err = cmp_general_name_of_dn(recipient, &to);
	if (err)
		return err;
	out->sender = octets_view(&from);
	out->recipient = octets_view(&to);
	out->message_time_ms = clock_now_ms(ca->set->clock);
	out->sender_kid = with->kid;
	out->extra_certs = with->certs;
	out->n_extra_certs = with->n_certs;
	return cmp_message_encode(out, &protector, derp);
}
