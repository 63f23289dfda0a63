// SPDX-License-Identifier: Apache-2.0
/* What tests of granted requests share. See granted.h. */
#include "granted.h"

#include <check.h>

struct house granted_house;

static int certificate_compare(void *arg, const struct store_certificate *cert)
{
	struct granted_found *found = arg;

	found->n++;
	if (bytes_equal(octets_view(&cert->der), found->der))
		found->state = (int)cert->state;
	return 0;
}

struct granted_found granted_find(struct bytes der)
{
	const struct store_certificate_filter all = {.state = -1};
	struct granted_found found = {.der = der, .state = -1};

	ck_assert_int_eq(store_certificate_list(granted_house.worker.reader, &all,
						certificate_compare, &found),
			 0);
	return found;
}

int granted_state(struct bytes der)
{
	return granted_find(der).state;
}

void granted_enrol(struct ask *a, int type, const struct house_credential *who, struct told *told)
{
	ask_new(a, &granted_house, who);
	if (type == PKI_BODY_P10CR)
		ask_p10cr(a, "vnfci-a");
	else
		ask_certreq(a, type, "vnfci-a");
	ask_send(a, told);
	ck_assert_int_eq(told_failinfo(told), -1);
	ck_assert(told_certificate(told).len);
}

void granted_certconf(struct ask *before, struct told *ip, int status, int body, int failinfo)
{
	struct told told;
	struct ask a;

	ask_certconf(&a, before, ip, status);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, body);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	told_clear(&told);
	ask_clear(&a);
}

void granted_done(struct ask *a, struct told *told)
{
	told_clear(told);
	ask_clear(a);
}

void granted_expect(struct ask *a, int body, int failinfo)
{
	struct told told;

	ask_send(a, &told);
	ck_assert_int_eq(told.msg->body_type, body);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	granted_done(a, &told);
}

static void setup(const char *cmf_keys)
{
	house_open(&granted_house, cmf_keys, "");
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&granted_house, "mac", CERT_TYPE_VNFCI, "vnfci-mac");
}

void granted_setup(void)
{
	setup("transactions_max_per_client = 20\nannouncements_max_per_client = 3\n");
}

void granted_setup_open(void)
{
	setup("transactions_max_per_client = 1000000\n");
}

void granted_teardown(void)
{
	house_close(&granted_house);
}
