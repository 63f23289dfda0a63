// SPDX-License-Identifier: Apache-2.0
/* Store keys, and what is sealed under them. */
#include "fixture.h"

#include "store/direct.h"
#include "store/event.h"
#include "store/secret_key.h"

static const uint8_t old_key[STORE_KEY_ID_LEN] = "key-old!";
static const uint8_t new_key[STORE_KEY_ID_LEN] = "key-new!";

static void assert_keys(struct fixture *f, const uint8_t *current, const uint8_t *before)
{
	struct store_secret_key keys[STORE_SECRET_KEYS_MAX];
	size_t n = 0;

	OK(store_secret_keys(f->reader, keys, &n));
	ck_assert_uint_eq(n, !!current + !!before);
	if (current) {
		ck_assert_mem_eq(keys[0].id, current, STORE_KEY_ID_LEN);
		ck_assert(keys[0].in_force);
	}
	if (before) {
		ck_assert_mem_eq(keys[1].id, before, STORE_KEY_ID_LEN);
		ck_assert(!keys[1].in_force);
	}
}

START_TEST(test_secret_key_in_force)
{
	struct fixture f;

	fixture_begin(&f, _i);
	assert_keys(&f, NULL, NULL);
	/* The first one that seals; twice in a unit is fine. */
	OK(store_secret_key_require(f.unit, old_key, 7));
	OK(store_secret_key_require(f.unit, old_key, 7));
	OK(store_unit_commit(f.unit));
	assert_keys(&f, old_key, NULL);
	OK(store_secret_key_require(f.unit, new_key, 8));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_secret_key_remove(f.unit, old_key));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_secret_key_replace(f.unit, old_key, new_key, 9));
	OK(store_unit_commit(f.unit));
	assert_keys(&f, new_key, old_key);
	/* Who has decided before seals no more. */
	OK(store_secret_key_require(f.unit, old_key, 10));
	CONFLICT(store_unit_commit(f.unit));
	/* Not back while the one before is still there. */
	OK(store_secret_key_replace(f.unit, new_key, old_key, 11));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_secret_key_remove(f.unit, old_key));
	OK(store_unit_commit(f.unit));
	assert_keys(&f, new_key, NULL);
	fixture_end(&f);
}
END_TEST

struct seen {
	struct fixture *f;
	size_t n;
	int64_t last_id;
	char reference[80];
	const char *sealed_as; /* NULL: it is only looked at */
};

static int sealed_see(void *arg, const struct store_sealed *sealed)
{
	struct seen *seen = arg;

	ck_assert_int_gt(sealed->id, seen->last_id);
	seen->last_id = sealed->id;
	seen->n++;
	ck_assert_uint_lt(sealed->reference.len, sizeof(seen->reference));
	memcpy(seen->reference, sealed->reference.data, sealed->reference.len);
	seen->reference[sealed->reference.len] = '\0';
	if (seen->sealed_as)
		OK(store_sealed_replace(seen->f->unit, sealed, bytes_of_string(seen->sealed_as)));
	return 0;
}

static size_t sealed_count(struct fixture *f, enum store_sealed_kind kind, const uint8_t *not_under)
{
	struct seen seen = {.f = f};

	OK(store_sealed_list(f->reader, kind, 0, not_under, 100, sealed_see, &seen));
	return seen.n;
}

/* A certificate, so that there is what others refer to. */
static int64_t certificate_put(struct fixture *f, int64_t registration_id)
{
	const struct store_certificate cert = sample_certificate(registration_id, 5);

	return put_certificate(f, &cert);
}

/* A secret of each kind, whose reference is "whose" where it is text. */
static void secrets_put(struct fixture *f)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_credential shared = {.known_by = OCTETS("whose"),
					  .content = OCTETS("sealed before")};
	struct store_client client = sample_client("client-1");
	int64_t registration_id = put_registration(f, &reg), id = 0;
	const struct store_archived_key key = {.certificate_id =
						       certificate_put(f, registration_id),
					       .secret = OCTETS("sealed before")};
	const struct store_kem_secret kem = {.requester = TEXT("client-1"),
					     .transaction_id = OCTETS("whose"),
					     .sent_nonce = OCTETS("nonce"),
					     .secret = OCTETS("sealed before"),
					     .request = OCTETS("request"),
					     .response = OCTETS("response")};
	struct store_rev_passphrase passphrase = {.registration_id = registration_id,
						  .reference = OCTETS("whose"),
						  .secret = OCTETS("sealed before")};
	const struct store_subscription subscription = {.client = TEXT("client-1"),
							.trust_domain = TEXT("domain-a"),
							.callback_uri = TEXT("https://a.example"),
							.filter = TEXT(""),
							.token_endpoint = TEXT("https://b.example"),
							.secret = OCTETS("sealed before")};
	const struct store_initial_credential initial = {.registration_id = registration_id,
							 .reference = OCTETS("whose"),
							 .secret = OCTETS("sealed before"),
							 .expires_ms = 1};

	client.credentials = &shared;
	client.n_credentials = 1;
	OK(store_client_insert(f->unit, &client));
	OK(store_archived_key_insert(f->unit, &key));
	OK(store_kem_secret_insert(f->unit, &kem));
	OK(store_rev_passphrase_put(f->unit, &passphrase));
	passphrase.transaction_id = OCTETS("transaction");
	OK(store_rev_passphrase_put(f->unit, &passphrase));
	OK(store_subscription_insert(f->unit, &subscription, &id));
	OK(store_initial_credential_put(f->unit, &initial));
	OK(store_unit_commit(f->unit));
}

START_TEST(test_secrets_are_sealed_anew)
{
	struct fixture f;

	fixture_begin(&f, _i);
	secrets_put(&f);
	for (int kind = 0; kind < STORE_SEALED_KINDS; kind++) {
		struct seen seen = {.f = &f, .sealed_as = "key-new!, sealed anew"};

		ck_assert_msg(sealed_count(&f, (enum store_sealed_kind)kind, NULL) == 1, "kind %d",
			      kind);
		OK(store_sealed_list(f.reader, (enum store_sealed_kind)kind, 0, new_key, 100,
				     sealed_see, &seen));
		ck_assert_uint_eq(seen.n, 1);
		OK(store_unit_commit(f.unit));
		ck_assert_uint_eq(sealed_count(&f, (enum store_sealed_kind)kind, new_key), 0);
		ck_assert_uint_eq(sealed_count(&f, (enum store_sealed_kind)kind, old_key), 1);
		/* Who has seen it before finds another secret now. */
		OK(store_sealed_replace(f.unit,
					&(struct store_sealed){.kind = (enum store_sealed_kind)kind,
							       .id = seen.last_id,
							       .secret = OCTETS("sealed before")},
					VIEW("never")));
		CONFLICT(store_unit_commit(f.unit));
		if (kind == STORE_SEALED_SUBSCRIPTION)
			ck_assert_str_eq(seen.reference, "client-1");
		else if (kind != STORE_SEALED_ARCHIVED_KEY)
			ck_assert_str_eq(seen.reference, "whose");
	}
	fixture_end(&f);
}
END_TEST

TCase *secret_key_cases(void)
{
	TCase *tc = tcase_create("secret key");

	tcase_add_loop_test(tc, test_secret_key_in_force, 0, backends_count);
	tcase_add_loop_test(tc, test_secrets_are_sealed_anew, 0, backends_count);
	return tc;
}
