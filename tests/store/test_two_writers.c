// SPDX-License-Identifier: Apache-2.0
/*
 * Two processes that write to one database: two stores that know nothing of each other. Each has
 * decided before the other commits, so that only the conditions of its unit stand between them.
 * Some are over rows that the statement does not write itself: units must be judged one after the
 * other (store.h), whoever commits them.
 */
#include "fixture.h"
#include "store/direct.h"
#include "store/event.h"
#include "store/nonce.h"
#include "store/secret_key.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Of each race, when both commit at the same moment; CMFD_RACES says another number. */
enum { ROUNDS = 10 };

static int rounds_wanted(void)
{
	const char *told = getenv("CMFD_RACES");

	return told ? atoi(told) : ROUNDS;
}

/* What is there before a round of both begins. */
struct state {
	char name[2][24]; /* two entities */
	int64_t registration_id[2];
	int64_t certificate_id; /* PENDING, of the first */
	int64_t active_id;      /* ACTIVE, of the second: who asks has signed with it */
	char client[24];        /* that asks */
	int64_t credential_id;  /* of it */
	int64_t nonce_id;
	struct store_initial_credential initial; /* of the first */
	uint8_t key_id[STORE_KEY_ID_LEN];        /* of the store key in force */
	int64_t exchange_id;
	int64_t crl_id;
	struct store_transaction transaction;
	int64_t generation; /* of the clients */
	int round;
};

typedef void change(struct store_unit *unit, struct state *s);

struct race {
	const char *name;
	change *ours;
	change *theirs;
	/* What the second one is told: when ours came first, when theirs did. */
	int theirs_second;
	int ours_second;
};

/* --- the changes --- */

static void entity_of_manager(struct store_unit *unit, struct state *s, enum cert_type type,
			      const char *manager)
{
	char name[24] = "";
	struct store_registration reg = sample_registration(name);

	snprintf(name, sizeof(name), "new-%d", s->round);
	reg.cert_type = type;
	reg.manager = TEXT(manager);
	OK(store_registration_insert(unit, &reg, NULL));
}

static void entity_of_a(struct store_unit *unit, struct state *s)
{
	entity_of_manager(unit, s, CERT_TYPE_VNFCI, "vnfm-a");
}

static void entity_of_b_under_another_type(struct store_unit *unit, struct state *s)
{
	entity_of_manager(unit, s, CERT_TYPE_VNF_OAM, "vnfm-b");
}

/* One that was nobody's name among the clients. */
static void entity_among_clients(struct store_unit *unit, struct state *s)
{
	OK(store_clients_require(unit, s->generation));
	entity_of_a(unit, s);
}

static void client_of_that_name(struct store_unit *unit, struct state *s)
{
	char name[24] = "";
	struct store_client client = sample_client(name);

	snprintf(name, sizeof(name), "new-%d", s->round);
	OK(store_subject_require(unit, name, NULL));
	OK(store_client_insert(unit, &client));
}

/* What is asked for by the client, or by the holder of a certificate. */
static void asked_by_client(struct store_unit *unit, struct state *s)
{
	OK(store_client_require(unit, s->client, s->generation));
	entity_of_a(unit, s);
}

static void asked_by_holder(struct store_unit *unit, struct state *s)
{
	OK(store_certificate_require(unit, s->active_id));
	entity_of_a(unit, s);
}

static void client_removed(struct store_unit *unit, struct state *s)
{
	OK(store_client_remove(unit, s->client));
}

static void client_changed(struct store_unit *unit, struct state *s)
{
	struct store_client client = sample_client(s->client);

	client.permissions = 0;
	OK(store_client_update(unit, &client));
}

static void client_without_credential(struct store_unit *unit, struct state *s)
{
	OK(store_credential_remove(unit, s->client, s->credential_id));
}

/* The same name, and somebody else. */
static void client_in_its_place(struct store_unit *unit, struct state *s)
{
	struct store_client client = sample_client(s->client);

	client_removed(unit, s);
	OK(store_client_insert(unit, &client));
}

static void holder_revoked(struct store_unit *unit, struct state *s)
{
	OK(store_certificate_revoke(unit, s->active_id, STORE_CERT_ACTIVE, STORE_CERT_REVOKED, 1,
				    1));
}

