// SPDX-License-Identifier: Apache-2.0
/*
 * Messages changed at random and protected again by the client, with a signature or a MAC: whatever
 * is granted is for the entity and key asked for, and its proof of possession is valid by OpenSSL's
 * word. Cuts, and changes under the old protection: test_property.c. CMFD_MUTATIONS: how many of
 * each message.
 */
#include "bent.h"

#include "asn1/der.h"

#include <check.h>
#include <fcntl.h>
#include <openssl/crmf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A new house after so many: certificates that were revoked are there again. */
enum { MUTATIONS = 250, HOUSE_LASTS = 250, VALUES_MAX = 64, DEPTH_MAX = 24 };

/* --- valid messages ----------------------------------------------------------------------------
 */

/* A certificate that waits for its certConf. */
static void enrolled(struct ask *before, struct told *told)
{
	bent_base(before, &(struct bent_row){.base = IR, .who = A});
	ask_send(before, told);
	ck_assert(told_certificate(told).len);
}

static void certconf(struct ask *a)
{
	struct told told;
	struct ask before;

	enrolled(&before, &told);
	ask_certconf(a, &before, &told, PKI_STATUS_ACCEPTED);
	told_clear(&told);
	ask_clear(&before);
}

static void error(struct ask *a)
{
	struct told told;
	struct ask before;

	enrolled(&before, &told);
	ask_next(a, &before, &told);
	a->body = cmp_error_body_new(PKI_STATUS_REJECTION, "no", FAIL_BAD_REQUEST);
	told_clear(&told);
	ask_clear(&before);
}

static void nested(struct ask *a)
{
	static struct ask inner;

	bent_base(&inner, &(struct bent_row){.base = IR, .who = A});
	ask_new(a, &bent_house, &bent_house.ra);
	ask_encode(&inner);
	/* RFC 9483 5.2.2.1: the ids of the message within. */
	memcpy(a->transaction_id, inner.transaction_id, sizeof(a->transaction_id));
	memcpy(a->sender_nonce, inner.sender_nonce, sizeof(a->sender_nonce));
	ask_nested(a, octets_view(&inner.sent));
	a->key = inner.key;
	inner.key = NULL;
	ask_clear(&inner);
}

static const struct {
	const char *name;
	int base;
	enum who who;
	void (*make)(struct ask *a); /* NULL: bent_base() */
	int answer;                  /* to the message as it is */
} rows[] = {
	{"ir", IR, A, NULL, IP},
	{"cr", CR, A, NULL, CP},
	{"kur", KUR, A, NULL, KUP},
	{"p10cr", P10, A, NULL, CP},
	{"rr", RR, A, NULL, RP},
	{"genm", GENM, A, NULL, PKI_BODY_GENP},
	{"genm, MAC", GENM, MAC, NULL, PKI_BODY_GENP},
	{"ir, MAC", IR, MAC, NULL, IP},
	{"certConf", IR, A, certconf, PKI_BODY_PKICONF},
	{"error", IR, A, error, PKI_BODY_PKICONF},
	{"nested", IR, RA, nested, IP},
};

static void message_make(int row, struct ask *a)
{
	if (rows[row].make)
		rows[row].make(a);
	else
		bent_base(a, &(struct bent_row){.base = rows[row].base, .who = rows[row].who});
	ask_encode(a);
}

/* --- what must hold ----------------------------------------------------------------------------
 */

static int64_t certificates(const struct bent_state *s)
{
	int64_t n = 0;

	for (int i = 0; i < STORE_CERT_STATE_COUNT; i++)
		n += s->certificates[i];
	return n;
}

static void protection_verify(const struct told *told)
{
	const struct cmp_mac_policy policy = {.iterations_min = 1, .iterations_max = 1000000};
	struct refusal refusal = REFUSAL_NULL;

	if (told_mac(told))
		ck_assert_int_eq(cmp_protection_verify_mac(told->msg,
							   bytes_of_string(HOUSE_MAC_SECRET),
							   &policy, &refusal),
				 0);
	else
		ck_assert_int_eq(cmp_protection_verify_signature(
					 told->msg, bent_house.cmf_credential.key, &refusal),
				 0);
}

