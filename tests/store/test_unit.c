// SPDX-License-Identifier: Apache-2.0
/* Units: all or nothing; opening, closing and what is there afterwards. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

START_TEST(test_unit_that_is_empty)
{
	struct fixture f;

	fixture_begin(&f, _i);
	ck_assert(store_unit_empty(f.unit));
	OK(store_unit_commit(f.unit));
	add_audit(f.unit);
	ck_assert(!store_unit_empty(f.unit));
	store_unit_clear(f.unit);
	ck_assert(store_unit_empty(f.unit));
	OK(store_unit_commit(f.unit));
	ck_assert_int_eq(f.backend->audit_count(f.database), 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_unit_conflict_undoes_all_of_it)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert = sample_certificate(0, 1), found = {0};
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));
	struct store_transaction taken = sample_transaction(OCTETS("fedcba9876543210"));
	int64_t reg_id = 0, cert_id = 0, txn_id = 0, id = 0;
	struct store_registration found_reg = {0};
	struct store_transaction found_txn = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	put_transaction(&f, &taken);
	for (int round = 0; round < 2; round++) {
		OK(store_registration_insert(f.unit, &reg, &reg_id));
		cert.registration_id = reg_id;
		OK(store_certificate_insert(f.unit, &cert, &cert_id));
		t.certificate_id = cert_id;
		OK(store_transaction_insert(f.unit, &t, &txn_id));
		add_audit(f.unit);
		if (round == 0) {
			OK(store_transaction_insert(f.unit, &taken, &id));
			CONFLICT(store_unit_commit(f.unit));
			ck_assert(store_unit_empty(f.unit));
			ck_assert_int_eq(store_unit_id(f.unit, reg_id), 0);
			ck_assert_int_eq(store_unit_id(f.unit, cert_id), 0);
			ck_assert_int_eq(store_unit_id(f.unit, txn_id), 0);
			ABSENT(store_registration_find(f.reader, ENTITY("vnfci-1"), reg.cert_type,
						       &found_reg));
			ABSENT(store_certificate_find(f.reader, "issuing", &cert.serial, &found));
			ABSENT(store_transaction_find(f.reader, t.requester,
						      octets_view(&t.transaction_id), &found_txn));
			ck_assert_int_eq(f.backend->audit_count(f.database), 0);
		}
	}
	/* The second round had nothing in its way. */
	OK(store_unit_commit(f.unit));
	OK(store_certificate_get(f.reader, store_unit_id(f.unit, cert_id), &found));
	store_certificate_clear(&found);
	ck_assert_int_eq(f.backend->audit_count(f.database), 1);
	fixture_end(&f);
}
END_TEST

/* A certificate that is not there is no condition of store.h but a bug: a fault. */
START_TEST(test_unit_with_a_reference_to_nothing)
{
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));
	struct store_transaction found = {0};
	struct fixture f;

	fixture_begin(&f, _i);
	t.certificate_id = 7;
	add_audit(f.unit);
	OK(store_transaction_insert(f.unit, &t, NULL));
	ck_assert_int_lt(store_unit_commit(f.unit), 0);
	ABSENT(store_transaction_find(f.reader, t.requester, octets_view(&t.transaction_id),
				      &found));
	ck_assert_int_eq(f.backend->audit_count(f.database), 0);
	fixture_end(&f);
}
END_TEST

/* A number stands for a row in the unit that inserts it, and nowhere else. */
START_TEST(test_unit_with_a_number_of_another_unit)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert = sample_certificate(0, 1);
	struct fixture f;

	fixture_begin(&f, _i);
	add_audit(f.unit);
	OK(store_registration_insert(f.unit, &reg, &cert.registration_id));
	store_unit_clear(f.unit);
	ck_assert_int_eq(store_unit_id(f.unit, cert.registration_id), 0);
	ck_assert_int_lt(store_certificate_insert(f.unit, &cert, NULL), 0);
	store_unit_clear(f.unit);
	/* A dry unit makes no rows. */
	store_unit_set_dry(f.unit);
	OK(store_registration_insert(f.unit, &reg, &reg.id));
	OK(store_unit_commit(f.unit));
	ck_assert_int_eq(store_unit_id(f.unit, reg.id), 0);
	fixture_end(&f);
}
END_TEST

/* --- a unit copies what it is given --- */

enum { COPIES_MAX = 100 };

/* Memory that is overwritten and freed before the commit. */
static struct {
	uint8_t *data;
	size_t len;
} lent[COPIES_MAX];
static size_t lent_len;