static void holder_on_hold(struct store_unit *unit, struct state *s)
{
	OK(store_certificate_revoke(unit, s->active_id, STORE_CERT_ACTIVE, STORE_CERT_ON_HOLD, 6,
				    1));
}

static uint64_t serial_of(const struct state *s, int which)
{
	return 1000 + 10 * (uint64_t)s->round + (uint64_t)which;
}

static void digest_of(const struct state *s, uint8_t digest[32])
{
	memset(digest, 0xd1, 32);
	memcpy(digest, &s->round, sizeof(s->round));
}

static void certificate(struct store_unit *unit, const struct state *s, int which, int entity)
{
	struct store_certificate cert =
		sample_certificate(s->registration_id[entity], serial_of(s, which));

	digest_of(s, cert.key_digest);
	OK(store_certificate_insert(unit, &cert, NULL));
}

static void key_of(struct store_unit *unit, const struct state *s, int entity)
{
	uint8_t digest[32];

	digest_of(s, digest);
	OK(store_key_require(unit, digest, ENTITY(s->name[entity])));
	certificate(unit, s, entity, entity);
}

static void key_of_first(struct store_unit *unit, struct state *s)
{
	key_of(unit, s, 0);
}

static void key_of_second(struct store_unit *unit, struct state *s)
{
	key_of(unit, s, 1);
}

/* The first entity has one, and may have two. */
static void last_place(struct store_unit *unit, const struct state *s, int which)
{
	const struct store_live live = {.entity = *ENTITY(s->name[0]), .now_ms = 1, .max = 2};

	OK(store_live_require(unit, &live));
	certificate(unit, s, which, 0);
}

static void last_place_once(struct store_unit *unit, struct state *s)
{
	last_place(unit, s, 3);
}

static void last_place_again(struct store_unit *unit, struct state *s)
{
	last_place(unit, s, 4);
}

static void certificate_of_first(struct store_unit *unit, struct state *s)
{
	certificate(unit, s, 5, 0);
}

static void passphrase_of_first(struct store_unit *unit, struct state *s)
{
	const struct store_rev_passphrase p = {
		.registration_id = s->registration_id[0],
		.reference = {(uint8_t *)s->name[0], strlen(s->name[0])},
		.secret = OCTETS("sealed")};

	OK(store_rev_passphrase_put(unit, &p));
}

static void first_deregistered(struct store_unit *unit, struct state *s)
{
	OK(store_registration_deregister(unit, s->registration_id[0], 1));
}

/* Two answers were lost, and both requests come again at the same time. */
static void request_for_first(struct store_unit *unit, struct state *s)
{
	uint8_t digest[32];
	const struct store_csr_same same = {.client = "vnfm-a",
					    .digest = digest,
					    .registration_id = s->registration_id[0],
					    .now_ms = 1};
	struct store_csr csr = {.state = STORE_CSR_COMPLETED,
				.certificate_id = s->certificate_id,
				.client = TEXT("vnfm-a"),
				.failinfo = -1};

	digest_of(s, digest);
	memcpy(csr.digest, digest, sizeof(csr.digest));
	OK(store_csr_require(unit, &same));
	OK(store_csr_insert(unit, &csr, NULL));
}

static void message_of_exchange(struct store_unit *unit, struct state *s)
{
	const struct store_exchange_message message = {.sent = true, .der = OCTETS("ir")};

	OK(store_exchange_add_message(unit, s->exchange_id, &message));
}

static void exchange_finished(struct store_unit *unit, struct state *s)
{
	OK(store_exchange_finish(unit, s->exchange_id, STORE_EXCHANGE_FAILED, -1, NULL));
}

/* An answer to a revocation that the operator gives up meanwhile. */
static void exchange_given_up(struct store_unit *unit, struct state *s)
{
	OK(store_exchange_set_deadline(unit, s->exchange_id, 1));
}

static void exchange_answered(struct store_unit *unit, struct state *s)
{
	OK(store_exchange_require_deadline(unit, s->exchange_id, sample_exchange(0).deadline_ms));
	exchange_finished(unit, s);
}

