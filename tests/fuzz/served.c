// SPDX-License-Identifier: Apache-2.0
/* What fuzz targets of the CMP door share. See served.h. */
#include "served.h"

#include "asn1/der.h"
#include "base/log.h"

#include <fcntl.h>
#include <openssl/crmf.h>
#include <string.h>

/* The store is made anew so often: it would grow without end. */
enum { RUNS_PER_HOUSE = 5000 };
/* Larger iteration counts only cost time. */
enum { ITERATIONS_MAX = 1000 };

struct house served_house;
struct house_credential served_announcer, served_entity;
static unsigned runs;

static void house_end(void)
{
	house_credential_clear(&served_announcer);
	house_credential_clear(&served_entity);
	house_close(&served_house);
}

/* A certificate of vnfci-1, with which it protects its own messages. */
static void entity_enrol(void)
{
	struct told told;
	struct ask a;

	ask_new(&a, &served_house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-1");
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	HOUSE_CHECK(told_certificate(&told).len);
	house_credential_adopt(&served_entity, a.key, told_certificate(&told));
	served_entity.issuer = &served_house.issuing;
	told_clear(&told);
	ask_clear(&a);
}

void served_prepare(void)
{
	if (runs++ % RUNS_PER_HOUSE)
		return;
	if (served_house.door)
		house_end();
	log_setup(open("/dev/null", O_WRONLY), LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
	house_open(&served_house, "", "");
	/* Now OpenSSL is in use: the house with its threads ends before OpenSSL does. */
	if (runs == 1)
		atexit(house_end);
	house_register(&served_house, "mac", CERT_TYPE_VNFCI, "vnfci-1");
	house_client_add(&served_house, "announcer", "a", STORE_MAY_ANNOUNCE, false);
	house_credential_make(&served_announcer, "announcer", HOUSE_LEAF, &served_house.client_root,
			      served_house.now_ms, 365);
	entity_enrol();
}

void served(struct bytes request, uint8_t nonce[CMP_NONCE_LEN])
{
	struct octets answer = OCTETS_NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;
	bool not_a_message;

	memset(nonce, 0, CMP_NONCE_LEN);
	house_serve(&served_house, &served_house.worker, request, NULL, NULL, &answer,
		    &not_a_message);
	if (!answer.len) {
		/* RFC 9811 3.5: announcements, and only they, get none. */
		HOUSE_CHECK(cmp_message_decode(request, &msg, &refusal) >= 0 && msg);
		HOUSE_CHECK(msg->body_type >= PKI_BODY_CKUANN && msg->body_type <= PKI_BODY_CRLANN);
		cmp_message_free(msg);
		return;
	}
	HOUSE_CHECK(!cmp_message_decode(octets_view(&answer), &msg, &refusal));
	HOUSE_CHECK(msg->protection.len && msg->sender_nonce.len == CMP_NONCE_LEN);
	if (cmp_message_protection_kind(msg) == CMP_PROTECTION_SIGNATURE)
		HOUSE_CHECK(!cmp_protection_verify_signature(msg, served_house.cmf_credential.key,
							     &refusal));
	memcpy(nonce, msg->sender_nonce.data, CMP_NONCE_LEN);
	cmp_message_free(msg);
	octets_clear(&answer);
}

/* Overwrites the first occurrence of `old` in the header. */
static void patch(struct octets *header, struct bytes old, struct bytes fresh)
{
	uint8_t *at = memmem(header->data, header->len, old.data, old.len);

	if (at && old.len == fresh.len)
		memcpy(at, fresh.data, fresh.len);
}

static void header_refresh(struct octets *header, const struct cmp_message *msg,
			   const uint8_t nonce[CMP_NONCE_LEN], bool inner)
{
	struct bytes sent = msg->message_time;
	uint8_t transaction[CMP_NONCE_LEN] = {0};
	time_t now = (time_t)(served_house.now_ms / 1000);
	char text[32];
	struct tm tm;

	memcpy(transaction, &runs, sizeof(runs));
	transaction[CMP_NONCE_LEN - 1] = inner;
	if (msg->transaction_id.len == sizeof(transaction))
		patch(header, msg->transaction_id, BYTES_OF(transaction));
	if (msg->recip_nonce.len == CMP_NONCE_LEN)
		patch(header, msg->recip_nonce, (struct bytes){nonce, CMP_NONCE_LEN});
	gmtime_r(&now, &tm);
	if (sent.len && strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm) == sent.len)
		patch(header, sent, bytes_of_string(text));
}

/* The MAC of header and body, by OpenSSL's implementation. -1: protectionAlg has no usable one. */
static int mac_compute(const struct cmp_message *msg, struct bytes part, uint8_t **macp,
		       size_t *lenp)
{
	const X509_ALGOR *alg = msg->protection_alg;
	OSSL_CRMF_PBMPARAMETER *pbm = NULL;
	PBMParameter *view = NULL;
	const unsigned char *p;
	const ASN1_STRING *s;
	int ok = 0;

	if (!alg || OBJ_obj2nid(alg->algorithm) != NID_id_PasswordBasedMAC || !alg->parameter ||
	    alg->parameter->type != V_ASN1_SEQUENCE)
		return -1;
	s = alg->parameter->value.sequence;
	p = s->data;
	view = d2i_PBMParameter(NULL, &p, s->length);
	p = s->data;
	if (view && ASN1_INTEGER_get(view->iterationCount) <= ITERATIONS_MAX)
		pbm = d2i_OSSL_CRMF_PBMPARAMETER(NULL, &p, s->length);
	if (pbm)
		ok = OSSL_CRMF_pbm_new(NULL, NULL, pbm, part.data, part.len,
				       (const uint8_t *)HOUSE_MAC_SECRET, strlen(HOUSE_MAC_SECRET),
				       macp, lenp);
	OSSL_CRMF_PBMPARAMETER_free(pbm);
	PBMParameter_free(view);
	return ok == 1 ? 0 : -1;
}

/* PKIMessage of that header and body with a good MAC. */
static int protect(const struct cmp_message *msg, struct bytes header, struct octets *outp)
{
	struct der_writer part = DER_WRITER_NULL, w = DER_WRITER_NULL;
	static const uint8_t no_unused_bits[] = {0};
	size_t mark = der_mark(&part), whole = der_mark(&w), bits;
	uint8_t *mac = NULL;
	size_t len = 0;
	int err;

	der_put(&part, msg->body_der);
	der_put(&part, header);
	der_put_header(&part, 0x30, mark);
	err = mac_compute(msg, der_written(&part), &mac, &len);
	bits = der_mark(&w);
	der_put(&w, (struct bytes){mac, len});
	der_put(&w, BYTES_OF(no_unused_bits));
	der_put_header(&w, 0x03, bits);
	der_put_header(&w, 0xa0, bits);
	der_put(&w, msg->body_der);
	der_put(&w, header);
	der_put_header(&w, 0x30, whole);
	if (!err)
		err = der_writer_take(&w, outp);
	der_writer_clear(&w);
	der_writer_clear(&part);
	OPENSSL_free(mac);
	return err;
}

struct octets served_authentic(struct bytes request, const uint8_t nonce[CMP_NONCE_LEN], bool inner)
{
	struct octets header = OCTETS_NULL, made = OCTETS_NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;

	/* A message whose body is malformed is of interest too. */
	if (cmp_message_decode(request, &msg, &refusal) < 0 || !msg)
		return made;
	if (msg->body_der.len && !octets_dup(msg->header_der, &header)) {
		header_refresh(&header, msg, nonce, inner);
		if (protect(msg, octets_view(&header), &made))
			octets_clear(&made);
	}
	octets_clear(&header);
	cmp_message_free(msg);
	return made;
}

void served_ids_copy(struct ask *outer, struct bytes message)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;

	if (!cmp_message_decode(message, &msg, &refusal) &&
	    msg->transaction_id.len == CMP_NONCE_LEN && msg->sender_nonce.len == CMP_NONCE_LEN) {
		memcpy(outer->transaction_id, msg->transaction_id.data, CMP_NONCE_LEN);
		memcpy(outer->sender_nonce, msg->sender_nonce.data, CMP_NONCE_LEN);
	}
	cmp_message_free(msg);
}
