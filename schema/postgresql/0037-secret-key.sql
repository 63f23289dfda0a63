-- SPDX-License-Identifier: Apache-2.0
-- As schema/sqlite/0037-secret-key.sql.
CREATE TABLE secret_key (
	key_id BYTEA PRIMARY KEY CHECK (length(key_id) = 8),
	in_force BIGINT NOT NULL CHECK (in_force IN (0, 1)),
	created_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX secret_key_in_force ON secret_key (in_force) WHERE in_force = 1;

CREATE TRIGGER credential_updated AFTER UPDATE ON credential
	FOR EACH ROW EXECUTE FUNCTION clients_changed();