/* RFC 4211 4.1: by signature over the CertRequest that came, or the PKCS #10 request's own. */
static void pop_verify(struct bytes sent, EVP_PKEY *key, int i)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	const CertReqMsg *req;
	X509_REQ *p10;
	const unsigned char *p;
	int len;

	ck_assert_int_eq(cmp_message_decode(sent, &msg, &refusal), 0);
	if (msg->body_type == PKI_BODY_P10CR) {
		len = i2d_CertificationRequest(msg->body->value.p10cr, &der);
		p = der;
		p10 = d2i_X509_REQ(NULL, &p, len);
		ck_assert(p10 && X509_REQ_verify(p10, key) == 1);
		X509_REQ_free(p10);
	} else if (msg->body_type != PKI_BODY_NESTED) {
		req = sk_CertReqMsg_value(msg->body->value.certReqMessages, i);
		ck_assert(req && req->popo && req->popo->type == POPO_SIGNATURE);
		len = i2d_CertRequest(req->certReq, &der);
		ck_assert(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
		ck_assert_int_eq(
			EVP_DigestVerify(ctx, req->popo->value.signature->signature->data,
					 (size_t)req->popo->value.signature->signature->length, der,
					 (size_t)len),
			1);
	}
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
}

/* Certificates in the answer, each for the entity and the key asked for. */
static int granted_verify(const struct ask *a, struct bytes sent, const struct told *told)
{
	char cn[64];
	int n = 0;

	for (int i = 0; i < told_responses(told); i++) {
		struct bytes der = told_response(told, i)->certifiedKeyPair
					   ? told_certificate_at(told, i)
					   : BYTES_NULL;
		const unsigned char *p = der.data;
		X509 *cert;

		if (!der.len)
			continue;
		cert = d2i_X509(NULL, &p, (long)der.len);
		ck_assert(cert && a->key && EVP_PKEY_eq(X509_get0_pubkey(cert), a->key) == 1);
		ck_assert_int_gt(X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
							   NID_commonName, cn, sizeof(cn)),
				 0);
		ck_assert_str_eq(cn, "vnfci-a");
		pop_verify(sent, a->key, i);
		X509_free(cert);
		n++;
	}
	return n;
}

/* The same in a batch of answers, RFC 9483 5.2.2.2. */
static int batch_granted_verify(const struct ask *a, struct bytes sent, const struct told *told)
{
	struct refusal refusal = REFUSAL_NULL;
	int n = 0;

	if (told->msg->body_type != PKI_BODY_NESTED)
		return granted_verify(a, sent, told);
	for (int i = 0; i < sk_ASN1_TYPE_num(told->msg->body->value.nested); i++) {
		const ASN1_STRING *der =
			sk_ASN1_TYPE_value(told->msg->body->value.nested, i)->value.sequence;
		struct told one = {0};

		ck_assert_int_eq(cmp_message_decode((struct bytes){der->data, (size_t)der->length},
						    &one.msg, &refusal),
				 0);
		protection_verify(&one);
		n += granted_verify(a, sent, &one);
		cmp_message_free(one.msg);
	}
	return n;
}

/* Serves the octets; type of the answer's body, -1: what came is no message, or none is owed. */
static int served(const struct ask *a, struct bytes sent)
{
	_cleanup_(octets_clear) struct octets copy = OCTETS_NULL;
	struct bent_state before = bent_state_now(), after;
	struct refusal refusal = REFUSAL_NULL;
	struct told told = {0};
	int type = -1, granted = 0;

	/* A copy of exactly that size, so that a read beyond it is seen by ASan. */
	ck_assert_int_eq(octets_dup(sent, &copy), 0);
	house_serve(&bent_house, &bent_house.worker, octets_view(&copy), NULL, NULL, &told.der,
		    &told.not_a_message);
	if (told.der.len) {
		ck_assert_int_eq(cmp_message_decode(octets_view(&told.der), &told.msg, &refusal),
				 0);
		protection_verify(&told);
		granted = batch_granted_verify(a, sent, &told);
		type = told.not_a_message ? -1 : told.msg->body_type;
		ck_assert(!told.not_a_message || told.msg->body_type == ERR);
	}
	after = bent_state_now();
	ck_assert_int_eq(after.registrations, before.registrations);
	ck_assert_msg(certificates(&after) == certificates(&before) + granted,
		      "body %d: %d certificates answered", type, granted);
	told_clear(&told);
	return type;
}