/* Two processes that both want to send a message that was stored. */
static void exchange_claimed(struct store_unit *unit, struct state *s)
{
	OK(store_exchange_claim(unit, s->exchange_id, 1, 60000));
}

static void exchange_claimed_elsewhere(struct store_unit *unit, struct state *s)
{
	OK(store_exchange_claim(unit, s->exchange_id, 2, 60000));
}

static void exchange_ended_elsewhere(struct store_unit *unit, struct state *s)
{
	OK(store_exchange_claim(unit, s->exchange_id, 2, 0));
	exchange_finished(unit, s);
}

/* A certConf that comes to both, and is to be passed on once. */
static void exchange_confirms(struct store_unit *unit, struct state *s)
{
	struct store_exchange e = sample_exchange(s->certificate_id);

	e.kind = STORE_EXCHANGE_CONFIRM;
	OK(store_exchange_require_none(unit, s->certificate_id, e.kind));
	OK(store_exchange_insert(unit, &e, NULL));
}

static void crl_newer(struct store_unit *unit, struct state *s)
{
	const struct store_crl crl = {
		.ca = TEXT("issuing"), .number = 2 * s->round + 2, .der = VIEW("newer")};

	OK(store_crl_insert(unit, &crl, NULL));
}

/* An answer that refers to the CRL that was the newest one. */
static void transaction_with_crl(struct store_unit *unit, struct state *s)
{
	struct store_transaction t =
		sample_transaction((struct octets){(uint8_t *)s->name[1], strlen(s->name[1])});

	t.crl_id = s->crl_id;
	OK(store_transaction_insert(unit, &t, NULL));
}

static void transaction_answered(struct store_unit *unit, struct state *s)
{
	struct store_transaction t = s->transaction;

	t.request_digest[0] ^= 1;
	OK(store_transaction_update(unit, &t, STORE_TXN_AWAIT_CONF, s->transaction.request_digest,
				    false));
}

/* One name of two entities. */
static void name_of(struct store_unit *unit, const struct state *s, int entity)
{
	struct store_certificate cert =
		sample_certificate(s->registration_id[entity], serial_of(s, entity));
	struct name_key key = {0};
	int64_t id;

	memcpy(key.octet, &s->round, sizeof(s->round));
	OK(store_certificate_insert(unit, &cert, &id));
	OK(store_held_name_take(unit, &(struct name_keys){&key, 1}, NULL, id,
				ENTITY(s->name[entity])));
}

static void name_of_first(struct store_unit *unit, struct state *s)
{
	name_of(unit, s, 0);
}

static void name_of_second(struct store_unit *unit, struct state *s)
{
	name_of(unit, s, 1);
}

/* The trust domain may have one. */
static void last_of_domain(struct store_unit *unit, struct state *s, const char *subject_id)
{
	char domain[24];
	struct store_registration reg = sample_registration(subject_id);

	snprintf(domain, sizeof(domain), "domain-%d", s->round);
	reg.trust_domain = domain;
	OK(store_trust_domain_require(unit, domain, 0));
	OK(store_registration_insert(unit, &reg, NULL));
}

static void last_of_domain_once(struct store_unit *unit, struct state *s)
{
	last_of_domain(unit, s, "one");
}

static void last_of_domain_again(struct store_unit *unit, struct state *s)
{
	last_of_domain(unit, s, "another");
}

static void serial_taken(struct store_unit *unit, struct state *s)
{
	struct store_certificate cert = sample_certificate(s->registration_id[0], serial_of(s, 7));

	OK(store_certificate_insert(unit, &cert, NULL));
}

static void transaction_opened(struct store_unit *unit, struct state *s)
{
	struct store_transaction t =
		sample_transaction((struct octets){(uint8_t *)s->client, strlen(s->client)});

	OK(store_transaction_insert(unit, &t, NULL));
}

static void kem_secret_given(struct store_unit *unit, struct state *s)
{
	const struct store_kem_secret secret = {
		.deadline_ms = 1000,
		.requester = s->client,
		.transaction_id = {(uint8_t *)s->client, strlen(s->client)},
		.sent_nonce = OCTETS("nonce"),
		.secret = OCTETS("sealed"),
		.request = OCTETS("genm"),
		.response = OCTETS("genp")};

	OK(store_kem_secret_insert(unit, &secret));
}

