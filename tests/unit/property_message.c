// SPDX-License-Identifier: Apache-2.0
/* Good messages of every kind. See property.h. */
#include "property.h"

#include "asn1/der.h"

#include <check.h>
#include <openssl/crmf.h>
#include <string.h>

/* --- requests --- */

static void request(struct ask *a, int type)
{
	ask_new(a, &granted_house, &granted_house.vnfm_a);
	if (type == PKI_BODY_P10CR)
		ask_p10cr(a, "vnfci-a");
	else
		ask_certreq(a, type, "vnfci-a");
}

static void make_ir(struct message *m)
{
	request(&m->ask, PKI_BODY_IR);
	ask_implicit_confirm(&m->ask);
	ask_info_text(&m->ask, "2.25.222147897761693879604210948217677133715.2", "vnfci-a");
}

static void make_several(struct message *m)
{
	request(&m->ask, PKI_BODY_CR);
	ask_certreq_add(&m->ask, 1, "vnfci-a");
	ask_extension(&m->ask, NID_subject_alt_name, "DNS:vnfci-a");
	ask_reg_info(&m->ask, "vnfcId?vnfci-a%");
}

static void make_p10cr(struct message *m)
{
	request(&m->ask, PKI_BODY_P10CR);
}

static void make_mac(struct message *m)
{
	ask_new(&m->ask, &granted_house, NULL);
	ask_certreq(&m->ask, PKI_BODY_IR, "vnfci-mac");
}

/* --- with a certificate, or a challenge, of the request before --- */

static void enrol(struct message *m)
{
	request(&m->before[0], PKI_BODY_CR);
	ask_send(&m->before[0], &m->told);
	ck_assert_uint_ne(told_certificate(&m->told).len, 0);
}

static void make_kur(struct message *m)
{
	struct told confirmed;
	struct ask conf;

	enrol(m);
	ask_certconf(&conf, &m->before[0], &m->told, PKI_STATUS_ACCEPTED);
	ask_send(&conf, &confirmed);
	granted_done(&conf, &confirmed);
	request(&m->ask, PKI_BODY_KUR);
	ask_old_cert_id(&m->ask, told_certificate(&m->told));
}

static void make_certconf(struct message *m)
{
	enrol(m);
	ask_certconf(&m->ask, &m->before[0], &m->told, PKI_STATUS_ACCEPTED);
}

static void make_error(struct message *m)
{
	enrol(m);
	ask_next(&m->ask, &m->before[0], &m->told);
	m->ask.body = cmp_error_body_new(PKI_STATUS_REJECTION, "no", FAIL_BAD_REQUEST);
}

/* There is nothing to poll for. */
static void make_pollreq(struct message *m)
{
	enrol(m);
	ask_pollreq(&m->ask, &m->before[0], &m->told, 0);
}

static void make_rr(struct message *m)
{
	enrol(m);
	ask_new(&m->ask, &granted_house, &granted_house.vnfm_a);
	ask_rr(&m->ask, told_certificate(&m->told), 4);
}

static void make_popdecr(struct message *m)
{
	request(&m->before[0], PKI_BODY_IR);
	m->before[0].out.pvno = 3;
	ask_pop_subsequent(&m->before[0], POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_CHALLENGE_RESP);
	ask_send(&m->before[0], &m->told);
	ck_assert_int_eq(m->told.msg->body_type, PKI_BODY_POPDECC);
	m->number = told_number(&m->told, m->before[0].key);
	ask_popdecr(&m->ask, &m->before[0], &m->told, ASN1_INTEGER_dup(m->number));
}

/* Whoever asks has no keys here to recover. */
static void make_krr(struct message *m)
{
	request(&m->ask, PKI_BODY_KRR);
	m->ask.out.pvno = 3;
}

/* --- general messages --- */

static void make_genm(struct message *m)
{
	ask_new(&m->ask, &granted_house, &granted_house.vnfm_a);
	ask_genm(&m->ask, "1.3.6.1.5.5.7.4.17", BYTES_NULL);
	ask_genm(&m->ask, "1.3.6.1.5.5.7.4.19", BYTES_NULL);
	ask_genm(&m->ask, "1.3.6.1.5.5.7.4.16",
		 (struct bytes){(const uint8_t *)"\x30\4\x0c\2en", 6});
}

static void make_genm_mac(struct message *m)
{
	ask_new(&m->ask, &granted_house, NULL);
	ask_genm(&m->ask, "1.3.6.1.5.5.7.4.4", BYTES_NULL);
}

static void make_crls(struct message *m)
{
	/* { { issuer [1] { [4] {} }, thisUpdate } } */
	static const uint8_t status[] = "\x30\x1b\x30\x19\xa1\x06\x30\x04\xa4\x02\x30\x00\x18\x0f"
					"20261124000000Z";

	ask_new(&m->ask, &granted_house, &granted_house.vnfm_a);
	ask_genm(&m->ask, "1.3.6.1.5.5.7.4.22", (struct bytes){status, sizeof(status) - 1});
}

/* --- nested --- */