/* --- changes -----------------------------------------------------------------------------------
 */

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % n;
}

static void random_put(struct der_writer *w, uint32_t n)
{
	uint8_t octet;

	while (n--) {
		octet = (uint8_t)random_below(256);
		der_put(w, (struct bytes){&octet, 1});
	}
}

enum change { DELETE, TWICE, TAG, LENGTH, FLIP, SHORTER, LONGER, EMPTY, OTHER, CHANGES };

static void changed_put(struct der_writer *w, struct bytes tlv, struct bytes content)
{
	enum change change = (enum change)random_below(CHANGES);
	size_t mark = der_mark(w);
	uint8_t tag = tlv.data[0], octet;
	size_t at;

	switch (change) {
	case DELETE:
		return;
	case TWICE:
		der_put(w, tlv);
		der_put(w, tlv);
		return;
	case LENGTH:
		der_put(w, content);
		octet = (uint8_t)random_below(256);
		der_put(w, (struct bytes){&octet, 1});
		der_put(w, (struct bytes){&tag, 1});
		return;
	case TAG:
		tag = (uint8_t)(tag ^ (1U << random_below(8)));
		der_put(w, content);
		break;
	case FLIP:
		at = content.len ? random_below((uint32_t)content.len) : 0;
		if (content.len) {
			octet = (uint8_t)(content.data[at] ^ (1U << random_below(8)));
			der_put(w, (struct bytes){content.data + at + 1, content.len - at - 1});
			der_put(w, (struct bytes){&octet, 1});
			der_put(w, (struct bytes){content.data, at});
		}
		break;
	case SHORTER:
		der_put(w, (struct bytes){content.data, content.len - (content.len > 0)});
		break;
	case LONGER:
		random_put(w, 1);
		der_put(w, content);
		break;
	case OTHER:
		random_put(w, 1 + random_below(16));
		break;
	case EMPTY:
	case CHANGES:
	default:
		break;
	}
	der_put_header(w, tag, mark);
}

/* Writes the values again, the *left-th of them changed; *left goes down by their number. */
static void values_put(struct der_writer *w, struct bytes in, int depth, int *left)
{
	struct bytes tlv[VALUES_MAX], content[VALUES_MAX], rest = in;
	uint8_t tag[VALUES_MAX];
	size_t n = 0, mark;

	while (n < VALUES_MAX && rest.len && !der_next(&rest, &tag[n], &tlv[n], &content[n]))
		n++;
	if (rest.len || depth == DEPTH_MAX) {
		der_put(w, in);
		return;
	}
	while (n--) {
		if ((*left)-- == 0) {
			changed_put(w, tlv[n], content[n]);
		} else if (tag[n] & V_ASN1_CONSTRUCTED) {
			mark = der_mark(w);
			values_put(w, content[n], depth + 1, left);
			der_put_header(w, tag[n], mark);
		} else {
			der_put(w, tlv[n]);
		}
	}
}

/* One value, or one octet, is another. */
static void mutated_take(struct bytes in, struct octets *outp)
{
	struct der_writer w = DER_WRITER_NULL;
	int left = 0, total;

	if (random_below(4) == 0) {
		ck_assert_int_eq(octets_dup(in, outp), 0);
		outp->data[random_below((uint32_t)in.len)] ^= (uint8_t)(1 + random_below(255));
		return;
	}
	left = INT32_MAX;
	values_put(&w, in, 0, &left);
	total = INT32_MAX - left;
	der_writer_clear(&w);
	left = (int)random_below((uint32_t)total);
	values_put(&w, in, 0, &left);
	if (der_written(&w).len)
		ck_assert_int_eq(der_writer_take(&w, outp), 0);
	der_writer_clear(&w);
}