static void *lend(const void *data, size_t len)
{
	ck_assert_uint_lt(lent_len, COPIES_MAX);
	lent[lent_len].data = malloc(len);
	lent[lent_len].len = len;
	memcpy(lent[lent_len].data, data, len);
	lent_len++;
	return lent[lent_len - 1].data;
}

static void lend_text(char **textp)
{
	if (*textp)
		*textp = lend(*textp, strlen(*textp) + 1);
}

static void lend_octets(struct octets *octets)
{
	if (octets->len)
		octets->data = lend(octets->data, octets->len);
}

static void take_back(void)
{
	for (size_t i = 0; i < lent_len; i++) {
		memset(lent[i].data, 'x', lent[i].len);
		free(lent[i].data);
	}
	lent_len = 0;
}

static void add_lent_client(struct fixture *f)
{
	struct store_client client = sample_client("vnfm-a");
	struct store_credential credential = client.credentials[0];

	client.credentials = lend(&credential, sizeof(credential));
	lend_text(&client.name);
	lend_text(&client.trust_domain);
	lend_text(&client.default_profile);
	lend_text(&client.policy);
	lend_octets(&client.credentials->known_by);
	lend_text(&client.credentials->subject);
	lend_octets(&client.credentials->content);
	OK(store_client_insert(f->unit, &client));
	memset(&client, 'x', sizeof(client));
}

static int64_t add_lent_certificate(struct fixture *f)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_entity entity;
	struct store_certificate cert = sample_certificate(0, 1);
	struct store_rev_passphrase passphrase = {.reference = OCTETS("reference"),
						  .secret = OCTETS("sealed"),
						  .transaction_id = OCTETS("transaction")};
	struct store_archived_key key = {.secret = OCTETS("sealed key")};
	int64_t id;

	lend_text(&reg.vnf_instance);
	lend_text(&reg.subject_id);
	lend_text(&reg.manager);
	lend_text(&reg.trust_domain);
	lend_text(&reg.ca);
	lend_text(&reg.profile);
	OK(store_registration_insert(f->unit, &reg, &reg.id));
	entity = store_registration_entity(&reg);
	cert.registration_id = passphrase.registration_id = reg.id;
	OK(store_key_require(f->unit, cert.key_digest, &entity));
	lend_text(&cert.ca);
	lend_text(&cert.subject);
	lend_text(&cert.requester);
	lend_octets(&cert.der);
	OK(store_certificate_insert(f->unit, &cert, &id));
	lend_octets(&passphrase.reference);
	lend_octets(&passphrase.secret);
	lend_octets(&passphrase.transaction_id);
	OK(store_rev_passphrase_put(f->unit, &passphrase));
	key.certificate_id = id;
	lend_octets(&key.secret);
	OK(store_archived_key_insert(f->unit, &key));
	memset(&cert, 'x', sizeof(cert));
	return id;
}

static int64_t add_lent_transaction(struct fixture *f, int64_t certificate_id)
{
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef"));
	struct store_transaction_item item = {.failinfo = 9, .status_text = TEXT("refused")};
	struct store_pop pop = {.answer_digests = OCTETS("digests"), .request = OCTETS("ir")};
	struct store_kem_secret secret = {.requester = TEXT("vnfm-a"),
					  .transaction_id = OCTETS("kem"),
					  .sent_nonce = OCTETS("nonce"),
					  .secret = OCTETS("sealed"),
					  .request = OCTETS("genm"),
					  .response = OCTETS("genp")};
	struct store_seen seen = {.digest = {7}, .until_ms = 1};
	int64_t id;

	t.certificate_id = certificate_id;
	t.signer = OCTETS("signer");
	lend_text(&t.requester);
	lend_text(&t.status_text);
	lend_octets(&t.transaction_id);
	lend_octets(&t.request_nonce);
	lend_octets(&t.sent_nonce);
	lend_octets(&t.response);
	lend_octets(&t.signer);
	OK(store_transaction_insert(f->unit, &t, &id));
	lend_text(&item.status_text);
	OK(store_transaction_item_insert(f->unit, &item, 0, id));
	pop.transaction_id = id;
	lend_octets(&pop.answer_digests);
	lend_octets(&pop.request);
	OK(store_pop_insert(f->unit, &pop));
	lend_text(&secret.requester);
	lend_octets(&secret.transaction_id);
	lend_octets(&secret.sent_nonce);
	lend_octets(&secret.secret);
	lend_octets(&secret.request);
	lend_octets(&secret.response);
	OK(store_kem_secret_insert(f->unit, &secret));
	OK(store_seen_insert(f->unit, &seen));
	memset(&t, 'x', sizeof(t));
	memset(&seen, 'x', sizeof(seen));
	return id;
}

