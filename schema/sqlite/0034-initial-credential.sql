-- SPDX-License-Identifier: Apache-2.0
-- One-time secrets: what a VNFC instance in direct mode gets its first certificate with. secret is sealed
-- (cmf/secret.c). certificate_id: the last one that was asked for with it; it is spent when that has become active.
-- file: 0 there is none, 1 to be written, 2 written, 3 to be removed.
CREATE TABLE initial_credential (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	registration_id INTEGER NOT NULL UNIQUE REFERENCES registration (id),
	reference BLOB NOT NULL UNIQUE,
	secret BLOB NOT NULL,
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	spent_ms INTEGER,
	certificate_id INTEGER REFERENCES certificate (id),
	file INTEGER NOT NULL
) STRICT;
CREATE INDEX initial_credential_expires ON initial_credential (expires_ms);
CREATE INDEX initial_credential_asked ON initial_credential (certificate_id)
	WHERE certificate_id IS NOT NULL AND spent_ms IS NULL;
CREATE INDEX initial_credential_file ON initial_credential (file, expires_ms) WHERE file > 0;

-- With its registration it ends, by whoever that was ended; a file is still to be removed.
CREATE TRIGGER initial_credential_ended AFTER UPDATE OF state ON registration
WHEN NEW.state = 1 AND OLD.state = 0 AND NEW.source IS NOT NULL BEGIN
	UPDATE initial_credential SET expires_ms = 0, file = CASE WHEN file = 0 THEN 0 ELSE 3 END
	WHERE registration_id = NEW.id;
END;
