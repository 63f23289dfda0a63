// SPDX-License-Identifier: Apache-2.0
/* A store to test on, and rows to put in. See fixture.h. */
#include "fixture.h"

#include "plan.h"

#include <string.h>

void fixture_open(struct fixture *f)
{
	OK(store_open(&f->options, &f->store));
	OK(store_reader_new(f->store, &f->reader));
	OK(store_unit_new(f->store, &f->unit));
}

void fixture_close(struct fixture *f)
{
	store_unit_free(f->unit);
	store_reader_free(f->reader);
	store_close(f->store);
	f->unit = NULL;
	f->reader = NULL;
	f->store = NULL;
}

void fixture_begin(struct fixture *f, int index)
{
	*f = (struct fixture){.backend = backends[index]};
	f->database = f->backend->database_new();
	f->options = (struct store_options){.database = f->database, .batch_max = 16};
	OK(store_create(&f->options));
	fixture_open(f);
}

void fixture_end(struct fixture *f)
{
	OK(store_integrity_check(f->reader));
	fixture_close(f);
	plan_assert_all();
	f->backend->database_drop(f->database);
}

struct store_client sample_client(const char *name)
{
	static struct store_credential anchor = {.kind = STORE_CREDENTIAL_ANCHOR,
						 .not_before_ms = 500,
						 .not_after_ms = 5000,
						 .created_ms = 1000,
						 .known_by = OCTETS("hash"),
						 .subject = TEXT("/CN=vnfm"),
						 .content = OCTETS("anchor")};

	return (struct store_client){
		.name = TEXT(name),
		.trust_domain = TEXT("domain-a"),
		.permissions = STORE_MAY_REGISTER | STORE_MAY_REQUEST,
		.register_on_ir = true,
		.default_profile = TEXT("VnfciCert"),
		.policy = TEXT("old-clients"),
		.created_ms = 1000,
		.credentials = &anchor,
		.n_credentials = 1,
	};
}

struct store_registration sample_registration(const char *subject_id)
{
	return (struct store_registration){
		.cert_type = CERT_TYPE_VNFCI,
		.vnf_instance = TEXT(""),
		.subject_id = TEXT(subject_id),
		.handling = CERT_HANDLING_DELEGATION,
		.manager = TEXT("vnfm-a"),
		.trust_domain = TEXT("domain-a"),
		.ca = TEXT("issuing"),
		.profile = TEXT("VnfciCert"),
		.state = STORE_REGISTRATION_ACTIVE,
		.created_ms = 1000,
		.changed_ms = 2000,
	};
}

struct store_certificate sample_certificate(int64_t registration_id, uint64_t serial)
{
	struct store_certificate c = {
		.registration_id = registration_id,
		.ca = TEXT("issuing"),
		.state = serial ? STORE_CERT_PENDING : STORE_CERT_REQUESTED,
		.subject = TEXT("CN=vnfci-1"),
		.not_before_ms = 10000,
		.not_after_ms = 90000,
		.requester = TEXT("client:vnfm-a"),
		.reason = STORE_REASON_NONE,
		.confirm_by_ms = serial ? 20000 : 0,
		.created_ms = 10001,
	};

	memset(c.key_digest, 0x5a, sizeof(c.key_digest));
	if (serial) {
		c.der = OCTETS("certificate DER");
		c.serial.len = sizeof(serial);
		for (int i = 0; i < 8; i++)
			c.serial.octet[i] = (uint8_t)(serial >> (56 - 8 * i));
	}
	return c;
}

struct store_transaction sample_transaction(struct octets transaction_id)
{
	struct store_transaction t = {
		.requester = TEXT("client:vnfm-a"),
		.transaction_id = transaction_id,
		.state = STORE_TXN_AWAIT_CONF,
		.body_type = 2,
		.protection = 1,
		.implicit_confirm = true,
		.chain_request = true,
		.cert_req_id = -1,
		.reason = STORE_REASON_NONE,
		.request_nonce = OCTETS("request nonce 16"),
		.sent_nonce = OCTETS("the sent nonce16"),
		.response = OCTETS("response DER"),
		.status_text = TEXT("validity shortened"),
		.deadline_ms = 30000,
		.created_ms = 10000,
		.changed_ms = 10001,
	};

	memset(t.request_digest, 0xd1, sizeof(t.request_digest));
	return t;
}

struct store_exchange sample_exchange(int64_t certificate_id)
{
	return (struct store_exchange){
		.kind = STORE_EXCHANGE_ISSUE,
		.state = STORE_EXCHANGE_OPEN,
		.ca = TEXT("upstream"),
		.certificate_id = certificate_id,
		.request = OCTETS("csr"),
		.failinfo = -1,
		.deadline_ms = 60000,
		.next_ms = 500,
		.created_ms = 400,
	};
}

int64_t put_registration(struct fixture *f, const struct store_registration *reg)
{
	int64_t id = 0;

	OK(store_registration_insert(f->unit, reg, &id));
	OK(store_unit_commit(f->unit));
	id = store_unit_id(f->unit, id);
	ck_assert_int_gt(id, 0);
	return id;
}

int64_t put_certificate(struct fixture *f, const struct store_certificate *cert)
{
	int64_t id = 0;

	OK(store_certificate_insert(f->unit, cert, &id));
	OK(store_unit_commit(f->unit));
	id = store_unit_id(f->unit, id);
	ck_assert_int_gt(id, 0);
	return id;
}

int64_t put_transaction(struct fixture *f, const struct store_transaction *txn)
{
	int64_t id = 0;

	OK(store_transaction_insert(f->unit, txn, &id));
	OK(store_unit_commit(f->unit));
	id = store_unit_id(f->unit, id);
	ck_assert_int_gt(id, 0);
	return id;
}

int64_t put_exchange(struct fixture *f, const struct store_exchange *exchange)
{
	int64_t id = 0;

	OK(store_exchange_insert(f->unit, exchange, &id));
	OK(store_unit_commit(f->unit));
	id = store_unit_id(f->unit, id);
	ck_assert_int_gt(id, 0);
	return id;
}

void add_audit(struct store_unit *unit)
{
	static const struct store_audit audit = {
		.time_ms = 1000, .actor = "vnfm-a", .action = "register", .target = "vnfci-1"};

	OK(store_audit_add(unit, &audit));
}