static int64_t add_lent_exchange(struct fixture *f, int64_t certificate_id)
{
	struct store_exchange e = sample_exchange(certificate_id);
	struct store_exchange_message message = {.sent = true, .der = OCTETS("ir of ours")};
	struct store_crl crl = {.ca = TEXT("issuing"), .number = 1, .der = VIEW("crl")};
	struct store_announcement a = {.type = 16, .sender = TEXT("ca"), .der = OCTETS("cann")};
	char *refusal = TEXT("refusal_code");
	int64_t id;

	lend_text(&e.ca);
	lend_octets(&e.request);
	OK(store_exchange_insert(f->unit, &e, &id));
	lend_octets(&message.der);
	OK(store_exchange_add_message(f->unit, id, &message));
	lend_text(&refusal);
	OK(store_exchange_finish(f->unit, id, STORE_EXCHANGE_FAILED, -1, refusal));
	lend_text(&crl.ca);
	/* Its octets are not copied. */
	OK(store_crl_insert(f->unit, &crl, NULL));
	lend_text(&a.sender);
	lend_octets(&a.der);
	OK(store_announcement_insert(f->unit, &a, NULL));
	return id;
}

static int client_assert(void *arg, struct store_client *client)
{
	const struct store_client sample = sample_client("vnfm-a");

	ck_assert_str_eq(client->name, sample.name);
	ck_assert_str_eq(client->trust_domain, sample.trust_domain);
	ck_assert_str_eq(client->default_profile, sample.default_profile);
	ck_assert_str_eq(client->policy, sample.policy);
	ck_assert_uint_eq(client->n_credentials, 1);
	ck_assert_str_eq(client->credentials->subject, sample.credentials->subject);
	ck_assert(bytes_equal(octets_view(&client->credentials->known_by),
			      octets_view(&sample.credentials->known_by)));
	ck_assert(bytes_equal(octets_view(&client->credentials->content),
			      octets_view(&sample.credentials->content)));
	++*(int *)arg;
	return 0;
}

static void certificate_assert(struct fixture *f, int64_t id)
{
	const struct store_certificate sample = sample_certificate(0, 1);
	struct store_rev_passphrase passphrase = {0};
	struct store_certificate cert = {0};
	struct store_archived_key key = {0};

	OK(store_certificate_get(f->reader, id, &cert));
	ck_assert_str_eq(cert.subject_id, "vnfci-1");
	ck_assert_str_eq(cert.manager, "vnfm-a");
	ck_assert_str_eq(cert.ca, sample.ca);
	ck_assert_str_eq(cert.subject, sample.subject);
	ck_assert_str_eq(cert.requester, sample.requester);
	ck_assert(serial_equal(&cert.serial, &sample.serial));
	ck_assert(bytes_equal(octets_view(&cert.der), octets_view(&sample.der)));
	ck_assert_mem_eq(cert.key_digest, sample.key_digest, sizeof(cert.key_digest));
	store_certificate_clear(&cert);
	OK(store_rev_passphrase_find(f->reader, VIEW("reference"), &passphrase));
	ck_assert(bytes_equal(octets_view(&passphrase.secret), VIEW("sealed")));
	store_rev_passphrase_clear(&passphrase);
	OK(store_archived_key_get(f->reader, id, &key));
	ck_assert(bytes_equal(octets_view(&key.secret), VIEW("sealed key")));
	store_archived_key_clear(&key);
}

static int signer_assert(void *arg, struct store_signer *signer)
{
	ck_assert(bytes_equal(octets_view(&signer->certificates), VIEW("signer")));
	++*(int *)arg;
	return 0;
}

