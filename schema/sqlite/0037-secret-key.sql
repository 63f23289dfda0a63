-- SPDX-License-Identifier: Apache-2.0
-- Which store keys secrets are sealed under: one that new ones are sealed under, and, while a rekey has still to come
-- to all of them, the one before. key_id is derived from the key and says nothing about it; a sealed secret begins
-- with it, but for those that were sealed before this migration.
CREATE TABLE secret_key (
	key_id BLOB PRIMARY KEY CHECK (length(key_id) = 8),
	in_force INTEGER NOT NULL CHECK (in_force IN (0, 1)),
	created_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX secret_key_in_force ON secret_key (in_force) WHERE in_force = 1;

-- Who remembers clients reads those again that have been sealed anew.
CREATE TRIGGER credential_updated AFTER UPDATE ON credential BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
END;