static void nonce_used(struct store_unit *unit, struct state *s)
{
	OK(store_nonce_use(unit, s->nonce_id));
}

static void one_time_secret_used(struct store_unit *unit, struct state *s)
{
	OK(store_initial_credential_use(unit, &s->initial, s->certificate_id));
}

static void one_time_secret_void(struct store_unit *unit, struct state *s)
{
	OK(store_initial_credential_void(unit, s->registration_id[0]));
}

static void key_of_number(uint8_t id[STORE_KEY_ID_LEN], int number)
{
	memset(id, 0, STORE_KEY_ID_LEN);
	memcpy(id, &number, sizeof(number));
}

/* A secret that is sealed under the key in force, and another key that comes into force. */
static void secret_sealed(struct store_unit *unit, struct state *s)
{
	OK(store_secret_key_require(unit, s->key_id, 1));
	entity_of_a(unit, s);
}

static void secret_key_replaced(struct store_unit *unit, struct state *s)
{
	uint8_t next[STORE_KEY_ID_LEN];

	key_of_number(next, s->round + 2);
	OK(store_secret_key_replace(unit, s->key_id, next, 1));
	OK(store_secret_key_remove(unit, s->key_id));
}

/* A subscriber whose client goes, and one that comes twice. */
static void subscribed(struct store_unit *unit, struct state *s)
{
	const struct store_subscription subscription = {.client = s->client,
							.trust_domain = TEXT("domain-a"),
							.callback_uri = TEXT("https://a.example/"),
							.filter = TEXT(""),
							.created_ms = 1};

	OK(store_subscription_insert(unit, &subscription, NULL));
}

/* The client may have one. */
static void last_subscription(struct store_unit *unit, struct state *s, const char *uri)
{
	const struct store_subscription subscription = {.client = s->client,
							.trust_domain = TEXT("domain-a"),
							.callback_uri = TEXT(uri),
							.filter = TEXT(""),
							.created_ms = 1};

	OK(store_subscriptions_require(unit, s->client, 1));
	OK(store_subscription_insert(unit, &subscription, NULL));
}

static void last_subscription_once(struct store_unit *unit, struct state *s)
{
	last_subscription(unit, s, "https://a.example/");
}

static void last_subscription_again(struct store_unit *unit, struct state *s)
{
	last_subscription(unit, s, "https://b.example/");
}

static void certificate_confirmed(struct store_unit *unit, struct state *s)
{
	OK(store_certificate_set_state(unit, s->certificate_id, STORE_CERT_PENDING,
				       STORE_CERT_ACTIVE));
}

static void certificate_lapsed(struct store_unit *unit, struct state *s)
{
	OK(store_certificate_revoke(unit, s->certificate_id, STORE_CERT_PENDING, STORE_CERT_REVOKED,
				    4, 1));
}

