-- SPDX-License-Identifier: Apache-2.0
-- Who has a name under a CA: subject, dNSName, iPAddress or URI, by its key (include/asn1/name_key.h), and the
-- certificate that got it last. Another entity gets it when that certificate, and every other one of its entity
-- with the name, is revoked, rejected or expired. What is live is put in here; of entities that share a name
-- the one with the newest certificate has it.

CREATE TABLE held_name (
	key BLOB PRIMARY KEY,
	certificate_id INTEGER NOT NULL REFERENCES certificate (id)
) STRICT, WITHOUT ROWID;

INSERT INTO held_name (key, certificate_id)
	WITH RECURSIVE name (id, place, key) AS (
		SELECT id, 0, certificate_name_key(ca, der, 0) FROM certificate
			WHERE der IS NOT NULL AND (state <= 2 OR state = 6) AND not_after_ms > unixepoch() * 1000
		UNION ALL
		SELECT c.id, place + 1, certificate_name_key(c.ca, c.der, place + 1)
			FROM name JOIN certificate c ON c.id = name.id WHERE name.key IS NOT NULL)
	SELECT key, max(id) FROM name WHERE key IS NOT NULL GROUP BY key;

-- How many active registrations a trust domain has, so that nobody counts them.
CREATE TABLE trust_domain (
	name TEXT PRIMARY KEY,
	registrations INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO trust_domain SELECT trust_domain, count(*) FROM registration WHERE state = 0 GROUP BY trust_domain;

CREATE TRIGGER registration_counted AFTER INSERT ON registration WHEN NEW.state = 0 BEGIN
	INSERT INTO trust_domain (name, registrations) VALUES (NEW.trust_domain, 1)
		ON CONFLICT (name) DO UPDATE SET registrations = registrations + 1;
END;
CREATE TRIGGER registration_discounted AFTER UPDATE OF state ON registration
WHEN OLD.state = 0 AND NEW.state <> 0 BEGIN
	UPDATE trust_domain SET registrations = registrations - 1 WHERE name = OLD.trust_domain;
END;
