-- SPDX-License-Identifier: Apache-2.0
-- Private keys that are archived (RFC 4211 6.4), each with its certificate and, through that, the entity it
-- is for. secret is encrypted under [store] secret_key.

CREATE TABLE archived_key (
	certificate_id INTEGER PRIMARY KEY REFERENCES certificate (id),
	created_ms INTEGER NOT NULL,
	generated INTEGER NOT NULL,
	secret BLOB NOT NULL
) STRICT;

-- The key of a certificate that the requester did not accept goes with it: states 0 and 1 are those
-- before confirmation, 2 is active.
CREATE TRIGGER archived_key_not_accepted AFTER UPDATE OF state ON certificate
WHEN OLD.state <= 1 AND NEW.state > 2 BEGIN
	DELETE FROM archived_key WHERE certificate_id = NEW.id;
END;
