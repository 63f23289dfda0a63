-- SPDX-License-Identifier: Apache-2.0
-- Requests for certificates that are resources of their own (IFA 033 11.2.3 over JSON): who asked reads them
-- again, and asks for the same again. The certificate says for whom it is. digest is that of the PKCS#10;
-- profile, not_after_ms and replaces_id are what was asked for beside it. until_ms: who waits for an upstream
-- CA (state 0) does so until then; later it is how long the request can be read.

CREATE TABLE csr (
	id INTEGER PRIMARY KEY,
	state INTEGER NOT NULL,
	decided INTEGER NOT NULL DEFAULT 0,
	certificate_id INTEGER NOT NULL REFERENCES certificate (id),
	replaces_id INTEGER REFERENCES certificate (id),
	revoke_replaced INTEGER NOT NULL,
	chain_request INTEGER NOT NULL,
	not_after_ms INTEGER,
	until_ms INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	failinfo INTEGER NOT NULL,
	client TEXT NOT NULL,
	digest BLOB NOT NULL,
	profile TEXT,
	refusal TEXT,
	changes TEXT
) STRICT;
CREATE INDEX csr_digest ON csr (digest);
CREATE INDEX csr_client ON csr (client);
CREATE INDEX csr_until ON csr (until_ms);
CREATE INDEX csr_processing ON csr (client) WHERE state = 0;
CREATE INDEX csr_processing_certificate ON csr (certificate_id) WHERE state = 0;

-- What the upstream CA (or who gave the request up) has decided is found without a look at what still waits.
CREATE INDEX csr_decided ON csr (decided) WHERE decided = 1;
CREATE TRIGGER csr_certificate_decided AFTER UPDATE OF state ON certificate WHEN OLD.state = 0 BEGIN
	UPDATE csr SET decided = 1 WHERE certificate_id = NEW.id AND state = 0;
END;

-- In whose place a certificate was asked for (RFC 9483 4.1.3).
ALTER TABLE certificate ADD COLUMN replaces_id INTEGER REFERENCES certificate (id);
CREATE INDEX certificate_replaces ON certificate (replaces_id) WHERE replaces_id IS NOT NULL;