/* clang-format off */
static const struct race races[] = {
	{"an entity, twice", entity_of_a, entity_of_a, STORE_CONFLICT, STORE_CONFLICT},
	{"an entity of two managers", entity_of_a, entity_of_b_under_another_type,
		STORE_CONFLICT, STORE_CONFLICT},
	{"a client by the name of an entity", client_of_that_name, entity_among_clients,
		STORE_CONFLICT, STORE_CONFLICT},
	{"a client that asks, and is removed", asked_by_client, client_removed, 0, STORE_CONFLICT},
	{"a client that asks, and may no longer", asked_by_client, client_changed,
		0, STORE_CONFLICT},
	{"a client that asks, and loses its credential", asked_by_client,
		client_without_credential, 0, STORE_CONFLICT},
	{"a client that asks, and another of its name", asked_by_client, client_in_its_place,
		0, STORE_CONFLICT},
	{"a holder that asks, and is revoked", asked_by_holder, holder_revoked, 0, STORE_CONFLICT},
	{"a holder that asks, and is on hold", asked_by_holder, holder_on_hold, 0, STORE_CONFLICT},
	{"a key of two entities", key_of_first, key_of_second, STORE_CONFLICT, STORE_CONFLICT},
	{"the last place of an entity", last_place_once, last_place_again,
		STORE_CONFLICT, STORE_CONFLICT},
	{"a certificate of an entity that goes", certificate_of_first, first_deregistered,
		0, STORE_CONFLICT},
	{"a passphrase of an entity that goes", passphrase_of_first, first_deregistered,
		0, STORE_CONFLICT},
	{"a message of an exchange that ends", message_of_exchange, exchange_finished,
		0, STORE_CONFLICT},
	{"an exchange that is given up and answered", exchange_given_up, exchange_answered,
		STORE_CONFLICT, STORE_CONFLICT},
	{"an exchange of two processes", exchange_claimed, exchange_claimed_elsewhere,
		STORE_CONFLICT, STORE_CONFLICT},
	{"an exchange that somebody is at, and that ends", exchange_claimed,
		exchange_ended_elsewhere, STORE_CONFLICT, STORE_CONFLICT},
	{"a confirmation that is passed on", exchange_confirms, exchange_confirms,
		STORE_CONFLICT, STORE_CONFLICT},
	{"a request for a certificate, twice", request_for_first, request_for_first,
		STORE_CONFLICT, STORE_CONFLICT},
	{"an answer with a CRL that goes", transaction_with_crl, crl_newer, 0, STORE_CONFLICT},
	{"a CRL number, twice", crl_newer, crl_newer, STORE_CONFLICT, STORE_CONFLICT},
	{"a name of two entities", name_of_first, name_of_second, STORE_CONFLICT, STORE_CONFLICT},
	{"the last place of a trust domain", last_of_domain_once, last_of_domain_again,
		STORE_CONFLICT, STORE_CONFLICT},
	{"a serial number, twice", serial_taken, serial_taken, STORE_CONFLICT, STORE_CONFLICT},
	{"a transactionID, twice", transaction_opened, transaction_opened,
		STORE_CONFLICT, STORE_CONFLICT},
	{"a KEM secret, twice", kem_secret_given, kem_secret_given, STORE_CONFLICT, STORE_CONFLICT},
	{"a nonce, twice", nonce_used, nonce_used, STORE_CONFLICT, STORE_CONFLICT},
	{"a one-time secret, twice", one_time_secret_used, one_time_secret_used,
		STORE_CONFLICT, STORE_CONFLICT},
	{"a one-time secret that is void", one_time_secret_used, one_time_secret_void,
		0, STORE_CONFLICT},
	{"a secret under a key that goes", secret_sealed, secret_key_replaced, 0, STORE_CONFLICT},
	{"a subscription, twice", subscribed, subscribed, STORE_CONFLICT, STORE_CONFLICT},
	{"the last subscription of a client", last_subscription_once, last_subscription_again,
		STORE_CONFLICT, STORE_CONFLICT},
	{"a subscriber whose client goes", subscribed, client_removed, 0, STORE_CONFLICT},
	{"a transaction that is answered twice", transaction_answered, transaction_answered,
		STORE_CONFLICT, STORE_CONFLICT},
	{"a certificate that is confirmed and lapses", certificate_confirmed, certificate_lapsed,
		STORE_CONFLICT, STORE_CONFLICT},
};
/* clang-format on */

/* --- two stores --- */

struct both {
	struct fixture f;
	struct store *other;
	struct store_unit *theirs;
	struct state state;
};

static void both_begin(struct both *b, int index)
{
	*b = (struct both){0};
	fixture_begin(&b->f, index);
	OK(store_open(&b->f.options, &b->other));
	OK(store_unit_new(b->other, &b->theirs));
}

static void both_end(struct both *b)
{
	store_unit_free(b->theirs);
	store_close(b->other);
	fixture_end(&b->f);
}

/* Who asks: a client, and the holder of a certificate. */
static void asking_make(struct both *b, int64_t *active_idp)
{
	struct state *s = &b->state;
	struct store_certificate cert = sample_certificate(s->registration_id[1], serial_of(s, 8));
	struct store_client client;

	memset(cert.key_digest, 0xfe, sizeof(cert.key_digest));
	cert.state = STORE_CERT_ACTIVE;
	OK(store_certificate_insert(b->f.unit, &cert, active_idp));
	snprintf(s->client, sizeof(s->client), "client-%d", s->round);
	client = sample_client(s->client);
	OK(store_client_insert(b->f.unit, &client));
}

