-- SPDX-License-Identifier: Apache-2.0
-- As schema/sqlite/0036-audit-chain.sql. There is nothing from before that would have to be hashed.
ALTER TABLE audit ADD COLUMN user_name TEXT;
ALTER TABLE audit ADD COLUMN chain BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN hash BYTEA;
CREATE TABLE audit_chain (
	id BIGINT PRIMARY KEY,
	begun_ms BIGINT NOT NULL,
	before_sequence BIGINT NOT NULL,
	before_hash BYTEA NOT NULL,
	last_sequence BIGINT NOT NULL,
	last_hash BYTEA NOT NULL,
	mac BYTEA,
	anchor_sequence BIGINT NOT NULL DEFAULT 0,
	anchor_hash BYTEA NOT NULL DEFAULT '',
	anchor_mac BYTEA
);
INSERT INTO audit_chain (id, begun_ms, before_sequence, before_hash, last_sequence, last_hash)
	VALUES (0, 0, 0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'));