static void transaction_assert(struct fixture *f, int64_t id)
{
	const struct store_transaction sample = sample_transaction(OCTETS("0123456789abcdef"));
	struct store_transaction_items items = {0};
	struct store_kem_secret secret = {0};
	struct store_transaction t = {0};
	struct store_pop pop = {0};
	int signers = 0;
	bool seen;

	OK(store_transaction_find(f->reader, sample.requester, VIEW("0123456789abcdef"), &t));
	ck_assert_int_eq(t.id, id);
	ck_assert_str_eq(t.status_text, sample.status_text);
	ck_assert(bytes_equal(octets_view(&t.request_nonce), octets_view(&sample.request_nonce)));
	ck_assert(bytes_equal(octets_view(&t.sent_nonce), octets_view(&sample.sent_nonce)));
	ck_assert(bytes_equal(octets_view(&t.response), octets_view(&sample.response)));
	ck_assert_mem_eq(t.request_digest, sample.request_digest, sizeof(t.request_digest));
	store_transaction_clear(&t);
	OK(store_transaction_signers(f->reader, VIEW("0123456789abcdef"), sample.protection,
				     signer_assert, &signers));
	ck_assert_int_eq(signers, 1);
	OK(store_transaction_items_get(f->reader, id, &items));
	ck_assert_str_eq(items.item[0].status_text, "refused");
	store_transaction_items_clear(&items);
	OK(store_pop_get(f->reader, id, &pop));
	ck_assert(bytes_equal(octets_view(&pop.answer_digests), VIEW("digests")));
	ck_assert(bytes_equal(octets_view(&pop.request), VIEW("ir")));
	store_pop_clear(&pop);
	OK(store_kem_secret_find(f->reader, VIEW("kem"), &secret));
	ck_assert_str_eq(secret.requester, "vnfm-a");
	ck_assert(bytes_equal(octets_view(&secret.sent_nonce), VIEW("nonce")));
	ck_assert(bytes_equal(octets_view(&secret.secret), VIEW("sealed")));
	ck_assert(bytes_equal(octets_view(&secret.request), VIEW("genm")));
	ck_assert(bytes_equal(octets_view(&secret.response), VIEW("genp")));
	store_kem_secret_clear(&secret);
	OK(store_seen_find(f->reader, (const uint8_t[32]){7}, &seen));
	ck_assert(seen);
}

static void exchange_assert(struct fixture *f, int64_t id)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	struct store_exchange_messages messages = {0};
	struct store_announcement a = {0};
	struct store_exchange e = {0};
	struct store_crl crl = {0};

	OK(store_exchange_get(f->reader, id, &e));
	ck_assert_str_eq(e.ca, "upstream");
	ck_assert_str_eq(e.refusal, "refusal_code");
	ck_assert(bytes_equal(octets_view(&e.request), VIEW("csr")));
	store_exchange_clear(&e);
	OK(store_exchange_messages_get(f->reader, id, &messages));
	ck_assert_uint_eq(messages.len, 1);
	ck_assert(bytes_equal(octets_view(&messages.item[0].der), VIEW("ir of ours")));
	store_exchange_messages_clear(&messages);
	OK(store_crl_newest(f->reader, "issuing", &crl));
	OK(store_crl_octets(f->reader, crl.id, &der));
	ck_assert(bytes_equal(octets_view(&der), VIEW("crl")));
	store_crl_clear(&crl);
	OK(store_announcement_get(f->reader, 1, &a));
	ck_assert_str_eq(a.sender, "ca");
	ck_assert(bytes_equal(octets_view(&a.der), VIEW("cann")));
	store_announcement_clear(&a);
}

START_TEST(test_unit_copies_what_it_is_given)
{
	int64_t certificate_id, transaction_id, exchange_id;
	struct fixture f;
	int clients = 0;

	fixture_begin(&f, _i);
	/* Again in the same unit, which has the memory of the first round. */
	for (int round = 0; round < 2; round++) {
		add_lent_client(&f);
		certificate_id = add_lent_certificate(&f);
		transaction_id = add_lent_transaction(&f, certificate_id);
		exchange_id = add_lent_exchange(&f, certificate_id);
		take_back();
		if (round == 0)
			store_unit_clear(f.unit);
	}
	OK(store_unit_commit(f.unit));
	certificate_assert(&f, store_unit_id(f.unit, certificate_id));
	transaction_assert(&f, store_unit_id(f.unit, transaction_id));
	exchange_assert(&f, store_unit_id(f.unit, exchange_id));
	OK(store_client_list(f.reader, 0, client_assert, &clients));
	ck_assert_int_eq(clients, 1);
	fixture_end(&f);
}
END_TEST