/* What can be used once, and the key in force. */
static void secrets_make(struct both *b, int64_t *nonce_idp)
{
	struct state *s = &b->state;
	struct octets name = {(uint8_t *)s->client, strlen(s->client)};
	const struct store_nonce nonce = {.octets = name,
					  .requester = s->client,
					  .transaction_id = OCTETS("transaction"),
					  .request_digest = OCTETS("digest"),
					  .expires_ms = 5000};
	const struct store_initial_credential initial = {.registration_id = s->registration_id[0],
							 .reference = name,
							 .secret = OCTETS("sealed"),
							 .expires_ms = 5000};
	struct store_secret_key keys[STORE_SECRET_KEYS_MAX];
	size_t n;

	OK(store_nonce_insert(b->f.unit, &nonce, nonce_idp));
	OK(store_initial_credential_put(b->f.unit, &initial));
	OK(store_secret_keys(b->f.reader, keys, &n));
	if (n > 0)
		memcpy(s->key_id, keys[0].id, sizeof(s->key_id));
	else
		key_of_number(s->key_id, 1);
	OK(store_secret_key_require(b->f.unit, s->key_id, 1));
}

static void state_make(struct both *b, int round)
{
	struct store_client client = {0};
	struct store_initial_credential initial = {0};
	int64_t active_id, nonce_id;
	struct state *s = &b->state;
	struct store_crl crl = {
		.ca = TEXT("issuing"), .number = 2 * round + 1, .der = VIEW("newest")};
	struct store_certificate cert;
	struct store_exchange exchange;

	*s = (struct state){.round = round};
	for (int i = 0; i < 2; i++) {
		struct store_registration reg = sample_registration(s->name[i]);

		snprintf(s->name[i], sizeof(s->name[i]), "entity-%d-%d", round, i);
		s->registration_id[i] = put_registration(&b->f, &reg);
	}
	cert = sample_certificate(s->registration_id[0], serial_of(s, 9));
	memset(cert.key_digest, 0xff, sizeof(cert.key_digest));
	s->certificate_id = put_certificate(&b->f, &cert);
	exchange = sample_exchange(s->certificate_id);
	s->exchange_id = put_exchange(&b->f, &exchange);
	OK(store_crl_insert(b->f.unit, &crl, &crl.id));
	asking_make(b, &active_id);
	secrets_make(b, &nonce_id);
	OK(store_unit_commit(b->f.unit));
	s->crl_id = store_unit_id(b->f.unit, crl.id);
	s->active_id = store_unit_id(b->f.unit, active_id);
	OK(store_client_generation(b->f.reader, &s->generation));
	OK(store_client_find(b->f.reader, s->client, &client));
	s->credential_id = client.credentials[0].id;
	store_client_clear(&client);
	s->nonce_id = store_unit_id(b->f.unit, nonce_id);
	OK(store_initial_credential_of(b->f.reader, s->registration_id[0], &initial));
	s->initial.id = initial.id;
	store_initial_credential_clear(&initial);
	s->transaction =
		sample_transaction((struct octets){(uint8_t *)s->name[0], strlen(s->name[0])});
	s->transaction.id = put_transaction(&b->f, &s->transaction);
}

/* Both have decided; then one commits, and then the other. */
START_TEST(test_two_writers_one_after_the_other)
{
	struct both b;

	both_begin(&b, _i);
	for (int i = 0; i < 2 * (int)ARRAY_LEN(races); i++) {
		const struct race *race = &races[i / 2];
		bool ours_first = i % 2 == 0;
		int ours, theirs;

		state_make(&b, i);
		race->ours(b.f.unit, &b.state);
		race->theirs(b.theirs, &b.state);
		theirs = ours_first ? 0 : store_unit_commit(b.theirs);
		ours = store_unit_commit(b.f.unit);
		theirs = ours_first ? store_unit_commit(b.theirs) : theirs;
		ck_assert_msg(ours == (ours_first ? 0 : race->ours_second), "%s: ours: %d",
			      race->name, ours);
		ck_assert_msg(theirs == (ours_first ? race->theirs_second : 0), "%s: theirs: %d",
			      race->name, theirs);
	}
	both_end(&b);
}
END_TEST

