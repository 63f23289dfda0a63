-- SPDX-License-Identifier: Apache-2.0
-- The first schema of the store. Times are milliseconds since the epoch (UTC); the numbers of
-- states and kinds are those of include/store.h. NULL means: none.
--
-- Tables are rowid tables. What is inserted with every enrolment gets keys that grow with time
-- where that can be had, so that a batch of units dirties few pages; partial indexes keep what is
-- looked for by deadline small. Large columns stand last, so that the others are read without them.

CREATE TABLE meta (
	name TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) STRICT;
INSERT INTO meta (name, value) VALUES ('client_generation', 0);

CREATE TABLE client (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	trust_domain TEXT NOT NULL,
	permissions INTEGER NOT NULL,
	register_on_ir INTEGER NOT NULL,
	default_profile TEXT,
	trust_anchor BLOB,
	certificate BLOB,
	subject TEXT,
	mac_reference TEXT UNIQUE,
	mac_secret BLOB,
	created_ms INTEGER NOT NULL
) STRICT;

CREATE TRIGGER client_inserted AFTER INSERT ON client BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
END;
CREATE TRIGGER client_updated AFTER UPDATE ON client BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
END;
CREATE TRIGGER client_deleted AFTER DELETE ON client BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
END;

-- A subject_id becomes a name in certificates, and those are compared without regard to case.
CREATE TABLE registration (
	id INTEGER PRIMARY KEY,
	cert_type INTEGER NOT NULL,
	subject_id TEXT NOT NULL COLLATE NOCASE,
	handling INTEGER NOT NULL,
	manager TEXT NOT NULL,
	trust_domain TEXT NOT NULL,
	ca TEXT NOT NULL,
	profile TEXT NOT NULL,
	state INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	changed_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX registration_active ON registration (subject_id, cert_type) WHERE state = 0;
CREATE INDEX registration_subject ON registration (subject_id);

-- serial is NULL while the certificate is only asked for (state 0).
CREATE TABLE certificate (
	id INTEGER PRIMARY KEY,
	registration_id INTEGER NOT NULL REFERENCES registration (id),
	state INTEGER NOT NULL,
	reason INTEGER,
	revoked_ms INTEGER,
	confirm_by_ms INTEGER,
	not_before_ms INTEGER NOT NULL,
	not_after_ms INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	ca TEXT NOT NULL,
	serial BLOB,
	requester TEXT NOT NULL,
	subject TEXT,
	key_digest BLOB NOT NULL,
	der BLOB
) STRICT;
CREATE UNIQUE INDEX certificate_serial ON certificate (serial, ca);
CREATE INDEX certificate_registration ON certificate (registration_id);
-- All states but active (2): few rows, the active ones are counted as the rest.
CREATE INDEX certificate_not_active ON certificate (state, confirm_by_ms) WHERE state <> 2;
CREATE INDEX certificate_revoked ON certificate (ca, revoked_ms) WHERE revoked_ms IS NOT NULL;

CREATE TABLE cmp_transaction (
	id INTEGER PRIMARY KEY,
	state INTEGER NOT NULL,
	body_type INTEGER NOT NULL,
	protection INTEGER NOT NULL,
	implicit_confirm INTEGER NOT NULL,
	chain_request INTEGER NOT NULL,
	cert_req_id INTEGER NOT NULL,
	certificate_id INTEGER REFERENCES certificate (id),
	deadline_ms INTEGER,
	created_ms INTEGER NOT NULL,
	changed_ms INTEGER NOT NULL,
	requester TEXT NOT NULL,
	transaction_id BLOB NOT NULL,
	request_nonce BLOB,
	sent_nonce BLOB,
	request_digest BLOB NOT NULL,
	status_text TEXT,
	response BLOB
) STRICT;
CREATE UNIQUE INDEX cmp_transaction_key ON cmp_transaction (transaction_id, requester);
CREATE INDEX cmp_transaction_certificate ON cmp_transaction (certificate_id);
CREATE INDEX cmp_transaction_open ON cmp_transaction (deadline_ms, state) WHERE state <= 1;
CREATE INDEX cmp_transaction_done ON cmp_transaction (changed_ms) WHERE state = 2;
CREATE INDEX cmp_transaction_failed ON cmp_transaction (state, changed_ms) WHERE state = 3;

CREATE TABLE exchange (
	id INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	state INTEGER NOT NULL,
	certificate_id INTEGER NOT NULL REFERENCES certificate (id),
	failinfo INTEGER NOT NULL,
	deadline_ms INTEGER,
	next_ms INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	ca TEXT NOT NULL,
	request BLOB
) STRICT;
CREATE INDEX exchange_certificate ON exchange (certificate_id, kind);
CREATE INDEX exchange_open ON exchange (next_ms) WHERE state = 0;

CREATE TABLE exchange_message (
	id INTEGER PRIMARY KEY,
	exchange_id INTEGER NOT NULL REFERENCES exchange (id),
	seq INTEGER NOT NULL,
	sent INTEGER NOT NULL,
	der BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX exchange_message_seq ON exchange_message (exchange_id, seq);

-- The newest CRL of each CA.
CREATE TABLE crl (
	ca TEXT PRIMARY KEY,
	number INTEGER NOT NULL,
	this_update_ms INTEGER NOT NULL,
	next_update_ms INTEGER NOT NULL,
	der BLOB NOT NULL
) STRICT;

CREATE TABLE audit (
	id INTEGER PRIMARY KEY,
	time_ms INTEGER NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	target TEXT NOT NULL,
	detail TEXT
) STRICT;
