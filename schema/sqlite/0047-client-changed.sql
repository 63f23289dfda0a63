-- SPDX-License-Identifier: Apache-2.0
-- Since when a client is what it is, by itself and its credentials: the generation that its last change has led to.
-- What is decided on its authority holds as long as it is that.
-- needs 45
ALTER TABLE client ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER client_inserted;
CREATE TRIGGER client_inserted AFTER INSERT ON client BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
	UPDATE client SET changed = (SELECT value FROM meta WHERE name = 'client_generation') WHERE id = NEW.id;
END;
DROP TRIGGER client_updated;
CREATE TRIGGER client_updated AFTER UPDATE ON client WHEN NEW.changed = OLD.changed BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
	UPDATE client SET changed = (SELECT value FROM meta WHERE name = 'client_generation') WHERE id = NEW.id;
END;
DROP TRIGGER credential_inserted;
CREATE TRIGGER credential_inserted AFTER INSERT ON credential BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
	UPDATE client SET changed = (SELECT value FROM meta WHERE name = 'client_generation') WHERE id = NEW.client_id;
END;
DROP TRIGGER credential_updated;
CREATE TRIGGER credential_updated AFTER UPDATE ON credential BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
	UPDATE client SET changed = (SELECT value FROM meta WHERE name = 'client_generation') WHERE id = NEW.client_id;
END;
DROP TRIGGER credential_deleted;
CREATE TRIGGER credential_deleted AFTER DELETE ON credential BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation';
	UPDATE client SET changed = (SELECT value FROM meta WHERE name = 'client_generation') WHERE id = OLD.client_id;
END;
