-- SPDX-License-Identifier: Apache-2.0
-- As schema/sqlite/0047-client-changed.sql.
-- needs 45
ALTER TABLE client ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION clients_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	generation BIGINT;
BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'client_generation' RETURNING value INTO generation;
	IF TG_TABLE_NAME = 'client' AND TG_OP <> 'DELETE' THEN
		UPDATE client SET changed = generation WHERE id = NEW.id;
	ELSIF TG_TABLE_NAME = 'credential' AND TG_OP = 'DELETE' THEN
		UPDATE client SET changed = generation WHERE id = OLD.client_id;
	ELSIF TG_TABLE_NAME = 'credential' THEN
		UPDATE client SET changed = generation WHERE id = NEW.client_id;
	END IF;
	RETURN NULL;
END $$;
DROP TRIGGER client_changed ON client;
CREATE TRIGGER client_changed AFTER INSERT OR DELETE ON client
	FOR EACH ROW EXECUTE FUNCTION clients_changed();
CREATE TRIGGER client_updated AFTER UPDATE ON client FOR EACH ROW
	WHEN (OLD.changed = NEW.changed) EXECUTE FUNCTION clients_changed();
