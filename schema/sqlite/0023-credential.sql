-- SPDX-License-Identifier: Apache-2.0
-- What a client proves itself with becomes a row of its own, so that it can have several, each in its
-- time. known_by is what it is found by, and compared with those of other clients: the reference of
-- a secret, the id of an OAuth2 client, the digest of the key in an exact certificate, the hash of the
-- subject below an anchor (none: any subject).
ALTER TABLE client RENAME TO client_before;

CREATE TABLE client (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	trust_domain TEXT NOT NULL,
	permissions INTEGER NOT NULL,
	register_on_ir INTEGER NOT NULL,
	default_profile TEXT,
	policy TEXT,
	entity TEXT,
	created_ms INTEGER NOT NULL
) STRICT;
INSERT INTO client (id, name, trust_domain, permissions, register_on_ir, default_profile, policy, entity,
	created_ms)
SELECT id, name, trust_domain, permissions, register_on_ir, default_profile, policy, entity, created_ms
FROM client_before ORDER BY id;

CREATE TABLE credential (
	id INTEGER PRIMARY KEY,
	client_id INTEGER NOT NULL REFERENCES client (id) ON DELETE CASCADE,
	kind INTEGER NOT NULL,
	not_before_ms INTEGER,
	not_after_ms INTEGER,
	created_ms INTEGER NOT NULL,
	known_by BLOB NOT NULL,
	subject TEXT,
	content BLOB
) STRICT;
-- An exact certificate was trusted by itself, whatever stood beside it.
INSERT INTO credential (client_id, kind, created_ms, known_by, content)
SELECT id, 2, created_ms, canonical_key_digest(certificate, x''), certificate
FROM client_before WHERE certificate IS NOT NULL ORDER BY id;
INSERT INTO credential (client_id, kind, created_ms, known_by, subject, content)
SELECT id, 1, created_ms, subject_hash(subject), subject, trust_anchor
FROM client_before WHERE trust_anchor IS NOT NULL AND certificate IS NULL ORDER BY id;
INSERT INTO credential (client_id, kind, created_ms, known_by, content)
SELECT id, 0, created_ms, CAST(mac_reference AS BLOB), mac_secret
FROM client_before WHERE mac_reference IS NOT NULL ORDER BY id;
DROP TABLE client_before;

CREATE INDEX credential_client ON credential (client_id);
CREATE INDEX credential_known_by ON credential (kind, known_by);

CREATE TRIGGER client_inserted AFTER INSERT ON client BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
END;
CREATE TRIGGER client_updated AFTER UPDATE ON client BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
END;
CREATE TRIGGER client_deleted AFTER DELETE ON client BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
END;
CREATE TRIGGER credential_inserted AFTER INSERT ON credential BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
END;
CREATE TRIGGER credential_deleted AFTER DELETE ON credential BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
END;
UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