/* Larger than what a unit has at hand; then an ordinary one again. */
START_TEST(test_unit_of_any_size)
{
	static uint8_t large[3 << 20];
	struct store_crl crl = {.ca = TEXT("issuing"), .der = {large, sizeof(large)}};
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	struct fixture f;

	fixture_begin(&f, _i);
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * 7);
	for (crl.number = 1; crl.number < 4; crl.number++) {
		OK(store_crl_insert(f.unit, &crl, &crl.id));
		for (int i = 0; i < 1000; i++)
			add_audit(f.unit);
		OK(store_unit_commit(f.unit));
		crl.id = store_unit_id(f.unit, crl.id);
	}
	OK(store_crl_octets(f.reader, crl.id, &der));
	ck_assert(bytes_equal(octets_view(&der), crl.der));
	ck_assert_int_eq(f.backend->audit_count(f.database), 3000);
	fixture_end(&f);
}
END_TEST

START_TEST(test_store_keeps_everything_when_reopened)
{
	struct store_client client = sample_client("vnfm-a");
	struct store_registration reg = sample_registration("vnfci-1"), found = {0};
	int64_t before, after;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_client_insert(f.unit, &client));
	OK(store_unit_commit(f.unit));
	put_registration(&f, &reg);
	OK(store_client_generation(f.reader, &before));
	fixture_close(&f);
	fixture_open(&f);
	OK(store_registration_find(f.reader, ENTITY("vnfci-1"), CERT_TYPE_VNFCI, &found));
	store_registration_clear(&found);
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_eq(before, after);
	fixture_end(&f);
}
END_TEST

START_TEST(test_store_is_created_once_and_opened_if_it_is_there)
{
	struct fixture f = {.backend = backends[_i]};

	f.database = f.backend->database_new();
	f.options = (struct store_options){.database = f.database, .batch_max = 1};
	ck_assert_int_eq(store_open(&f.options, &f.store), -ENOENT);
	ck_assert_ptr_null(f.store);
	OK(store_create(&f.options));
	ck_assert_int_eq(store_create(&f.options), -EEXIST);
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

START_TEST(test_store_newer_than_the_program_is_refused)
{
	struct fixture f;

	fixture_begin(&f, _i);
	fixture_close(&f);
	f.backend->database_make_newer(f.database, SCHEMA_NEWEST + 1);
	ck_assert_int_eq(store_open(&f.options, &f.store), -EPROTO);
	ck_assert_ptr_null(f.store);
	f.backend->database_drop(f.database);
}
END_TEST

/* The program that has migrated it says that this one may go on. */
START_TEST(test_store_newer_that_lets_the_program_go_on)
{
	const struct store_client client = sample_client("client-1");
	struct strbuf problem = STRBUF_NULL;
	struct fixture f;

	fixture_begin(&f, _i);
	fixture_close(&f);
	f.backend->database_make_newer(f.database, SCHEMA_NEWEST);
	fixture_open(&f);
	OK(store_client_insert(f.unit, &client));
	OK(store_unit_commit(f.unit));
	fixture_close(&f);
	/* It is not made older. */
	f.options.as_it_is = true;
	OK(store_open(&f.options, &f.store));
	store_close(f.store);
	f.options.as_it_is = false;
	f.backend->database_make_newer(f.database, SCHEMA_NEWEST + 1);
	ck_assert_int_eq(store_open(&f.options, &f.store), -EPROTO);
	store_open_problem(&f.options, -EPROTO, &problem);
	ck_assert_ptr_nonnull(strstr(problem.text, "cannot go on with it"));
	strbuf_clear(&problem);
	f.backend->database_drop(f.database);
}
END_TEST

TCase *unit_cases(void)
{
	TCase *tc = tcase_create("unit");

	tcase_add_loop_test(tc, test_store_newer_that_lets_the_program_go_on, 0, backends_count);
	tcase_add_loop_test(tc, test_unit_that_is_empty, 0, backends_count);
	tcase_add_loop_test(tc, test_unit_conflict_undoes_all_of_it, 0, backends_count);
	tcase_add_loop_test(tc, test_unit_with_a_reference_to_nothing, 0, backends_count);
	tcase_add_loop_test(tc, test_unit_with_a_number_of_another_unit, 0, backends_count);
	tcase_add_loop_test(tc, test_unit_copies_what_it_is_given, 0, backends_count);
	tcase_add_loop_test(tc, test_unit_of_any_size, 0, backends_count);
	tcase_add_loop_test(tc, test_store_keeps_everything_when_reopened, 0, backends_count);
	tcase_add_loop_test(tc, test_store_is_created_once_and_opened_if_it_is_there, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_store_newer_than_the_program_is_refused, 0, backends_count);
	return tc;
}
