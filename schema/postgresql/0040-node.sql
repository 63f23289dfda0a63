-- SPDX-License-Identifier: Apache-2.0
-- As schema/sqlite/0040-node.sql. Here a newer schema may serve older programs, too: who knows less
-- than `needs` cannot work with it. A migration that makes the programs before it wrong raises that.
CREATE TABLE node (
	id BIGINT PRIMARY KEY,
	name TEXT NOT NULL,
	address TEXT NOT NULL,
	version TEXT NOT NULL,
	schema BIGINT NOT NULL,
	configuration TEXT NOT NULL,
	skew_ms BIGINT,
	started_ms BIGINT NOT NULL,
	seen_ms BIGINT NOT NULL,
	until_ms BIGINT NOT NULL
);
CREATE TABLE lease (
	job TEXT PRIMARY KEY,
	node BIGINT NOT NULL,
	epoch BIGINT NOT NULL
);
ALTER TABLE schema_version ADD COLUMN needs BIGINT NOT NULL DEFAULT 40;
CREATE VIEW database_state AS SELECT now_ms() AS now_ms, version AS schema, needs FROM schema_version;