/* What was told of before is seen by a unit that was gathered before. */
START_TEST(test_two_writers_between_gathering_and_commit)
{
	struct both b;

	both_begin(&b, _i);
	for (int i = 0; i < (int)ARRAY_LEN(races); i++) {
		int others = 0;

		state_make(&b, i);
		races[i].ours(b.f.unit, &b.state);
		/* Other units of both come and go, and change nothing that this one looks at. */
		for (; others < 5; others++) {
			struct store_client client = sample_client("somebody");

			OK(store_client_insert(b.theirs, &client));
			OK(store_unit_commit(b.theirs));
			OK(store_client_remove(b.theirs, "somebody"));
			OK(store_unit_commit(b.theirs));
		}
		OK(store_unit_commit(b.f.unit));
	}
	both_end(&b);
}
END_TEST

struct committing {
	pthread_t thread;
	pthread_barrier_t *start;
	struct store_unit *unit;
	int result;
};

static void *committing_run(void *arg)
{
	struct committing *c = arg;

	pthread_barrier_wait(c->start);
	c->result = store_unit_commit(c->unit);
	return NULL;
}

/* Both commit at the same moment: what came of it is what one order of the two would have made. */
START_TEST(test_two_writers_at_the_same_time)
{
	const struct race *race;
	pthread_barrier_t start;
	struct both b;
	int rounds = rounds_wanted();

	both_begin(&b, _i);
	pthread_barrier_init(&start, NULL, 2);
	for (int round = 0; round < rounds * (int)ARRAY_LEN(races); round++) {
		struct committing ours = {.start = &start, .unit = b.f.unit};
		struct committing theirs = {.start = &start, .unit = b.theirs};

		race = &races[round / rounds];
		state_make(&b, round);
		race->ours(ours.unit, &b.state);
		race->theirs(theirs.unit, &b.state);
		OK(pthread_create(&ours.thread, NULL, committing_run, &ours));
		OK(pthread_create(&theirs.thread, NULL, committing_run, &theirs));
		pthread_join(ours.thread, NULL);
		pthread_join(theirs.thread, NULL);
		ck_assert_msg((ours.result == 0 && theirs.result == race->theirs_second) ||
				      (theirs.result == 0 && ours.result == race->ours_second),
			      "%s: %d and %d", race->name, ours.result, theirs.result);
	}
	pthread_barrier_destroy(&start);
	both_end(&b);
}
END_TEST

/* The first lines of audit of two processes begin two chains. */
START_TEST(test_two_writers_begin_their_chains)
{
	pthread_barrier_t start;
	struct both b;

	pthread_barrier_init(&start, NULL, 2);
	for (int round = 0; round < ROUNDS / 2; round++) {
		struct committing committing[2] = {{.start = &start}, {.start = &start}};

		both_begin(&b, _i);
		committing[0].unit = b.f.unit;
		committing[1].unit = b.theirs;
		for (int i = 0; i < 2; i++) {
			add_audit(committing[i].unit);
			OK(pthread_create(&committing[i].thread, NULL, committing_run,
					  &committing[i]));
		}
		for (int i = 0; i < 2; i++) {
			pthread_join(committing[i].thread, NULL);
			OK(committing[i].result);
		}
		audit_chains_check(&b.f, 3, 2);
		both_end(&b);
	}
	pthread_barrier_destroy(&start);
}
END_TEST

TCase *two_writers_cases(void)
{
	TCase *tc = tcase_create("two_writers");

	tcase_set_timeout(tc, 300 + 10 * rounds_wanted());
	tcase_add_loop_test(tc, test_two_writers_one_after_the_other, 0, backends_count);
	tcase_add_loop_test(tc, test_two_writers_between_gathering_and_commit, 0, backends_count);
	tcase_add_loop_test(tc, test_two_writers_at_the_same_time, 0, backends_count);
	tcase_add_loop_test(tc, test_two_writers_begin_their_chains, 0, backends_count);
	return tc;
}
