// SPDX-License-Identifier: Apache-2.0
/*
 * A write set as the backend sees it: an array of tagged changes with borrowed pointers, and the
 * place where its committing thread waits. The same for every backend.
 */
#pragma once

#include "store.h"

#include <semaphore.h>

enum unit_op_kind {
	UNIT_CLIENT_INSERT,
	UNIT_CLIENT_REMOVE,
	UNIT_REGISTRATION_INSERT,
	UNIT_REGISTRATION_DEREGISTER,
	UNIT_KEY_REQUIRE,
	UNIT_LIVE_REQUIRE,
	UNIT_CERTIFICATE_INSERT,
	UNIT_CERTIFICATE_FILL,
	UNIT_CERTIFICATE_SET_STATE,
	UNIT_CERTIFICATE_REVOKE,
	UNIT_CERTIFICATE_RELEASE,
	UNIT_CERTIFICATE_SET_INVALIDITY,
	UNIT_TRANSACTION_INSERT,
	UNIT_TRANSACTION_ITEM_INSERT,
	UNIT_TRANSACTION_UPDATE,
	UNIT_TRANSACTION_END,
	UNIT_TRANSACTION_SET_CERTIFICATE,
	UNIT_TRANSACTION_PURGE,
	UNIT_POP_INSERT,
	UNIT_POP_REMOVE,
	UNIT_KEM_SECRET_INSERT,
	UNIT_KEM_SECRET_TRIM,
	UNIT_KEM_SECRET_USE,
	UNIT_KEM_SECRET_PURGE,
	UNIT_EXCHANGE_INSERT,
	UNIT_EXCHANGE_ADD_MESSAGE,
	UNIT_EXCHANGE_SET_NEXT,
	UNIT_EXCHANGE_FINISH,
	UNIT_CRL_INSERT,
	UNIT_SEEN_INSERT,
	UNIT_SEEN_PURGE,
	UNIT_ANNOUNCEMENT_INSERT,
	UNIT_ANNOUNCEMENT_TRIM,
	UNIT_REV_PASSPHRASE_PUT,
	UNIT_ARCHIVED_KEY_INSERT,
	UNIT_ARCHIVED_KEY_REMOVE,
	UNIT_AUDIT_ADD,
	UNIT_PROBE,
};

/* One change. Where `ref` is not NULL it is read when the change is made, not before. */
struct unit_op {
	enum unit_op_kind kind;
	int64_t *idp; /* receives the id of the row inserted; NULL: not wanted */
	union {
		const struct store_client *client;
		const char *client_name;
		const struct store_registration *registration;
		struct {
			int64_t id;
			int64_t now_ms;
		} deregister;
		struct {
			const uint8_t *digest;
			const char *subject_id;
		} key;
		struct store_live live;
		struct {
			const struct store_certificate *row;
			const int64_t *ref;
		} certificate;
		struct {
			int64_t id;
			enum store_certificate_state from;
			enum store_certificate_state to;
			int reason;
			int64_t now_ms;
		} certificate_state;
		struct {
			const struct store_transaction *row;
			const int64_t *ref;
		} transaction;
		struct {
			const struct store_transaction_item *row;
			const int64_t *transaction_ref;
			const int64_t *ref;
			int seq;
		} transaction_item;
		struct {
			const struct store_transaction *row;
			const uint8_t *from_digest;
			enum store_transaction_state from;
			bool if_unanswered;
		} transaction_update;
		struct {
			int64_t id;
			const int64_t *ref;
		} transaction_certificate;
		struct {
			const struct store_pop *row;
			const int64_t *ref;
		} pop;
		int64_t pop_transaction_id;
		const struct store_kem_secret *kem_secret;
		struct {
			int64_t id;
			const int64_t *ref;
		} kem_secret_use;
		struct {
			int64_t id;
			enum store_transaction_state from;
			int64_t now_ms;
		} transaction_end;
		struct {
			int64_t before_ms;
			uint32_t limit;
			uint32_t *np;
		} purge;
		struct {
			const struct store_exchange *row;
			const int64_t *ref;
		} exchange;
		struct {
			int64_t id;
			const struct store_exchange_message *row;
		} message;
		struct {
			int64_t id;
			int64_t next_ms;
			enum store_exchange_state state;
			int failinfo;
			const char *refusal;
		} exchange_state;
		const struct store_crl *crl;
		const struct store_seen *seen;
		const struct store_rev_passphrase *rev_passphrase;
		struct {
			const struct store_archived_key *row;
			const int64_t *ref;
		} archived_key;
		int64_t archived_key_id;
		const struct store_announcement *announcement;
		struct {
			const char *sender;
			uint32_t keep;
		} trim;
		const struct store_audit *audit;
	};
};

struct committer;

struct store_unit {
	struct committer *committer;
	bool dry;
	struct unit_op *op;
	size_t len;
	size_t size;
	void **kept; /* memory that changes point into, freed when cleared */
	size_t kept_len;
	size_t kept_size;
	/* While it is being committed: owned by the committer until `done` is posted. */
	struct store_unit *next;
	int result;
	sem_t done;
};

_must_check_ int unit_new(struct committer *committer, struct store_unit **unitp);
/* Adds a change that is always made and means nothing. */
_must_check_ int unit_probe(struct store_unit *unit);
