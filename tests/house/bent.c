// SPDX-License-Identifier: Apache-2.0
/* Tables of refusals. See bent.h. */
#include "bent.h"

#include <check.h>
#include <string.h>

struct house bent_house;
struct octets bent_active;
EVP_PKEY *bent_active_key;

static const struct house_credential *credential(enum who who)
{
	const struct house_credential *const list[] = {
		[A] = &bent_house.vnfm_a,          [B] = &bent_house.vnfm_b,
		[C] = &bent_house.vnfm_c,          [RA] = &bent_house.ra,
		[STRANGER] = &bent_house.stranger, [NO_SIGNATURE] = &bent_house.no_signature,
		[EXPIRED] = &bent_house.expired,   [MAC] = NULL};

	return list[who];
}

static int registration_count(void *arg, const struct store_registration *reg)
{
	(void)reg;
	(*(int *)arg)++;
	return 0;
}

struct bent_state bent_state_now(void)
{
	const struct store_registration_filter all = {.cert_type = -1, .with_deregistered = true};
	struct bent_state s = {0};

	ck_assert_int_eq(store_certificate_counts(bent_house.worker.reader, s.certificates), 0);
	ck_assert_int_eq(store_registration_list(bent_house.worker.reader, &all, registration_count,
						 &s.registrations),
			 0);
	return s;
}

void bent_not(struct ask *a)
{
	(void)a;
}

void bent_base(struct ask *a, const struct bent_row *row)
{
	ask_new(a, &bent_house, credential(row->who));
	switch (row->base) {
	case IR:
	case CR:
		ask_certreq(a, row->base, "vnfci-a");
		break;
	case KUR:
		ask_certreq(a, KUR, "vnfci-a");
		ask_old_cert_id(a, octets_view(&bent_active));
		break;
	case P10:
		ask_p10cr(a, "vnfci-a");
		break;
	case RR:
		ask_rr(a, octets_view(&bent_active), 1);
		break;
	case GENM:
	default:
		ask_genm(a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
		break;
	}
}

void bent_sentence_check(const struct told *told, enum refusal_reason reason)
{
	const ASN1_UTF8STRING *text = sk_ASN1_UTF8STRING_value(told_status(told)->statusString, 0);

	ck_assert_ptr_nonnull(text);
	/* Behind the sentence may stand what it is about. */
	ck_assert_mem_eq(ASN1_STRING_get0_data(text), refusal_text(reason),
			 strlen(refusal_text(reason)));
}

void bent_check(const struct bent_row *row)
{
	struct bent_state before = bent_state_now(), after;
	struct told told;
	struct ask a;

	bent_base(&a, row);
	row->bend(&a);
	ask_send(&a, &told);
	ck_assert_msg(told.msg->body_type == row->answer, "%s: body %s", row->name,
		      pki_body_type_name(told.msg->body_type));
	ck_assert_msg(told_status_value(&told) == PKI_STATUS_REJECTION, "%s: status", row->name);
	ck_assert_msg(told_failinfo(&told) == row->failinfo, "%s: %s", row->name,
		      failinfo_name(told_failinfo(&told)));
	if (row->reason != REFUSAL_NONE)
		bent_sentence_check(&told, row->reason);
	ck_assert(!told.not_a_message && !told_certificate(&told).len);
	after = bent_state_now();
	ck_assert_msg(!memcmp(&before, &after, sizeof(before)), "%s: state changed", row->name);
	told_clear(&told);
	ask_clear(&a);
}

void bent_setup(void)
{
	struct told told;
	struct ask a;

	house_open(&bent_house, "", "");
	house_register(&bent_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&bent_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a2");
	house_register(&bent_house, "vnfm-b", CERT_TYPE_VNFCI, "vnfci-b");
	house_register(&bent_house, "vnfm-c", CERT_TYPE_VNFCI, "vnfci-c");
	ask_new(&a, &bent_house, &bent_house.vnfm_a);
	ask_certreq(&a, IR, "vnfci-a");
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(octets_dup(told_certificate(&told), &bent_active), 0);
	bent_active_key = a.key;
	a.key = NULL;
	told_clear(&told);
	ask_clear(&a);
}

void bent_teardown(void)
{
	EVP_PKEY_free(bent_active_key);
	octets_clear(&bent_active);
	house_close(&bent_house);
}
