// SPDX-License-Identifier: Apache-2.0
/* The rules by which changes lock, and the numbers of locks. See locks.h. */
#include "locks.h"

#include <errno.h>
#include <stdlib.h>

/* What a lock is about. Values are the first octet of what its number is made from. */
enum lock_about {
	LOCK_NOTHING,
	LOCK_CLIENTS,     /* all clients and their credentials */
	LOCK_SUBJECT,     /* registrations of a subject_key, and the certificates of its entities */
	LOCK_MANAGERS,    /* that an entity has one, when it gets another one */
	LOCK_SECRET_KEYS, /* which one is in force */
	LOCK_TRUST_DOMAIN, /* how many registrations it has */
	LOCK_REGISTRATION, /* whether it is active, and has something live */
	LOCK_ATTESTERS,    /* which of them some registration has */
	LOCK_CERTIFICATE,  /* whether it is active */
	LOCK_KEY,          /* the certificates with a key */
	LOCK_NAME,         /* who holds it */
	LOCK_SUBSCRIBER,   /* how many subscriptions a client has */
	LOCK_SIGNERS,      /* which of them some transaction has */
	LOCK_TRANSACTION,  /* that a transactionID is there once */
	LOCK_CRLS,         /* which of them answers refer to, and the numbers */
	LOCK_CSR,          /* requests of one digest */
	LOCK_EXCHANGE,     /* whether it is open, and until when */
	LOCK_EXCHANGES_OF, /* whether a certificate has some */
	LOCK_VNF,          /* whether it has VNFCs */
	LOCK_AUDIT_CHAINS, /* how many there are */
};

enum { RULES_MAX = 2, ALL = 0 };

/* A lock on what parameter ?n says, or on ALL. */
struct rule {
	enum lock_about about;
	int parameter;
	bool shared;
	/* No lock where this parameter is NULL; 0: always. */
	int unless_null;
};

/* clang-format off */
static const struct rule rules[CHANGE_KINDS][RULES_MAX] = {
	[CHANGE_CLIENT_INSERT] = {{LOCK_CLIENTS, ALL}},
	[CHANGE_CLIENT_UPDATE] = {{LOCK_CLIENTS, ALL}},
	[CHANGE_CLIENT_REMOVE] = {{LOCK_CLIENTS, ALL}},
	[CHANGE_CREDENTIAL_INSERT] = {{LOCK_CLIENTS, ALL}},
	[CHANGE_CREDENTIAL_REMOVE] = {{LOCK_CLIENTS, ALL}},
	[CHANGE_CLIENTS_REQUIRE] = {{LOCK_CLIENTS, ALL, .shared = true}},
	[CHANGE_CLIENT_REQUIRE] = {{LOCK_CLIENTS, ALL, .shared = true}},
	[CHANGE_SUBSCRIPTIONS_REQUIRE] = {{LOCK_SUBSCRIBER, 1}},
	[CHANGE_SUBSCRIPTION_INSERT] = {{LOCK_CLIENTS, ALL, .shared = true}},
	[CHANGE_REGISTRATION_INSERT] = {{LOCK_SUBJECT, 12}, {LOCK_MANAGERS, ALL, .shared = true}},
	[CHANGE_REGISTRATION_SET_MANAGER] = {{LOCK_MANAGERS, ALL}},
	[CHANGE_REGISTRATION_PASS_ON] = {{LOCK_SUBJECT, 1}, {LOCK_MANAGERS, ALL}},
	[CHANGE_SECRET_KEY_BEGIN] = {{LOCK_SECRET_KEYS, ALL}},
	[CHANGE_SECRET_KEY_REQUIRE] = {{LOCK_SECRET_KEYS, ALL, .shared = true}},
	[CHANGE_SECRET_KEY_RETIRE] = {{LOCK_SECRET_KEYS, ALL}},
	[CHANGE_SECRET_KEY_INSERT] = {{LOCK_SECRET_KEYS, ALL}},
	[CHANGE_SECRET_KEY_REMOVE] = {{LOCK_SECRET_KEYS, ALL}},
	[CHANGE_SUBJECT_REQUIRE] = {{LOCK_SUBJECT, 1}},
	[CHANGE_LIVE_REQUIRE] = {{LOCK_SUBJECT, 1}},
	[CHANGE_TRUST_DOMAIN_REQUIRE] = {{LOCK_TRUST_DOMAIN, 1}},
	[CHANGE_ATTESTER_INSERT] = {{LOCK_ATTESTERS, ALL}},
	[CHANGE_REGISTRATION_SET_ATTESTER] = {{LOCK_ATTESTERS, ALL}},
	[CHANGE_REGISTRATION_CHANGE] = {{LOCK_REGISTRATION, 1}},
	[CHANGE_REGISTRATION_REQUIRE_IDLE] = {{LOCK_REGISTRATION, 1}},
	[CHANGE_REGISTRATION_DEREGISTER] = {{LOCK_REGISTRATION, 1}},
	[CHANGE_CERTIFICATE_REQUIRE] = {{LOCK_CERTIFICATE, 1, .shared = true}},
	[CHANGE_CERTIFICATE_SET_STATE] = {{LOCK_CERTIFICATE, 1}},
	[CHANGE_CERTIFICATE_REVOKE] = {{LOCK_CERTIFICATE, 1}},
	[CHANGE_CERTIFICATE_RELEASE] = {{LOCK_CERTIFICATE, 1}},
	[CHANGE_CERTIFICATE_PURGE] = {{LOCK_CERTIFICATE, 1}},
	[CHANGE_CERTIFICATE_INSERT] = {{LOCK_REGISTRATION, 1, .shared = true}, {LOCK_KEY, 13}},
	[CHANGE_KEY_REQUIRE] = {{LOCK_KEY, 1}},
	[CHANGE_HELD_NAME_TAKE] = {{LOCK_NAME, 1}},
	[CHANGE_REV_PASSPHRASE_INSERT] = {{LOCK_REGISTRATION, 1}},
	[CHANGE_VNFC_INSERT] = {{LOCK_REGISTRATION, 1, .shared = true}, {LOCK_VNF, 2, .shared = true}},
	[CHANGE_VNF_REMOVE] = {{LOCK_VNF, 1}},
	[CHANGE_INITIAL_CREDENTIAL_INSERT] = {{LOCK_REGISTRATION, 1, .shared = true}},
	[CHANGE_TRANSACTION_SIGNER_INSERT] = {{LOCK_SIGNERS, ALL, .shared = true}},
	[CHANGE_TRANSACTION_PURGE_DONE] = {{LOCK_SIGNERS, ALL}},
	[CHANGE_TRANSACTION_PURGE_FAILED] = {{LOCK_SIGNERS, ALL}},
	[CHANGE_TRANSACTION_INSERT] = {{LOCK_TRANSACTION, 12},
		{LOCK_CRLS, ALL, .shared = true, .unless_null = 19}},
	[CHANGE_TRANSACTION_UPDATE] = {{LOCK_CRLS, ALL, .shared = true, .unless_null = 13}},
	[CHANGE_CRL_INSERT] = {{LOCK_CRLS, ALL}},
	[CHANGE_CRL_PURGE] = {{LOCK_CRLS, ALL}},
	[CHANGE_CRL_RAISE] = {{LOCK_CRLS, ALL}},
	[CHANGE_CSR_REQUIRE] = {{LOCK_CSR, 1}},
	[CHANGE_CSR_INSERT] = {{LOCK_CSR, 11}},
	[CHANGE_EXCHANGE_REQUIRE_NONE] = {{LOCK_EXCHANGES_OF, 1}},
	[CHANGE_EXCHANGE_REQUIRE_DEADLINE] = {{LOCK_EXCHANGE, 1}},
	[CHANGE_EXCHANGE_SET_DEADLINE] = {{LOCK_EXCHANGE, 1}},
	[CHANGE_EXCHANGE_ADD_MESSAGE] = {{LOCK_EXCHANGE, 1}},
	[CHANGE_EXCHANGE_FINISH] = {{LOCK_EXCHANGE, 1}},
	[CHANGE_AUDIT_SEAL] = {{LOCK_AUDIT_CHAINS, ALL}},
	[CHANGE_AUDIT_CHAIN_BEGIN] = {{LOCK_AUDIT_CHAINS, ALL}},
};
/* clang-format on */

