-- SPDX-License-Identifier: Apache-2.0
-- What is no longer needed can go, and what a restored database cannot know is made up for.

-- The next CRL of that CA gets a number above this one, whatever CRLs there are: a database that was restored does
-- not know the last ones that were published.
CREATE TABLE crl_floor (
	ca TEXT PRIMARY KEY,
	number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys of certificates that have gone, with the entities that had them: no other entity gets one of them where
-- key_reuse = no.
CREATE TABLE past_key (
	key_digest BLOB NOT NULL,
	subject_key TEXT NOT NULL,
	trust_domain TEXT NOT NULL,
	vnf_instance TEXT NOT NULL,
	PRIMARY KEY (key_digest, subject_key, trust_domain, vnf_instance)
) STRICT, WITHOUT ROWID;

-- What may go, in the order of the time since when. That of active (2) and held (6) certificates is certificate_ending.
CREATE INDEX certificate_ended ON certificate (not_after_ms) WHERE state IN (3, 4);
CREATE INDEX registration_ended ON registration (changed_ms) WHERE state = 1;

-- Who still refers to a row that is to go. The ids only grow: each index is written at its end.
CREATE INDEX held_name_certificate ON held_name (certificate_id);
CREATE INDEX csr_certificate ON csr (certificate_id);
CREATE INDEX csr_replaces ON csr (replaces_id) WHERE replaces_id IS NOT NULL;
CREATE INDEX event_certificate ON event (certificate_id) WHERE certificate_id IS NOT NULL;
CREATE INDEX event_registration ON event (registration_id);
CREATE INDEX initial_credential_certificate ON initial_credential (certificate_id) WHERE certificate_id IS NOT NULL;

-- With a certificate goes what is of no use without it; its key is remembered, unless it was rejected (4).
CREATE TRIGGER certificate_purged BEFORE DELETE ON certificate BEGIN
	INSERT INTO past_key (key_digest, subject_key, trust_domain, vnf_instance)
		SELECT OLD.key_digest, r.subject_key, r.trust_domain, r.vnf_instance
		FROM registration r WHERE r.id = OLD.registration_id AND OLD.state <> 4
		ON CONFLICT DO NOTHING;
	DELETE FROM exchange_message WHERE exchange_id IN (SELECT id FROM exchange WHERE certificate_id = OLD.id);
	DELETE FROM exchange WHERE certificate_id = OLD.id;
	DELETE FROM certificate_attestation WHERE certificate_id = OLD.id;
	UPDATE certificate SET replaces_id = NULL WHERE replaces_id = OLD.id;
END;

CREATE TRIGGER registration_purged BEFORE DELETE ON registration BEGIN
	DELETE FROM rev_passphrase WHERE registration_id = OLD.id;
	DELETE FROM rev_passphrase_before WHERE registration_id = OLD.id;
END;
CREATE TRIGGER attester_orphaned AFTER DELETE ON registration WHEN OLD.attester_id IS NOT NULL BEGIN
	DELETE FROM attester WHERE id = OLD.attester_id
		AND NOT EXISTS (SELECT 1 FROM registration WHERE attester_id = OLD.attester_id);
END;
