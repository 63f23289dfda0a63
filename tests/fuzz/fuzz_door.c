// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the whole path: octets of a request to octets of the answer, through the CMP door
 * onto a real store, with one MAC client whose secret the target knows. The input is one message or
 * several in a row. Each is served as it is; and again after its transactionID, nonces and time
 * were made fit and its MAC was computed anew, so that what lies behind authentication is reached.
 * Then they go in once more within a nested message that a registration authority signs: one with
 * added protection, several as a batch. Every answer must be a protected CMP message.
 */
#include "ask.h"

#include "asn1/der.h"

#include <fcntl.h>
#include <openssl/crmf.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The store is made anew so often: it would grow without end. */
enum { RUNS_PER_HOUSE = 5000 };
/* Larger iteration counts only cost time. */
enum { ITERATIONS_MAX = 1000 };
enum { NESTED_MAX = 4 };

static struct house house;
static unsigned runs;

static void house_end(void)
{
	house_close(&house);
}

static void house_prepare(void)
{
	if (runs++ % RUNS_PER_HOUSE)
		return;
	if (house.door)
		house_end();
	else
		atexit(house_end);
	log_setup(open("/dev/null", O_WRONLY), LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
	house_open(&house, "", "");
	house_register(&house, "mac", CERT_TYPE_VNFCI, "vnfci-1");
}

/* Serves, and returns the senderNonce of the answer. */
static void serve(struct bytes request, uint8_t nonce[CMP_NONCE_LEN])
{
	struct octets answer = OCTETS_NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;
	bool not_a_message;

	memset(nonce, 0, CMP_NONCE_LEN);
	house_serve(&house, &house.worker, request, NULL, NULL, &answer, &not_a_message);
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
		HOUSE_CHECK(
			!cmp_protection_verify_signature(msg, house.cmf_credential.key, &refusal));
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
	const ASN1_STRING *sent = msg->header->messageTime;
	uint8_t transaction[CMP_NONCE_LEN] = {0};
	time_t now = (time_t)(house.now_ms / 1000);
	char text[32];
	struct tm tm;

	memcpy(transaction, &runs, sizeof(runs));
	transaction[CMP_NONCE_LEN - 1] = inner;
	if (msg->transaction_id.len == sizeof(transaction))
		patch(header, msg->transaction_id, BYTES_OF(transaction));
	if (msg->recip_nonce.len == CMP_NONCE_LEN)
		patch(header, msg->recip_nonce, (struct bytes){nonce, CMP_NONCE_LEN});
	gmtime_r(&now, &tm);
	if (sent && strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm) == (size_t)sent->length)
		patch(header, (struct bytes){sent->data, (size_t)sent->length},
		      bytes_of_string(text));
}

/* The MAC of header and body, by OpenSSL's implementation. -1: protectionAlg has no usable one. */
static int mac_compute(const struct cmp_message *msg, struct bytes part, uint8_t **macp,
		       size_t *lenp)
{
	const X509_ALGOR *alg = msg->header->protectionAlg;
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

/* The message with a good MAC; empty if that cannot be had. */
static struct octets authentic(struct bytes request, const uint8_t nonce[CMP_NONCE_LEN], bool inner)
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

static void serve_authentic(struct bytes request, uint8_t nonce[CMP_NONCE_LEN])
{
	struct octets made = authentic(request, nonce, false);

	if (made.len)
		serve(octets_view(&made), nonce);
	octets_clear(&made);
}

/* One alone has the ids of the outer message, so that its protection is one that is added. */
static void ids_copy(struct ask *outer, struct bytes message)
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

static void serve_nested(struct bytes in)
{
	uint8_t nonce[CMP_NONCE_LEN] = {0}, tag;
	struct bytes tlv, content;
	struct octets last = OCTETS_NULL;
	struct ask outer;
	int n = 0;

	ask_new(&outer, &house, &house.ra);
	for (int i = 0; i < NESTED_MAX && !der_next(&in, &tag, &tlv, &content); i++) {
		struct octets made = authentic(tlv, nonce, true);

		if (made.len) {
			ask_nested(&outer, octets_view(&made));
			octets_clear(&last);
			last = made;
			n++;
		}
	}
	if (n == 1)
		ids_copy(&outer, octets_view(&last));
	if (n) {
		ask_encode(&outer);
		serve(octets_view(&outer.sent), nonce);
	}
	octets_clear(&last);
	ask_clear(&outer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t nonce[CMP_NONCE_LEN] = {0}, ignored[CMP_NONCE_LEN];
	struct bytes in = {data, size}, tlv, content;
	uint8_t tag;

	house_prepare();
	serve(in, ignored);
	for (int i = 0; i < 4 && !der_next(&in, &tag, &tlv, &content); i++)
		serve_authentic(tlv, nonce);
	serve_nested((struct bytes){data, size});
	return 0;
}