bool locks_ruled(enum change_kind kind)
{
	return rules[kind][0].about != LOCK_NOTHING;
}

/* FNV-1a. Two things with one number wait for each other, and that is all. */
static uint64_t octets_mix(uint64_t number, const void *data, size_t len)
{
	const uint8_t *octet = data;

	for (size_t i = 0; i < len; i++)
		number = (number ^ octet[i]) * 0x100000001b3;
	return number;
}

static uint64_t value_mix(uint64_t number, const struct value *value)
{
	if (value->kind == VALUE_INT)
		return octets_mix(number, &value->number, sizeof(value->number));
	return octets_mix(number, value->data, value->len);
}

static int lock_add(struct locks *locks, struct lock lock)
{
	size_t size = locks->size ? 2 * locks->size : 64;
	struct lock *grown;

	if (locks->len == locks->size) {
		grown = reallocarray(locks->item, size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		locks->item = grown;
		locks->size = size;
	}
	locks->item[locks->len++] = lock;
	return 0;
}

static int rule_apply(struct locks *locks, const struct rule *rule, const struct change *change)
{
	const uint8_t about = (uint8_t)rule->about;
	uint64_t number = octets_mix(0xcbf29ce484222325, &about, sizeof(about));

	if (rule->about == LOCK_NOTHING)
		return 0;
	if (rule->unless_null && change->value[rule->unless_null - 1].kind == VALUE_NULL)
		return 0;
	if (rule->parameter) {
		const struct value *value = &change->value[rule->parameter - 1];

		/* A row that the unit itself makes is nobody else's. */
		if (value->kind == VALUE_NULL || value->kind == VALUE_RESULT)
			return 0;
		number = value_mix(number, value);
	}
	return lock_add(locks, (struct lock){(int64_t)number, rule->shared});
}

int locks_add(struct locks *locks, const struct change *change)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < RULES_MAX; i++)
		err = rule_apply(locks, &rules[change->kind][i], change);
	return err;
}

/* The one that nobody shares comes first. */
static int lock_compare(const void *a, const void *b)
{
	const struct lock *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (int)x->shared - (int)y->shared;
}

void locks_sort(struct locks *locks)
{
	size_t n = 0;

	if (locks->len > 0)
		qsort(locks->item, locks->len, sizeof(*locks->item), lock_compare);
	for (size_t i = 0; i < locks->len; i++)
		if (i == 0 || locks->item[i].number != locks->item[n - 1].number)
			locks->item[n++] = locks->item[i];
	locks->len = n;
}

void locks_clear(struct locks *locks)
{
	free(locks->item);
	*locks = (struct locks){0};
}
