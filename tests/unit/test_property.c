// SPDX-License-Identifier: Apache-2.0
/*
 * What holds for every message, however broken: an answer that is a well-formed, protected
 * PKIMessage (or none, for an announcement), and no certificate but for the key and the entity that
 * a good message would have got one for. Each kind of message is cut at every octet and changed at
 * random in one of its values; half of what is changed is protected anew, so that the change gets
 * past the protection. CMFD_MUTATIONS sets how many, CMFD_SEED repeats a run.
 */
#include "granted.h"

#include "asn1/der.h"

#include <check.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { MUTATIONS = 250, DEPTH_MAX = 24 };

static unsigned mutations = MUTATIONS;

/* --- chance -------------------------------------------------------------------------------------
 */

/* xorshift64*: the same on every machine, so that a seed repeats a run. */
static uint64_t chance_state;

static uint32_t chance(uint32_t below)
{
	chance_state ^= chance_state >> 12;
	chance_state ^= chance_state << 25;
	chance_state ^= chance_state >> 27;
	return (uint32_t)((chance_state * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

/* --- changing one value -------------------------------------------------------------------------
 */

static struct octets copy(struct bytes b)
{
	struct octets o = OCTETS_NULL;

	ck_assert_int_eq(octets_dup(b, &o), 0);
	return o;
}

static struct octets joined(struct bytes a, struct bytes b)
{
	struct octets o = {malloc(a.len + b.len + 1), a.len + b.len};

	ck_assert_ptr_nonnull(o.data);
	if (a.len)
		memcpy(o.data, a.data, a.len);
	if (b.len)
		memcpy(o.data + a.len, b.data, b.len);
	return o;
}

/* The value with other contents: the length is right, whatever they are. */
static struct octets retagged(uint8_t tag, struct bytes content)
{
	struct der_writer w = DER_WRITER_NULL;
	struct octets o;

	der_put(&w, content);
	der_put_header(&w, tag, 0);
	ck_assert_int_eq(der_writer_take(&w, &o), 0);
	return o;
}

static struct octets value_change(uint8_t tag, struct bytes tlv, struct bytes content)
{
	static const uint8_t more[] = {0};
	struct octets o = copy(tlv);
	struct octets longer;

	switch (chance(8)) {
	case 0: /* one bit of the identifier */
		o.data[0] ^= (uint8_t)(1U << chance(8));
		return o;
	case 1: /* one octet of the contents */
	case 2:
		if (content.len)
			o.data[(size_t)(content.data - tlv.data) + chance((uint32_t)content.len)] ^=
				(uint8_t)(1 + chance(255));
		return o;
	case 3: /* left out */
		octets_clear(&o);
		return o;
	case 4: /* twice */
		octets_clear(&o);
		return joined(tlv, tlv);
	case 5: /* empty */
		octets_clear(&o);
		return retagged(tag, BYTES_NULL);
	case 6: /* cut */
		octets_clear(&o);
		return retagged(tag,
				(struct bytes){content.data,
					       content.len ? chance((uint32_t)content.len) : 0});
	default: /* longer */
		octets_clear(&o);
		longer = joined(content, BYTES_OF(more));
		o = retagged(tag, octets_view(&longer));
		octets_clear(&longer);
		return o;
	}
}

static struct octets value_mutate(struct bytes tlv, int depth);

/* One of the values in `content` is changed, the others stay. */
static struct octets child_mutate(struct bytes content, int depth)
{
	struct bytes in = content, tlv, inner, before, after;
	struct octets changed, head, all;
	uint32_t n = 0, at;
	uint8_t tag;

	while (!der_next(&in, &tag, &tlv, &inner))
		n++;
	if (!n || in.len)
		return copy(content);
	at = chance(n);
	in = content;
	for (uint32_t i = 0; i <= at; i++)
		ck_assert_int_eq(der_next(&in, &tag, &tlv, &inner), 0);
	before = (struct bytes){content.data, (size_t)(tlv.data - content.data)};
	after = in;
	changed = value_mutate(tlv, depth + 1);
	head = joined(before, octets_view(&changed));
	all = joined(octets_view(&head), after);
	octets_clear(&changed);
	octets_clear(&head);
	return all;
}

static struct octets value_mutate(struct bytes tlv, int depth)
{
	struct bytes in = tlv, whole, content;
	struct octets inner, o;
	uint8_t tag;

	if (der_next(&in, &tag, &whole, &content))
		return copy(tlv);
	if (!(tag & V_ASN1_CONSTRUCTED) || depth == DEPTH_MAX || chance(6) == 0)
		return value_change(tag, tlv, content);
	inner = child_mutate(content, depth);
	o = retagged(tag, octets_view(&inner));
	octets_clear(&inner);
	return o;
}

/* --- the messages -------------------------------------------------------------------------------
 */

struct message {
	struct ask ask;
	struct ask before;
	struct told told;
};

static void request(struct message *m, int type)
{
	ask_new(&m->ask, &granted_house, &granted_house.vnfm_a);
	if (type == PKI_BODY_P10CR)
		ask_p10cr(&m->ask, "vnfci-a");
	else
		ask_certreq(&m->ask, type, "vnfci-a");
}

static void make_ir(struct message *m)
{
	request(m, PKI_BODY_IR);
	ask_implicit_confirm(&m->ask);
	ask_info_text(&m->ask, "2.25.222147897761693879604210948217677133715.2", "vnfci-a");
}

static void make_several(struct message *m)
{
	request(m, PKI_BODY_CR);
	ask_certreq_add(&m->ask, 1, "vnfci-a");
	ask_extension(&m->ask, NID_subject_alt_name, "DNS:vnfci-a");
	ask_reg_info(&m->ask, "vnfcId?vnfci-a%");
}

static void make_p10cr(struct message *m)
{
	request(m, PKI_BODY_P10CR);
}

static void make_mac(struct message *m)
{
	ask_new(&m->ask, &granted_house, NULL);
	ask_certreq(&m->ask, PKI_BODY_IR, "vnfci-mac");
}

/* The house is asked for a certificate first, under another key. */
static void enrol(struct message *m)
{
	ask_new(&m->before, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&m->before, PKI_BODY_CR, "vnfci-a");
	ask_send(&m->before, &m->told);
	ck_assert_uint_ne(told_certificate(&m->told).len, 0);
}

static void make_kur(struct message *m)
{
	struct told confirmed;
	struct ask conf;

	enrol(m);
	ask_certconf(&conf, &m->before, &m->told, PKI_STATUS_ACCEPTED);
	ask_send(&conf, &confirmed);
	granted_done(&conf, &confirmed);
	request(m, PKI_BODY_KUR);
	ask_old_cert_id(&m->ask, told_certificate(&m->told));
}

static void make_certconf(struct message *m)
{
	enrol(m);
	ask_certconf(&m->ask, &m->before, &m->told, PKI_STATUS_ACCEPTED);
}

static void make_error(struct message *m)
{
	enrol(m);
	ask_next(&m->ask, &m->before, &m->told);
	m->ask.body = cmp_error_body_new(PKI_STATUS_REJECTION, "no", 2);
}

static void make_pollreq(struct message *m)
{
	enrol(m);
	ask_pollreq(&m->ask, &m->before, &m->told, 0);
}

static void make_rr(struct message *m)
{
	enrol(m);
	ask_new(&m->ask, &granted_house, &granted_house.vnfm_a);
	ask_rr(&m->ask, told_certificate(&m->told), 4);
}

static void make_genm(struct message *m)
{
	ask_new(&m->ask, &granted_house, &granted_house.vnfm_a);
	ask_genm(&m->ask, "1.3.6.1.5.5.7.4.17", BYTES_NULL);
	ask_genm(&m->ask, "1.3.6.1.5.5.7.4.19", BYTES_NULL);
	ask_genm(&m->ask, "1.3.6.1.5.5.7.4.16",
		 (struct bytes){(const uint8_t *)"\x30\4\x0c\2en", 6});
}

static void make_crls(struct message *m)
{
	/* { { issuer [1] { [4] {} }, thisUpdate } } */
	static const uint8_t status[] = "\x30\x1b\x30\x19\xa1\x06\x30\x04\xa4\x02\x30\x00\x18\x0f"
					"20261124000000Z";

	ask_new(&m->ask, &granted_house, &granted_house.vnfm_a);
	ask_genm(&m->ask, "1.3.6.1.5.5.7.4.22", (struct bytes){status, sizeof(status) - 1});
}

static void make_nested(struct message *m)
{
	ask_new(&m->before, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&m->before, PKI_BODY_IR, "vnfci-a");
	m->ask.key = NULL;
	ask_new(&m->ask, &granted_house, &granted_house.ra);
	ask_added(&m->ask, &m->before);
}

static const struct {
	const char *name;
	void (*make)(struct message *m);
} kinds[] = {
	{"ir", make_ir},          {"cr of several", make_several},
	{"p10cr", make_p10cr},    {"ir with MAC", make_mac},
	{"kur", make_kur},        {"certConf", make_certconf},
	{"error", make_error},    {"pollReq", make_pollreq},
	{"rr", make_rr},          {"genm", make_genm},
	{"genm crls", make_crls}, {"nested", make_nested},
};

static void message_clear(struct message *m)
{
	told_clear(&m->told);
	ask_clear(&m->before);
	ask_clear(&m->ask);
}

/* --- what must hold -----------------------------------------------------------------------------
 */

static int64_t last_certificate;

struct allowed {
	uint8_t key[2][32]; /* digests of SubjectPublicKeyInfo */
};

static void key_allow(EVP_PKEY *key, uint8_t digest[32])
{
	SubjectPublicKeyInfo *spki = NULL;

	memset(digest, 0, 32);
	if (!key)
		return;
	ck_assert_int_eq(spki_from_key(key, &spki), 0);
	ck_assert_int_eq(spki_digest(spki, digest), 0);
	SubjectPublicKeyInfo_free(spki);
}

/* Whoever changes a message gets a certificate for its key, or none. */
static int certificate_check(void *arg, const struct store_certificate *cert)
{
	const struct allowed *allowed = arg;

	last_certificate = cert->id;
	ck_assert(!memcmp(cert->key_digest, allowed->key[0], 32) ||
		  !memcmp(cert->key_digest, allowed->key[1], 32));
	ck_assert(!strcmp(cert->subject_id, "vnfci-a") || !strcmp(cert->subject_id, "vnfci-mac"));
	return 0;
}

static void store_check(const struct message *m)
{
	const struct store_certificate_filter later = {.state = -1, .after_id = last_certificate};
	struct allowed allowed;

	key_allow(m->ask.key, allowed.key[0]);
	key_allow(m->before.key, allowed.key[1]);
	ck_assert_int_eq(store_certificate_list(granted_house.worker.reader, &later,
						certificate_check, &allowed),
			 0);
}

static int registration_count(void *arg, const struct store_registration *reg)
{
	(void)reg;
	(*(int *)arg)++;
	return 0;
}

static bool is_announcement(struct bytes der)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;
	bool is;

	(void)!cmp_message_decode(der, &msg, &refusal);
	is = msg && msg->body_type >= PKI_BODY_CKUANN && msg->body_type <= PKI_BODY_CRLANN;
	cmp_message_free(msg);
	return is;
}

/* Serves octets; the answer's type, -1 if there is none. ask_send_octets() checks its protection.
 */
static int serve(struct message *m, struct bytes der)
{
	struct octets empty = OCTETS_NULL;
	struct told told;
	int type;

	if (is_announcement(der)) {
		bool not_a_message;

		house_serve(&granted_house, &granted_house.worker, der, NULL, NULL, &empty,
			    &not_a_message);
		octets_clear(&empty);
		return -1;
	}
	ask_send_octets(&m->ask, &granted_house.worker, der, &told);
	ck_assert_ptr_nonnull(told.msg->body);
	type = told.msg->body_type;
	told_clear(&told);
	return type;
}

/* Signs header and body, as they are now, anew; extraCerts stay. False: it is no such message. */
static bool reprotect(struct message *m, struct octets *messagep)
{
	struct bytes in = octets_view(messagep), whole, content, header, body, tlv, inner;
	struct bytes certs = BYTES_NULL;
	struct octets part, signature = OCTETS_NULL;
	struct der_writer w = DER_WRITER_NULL;
	static const uint8_t no_unused_bits[] = {0};
	size_t mark;
	uint8_t tag;

	if (!m->ask.signer || der_next(&in, &tag, &whole, &content) ||
	    der_next(&content, &tag, &header, &inner) || der_next(&content, &tag, &body, &inner))
		return false;
	while (!der_next(&content, &tag, &tlv, &inner))
		if (tag == 0xa1)
			certs = tlv;
	part = joined(header, body);
	{
		struct octets sequence = retagged(0x30, octets_view(&part));

		ck_assert_int_eq(
			signer_sign(m->ask.signer->signer, octets_view(&sequence), &signature), 0);
		octets_clear(&sequence);
	}
	der_put(&w, certs);
	mark = der_mark(&w);
	der_put(&w, octets_view(&signature));
	der_put(&w, BYTES_OF(no_unused_bits));
	der_put_header(&w, V_ASN1_BIT_STRING, mark);
	der_put_header(&w, 0xa0, mark);
	der_put(&w, octets_view(&part));
	der_put_header(&w, 0x30, 0);
	octets_clear(&part);
	octets_clear(&signature);
	octets_clear(messagep);
	return der_writer_take(&w, messagep) == 0;
}

/* --- the properties -----------------------------------------------------------------------------
 */

/* A message that is cut is refused, and nothing happens. */
START_TEST(rfc9483_3_5_cut_at_every_octet)
{
	struct message m = {0};
	int64_t before;

	kinds[_i].make(&m);
	ask_encode(&m.ask);
	store_check(&m);
	before = last_certificate;
	for (size_t len = 0; len < m.ask.sent.len; len++) {
		int type = serve(&m, (struct bytes){m.ask.sent.data, len});

		ck_assert_msg(type == PKI_BODY_ERROR || type == -1, "%s cut at %zu: %s",
			      kinds[_i].name, len, pki_body_type_name(type));
	}
	store_check(&m);
	ck_assert_int_eq(last_certificate, before);
	message_clear(&m);
}
END_TEST

static void mutation_run(int kind)
{
	struct message m = {0};
	struct octets changed;

	kinds[kind].make(&m);
	ask_encode(&m.ask);
	changed = value_mutate(octets_view(&m.ask.sent), 0);
	if (chance(2))
		(void)reprotect(&m, &changed);
	(void)serve(&m, octets_view(&changed));
	store_check(&m);
	octets_clear(&changed);
	message_clear(&m);
}

START_TEST(rfc9483_3_5_one_value_changed)
{
	const struct store_registration_filter all = {.cert_type = -1};
	int registrations[2] = {0, 0};

	ck_assert_int_eq(store_registration_list(granted_house.worker.reader, &all,
						 registration_count, &registrations[0]),
			 0);
	for (unsigned n = 0; n < mutations; n++) {
		/* Time goes on, so that what stays open is ended. */
		if (n % 1000 == 999) {
			bool more = true;

			granted_house.now_ms += 3600 * 1000;
			while (more)
				ck_assert_int_eq(cmf_housekeeping(granted_house.cmf,
								  granted_house.worker.reader,
								  granted_house.worker.unit, &more),
						 0);
		}
		mutation_run(_i);
	}
	ck_assert_int_eq(store_registration_list(granted_house.worker.reader, &all,
						 registration_count, &registrations[1]),
			 0);
	ck_assert_int_eq(registrations[0], registrations[1]);
}
END_TEST

static void property_setup(void)
{
	const char *seed = getenv("CMFD_SEED");

	chance_state = seed ? strtoull(seed, NULL, 0) : 0x9483948394839483ULL;
	last_certificate = 0;
	granted_setup_open();
}

int main(void)
{
	Suite *suite = suite_create("property");
	TCase *tcase = tcase_create("property");
	SRunner *runner;
	int failed;

	if (getenv("CMFD_MUTATIONS"))
		mutations = (unsigned)atoi(getenv("CMFD_MUTATIONS"));
	log_setup(2, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	tcase_add_checked_fixture(tcase, property_setup, granted_teardown);
	tcase_set_timeout(tcase, 0);
	tcase_add_loop_test(tcase, rfc9483_3_5_cut_at_every_octet, 0, ARRAY_LEN(kinds));
	tcase_add_loop_test(tcase, rfc9483_3_5_one_value_changed, 0, ARRAY_LEN(kinds));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
