-- SPDX-License-Identifier: Apache-2.0
-- Who wants to hear of what happens to certificates, and what has happened. An event is written by the statement
-- that makes it happen, whoever makes that statement, and only where somebody in its trust domain listens.

-- filter is the JSON door's own text. secret is sealed (cmf/secret.c). position: the last event of its trust
-- domain that is done with; failing_since_ms and attempts: of the one that comes next.
CREATE TABLE subscription (
	id INTEGER PRIMARY KEY,
	state INTEGER NOT NULL,
	position INTEGER NOT NULL,
	next_ms INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	failing_since_ms INTEGER,
	created_ms INTEGER NOT NULL,
	client TEXT NOT NULL,
	trust_domain TEXT NOT NULL,
	callback_uri TEXT NOT NULL,
	filter TEXT NOT NULL,
	authentication INTEGER NOT NULL,
	user_name TEXT,
	token_endpoint TEXT,
	secret BLOB
) STRICT;
CREATE UNIQUE INDEX subscription_same ON subscription (client, callback_uri, filter) WHERE state = 0;
CREATE INDEX subscription_trust_domain ON subscription (trust_domain) WHERE state = 0;
CREATE INDEX subscription_due ON subscription (next_ms) WHERE state = 0;

CREATE TRIGGER client_subscriptions AFTER DELETE ON client BEGIN
	DELETE FROM subscription WHERE client = OLD.name;
END;

-- The newest one is never deleted, so that ids only grow.
CREATE TABLE event (
	id INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	registration_id INTEGER NOT NULL REFERENCES registration (id),
	certificate_id INTEGER REFERENCES certificate (id),
	csr_id INTEGER,
	reason INTEGER,
	trust_domain TEXT NOT NULL
) STRICT;
CREATE INDEX event_trust_domain ON event (trust_domain, id);

-- Active at last (2): issued (0), or renewed (1) where it replaces another.
CREATE TRIGGER event_certificate_inserted AFTER INSERT ON certificate
WHEN NEW.state = 2 AND EXISTS (SELECT 1 FROM subscription WHERE state = 0) BEGIN
	INSERT INTO event (kind, time_ms, registration_id, certificate_id, trust_domain)
	SELECT NEW.replaces_id IS NOT NULL, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
		r.id, NEW.id, r.trust_domain
	FROM registration r WHERE r.id = NEW.registration_id
		AND EXISTS (SELECT 1 FROM subscription s WHERE s.trust_domain = r.trust_domain AND s.state = 0);
END;

-- The same later; or revoked (2), also for the time being (to 6) and, with the reason removeFromCRL, no longer
-- (from 6, or from 5, which waits for an upstream CA).
CREATE TRIGGER event_certificate_changed AFTER UPDATE OF state ON certificate
WHEN (NEW.state = 2 OR (NEW.state IN (3, 6) AND OLD.state IN (2, 5, 6))) AND NEW.state <> OLD.state
	AND EXISTS (SELECT 1 FROM subscription WHERE state = 0) BEGIN
	INSERT INTO event (kind, time_ms, registration_id, certificate_id, trust_domain, reason)
	SELECT CASE WHEN NEW.state = 2 AND OLD.state <= 1 THEN NEW.replaces_id IS NOT NULL ELSE 2 END,
		CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), r.id, NEW.id, r.trust_domain,
		CASE WHEN NEW.state <> 2 THEN NEW.reason WHEN OLD.state > 2 THEN 8 END
	FROM registration r WHERE r.id = NEW.registration_id
		AND EXISTS (SELECT 1 FROM subscription s WHERE s.trust_domain = r.trust_domain AND s.state = 0);
END;

CREATE TRIGGER event_registration_removed AFTER UPDATE OF state ON registration
WHEN NEW.state = 1 AND OLD.state = 0 AND EXISTS (SELECT 1 FROM subscription s
	WHERE s.trust_domain = NEW.trust_domain AND s.state = 0) BEGIN
	INSERT INTO event (kind, time_ms, registration_id, trust_domain)
	VALUES (5, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NEW.id, NEW.trust_domain);
END;

-- Completed (1: 6) or failed (2: 7), at once or later.
CREATE TRIGGER event_csr_inserted AFTER INSERT ON csr
WHEN NEW.state <> 0 AND EXISTS (SELECT 1 FROM subscription WHERE state = 0) BEGIN
	INSERT INTO event (kind, time_ms, registration_id, certificate_id, csr_id, trust_domain)
	SELECT 5 + NEW.state, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), r.id,
		CASE WHEN NEW.state = 1 THEN c.id END, NEW.id, r.trust_domain
	FROM certificate c JOIN registration r ON r.id = c.registration_id WHERE c.id = NEW.certificate_id
		AND EXISTS (SELECT 1 FROM subscription s WHERE s.trust_domain = r.trust_domain AND s.state = 0);
END;
CREATE TRIGGER event_csr_ended AFTER UPDATE OF state ON csr
WHEN NEW.state <> 0 AND OLD.state = 0 AND EXISTS (SELECT 1 FROM subscription WHERE state = 0) BEGIN
	INSERT INTO event (kind, time_ms, registration_id, certificate_id, csr_id, trust_domain)
	SELECT 5 + NEW.state, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), r.id,
		CASE WHEN NEW.state = 1 THEN c.id END, NEW.id, r.trust_domain
	FROM certificate c JOIN registration r ON r.id = c.registration_id WHERE c.id = NEW.certificate_id
		AND EXISTS (SELECT 1 FROM subscription s WHERE s.trust_domain = r.trust_domain AND s.state = 0);
END;

-- Certificates that end: up to which one, in the order of this index, that was told so long before; 0: that it
-- has ended. Nobody is told of what came to its end while nobody listened.
CREATE INDEX certificate_ending ON certificate (not_after_ms) WHERE state IN (2, 6);
CREATE TABLE ending_mark (
	before_ms INTEGER PRIMARY KEY,
	not_after_ms INTEGER NOT NULL,
	certificate_id INTEGER NOT NULL
) STRICT;
CREATE TRIGGER subscription_first BEFORE INSERT ON subscription
WHEN NOT EXISTS (SELECT 1 FROM subscription WHERE state = 0) BEGIN
	DELETE FROM ending_mark;
END;