/* The MAC is OpenSSL's. */
static void protection_make(const struct ask *a, struct bytes part, struct octets *protectionp)
{
	OSSL_CRMF_PBMPARAMETER *pbm;
	const ASN1_STRING *value;
	unsigned char *mac = NULL;
	const unsigned char *p;
	size_t len;

	if (a->signer) {
		ck_assert_int_eq(signer_sign(a->signer->signer, part, protectionp), 0);
		return;
	}
	value = a->mac_algorithm->parameter->value.sequence;
	p = ASN1_STRING_get0_data(value);
	pbm = d2i_OSSL_CRMF_PBMPARAMETER(NULL, &p, ASN1_STRING_length(value));
	ck_assert(pbm && OSSL_CRMF_pbm_new(NULL, NULL, pbm, part.data, part.len, a->secret.data,
					   a->secret.len, &mac, &len));
	ck_assert_int_eq(octets_dup((struct bytes){mac, len}, protectionp), 0);
	OPENSSL_free(mac);
	OSSL_CRMF_PBMPARAMETER_free(pbm);
}

/* Header and body changed (or not), then protected by the client. */
static void protected_take(const struct ask *a, bool change, struct octets *outp)
{
	_cleanup_(octets_clear) struct octets content = OCTETS_NULL, protection = OCTETS_NULL;
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct der_writer part = DER_WRITER_NULL, w = DER_WRITER_NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct bytes in;
	size_t mark;

	ck_assert_int_eq(cmp_message_decode(octets_view(&a->sent), &msg, &refusal), 0);
	/* They lie one behind the other: the body's octets are those of its tag. */
	in = (struct bytes){msg->header_der.data, msg->header_der.len + msg->body_der.len};
	ck_assert_ptr_eq(msg->body_der.data, msg->header_der.data + msg->header_der.len);
	if (change)
		mutated_take(in, &content);
	else
		ck_assert_int_eq(octets_dup(in, &content), 0);
	der_put(&part, octets_view(&content));
	der_put_header(&part, 0x30, 0);
	protection_make(a, der_written(&part), &protection);
	der_writer_clear(&part);
	for (size_t i = msg->n_extra_certs; i; i--)
		der_put(&w, cmp_message_extra_cert(msg, i - 1));
	if (msg->n_extra_certs) {
		der_put_header(&w, 0x30, 0);
		der_put_header(&w, 0xa1, 0);
	}
	mark = der_mark(&w);
	der_put(&w, octets_view(&protection));
	der_put(&w, (struct bytes){(const uint8_t *)"", 1}); /* no unused bits */
	der_put_header(&w, V_ASN1_BIT_STRING, mark);
	der_put_header(&w, 0xa0, mark);
	der_put(&w, octets_view(&content));
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(der_writer_take(&w, outp), 0);
}

/* --- tests -------------------------------------------------------------------------------------
 */

/* Otherwise nothing that is protected again here would get past the protection. */
START_TEST(unchanged_is_granted)
{
	_cleanup_(octets_clear) struct octets sent = OCTETS_NULL;
	struct ask a;

	message_make(_i, &a);
	protected_take(&a, false, &sent);
	ck_assert_msg(served(&a, octets_view(&sent)) == rows[_i].answer, "%s", rows[_i].name);
	ask_clear(&a);
}
END_TEST

START_TEST(rfc4211_4_1_changed_is_granted_with_pop)
{
	const char *env = getenv("CMFD_MUTATIONS");
	int n = env ? atoi(env) : MUTATIONS;

	random_state = 0x9e3779b97f4a7c15U + (uint64_t)_i;
	for (int i = 0; i < n; i++) {
		struct octets sent = OCTETS_NULL;
		struct ask a;

		if (i && i % HOUSE_LASTS == 0) {
			bent_teardown();
			octets_clear(&bent_active);
			bent_setup();
		}
		message_make(_i, &a);
		protected_take(&a, true, &sent);
		served(&a, octets_view(&sent));
		octets_clear(&sent);
		ask_clear(&a);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("property_again");
	TCase *all = tcase_create("all");
	SRunner *runner;
	int failed;

	log_setup(open("/dev/null", O_WRONLY), LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	tcase_add_checked_fixture(all, bent_setup, bent_teardown);
	tcase_add_loop_test(all, unchanged_is_granted, 0, (int)ARRAY_LEN(rows));
	tcase_add_loop_test(all, rfc4211_4_1_changed_is_granted_with_pop, 0, (int)ARRAY_LEN(rows));
	suite_add_tcase(suite, all);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
