-- SPDX-License-Identifier: Apache-2.0
-- Who attests the keys of an entity (IFA 033 11.2.1). Many registrations have the same attester, as all that one HSM
-- makes keys for; the last of them takes it along.

CREATE TABLE attester (
	id INTEGER PRIMARY KEY,
	digest BLOB NOT NULL UNIQUE, -- SHA-256 of all that follows
	kind INTEGER NOT NULL, -- 1 a public key, 2 a certificate, 3 certificates of CAs
	content BLOB NOT NULL, -- DER, one behind the other
	statement_types TEXT NOT NULL, -- OIDs with a space between them
	policy INTEGER NOT NULL -- 0 that of the profile, 1 verify, 2 require
) STRICT;

ALTER TABLE registration ADD COLUMN attester_id INTEGER REFERENCES attester (id);
CREATE INDEX registration_attester ON registration (attester_id) WHERE attester_id IS NOT NULL;

CREATE TRIGGER attester_unused AFTER UPDATE OF attester_id ON registration
WHEN OLD.attester_id IS NOT NULL AND OLD.attester_id IS NOT NEW.attester_id
BEGIN
	DELETE FROM attester WHERE id = OLD.attester_id
		AND NOT EXISTS (SELECT 1 FROM registration WHERE attester_id = OLD.attester_id);
END;
