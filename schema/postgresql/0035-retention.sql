-- SPDX-License-Identifier: Apache-2.0
-- As schema/sqlite/0035-retention.sql.

CREATE TABLE crl_floor (
	ca TEXT PRIMARY KEY,
	number BIGINT NOT NULL
);

CREATE TABLE past_key (
	key_digest BYTEA NOT NULL,
	subject_key TEXT NOT NULL,
	trust_domain TEXT NOT NULL,
	vnf_instance TEXT NOT NULL,
	PRIMARY KEY (key_digest, subject_key, trust_domain, vnf_instance)
);

CREATE INDEX certificate_ended ON certificate (not_after_ms) WHERE state IN (3, 4);
CREATE INDEX registration_ended ON registration (changed_ms) WHERE state = 1;

CREATE INDEX held_name_certificate ON held_name (certificate_id);
CREATE INDEX csr_certificate ON csr (certificate_id);
CREATE INDEX csr_replaces ON csr (replaces_id) WHERE replaces_id IS NOT NULL;
CREATE INDEX event_certificate ON event (certificate_id) WHERE certificate_id IS NOT NULL;
CREATE INDEX event_registration ON event (registration_id);
CREATE INDEX initial_credential_certificate ON initial_credential (certificate_id) WHERE certificate_id IS NOT NULL;

CREATE FUNCTION certificate_purged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO past_key (key_digest, subject_key, trust_domain, vnf_instance)
		SELECT OLD.key_digest, r.subject_key, r.trust_domain, r.vnf_instance
		FROM registration r WHERE r.id = OLD.registration_id AND OLD.state <> 4
		ON CONFLICT DO NOTHING;
	DELETE FROM exchange_message WHERE exchange_id IN (SELECT id FROM exchange WHERE certificate_id = OLD.id);
	DELETE FROM exchange WHERE certificate_id = OLD.id;
	DELETE FROM certificate_attestation WHERE certificate_id = OLD.id;
	UPDATE certificate SET replaces_id = NULL WHERE replaces_id = OLD.id;
	RETURN OLD;
END $$;
CREATE TRIGGER certificate_purged BEFORE DELETE ON certificate
	FOR EACH ROW EXECUTE FUNCTION certificate_purged();

CREATE FUNCTION registration_purged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM rev_passphrase WHERE registration_id = OLD.id;
	DELETE FROM rev_passphrase_before WHERE registration_id = OLD.id;
	RETURN OLD;
END $$;
CREATE TRIGGER registration_purged BEFORE DELETE ON registration
	FOR EACH ROW EXECUTE FUNCTION registration_purged();
CREATE TRIGGER attester_orphaned AFTER DELETE ON registration FOR EACH ROW
	WHEN (OLD.attester_id IS NOT NULL) EXECUTE FUNCTION attester_unused();
