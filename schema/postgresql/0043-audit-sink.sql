-- SPDX-License-Identifier: Apache-2.0
-- As schema/sqlite/0043-audit-sink.sql.
CREATE INDEX audit_time ON audit (time_ms);
CREATE TABLE audit_sink (
	name TEXT PRIMARY KEY,
	chain BIGINT NOT NULL,
	sequence BIGINT NOT NULL,
	line BIGINT NOT NULL
);