static void make_nested(struct message *m)
{
	request(&m->before[0], PKI_BODY_IR);
	ask_new(&m->ask, &granted_house, &granted_house.ra);
	ask_added(&m->ask, &m->before[0]);
}

static void make_batch(struct message *m)
{
	ask_new(&m->ask, &granted_house, &granted_house.ra);
	for (size_t i = 0; i < ARRAY_LEN(m->before); i++) {
		request(&m->before[i], i ? PKI_BODY_P10CR : PKI_BODY_CR);
		ask_encode(&m->before[i]);
		ask_nested(&m->ask, octets_view(&m->before[i].sent));
	}
}

const struct message_kind message_kinds[] = {
	{"ir", make_ir, PKI_BODY_IP},
	{"cr of several", make_several, PKI_BODY_CP},
	{"p10cr", make_p10cr, PKI_BODY_CP},
	{"ir with MAC", make_mac, PKI_BODY_IP},
	{"kur", make_kur, PKI_BODY_KUP},
	{"certConf", make_certconf, PKI_BODY_PKICONF},
	{"error", make_error, PKI_BODY_PKICONF},
	{"pollReq", make_pollreq, PKI_BODY_ERROR},
	{"rr", make_rr, PKI_BODY_RP},
	{"popdecr", make_popdecr, PKI_BODY_IP},
	{"krr", make_krr, PKI_BODY_KRP},
	{"genm", make_genm, PKI_BODY_GENP},
	{"genm with MAC", make_genm_mac, PKI_BODY_GENP},
	{"genm crls", make_crls, PKI_BODY_GENP},
	{"nested", make_nested, PKI_BODY_IP},
	{"batch", make_batch, PKI_BODY_NESTED},
};
const size_t message_kinds_count = ARRAY_LEN(message_kinds);

void message_make(const struct message_kind *kind, struct message *m)
{
	*m = (struct message){0};
	kind->make(m);
	ask_encode(&m->ask);
}

void message_clear(struct message *m)
{
	told_clear(&m->told);
	ASN1_INTEGER_free(m->number);
	for (size_t i = 0; i < ARRAY_LEN(m->before); i++)
		ask_clear(&m->before[i]);
	ask_clear(&m->ask);
}

/* --- protection --- */

/* The MAC is OpenSSL's. */
static struct octets protection_make(const struct ask *a, struct bytes part)
{
	struct octets protection = OCTETS_NULL;
	OSSL_CRMF_PBMPARAMETER *pbm;
	const ASN1_STRING *value;
	unsigned char *mac = NULL;
	const unsigned char *p;
	size_t len;

	if (a->signer) {
		ck_assert_int_eq(signer_sign(a->signer->signer, part, &protection), 0);
		return protection;
	}
	value = a->mac_algorithm->parameter->value.sequence;
	p = ASN1_STRING_get0_data(value);
	pbm = d2i_OSSL_CRMF_PBMPARAMETER(NULL, &p, ASN1_STRING_length(value));
	ck_assert(pbm && OSSL_CRMF_pbm_new(NULL, NULL, pbm, part.data, part.len, a->secret.data,
					   a->secret.len, &mac, &len));
	ck_assert_int_eq(octets_dup((struct bytes){mac, len}, &protection), 0);
	OPENSSL_free(mac);
	OSSL_CRMF_PBMPARAMETER_free(pbm);
	return protection;
}

/* SEQUENCE { header, body }, whatever these two are. */
static struct octets protected_part(struct bytes header, struct bytes body)
{
	struct der_writer w = DER_WRITER_NULL;
	struct octets part;

	der_put(&w, body);
	der_put(&w, header);
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(der_writer_take(&w, &part), 0);
	return part;
}

bool message_protect(const struct message *m, struct octets *messagep)
{
	struct bytes in = octets_view(messagep), whole, content, header, body, tlv, inner;
	struct octets part, protection;
	struct der_writer w = DER_WRITER_NULL;
	static const uint8_t no_unused_bits[] = {0};
	struct bytes certs = BYTES_NULL;
	size_t mark;
	uint8_t tag;

	if (der_next(&in, &tag, &whole, &content) || der_next(&content, &tag, &header, &inner) ||
	    der_next(&content, &tag, &body, &inner))
		return false;
	while (!der_next(&content, &tag, &tlv, &inner))
		if (tag == 0xa1)
			certs = tlv;
	part = protected_part(header, body);
	protection = protection_make(&m->ask, octets_view(&part));
	der_put(&w, certs);
	mark = der_mark(&w);
	der_put(&w, octets_view(&protection));
	der_put(&w, BYTES_OF(no_unused_bits));
	der_put_header(&w, V_ASN1_BIT_STRING, mark);
	der_put_header(&w, 0xa0, mark);
	der_put(&w, body);
	der_put(&w, header);
	der_put_header(&w, 0x30, 0);
	octets_clear(&part);
	octets_clear(&protection);
	octets_clear(messagep);
	ck_assert_int_eq(der_writer_take(&w, messagep), 0);
	return true;
}
